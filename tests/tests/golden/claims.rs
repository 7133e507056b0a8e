//! What `sim compare` and `sim sensitivity` claim of healthy systems in which nothing differs, and of
//! settings that do nothing.

use super::dice::Dice;
use super::healthy::{Wish, skeleton, steady};
use super::system::{Load, System};
use serde_json::Value;
use sim_cli::Terminal;
use sim_models::experiment::compare::{Judgement, Question, compare};
use sim_models::experiment::space::{Axis, Coordinate, Point};
use sim_models::experiment::sweep::{Record, Replications, Shard, Sweep, Table, execute};
use sim_models::observe::choice::default_measures;
use sim_models::scenario::Scenario;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Mutex;

/// A small healthy system without disturbances, for experiments of many runs. Its first workload is an
/// open one without a shape.
pub fn small(seed: u64, events: f64) -> System {
    let mut dice = Dice::new(seed, 0xc1a1);
    let wish = Wish {
        events,
        duration: Some(300.0),
        services: 5,
    };
    let mut system = skeleton(seed, &mut dice, wish);
    let rate = system.workloads[0].rate();
    system.workloads[0].load = Load::Open {
        rate,
        constant: false,
        shape: None,
    };
    let sizes = system.size();
    for at in 0..system.workloads.len() {
        steady(&mut system, &sizes, &mut dice, at);
    }
    system
}

/// Compares a system with itself, both sides with luck of their own: what is claimed to differ.
pub fn of_luck(scenario: &Scenario, replications: u32) -> Vec<String> {
    let sides = |scenarios: Vec<Scenario>, replications| Sweep {
        title: "the same twice".into(),
        axes: vec![Axis {
            name: "variant".into(),
            ..Axis::default()
        }],
        points: ["A", "B"][..scenarios.len()]
            .iter()
            .map(|label| Point {
                coordinates: vec![Coordinate {
                    label: (*label).into(),
                    number: None,
                }],
                set: Vec::new(),
            })
            .collect(),
        measures: default_measures(&scenarios[0]),
        scenarios,
        seed: scenario.seed,
        replications: Replications::Fixed(replications),
        windows: false,
    };
    let once = sides(vec![scenario.clone()], 2 * replications);
    let records = Mutex::new(Vec::new());
    let done = |record| records.lock().expect("nobody panics").push(record);
    execute(&once, Shard::default(), &|_, _| None, &done, &|| true).expect("it is sound");
    let runs = records.into_inner().expect("nobody panics").into_iter();
    let runs = runs.map(|run: Record| Record {
        point: run.replication / replications,
        replication: run.replication % replications,
        ..run
    });
    let both = sides(vec![scenario.clone(); 2], replications);
    let table = Table::new(&both, runs.collect());
    let found = compare(&table, &Question::new(0, "A")).expect("there are two");
    let claims = |verdict| {
        matches!(
            verdict,
            Judgement::Better | Judgement::Worse | Judgement::Different
        )
    };
    let findings = found
        .findings
        .iter()
        .filter(|finding| claims(finding.verdict));
    let measures = findings.map(|finding| found.measures[finding.measure].to_string());
    let verdicts = found
        .verdicts
        .iter()
        .filter(|shares| claims(shares.verdict));
    measures.chain(verdicts.map(|_| "verdict".into())).collect()
}

/// A file of the system, which is gone when this is.
struct File(PathBuf);

impl File {
    fn new(system: &System, purpose: &str) -> Self {
        let name = format!(
            "sim-golden-{purpose}-{}-{}.ron",
            system.seed,
            std::process::id()
        );
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, system.text()).expect("the folder for temporary files takes files");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What `sim` prints as JSON.
fn sim(command: &str, file: &File, arguments: &[String]) -> Value {
    let path = file.0.to_string_lossy().into_owned();
    let all = ["sim".into(), command.into(), path].into_iter();
    let more = ["--format", "json", "--jobs", "1"].map(String::from);
    let all = all.chain(arguments.iter().cloned()).chain(more);
    let arguments: Vec<OsString> = all.map(Into::into).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    sim_cli::run(&arguments, &mut out, &mut err, Terminal::default());
    serde_json::from_slice(&out).unwrap_or_else(|_| {
        let err = String::from_utf8_lossy(&err);
        panic!("{arguments:?} prints no JSON: {err}")
    })
}

/// A setting that does nothing: room in a backlog that never fills.
fn inert(system: &System) -> String {
    let service = system.services.last().expect("there is one");
    format!("services.\"{}\".backlog", service.name)
}

/// Compares a system with a variant that changes nothing, under the same luck: what is claimed to differ.
pub fn of_nothing(system: &System) -> Vec<String> {
    let file = File::new(system, "compare");
    let variant = format!("roomy:{}=4096", inert(system));
    let arguments = [
        "--variant",
        "as it is:",
        "--variant",
        &variant,
        "--replications",
        "4",
    ];
    let told = sim("compare", &file, &arguments.map(String::from));
    let claims = |found: &&Value| {
        let verdict = found["verdict"].as_str().expect("it has a verdict");
        ["better", "worse", "different"].contains(&verdict)
    };
    let findings = told["findings"].as_array().expect("there are some").iter();
    let verdicts = told["verdicts"].as_array().expect("a list").iter();
    let claimed = findings.chain(verdicts).filter(claims);
    claimed.map(ToString::to_string).collect()
}

/// What is said of settings: of one that does nothing that it matters, or of one that decides that it
/// does not.
#[derive(Clone, Debug, Default)]
pub struct Influences {
    /// Claims that what does nothing matters.
    pub false_alarms: Vec<String>,
    /// The rate decides the goodput, and it is not said.
    pub missed: Vec<String>,
}

/// Asks which of three settings matter: a rate, the latency of links, and one that does nothing.
pub fn of_settings(system: &System, method: &str) -> Influences {
    let file = File::new(system, method);
    let (name, rate) = (&system.workloads[0].name, system.workloads[0].rate());
    let inert = inert(system);
    let samples = if method == "sobol" { "32" } else { "20" };
    let arguments = [
        "--vary",
        &format!("rate=workloads.\"{name}\".rate={}/s..{rate}/s", 0.2 * rate),
        "--vary",
        "link=links.\"* -> *\".latency=1ms..5ms",
        "--vary",
        &format!("inert={inert}=1000..4000"),
        "--measure",
        &format!("goodput({name})"),
        "--measure",
        &format!("latency({name}, p50)"),
        "--method",
        method,
        "--samples",
        samples,
    ];
    let told = sim("sensitivity", &file, &arguments.map(String::from));
    let mut found = Influences::default();
    for measure in told["measures"].as_array().expect("there are two") {
        let sentence = measure["sentence"].as_str().expect("there is one");
        for setting in measure["settings"].as_array().expect("there are three") {
            let matters = setting["influence"] == "matters";
            if setting["name"] == "inert" && matters {
                found.false_alarms.push(sentence.into());
            }
            let decides =
                setting["name"] == "rate" && measure["measure"] == format!("goodput({name})");
            if decides && !matters {
                found.missed.push(sentence.into());
            }
        }
    }
    found
}
