//! Nack admission: refuses calls by chance while the callee turns too many away, on a moving average.
//!
//! The average is of answers, 0 for one that ends with one of `on`, 1 for any other, each weighing 1 - exp(-t /
//! `window`), t being the time since the one before; two at one instant count once. It begins at 1. Below 1 -
//! `threshold` a call is refused with the probability min(`most`, 1 - average / (1 - `threshold`)), and ends as
//! `rate_limited`, not to be tried again: nobody is asked.
//!
//! While fewer than `least_rate` calls came within the last second, refused ones included, every answer counts as 1: a
//! client that begins, or idles, does not learn from a few rejections. The calls of the last second are counted in ten
//! slices that are not aligned to the clock. What is given up counts as 1.
//!
//! Source: Finagle `NackAdmissionFilter`, `LossyEma` (develop, commit 4feb34c): `window` 2 min, `nackRateThreshold` 0.5,
//! `MaxDropProbability` 0.75, `rpsThreshold` 5; twitter/util `WindowedAdder`. There a *nack* is a failure flagged
//! `Rejected`; what it drops is flagged `NonRetryable`. It is the idea of `throttle`.

use super::slices::Slices;
use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Ending, Outcome, OutcomeSet};
use crate::quantity::Rate;
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

/// Refuses calls by chance while the callee turns too many away.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NackAdmission {
    /// The mean lifetime of an answer in the average.
    #[serde(default = "two_minutes")]
    pub window: SimDuration,
    /// The share of calls turned away above which calls are refused, between 0 and 1.
    #[serde(default = "half")]
    pub threshold: f64,
    /// The probability at most, so that some calls still tell whether it got better.
    #[serde(default = "three_quarters")]
    pub most: f64,
    /// Calls within a second below which every answer is a good one.
    #[serde(default = "five_per_second")]
    pub least_rate: Rate,
    /// What counts as turned away.
    #[serde(default = "rejected")]
    pub on: OutcomeSet,
    /// Who shares the average.
    #[serde(default)]
    pub scope: Scope,
    /// What has an average of its own; none: all have one together.
    #[serde(default)]
    pub by: Option<By>,
}

impl Default for NackAdmission {
    fn default() -> Self {
        Self {
            window: two_minutes(),
            threshold: half(),
            most: three_quarters(),
            least_rate: five_per_second(),
            on: rejected(),
            scope: Scope::default(),
            by: None,
        }
    }
}

fn two_minutes() -> SimDuration {
    SimDuration::from_secs(120)
}

fn half() -> f64 {
    0.5
}

fn three_quarters() -> f64 {
    0.75
}

fn five_per_second() -> Rate {
    Rate(5.0)
}

fn rejected() -> OutcomeSet {
    OutcomeSet::of(&[Outcome::Rejected])
}

/// Slices of the last second that are over; one goes on.
const PAST: usize = 9;
const SLICE: SimDuration = SimDuration::from_millis(100);

/// The average, and the calls of the last second.
#[derive(Clone, Debug, PartialEq)]
pub struct Average {
    accepted: f64,
    at: SimTime,
    calls: Slices,
}

/// The clock of the slices, which is in whole milliseconds.
fn milliseconds(now: SimTime) -> SimTime {
    SimTime(now.0 / 1_000_000 * 1_000_000)
}

impl NackAdmission {
    fn chance(&self, average: &Average) -> f64 {
        let needed = 1.0 - self.threshold;
        if average.accepted < needed {
            self.most.min(1.0 - 1.0 / needed * average.accepted)
        } else {
            0.0
        }
    }
}

impl Policy for NackAdmission {
    type Memory = Average;
    /// How often the call has come here: each time has a draw of its own.
    type Call = u32;
    const SUMMARY: &'static str = "refuses calls by chance while the callee turns too many away";
    const EXAMPLE: &'static str = r#"nack_admission(window: "2min", threshold: 0.5)"#;
    const LIVE: &'static [&'static str] = &["window", "threshold", "most", "least_rate"];
    const COUNTERS: &'static [&'static str] = &["refused"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;
    const BREAKS: bool = true;
    const STATES: &'static [&'static str] = &["open", "refuses"];

    fn memory(&self) -> Average {
        Average {
            accepted: 1.0,
            at: SimTime::ZERO,
            calls: Slices::new(PAST),
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, average: &mut Average, times: &mut u32, context: &mut Context) -> Do {
        *times += 1;
        average.calls.pass(SLICE, milliseconds(context.now), true);
        average.calls.add(1);
        let chance = self.chance(average);
        if chance > 0.0 && Keyed::new(context.key, u64::from(*times)).chance(chance) {
            context.counters[0] += 1;
            return Do::End(Ending::of(Outcome::RateLimited), Final::Yes);
        }
        Do::Pass
    }
    fn on_leave(&self, average: &mut Average, _: &mut u32, ended: &Ended, context: &mut Context) {
        average.calls.pass(SLICE, milliseconds(context.now), true);
        let enough = average.calls.sum() as f64 >= self.least_rate.0;
        let turned_away = !ended.given_up && self.on.contains(ended.ending);
        let value = f64::from(u8::from(!(enough && turned_away)));
        let passed = context.now.since(average.at);
        if passed == SimDuration::ZERO {
            return;
        }
        let lifetime = 1.0 / self.window.as_nanos_f64();
        let weight = 1.0 - libm::exp(-passed.as_nanos_f64() * lifetime);
        average.accepted = value * weight + (1.0 - weight) * average.accepted;
        average.at = context.now;
    }
    fn heap(&self) -> usize {
        Slices::heap(PAST)
    }
    fn state(&self, average: &Average, _: u32, _: SimTime) -> (u8, Option<SimTime>) {
        (u8::from(self.chance(average) > 0.0), None)
    }
    fn why(&self, average: &Average, _: SimTime) -> String {
        let (accepted, needed) = (100.0 * average.accepted, 100.0 * (1.0 - self.threshold));
        format!("{accepted:.1} % are accepted on average; it refuses below {needed:.1} %")
    }
    fn reading(&self, average: &Average, now: SimTime) -> Reading {
        let chance = self.chance(average);
        let mut calls = average.calls.clone();
        calls.pass(SLICE, milliseconds(now), true);
        Reading {
            state: if chance > 0.0 { "refuses" } else { "open" },
            numbers: vec![
                ("accepted", average.accepted),
                ("calls", calls.sum() as f64),
                ("chance", chance),
            ],
        }
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        (rate < self.least_rate.0).then(|| {
            let needed = self.least_rate;
            format!("{needed} are needed before a rejection counts; it gets {rate}/s")
        })
    }
    /// Where nothing is turned away, so that it refuses nobody.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, self.on)
    }
    fn brief(&self) -> String {
        format!("{}", self.threshold)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".into()));
        }
        if !(self.threshold > 0.0 && self.threshold < 1.0) {
            let why = format!("must be between 0 and 1, not {}", self.threshold);
            wrong.push(("threshold", why));
        }
        if !(0.0..=1.0).contains(&self.most) {
            wrong.push(("most", format!("must be 0 to 1, not {}", self.most)));
        }
        if !(self.least_rate.0.is_finite() && self.least_rate.0 >= 0.0) {
            wrong.push(("least_rate", "must be zero or more".into()));
        }
        wrong
    }
}
