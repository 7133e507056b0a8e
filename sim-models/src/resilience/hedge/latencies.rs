//! Latencies of the last while, and their percentiles.
//!
//! Milliseconds are counted as HdrHistogram does with three digits: each by itself below 2048, then in buckets whose
//! width doubles with each doubling of what they hold; a percentile is the highest value of its bucket.

use super::Percentile;
use sim_core::{SimDuration, SimTime};

/// Latencies by slices of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Latencies {
    /// Of the slices that are over, and of the one that is not, where `writing` says.
    slices: Vec<Counts>,
    writing: usize,
    /// How many slices are over.
    over: u64,
    /// How often the delay was taken, and what it was the last time.
    refreshed: u64,
    delay: Option<SimDuration>,
}

/// How many latencies fell into each bucket.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counts {
    buckets: Vec<u32>,
    total: u64,
}

/// Buckets of one millisecond, and of each width beyond.
const SINGLE: usize = 2048;
const HALF: usize = SINGLE / 2;

/// The bucket of so many milliseconds.
fn bucket(milliseconds: u64) -> usize {
    if milliseconds < SINGLE as u64 {
        return milliseconds as usize;
    }
    let doubled = milliseconds.ilog2() as usize - 10;
    doubled * HALF + (milliseconds >> doubled) as usize
}

/// The most milliseconds that fall into a bucket.
fn highest(bucket: usize) -> u64 {
    if bucket < SINGLE {
        return bucket as u64;
    }
    let doubled = bucket / HALF - 1;
    let first = (bucket - doubled * HALF) as u64;
    ((first + 1) << doubled) - 1
}

/// Slack for ranks such as 0.99 of a hundred, which must be ninety-nine.
const ROUNDING: f64 = 1e-9;

impl Latencies {
    pub(super) fn new(percentile: &Percentile) -> Self {
        let mut new = Self {
            slices: vec![Counts::default(); percentile.slices as usize + 1],
            writing: 0,
            over: 0,
            refreshed: 0,
            delay: None,
        };
        if percentile.refresh == SimDuration::ZERO {
            new.take(percentile);
        }
        new
    }

    /// Bytes that it takes at most.
    pub(super) fn heap(percentile: &Percentile) -> usize {
        let buckets = bucket(percentile.most.0 / 1_000_000) + 1;
        (percentile.slices as usize + 1) * (size_of::<Counts>() + buckets * size_of::<u32>())
    }

    /// Closes the slices that are over, and takes the delay as often as it has been due.
    pub(super) fn advance(&mut self, percentile: &Percentile, now: SimTime) {
        if percentile.refresh > SimDuration::ZERO {
            let due = now.0 / percentile.refresh.0;
            if due > self.refreshed {
                self.refreshed = due;
                self.close(percentile, due * percentile.refresh.0);
                self.take(percentile);
            }
        }
        if self.close(percentile, now.0) && percentile.refresh == SimDuration::ZERO {
            self.take(percentile);
        }
    }

    /// Closes the slices that were over then; whether there were any.
    fn close(&mut self, percentile: &Percentile, then: u64) -> bool {
        let over = then / percentile.slice.0;
        let closed = over.saturating_sub(self.over);
        for _ in 0..closed.min(self.slices.len() as u64) {
            self.writing = (self.writing + 1) % self.slices.len();
            let counts = &mut self.slices[self.writing];
            counts.buckets.fill(0);
            counts.total = 0;
        }
        self.over = self.over.max(over);
        closed > 0
    }

    /// How many latencies there are in the slices that are over.
    pub(super) fn samples(&self) -> u64 {
        self.closed().map(|counts| counts.total).sum()
    }

    fn closed(&self) -> impl Iterator<Item = &Counts> {
        let numbered = self.slices.iter().enumerate();
        numbered.filter_map(|(number, counts)| (number != self.writing).then_some(counts))
    }

    fn take(&mut self, percentile: &Percentile) {
        let total = self.samples();
        self.delay = if total < u64::from(percentile.samples) {
            None
        } else {
            let milliseconds = self.at(percentile.rank, total);
            Some(SimDuration::from_millis(milliseconds))
        };
    }

    /// The value that this share of them does not exceed, in milliseconds.
    fn at(&self, rank: f64, total: u64) -> u64 {
        let wanted = libm::ceil(rank * total as f64 - ROUNDING).max(1.0) as u64;
        let longest = self.closed().map(|counts| counts.buckets.len()).max();
        let mut seen = 0;
        for bucket in 0..longest.unwrap_or(0) {
            let here = self
                .closed()
                .filter_map(|counts| counts.buckets.get(bucket));
            seen += here.map(|count| u64::from(*count)).sum::<u64>();
            if seen >= wanted {
                return highest(bucket);
            }
        }
        0
    }

    /// The percentile when it was taken the last time, where enough was known.
    pub(super) fn delay(&self) -> Option<SimDuration> {
        self.delay
    }

    /// A latency is seen now.
    pub(super) fn add(&mut self, percentile: &Percentile, took: SimDuration, now: SimTime) {
        self.advance(percentile, now);
        let bucket = bucket(took.min(percentile.most).0.div_ceil(1_000_000));
        let counts = &mut self.slices[self.writing];
        if counts.buckets.len() <= bucket {
            counts.buckets.resize(bucket + 1, 0);
        }
        counts.buckets[bucket] += 1;
        counts.total += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_three_digits() {
        for milliseconds in 0..20_000 {
            let bucket = bucket(milliseconds);
            let (highest, lower) = (highest(bucket), highest(bucket.max(1) - 1));
            assert!(highest >= milliseconds, "{milliseconds}: {highest}");
            assert!(
                bucket == 0 || lower < milliseconds,
                "{milliseconds}: {lower}"
            );
            assert!(
                (highest - milliseconds) * 1000 <= milliseconds,
                "{milliseconds}"
            );
        }
        assert_eq!(
            [highest(2047), highest(2048), highest(3071)],
            [2047, 2049, 4095]
        );
    }
}
