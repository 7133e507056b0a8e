//! How many replications it takes to see a difference.
//!
//! `n = (t(1 - alpha / 2; n - 1) + t(power; n - 1))^2 (sd / difference)^2`, by iteration: the usual
//! approximation to the noncentral t distribution (G. W. Snedecor and W. G. Cochran, "Statistical
//! Methods", 8th ed., section 6.14), at most one replication off where power is 0.8 or more.

use super::{t_quantile, z_quantile};
use std::cmp::Ordering;

/// More replications than anyone will run.
const MOST: f64 = 1e9;

/// How many standard errors a difference must lie from zero to be found with this power.
fn reach(count: u64, level: f64, power: f64) -> f64 {
    let freedom = (count - 1) as f64;
    // The two-sided level 2 power - 1 is the one-sided power.
    t_quantile(level, freedom) + t_quantile(2.0 * power - 1.0, freedom)
}

/// The least difference that `count` pairs (at least 2) show with this power, if the differences have
/// this standard deviation, in the unit of `sd`.
#[must_use]
pub fn detectable_difference(sd: f64, count: u64, level: f64, power: f64) -> f64 {
    if count < 2 {
        return f64::INFINITY;
    }
    reach(count, level, power) * sd / libm::sqrt(count as f64)
}

/// The least number of pairs that shows a difference of this size with this power (0.5 to 1), if the
/// differences have this standard deviation. None where it would take more than a billion.
#[must_use]
pub fn replications_needed(sd: f64, difference: f64, level: f64, power: f64) -> Option<u64> {
    let enough = |count: u64| detectable_difference(sd, count, level, power) <= difference.abs();
    // Normal quantiles are less than those of Student, by little: so many it takes at least.
    let normal = (z_quantile(level) + z_quantile(2.0 * power - 1.0)) * sd / difference.abs();
    let least = libm::ceil(normal * normal);
    // Written so that what is no number, for a difference of zero, is refused too.
    if !matches!(least.partial_cmp(&MOST), Some(Ordering::Less)) {
        return None;
    }
    (least.max(2.0) as u64..).find(|count| enough(*count))
}
