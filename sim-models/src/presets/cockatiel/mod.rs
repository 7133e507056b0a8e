//! cockatiel: its policies, as their options name their fields.
//!
//! Source: cockatiel 3.2.1 and 4.0.0.

mod circuit_breaker;

pub use circuit_breaker::CockatielCircuitBreaker;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Policies of cockatiel.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cockatiel {
    /// Refuses calls while the callee fails.
    #[serde(default)]
    pub circuit_breaker: Option<CockatielCircuitBreaker>,
}

impl Preset for Cockatiel {
    const SUMMARY: &'static str = "policies of cockatiel, with its names and defaults";
    const EXAMPLE: &'static str =
        "cockatiel(circuitBreaker: (halfOpenAfter: 10000, breaker: ConsecutiveBreaker(5)))";
    const VERSION: &'static str = "cockatiel 3.2.1";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.circuit_breaker {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err(
                "name a part of it, such as `circuitBreaker: (halfOpenAfter: 10000, breaker: ConsecutiveBreaker(5))`"
                    .into(),
            );
        }
        Ok(policies)
    }
}
