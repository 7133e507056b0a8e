//! Retry rate: a token bucket for retries whose rate finds itself, as TCP's does. Belongs inside a `retry`.
//!
//! A retry takes one token; the bucket holds `burst` at most, begins full, and is filled at a rate that begins at `most`.
//! Time is cut into windows that follow each other from the start of the run. At the end of each, if more than `threshold`
//! of the results in it were failures, the rate is multiplied by `backoff`, else `step` is added to it, within `least` and
//! `most`; a window without results says nothing. Nothing is given back. Results are those of attempts, retries included.
//!
//! Source: additive increase, multiplicative decrease (Chiu and Jain, 1989), applied to retries.

use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
use crate::quantity::units::Rate;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// A bucket for retries whose rate finds itself.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryRate {
    /// The share of failures above which the rate falls, 0 to 1.
    #[serde(default = "tenth")]
    pub threshold: f64,
    /// How long results are counted before the rate moves.
    #[serde(default = "one_second")]
    pub window: SimDuration,
    /// By what the rate is multiplied after a bad window, below 1.
    #[serde(default = "half")]
    pub backoff: f64,
    /// What is added to the rate after a good one.
    #[serde(default = "one_per_second")]
    pub step: Rate,
    /// The lowest rate.
    #[serde(default = "one_per_second")]
    pub least: Rate,
    /// The highest rate, and what it begins with.
    #[serde(default = "hundred_per_second")]
    pub most: Rate,
    /// The most tokens that the bucket holds.
    #[serde(default = "ten")]
    pub burst: f64,
    /// What counts as a failure.
    #[serde(default)]
    pub on: OutcomeSet,
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

fn half() -> f64 {
    0.5
}

fn ten() -> f64 {
    10.0
}

fn one_second() -> SimDuration {
    SimDuration::from_secs(1)
}

fn one_per_second() -> Rate {
    Rate(1.0)
}

fn hundred_per_second() -> Rate {
    Rate(100.0)
}

/// Slack for sums of tenths.
const ROUNDING: f64 = 1e-9;

/// A bucket, its rate, and the results of the current window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    tokens: f64,
    rate: f64,
    at: SimTime,
    results: u32,
    failures: u32,
}

impl RetryRate {
    /// What has happened since it was looked at last.
    fn pass(&self, found: &mut Found, now: SimTime) {
        let window = self.window.0;
        if now.0 / window != found.at.0 / window {
            let end = SimTime((found.at.0 / window + 1) * window);
            self.fill(found, end);
            if found.results > 0 {
                let failing = f64::from(found.failures) > self.threshold * f64::from(found.results);
                let rate = if failing {
                    found.rate * self.backoff
                } else {
                    found.rate + self.step.0
                };
                found.rate = rate.clamp(self.least.0, self.most.0);
            }
            (found.results, found.failures) = (0, 0);
        }
        self.fill(found, now);
    }

    fn fill(&self, found: &mut Found, now: SimTime) {
        let seconds = now.since(found.at).as_secs_f64();
        found.tokens = (found.tokens + found.rate * seconds).min(self.burst);
        found.at = now;
    }
}

impl Policy for RetryRate {
    type Memory = Found;
    /// Whether the next try has been paid for.
    type Call = bool;
    const SUMMARY: &'static str =
        "retries are paid from a bucket whose rate falls while attempts fail";
    const EXAMPLE: &'static str =
        r#"[retry(attempts: 3), retry_rate(most: "50/s"), timeout("500ms")]"#;
    const COUNTERS: &'static [&'static str] = &["spent", "denied"];
    const RATIONS: bool = true;
    const BUDGETS: bool = true;

    fn memory(&self) -> Found {
        Found {
            tokens: self.burst,
            rate: self.most.0,
            at: SimTime::ZERO,
            results: 0,
            failures: 0,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, _: &mut Found, paid: &mut bool, _: &mut Context) -> Do {
        *paid = false;
        Do::Pass
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        outcome == Outcome::Cancelled || outcome.is_refusal()
    }
    #[inline]
    fn on_result(
        &self,
        found: &mut Found,
        _: &mut bool,
        ended: &Ended,
        context: &mut Context,
    ) -> Do {
        self.pass(found, context.now);
        found.results += 1;
        found.failures += u32::from(self.on.contains(ended.ending));
        Do::Pass
    }
    fn on_retry(
        &self,
        found: &mut Found,
        paid: &mut bool,
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        self.pass(found, context.now);
        if found.tokens < 1.0 - ROUNDING {
            context.counters[1] += 1;
            return Do::End(failure.ending, Final::Yes);
        }
        found.tokens = (found.tokens - 1.0).max(0.0);
        *paid = true;
        context.counters[0] += 1;
        Do::Pass
    }
    fn on_denied(&self, found: &mut Found, paid: &mut bool, context: &mut Context) {
        if std::mem::take(paid) {
            found.tokens = (found.tokens + 1.0).min(self.burst);
            context.counters[0] -= 1;
        }
    }
    fn reading(&self, found: &Found, now: SimTime) -> Reading {
        let mut found = *found;
        self.pass(&mut found, now);
        Reading {
            state: "",
            numbers: vec![("rate", found.rate), ("tokens", found.tokens)],
        }
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, OutcomeSet::FAILURES)
    }
    fn brief(&self) -> String {
        format!("at most {}", self.most)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(0.0..=1.0).contains(&self.threshold) {
            let why = format!("must be from 0 to 1, not {}", self.threshold);
            wrong.push(("threshold", why));
        }
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".into()));
        }
        if !(self.backoff > 0.0 && self.backoff < 1.0) {
            let why = format!("must be above 0 and below 1, not {}", self.backoff);
            wrong.push(("backoff", why));
        }
        if self.least > self.most {
            wrong.push(("least", "must be at most `most`".into()));
        }
        if !(self.burst.is_finite() && self.burst >= 1.0) {
            wrong.push(("burst", format!("must be 1 or more, not {}", self.burst)));
        }
        wrong
    }
}
