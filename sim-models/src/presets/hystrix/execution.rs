//! `execution.*` of a Hystrix command: its timeout, and the semaphore that isolates it.
//!
//! Source: Hystrix 1.5.18, `HystrixCommandProperties.java`, `AbstractCommand.java` (`HystrixObservableTimeoutOperator`).

use super::HystrixSemaphore;
use crate::resilience::{Cancellation, PolicySpec, Timeout};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Properties below `execution`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HystrixExecution {
    /// `execution.timeout`.
    pub timeout: HystrixTimeout,
    /// `execution.isolation`.
    pub isolation: HystrixExecutionIsolation,
}

/// Properties below `execution.timeout`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HystrixTimeout {
    /// Whether a call is given up after a while.
    pub enabled: bool,
}

/// Properties below `execution.isolation`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HystrixExecutionIsolation {
    /// `execution.isolation.thread`.
    pub thread: HystrixThread,
    /// `execution.isolation.semaphore`: bounds how many calls are out at a time, where `strategy` is `SEMAPHORE`.
    pub semaphore: Option<HystrixSemaphore>,
}

/// Properties below `execution.isolation.thread`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HystrixThread {
    /// After how long a call is given up (ms).
    pub timeout_in_milliseconds: u32,
    /// Whether what it runs is interrupted then.
    pub interrupt_on_timeout: bool,
}

impl Default for HystrixTimeout {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for HystrixThread {
    fn default() -> Self {
        Self {
            timeout_in_milliseconds: 1000,
            interrupt_on_timeout: true,
        }
    }
}

impl HystrixExecution {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// A timeout of zero, or neither a timeout nor a semaphore.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = match &self.isolation.semaphore {
            Some(semaphore) => semaphore.expand()?,
            None => Vec::new(),
        };
        if !self.timeout.enabled {
            if policies.is_empty() {
                return Err("`execution` without its `timeout` does nothing".into());
            }
            return Ok(policies);
        }
        let thread = &self.isolation.thread;
        if thread.timeout_in_milliseconds == 0 {
            return Err("`timeoutInMilliseconds` must be at least 1".into());
        }
        let after = SimDuration::from_millis(u64::from(thread.timeout_in_milliseconds));
        policies.push(PolicySpec::Timeout(Timeout { after }));
        if thread.interrupt_on_timeout {
            policies.push(PolicySpec::Cancellation(Cancellation {}));
        }
        Ok(policies)
    }
}
