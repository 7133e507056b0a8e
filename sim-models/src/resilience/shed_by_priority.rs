//! Shedding by priority: the door of a service that is overloaded lets the important in, and sheds the others first.
//!
//! A request has a level: its priority, and within that the group of users that it is from (128 groups, the same at
//! every service: a request is shed at the first of them, not at the last). The door lets in all whose level is below
//! a bound. At the end of each window the bound moves. The service is overloaded if requests that began to be served
//! in the window had waited for longer than `queueing` on average (or if none could begin, and some wait): then the
//! bound falls until it would have let in a share `down` fewer than it did. Otherwise it rises until it would have let
//! in more, by a share `up` of all that came. A window ends after `window`, or after `requests` of them. A request that
//! is shed ends as `rejected`.
//!
//! Source: H. Zhou et al., "Overload control for scaling WeChat microservices" (DAGOR; SoCC 2018): 20 ms of queueing,
//! windows of 1 s or 2000 requests, alpha 5 % and beta 1 %, 128 user priorities in each business priority; its levels
//! of business are ours of criticality. The level does not travel back to callers, as it does there.

use super::{Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::baggage::{Baggage, Priority};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Lets the important in, and sheds the others first.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShedByPriority {
    /// Mean wait for a thread, since a request came to the door, beyond which the service is overloaded.
    #[serde(default = "twenty_milliseconds")]
    pub queueing: SimDuration,
    /// How long it is measured before the bound moves.
    #[serde(default = "one_second")]
    pub window: SimDuration,
    /// So many requests end a window early.
    #[serde(default = "two_thousand")]
    pub requests: u32,
    /// Share of those let in that are shed more after a window of overload.
    #[serde(default = "twentieth")]
    pub down: f64,
    /// Share of those that came that are let in more after any other window.
    #[serde(default = "hundredth")]
    pub up: f64,
    /// What those who are shed are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
    /// Who shares the bound.
    #[serde(default)]
    pub scope: Scope,
}

fn twenty_milliseconds() -> SimDuration {
    SimDuration::from_millis(20)
}

fn one_second() -> SimDuration {
    SimDuration::from_secs(1)
}

fn two_thousand() -> u32 {
    2000
}

fn twentieth() -> f64 {
    0.05
}

fn hundredth() -> f64 {
    0.01
}

/// Levels that there are.
const LEVELS: usize = Priority::ALL.len() * Baggage::USERS as usize;

/// The bound, and what was seen in the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Door {
    /// Levels below this are let in.
    bound: usize,
    began: SimTime,
    /// Requests that came, by level; empty before the first one.
    came: Vec<u32>,
    total: u32,
    admitted: u32,
    /// Requests that began to be served, and the sum of their waits.
    started: u32,
    waited: SimDuration,
    /// Requests that wait to be served.
    waiting: u32,
    inside: u32,
}

/// Whether a request that was let in has begun to be served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served(bool);

impl Door {
    /// Ends a window, and moves the bound.
    fn end_window(&mut self, policy: &ShedByPriority, now: SimTime) {
        let overloaded = if self.started > 0 {
            self.waited.as_nanos_f64() > policy.queueing.as_nanos_f64() * f64::from(self.started)
        } else {
            self.waiting > 0
        };
        let (total, admitted) = (f64::from(self.total), f64::from(self.admitted));
        // How many the bound would have let in.
        let mut below: f64 = self.came[..self.bound].iter().copied().map(f64::from).sum();
        if overloaded {
            // Somebody is let in, however bad it is: nobody would know otherwise when it is over.
            while self.bound > 1 && below > admitted * (1.0 - policy.down) {
                self.bound -= 1;
                below -= f64::from(self.came[self.bound]);
            }
        } else {
            while self.bound < LEVELS && below < admitted + total * policy.up {
                below += f64::from(self.came[self.bound]);
                self.bound += 1;
            }
        }
        self.came.fill(0);
        (self.total, self.admitted, self.started) = (0, 0, 0);
        self.waited = SimDuration::ZERO;
        self.began = now;
    }
}

/// The level of a request: the lower, the more important.
fn level(context: &Context) -> usize {
    context.priority as usize * usize::from(Baggage::USERS) + usize::from(context.user)
}

impl Policy for ShedByPriority {
    type Memory = Door;
    type Call = Served;
    const SUMMARY: &'static str = "an overloaded service sheds the least important first";
    const EXAMPLE: &'static str = "shed_by_priority";
    const STATES: &'static [&'static str] = &["open", "sheds"];
    const COUNTERS: &'static [&'static str] = &[
        "shed_critical_plus",
        "shed_critical",
        "shed_sheddable_plus",
        "shed_sheddable",
        "lowered",
        "raised",
    ];
    const AT_DOOR: bool = true;
    const AT_CALLER: bool = false;
    const LEAVES: bool = true;
    const REFUSES: bool = true;
    const UNPACKS: bool = true;
    const STARTS: bool = true;

    fn memory(&self) -> Door {
        Door {
            bound: LEVELS,
            began: SimTime::ZERO,
            came: Vec::new(),
            total: 0,
            admitted: 0,
            started: 0,
            waited: SimDuration::ZERO,
            waiting: 0,
            inside: 0,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn on_enter(&self, door: &mut Door, served: &mut Served, context: &mut Context) -> Do {
        if door.came.is_empty() {
            door.came = vec![0; LEVELS];
            door.began = context.now;
        }
        if context.now.since(door.began) >= self.window || door.total >= self.requests {
            let before = door.bound;
            door.end_window(self, context.now);
            context.counters[4] += u64::from(door.bound < before);
            context.counters[5] += u64::from(door.bound > before);
        }
        let level = level(context);
        door.came[level] += 1;
        door.total += 1;
        if level >= door.bound {
            context.counters[context.priority as usize] += 1;
            let last = PushBack::last(self.push_back);
            return Do::End(Ending::of(Outcome::Rejected), last);
        }
        door.admitted += 1;
        door.waiting += 1;
        door.inside += 1;
        *served = Served(false);
        Do::Pass
    }
    fn on_start(&self, door: &mut Door, served: &mut Served, waited: SimDuration, _: &mut Context) {
        if !std::mem::replace(&mut served.0, true) {
            door.waiting -= 1;
            door.started += 1;
            door.waited = door.waited + waited;
        }
    }
    fn on_leave(&self, door: &mut Door, served: &mut Served, _: &Ended, _: &mut Context) {
        door.inside -= 1;
        door.waiting -= u32::from(!served.0);
    }
    fn inside(door: &Door) -> Option<u32> {
        Some(door.inside)
    }
    fn state(&self, door: &Door, _: u32, _: SimTime) -> (u8, Option<SimTime>) {
        (u8::from(door.bound < LEVELS), None)
    }
    fn reading(&self, door: &Door, _: SimTime) -> Reading {
        Reading {
            state: if door.bound < LEVELS { "sheds" } else { "open" },
            numbers: vec![
                ("bound", door.bound as f64),
                ("waiting", f64::from(door.waiting)),
            ],
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        for (field, span) in [("queueing", self.queueing), ("window", self.window)] {
            if span == SimDuration::ZERO {
                wrong.push((field, "must be longer than zero".into()));
            }
        }
        if self.requests == 0 {
            wrong.push(("requests", "must be at least 1".into()));
        }
        for (field, share) in [("down", self.down), ("up", self.up)] {
            if !(share > 0.0 && share < 1.0) {
                wrong.push((field, format!("must be between 0 and 1, not {share}")));
            }
        }
        wrong
    }
}
