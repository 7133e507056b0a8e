//! Retry budget: a token bucket that retries are paid from. Belongs inside a `retry`.
//!
//! Every first attempt puts `ratio` tokens into the bucket, up to `cap`; every retry takes one whole
//! token, and where there is none the last failure is the result of the call. The bucket starts
//! full. A deposit comes before the attempt, so that with an empty bucket and a ratio of 0.1 every
//! tenth failing call may retry once.
//!
//! Source: M. Brooker, "Fixing retries with token buckets and circuit breakers" (2022); `vocabulary.md` D.

use super::{Context, Do, Ended, Final, Policy, Reading, Scope};
use crate::outcome::Ending;
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// Bounds the share of retries in all attempts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryBudget {
    /// Tokens that each first attempt puts in: 0.1 allows one retry per ten calls in the long run.
    #[serde(default = "tenth")]
    pub ratio: f64,
    /// The most tokens that the bucket holds: the burst of retries that it allows.
    #[serde(default = "ten")]
    pub cap: f64,
    /// Who shares the bucket.
    #[serde(default)]
    pub scope: Scope,
}

fn tenth() -> f64 {
    0.1
}

fn ten() -> f64 {
    10.0
}

/// Slack for sums such as ten times 0.1, which must buy a whole token.
const ROUNDING: f64 = 1e-9;

impl Policy for RetryBudget {
    /// Tokens.
    type Memory = f64;
    /// The last failure.
    type Call = Option<Ending>;
    const SUMMARY: &'static str = "retries are paid from a token bucket that first attempts fill";
    const EXAMPLE: &'static str = "retry_budget(ratio: 0.1)";
    const COUNTERS: &'static [&'static str] = &["spent", "denied"];
    const LEAVES: bool = true;

    fn memory(&self) -> f64 {
        self.cap
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    #[inline]
    fn on_enter(&self, tokens: &mut f64, last: &mut Option<Ending>, context: &mut Context) -> Do {
        match *last {
            None => {
                *tokens = (*tokens + self.ratio).min(self.cap);
                Do::Pass
            }
            Some(_) if *tokens >= 1.0 - ROUNDING => {
                *tokens = (*tokens - 1.0).max(0.0);
                context.counters[0] += 1;
                Do::Pass
            }
            Some(failure) => {
                context.counters[1] += 1;
                Do::End(failure, Final::Yes)
            }
        }
    }
    #[inline]
    fn on_leave(&self, _: &mut f64, last: &mut Option<Ending>, ended: &Ended, _: &mut Context) {
        // Whatever is tried again after a failure is a retry; so it is after a timeout between the retry and this.
        if !ended.outcome().is_success() {
            *last = Some(ended.ending);
        }
    }
    fn reading(&self, tokens: &f64, _: SimTime) -> Reading {
        Reading::number("tokens", *tokens)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(self.ratio.is_finite() && self.ratio >= 0.0) {
            wrong.push(("ratio", format!("must be zero or more, not {}", self.ratio)));
        }
        if !(self.cap.is_finite() && self.cap >= 0.0) {
            wrong.push(("cap", format!("must be zero or more, not {}", self.cap)));
        }
        wrong
    }
}
