//! Sweeps: many points, each replicated under the same seeds, in parallel.
//!
//! Replication `r` of every point runs with seed `seed + r`, so all points face the same luck (common
//! random numbers), and `sim run --seed` repeats any one run. What a run yields depends on its point
//! and replication alone: not on the thread, the order of completion, or the shard.

use super::run::{Run, Unable};
use super::space::{Axis, Point};
use crate::experiment::Options;
use crate::observe::expression::Measure;
use crate::observe::measure::Measurer;
use crate::plan;
use crate::scenario::Scenario;
use rayon::prelude::*;

/// A sweep, resolved: everything that its result depends on.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// One line that names it.
    pub title: String,
    /// What varies.
    pub axes: Vec<Axis>,
    /// The combinations.
    pub points: Vec<Point>,
    /// The scenario at each point.
    pub scenarios: Vec<Scenario>,
    /// What is measured: the columns.
    pub measures: Vec<Measure>,
    /// Seed of the first replication; those after it count up.
    pub seed: u64,
    /// How often each point is run.
    pub replications: Replications,
    /// Whether each time window has a row too.
    pub windows: bool,
}

/// How often each point is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Replications {
    /// So often.
    Fixed(u32),
    /// Until a measure is known well enough.
    Until(Precision),
}

/// When a point has been run often enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Index of the measure.
    pub measure: usize,
    /// Largest half width of its confidence interval, in the unit of the measure, or as a share of
    /// the mean.
    pub half_width: f64,
    /// Whether `half_width` is a share of the mean.
    pub relative: bool,
    /// Confidence level, 0 to 1.
    pub level: f64,
    /// At least so many replications.
    pub least: u32,
    /// At most so many replications.
    pub most: u32,
}

/// A part of the runs, for one of several machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

impl Default for Shard {
    /// All of it.
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

/// What one run yielded.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Index of its point.
    pub point: u32,
    /// Its replication, from 0.
    pub replication: u32,
    /// Its seed.
    pub seed: u64,
    /// Digest of its events.
    pub digest: String,
    /// Events handled.
    pub events: u64,
    /// `"end"`, or the budget that stopped it.
    pub stopped_by: String,
    /// Verdict; see [`crate::observe::summary::HypothesisSummary`].
    pub verdict: String,
    /// The trigger is gone and the damage stays.
    pub metastable: bool,
    /// The measures over the run without its warm-up, in the order of the sweep; none where there was
    /// nothing to measure, infinite for a time that did not end.
    pub values: Vec<Option<f64>>,
    /// The same for each time window (none for measures of whole runs only), if asked for.
    pub windows: Vec<Vec<Option<f64>>>,
}

/// The values of a run that is known already, by point and replication.
pub type Known<'a> = dyn Fn(u32, u32) -> Option<Vec<Option<f64>>> + Sync + 'a;

/// Runs what is not `known` yet of a shard's part. `done` is told of every run that ended, from any
/// thread, in any order; `go_on` is asked from time to time whether to go on, and a run that was
/// stopped is not told of.
///
/// # Errors
/// A scenario did not pass its checks.
pub fn execute(
    sweep: &Sweep,
    shard: Shard,
    known: &Known<'_>,
    done: &(dyn Fn(Record) + Sync),
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<(), Unable> {
    let Replications::Fixed(replications) = sweep.replications else {
        return Err(Unable("sequential stopping".into()));
    };
    let units: Vec<(u32, u32)> = (0..sweep.points.len() as u32)
        .flat_map(|point| (0..replications).map(move |replication| (point, replication)))
        .enumerate()
        .filter(|(number, _)| *number as u32 % shard.count == shard.index)
        .map(|(_, unit)| unit)
        .filter(|(point, replication)| known(*point, *replication).is_none())
        .collect();
    units.par_iter().try_for_each(|(point, replication)| {
        if let Some(record) = one(sweep, *point, *replication, go_on)? {
            done(record);
        }
        Ok(())
    })
}

fn one(
    sweep: &Sweep,
    point: u32,
    replication: u32,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Record>, Unable> {
    let scenario = &sweep.scenarios[point as usize];
    let plan = plan::compile(scenario).map_err(Unable)?;
    let seed = sweep.seed.wrapping_add(u64::from(replication));
    let options = Options {
        seed,
        ..Options::default()
    };
    let mut run = Run::new(scenario, &plan, options);
    while !run.is_over() {
        if !go_on() {
            return Ok(None);
        }
        run.window();
    }
    let summary = run.result().summary;
    let measurer = Measurer {
        plan: &plan,
        recorder: &run.simulation().model.recorder,
        summary: &summary,
    };
    let values = sweep.measures.iter().map(|measure| measurer.whole(measure));
    let windows = if sweep.windows { run.windows() } else { 0 };
    Ok(Some(Record {
        point,
        replication,
        seed,
        values: values.collect(),
        windows: (0..windows)
            .map(|window| {
                let measures = sweep.measures.iter();
                measures
                    .map(|measure| measurer.over(measure, window..window + 1))
                    .collect()
            })
            .collect(),
        digest: summary.digest.clone(),
        events: summary.events,
        stopped_by: summary.stopped_by.clone(),
        verdict: summary.hypothesis.verdict.clone(),
        metastable: summary.hypothesis.metastable,
    }))
}

/// All that a sweep yielded: its records by point and replication.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// The sweep.
    pub sweep: &'a Sweep,
    /// The records of each point, in the order of their replications.
    pub runs: Vec<Vec<Record>>,
}

impl<'a> Table<'a> {
    /// Sorts records into their places.
    #[must_use]
    pub fn new(sweep: &'a Sweep, mut records: Vec<Record>) -> Self {
        records.sort_by_key(|record| (record.point, record.replication));
        let mut runs = vec![Vec::new(); sweep.points.len()];
        for record in records {
            runs[record.point as usize].push(record);
        }
        Self { sweep, runs }
    }

    /// The values of a measure at a point, by replication.
    pub fn values(&self, point: usize, measure: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.runs[point].iter().map(move |run| run.values[measure])
    }
}
