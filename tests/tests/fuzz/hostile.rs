//! The committed corpus: inputs that were once trouble, and what is right for each.

use super::inputs::CORPUS;
use super::through::{Met, scenario};
use sim_cli::runner::journal::Journal;
use sim_models::experiment::sweep::{Keys, Record, Shard};
use sim_models::observe::conclusion::{Conclusion, StoppedBy};

/// A sound journal of [`super::through::journalled`].
pub fn journal() -> Vec<u8> {
    let sweep = super::through::journalled();
    let keys = Keys::new(&sweep);
    let folder = super::Folder::new("journal");
    let (mut journal, _) = Journal::open(&folder.0, Shard::default()).expect("a new journal");
    for point in 0..2 {
        for replication in 0..2 {
            let record = Record {
                point,
                replication,
                seed: sweep.seed_of(replication),
                digest: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
                events: 1000,
                stopped_by: StoppedBy::End,
                verdict: Conclusion::Held,
                values: vec![Some(0.25), Some(f64::INFINITY)],
                windows: vec![vec![Some(0.5), None]; 5],
            };
            journal
                .append(keys.run(point, replication), &record)
                .expect("it can be written");
        }
    }
    std::fs::read(journal.path()).expect("it can be read")
}

/// More than what any of them asks for itself that asks for little.
const EVENTS: u64 = 200_000;

/// What is right for an input.
#[derive(Debug)]
enum Right {
    /// It is refused at check, with this code among others.
    Refused(&'static str),
    /// It is run, and stops so.
    Stops(&'static str),
    /// It is run to its end.
    Ends,
}
use Right::{Ends, Refused, Stops};

/// Every file of the corpus.
const RIGHT: &[(&str, Right)] = &[
    ("budget-undercounts", Stops("events")),
    ("control-characters", Refused("S0013")),
    ("controllers-busy", Stops("events")),
    ("cpu-above-1", Ends),
    ("debug-audit", Stops("in_flight")),
    ("debug-overflow", Ends),
    ("gamma-hang", Refused("V0008")),
    ("hang-check-paths", Ends),
    ("hang-diurnal", Stops("events")),
    ("hang-empty-repeats", Stops("events")),
    ("hang-ramp", Stops("events")),
    ("hang-spike", Stops("events")),
    ("long-value-beside-names", Refused("S0001")),
    ("memory-batch", Stops("in_flight")),
    ("mtbf-zero", Ends),
    ("negative-utilization", Refused("S0007")),
    ("oom-caches", Refused("V0018")),
    ("oom-fault-periods", Refused("V0011")),
    ("oom-instances", Refused("V0018")),
    ("oom-keys", Refused("V0018")),
    ("oom-links", Refused("V0018")),
    ("oom-users", Refused("V0018")),
    ("oom-windows", Refused("V0018")),
    ("panic-batch", Stops("in_flight")),
    ("panic-calm9006-original", Stops("in_flight")),
    ("panic-self-call", Stops("events")),
    ("panic-stretch-after-the-stop", Stops("events")),
    ("pools-and-copies", Ends),
    ("pools-watched", Ends),
    ("quadratic-periods", Stops("events")),
    ("repair-takes-no-time", Ends),
    ("repeat-capped", Refused("V0018")),
    ("repeat-tail", Refused("V0018")),
    ("retries-in-retries", Ends),
    ("share-ignored", Ends),
    ("windows-of-instances", Refused("V0018")),
];

#[test]
fn the_corpus_meets_what_is_right() {
    let entries = std::fs::read_dir(CORPUS).expect("there is a corpus");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter_map(|name| name.strip_suffix(".ron").map(str::to_owned))
        .collect();
    names.sort();
    let known: Vec<&str> = RIGHT.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, known, "it is said of each what is right for it");
    let mut wrong = Vec::new();
    for (name, right) in RIGHT {
        let bytes = std::fs::read(format!("{CORPUS}/{name}.ron")).expect("it can be read");
        let text = String::from_utf8_lossy(&bytes);
        let met = super::met(|| scenario(&text, &[], &[], EVENTS));
        let (met, held) = met.unwrap_or_else(|why| panic!("{name}: {why}"));
        let is_right = match (right, &met) {
            (Refused(code), Met::Refused(codes)) => codes.contains(code),
            (Stops(right), Met::Ran { by, .. }) => by == right,
            (Ends, Met::Ran { by, .. }) => by == "end",
            _ => false,
        };
        if !is_right || held > super::MOST_HELD {
            wrong.push(format!(
                "{name}: {met:?}, {held} bytes held, is not {right:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
