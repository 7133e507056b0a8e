//! Lists of policies that do not do what they seem to.

use crate::check::checker::{Checker, at};
use crate::outcome::OutcomeSet;
use crate::resilience::{Again, Backoff, PolicySpec};
use crate::scenario::diagnostics::Code;
use sim_core::SimDuration;

impl Checker<'_> {
    pub(super) fn timeouts_in_order(&mut self, key: &str, policies: &[PolicySpec]) {
        let mut outer: Option<(usize, SimDuration)> = None;
        for (i, policy) in policies.iter().enumerate() {
            let Some(limit) = policy.time_limit() else {
                continue;
            };
            if let Some((at, shorter)) = outer.filter(|(_, shorter)| limit > *shorter) {
                let outer_name = policies[at].name();
                let message = format!(
                    "the {} of {limit} never fires: the {outer_name} of {shorter} outside of it comes first",
                    policy.name()
                );
                let other = self.span(at!["calls", key, at]);
                let found = self.report(Code::TimeoutOrder, at!["calls", key, i], message);
                found
                    .related
                    .extend(other.map(|span| (span, "the outer one".into())));
                found
                    .help
                    .push("shorten the inner one, or list it before the outer one".into());
            } else {
                outer = Some((i, limit));
            }
        }
    }

    /// Whether those who may wait at a policy are given up before it would let them in.
    pub(super) fn waits_fit(&mut self, key: &str, policies: &[PolicySpec]) {
        for (i, policy) in policies.iter().enumerate() {
            let limits = policies[..i]
                .iter()
                .filter_map(|outer| Some((outer.time_limit()?, outer.name())));
            let (Some(wait), Some((limit, outer))) = (policy.longest_wait(), limits.min()) else {
                continue;
            };
            if wait <= limit {
                continue;
            }
            let name = policy.name();
            let message = format!(
                "a call may wait for {wait} at the `{name}`, but the {outer} of {limit} outside of it gives it up before"
            );
            self.report(Code::TimeoutOrder, at!["calls", key, i], message)
                .help
                .push(format!(
                    "let it wait for less than {limit}, so that there is time left for the answer"
                ));
        }
    }

    pub(super) fn retries_are_sound(&mut self, key: &str, policies: &[PolicySpec]) {
        let is_retry = |policy: &PolicySpec| policy.again().is_some();
        let tries_again = |policy: &PolicySpec| policy.worst_case_attempts() > 1.0;
        for (i, policy) in policies.iter().enumerate() {
            let path = at!["calls", key, i];
            if policy.budgets()
                && !policies[..i]
                    .iter()
                    .any(|outer| is_retry(outer) || tries_again(outer))
            {
                let name = policy.name().replace('_', " ");
                let message = format!("the {name} is not inside a retry, so it never sees one");
                self.report(Code::BudgetOutside, path, message)
                    .help
                    .push("put it after the `retry` (or the `hedge`) in the list".into());
            }
            if is_retry(policy)
                && tries_again(policy)
                && !policies[i + 1..]
                    .iter()
                    .any(|inner| inner.time_limit().is_some())
            {
                let outer = policies[..i]
                    .iter()
                    .find(|outer| outer.time_limit().is_some());
                let message = match outer {
                    Some(outer) => format!(
                        "the retry has no timeout inside: an attempt without an answer lasts until the {} outside of it ends the whole call, and is not tried again",
                        outer.name()
                    ),
                    None => "the retry has no timeout inside: an attempt without an answer is never given up".into(),
                };
                self.report(Code::NoTimeout, path, message)
                    .help
                    .push("add `timeout(\"..\")` after the `retry` in the list".into());
            }
        }
    }

    /// Whether the waits of a retry fit the limits outside of it.
    pub(super) fn backoffs_fit(&mut self, key: &str, policies: &[PolicySpec]) {
        for (i, policy) in policies.iter().enumerate() {
            let Some(retry) = policy.again() else {
                continue;
            };
            let limits = policies[..i]
                .iter()
                .filter_map(|outer| Some((outer.time_limit()?, outer.name())));
            let Some((limit, outer)) = limits.min() else {
                continue;
            };
            let (surely, mean) = (
                first_beyond(&retry, limit, Backoff::least_wait),
                first_beyond(&retry, limit, Backoff::mean_wait),
            );
            let Some((attempt, waits)) = surely.or(mean) else {
                continue;
            };
            let how = match surely {
                Some(_) => "",
                None => " on average",
            };
            let message = format!(
                "the waits before attempt {attempt} of {} add up to {waits}{how}, which does not fit into the {outer} of {limit} outside of it: it {}",
                retry.attempts,
                if surely.is_some() {
                    "never comes"
                } else {
                    "often does not come"
                },
            );
            self.report(Code::LateBackoff, at!["calls", key, i], message)
                .help
                .push(format!(
                    "shorten the backoff, make at most {} attempts, or give the {outer} more time",
                    attempt - 1
                ));
        }
    }

    /// Whether a retry tries again what its own limit gives up.
    pub(super) fn late_ones_are_retried(&mut self, key: &str, policies: &[PolicySpec]) {
        for (i, policy) in policies.iter().enumerate() {
            let Some(retry) = policy.again() else {
                continue;
            };
            if retry.attempts < 2 {
                continue;
            }
            let inner = policies[i + 1..]
                .iter()
                .filter_map(|inner| Some((inner.time_limit()?, inner)));
            let Some((limit, inner)) = inner.min_by_key(|(limit, _)| *limit) else {
                continue;
            };
            // Who leaves out what is tried again unless he says otherwise means it.
            let late = inner.late();
            if !retry.on.touches(late) && !OutcomeSet::TRANSIENT.touches(late) {
                let (name, late) = (inner.name(), late.name());
                let message = format!(
                    "an attempt that takes longer than the {name} of {limit} is not tried again: it ends as `{late}`, which the retry outside of it leaves out"
                );
                self.report(Code::NeverRetried, at!["calls", key, i], message)
                    .help
                    .push(format!(
                        "write `timeout(\"{limit}\")` inside the retry and put the {name} outside of it, or add `{late}` to its `on`"
                    ));
            }
        }
    }

    /// Whether a breaker hears of attempts that are never answered.
    pub(super) fn breakers_hear(&mut self, key: &str, policies: &[PolicySpec]) {
        for (i, policy) in policies.iter().enumerate() {
            let limited = policies[i + 1..]
                .iter()
                .any(|inner| inner.time_limit().is_some());
            if policy.breaks() && !limited {
                let name = policy.name();
                let message =
                    format!("the {name} has no timeout inside: a callee that hangs never opens it");
                self.report(Code::DeafBreaker, at!["calls", key, i], message)
                    .help
                    .push(format!(
                        "add `timeout(\"..\")` after the `{name}` in the list"
                    ));
            }
        }
    }
}

/// The first attempt of a retry that begins beyond a limit for its waits alone, and these waits.
fn first_beyond(
    retry: &Again<'_>,
    limit: SimDuration,
    wait: impl Fn(&Backoff, u32) -> SimDuration,
) -> Option<(u32, SimDuration)> {
    let mut waits = SimDuration::ZERO;
    for n in 1..retry.attempts.min(1000) {
        waits = waits + wait(retry.backoff, n);
        if waits >= limit {
            return Some((n + 1, waits));
        }
    }
    None
}
