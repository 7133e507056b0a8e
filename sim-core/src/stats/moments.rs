//! Count, mean, variance, extremes.

use super::{Interval, StatsError, check_probability, t_quantile};

/// Count, mean, variance, and extremes of a stream of numbers, in constant memory.
///
/// B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products",
/// Technometrics 4 (1962); merging by T. F. Chan, G. H. Golub and R. J. LeVeque (1979).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    pub(super) squares: f64,
    min: f64,
    max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Self {
            count: 0,
            mean: 0.0,
            squares: 0.0,
            min,
            max,
        }
    }
}

impl Moments {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one more number.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let deviation = value - self.mean;
        self.mean += deviation / self.count as f64;
        self.squares += deviation * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Takes in all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (here, there) = (self.count as f64, other.count as f64);
        let deviation = other.mean - self.mean;
        self.count += other.count;
        self.mean += deviation * there / (here + there);
        self.squares += other.squares + deviation * deviation * here * there / (here + there);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many numbers.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; 0 without any.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Their sample variance (divided by count - 1); 0 for fewer than two.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            0.0
        } else {
            self.squares / (self.count - 1) as f64
        }
    }

    /// Their sample standard deviation.
    #[must_use]
    pub fn sd(&self) -> f64 {
        libm::sqrt(self.variance())
    }

    /// The least; infinite without any.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The largest; minus infinity without any.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The mean with its Student-t interval: `t(1 - (1 - level) / 2; n - 1) sd / sqrt(n)` to both
    /// sides. A single value has an infinite interval.
    pub fn interval(&self, level: f64) -> Result<Interval, StatsError> {
        check_probability("the confidence level", level)?;
        if self.count == 0 {
            return Err(StatsError::TooFew {
                what: "a mean",
                needed: 1,
                given: 0,
            });
        }
        let half_width = match self.count {
            1 => f64::INFINITY,
            n => t_quantile(level, (n - 1) as f64) * self.sd() / libm::sqrt(n as f64),
        };
        Ok(Interval::symmetric(
            self.mean, half_width, level, self.count,
        ))
    }
}

impl Extend<f64> for Moments {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut moments = Self::new();
        moments.extend(values);
        moments
    }
}

/// The mean of independent values (one per replication) with its Student-t interval. A single value
/// has an infinite interval.
pub fn mean_interval(values: &[f64], level: f64) -> Result<Interval, StatsError> {
    values.iter().copied().collect::<Moments>().interval(level)
}
