//! `retryPolicy` and `retryThrottling` of gRPC.
//!
//! `maxAttempts` counts the first attempt and is cut to 5, unless the channel allows more. Before retry n it waits for
//! min(initialBackoff × backoffMultiplier^(n-1), maxBackoff) × U(0.8, 1.2); told when to come again
//! (`grpc-retry-pushback-ms`), for exactly that long, after which the backoff begins anew. There are no defaults.
//!
//! Source: gRPC A6; grpc-go `stream.go` (`shouldRetry`), `service_config.go` (`convertRetryPolicy`).

use super::GrpcCode;
use crate::outcome::OutcomeSet;
use crate::resilience::{
    Backoff, ExponentialBackoff, Jitter, PolicySpec, Retry, RetryThrottle, Scope,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `retryPolicy`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcRetryPolicy {
    /// Attempts at most, the first included: two or more; more than five are five.
    pub max_attempts: u32,
    /// The first wait, before it is spread.
    pub initial_backoff: SimDuration,
    /// The longest wait, before it is spread.
    pub max_backoff: SimDuration,
    /// By what the wait is multiplied each time.
    pub backoff_multiplier: f64,
    /// What is tried again.
    pub retryable_status_codes: Vec<GrpcCode>,
}

/// Fields of `retryThrottling`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcRetryThrottling {
    /// The most tokens, and what it begins with: above 0, at most 1000.
    pub max_tokens: f64,
    /// What each success puts in.
    pub token_ratio: f64,
}

/// What a channel cuts attempts to.
const MOST_ATTEMPTS: u32 = 5;

impl GrpcRetryPolicy {
    fn on(&self) -> Result<OutcomeSet, String> {
        GrpcCode::set(&self.retryable_status_codes)
    }

    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.max_attempts < 2 {
            return Err("`maxAttempts` must be greater than 1".into());
        }
        if self.initial_backoff == SimDuration::ZERO || self.max_backoff == SimDuration::ZERO {
            return Err("`initialBackoff` and `maxBackoff` must be longer than zero".into());
        }
        let multiplier = self.backoff_multiplier;
        if !(multiplier.is_finite() && multiplier > 0.0) {
            return Err(format!(
                "`backoffMultiplier` must be greater than 0, not {multiplier}"
            ));
        }
        if self.retryable_status_codes.is_empty() {
            return Err("`retryableStatusCodes` must name one at least".into());
        }
        Ok(vec![PolicySpec::Retry(Retry {
            attempts: self.max_attempts.min(MOST_ATTEMPTS),
            backoff: Backoff::Exponential(ExponentialBackoff {
                base: self.initial_backoff,
                factor: multiplier,
                cap: self.max_backoff,
                jitter: Jitter::Proportional(0.2),
                least: SimDuration::ZERO,
                cap_after_jitter: false,
                unit: None,
            }),
            on: self.on()?,
            ..Retry::default()
        })])
    }
}

impl GrpcRetryThrottling {
    /// The policies that it stands for, inside this retry if there is one.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(
        &self,
        retry: Option<&GrpcRetryPolicy>,
    ) -> Result<Vec<PolicySpec>, String> {
        if !(self.max_tokens > 0.0 && self.max_tokens <= 1000.0) {
            return Err(format!(
                "`maxTokens` must be above 0 and at most 1000, not {}",
                self.max_tokens
            ));
        }
        if !(self.token_ratio.is_finite() && self.token_ratio > 0.0) {
            return Err(format!(
                "`tokenRatio` must be above 0, not {}",
                self.token_ratio
            ));
        }
        Ok(vec![PolicySpec::RetryThrottle(RetryThrottle {
            max_tokens: self.max_tokens,
            token_ratio: self.token_ratio,
            on: retry.map_or(Ok(OutcomeSet::default()), GrpcRetryPolicy::on)?,
            scope: Scope::Instance,
            by: None,
        })])
    }
}
