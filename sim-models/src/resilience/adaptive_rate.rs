//! Adaptive rate: a caller that is throttled sends at a rate that it finds by itself, and waits its turn.
//!
//! Until the first answer that is one of `on` all calls go on at once. From then on each takes a token, and where there
//! is none it waits for it. Tokens come at the rate, at least `least` a second, and are kept for a second (one at
//! least). The rate moves with each answer:
//!
//! - throttled: w = what is measured, or the rate if that is less; the rate is w × `backoff`;
//! - otherwise: `scale` × (t - k)^3 + w, t being the seconds since the last one that was throttled, and k = (w × (1 -
//!   `backoff`) / `scale`)^(1/3), after which the rate is w again (CUBIC);
//!
//! and is at most twice what is measured. Measured is how many answers come a second: in each answer that begins a new
//! half second of the clock, those since the last time by that span, weighing `smoothing` against what it was. What
//! is given up is no answer, nor is a call that a policy inside refused, so that nobody was asked.
//!
//! Tokens are promised in the order in which calls come, so that there are less than none while some wait. Who waits
//! looks again when its token should be there at the rate that was, and waits on if the rate fell. Where many are before
//! it, it looks again after a second (or what one token takes, if that is longer): the rate may have risen. Nobody is
//! refused, however long it takes; who gives up has had its turn.
//!
//! Source: botocore 1.44.8 (and 1.43.67) `retries/adaptive.py`, `bucket.py`, `throttling.py` (mode `adaptive` of the AWS SDKs): beta
//! 0.7, scale 0.4, smoothing 0.8, half a second, at least 0.5/s, at most twice the measured rate; S. Ha et al., "CUBIC: a
//! new TCP-friendly high-speed TCP variant" (2008). It belongs inside the retry, so that each attempt takes a token.
//! There those that wait compete for each token, and one of them also looks again whenever the rate moves.

use super::{By, Context, Do, Ended, Policy, Reading, Scope};
use crate::outcome::{Outcome, OutcomeSet};
use crate::quantity::Rate;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// A caller that is throttled sends at a rate that it finds by itself.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveRate {
    /// By what the rate is multiplied when the callee throttles, between 0 and 1.
    #[serde(default = "seven_tenths")]
    pub backoff: f64,
    /// How fast the rate grows again, in calls per second by seconds cubed.
    #[serde(default = "two_fifths")]
    pub scale: f64,
    /// The share that the last half second has in what is measured, up to 1.
    #[serde(default = "four_fifths")]
    pub smoothing: f64,
    /// The rate at least.
    #[serde(default = "half_per_second")]
    pub least: Rate,
    /// What says that the callee throttles.
    #[serde(default = "rejected")]
    pub on: OutcomeSet,
    /// Who shares the rate.
    #[serde(default)]
    pub scope: Scope,
    /// What has a rate each of its own; none: all have one together.
    #[serde(default)]
    pub by: Option<By>,
}

impl Default for AdaptiveRate {
    fn default() -> Self {
        Self {
            backoff: seven_tenths(),
            scale: two_fifths(),
            smoothing: four_fifths(),
            least: half_per_second(),
            on: rejected(),
            scope: Scope::default(),
            by: None,
        }
    }
}

fn seven_tenths() -> f64 {
    0.7
}

fn two_fifths() -> f64 {
    0.4
}

fn four_fifths() -> f64 {
    0.8
}

fn half_per_second() -> Rate {
    Rate(0.5)
}

fn rejected() -> OutcomeSet {
    OutcomeSet::of(&[Outcome::Rejected])
}

/// The rate is at most so many times what is measured.
const MOST: f64 = 2.0;
/// Halves of a second: what is measured is measured by them.
const HALF: u64 = 500_000_000;

/// The rate, the tokens, and what is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Whether calls take tokens: from the first that was throttled on.
    enabled: bool,
    /// Tokens per second, and at most.
    rate: f64,
    capacity: f64,
    tokens: f64,
    at: SimTime,
    /// Tokens that were promised so far.
    promised: u64,
    /// The rate when it was last throttled, when that was, and how long until it is that again, s.
    peak: f64,
    throttled: SimTime,
    until: f64,
    /// Answers per second; those since the last half second of the clock that was measured.
    measured: f64,
    answers: u32,
    half: u64,
}

impl Pace {
    fn refill(&mut self, now: SimTime) {
        let gained = now.since(self.at).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + gained).min(self.capacity);
        self.at = now;
    }

    /// Gives a call its token, or says how long until it is there.
    fn take(&mut self, turn: &mut u64, now: SimTime) -> Do {
        self.refill(now);
        if *turn == 0 {
            self.tokens -= 1.0;
            self.promised += 1;
            *turn = self.promised;
        }
        let behind = self.promised - *turn;
        let lacking = -self.tokens - behind as f64;
        if lacking <= 0.0 {
            // It was still there until now, and with it there were no more than are kept.
            if behind == 0 {
                self.tokens = self.tokens.min(self.capacity - 1.0);
            }
            *turn = 0;
            return Do::Pass;
        }
        // A nanosecond more than it takes: by then it is there, however it is rounded.
        let next = lacking.min(self.rate.max(1.0));
        let wait = SimDuration::from_secs_f64(next / self.rate);
        Do::Wait(SimDuration(wait.0 + 1))
    }

    /// Counts an answer, and brings up to date what is measured.
    fn measure(&mut self, smoothing: f64, now: SimTime) {
        self.answers += 1;
        let half = now.0 / HALF;
        if half > self.half {
            let rate = f64::from(self.answers) / ((half - self.half) as f64 * 0.5);
            self.measured = rate * smoothing + self.measured * (1.0 - smoothing);
            self.answers = 0;
            self.half = half;
        }
    }
}

impl AdaptiveRate {
    /// The rate after an answer.
    fn next(&self, pace: &mut Pace, throttled: bool, now: SimTime) -> f64 {
        if throttled {
            pace.peak = if pace.enabled {
                pace.measured.min(pace.rate)
            } else {
                pace.measured
            };
            pace.until = libm::pow(pace.peak * (1.0 - self.backoff) / self.scale, 1.0 / 3.0);
            pace.throttled = now;
            pace.enabled = true;
            return pace.peak * self.backoff;
        }
        let since = now.since(pace.throttled).as_secs_f64();
        self.scale * libm::pow(since - pace.until, 3.0) + pace.peak
    }
}

impl Policy for AdaptiveRate {
    type Memory = Pace;
    /// Which of the tokens that were promised it waits for; 0: none.
    type Call = u64;
    const SUMMARY: &'static str = "a caller that is throttled finds a rate, and waits its turn";
    const EXAMPLE: &'static str = "adaptive_rate(backoff: 0.7)";
    const LIVE: &'static [&'static str] = &["backoff", "scale", "smoothing", "least"];
    const COUNTERS: &'static [&'static str] = &["waited", "throttled"];
    const LEAVES: bool = true;
    const STATES: &'static [&'static str] = &["open", "paces"];

    fn memory(&self) -> Pace {
        Pace {
            enabled: false,
            rate: self.least.0.max(1.0),
            capacity: 1.0,
            tokens: 0.0,
            at: SimTime::ZERO,
            promised: 0,
            peak: 0.0,
            throttled: SimTime::ZERO,
            until: 0.0,
            measured: 0.0,
            answers: 0,
            half: 0,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, pace: &mut Pace, turn: &mut u64, context: &mut Context) -> Do {
        if !pace.enabled {
            return Do::Pass;
        }
        // One that has given up while it waited, and comes again.
        *turn = 0;
        let answer = pace.take(turn, context.now);
        context.counters[0] += u64::from(answer != Do::Pass);
        answer
    }
    fn on_timer(&self, pace: &mut Pace, turn: &mut u64, context: &mut Context) -> Do {
        pace.take(turn, context.now)
    }
    fn on_leave(&self, pace: &mut Pace, _: &mut u64, ended: &Ended, context: &mut Context) {
        let nobody = ended.callee == Ended::NOBODY && !ended.outcome().is_success();
        if ended.given_up || nobody {
            return;
        }
        pace.measure(self.smoothing, context.now);
        let throttled = self.on.contains(ended.ending);
        context.counters[1] += u64::from(throttled);
        let next = self.next(pace, throttled, context.now);
        let rate = next.min(MOST * pace.measured);
        pace.refill(context.now);
        pace.rate = rate.max(self.least.0);
        pace.capacity = rate.max(1.0);
        pace.tokens = pace.tokens.min(pace.capacity);
    }
    fn state(&self, pace: &Pace, _: u32, _: SimTime) -> (u8, Option<SimTime>) {
        (u8::from(pace.enabled), None)
    }
    fn why(&self, pace: &Pace, _: SimTime) -> String {
        if pace.enabled {
            let (rate, measured) = (pace.rate, pace.measured);
            format!(
                "it was throttled; calls take their turn at {rate:.2}/s, {measured:.2}/s are answered"
            )
        } else {
            "no call has been throttled yet".into()
        }
    }
    fn reading(&self, pace: &Pace, now: SimTime) -> Reading {
        let mut pace = *pace;
        pace.refill(now);
        Reading {
            state: if pace.enabled { "paces" } else { "open" },
            numbers: vec![
                ("rate", pace.rate),
                ("measured", pace.measured),
                ("tokens", pace.tokens),
            ],
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(self.backoff > 0.0 && self.backoff < 1.0) {
            let why = format!("must be between 0 and 1, not {}", self.backoff);
            wrong.push(("backoff", why));
        }
        if !(self.scale.is_finite() && self.scale > 0.0) {
            wrong.push(("scale", "must be more than zero".into()));
        }
        if !(self.smoothing > 0.0 && self.smoothing <= 1.0) {
            let why = format!("must be more than 0 and at most 1, not {}", self.smoothing);
            wrong.push(("smoothing", why));
        }
        if !(self.least.0.is_finite() && self.least.0 > 0.0) {
            wrong.push(("least", "must be more than zero".into()));
        }
        wrong
    }
}
