//! Measurement: durations, windows of durations, and levels over time.
//!
//! Everything here is plain data, can be cloned, and (but for [`Level`], which belongs to one clock)
//! merged; merging is exact and commutative, so results do not depend on the order of shards.
//! Units: recorded in integer nanoseconds, reported in seconds.
//!
//! Source: Gil Tene's HDR histogram. [`DurationStats`] counts on the steps of one with three significant
//! digits, 1024 per power of two, and [`WindowHistogram`] on 64; a record is one index and a few sums.

use crate::time::{SimDuration, SimTime};

/// Steps per power of two, as bits, of [`DurationStats`].
const FINE: u32 = 10;
/// Steps per power of two, as bits, of [`WindowHistogram`].
const COARSE: u32 = 6;

/// The step of a value: exact below `2^(BITS + 1)`, then `2^BITS` steps for each power of two, so that
/// the middle of a step is within `2^-(BITS + 1)` of every value in it.
#[inline]
fn step<const BITS: u32>(value: u64) -> usize {
    let octave = (63 - (value | 1 << BITS).leading_zeros()) - BITS;
    ((u64::from(octave) << BITS) + (value >> octave)) as usize
}

/// The least value of a step.
fn floor_of<const BITS: u32>(step: usize) -> u64 {
    let step = step as u64;
    let octave = (step >> BITS).saturating_sub(1);
    (step - (octave << BITS)) << octave
}

/// The middle of a step.
fn middle_of<const BITS: u32>(step: usize) -> u64 {
    let octave = (step as u64 >> BITS).saturating_sub(1);
    floor_of::<BITS>(step) + ((1 << octave) >> 1)
}

/// Durations: exact count, mean and spread, quantiles to within 0.1 %.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationStats {
    count: u64,
    min: u64,
    max: u64,
    sum: u128,
    squares: u128,
    /// How many fell on each step, up to the highest in use.
    counts: Vec<u64>,
}

impl Default for DurationStats {
    fn default() -> Self {
        Self::new()
    }
}

impl DurationStats {
    /// No durations yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            count: 0,
            min: u64::MAX,
            max: 0,
            sum: 0,
            squares: 0,
            counts: Vec::new(),
        }
    }

    /// Records one duration.
    #[inline]
    pub fn record(&mut self, span: SimDuration) {
        let step = step::<FINE>(span.0);
        if step >= self.counts.len() {
            self.extend(step + 1);
        }
        self.counts[step] += 1;
        self.count += 1;
        self.min = self.min.min(span.0);
        self.max = self.max.max(span.0);
        let wide = u128::from(span.0);
        self.sum += wide;
        // 2^128 ns^2 are a billion durations of a week each.
        self.squares = self.squares.saturating_add(wide * wide);
    }

    #[cold]
    fn extend(&mut self, steps: usize) {
        self.counts.resize(steps, 0);
    }

    /// Adds all durations of the other.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
        if other.counts.len() > self.counts.len() {
            self.extend(other.counts.len());
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// How many durations were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum, in seconds.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum as f64 / 1e9
    }

    /// The exact mean, in seconds; NaN without durations.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum() / self.count() as f64
    }

    /// The standard deviation of the sample, in seconds; NaN for fewer than two durations.
    #[must_use]
    pub fn sd(&self) -> f64 {
        let count = self.count();
        if count < 2 {
            return f64::NAN;
        }
        // Integers until the last step: no cancellation between two large floats.
        let n = u128::from(count);
        let squared_mean = self.sum as f64 * (self.sum as f64 / count as f64);
        let numerator = match (self.squares.checked_mul(n), self.sum.checked_mul(self.sum)) {
            (Some(a), Some(b)) => a.saturating_sub(b) as f64 / count as f64,
            _ => (self.squares as f64 - squared_mean).max(0.0),
        };
        libm::sqrt(numerator / (count - 1) as f64) / 1e9
    }

    /// The least duration, in seconds; NaN without durations.
    #[must_use]
    pub fn min(&self) -> f64 {
        if self.count() == 0 {
            return f64::NAN;
        }
        self.min as f64 / 1e9
    }

    /// The greatest duration, in seconds; NaN without durations.
    #[must_use]
    pub fn max(&self) -> f64 {
        if self.count() == 0 {
            return f64::NAN;
        }
        self.max as f64 / 1e9
    }

    /// The duration that a share `q` (0 to 1) of all stays at or below, in seconds; NaN without
    /// durations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        if self.count() == 0 {
            return f64::NAN;
        }
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let value = step.map_or(self.max, middle_of::<FINE>);
        value.clamp(self.min, self.max) as f64 / 1e9
    }

    /// How many durations are at or below `limit`, to within the resolution of 0.1 %.
    #[must_use]
    pub fn count_below(&self, limit: SimDuration) -> u64 {
        if limit.0 >= self.max {
            return self.count();
        }
        // Below the maximum, so the step exists.
        self.counts[..=step::<FINE>(limit.0)].iter().sum()
    }

    /// Bytes held.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.counts.capacity() * size_of::<u64>()
    }
}

/// Durations of one window: cheap to record, taken out as a [`Snapshot`] when the window ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowHistogram {
    counts: Vec<u32>,
    /// The steps in use lie in `low..high`.
    low: usize,
    high: usize,
    count: u64,
    sum: u128,
    max: u64,
}

impl WindowHistogram {
    /// An empty window.
    #[must_use]
    pub fn new() -> Self {
        Self {
            low: usize::MAX,
            ..Self::default()
        }
    }

    /// Records one duration.
    #[inline]
    pub fn record(&mut self, span: SimDuration) {
        let step = step::<COARSE>(span.0);
        if step >= self.counts.len() {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.low = self.low.min(step);
        self.high = self.high.max(step + 1);
        self.count += 1;
        self.sum += u128::from(span.0);
        self.max = self.max.max(span.0);
    }

    /// How many durations the window holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes out what was recorded and begins anew.
    pub fn take(&mut self) -> Snapshot {
        let low = self.low.min(self.high);
        let used = &mut self.counts[low..self.high];
        let steps = used.iter().enumerate().filter(|(_, count)| **count > 0);
        let steps = steps
            .map(|(at, count)| ((low + at) as u16, *count))
            .collect();
        used.fill(0);
        let snapshot = Snapshot {
            count: self.count,
            sum: self.sum,
            max: self.max,
            steps,
        };
        self.low = usize::MAX;
        self.high = 0;
        self.count = 0;
        self.sum = 0;
        self.max = 0;
        snapshot
    }
}

/// The durations of one window, or of several merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// How many durations there are.
    pub count: u64,
    sum: u128,
    max: u64,
    /// Step and count, ascending, without zeros.
    steps: Vec<(u16, u32)>,
}

impl Snapshot {
    /// The exact mean, in seconds; NaN without durations.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.sum as f64 / 1e9 / self.count as f64
    }

    /// The greatest duration, in seconds; NaN without durations.
    #[must_use]
    pub fn max(&self) -> f64 {
        if self.count == 0 {
            return f64::NAN;
        }
        self.max as f64 / 1e9
    }

    /// The duration that a share `q` (0 to 1) of all stays at or below, in seconds, to within 1 %, and
    /// never above the greatest; NaN without durations.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for &(step, count) in &self.steps {
            seen += u64::from(count);
            if seen >= rank {
                return middle_of::<COARSE>(usize::from(step)).min(self.max) as f64 / 1e9;
            }
        }
        f64::NAN
    }

    /// How many durations are at or below `limit`, to within the resolution of 1 %.
    #[must_use]
    pub fn count_below(&self, limit: SimDuration) -> u64 {
        // Those that are as long as the limit are counted: it may be twice a quantile of constant times.
        let last = step::<COARSE>(limit.0);
        let steps = self.steps.iter();
        steps
            .take_while(|(step, _)| usize::from(*step) <= last)
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// Adds one duration; dearer than [`WindowHistogram::record`], for those that come late.
    pub fn add(&mut self, span: SimDuration) {
        let step = step::<COARSE>(span.0) as u16;
        match self.steps.binary_search_by_key(&step, |(step, _)| *step) {
            Ok(at) => self.steps[at].1 += 1,
            Err(at) => self.steps.insert(at, (step, 1)),
        }
        self.count += 1;
        self.sum += u128::from(span.0);
        self.max = self.max.max(span.0);
    }

    /// Adds all durations of the other.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        let mut merged = Vec::with_capacity(self.steps.len().max(other.steps.len()));
        let (mut left, mut right) = (self.steps.iter().peekable(), other.steps.iter().peekable());
        loop {
            match (left.peek(), right.peek()) {
                (Some(&&(a, m)), Some(&&(b, n))) if a == b => {
                    merged.push((a, m + n));
                    left.next();
                    right.next();
                }
                (Some(&&a), Some(&&b)) if a.0 > b.0 => {
                    merged.push(b);
                    right.next();
                }
                (Some(&&a), _) => {
                    merged.push(a);
                    left.next();
                }
                (None, Some(&&b)) => {
                    merged.push(b);
                    right.next();
                }
                (None, None) => break,
            }
        }
        self.steps = merged;
    }
}

/// A whole number that changes over time: how many threads are busy, how long a queue is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    value: i64,
    since: SimTime,
    /// Value times nanoseconds, from the start up to `since`.
    area: i128,
    /// Greatest before the current window.
    max: i64,
    start: SimTime,
    window_start: SimTime,
    window_area: i128,
    window_max: i64,
}

impl Level {
    /// A level of zero, from `now` on.
    #[must_use]
    pub fn new(now: SimTime) -> Self {
        Self {
            since: now,
            start: now,
            window_start: now,
            ..Self::default()
        }
    }

    /// It is `value` from now on.
    #[inline]
    pub fn set(&mut self, now: SimTime, value: i64) {
        self.area += self.recent(now);
        self.since = now;
        self.value = value;
        self.window_max = self.window_max.max(value);
    }

    /// It changes by `change`.
    #[inline]
    pub fn add(&mut self, now: SimTime, change: i64) {
        self.set(now, self.value + change);
    }

    /// What it is.
    #[inline]
    #[must_use]
    pub fn value(&self) -> i64 {
        self.value
    }

    /// The greatest value since the start or the last reset.
    #[must_use]
    pub fn max(&self) -> i64 {
        self.max.max(self.window_max)
    }

    /// The mean over time since the start or the last reset; the value itself if no time has passed.
    #[must_use]
    pub fn mean(&self, now: SimTime) -> f64 {
        self.average(self.area + self.recent(now), now.since(self.start))
    }

    /// The exact integral since the start or the last reset, in units times seconds.
    #[must_use]
    pub fn area(&self, now: SimTime) -> f64 {
        (self.area + self.recent(now)) as f64 / 1e9
    }

    /// Forgets the past, not the value: totals and window begin now.
    pub fn reset(&mut self, now: SimTime) {
        *self = Self {
            value: self.value,
            max: self.value,
            window_max: self.value,
            ..Self::new(now)
        };
    }

    /// Mean and greatest value since the last window was taken; the totals stay as they are.
    pub fn take_window(&mut self, now: SimTime) -> (f64, i64) {
        let area = self.area + self.recent(now);
        let mean = self.average(area - self.window_area, now.since(self.window_start));
        let taken = (mean, self.window_max);
        self.window_start = now;
        self.window_area = area;
        self.max = self.max();
        self.window_max = self.value;
        taken
    }

    #[inline]
    fn recent(&self, now: SimTime) -> i128 {
        // Half a product of two i128, and runs are shorter than 292 years.
        i128::from(self.value) * i128::from(now.since(self.since).0 as i64)
    }

    fn average(&self, area: i128, span: SimDuration) -> f64 {
        if span == SimDuration::ZERO {
            return self.value as f64;
        }
        area as f64 / span.as_nanos_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Source;

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
}
