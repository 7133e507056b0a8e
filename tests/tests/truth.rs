//! Results known in closed form, or to numerical precision, against what the simulator measures.
//!
//! A case passes when the mean m of several independent seeds satisfies |m - v| <= max(tolerance x v,
//! 4 SE). That alone would let a small bias through in every case, so the whole battery is judged as
//! well: z = (m - v) / SE must have a mean square near 1. Too large means bias, too small means that
//! the seeds are not independent.
//!
//! Every case of `data/queueing.json` is either measured here or listed with the reason why not.

mod battery;

use battery::cases::{NOT_MEASURED, cases};
use battery::{Case, Judge, Truth, run_all};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The battery's mean squared z-score, from the README of the data.
const MEAN_SQUARE_Z: (f64, f64) = (0.7, 1.4);

#[test]
fn every_case_is_measured_or_listed_with_a_reason() {
    let truth = Truth::read();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for case in cases(&truth) {
        for measure in &case.measures {
            *seen.entry(measure.id.clone()).or_default() += 1;
        }
    }
    for (reason, ids) in NOT_MEASURED {
        assert!(!reason.is_empty(), "{ids:?} need a reason");
        for id in *ids {
            *seen.entry((*id).to_owned()).or_default() += 1;
        }
    }
    let unknown: Vec<_> = seen.keys().filter(|id| !truth.contains(id)).collect();
    assert!(unknown.is_empty(), "not in the data: {unknown:?}");
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "more than once: {twice:?}");
    let missing: Vec<_> = truth.ids().filter(|id| !seen.contains_key(*id)).collect();
    assert!(
        missing.is_empty(),
        "neither measured nor listed: {missing:?}"
    );
}

#[test]
fn closed_forms() {
    let truth = Truth::read();
    let cases = cases(&truth);
    let runs = run_all(&cases);
    let mut table = String::new();
    let mut wrong = Vec::new();
    let mut squares = Vec::new();
    for (case, results) in cases.iter().zip(&runs) {
        for measure in &case.measures {
            let values: Vec<f64> = results.iter().map(|run| (measure.get)(run)).collect();
            let (mean, error) = battery::mean_and_error(&values);
            let (value, tolerance) = truth.value(&measure.id);
            let allowed = f64::max(tolerance, 4.0 * error);
            let z = if error > 0.0 {
                (mean - value) / error
            } else {
                0.0
            };
            if measure.judge == Judge::Statistical && error > 0.0 {
                // The error is itself estimated from n seeds, which makes z a Student t with n - 1
                // degrees of freedom; its mean square is (n - 1) / (n - 3), taken out here.
                let n = values.len() as f64;
                squares.push(z * z * (n - 3.0) / (n - 1.0));
            }
            let passed = (mean - value).abs() <= allowed;
            let line = format!(
                "{} {:<28} expected {value:<14.6} measured {mean:<14.6} error {error:<12.3e} z {z:>6.2} ({:?})",
                if passed { "  " } else { "! " },
                measure.id,
                measure.judge,
            );
            writeln!(table, "{line}").expect("a String takes everything");
            if !passed {
                wrong.push(line);
            }
        }
    }
    let mean_square = squares.iter().sum::<f64>() / squares.len() as f64;
    println!(
        "{table}\nmean squared z-score of {}: {mean_square:.3}",
        squares.len()
    );
    assert!(wrong.is_empty(), "beyond tolerance:\n{}", wrong.join("\n"));
    assert!(
        (MEAN_SQUARE_Z.0..=MEAN_SQUARE_Z.1).contains(&mean_square),
        "the mean squared z-score of {} results is {mean_square:.3}\n{table}",
        squares.len(),
    );
}

/// One sequential client measures one bad answer out of a hundred thousand, whatever the outage.
#[test]
fn a_closed_loop_omits_the_freeze() {
    let case = Case {
        text: battery::cases::frozen("closed(users: 1, to: \"q/serve\")", 201.0),
        seeds: 1,
        measures: Vec::new(),
    };
    let run = &run_all(&[case])[0][0];
    let latency = &run.summary.workloads["load"].latency;
    let near = |value: Option<f64>, right: f64, off: f64| {
        assert!(
            value.is_some_and(|value| (value - right).abs() < off),
            "{latency:?}"
        );
    };
    near(latency.p999, 0.001, 1e-5);
    near(latency.max, 100.001, 0.01);
}

/// The worked example of metastability: a FIFO server, a timeout, one retry, ten seconds of outage.
#[test]
fn metastable_retries() {
    let rates = [100.0, 120.0, 280.0];
    let cases: Vec<Case> = rates
        .iter()
        .map(|rate| Case {
            text: battery::cases::outage(*rate, 300.0, 400.0),
            seeds: 16,
            measures: Vec::new(),
        })
        .collect();
    let runs = run_all(&cases);
    // The published means are 19.1 s and 35.9 s; a fifth is what the data allows. It does not say what
    // counted as recovered there. We take the first second in which half of the load is answered in
    // time, which agrees with the fluid formula (16 s and 33 s); both published means are three
    // seconds later, as they would be if goodput had been averaged over the last few seconds.
    for ((rate, published), runs) in [(100.0, 19.1), (120.0, 35.9)].iter().zip(&runs) {
        let recovery: Vec<f64> = runs
            .iter()
            .map(|run| battery::cases::recovery(run, *rate))
            .collect();
        let (mean, error) = battery::mean_and_error(&recovery);
        assert!(
            (mean - published).abs() <= f64::max(0.2 * published, 4.0 * error),
            "at {rate}/s the system recovers after {mean} s (error {error}), published: {published} s"
        );
    }
    for run in &runs[2] {
        let end: u64 = run.series.workloads["load"].ok.iter().rev().take(50).sum();
        assert_eq!(end, 0, "at 280/s nothing may get through any more");
        let attempts: Vec<u64> = run.series.edges["load -> q"].attempts.clone();
        let late = attempts[300..390].iter().sum::<u64>() as f64 / 90.0;
        assert!(
            (late / 560.0 - 1.0).abs() < 0.05,
            "{late} attempts/s, not 560"
        );
    }
}

/// Clients with no retries, three retries, and a budget, against a server that fails half of the time.
#[test]
fn client_retry_strategies() {
    let rows = battery::strategies();
    let cases: Vec<Case> = rows
        .iter()
        .map(|row| Case {
            text: row.text(),
            seeds: 16,
            measures: Vec::new(),
        })
        .collect();
    let runs = run_all(&cases);
    assert_eq!(rows.len(), 13, "rows that fit what our policies do");
    for (row, runs) in rows.iter().zip(&runs) {
        for (what, published, get) in [
            (
                "success",
                row.success,
                (|run| {
                    run.summary.workloads["load"]
                        .success_ratio
                        .expect("requests end")
                }) as battery::Read,
            ),
            ("load", row.load, |run| {
                let edge = &run.summary.edges["client -> server"];
                edge.amplification.expect("calls are sent")
            }),
        ] {
            let values: Vec<f64> = runs.iter().map(get).collect();
            let (mean, error) = battery::mean_and_error(&values);
            let error = libm::hypot(error, published.1);
            // Their bucket pays while it holds more than one token and ours while it holds one, so
            // that a client may make one retry more or less in the whole run.
            let allowed = 4.0 * error + row.one_token_per_client();
            assert!(
                (mean - published.0).abs() <= allowed + 1e-12,
                "{} at {}: {what} is {mean}, published {}, allowed {allowed}",
                row.strategy,
                row.failure_rate,
                published.0
            );
        }
    }
}
