//! How many events and requests a second of real time hand-written simulations reach.
#![allow(missing_docs)]

mod limit;

use sim_core::SimDuration;
use std::time::Instant;

/// Runs it three times and prints the best rates.
fn measure(name: &str, run: impl Fn() -> limit::Tally) {
    let mut best = f64::INFINITY;
    let mut tally = limit::Tally::default();
    for _ in 0..3 {
        let start = Instant::now();
        tally = run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let (events, requests) = (tally.events as f64 / best, tally.requests as f64 / best);
    println!(
        "{name}: {:.1} M events/s ({:.1} ns), {:.2} M requests/s",
        events / 1e6,
        1e9 / events,
        requests / 1e6
    );
    println!("    {tally:?}");
}

fn main() {
    let (_, mean) = limit::queue::run(1, 3_000_000);
    measure("M/M/1 at 0.9, std heap", || {
        limit::queue::run(1, 3_000_000).0
    });
    println!("    mean number in the system {mean:.2} (theory 9)");
    let span = SimDuration::from_secs(1000);
    measure("chain of three", || limit::chain::run(1, span));
}
