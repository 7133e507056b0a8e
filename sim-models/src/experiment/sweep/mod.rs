//! Sweeps: many points, each replicated under the same seeds, in parallel.
//!
//! Replication `r` of every point runs with seed `seed + r`, so all points face the same luck (common
//! random numbers), and `sim run --seed` repeats any one run. What a run yields depends on its point
//! and replication alone: not on the thread, the order of completion, or the shard.

mod shard;
mod until;
mod record;
mod row;
mod failure;
mod group;
mod key;
mod table;
mod work;
mod execute;

pub use execute::{execute, points, runs};
pub use failure::{Failure, Panicked};
pub use key::{Keys, RunKey, run_key, sweep_key};
pub use record::{Record, Replications, Sweep};
pub use row::{Known, Row, Values};
pub use shard::Shard;
pub use table::{Cell, Finite, LEVEL, MEDIAN, P90, Table, VerdictShare};
pub use until::{Next, Precision};

#[cfg(test)]
mod tests;
