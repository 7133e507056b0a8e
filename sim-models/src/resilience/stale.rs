//! Stale: where what is inside fails, the last good answer stands in for it while it is fresh enough.
//!
//! A call that ends as `ok` leaves its answer; a later one for the same that fails with one of `on` gets that answer
//! at once, as `degraded`, if it is no older than `max_age`. Otherwise the failure is the result, as if the policy
//! were not there. Nobody is spared a call: what is inside is always asked first, so that this is no cache. An answer
//! that was `degraded` itself is not kept.
//!
//! Calls for the same key at the same endpoint are for the same, unless `by` says otherwise. Where it goes by keys,
//! requests without a key are never for the same, and nothing is kept of them. Nothing is ever pushed out to make
//! room.
//!
//! Source: RFC 5861, `stale-if-error` (its example: 1200 s); nginx `proxy_cache_use_stale error timeout`, Varnish
//! `grace`.

use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// The last good answer stands in where what is inside fails.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    /// How old an answer may be that stands in.
    #[serde(default = "twenty_minutes")]
    pub max_age: SimDuration,
    /// What it stands in for; every failure unless this says otherwise.
    #[serde(default = "failures")]
    pub on: OutcomeSet,
    /// Who shares the answers.
    #[serde(default)]
    pub scope: Scope,
    /// What there is an answer each for.
    #[serde(default = "request")]
    pub by: By,
}

fn twenty_minutes() -> SimDuration {
    SimDuration::from_secs(1200)
}

fn failures() -> OutcomeSet {
    OutcomeSet::FAILURES
}

fn request() -> By {
    By::Request
}

impl Stale {
    /// Whether there is an answer of this age that stands in.
    fn is_fresh(&self, answered: SimTime, now: SimTime) -> bool {
        now.since(answered) <= self.max_age
    }
}

impl Policy for Stale {
    /// When the last good answer came.
    type Memory = Option<SimTime>;
    type Call = ();
    const SUMMARY: &'static str = "the last good answer stands in where what is inside fails";
    const ENTERS: bool = false;
    const KEYED: bool = true;
    const EXAMPLE: &'static str = r#"stale(max_age: "20min")"#;
    const LIVE: &'static [&'static str] = &["max_age"];
    const COUNTERS: &'static [&'static str] = &["used", "too_old", "missing"];

    fn memory(&self) -> Option<SimTime> {
        None
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        Some(self.by)
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        outcome != Outcome::Ok && !self.on.touches(outcome)
    }
    #[inline]
    fn on_result(
        &self,
        answered: &mut Option<SimTime>,
        (): &mut (),
        ended: &Ended,
        context: &mut Context,
    ) -> Do {
        let by_key = matches!(self.by, By::Key | By::Request);
        let is_known = !by_key || context.content > 0;
        if ended.outcome() == Outcome::Ok {
            *answered = is_known.then_some(context.now);
            return Do::Pass;
        }
        if !self.on.contains(ended.ending) {
            return Do::Pass;
        }
        let counter = match answered {
            Some(answered) if self.is_fresh(*answered, context.now) => 0,
            Some(_) => 1,
            None => 2,
        };
        context.counters[counter] += 1;
        if counter > 0 {
            return Do::Pass;
        }
        Do::End(ended.replaced(), Final::No)
    }
    fn replaces(&self, outcome: Outcome) -> bool {
        self.on.touches(outcome)
    }
    /// Where nothing fails that it would stand in for.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, self.on)
    }
    fn brief(&self) -> String {
        self.max_age.to_string()
    }
    fn reading(&self, answered: &Option<SimTime>, now: SimTime) -> Reading {
        let Some(answered) = answered else {
            return Reading {
                state: "none",
                numbers: Vec::new(),
            };
        };
        Reading {
            state: if self.is_fresh(*answered, now) {
                "fresh"
            } else {
                "too_old"
            },
            numbers: vec![("age", now.since(*answered).as_secs_f64())],
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.max_age == SimDuration::ZERO {
            return vec![("max_age", "must be longer than zero".into())];
        }
        Vec::new()
    }
}
