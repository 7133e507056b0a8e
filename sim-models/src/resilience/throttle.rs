//! Throttle: a caller that is turned away often sends less, by chance and by itself.
//!
//! Over a sliding `window` it counts requests and accepts. A call that comes is refused at once, with the probability
//! max(0, (requests - k × accepts) / (requests + 1)), and ends as `rate_limited`: nobody is asked. All that is
//! accepted keeps the probability at zero; with `k` of 2, so does half of it. What is still let through tells when
//! the callee accepts again: where it accepts nothing, the probability nears one and never gets there.
//!
//! A request counts when it is attempted, before it is known how it ends, the refused ones too; the probability is of
//! what was attempted before it. It is accepted, which counts when it ends, unless it ends with one of `on`: turned away
//! by the callee, or not answered in time. An error is an answer of a callee that did accept. So what is out counts as
//! not accepted yet: a caller with few requests a window, or that has just begun, refuses some while it waits for its
//! first answers. With `count: results` a request counts when it ends, refused here at once, else with its result; those
//! that are given up, and those that a policy inside refused, so that nobody was asked, say nothing then.
//!
//! A `timeout` belongs inside, a `retry` outside, where each try is a request. The window slides by a 24th of itself.
//!
//! Source: B. Beyer et al., *Site Reliability Engineering* (2016), chapter 21, "Handling Overload", client-side
//! throttling (K 2, two minutes): *requests* are those "attempted by the application layer". go-zero and Kratos count
//! `results`.

use super::{By, Context, Do, Ended, Ends, Inside, Policy, PushBack, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

/// Refuses calls by chance while the callee accepts too few.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// Requests per accept up to which nobody is refused: the closer to 1, the less is sent in vain, and the later it
    /// is seen that the callee accepts again.
    #[serde(default = "two")]
    pub k: f64,
    /// How far back requests and accepts count.
    #[serde(default = "two_minutes")]
    pub window: SimDuration,
    /// What counts as not accepted; being turned away and not being answered, unless this says otherwise.
    #[serde(default = "not_accepted")]
    pub on: OutcomeSet,
    /// When a request counts.
    #[serde(default)]
    pub count: Counted,
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

/// When a request counts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// When it is attempted.
    #[default]
    Attempts,
    /// When it has ended.
    Results,
}

fn two() -> f64 {
    2.0
}

fn two_minutes() -> SimDuration {
    SimDuration::from_secs(120)
}

fn not_accepted() -> OutcomeSet {
    OutcomeSet::of(&[
        Outcome::TimeoutAttempt,
        Outcome::Refused,
        Outcome::Reset,
        Outcome::Rejected,
        Outcome::Lost,
    ])
}

/// Slices that the window slides by.
const SLICES: usize = 24;

/// What ended in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    requests: u32,
    accepts: u32,
}

/// What ended in the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// By slice, the one of number n at n modulo their count; empty before the first request.
    slices: Vec<Count>,
    /// Number of the current slice since the start.
    current: u64,
    all: Count,
}

impl Window {
    /// Forgets what is too long ago.
    fn slide(&mut self, span: SimDuration, now: SimTime) {
        self.slices.resize(SLICES, Count::default());
        let current = now.since(SimTime::ZERO).0 / (span.0 / SLICES as u64).max(1);
        let from = self.current.max(current.saturating_sub(SLICES as u64));
        for number in from + 1..=current {
            let slice = &mut self.slices[(number % SLICES as u64) as usize];
            let gone = std::mem::take(slice);
            self.all.requests -= gone.requests;
            self.all.accepts -= gone.accepts;
        }
        self.current = current;
    }

    /// Counts requests, and those that were accepted.
    fn count(&mut self, requests: u32, accepts: u32) {
        let slice = &mut self.slices[(self.current % SLICES as u64) as usize];
        for count in [slice, &mut self.all] {
            count.requests += requests;
            count.accepts += accepts;
        }
    }

    /// The probability to refuse a call.
    fn chance(&self, k: f64) -> f64 {
        let (requests, accepts) = (f64::from(self.all.requests), f64::from(self.all.accepts));
        ((requests - k * accepts) / (requests + 1.0)).max(0.0)
    }
}

impl Policy for Throttle {
    type Memory = Window;
    /// How often the call has come here: each time has a draw of its own.
    type Call = u32;
    const SUMMARY: &'static str = "refuses calls by chance while the callee accepts too few";
    const EXAMPLE: &'static str = r#"[throttle(k: 2), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["k"];
    const COUNTERS: &'static [&'static str] = &["refused"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;
    const BREAKS: bool = true;

    fn memory(&self) -> Window {
        Window::default()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, window: &mut Window, times: &mut u32, context: &mut Context) -> Do {
        *times += 1;
        window.slide(self.window, context.now);
        let chance = window.chance(self.k);
        let refused = chance > 0.0 && Keyed::new(context.key, u64::from(*times)).chance(chance);
        if refused || self.count == Counted::Attempts {
            window.count(1, 0);
        }
        if refused {
            return context.turned_away(Outcome::RateLimited, self.push_back);
        }
        Do::Pass
    }
    fn on_leave(&self, window: &mut Window, _: &mut u32, ended: &Ended, context: &mut Context) {
        let nobody = ended.callee == Ended::NOBODY && !ended.outcome().is_success();
        if ended.given_up || nobody || ended.outcome().is_refusal() {
            return;
        }
        window.slide(self.window, context.now);
        let requests = u32::from(self.count == Counted::Results);
        window.count(requests, u32::from(!self.on.contains(ended.ending)));
    }
    fn heap(&self) -> usize {
        SLICES * size_of::<Count>()
    }
    fn reading(&self, window: &Window, now: SimTime) -> Reading {
        let mut window = window.clone();
        window.slide(self.window, now);
        Reading {
            state: "",
            numbers: vec![
                ("requests", f64::from(window.all.requests)),
                ("accepts", f64::from(window.all.accepts)),
                ("chance", window.chance(self.k)),
            ],
        }
    }
    /// Where all is accepted, so that it refuses nobody.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, self.on)
    }
    fn brief(&self) -> String {
        format!("k {}", self.k)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(self.k.is_finite() && self.k >= 1.0) {
            wrong.push(("k", format!("must be 1 or more, not {}", self.k)));
        }
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".into()));
        }
        wrong
    }
}
