//! Algorithms of limits against what the tests of Netflix concurrency-limits (commit 78a74b9) expect, and against what
//! its sources say where these have none: `src/test/java/com/netflix/concurrency/limits/limit/*.java`.

use super::window::Windowing;
use super::*;
use crate::scenario::explain::read_part;

const MILLISECOND: u64 = 1_000_000;

/// Samples (milliseconds, calls out, dropped), and the limit after each.
fn limits(algorithm: &str, samples: &[(u64, u32, bool)]) -> Vec<u32> {
    let algorithm: Algorithm = read_part(algorithm).unwrap();
    assert_eq!(algorithm.validate(), []);
    let mut estimate = Estimate::new(algorithm.initial());
    let update = |&(took, out, dropped): &(u64, u32, bool)| {
        let sample = Sample {
            took: took * MILLISECOND,
            out,
            dropped,
        };
        algorithm.update(&mut estimate, sample, || 0.5);
        estimate.whole()
    };
    samples.iter().map(update).collect()
}

#[test]
fn aimd_as_in_aimd_limit_test() {
    assert_eq!(limits("aimd(initial: 20)", &[(1, 10, false)]), [21]);
    assert_eq!(limits("aimd(initial: 30)", &[(0, 0, true)]), [27]);
    let full = "aimd(initial: 21, least: 1, most: 21)";
    assert_eq!(limits(full, &[(1, 10, false)]), [21]);
}

#[test]
fn aimd_is_whole_at_each_step_and_slow_only_beyond_its_timeout() {
    // `(int) (currentLimit * backoffRatio)`: 22.5, 20.25, 18 with the rest kept.
    let samples = [(0, 0, true), (0, 0, true), (0, 0, true)];
    assert_eq!(
        limits("aimd(initial: 25, least: 1)", &samples),
        [22, 19, 17]
    );
    // `inflight * 2 >= currentLimit`, `rtt > timeout`.
    let samples = [(1, 9, false), (5000, 10, false), (5001, 10, false)];
    assert_eq!(limits("aimd(least: 1)", &samples), [20, 21, 18]);
    // What is outside of the bounds at the start is brought within by any sample.
    assert_eq!(limits("aimd(initial: 5)", &[(1, 0, false)]), [20]);
    assert_eq!(limits("aimd(initial: 500)", &[(1, 0, false)]), [200]);
}

#[test]
fn vegas_as_in_vegas_limit_test() {
    let small = "vegas(initial: 10, most: 20, alpha: 3, beta: 6)";
    assert_eq!(limits(small, &[(10, 10, false), (10, 11, false)]), [10, 16]);
    assert_eq!(limits(small, &[(10, 10, false), (50, 11, false)]), [10, 9]);
    assert_eq!(limits(small, &[(10, 10, false), (14, 14, false)]), [10, 10]);
    let large = "vegas(initial: 10000, most: 20000)";
    let samples = [(10_000, 5000, false), (10_000, 6000, false)];
    assert_eq!(limits(large, &samples), [10_000, 10_024]);
}

#[test]
fn vegas_takes_the_fastest_and_a_probe_for_the_base_even_if_it_was_dropped() {
    // The first call, then a faster one, move only the base; the third is dropped: one less.
    let samples = [(10, 20, true), (9, 20, true), (20, 20, true), (9, 9, false)];
    assert_eq!(limits("vegas", &samples), [20, 20, 19, 19]);
    // 0.75 × 1 × 4 samples: the third is a probe, after which 40 ms is as fast as can be.
    let samples = [
        (10, 4, false),
        (40, 4, false),
        (40, 4, false),
        (40, 4, false),
    ];
    let probes = "vegas(initial: 4, probe_multiplier: 1)";
    assert_eq!(limits(probes, &samples), [4, 4, 4, 10]);
}

#[test]
fn the_average_of_gradient2_as_in_exp_avg_measurement_test() {
    let Algorithm::Gradient2(gradient) = read_part("gradient2(long: 100)").unwrap() else {
        panic!("it is a gradient2");
    };
    let mut estimate = Estimate::new(20);
    let mut averages = Vec::new();
    for took in (10..20).chain([100]) {
        let sample = Sample {
            took,
            out: 0,
            dropped: false,
        };
        gradient.update(&mut estimate, sample);
        averages.push(estimate.base);
    }
    let wanted = [10.0, 10.5, 11.0, 11.5, 12.0, 12.5, 13.0, 13.5, 14.0, 14.5];
    assert_eq!(averages[..10], wanted);
    assert!((averages[10] - 16.2).abs() < 0.1, "{}", averages[10]);
}

#[test]
fn gradients_fall_to_no_less_than_half_and_stay_where_little_is_out() {
    // The mean of the three is 340 ms, and 28 × 0.5 + 4 the limit.
    let samples = [(10, 20, false), (10, 24, false), (1000, 28, false)];
    let at_once = "gradient2(least: 1, smoothing: 1, tolerance: 1)";
    assert_eq!(limits(at_once, &samples), [24, 28, 18]);
    assert_eq!(
        limits("gradient2", &[(10, 9, false), (10, 9, false)]),
        [20, 20]
    );
    // Gradient: grows by the root at once (50 + 7), falls by a fifth of the way to 57 × 0.9 where one was dropped.
    let samples = [(10, 50, false), (10, 20, false), (10, 20, true)];
    assert_eq!(limits("gradient", &samples), [57, 57, 55]);
    // A probe after 3 samples (2 + 0.5 × 2): to the root of the limit, at least 4.
    let samples = [(10, 0, false); 4];
    let probes = "gradient(probe_interval: 2)";
    assert_eq!(limits(probes, &samples), [50, 50, 50, 7]);
}

#[test]
fn a_window_ends_with_the_first_call_that_ends_later() {
    let window = Window {
        samples: 2,
        ..Window::default()
    };
    let mut state = Windowing::default();
    let mut add = |took: u64, out: u32, dropped: bool, ended: u64| {
        let sample = Sample {
            took: took * MILLISECOND,
            out,
            dropped,
        };
        window.add(&mut state, sample, ended * MILLISECOND)
    };
    // The first call is a window of its own, in which too few are.
    assert_eq!(add(10, 1, false, 10), None);
    assert_eq!(add(10, 5, true, 500), None);
    // At exactly the end it goes on; what took less than a tenth of a millisecond is left out.
    assert_eq!(add(20, 2, false, 1010), None);
    assert_eq!(add(0, 9, true, 1500), None);
    let whole = Sample {
        took: 20 * MILLISECOND,
        out: 5,
        dropped: true,
    };
    assert_eq!(add(30, 3, false, 1600), Some(whole));
    // The next one ends a second after that call.
    assert_eq!(add(30, 3, false, 2600), None);
    assert_eq!(
        add(50, 3, false, 2601).map(|whole| whole.took),
        Some(40 * MILLISECOND)
    );
}

#[test]
fn percentiles_as_in_immutable_percentile_sample_window_test() {
    let tracked = |at: f64, all: &[u64]| {
        let window = Window {
            samples: 1,
            aggregate: Aggregate::Percentile(Percentile { at, of: 10 }),
            ..Window::default()
        };
        let mut state = Windowing::default();
        let mut tracked = None;
        for (number, took) in all.iter().enumerate() {
            let sample = Sample {
                took: took * MILLISECOND,
                out: 1,
                dropped: false,
            };
            // All but the last end when the window does.
            let ended = if number + 1 == all.len() { 1 } else { 0 };
            tracked = window.add(&mut state, sample, ended);
        }
        tracked.map(|whole| whole.took / MILLISECOND)
    };
    assert_eq!(tracked(0.5, &[5000, 500, 10]), Some(500));
    assert_eq!(tracked(0.5, &[10, 5000, 5000]), Some(5000));
    assert_eq!(tracked(0.999, &[5000, 500, 10]), Some(5000));
    assert_eq!(tracked(0.999, &[500, 10, 5000, 10]), Some(5000));
}
