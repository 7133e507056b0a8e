//! Loads that services can carry, but not with all attempts: retries that keep an overload alive.

use super::super::{Checker, at};
use super::load::{most_of, room};
use super::{Call, View, rounded, span};
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::Code;
use crate::scenario::{Bound, Step, Threading, Workload};
use sim_core::SimDuration;

/// Requests per second of open loads, at an endpoint or a service.
#[derive(Clone, Copy, Default)]
struct Flow {
    /// While all is well.
    base: f64,
    /// While everything behind it fails, and is tried again.
    worst: f64,
    /// The part of `base` whose deadline is told to those behind: they drop what is late.
    told: f64,
}

/// The call that adds most to a service.
struct Worst<'a> {
    added: f64,
    call: Call<'a>,
    factor: f64,
    /// Whether the threads of the caller bound it.
    bounded: bool,
    limit: SimDuration,
}

impl Checker<'_> {
    /// Whether a service could carry all attempts, once they time out.
    pub(super) fn storms_end(&mut self, view: &View<'_>) {
        let (endpoints, topology) = (&view.endpoints, &view.topology);
        let count = view.scenario.services.len();
        let mut at_endpoint = vec![Flow::default(); endpoints.all.len()];
        let mut at_service = vec![Flow::default(); count];
        let mut worst: Vec<Option<Worst<'_>>> = (0..count).map(|_| None).collect();
        // What a call brings to the service that it calls, and to those behind that.
        let mut bring = |flows: &mut [Flow], call: Call<'_>, from: Flow, calls: f64, bound: f64| {
            let Some(service) = view
                .scenario
                .services
                .get_index_of(endpoints.all[call.to].service)
            else {
                return;
            };
            let tells = call.policies.iter().any(
                |policy| matches!(policy, PolicySpec::Deadline(deadline) if deadline.propagate),
            );
            let told = if tells { from.base } else { from.told };
            let untold = (from.worst - told.min(from.worst)) * calls;
            let limit = limit_inside(call.policies);
            let direct = if limit.is_some() {
                factor(call.policies, true)
            } else {
                1.0
            };
            let base = from.base * calls;
            let direct_rate = base.max((told * calls + untold * direct).min(bound));
            let sum = &mut at_service[service];
            sum.base += base;
            sum.worst += direct_rate;
            let added = direct_rate - base;
            if let Some(limit) = limit.filter(|_| direct > 1.0)
                && worst[service]
                    .as_ref()
                    .is_none_or(|other| added > other.added)
            {
                // Only this call's own index is kept, so that it may come from any caller.
                worst[service] = Some(Worst {
                    added,
                    call: view.call(name_of(view, call.from), call.outside, call.to),
                    factor: direct,
                    bounded: told * calls + untold * direct > bound,
                    limit,
                });
            }
            let behind = &mut flows[call.to];
            behind.base += base;
            behind.told += told * calls;
            behind.worst +=
                base.max((told * calls + untold * factor(call.policies, false)).min(bound));
        };
        for (name, load) in &view.scenario.workloads {
            let Workload::Open(open) = load else { continue };
            let rate = open.rate.0 * f64::from(open.batch);
            let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
            for (target, weight) in load.targets().iter() {
                let Some(to) = endpoints.find(target) else {
                    continue;
                };
                let own = rate * weight / total;
                let from = Flow {
                    base: own,
                    worst: own,
                    told: 0.0,
                };
                bring(
                    &mut at_endpoint,
                    view.call(name, true, to),
                    from,
                    1.0,
                    f64::INFINITY,
                );
            }
        }
        for at in endpoints.order.iter().rev() {
            let endpoint = &endpoints.all[*at];
            let Some(flow) = topology.endpoints.get(&endpoint.target) else {
                continue;
            };
            let from = at_endpoint[*at];
            for callee in endpoint.callees.iter().filter(|callee| *callee != at) {
                let calls = flow.calls.get(&endpoints.all[*callee].target);
                let calls = calls.map_or(0.0, |(calls, _)| *calls);
                let call = view.call(endpoint.service, false, *callee);
                let bound = most_sent(view, *at, &call);
                bring(&mut at_endpoint, call, from, calls, bound);
            }
        }
        for ((name, capacity), (flow, worst)) in topology
            .capacity
            .iter()
            .zip(at_service.into_iter().zip(worst))
        {
            let (most, _) = most_of(capacity);
            let Some(worst) = worst else { continue };
            let wait = room(view, name) / most;
            if flow.worst <= most || flow.base > most || wait <= worst.limit.as_secs_f64() {
                continue;
            }
            let key = worst.call.key.unwrap_or_default();
            let bound = if worst.bounded {
                ", all that the threads of its callers can send"
            } else {
                ""
            };
            let message = format!(
                "`{name}` gets {} requests a second and can carry {}, but with all {} attempts of `{key}` it gets {}{bound}: once they time out, retries keep it overloaded",
                rounded(flow.base),
                rounded(most),
                rounded(worst.factor),
                rounded(flow.worst),
            );
            let queue = if wait.is_finite() {
                format!(
                    "a full queue is a wait of {}",
                    span((wait * 1e3).round() / 1e3)
                )
            } else {
                "its queue has no bound".to_owned()
            };
            let place = self.key_span(at!["calls"], key);
            self.report_at(Code::Storm, place, message).help.push(format!(
                "{queue}, and an attempt is given up after {}: make fewer attempts, add a `retry_budget` or a `breaker`, or shorten the queue",
                worst.limit
            ));
        }
    }
}

/// The name of a caller as the scenario holds it.
fn name_of<'a>(view: &View<'a>, name: &str) -> &'a str {
    let scenario = view.scenario;
    let service = scenario
        .services
        .get_key_value(name)
        .map(|(name, _)| name.as_str());
    let workload = || {
        scenario
            .workloads
            .get_key_value(name)
            .map(|(name, _)| name.as_str())
    };
    service.or_else(workload).unwrap_or_default()
}

/// The limit inside the innermost retry that makes more than one attempt.
fn limit_inside(policies: &[PolicySpec]) -> Option<SimDuration> {
    let retries = |policy: &PolicySpec| policy.worst_case_attempts() > 1.0;
    let innermost = policies.iter().rposition(retries)?;
    policies[innermost + 1..]
        .iter()
        .filter_map(PolicySpec::time_limit)
        .min()
}

/// How many attempts a call becomes in the long run while all of them fail; `late` if they fail because
/// they are given up, and what they left behind still has to be done.
fn factor(policies: &[PolicySpec], late: bool) -> f64 {
    let mut most: f64 = policies
        .iter()
        .map(PolicySpec::worst_case_attempts)
        .product();
    for policy in policies {
        match policy {
            PolicySpec::RetryBudget(budget) => most = most.min(1.0 + budget.ratio),
            PolicySpec::Breaker(_) => return 1.0,
            PolicySpec::Cancellation(_) if late => return 1.0,
            PolicySpec::Deadline(deadline) if late && deadline.propagate => return 1.0,
            _ => {}
        }
    }
    most
}

/// The attempts per second that a caller can send while each of them is given up: a pool of threads that
/// wait bounds them.
fn most_sent(view: &View<'_>, caller: usize, call: &Call<'_>) -> f64 {
    let endpoint = &view.endpoints.all[caller];
    let of = endpoint.of;
    let branches = endpoint
        .steps
        .iter()
        .any(|step| matches!(step, Step::Parallel(_)));
    match (of.threading, of.threads, call.limit()) {
        (Threading::Sync, Bound::Limit(threads), Some(limit)) if !branches => {
            f64::from(of.replicas) * f64::from(threads) / limit.as_secs_f64()
        }
        _ => f64::INFINITY,
    }
}
