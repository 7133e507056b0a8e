//! Closed users for whom no time passes.

use super::view::View;
use crate::check::checker::{Checker, at};
use crate::faults::{Effect, Target};
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::LinkIndex;
use crate::scenario::steps::parts;
use crate::scenario::{Bound, ClosedLoad, Part, Workload};
use crate::topology::seconds;

impl Checker<'_> {
    /// Whether users who do not think may be answered, or turned away, without any time passing.
    pub(super) fn time_goes_on(&mut self, view: &View<'_>) {
        for (name, load) in &view.scenario.workloads {
            let Workload::Closed(closed) = load else {
                continue;
            };
            if seconds(&closed.think) > 0.0 {
                continue;
            }
            let targets = load.targets().iter();
            let because = targets
                .filter_map(|(target, _)| view.demand.endpoints.find(target))
                .find_map(|target| at_once(view, name, closed, target));
            if let Some(because) = because {
                let message = format!(
                    "time may stand still: the users of `{name}` take no time to think, and {because}: they ask again at the same instant"
                );
                let place = self.key_span(at!["workloads"], name);
                self.report_at(Code::Circle, place, message)
                    .help
                    .push("give them a `think` time, such as `think: \"1s\"`".into());
            }
        }
    }
}

/// Why requests may end at the instant at which they begin; none if they take time.
pub(super) fn at_once(
    view: &View<'_>,
    name: &str,
    load: &ClosedLoad,
    target: usize,
) -> Option<String> {
    let waits = view
        .call(name, true, target)
        .policies
        .iter()
        // The last attempt comes after a wait.
        .filter_map(PolicySpec::again)
        .any(|again| again.attempts > 1 && again.backoff.mean_wait(1).0 > 0);
    if waits
        || delays(
            &view.links.index,
            name,
            view.demand.endpoints.all[target].service,
        )
    {
        return None;
    }
    let (mut from, mut at) = (name, target);
    // Along the calls that come before anything else.
    for _ in 0..=view.demand.endpoints.all.len() {
        let endpoint = &view.demand.endpoints.all[at];
        let service = endpoint.service;
        let takes_time = view
            .demand
            .topology
            .endpoints
            .get(&endpoint.target)
            .is_none_or(|flow| flow.latency > 0.0);
        if at == target && !takes_time {
            return Some(format!("`{}` takes none to answer", endpoint.target));
        }
        let at_caller = view.index.policies(from, &endpoint.target).iter();
        let mut policies = at_caller.chain(&endpoint.of.admission);
        if let Some(policy) = policies.find(|policy| policy.refuses()) {
            let name = policy.name();
            return Some(format!(
                "the `{name}` before `{service}` may turn them away at once"
            ));
        }
        let places = |bound: Bound| match bound {
            Bound::Limit(limit) => f64::from(limit),
            Bound::Unbounded => f64::INFINITY,
        };
        let of = endpoint.of;
        let each = places(of.threads) + places(of.queue.limit) + places(of.backlog);
        let room = f64::from(of.replicas) * each;
        if f64::from(load.users) > room {
            return Some(format!(
                "{} of them are more than the {room} that `{service}` has room for, which turns the others away at once",
                load.users
            ));
        }
        if let Some(fault) = faults_of(view, service) {
            return Some(format!(
                "`{service}` refuses them at once during the fault `{fault}`"
            ));
        }
        let next = match parts(endpoint.steps).next() {
            Some(Part::Calls {
                to,
                optional: false,
            }) => view.demand.endpoints.find(to)?,
            _ => return None,
        };
        if delays(
            &view.links.index,
            service,
            view.demand.endpoints.all[next].service,
        ) {
            return None;
        }
        (from, at) = (service, next);
    }
    None
}

/// Whether a message between two places takes any time.
fn delays(links: &LinkIndex<'_>, from: &str, to: &str) -> bool {
    let delay = |from, to| {
        let found = links.find(from, to);
        found.is_some_and(|(_, link)| seconds(&link.latency) > 0.0)
    };
    delay(from, to) || delay(to, from)
}

/// The kind of a fault that makes a service answer at once.
fn faults_of(view: &View<'_>, service: &str) -> Option<&'static str> {
    view.scenario.faults.iter().find_map(|fault| {
        let hits = match fault.inject.target() {
            Target::Instances { service: only, .. } => only.is_none_or(|only| only == service),
            Target::Link(_) => false,
        };
        let at_once = matches!(
            fault.inject.effect(),
            Effect::Down { .. } | Effect::Fail { at_once: true, .. } | Effect::Unforeseen
        );
        (hits && at_once).then(|| fault.inject.name())
    })
}
