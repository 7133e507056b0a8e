//! Gradient limit: bounds how many calls are out at a time, and finds the bound by how much longer they take than
//! they used to.
//!
//! The short latency is the mean of the calls that ended within a `window`, once there are `samples` of them; with
//! each the long latency, an exponential average over the last `long` of them (the plain mean of the first 10),
//! follows. The gradient is `tolerance` × long / short, within 0.5 and 1: 1 while calls take at most `tolerance`
//! times as long as they used to. The limit moves by the share `smoothing` from what it is to limit × gradient +
//! `queue`, within `least` and `most`: it grows by a few while nothing queues, and falls while it does. It stays
//! where less than half of it was out at a time. Where the long latency is more than twice the short one, it falls by
//! 5 % with each window: what was slow for long is soon forgotten.
//!
//! A call that comes while as many are out as the limit allows ends as `bulkhead_full`, at once: nobody waits.
//! Answers are measured, and what a `timeout` inside gives up, for as long as it took. Other failures say nothing,
//! nor do calls that are given up.
//!
//! At a caller it finds what the callee can carry; at the door of a service (`admission`) what the service itself
//! can.
//!
//! Source: Netflix concurrency-limits `Gradient2Limit` (initialLimit 20, minLimit 20, maxConcurrency 200, queueSize
//! 4, smoothing 0.2, rttTolerance 1.5, longWindow 600) in a `WindowedLimit` (1 s, windowSize 10), which there leaves
//! out what takes less than 0.1 ms.

use super::adaptive_limit::{Limit, bounds, twenty, two_hundred};
use super::{By, Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Bounds how many calls are out at a time, and finds the bound by their latency.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradientLimit {
    /// The limit at the start.
    #[serde(default = "twenty")]
    pub initial: u32,
    /// The limit at least.
    #[serde(default = "twenty")]
    pub least: u32,
    /// The limit at most.
    #[serde(default = "two_hundred")]
    pub most: u32,
    /// By how much the limit would grow in each window while nothing queues, if it were not smoothed: calls that may
    /// queue.
    #[serde(default = "four")]
    pub queue: u32,
    /// The share of the way to its new value that the limit goes in each window.
    #[serde(default = "fifth")]
    pub smoothing: f64,
    /// How many times as long as they used to calls may take before the limit falls.
    #[serde(default = "one_and_a_half")]
    pub tolerance: f64,
    /// Windows that the long latency is averaged over.
    #[serde(default = "six_hundred")]
    pub long: u32,
    /// How long the short latency is measured before the limit moves.
    #[serde(default = "one_second")]
    pub window: SimDuration,
    /// A window in which fewer calls ended says nothing.
    #[serde(default = "ten")]
    pub samples: u32,
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

fn four() -> u32 {
    4
}

fn fifth() -> f64 {
    0.2
}

fn one_and_a_half() -> f64 {
    1.5
}

fn six_hundred() -> u32 {
    600
}

fn one_second() -> SimDuration {
    SimDuration::from_secs(1)
}

fn ten() -> u32 {
    10
}

/// Windows whose plain mean is the long latency at first.
const WARM_UP: u32 = 10;
/// The limit is not taken to fall to less than this share of itself, however slow calls are.
const LEAST_GRADIENT: f64 = 0.5;
/// By what a long latency is multiplied that is more than twice the short one.
const DECAY: f64 = 0.95;

/// The limit, what is out, and how long calls take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient {
    limit: Limit,
    /// Windows that the long latency is the plain mean of.
    windows: u32,
    /// The long latency, ns.
    long: f64,
    /// When the window began, at its first measurement.
    began: Option<SimTime>,
    /// What was measured in the window: how often, the sum, and the most that were out at a time.
    samples: u32,
    sum: SimDuration,
    most_out: u32,
}

/// When a call came in, and how many were out with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, packed(2))]
pub struct Came {
    at: SimTime,
    out: u32,
}

impl Gradient {
    /// Takes in the short latency (ns) of a window, and moves the limit.
    fn follow(&mut self, policy: &GradientLimit, short: f64) {
        let share = if self.windows < WARM_UP {
            self.windows += 1;
            1.0 / f64::from(self.windows)
        } else {
            2.0 / (f64::from(policy.long) + 1.0)
        };
        self.long += (short - self.long) * share;
        let allowed = policy.tolerance * self.long;
        if self.long > 2.0 * short {
            self.long *= DECAY;
        }
        let limit = &mut self.limit.limit;
        if f64::from(self.most_out) * 2.0 < *limit {
            return;
        }
        let gradient = if short > allowed {
            (allowed / short).max(LEAST_GRADIENT)
        } else {
            1.0
        };
        let wanted = *limit * gradient + f64::from(policy.queue);
        *limit += (wanted - *limit) * policy.smoothing;
        self.limit.clamp(policy.least, policy.most);
    }
}

impl Policy for GradientLimit {
    type Memory = Gradient;
    type Call = Came;
    const SUMMARY: &'static str = "bounds how many calls are out, by how much longer they take";
    const EXAMPLE: &'static str = "gradient_limit(initial: 20)";
    const LIVE: &'static [&'static str] = &["least", "most", "queue", "smoothing", "tolerance"];
    const COUNTERS: &'static [&'static str] = &["refused", "lowered", "raised"];
    const AT_DOOR: bool = true;
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Gradient {
        Gradient {
            limit: Limit::new(self.initial),
            windows: 0,
            long: 0.0,
            began: None,
            samples: 0,
            sum: SimDuration::ZERO,
            most_out: 0,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, memory: &mut Gradient, came: &mut Came, context: &mut Context) -> Do {
        let answer = memory.limit.enter(self.push_back, context);
        *came = Came {
            at: context.now,
            out: memory.limit.out,
        };
        answer
    }
    #[inline]
    fn on_leave(
        &self,
        memory: &mut Gradient,
        came: &mut Came,
        ended: &Ended,
        context: &mut Context,
    ) {
        memory.limit.out -= 1;
        let outcome = ended.outcome();
        if ended.given_up || !(outcome.is_success() || outcome == Outcome::TimeoutAttempt) {
            return;
        }
        memory.samples += 1;
        memory.sum = memory.sum + context.now.since(came.at);
        memory.most_out = memory.most_out.max(came.out);
        let began = *memory.began.get_or_insert(context.now);
        if context.now.since(began) < self.window {
            return;
        }
        if memory.samples >= self.samples {
            let before = memory.limit.limit;
            memory.follow(self, memory.sum.as_nanos_f64() / f64::from(memory.samples));
            context.counters[1] += u64::from(memory.limit.limit < before);
            context.counters[2] += u64::from(memory.limit.limit > before);
        }
        memory.began = Some(context.now);
        (memory.samples, memory.most_out) = (0, 0);
        memory.sum = SimDuration::ZERO;
    }
    fn on_set(&self, memory: &mut Gradient, _: &Self, _: SimTime) -> u32 {
        memory.limit.clamp(self.least, self.most);
        0
    }
    fn is_shut(&self, memory: &Gradient, _: SimTime) -> bool {
        memory.limit.is_full()
    }
    fn inside(memory: &Gradient) -> Option<u32> {
        Some(memory.limit.out)
    }
    fn reading(&self, memory: &Gradient, _: SimTime) -> Reading {
        Reading {
            state: "",
            numbers: vec![
                ("limit", memory.limit.limit),
                ("out", f64::from(memory.limit.out)),
                ("long", memory.long / 1e9),
            ],
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        for (field, count) in [
            ("least", self.least),
            ("long", self.long),
            ("samples", self.samples),
        ] {
            if count == 0 {
                wrong.push((field, "must be at least 1".into()));
            }
        }
        wrong.extend(bounds(self.initial, self.least, self.most));
        if !(self.smoothing > 0.0 && self.smoothing <= 1.0) {
            let why = format!("must be more than 0 and at most 1, not {}", self.smoothing);
            wrong.push(("smoothing", why));
        }
        if !(self.tolerance.is_finite() && self.tolerance >= 1.0) {
            let why = format!("must be 1 or more, not {}", self.tolerance);
            wrong.push(("tolerance", why));
        }
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".into()));
        }
        wrong
    }
}
