//! One server, one queue (M/M/1) at utilisation 0.9, on the binary heap of the standard library.

use super::{Tally, exponential};
use sim_core::random::Seed;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const ARRIVAL: u128 = 0;
const DEPARTURE: u128 = 1;

/// Serves this many customers; also the mean number in the system, which should be 9.
pub fn run(seed: u64, customers: u64) -> (Tally, f64) {
    let seed = Seed(seed);
    let mut gaps = seed.stream("workload", "arrivals");
    let mut services = seed.stream("server", "work");
    let mut heap = BinaryHeap::new();
    let mut tally = Tally::default();
    let mut sequence = 0_u128;
    let mut push = |heap: &mut BinaryHeap<Reverse<u128>>, time: u64, kind: u128| {
        heap.push(Reverse(u128::from(time) << 64 | sequence << 1 | kind));
        sequence += 1;
    };
    push(&mut heap, exponential(&mut gaps, 1e6 / 0.9).0, ARRIVAL);
    let (mut present, mut area, mut last) = (0_u64, 0_u128, 0_u64);
    while tally.succeeded < customers {
        let Reverse(key) = heap.pop().expect("there is always a next arrival");
        let now = (key >> 64) as u64;
        area += u128::from(present) * u128::from(now - last);
        last = now;
        tally.events += 1;
        if key & 1 == ARRIVAL {
            tally.requests += 1;
            present += 1;
            push(
                &mut heap,
                now + exponential(&mut gaps, 1e6 / 0.9).0,
                ARRIVAL,
            );
        } else {
            tally.succeeded += 1;
            present -= 1;
        }
        let begins = (key & 1 == ARRIVAL && present == 1) || (key & 1 == DEPARTURE && present > 0);
        if begins {
            push(
                &mut heap,
                now + exponential(&mut services, 1e6).0,
                DEPARTURE,
            );
        }
    }
    (tally, area as f64 / last as f64)
}
