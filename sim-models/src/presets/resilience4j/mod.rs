//! resilience4j: its modules, as their `Config` classes and the Spring Boot properties name their fields.
//!
//! The parts that are given are wrapped as its Spring Boot starter does by default:
//! `Retry ( CircuitBreaker ( RateLimiter ( TimeLimiter ( Bulkhead ( call ) ) ) ) )`.
//!
//! Source: resilience4j 2.4.0, its `*Config.java`, and "Aspect order" of its Spring Boot guide.

mod circuit_breaker;
mod time_limiter;

pub use circuit_breaker::Resilience4jCircuitBreaker;
pub use time_limiter::Resilience4jTimeLimiter;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Modules of resilience4j.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4j {
    /// Refuses calls while the callee fails.
    #[serde(default)]
    pub circuit_breaker: Option<Resilience4jCircuitBreaker>,
    /// Bounds how long a call may take.
    #[serde(default)]
    pub time_limiter: Option<Resilience4jTimeLimiter>,
}

impl Preset for Resilience4j {
    const SUMMARY: &'static str = "modules of resilience4j, with its names and defaults";
    const EXAMPLE: &'static str = r#"resilience4j(timeLimiter: (timeoutDuration: "1s"))"#;
    const VERSION: &'static str = "resilience4j 2.4.0";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.circuit_breaker {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.time_limiter {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `timeLimiter: ()`".into());
        }
        Ok(policies)
    }
}
