//! Back-pressure: a caller sends less, by chance, while answers tell that the callee is busy.
//!
//! The callee tells its load with each answer (`report_load` at its door). Of loads up to `from` nothing comes; at `to`
//! and above, the share `most` of calls is refused at once, and in between a share that grows evenly. What counts is an
//! average of the loads told, in which each further answer weighs a fifth; after `memory` without an answer that tells
//! one, nothing is known, and everybody is let in. A refused call ends as `rate_limited`: nobody is asked. With a memory
//! by callee, balancers pass no instance by: they choose, and then it is refused or not.
//!
//! It acts before the callee refuses or answers late, which is what a `throttle` or a breaker waits for; and it knows
//! nothing where answers do not come, which is where those act.
//!
//! Source: M. Nygard, *Release It!* (2007), "Handshaking" and "Create Back Pressure".

use super::{By, Context, Do, Ended, Ends, Inside, Policy, PushBack, Reading, Scope, Stay};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

/// Refuses calls by chance while the callee tells that it is busy.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackPressure {
    /// Load (of 1) up to which nobody is refused.
    #[serde(default = "four_fifths")]
    pub from: f64,
    /// Load from which on as many are refused as may be.
    #[serde(default = "one_and_a_fifth")]
    pub to: f64,
    /// The most that is refused, of 1: what is left tells when the load is less.
    #[serde(default = "nine_tenths")]
    pub most: f64,
    /// After how long without news of the load nothing is known of it.
    #[serde(default = "two_seconds")]
    pub memory: SimDuration,
    /// Who shares what is known.
    #[serde(default)]
    pub scope: Scope,
    /// What loads are known apart of; none: all answers are taken together.
    #[serde(default)]
    pub by: Option<By>,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

fn four_fifths() -> f64 {
    0.8
}

fn one_and_a_fifth() -> f64 {
    1.2
}

fn nine_tenths() -> f64 {
    0.9
}

fn two_seconds() -> SimDuration {
    SimDuration::from_secs(2)
}

/// How much an answer weighs in the average.
const WEIGHT: f64 = 0.2;

/// What answers told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    load: f64,
    at: Option<SimTime>,
}

impl BackPressure {
    /// The average load, if anything is known.
    fn load(&self, told: &Told, now: SimTime) -> Option<f64> {
        let fresh = |at: &SimTime| now.since(*at) <= self.memory;
        told.at.filter(fresh).map(|_| told.load)
    }

    /// The share of calls that is refused.
    fn chance(&self, told: &Told, now: SimTime) -> f64 {
        let load = self.load(told, now).unwrap_or(0.0);
        let share = if load >= self.to {
            1.0
        } else {
            ((load - self.from) / (self.to - self.from)).max(0.0)
        };
        share * self.most
    }
}

impl Policy for BackPressure {
    type Memory = Told;
    /// How often the call has come here: each time has a draw of its own.
    type Call = u32;
    const SUMMARY: &'static str =
        "refuses calls by chance while answers tell that the callee is busy";
    const EXAMPLE: &'static str = r#"[back_pressure(from: 0.8, to: 1.2), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["from", "to", "most", "memory"];
    const COUNTERS: &'static [&'static str] = &["refused"];
    const LEAVES: bool = true;
    const BY_CALLEE: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Told {
        Told {
            load: 0.0,
            at: None,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, told: &mut Told, times: &mut u32, context: &mut Context) -> Do {
        *times += 1;
        let chance = self.chance(told, context.now);
        if chance > 0.0 && Keyed::new(context.key, u64::from(*times)).chance(chance) {
            return context.turned_away(Outcome::RateLimited, self.push_back);
        }
        Do::Pass
    }
    fn on_leave(&self, told: &mut Told, _: &mut u32, ended: &Ended, context: &mut Context) {
        let Some(load) = ended.load.share() else {
            return;
        };
        let known = self.load(told, context.now);
        told.load = known.map_or(load, |known| known + (load - known) * WEIGHT);
        told.at = Some(context.now);
    }
    fn reading(&self, told: &Told, now: SimTime) -> Reading {
        let load = self.load(told, now).map(|load| ("load", load));
        Reading {
            state: "",
            numbers: (load.into_iter())
                .chain([("chance", self.chance(told, now))])
                .collect(),
        }
    }
    /// Nothing of how busy the callee is can be said beforehand.
    fn foresee(&self, _: &mut Inside<'_>, _: Stay) -> Option<Ends> {
        None
    }
    fn brief(&self) -> String {
        format!("from {}", self.from)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(self.from.is_finite() && self.from >= 0.0) {
            wrong.push(("from", format!("must be 0 or more, not {}", self.from)));
        }
        if !(self.to.is_finite() && self.to >= self.from) {
            let why = format!("must be at least `from`, {}, not {}", self.from, self.to);
            wrong.push(("to", why));
        }
        if !(0.0..=1.0).contains(&self.most) {
            wrong.push(("most", format!("must be 0 to 1, not {}", self.most)));
        }
        if self.memory == SimDuration::ZERO {
            wrong.push(("memory", "must be longer than zero".into()));
        }
        wrong
    }
}
