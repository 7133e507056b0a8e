//! Sensitivity: which settings matter for a measure, and which do not.
//!
//! [`sobol`] shares the variance of a measure out among the settings and their interactions;
//! [`morris`] only ranks them, with far fewer runs. Both are pure functions from designs on the unit
//! cube and values to indices: whoever calls them runs the points.

mod bootstrap;
mod effects;
pub mod luck;
mod seeds;
pub mod sobol;
pub mod morris;
mod assess;

pub use assess::{Design, MOST_REPLICATIONS, Values};
pub use effects::{
    Effect, Effects, Found, Indices, Influence, MOST_LUCK, Method, NEGLIGIBLE_EFFECT,
    NEGLIGIBLE_SHARE, Negligible, NoIndices,
};

use super::space::Axis;

/// Which settings matter, for one or more measures.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// The settings that vary.
    pub axes: Vec<Axis>,
    /// How it was found out.
    pub method: Method,
    /// Base samples (Sobol) or trajectories (Morris).
    pub samples: u32,
    /// How often each point was run; all points under the same seeds.
    pub replications: u32,
    /// Seed of the first replication.
    pub seed: u64,
    /// Runs in all.
    pub runs: u64,
    /// For each measure what matters for it.
    pub measures: Vec<Effects>,
}
