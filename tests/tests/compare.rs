//! Comparisons of real runs: how often a difference is claimed where there is none, and whether a known
//! one is found.

use rayon::prelude::*;
use sim_core::stats::proportion_interval;
use sim_models::experiment::compare::{Judgement, Question, compare, join};
use sim_models::experiment::space::{Axis, Coordinate, Point};
use sim_models::experiment::sweep::{Record, Replications, Shard, Sweep, Table, execute};
use sim_models::experiment::{Options, run_with};
use std::sync::Mutex;

/// A server that loses requests: work of this mean, a short queue, an impatient caller who asks again.
fn text(work: &str, load: &str) -> String {
    format!(
        r#"(
    duration: "40s", warmup: "5s", window: "5s",
    services: {{ "q": (threads: 1, queue: (limit: 5), backlog: 0, endpoints: {{ "serve": [work(exponential("{work}"))] }}) }},
    calls: {{ "load -> q": [retry(attempts: 2, backoff: none), timeout("400ms")] }},
    workloads: {{ "load": {load} }},
    hypothesis: (steady: ["success_ratio(load) >= 0.93"]),
)"#
    )
}

const OPEN: &str = r#"open(rate: "8/s", to: "q/serve")"#;

fn sweep(labels: &[&str], texts: &[String], replications: u32) -> Sweep {
    let scenarios: Vec<_> = texts.iter().map(|text| sim_tests::scenario(text)).collect();
    let points = labels.iter().map(|label| Point {
        coordinates: vec![Coordinate {
            label: (*label).into(),
            number: None,
        }],
        set: Vec::new(),
    });
    Sweep {
        title: "A server".into(),
        axes: vec![Axis {
            name: "variant".into(),
            ..Axis::default()
        }],
        points: points.collect(),
        measures: sim_models::observe::choice::default_measures(&scenarios[0]),
        scenarios,
        seed: 1,
        replications: Replications::Fixed(replications),
        windows: false,
    }
}

fn records(sweep: &Sweep) -> Vec<Record> {
    let records = Mutex::new(Vec::new());
    let done = |record| records.lock().expect("nobody panics").push(record);
    execute(sweep, Shard::default(), &|_, _| None, &done, &|| true).expect("it is sound");
    let mut records = records.into_inner().expect("nobody panics");
    records.sort_by_key(|record| (record.point, record.replication));
    records
}

/// A system against itself, the two sides under seeds of their own (under the same seeds they would not
/// differ at all): in 200 comparisons something is claimed in 5 % at most, be it of what users feel or of
/// all measures at once; and a load is told of in no more.
#[test]
fn false_alarms_are_as_rare_as_promised() {
    const COMPARISONS: u32 = 200;
    const EACH: u32 = 8;
    let once = sweep(&["A"], &[text("100ms", OPEN)], COMPARISONS * 2 * EACH);
    let runs = records(&once);
    let both = sweep(
        &["A", "B"],
        &[text("100ms", OPEN), text("100ms", OPEN)],
        EACH,
    );
    let claims = |verdict: Judgement| {
        matches!(
            verdict,
            Judgement::Better | Judgement::Worse | Judgement::Different
        )
    };
    for (chosen, least) in [(false, 2), (true, 5)] {
        let question = Question {
            chosen,
            ..Question::new(0, "A")
        };
        let alarms: Vec<(bool, bool)> = runs
            .par_chunks_exact(2 * EACH as usize)
            .map(|chunk| {
                let renumbered = chunk.iter().enumerate().map(|(number, run)| Record {
                    point: number as u32 / EACH,
                    replication: number as u32 % EACH,
                    ..run.clone()
                });
                let table = Table::new(&both, renumbered.collect());
                let found = compare(&table, &question).expect("there are two");
                assert!(found.family >= least, "{} tests", found.family);
                let claimed = found.findings.iter().any(|finding| claims(finding.verdict))
                    || found.verdicts.iter().any(|shares| claims(shares.verdict));
                let load = found
                    .sentences
                    .iter()
                    .any(|told| told.starts_with("With \"B\""));
                (claimed, load)
            })
            .collect();
        for (what, count) in [
            ("claims", alarms.iter().filter(|alarm| alarm.0).count()),
            ("loads", alarms.iter().filter(|alarm| alarm.1).count()),
        ] {
            let share = proportion_interval(count as u64, u64::from(COMPARISONS), 0.95);
            let share = share.expect("a share");
            println!("{count} false {what} in {COMPARISONS}, chosen {chosen}: {share:?}");
            assert!(share.low <= 0.05, "{what}: {share:?}");
        }
    }
}

/// A faster server loses fewer requests and serves them sooner.
#[test]
fn a_known_difference_is_found() {
    let both = sweep(&["A", "B"], &[text("100ms", OPEN), text("90ms", OPEN)], 10);
    let table = Table::new(&both, records(&both));
    let found = compare(&table, &Question::new(0, "A")).expect("there are two");
    let lost = found.finding(0, 0, Some(0)).expect("it was measured");
    assert_eq!(lost.verdict, Judgement::Better, "{lost:#?}");
    assert!(
        found.sentences[0].contains("fewer requests than \"A\""),
        "{:?}",
        found.sentences
    );
}

/// Under one seed both sides of an open workload see the same requests at the same times; users who wait
/// for an answer ask the same questions, but not at the same times.
#[test]
fn requests_are_joined_whatever_the_load() {
    let closed = r#"closed(users: 10, think: exponential("1s"), to: "q/serve")"#;
    for (load, moved) in [(OPEN, false), (closed, true)] {
        let log = |work: &str| {
            let options = Options {
                seed: 3,
                log: true,
                ..Options::default()
            };
            let scenario = sim_tests::scenario(&text(work, load));
            run_with(&scenario, options, |_| true)
                .expect("it is sound")
                .log
        };
        let joined = join(&log("100ms"), &log("50ms"));
        assert!(joined.requests.0 > 150, "{joined:?}");
        let share = joined.joined as f64 / joined.requests.0 as f64;
        assert!(share > 0.95, "{share} of {:?}", joined.requests);
        assert_eq!(joined.moved > 0, moved, "{load}");
        assert!(
            joined.faster > 5 * joined.slower,
            "{} {}",
            joined.faster,
            joined.slower
        );
        assert!(
            joined.transitions.len() > 1 && !joined.groups.is_empty(),
            "{joined:?}"
        );
    }
}
