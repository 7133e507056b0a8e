//! How much of a deviation luck explains. Counts are noisy: of 20 requests one lost in a window is no
//! outage, and three windows with few arrivals are no breakdown.
//!
//! Both tails are Chernoff's bounds: never smaller than the exact chance, so that what they call
//! certain is certain. Source: H. Chernoff, "A measure of asymptotic efficiency for tests of a
//! hypothesis based on the sum of observations", Annals of Mathematical Statistics 23 (1952).

/// Minus the logarithm of (a bound of) the chance that at least `hits` of `trials` hit where each one
/// does with chance `chance`; 0 where that many are no more than expected.
#[must_use]
pub fn too_many(hits: u64, trials: u64, chance: f64) -> f64 {
    let share = hits as f64 / trials.max(1) as f64;
    if trials == 0 || share <= chance {
        return 0.0;
    }
    if chance <= 0.0 {
        return f64::INFINITY;
    }
    let misses = if hits == trials {
        0.0
    } else {
        (1.0 - share) * libm::log((1.0 - share) / (1.0 - chance))
    };
    trials as f64 * (share * libm::log(share / chance) + misses)
}

/// Minus the logarithm of (a bound of) the chance that a Poisson count with mean `expected` is as far
/// from it as `count`, on that side.
#[must_use]
pub fn unlike(count: u64, expected: f64) -> f64 {
    let count = count as f64;
    if expected <= 0.0 {
        return if count > 0.0 { f64::INFINITY } else { 0.0 };
    }
    let ratio = if count > 0.0 {
        count * libm::log(count / expected)
    } else {
        0.0
    };
    expected - count + ratio
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Binomial, DiscreteCDF, Poisson};

    #[test]
    fn bounds_are_above_the_exact_chances_and_not_far() {
        for (hits, trials, chance) in [(3_u64, 20_u64, 0.01), (60, 1200, 0.01), (9, 10, 0.5)] {
            let exact = Binomial::new(chance, trials).unwrap().sf(hits - 1);
            let bound = libm::exp(-too_many(hits, trials, chance));
            assert!(
                bound >= exact * (1.0 - 1e-12) && bound <= 40.0 * exact,
                "{hits}: {bound} {exact}"
            );
        }
        for (count, expected) in [(5_u64, 20.0), (0, 10.0), (900, 1000.0)] {
            let exact = Poisson::new(expected).unwrap().cdf(count);
            let bound = libm::exp(-unlike(count, expected));
            assert!(
                bound >= exact * (1.0 - 1e-12) && bound <= 40.0 * exact,
                "{count}: {bound} {exact}"
            );
        }
    }

    #[test]
    fn what_is_expected_is_no_deviation() {
        assert_eq!(too_many(0, 0, 0.1), 0.0);
        assert_eq!(too_many(1, 20, 0.05), 0.0);
        assert_eq!(too_many(1, 1, 0.0), f64::INFINITY);
        assert_eq!(unlike(20, 20.0), 0.0);
        assert_eq!(unlike(0, 0.0), 0.0);
    }
}
