//! Adaptive limit: bounds how many calls are out at a time, and finds the bound by itself.
//!
//! Additive increase, multiplicative decrease: a call that fails with one of `on`, or takes longer than `slow`,
//! multiplies the limit by `backoff`, and what is no whole number is cut off; one that ends well adds one to it where
//! at least half of the limit was out when it came, itself included. It stays within `least` and `most`. A call that
//! comes while as many are out as the limit allows ends as `bulkhead_full`, at once: nobody waits. Calls that are
//! given up say nothing, nor do those that fail otherwise in time.
//!
//! At a caller it finds what the callee can carry; at the door of a service (`admission`) what the service itself
//! can. `concurrency_limit(algorithm: aimd)` is the same with a queue, windows or shares, and other algorithms.
//!
//! Source: D. Chiu and R. Jain, "Analysis of the increase and decrease algorithms for congestion avoidance in
//! computer networks" (1989); Netflix concurrency-limits `AIMDLimit` (initial 20, min 20, max 200, backoffRatio 0.9,
//! timeout 5 s).

use super::concurrency_limit::Came;
use super::estimate::{Aimd, Estimate, Sample};
use super::{By, Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Bounds how many calls are out at a time, and finds the bound by itself.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveLimit {
    /// The limit at the start.
    #[serde(default = "twenty")]
    pub initial: u32,
    /// The limit at least.
    #[serde(default = "twenty")]
    pub least: u32,
    /// The limit at most.
    #[serde(default = "two_hundred")]
    pub most: u32,
    /// By what the limit is multiplied after a failure, or a call that took too long.
    #[serde(default = "nine_tenths")]
    pub backoff: f64,
    /// A call that takes longer than this took too long.
    #[serde(default = "five_seconds")]
    pub slow: SimDuration,
    /// What counts as a failure.
    #[serde(default)]
    pub on: OutcomeSet,
    /// Who shares the limit.
    #[serde(default)]
    pub scope: Scope,
    /// What there is a limit each for; none: there is one for all.
    #[serde(default)]
    pub by: Option<By>,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

/// The limit at the start, and at least, unless a scenario says otherwise.
pub(super) fn twenty() -> u32 {
    20
}

/// The limit at most, unless a scenario says otherwise.
pub(super) fn two_hundred() -> u32 {
    200
}

fn nine_tenths() -> f64 {
    0.9
}

fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}

/// A limit that moves, and what is out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub(super) estimate: Estimate,
    pub(super) out: u32,
}

impl Limit {
    /// Nothing is out yet.
    pub(super) fn new(initial: u32) -> Self {
        Self {
            estimate: Estimate::new(initial),
            out: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.out >= self.estimate.whole()
    }

    /// Lets a call in, or turns it away, which is what is counted first.
    #[inline]
    pub(super) fn enter(
        &mut self,
        came: &mut Came,
        push_back: Option<PushBack>,
        context: &mut Context,
    ) -> Do {
        if self.is_full() {
            return context.turned_away(Outcome::BulkheadFull, push_back);
        }
        self.out += 1;
        *came = Came {
            at: context.now,
            out: self.out,
        };
        Do::Pass
    }

    /// Keeps the limit between its bounds.
    pub(super) fn clamp(&mut self, least: u32, most: u32) {
        let limit = &mut self.estimate.limit;
        *limit = limit.clamp(f64::from(least), f64::from(most));
    }
}

/// What is wrong with the bounds of a limit and where it begins: (field, why).
pub(super) fn bounds(initial: u32, least: u32, most: u32) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if most < least {
        wrong.push(("most", format!("must be at least `least`, {least}")));
    }
    if !(least..=most.max(least)).contains(&initial) {
        let why = format!(
            "must be between `least` and `most`, not {initial}: these are {least} and {most}"
        );
        wrong.push(("initial", why));
    }
    wrong
}

impl AdaptiveLimit {
    fn aimd(&self) -> Aimd {
        Aimd {
            initial: self.initial,
            least: self.least,
            most: self.most,
            backoff: self.backoff,
            slow: self.slow,
        }
    }
}

impl Policy for AdaptiveLimit {
    type Memory = Limit;
    type Call = Came;
    const SUMMARY: &'static str = "bounds how many calls are out, and finds the bound";
    const EXAMPLE: &'static str = "adaptive_limit(initial: 20)";
    const LIVE: &'static [&'static str] = &["least", "most"];
    const COUNTERS: &'static [&'static str] = &["refused", "lowered", "raised"];
    const AT_DOOR: bool = true;
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Limit {
        Limit::new(self.initial)
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, memory: &mut Limit, came: &mut Came, context: &mut Context) -> Do {
        memory.enter(came, self.push_back, context)
    }
    #[inline]
    fn on_leave(&self, memory: &mut Limit, came: &mut Came, ended: &Ended, context: &mut Context) {
        memory.out -= 1;
        if ended.given_up {
            return;
        }
        let took = context.took(came.at);
        let dropped = took > self.slow || self.on.contains(ended.ending);
        if !dropped && !ended.outcome().is_success() {
            return;
        }
        let before = memory.estimate.limit;
        let sample = Sample {
            took: took.0,
            out: came.out,
            dropped,
        };
        self.aimd().update(&mut memory.estimate, sample);
        context.counters[1] += u64::from(dropped);
        context.counters[2] += u64::from(memory.estimate.limit > before);
    }
    fn on_set(&self, memory: &mut Limit, _: &Self, _: SimTime) -> u32 {
        memory.clamp(self.least, self.most);
        0
    }
    fn is_shut(&self, memory: &Limit, _: SimTime) -> bool {
        memory.is_full()
    }
    fn inside(memory: &Limit) -> Option<u32> {
        Some(memory.out)
    }
    fn reading(&self, memory: &Limit, _: SimTime) -> Reading {
        Reading {
            state: "",
            numbers: vec![
                ("limit", memory.estimate.limit),
                ("out", f64::from(memory.out)),
            ],
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.least == 0 {
            wrong.push(("least", "must be at least 1".into()));
        }
        wrong.extend(bounds(self.initial, self.least, self.most));
        if !(self.backoff > 0.0 && self.backoff < 1.0) {
            let why = format!("must be between 0 and 1, not {}", self.backoff);
            wrong.push(("backoff", why));
        }
        wrong
    }
}
