//! `FailureAccrualFactory` of Finagle: `successRateWithinDuration` or `consecutiveFailures`, both unless one is left out.
//!
//! Source: Finagle 24.8, `liveness/FailureAccrualFactory.scala` (`defaultPolicy`), `liveness/FailureAccrualPolicy.scala`,
//! `Backoff.scala` (`equalJittered`).

use crate::resilience::{FailureAccrual, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `FailureAccrualPolicy`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FinagleFailureAccrual {
    /// The success rate that has to be met; 0: it is not asked.
    pub required_success_rate: f64,
    /// Over how long it is averaged.
    pub window: SimDuration,
    /// Results within `window` that it takes.
    pub min_request_threshold: u32,
    /// Failures in a row; 0: they are not counted.
    pub num_failures: u32,
    /// How long an endpoint is marked dead.
    pub mark_dead_for: FinagleDead,
}

/// How long an endpoint is marked dead.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum FinagleDead {
    /// Always as long: `const("5s")`.
    Const(SimDuration),
    /// Twice as long each time, half of it by chance: `equalJittered(start: "5s", maximum: "300s")`.
    EqualJittered(FinagleEqualJittered),
}

/// Parameters of `Backoff.equalJittered`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleEqualJittered {
    /// The first time.
    pub start: SimDuration,
    /// At most.
    pub maximum: SimDuration,
}

impl Default for FinagleFailureAccrual {
    fn default() -> Self {
        Self {
            required_success_rate: 0.8,
            window: SimDuration::from_secs(30),
            min_request_threshold: 5,
            num_failures: 5,
            mark_dead_for: FinagleDead::EqualJittered(FinagleEqualJittered {
                start: SimDuration::from_secs(5),
                maximum: SimDuration::from_secs(300),
            }),
        }
    }
}

impl FinagleFailureAccrual {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// A start that is longer than the maximum.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let (base, longest) = match &self.mark_dead_for {
            FinagleDead::Const(span) => (*span, *span),
            FinagleDead::EqualJittered(span) => (span.start, span.maximum),
        };
        if base > longest {
            return Err("`start` of `equalJittered` must not be longer than `maximum`".into());
        }
        Ok(vec![PolicySpec::FailureAccrual(FailureAccrual {
            failures: self.num_failures,
            success_rate: self.required_success_rate,
            window: self.window,
            requests: self.min_request_threshold,
            base,
            longest,
            ..FailureAccrual::default()
        })])
    }
}
