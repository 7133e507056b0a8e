//! Retry budget: a token bucket that retries are paid from. Belongs inside a `retry`.
//!
//! Every first attempt puts `ratio` tokens into the bucket, up to `cap`; every retry, and every further try of a
//! `hedge`, takes one whole token. The token is taken when the attempt has failed, before the backoff: where there
//! is none, the failure is the result of the call at once. The bucket starts full. A deposit comes before the
//! attempt, so that with an empty bucket and a ratio of 0.1 every tenth failing call may retry once.
//!
//! Source: M. Brooker, "Fixing retries with token buckets and circuit breakers" (2022).

use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// Bounds the share of retries in all attempts.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
    /// What there is a bucket each for; none: there is one for all.
    #[serde(default)]
    pub by: Option<By>,
}

fn tenth() -> f64 {
    0.1
}

fn ten() -> f64 {
    10.0
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            ratio: tenth(),
            cap: ten(),
            scope: Scope::default(),
            by: None,
        }
    }
}

/// Slack for sums such as ten times 0.1, which must buy a whole token.
const ROUNDING: f64 = 1e-9;

impl Policy for RetryBudget {
    /// Tokens.
    type Memory = f64;
    /// Whether the next try has been paid for.
    type Call = bool;
    const SUMMARY: &'static str = "retries are paid from a token bucket that first attempts fill";
    const EXAMPLE: &'static str =
        r#"[retry(attempts: 3), retry_budget(ratio: 0.1), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["ratio", "cap"];
    const COUNTERS: &'static [&'static str] = &["spent", "denied"];
    const RATIONS: bool = true;

    fn memory(&self) -> f64 {
        self.cap
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, tokens: &mut f64, paid: &mut bool, context: &mut Context) -> Do {
        if !std::mem::take(paid) && context.first {
            *tokens = (*tokens + self.ratio).min(self.cap);
        }
        Do::Pass
    }
    fn on_retry(
        &self,
        tokens: &mut f64,
        paid: &mut bool,
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        if *tokens >= 1.0 - ROUNDING {
            *tokens = (*tokens - 1.0).max(0.0);
            *paid = true;
            context.counters[0] += 1;
            Do::Pass
        } else {
            context.counters[1] += 1;
            Do::End(failure.ending, Final::Yes)
        }
    }
    fn on_denied(&self, tokens: &mut f64, paid: &mut bool, context: &mut Context) {
        if std::mem::take(paid) {
            *tokens = (*tokens + 1.0).min(self.cap);
            context.counters[0] -= 1;
        }
    }
    fn reading(&self, tokens: &f64, _: SimTime) -> Reading {
        Reading::number("tokens", *tokens)
    }
    fn long_run(&self) -> f64 {
        1.0 + self.ratio
    }
    // What it denies is foreseen by the retry outside of it.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.ends(when)
    }
    fn brief(&self) -> String {
        format!("{}%", libm::round(self.ratio * 1e4) / 1e2)
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
