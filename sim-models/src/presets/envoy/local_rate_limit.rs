//! Local rate limit of Envoy: a token bucket of each proxy.
//!
//! Since 1.31 tokens come steadily (`tokens_per_fill` in each `fill_interval`); before, a timer put them in all at once,
//! which is `rate_limit(.., every: ..)` here.
//!
//! Source: Envoy, `extensions.filters.http.local_ratelimit.v3.LocalRateLimit`, `type.v3.TokenBucket`; release notes of
//! 1.31 (`no_timer_based_rate_limit_token_bucket`).

use crate::quantity::units::Rate;
use crate::resilience::{PolicySpec, RateLimit};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `LocalRateLimit`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyLocalRateLimit {
    /// The bucket.
    pub token_bucket: EnvoyTokenBucket,
}

/// Fields of `TokenBucket`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyTokenBucket {
    /// Tokens that the bucket holds.
    pub max_tokens: u32,
    /// Tokens that come in each interval.
    #[serde(default = "one")]
    pub tokens_per_fill: u32,
    /// The interval.
    pub fill_interval: SimDuration,
}

fn one() -> u32 {
    1
}

impl EnvoyLocalRateLimit {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What Envoy refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let bucket = &self.token_bucket;
        if bucket.max_tokens == 0 || bucket.tokens_per_fill == 0 {
            return Err("`max_tokens` and `tokens_per_fill` must be greater than 0".into());
        }
        if bucket.fill_interval < SimDuration::from_millis(50) {
            return Err("`fill_interval` must be at least 50ms".into());
        }
        let tokens = f64::from(bucket.tokens_per_fill);
        Ok(vec![PolicySpec::RateLimit(RateLimit {
            rate: Rate(tokens / bucket.fill_interval.as_secs_f64()),
            burst: f64::from(bucket.max_tokens),
            ..RateLimit::default()
        })])
    }
}
