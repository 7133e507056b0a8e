//! Statistics over replications and within runs: intervals, paired differences, warm-up cuts.
//!
//! All of it works on plain `f64` in whatever unit the caller uses; confidence `level`s are
//! two-sided and lie in (0, 1), for example 0.95. Sums run in the order of the data, so the same
//! data give the same bytes.
//!
//! - [`Moments`], [`mean_interval`]: independent values, one for each replication.
//! - [`proportion_interval`], [`share_at_least`], [`shares_differ`], [`quantile_interval`]: shares and quantiles of them; [`values_needed`]: how
//!   many values an interval of a quantile takes.
//! - [`paired_difference`], [`relative_difference`], [`paired_t_test`], [`wilcoxon`], [`sign_test`]:
//!   two settings under the same seeds.
//! - [`block_test`]: several settings under the same seeds.
//! - [`holm`], [`bonferroni_level`]: many questions asked at once.
//! - [`replications_needed`], [`detectable_difference`]: how many runs it takes to see a difference.
//! - [`mser5`], [`welch`]: where the warm-up ends. [`batch_means`], [`effective_sample_size`],
//!   [`correlated_interval`]: one long run, whose values hang together.
//! - [`trend`]: whether a series grows or falls, and how fast.
//! - [`too_many`], [`unlike`]: how much of a deviation luck explains.
//! - [`excess`], [`steps_up`]: where a series of counts stops being what it should be.
//!
//! Sources: A. M. Law, "Simulation Modeling and Analysis", 5th ed., chapters 9 and 10; distribution
//! functions of Student's t, the normal and the binomial distribution by `statrs`.

mod blocks;
mod evidence;
mod family;
mod moments;
mod paired;
mod power;
mod proportion;
mod quantile;
mod ranks;
mod scan;
mod steady;
mod trend;
#[cfg(test)]
mod tests;

pub use blocks::block_test;
pub use evidence::{dispersion, larger_share, too_many, unlike};
pub use family::{bonferroni_level, holm};
pub use moments::{Moments, mean_interval};
pub use paired::{paired_difference, paired_t_test, relative_difference, standardised_difference};
pub use power::{detectable_difference, replications_needed};
pub use proportion::{
    PairedCounts, paired_share_difference, proportion_interval, share_at_least, shares_differ,
};
pub use quantile::{quantile_interval, sample_quantile, values_needed};
pub use ranks::{sign_test, wilcoxon};
pub use scan::{StepUp, evidence_needed, excess, excess_of_clusters, steps_up};
pub use steady::{
    batch_means, correlated_interval, effective_sample_size, mser5, welch, welch_curve,
};
pub use trend::{Trend, trend};

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

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

    /// A value that is known without error.
    #[must_use]
    pub fn exact(value: f64, count: u64) -> Self {
        Self::symmetric(value, 0.0, 1.0, count)
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

fn check_probability(what: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(StatsError::NotAProbability { what, value })
}

/// How many standard errors a Student-t interval reaches to each side.
///
/// From 10,000 degrees of freedom on by the expansion about the normal quantile (M. Abramowitz and
/// I. A. Stegun, "Handbook of Mathematical Functions", 26.7.5), which is then exact to the last digits; the
/// inversion takes ever longer.
#[must_use]
pub fn t_quantile(level: f64, degrees_of_freedom: f64) -> f64 {
    if degrees_of_freedom >= 1e4 {
        let z = z_quantile(level);
        let square = z * z;
        let first = z * (square + 1.0) / 4.0;
        let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
        return z + (first + second / degrees_of_freedom) / degrees_of_freedom;
    }
    StudentsT::new(0.0, 1.0, degrees_of_freedom)
        .map_or(f64::INFINITY, |t| t.inverse_cdf(0.5 + 0.5 * level))
}

/// How many standard errors a normal interval reaches to each side.
#[must_use]
pub fn z_quantile(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + 0.5 * level)
}
