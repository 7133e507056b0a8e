//! The state of a breaker, and what changes it.

use super::Breaker;
use super::settings::{GivenUp, IgnoredProbe, Initial, Judged, Late, Probes, Rounding, Window};
use super::window::{Counts, Heard};
use crate::outcome::{Ending, Outcome};
use crate::resilience::{Context, Do, Ended, Final};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

/// State of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Calls pass.
    Closed,
    /// Calls are refused until then.
    Open(SimTime),
    /// Probes pass.
    HalfOpen {
        /// Probes that are yet to be let in.
        permits: u32,
        /// When it ends, whatever the probes say; [`SimTime::MAX`]: never.
        until: SimTime,
    },
    /// Calls are refused, until it is reset.
    ForcedOpen,
    /// Calls pass, until it is reset.
    ForcedClosed,
}

impl State {
    /// Which of [`crate::resilience::Policy::STATES`] it is.
    #[inline]
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Open(_) => 1,
            Self::HalfOpen { .. } => 2,
            Self::ForcedOpen => 3,
            Self::ForcedClosed => 4,
        }
    }
}

/// Why a breaker changed its state the last time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cause {
    /// It has not.
    Start,
    /// So many failures in a row.
    Failures(u32),
    /// So many of the calls failed.
    FailureRate(Counts),
    /// So many of the calls were slow.
    SlowRate(Counts),
    /// The leaky bucket ran over.
    Leaky,
    /// Its open time was over.
    OpenTime,
    /// Probes said so.
    Probes(Counts),
    /// It was half open for as long as it may be.
    HalfOpenTime,
    /// Somebody did it by hand.
    Manual,
}

/// All that a breaker remembers but for its window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Core {
    pub(super) state: State,
    /// How often the state has changed.
    pub(super) epoch: u32,
    /// Failures in a row.
    pub(super) in_a_row: u32,
    /// How often it has opened since it was closed.
    pub(super) opens: u32,
    /// Failures in the leaky bucket, and when they were counted.
    pub(super) level: f64,
    pub(super) level_at: SimTime,
    /// Results of probes since the last change of state.
    pub(super) probes: Counts,
    /// The probes that are out and that others wait for ([`Late::AsBegunOnce`]), by their epoch.
    out: [u32; 3],
    /// Ends of buckets that have been judged.
    seen: u64,
    /// Whether a call has come yet.
    begun: bool,
    /// Key of the next draw: that of the call which was here last.
    seed: u64,
    pub(super) cause: Cause,
    /// When it was.
    pub(super) since: SimTime,
}

/// What a breaker remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerMemory {
    pub(super) core: Core,
    pub(super) heard: Heard,
}

/// What a breaker knows of a call that it has let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, packed(2))]
pub struct Admitted {
    came: SimTime,
    /// After how many changes of state.
    epoch: u32,
    /// While it was half open.
    probe: bool,
}

/// What a result is to a breaker.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    Success,
    Failure,
    Ignored,
    /// A probe that has failed without a result.
    Lost,
}

impl Core {
    fn enter(&mut self, state: State, cause: Cause, at: SimTime) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
        self.probes = Counts::default();
        (self.cause, self.since) = (cause, at);
    }

    fn is_half_open(&self) -> bool {
        matches!(self.state, State::HalfOpen { .. })
    }
}

impl Breaker {
    pub(super) fn fresh(&self) -> BreakerMemory {
        let mut core = Core {
            state: State::Closed,
            epoch: 0,
            in_a_row: 0,
            opens: 0,
            level: 0.0,
            level_at: SimTime::ZERO,
            probes: Counts::default(),
            out: [NOBODY; 3],
            seen: 0,
            begun: false,
            seed: 0,
            cause: Cause::Start,
            since: SimTime::ZERO,
        };
        match self.initial {
            Initial::Closed => {}
            Initial::Open => {
                core.opens = 1;
                core.state = State::Open(SimTime::ZERO + self.open_time(&core));
            }
            Initial::HalfOpen => {
                core.opens = 1;
                core.state = self.half_opened(SimTime::ZERO);
            }
            Initial::ForcedOpen => core.state = State::ForcedOpen,
            Initial::ForcedClosed => core.state = State::ForcedClosed,
        }
        let heard = if self.has_rates() {
            Heard::new(&self.window)
        } else {
            Heard::Nothing
        };
        BreakerMemory { core, heard }
    }

    /// How long it is open the time that it has just opened.
    fn open_time(&self, core: &Core) -> SimDuration {
        if self.growth == 1.0 && self.jitter == 0.0 {
            return self.open_for;
        }
        let most = self.longest.map_or(f64::MAX, whole_milliseconds);
        let mut span = whole_milliseconds(self.open_for);
        for _ in 1..core.opens {
            let next = libm::trunc(span * self.growth);
            if next == span || span >= most || span >= LONGEST {
                break;
            }
            span = next;
        }
        if self.jitter > 0.0 {
            let word = OPEN_TIME + u64::from(core.epoch);
            let uniform = Keyed::new(core.seed, word).uniform();
            let spread = self.jitter * span;
            span = (span - spread + uniform * (2.0 * spread + 1.0)).max(1.0);
        }
        SimDuration::from_nanos_f64(libm::trunc(span.min(most)) * 1e6)
    }

    fn half_opened(&self, at: SimTime) -> State {
        let half_open = &self.half_open;
        State::HalfOpen {
            permits: match half_open.permits {
                0 => u32::MAX,
                permits => permits,
            },
            until: match half_open.at_most {
                SimDuration::ZERO => SimTime::MAX,
                span => at + span,
            },
        }
    }

    fn open(&self, core: &mut Core, cause: Cause, at: SimTime, counters: &mut [u64]) {
        counters[OPENED] += 1;
        core.opens = core.opens.saturating_add(1);
        let until = at + self.open_time(core);
        core.enter(State::Open(until), cause, at);
    }

    fn half_open(&self, core: &mut Core, at: SimTime) {
        core.enter(self.half_opened(at), Cause::OpenTime, at);
    }

    fn close(core: &mut Core, cause: Cause, at: SimTime, counters: &mut [u64]) {
        counters[CLOSED] += 1;
        (core.opens, core.in_a_row, core.level) = (0, 0, 0.0);
        core.enter(State::Closed, cause, at);
    }

    /// Whether no timer does anything while it is so: nearly always.
    #[inline]
    pub(super) fn rests(&self, core: &Core) -> bool {
        core.state == State::Closed && self.rules.judged != Judged::Snapshots
    }

    /// What timers have done by now; and when the window was emptied since the breaker closed, if it did.
    pub(super) fn ahead(
        &self,
        core: &mut Core,
        heard: &Heard,
        now: SimTime,
        counters: &mut [u64],
    ) -> Option<SimTime> {
        let mut emptied = None;
        loop {
            match core.state {
                State::Open(until) if self.rules.timer && until <= now => {
                    self.half_open(core, until);
                }
                State::HalfOpen { until, .. } if until <= now => {
                    if self.half_open.closes_then {
                        Self::close(core, Cause::HalfOpenTime, until, counters);
                        if self.rules.keeps_window {
                            core.seen = heard.ends(&self.window, until);
                        } else {
                            emptied = Some(until);
                        }
                    } else {
                        self.open(core, Cause::HalfOpenTime, until, counters);
                    }
                }
                State::Closed if self.rules.judged == Judged::Snapshots && emptied.is_none() => {
                    let Window::Time(window) = &self.window else {
                        return emptied;
                    };
                    let (opens, seen) = heard.snapshot(window, core.seen, now, |counts| {
                        self.guilty(counts).is_some()
                    });
                    core.seen = seen;
                    let Some(at) = opens else { return emptied };
                    let total = heard.total(&self.window, SimTime(at.0 - 1));
                    let cause = self.guilty(total).unwrap_or(Cause::Start);
                    self.open(core, cause, at, counters);
                }
                _ => return emptied,
            }
        }
    }

    /// Does what timers were to do by now.
    #[inline]
    fn advance(&self, memory: &mut BreakerMemory, now: SimTime, counters: &mut [u64]) {
        if self.rests(&memory.core) {
            return;
        }
        if let Some(at) = self.ahead(&mut memory.core, &memory.heard, now, counters) {
            self.empty(memory, at);
        }
    }

    /// Empties the window.
    fn empty(&self, memory: &mut BreakerMemory, now: SimTime) {
        memory.core.seen = 0;
        let aligned = self.rules.judged == Judged::Snapshots;
        memory.heard.clear(now, aligned);
    }

    /// Which rate is too high, if one is.
    fn guilty(&self, counts: Counts) -> Option<Cause> {
        if counts.calls < self.least_calls() {
            return None;
        }
        let reached = |part: u32, threshold: Option<f64>| {
            threshold.is_some_and(|threshold| self.reached(part, counts.calls, threshold))
        };
        if reached(counts.failed, self.failure_rate) {
            Some(Cause::FailureRate(counts))
        } else if reached(counts.slow, self.slow_rate) {
            Some(Cause::SlowRate(counts))
        } else {
            None
        }
    }

    /// Calls that a rate is of at least, as far as the window can hold them.
    pub(super) fn least_calls(&self) -> u32 {
        match self.window {
            Window::Calls(size) => self.minimum.min(size),
            Window::Time(_) => self.minimum,
        }
    }

    fn reached(&self, part: u32, calls: u32, threshold: f64) -> bool {
        let (part, calls) = (f64::from(part), f64::from(calls));
        // What was written in per cent: the product may be off in its last digit.
        let percent = libm::round(threshold * 1e11) / 1e9;
        let (rate, threshold) = match self.rules.rounding {
            Rounding::Share => (part / calls, threshold),
            Rounding::Product => (part, threshold * calls),
            Rounding::Percent => (part / calls * 100.0, percent),
            Rounding::Single => {
                let rate = part as f32 * 100.0 / calls as f32;
                (f64::from(rate), f64::from(percent as f32))
            }
            Rounding::Whole => (libm::trunc(part / calls * 100.0), percent),
        };
        rate > threshold || (rate == threshold && !self.rules.beyond)
    }

    /// Whether a call is let in, and what becomes of it otherwise.
    pub(super) fn decide(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        context: &mut Context,
    ) -> Do {
        let core = &mut memory.core;
        if let State::Open(until) = core.state
            && !self.rules.timer
            && (context.now > until || (context.now == until && !self.rules.after))
        {
            self.half_open(core, context.now);
        }
        match &mut core.state {
            State::Closed | State::ForcedClosed => {}
            State::HalfOpen { permits, .. } if *permits > 0 => {
                if *permits < u32::MAX {
                    *permits -= 1;
                }
                context.counters[PROBES] += 1;
            }
            State::HalfOpen { until, .. } if self.half_open.waits => {
                let span = until.since(context.now);
                call.epoch = core.epoch;
                return Do::Park((*until < SimTime::MAX).then_some(span));
            }
            State::HalfOpen { .. } | State::Open(_) | State::ForcedOpen => {
                context.counters[REFUSED] += 1;
                return Do::End(Ending::of(Outcome::BreakerOpen), Final::No);
            }
        }
        *call = Admitted {
            came: context.now,
            epoch: core.epoch,
            probe: core.is_half_open(),
        };
        if call.probe && self.half_open.waits && self.rules.late == Late::AsBegunOnce {
            core.out.rotate_right(1);
            core.out[0] = core.epoch;
        }
        Do::Pass
    }

    /// Whether a call that waits for a probe has to wait on, since another one woke it.
    pub(super) fn waits_on(&self, memory: &BreakerMemory, call: Admitted) -> bool {
        self.rules.late == Late::AsBegunOnce && memory.core.out.contains(&{ call.epoch })
    }

    pub(super) fn came(
        &self,
        memory: &mut BreakerMemory,
        call: &mut Admitted,
        context: &mut Context,
    ) -> Do {
        self.arrive(memory, context);
        if self.rules.per_call {
            let counts = Counts {
                calls: 1,
                ..Counts::default()
            };
            memory.heard.add(&self.window, context.now, counts);
        }
        self.decide(memory, call, context)
    }

    /// Brings a memory up to now.
    #[inline]
    pub(super) fn arrive(&self, memory: &mut BreakerMemory, context: &mut Context) {
        if !memory.core.begun {
            memory.core.begun = true;
            if self.rules.judged == Judged::Snapshots {
                memory.heard.begin(context.now);
            }
        }
        self.advance(memory, context.now, context.counters);
        memory.core.seed = context.key;
    }

    /// What a result is.
    fn hear(&self, ended: &Ended, probe: bool) -> Said {
        if ended.given_up {
            return match self.rules.given_up {
                GivenUp::ProbeFailed if probe => Said::Lost,
                GivenUp::ProbeFailed | GivenUp::Ignored => Said::Ignored,
                GivenUp::Success => Said::Success,
                GivenUp::Failure => Said::Failure,
            };
        }
        let nobody = ended.callee == Ended::NOBODY && !self.rules.refused_are_results;
        if self.ignore.contains(ended.ending) {
            Said::Ignored
        } else if self.unless.contains(ended.ending) {
            Said::Success
        } else if self.on.contains(ended.ending) {
            Said::Failure
        } else if !ended.outcome().is_success() && (nobody || self.rules.others_ignored) {
            // A policy inside let it through to nobody: that says nothing of the callee.
            Said::Ignored
        } else {
            Said::Success
        }
    }

    /// A call that was let in has left.
    pub(super) fn left(
        &self,
        memory: &mut BreakerMemory,
        call: Admitted,
        ended: &Ended,
        context: &mut Context,
    ) {
        self.arrive(memory, context);
        let late = call.epoch != memory.core.epoch;
        let probe = match self.rules.late {
            Late::Forgotten if late => return,
            Late::ClosedAsBegun if late && call.probe => return,
            Late::Forgotten | Late::Counted => memory.core.is_half_open(),
            _ => call.probe,
        };
        let epoch = memory.core.epoch;
        let heard = self.hear(ended, probe);
        let slow = self.slow_rate.is_some() && context.took(call.came) > self.slow_after;
        if probe {
            self.probed(memory, heard, slow, context);
        } else {
            self.passed(memory, heard, slow, context);
        }
        let decided = if self.rules.late == Late::AsBegunOnce {
            if let Some(of) = waited_for(&mut memory.core, call).filter(|_| probe) {
                *of = NOBODY;
            }
            probe
        } else {
            memory.core.epoch != epoch
        };
        if self.half_open.waits && decided {
            context.wake = context.waiting;
        }
    }

    /// Whether it may open on what was heard: at any time, or unless it is open already.
    fn may_open(&self, core: &Core, now: SimTime) -> bool {
        let may = match core.state {
            State::Closed | State::HalfOpen { .. } => true,
            State::Open(_) => self.rules.late == Late::AsBegun,
            State::ForcedOpen | State::ForcedClosed => false,
        };
        may && now.since(SimTime::ZERO) >= self.warm_up
    }

    /// Takes in a result of no probe.
    fn passed(&self, memory: &mut BreakerMemory, heard: Said, slow: bool, context: &mut Context) {
        let now = context.now;
        let failed = match heard {
            Said::Success => false,
            Said::Failure => true,
            Said::Ignored | Said::Lost => return,
        };
        self.count(memory, failed, slow, now);
        let core = &mut memory.core;
        // What has been counted while it is open says nothing of its state.
        if matches!(core.state, State::Open(_)) && self.rules.late == Late::Counted {
            return;
        }
        if !self.may_open(core, now) {
            return;
        }
        let rates_judged = match self.rules.judged {
            Judged::Results => true,
            Judged::Failures => failed,
            Judged::Snapshots => false,
        };
        let in_a_row = self.in_a_row().filter(|most| core.in_a_row >= *most);
        let cause = if failed && in_a_row.is_some() {
            Some(Cause::Failures(core.in_a_row))
        } else if failed
            && self
                .leaky
                .as_ref()
                .is_some_and(|leaky| core.level > leaky.size)
        {
            Some(Cause::Leaky)
        } else if rates_judged && self.has_rates() {
            let total = memory.heard.total(&self.window, now);
            self.guilty(total)
        } else {
            None
        };
        if let Some(cause) = cause {
            self.open(core, cause, now, context.counters);
        }
    }

    /// Counts a result.
    fn count(&self, memory: &mut BreakerMemory, failed: bool, slow: bool, now: SimTime) {
        let core = &mut memory.core;
        core.in_a_row = if failed {
            core.in_a_row.saturating_add(1)
        } else {
            0
        };
        if failed && self.leaky.is_some() {
            core.level = self.level(core, now) + 1.0;
            core.level_at = now;
        }
        if memory.heard != Heard::Nothing {
            let mut counts = Counts::one(failed, slow);
            if self.rules.per_call {
                counts.calls = 0;
            }
            memory.heard.add(&self.window, now, counts);
        }
    }

    /// Failures in the leaky bucket by now.
    pub(super) fn level(&self, core: &Core, now: SimTime) -> f64 {
        self.leaky.as_ref().map_or(0.0, |leaky| {
            let leaked = now.since(core.level_at).as_nanos_f64() / leaky.leak.as_nanos_f64();
            (core.level - leaked).max(0.0)
        })
    }

    /// Takes in the result of a probe.
    fn probed(&self, memory: &mut BreakerMemory, heard: Said, slow: bool, context: &mut Context) {
        let now = context.now;
        let mut counted = true;
        let mut keeps = self.rules.keeps_window;
        let failed = match heard {
            Said::Success => false,
            Said::Failure => true,
            Said::Lost => {
                counted = false;
                true
            }
            Said::Ignored => {
                counted = false;
                match self.rules.ignored_probe {
                    IgnoredProbe::Again => {
                        if let State::HalfOpen { permits, .. } = &mut memory.core.state {
                            *permits = permits.saturating_add(1);
                            context.wake = context.waiting.min(1);
                        }
                        return;
                    }
                    IgnoredProbe::Success => {
                        counted = true;
                        false
                    }
                    IgnoredProbe::Closes => {
                        keeps = true;
                        false
                    }
                    IgnoredProbe::Failure => true,
                }
            }
        };
        let core = &mut memory.core;
        core.probes.add(Counts::one(failed, slow));
        let probes = core.probes;
        let half_open = &self.half_open;
        let enough = probes.calls >= half_open.results();
        let opens = if half_open.by_rates {
            enough && self.probes_guilty(probes)
        } else {
            probes.failed > half_open.tolerates
        };
        let closes = !opens && enough;
        let counted = counted
            && match self.rules.probes {
                Probes::Apart => false,
                Probes::Counted => true,
                Probes::Last => opens || closes,
            };
        if opens {
            if counted {
                self.count(memory, failed, slow, now);
            }
            if self.may_open(&memory.core, now) {
                self.open(
                    &mut memory.core,
                    Cause::Probes(probes),
                    now,
                    context.counters,
                );
            }
            return;
        }
        if closes {
            let core = &mut memory.core;
            let in_a_row = core.in_a_row;
            if core.is_half_open() || self.rules.late == Late::AsBegun {
                Self::close(core, Cause::Probes(probes), now, context.counters);
            }
            if keeps {
                core.in_a_row = in_a_row;
                core.seen = memory.heard.ends(&self.window, now);
            } else {
                self.empty(memory, now);
            }
        }
        if counted {
            // Where one of several probes alone is counted, it stands for all of them: they closed it.
            let failed = failed && self.rules.probes == Probes::Counted;
            self.count(memory, failed, slow, now);
        }
    }

    fn probes_guilty(&self, probes: Counts) -> bool {
        let reached = |part: u32, threshold: Option<f64>| {
            threshold.is_some_and(|threshold| self.reached(part, probes.calls, threshold))
        };
        reached(probes.failed, self.failure_rate) || reached(probes.slow, self.slow_rate)
    }

    /// Somebody trips it by hand, or resets it.
    pub(super) fn force(&self, memory: &mut BreakerMemory, trips: bool, context: &mut Context) {
        self.arrive(memory, context);
        let now = context.now;
        if trips && self.rules.trip_holds {
            context.counters[OPENED] += 1;
            memory.core.enter(State::ForcedOpen, Cause::Manual, now);
        } else if trips {
            self.open(&mut memory.core, Cause::Manual, now, context.counters);
        } else {
            Self::close(&mut memory.core, Cause::Manual, now, context.counters);
            if self.rules.keeps_window {
                memory.core.seen = memory.heard.ends(&self.window, now);
            } else {
                self.empty(memory, now);
            }
        }
        context.wake = context.waiting;
    }
}

/// The place of a probe among those that others wait for.
fn waited_for(core: &mut Core, call: Admitted) -> Option<&mut u32> {
    let epoch = call.epoch;
    core.out.iter_mut().find(|out| **out == epoch)
}

/// The epoch of no probe.
const NOBODY: u32 = u32::MAX;

/// Where its counters are.
pub(super) const OPENED: usize = 0;
const REFUSED: usize = 1;
const PROBES: usize = 2;
const CLOSED: usize = 3;

/// Word of the draw of an open time.
const OPEN_TIME: u64 = 0x4F50_454E_0000_0000;
/// What grows beyond this, ms, grows no longer.
const LONGEST: f64 = 1e12;

fn whole_milliseconds(span: SimDuration) -> f64 {
    (span.0 / 1_000_000) as f64
}
