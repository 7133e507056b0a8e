//! Filter `admission_control` of Envoy: refuses calls by chance while too few succeed.
//!
//! Values are written as they are, without the key of the runtime: `aggression: 1.5` for `aggression: { default_value:
//! 1.5 }`, `sr_threshold: 95` for `sr_threshold: { default_value: { value: 95 } }`.
//!
//! What counts as a success: an answer, and an error with a status in `http_success_status`, 100 to 499 unless given.
//! One without a status failed.
//!
//! Source: Envoy's API v3, `admission_control.proto`; `admission_control.cc`, `success_criteria_evaluator.cc`.

use crate::outcome::OutcomeSet;
use crate::quantity::Rate;
use crate::resilience::{AdmissionControl, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `AdmissionControl`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyAdmissionControl {
    /// What counts as a success.
    #[serde(default)]
    pub success_criteria: EnvoySuccessCriteria,
    /// How far back requests count; what is no whole second is cut off.
    #[serde(default = "thirty_seconds")]
    pub sampling_window: SimDuration,
    /// The more, the more are refused for the same success rate; less than 1 is 1.
    #[serde(default = "one")]
    pub aggression: f64,
    /// The success rate below which requests are refused, per cent; less than 1 is 1, more than 100 is 100.
    #[serde(default = "ninety_five")]
    pub sr_threshold: f64,
    /// Requests per second below which none is refused.
    #[serde(default)]
    pub rps_threshold: u32,
    /// The probability at most, per cent.
    #[serde(default = "eighty")]
    pub max_rejection_probability: f64,
}

/// Fields of `SuccessCriteria`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoySuccessCriteria {
    /// Which statuses are successes.
    #[serde(default)]
    pub http_criteria: EnvoyHttpCriteria,
}

/// Fields of `HttpCriteria`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyHttpCriteria {
    /// Statuses that are successes.
    pub http_success_status: Vec<EnvoyRange>,
}

/// Statuses from `start` on, below `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyRange {
    /// The first one; at least 100.
    pub start: u16,
    /// The first one after them; at most 600.
    pub end: u16,
}

impl Default for EnvoyHttpCriteria {
    fn default() -> Self {
        Self {
            http_success_status: vec![EnvoyRange {
                start: 100,
                end: 500,
            }],
        }
    }
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

fn one() -> f64 {
    1.0
}

fn ninety_five() -> f64 {
    95.0
}

fn eighty() -> f64 {
    80.0
}

impl EnvoyHttpCriteria {
    /// All that is no success.
    fn failures(&self) -> Result<OutcomeSet, String> {
        let mut ranges = self.http_success_status.clone();
        ranges.sort_by_key(|range| range.start);
        let mut failed = Vec::new();
        let mut next = 0;
        for EnvoyRange { start, end } in ranges {
            if start < 100 || end > 600 || start >= end {
                return Err(format!(
                    "`http_success_status` has ranges of statuses, 100 to 600, not {start} to {end}"
                ));
            }
            if start > next {
                failed.push((next, start - 1));
            }
            next = next.max(end);
        }
        failed.push((next, 999));
        OutcomeSet::FAILURES.and_statuses(failed)
    }
}

impl EnvoyAdmissionControl {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// Statuses that are none.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let second = 1_000_000_000;
        if self.sampling_window.0 < second {
            return Err("`sampling_window` must be at least 1s".into());
        }
        Ok(vec![PolicySpec::AdmissionControl(AdmissionControl {
            window: SimDuration(self.sampling_window.0 / second * second),
            threshold: self.sr_threshold.clamp(1.0, 100.0) / 100.0,
            aggression: self.aggression.max(1.0),
            least_rate: Rate(f64::from(self.rps_threshold)),
            most: self.max_rejection_probability.clamp(0.0, 100.0) / 100.0,
            on: self.success_criteria.http_criteria.failures()?,
            scope: Default::default(),
            by: None,
            push_back: None,
        })])
    }
}
