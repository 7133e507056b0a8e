//! Thread pool: runs calls on threads of its own, with a queue before them.
//!
//! As the executor of Java decides: while there are fewer than `core` threads, a call gets a new one, even if others
//! have nothing to do. Else a thread that has nothing to do takes it; else it waits in the `queue`; and only where that
//! is full, a thread beyond `core` begins, up to `max`. Where there is none either, it ends as `bulkhead_full`. A
//! thread that is done takes the first of the queue. One that had nothing to do for `keep_alive`, exactly that long
//! included, ends while there are more than `core`. So the queue is full before a thread beyond `core` helps, and with
//! `queue: 0` all of `max` help at once.
//!
//! A call holds its thread until it ends or is given up; one that is given up in the queue leaves it (Java's executor
//! keeps it there until a thread takes it and sees that nobody wants it). What the caller's own threads do meanwhile is
//! up to its service: `threading: sync` holds them as well.
//!
//! Source: `java.util.concurrent.ThreadPoolExecutor`, "Core and maximum pool sizes", "Queuing"; resilience4j 2.4
//! `FixedThreadPoolBulkhead`; Hystrix 1.5 `HystrixThreadPool` (`coreSize` 10, no queue: `maxQueueSize` -1).

use super::{By, Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Runs calls on threads of its own.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadPool {
    /// Threads that it keeps.
    #[serde(default = "ten")]
    pub core: u32,
    /// Threads at most, once the queue is full; as many as it keeps, unless this says otherwise.
    #[serde(default)]
    pub max: Option<u32>,
    /// Calls that may wait for a thread.
    #[serde(default)]
    pub queue: u32,
    /// How long a thread beyond `core` has nothing to do before it ends.
    #[serde(default = "one_minute")]
    pub keep_alive: SimDuration,
    /// Who shares the threads.
    #[serde(default)]
    pub scope: Scope,
    /// What has threads of its own; none: all share them.
    #[serde(default)]
    pub by: Option<By>,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

impl Default for ThreadPool {
    fn default() -> Self {
        Self {
            core: ten(),
            max: None,
            queue: 0,
            keep_alive: one_minute(),
            scope: Scope::Instance,
            by: None,
            push_back: None,
        }
    }
}

fn ten() -> u32 {
    10
}

fn one_minute() -> SimDuration {
    SimDuration::from_secs(60)
}

/// The threads that there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threads {
    busy: u32,
    /// Since when each of the others has nothing to do, the longest first.
    idle: VecDeque<SimTime>,
}

impl Threads {
    fn alive(&self) -> u32 {
        self.busy + self.idle.len() as u32
    }
}

impl ThreadPool {
    fn max(&self) -> u32 {
        self.max.unwrap_or(self.core).max(self.core)
    }

    /// Threads end that had nothing to do for long enough.
    fn settle(&self, threads: &mut Threads, now: SimTime) {
        while threads.alive() > self.core
            && (threads.idle.front()).is_some_and(|since| *since + self.keep_alive <= now)
        {
            threads.idle.pop_front();
        }
    }

    fn full(&self, context: &mut Context) -> Do {
        context.turned_away(Outcome::BulkheadFull, self.push_back)
    }
}

impl Policy for ThreadPool {
    type Memory = Threads;
    type Call = ();
    const SUMMARY: &'static str = "runs calls on threads of its own, with a queue before them";
    const EXAMPLE: &'static str = "thread_pool(core: 10, queue: 5)";
    const LIVE: &'static [&'static str] = &["core", "max", "queue"];
    const AT_DOOR: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused", "waited"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Threads {
        Threads::default()
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
    fn on_enter(&self, threads: &mut Threads, (): &mut (), context: &mut Context) -> Do {
        self.settle(threads, context.now);
        if threads.alive() >= self.core {
            // Those who wait at a queue are served in turn; where there is none, the last who came to rest is.
            let rested = if self.queue > 0 {
                threads.idle.pop_front()
            } else {
                threads.idle.pop_back()
            };
            if rested.is_none() {
                // Without a thread nobody would ever take what waits: then one begins.
                if context.waiting < self.queue && threads.alive() > 0 {
                    context.counters[1] += 1;
                    return Do::Park(None);
                }
                if threads.alive() >= self.max() {
                    return self.full(context);
                }
            }
        }
        threads.busy += 1;
        Do::Pass
    }
    fn on_wake(&self, threads: &mut Threads, (): &mut (), _: &mut Context) -> Do {
        threads.busy += 1;
        Do::Pass
    }
    fn on_leave(&self, threads: &mut Threads, (): &mut (), _: &Ended, context: &mut Context) {
        self.settle(threads, context.now);
        threads.busy -= 1;
        if threads.alive() >= self.max() {
            // There are to be fewer than there were.
        } else if context.waiting > 0 {
            context.wake = 1;
        } else {
            threads.idle.push_back(context.now);
        }
    }
    fn on_set(&self, threads: &mut Threads, _: &Self, now: SimTime) -> u32 {
        self.settle(threads, now);
        self.core.saturating_sub(threads.alive())
    }
    fn is_shut(&self, threads: &Threads, _: SimTime) -> bool {
        threads.busy >= self.max()
    }
    fn inside(threads: &Threads) -> Option<u32> {
        Some(threads.busy)
    }
    fn reading(&self, threads: &Threads, now: SimTime) -> Reading {
        let mut threads = threads.clone();
        self.settle(&mut threads, now);
        Reading {
            state: "",
            numbers: vec![
                ("out", f64::from(threads.busy)),
                ("threads", f64::from(threads.alive())),
            ],
        }
    }
    fn heap(&self) -> usize {
        self.max() as usize * size_of::<SimTime>()
    }
    fn why(&self, threads: &Threads, _: SimTime) -> String {
        if threads.busy < self.max() {
            return String::new();
        }
        format!("all {} threads are busy", threads.busy)
    }
    fn permits(&self) -> Option<u32> {
        Some(self.max())
    }
    fn brief(&self) -> String {
        match self.queue {
            0 => format!("{} threads", self.max()),
            queue => format!("{} threads, queue {queue}", self.max()),
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.max() == 0 {
            wrong.push(("core", "there must be at least 1 thread".into()));
        }
        if let Some(max) = self.max
            && max < self.core
        {
            let why = format!("must be at least `core`, {}, not {max}", self.core);
            wrong.push(("max", why));
        }
        wrong
    }
}
