//! Sweep files: as they are read, and as they stand in a folder.

use sim_models::experiment::spec;
pub use sim_models::experiment::spec::read_spec;
use sim_models::experiment::sweep::Sweep;

/// A sweep as resolved, for a folder with its scenario beside it.
#[must_use]
pub fn to_ron(sweep: &Sweep) -> String {
    spec::to_ron(sweep, "scenario.ron")
}
