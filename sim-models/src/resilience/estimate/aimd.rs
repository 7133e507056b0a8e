//! Additive increase, multiplicative decrease.
//!
//! A call that was dropped, or took longer than `slow`, multiplies the limit by `backoff`; any other one adds one to
//! it where at least half of the limit was out when it was let in, itself included. The limit is whole at each step,
//! the rest cut off, and within `least` and `most` from the first sample on.
//!
//! Source: D. Chiu and R. Jain, "Analysis of the increase and decrease algorithms for congestion avoidance in
//! computer networks" (1989); Netflix concurrency-limits `AIMDLimit` (commit 78a74b9): `minLimit`, `initialLimit`,
//! `maxLimit`, `backoffRatio`, `timeout`.

use super::{Estimate, Sample};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Additive increase, multiplicative decrease.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aimd {
    /// The limit at the start.
    #[serde(default = "twenty")]
    pub initial: u32,
    /// The limit at least.
    #[serde(default = "twenty")]
    pub least: u32,
    /// The limit at most.
    #[serde(default = "two_hundred")]
    pub most: u32,
    /// By what the limit is multiplied after a call that was dropped or too slow.
    #[serde(default = "nine_tenths")]
    pub backoff: f64,
    /// A call that takes longer than this counts as dropped.
    #[serde(default = "five_seconds")]
    pub slow: SimDuration,
}

fn twenty() -> u32 {
    20
}

fn two_hundred() -> u32 {
    200
}

fn nine_tenths() -> f64 {
    0.9
}

fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}

impl Aimd {
    /// Takes a sample in.
    pub fn update(&self, estimate: &mut Estimate, sample: Sample) {
        let mut limit = estimate.limit;
        if sample.dropped || sample.took > self.slow.0 {
            limit = libm::trunc(limit * self.backoff);
        } else if f64::from(sample.out) * 2.0 >= limit {
            limit += 1.0;
        }
        estimate.limit = limit.max(f64::from(self.least)).min(f64::from(self.most));
    }

    pub(super) fn validate(&self) -> Vec<(&'static str, String)> {
        if self.backoff > 0.0 && self.backoff < 1.0 {
            return Vec::new();
        }
        let why = format!("must be between 0 and 1, not {}", self.backoff);
        vec![("algorithm.backoff", why)]
    }
}
