//! What a sweep yielded, in order: runs by point and replication, and the statistics of each point.

use super::record::Sweep;
use super::row::Row;
use crate::observe::conclusion::Conclusion;
use sim_core::stats::{Interval, Moments, StatsError, proportion_interval, quantile_interval};

/// Confidence level of the intervals of [`Table::cells`].
pub const LEVEL: f64 = 0.95;

/// Which quantile [`Cell::median`] is.
pub const MEDIAN: f64 = 0.5;

/// Which quantile [`Cell::p90`] is.
pub const P90: f64 = 0.9;

/// All that a sweep yielded: its records by point and replication.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// The sweep.
    pub sweep: &'a Sweep,
    /// The runs of each point, in the order of their replications.
    pub runs: Vec<Vec<Row>>,
}

/// A measure at a point, over the replications.
///
/// A replication without a value (nothing to measure) is left out of everything. A value may be
/// infinite (never recovered): then a mean means nothing, and median, 90 % quantile and the share of
/// finite values tell what there is to tell. Intervals have level [`LEVEL`]; those of quantiles the level
/// that is in them, which is lower where replications are few
/// ([`sim_core::stats::values_needed`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Index of the point.
    pub point: u32,
    /// Index of the measure.
    pub measure: usize,
    /// Replications that were run.
    pub runs: u64,
    /// Replications with a value, finite or not.
    pub count: u64,
    /// Those of them that are finite, and their share; none without a value.
    pub finite: Option<Finite>,
    /// Mean with its Student-t interval; none without a value or with one that is not finite.
    pub mean: Option<Interval>,
    /// Sample standard deviation; none with fewer than two values or with one that is not finite.
    pub sd: Option<f64>,
    /// Median with the order statistics around it (their level is in the interval); an end may be
    /// infinite. None without a value.
    pub median: Option<Interval>,
    /// The same for the quantile below which nine of ten values lie.
    pub p90: Option<Interval>,
    /// Least value; none without a value.
    pub min: Option<f64>,
    /// Largest value; none without a value.
    pub max: Option<f64>,
}

/// How many of the values of a cell are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finite {
    /// So many.
    pub count: u64,
    /// Their share of all values, with Wilson's interval.
    pub share: Interval,
}

/// How often the runs of a point came to a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct VerdictShare {
    /// The verdict.
    pub verdict: Conclusion,
    /// Runs with it.
    pub count: u64,
    /// Their share of the runs of the point, with Wilson's interval at [`LEVEL`].
    pub share: Interval,
}

impl Cell {
    /// The statistics of the values of one measure, by replication; point and measure are the first.
    #[must_use]
    pub fn of(values: impl Iterator<Item = Option<f64>>) -> Self {
        let all: Vec<Option<f64>> = values.collect();
        let mut values: Vec<f64> = all.iter().copied().flatten().collect();
        let moments: Moments = values.iter().copied().collect();
        let mean = told(moments.interval(LEVEL));
        values.sort_unstable_by(f64::total_cmp);
        let finite = values.iter().filter(|value| value.is_finite()).count() as u64;
        let count = values.len() as u64;
        let all_finite = finite == count;
        Self {
            point: 0,
            measure: 0,
            runs: all.len() as u64,
            count,
            finite: told(proportion_interval(finite, count, LEVEL)).map(|share| Finite {
                count: finite,
                share,
            }),
            mean: mean.filter(|_| all_finite),
            sd: (all_finite && count > 1).then(|| moments.sd()),
            median: quantile(&values, MEDIAN),
            p90: quantile(&values, P90),
            min: (count > 0).then(|| moments.min()),
            max: (count > 0).then(|| moments.max()),
        }
    }
}

impl<'a> Table<'a> {
    /// Sorts runs into their places.
    #[must_use]
    pub fn new<R: Into<Row>>(sweep: &'a Sweep, all: Vec<R>) -> Self {
        let mut runs = vec![Vec::new(); sweep.points.len()];
        for run in all {
            let run: Row = run.into();
            runs[run.point as usize].push(run);
        }
        for own in &mut runs {
            own.sort_by_key(|run| run.replication);
        }
        Self { sweep, runs }
    }

    /// The values of a measure at a point, by replication.
    pub fn values(&self, point: usize, measure: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.runs[point]
            .iter()
            .map(move |run| run.values.get(measure))
    }

    /// The statistics of every measure at every point: all measures of the first point, then all
    /// of the next.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let points = 0..self.runs.len();
        points
            .flat_map(|point| {
                (0..self.sweep.measures.len()).map(move |measure| self.cell(point, measure))
            })
            .collect()
    }

    /// The statistics of a measure at a point.
    #[must_use]
    pub fn cell(&self, point: usize, measure: usize) -> Cell {
        let mut cell = Cell::of(self.values(point, measure));
        cell.mean = cell.mean.map(possible);
        Cell {
            point: point as u32,
            measure,
            ..cell
        }
    }

    /// How often each verdict came at a point, the most frequent first, then the best.
    #[must_use]
    pub fn verdicts(&self, point: usize) -> Vec<VerdictShare> {
        let runs = &self.runs[point];
        let mut verdicts: Vec<Conclusion> = runs.iter().map(|run| run.verdict).collect();
        verdicts.sort_unstable();
        let mut shares: Vec<VerdictShare> = verdicts
            .chunk_by(|a, b| a == b)
            .filter_map(|same| {
                let count = same.len() as u64;
                Some(VerdictShare {
                    verdict: same[0],
                    count,
                    share: told(proportion_interval(count, runs.len() as u64, LEVEL))?,
                })
            })
            .collect();
        // The sort is stable: equal counts stay in their order.
        shares.sort_by_key(|share| std::cmp::Reverse(share.count));
        shares
    }

    /// The share of the runs of a point in which the trigger was gone and the damage stayed; none
    /// without a run.
    #[must_use]
    pub fn metastable(&self, point: usize) -> Option<Interval> {
        let runs = &self.runs[point];
        let count = runs
            .iter()
            .filter(|run| run.verdict == Conclusion::Metastable)
            .count();
        told(proportion_interval(count as u64, runs.len() as u64, LEVEL))
    }
}

/// The interval of a mean cut to what there can be: no measure is below 0. Its half width stays that of
/// Student's interval.
fn possible(mean: Interval) -> Interval {
    if !mean.half_width.is_finite() {
        return mean;
    }
    Interval {
        low: mean.low.max(mean.mean.min(0.0)),
        ..mean
    }
}

/// A statistic, unless there is too little data for it.
fn told(interval: Result<Interval, StatsError>) -> Option<Interval> {
    interval.ok()
}

/// A quantile of sorted values that may be infinite, with the order statistics around it.
fn quantile(sorted: &[f64], p: f64) -> Option<Interval> {
    let mut interval = told(quantile_interval(sorted, p, LEVEL))?;
    // There is nothing between two infinities, nor a width: the lower neighbour stands.
    if interval.mean.is_nan() {
        interval.mean = sorted[(p * (sorted.len() - 1) as f64) as usize];
    }
    if interval.half_width.is_nan() {
        interval.half_width = f64::INFINITY;
    }
    Some(interval)
}
