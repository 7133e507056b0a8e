//! What a measure is taken of.

use crate::expression::metric::Statistic;
use crate::observe::recorder::Recorder;
use crate::observe::summary::Summary;
use crate::plan::Plan;
use sim_core::{SimDuration, SimTime};
use std::ops::Range;

/// Reads measures from what was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Measurer<'a> {
    /// Names and sizes.
    pub plan: &'a Plan,
    /// Windows.
    pub recorder: &'a Recorder,
    /// Totals after the warm-up.
    pub summary: &'a Summary,
}

/// What a workload did over a stretch of windows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Arrived.
    pub offered: u64,
    /// Got a usable answer.
    pub good: u64,
    /// Ended.
    pub finished: u64,
    /// Degraded.
    pub degraded: u64,
    /// Width of the stretch, s.
    pub seconds: f64,
}

impl Traffic {
    /// Usable answers / finished; none where nothing finished.
    #[must_use]
    pub fn success(&self) -> Option<f64> {
        (self.finished > 0).then(|| self.good as f64 / self.finished as f64)
    }
}

/// The windows of a width that lie wholly between two times of a run that ends then. The last one may
/// be shorter than the others.
#[must_use]
pub fn windows_in(
    width: SimDuration,
    run_end: SimTime,
    (from, to): (SimTime, SimTime),
) -> Range<usize> {
    let width = width.0.max(1);
    let start = from.0.div_ceil(width) as usize;
    let end = if to >= run_end {
        run_end.0.div_ceil(width)
    } else {
        to.0 / width
    };
    start..(end as usize).max(start)
}

/// One value divided by another; none where one of them is not known, or both are zero or both infinite.
pub(super) fn quotient(dividend: Option<f64>, divisor: Option<f64>) -> Option<f64> {
    let value = dividend? / divisor?;
    (!value.is_nan()).then_some(value)
}

/// The mean of what is known; none of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

pub(super) fn quantile(statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::Mean => None,
        Statistic::P50 => Some(0.5),
        Statistic::P90 => Some(0.9),
        Statistic::P95 => Some(0.95),
        Statistic::P99 => Some(0.99),
        Statistic::P999 => Some(0.999),
        Statistic::Max => Some(1.0),
    }
}
