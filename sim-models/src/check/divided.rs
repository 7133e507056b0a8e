//! What the memories of policies are divided by, what requests carry, and how many memories that makes.

use super::checker::{Checker, at, join};
use crate::limits::MOST_MEMORIES;
use crate::quantity::keys::Keys;
use crate::resilience::{By, Memory, PolicySpec, Scope, by_callee};
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::pattern::CallIndex;

/// Bytes of a memory of a policy, with the room of those who are parked at it.
const PER_MEMORY: u64 = size_of::<Memory>() as u64 + 48;

/// Memories of policies that are divided.
#[derive(Clone, Debug, Default)]
pub(super) struct Divided {
    /// How many there are.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Where most of them are, and how many these are.
    most: Option<(Vec<Segment>, u64)>,
}

impl Divided {
    /// Where most of them are.
    pub(super) fn place(&self) -> Vec<Segment> {
        self.most
            .as_ref()
            .map(|(place, _)| place.clone())
            .unwrap_or_default()
    }

    fn add(&mut self, policy: &PolicySpec, place: &[Segment], count: u64) {
        let each = PER_MEMORY + policy.heap() as u64;
        self.count = self.count.saturating_add(count);
        self.bytes = self.bytes.saturating_add(count.saturating_mul(each));
        if self.most.as_ref().is_none_or(|(_, most)| *most < count) {
            self.most = Some((place.to_vec(), count));
        }
    }
}

impl<'a> Checker<'a> {
    /// The keys of a workload.
    pub(super) fn keys(&mut self, keys: Option<&Keys>, path: &[Segment]) {
        if let Some(Err((field, why))) = keys.map(Keys::compile) {
            let message = format!("`{field}` of `keys` {why}");
            self.report(Code::Count, &join(path, at!["keys", field]), message);
        }
    }

    /// Whether policies of calls know whom they have a memory of when they are asked.
    pub(super) fn memories_are_known(&mut self, key: &str, policies: &[PolicySpec]) {
        for (i, policy) in policies.iter().enumerate() {
            let path = at!["calls", key, i];
            if !policy.at_caller() {
                let message = format!(
                    "`{}` makes no sense at a caller: it is for the door of a service",
                    policy.name()
                );
                let help = "write it in `admission` of the service";
                self.report(Code::Policy, path, message)
                    .help
                    .push(help.into());
            }
            if policy.by() != Some(By::Callee) {
                continue;
            }
            let place = join(path, at!["by"]);
            if !policy.may_be_by_callee() {
                let message = format!(
                    "`{}` cannot have a memory by callee: it is asked before it is known which instance comes next",
                    policy.name()
                );
                let can: Vec<String> = by_callee().map(|name| format!("`{name}`")).collect();
                let help = format!("these can: {}", can.join(", "));
                self.report(Code::Policy, &place, message).help.push(help);
                continue;
            }
            let tries = |inner: &&PolicySpec| inner.worst_case_attempts() > 1.0 || inner.forks();
            if let Some(inner) = policies[i + 1..].iter().find(tries) {
                let message = format!(
                    "the `{}` inside of it may ask another instance than the one whose memory it is",
                    inner.name()
                );
                self.report(Code::Policy, &place, message).help.push(format!(
                    "list `{}` before `{}`: each of its tries is then counted at its own instance",
                    inner.name(),
                    policy.name()
                ));
            }
        }
    }

    /// A memory by callee at a door.
    pub(super) fn memory_at_door(&mut self, policy: &PolicySpec, path: &[Segment]) {
        if policy.by() == Some(By::Callee) {
            let message = "at a door there is one callee only, the instance itself";
            let help = "leave `by` out: with `scope: instance` each instance has its own";
            self.report(Code::Policy, &join(path, at!["by"]), message)
                .help
                .push(help.into());
        }
    }

    /// The divided memories of all policies; an edge is caller, callee, and a target that it is called for.
    pub(super) fn divided<'e>(
        &mut self,
        index: &CallIndex<'_>,
        edges: impl Iterator<Item = (&'e str, &'e str, &'e str)>,
    ) -> Divided {
        let scenario = self.scenario;
        let keys = scenario.most_keys() + 1;
        let mut tenants: Vec<&str> = scenario.tenants().collect();
        tenants.sort_unstable();
        tenants.dedup();
        let tenants = tenants.len() as u64 + 1;
        let of_list = |policies: &[PolicySpec],
                       callers: u32,
                       callee: &str,
                       place: &dyn Fn(usize) -> Vec<Segment>,
                       all: &mut Divided| {
            let callee = &scenario.services[callee];
            let endpoints = callee.endpoints.len() as u64;
            for (number, policy) in policies.iter().enumerate() {
                let parts = match policy.by() {
                    None => continue,
                    Some(By::Callee) => u64::from(callee.replicas),
                    Some(By::Endpoint) => endpoints,
                    Some(By::Tenant) => tenants,
                    Some(By::Key) => keys,
                    Some(By::Request) => endpoints * keys,
                };
                let copies = match policy.scope() {
                    Scope::Shared => 1,
                    Scope::Instance => u64::from(callers),
                };
                all.add(policy, &place(number), parts * copies);
            }
        };
        let mut all = Divided::default();
        for (from, to, target) in edges {
            let callers = scenario
                .services
                .get(from)
                .map_or(1, |service| service.replicas);
            let Some(key) = index.key(from, target) else {
                continue;
            };
            let place = |number| at!["calls", key, number].to_vec();
            of_list(&scenario.calls[key], callers, to, &place, &mut all);
        }
        for (name, service) in &scenario.services {
            let place = |number| at!["services", name.as_str(), "admission", number].to_vec();
            of_list(&service.admission, service.replicas, name, &place, &mut all);
        }
        if all.count > MOST_MEMORIES {
            let message = format!(
                "policies have {} memories of their own by callee, endpoint, tenant or key: {MOST_MEMORIES} at most",
                all.count
            );
            self.report(Code::Count, &all.place(), message)
                .help
                .push("have fewer keys, or share them: `scope: shared`".into());
        }
        all
    }
}
