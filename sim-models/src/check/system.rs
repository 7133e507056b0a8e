//! Services, links, policies of calls, workloads.

use super::checker::{Checker, at, join};
use crate::limits::{MOST_BATCH, MOST_POLICIES, MOST_REPLICAS, MOST_USERS};
use crate::resilience::{PolicySpec, at_door};
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::pattern::{Pattern, Side};
use crate::scenario::{Bound, ClosedLoad, OpenLoad, Service, Shape, Workload};
use sim_core::SimDuration;
use std::collections::BTreeMap;

impl Checker<'_> {
    pub(super) fn system(&mut self) {
        let scenario = self.scenario;
        self.zones();
        for (host, zone) in &scenario.hosts {
            self.zone_exists(zone, at!["hosts", host.as_str()]);
        }
        for (name, service) in &scenario.services {
            self.service(name, service);
        }
        for key in scenario.links.keys() {
            self.link(key);
        }
        for key in scenario.calls.keys() {
            self.calls(key);
        }
        for (name, load) in &scenario.workloads {
            if scenario.services.contains_key(name) {
                let span = self.key_span(at!["workloads"], name);
                let message = format!("`{name}` is the name of a service and of a workload");
                self.report_at(Code::Duplicate, span, message);
            }
            match load {
                Workload::Open(open) => self.open(open, at!["workloads", name.as_str()]),
                Workload::Closed(closed) => self.closed(closed, at!["workloads", name.as_str()]),
            }
        }
    }

    /// Each zone is in one region.
    fn zones(&mut self) {
        let mut seen: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
        for (region, zones) in &self.scenario.regions {
            for (i, zone) in zones.iter().enumerate() {
                let path = at!["regions", region.as_str(), i];
                let Some((first, at)) = seen.get(zone.as_str()) else {
                    seen.insert(zone, (region, i));
                    continue;
                };
                let message = if first == region {
                    format!("zone `{zone}` is given twice in region `{region}`")
                } else {
                    format!("zone `{zone}` is in two regions, `{first}` and `{region}`")
                };
                let first = self.span(at!["regions", *first, *at]);
                let found = self.report(Code::Duplicate, path, message);
                found.label = "given again here".into();
                found
                    .related
                    .extend(first.map(|span| (span, "first given here".into())));
                found.help.push(format!(
                    "a zone is in one region: leave one out, or call it `{region}-{zone}` here"
                ));
            }
        }
    }

    fn service(&mut self, name: &str, service: &Service) {
        self.admission(name);
        let path = at!["services", name];
        self.name(name, at!["services"]);
        self.at_least_one(service.replicas, &join(path, at!["replicas"]), "`replicas`");
        self.at_most(
            service.replicas,
            MOST_REPLICAS,
            &join(path, at!["replicas"]),
            "`replicas`",
        );
        if service.threads == Bound::Limit(0) {
            self.at_least_one(0, &join(path, at!["threads"]), "`threads`");
        }
        if let Some(cores) = service.cores
            && !(cores.is_finite() && cores > 0.0)
        {
            let message = format!("`cores` must be a positive number, not {cores}");
            self.report(Code::Count, &join(path, at!["cores"]), message);
        }
        for (field, why) in service.queue.order.validate() {
            let order = service.queue.order.name();
            let message = format!("`{field}` of `{order}` {why}");
            self.report(
                Code::Policy,
                &join(path, at!["queue", "order", field]),
                message,
            )
            .help
            .push(format!("`sim explain {order}` shows its fields"));
        }
        for (field, why) in service.balance.validate() {
            let balancer = service.balance.name();
            let message = format!("`{field}` of `{balancer}` {why}");
            self.report(Code::Policy, &join(path, at!["balance", field]), message)
                .help
                .push(format!("`sim explain {balancer}` shows its fields"));
        }
        for (i, zone) in service.zones.iter().enumerate() {
            self.zone_exists(zone, &join(path, at!["zones", i]));
        }
        for (i, host) in service.hosts.iter().enumerate() {
            self.host_exists(host, &join(path, at!["hosts", i]));
        }
        if service.endpoints.is_empty() {
            self.report(
                Code::UnknownEndpoint,
                path,
                format!("`{name}` has no endpoints"),
            );
        }
        for (i, endpoint) in service.non_idempotent.iter().enumerate() {
            self.endpoint_exists(name, endpoint, &join(path, at!["non_idempotent", i]));
        }
        self.pools(name, service);
        for (endpoint, steps) in &service.endpoints {
            self.name(endpoint, &join(path, at!["endpoints"]));
            let path = join(path, at!["endpoints", endpoint.as_str()]);
            self.steps(name, steps, &path, 0);
        }
    }

    /// Names stand in targets and patterns, so they cannot hold what those are made of.
    pub(super) fn name(&mut self, name: &str, map: &[Segment]) {
        if name.is_empty() || name == "*" || name.contains(['/', '#', '"']) || name.contains("->") {
            let span = self.key_span(map, name);
            let message = format!(
                "`{name}` is no name: it cannot be empty or `*`, or hold `/`, `#`, `->` or a quote"
            );
            self.report_at(Code::Pattern, span, message);
        }
    }

    fn link(&mut self, key: &str) {
        let link = &self.scenario.links[key];
        self.distribution(&link.latency, at!["links", key, "latency"]);
        match Pattern::link(key) {
            Ok(pattern) => self.sides(&pattern, at!["links"], key),
            Err(why) => self.bad_pattern(at!["links"], key, &why),
        }
    }

    fn bad_pattern(&mut self, map: &[Segment], key: &str, why: &str) {
        let span = self.key_span(map, key);
        self.report_at(
            Code::Pattern,
            span,
            format!("`{key}` cannot be read: {why}"),
        );
    }

    fn sides(&mut self, pattern: &Pattern, map: &[Segment], key: &str) {
        let before = self.found.len();
        for side in [&pattern.from, &pattern.to] {
            self.side(side, map);
        }
        if let (Side::Named(to), Some(endpoint)) = (&pattern.to, &pattern.endpoint) {
            self.endpoint_exists(to, endpoint, map);
        }
        // What is wrong is in the key, not in the map.
        if let Some(span) = self.key_span(map, key) {
            for diagnostic in &mut self.found[before..] {
                diagnostic.span = Some(span);
            }
        }
    }

    /// One side of a link.
    pub(super) fn side(&mut self, side: &Side, path: &[Segment]) {
        match side {
            Side::Any => {}
            Side::Named(name) => self.place_exists(name, path),
            Side::Instance(name, index) => {
                if self.service_exists(name, path) {
                    self.instance_exists(name, *index, path);
                }
            }
            Side::Zone(name) => self.zone_exists(name, path),
            Side::Region(name) => self.region_exists(name, path),
            Side::Host(name) => self.host_exists(name, path),
        }
    }

    pub(super) fn instance_exists(&mut self, service: &str, index: u32, path: &[Segment]) {
        let replicas = self
            .scenario
            .services
            .get(service)
            .map_or(0, |s| s.replicas);
        if index >= replicas {
            let message =
                format!("`{service}` has no instance {index}: it has {replicas}, counted from 0");
            self.report(Code::UnknownService, path, message);
        }
    }

    fn calls(&mut self, key: &str) {
        match Pattern::calls(key) {
            Ok(pattern) => self.sides(&pattern, at!["calls"], key),
            Err(why) => self.bad_pattern(at!["calls"], key, &why),
        }
        let policies = &self.scenario.calls[key];
        self.policies(policies, at!["calls", key]);
        self.memories_are_known(key, policies);
    }

    fn policies(&mut self, policies: &[PolicySpec], path: &[Segment]) {
        if policies.len() > MOST_POLICIES {
            let message = format!("{} policies are more than {MOST_POLICIES}", policies.len());
            self.report(Code::Count, path, message);
        }
        for (i, policy) in policies.iter().enumerate() {
            self.policy(policy, &join(path, at![i]));
        }
    }

    /// The policies at the door of a service.
    fn admission(&mut self, service: &str) {
        let policies = &self.scenario.services[service].admission;
        self.policies(policies, at!["services", service, "admission"]);
        for (i, policy) in policies.iter().enumerate() {
            let path = at!["services", service, "admission", i];
            self.memory_at_door(policy, path);
            if !policy.at_door() {
                let message = format!(
                    "`{}` makes no sense at the door of a service: it is for callers",
                    policy.name()
                );
                let known: Vec<String> = at_door().map(|name| format!("`{name}`")).collect();
                self.report(Code::Policy, path, message).help.push(format!(
                    "write it in `calls`; a service may have {}",
                    known.join(", ")
                ));
            }
        }
    }

    fn policy(&mut self, policy: &PolicySpec, path: &[Segment]) {
        for (field, why) in policy.validate() {
            let message = format!("`{field}` of `{}` {why}", policy.name());
            let inner: Vec<Segment> = field.split('.').map(Segment::from).collect();
            self.report(Code::Policy, &join(path, &inner), message)
                .help
                .push(format!("`sim explain {}` shows its fields", policy.name()));
        }
        for target in policy.targets() {
            self.target_exists(target, &join(path, at!["to"]));
        }
    }

    fn targets(&mut self, load: &Workload, path: &[Segment]) {
        let path = join(path, at!["to"]);
        let mut any = false;
        for (target, weight) in load.targets().iter() {
            any = true;
            let entry = join(&path, at![target]);
            let before = self.found.len();
            self.target_exists(target, &path);
            self.weight(weight, &entry);
            if let Some(span) = self.key_span(&path, target) {
                for diagnostic in &mut self.found[before..] {
                    if diagnostic.code != Code::Weight {
                        diagnostic.span = Some(span);
                    }
                }
            }
        }
        if !any {
            self.report(Code::BadTarget, &path, "the workload asks for nothing");
        }
    }

    fn open(&mut self, load: &OpenLoad, path: &[Segment]) {
        self.targets(&Workload::Open(load.clone()), path);
        self.at_least_one(load.batch, &join(path, at!["batch"]), "`batch`");
        self.at_most(load.batch, MOST_BATCH, &join(path, at!["batch"]), "`batch`");
        self.keys(load.keys.as_ref(), path);
        for (i, shape) in load.shape.iter().enumerate() {
            let path = join(path, at!["shape", i]);
            for (field, why) in wrong_shape(shape) {
                self.report(
                    Code::Shape,
                    &join(&path, at![field]),
                    format!("`{field}` {why}"),
                );
            }
        }
    }

    fn closed(&mut self, load: &ClosedLoad, path: &[Segment]) {
        self.targets(&Workload::Closed(load.clone()), path);
        self.at_least_one(load.users, &join(path, at!["users"]), "`users`");
        self.at_most(load.users, MOST_USERS, &join(path, at!["users"]), "`users`");
        self.at_least_one(load.clicks, &join(path, at!["clicks"]), "`clicks`");
        self.distribution(&load.think, &join(path, at!["think"]));
        if let Some(patience) = &load.patience {
            self.distribution(patience, &join(path, at!["patience"]));
        }
        self.keys(load.keys.as_ref(), path);
    }
}

/// What is wrong with a shape: (field, why).
fn wrong_shape(shape: &Shape) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let factor = match shape {
        Shape::Step(step) => step.factor,
        Shape::Ramp(ramp) => ramp.factor,
        Shape::Spike(spike) => {
            if spike.lasts == SimDuration::ZERO {
                wrong.push(("for", "must be longer than zero".into()));
            }
            spike.factor
        }
        Shape::Diurnal(diurnal) => {
            if diurnal.period == SimDuration::ZERO {
                wrong.push(("period", "must be longer than zero".into()));
            }
            if !(0.0..=1.0).contains(&diurnal.amplitude) {
                wrong.push((
                    "amplitude",
                    format!("is from 0 to 1, not {}", diurnal.amplitude),
                ));
            }
            1.0
        }
    };
    if !(factor.is_finite() && factor >= 0.0) {
        wrong.push(("factor", format!("must be zero or more, not {factor}")));
    }
    wrong
}
