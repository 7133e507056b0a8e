//! Retry share: retries are a share of the requests of the last seconds, and so many a second besides. Belongs inside a
//! `retry`.
//!
//! Each request (or with `deposit: successes` each success) is worth `share` of a retry until it is `ttl` old; each retry
//! takes one off until it is as old itself. There are `min_per_second` × ttl retries more, for clients that have just
//! begun or make few requests. A retry is allowed while the balance is one at least; a denied one costs nothing, and
//! nothing is given back for what is allowed. It begins with the reserve alone. The balance of one window may be negative:
//! what it owes is forgotten with it.
//!
//! Time passes in ten slices that begin when somebody comes ([`Slices`]), in two ways that differ in their rounding
//! (`window`):
//!
//! - `finagle`: nine slices are remembered beside the current one, in whole milliseconds; a request is worth 1000 parts and
//!   a retry takes ⌊1000 / share⌋;
//! - `tower`: ten are remembered, and a slice that has not quite passed empties the next one as well; a request is worth
//!   one part and a retry takes ⌊1 / share⌋ (of a share above one: 1000 and ⌊1000 / share⌋), so that 0.4 is a half.
//!
//! Gateway API's `retryConstraint` (`budget: {percent: 20, interval: 10s}, minRetryRate: {count: 10, interval: 1s}`) is
//! `retry_share(share: 0.2, ttl: "10s", min_per_second: 10)`.
//!
//! Source: Finagle `RetryBudget.scala`, `RetryFilter.scala` (a request is deposited when it comes), `RequeueFilter.scala`
//! (when it succeeds); twitter/util `TokenBucket.newLeakyBucket`; tower 0.5 `TpsBudget`; Gateway API GEP-3388.

use super::slices::Slices;
use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Retries are a share of the requests of the last seconds.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryShare {
    /// Retries per request: 0.2 allows one per five.
    #[serde(default = "fifth")]
    pub share: f64,
    /// For how long a request, or a retry, counts: 1 s to 60 s.
    #[serde(default = "ten_seconds")]
    pub ttl: SimDuration,
    /// Retries a second that are allowed however few requests there are.
    #[serde(default = "ten")]
    pub min_per_second: u32,
    /// What is worth a share of a retry.
    #[serde(default)]
    pub deposit: Deposit,
    /// How time passes, and how shares are rounded.
    #[serde(default)]
    pub window: ShareWindow,
    /// Who shares what is counted.
    #[serde(default)]
    pub scope: Scope,
    /// What is counted apart; none: all is counted together.
    #[serde(default)]
    pub by: Option<By>,
}

/// What is worth a share of a retry.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Deposit {
    /// Each call, when it comes.
    #[default]
    Calls,
    /// Each success.
    Successes,
}

/// How time passes, and how shares are rounded.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ShareWindow {
    /// As in Finagle.
    #[default]
    Finagle,
    /// As in tower.
    Tower,
}

fn fifth() -> f64 {
    0.2
}

fn ten() -> u32 {
    10
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

/// Slices of the window.
const SLICES: u64 = 10;
const MILLISECOND: u64 = 1_000_000;

impl RetryShare {
    /// What a request is worth, and what a retry takes, in parts.
    fn parts(&self) -> (i64, i64) {
        let is_tower = self.window == ShareWindow::Tower;
        if self.share == 0.0 {
            (0, 1)
        } else if is_tower && self.share <= 1.0 {
            // As tower divides: in 32 bits.
            (1, (1.0 / self.share as f32) as i64)
        } else if is_tower {
            (1000, (1000.0 / self.share as f32) as i64)
        } else {
            (1000, (1000.0 / self.share) as i64)
        }
    }

    fn reserve(&self) -> i64 {
        let seconds = (self.ttl.0 / (1000 * MILLISECOND)) as i64;
        i64::from(self.min_per_second) * seconds * self.parts().1
    }

    fn pass(&self, slices: &mut Slices, now: SimTime) {
        match self.window {
            ShareWindow::Finagle => {
                let slice = self.ttl.0 / MILLISECOND / SLICES;
                let now = now.0 / MILLISECOND * MILLISECOND;
                slices.pass(SimDuration(slice * MILLISECOND), SimTime(now), true);
            }
            ShareWindow::Tower => slices.pass(SimDuration(self.ttl.0 / SLICES), now, false),
        }
    }

    /// Parts that are left.
    fn left(&self, slices: &Slices) -> i64 {
        slices.sum() + self.reserve()
    }

    fn put(&self, slices: &mut Slices, now: SimTime) {
        self.pass(slices, now);
        slices.add(self.parts().0);
    }

    fn past(&self) -> usize {
        match self.window {
            ShareWindow::Finagle => SLICES as usize - 1,
            ShareWindow::Tower => SLICES as usize,
        }
    }
}

impl Policy for RetryShare {
    type Memory = Slices;
    /// Whether the next try has been allowed.
    type Call = bool;
    const SUMMARY: &'static str = "retries are a share of the requests of the last seconds";
    const EXAMPLE: &'static str =
        r#"[retry(attempts: 3), retry_share(share: 0.2, min_per_second: 10), timeout("500ms")]"#;
    const COUNTERS: &'static [&'static str] = &["spent", "denied"];
    const RATIONS: bool = true;
    const BUDGETS: bool = true;

    fn memory(&self) -> Slices {
        Slices::new(self.past())
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, slices: &mut Slices, allowed: &mut bool, context: &mut Context) -> Do {
        let first = !std::mem::take(allowed) && context.first;
        if first && self.deposit == Deposit::Calls {
            self.put(slices, context.now);
        }
        Do::Pass
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        self.deposit == Deposit::Calls || !outcome.is_success()
    }
    fn on_result(&self, slices: &mut Slices, _: &mut bool, _: &Ended, context: &mut Context) -> Do {
        self.put(slices, context.now);
        Do::Pass
    }
    fn on_retry(
        &self,
        slices: &mut Slices,
        allowed: &mut bool,
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        self.pass(slices, context.now);
        let (_, cost) = self.parts();
        // With neither a share nor a reserve there is never a retry.
        if self.left(slices) < cost || cost == 0 {
            context.counters[1] += 1;
            return Do::End(failure.ending, Final::Yes);
        }
        slices.add(-cost);
        *allowed = true;
        context.counters[0] += 1;
        Do::Pass
    }
    fn on_denied(&self, slices: &mut Slices, allowed: &mut bool, context: &mut Context) {
        if std::mem::take(allowed) {
            slices.add(self.parts().1);
            context.counters[0] -= 1;
        }
    }
    fn heap(&self) -> usize {
        Slices::heap(self.past())
    }
    fn reading(&self, slices: &Slices, now: SimTime) -> Reading {
        let mut slices = slices.clone();
        self.pass(&mut slices, now);
        let balance = self.left(&slices) / self.parts().1;
        Reading::number("balance", balance as f64)
    }
    fn long_run(&self) -> f64 {
        if self.min_per_second == 0 {
            1.0 + self.share
        } else {
            f64::INFINITY
        }
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, OutcomeSet::FAILURES)
    }
    fn brief(&self) -> String {
        format!("{}%", libm::round(self.share * 1e4) / 1e2)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(0.0..=1000.0).contains(&self.share) {
            let why = format!("must be from 0 to 1000, not {}", self.share);
            wrong.push(("share", why));
        }
        let ttl = (SimDuration::from_secs(1), SimDuration::from_secs(60));
        if !(ttl.0..=ttl.1).contains(&self.ttl) {
            wrong.push(("ttl", format!("must be from 1s to 60s, not {}", self.ttl)));
        }
        wrong
    }
}
