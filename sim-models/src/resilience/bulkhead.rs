//! Bulkhead: bounds how many calls are out at a time, so that one slow callee cannot take all threads of its
//! caller.
//!
//! A call that finds a permit takes it and gives it back when it ends, however it ends. One that finds none waits in
//! a queue of `queue` places, first come first served, for `wait` at most; where the queue is full, or the wait is
//! over, it ends as `bulkhead_full`. A permit that is given back goes to the first who waits, never to a newcomer.
//! Calls in the backoff of a `retry` inside it hold their permit, those of a `retry` outside do not.
//!
//! Source: M. Nygard, *Release It!* (2007), "Bulkheads"; resilience4j 2.4 `SemaphoreBulkhead` (`maxConcurrentCalls` 25,
//! `maxWaitDuration` 0, fair: without that a thread that comes at the very moment at which a permit is given back may
//! take it before one that waits is awake, a race in no time at all, which is not simulated); elsewhere Polly `ConcurrencyLimiter` (`PermitLimit`, `QueueLimit`), Hystrix
//! `semaphore.maxConcurrentRequests`, Envoy `max_requests` and `max_pending_requests`, tower `ConcurrencyLimit`, cockatiel
//! `bulkhead(limit, queue)`. In a pool of threads (`thread_pool`) the queue has to be full before all of them help.

use super::{By, Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Bounds how many calls are out at a time.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bulkhead {
    /// Calls at a time.
    #[serde(default = "twenty_five")]
    pub permits: u32,
    /// Calls that may wait for a permit.
    #[serde(default)]
    pub queue: u32,
    /// How long a call may wait for a permit; as long as it takes, unless this says otherwise.
    #[serde(default)]
    pub wait: Option<SimDuration>,
    /// Who shares the permits.
    #[serde(default)]
    pub scope: Scope,
    /// What has permits each of its own; none: all share them.
    #[serde(default)]
    pub by: Option<By>,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

impl Default for Bulkhead {
    fn default() -> Self {
        Self {
            permits: twenty_five(),
            queue: 0,
            wait: None,
            scope: Scope::Instance,
            by: None,
            push_back: None,
        }
    }
}

fn twenty_five() -> u32 {
    25
}

impl Bulkhead {
    /// So many at a time, and nobody waits.
    #[must_use]
    pub fn without_queue(permits: u32) -> Self {
        Self {
            permits,
            queue: 0,
            wait: None,
            scope: Scope::default(),
            by: None,
            push_back: None,
        }
    }

    fn full(&self, context: &mut Context) -> Do {
        context.turned_away(Outcome::BulkheadFull, self.push_back)
    }
}

impl Policy for Bulkhead {
    /// Permits that are out.
    type Memory = u32;
    type Call = ();
    const SUMMARY: &'static str = "bounds how many calls are out at a time";
    const EXAMPLE: &'static str = "bulkhead(permits: 25)";
    const LIVE: &'static [&'static str] = &["permits", "queue", "wait"];
    const AT_DOOR: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused", "waited"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> u32 {
        0
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
    #[inline]
    fn on_enter(&self, out: &mut u32, (): &mut (), context: &mut Context) -> Do {
        if *out < self.permits {
            *out += 1;
            Do::Pass
        } else if context.waiting < self.queue {
            context.counters[1] += 1;
            Do::Park(self.wait)
        } else {
            self.full(context)
        }
    }
    fn on_wake(&self, out: &mut u32, (): &mut (), _: &mut Context) -> Do {
        *out += 1;
        Do::Pass
    }
    fn on_timer(&self, _: &mut u32, (): &mut (), context: &mut Context) -> Do {
        self.full(context)
    }
    #[inline]
    fn on_leave(&self, out: &mut u32, (): &mut (), _: &Ended, context: &mut Context) {
        *out -= 1;
        // Where there are fewer permits than before more may be out than there are now.
        context.wake = u32::from(*out < self.permits);
    }
    fn on_set(&self, out: &mut u32, _: &Self, _: SimTime) -> u32 {
        self.permits.saturating_sub(*out)
    }
    fn is_shut(&self, out: &u32, _: SimTime) -> bool {
        *out >= self.permits
    }
    fn inside(out: &u32) -> Option<u32> {
        Some(*out)
    }
    fn reading(&self, out: &u32, _: SimTime) -> Reading {
        Reading::number("out", f64::from(*out))
    }
    fn longest_wait(&self) -> Option<SimDuration> {
        self.wait.filter(|_| self.queue > 0)
    }
    fn why(&self, out: &u32, _: SimTime) -> String {
        if *out < self.permits {
            return String::new();
        }
        format!("all {} permits are out", self.permits)
    }
    fn permits(&self) -> Option<u32> {
        Some(self.permits)
    }
    fn brief(&self) -> String {
        match self.queue {
            0 => format!("{} permits", self.permits),
            u32::MAX => format!("{} permits, all wait", self.permits),
            queue => format!("{} permits, queue {queue}", self.permits),
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.permits == 0 {
            wrong.push(("permits", "must be at least 1".into()));
        }
        if self.wait.is_some() && self.queue == 0 {
            wrong.push((
                "wait",
                "needs places to wait in: give `queue` as well".into(),
            ));
        }
        if self.wait == Some(SimDuration::ZERO) {
            wrong.push((
                "wait",
                "must be longer than zero; without a `queue` nobody waits".into(),
            ));
        }
        wrong
    }
}
