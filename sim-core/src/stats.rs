//! Statistics over replications and within runs: intervals, paired differences, warm-up cuts.
//!
//! All of it works on plain `f64` in whatever unit the caller uses; confidence `level`s are
//! two-sided and lie in (0, 1), for example 0.95. Sums run in the order of the data, so the same
//! data give the same bytes.
//!
//! Sources: A. M. Law, "Simulation Modeling and Analysis", 5th ed., chapters 9 and 10; quantile
//! functions of Student's t, the normal and the binomial distribution by `statrs`.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// Why a statistic cannot be computed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// Too little data.
    #[error("{what} needs at least {needed} values, and there are {given}")]
    TooFew {
        /// What should be computed.
        what: &'static str,
        /// How many values that takes.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// A level or probability outside (0, 1).
    #[error("{what} must be greater than 0 and less than 1, not {value}")]
    NotAProbability {
        /// Which one.
        what: &'static str,
        /// What was given.
        value: f64,
    },
    /// Samples that should be paired are not.
    #[error("paired values must be equally many: {left} and {right}")]
    Unpaired {
        /// Values on the left.
        left: usize,
        /// Values on the right.
        right: usize,
    },
    /// More successes than trials.
    #[error("{successes} successes in {trials} trials")]
    Proportion {
        /// Successes.
        successes: u64,
        /// Trials.
        trials: u64,
    },
}

/// An estimate with a confidence interval around it, in the unit of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate: a mean, a share, or a quantile.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// One half of the width, `(high - low) / 2`; infinite where there is too little data to tell.
    pub half_width: f64,
    /// The confidence level, 0 to 1. Where order statistics cannot meet the level exactly it is what
    /// they do reach.
    pub level: f64,
    /// How many values (replications, batches, trials) it rests on.
    pub count: u64,
}

impl Interval {
    fn symmetric(mean: f64, half_width: f64, level: f64, count: u64) -> Self {
        let (low, high) = (mean - half_width, mean + half_width);
        Self {
            mean,
            low,
            high,
            half_width,
            level,
            count,
        }
    }

    fn between(mean: f64, low: f64, high: f64, level: f64, count: u64) -> Self {
        Self {
            mean,
            low,
            high,
            half_width: 0.5 * (high - low),
            level,
            count,
        }
    }

    /// True if `value` lies in it, its ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// True if it lies on one side of zero: a difference that is more than luck at this level.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Count, mean, variance, and extremes of a stream of numbers, in constant memory.
///
/// B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products",
/// Technometrics 4 (1962); merging by T. F. Chan, G. H. Golub and R. J. LeVeque (1979).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
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

fn check_probability(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(StatsError::NotAProbability { what, value })
}

/// How many standard errors a Student-t interval reaches to each side.
#[must_use]
pub fn t_quantile(level: f64, degrees_of_freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees_of_freedom)
        .map_or(f64::INFINITY, |t| t.inverse_cdf(0.5 + 0.5 * level))
}

/// How many standard errors a normal interval reaches to each side.
#[must_use]
pub fn z_quantile(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + 0.5 * level)
}

/// The mean of independent values (one per replication) with its Student-t interval. A single value
/// has an infinite interval.
pub fn mean_interval(values: &[f64], level: f64) -> Result<Interval, StatsError> {
    values.iter().copied().collect::<Moments>().interval(level)
}

/// The mean of one long, stationary run with an interval, from the means of `batches` (at least 2;
/// 10 to 30 are customary) stretches of equal length. What does not fill the batches is left out
/// at the beginning, where what is left of the warm-up would be.
pub fn batch_means(values: &[f64], batches: usize, level: f64) -> Result<Interval, StatsError> {
    let what = "an interval from batch means";
    if batches < 2 {
        return Err(StatsError::TooFew {
            what,
            needed: 2,
            given: batches,
        });
    }
    let (given, length) = (values.len(), values.len() / batches);
    if length == 0 {
        return Err(StatsError::TooFew {
            what,
            needed: batches,
            given,
        });
    }
    let kept = &values[given - batches * length..];
    let mean = |batch: &[f64]| batch.iter().sum::<f64>() / length as f64;
    kept.chunks_exact(length)
        .map(mean)
        .collect::<Moments>()
        .interval(level)
}

/// The `p`-quantile of independent values with a distribution-free interval between two order
/// statistics, whose ranks are quantiles of the binomial distribution (H. A. David and
/// H. N. Nagaraja, "Order Statistics", section 7.1). Its level is the one reached, at least `level`
/// unless the values are too few: then it ends at the least or largest value and says what it
/// reaches.
pub fn quantile_interval(values: &[f64], p: f64, level: f64) -> Result<Interval, StatsError> {
    check_probability("the confidence level", level)?;
    check_probability("the probability of a quantile", p)?;
    let n = values.len();
    let Ok(successes) = Binomial::new(p, n as u64) else {
        return Err(StatsError::NotAProbability {
            what: "the probability of a quantile",
            value: p,
        });
    };
    if n == 0 {
        return Err(StatsError::TooFew {
            what: "a quantile",
            needed: 1,
            given: 0,
        });
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // B values lie below the quantile: it is between those of ranks r and s (from 1) with
    // probability P(r <= B < s).
    let tail = 0.5 * (1.0 - level);
    let below = |rank: u64| rank.checked_sub(1).map_or(0.0, |last| successes.cdf(last));
    let low = rank(&successes, tail, n as u64).max(1);
    let high = (rank(&successes, 1.0 - tail, n as u64) + 1).clamp(1, n as u64);
    let reached = (below(high) - below(low)).clamp(0.0, 1.0);
    let at = |rank: u64| sorted[(rank - 1) as usize];
    Ok(Interval::between(
        sample_quantile(&sorted, p),
        at(low),
        at(high),
        reached,
        n as u64,
    ))
}

/// The least number that a binomial variable does not exceed with probability `p`.
fn rank(successes: &Binomial, p: f64, n: u64) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if successes.cdf(middle) >= p {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// The `p`-quantile of sorted values, linear between neighbours (type 7 of R. J. Hyndman and
/// Y. Fan, "Sample Quantiles in Statistical Packages", 1996). 0 without values.
#[must_use]
pub fn sample_quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = p.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// A share of successes with Wilson's score interval, which stays within 0 to 1 and is sound for
/// shares near either end (E. B. Wilson, JASA 22, 1927).
pub fn proportion_interval(
    successes: u64,
    trials: u64,
    level: f64,
) -> Result<Interval, StatsError> {
    check_probability("the confidence level", level)?;
    if trials == 0 {
        return Err(StatsError::TooFew {
            what: "a proportion",
            needed: 1,
            given: 0,
        });
    }
    if successes > trials {
        return Err(StatsError::Proportion { successes, trials });
    }
    let (n, z) = (trials as f64, z_quantile(level));
    let share = successes as f64 / n;
    let square = z * z / n;
    let centre = (share + 0.5 * square) / (1.0 + square);
    let spread = libm::sqrt(share * (1.0 - share) / n + 0.25 * square / n);
    let reach = z * spread / (1.0 + square);
    // At the ends the bound is exact, whatever rounding says.
    let low = if successes == 0 {
        0.0
    } else {
        (centre - reach).max(0.0)
    };
    let high = if successes == trials {
        1.0
    } else {
        (centre + reach).min(1.0)
    };
    Ok(Interval::between(share, low, high, level, trials))
}

/// The mean of `left - right`, pair by pair, with its Student-t interval. Runs with equal seeds
/// share their luck, so their differences vary much less than the runs do.
pub fn paired_difference(left: &[f64], right: &[f64], level: f64) -> Result<Interval, StatsError> {
    if left.len() != right.len() {
        return Err(StatsError::Unpaired {
            left: left.len(),
            right: right.len(),
        });
    }
    let differences = left.iter().zip(right).map(|(left, right)| left - right);
    differences.collect::<Moments>().interval(level)
}

/// Where the warm-up ends, by MSER-5: the number of leading values to drop, a multiple of 5.
///
/// The values are averaged in batches of 5; the cut is where the squared standard error of what
/// remains, `sum of squared deviations / remaining^2`, is least, among cuts in the first half.
/// `None` if the least lies at the end of that half (nothing in the run is stationary) and for fewer
/// than 10 values. K. P. White, "An Effective Truncation Heuristic for Bias Reduction in Simulation
/// Output", Simulation 69 (1997).
#[must_use]
pub fn mser5(values: &[f64]) -> Option<usize> {
    const BATCH: usize = 5;
    let means: Vec<f64> = values
        .chunks_exact(BATCH)
        .map(|batch| batch.iter().sum::<f64>() / BATCH as f64)
        .collect();
    let half = means.len() / 2;
    if half == 0 {
        return None;
    }
    // From the end: Welford's update gives the statistic of every cut in one pass.
    let mut kept = Moments::new();
    let mut best = (f64::INFINITY, 0);
    for (cut, mean) in means.iter().enumerate().rev() {
        kept.push(*mean);
        let remaining = kept.count() as f64;
        let error = kept.squares / (remaining * remaining);
        // Of equal ones the earliest cut is taken, which comes last.
        if cut <= half && error <= best.0 {
            best = (error, cut);
        }
    }
    (best.1 < half).then_some(best.1 * BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Seed, Source};

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance, "{a} is not {b}");
    }

    #[test]
    fn student_and_normal_quantiles_are_those_of_the_tables() {
        close(t_quantile(0.95, 1.0), 12.7062, 1e-4);
        close(t_quantile(0.95, 9.0), 2.262_157, 1e-6);
        close(t_quantile(0.99, 29.0), 2.756_386, 1e-6);
        close(z_quantile(0.95), 1.959_963_985, 1e-8);
    }

    #[test]
    fn a_mean_comes_with_its_interval() {
        let interval = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        close(interval.mean, 3.0, 1e-12);
        // t(0.975; 4) = 2.776445, sd = 1.581139.
        close(
            interval.half_width,
            2.776_445 * 1.581_139 / 5.0_f64.sqrt(),
            1e-5,
        );
        assert!(interval.contains(3.0) && interval.excludes_zero());
        assert_eq!(
            mean_interval(&[7.0], 0.95).unwrap().half_width,
            f64::INFINITY
        );
        assert!(mean_interval(&[], 0.95).is_err());
        assert!(mean_interval(&[1.0, 2.0], 1.0).is_err());
    }

    #[test]
    fn moments_merge_to_the_same() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(i * i) + 1e6).collect();
        let whole: Moments = values.iter().copied().collect();
        let mut parts: Moments = values[..37].iter().copied().collect();
        parts.merge(&Moments::new());
        parts.merge(&values[37..].iter().copied().collect());
        assert_eq!(parts.count(), 100);
        close(parts.mean(), whole.mean(), 1e-6);
        close(parts.variance() / whole.variance(), 1.0, 1e-12);
        assert_eq!((parts.min(), parts.max()), (1e6, 1e6 + 9801.0));
        let mut empty = Moments::new();
        empty.merge(&whole);
        assert_eq!(empty, whole);
    }

    #[test]
    fn batches_leave_out_the_beginning() {
        let mut values = vec![1000.0];
        values.extend((0..40).map(|i| f64::from(i % 4)));
        let interval = batch_means(&values, 10, 0.95).unwrap();
        close(interval.mean, 1.5, 1e-12);
        close(interval.half_width, 0.0, 1e-12);
        assert!(batch_means(&values, 1, 0.95).is_err());
        assert!(batch_means(&values[..5], 10, 0.95).is_err());
    }

    #[test]
    fn order_statistics_bound_a_quantile() {
        // The textbook case: n = 25, median, 95 %: ranks 8 and 18, level 0.9567.
        let values: Vec<f64> = (1..=25).map(f64::from).collect();
        let interval = quantile_interval(&values, 0.5, 0.95).unwrap();
        assert_eq!(
            (interval.low, interval.mean, interval.high),
            (8.0, 13.0, 18.0)
        );
        close(interval.level, 0.9567, 1e-4);
        // Five values say little about a p99: 0.99^5 of all samples lie below it as a whole.
        let poor = quantile_interval(&values[..5], 0.99, 0.95).unwrap();
        assert_eq!(poor.high, 5.0);
        assert!(poor.level < 0.06, "{}", poor.level);
    }

    #[test]
    fn wilson_is_that_of_the_textbook() {
        // 8 of 10: (0.4901625, 0.9433178).
        let interval = proportion_interval(8, 10, 0.95).unwrap();
        close(interval.low, 0.490_162_5, 1e-6);
        close(interval.high, 0.943_317_8, 1e-6);
        let none = proportion_interval(0, 20, 0.95).unwrap();
        assert_eq!((none.mean, none.low), (0.0, 0.0));
        close(none.high, 0.161_125, 1e-5);
        assert_eq!(proportion_interval(20, 20, 0.95).unwrap().high, 1.0);
        assert!(proportion_interval(3, 2, 0.95).is_err());
    }

    #[test]
    fn pairs_cancel_what_they_share() {
        let left = [10.0, 20.0, 30.0, 40.0];
        let right = [9.0, 18.9, 29.1, 39.0];
        let interval = paired_difference(&left, &right, 0.95).unwrap();
        close(interval.mean, 1.0, 1e-9);
        assert!(interval.excludes_zero() && interval.half_width < 0.2);
        assert!(paired_difference(&left, &right[1..], 0.95).is_err());
    }

    #[test]
    fn the_warm_up_is_found() {
        let mut stream = Seed(3).stream("stats", "mser");
        let noisy: Vec<f64> = (0..1000)
            .map(|i| {
                stream.uniform()
                    + if i < 200 {
                        20.0 - f64::from(i) * 0.1
                    } else {
                        0.0
                    }
            })
            .collect();
        let cut = mser5(&noisy).unwrap();
        assert!((180..=220).contains(&cut), "{cut}");
        assert_eq!(mser5(&[2.0; 50]), Some(0));
        // A drift to the end: nothing is stationary.
        assert_eq!(mser5(&(0..100).map(f64::from).collect::<Vec<_>>()), None);
        assert_eq!(mser5(&[1.0; 9]), None);
    }

    /// The share of intervals that hold the truth is their level, within 4 standard errors.
    #[test]
    fn intervals_cover_at_their_level() {
        let mut stream = Seed(11).stream("stats", "coverage");
        let trials = 4000;
        let (mut means, mut medians, mut level) = (0, 0, 0.0);
        for _ in 0..trials {
            let values: Vec<f64> = (0..25)
                .map(|_| crate::dist::math::normal_quantile(stream.open_uniform()))
                .collect();
            means += u32::from(mean_interval(&values, 0.9).unwrap().contains(0.0));
            let median = quantile_interval(&values, 0.5, 0.9).unwrap();
            medians += u32::from(median.contains(0.0));
            level = median.level;
        }
        let n = f64::from(trials);
        close(f64::from(means) / n, 0.9, 4.0 * (0.09 / n).sqrt());
        close(
            f64::from(medians) / n,
            level,
            4.0 * (level * (1.0 - level) / n).sqrt(),
        );
        assert!(level >= 0.9);
    }
}
