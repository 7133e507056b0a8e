//! Policies and steps that tell requests apart by what none of them carries.

use super::view::View;
use crate::check::checker::{Checker, at, join};
use crate::resilience::{By, PolicySpec};
use crate::scenario::Workload;
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::steps::{KeeperSpec, Step};
use crate::topology::visits_of;
use std::collections::BTreeSet;

/// What requests carry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Carried {
    Key,
    Tenant,
}

impl Carried {
    fn told_by(policy: &PolicySpec) -> Option<Self> {
        match policy.by()? {
            By::Key | By::Request => Some(Self::Key),
            By::Tenant => Some(Self::Tenant),
            By::Callee | By::Endpoint => None,
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Key => "give a workload that comes here `keys: zipf(count: 1000)`",
            Self::Tenant => "give a workload that comes here a `tenant`",
        }
    }

    fn of(self, load: &Workload) -> bool {
        match self {
            Self::Key => load.keys().is_some(),
            Self::Tenant => load.tenant().is_some(),
        }
    }
}

impl Checker<'_> {
    /// Whether requests that come to a policy carry what it tells them apart by.
    pub(super) fn requests_are_told_apart(&mut self, view: &View<'_>) {
        let scenario = view.scenario;
        let lists = || {
            let calls = scenario.calls.values().flatten();
            let doors = scenario
                .services
                .values()
                .flat_map(|service| &service.admission);
            calls.chain(doors)
        };
        let mut keepers: Vec<(&str, Vec<Segment>, KeeperSpec)> = Vec::new();
        for (name, service) in &scenario.services {
            for (endpoint, steps) in &service.endpoints {
                let path = at!["services", name.as_str(), "endpoints", endpoint.as_str()];
                told_by_key(steps, path, &mut |path, spec| {
                    keepers.push((name, path, spec))
                });
            }
        }
        if lists().all(|policy| Carried::told_by(policy).is_none()) && keepers.is_empty() {
            return;
        }
        // The places that requests come through which carry something.
        let mut carriers: BTreeSet<(Carried, &str)> = BTreeSet::new();
        for (name, load) in &scenario.workloads {
            for carried in [Carried::Key, Carried::Tenant] {
                if carried.of(load) {
                    carriers.insert((carried, name.as_str()));
                    let visited = visits_of(&view.demand, name);
                    let names = visited
                        .keys()
                        .filter_map(|at| scenario.services.get_index(*at));
                    carriers.extend(names.map(|(service, _)| (carried, service.as_str())));
                }
            }
        }
        let through = |key: &str, carried| {
            let mut calls = view.calls.iter().filter(|call| call.key == Some(key));
            calls.any(|call| carriers.contains(&(carried, call.from)))
        };
        for (key, policies) in &scenario.calls {
            for (number, policy) in policies.iter().enumerate() {
                if let Some(carried) = Carried::told_by(policy)
                    && view.calls.iter().any(|call| call.key == Some(key.as_str()))
                    && !through(key, carried)
                {
                    self.told_by_nothing(policy, carried, at!["calls", key.as_str(), number]);
                }
            }
        }
        for (name, service) in &scenario.services {
            for (number, policy) in service.admission.iter().enumerate() {
                if let Some(carried) = Carried::told_by(policy)
                    && !carriers.contains(&(carried, name.as_str()))
                {
                    let path = at!["services", name.as_str(), "admission", number];
                    self.told_by_nothing(policy, carried, path);
                }
            }
        }
        for (service, path, spec) in keepers {
            if !carriers.contains(&(Carried::Key, service)) {
                let message = format!(
                    "no request that comes to this `{}` has a key, so it remembers nothing",
                    spec.name()
                );
                self.report(Code::NoKey, &path, message)
                    .help
                    .push(Carried::Key.help().into());
            }
        }
    }

    fn told_by_nothing(&mut self, policy: &PolicySpec, carried: Carried, path: &[Segment]) {
        let name = policy.name();
        let what = match carried {
            Carried::Key => "key",
            Carried::Tenant => "tenant",
        };
        let message = if policy.is_keyed() && matches!(carried, Carried::Key) {
            format!("no request that comes to this `{name}` has a {what}, so that it does nothing")
        } else {
            format!("no request that comes to this `{name}` has a {what}: they share one memory")
        };
        self.report(Code::NoKey, path, message)
            .help
            .push(carried.help().into());
    }
}

/// The steps of a list, and inside of it, that keep something by key, each with its place.
fn told_by_key(steps: &[Step], path: &[Segment], found: &mut dyn FnMut(Vec<Segment>, KeeperSpec)) {
    for (i, step) in steps.iter().enumerate() {
        let path = join(path, at![i]);
        if let Some(spec) = KeeperSpec::of(step).filter(KeeperSpec::by_key) {
            found(path.clone(), spec);
        }
        for (at, inner) in step.lists() {
            told_by_key(inner, &join(&path, &at), found);
        }
    }
}
