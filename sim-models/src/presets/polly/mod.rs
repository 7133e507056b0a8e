//! Polly: its strategies, as their options name their fields.
//!
//! Source: Polly 8, `src/Polly.Core`.

mod circuit_breaker;

pub use circuit_breaker::PollyCircuitBreaker;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Strategies of Polly.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Polly {
    /// Refuses calls while the callee fails.
    #[serde(default)]
    pub circuit_breaker: Option<PollyCircuitBreaker>,
}

impl Preset for Polly {
    const SUMMARY: &'static str = "strategies of Polly, with its names and defaults";
    const EXAMPLE: &'static str =
        "polly(circuitBreaker: (FailureRatio: 0.5, MinimumThroughput: 20))";
    const VERSION: &'static str = "Polly 8.7.0";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.circuit_breaker {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `circuitBreaker: ()`".into());
        }
        Ok(policies)
    }
}
