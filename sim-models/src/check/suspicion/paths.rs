//! Limits and attempts that add up, or multiply, along paths.

use super::view::{Call, View};
use super::words::rounded;
use crate::check::checker::{Checker, at};
use crate::resilience::{Again, PolicySpec};
use crate::scenario::diagnostics::Code;
use indexmap::IndexMap;
use sim_core::SimDuration;
use std::collections::{BTreeMap, BTreeSet};

/// Attempts along a path that are worth a word.
const MANY_ATTEMPTS: f64 = 10.0;

impl Checker<'_> {
    /// Whether callees may go on for longer than their callers wait for one attempt.
    pub(super) fn callees_outlast(&mut self, view: &View<'_>) {
        // For each endpoint the keys of its own calls, each once, with the longest that they may take.
        let mut inner: BTreeMap<usize, Vec<(&str, SimDuration)>> = BTreeMap::new();
        let mut said: BTreeSet<(&str, &str)> = BTreeSet::new();
        for call in &view.calls {
            let mut tells = call.policies.iter().map(PolicySpec::tells);
            let told = tells.any(|tells| tells.cancellation || tells.deadline);
            let (Some(key), Some(patience), false) = (call.key, call.limit(), told) else {
                continue;
            };
            let callee = &view.demand.endpoints.all[call.to];
            let inner = inner.entry(call.to).or_insert_with(|| {
                let calls = callee.callees.iter();
                let calls = calls.map(|to| view.call(callee.service, false, *to));
                let longest = calls.filter_map(|call| call.key.zip(longest(call.policies)));
                let longest: IndexMap<&str, SimDuration> = longest.collect();
                longest.into_iter().collect()
            });
            for (inner_key, longest) in &*inner {
                if *longest > patience && said.insert((key, inner_key)) {
                    let message = format!(
                        "`{inner_key}` may take {longest}, but its caller gives up after {patience} (`{key}`)"
                    );
                    let outer = self.key_span(at!["calls"], key);
                    let span = self.key_span(at!["calls"], inner_key);
                    let found = self.report_at(Code::Outlasts, span, message);
                    found
                        .related
                        .extend(outer.map(|span| (span, "gives up earlier".into())));
                    found.help.push(
                        "shorten the inner timeouts and retries, or let the caller wait for longer"
                            .into(),
                    );
                }
            }
        }
    }

    /// Whether attempts multiply along a path.
    pub(super) fn attempts_multiply(&mut self, view: &View<'_>) {
        // The most attempts of one call that an endpoint can lead to, and by way of which callee.
        let mut worst: Vec<(f64, Option<usize>)> =
            vec![(1.0, None); view.demand.endpoints.all.len()];
        for at in &view.demand.endpoints.order {
            let endpoint = &view.demand.endpoints.all[*at];
            for callee in endpoint.callees.iter().filter(|callee| *callee != at) {
                let own = attempts(view.call(endpoint.service, false, *callee).policies);
                let product = own * worst[*callee].0;
                if product > worst[*at].0 {
                    worst[*at] = (product, Some(*callee));
                }
            }
        }
        for (name, load) in &view.scenario.workloads {
            let targets = load
                .targets()
                .iter()
                .filter_map(|(to, _)| view.demand.endpoints.find(to));
            let products = targets.map(|to| {
                let call = view.call(name, true, to);
                (attempts(call.policies) * worst[to].0, call)
            });
            let most = products.fold(None, |most: Option<(f64, Call<'_>)>, next| match most {
                Some(most) if most.0 >= next.0 => Some(most),
                _ => Some(next),
            });
            let Some((product, first)) = most.filter(|(product, _)| *product > MANY_ATTEMPTS)
            else {
                continue;
            };
            let mut path = vec![name.as_str()];
            let (mut factors, mut key) = (Vec::new(), None);
            let mut next = Some(first);
            // In a circle the way may lead back to where it was.
            while let Some(call) =
                next.filter(|_| path.len() <= view.demand.endpoints.all.len() + 1)
            {
                let callee = &view.demand.endpoints.all[call.to];
                let own = attempts(call.policies);
                path.push(callee.service);
                if own > 1.0 {
                    factors.push(own.to_string());
                    key = call.key;
                }
                next = worst[call.to]
                    .1
                    .map(|to| view.call(callee.service, false, to));
            }
            let message = format!(
                "one request may become {} attempts along {}: {}",
                rounded(product),
                shortened(&path),
                factors.join(" × "),
            );
            let span = key.and_then(|key| self.key_span(at!["calls"], key));
            self.report_at(Code::Amplification, span, message)
                .help
                .push("retry at one tier only, or bound the retries by a `retry_budget`".into());
        }
    }
}

/// A path, its middle left out where nobody would read it.
fn shortened(path: &[&str]) -> String {
    const ENDS: usize = 10;
    if path.len() <= 2 * ENDS {
        return path.join(" -> ");
    }
    let (head, tail) = (&path[..ENDS], &path[path.len() - ENDS..]);
    format!("{} -> .. -> {}", head.join(" -> "), tail.join(" -> "))
}

/// The longest that a call can take by its policies; none if they do not bound it.
fn longest(policies: &[PolicySpec]) -> Option<SimDuration> {
    let mut bound: Option<SimDuration> = None;
    for policy in policies.iter().rev() {
        if let Some(limit) = policy.time_limit() {
            bound = Some(bound.map_or(limit, |inner| inner.min(limit)));
        }
        if let (Some(retry), Some(inner)) = (policy.again(), bound) {
            let all = inner.as_nanos_f64() * f64::from(retry.attempts);
            bound = Some(SimDuration::from_nanos_f64(all + waits(&retry)));
        }
    }
    bound
}

/// All waits between the attempts of a retry at their nominal length, in nanoseconds.
fn waits(retry: &Again<'_>) -> f64 {
    let numbers = 1..retry.attempts.min(1000);
    numbers
        .map(|n| retry.backoff.nominal_wait(n).as_nanos_f64())
        .sum()
}

/// Attempts that a list of policies makes of one call in the long run: a budget bounds them.
fn attempts(policies: &[PolicySpec]) -> f64 {
    let worst: f64 = policies
        .iter()
        .map(PolicySpec::worst_case_attempts)
        .product();
    let budgets = policies.iter().map(PolicySpec::long_run);
    budgets.fold(worst, f64::min)
}
