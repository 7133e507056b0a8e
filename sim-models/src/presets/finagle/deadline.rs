//! `DeadlineFilter` of Finagle: turns away requests whose deadline has passed, unless it would be too many.
//!
//! Source: Finagle, `service/DeadlineFilter.scala` (commit 4feb34c).

use crate::resilience::{PolicySpec, ShedByDeadline};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `DeadlineFilter`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FinagleDeadline {
    /// Over how long `maxRejectFraction` holds; 1 s to 60 s.
    pub reject_period: SimDuration,
    /// The share of requests that may be turned away, 0 to 1; 0: the filter is left out.
    pub max_reject_fraction: f64,
    /// Whether it turns requests away.
    pub mode: FinagleDeadlineMode,
}

/// `DeadlineFilter.Mode`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
pub enum FinagleDeadlineMode {
    /// The filter is left out.
    Disabled,
    /// It counts, and turns nobody away: Finagle's default.
    #[default]
    DarkMode,
    /// It turns away.
    Enabled,
}

impl Default for FinagleDeadline {
    fn default() -> Self {
        Self {
            reject_period: SimDuration::from_secs(10),
            max_reject_fraction: 0.2,
            mode: FinagleDeadlineMode::DarkMode,
        }
    }
}

impl FinagleDeadline {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What its constructor requires.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let seconds = SimDuration::from_secs(1)..=SimDuration::from_secs(60);
        if !seconds.contains(&self.reject_period) {
            return Err("`rejectPeriod` must be [1 second, 60 seconds]".into());
        }
        if !(0.0..=1.0).contains(&self.max_reject_fraction) {
            return Err("`maxRejectFraction` must be between 0.0 and 1.0".into());
        }
        if self.mode == FinagleDeadlineMode::Disabled || self.max_reject_fraction == 0.0 {
            return Ok(Vec::new());
        }
        Ok(vec![PolicySpec::ShedByDeadline(ShedByDeadline {
            left: SimDuration::ZERO,
            most: Some(self.max_reject_fraction),
            period: self.reject_period,
            count_only: self.mode == FinagleDeadlineMode::DarkMode,
            scope: Default::default(),
        })])
    }
}
