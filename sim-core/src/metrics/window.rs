//! Durations of one window.

use super::steps::*;
use crate::time::SimDuration;

/// Durations of one window: cheap to record, taken out as a [`Snapshot`] when the window ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowHistogram {
    counts: Vec<u32>,
    /// The steps in use lie in `low..high`.
    low: usize,
    high: usize,
    count: u64,
    sum: u128,
    max: u64,
}

impl WindowHistogram {
    /// An empty window.
    #[must_use]
    pub fn new() -> Self {
        Self {
            low: usize::MAX,
            ..Self::default()
        }
    }

    /// Records one duration.
    #[inline]
    pub fn record(&mut self, span: SimDuration) {
        let step = step::<COARSE>(span.0);
        if step >= self.counts.len() {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.low = self.low.min(step);
        self.high = self.high.max(step + 1);
        self.count += 1;
        self.sum += u128::from(span.0);
        self.max = self.max.max(span.0);
    }

    /// How many durations the window holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes out what was recorded and begins anew.
    pub fn take(&mut self) -> Snapshot {
        let low = self.low.min(self.high);
        let used = &mut self.counts[low..self.high];
        let steps = used.iter().enumerate().filter(|(_, count)| **count > 0);
        let steps = steps
            .map(|(at, count)| ((low + at) as u16, *count))
            .collect();
        used.fill(0);
        let snapshot = Snapshot {
            count: self.count,
            sum: self.sum,
            max: self.max,
            steps,
        };
        self.low = usize::MAX;
        self.high = 0;
        self.count = 0;
        self.sum = 0;
        self.max = 0;
        snapshot
    }
}

/// The durations of one window, or of several merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// How many durations there are.
    pub count: u64,
    sum: u128,
    max: u64,
    /// Step and count, ascending, without zeros.
    steps: Vec<(u16, u32)>,
}

impl Snapshot {
    /// The exact mean, in seconds; NaN without durations.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / 1e9 / self.count as f64
    }

    /// The greatest duration, in seconds; NaN without durations.
    #[must_use]
    pub fn max(&self) -> f64 {
        if self.count == 0 {
            return f64::NAN;
        }
        self.max as f64 / 1e9
    }

    /// The duration that a share `q` (0 to 1) of all stays at or below, in seconds, to within 1 %, and
    /// never above the greatest; NaN without durations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for &(step, count) in &self.steps {
            seen += u64::from(count);
            if seen >= rank {
                return middle_of::<COARSE>(usize::from(step)).min(self.max) as f64 / 1e9;
            }
        }
        f64::NAN
    }

    /// How many durations are at or below `limit`, to within the resolution of 1 %.
    #[must_use]
    pub fn count_below(&self, limit: SimDuration) -> u64 {
        // Those that are as long as the limit are counted: it may be twice a quantile of constant times.
        let last = step::<COARSE>(limit.0);
        let steps = self.steps.iter();
        steps
            .take_while(|(step, _)| usize::from(*step) <= last)
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// Adds one duration; dearer than [`WindowHistogram::record`], for those that come late.
    pub fn add(&mut self, span: SimDuration) {
        let step = step::<COARSE>(span.0) as u16;
        match self.steps.binary_search_by_key(&step, |(step, _)| *step) {
            Ok(at) => self.steps[at].1 += 1,
            Err(at) => self.steps.insert(at, (step, 1)),
        }
        self.count += 1;
        self.sum += u128::from(span.0);
        self.max = self.max.max(span.0);
    }

    /// Adds all durations of the other.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        let mut merged = Vec::with_capacity(self.steps.len().max(other.steps.len()));
        let (mut left, mut right) = (self.steps.iter().peekable(), other.steps.iter().peekable());
        loop {
            match (left.peek(), right.peek()) {
                (Some(&&(a, m)), Some(&&(b, n))) if a == b => {
                    merged.push((a, m + n));
                    left.next();
                    right.next();
                }
                (Some(&&a), Some(&&b)) if a.0 > b.0 => {
                    merged.push(b);
                    right.next();
                }
                (Some(&&a), _) => {
                    merged.push(a);
                    left.next();
                }
                (None, Some(&&b)) => {
                    merged.push(b);
                    right.next();
                }
                (None, None) => break,
            }
        }
        self.steps = merged;
    }
}
