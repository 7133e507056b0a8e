//! What becomes of a call where chance alone decides how its attempts end: errors and outages, and no queue.
//!
//! Policies say it of themselves ([`Policy::foresee`](super::Policy::foresee)), from what is inside them.

use super::{Again, PolicySpec};
use crate::outcome::{Outcome, OutcomeSet};

/// How an attempt, or all that is inside a policy, ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ends {
    /// The chance of each outcome.
    chances: [f64; Outcome::COUNT],
    /// Time until each, in the mean, weighted by its chance, s.
    times: [f64; Outcome::COUNT],
    /// The chance that nothing is ever heard of it.
    pub vanished: f64,
    /// How long after its start the last attempt may begin, s.
    pub reach: f64,
}

impl Ends {
    /// Adds an outcome with this chance after this time, s.
    pub fn add(&mut self, outcome: Outcome, chance: f64, after: f64) {
        self.chances[outcome as usize] += chance;
        self.times[outcome as usize] += chance * after;
    }

    /// The chance of the outcomes that satisfy a condition, and the mean time until them, s.
    #[must_use]
    pub fn sum(&self, wanted: impl Fn(Outcome) -> bool) -> (f64, f64) {
        let those = Outcome::ALL.into_iter().filter(|outcome| wanted(*outcome));
        let (mut chance, mut time) = (0.0, 0.0);
        for outcome in those {
            chance += self.chances[outcome as usize];
            time += self.times[outcome as usize];
        }
        (chance, if chance > 0.0 { time / chance } else { 0.0 })
    }

    /// The chance of what is in a set, and the mean time until it, s. None if nobody knows: which statuses errors have
    /// is not looked at.
    #[must_use]
    pub fn failed(&self, on: OutcomeSet) -> Option<(f64, f64)> {
        let error = self.chances[Outcome::Error as usize];
        let known = on.is_whole() || !on.touches(Outcome::Error) || error < NOTHING;
        known.then(|| self.sum(|outcome| on.touches(outcome)))
    }

    /// What is never heard of ends like this, at a limit, s.
    #[must_use]
    pub fn limited(mut self, late: Outcome, limit: f64) -> Self {
        let vanished = std::mem::take(&mut self.vanished);
        self.add(late, vanished, limit);
        self
    }

    /// Some outcomes become another one.
    #[must_use]
    pub fn replaced(self, replaced: impl Fn(Outcome) -> bool, by: Outcome) -> Self {
        let mut all = Self {
            vanished: self.vanished,
            reach: self.reach,
            ..Self::default()
        };
        for outcome in Outcome::ALL {
            let (chance, time) = self.sum(|other| other == outcome);
            all.add(if replaced(outcome) { by } else { outcome }, chance, time);
        }
        all
    }
}

/// Chances below this are nothing.
pub const NOTHING: f64 = 1e-12;

/// When a call comes to a policy, and when it is given up at the latest: s since the request began.
pub type Stay = (f64, f64);

/// The attempts that a call makes, by the time (s) since the request began.
pub type Attempt<'f> = &'f mut dyn FnMut(f64) -> Option<Ends>;

/// What is inside a policy: others, outermost first, and attempts.
pub struct Inside<'a> {
    /// Those inside of it.
    pub policies: &'a [PolicySpec],
    attempt: Attempt<'a>,
}

impl<'a> Inside<'a> {
    /// All policies of a call, and its attempts.
    #[must_use]
    pub fn new(policies: &'a [PolicySpec], attempt: Attempt<'a>) -> Self {
        Self { policies, attempt }
    }

    /// What becomes of a call that goes on inwards.
    #[must_use]
    pub fn ends(&mut self, when: Stay) -> Option<Ends> {
        let Some((policy, policies)) = self.policies.split_first() else {
            return (self.attempt)(when.0);
        };
        let attempt = &mut *self.attempt;
        policy.foresee(&mut Inside { policies, attempt }, when)
    }

    /// What becomes of a call where a policy acts on some outcomes, and none of these comes: it makes no difference.
    #[must_use]
    pub fn spared(&mut self, when: Stay, on: OutcomeSet) -> Option<Ends> {
        let ends = self.ends(when)?;
        let (failed, _) = ends.sum(|outcome| on.touches(outcome));
        (failed < NOTHING).then_some(ends)
    }
}

/// What becomes of a call that is tried again, by a retry with such parameters.
pub(super) fn tries(
    retry: Again<'_>,
    inside: &mut Inside<'_>,
    (after, until): Stay,
) -> Option<Ends> {
    // The most attempts that anybody inside allows in the long run.
    let budgets = inside.policies.iter().map(PolicySpec::long_run);
    let ratio = budgets.fold(f64::INFINITY, f64::min) - 1.0;
    let mut all: Vec<(Ends, f64)> = Vec::new();
    let (mut alive, mut at) = (1.0, after);
    for n in 1..=retry.attempts {
        let ends = inside.ends((at, until))?;
        let (again, took) = ends.failed(retry.on)?;
        all.push((ends, at));
        alive *= again;
        at += took + retry.backoff.mean_wait(n).as_secs_f64();
        if alive < NOTHING || at >= until {
            break;
        }
    }
    // In the long run a budget lets through so many retries of each call: `granted` is the chance of
    // each to be paid, so that granted^k times the chance to want k of them adds up to the ratio.
    let wanted = |granted: f64| {
        let mut chance = 1.0;
        let mut retries = 0.0;
        for (ends, _) in &all[..all.len() - 1] {
            chance *= granted * ends.sum(|outcome| retry.on.touches(outcome)).0;
            retries += chance;
        }
        retries
    };
    let granted = if wanted(1.0) > ratio {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if wanted(middle) > ratio {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    } else {
        1.0
    };
    let mut whole = Ends::default();
    let mut alive = 1.0;
    for (number, (ends, at)) in all.iter().enumerate() {
        let last = number + 1 == all.len();
        whole.vanished += alive * ends.vanished;
        whole.reach = whole.reach.max(at - after + ends.reach);
        let mut next = 0.0;
        for outcome in Outcome::ALL {
            let (chance, time) = ends.sum(|other| other == outcome);
            let tried = if retry.on.touches(outcome) && !last {
                granted
            } else {
                0.0
            };
            whole.add(outcome, alive * chance * (1.0 - tried), at - after + time);
            next += alive * chance * tried;
        }
        alive = next;
    }
    Some(whole)
}
