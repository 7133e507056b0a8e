//! Shares.

use super::{Interval, StatsError, check_probability, z_quantile};
use statrs::distribution::{Beta, ContinuousCDF, Discrete, Hypergeometric};
use statrs::statistics::{Max, Min};

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

/// The share that is reached at least, with this confidence, 0 to 1: the exact one-sided lower bound of C. J.
/// Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the
/// binomial", Biometrika 26, 1934. Under it so many successes or more come with probability
/// `1 - confidence`; where all trials are successes it is the `trials`-th root of that.
pub fn share_at_least(successes: u64, trials: u64, confidence: f64) -> Result<f64, StatsError> {
    check_probability("the confidence level", confidence)?;
    if successes > trials {
        return Err(StatsError::Proportion { successes, trials });
    }
    if successes == 0 {
        return Ok(0.0);
    }
    let miss = 1.0 - confidence;
    if successes == trials {
        return Ok(libm::pow(miss, 1.0 / trials as f64));
    }
    let of = Beta::new(successes as f64, (trials - successes) as f64 + 1.0);
    Ok(of.map_or(0.0, |beta| beta.inverse_cdf(miss)))
}

/// Fisher's exact test: the probability of two shares at least as unlike as these, each so many successes of
/// so many trials, where both are of one kind (R. A. Fisher, "Statistical Methods for Research Workers", 5th
/// ed., 1934, section 21.02). To either side: of all tables with these margins those that are no more
/// probable.
///
/// # Errors
/// More successes than trials.
pub fn shares_differ(left: (u64, u64), right: (u64, u64)) -> Result<f64, StatsError> {
    for (successes, trials) in [left, right] {
        if successes > trials {
            return Err(StatsError::Proportion { successes, trials });
        }
    }
    let (all, successes) = (left.1 + right.1, left.0 + right.0);
    let Ok(tables) = Hypergeometric::new(all, successes, left.1) else {
        return Ok(1.0);
    };
    let given = tables.pmf(left.0);
    let each = (tables.min()..=tables.max()).map(|count| tables.pmf(count));
    // Rounding must not part tables that are equally probable.
    let unlikely = each.filter(|probability| *probability <= given * (1.0 + 1e-9));
    Ok(unlikely.sum::<f64>().min(1.0))
}

/// Pairs of outcomes of two kinds, by what they did on the left and on the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairedCounts {
    /// Success on both sides.
    pub both: u64,
    /// Success on the left only.
    pub left: u64,
    /// Success on the right only.
    pub right: u64,
    /// Success on neither side.
    pub neither: u64,
}

impl PairedCounts {
    /// How many pairs.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.both + self.left + self.right + self.neither
    }

    /// Takes in one more pair.
    pub fn push(&mut self, left: bool, right: bool) {
        match (left, right) {
            (true, true) => self.both += 1,
            (true, false) => self.left += 1,
            (false, true) => self.right += 1,
            (false, false) => self.neither += 1,
        }
    }
}

/// The share of successes on the left less that on the right, of pairs, with the interval of method 10
/// of R. G. Newcombe, "Improved Confidence Intervals for the Difference between Binomial Proportions
/// Based on Paired Data", Statistics in Medicine 17 (1998): Wilson's intervals of both shares, joined
/// with regard to their correlation.
pub fn paired_share_difference(counts: PairedCounts, level: f64) -> Result<Interval, StatsError> {
    let n = counts.pairs();
    let left = proportion_interval(counts.both + counts.left, n, level)?;
    let right = proportion_interval(counts.both + counts.right, n, level)?;
    let [a, b, c, d] =
        [counts.both, counts.left, counts.right, counts.neither].map(|count| count as f64);
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    let excess = a * d - b * c;
    // Correlations are corrected towards zero.
    let excess = if excess > 0.0 {
        (excess - 0.5 * n as f64).max(0.0)
    } else {
        excess
    };
    let phi = if margins > 0.0 {
        excess / libm::sqrt(margins)
    } else {
        0.0
    };
    let join = |one: f64, other: f64| {
        libm::sqrt((one * one - 2.0 * phi * one * other + other * other).max(0.0))
    };
    let mean = left.mean - right.mean;
    let low = mean - join(left.mean - left.low, right.high - right.mean);
    let high = mean + join(left.high - left.mean, right.mean - right.low);
    Ok(Interval::between(mean, low, high, level, n))
}
