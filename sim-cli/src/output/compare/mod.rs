//! A comparison of variants: for people, as JSON and as CSV.

pub mod human;
pub mod json;
pub mod csv;

use sim_models::experiment::compare::{Comparison, Joined};

/// All that `sim compare` tells.
#[derive(Clone, Debug)]
pub struct Told {
    /// What was found.
    pub comparison: Comparison,
    /// Request by request: the variants that were traced, each with the condition and what came of it.
    pub joined: Vec<Traced>,
    /// Seeds of the first and the last replication.
    pub seeds: (u64, u64),
    /// The command that repeats it.
    pub reproduce: String,
}

/// A variant and the baseline, request by request.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Index of the variant.
    pub variant: usize,
    /// Index of the condition.
    pub condition: usize,
    /// What came of it.
    pub joined: Joined,
}

/// Version of the JSON and the CSV; counts up when a key or column changes its meaning or goes.
pub const SCHEMA: u32 = 2;
