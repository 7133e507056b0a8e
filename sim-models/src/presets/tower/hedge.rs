//! `Hedge` of tower: one more request after a percentile of recent latencies.
//!
//! The percentile is that of the whole `period` before the one that runs, of successes alone, in milliseconds; with fewer
//! than `min_data_points` of them none is sent. The first of the two to end is the result, whatever it is.
//! `latency_percentile` is of single precision: 0.99 is a little more than 0.99, and of a hundred latencies the longest.
//!
//! Source: tower 0.5.3, `hedge/{mod,delay,latency,rotating_histogram,select}.rs`.

use crate::outcome::OutcomeSet;
use crate::resilience::{Hedge, Learn, Percentile, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `Hedge::new`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TowerHedge {
    /// Successes of the last period that it takes.
    pub min_data_points: u32,
    /// Which percentile, 0 to 1.
    pub latency_percentile: f32,
    /// How long a period is.
    pub period: SimDuration,
}

impl TowerHedge {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// A percentile that is none.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if !(0.0..=1.0).contains(&self.latency_percentile) {
            let percentile = self.latency_percentile;
            return Err(format!(
                "`latency_percentile` must be 0 to 1, not {percentile}"
            ));
        }
        Ok(vec![PolicySpec::Hedge(Hedge {
            after: Hedge::NEVER,
            on: OutcomeSet::of(&[]),
            learn: Some(Learn::Percentile(Percentile {
                rank: f64::from(self.latency_percentile),
                least: SimDuration::ZERO,
                most: SimDuration::from_secs(3600),
                slice: self.period,
                slices: 1,
                samples: self.min_data_points,
                given_up: false,
                ..Percentile::default()
            })),
            ..Hedge::default()
        })])
    }
}
