//! Shedding by deadline: turns away what has too little time left to be of use.
//!
//! A request that comes with a deadline of which less than `left` remains (in whole milliseconds, cut off) is turned
//! away and ends as `timeout_deadline`. With `most` it is only where tokens allow it: each request that is let in, with
//! a deadline or not, puts in a thousand tokens, and one that is turned away takes a thousand / `most`, cut off; tokens
//! older than `period` are gone, in ten slices that are not aligned to the clock. It starts without tokens. So no more
//! than the share `most` is turned away over a `period`: where all comes late, it is better that some be answered late.
//!
//! The deadline is the one that the request was told by its caller (`deadline(.., propagate: true)`); one without is
//! never turned away. With `count_only` all are let in, and those that would be turned away are counted.
//!
//! Source: Finagle `DeadlineFilter` (develop, commit 4feb34c): `rejectPeriod` 10 s, `maxRejectFraction` 0.2, mode
//! `DarkMode` (`count_only`) unless enabled, one for each connection there; twitter/util `TokenBucket.newLeakyBucket`.
//! There `left` is zero: what has expired by a millisecond or more. Google, *Site Reliability Engineering* (2016),
//! "Addressing cascading failures", for time that is left.

use super::slices::Slices;
use super::{Context, Do, Final, Policy, Reading, Scope};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Turns away what has too little time left.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShedByDeadline {
    /// The time that must be left, in whole milliseconds.
    #[serde(default)]
    pub left: SimDuration,
    /// The share of requests that may be turned away, up to 1; none: as many as come.
    #[serde(default)]
    pub most: Option<f64>,
    /// Over how long that share holds.
    #[serde(default = "ten_seconds")]
    pub period: SimDuration,
    /// Whether all are let in, and only counted.
    #[serde(default)]
    pub count_only: bool,
    /// Who shares the tokens.
    #[serde(default)]
    pub scope: Scope,
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

/// Tokens that a request puts in.
const DEPOSIT: i64 = 1000;
/// Slices of a period that are over; one goes on.
const PAST: usize = 9;
const MILLISECOND: u64 = 1_000_000;

impl ShedByDeadline {
    /// Tokens that are there by now.
    fn look(&self, tokens: &mut Slices, now: SimTime) -> i64 {
        // Its clock is in whole milliseconds, and so is a slice.
        let slice = SimDuration::from_millis(self.period.0 / MILLISECOND / (PAST as u64 + 1));
        tokens.pass(slice, SimTime(now.0 / MILLISECOND * MILLISECOND), true);
        tokens.sum()
    }

    /// Whether too little time is left.
    fn is_late(&self, deadline: SimTime, now: SimTime) -> bool {
        let needed = now + self.left;
        deadline < SimTime::MAX && needed.since(deadline).0 >= MILLISECOND
    }
}

impl Policy for ShedByDeadline {
    type Memory = Slices;
    type Call = ();
    const SUMMARY: &'static str = "turns away what has too little time left";
    const EXAMPLE: &'static str = r#"shed_by_deadline(left: "50ms")"#;
    const LIVE: &'static [&'static str] = &["left", "most", "count_only"];
    const COUNTERS: &'static [&'static str] = &["late", "shed"];
    const AT_DOOR: bool = true;
    const REFUSES: bool = true;
    const UNPACKS: bool = true;

    fn memory(&self) -> Slices {
        Slices::new(PAST)
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn on_enter(&self, tokens: &mut Slices, (): &mut (), context: &mut Context) -> Do {
        let held = self.look(tokens, context.now);
        if self.is_late(context.deadline, context.now) {
            context.counters[0] += 1;
            let price = self.most.map_or(0, |most| (DEPOSIT as f64 / most) as i64);
            if held >= price {
                tokens.add(-price);
                context.counters[1] += u64::from(!self.count_only);
                return match self.count_only {
                    true => Do::Pass,
                    false => Do::End(Ending::of(Outcome::TimeoutDeadline), Final::No),
                };
            }
        }
        tokens.add(DEPOSIT);
        Do::Pass
    }
    fn heap(&self) -> usize {
        Slices::heap(PAST)
    }
    fn reading(&self, tokens: &Slices, now: SimTime) -> Reading {
        Reading::number("tokens", self.look(&mut tokens.clone(), now) as f64)
    }
    fn brief(&self) -> String {
        self.left.to_string()
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.most.is_some_and(|most| !(most > 0.0 && most <= 1.0)) {
            wrong.push(("most", "must be more than 0 and at most 1".into()));
        }
        if self.period.0 < 10 * MILLISECOND {
            wrong.push(("period", "must be at least 10ms".into()));
        }
        wrong
    }
}
