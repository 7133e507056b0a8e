//! Polly: its strategies, as their `Options` classes name their properties.
//!
//! Source: Polly 8.7, `src/Polly.*/*StrategyOptions.cs`, <https://www.pollydocs.org>.

mod rate_limiter;

pub use rate_limiter::{
    PollyFixedWindowRateLimiter, PollyRateLimiter, PollySlidingWindowRateLimiter,
    PollyTokenBucketRateLimiter,
};

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Strategies of Polly.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Polly {
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
}

impl Preset for Polly {
    const SUMMARY: &'static str = "strategies of Polly, with its names and defaults";
    const EXAMPLE: &'static str = "polly(rateLimiter: (PermitLimit: 100, QueueLimit: 50))";
    const VERSION: &'static str = "Polly 8.7";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
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
        if policies.is_empty() {
            return Err("name a part of it, such as `rateLimiter: ()`".into());
        }
        Ok(policies)
    }
}
