//! `RateLimiter` of resilience4j: so many calls in each cycle, with reservations in the next ones.
//!
//! Cycles count from its creation, the start of the run. A refusal comes at once, as that of `reservePermission` and of
//! its reactive operators does; the blocking `acquirePermission` sleeps for `timeoutDuration` before it refuses, which is
//! `in_vain` of `window_limit`.
//!
//! Source: resilience4j 2.4.0, `RateLimiterConfig.java`, `AtomicRateLimiter.java` (`calculateNextState`).

use crate::resilience::{PolicySpec, Starts, WindowLimit};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `RateLimiterConfig`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4jRateLimiter {
    /// How long a call waits for its permission, at most.
    #[serde(default = "five_seconds")]
    pub timeout_duration: SimDuration,
    /// How long a cycle is.
    #[serde(default = "five_hundred_nanoseconds")]
    pub limit_refresh_period: SimDuration,
    /// Permissions of a cycle.
    #[serde(default = "fifty")]
    pub limit_for_period: u32,
}

fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}

fn five_hundred_nanoseconds() -> SimDuration {
    SimDuration(500)
}

fn fifty() -> u32 {
    50
}

impl Resilience4jRateLimiter {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// A cycle without length or permissions.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.limit_refresh_period == SimDuration::ZERO {
            return Err("`limitRefreshPeriod` is too short".into());
        }
        if self.limit_for_period == 0 {
            return Err("`limitForPeriod` should be greater than 0".into());
        }
        Ok(vec![PolicySpec::WindowLimit(WindowLimit {
            limit: self.limit_for_period,
            window: self.limit_refresh_period,
            starts: Starts::Fixed,
            wait: Some(self.timeout_duration),
            ..WindowLimit::default()
        })])
    }
}
