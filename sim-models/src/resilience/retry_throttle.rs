//! Retry throttling of gRPC: no retries while more than so many attempts fail. Belongs inside a `retry`.
//!
//! A count of tokens begins at `max_tokens`. Each attempt that fails takes one, never below zero; each call that succeeds
//! puts `token_ratio` in, never above the maximum. A retry is allowed only while the count, less the failure that asks for
//! it, is above half of the maximum: at half it is not. Failures are counted whether or not they could be tried again,
//! those after the last attempt too, and so is being told not to come again; a failure that is not in `on` is not
//! counted. Nothing is given back for a retry that is denied, and retries in backoff do not count.
//!
//! Source: gRPC A6, "Throttling retry attempts and hedged RPCs"; grpc-go `clientconn.go` `retryThrottler`, `stream.go`
//! `shouldRetry`.

use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// No retries while too many attempts fail.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryThrottle {
    /// The most tokens, and what it begins with; retries are allowed above half of it.
    #[serde(default = "ten")]
    pub max_tokens: f64,
    /// What each success puts in.
    #[serde(default = "tenth")]
    pub token_ratio: f64,
    /// What counts as a failure.
    #[serde(default)]
    pub on: OutcomeSet,
    /// Who shares the count.
    #[serde(default)]
    pub scope: Scope,
    /// What is counted apart; none: all is counted together.
    #[serde(default)]
    pub by: Option<By>,
}

fn ten() -> f64 {
    10.0
}

fn tenth() -> f64 {
    0.1
}

impl Policy for RetryThrottle {
    /// Tokens.
    type Memory = f64;
    type Call = ();
    const SUMMARY: &'static str = "no retries while too many attempts fail";
    const EXAMPLE: &'static str = r#"[retry(attempts: 3), retry_throttle(max_tokens: 10, token_ratio: 0.1), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["token_ratio"];
    const COUNTERS: &'static [&'static str] = &["denied"];
    const RATIONS: bool = true;
    const BUDGETS: bool = true;

    fn memory(&self) -> f64 {
        self.max_tokens
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        // Only what somebody has answered can say not to come again.
        !(outcome.is_success() || outcome == Outcome::Rejected || self.on.touches(outcome))
    }
    #[inline]
    fn on_result(&self, tokens: &mut f64, (): &mut (), ended: &Ended, _: &mut Context) -> Do {
        if ended.outcome().is_success() {
            *tokens = (*tokens + self.token_ratio).min(self.max_tokens);
        } else if self.on.contains(ended.ending) || ended.last == Final::Never {
            *tokens = (*tokens - 1.0).max(0.0);
        }
        Do::Pass
    }
    fn on_retry(
        &self,
        tokens: &mut f64,
        (): &mut (),
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        if *tokens > self.max_tokens / 2.0 {
            return Do::Pass;
        }
        context.counters[0] += 1;
        Do::End(failure.ending, Final::Yes)
    }
    fn reading(&self, tokens: &f64, _: SimTime) -> Reading {
        Reading::number("tokens", *tokens)
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, OutcomeSet::FAILURES)
    }
    fn brief(&self) -> String {
        format!("{} tokens", self.max_tokens)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(self.max_tokens > 0.0 && self.max_tokens <= 1000.0) {
            let why = format!("must be above 0 and at most 1000, not {}", self.max_tokens);
            wrong.push(("max_tokens", why));
        }
        if !(self.token_ratio.is_finite() && self.token_ratio > 0.0) {
            let why = format!("must be above 0, not {}", self.token_ratio);
            wrong.push(("token_ratio", why));
        }
        wrong
    }
}
