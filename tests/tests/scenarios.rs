//! The library of failure modes in `scenarios/`: each file loads, ends as this table says, and
//! gives the numbers of its snapshot.

use serde_json::Value;
use sim_models::experiment;
use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::summary::{RunResult, Summary};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// File and verdict.
const EXPECTED: &[(&str, Conclusion)] = &[
    ("adaptive-limits", Conclusion::Metastable),
    ("back-pressure", Conclusion::Recovered),
    ("bulkhead", Conclusion::Held),
    ("cascading-failure", Conclusion::Refuted),
    ("client-throttling", Conclusion::Recovered),
    ("cold-cache", Conclusion::Metastable),
    ("connection-pool", Conclusion::Recovered),
    ("coordinated-omission", Conclusion::Refuted),
    ("crash-loop", Conclusion::Recovered),
    ("database-outage", Conclusion::Recovered),
    ("dogpile", Conclusion::Held),
    ("duplicate-delivery", Conclusion::Recovered),
    ("ejection-by-rates", Conclusion::Held),
    ("fail-fast", Conclusion::Recovered),
    ("flash-crowd", Conclusion::Recovered),
    ("governor", Conclusion::Recovered),
    ("gradient-limit", Conclusion::Recovered),
    ("gray-failure", Conclusion::Recovered),
    ("hedged-requests", Conclusion::Held),
    ("jittered-retries", Conclusion::Held),
    ("limits-by-tenant", Conclusion::Held),
    ("load-shedding", Conclusion::Recovered),
    ("lossy-link", Conclusion::Recovered),
    ("mm1", Conclusion::Held),
    ("noisy-neighbour", Conclusion::Recovered),
    ("online-boutique", Conclusion::Recovered),
    ("outlier-ejection", Conclusion::Held),
    ("partition", Conclusion::Recovered),
    ("queue-orders", Conclusion::Recovered),
    ("rate-limited-export", Conclusion::Held),
    ("retry-budgets", Conclusion::Recovered),
    ("retry-storm", Conclusion::Metastable),
    ("retry-storm-breaker", Conclusion::Recovered),
    ("retry-storm-deadline", Conclusion::Recovered),
    ("retry-storm-operator", Conclusion::Recovered),
    ("retry-storm-retry-budget", Conclusion::Recovered),
    ("retry-storm-retry-limit", Conclusion::Recovered),
    ("serve-stale", Conclusion::Held),
    ("shed-by-priority", Conclusion::Held),
    ("slow-call-breaker", Conclusion::Recovered),
    ("slow-replica-balancers", Conclusion::Held),
    ("stale-connections", Conclusion::Held),
    ("synchronised-retries", Conclusion::Refuted),
    ("thread-pool-exhaustion", Conclusion::Refuted),
    ("thundering-herd", Conclusion::Held),
    ("wrong-answers", Conclusion::Metastable),
];

/// Every scenario is run once, with its own seed, for all tests of this file.
static RUNS: LazyLock<BTreeMap<&str, RunResult>> = LazyLock::new(|| {
    std::thread::scope(|scope| {
        let handles: Vec<_> = EXPECTED
            .iter()
            .map(|(name, _)| {
                let run = move || {
                    let scenario = sim_tests::library(name);
                    experiment::run(&scenario, scenario.seed).expect("the library is sound")
                };
                (*name, scope.spawn(run))
            })
            .collect();
        handles
            .into_iter()
            .map(|(name, handle)| (name, handle.join().expect("a scenario runs")))
            .collect()
    })
});

fn summary(name: &str) -> &'static Summary {
    &RUNS[name].summary
}

#[test]
fn the_table_names_every_file() {
    let mut files: Vec<String> = std::fs::read_dir(sim_tests::LIBRARY)
        .expect("the library is a folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a plain name")
        })
        .filter_map(|name| name.strip_suffix(".ron").map(str::to_owned))
        .collect();
    files.sort();
    let expected: Vec<&str> = EXPECTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(files, expected);
}

#[test]
fn every_file_opens_with_a_lesson_and_what_to_try() {
    for &(name, _) in EXPECTED {
        let text = sim_tests::library_text(name);
        let comment: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with("//"))
            .collect();
        assert!(comment.len() >= 10, "{name}: the comment teaches nothing");
        assert!(
            comment.contains(&"// What to try:"),
            "{name}: nothing to try"
        );
        let tries = sim_tests::things_to_try(&text);
        assert!(tries.len() >= 2, "{name}: {tries:?}");
        for settings in tries {
            let changed = sim_tests::library_with(name, &settings);
            assert_ne!(
                changed,
                sim_tests::library(name),
                "{name} with {settings:?}"
            );
        }
    }
}

#[test]
fn verdicts() {
    let mut wrong = Vec::new();
    for &(name, verdict) in EXPECTED {
        let hypothesis = &summary(name).hypothesis;
        if hypothesis.verdict != verdict {
            wrong.push(format!("{name}: expected {verdict}: {hypothesis:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_run_reaches_its_end_within_ten_million_events() {
    for &(name, _) in EXPECTED {
        let summary = summary(name);
        assert_eq!(summary.stopped_by.name(), "end", "{name}");
        assert!(
            summary.events < 10_000_000,
            "{name}: {} events",
            summary.events
        );
    }
}

#[test]
fn the_storm_outlives_its_trigger_and_its_twins_do_not() {
    let storm = summary("retry-storm");
    assert_eq!(storm.faults[0].recovery_seconds, None, "{:?}", storm.faults);
    let last = |name: &str| -> u64 {
        let ok = &RUNS[name].series.workloads["shoppers"].ok;
        ok[ok.len() - 30..].iter().sum()
    };
    assert_eq!(
        last("retry-storm"),
        0,
        "nothing gets through two minutes after the trigger has gone"
    );
    for twin in ["retry-limit", "retry-budget", "breaker"] {
        let name = format!("retry-storm-{twin}");
        let recovery = summary(&name).faults[0].recovery_seconds;
        assert!(
            recovery.is_some_and(|seconds| seconds <= 40.0),
            "{name}: {recovery:?}"
        );
        // 130/s for 30 s, give or take four standard deviations.
        assert!(
            (3650..4150).contains(&last(&name)),
            "{name}: {} in the last 30 s",
            last(&name)
        );
    }
}

#[test]
fn twins_differ_in_their_calls_alone() {
    let base = sim_tests::library("retry-storm");
    for twin in ["retry-limit", "retry-budget", "breaker"] {
        let mut twin = sim_tests::library(&format!("retry-storm-{twin}"));
        assert_ne!(twin.calls, base.calls);
        assert_ne!(twin.title, base.title);
        twin.calls.clone_from(&base.calls);
        twin.title.clone_from(&base.title);
        assert_eq!(twin, base);
    }
}

#[test]
fn jitter_recovers_sooner_and_loses_fewer() {
    let (step, spread) = (summary("synchronised-retries"), summary("jittered-retries"));
    let (step_failed, spread_failed) = (
        step.workloads["terminals"].failed,
        spread.workloads["terminals"].failed,
    );
    assert!(
        spread_failed * 2 < step_failed,
        "{spread_failed} of {step_failed} failures are left"
    );
    let seconds = |summary: &Summary| summary.faults[0].recovery_seconds.unwrap_or(f64::INFINITY);
    assert!(seconds(spread) < seconds(step));
}

#[test]
fn the_closed_loop_hides_what_the_open_one_shows() {
    let run = summary("coordinated-omission");
    let (closed, open) = (&run.workloads["testers"], &run.workloads["customers"]);
    // The same nominal rate, within the slower pace of those who wait.
    assert!(closed.offered as f64 > 0.75 * open.offered as f64);
    assert!(
        closed.latency.p99.is_some_and(|p99| p99 < 0.2),
        "{:?}",
        closed.latency
    );
    assert!(
        open.latency.p99.is_some_and(|p99| p99 > 5.0),
        "{:?}",
        open.latency
    );
}

#[test]
fn numbers_are_as_reviewed() {
    for &(name, _) in EXPECTED {
        let value = serde_json::to_value(summary(name)).expect("a summary is plain data");
        insta::assert_json_snapshot!(name, rounded(value));
    }
}

/// Rounds every number that is not whole to six significant digits.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().expect("it is one");
            let text = format!("{number:.5e}");
            Value::from(text.parse::<f64>().expect("a number is printed as one"))
        }
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, rounded(value)))
            .collect(),
        other => other,
    }
}
