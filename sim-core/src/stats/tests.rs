//! Against tables, textbooks and simple cases.

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
    // Where the expansion takes over it joins the inversion.
    close(
        t_quantile(0.999, 9_999.0),
        t_quantile(0.999, 10_000.0),
        1e-6,
    );
    close(t_quantile(0.95, 10_000.0), 1.960_201_239_9, 1e-9);
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

/// Levels by hand: four values hold their median unless all lie on one side of it, 1 - 2/16; of ten the
/// seventh to the tenth hold the 90 % quantile unless none lies above it (0.9^10 = 0.3487) or seven do not
/// lie below it (0.0128).
#[test]
fn an_interval_of_a_quantile_says_what_it_reaches_and_what_it_takes() {
    let values: Vec<f64> = (1..=40).map(f64::from).collect();
    let of = |count: usize, p| quantile_interval(&values[..count], p, 0.95).unwrap();
    close(of(4, 0.5).level, 0.875, 1e-12);
    close(of(10, 0.9).level, 0.6385, 1e-4);
    assert_eq!((of(10, 0.9).low, of(10, 0.9).high), (7.0, 10.0));
    assert_eq!(values_needed(0.5, 0.95), Ok(6));
    assert_eq!(values_needed(0.9, 0.95), Ok(29));
    assert_eq!(values_needed(0.99, 0.95), Ok(299));
    assert!(values_needed(1.0, 0.95).is_err());
    for (p, needed) in [(0.5, 6), (0.9, 29)] {
        for count in 1..=40 {
            let level = of(count, p).level;
            assert_eq!(level >= 0.95, count >= needed, "{p} of {count}: {level}");
        }
    }
}

/// The share of samples whose interval holds the true quantile is the level that it says, at the sample
/// sizes that sweeps have.
#[test]
fn intervals_of_quantiles_cover_at_the_level_that_they_say() {
    let mut stream = Seed(12).stream("stats", "quantiles");
    let trials = 4000;
    for (count, p) in [(4, 0.5), (10, 0.5), (10, 0.9), (20, 0.9), (30, 0.9)] {
        let (mut hits, mut level) = (0, 0.0);
        for _ in 0..trials {
            let values: Vec<f64> = (0..count).map(|_| stream.uniform()).collect();
            let interval = quantile_interval(&values, p, 0.95).unwrap();
            hits += u32::from(interval.contains(p));
            level = interval.level;
        }
        let n = f64::from(trials);
        let error = (level * (1.0 - level) / n).sqrt();
        close(f64::from(hits) / n, level, 4.0 * error);
    }
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

/// Student's sleep data (Biometrika 6, 1908): hours of sleep gained with two drugs by ten people.
const SLEEP: [[f64; 10]; 2] = [
    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
];

fn differences(pairs: [[f64; 10]; 2]) -> Vec<f64> {
    let pairs = pairs[0].iter().zip(&pairs[1]);
    pairs.map(|(left, right)| left - right).collect()
}

#[test]
fn the_paired_t_test_is_that_of_student() {
    let differences = differences(SLEEP);
    let p = paired_t_test(&differences).unwrap();
    close(p, 0.002_832_890_197_384, 1e-10);
    let interval = paired_difference(&SLEEP[0], &SLEEP[1], 0.95).unwrap();
    close(interval.low, 0.700_114_236_7, 1e-8);
    close(interval.high, 2.459_885_763_3, 1e-8);
    // The test and the interval agree: at level 1 - p the interval ends at zero.
    let edge = paired_difference(&SLEEP[0], &SLEEP[1], 1.0 - p).unwrap();
    close(edge.low, 0.0, 1e-8);
    close(
        standardised_difference(&differences).unwrap(),
        1.284_557_562_6,
        1e-9,
    );
    assert_eq!(paired_t_test(&[0.0; 5]), Ok(1.0));
    assert_eq!(paired_t_test(&[2.0; 5]), Ok(0.0));
    assert!(paired_t_test(&[2.0]).is_err());
}

#[test]
fn a_ratio_has_the_interval_of_fieller() {
    let left = [12.1, 9.8, 11.4, 13.0, 10.2, 12.7, 11.9, 10.8];
    let right = [10.0, 8.9, 9.7, 11.5, 9.1, 10.6, 10.9, 9.4];
    // Its ends solve mean(l - r right)^2 = t^2 var(l - r right) / n, here found by bisection.
    let found = relative_difference(&left, &right, 0.95).unwrap();
    close(found.mean, 0.147_315_855_2, 1e-9);
    close(found.low, 0.109_959_513_5, 1e-9);
    close(found.high, 0.184_541_967_9, 1e-9);
    // At the level where the difference just touches zero, so does the ratio.
    let p = paired_t_test(
        &left
            .iter()
            .zip(&right)
            .map(|(left, right)| left - right)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    close(
        relative_difference(&left, &right, 1.0 - p).unwrap().low,
        0.0,
        1e-6,
    );
    // A baseline that may be zero has no ratio to speak of.
    let vague = relative_difference(&[1.0, 2.0, 3.0], &[-1.0, 0.5, 1.0], 0.95).unwrap();
    assert_eq!(vague.half_width, f64::INFINITY);
}

#[test]
fn signed_ranks_are_those_of_the_textbook() {
    // Hollander, Wolfe and Chicken, example 3.1 (depression scores): T = 5, p = 0.039 two-sided.
    // In thousandths.
    let before = [
        1830.0, 500.0, 1620.0, 2480.0, 1680.0, 1880.0, 1550.0, 3060.0, 1300.0,
    ];
    let after = [
        878.0, 647.0, 598.0, 2050.0, 1060.0, 1290.0, 1060.0, 3140.0, 1290.0,
    ];
    let change: Vec<f64> = before.iter().zip(&after).map(|(b, a)| b - a).collect();
    close(wilcoxon(&change).unwrap(), 0.039_062_5, 1e-12);
    // Ties share ranks, zeros are left out: counted over all 2^9 signs.
    let tied = [1.0, -1.0, 2.0, 2.0, -3.0, 4.0, -0.5, 0.5, 6.0, 0.0];
    close(wilcoxon(&tied).unwrap(), 0.238_281_25, 1e-12);
    // Infinite ones are the largest, however large the others.
    let mut endless = tied;
    endless[8] = f64::INFINITY;
    assert_eq!(wilcoxon(&endless), wilcoxon(&tied));
    // Beyond 50, the normal approximation with both corrections.
    let many: Vec<f64> = (0..60)
        .map(|i| f64::from((i * 37) % 61 - 25 + i % 3))
        .collect();
    close(wilcoxon(&many).unwrap(), 0.016_529_301_1, 1e-9);
    assert_eq!(wilcoxon(&[0.0; 3]), Ok(1.0));
    assert!(wilcoxon(&[]).is_err());
}

#[test]
fn signs_are_counted_exactly() {
    close(sign_test(3, 12), 0.035_156_25, 1e-12);
    close(sign_test(2, 10), 0.038_574_218_75, 1e-12);
    close(sign_test(8, 12), 0.503_444_671_63, 1e-10);
    assert_eq!(sign_test(0, 0), 1.0);
    assert_eq!(sign_test(5, 5), 1.0);
}

#[test]
fn holm_steps_down() {
    // 4 x 0.01, 3 x 0.013, 2 x 0.03, 1 x 0.04, never falling.
    let adjusted = holm(&[0.04, 0.01, 0.03, 0.013]);
    for (found, expected) in adjusted.iter().zip([0.06, 0.04, 0.06, 0.04]) {
        close(*found, expected, 1e-12);
    }
    assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
    close(bonferroni_level(0.95, 10), 0.995, 1e-12);
}

#[test]
fn shares_of_pairs_differ_with_an_interval() {
    // Method 10 by hand: 36 agree on success, 12 and 2 differ, none agree on failure.
    let counts = |both, left, right, neither| PairedCounts {
        both,
        left,
        right,
        neither,
    };
    let found = paired_share_difference(counts(36, 12, 2, 0), 0.95).unwrap();
    close(found.mean, 0.2, 1e-12);
    close(found.low, 0.056_929_584, 1e-8);
    close(found.high, 0.340_427_603, 1e-8);
    let found = paired_share_difference(counts(20, 12, 2, 16), 0.95).unwrap();
    close(found.low, 0.056_156_425, 1e-8);
    close(found.high, 0.329_206_995, 1e-8);
    // Where all agree there is still something that 20 runs cannot tell.
    let same = paired_share_difference(counts(20, 0, 0, 0), 0.95).unwrap();
    assert!(same.low < 0.0 && same.high > 0.0 && same.high < 0.25);
}

/// Numbers of pairs for the power of the two-sided paired t test, from the noncentral t distribution
/// (as `power.t.test` of R has them, rounded up).
#[test]
fn replications_are_enough_for_a_difference() {
    for (difference, level, power, exact) in [
        (1.0, 0.95, 0.8, 10),
        (0.5, 0.95, 0.8, 34),
        (0.5, 0.95, 0.9, 44),
        (0.2, 0.95, 0.8, 199),
        (2.0, 0.95, 0.8, 5),
        (0.5, 0.999, 0.8, 74),
        (0.1, 0.95, 0.8, 787),
    ] {
        let found = replications_needed(1.0, difference, level, power).unwrap();
        assert!(
            found.abs_diff(exact) <= 1,
            "{difference}: {found} for {exact}"
        );
        let seen = detectable_difference(1.0, found, level, power);
        assert!(
            seen <= difference && difference < detectable_difference(1.0, found - 1, level, power)
        );
    }
    assert_eq!(replications_needed(1.0, 0.0, 0.95, 0.8), None);
    assert_eq!(replications_needed(0.0, 0.0, 0.95, 0.8), None);
    assert_eq!(replications_needed(1.0, 1e-6, 0.95, 0.8), None);
    assert_eq!(replications_needed(0.0, 1.0, 0.95, 0.8), Some(2));
}

/// An autoregressive sequence: each value keeps `memory` of the last. Its effective size is
/// `n (1 - memory) / (1 + memory)`.
fn autoregressive(seed: u64, memory: f64, count: usize) -> Vec<f64> {
    let mut stream = Seed(seed).stream("stats", "autoregressive");
    let mut value = 0.0;
    let mut next = || {
        value = memory * value + crate::dist::math::normal_quantile(stream.open_uniform());
        value
    };
    (0..count + 100).map(|_| next()).skip(100).collect()
}

#[test]
fn correlated_values_count_for_less() {
    let count = 20_000;
    for memory in [0.0, 0.5, 0.9] {
        let sizes = (0..20)
            .map(|seed| effective_sample_size(&autoregressive(seed, memory, count)) / count as f64);
        let found = sizes.collect::<Moments>();
        let exact = (1.0 - memory) / (1.0 + memory);
        let error = found.sd() / libm::sqrt(20.0);
        // The truncation of the sum costs a few per cent at most.
        close(found.mean(), exact, 4.0 * error + 0.05 * exact);
    }
    assert_eq!(effective_sample_size(&[3.0; 50]), 50.0);
    let interval = correlated_interval(&autoregressive(1, 0.9, count), 0.95).unwrap();
    // sd / sqrt(n (1 - a) / (1 + a)) with sd = 1 / sqrt(1 - a^2).
    let expected = 1.96 / libm::sqrt(0.19) / libm::sqrt(count as f64 / 19.0);
    assert!(
        (interval.half_width / expected - 1.0).abs() < 0.15,
        "{interval:?}"
    );
    assert!(correlated_interval(&[1.0, 2.0, 3.0], 0.95).is_err());
}

#[test]
fn welch_sees_where_runs_settle() {
    let runs: Vec<Vec<f64>> = (0..20)
        .map(|seed| {
            let mut stream = Seed(seed).stream("stats", "welch");
            (0..1000)
                .map(|i| stream.uniform() + (20.0 - f64::from(i) * 0.1).max(0.0))
                .collect()
        })
        .collect();
    let settled = welch(&runs, 25).unwrap();
    // The moving average reaches 25 steps to both sides of the end of the slope, at 200.
    assert!((190..=230).contains(&settled), "{settled}");
    assert_eq!(welch_curve(&runs, 25).len(), 975);
    // Near the beginning the average is over fewer steps, as many to the left as to the right.
    let line = vec![(0..100).map(f64::from).collect::<Vec<f64>>()];
    assert_eq!(welch_curve(&line, 5)[..3], [0.0, 1.0, 2.0]);
    assert_eq!(welch(&line, 5), None);
    assert_eq!(welch(&[vec![1.0; 9]], 2), None);
}

#[test]
fn a_share_is_reached_at_least_as_often_as_the_binomial_says() {
    use statrs::distribution::{Binomial, DiscreteCDF};
    let least = |successes, trials| share_at_least(successes, trials, 0.95).unwrap();
    assert_eq!(least(0, 5), 0.0);
    // The square root of a twentieth.
    assert!((least(2, 2) - 0.223_606_797_749_979).abs() < 1e-12);
    for (successes, trials) in [(1, 1), (1, 10), (8, 10), (10, 10), (29, 30), (600, 1000)] {
        // So many or more come in one of twenty.
        let of = Binomial::new(least(successes, trials), trials).unwrap();
        let chance = of.sf(successes - 1);
        assert!(
            (chance - 0.05).abs() < 1e-9,
            "{successes}/{trials}: {chance}"
        );
    }
    assert!(share_at_least(3, 2, 0.95).is_err() && share_at_least(1, 2, 1.0).is_err());
}

#[test]
fn shares_differ_as_fisher_has_it() {
    // The lady tasting tea: 3 of 4 against 1 of 4 is 34 of 70 tables, 4 of 4 against none 2 of 70.
    let close = |found: f64, exact: f64| assert!((found - exact).abs() < 1e-9, "{found} {exact}");
    close(shares_differ((3, 4), (1, 4)).unwrap(), 34.0 / 70.0);
    close(shares_differ((4, 4), (0, 4)).unwrap(), 2.0 / 70.0);
    close(shares_differ((5, 5), (3, 3)).unwrap(), 1.0);
    assert!(shares_differ((5, 4), (0, 4)).is_err());
}
