//! Intervals of 95 % hold the exact value in 93 to 97 % of 1,000 independent experiments.
//!
//! With 1,000 experiments the share has a standard error of 0.7 %, so a method that is right fails one
//! of these bounds once in 250 tries; the seeds are fixed.
//!
//! All queues have a load of one half. Their memory fades as `exp(-t / T)` with `T = 1 / (mu (1 -
//! sqrt(rho))^2)`, 1.2 s here for M/M/1 (J. W. Cohen, "The Single Server Queue", 1982), and as many times
//! longer as the work varies more. Runs begin empty; a warm-up of 30 s, 25 T, leaves a bias of e^-25,
//! nothing beside any standard error. What is measured after it lasts hundreds of T, so that the mean of a
//! run is near normal, as the t interval supposes, and so that the percentile of a run, whose own bias
//! shrinks with its length and thus faster than the standard error, is good enough.

#[path = "coverage/queue.rs"]
mod queue;

use queue::{Service, observe};
use rayon::prelude::*;
use sim_core::stats::{
    Interval, batch_means, correlated_interval, mean_interval, paired_difference,
    proportion_interval, quantile_interval, relative_difference,
};
use sim_models::experiment;
use sim_models::observe::summary::Summary;

const EXPERIMENTS: u64 = 1000;
const LEVEL: f64 = 0.95;
const BOUNDS: (f64, f64) = (0.93, 0.97);
/// Runs in each experiment by replications.
const REPLICATIONS: u64 = 5;
/// Arrivals per second of every queue.
const RATE: f64 = 5.0;

/// The share of intervals that hold the truth.
fn assert_covered(what: &str, truth: f64, intervals: &[Interval]) {
    let hits = intervals
        .iter()
        .filter(|found| found.contains(truth))
        .count();
    let share = hits as f64 / intervals.len() as f64;
    let mean = intervals.iter().map(|found| found.mean).sum::<f64>() / intervals.len() as f64;
    println!("{what}: {share:.3} cover {truth:.6}, mean estimate {mean:.6}");
    assert!(
        BOUNDS.0 <= share && share <= BOUNDS.1,
        "{what}: {share} of the intervals hold {truth}; the mean estimate is {mean}"
    );
}

/// The runs of every experiment, each with seeds of its own.
fn experiments(rate: f64, work: &str, timeout: &str, measured: f64) -> Vec<Vec<Summary>> {
    let scenario = sim_tests::scenario(&format!(
        r#"(
    duration: "{}s", warmup: "30s", window: "{}s",
    services: {{ "q": (threads: 1, queue: (limit: unbounded), backlog: 0, endpoints: {{ "serve": [work({work})] }}) }},
    calls: {{ "load -> q": [{timeout}] }},
    workloads: {{ "load": open(rate: "{rate}/s", to: "q/serve") }},
)"#,
        measured + 30.0,
        measured + 30.0,
    ));
    (0..EXPERIMENTS)
        .into_par_iter()
        .map(|experiment| {
            let seeds = (0..REPLICATIONS).map(|run| experiment * REPLICATIONS + run);
            seeds
                .map(|seed| {
                    experiment::run(&scenario, seed)
                        .expect("it is sound")
                        .summary
                })
                .collect()
        })
        .collect()
}

/// Intervals of a value by replications.
fn means<V: Into<Option<f64>>>(
    experiments: &[Vec<Summary>],
    get: impl Fn(&Summary) -> V,
) -> Vec<Interval> {
    experiments
        .iter()
        .map(|runs| {
            let values = runs.iter().map(|run| get(run).into().expect("a value"));
            let values: Vec<f64> = values.collect();
            mean_interval(&values, LEVEL).expect("several runs")
        })
        .collect()
}

/// Closed forms of M/M/1 with work of 100 ms on average: times in the system are exponential with rate
/// `mu - lambda` = 5/s.
#[test]
fn replications_and_pairs_cover() {
    let slow = experiments(RATE, r#"exponential("100ms")"#, "", 400.0);
    let sojourn = |run: &Summary| run.services["q"].sojourn.mean.expect("a value");
    assert_covered("M/M/1 time in the system", 0.2, &means(&slow, sojourn));
    assert_covered(
        "M/M/1 waiting",
        0.1,
        &means(&slow, |run| run.services["q"].waiting.mean),
    );
    assert_covered(
        "M/M/1 p95",
        libm::log(20.0) / 5.0,
        &means(&slow, |run| run.services["q"].sojourn.p95),
    );
    assert_covered(
        "M/M/1 utilization",
        0.5,
        &means(&slow, |run| run.services["q"].utilization),
    );
    // The same customers with the same demands at a server that needs 90 ms.
    let fast = experiments(RATE, r#"exponential("90ms")"#, "", 400.0);
    let fast_mean = 1.0 / (1.0 / 0.09 - RATE);
    let pairs: Vec<(Vec<f64>, Vec<f64>)> = fast
        .iter()
        .zip(&slow)
        .map(|(fast, slow)| {
            let values = |runs: &[Summary]| runs.iter().map(sojourn).collect();
            (values(fast), values(slow))
        })
        .collect();
    let differences: Vec<Interval> = pairs
        .iter()
        .map(|(fast, slow)| paired_difference(fast, slow, LEVEL).expect("pairs"))
        .collect();
    assert_covered("difference of two servers", fast_mean - 0.2, &differences);
    let ratios: Vec<Interval> = pairs
        .iter()
        .map(|(fast, slow)| relative_difference(fast, slow, LEVEL).expect("pairs"))
        .collect();
    assert_covered("relative difference", fast_mean / 0.2 - 1.0, &ratios);
}

/// Pollaczek and Khinchine: the mean wait is `lambda E[S^2] / (2 (1 - rho))`.
fn mean_wait(service: Service) -> f64 {
    RATE * service.second_moment() / (2.0 * (1.0 - RATE * service.mean()))
}

/// What counts for the percentile of a run is how many customers beyond it came apart from one another.
/// At a load of one half they come in crowds, and 2,000 customers hold a handful of those; at a load of
/// 0.2 they come nearly one by one, and 4,000 customers hold 40. So it is with small shares: a caller who
/// waits at most `ln(50) / 8` s gives up on one request in 50; the server does not know, so that nothing
/// else changes.
#[test]
fn high_percentiles_cover() {
    let runs = experiments(
        2.0,
        r#"exponential("100ms")"#,
        &format!(r#"timeout("{}ns")"#, (libm::log(50.0) / 8.0 * 1e9).round()),
        2000.0,
    );
    assert_covered(
        "M/M/1 p99",
        libm::log(100.0) / 8.0,
        &means(&runs, |run| run.services["q"].sojourn.p99),
    );
    assert_covered(
        "M/M/1 share of late answers",
        0.02,
        &means(&runs, |run| {
            run.workloads["load"]
                .success_ratio
                .map(|success| 1.0 - success)
        }),
    );
}

#[test]
fn replications_of_a_general_server_cover() {
    let runs = experiments(RATE, r#"lognormal(mean: "100ms", cv: 0.8)"#, "", 400.0);
    let wait = RATE * 0.01 * (1.0 + 0.8 * 0.8) / (2.0 * 0.5);
    assert_covered(
        "M/G/1 waiting",
        wait,
        &means(&runs, |run| run.services["q"].waiting.mean),
    );
    assert_covered(
        "M/G/1 mean queue",
        RATE * wait,
        &means(&runs, |run| run.services["q"].queue.mean),
    );
}

#[test]
fn one_long_run_covers() {
    for (name, service) in [
        ("M/M/1", Service::Exponential(0.1)),
        ("M/G/1", Service::Hyperexponential(0.8, 0.05, 0.3)),
    ] {
        let found: Vec<(Interval, Interval, Interval, Interval)> = (0..EXPERIMENTS)
            .into_par_iter()
            .map(|seed| {
                let run = observe(seed, RATE, service, 500, 20_000);
                // Every 200th customer, 40 s apart: independent for all that anybody can tell.
                let apart: Vec<f64> = run.sojourns.iter().step_by(200).copied().collect();
                let late = apart.iter().filter(|sojourn| **sojourn > 0.46).count();
                (
                    batch_means(&run.waits, 20, LEVEL).expect("enough"),
                    correlated_interval(&run.waits, LEVEL).expect("enough"),
                    quantile_interval(&apart, 0.5, LEVEL).expect("enough"),
                    proportion_interval(late as u64, apart.len() as u64, LEVEL).expect("enough"),
                )
            })
            .collect();
        let wait = mean_wait(service);
        let batches: Vec<Interval> = found.iter().map(|found| found.0).collect();
        assert_covered(&format!("{name} batch means"), wait, &batches);
        let correlated: Vec<Interval> = found.iter().map(|found| found.1).collect();
        assert_covered(&format!("{name} effective sample"), wait, &correlated);
        if let Service::Exponential(_) = service {
            let medians: Vec<Interval> = found.iter().map(|found| found.2).collect();
            assert_covered("M/M/1 median", libm::log(2.0) / 5.0, &medians);
            let late: Vec<Interval> = found.iter().map(|found| found.3).collect();
            assert_covered("M/M/1 share over 0.46 s", libm::exp(-0.46 * 5.0), &late);
        }
    }
}
