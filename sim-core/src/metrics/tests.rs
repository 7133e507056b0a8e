use super::steps::*;
use super::*;
use crate::random::Source;
use crate::time::{SimDuration, SimTime};

fn check_steps<const BITS: u32>() {
    let widest = 1.0 / f64::from(2 << BITS);
    for value in (0..100_000)
        .chain((0..58).map(|bit| 77 << bit))
        .chain([u64::MAX])
    {
        let at = step::<BITS>(value);
        let (floor, middle) = (floor_of::<BITS>(at), middle_of::<BITS>(at));
        assert!(floor <= value && step::<BITS>(floor) == at, "{value}");
        assert!(floor == 0 || step::<BITS>(floor - 1) == at - 1, "{value}");
        let off = middle.abs_diff(value) as f64;
        assert!(off <= value as f64 * widest, "{value} {middle}");
    }
}

#[test]
fn steps_partition_the_numbers() {
    check_steps::<COARSE>();
    check_steps::<FINE>();
}

#[test]
fn the_steps_are_those_of_an_hdr_histogram() {
    let mut stats = DurationStats::new();
    let mut hdr = hdrhistogram::Histogram::<u64>::new(3).expect("3 digits are allowed");
    for value in draws() {
        stats.record(SimDuration(value));
        hdr.record(value).expect("it resizes itself");
    }
    for q in (0..=1000).map(|q| f64::from(q) / 1000.0) {
        let theirs = hdr.median_equivalent(hdr.value_at_quantile(q));
        let clamped = theirs.clamp(stats.min, stats.max) as f64 / 1e9;
        assert_eq!(stats.quantile(q), clamped, "{q}");
    }
    for limit in draws() {
        let theirs = hdr.count_between(0, limit);
        assert_eq!(stats.count_below(SimDuration(limit)), theirs, "{limit}");
    }
}

/// Draws that span six powers of ten.
fn draws() -> Vec<u64> {
    let mut source = crate::random::Keyed::new(1, 2);
    (0..20_000)
        .map(|_| libm::pow(10.0, 3.0 + 6.0 * source.uniform()) as u64)
        .collect()
}

fn close(measured: f64, exact: f64, tolerance: f64) {
    let off = (measured / exact - 1.0).abs();
    assert!(off <= tolerance, "{measured} is not {exact}");
}

#[test]
fn quantiles_and_moments_agree_with_sorting() {
    let mut drawn = draws();
    let (mut stats, mut window) = (DurationStats::new(), WindowHistogram::new());
    for value in &drawn {
        stats.record(SimDuration(*value));
        window.record(SimDuration(*value));
    }
    let snapshot = window.take();
    drawn.sort_unstable();
    for q in [0.001, 0.1, 0.5, 0.9, 0.99, 0.999] {
        let exact = drawn[(q * drawn.len() as f64).ceil() as usize - 1] as f64 / 1e9;
        close(stats.quantile(q), exact, 0.001);
        close(snapshot.quantile(q), exact, 0.008);
        assert!(snapshot.quantile(q) <= snapshot.max());
    }
    assert_eq!(snapshot.max(), stats.max());
    let n = drawn.len() as f64;
    let mean = drawn.iter().map(|v| *v as f64).sum::<f64>() / n / 1e9;
    let spread = drawn
        .iter()
        .map(|v| (*v as f64 / 1e9 - mean) * (*v as f64 / 1e9 - mean));
    close(stats.mean(), mean, 1e-12);
    close(snapshot.mean(), mean, 1e-12);
    close(
        stats.sd(),
        libm::sqrt(spread.sum::<f64>() / (n - 1.0)),
        1e-9,
    );
    close(stats.min(), drawn[0] as f64 / 1e9, 1e-12);
    close(stats.max(), drawn[drawn.len() - 1] as f64 / 1e9, 1e-12);
    let limit = SimDuration(drawn[15_000]);
    assert!(stats.count_below(limit).abs_diff(15_001) < 30);
    assert!(snapshot.count_below(limit).abs_diff(15_001) < 60);
    let mut constant = Snapshot::default();
    constant.add(SimDuration(2_000_000));
    assert_eq!(constant.count_below(SimDuration(2_000_000)), 1);
    assert_eq!(constant.quantile(0.5), 0.002);
    assert_eq!(constant.count_below(SimDuration(1_900_000)), 0);
}

#[test]
fn merging_is_recording_together() {
    let (mut whole, mut left, mut right) = (
        DurationStats::new(),
        DurationStats::new(),
        DurationStats::new(),
    );
    let mut windows = [(); 3].map(|()| WindowHistogram::new());
    for (at, value) in draws().into_iter().enumerate() {
        let span = SimDuration(value);
        whole.record(span);
        windows[2].record(span);
        // Halves that differ in their range, not only by chance.
        let half = usize::from(value > 1_000_000 && at % 3 > 0);
        [&mut left, &mut right][half].record(span);
        windows[half].record(span);
    }
    left.merge(&right);
    assert_eq!(left, whole);
    let [mut first, second, both] = windows.each_mut().map(WindowHistogram::take);
    let mut one_by_one = second.clone();
    first.merge(&second);
    assert_eq!(first, both);
    for (at, value) in draws().into_iter().enumerate() {
        if !(value > 1_000_000 && at % 3 > 0) {
            one_by_one.add(SimDuration(value));
        }
    }
    assert_eq!(one_by_one, both);
    // A window that was taken is as good as new.
    assert_eq!(windows[0].take(), Snapshot::default());
    windows[0].record(SimDuration(5));
    assert_eq!(windows[0].take().quantile(0.5), 5e-9);
}

#[test]
fn nothing_recorded_is_nan() {
    let (stats, snapshot) = (DurationStats::new(), Snapshot::default());
    for value in [
        stats.mean(),
        stats.sd(),
        stats.min(),
        stats.max(),
        stats.quantile(0.5),
    ] {
        assert!(value.is_nan());
    }
    assert!(snapshot.mean().is_nan() && snapshot.quantile(0.5).is_nan());
}

#[test]
fn levels_average_over_time() {
    let at = SimTime;
    let mut level = Level::new(at(100));
    level.add(at(110), 4);
    level.add(at(120), -3);
    // 10 at 0, 10 at 4, 20 at 1.
    assert_eq!(level.mean(at(140)), 60.0 / 40.0);
    assert_eq!(level.take_window(at(140)), (1.5, 4));
    level.set(at(150), 2);
    assert_eq!(level.take_window(at(160)), (1.5, 2));
    assert_eq!(level.take_window(at(160)), (2.0, 2));
    assert_eq!((level.max(), level.value()), (4, 2));
    assert_eq!(level.mean(at(160)), 90.0 / 60.0);
    level.reset(at(160));
    assert_eq!(level.mean(at(160)), 2.0);
    assert_eq!(level.mean(at(170)), 2.0);
    assert_eq!(level.max(), 2);
}

#[test]
fn the_extremes_can_be_recorded() {
    let (mut stats, mut window) = (DurationStats::new(), WindowHistogram::new());
    for span in [SimDuration::ZERO, SimDuration::MAX] {
        stats.record(span);
        window.record(span);
    }
    assert_eq!((stats.min(), stats.quantile(0.5)), (0.0, 0.0));
    close(stats.quantile(1.0), SimDuration::MAX.as_secs_f64(), 1e-3);
    assert_eq!(stats.count_below(SimDuration::ZERO), 1);
    let snapshot = window.take();
    assert_eq!(snapshot.quantile(0.5), 0.0);
    close(snapshot.quantile(1.0), SimDuration::MAX.as_secs_f64(), 8e-3);
}
