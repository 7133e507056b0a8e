//! Failure accrual: balancers pass an instance by for a while when it has failed too often, and ask it once before they
//! trust it again.
//!
//! An instance is *alive* until it fails (`on`) `failures` times in a row, or its success rate is below `success_rate`;
//! then it is *dead* for a span and balancers pass it by. Once that is over (at exactly that time) it is to be probed
//! (*probe_open*): the next call that comes to it is the probe, and until that one has ended others pass it by
//! (*probe_closed*). A success there revives it, and all is forgotten; a failure is asked like any other whether it marks
//! the instance dead, and if it does not, the next call is a probe again.
//!
//! The success rate is a moving average over `window`: an observation weighs 1/e of itself after that time. It is asked
//! only after a failure, once `window` has passed since the start or the last revival, and if `requests` results came
//! within the last `window`, counted in five slices of it. Times are whole milliseconds. Both rules count every failure
//! while the instance is alive or probed, and none while it is dead or to be probed; every success always counts. It does
//! not matter when a call was sent: the first to end after a probe has begun decides.
//!
//! It is dead for `base` the first time, then, until it is revived, for half of a span that doubles each time plus a
//! uniform share of that half: 5 s to 10 s, 10 s to 20 s, .., and `longest` from where that would be exceeded; each of
//! the rules counts its own spans, and the longer one holds. With `base` equal to `longest` it is always that.
//!
//! It never turns a call away: where all instances are dead, they are asked. What the caller takes back, and what a
//! policy inside turns away before anybody is asked, is neither failure nor success; a probe that ends so is none.
//!
//! Source: Finagle 24.2 `FailureAccrualFactory`, `FailureAccrualPolicy` (`successRateWithinDuration` 0.8 over 30 s with 5
//! requests or more, or 5 `consecutiveFailures`; `markDeadFor` `Backoff.equalJittered(5.seconds, 300.seconds)`), `Ema`,
//! `WindowedAdder`; the preset `finagle` says it in its words. Elsewhere Linkerd `failureAccrual`, Envoy
//! `outlier_detection` (`outlier_ejection`).

use super::{By, Context, Do, Ended, Ends, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

/// Passes an instance by that fails, and probes it before it is trusted again.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureAccrual {
    /// Failures in a row that mark an instance dead; 0: none do.
    #[serde(default = "five")]
    pub failures: u32,
    /// A success rate below this marks it dead; 0: none does.
    #[serde(default = "required")]
    pub success_rate: f64,
    /// Over how long the success rate is averaged.
    #[serde(default = "thirty_seconds")]
    pub window: SimDuration,
    /// How many results must have come within `window` for the success rate to count.
    #[serde(default = "five")]
    pub requests: u32,
    /// How long it is dead the first time.
    #[serde(default = "five_seconds")]
    pub base: SimDuration,
    /// How long it is dead at most.
    #[serde(default = "five_minutes")]
    pub longest: SimDuration,
    /// What counts as a failure.
    #[serde(default)]
    pub on: OutcomeSet,
    /// Who shares what is known of the instances.
    #[serde(default)]
    pub scope: Scope,
}

fn five() -> u32 {
    5
}

fn required() -> f64 {
    0.8
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

impl Default for FailureAccrual {
    fn default() -> Self {
        Self {
            failures: five(),
            success_rate: required(),
            window: thirty_seconds(),
            requests: five(),
            base: five_seconds(),
            longest: five_minutes(),
            on: OutcomeSet::default(),
            scope: Scope::default(),
        }
    }
}

/// What an instance is taken to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Alive,
    /// Until then.
    Dead(SimTime),
    /// The next call is a probe.
    ProbeOpen,
    /// A probe is out.
    ProbeClosed,
}

impl State {
    /// Its place in [`Policy::STATES`].
    fn number(self) -> u8 {
        match self {
            Self::Alive => 0,
            Self::Dead(_) => 1,
            Self::ProbeOpen => 2,
            Self::ProbeClosed => 3,
        }
    }
}

/// Slices of the window but the one that is being written.
const SLICES: usize = 4;

/// What is known of an instance. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accrued {
    state: State,
    in_a_row: u32,
    /// When it was made or revived.
    start: u64,
    /// The success rate, and when it was updated the last time.
    average: f64,
    updated: Option<u64>,
    /// Results in the slice that is being written, in those before it, and when that one began.
    writing: u32,
    written: [u32; SLICES],
    next: usize,
    since: u64,
    /// How long it is dead the next time, by each rule.
    spans: [Span; 2],
}

/// The next span of a rule, and how many have been drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    next: SimDuration,
    drawn: u32,
}

impl Accrued {
    /// Counts a result, and says how many there were within the window.
    fn count(&mut self, now: u64, window: u64) -> u32 {
        self.expire(now, window);
        self.writing += 1;
        self.within()
    }

    fn within(&self) -> u32 {
        self.writing + self.written.iter().sum::<u32>()
    }

    /// Closes slices that are over.
    fn expire(&mut self, now: u64, window: u64) {
        let slice = (window / (SLICES as u64 + 1)).max(1);
        let passed = (now - self.since) / slice;
        if passed == 0 {
            return;
        }
        self.written[self.next] = std::mem::take(&mut self.writing);
        self.next = (self.next + 1) % SLICES;
        for _ in 0..(passed - 1).min(SLICES as u64) {
            self.written[self.next] = 0;
            self.next = (self.next + 1) % SLICES;
        }
        self.since = now;
    }

    /// Adds an observation to the success rate, and returns it.
    fn observe(&mut self, now: u64, window: u64, success: f64) -> f64 {
        let stamp = now - self.start;
        self.average = match self.updated {
            None => success,
            Some(before) => {
                let weight = libm::exp(-((stamp - before) as f64) / window as f64);
                success * (1.0 - weight) + self.average * weight
            }
        };
        self.updated = Some(stamp);
        self.average
    }

    /// Its state now: a dead one is to be probed once its time is over.
    fn state(&self, now: SimTime) -> State {
        match self.state {
            State::Dead(until) if now >= until => State::ProbeOpen,
            state => state,
        }
    }
}

impl FailureAccrual {
    fn window(&self) -> u64 {
        (self.window.0 / 1_000_000).max(1)
    }

    /// The span that a rule marks an instance dead for; the next one is drawn.
    fn take(&self, span: &mut Span, luck: &mut Keyed) -> SimDuration {
        let taken = if span.drawn == 0 {
            self.base
        } else {
            span.next
        };
        // Each is half of one that doubles, and a share of that half.
        let half = self.base.0.checked_mul(1 << span.drawn.min(62));
        let half = half.map_or(self.longest.0, |half| half.min(self.longest.0));
        let next = half.saturating_add(luck.below(half));
        span.next = SimDuration(next).min(self.longest);
        span.drawn = span.drawn.saturating_add(1);
        taken
    }

    /// A failure counts: how long the instance is to be dead, if it is.
    fn failed(&self, known: &mut Accrued, context: &Context) -> Option<SimDuration> {
        let now = milliseconds(context.now);
        let window = self.window();
        let mut dead_for = None;
        let within = known.count(now, window);
        let rate = known.observe(now, window, 0.0);
        let long_enough = now - known.start >= window;
        let mut luck = Keyed::new(context.key, 0x4143_4352);
        let mut mark = |span: &mut Span| {
            dead_for = dead_for.max(Some(self.take(span, &mut luck)));
        };
        if long_enough && rate < self.success_rate && within >= self.requests {
            mark(&mut known.spans[0]);
        }
        known.in_a_row += 1;
        if self.failures > 0 && known.in_a_row >= self.failures {
            mark(&mut known.spans[1]);
        }
        dead_for
    }

    fn succeeded(&self, known: &mut Accrued, now: SimTime) {
        let (now, window) = (milliseconds(now), self.window());
        known.count(now, window);
        known.observe(now, window, 1.0);
        known.in_a_row = 0;
    }
}

fn milliseconds(at: SimTime) -> u64 {
    at.0 / 1_000_000
}

/// What it counts, in order.
const REMOVALS: usize = 0;
const REVIVALS: usize = 1;
const PROBES: usize = 2;

impl Policy for FailureAccrual {
    type Memory = Accrued;
    type Call = ();
    const SUMMARY: &'static str =
        "passes an instance by that fails, and probes it before it is trusted again";
    const EXAMPLE: &'static str = "failure_accrual(failures: 5)";
    const LIVE: &'static [&'static str] = &["failures", "success_rate", "base", "longest"];
    const COUNTERS: &'static [&'static str] = &["removals", "revivals", "probes"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const STATES: &'static [&'static str] = &["alive", "dead", "probe_open", "probe_closed"];

    fn memory(&self) -> Accrued {
        Accrued::default()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        Some(By::Callee)
    }
    #[inline]
    fn on_enter(&self, known: &mut Accrued, (): &mut (), context: &mut Context) -> Do {
        known.state = known.state(context.now);
        if known.state == State::ProbeOpen {
            known.state = State::ProbeClosed;
            context.counters[PROBES] += 1;
        }
        Do::Pass
    }
    #[inline]
    fn on_leave(&self, known: &mut Accrued, (): &mut (), ended: &Ended, context: &mut Context) {
        known.state = known.state(context.now);
        let failed = self.on.contains(ended.ending);
        let unknown = ended.callee == Ended::NOBODY && !ended.outcome().is_success();
        if ended.given_up || unknown || ended.outcome() == Outcome::Cancelled {
            if known.state == State::ProbeClosed {
                known.state = State::ProbeOpen;
            }
            return;
        }
        if !failed {
            if known.state == State::ProbeClosed {
                context.counters[REVIVALS] += 1;
                let now = milliseconds(context.now);
                *known = Accrued {
                    start: now,
                    since: now,
                    ..Accrued::default()
                };
            }
            return self.succeeded(known, context.now);
        }
        if !matches!(known.state, State::Alive | State::ProbeClosed) {
            return;
        }
        match self.failed(known, context) {
            Some(span) => {
                context.counters[REMOVALS] += u64::from(known.state == State::Alive);
                known.state = State::Dead(context.now + span);
            }
            None if known.state == State::ProbeClosed => known.state = State::ProbeOpen,
            None => {}
        }
    }
    fn state(&self, known: &Accrued, _: u32, now: SimTime) -> (u8, Option<SimTime>) {
        match (known.state, known.state(now)) {
            (State::Dead(until), State::ProbeOpen) => (2, Some(until)),
            (_, state) => (state.number(), None),
        }
    }
    fn is_shut(&self, known: &Accrued, now: SimTime) -> bool {
        matches!(known.state(now), State::Dead(_) | State::ProbeClosed)
    }
    fn is_open(&self, known: &Accrued, now: SimTime) -> bool {
        known.state(now) != State::Alive
    }
    /// Where nothing fails.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, self.on)
    }
    fn reading(&self, known: &Accrued, now: SimTime) -> Reading {
        let mut counted = known.clone();
        counted.expire(milliseconds(now), self.window());
        let mut numbers = vec![
            ("failures_in_a_row", f64::from(known.in_a_row)),
            ("requests", f64::from(counted.within())),
            ("success_rate", known.average),
        ];
        let state = known.state(now);
        if let State::Dead(until) = state {
            numbers.push(("dead_for", until.since(now).as_secs_f64()));
        }
        Reading {
            state: Self::STATES[usize::from(state.number())],
            numbers,
        }
    }
    fn why(&self, known: &Accrued, now: SimTime) -> String {
        match known.state(now) {
            State::Alive if self.failures > 0 => format!(
                "{} of {} failures in a row; {:.1}% of recent calls succeeded",
                known.in_a_row,
                self.failures,
                known.average * 100.0
            ),
            State::Alive => format!("{:.1}% of recent calls succeeded", known.average * 100.0),
            State::Dead(until) => format!("marked dead until {until}, to be probed then"),
            State::ProbeOpen => "the next call probes it".into(),
            State::ProbeClosed => "a probe is out: its success revives the instance".into(),
        }
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        let come = rate * self.window.as_secs_f64();
        (self.failures == 0 && come < f64::from(self.requests)).then(|| {
            format!(
                "{} results within {} are needed before its success rate counts; at {rate}/s there are {come}",
                self.requests, self.window
            )
        })
    }
    fn brief(&self) -> String {
        if self.failures > 0 {
            format!("{} failures", self.failures)
        } else {
            format!("success < {}", self.success_rate)
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(0.0..=1.0).contains(&self.success_rate) {
            let why = format!("must be 0 to 1, not {}", self.success_rate);
            wrong.push(("success_rate", why));
        }
        if self.failures == 0 && self.success_rate == 0.0 {
            let why =
                "must be at least 1, or `success_rate` more than 0: otherwise none is ever dead";
            wrong.push(("failures", why.into()));
        }
        if self.window < SimDuration::from_millis(5) {
            let why = "must be 5ms or more: it is counted in five slices of whole milliseconds";
            wrong.push(("window", why.into()));
        }
        if self.base == SimDuration::ZERO {
            wrong.push(("base", "must be longer than zero".into()));
        }
        if self.longest < self.base {
            wrong.push(("longest", format!("must be at least `base`, {}", self.base)));
        }
        wrong
    }
}
