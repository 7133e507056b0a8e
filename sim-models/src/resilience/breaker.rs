//! A circuit breaker: refuses calls at once while the callee is known to fail, then lets some through to see.
//!
//! Closed: calls pass. It opens on any of its conditions that are given:
//!
//! - `failures` in a row (5 where no condition is given); any success begins anew;
//! - `failure_rate`, `slow_rate`: the share of failures, or of calls that took longer than `slow_after`, among those of
//!   the `window`, as soon as there are `minimum` of them (or as many as a window by count holds);
//! - `leaky`: a bucket that each failure fills by one runs over.
//!
//! Open: calls are refused as `breaker_open`. It is open for `open_for` the first time, and each further time that a
//! probe opens it again `growth` times as long, at most `longest`, spread by `jitter`; closing begins anew. Spans that
//! grow or are spread are truncated to whole milliseconds at each step. Half-open: `half_open` says how many probes are
//! let in and how they decide: by default one, whose success closes it and whose failure opens it again.
//! Forced open and forced closed: until it is reset.
//!
//! What is `ignore`d, and what a policy inside refuses so that nobody is asked, is no result; whatever else is not `on`,
//! or is `unless`, is a success. A call is slow if it took longer, not as long as `slow_after`.
//!
//! Where libraries differ, `rules` says which one it follows. By default: rates are judged after each result, reach
//! their threshold at equality, and are of results only; windows by time are whole buckets of the clock; a call at
//! exactly `open_for` is the first probe; results of calls that were let in before the last change of state are
//! forgotten; a probe that is given up has failed; closing empties the window.
//!
//! | | resilience4j | Polly 8 | Hystrix | opossum | cockatiel | pybreaker |
//! |---|---|---|---|---|---|---|
//! | judged | each result | failures | every 500 ms | failures | failures | failures |
//! | at the threshold | opens | opens | opens, in whole per cent | does not | does not | opens |
//! | at exactly the wait | refuses; a timer moves it | lets in | refuses | a timer moves it | lets in | lets in |
//! | late results | count where they arrive | count where they arrive | count where they arrive | count where they arrive | act as they began | act as they began |
//! | idle time | buckets of a second pass | buckets pass | buckets pass | buckets pass | one bucket a call | - |
//!
//! Source: M. Nygard, *Release It!* (2007), "Circuit Breaker" and "Leaky Bucket"; the presets name the version and the
//! files of each library. Elsewhere: resilience4j `CircuitBreaker`, Polly `CircuitBreaker`, Hystrix `circuitBreaker`,
//! Finagle `FailureAccrual`; Envoy's `circuit_breakers` are limits of concurrency.

mod settings;
mod window;
mod machine;
mod results;
mod telling;

pub use machine::{Admitted, BreakerMemory};
pub use settings::{
    GivenUp, HalfOpen, IgnoredProbe, Initial, Judged, Late, Leaky, Moves, Probes, Rounding, Rules,
    TimeWindow, Window,
};

use super::{By, Context, Do, Ended, Ends, Inside, NOTHING, Policy, Reading, Scope, Stay};
use crate::outcome::OutcomeSet;
use machine::{Core, State};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};
use window::Heard;

/// Refuses calls at once while the callee is known to fail.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row that open it; 5 where no other condition is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// Share of failures in the window that opens it, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_rate: Option<f64>,
    /// Share of slow calls in the window that opens it, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_rate: Option<f64>,
    /// What takes longer is slow.
    #[serde(default = "one_minute", skip_serializing_if = "is_one_minute")]
    pub slow_after: SimDuration,
    /// A leaky bucket of failures that opens it when it runs over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaky: Option<Leaky>,
    /// Which results rates are of.
    #[serde(default, skip_serializing_if = "is_default")]
    pub window: Window,
    /// Calls in the window without which no rate is judged.
    #[serde(default = "twenty", skip_serializing_if = "is_twenty")]
    pub minimum: u32,
    /// How long it stays open before it lets a probe through.
    #[serde(default = "thirty_seconds")]
    pub open_for: SimDuration,
    /// How many times as long it stays open each further time before it closes.
    #[serde(default = "unity", skip_serializing_if = "is_unity")]
    pub growth: f64,
    /// How long it stays open at most; as long as it grows unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<SimDuration>,
    /// By which share of itself the open time is spread, above and below.
    #[serde(default, skip_serializing_if = "is_default")]
    pub jitter: f64,
    /// How it is half open.
    #[serde(default, skip_serializing_if = "is_default")]
    pub half_open: HalfOpen,
    /// What counts as a failure.
    #[serde(default)]
    pub on: OutcomeSet,
    /// What is a success although it is `on`.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub unless: OutcomeSet,
    /// What is no result at all.
    #[serde(default = "nothing", skip_serializing_if = "is_nothing")]
    pub ignore: OutcomeSet,
    /// The rules in which libraries differ.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rules: Rules,
    /// The state at the start.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initial: Initial,
    /// How long after the start it opens on nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub warm_up: SimDuration,
    /// Who shares the breaker.
    #[serde(default)]
    pub scope: Scope,
    /// What there is a breaker each for; none: there is one for all.
    #[serde(default)]
    pub by: Option<By>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: None,
            failure_rate: None,
            slow_rate: None,
            slow_after: one_minute(),
            leaky: None,
            window: Window::default(),
            minimum: twenty(),
            open_for: thirty_seconds(),
            growth: unity(),
            longest: None,
            jitter: 0.0,
            half_open: HalfOpen::default(),
            on: OutcomeSet::default(),
            unless: nothing(),
            ignore: nothing(),
            rules: Rules::default(),
            initial: Initial::default(),
            warm_up: SimDuration::ZERO,
            scope: Scope::default(),
            by: None,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one_minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn is_one_minute(span: &SimDuration) -> bool {
    *span == one_minute()
}

fn twenty() -> u32 {
    20
}

fn is_twenty(count: &u32) -> bool {
    *count == twenty()
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

fn unity() -> f64 {
    1.0
}

fn is_unity(number: &f64) -> bool {
    *number == unity()
}

fn nothing() -> OutcomeSet {
    OutcomeSet::of(&[])
}

fn is_nothing(set: &OutcomeSet) -> bool {
    *set == nothing()
}

/// Failures in a row that open it where nothing else is said.
const IN_A_ROW: u32 = 5;
/// Attempts after which a breaker may open by bad luck once: beyond them it is taken not to.
const MANY_ATTEMPTS: f64 = 1e9;

impl Breaker {
    /// Failures in a row that open it, if any number does.
    fn in_a_row(&self) -> Option<u32> {
        let others = self.has_rates() || self.leaky.is_some();
        self.failures.or((!others).then_some(IN_A_ROW))
    }

    /// Whether a rate opens it.
    fn has_rates(&self) -> bool {
        self.failure_rate.is_some() || self.slow_rate.is_some()
    }

    /// Whether its state can change while nobody comes.
    #[inline]
    fn has_timers(&self) -> bool {
        self.rules.timer
            || self.half_open.at_most > SimDuration::ZERO
            || self.rules.judged == Judged::Snapshots
    }

    /// What it is by now, timers included.
    fn now(&self, memory: &BreakerMemory, now: SimTime) -> Core {
        let mut core = memory.core;
        self.ahead(
            &mut core,
            &memory.heard,
            now,
            &mut [0; Self::COUNTERS.len()],
        );
        core
    }
}

impl Policy for Breaker {
    type Memory = BreakerMemory;
    type Call = Admitted;
    const SUMMARY: &'static str = "refuses calls at once while the callee fails, then probes";
    const EXAMPLE: &'static str = "breaker(failures: 5)";
    const LIVE: &'static [&'static str] = &["failures", "open_for"];
    const COUNTERS: &'static [&'static str] = &["opened", "refused", "probes", "closed"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;
    const BREAKS: bool = true;
    const BY_HAND: bool = true;
    const STATES: &'static [&'static str] = &["closed", "open", "half_open"];

    fn memory(&self) -> BreakerMemory {
        self.fresh()
    }
    fn heap(&self) -> usize {
        if self.has_rates() {
            Heard::heap(&self.window)
        } else {
            0
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn parks(&self) -> bool {
        self.half_open.waits
    }
    #[inline]
    fn on_enter(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        context: &mut Context,
    ) -> Do {
        self.came(memory, call, context)
    }
    /// It waited for as long as the breaker may be half open.
    fn on_timer(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        context: &mut Context,
    ) -> Do {
        self.arrive(memory, context);
        self.decide(memory, call, context)
    }
    fn on_wake(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        context: &mut Context,
    ) -> Do {
        if self.waits_on(memory, *call) {
            return Do::Park(None);
        }
        self.arrive(memory, context);
        self.decide(memory, call, context)
    }
    #[inline]
    fn on_leave(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        ended: &Ended,
        context: &mut Context,
    ) {
        self.left(memory, *call, ended, context);
    }
    fn on_hand(&self, memory: &mut BreakerMemory, trips: bool, context: &mut Context) {
        self.force(memory, trips, context);
    }
    fn reading(&self, memory: &BreakerMemory, now: SimTime) -> Reading {
        self.told(memory, now)
    }
    fn why(&self, memory: &BreakerMemory, now: SimTime) -> String {
        self.explained(memory, now)
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        self.never(rate)
    }
    fn thresholds(&self) -> Vec<(&'static str, f64)> {
        let in_a_row = self.in_a_row().map(f64::from);
        let level = self.leaky.as_ref().map(|leaky| leaky.size);
        let [failure_rate, slow_rate] = match self.has_rates() {
            true => [self.failure_rate, self.slow_rate],
            false => [None; 2],
        };
        let all = [
            ("failures_in_a_row", in_a_row),
            ("level", level),
            ("failure_rate", failure_rate),
            ("slow_rate", slow_rate),
        ];
        let known = |(name, value): (&'static str, Option<f64>)| Some((name, value?));
        all.into_iter().filter_map(known).collect()
    }
    #[inline]
    fn state(&self, memory: &BreakerMemory, _: u32, now: SimTime) -> (u8, Option<SimTime>) {
        if !self.has_timers() {
            return (memory.core.state.number(), None);
        }
        let core = self.now(memory, now);
        let turned = core.epoch != memory.core.epoch;
        (core.state.number(), turned.then_some(core.since))
    }
    fn is_shut(&self, memory: &BreakerMemory, now: SimTime) -> bool {
        match self.now(memory, now).state {
            State::Closed | State::ForcedClosed => false,
            State::Open(until) => now < until || (now == until && self.rules.after),
            State::HalfOpen { permits, .. } => permits == 0,
            State::ForcedOpen => true,
        }
    }
    fn is_open(&self, memory: &BreakerMemory, now: SimTime) -> bool {
        let state = self.now(memory, now).state;
        !matches!(state, State::Closed | State::ForcedClosed)
    }
    /// Where it makes no difference: nothing fails, so that it never opens by bad luck, or everything.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        let ends = inside.ends(when)?;
        let plain = self.unless == nothing() && self.ignore == nothing();
        if self.initial != Initial::Closed || self.slow_rate.is_some() || !plain {
            return None;
        }
        let (failed, _) = ends.failed(self.on)?;
        let run = match self.in_a_row() {
            Some(most) if !self.has_rates() && self.leaky.is_none() => {
                libm::pow(failed, f64::from(most))
            }
            _ => failed,
        };
        let never = failed >= 1.0 - NOTHING || run * MANY_ATTEMPTS < 1.0;
        never.then_some(ends)
    }
    fn brief(&self) -> String {
        let rate = |share: f64| format!("{}%", libm::round(share * 1e4) / 1e2);
        if let Some(share) = self.failure_rate {
            format!("{} failures", rate(share))
        } else if let Some(share) = self.slow_rate {
            format!("{} slow", rate(share))
        } else if let Some(leaky) = &self.leaky {
            format!("{} failures, leaky", leaky.size)
        } else {
            format!("{} failures", self.in_a_row().unwrap_or(IN_A_ROW))
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        self.wrong()
    }
}
