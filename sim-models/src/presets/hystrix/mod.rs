//! Hystrix: properties of a command, as `hystrix.command.default` and `hystrix.threadpool.default` nest them.
//!
//! The parts that are given are wrapped as its command does: the fallback outermost, then the circuit breaker, the
//! semaphore, and the timeout round the thread pool.
//!
//! Source: Hystrix 1.5.18, `AbstractCommand.java`, `Hystrix*Properties.java`.

mod circuit_breaker;
mod execution;
mod fallback;
mod isolation;

pub use circuit_breaker::{
    HystrixCircuitBreaker, HystrixHealthSnapshot, HystrixMetrics, HystrixRollingStats,
};
pub use execution::{HystrixExecution, HystrixExecutionIsolation, HystrixThread, HystrixTimeout};
pub use fallback::{HystrixFallback, HystrixFallbackIsolation, HystrixFallbackSemaphore};
pub use isolation::{HystrixSemaphore, HystrixThreadPool};

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Properties of a command of Hystrix.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hystrix {
    /// What answers where it fails.
    #[serde(default)]
    pub fallback: Option<HystrixFallback>,
    /// Refuses calls while the callee fails.
    #[serde(default)]
    pub circuit_breaker: Option<HystrixCircuitBreaker>,
    /// What the circuit breaker goes by.
    #[serde(default)]
    pub metrics: HystrixMetrics,
    /// Bounds how long a call may take, and, where calls are isolated by a semaphore, how many are out at a time.
    #[serde(default)]
    pub execution: Option<HystrixExecution>,
    /// `hystrix.threadpool`: runs calls on threads of its own (`strategy` is `THREAD`, as it is unless given).
    #[serde(default)]
    pub thread_pool: Option<HystrixThreadPool>,
}

impl Preset for Hystrix {
    const SUMMARY: &'static str = "properties of a Hystrix command, with its names and defaults";
    const EXAMPLE: &'static str = r#"[hystrix(circuitBreaker: (requestVolumeThreshold: 20), threadPool: (coreSize: 10)), timeout("500ms")]"#;
    const VERSION: &'static str = "Hystrix 1.5.18";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.fallback {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.circuit_breaker {
            policies.extend(part.expand(&self.metrics)?);
        }
        if let Some(part) = &self.execution {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.thread_pool {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `circuitBreaker: ()`".into());
        }
        Ok(policies)
    }
}
