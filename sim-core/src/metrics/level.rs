//! A level over time.

use crate::time::{SimDuration, SimTime};

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
