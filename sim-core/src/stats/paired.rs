//! Two settings under the same seeds: runs with equal seeds share their luck, so their differences
//! vary much less than the runs do.

use super::{Interval, Moments, StatsError, check_probability, t_quantile};
use statrs::distribution::{ContinuousCDF, StudentsT};

fn check_pairs(left: &[f64], right: &[f64]) -> Result<(), StatsError> {
    if left.len() == right.len() {
        return Ok(());
    }
    Err(StatsError::Unpaired {
        left: left.len(),
        right: right.len(),
    })
}

/// The mean of `left - right`, pair by pair, with its Student-t interval.
pub fn paired_difference(left: &[f64], right: &[f64], level: f64) -> Result<Interval, StatsError> {
    check_pairs(left, right)?;
    let differences = left.iter().zip(right).map(|(left, right)| left - right);
    differences.collect::<Moments>().interval(level)
}

/// Student's paired t test: the probability of a mean at least as far from zero, to either side, if
/// the differences came from a normal distribution with mean zero. It is at most `1 - level` exactly
/// where [`paired_difference`] excludes zero. Differences that are all equal are no luck: 0, or 1 if
/// they are zero.
///
/// # Errors
/// Fewer than two differences.
pub fn paired_t_test(differences: &[f64]) -> Result<f64, StatsError> {
    let moments: Moments = differences.iter().copied().collect();
    if moments.count() < 2 {
        return Err(StatsError::TooFew {
            what: "a paired t test",
            needed: 2,
            given: differences.len(),
        });
    }
    if moments.mean() == 0.0 {
        return Ok(1.0);
    }
    let n = moments.count() as f64;
    let t = moments.mean().abs() / (moments.sd() / libm::sqrt(n));
    if !t.is_finite() {
        return Ok(0.0);
    }
    let tail = StudentsT::new(0.0, 1.0, n - 1.0).map_or(1.0, |student| student.sf(t));
    Ok((2.0 * tail).min(1.0))
}

/// Cohen's d for pairs, `mean / sd` of the differences: how far the difference stands out of the luck
/// that is left after pairing. By convention 0.2 is small, 0.5 medium and 0.8 large (J. Cohen,
/// "Statistical Power Analysis for the Behavioral Sciences", 2nd ed., 1988, section 2.3). None for fewer
/// than two differences and where they do not vary.
#[must_use]
pub fn standardised_difference(differences: &[f64]) -> Option<f64> {
    let moments: Moments = differences.iter().copied().collect();
    (moments.sd() > 0.0).then(|| moments.mean() / moments.sd())
}

/// How much larger `left` is than `right` as a share of `right`: the ratio of their means, less one,
/// with the interval of E. C. Fieller, "Some Problems in Interval Estimation", J. R. Stat. Soc. B 16
/// (1954), for pairs. It excludes zero exactly where [`paired_difference`] does, which an interval by
/// linearisation (the delta method) does not.
///
/// Where the mean of `right` is itself not clearly apart from zero the ratio may be anything: the
/// interval is then unbounded.
pub fn relative_difference(
    left: &[f64],
    right: &[f64],
    level: f64,
) -> Result<Interval, StatsError> {
    check_pairs(left, right)?;
    check_probability("the confidence level", level)?;
    if left.is_empty() {
        return Err(StatsError::TooFew {
            what: "a relative difference",
            needed: 1,
            given: 0,
        });
    }
    let n = left.len() as f64;
    let (x, y): (Moments, Moments) = (
        left.iter().copied().collect(),
        right.iter().copied().collect(),
    );
    let count = left.len() as u64;
    let ratio = x.mean() / y.mean();
    let unbounded =
        || Interval::between(ratio - 1.0, f64::NEG_INFINITY, f64::INFINITY, level, count);
    if left.len() < 2 {
        return Ok(unbounded());
    }
    let covariance = left
        .iter()
        .zip(right)
        .map(|(left, right)| (left - x.mean()) * (right - y.mean()))
        .sum::<f64>()
        / (n - 1.0);
    // All ratios r with (x - r y)^2 <= t^2 (sxx - 2 r sxy + r^2 syy) / n, a quadratic in r.
    let t = t_quantile(level, n - 1.0);
    let share = t * t / n;
    let square = y.mean() * y.mean() - share * y.variance();
    let linear = x.mean() * y.mean() - share * covariance;
    let constant = x.mean() * x.mean() - share * x.variance();
    let root = linear * linear - square * constant;
    if !(square > 0.0 && root.is_finite()) {
        return Ok(unbounded());
    }
    let reach = libm::sqrt(root.max(0.0));
    Ok(Interval::between(
        ratio - 1.0,
        (linear - reach) / square - 1.0,
        (linear + reach) / square - 1.0,
        level,
        count,
    ))
}
