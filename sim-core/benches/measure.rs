//! What measurement and the digest cost. Units: nanoseconds of real time per call.

use sim_core::digest::Digest;
use sim_core::metrics::{DurationStats, Level, WindowHistogram};
use sim_core::random::{Seed, Source};
use sim_core::{SimDuration, SimTime};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 200;

/// The best of several passes over all values.
fn measure(name: &str, values: &[u64], mut call: impl FnMut(u64)) {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        values.iter().for_each(|value| call(*value));
        best = best.min(start.elapsed().as_nanos() as f64 / values.len() as f64);
    }
    println!("{name:<28} {best:>6.2} ns");
}

fn main() {
    // Latencies of 36 ms on average, as in a chain of three services.
    let mut stream = Seed(1).stream("bench", "latency");
    let values: Vec<u64> = (0..1 << 14)
        .map(|_| (-3.6e7 * libm::log(stream.open_uniform())) as u64)
        .collect();
    let mut stats = DurationStats::new();
    measure("DurationStats::record", &values, |v| {
        stats.record(SimDuration(v));
    });
    let mut window = WindowHistogram::new();
    measure("WindowHistogram::record", &values, |v| {
        window.record(SimDuration(v))
    });
    let mut taken = 0;
    measure("  and take, every 4096th", &values, |v| {
        window.record(SimDuration(v));
        if window.count() == 4096 {
            taken += window.take().count;
        }
    });
    let mut level = Level::new(SimTime::ZERO);
    let mut now = 0;
    measure("Level::add", &values, |v| {
        now += v;
        level.add(SimTime(now), if v & 1 == 0 { 1 } else { -1 });
    });
    let mut digest = Digest::new();
    measure("Digest::absorb", &values, |v| {
        digest.absorb(SimTime(v), [v, 7])
    });
    black_box((stats, taken, level, digest));
}
