//! Runs what a sweep needs, in parallel.

use super::failure::Failure;
use super::group::groups;
use super::record::{Record, Replications, Sweep};
use super::row::Known;
use super::shard::Shard;
use super::work::{Job, Prepared, Work};
use crate::experiment::jobs::work_off;

/// So many points are worked on before the next ones are looked at: their plans are kept meanwhile.
const POINTS_AT_ONCE: usize = 1024;

/// The runs of a shard, (point, replication), in the order in which they are numbered; none where
/// their number is not known beforehand.
#[must_use]
pub fn runs(sweep: &Sweep, shard: Shard) -> Option<Vec<(u32, u32)>> {
    let Replications::Fixed(_) = sweep.replications else {
        return None;
    };
    let (groups, units) = groups(sweep, shard);
    let runs = numbered(&groups, units).filter(|(number, ..)| shard.has(*number));
    let runs = runs.flat_map(|(_, group, replication)| {
        let points = group.points.iter();
        points.map(move |point| (*point, replication))
    });
    Some(runs.collect())
}

/// The points whose runs belong to a shard in which all replications of a point stay together; for
/// sweeps with a fixed number of them see [`runs`].
#[must_use]
pub fn points(sweep: &Sweep, shard: Shard) -> Vec<u32> {
    let (groups, _) = groups(sweep, shard);
    let mine = numbered(&groups, 1).filter(|(number, ..)| shard.has(*number));
    let mut points: Vec<u32> = mine
        .flat_map(|(_, group, _)| group.points.iter().copied())
        .collect();
    points.sort_unstable();
    points
}

/// The units of work, numbered: group by group, and the units of a group one after another.
fn numbered<G>(groups: &[G], units: u32) -> impl Iterator<Item = (u64, &G, u32)> {
    let all = groups
        .iter()
        .flat_map(move |group| (0..units).map(move |unit| (group, unit)));
    (0..)
        .zip(all)
        .map(|(number, (group, unit))| (number, group, unit))
}

/// Runs what is not `known` yet of a shard's part. `done` is told of every run that ended, from any
/// thread, in any order; `go_on` is asked between windows whether to go on, and a run that was
/// stopped is not told of.
///
/// Which runs there are, and what they yield, depends neither on the number of threads nor on what is
/// known. Only about as many beginnings and runs are held at a time as there are threads.
///
/// # Errors
/// The scenario of a point did not pass its checks, or a run panicked: the first such run among those
/// that were begun. Nothing new is begun after it.
pub fn execute(
    sweep: &Sweep,
    shard: Shard,
    known: &Known<'_>,
    done: &(dyn Fn(Record) + Sync),
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<(), Failure> {
    let (groups, units) = groups(sweep, shard);
    let work = Work::new(sweep, known, done, go_on);
    let mut rest = groups.as_slice();
    let mut first = 0;
    while !rest.is_empty() && !work.is_stopped() {
        let mut points = 0;
        let fitting = rest.iter().take_while(|group| {
            points += group.points.len();
            points <= POINTS_AT_ONCE || points == group.points.len()
        });
        let (now, later) = rest.split_at(fitting.count());
        let now: Vec<Prepared> = now.iter().map(Prepared::new).collect();
        let mine = numbered(&now, units).filter(|(number, ..)| shard.has(first + number));
        work_off(
            mine.map(|(_, group, unit)| Job::Unit { group, unit }),
            |job| work.on(job),
        );
        first += now.len() as u64 * u64::from(units);
        rest = later;
    }
    work.failure().map_or(Ok(()), Err)
}
