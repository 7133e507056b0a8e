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
