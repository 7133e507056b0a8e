//! A sum over the time that has just passed, kept in slices: as Finagle's `WindowedAdder` and tower's `TpsBudget` do.
//!
//! What is added goes to the current slice. When it is looked at a slice's length or more after the current one began,
//! that one is put away, the slices that have passed meanwhile are emptied, and a new one begins then and there: slices
//! are not aligned to the clock, and are as long as it takes until somebody comes.
//!
//! Source: twitter/util `WindowedAdder.scala`; tower 0.5 `retry/budget/tps_budget.rs`; Envoy `resource_manager_impl.h`.

use sim_core::{SimDuration, SimTime};

/// The sum of what was added within a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slices {
    /// Those that are put away, in a circle.
    past: Vec<i64>,
    /// Where the current one is put next.
    at: usize,
    current: i64,
    /// When the current one began.
    began: SimTime,
}

impl Slices {
    /// Empty, with room for so many that are put away.
    #[must_use]
    pub fn new(past: usize) -> Self {
        Self {
            past: vec![0; past],
            ..Self::default()
        }
    }

    /// Bytes that so many take beside the rest.
    #[must_use]
    pub const fn heap(past: usize) -> usize {
        past * size_of::<i64>()
    }

    /// Begins a new slice of this length if the current one is over, and empties those that have passed meanwhile: of
    /// time that is no whole number of slices the part is left out (`whole`, as Finagle does) or counts as one (tower).
    pub fn pass(&mut self, slice: SimDuration, now: SimTime, whole: bool) {
        let passed = now.since(self.began);
        if passed < slice {
            return;
        }
        let count = self.past.len();
        self.past[self.at] = std::mem::take(&mut self.current);
        let slices = if whole {
            (passed.0 / slice.0 - 1).min(count as u64)
        } else {
            passed.0.div_ceil(slice.0) - 1
        };
        let next = (self.at + 1) % count;
        for step in 0..slices.min(count as u64) as usize {
            self.past[(next + step) % count] = 0;
        }
        self.at = (next + (slices % count as u64) as usize) % count;
        self.began = now;
    }

    /// Adds to the current slice.
    pub fn add(&mut self, what: i64) {
        self.current += what;
    }

    /// All that is not forgotten.
    #[must_use]
    pub fn sum(&self) -> i64 {
        self.current + self.past.iter().sum::<i64>()
    }
}
