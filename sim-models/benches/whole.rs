//! The simulator as a whole beside programs written by hand for one system each.
//!
//! Two systems, each as a plain scenario with everything measured, and each as a hand-written program
//! that measures nothing. Both run in turn, so that a noisy machine disturbs them alike. What counts is
//! requests per second of real time: the two need not spend equally many events on a request.
//! A number as argument sets the rounds.
#![allow(missing_docs, clippy::disallowed_methods)] // A benchmark reads the clock.

#[path = "../../sim-core/benches/limit/mod.rs"]
mod limit;

use sim_core::SimDuration;
use sim_models::experiment::{Options, Run};
use sim_models::input::{Files, load};
use sim_models::scenario::Scenario;
use sim_models::{experiment, plan, world};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts what is asked of the system's allocator.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// Safety: hands everything on as it came.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// As many customers as the hand-written queue serves: 3 million at 900 a second.
const QUEUE: &str = r#"(
    duration: "3333s", window: "100s", seed: 1,
    services: { "server": (
        threads: 1, queue: (limit: unbounded), endpoints: { "serve": [work(exponential("1ms"))] },
    ) },
    workloads: { "customers": open(rate: "900/s", to: "server/serve") },
)"#;

const CHAIN: &str = r#"(
    duration: "1000s", window: "10s", seed: 1,
    services: {
        "first": (
            threads: 32, queue: (limit: unbounded),
            endpoints: { "serve": [work(exponential("10ms")), call("second/serve")] },
        ),
        "second": (
            threads: 16, queue: (limit: unbounded),
            endpoints: { "serve": [work(exponential("10ms")), call("third/serve")] },
        ),
        "third": (
            threads: 8, queue: (limit: unbounded),
            endpoints: { "serve": [work(exponential("10ms"))] },
        ),
    },
    links: { "* -> *": (latency: "1ms") },
    calls: { "* -> *": [
        retry(attempts: 4, backoff: exponential(base: "50ms", jitter: full)), timeout("1s"),
    ] },
    workloads: { "clients": open(rate: "400/s", to: "first/serve") },
)"#;

/// The one file that there is.
struct Text(&'static str);

impl Files for Text {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.into())
    }
}

fn scenario(text: &'static str) -> Scenario {
    let loaded = load("bench.ron", &Text(text), &[]);
    loaded.scenario.unwrap_or_else(|wrong| {
        let lines: Vec<_> = wrong
            .iter()
            .map(|one| one.concise(&loaded.sources))
            .collect();
        panic!("{}", lines.join("\n"))
    })
}

/// What one run did, and how long it took.
#[derive(Clone, Copy, Debug)]
struct Pace {
    seconds: f64,
    requests: u64,
    events: u64,
}

impl Pace {
    fn requests(self) -> f64 {
        self.requests as f64 / self.seconds
    }
    fn events(self) -> f64 {
        self.events as f64 / self.seconds
    }
}

fn time(run: impl FnOnce() -> (u64, u64)) -> Pace {
    let start = Instant::now();
    let (requests, events) = run();
    Pace {
        seconds: start.elapsed().as_secs_f64(),
        requests,
        events,
    }
}

fn simulate(scenario: &Scenario) -> (u64, u64) {
    let summary = experiment::run(scenario, scenario.seed)
        .expect("the scenario is sound")
        .summary;
    let offered = summary.workloads.values().map(|workload| workload.offered);
    (offered.sum(), summary.events)
}

/// The median of some paces by requests per second, and the best.
fn median_and_best(mut paces: Vec<Pace>) -> (Pace, Pace) {
    paces.sort_by(|a, b| a.requests().total_cmp(&b.requests()));
    (paces[paces.len() / 2], paces[paces.len() - 1])
}

fn compare(name: &str, text: &'static str, rounds: usize, limit: impl Fn() -> limit::Tally) {
    let scenario = scenario(text);
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(time(|| simulate(&scenario)));
        limits.push(time(|| {
            let tally = limit();
            (tally.requests, tally.events)
        }));
    }
    let (ours, limits) = (median_and_best(ours), median_and_best(limits));
    println!("{name}, {rounds} rounds:");
    for (which, ours, limit) in [("best", ours.1, limits.1), ("median", ours.0, limits.0)] {
        for (who, pace) in [("scenario", ours), ("limit", limit)] {
            println!(
                "  {which:<7} {who:<9} {:>6.3} M requests/s {:>6.2} M events/s",
                pace.requests() / 1e6,
                pace.events() / 1e6
            );
        }
        println!(
            "  {which:<7} ratio in requests {:.3}",
            ours.requests() / limit.requests()
        );
    }
    let (allocations, events) = allocations(scenario);
    println!("  {allocations} allocations in {events} events of the second half");
}

/// Allocations of the second half of a run, and its events. Closing a window of the series allocates what
/// the run keeps of it, so the half is one window.
fn allocations(mut scenario: Scenario) -> (u64, u64) {
    scenario.window = SimDuration(scenario.duration.0 / 2);
    let plan = plan::compile(&scenario).expect("the scenario is sound");
    let options = Options {
        seed: scenario.seed,
        ..Options::default()
    };
    let mut run = Run::new(&scenario, &plan, options);
    run.window();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let events = run.simulation().events();
    run.window();
    (
        ALLOCATIONS.load(Ordering::Relaxed) - before,
        run.simulation().events() - events,
    )
}

fn main() {
    let rounds = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(7);
    compare("M/M/1 at 0.9, limit on std's heap", QUEUE, rounds, || {
        limit::queue::run(1, 3_000_000).0
    });
    compare("chain of three", CHAIN, rounds, || {
        limit::chain::run(1, SimDuration::from_secs(1000))
    });
    println!(
        "bytes per call in flight: {} with retry and timeout, {} without policies",
        world::bytes_per_call(2),
        world::bytes_per_call(0)
    );
}
