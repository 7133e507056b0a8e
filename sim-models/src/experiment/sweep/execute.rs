//! Runs what a sweep needs, in parallel.

use super::{Record, Replications, Shard, Sweep};
use crate::experiment::run::{Options, Run, Unable};
use crate::observe::measure::Measurer;
use crate::plan;
use rayon::prelude::*;

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
