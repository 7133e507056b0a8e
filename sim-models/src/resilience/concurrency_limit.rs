//! Concurrency limit: bounds how many calls are out at a time by an `algorithm` that finds the bound by itself; a room
//! to wait in, and guaranteed shares by priority, if wanted.
//!
//! A call that comes while fewer are out than the whole part of the limit goes on. Any other one ends as
//! `bulkhead_full`, at once; with a `queue` it waits until there is room, for `wait` at most. With `order: fifo` a call
//! that leaves lets in as many as there is room for, the first to come first; with `lifo` it lets in one, the last to
//! come. A newcomer who finds room passes those who wait, as there. With `shares` a priority that has less than its
//! share of the limit out (rounded up, at least one call) is let in even when the limit is reached: while there is room all may
//! have more. A priority that has no share is guaranteed nothing.
//!
//! What a call tells the algorithm: one that ends well is measured; one that ends with one of `dropped` was dropped;
//! any other one, and what is given up, says nothing. How many were out is what it was when the call was let in, itself
//! included; time counts from then, without its wait. With a `window` the algorithm is told of windows of calls
//! instead. The limit moves before those who wait are looked at.
//!
//! Source: Netflix concurrency-limits (commit 78a74b9): `Limit` and its subclasses, `SimpleLimiter` (no `queue`),
//! `BlockingLimiter` (`order: fifo`; there who is first is chance), `LifoBlockingLimiter` (`backlogSize` 100,
//! `backlogTimeout` 1 s), `AbstractPartitionedLimiter` (`shares`). A listener's `onSuccess`, `onDropped` and `onIgnore`
//! are what is measured, what is in `dropped`, and the rest: its clients of gRPC and servlets ignore errors.
//! `adaptive_limit` is its `AIMDLimit`, `gradient_limit` its `Gradient2Limit` in a `WindowedLimit`. There a rejection
//! of a partition may hold its thread for a while (`partitionRejectDelay`): not here.

use super::estimate::window::Windowing;
use super::estimate::{Algorithm, Estimate, Sample, Window};
use super::{By, Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::baggage::Priority;
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

/// Bounds how many calls are out at a time by an algorithm.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConcurrencyLimit {
    /// How the limit moves.
    pub algorithm: Algorithm,
    /// Whether it moves with each window of calls; without, it moves with each call.
    #[serde(default)]
    pub window: Option<Window>,
    /// Calls that may wait for room.
    #[serde(default)]
    pub queue: u32,
    /// How long a call may wait for room; as long as it takes, unless this says otherwise.
    #[serde(default)]
    pub wait: Option<SimDuration>,
    /// Who of those that wait is next.
    #[serde(default)]
    pub order: Next,
    /// The shares of the limit that priorities are guaranteed; none: all share it.
    #[serde(default)]
    pub shares: Option<Shares>,
    /// What counts as dropped: not answered in time, and turned away, unless this says otherwise.
    #[serde(default = "not_served")]
    pub dropped: OutcomeSet,
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

/// Who of those that wait is next.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// The first to come.
    #[default]
    Fifo,
    /// The last to come.
    Lifo,
}

/// The share of a limit that each priority is guaranteed, 0 to 1, all together at most 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Of the most critical; none: it is guaranteed nothing.
    #[serde(default)]
    pub critical_plus: Option<f64>,
    /// Of what users wait for; none: it is guaranteed nothing.
    #[serde(default)]
    pub critical: Option<f64>,
    /// Of what may be unavailable for minutes; none: it is guaranteed nothing.
    #[serde(default)]
    pub sheddable_plus: Option<f64>,
    /// Of what may be unavailable often; none: it is guaranteed nothing.
    #[serde(default)]
    pub sheddable: Option<f64>,
}

impl Shares {
    fn all(self) -> [Option<f64>; 4] {
        [
            self.critical_plus,
            self.critical,
            self.sheddable_plus,
            self.sheddable,
        ]
    }

    /// How many calls of a priority may be out when the limit is reached.
    fn guaranteed(self, priority: Priority, limit: u32) -> u32 {
        self.all()[priority as usize].map_or(0, |share| {
            (libm::ceil(f64::from(limit) * share) as u32).max(1)
        })
    }
}

fn not_served() -> OutcomeSet {
    OutcomeSet::of(&[
        Outcome::TimeoutAttempt,
        Outcome::TimeoutDeadline,
        Outcome::Refused,
        Outcome::Reset,
        Outcome::Rejected,
        Outcome::Lost,
    ])
}

/// The limit, and what is out.
#[derive(Clone, Debug, PartialEq)]
pub struct Limiter {
    estimate: Estimate,
    window: Windowing,
    out: u32,
    /// By priority.
    busy: [u32; 4],
}

/// When a call was let in, and how many were out with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, packed(2))]
pub struct Came {
    pub(super) at: SimTime,
    pub(super) out: u32,
}

impl ConcurrencyLimit {
    /// With this algorithm, and all else as it is unless said otherwise.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            window: None,
            queue: 0,
            wait: None,
            order: Next::Fifo,
            shares: None,
            dropped: not_served(),
            scope: Scope::default(),
            by: None,
            push_back: None,
        }
    }

    /// Lets a call in, if there is room for it.
    fn take(&self, memory: &mut Limiter, came: &mut Came, context: &Context) -> bool {
        let busy = &mut memory.busy[context.priority as usize];
        let limit = memory.estimate.whole();
        let guaranteed =
            (self.shares).map_or(0, |shares| shares.guaranteed(context.priority, limit));
        if memory.out >= limit && *busy >= guaranteed {
            return false;
        }
        *busy += 1;
        memory.out += 1;
        *came = Came {
            at: context.now,
            out: memory.out,
        };
        true
    }

    fn full(&self, context: &mut Context) -> Do {
        context.turned_away(Outcome::BulkheadFull, self.push_back)
    }

    /// Tells the algorithm of a call.
    fn learn(&self, memory: &mut Limiter, sample: Sample, ended: u64, context: &mut Context) {
        let sample = match &self.window {
            None => Some(sample),
            Some(window) => window.add(&mut memory.window, sample, ended),
        };
        let Some(sample) = sample else {
            return;
        };
        let before = memory.estimate.whole();
        let mut draws = Keyed::new(context.key, u64::from(context.attempts));
        (self.algorithm).update(&mut memory.estimate, sample, || draws.uniform());
        let after = memory.estimate.whole();
        context.counters[2] += u64::from(after < before);
        context.counters[3] += u64::from(after > before);
    }
}

impl Policy for ConcurrencyLimit {
    type Memory = Limiter;
    type Call = Came;
    const SUMMARY: &'static str = "bounds how many calls are out, by an algorithm of your choice";
    const EXAMPLE: &'static str =
        r#"concurrency_limit(algorithm: vegas(initial: 20), queue: 100, wait: "1s")"#;
    const LIVE: &'static [&'static str] = &["algorithm", "queue", "wait", "shares"];
    const COUNTERS: &'static [&'static str] = &["refused", "waited", "lowered", "raised"];
    const AT_DOOR: bool = true;
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Limiter {
        Limiter {
            estimate: Estimate::new(self.algorithm.initial()),
            window: Windowing::default(),
            out: 0,
            busy: [0; 4],
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn parks(&self) -> bool {
        self.queue > 0
    }
    fn last_first(&self) -> bool {
        self.order == Next::Lifo
    }
    #[inline]
    fn on_enter(&self, memory: &mut Limiter, came: &mut Came, context: &mut Context) -> Do {
        if self.take(memory, came, context) {
            Do::Pass
        } else if context.waiting < self.queue {
            context.counters[1] += 1;
            Do::Park(self.wait)
        } else {
            self.full(context)
        }
    }
    fn on_wake(&self, memory: &mut Limiter, came: &mut Came, context: &mut Context) -> Do {
        if self.take(memory, came, context) {
            Do::Pass
        } else {
            Do::Park(None)
        }
    }
    fn on_timer(&self, _: &mut Limiter, _: &mut Came, context: &mut Context) -> Do {
        self.full(context)
    }
    #[inline]
    fn on_leave(
        &self,
        memory: &mut Limiter,
        came: &mut Came,
        ended: &Ended,
        context: &mut Context,
    ) {
        memory.out -= 1;
        memory.busy[context.priority as usize] -= 1;
        let outcome = ended.outcome();
        let dropped = self.dropped.contains(ended.ending);
        if !ended.given_up && (dropped || outcome.is_success()) {
            let took = context.took(came.at);
            let sample = Sample {
                took: took.0,
                out: came.out,
                dropped,
            };
            let at = came.at;
            self.learn(memory, sample, (at + took).0, context);
        }
        context.wake = match self.order {
            Next::Lifo => 1,
            Next::Fifo => memory.estimate.whole().saturating_sub(memory.out).max(1),
        };
    }
    fn on_set(&self, memory: &mut Limiter, _: &Self, _: SimTime) -> u32 {
        let (least, most) = self.algorithm.bounds();
        let limit = memory.estimate.limit.min(f64::from(most));
        memory.estimate.limit = limit.max(f64::from(least));
        memory.estimate.whole().saturating_sub(memory.out)
    }
    fn is_shut(&self, memory: &Limiter, _: SimTime) -> bool {
        self.shares.is_none() && memory.out >= memory.estimate.whole()
    }
    fn inside(memory: &Limiter) -> Option<u32> {
        Some(memory.out)
    }
    fn heap(&self) -> usize {
        self.window.as_ref().map_or(0, Window::heap)
    }
    fn reading(&self, memory: &Limiter, _: SimTime) -> Reading {
        Reading {
            state: "",
            numbers: vec![
                ("limit", f64::from(memory.estimate.whole())),
                ("estimate", memory.estimate.limit),
                ("out", f64::from(memory.out)),
                ("base", memory.estimate.base / 1e9),
            ],
        }
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        self.window.as_ref().and_then(|window| window.idle_at(rate))
    }
    fn longest_wait(&self) -> Option<SimDuration> {
        self.wait.filter(|_| self.queue > 0)
    }
    fn brief(&self) -> String {
        match self.algorithm {
            Algorithm::Aimd(_) => "AIMD",
            Algorithm::Fixed(_) => "fixed",
            Algorithm::Vegas(_) => "Vegas",
            Algorithm::Gradient(_) => "gradient",
            Algorithm::Gradient2(_) => "gradient2",
        }
        .into()
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = self.algorithm.validate();
        wrong.extend(self.window.iter().flat_map(Window::validate));
        if self.wait.is_some() && self.queue == 0 {
            let why = "needs places to wait in: give `queue` as well";
            wrong.push(("wait", why.into()));
        }
        if self.wait == Some(SimDuration::ZERO) {
            let why = "must be longer than zero; without a `queue` nobody waits";
            wrong.push(("wait", why.into()));
        }
        if self.order == Next::Lifo && self.queue == 0 {
            let why = "says who of those that wait is next: give `queue` as well";
            wrong.push(("order", why.into()));
        }
        let shares = self.shares.unwrap_or_default().all();
        if shares
            .iter()
            .flatten()
            .any(|share| !(0.0..=1.0).contains(share))
        {
            wrong.push(("shares", "must be 0 to 1 each".into()));
        }
        let sum: f64 = shares.iter().flatten().sum();
        if sum > 1.0 + 1e-9 {
            wrong.push(("shares", format!("must be at most 1 together, not {sum}")));
        }
        wrong
    }
}
