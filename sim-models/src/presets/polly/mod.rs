//! Polly: its strategies, as their options name them.
//!
//! Polly wraps strategies in the order in which they are added, which has no default; several in one preset are wrapped
//! as the standard resilience handler of Microsoft.Extensions.Http.Resilience wraps its own: fallback, rate limiters,
//! hedging, retry, circuit breaker, and the timeout of each attempt innermost.
//!
//! Source: Polly 8.7, `src/Polly.Core`, `src/Polly.RateLimiting`.

mod circuit_breaker;
mod fallback;
mod hedging;
mod rate_limiter;
mod retry;
mod span;
mod timeout;

pub use circuit_breaker::PollyCircuitBreaker;
pub use fallback::PollyFallback;
pub use hedging::PollyHedging;
pub use rate_limiter::{
    PollyFixedWindowRateLimiter, PollyRateLimiter, PollySlidingWindowRateLimiter,
    PollyTokenBucketRateLimiter,
};
pub use retry::PollyRetry;
pub use span::PollySpan;
pub use timeout::PollyTimeout;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Strategies of Polly.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Polly {
    /// Something else answers where what is inside fails.
    #[serde(default)]
    pub fallback: Option<PollyFallback>,
    /// Bounds how many calls are out at a time: `AddRateLimiter` with its default options, `AddConcurrencyLimiter`.
    #[serde(default, alias = "concurrencyLimiter")]
    pub rate_limiter: Option<PollyRateLimiter>,
    /// So many calls in each window: `AddRateLimiter(new FixedWindowRateLimiter(..))`.
    #[serde(default)]
    pub fixed_window_rate_limiter: Option<PollyFixedWindowRateLimiter>,
    /// So many calls in a window that slides by segments: `AddRateLimiter(new SlidingWindowRateLimiter(..))`.
    #[serde(default)]
    pub sliding_window_rate_limiter: Option<PollySlidingWindowRateLimiter>,
    /// A bucket that is filled every so often: `AddRateLimiter(new TokenBucketRateLimiter(..))`.
    #[serde(default)]
    pub token_bucket_rate_limiter: Option<PollyTokenBucketRateLimiter>,
    /// Further attempts after a delay.
    #[serde(default)]
    pub hedging: Option<PollyHedging>,
    /// Tries again: `AddRetry`.
    #[serde(default)]
    pub retry: Option<PollyRetry>,
    /// Refuses calls while the callee fails: `AddCircuitBreaker`.
    #[serde(default)]
    pub circuit_breaker: Option<PollyCircuitBreaker>,
    /// Bounds how long what is inside may take.
    #[serde(default)]
    pub timeout: Option<PollyTimeout>,
}

impl Preset for Polly {
    const SUMMARY: &'static str = "strategies of Polly, with its names and defaults";
    const EXAMPLE: &'static str = r#"polly(retry: (MaxRetryAttempts: 3, Delay: "200ms", UseJitter: true), timeout: (Timeout: "500ms"))"#;
    const VERSION: &'static str = "Polly 8.7.0";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.fallback {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.rate_limiter {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.fixed_window_rate_limiter {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.sliding_window_rate_limiter {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.token_bucket_rate_limiter {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.hedging {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.retry {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.circuit_breaker {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.timeout {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `retry: ()`".into());
        }
        Ok(policies)
    }
}
