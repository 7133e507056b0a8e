//! Retry concurrency: only so many retries are under way at a time. Belongs inside a `retry`.
//!
//! A retry is allowed while fewer than `most` are under way; with a `share`, while fewer than max(`most`, ⌊share × calls
//! under way⌋) are. A retry is under way from when it is allowed, its backoff included, until it has ended or is given up.
//! The calls under way are all attempts that are inside, retries included and those in backoff not, and the one that has
//! just failed. With an `interval` the share is of all attempts that began in the last interval instead, in ten slices.
//!
//! Envoy's circuit breakers: `max_retries: 3` is `retry_concurrency(most: 3)`, its `retry_budget` (`budget_percent: 20`,
//! `min_retry_concurrency: 3`, which overrides `max_retries`) is `retry_concurrency(most: 3, share: 0.2)`. Istio's
//! `maxRetries` is the first, and unlimited unless it is set. It is asked after the number of retries (`num_retries`) and
//! before the backoff.
//!
//! Source: Envoy `resource_manager_impl.h` (`RetryBudgetImpl`), `retry_state_impl.cc` (`shouldRetry`, `resetRetry`: the
//! retry that has failed no longer counts when the next one is asked for).

use super::slices::Slices;
use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::OutcomeSet;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Only so many retries are under way at a time.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryConcurrency {
    /// Retries that may be under way at a time, at least.
    #[serde(default = "three")]
    pub most: u32,
    /// Retries that may be under way per call under way, if that is more; none: `most` alone counts.
    #[serde(default)]
    pub share: Option<f64>,
    /// Over which time attempts are counted that the share is of; none: those under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<SimDuration>,
    /// Who shares what is counted.
    #[serde(default)]
    pub scope: Scope,
    /// What is counted apart; none: all is counted together.
    #[serde(default)]
    pub by: Option<By>,
}

impl Default for RetryConcurrency {
    fn default() -> Self {
        Self {
            most: three(),
            share: None,
            interval: None,
            scope: Scope::default(),
            by: None,
        }
    }
}

fn three() -> u32 {
    3
}

/// Slices of an interval.
const SLICES: usize = 10;

/// What is under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Underway {
    inside: u32,
    retries: u32,
    /// Attempts that began in the interval, if there is one.
    begun: Slices,
}

/// What a call has under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counted {
    /// No retry.
    #[default]
    Nothing,
    /// A retry that is yet to come.
    Due,
    /// A retry that is inside.
    Inside,
}

impl RetryConcurrency {
    /// How many retries may be under way.
    fn limit(&self, memory: &Underway) -> u32 {
        let calls = match self.interval {
            None => f64::from(memory.inside + 1),
            Some(_) => memory.begun.sum() as f64,
        };
        // A cast cuts off.
        let share = self.share.map_or(0, |share| (share * calls) as u32);
        share.max(self.most)
    }

    fn pass(&self, memory: &mut Underway, now: SimTime) {
        if let Some(interval) = self.interval {
            let slice = SimDuration((interval.0 / SLICES as u64).max(1));
            memory.begun.pass(slice, now, false);
        }
    }

    fn over(memory: &mut Underway, call: &mut Counted) {
        if std::mem::take(call) != Counted::Nothing {
            memory.retries -= 1;
        }
    }
}

impl Policy for RetryConcurrency {
    type Memory = Underway;
    type Call = Counted;
    const SUMMARY: &'static str = "only so many retries are under way at a time";
    const EXAMPLE: &'static str =
        r#"[retry(attempts: 3), retry_concurrency(most: 3, share: 0.2), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["most"];
    const COUNTERS: &'static [&'static str] = &["denied"];
    const RATIONS: bool = true;
    const BUDGETS: bool = true;
    const LEAVES: bool = true;

    fn memory(&self) -> Underway {
        let past = self.interval.map_or(0, |_| SLICES);
        Underway {
            begun: Slices::new(past),
            ..Underway::default()
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn on_enter(&self, memory: &mut Underway, call: &mut Counted, context: &mut Context) -> Do {
        memory.inside += 1;
        if self.interval.is_some() {
            self.pass(memory, context.now);
            memory.begun.add(1);
        }
        if *call == Counted::Due {
            *call = Counted::Inside;
        }
        Do::Pass
    }
    #[inline]
    fn on_leave(&self, memory: &mut Underway, call: &mut Counted, _: &Ended, _: &mut Context) {
        memory.inside -= 1;
        Self::over(memory, call);
    }
    fn on_retry(
        &self,
        memory: &mut Underway,
        call: &mut Counted,
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        self.pass(memory, context.now);
        if memory.retries >= self.limit(memory) {
            context.counters[0] += 1;
            return Do::End(failure.ending, Final::Yes);
        }
        memory.retries += 1;
        *call = Counted::Due;
        Do::Pass
    }
    fn on_denied(&self, memory: &mut Underway, call: &mut Counted, _: &mut Context) {
        Self::over(memory, call);
    }
    fn on_lost(&self, memory: &mut Underway, call: &mut Counted, _: &mut Context) {
        Self::over(memory, call);
    }
    fn heap(&self) -> usize {
        self.interval.map_or(0, |_| Slices::heap(SLICES))
    }
    fn reading(&self, memory: &Underway, now: SimTime) -> Reading {
        let mut memory = memory.clone();
        self.pass(&mut memory, now);
        Reading {
            state: "",
            numbers: vec![
                ("retries", f64::from(memory.retries)),
                ("limit", f64::from(self.limit(&memory))),
            ],
        }
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, OutcomeSet::FAILURES)
    }
    fn brief(&self) -> String {
        format!("{} at a time", self.most)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if let Some(share) = self.share
            && !(0.0..=1.0).contains(&share)
        {
            wrong.push(("share", format!("must be from 0 to 1, not {share}")));
        }
        if self.interval == Some(SimDuration::ZERO) {
            wrong.push(("interval", "must be longer than zero".into()));
        }
        wrong
    }
}
