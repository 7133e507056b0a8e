//! `NackAdmissionFilter` of Finagle: refuses calls by chance while too many are nacked.
//!
//! Source: Finagle, `filter/NackAdmissionFilter.scala` (commit 4feb34c).

use crate::resilience::{NackAdmission, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `NackAdmissionFilter`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FinagleNackAdmission {
    /// The mean lifetime of a response in the moving average.
    pub window: SimDuration,
    /// The share of nacks above which requests are dropped, between 0 and 1.
    pub nack_rate_threshold: f64,
}

impl Default for FinagleNackAdmission {
    fn default() -> Self {
        Self {
            window: SimDuration::from_secs(120),
            nack_rate_threshold: 0.5,
        }
    }
}

impl FinagleNackAdmission {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What its constructor requires.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.window == SimDuration::ZERO {
            return Err("`window` must be positive".into());
        }
        if !(self.nack_rate_threshold > 0.0 && self.nack_rate_threshold < 1.0) {
            return Err("`nackRateThreshold` must lie in (0, 1)".into());
        }
        Ok(vec![PolicySpec::NackAdmission(NackAdmission {
            window: self.window,
            threshold: self.nack_rate_threshold,
            ..NackAdmission::default()
        })])
    }
}
