//! What is done with an input, and what must hold whatever it is.

use super::inputs::{For, Input};
use serde_json::Value;
use sim_cli::diagnostics::{concise, human, json};
use sim_cli::exit;
use sim_cli::output::{Style, csv, human as page, json as object};
use sim_cli::runner::journal::Journal;
use sim_cli::runner::{forget_unfit, survey};
use sim_models::check::check;
use sim_models::experiment::space::{Sample, Vary};
use sim_models::experiment::spec::{ReplicationSpec, Spec, read_spec, resolve, to_ron};
use sim_models::experiment::sweep::{Keys, Shard, Sweep};
use sim_models::experiment::{Options, Run};
use sim_models::expression::Expression;
use sim_models::expression::naming::Measure;
use sim_models::input::{Files, load};
use sim_models::observe::choice::check_measure;
use sim_models::plan;
use sim_models::scenario::plain::is_hidden;
use sim_models::scenario::{Diagnostic, Override, Scenario, Size, Sources, explain};
use sim_tests::command::sim;
use std::fmt::Write;
use std::path::Path;

/// What a run may take.
pub const EVENTS: u64 = 10_000;
/// The memory that a run may take, in bytes: what it lays out and what it comes to hold.
pub const MEMORY: u64 = 64 << 20;

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// It was refused, with these codes.
    Refused(Vec<&'static str>),
    /// It was run, and ended so.
    Ran {
        /// What stopped the run.
        by: String,
        /// Events handled.
        events: u64,
    },
    /// It was read.
    Read,
}

/// The files that an input may name.
struct Files_<'a>(&'a str);

impl Files for Files_<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "in/input.ron" => Ok(self.0.into()),
            "in/small.ron" => Ok(include_str!("../../data/small.ron").into()),
            // The library, wherever it is said to be.
            _ => {
                let name = path.rsplit('/').next().unwrap_or_default();
                let path = format!("{}/{name}", sim_tests::LIBRARY);
                std::fs::read_to_string(path).map_err(|_| "there is no such file".into())
            }
        }
    }
}

/// Takes an input all the way. `folder` is a place for files that nobody else uses.
pub fn through(input: &Input, folder: &Path) -> Met {
    let more: Vec<String> = input
        .more
        .iter()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    match input.what {
        For::Scenario => scenario(&input.text, &[], &[], EVENTS),
        For::Set => {
            let sets: Vec<Override> = more.iter().filter_map(|text| text.parse().ok()).collect();
            scenario(&input.text, &sets, &[], EVENTS)
        }
        For::Measure => {
            for text in &more {
                let _ = text.parse::<Expression>().map(|read| read.to_string());
            }
            let measures: Vec<Measure> = more.iter().filter_map(|text| text.parse().ok()).collect();
            for measure in &measures {
                let again = measure.to_string();
                assert_eq!(again.parse().as_ref(), Ok(measure), "{again}");
                let _ = (measure.label(), measure.column());
            }
            scenario(&input.text, &[], &measures, EVENTS)
        }
        For::Vary => {
            let spec = Spec {
                scenario: "in/small.ron".into(),
                vary: more.iter().filter_map(|text| text.parse().ok()).collect(),
                replications: ReplicationSpec::Fixed(1),
                ..Spec::default()
            };
            sweep(&spec, &input.text)
        }
        For::Sweep => match read_spec("in/input.ron", &Files_(&input.text)) {
            Ok(spec) => sweep(&spec, &input.text),
            Err(wrong) => refused(&wrong.diagnostics, &wrong.sources),
        },
        For::Journal => {
            let _ = journal(&input.more[0], folder);
            Met::Read
        }
        For::Commands => commands(&input.text, folder),
    }
}

/// What is said of mistakes can be said in every way, and of each there is something.
fn refused(found: &[Diagnostic], sources: &Sources) -> Met {
    assert!(!found.is_empty(), "refused without a reason");
    told(found, sources);
    let mut codes: Vec<&str> = found.iter().map(|found| found.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    Met::Refused(codes)
}

fn told(found: &[Diagnostic], sources: &Sources) {
    let text = human(found, sources, false) + &concise(found, sources);
    assert_eq!(text.is_empty(), found.is_empty());
    serde_json::to_string(&json(found, sources)).expect("diagnostics are plain");
}

/// Loads, checks, runs and shows a scenario.
pub fn scenario(text: &str, sets: &[Override], measures: &[Measure], events: u64) -> Met {
    let loaded = load("in/input.ron", &Files_(text), sets);
    told(&loaded.warnings, &loaded.sources);
    match loaded.scenario {
        Err(found) => refused(&found, &loaded.sources),
        Ok(scenario) => ran(scenario, measures, events, &loaded.sources),
    }
}

/// A scenario with no more than what a run may take.
fn bounded(mut scenario: Scenario, events: u64) -> Scenario {
    scenario.budget.events = scenario.budget.events.min(events);
    scenario.budget.memory = Size(scenario.budget.memory.0.min(MEMORY));
    scenario
}

fn ran(scenario: Scenario, measures: &[Measure], events: u64, sources: &Sources) -> Met {
    let resolved = explain::to_ron(&scenario);
    let again = load("a.ron", &[("a.ron", resolved.as_str())], &[]);
    match again.scenario {
        Ok(again) => assert!(
            again == scenario,
            "it reads as another scenario:\n{resolved}"
        ),
        Err(found) => panic!("{}\nin\n{resolved}", human(&found, &again.sources, false)),
    }
    let scenario = bounded(scenario, events);
    let (found, _) = check(&scenario, None);
    if !found.is_empty() {
        return refused(&found, sources);
    }
    let wrong = |measure: &&Measure| check_measure(&scenario, measure).is_ok();
    let options = Options {
        seed: scenario.seed,
        measures: measures.iter().filter(wrong).cloned().collect(),
        ..Options::default()
    };
    let plan = plan::compile(&scenario).expect("what passed its checks can be compiled");
    let mut run = Run::new(&scenario, &plan, options);
    while !run.is_over() {
        run.window();
    }
    let result = run.result();
    let summary = &result.summary;
    assert!(summary.events <= events, "{} events", summary.events);
    let shown = object::render(summary);
    sound("", &serde_json::from_str(&shown).expect("JSON"));
    sound("series", &object::tidy(&result.series));
    sim_tests::sound::sound(&result);
    let page = page::render(&result, "sim run", Style::default());
    for none in ["NaN", "inf"] {
        // Somebody may be called so.
        let named = resolved.contains(none);
        assert!(named || !page.contains(none), "{none} is shown:\n{page}");
    }
    for table in [
        csv::workloads(&result.series),
        csv::services(&result.series),
        csv::edges(&result.series),
    ] {
        assert!(!table.is_empty());
    }
    Met::Ran {
        by: summary.stopped_by.to_string(),
        events: summary.events,
    }
}

/// Fields that are shares of something.
const SHARES: [&str; 12] = [
    "utilization",
    "cpu_utilization",
    "by_requests",
    "by_windows",
    "predicted",
    "doomed_share",
    "retry_efficiency",
    "success_ratio",
    "failed_ratio",
    "degraded_ratio",
    "error_ratio",
    "objective",
];

/// No number lies outside of what it can be.
fn sound(name: &str, value: &Value) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| sound(name, value)),
        Value::Array(values) => values.iter().for_each(|value| sound(name, value)),
        Value::Number(number) => {
            let number = number.as_f64().expect("a number");
            // The limit of a check is what somebody wrote.
            assert!(number >= 0.0 || name == "limit", "{name} is {number}");
            assert!(
                !SHARES.contains(&name) || number <= 1.0,
                "{name} is {number}"
            );
        }
        _ => {}
    }
}

/// So many points are many.
const MANY_POINTS: usize = 1000;

/// Resolves a sweep, writes it, and runs its first and last points.
fn sweep(spec: &Spec, text: &str) -> Met {
    // What there are very many points of is sampled: each of them is a scenario.
    let mut spec = spec.clone();
    let values = |vary: &Vary| {
        vary.parts
            .first()
            .map_or(1, |part| part.values.listed().len())
    };
    let points = spec.vary.iter().map(values).fold(1, usize::saturating_mul);
    if spec.sample.is_none() && points > MANY_POINTS {
        spec.sample = Some(Sample::Random(20));
    }
    let sweep: Sweep = match resolve(&spec, &Files_(text)) {
        Ok(sweep) => sweep,
        Err(wrong) => return refused(&wrong.diagnostics, &wrong.sources),
    };
    assert!(!sweep.points.is_empty() && !to_ron(&sweep, "a.ron").is_empty());
    for scenario in [sweep.scenarios.first(), sweep.scenarios.last()]
        .into_iter()
        .flatten()
    {
        ran(scenario.clone(), &[], EVENTS, &Sources::default());
    }
    Met::Read
}

/// The sweep that the journals of inputs are of.
pub fn journalled() -> Sweep {
    let spec = Spec {
        scenario: "in/small.ron".into(),
        vary: vec!["services.db.threads=4,8".parse().expect("an axis")],
        replications: ReplicationSpec::Fixed(2),
        set: vec![
            "duration=5s".parse().expect("a setting"),
            "warmup=0s".parse().expect("a setting"),
            "faults=[]".parse().expect("a setting"),
            "hypothesis=()".parse().expect("a setting"),
        ],
        measures: vec!["failed_ratio(users)".into(), "latency(users, p99)".into()],
        windows: true,
        ..Spec::default()
    };
    let told = |wrong: sim_models::experiment::spec::Unresolved| {
        human(&wrong.diagnostics, &wrong.sources, false)
    };
    resolve(&spec, &Files_(""))
        .map_err(told)
        .expect("it is sound")
}

/// Reads a journal of [`journalled`]: how many runs are known from it, and what is said of the rest; or why it
/// cannot be read.
pub fn journal(bytes: &[u8], folder: &Path) -> Result<(usize, Vec<String>), String> {
    let sweep = journalled();
    let keys = Keys::new(&sweep);
    let path = folder.join("journal.jsonl");
    std::fs::write(&path, bytes).expect("a temporary file");
    match Journal::open(folder, Shard::default()) {
        Ok((_, mut entries)) => {
            let unfit = forget_unfit(&sweep, &keys, &mut entries);
            let all = entries.wrong.iter().chain(&unfit);
            let told: Vec<String> = all.map(ToString::to_string).collect();
            assert!(
                told.iter()
                    .all(|told| !told.is_empty() && !told.contains(is_hidden))
            );
            let known = survey(&sweep, &keys, Shard::default(), &entries);
            assert_eq!(known.records.len() + known.missing.len(), 4);
            for record in &known.records {
                assert_eq!(record.values.len(), sweep.measures.len());
            }
            Ok((known.records.len(), told))
        }
        Err(error) => {
            let why = error.to_string();
            assert!(!why.is_empty());
            Err(why)
        }
    }
}

/// Checks, draws and runs a file by the commands, with all charts.
fn commands(text: &str, folder: &Path) -> Met {
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (file, out) = (at("input.ron"), at("out"));
    std::fs::write(&file, text).expect("a temporary file");
    let mut all = String::new();
    let events = format!("budget.events={EVENTS}");
    let mut by = exit::BAD_INPUT;
    for arguments in [
        &["check", "--explain", &file][..],
        &["graph", &file, "--format", "svg"],
        &["graph", &file, "--format", "mermaid"],
        &[
            "run",
            &file,
            "--out",
            &out,
            "--force",
            "--set",
            &events,
            "--set",
            "budget.memory=64MiB",
        ],
    ] {
        let (code, told, err) = sim(arguments);
        let expected = matches!(
            code,
            exit::HELD | exit::REFUTED | exit::BAD_INPUT | exit::BUDGET
        );
        assert!(expected, "{arguments:?}: {code}\n{told}{err}");
        assert!(
            code != exit::BAD_INPUT || !err.is_empty(),
            "{arguments:?} says nothing"
        );
        by = code;
        write!(all, "{told}{err}").expect("a String takes everything");
    }
    let _ = std::fs::remove_dir_all(&out);
    let hidden = |c: char| is_hidden(c) && c != '\n' && c != '\t';
    assert!(!all.contains(hidden), "hidden characters are shown");
    if by == exit::BAD_INPUT {
        Met::Refused(Vec::new())
    } else {
        Met::Read
    }
}
