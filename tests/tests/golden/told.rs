//! What the program says of a system: everything that the rule looks at is read here and nowhere else.

use super::system::System;
use serde_json::Value;
use sim_models::experiment::run;
use sim_models::input::load;
use sim_models::observe::summary::Series;
use sim_models::scenario::Scenario;

/// What is said of one run.
pub struct Told {
    /// Results as in JSON.
    summary: Value,
    /// What happened, by windows.
    pub series: Series,
}

/// An incident, s.
#[derive(Clone, Debug)]
pub struct Incident {
    pub workload: String,
    pub start: f64,
    pub end: f64,
}

/// The scenario of a text, and what `sim check` suspects: code and message.
///
/// # Panics
/// If the text is wrong: the generator is.
pub fn check(text: &str) -> (Scenario, Vec<String>) {
    let loaded = load("golden.ron", &[("golden.ron", text)], &[]);
    let scenario = loaded
        .scenario
        .unwrap_or_else(|wrong| panic!("{wrong:#?}\nin\n{text}"));
    let suspicions = loaded.warnings.iter();
    let suspicions = suspicions.map(|found| format!("{} {}", found.code.as_str(), found.message));
    (scenario, suspicions.collect())
}

/// Runs it.
///
/// # Panics
/// If it cannot be run: the generator is wrong.
pub fn tell(scenario: &Scenario) -> Told {
    let result = run(scenario, scenario.seed).expect("it passed its checks");
    Told {
        summary: serde_json::to_value(&result.summary).expect("a summary is JSON"),
        series: result.series,
    }
}

fn texts(list: &Value) -> Vec<String> {
    let all = list.as_array().into_iter().flatten();
    all.filter_map(|text| text.as_str().map(Into::into))
        .collect()
}

impl Told {
    /// The verdict.
    pub fn verdict(&self) -> &str {
        let verdict = self.summary["hypothesis"]["verdict"].as_str();
        verdict.expect("there is a verdict")
    }

    /// The workloads that the headline says were hurt.
    pub fn damage(&self) -> Vec<&str> {
        let all = self.summary["hypothesis"]["damage"].as_array();
        let damage = all.expect("there is a list").iter();
        damage
            .filter_map(|hurt| hurt["workload"].as_str())
            .collect()
    }

    /// How long after its cause what gets better is said to take, s.
    pub fn pace(&self) -> Option<f64> {
        self.summary["hypothesis"]["recovery_expected_seconds"].as_f64()
    }

    /// Its reason.
    pub fn reason(&self) -> &str {
        self.summary["hypothesis"]["reason"].as_str().unwrap_or("")
    }

    pub fn incidents(&self) -> Vec<Incident> {
        let all = self.summary["incidents"].as_array();
        let incidents = all.expect("there is a list").iter();
        let time = |incident: &Value, what: &str| incident[what].as_f64().expect("a time");
        incidents
            .map(|incident| Incident {
                workload: incident["workload"].as_str().unwrap_or("").into(),
                start: time(incident, "start"),
                end: time(incident, "end"),
            })
            .collect()
    }

    /// Notable moments but for those that the system's author planned: begin and end of its faults, and
    /// of what its loads do by their shapes.
    pub fn moments(&self, system: &System) -> Vec<(f64, String)> {
        let all = self.summary["moments"].as_array();
        let moments = all.expect("there is a list").iter().map(|moment| {
            let time = moment["time"].as_f64().expect("a time");
            (time, moment["what"].as_str().unwrap_or("").to_owned())
        });
        let planned = |what: &str| {
            let own = |name: &String| {
                let rest = what.strip_prefix(&format!("`{name}`"));
                rest.is_some_and(|rest| rest.starts_with(" begins") || rest.starts_with(" ends"))
            };
            system.planned.iter().any(own)
        };
        moments.filter(|(_, what)| !planned(what)).collect()
    }

    /// Whom the faults are said to have touched.
    pub fn blast_radius(&self) -> Vec<String> {
        let faults = self.summary["faults"].as_array().into_iter().flatten();
        faults
            .flat_map(|fault| texts(&fault["blast_radius"]))
            .collect()
    }

    /// Share of what a workload was offered in a stretch of time that it got a usable answer to, there.
    pub fn answered(&self, workload: &str, from: f64, to: f64) -> f64 {
        let columns = &self.series.workloads[workload];
        let times = self.series.time.iter().enumerate();
        let windows = times.filter(|(_, start)| **start >= from && **start < to);
        let (mut good, mut offered) = (0, 0);
        for (window, _) in windows {
            good += columns.ok[window] + columns.degraded[window];
            offered += columns.offered[window];
        }
        good as f64 / offered.max(1) as f64
    }

    /// Requests of a workload that failed, and all that it offered.
    pub fn failed(&self, workload: &str) -> (u64, u64) {
        let summary = &self.summary["workloads"][workload];
        let count = |what: &str| summary[what].as_u64().expect("a count");
        (count("failed"), count("offered"))
    }

    /// The largest share of its threads that any service used, over the whole run.
    pub fn busiest(&self) -> f64 {
        let services = self.summary["services"]
            .as_object()
            .expect("they are named");
        let busy = services
            .values()
            .filter_map(|service| service["utilization"].as_f64());
        busy.fold(0.0, f64::max)
    }
}
