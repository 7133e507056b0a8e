//! Replications: the same scenario under several seeds, in parallel.

use super::run::{Options, Unable, run_with};
use crate::expression::naming::Measure;
use crate::observe::summary::Summary;
use crate::scenario::Scenario;
use rayon::prelude::*;

/// Runs a scenario once for each seed and takes these measures; the summaries come in the order of the seeds, whatever the
/// number of threads. `done` is told of each run that has ended and `go_on` asked from time to time
/// whether to go on, both from any thread, in any order; runs that were stopped say so, and those
/// that had not begun are left out.
///
/// # Errors
/// The scenario did not pass its checks.
pub fn replicate(
    scenario: &Scenario,
    seeds: &[u64],
    measures: &[Measure],
    done: impl Fn() + Sync,
    go_on: impl Fn() -> bool + Sync,
) -> Result<Vec<Summary>, Unable> {
    let runs: Result<Vec<Option<Summary>>, Unable> = seeds
        .par_iter()
        .map(|seed| {
            if !go_on() {
                return Ok(None);
            }
            let options = Options {
                seed: *seed,
                measures: measures.to_vec(),
                ..Options::default()
            };
            let result = run_with(scenario, options, |_| go_on())?;
            done();
            Ok(Some(result.summary))
        })
        .collect();
    Ok(runs?.into_iter().flatten().collect())
}
