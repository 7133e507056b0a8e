//! `AddRateLimiter` of Polly: a limiter of `System.Threading.RateLimiting`, the concurrency limiter unless another is
//! given.
//!
//! Windows and fills count from the limiter's creation, the start of the run (`AutoReplenishment`). Who waits is served in
//! order (`QueueProcessingOrder.OldestFirst`). In its windows and buckets .NET gives the place of a call that is given up
//! while it waits to another; here it has used it up.
//!
//! Source: Polly 8.7, `RateLimiterStrategyOptions.cs` (`PermitLimit` 1000, `QueueLimit` 0); .NET 8
//! `ConcurrencyLimiter.cs`, `FixedWindowRateLimiter.cs`, `SlidingWindowRateLimiter.cs`, `TokenBucketRateLimiter.cs`.

use crate::quantity::units::Rate;
use crate::resilience::{Bulkhead, Count, PolicySpec, RateLimit, SlidingLimit, WindowLimit};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `ConcurrencyLimiterOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollyRateLimiter {
    /// Calls at a time.
    #[serde(default = "thousand", alias = "permitLimit")]
    pub permit_limit: u32,
    /// Calls that may wait.
    #[serde(default, alias = "queueLimit")]
    pub queue_limit: u32,
}

fn thousand() -> u32 {
    1000
}

/// Fields of `FixedWindowRateLimiterOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollyFixedWindowRateLimiter {
    /// Calls in a window.
    #[serde(alias = "permitLimit")]
    pub permit_limit: u32,
    /// How long a window is.
    #[serde(alias = "window")]
    pub window: SimDuration,
    /// Calls that may wait.
    #[serde(default, alias = "queueLimit")]
    pub queue_limit: u32,
}

/// Fields of `SlidingWindowRateLimiterOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollySlidingWindowRateLimiter {
    /// Calls in a window.
    #[serde(alias = "permitLimit")]
    pub permit_limit: u32,
    /// How long a window is.
    #[serde(alias = "window")]
    pub window: SimDuration,
    /// Parts that the window slides by.
    #[serde(alias = "segmentsPerWindow")]
    pub segments_per_window: u32,
}

/// Fields of `TokenBucketRateLimiterOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollyTokenBucketRateLimiter {
    /// Tokens that the bucket holds.
    #[serde(alias = "tokenLimit")]
    pub token_limit: u32,
    /// Tokens that come at a time.
    #[serde(alias = "tokensPerPeriod")]
    pub tokens_per_period: u32,
    /// How often they come.
    #[serde(alias = "replenishmentPeriod")]
    pub replenishment_period: SimDuration,
    /// Calls that may wait.
    #[serde(default, alias = "queueLimit")]
    pub queue_limit: u32,
}

fn positive(name: &str, is: bool) -> Result<(), String> {
    if is {
        Ok(())
    } else {
        Err(format!("`{name}` must be greater than 0"))
    }
}

impl PollyRateLimiter {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        positive("PermitLimit", self.permit_limit > 0)?;
        Ok(vec![PolicySpec::Bulkhead(Bulkhead {
            permits: self.permit_limit,
            queue: self.queue_limit,
            ..Bulkhead::default()
        })])
    }
}

impl PollyFixedWindowRateLimiter {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        positive("PermitLimit", self.permit_limit > 0)?;
        positive("Window", self.window > SimDuration::ZERO)?;
        Ok(vec![PolicySpec::WindowLimit(WindowLimit {
            limit: self.permit_limit,
            window: self.window,
            queue: (self.queue_limit > 0).then_some(self.queue_limit),
            ..WindowLimit::default()
        })])
    }
}

impl PollySlidingWindowRateLimiter {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        positive("PermitLimit", self.permit_limit > 0)?;
        positive("Window", self.window > SimDuration::ZERO)?;
        positive("SegmentsPerWindow", self.segments_per_window > 0)?;
        Ok(vec![PolicySpec::SlidingLimit(SlidingLimit {
            limit: self.permit_limit,
            window: self.window,
            count: Count::Segments(self.segments_per_window),
            ..SlidingLimit::default()
        })])
    }
}

impl PollyTokenBucketRateLimiter {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        positive("TokenLimit", self.token_limit > 0)?;
        positive("TokensPerPeriod", self.tokens_per_period > 0)?;
        let period = self.replenishment_period;
        positive("ReplenishmentPeriod", period > SimDuration::ZERO)?;
        let (tokens, burst) = (
            f64::from(self.tokens_per_period),
            f64::from(self.token_limit),
        );
        // So long the last in a full queue waits, at most.
        let fills = u64::from(self.queue_limit)
            .div_ceil(u64::from(self.tokens_per_period.min(self.token_limit)));
        Ok(vec![PolicySpec::RateLimit(RateLimit {
            rate: Rate(tokens / period.as_secs_f64()),
            burst,
            every: Some(period),
            wait: SimDuration(period.0.saturating_mul(fills)),
            queue: Some(self.queue_limit),
            ..RateLimit::default()
        })])
    }
}
