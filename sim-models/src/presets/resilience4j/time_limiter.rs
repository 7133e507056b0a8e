//! `TimeLimiter` of resilience4j: the caller waits no longer than so, in whole milliseconds.
//!
//! Source: resilience4j 2.4.0, `TimeLimiterConfig.java`, `TimeLimiterImpl.java` (`getTimeoutDuration().toMillis()`).

use crate::resilience::{Cancellation, PolicySpec, Timeout};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `TimeLimiterConfig`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4jTimeLimiter {
    /// How long a call may take.
    #[serde(default = "one_second")]
    pub timeout_duration: SimDuration,
    /// Whether the callee is told when the caller waits no longer.
    #[serde(default = "yes")]
    pub cancel_running_future: bool,
}

fn one_second() -> SimDuration {
    SimDuration::from_secs(1)
}

fn yes() -> bool {
    true
}

impl Resilience4jTimeLimiter {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// None.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = vec![PolicySpec::Timeout(Timeout {
            after: SimDuration(self.timeout_duration.0 / 1_000_000 * 1_000_000),
        })];
        if self.cancel_running_future {
            policies.push(PolicySpec::Cancellation(Cancellation {}));
        }
        Ok(policies)
    }
}
