//! How much memory a run takes by itself, before anything happens in it: counted against its budget, so that
//! what is never there is not laid out.

use super::checker::{Checker, at};
use super::sizes::Pairs;
use crate::limits::MOST_LOOKS;
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::steps::{KeeperSpec, Step};
use crate::scenario::{Size, Workload};
use std::collections::BTreeSet;

/// Bytes of an instance, with what is recorded and told of it.
pub(crate) const PER_INSTANCE: u64 = 1024;
/// Bytes of a link, both ways.
pub(crate) const PER_LINK: u64 = 256;
/// Bytes of the count of a pair of instances.
const PER_COUNT: u64 = 4;
/// Bytes of an instance as the caller of an edge.
const PER_CALLER: u64 = 128;
/// Bytes of a user, with what is next for it.
const PER_USER: u64 = 128;
/// Bytes of a pool of an instance, with what is recorded of it.
pub(crate) const PER_POOL: u64 = 1024;
/// Bytes of a workload in a window, with its row in the series.
pub(crate) const PER_WORKLOAD_WINDOW: u64 = 1024;
/// Bytes of a service in a window, with its row in the series.
pub(crate) const PER_SERVICE_WINDOW: u64 = 320;
/// Bytes of an edge in a window, with its row in the series.
pub(crate) const PER_EDGE_WINDOW: u64 = 192;
/// Bytes of a pool in a window, with its row in the series.
pub(crate) const PER_POOL_WINDOW: u64 = 768;

/// Where there is how much: what it is, where it is written, what makes it less, and its bytes.
type Part = (String, Vec<Segment>, &'static str, u64);

impl Checker<'_> {
    /// Whether what a run lays out, and what it keeps of its windows, fits into its budget.
    pub(super) fn memory(&mut self, instances: u64, pairs: &Pairs<'_>) {
        let scenario = self.scenario;
        let windows = scenario.duration.0 / scenario.window.0.max(1) + 1;
        let divided = pairs.divided.count;
        let services = scenario.services.values();
        let pools: u64 = services
            .map(|service| u64::from(service.replicas).saturating_mul(service.pools.len() as u64))
            .fold(0, u64::saturating_add);
        let looks = windows.saturating_mul((instances + divided).saturating_add(pools));
        if looks > MOST_LOOKS {
            let mut what = format!("{instances} instances");
            for (count, of) in [
                (divided, "memories of policies"),
                (pools, "pools of instances"),
            ] {
                if count > 0 {
                    what += &format!(" and {count} {of}");
                }
            }
            let message = format!("{windows} windows of {what} are {looks}: {MOST_LOOKS} at most");
            let found = self.report(Code::Count, at!["window"], message);
            found.help.push("make `window` wider".into());
            return;
        }
        let budget = scenario.budget.memory;
        let parts = self.parts(windows, instances, pairs);
        let all: u64 = parts.iter().map(|(.., bytes)| bytes).sum();
        let Some((what, path, help, most)) = parts.into_iter().max_by_key(|(.., bytes)| *bytes)
        else {
            return;
        };
        if all > budget.0 {
            let (most, all) = (
                Size(most.next_multiple_of(1 << 20)),
                Size(all.next_multiple_of(1 << 20)),
            );
            let message = format!(
                "{what} take {most} of the {all} that the run would lay out, and `budget.memory` is {budget}"
            );
            let found = self.report(Code::Count, &path, message);
            found.help.push(format!("{help}, or raise `budget.memory`"));
        }
    }

    fn parts(&self, windows: u64, instances: u64, pairs: &Pairs<'_>) -> Vec<Part> {
        let scenario = self.scenario;
        let (services, workloads) = (
            scenario.services.len() as u64,
            scenario.workloads.len() as u64,
        );
        let named = scenario.services.values();
        let named = named.map(|service| service.pools.len() as u64);
        let row = services * PER_SERVICE_WINDOW
            + named.sum::<u64>() * PER_POOL_WINDOW
            + workloads * PER_WORKLOAD_WINDOW
            + pairs.edges * PER_EDGE_WINDOW;
        let widest = scenario
            .services
            .iter()
            .max_by_key(|(_, service)| service.replicas);
        let widest = widest.map_or("", |(name, _)| name.as_str());
        let users = scenario.workloads.iter().map(|(name, load)| match load {
            Workload::Closed(load) => (u64::from(load.users), name.as_str()),
            Workload::Open(_) => (0, name.as_str()),
        });
        let crowd = users.clone().max().map_or("", |(_, name)| name);
        let users = users.map(|(users, _)| users).sum::<u64>();
        // One line for each tenant, and one for those without.
        let tenants = scenario.tenants().collect::<BTreeSet<_>>().len() as u64 + 1;
        let lines = scenario.services.values().map(|service| {
            u64::from(service.replicas) * service.queue.order.per_tenant() * tenants
        });
        let lines = lines.sum::<u64>();
        let calls = pairs.links * PER_LINK
            + pairs.counts * PER_COUNT
            + pairs.remembered
            + pairs.callers * PER_CALLER;
        let pools = scenario.services.values();
        let pools = pools.map(|service| service.pools.len() as u64 * u64::from(service.replicas));
        let pools = pools.sum::<u64>();
        let keys = scenario.most_keys() + 1;
        let kept = scenario.services.iter().map(|(name, service)| {
            let endpoints = service.endpoints.values();
            let bytes = endpoints.map(|steps| kept_by(steps, keys)).sum::<u64>();
            (bytes.saturating_mul(service.replicas.into()), name.as_str())
        });
        let keepers = kept.clone().max().map_or("", |(_, name)| name);
        let kept = kept.map(|(bytes, _)| bytes).sum::<u64>();
        vec![
            (
                format!("what instances keep of {} keys for their steps", keys - 1),
                at!["services", keepers, "replicas"].to_vec(),
                "have fewer keys, or fewer replicas",
                kept,
            ),
            (
                format!("{pools} pools of instances"),
                at!["services", widest, "replicas"].to_vec(),
                "give the services fewer replicas, or fewer pools",
                pools * PER_POOL,
            ),
            (
                format!("{} memories of policies", pairs.divided.count),
                pairs.divided.place(),
                "divide them by less (fewer keys, `scope: shared`)",
                pairs.divided.bytes,
            ),
            (
                format!("{windows} windows of {services} services and {workloads} workloads"),
                at!["window"].to_vec(),
                "make `window` wider",
                windows.saturating_mul(row),
            ),
            (
                format!("{instances} instances"),
                at!["services", widest, "replicas"].to_vec(),
                "give the services fewer replicas",
                instances * PER_INSTANCE + lines,
            ),
            (
                format!("calls from {} to {instances} instances", pairs.callers),
                at!["services", widest, "replicas"].to_vec(),
                "give the services fewer replicas",
                calls,
            ),
            (
                format!("{users} users"),
                at!["workloads", crowd, "users"].to_vec(),
                "have fewer of them",
                users * PER_USER,
            ),
        ]
    }
}

/// Bytes that one instance keeps for some steps and for all that stand inside of them.
fn kept_by(steps: &[Step], keys: u64) -> u64 {
    let each = steps.iter().map(|step| {
        let own = KeeperSpec::of(step).map_or(0, |keeper| keeper.bytes(keys));
        let inside = step.lists().into_iter();
        own + inside.map(|(_, steps)| kept_by(steps, keys)).sum::<u64>()
    });
    each.sum()
}
