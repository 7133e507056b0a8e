//! Policies that can never act at the load that comes to them.

use super::view::{Call, View};
use super::words::rounded;
use crate::check::checker::{Checker, at};
use crate::resilience::{By, PolicySpec, Scope};
use crate::scenario::diagnostics::Code;
use crate::scenario::{Scenario, Workload};
use indexmap::IndexMap;

/// How many times the load it has to be, so that luck cannot bridge it: calls come at random.
const FAR: f64 = 2.0;

impl Checker<'_> {
    /// Whether policies that need so many calls at a time ever see as many.
    pub(super) fn policies_can_act(&mut self, view: &View<'_>) {
        if !is_steady(view.scenario) {
            return;
        }
        // What goes over one edge shares its memories.
        let mut edges: IndexMap<(&str, &str, &str), (f64, &[PolicySpec])> = IndexMap::new();
        for call in &view.calls {
            let (Some(key), to) = (call.key, &view.demand.endpoints.all[call.to]) else {
                continue;
            };
            let own = key.contains('/');
            let callee = if own { &*to.target } else { to.service };
            let edge = edges.entry((call.from, callee, key));
            edge.or_insert((0.0, call.policies)).0 += rate(view, call);
        }
        let retries = |policies: &[PolicySpec]| -> f64 {
            policies
                .iter()
                .map(PolicySpec::worst_case_attempts)
                .product()
        };
        let all = view.scenario.calls.values().map(|list| retries(list));
        let all: f64 = all.product();
        let mut told = Vec::new();
        for ((from, callee, key), (rate, policies)) in edges {
            let service = callee.split('/').next().unwrap_or_default();
            let replicas = |name: &str| {
                let service = view.scenario.services.get(name);
                service.map_or(1.0, |service| f64::from(service.replicas))
            };
            for (i, policy) in policies.iter().enumerate() {
                // A limit far above the load is there for another day; what waits for failures is there for any.
                if policy.states().is_empty() {
                    continue;
                }
                let mut each = rate;
                if policy.scope() == Scope::Instance {
                    each /= replicas(from);
                }
                match policy.by() {
                    None => {}
                    Some(By::Callee) => each /= replicas(service),
                    Some(_) => continue,
                }
                // When all else fails, all others try again.
                let retried = all / retries(&policies[i..]);
                if each <= 0.0 || policy.idle_at(each * FAR * retried).is_none() {
                    continue;
                }
                if let Some(idle) = policy.idle_at(each) {
                    told.push((key, i, policy.name(), (from, callee, each), idle));
                }
            }
        }
        for (key, i, name, (from, callee, each), idle) in told {
            let message = format!("the {name} can never act: {idle}");
            self.report(Code::IdlePolicy, at!["calls", key, i], message)
                .help
                .push(format!(
                    "{} calls a second from `{from}` to `{callee}` come to each of its memories; `sim policy trace --pattern` shows what it does at which load",
                    rounded(each)
                ));
        }
    }
}

/// Whether the load is known, and stays what it is.
fn is_steady(scenario: &Scenario) -> bool {
    let steady = |load: &Workload| matches!(load, Workload::Open(open) if open.shape.is_empty() && open.batch == 1);
    scenario.workloads.values().all(steady) && scenario.controllers.is_empty()
}

/// Calls per second, further tries left out.
fn rate(view: &View<'_>, call: &Call<'_>) -> f64 {
    let target = &*view.demand.endpoints.all[call.to].target;
    if !call.outside {
        let prefix = format!("{}/", call.from);
        let flows = view.demand.topology.endpoints.iter();
        let own = flows.filter(|(name, _)| name.starts_with(&prefix));
        let calls = own.filter_map(|(_, flow)| Some(flow.rate * flow.calls.get(target)?.0));
        return calls.sum();
    }
    let Some(Workload::Open(open)) = view.scenario.workloads.get(call.from) else {
        return 0.0;
    };
    let all: f64 = open.to.iter().map(|(_, weight)| weight).sum();
    let own = open.to.iter().filter(|(name, _)| *name == target);
    open.rate.0 * own.map(|(_, weight)| weight).sum::<f64>() / all
}
