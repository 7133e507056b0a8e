//! A sweep, and what its runs leave.

use super::until::Precision;
use crate::experiment::space::{Axis, Point};
use crate::expression::Measure;
use crate::observe::conclusion::{Conclusion, StoppedBy};
use crate::scenario::Scenario;

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

impl Sweep {
    /// The seed of a replication: the same at every point.
    #[must_use]
    pub fn seed_of(&self, replication: u32) -> u64 {
        self.seed.wrapping_add(u64::from(replication))
    }
}

/// How often each point is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Replications {
    /// So often.
    Fixed(u32),
    /// Until a measure is known well enough.
    Until(Precision),
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
    /// Digest of its events; 0 where it is not known.
    pub digest: u128,
    /// Events handled.
    pub events: u64,
    /// Why it stopped.
    pub stopped_by: StoppedBy,
    /// The verdict.
    pub verdict: Conclusion,
    /// The measures over the run without its warm-up, in the order of the sweep; none where there was
    /// nothing to measure, infinite for a time that did not end.
    pub values: Vec<Option<f64>>,
    /// The same for each time window (none for measures of whole runs only), if asked for.
    pub windows: Vec<Vec<Option<f64>>>,
}
