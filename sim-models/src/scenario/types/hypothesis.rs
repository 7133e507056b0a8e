//! What is believed of a run, and what it may cost.

use super::defaults;
use crate::expression::Belief;
use crate::quantity::units::Size;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// What the author believes will happen.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// Checks that hold before the first fault and again after each: `"success_ratio(shoppers) >= 0.999"`.
    #[serde(default)]
    pub steady: Vec<Belief>,
    /// Checks while a fault is on, over each of its periods: what it may do. Where they hold, the steady
    /// state may break meanwhile.
    #[serde(default)]
    pub during: Vec<Belief>,
    /// Checks on the whole run after the warm-up, faults included.
    #[serde(default)]
    pub always: Vec<Belief>,
    /// How soon the system is back after each fault.
    #[serde(default)]
    pub recovers: Option<Recovers>,
    /// The share of requests and of time that must be good, for error budgets.
    #[serde(default = "defaults::objective")]
    pub objective: f64,
}

/// How soon the system is back after each fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovers {
    /// Counted from the end of the fault.
    pub within: SimDuration,
    /// How long the steady state must then keep holding.
    #[serde(default = "defaults::stretch")]
    pub stretch: SimDuration,
}

/// When to stop a run that got out of hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Steps: events handled, messages without delay, calls, rounds of loops, candidates for arrivals.
    #[serde(default = "defaults::events")]
    pub events: u64,
    /// Requests and calls in flight at a time.
    #[serde(default = "defaults::in_flight")]
    pub in_flight: u64,
    /// Memory of the simulated state.
    #[serde(default = "defaults::memory")]
    pub memory: Size,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            events: defaults::events(),
            in_flight: defaults::in_flight(),
            memory: defaults::memory(),
        }
    }
}

impl Default for Hypothesis {
    fn default() -> Self {
        Self {
            steady: Vec::new(),
            during: Vec::new(),
            always: Vec::new(),
            recovers: None,
            objective: defaults::objective(),
        }
    }
}
