//! What the policies of a call make of attempts that end as chance has it.

use super::value::Value;
use crate::outcome::Outcome;
use crate::resilience::{Breaker, PolicySpec, Retry, RetryBudget};

/// How an attempt, or all that is inside a policy, ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ends {
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
    /// An outcome with this chance after this time (s).
    pub fn add(&mut self, outcome: Outcome, chance: f64, after: f64) {
        self.chances[outcome as usize] += chance;
        self.times[outcome as usize] += chance * after;
    }

    /// The chance of the outcomes that satisfy a condition, and the mean time until them, s.
    fn sum(&self, wanted: impl Fn(Outcome) -> bool) -> (f64, f64) {
        let those = Outcome::ALL.into_iter().filter(|outcome| wanted(*outcome));
        let (mut chance, mut time) = (0.0, 0.0);
        for outcome in those {
            chance += self.chances[outcome as usize];
            time += self.times[outcome as usize];
        }
        (chance, if chance > 0.0 { time / chance } else { 0.0 })
    }
}

/// Chances below this are nothing.
const NOTHING: f64 = 1e-12;
/// Attempts after which a breaker may open by bad luck once: beyond them it is taken not to.
const MANY_ATTEMPTS: f64 = 1e9;

/// The attempts that a call makes, by the time (s) since the request began.
type Attempt<'f> = &'f mut dyn FnMut(f64) -> Option<Ends>;

/// Of a call under these policies, outermost first, that begins so long after the request; none where
/// it cannot be said.
pub(super) fn call(policies: &[PolicySpec], after: f64, attempt: Attempt<'_>) -> Option<Value> {
    let ends = through(policies, after, f64::INFINITY, attempt)?;
    if ends.vanished > NOTHING {
        // Nobody gives it up: the request never ends.
        return None;
    }
    let (ok, _) = ends.sum(Outcome::is_success);
    let (_, failing) = ends.sum(|outcome| !outcome.is_success());
    Some(Value {
        ok,
        failing,
        reach: ends.reach,
    })
}

/// Of what is inside these policies, given up at `until` (s since the request began).
fn through(policies: &[PolicySpec], after: f64, until: f64, attempt: Attempt<'_>) -> Option<Ends> {
    let Some((policy, inner)) = policies.split_first() else {
        return attempt(after);
    };
    match policy {
        PolicySpec::Timeout(_) | PolicySpec::Deadline(_) => {
            let limit = policy.time_limit()?.as_secs_f64();
            let late = if matches!(policy, PolicySpec::Timeout(_)) {
                Outcome::TimeoutAttempt
            } else {
                Outcome::TimeoutDeadline
            };
            let mut ends = through(inner, after, until.min(after + limit), attempt)?;
            let vanished = std::mem::take(&mut ends.vanished);
            ends.add(late, vanished, limit);
            Some(ends)
        }
        PolicySpec::Retry(retry) => {
            let budget = inner.iter().find_map(|policy| match policy {
                PolicySpec::RetryBudget(budget) => Some(budget),
                _ => None,
            });
            tries(retry, budget, inner, (after, until), attempt)
        }
        PolicySpec::Breaker(breaker) => {
            let ends = through(inner, after, until, attempt)?;
            breaks_never(breaker, &ends).then_some(ends)
        }
        PolicySpec::RetryBudget(_) | PolicySpec::Cancellation(_) => {
            through(inner, after, until, attempt)
        }
        // What others make of it depends on how many calls there are at a time, or on how long answers take.
        _ => None,
    }
}

/// Whether a breaker makes no difference: nothing fails, so much that it never opens by bad luck, or
/// everything.
fn breaks_never(breaker: &Breaker, ends: &Ends) -> bool {
    let (failed, _) = ends.sum(|outcome| breaker.on.contains(outcome));
    let run = libm::pow(failed, f64::from(breaker.failures));
    failed >= 1.0 - NOTHING || run * MANY_ATTEMPTS < 1.0
}

fn tries(
    retry: &Retry,
    budget: Option<&RetryBudget>,
    inner: &[PolicySpec],
    (after, until): (f64, f64),
    attempt: Attempt<'_>,
) -> Option<Ends> {
    let mut all: Vec<(Ends, f64)> = Vec::new();
    let (mut alive, mut at) = (1.0, after);
    for n in 1..=retry.attempts {
        let ends = through(inner, at, until, attempt)?;
        let (again, took) = ends.sum(|outcome| retry.on.contains(outcome));
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
            chance *= granted * ends.sum(|outcome| retry.on.contains(outcome)).0;
            retries += chance;
        }
        retries
    };
    let granted = match budget {
        Some(budget) if wanted(1.0) > budget.ratio => {
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if wanted(middle) > budget.ratio {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            low
        }
        _ => 1.0,
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
            let tried = if retry.on.contains(outcome) && !last {
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
