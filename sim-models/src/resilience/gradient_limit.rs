//! Gradient limit: bounds how many calls are out at a time, and finds the bound by how much longer they take than
//! they used to.
//!
//! The short latency is the mean of the calls that ended within a `window`, if there are `samples` of them; with
//! each the long latency, an exponential average over the last `long` of them (the plain mean of the first 10),
//! follows. A window ends with the first call that ends later than `window` after the one before did, and that call
//! belongs to it; the very first call is a window of its own. What takes less than 0.1 ms is left out. The gradient is `tolerance` × long / short, within 0.5 and 1: 1 while calls take at most `tolerance`
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
//! 4, smoothing 0.2, rttTolerance 1.5, longWindow 600) in a `WindowedLimit` (1 s, windowSize 10). With a queue, shares
//! or windows of another kind it is a `concurrency_limit`.

use super::adaptive_limit::{Limit, bounds, twenty, two_hundred};
use super::concurrency_limit::Came;
use super::estimate::window::Windowing;
use super::estimate::{Gradient2, Sample, Window};
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

/// The limit, what is out, and how long calls take.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    limit: Limit,
    window: Windowing,
}

impl GradientLimit {
    fn gradient2(&self) -> Gradient2 {
        Gradient2 {
            initial: self.initial,
            least: self.least,
            most: self.most,
            queue: self.queue,
            smoothing: self.smoothing,
            tolerance: self.tolerance,
            long: self.long,
        }
    }

    fn window(&self) -> Window {
        Window {
            least: self.window,
            most: self.window,
            samples: self.samples,
            ..Window::default()
        }
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
            window: Windowing::default(),
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
        memory.limit.enter(came, self.push_back, context)
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
        let at = came.at;
        let sample = Sample {
            took: context.took(at).0,
            out: came.out,
            dropped: false,
        };
        let window = (self.window()).add(&mut memory.window, sample, at.0 + sample.took);
        if let Some(window) = window {
            let before = memory.limit.estimate.limit;
            self.gradient2().update(&mut memory.limit.estimate, window);
            let after = memory.limit.estimate.limit;
            context.counters[1] += u64::from(after < before);
            context.counters[2] += u64::from(after > before);
        }
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
    fn idle_at(&self, rate: f64) -> Option<String> {
        self.window().idle_at(rate)
    }
    fn reading(&self, memory: &Gradient, _: SimTime) -> Reading {
        Reading {
            state: "",
            numbers: vec![
                ("limit", memory.limit.estimate.limit),
                ("out", f64::from(memory.limit.out)),
                ("long", memory.limit.estimate.base / 1e9),
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
