//! `AddRetry` of Polly.
//!
//! `MaxRetryAttempts` leaves the first call out. `MaxDelay` bounds what is drawn, of a constant delay too. `UseJitter`
//! spreads constant and linear delays by a quarter above and below, and makes exponential ones `DecorrelatedJitterV2`,
//! whose first delay may be near zero.
//!
//! Source: Polly 8.7.0, `RetryStrategyOptions.TResult.cs`, `RetryHelper.cs`, `RetryResilienceStrategy.cs`.

use crate::outcome::OutcomeSet;
use crate::resilience::{
    Backoff, ConstantBackoff, ExponentialBackoff, Jitter, LinearBackoff, PolicySpec, Retry,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Properties of `RetryStrategyOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollyRetry {
    /// Retries at most, the first call not counted.
    #[serde(default = "three")]
    pub max_retry_attempts: u32,
    /// How the delay grows.
    #[serde(default)]
    pub backoff_type: PollyBackoffType,
    /// The delay, or the first of them.
    #[serde(default = "two_seconds")]
    pub delay: SimDuration,
    /// The longest delay; none: without bound.
    #[serde(default)]
    pub max_delay: Option<SimDuration>,
    /// Whether the delay is drawn.
    #[serde(default)]
    pub use_jitter: bool,
    /// What is tried again.
    #[serde(default = "all")]
    pub should_handle: OutcomeSet,
}

/// Values of `DelayBackoffType`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
pub enum PollyBackoffType {
    /// Always the same.
    #[default]
    Constant,
    /// The delay times 1, 2, 3, ..
    Linear,
    /// The delay times 1, 2, 4, ..
    Exponential,
}

fn three() -> u32 {
    3
}

fn two_seconds() -> SimDuration {
    SimDuration::from_secs(2)
}

fn all() -> OutcomeSet {
    OutcomeSet::FAILURES
}

impl PollyRetry {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.max_retry_attempts == 0 {
            return Err("`MaxRetryAttempts` must be 1 at least".into());
        }
        let day = SimDuration::from_secs(86_400);
        if self.delay > day || self.max_delay > Some(day) {
            return Err("`Delay` and `MaxDelay` must be a day at most".into());
        }
        let (base, cap) = (self.delay, self.max_delay);
        let jitter = match (self.use_jitter, self.backoff_type) {
            (false, _) => Jitter::None,
            (true, PollyBackoffType::Exponential) => Jitter::DecorrelatedV2,
            (true, _) => Jitter::Proportional(0.25),
        };
        let longest = cap.unwrap_or(SimDuration::LONGEST);
        let backoff = match self.backoff_type {
            _ if base == SimDuration::ZERO => Backoff::None,
            PollyBackoffType::Constant => Backoff::Constant(ConstantBackoff {
                base,
                jitter,
                cap,
                unit: None,
            }),
            PollyBackoffType::Linear => Backoff::Linear(LinearBackoff {
                base,
                cap: longest,
                jitter,
                step: None,
                cap_after_jitter: true,
            }),
            PollyBackoffType::Exponential => Backoff::Exponential(ExponentialBackoff {
                base,
                factor: 2.0,
                cap: longest,
                jitter,
                least: SimDuration::ZERO,
                cap_after_jitter: true,
                unit: None,
            }),
        };
        Ok(vec![PolicySpec::Retry(Retry {
            attempts: self.max_retry_attempts.saturating_add(1),
            backoff,
            on: self.should_handle,
            respect_push_back: false,
            ..Retry::default()
        })])
    }
}
