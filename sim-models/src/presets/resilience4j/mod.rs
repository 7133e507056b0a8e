//! resilience4j: its modules, as their `Config` classes and the Spring Boot properties name their fields.
//!
//! The parts that are given are wrapped as its Spring Boot starter does by default:
//! `Retry ( CircuitBreaker ( RateLimiter ( TimeLimiter ( Bulkhead ( call ) ) ) ) )`; a hedge, which the starter does not
//! know, stands outside the time limiter.
//!
//! Source: resilience4j 2.4.0, its `*Config.java`, and "Aspect order" of its Spring Boot guide.

mod bulkhead;
mod circuit_breaker;
mod hedge;
mod rate_limiter;
mod retry;
mod thread_pool_bulkhead;
mod time_limiter;

pub use bulkhead::Resilience4jBulkhead;
pub use circuit_breaker::{
    InitialState, Resilience4jCircuitBreaker, SlidingWindowType, StateAfterWait,
};
pub use hedge::{Resilience4jHedge, Resilience4jHedgeDuration};
pub use rate_limiter::Resilience4jRateLimiter;
pub use retry::Resilience4jRetry;
pub use thread_pool_bulkhead::Resilience4jThreadPoolBulkhead;
pub use time_limiter::Resilience4jTimeLimiter;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Modules of resilience4j.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4j {
    /// Tries again.
    #[serde(default)]
    pub retry: Option<Resilience4jRetry>,
    /// Refuses calls while the callee fails.
    #[serde(default)]
    pub circuit_breaker: Option<Resilience4jCircuitBreaker>,
    /// Bounds how many calls begin in each cycle.
    #[serde(default)]
    pub rate_limiter: Option<Resilience4jRateLimiter>,
    /// Asks once more while the first call is out.
    #[serde(default)]
    pub hedge: Option<Resilience4jHedge>,
    /// Bounds how long a call may take.
    #[serde(default)]
    pub time_limiter: Option<Resilience4jTimeLimiter>,
    /// Bounds how many calls are out at a time.
    #[serde(default)]
    pub bulkhead: Option<Resilience4jBulkhead>,
    /// Runs calls on threads of its own.
    #[serde(default)]
    pub thread_pool_bulkhead: Option<Resilience4jThreadPoolBulkhead>,
}

impl Preset for Resilience4j {
    const SUMMARY: &'static str = "modules of resilience4j, with its names and defaults";
    const EXAMPLE: &'static str = r#"resilience4j(circuitBreaker: (failureRateThreshold: 50), timeLimiter: (timeoutDuration: "1s"))"#;
    const VERSION: &'static str = "resilience4j 2.4.0";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.retry {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.circuit_breaker {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.rate_limiter {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.hedge {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.time_limiter {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.bulkhead {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.thread_pool_bulkhead {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `circuitBreaker: ()`".into());
        }
        Ok(policies)
    }
}
