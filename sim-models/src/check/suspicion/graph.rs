//! Services that nothing calls, that everything needs, and that wait for each other.

use super::view::View;
use super::words::rounded;
use crate::check::checker::{Checker, at};
use crate::resilience::PolicySpec;
use crate::scenario::Bound;
use crate::scenario::diagnostics::Code;

/// So many are named of those that need one service, or that stand in a circle.
const MOST_NAMED: usize = 10;
/// Rounds of the power iteration; the bounds that it yields hold after any number of them.
const ROUNDS: usize = 200;

impl Checker<'_> {
    pub(super) fn shape_of_graph(&mut self, view: &View<'_>) {
        let scenario = view.scenario;
        let endpoints = &view.demand.endpoints;
        let reached = endpoints.reached(0..scenario.workloads.len());
        for name in view.demand.topology.unreachable() {
            let service = scenario.services.get_index_of(name);
            if service.is_some_and(|service| reached[endpoints.of_service(service)].contains(&true))
            {
                // A policy of somebody's call asks it.
                continue;
            }
            let span = self.key_span(at!["services"], name);
            self.report_at(
                Code::Uncalled,
                span,
                format!("no request ever reaches `{name}`"),
            );
        }
        for cycle in view.demand.topology.deadlocks() {
            let span = self.key_span(at!["services"], cycle[0]);
            let service = &scenario.services[cycle[0]];
            let message = match cycle[..] {
                [name] if service.threads == Bound::Limit(1) && service.replicas == 1 => format!(
                    "`{name}` calls itself and holds its only thread while it waits: no such request is ever answered"
                ),
                [name] => format!("`{name}` calls itself and holds a thread while it waits"),
                _ => format!(
                    "{} wait for each other in a circle, each holding a thread",
                    listed(&cycle)
                ),
            };
            self.report_at(Code::Deadlock, span, message);
        }
        // By whom each service is needed: the first of them, and how many there are.
        let mut needed: Vec<(Vec<&str>, usize)> = vec![(Vec::new(), 0); scenario.services.len()];
        for (workload, services) in scenario.workloads.keys().zip(&view.needed) {
            for service in services {
                let (names, count) = &mut needed[*service];
                if names.len() < MOST_NAMED {
                    names.push(workload);
                }
                *count += 1;
            }
        }
        for ((name, service), (mut hit, count)) in scenario.services.iter().zip(needed) {
            if count == 0 || service.replicas > 1 {
                continue;
            }
            let rest = format!("{} others", count - hit.len());
            if count > hit.len() {
                hit.push(&rest);
            }
            let span = self.key_span(at!["services"], name);
            let message = format!(
                "every request of {} needs `{name}`, which has one replica",
                hit.join(" and of ")
            );
            self.report_at(Code::SinglePoint, span, message);
        }
    }

    /// Whether requests that lead to others of their kind come to an end.
    pub(super) fn requests_end(&mut self, view: &View<'_>) {
        for circle in &view.demand.endpoints.circles {
            let growth = growth(view, circle);
            if growth < 1.0 - 1e-9 {
                continue;
            }
            let names: Vec<String> = circle
                .iter()
                .map(|endpoint| format!("`{}`", view.demand.endpoints.all[*endpoint].target))
                .collect();
            let first = &view.demand.endpoints.all[circle[0]];
            let (service, endpoint) = first.target.split_once('/').unwrap_or((&first.target, ""));
            let span = self.key_span(at!["services", service, "endpoints"], endpoint);
            let message = match &names[..] {
                all if is_of_policies(view, circle) => format!(
                    "while calls of {} fail, what is asked instead leads back to them, each round to {} times as many requests: they never come to an end",
                    listed(all),
                    rounded(growth)
                ),
                [only] => format!(
                    "each request of {only} leads to {} more of its kind on average: they never come to an end",
                    rounded(growth)
                ),
                all => format!(
                    "{} call each other in a circle, each round leading to {} times as many requests on average: they never come to an end",
                    listed(all),
                    rounded(growth)
                ),
            };
            self.report_at(Code::Endless, span, message)
                .help
                .push("let a `choice` with an arm that does not call end the circle, or give a fallback a static answer".into());
        }
    }

    /// What steps say of themselves that is hardly meant.
    pub(super) fn steps_are_meant(&mut self) {
        for (name, service) in &self.scenario.services {
            for (endpoint, steps) in &service.endpoints {
                let path = at!["services", name.as_str(), "endpoints", endpoint.as_str()];
                self.steps_suspect(name, steps, path);
            }
        }
    }
}

/// Names one after the other, no more than anybody reads.
fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let named = names.iter().take(MOST_NAMED).map(AsRef::as_ref);
    let named = named.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => named,
        rest => format!("{named} and {rest} others"),
    }
}

/// Whether a circle is none but for what policies ask instead of a call that failed.
fn is_of_policies(view: &View<'_>, circle: &[usize]) -> bool {
    let endpoints = &view.demand.endpoints;
    circle.iter().any(|at| {
        let inside = endpoints.all[*at].callees.iter();
        let mut inside = inside.filter(|callee| circle.binary_search(callee).is_ok());
        inside.any(|callee| calls(view, *at, *callee).0 == 0.0)
    })
}

/// How often one endpoint calls another for a request, by its steps, and at most, with what its policies ask instead
/// of calls that fail.
fn calls(view: &View<'_>, from: usize, to: usize) -> (f64, f64) {
    let endpoints = &view.demand.endpoints;
    let (caller, target) = (&endpoints.all[from], endpoints.all[to].target.as_str());
    let Some(flow) = view.demand.topology.endpoints.get(&caller.target) else {
        return (0.0, 0.0);
    };
    let by_steps = flow.calls.get(target).map_or(0.0, |(count, _)| *count);
    let leads = |other: &str| {
        let asked = view.index.policies(caller.service, other).iter();
        asked.flat_map(PolicySpec::targets).any(|to| to == target)
    };
    let instead = flow.calls.iter().filter(|(other, _)| leads(other));
    let instead: f64 = instead.map(|(_, (count, _))| count).sum();
    (by_steps, by_steps + instead)
}

/// By what the number of requests in a circle grows with every round: a lower bound of the spectral
/// radius of its expected calls (L. Collatz 1942: the least ratio of a power iteration). One is added to
/// the diagonal meanwhile, so that the iteration does not swing.
fn growth(view: &View<'_>, circle: &[usize]) -> f64 {
    let place = |endpoint: usize| circle.binary_search(&endpoint).ok();
    let rows: Vec<Vec<(usize, f64)>> = circle
        .iter()
        .map(|endpoint| {
            let inside =
                |callee: &usize| Some((place(*callee)?, calls(view, *endpoint, *callee).1));
            let callees = view.demand.endpoints.all[*endpoint].callees.iter();
            callees.filter_map(inside).collect()
        })
        .collect();
    let mut visits = vec![1.0; circle.len()];
    let mut least = 0.0;
    for _ in 0..ROUNDS {
        let next: Vec<f64> = rows
            .iter()
            .zip(&visits)
            .map(|(row, own)| {
                own + row
                    .iter()
                    .map(|(to, count)| count * visits[*to])
                    .sum::<f64>()
            })
            .collect();
        let ratios = next.iter().zip(&visits).map(|(next, before)| next / before);
        least = ratios.fold(f64::INFINITY, f64::min);
        let most = next.iter().copied().fold(0.0, f64::max);
        visits = next
            .iter()
            .map(|visits| (visits / most).max(1e-300))
            .collect();
    }
    least - 1.0
}
