//! The hold model: with n events pending, take the next one and schedule another.
//!
//! Compares the agenda's ladder with std's binary heap of equal 16-byte keys in the same run.
//! Units: nanoseconds of real time per pop and push. A number as argument picks one size.
#![allow(clippy::disallowed_methods)] // A benchmark reads the clock.

use sim_core::agenda::Agenda;
use sim_core::random::{Seed, Source, Stream};
use sim_core::{SimDuration, SimTime};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

/// An event as large as those of the simulator.
type Event = [u64; 2];

/// Delays drawn before the clock starts, so that only the queue is measured.
fn delays(stream: &mut Stream, mean: f64) -> Vec<SimDuration> {
    (0..1 << 16)
        .map(|_| SimDuration::from_nanos_f64(-mean * libm::log(stream.open_uniform())))
        .collect()
}

/// Nanoseconds per pop and push, and bytes per pending event.
fn agenda(pending: usize, holds: usize, delays: &[SimDuration]) -> (f64, f64) {
    let mut agenda: Agenda<Event> = Agenda::new();
    let mut delay = delays.iter().cycle();
    let mut next = || *delay.next().expect("a cycle never ends");
    for event in 0..pending {
        agenda.schedule_after(next(), [event as u64, 0]);
    }
    let mut hold = |count| {
        for _ in 0..count {
            let (_, event) = agenda.pop_until(SimTime::MAX).expect("it never runs dry");
            agenda.schedule_after(next(), black_box(event));
        }
    };
    // Twice through all that is pending: the steady state.
    hold(pending * 2);
    let start = Instant::now();
    hold(holds);
    let spent = start.elapsed().as_nanos() as f64 / holds as f64;
    (spent, agenda.memory() as f64 / pending as f64)
}

/// The same with the best that std has to offer.
fn heap(pending: usize, holds: usize, delays: &[SimDuration]) -> f64 {
    let mut heap = BinaryHeap::with_capacity(pending);
    let mut slab: Vec<Event> = (0..pending).map(|event| [event as u64, 0]).collect();
    let mut delay = delays.iter().cycle();
    let mut next = || delay.next().expect("a cycle never ends").0;
    for slot in 0..pending {
        heap.push(Reverse(
            u128::from(next()) << 64 | (slot as u128) << 24 | slot as u128,
        ));
    }
    let mut sequence = pending as u128;
    let mut hold = |count| {
        for _ in 0..count {
            let Reverse(key) = heap.pop().expect("it never runs dry");
            let slot = key & 0xFF_FFFF;
            slab[slot as usize] = black_box(slab[slot as usize]);
            let time = (key >> 64) + u128::from(next());
            heap.push(Reverse(time << 64 | sequence << 24 | slot));
            sequence += 1;
        }
    };
    hold(pending * 2);
    let start = Instant::now();
    hold(holds);
    start.elapsed().as_nanos() as f64 / holds as f64
}

fn main() {
    let mut stream = Seed(1).stream("bench", "delays");
    let only: Option<usize> = std::env::args().find_map(|argument| argument.parse().ok());
    println!("  pending   ladder ns   M/s    heap ns   M/s   ratio   bytes/event");
    for (pending, holds) in [
        (100, 4_000_000),
        (10_000, 4_000_000),
        (1_000_000, 6_000_000),
    ] {
        if only.is_some_and(|only| only != pending) {
            continue;
        }
        let delays = delays(&mut stream, 1e7);
        let best = (0..3).map(|_| agenda(pending, holds, &delays));
        let (ladder, bytes) = best
            .reduce(|a, b| if a.0 < b.0 { a } else { b })
            .expect("three");
        let best = (0..2).map(|_| heap(pending, holds, &delays));
        let heap = best.reduce(f64::min).expect("two");
        println!(
            "{pending:>9} {ladder:>11.1} {:>5.1} {heap:>10.1} {:>5.1} {:>7.1} {bytes:>13.1}",
            1e3 / ladder,
            1e3 / heap,
            heap / ladder
        );
    }
}
