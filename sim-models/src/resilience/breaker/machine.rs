//! The state of a breaker: what time, calls and hands make of it.

use super::Breaker;
use super::settings::{Initial, Judged, Late, Rounding, Window};
use super::window::{Counts, Heard};
use crate::outcome::{Ending, Outcome};
use crate::resilience::{Context, Do, Final};
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
    /// Which of [`crate::resilience::Policy::STATES`] it is; forced or not is the same to calls.
    #[inline]
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Closed | Self::ForcedClosed => 0,
            Self::Open(_) | Self::ForcedOpen => 1,
            Self::HalfOpen { .. } => 2,
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
    pub(super) out: [u32; 3],
    /// Ends of buckets that have been judged.
    pub(super) seen: u64,
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
    pub(super) came: SimTime,
    /// After how many changes of state.
    pub(super) epoch: u32,
    /// While it was half open.
    pub(super) probe: bool,
}

impl Core {
    fn enter(&mut self, state: State, cause: Cause, at: SimTime) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
        self.probes = Counts::default();
        (self.cause, self.since) = (cause, at);
    }

    pub(super) fn is_half_open(&self) -> bool {
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

    pub(super) fn open(&self, core: &mut Core, cause: Cause, at: SimTime, counters: &mut [u64]) {
        counters[OPENED] += 1;
        core.opens = core.opens.saturating_add(1);
        let until = at + self.open_time(core);
        core.enter(State::Open(until), cause, at);
    }

    fn half_open(&self, core: &mut Core, at: SimTime) {
        core.enter(self.half_opened(at), Cause::OpenTime, at);
    }

    pub(super) fn close(core: &mut Core, cause: Cause, at: SimTime, counters: &mut [u64]) {
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
    pub(super) fn empty(&self, memory: &mut BreakerMemory, now: SimTime) {
        memory.core.seen = 0;
        let aligned = self.rules.judged == Judged::Snapshots;
        memory.heard.clear(now, aligned);
    }

    /// Which rate is too high, if one is.
    pub(super) fn guilty(&self, counts: Counts) -> Option<Cause> {
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

    pub(super) fn reached(&self, part: u32, calls: u32, threshold: f64) -> bool {
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

/// The epoch of no probe.
pub(super) const NOBODY: u32 = u32::MAX;

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
