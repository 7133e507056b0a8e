//! What differs between the seeds that all points share.
//!
//! A seed's own reaction to a setting is the same at all points that differ in that setting alone, so more
//! points do not average it out: at worst the differences of a setting err all by one number times their
//! size, of which so many seeds leave `seeds - 1` degrees of freedom. All bounds here are for that worst
//! case: for errors that are independent they are rather too wide.

use sim_core::stats::{Interval, Moments, t_quantile};

/// The mean of some values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The differences of two values under each seed.
pub fn differences(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(a, b)| a - b).collect()
}

/// What luck adds to the product of the means of two values over the same seeds: their covariance, divided
/// by the replications. Of a single replication it cannot be told.
pub fn shared_luck(left: &[f64], right: &[f64]) -> f64 {
    let count = left.len() as f64;
    if count < 2.0 {
        return 0.0;
    }
    let (of_left, of_right) = (mean(left), mean(right));
    let pairs = left.iter().zip(right);
    let sum: f64 = pairs.map(|(a, b)| (a - of_left) * (b - of_right)).sum();
    sum / (count - 1.0) / count
}

/// The product of the means of two values over the same seeds, without luck.
pub fn product(left: &[f64], right: &[f64]) -> f64 {
    mean(left) * mean(right) - shared_luck(left, right)
}

/// By how much a statistic moves with each seed: the derivative of a mean of products of means.
#[derive(Clone, Debug, PartialEq)]
pub struct Reactions {
    /// To first order, by seed: their mean is 0.
    pub by_seed: Vec<f64>,
    /// What is taken off it as luck, or is not but is luck: the second order.
    pub luck: f64,
}

impl Reactions {
    /// None yet, of so many seeds.
    pub fn none(seeds: usize) -> Self {
        Self {
            by_seed: vec![0.0; seeds],
            luck: 0.0,
        }
    }

    /// Adds those of a product of the means of two values.
    pub fn product(&mut self, left: &[f64], right: &[f64]) {
        let (of_left, of_right) = (mean(left), mean(right));
        let pairs = left.iter().zip(right);
        for (one, (a, b)) in self.by_seed.iter_mut().zip(pairs) {
            *one += (a - of_left) * of_right + of_left * (b - of_right);
        }
        self.luck += shared_luck(left, right);
    }

    /// This one so many times, less another one so many times.
    pub fn less(&self, times: f64, other: &Self, others: f64) -> Self {
        let pairs = self.by_seed.iter().zip(&other.by_seed);
        Self {
            by_seed: pairs.map(|(a, b)| a * times - b * others).collect(),
            luck: self.luck * times - other.luck * others,
        }
    }

    /// Widens an interval over points to one over points and seeds: the errors are independent, and that of
    /// the seeds is Student's. Of a single seed nothing is known, and nothing is done.
    pub fn widen(&self, interval: Interval) -> Interval {
        let seeds = self.by_seed.len() as f64;
        if seeds < 2.0 {
            return interval;
        }
        let moments: Moments = self.by_seed.iter().copied().collect();
        // The square of a normal error varies by twice its own square, and so does what is taken off for it,
        // divided by the degrees of freedom.
        let second = 2.0 * self.luck * self.luck * seeds / (seeds - 1.0);
        let square = moments.variance() / seeds + second;
        let reach = t_quantile(interval.level, seeds - 1.0) * libm::sqrt(square);
        if reach == 0.0 {
            return interval;
        }
        let low = interval.mean - libm::hypot(interval.mean - interval.low, reach);
        let high = interval.mean + libm::hypot(interval.high - interval.mean, reach);
        Interval {
            low,
            high,
            half_width: 0.5 * (high - low),
            ..interval
        }
    }
}
