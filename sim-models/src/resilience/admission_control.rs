//! Admission control: refuses calls by chance while too few of them succeed.
//!
//! Over a sliding `window` it counts the calls that it let in and how many of them succeeded, when they end. A call
//! that comes is refused with the probability
//!
//! min(`most`, max(0, (requests - successes / `threshold`) / (requests + 1)) ^ (1 / `aggression`))
//!
//! and ends as `rate_limited`: nobody is asked. What it refuses itself is not counted, so that it judges by the callee
//! alone. While fewer than `least_rate` were counted in the window on average, whole calls per second cut off, it
//! refuses nobody. A call that ends with one of `on` failed; one that is given up says nothing.
//!
//! The window slides by slices of a second or more: one begins with what is counted, or asked about, a second or more after
//! the one before began, and is forgotten once it began `window` ago.
//!
//! Source: Envoy, filter `admission_control` (`admission_control.cc`, `thread_local_controller.cc`, commit ab02e20):
//! `sampling_window` 30 s, `aggression` 1, `sr_threshold` 95 %, `rps_threshold` 0, `max_rejection_probability` 80 %.
//! There each worker thread counts for itself, and whether the rate suffices is judged before old slices are dropped:
//! here too. Statuses below 500 are successes there unless `success_criteria` says otherwise: `on:
//! [error("500..599"), ..]` says that. Its ancestor, which counts its own refusals, is `throttle`.

use super::{By, Context, Do, Ended, Ends, Inside, Policy, PushBack, Reading, Scope, Stay};
use crate::outcome::{Ending, Outcome, OutcomeSet};
use crate::quantity::Rate;
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Refuses calls by chance while too few of them succeed.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionControl {
    /// How far back calls count; whole seconds.
    #[serde(default = "thirty_seconds")]
    pub window: SimDuration,
    /// The success rate below which calls are refused, up to 1.
    #[serde(default = "ninety_five_percent")]
    pub threshold: f64,
    /// The more, the more are refused for the same success rate; at least 1, where the probability grows linearly.
    #[serde(default = "one")]
    pub aggression: f64,
    /// Calls per second below which nobody is refused; whole calls.
    #[serde(default = "none")]
    pub least_rate: Rate,
    /// The probability at most, so that some calls still tell whether it got better.
    #[serde(default = "four_fifths")]
    pub most: f64,
    /// What counts as failed.
    #[serde(default = "failures")]
    pub on: OutcomeSet,
    /// Who shares what is counted.
    #[serde(default)]
    pub scope: Scope,
    /// What is counted apart; none: all is counted together.
    #[serde(default)]
    pub by: Option<By>,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

fn ninety_five_percent() -> f64 {
    0.95
}

fn one() -> f64 {
    1.0
}

fn none() -> Rate {
    Rate(0.0)
}

fn four_fifths() -> f64 {
    0.8
}

fn failures() -> OutcomeSet {
    OutcomeSet::FAILURES
}

/// The length of a slice at least.
const SLICE: SimDuration = SimDuration::from_secs(1);
/// The longest window, s.
const LONGEST: u64 = 3600;

/// Calls of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slice {
    began: SimTime,
    requests: u32,
    successes: u32,
}

/// Calls of the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    slices: VecDeque<Slice>,
    requests: u32,
    successes: u32,
    /// The last call that came since one ended: when, and the probability that it was refused with.
    asked: Option<(SimTime, f64)>,
}

impl History {
    /// Forgets what is too long ago, and begins a new slice if it is time.
    fn slide(&mut self, window: SimDuration, now: SimTime) {
        while let Some(oldest) = self.slices.front()
            && now.since(oldest.began) >= window
        {
            self.requests -= oldest.requests;
            self.successes -= oldest.successes;
            self.slices.pop_front();
        }
        let newest = self.slices.back();
        if newest.is_none_or(|newest| now.since(newest.began) >= SLICE) {
            self.slices.push_back(Slice {
                began: now,
                requests: 0,
                successes: 0,
            });
        }
    }

    /// Whole calls per second in the window, those included that are to be forgotten next.
    fn rate(&self, window: SimDuration, now: SimTime) -> u64 {
        let age = (self.slices.front()).map_or(0, |oldest| now.since(oldest.began).0);
        let seconds = (window.0 / SLICE.0).max(age / SLICE.0).max(1);
        u64::from(self.requests) / seconds
    }
}

impl AdmissionControl {
    /// The probability that a call is refused; brings what is counted up to now.
    fn chance(&self, history: &mut History, now: SimTime) -> f64 {
        if !self.suffices(history, now) {
            return 0.0;
        }
        history.slide(self.window, now);
        self.probability(history)
    }

    /// Whether enough calls came to judge by.
    fn suffices(&self, history: &History, now: SimTime) -> bool {
        history.rate(self.window, now) >= self.least_rate.0 as u64
    }

    fn probability(&self, history: &History) -> f64 {
        let (requests, successes) = (f64::from(history.requests), f64::from(history.successes));
        let chance = (requests - successes / self.threshold) / (requests + 1.0);
        if chance <= 0.0 {
            0.0
        } else if self.aggression == 1.0 {
            chance.min(self.most)
        } else {
            libm::pow(chance, 1.0 / self.aggression).min(self.most)
        }
    }
}

impl Policy for AdmissionControl {
    type Memory = History;
    /// How often the call has come here: each time has a draw of its own.
    type Call = u32;
    const SUMMARY: &'static str = "refuses calls by chance while too few of them succeed";
    const EXAMPLE: &'static str = r#"admission_control(window: "30s", threshold: 0.95)"#;
    const LIVE: &'static [&'static str] = &["threshold", "aggression", "least_rate", "most"];
    const COUNTERS: &'static [&'static str] = &["refused"];
    const AT_DOOR: bool = true;
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;
    const BREAKS: bool = true;
    const STATES: &'static [&'static str] = &["open", "refuses"];

    fn memory(&self) -> History {
        History::default()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, history: &mut History, times: &mut u32, context: &mut Context) -> Do {
        *times += 1;
        let chance = self.chance(history, context.now);
        history.asked = Some((context.now, chance));
        if chance > 0.0 && Keyed::new(context.key, u64::from(*times)).chance(chance) {
            context.counters[0] += 1;
            let last = PushBack::last(self.push_back);
            return Do::End(Ending::of(Outcome::RateLimited), last);
        }
        Do::Pass
    }
    fn on_leave(&self, history: &mut History, _: &mut u32, ended: &Ended, context: &mut Context) {
        if ended.given_up {
            return;
        }
        history.slide(self.window, context.now);
        history.asked = None;
        let success = u32::from(!self.on.contains(ended.ending));
        if let Some(newest) = history.slices.back_mut() {
            newest.requests += 1;
            newest.successes += success;
        }
        history.requests += 1;
        history.successes += success;
    }
    fn heap(&self) -> usize {
        (self.window.0 / SLICE.0 + 1) as usize * size_of::<Slice>()
    }
    fn state(&self, history: &History, _: u32, now: SimTime) -> (u8, Option<SimTime>) {
        let refuses = self.suffices(history, now) && self.probability(history) > 0.0;
        (u8::from(refuses), None)
    }
    fn why(&self, history: &History, now: SimTime) -> String {
        let History {
            requests,
            successes,
            ..
        } = history;
        let found = format!("{successes} of {requests} calls succeeded");
        if self.suffices(history, now) {
            let needed = 100.0 * self.threshold;
            format!("{found}; it refuses below {needed:.1} %")
        } else {
            format!(
                "{found}; fewer than {} are too few to judge",
                self.least_rate
            )
        }
    }
    fn reading(&self, history: &History, now: SimTime) -> Reading {
        let mut history = history.clone();
        let next = self.chance(&mut history, now);
        // Of one that has just come: old slices that were dropped for it may leave too few calls to judge the next by.
        let chance = match history.asked {
            Some((at, chance)) if at == now => chance,
            _ => next,
        };
        Reading {
            state: if chance > 0.0 { "refuses" } else { "open" },
            numbers: vec![
                ("requests", f64::from(history.requests)),
                ("successes", f64::from(history.successes)),
                ("chance", chance),
            ],
        }
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        (rate < self.least_rate.0).then(|| {
            let needed = self.least_rate;
            format!("{needed} are needed before it refuses anybody; it gets {rate}/s")
        })
    }
    /// Where all succeeds, so that it refuses nobody.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, self.on)
    }
    fn brief(&self) -> String {
        format!("{}", self.threshold)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(SLICE.0..=LONGEST * SLICE.0).contains(&self.window.0)
            || !self.window.0.is_multiple_of(SLICE.0)
        {
            let why = format!(
                "must be whole seconds, 1s to {LONGEST}s, not {}",
                self.window
            );
            wrong.push(("window", why));
        }
        if !(self.threshold >= 0.01 && self.threshold <= 1.0) {
            let why = format!("must be 0.01 to 1, not {}", self.threshold);
            wrong.push(("threshold", why));
        }
        if !(self.aggression.is_finite() && self.aggression >= 1.0) {
            let why = format!("must be 1 or more, not {}", self.aggression);
            wrong.push(("aggression", why));
        }
        let rate = self.least_rate.0;
        if !(0.0..=1e9).contains(&rate) || libm::trunc(rate) != rate {
            wrong.push(("least_rate", "must be whole calls per second".into()));
        }
        if !(0.0..=1.0).contains(&self.most) {
            wrong.push(("most", format!("must be 0 to 1, not {}", self.most)));
        }
        wrong
    }
}
