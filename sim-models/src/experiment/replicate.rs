//! Replications: the same scenario under several seeds, in parallel.

use super::run::{Options, Unable, run_with};
use crate::observe::summary::Summary;
use crate::scenario::Scenario;
use rayon::prelude::*;

/// Runs a scenario once for each seed; the summaries come in the order of the seeds, whatever the
/// number of threads. `done` is told of each run that has ended, from any thread, in any order.
///
/// # Errors
/// See [`super::run`].
pub fn replicate(
    scenario: &Scenario,
    seeds: &[u64],
    done: impl Fn() + Sync,
) -> Result<Vec<Summary>, Unable> {
    seeds
        .par_iter()
        .map(|seed| {
            let result = run_with(
                scenario,
                Options {
                    seed: *seed,
                    ..Options::default()
                },
                |_| true,
            )?;
            done();
            Ok(result.summary)
        })
        .collect()
}
