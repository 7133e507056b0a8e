//! What was found of each setting.

use super::bootstrap::Resamples;
use crate::expression::Measure;
use sim_core::stats::Interval;

/// How sensitivity is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Sobol indices: shares of the variance.
    Sobol,
    /// Screening by elementary effects.
    Morris,
}

/// What the settings do to one measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// The measure.
    pub measure: Measure,
    /// Its mean over the points, in its unit.
    pub mean: f64,
    /// Its standard deviation over the points, in its unit.
    pub sd: f64,
    /// Share of the variance between the points that is luck, 0 to 1: what averaging over the
    /// replications left of the differences between seeds. None with a single replication.
    pub luck: Option<f64>,
    /// One for each axis, in the order of the axes.
    pub settings: Vec<Effect>,
    /// Indices of the axes, the most influential first.
    pub order: Vec<usize>,
    /// The settings that matter, the most influential first, in groups: every one of a group has more
    /// influence than every one of the next, by paired differences that hold together; within a group
    /// there is no order. Morris's mu* is no influence over the whole range, so it makes one group.
    pub groups: Vec<Vec<usize>>,
    /// What is too little to matter: a share of the variance, or a mu* in the unit of the measure.
    pub negligible: Negligible,
    /// Share of the variance that the settings that matter explain together, 0 to 1, with their
    /// interactions among each other. None for Morris, and where fewer than two settings matter: what a
    /// single one explains is its first index.
    pub together: Option<Interval>,
}

/// What one setting does to a measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The indices.
    pub indices: Indices,
    /// What they say.
    pub influence: Influence,
    /// About how many base samples or trajectories it would take to say more; none where it is said, or
    /// where it would be far more than there are.
    pub needed: Option<u32>,
    /// About how many replications it would take to say more, where luck hides what the setting does: its
    /// indices are then those of these few seeds, and of no others.
    pub replications: Option<u32>,
}

/// Indices with all that claims about them rest on.
#[derive(Clone, Debug)]
pub struct Found {
    /// For each setting.
    pub indices: Vec<Indices>,
    /// Resampled statistics.
    pub(super) resamples: Resamples,
    /// Which of them is the strength of each setting.
    pub(super) strengths: Vec<usize>,
    /// Which of them is the strength of each setting with all its luck.
    pub(super) raw: Vec<usize>,
    /// What the seeds' own reactions add to the strength of each setting, in its unit: of replications that
    /// agree nothing.
    pub(super) luck: Vec<f64>,
    /// The largest strength that a single comparison of two points has shown, of any setting.
    pub(super) most: f64,
}

/// Numbers for the influence of a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Indices {
    /// Sobol's, with bootstrap intervals.
    Sobol {
        /// Share of the variance that the setting explains by itself.
        first: Interval,
        /// Share of the variance that would be left if all others were fixed: its own and that of
        /// all interactions in which it takes part.
        total: Interval,
        /// Total minus first: what it does only together with others.
        interactions: Interval,
    },
    /// Morris's, in the unit of the measure for a mean step, times the steps of the range.
    Morris {
        /// Mean of the elementary effects: near 0 with a large `mu_star` where the sign differs.
        mu: f64,
        /// Mean of their absolute values.
        mu_star: Interval,
        /// Their standard deviation: large for effects that bend or depend on other settings.
        sigma: f64,
    },
}

impl Indices {
    /// What settings are ranked by: the total index, or mu*.
    #[must_use]
    pub fn strength(&self) -> Interval {
        match self {
            Self::Sobol { total, .. } => *total,
            Self::Morris { mu_star, .. } => *mu_star,
        }
    }
}

/// Whether a setting matters. That it does is said with 95 % confidence for all settings together, that it
/// does not with as much for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Influence {
    /// The lower end of its interval lies above what is negligible, and what it does is more than what the
    /// seeds disagree on.
    Matters,
    /// The interval holds both.
    Unclear,
    /// The interval lies below what is negligible, but so few comparisons may have missed a part of the
    /// ranges in which it is strong.
    Unproven,
    /// The upper end of its interval lies below what is negligible, even if a part of the ranges that is
    /// small enough to have been missed is as sensitive to it as any that was seen.
    Negligible,
}

/// What is too little to matter, and where that comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Negligible {
    /// A share of the variance, or a mu* in the unit of the measure.
    pub bound: f64,
    /// Luck alone moves the measure as far (Morris).
    pub luck: bool,
}

/// A total index up to which a setting is negligible: 5 % of the variance (A. Saltelli et al.,
/// "Global Sensitivity Analysis: The Primer", 2008, fix what has a total index near zero).
pub const NEGLIGIBLE_SHARE: f64 = 0.05;

/// A share of the variance up to which luck is not most of it. Beyond, what the seeds have in common is not
/// known well enough to call anything negligible.
pub const MOST_LUCK: f64 = 0.5;

/// A mu* up to which a setting is negligible, as a share of the largest one.
pub const NEGLIGIBLE_EFFECT: f64 = 0.1;

/// Why there are no indices.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoIndices {
    /// Values are missing.
    #[error("{missing} of {runs} runs have no value")]
    Missing {
        /// Runs without a value.
        missing: u64,
        /// All runs.
        runs: u64,
    },
    /// Values are infinite.
    #[error("{infinite} of {runs} runs have an infinite value")]
    Infinite {
        /// Runs with an infinite value.
        infinite: u64,
        /// All runs.
        runs: u64,
    },
}
