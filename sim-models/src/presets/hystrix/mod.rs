//! Hystrix: its properties, as `hystrix.command.default` nests them.
//!
//! Source: Hystrix 1.5.18, `HystrixCommandProperties.java`.

mod circuit_breaker;

pub use circuit_breaker::{HystrixCircuitBreaker, HystrixMetrics};

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Properties of a command of Hystrix.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hystrix {
    /// Refuses calls while the callee fails.
    #[serde(default)]
    pub circuit_breaker: Option<HystrixCircuitBreaker>,
    /// What the circuit breaker goes by.
    #[serde(default)]
    pub metrics: HystrixMetrics,
}

impl Preset for Hystrix {
    const SUMMARY: &'static str = "properties of Hystrix, with its names and defaults";
    const EXAMPLE: &'static str = "hystrix(circuitBreaker: (requestVolumeThreshold: 20))";
    const VERSION: &'static str = "Hystrix 1.5.18";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let Some(part) = &self.circuit_breaker else {
            return Err("name a part of it, such as `circuitBreaker: ()`".into());
        };
        part.expand(&self.metrics)
    }
}
