//! `Retry` of resilience4j, with the fields that Spring Boot adds.
//!
//! `maxAttempts` counts the first call. The wait is a whole number of milliseconds: of an exponential backoff it is cut at
//! each step (500, 750, 1125, 1687, 2530), randomised it is ⌊v - f v + U × (2 f v + 1)⌋ with v the wait and f the factor,
//! at least one, and `exponentialMaxWaitDuration` bounds the result. A Spring Boot file in which `waitDuration` is not
//! written gets none of the other fields (a constant 500 ms); here its default counts.
//!
//! Every exception is tried again, a refusal of an open breaker or a full bulkhead inside too, unless the two lists of
//! exceptions say otherwise; here they list outcomes.
//!
//! Source: resilience4j 2.4.0, `RetryConfig.java`, `RetryImpl.java`, `IntervalFunction.java`,
//! `CommonRetryConfigurationProperties.java`.

use crate::outcome::OutcomeSet;
use crate::resilience::{Backoff, ConstantBackoff, ExponentialBackoff, Jitter, PolicySpec, Retry};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `RetryConfig`, and those of Spring Boot.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4jRetry {
    /// Attempts at most, the first included.
    #[serde(default = "three")]
    pub max_attempts: u32,
    /// The wait, or the first of them.
    #[serde(default = "half_a_second")]
    pub wait_duration: SimDuration,
    /// Whether the wait grows.
    #[serde(default)]
    pub enable_exponential_backoff: bool,
    /// By what it is multiplied each time, if it grows.
    #[serde(default = "one_and_a_half")]
    pub exponential_backoff_multiplier: f64,
    /// The longest wait, if it grows; none: without bound.
    #[serde(default)]
    pub exponential_max_wait_duration: Option<SimDuration>,
    /// Whether the wait is drawn.
    #[serde(default)]
    pub enable_randomized_wait: bool,
    /// How far above and below, as a share of it, if it is drawn.
    #[serde(default = "half")]
    pub randomized_wait_factor: f64,
    /// What is tried again.
    #[serde(default = "all")]
    pub retry_exceptions: OutcomeSet,
    /// What is not, whatever `retryExceptions` says.
    #[serde(default = "none")]
    pub ignore_exceptions: OutcomeSet,
}

fn three() -> u32 {
    3
}

fn half_a_second() -> SimDuration {
    SimDuration::from_millis(500)
}

fn one_and_a_half() -> f64 {
    1.5
}

fn half() -> f64 {
    0.5
}

fn all() -> OutcomeSet {
    OutcomeSet::FAILURES
}

fn none() -> OutcomeSet {
    OutcomeSet::of(&[])
}

const MILLISECOND: SimDuration = SimDuration::from_millis(1);

impl Resilience4jRetry {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let factor = self.randomized_wait_factor;
        if !(0.0..=1.0).contains(&factor) {
            return Err(format!(
                "`randomizedWaitFactor` must be from 0 to 1, not {factor}"
            ));
        }
        if self.max_attempts == 0 {
            return Err("`maxAttempts` must be greater than or equal to 1".into());
        }
        let grown = self.enable_exponential_backoff || self.enable_randomized_wait;
        if grown && self.wait_duration < MILLISECOND {
            return Err(
                "`waitDuration` must be a millisecond at least where it grows or is drawn".into(),
            );
        }
        let multiplier = self.exponential_backoff_multiplier;
        if self.enable_exponential_backoff && !(multiplier.is_finite() && multiplier >= 1.0) {
            return Err(format!(
                "`exponentialBackoffMultiplier` must be 1 or more, not {multiplier}"
            ));
        }
        let jitter = if self.enable_randomized_wait {
            Jitter::Proportional(factor)
        } else {
            Jitter::None
        };
        let backoff = if self.enable_exponential_backoff {
            Backoff::Exponential(ExponentialBackoff {
                base: self.wait_duration,
                factor: multiplier,
                cap: self
                    .exponential_max_wait_duration
                    .unwrap_or(SimDuration::LONGEST),
                jitter,
                least: SimDuration::ZERO,
                cap_after_jitter: true,
                unit: Some(MILLISECOND),
            })
        } else {
            Backoff::Constant(ConstantBackoff {
                base: self.wait_duration,
                jitter,
                cap: None,
                unit: Some(MILLISECOND),
            })
        };
        Ok(vec![PolicySpec::Retry(Retry {
            attempts: self.max_attempts,
            backoff,
            on: self.retry_exceptions.without(self.ignore_exceptions)?,
            respect_push_back: false,
            ..Retry::default()
        })])
    }
}
