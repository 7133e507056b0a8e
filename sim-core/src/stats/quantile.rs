//! Quantiles.

use super::{Interval, StatsError, check_probability};
use statrs::distribution::{Binomial, DiscreteCDF};

/// The `p`-quantile of independent values with a distribution-free interval between two order
/// statistics, whose ranks are quantiles of the binomial distribution (H. A. David and
/// H. N. Nagaraja, "Order Statistics", section 7.1). Its level is the one reached, at least `level`
/// unless the values are fewer than [`values_needed`]: then it ends at the least or largest value and
/// says what it reaches.
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
    let mut low = rank(&successes, tail, n as u64).max(1);
    let mut high = (rank(&successes, 1.0 - tail, n as u64) + 1).clamp(1, n as u64);
    let between = |low: u64, high: u64| (below(high) - below(low)).clamp(0.0, 1.0);
    // Equal tails reach more than was asked for: one end moves inwards where that still is enough.
    while high - low > 1 {
        let (left, right) = (between(low + 1, high), between(low, high - 1));
        if left.max(right) < level {
            break;
        }
        if left > right {
            low += 1;
        } else {
            high -= 1;
        }
    }
    // With hardly enough values one end is the last of them, and what that lacks the other must give.
    if n as u64 >= least_count(p, level) {
        while between(low, high) < level && (low > 1 || high < n as u64) {
            if low > 1 {
                low -= 1;
            } else {
                high += 1;
            }
        }
    }
    let reached = between(low, high);
    let at = |rank: u64| sorted[(rank - 1) as usize];
    Ok(Interval::between(
        sample_quantile(&sorted, p),
        at(low),
        at(high),
        reached,
        n as u64,
    ))
}

/// How many values it takes until an interval of the `p`-quantile can have this level: from the least to
/// the largest of `n` values it reaches `1 - p^n - (1 - p)^n`. That is 6 for a median and 29 for a 90 %
/// quantile at 95 %.
pub fn values_needed(p: f64, level: f64) -> Result<u64, StatsError> {
    check_probability("the confidence level", level)?;
    check_probability("the probability of a quantile", p)?;
    Ok(least_count(p, level))
}

fn least_count(p: f64, level: f64) -> u64 {
    let (mut all_below, mut all_above, mut count) = (p, 1.0 - p, 1);
    while 1.0 - all_below - all_above < level {
        all_below *= p;
        all_above *= 1.0 - p;
        count += 1;
    }
    count
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
