//! A sweep beside a loop over the library that is written by hand, two threads beside one, and forks
//! beside runs from scratch.
//!
//! What is compared runs in turn, so that a noisy machine disturbs both alike, and the fastest of all
//! rounds counts. A number as argument sets the rounds.
#![allow(missing_docs, clippy::disallowed_methods)] // A benchmark reads the clock.

use rayon::prelude::*;
use sim_models::experiment;
use sim_models::experiment::space::{Axis, Point};
use sim_models::experiment::sweep::{Keys, Replications, Shard, Sweep, execute};
use sim_models::input::load;
use sim_models::scenario::Override;
use std::sync::Mutex;
use std::time::Instant;

/// Short: some 1,500 events a run.
const SHORT: &str = r#"(
    duration: "5s", warmup: "1s", seed: 1,
    services: {
        "web": (threads: 16, endpoints: { "get": [work(exponential("1ms")), call("db/get")] }),
        "db": (threads: 4, endpoints: { "get": [work(exponential("5ms"))] }),
    },
    calls: { "web -> db": [retry(attempts: 2, backoff: none), timeout("100ms")] },
    workloads: { "users": open(rate: "50/s", to: "web/get") },
    faults: [(at: "2s", for: "1s", inject: slow(service: "db", factor: 2))],
    hypothesis: (steady: "success_ratio(users) >= 0.99", recovers: (within: "2s")),
)"#;

/// Four fifths of it come before the fault.
const LONG: &str = r#"(
    duration: "100s", warmup: "20s", seed: 1,
    services: {
        "web": (threads: 64, endpoints: { "get": [work(exponential("1ms")), call("db/get")] }),
        "db": (threads: 8, endpoints: { "get": [work(exponential("5ms"))] }),
    },
    calls: { "web -> db": [retry(attempts: 3, backoff: none), timeout("100ms")] },
    workloads: { "users": open(rate: "800/s", to: "web/get") },
    faults: [(at: "80s", for: "5s", inject: slow(service: "db", factor: 2))],
)"#;

/// A sweep of all combinations of some values of two paths.
fn sweep(text: &'static str, vary: [(&str, &[f64]); 2], unit: &str, replications: u32) -> Sweep {
    let [(first, firsts), (second, seconds)] = vary;
    let set = |path: &str, value: f64, unit: &str| Override {
        path: path.into(),
        value: format!("{value}{unit}"),
    };
    let points: Vec<Point> = firsts
        .iter()
        .flat_map(|a| {
            seconds.iter().map(move |b| Point {
                coordinates: Vec::new(),
                set: vec![set(first, *a, unit), set(second, *b, "")],
            })
        })
        .collect();
    let scenario = |point: &Point| {
        let loaded = load("bench.ron", &[("bench.ron", text)], &point.set);
        loaded.scenario.unwrap_or_else(|wrong| panic!("{wrong:#?}"))
    };
    let measures = ["success_ratio(users)", "latency(users, p99)"];
    Sweep {
        title: "bench".into(),
        axes: vec![Axis::default(), Axis::default()],
        scenarios: points.iter().map(scenario).collect(),
        points,
        measures: measures
            .iter()
            .map(|text| text.parse().expect("a measure"))
            .collect(),
        seed: 1,
        replications: Replications::Fixed(replications),
        windows: false,
    }
}

fn replications(sweep: &Sweep) -> u32 {
    match sweep.replications {
        Replications::Fixed(count) => count,
        Replications::Until(precision) => precision.most,
    }
}

/// The values of all runs by a loop written by hand: one call of the library for each run.
fn by_hand(sweep: &Sweep) -> Vec<(Option<f64>, Option<f64>)> {
    let replications = replications(sweep) as usize;
    (0..sweep.points.len() * replications)
        .into_par_iter()
        .map(|number| {
            let scenario = &sweep.scenarios[number / replications];
            let seed = sweep.seed + (number % replications) as u64;
            let result = experiment::run(scenario, seed).expect("the scenario is sound");
            let users = &result.summary.workloads["users"];
            (users.success_ratio, users.latency.p99)
        })
        .collect()
}

/// The same by the sweep, the keys of all runs included, as a result folder needs them.
fn by_sweep(sweep: &Sweep) -> Vec<(Option<f64>, Option<f64>)> {
    let keys = Keys::new(sweep);
    let records = Mutex::new(Vec::new());
    let done = |record: experiment::sweep::Record| {
        let key = keys.run(record.point, record.replication);
        let values = (record.values[0], record.values[1]);
        let place = (record.point, record.replication);
        records
            .lock()
            .expect("nobody panics with it")
            .push((place, key, values));
    };
    execute(sweep, Shard::default(), &|_, _| None, &done, &|| true)
        .expect("the scenarios are sound");
    let mut records = records.into_inner().expect("all threads have ended");
    records.sort_unstable_by_key(|(place, ..)| *place);
    records.into_iter().map(|(.., values)| values).collect()
}

fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> (f64, T) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("threads can be started");
    let start = Instant::now();
    let result = pool.install(work);
    (start.elapsed().as_secs_f64(), result)
}

/// The fastest of the rounds of each.
fn fastest(rounds: usize, works: [&mut dyn FnMut() -> f64; 2]) -> [f64; 2] {
    let mut best = [f64::INFINITY; 2];
    let [first, second] = works;
    for _ in 0..rounds {
        best[0] = best[0].min(first());
        best[1] = best[1].min(second());
    }
    best
}

fn main() {
    let rounds = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(5);
    let factors: Vec<f64> = (0..10)
        .map(|factor| 1.0 + 0.2 * f64::from(factor))
        .collect();
    let timeouts: Vec<f64> = (0..10).map(|timeout| 20.0 + f64::from(timeout)).collect();
    const TIMEOUT: &str = "calls.\"web -> db\".timeout.after";
    const FACTOR: &str = "faults[0].inject.factor";

    for (name, timeouts, factors, replications) in [
        ("10,000 points", 100, 100, 1),
        ("100 points, 100 replications", 100, 1, 100),
    ] {
        let timeouts: Vec<f64> = (0..timeouts).map(|at| 20.0 + f64::from(at)).collect();
        let factors: Vec<f64> = (0..factors).map(|at| 1.0 + 0.02 * f64::from(at)).collect();
        let short = sweep(
            SHORT,
            [(TIMEOUT, &timeouts), (FACTOR, &factors)],
            "ms",
            replications,
        );
        assert_eq!(by_hand(&short), by_sweep(&short), "both yield the same");
        let [hand, ours] = fastest(
            rounds,
            [&mut || on(2, || by_hand(&short)).0, &mut || {
                on(2, || by_sweep(&short)).0
            }],
        );
        println!("10,000 short runs, {name}, two threads:");
        println!(
            "  by hand {hand:.3} s, sweep {ours:.3} s, ratio {:.3}",
            ours / hand
        );
        let [one, two] = fastest(
            rounds,
            [&mut || on(1, || by_sweep(&short)).0, &mut || {
                on(2, || by_sweep(&short)).0
            }],
        );
        println!(
            "  one thread {one:.3} s, two {two:.3} s, {:.2} times as fast",
            one / two
        );
    }

    let long = sweep(
        LONG,
        [(TIMEOUT, &timeouts[..2]), (FACTOR, &factors)],
        "ms",
        2,
    );
    assert_eq!(by_hand(&long), by_sweep(&long), "both yield the same");
    let [hand, ours] = fastest(
        rounds,
        [&mut || on(2, || by_hand(&long)).0, &mut || {
            on(2, || by_sweep(&long)).0
        }],
    );
    println!("40 runs over 10 factors of a fault at four fifths of the run:");
    println!(
        "  from scratch {hand:.3} s, forked {ours:.3} s, {:.2} times as fast",
        hand / ours
    );
}
