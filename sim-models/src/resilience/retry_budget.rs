//! Retry budget: a token bucket that retries are paid from. Belongs inside a `retry`.
//!
//! Every first attempt puts `ratio` tokens into the bucket, every success `per_success` and every second `per_second`, up
//! to `cap`; every retry, and every further try of a `hedge`, takes `cost` tokens. They are taken when the attempt has
//! failed, before the backoff: where there are too few, the failure is the result of the call at once. The bucket starts
//! full and never owes anything. A deposit comes before the attempt, so that with an empty bucket and a ratio of 0.1
//! every tenth failing call may retry once. A retry that is allowed and, given up in its pause, never comes has been paid
//! for.
//!
//! Some failures may cost something else (`other`). With `refund` the success of a call that was tried again gives back
//! what its last retry took, instead of `per_success`. With `price: attempt` attempt k, above the `free` first ones, costs
//! k × `cost`, with `attempt_squared` k² × `cost`: who tries often pays most.
//!
//! How retry budgets differ, ours included (all are asked when an attempt has failed and may be tried again, before the
//! backoff; a first attempt always passes):
//!
//! | policy | a retry is allowed while | given back, or put in | starts | who means it |
//! |---|---|---|---|---|
//! | `retry_budget(ratio, cap)` | tokens ≥ 1 | ratio per first attempt | full | M. Brooker |
//! | `retry_budget(ratio: 0, cap: 500, cost: 14, other: (on: error(429), cost: 5), per_success: 1, refund: true)` | tokens ≥ cost | on success what the last retry took, or 1 if there was none | full | AWS SDKs (botocore 1.44; 5, and 10 after a timeout, before) |
//! | `retry_budget(ratio: 0, cap: 10, per_success: 0.1, per_second: 1)` | tokens ≥ 1 | 0.1 per success, 1 per second | full | mixed refill, as deployed at Arolla |
//! | `retry_budget(price: attempt)`, `attempt_squared` | tokens ≥ k, k² | as above | full | attempt-priced |
//! | `retry_throttle` | tokens > half | 1 off per failure, the ratio on per success | full | gRPC A6 `retryThrottling` |
//! | `retry_share` | balance ≥ 1: share × requests of the last `ttl`, less the retries in it, and so many per second | each request expires after `ttl` | with the reserve | Finagle, Linkerd, tower; Gateway API `retryConstraint` |
//! | `retry_concurrency` | retries under way < most, or max(most, share × calls under way); those in backoff count | when the retry ends, or is given up | empty | Envoy `max_retries`, `retry_budget` (Istio's `maxRetries`) |
//! | `retry_goodput` | retries in this window < share × successes per second (EWMA) × window | each window begins anew | none, until there were successes | goodput-coupled (Arolla, ETH Zurich) |
//! | `retry_rate` | tokens ≥ 1 of a bucket whose rate falls by a factor after a bad window, and grows by a step after a good one | its rate | full | AIMD |
//! | `request_budget` | the request, with all hops below, has had fewer retries than so many | never | per request | travelling |
//!
//! Scope of each is the caller instance unless `scope: shared` says all of them, and within that `by` (tenant, endpoint, ..).
//!
//! Source: M. Brooker, "Fixing retries with token buckets and circuit breakers" (2022); botocore 1.44 `retries/quota.py`,
//! `retries/standard.py`.

use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
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
    /// Tokens that each success puts in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub per_success: f64,
    /// Tokens that each second puts in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub per_second: f64,
    /// Tokens that a retry takes.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub cost: f64,
    /// Failures after which a retry takes something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherCost>,
    /// Whether the success of a call that was tried again gives back what its last retry took.
    #[serde(default, skip_serializing_if = "is_false")]
    pub refund: bool,
    /// Whether later attempts cost more.
    #[serde(default, skip_serializing_if = "Price::is_flat")]
    pub price: Price,
    /// The first attempts of a call, the very first included, that cost nothing where later ones cost more.
    #[serde(default = "one_attempt", skip_serializing_if = "is_one_attempt")]
    pub free: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            ratio: tenth(),
            cap: ten(),
            scope: Scope::default(),
            by: None,
            per_success: 0.0,
            per_second: 0.0,
            cost: one(),
            other: None,
            refund: false,
            price: Price::Flat,
            free: one_attempt(),
        }
    }
}

/// What a retry takes after some failures.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherCost {
    /// Which failures.
    pub on: OutcomeSet,
    /// Tokens that it takes then.
    pub cost: f64,
}

/// Whether later attempts cost more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// All cost the same.
    #[default]
    Flat,
    /// Attempt k costs k times as much.
    Attempt,
    /// Attempt k costs k² times as much.
    AttemptSquared,
}

impl Price {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    fn is_flat(&self) -> bool {
        *self == Self::Flat
    }
}

fn tenth() -> f64 {
    0.1
}

fn ten() -> f64 {
    10.0
}

fn one() -> f64 {
    1.0
}

fn one_attempt() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_one(value: &f64) -> bool {
    *value == 1.0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_one_attempt(value: &u32) -> bool {
    *value == 1
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_false(value: &bool) -> bool {
    !value
}

/// Slack for sums such as ten times 0.1, which must buy a whole token.
const ROUNDING: f64 = 1e-9;

/// A bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    tokens: f64,
    /// When it was filled last.
    at: SimTime,
}

/// What the last retry of a call took; packed, for there is one in every call under way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, packed(2))]
pub struct Paid {
    cost: f64,
    /// It is yet to come.
    due: bool,
}

impl RetryBudget {
    fn put(&self, bucket: &mut Bucket, tokens: f64) {
        bucket.tokens = (bucket.tokens + tokens).min(self.cap);
    }

    /// What the time since it was looked at last has put in.
    fn fill(&self, bucket: &mut Bucket, now: SimTime) {
        if self.per_second > 0.0 {
            let seconds = now.since(bucket.at).as_secs_f64();
            self.put(bucket, self.per_second * seconds);
        }
        bucket.at = now;
    }

    /// What the next retry of a call costs that has made so many attempts.
    fn cost(&self, attempts: u32, failure: &Ended) -> f64 {
        let other = self.other.as_ref();
        let other = other.filter(|other| other.on.contains(failure.ending));
        let cost = other.map_or(self.cost, |other| other.cost);
        let next = attempts + 1;
        let number = f64::from(next);
        match self.price {
            Price::Flat => cost,
            _ if next <= self.free => 0.0,
            Price::Attempt => cost * number,
            Price::AttemptSquared => cost * number * number,
        }
    }
}

impl Policy for RetryBudget {
    type Memory = Bucket;
    type Call = Paid;
    const SUMMARY: &'static str = "retries are paid from a token bucket that first attempts fill";
    const EXAMPLE: &'static str =
        r#"[retry(attempts: 3), retry_budget(ratio: 0.1), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["ratio", "cap"];
    const COUNTERS: &'static [&'static str] = &["spent", "denied"];
    const RATIONS: bool = true;
    const BUDGETS: bool = true;

    fn memory(&self) -> Bucket {
        Bucket {
            tokens: self.cap,
            at: SimTime::ZERO,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, bucket: &mut Bucket, paid: &mut Paid, context: &mut Context) -> Do {
        let due = std::mem::take(&mut paid.due);
        if !due && context.first {
            paid.cost = 0.0;
            self.fill(bucket, context.now);
            self.put(bucket, self.ratio);
        }
        Do::Pass
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        !(outcome.is_success() && (self.per_success > 0.0 || self.refund))
    }
    fn on_result(
        &self,
        bucket: &mut Bucket,
        paid: &mut Paid,
        _: &Ended,
        context: &mut Context,
    ) -> Do {
        self.fill(bucket, context.now);
        let back = paid.cost;
        paid.cost = 0.0;
        let refunds = self.refund && back > 0.0;
        self.put(bucket, if refunds { back } else { self.per_success });
        Do::Pass
    }
    fn on_retry(
        &self,
        bucket: &mut Bucket,
        paid: &mut Paid,
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        self.fill(bucket, context.now);
        let cost = self.cost(context.attempts, failure);
        if bucket.tokens >= cost - ROUNDING {
            bucket.tokens = (bucket.tokens - cost).max(0.0);
            *paid = Paid { cost, due: true };
            context.counters[0] += 1;
            Do::Pass
        } else {
            context.counters[1] += 1;
            Do::End(failure.ending, Final::Yes)
        }
    }
    fn on_denied(&self, bucket: &mut Bucket, paid: &mut Paid, context: &mut Context) {
        if std::mem::take(&mut paid.due) {
            self.put(bucket, paid.cost);
            paid.cost = 0.0;
            context.counters[0] -= 1;
        }
    }
    fn reading(&self, bucket: &Bucket, now: SimTime) -> Reading {
        let mut bucket = *bucket;
        self.fill(&mut bucket, now);
        Reading::number("tokens", bucket.tokens)
    }
    fn long_run(&self) -> f64 {
        // Time alone fills it: how many retries each call has depends on how many calls there are.
        let only_calls = self.per_second == 0.0 && !self.refund && self.price == Price::Flat;
        match self.other {
            None if only_calls && self.cost > 0.0 => {
                1.0 + (self.ratio + self.per_success) / self.cost
            }
            _ => f64::INFINITY,
        }
    }
    // What it denies is foreseen by the retry outside of it.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        if self.long_run().is_finite() {
            inside.ends(when)
        } else {
            inside.spared(when, OutcomeSet::FAILURES)
        }
    }
    fn brief(&self) -> String {
        format!("{}%", libm::round(self.ratio * 1e4) / 1e2)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        for (name, value) in [
            ("ratio", self.ratio),
            ("cap", self.cap),
            ("per_success", self.per_success),
            ("per_second", self.per_second),
            ("cost", self.cost),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                wrong.push((name, format!("must be zero or more, not {value}")));
            }
        }
        if let Some(OtherCost { cost, .. }) = &self.other
            && !(cost.is_finite() && *cost >= 0.0)
        {
            wrong.push(("other", format!("`cost` must be zero or more, not {cost}")));
        }
        wrong
    }
}
