//! A plain circuit breaker: opens after so many failures in a row, stays open for a span, then lets
//! one probe through.
//!
//! Closed: every failure in a row counts, any success resets the count; at `failures` it opens.
//! Open: calls are refused at once; at exactly `open_for` the next call is let through. Half-open:
//! that call is the probe, all others are refused; its success closes the breaker, its failure opens
//! it for another `open_for`. Results of calls that began before the last change of state do not
//! count. A probe that a policy outside gives up counts as failed. What a policy inside refuses, so that nobody is
//! asked, says nothing of the callee.
//!
//! Source: M. Nygard, *Release It!* (2007), "Circuit Breaker".

use super::{By, Context, Do, Ended, Ends, Final, Inside, NOTHING, Policy, Reading, Scope, Stay};
use crate::outcome::{Ending, Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Refuses calls at once while the callee is known to fail.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row that open it.
    #[serde(default = "five")]
    pub failures: u32,
    /// How long it stays open before it lets a probe through.
    #[serde(default = "thirty_seconds")]
    pub open_for: SimDuration,
    /// What counts as a failure.
    #[serde(default)]
    pub on: OutcomeSet,
    /// Who shares the breaker.
    #[serde(default)]
    pub scope: Scope,
    /// What there is a breaker each for; none: there is one for all.
    #[serde(default)]
    pub by: Option<By>,
}

fn five() -> u32 {
    5
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

/// State of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls pass; this many failed in a row.
    Closed(u32),
    /// Calls are refused until then.
    Open(SimTime),
    /// A probe is on its way.
    HalfOpen,
}

/// A breaker's state, and how often it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerMemory {
    state: State,
    epoch: u32,
}

impl BreakerMemory {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
    }
}

/// The epoch in which the call was let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admitted(u32);

impl Breaker {
    fn open(&self, memory: &mut BreakerMemory, context: &mut Context) {
        context.counters[0] += 1;
        memory.enter(State::Open(context.now + self.open_for));
    }
}

/// Attempts after which a breaker may open by bad luck once: beyond them it is taken not to.
const MANY_ATTEMPTS: f64 = 1e9;

impl Policy for Breaker {
    type Memory = BreakerMemory;
    type Call = Admitted;
    const SUMMARY: &'static str = "refuses calls at once after failures in a row, then probes";
    const EXAMPLE: &'static str = "breaker(failures: 5)";
    const LIVE: &'static [&'static str] = &["failures", "open_for"];
    const COUNTERS: &'static [&'static str] = &["opened", "refused", "probes", "closed"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;
    const BREAKS: bool = true;
    const STATES: &'static [&'static str] = &["closed", "open", "half_open"];

    fn memory(&self) -> BreakerMemory {
        BreakerMemory {
            state: State::Closed(0),
            epoch: 0,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        context: &mut Context,
    ) -> Do {
        match memory.state {
            State::Closed(_) => {}
            State::Open(until) if context.now >= until => {
                context.counters[2] += 1;
                memory.enter(State::HalfOpen);
            }
            State::Open(_) | State::HalfOpen => {
                context.counters[1] += 1;
                return Do::End(Ending::of(Outcome::BreakerOpen), Final::No);
            }
        }
        call.0 = memory.epoch;
        Do::Pass
    }
    #[inline]
    fn on_leave(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        ended: &Ended,
        context: &mut Context,
    ) {
        if call.0 != memory.epoch {
            return;
        }
        // Nobody knows how a call that is given up would have ended; a probe has to have ended.
        let failed = ended.given_up || self.on.contains(ended.ending);
        if !failed && !ended.outcome().is_success() && ended.callee == Ended::NOBODY {
            // A policy inside let it through to nobody: that says nothing of the callee. The next one is a probe.
            if memory.state == State::HalfOpen {
                memory.enter(State::Open(context.now));
            }
            return;
        }
        match memory.state {
            State::Closed(_) if ended.given_up => {}
            State::Closed(in_a_row) if failed && in_a_row + 1 >= self.failures => {
                self.open(memory, context);
            }
            State::Closed(in_a_row) => {
                memory.state = State::Closed(if failed { in_a_row + 1 } else { 0 });
            }
            State::HalfOpen if failed => self.open(memory, context),
            State::HalfOpen => {
                context.counters[3] += 1;
                memory.enter(State::Closed(0));
            }
            State::Open(_) => {}
        }
    }
    fn reading(&self, memory: &BreakerMemory, now: SimTime) -> Reading {
        match memory.state {
            State::Closed(failures) => Reading {
                state: "closed",
                numbers: vec![("failures_in_a_row", f64::from(failures))],
            },
            State::Open(until) => Reading {
                state: "open",
                numbers: vec![("open_for", until.since(now).as_secs_f64())],
            },
            State::HalfOpen => Reading {
                state: "half_open",
                numbers: Vec::new(),
            },
        }
    }
    fn thresholds(&self) -> Vec<(&'static str, f64)> {
        vec![("failures_in_a_row", f64::from(self.failures))]
    }
    #[inline]
    fn state(&self, memory: &BreakerMemory, _: u32, _: SimTime) -> (u8, Option<SimTime>) {
        let state = match memory.state {
            State::Closed(_) => 0,
            State::Open(_) => 1,
            State::HalfOpen => 2,
        };
        (state, None)
    }
    fn is_shut(&self, memory: &BreakerMemory, now: SimTime) -> bool {
        match memory.state {
            State::Closed(_) => false,
            State::Open(until) => now < until,
            State::HalfOpen => true,
        }
    }
    fn is_open(&self, memory: &BreakerMemory, _: SimTime) -> bool {
        !matches!(memory.state, State::Closed(_))
    }
    /// Where it makes no difference: nothing fails, so that it never opens by bad luck, or everything.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        let ends = inside.ends(when)?;
        let (failed, _) = ends.failed(self.on)?;
        let run = libm::pow(failed, f64::from(self.failures));
        let never = failed >= 1.0 - NOTHING || run * MANY_ATTEMPTS < 1.0;
        never.then_some(ends)
    }
    fn brief(&self) -> String {
        format!("{} failures", self.failures)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.failures > 0 {
            Vec::new()
        } else {
            vec![("failures", "must be at least 1".into())]
        }
    }
}
