//! Why a sweep came to no end.

use super::record::Sweep;
use crate::experiment::run::Unable;
use crate::scenario::Override;
use std::any::Any;
use std::fmt;

/// Why a sweep came to no end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The scenario of a point did not pass its checks.
    #[error("point {}: {why}", point + 1)]
    Unable {
        /// Index of the point.
        point: u32,
        /// Why.
        why: Unable,
    },
    /// A run panicked, which is a bug of the simulator.
    #[error(transparent)]
    Panicked(Box<Panicked>),
}

/// A run that panicked, and all that it takes to see it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// Index of its point.
    pub point: u32,
    /// Its replication, from 0.
    pub replication: u32,
    /// Its seed.
    pub seed: u64,
    /// What its point sets in the scenario.
    pub set: Vec<Override>,
    /// What it said.
    pub message: String,
}

impl std::error::Error for Panicked {}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the run of point {}, replication {} (--seed {}",
            self.point + 1,
            self.replication + 1,
            self.seed
        )?;
        for set in &self.set {
            write!(f, " --set '{}={}'", set.path, set.value)?;
        }
        write!(f, ") panicked: {}", self.message)
    }
}

impl Failure {
    /// That a run panicked with this.
    pub(super) fn panicked(
        sweep: &Sweep,
        point: u32,
        replication: u32,
        cause: &(dyn Any + Send),
    ) -> Self {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied());
        Self::Panicked(Box::new(Panicked {
            point,
            replication,
            seed: sweep.seed_of(replication),
            set: sweep.points[point as usize].set.clone(),
            message: text.unwrap_or("without a word").into(),
        }))
    }

    /// Its place among the runs: of several failures the first is told.
    pub(super) fn place(&self) -> (u32, u32) {
        match self {
            Self::Unable { point, .. } => (*point, 0),
            Self::Panicked(panicked) => (panicked.point, panicked.replication),
        }
    }
}
