//! Queues and balancers that have nothing to go by.

use super::view::View;
use crate::check::checker::{Checker, at, join};
use crate::queues::{Needs, OrderSpec};
use crate::scenario::diagnostics::Code;
use crate::scenario::{Bound, Service, Workload};
use std::collections::BTreeSet;

impl Checker<'_> {
    /// Whether the orders of queues, and balancers, have something to go by.
    pub(super) fn orders_matter(&mut self, view: &View<'_>) {
        for (name, service) in &view.scenario.services {
            let balancer = service.balance.name();
            if service.balance.by_key()
                && service.replicas > 1
                && loads(view, name).all(|load| load.keys().is_none())
            {
                let path = at!["services", name.as_str(), "balance"];
                let message = format!(
                    "no request that comes to `{name}` has a key: `{balancer}` sends them to any instance"
                );
                self.report(Code::NoKey, path, message)
                    .help
                    .push("give a workload that comes here `keys: zipf(count: 1000)`".into());
            }
        }
        for (name, service) in &view.scenario.services {
            let order = &service.queue.order;
            if *order == OrderSpec::default() {
                continue;
            }
            let path = at!["services", name.as_str(), "queue", "order"];
            if let Some((message, help)) = nothing_to_go_by(view, name, service) {
                self.report(Code::Orderless, path, message).help.push(help);
            } else if order.pushes_out()
                && service.queue.limit != Bound::Unbounded
                && service.backlog != Bound::Limit(0)
            {
                let message = format!(
                    "those who find the queue of `{name}` full wait in its backlog ({}), which serves whoever comes first: `{}` sees only whom it lets in",
                    service.backlog,
                    order.name()
                );
                let path = join(at!["services", name.as_str()], at!["queue", "order"]);
                self.report(Code::Orderless, &path, message)
                    .help
                    .push("with `backlog: 0` whoever finds the queue full can take the place of another one there".into());
            }
        }
    }
}

fn nothing_to_go_by(view: &View<'_>, name: &str, service: &Service) -> Option<(String, String)> {
    let order = service.queue.order.name();
    if service.queue.limit == Bound::Limit(0) {
        let message = format!("nobody waits in the queue of `{name}`: it has no places");
        return Some((
            message,
            "give it some: `queue: (limit: 100, ..)`; who waits in the backlog is served first in, first out".into(),
        ));
    }
    match service.queue.order.needs() {
        Needs::Nothing => None,
        Needs::Deadlines => {
            let told = told(view);
            (!told.contains(name)).then(|| {
                (
                    format!("`{order}` goes by deadlines, and nobody tells `{name}` any: it is first in, first out"),
                    "tell them where calls begin: `deadline(after: \"1s\", propagate: true)` in `calls`".into(),
                )
            })
        }
        Needs::Tenants => {
            let tenants: BTreeSet<_> = loads(view, name).map(Workload::tenant).collect();
            (tenants.len() < 2).then(|| {
                let whose = match tenants.first().copied().flatten() {
                    Some(tenant) => {
                        format!("all requests that reach `{name}` are of tenant `{tenant}`")
                    }
                    None => format!("no request that reaches `{name}` is of a tenant"),
                };
                (
                    format!("`{order}` goes by tenants, and {whose}: it is first in, first out"),
                    "give workloads that are to take turns a `tenant` each".into(),
                )
            })
        }
        Needs::Priorities => {
            let priorities: BTreeSet<_> = loads(view, name).map(Workload::priority).collect();
            (priorities.len() < 2).then(|| {
                (
                    format!("`{order}` goes by priorities, and all requests that reach `{name}` have the same: it is first in, first out"),
                    "say which workloads matter less: `priority: sheddable`".into(),
                )
            })
        }
    }
}

/// Services that are told of deadlines: by their callers, or by theirs.
fn told<'v>(view: &'v View<'_>) -> BTreeSet<&'v str> {
    let mut told = BTreeSet::new();
    loop {
        let before = told.len();
        for call in &view.calls {
            let tells = call.policies.iter().any(|policy| policy.tells().deadline);
            if tells || (!call.outside && told.contains(call.from)) {
                told.insert(view.demand.endpoints.all[call.to].service);
            }
        }
        if told.len() == before {
            return told;
        }
    }
}

/// The workloads whose requests reach a service.
fn loads<'v>(view: &'v View<'_>, service: &str) -> impl Iterator<Item = &'v Workload> {
    let endpoints = &view.demand.endpoints;
    let own = view
        .scenario
        .services
        .get_index_of(service)
        .map_or(0..0, |number| endpoints.of_service(number));
    let workloads = view.scenario.workloads.values().enumerate();
    let loads = workloads.filter(move |(at, _)| {
        let reached = endpoints.reached(*at..*at + 1);
        reached[own.clone()].contains(&true)
    });
    loads.map(|(_, load)| load)
}
