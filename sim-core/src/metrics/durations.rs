//! Durations of a whole run.

use super::steps::*;
use crate::time::SimDuration;

/// Durations: exact count, mean and spread, quantiles to within 0.1 %.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationStats {
    count: u64,
    pub(super) min: u64,
    pub(super) max: u64,
    sum: u128,
    squares: u128,
    /// How many fell on each step, up to the highest in use.
    counts: Vec<u64>,
}

impl Default for DurationStats {
    fn default() -> Self {
        Self::new()
    }
}

impl DurationStats {
    /// No durations yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            count: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            squares: 0,
            counts: Vec::new(),
        }
    }

    /// Records one duration. Returns by how many bytes it has grown, so that whoever has a budget need not ask.
    #[inline]
    pub fn record(&mut self, span: SimDuration) -> usize {
        let step = step::<FINE>(span.0);
        let mut grown = 0;
        if step >= self.counts.len() {
            grown = self.extend(step + 1);
        }
        self.counts[step] += 1;
        self.count += 1;
        self.min = self.min.min(span.0);
        self.max = self.max.max(span.0);
        let wide = u128::from(span.0);
        self.sum += wide;
        // 2^128 ns^2 are a billion durations of a week each.
        self.squares = self.squares.saturating_add(wide * wide);
        grown
    }

    /// Returns by how many bytes it has grown.
    #[cold]
    fn extend(&mut self, steps: usize) -> usize {
        let more = steps - self.counts.len();
        self.counts.resize(steps, 0);
        more * size_of::<u64>()
    }

    /// Adds all durations of the other.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
        if other.counts.len() > self.counts.len() {
            self.extend(other.counts.len());
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// How many durations were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum, in seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum as f64 / 1e9
    }

    /// The exact mean, in seconds; NaN without durations.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum() / self.count() as f64
    }

    /// The standard deviation of the sample, in seconds; NaN for fewer than two durations.
    #[must_use]
    pub fn sd(&self) -> f64 {
        let count = self.count();
        if count < 2 {
            return f64::NAN;
        }
        // Integers until the last step: no cancellation between two large floats.
        let n = u128::from(count);
        let squared_mean = self.sum as f64 * (self.sum as f64 / count as f64);
        let numerator = match (self.squares.checked_mul(n), self.sum.checked_mul(self.sum)) {
            (Some(a), Some(b)) => a.saturating_sub(b) as f64 / count as f64,
            _ => (self.squares as f64 - squared_mean).max(0.0),
        };
        libm::sqrt(numerator / (count - 1) as f64) / 1e9
    }

    /// The least duration, in seconds; NaN without durations.
    #[must_use]
    pub fn min(&self) -> f64 {
        if self.count() == 0 {
            return f64::NAN;
        }
        self.min as f64 / 1e9
    }

    /// The greatest duration, in seconds; NaN without durations.
    #[must_use]
    pub fn max(&self) -> f64 {
        if self.count() == 0 {
            return f64::NAN;
        }
        self.max as f64 / 1e9
    }

    /// The duration that a share `q` (0 to 1) of all stays at or below, in seconds; NaN without
    /// durations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        if self.count() == 0 {
            return f64::NAN;
        }
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let value = step.map_or(self.max, middle_of::<FINE>);
        value.clamp(self.min, self.max) as f64 / 1e9
    }

    /// How many durations are at or below `limit`, to within the resolution of 0.1 %.
    #[must_use]
    pub fn count_below(&self, limit: SimDuration) -> u64 {
        if limit.0 >= self.max {
            return self.count();
        }
        // Below the maximum, so the step exists.
        self.counts[..=step::<FINE>(limit.0)].iter().sum()
    }

    /// Bytes held.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.counts.capacity() * size_of::<u64>()
    }
}
