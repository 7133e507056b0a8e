//! How much of a deviation luck explains. Counts are noisy: of 20 requests one lost in a window is no
//! outage, and three windows with few arrivals are no breakdown.
//!
//! Both tails are Chernoff's bounds: never smaller than the exact chance, so that what they call
//! certain is certain. Source: H. Chernoff, "A measure of asymptotic efficiency for tests of a
//! hypothesis based on the sum of observations", Annals of Mathematical Statistics 23 (1952).

use statrs::distribution::{ChiSquared, ContinuousCDF};

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

/// Blocks that it takes to say how much they vary.
const BLOCKS: f64 = 8.0;

/// How much evidence there is that the share of `hits` among `trials` is larger than that of
/// `usual_hits` among `usual_trials`: half the statistic of the likelihood-ratio test of two binomials,
/// whose chance is at most half of `exp(-it)` in large samples; 0 where the share is not larger.
///
/// Source: S. S. Wilks, "The large-sample distribution of the likelihood ratio for testing composite
/// hypotheses", Annals of Mathematical Statistics 9 (1938). Counts may be expected ones.
#[must_use]
pub fn larger_share(hits: f64, trials: f64, usual_hits: f64, usual_trials: f64) -> f64 {
    if hits * usual_trials <= usual_hits * trials {
        return 0.0;
    }
    let term = |count: f64, all: f64| match count > 0.0 {
        true => count * libm::log(count / all),
        false => 0.0,
    };
    let likelihood = |hits: f64, all: f64| term(hits, all) + term(all - hits, all);
    let together = likelihood(hits + usual_hits, trials + usual_trials);
    likelihood(hits, trials) + likelihood(usual_hits, usual_trials) - together
}

/// How many times as much as independent events those in clusters vary: the variance of counts of `hits`
/// between blocks over that of binomial ones, at least 1, the largest over blocks of 1, 2, 4, … places up
/// to `longest` of which there are at least eight. Where not even single places with trials are so many,
/// what it may be at most, with 90 % confidence; none with fewer than two: then nobody knows.
///
/// Source: P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd ed. (1989), section 4.5.
#[must_use]
pub fn dispersion(hits: &[u64], trials: &[u64], longest: usize) -> Option<f64> {
    let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let share = sum(hits) / sum(trials).max(1.0);
    let spread = |length: usize| {
        let blocks = hits.chunks_exact(length).zip(trials.chunks_exact(length));
        let (mut count, mut found, mut expected) = (0.0, 0.0, 0.0);
        for (hits, trials) in blocks {
            let trials = sum(trials);
            if trials > 0.0 {
                count += 1.0;
                let off = sum(hits) - share * trials;
                found += off * off;
                expected += trials * share * (1.0 - share);
            }
        }
        let ratio = if expected > 0.0 && count > 1.0 {
            found / expected * count / (count - 1.0)
        } else {
            1.0
        };
        (count, f64::max(ratio, 1.0))
    };
    let (count, known) = spread(1);
    if count < 2.0 {
        return None;
    }
    if count < BLOCKS {
        let low = ChiSquared::new(count - 1.0).ok()?.inverse_cdf(0.1);
        return Some(known * (count - 1.0) / low);
    }
    let lengths = std::iter::successors(Some(1), |length| Some(2 * length));
    let lengths = lengths.take_while(|length| *length <= longest.max(1));
    let spreads = lengths
        .map(spread)
        .take_while(|(count, _)| *count >= BLOCKS);
    spreads.map(|(_, ratio)| ratio).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Seed, Source};
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

    #[test]
    fn two_shares_differ_as_often_as_luck_has_it() {
        let mut stream = Seed(3).stream("evidence", "shares");
        let mut count = |n: u32| (0..n).filter(|_| stream.uniform() < 0.3).count() as f64;
        let needed = libm::log(1.0 / (2.0 * 0.01));
        let wrong = (0..20_000)
            .filter(|_| larger_share(count(60), 60.0, count(500), 500.0) > needed)
            .count();
        // At most one in a hundred, by the bound; one in 390 by the exact normal tail.
        assert!((20..=200).contains(&wrong), "{wrong}");
        assert_eq!(larger_share(1.0, 10.0, 10.0, 100.0), 0.0);
        assert!(larger_share(14.0, 20.0, 106.0, 560.0) > 10.0);
    }

    #[test]
    fn clusters_vary_more_than_independent_events() {
        let mut stream = Seed(4).stream("evidence", "clusters");
        let independent: Vec<u64> = (0..640)
            .map(|_| (0..20).filter(|_| stream.uniform() < 0.1).count() as u64)
            .collect();
        let known = dispersion(&independent, &[20; 640], 16).expect("there are enough");
        assert!(known < 1.6, "{known}");
        // Bursts over four places, in which all are hit: 80 times a place's share is one event.
        let mut bursts = vec![0; 640];
        for at in (0..640).step_by(4).filter(|_| stream.uniform() < 0.1) {
            bursts[at..at + 4].fill(20);
        }
        let single = dispersion(&bursts, &[20; 640], 1).expect("there are enough");
        let known = dispersion(&bursts, &[20; 640], 16).expect("there are enough");
        assert!((19.0..22.0).contains(&single), "{single}");
        assert!((70.0..110.0).contains(&known), "{known}");
        assert_eq!(dispersion(&[0; 1], &[5; 1], 4), None);
        let few = dispersion(&[1, 0, 0, 1, 0], &[5; 5], 4).expect("there are some");
        // Four degrees of freedom, of which one in ten shows less than 1.06.
        assert!((few - 4.0 / 1.0636).abs() < 0.01, "{few}");
        assert_eq!(dispersion(&[0; 20], &[5; 20], 4), Some(1.0));
        assert_eq!(dispersion(&[0; 20], &[0; 20], 4), None);
    }
}
