//! How large a system becomes when it is laid out: counted before anything is, so that what no machine holds
//! is refused in its place.

use super::checker::{Checker, at};
use super::divided::Divided;
use crate::faults::Target;
use crate::limits::{MOST_HITS, MOST_INSTANCES, MOST_NAMES, MOST_PAIRS};
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::{CallIndex, Pattern, Side};
use crate::topology::Endpoints;
use std::collections::BTreeMap;

/// What a run lays out of calls between instances.
#[derive(Default)]
pub(super) struct Pairs<'a> {
    /// Links of each place by its name, each way by itself, and of all by the name `*`.
    links_of: BTreeMap<&'a str, u64>,
    /// Links.
    pub links: u64,
    /// What is counted for each pair of instances.
    pub counts: u64,
    /// Bytes of what balancers remember of each pair beside its count.
    pub remembered: u64,
    /// Edges.
    pub edges: u64,
    /// Instances that call, for each edge.
    pub callers: u64,
    /// Memories of policies that are divided.
    pub divided: Divided,
}

impl<'a> Checker<'a> {
    /// Whether all that a run lays out beforehand has room.
    pub(super) fn sizes(&mut self) {
        let scenario = self.scenario;
        let named = scenario.services.len() + scenario.workloads.len();
        if named > MOST_NAMES {
            let message = format!("{named} services and workloads are more than {MOST_NAMES}");
            self.report(Code::Count, at!["services"], message);
        }
        let faults = scenario.faults.len();
        if faults > MOST_NAMES {
            let message = format!("{faults} faults are more than {MOST_NAMES}");
            self.report(Code::Count, at!["faults"], message);
        }
        let mut instances = 0;
        for (name, service) in &scenario.services {
            let before = instances;
            instances += u64::from(service.replicas);
            if before <= MOST_INSTANCES && instances > MOST_INSTANCES {
                let message = format!(
                    "all services up to this one have {instances} instances: {MOST_INSTANCES} at most"
                );
                let path = at!["services", name.as_str(), "replicas"];
                self.report(Code::Count, path, message);
            }
        }
        // Of names that are wrong nothing can be counted.
        if self.found.is_empty() {
            let pairs = self.pairs();
            if self.found.is_empty() {
                self.hits(instances, &pairs.links_of);
                self.memory(instances, &pairs);
            }
        }
    }

    /// How much there is of calls between instances.
    fn pairs(&mut self) -> Pairs<'a> {
        let scenario = self.scenario;
        let single = |pattern: &str| pattern.contains(['#', ':']);
        let mut finest = scenario.links.keys().filter(|key| single(key));
        let finest = finest
            .next()
            .map(|key| (key.clone(), self.key_span(at!["links"], key)));
        let of_fault = || {
            let mut faults = scenario.faults.iter().enumerate();
            faults.find_map(|(i, fault)| match fault.inject.target() {
                Target::Link(link) if single(&link) => {
                    let span = self.span(at!["faults", i, "inject", "link"]);
                    Some((link, span))
                }
                _ => None,
            })
        };
        let finest = finest.or_else(of_fault);
        let endpoints = Endpoints::new(scenario);
        let calls = CallIndex::new(scenario);
        // As plans have them: an endpoint with policies of its own is called apart from the others.
        let mut edges: BTreeMap<(&str, &str, &str), &str> = BTreeMap::new();
        let mut add = |from, to: usize| {
            let endpoint = &endpoints.all[to];
            let target = endpoint.target.as_str();
            let own = calls.key(from, target).is_some_and(|key| key.contains('/'));
            let key = (from, endpoint.service, if own { target } else { "" });
            edges.insert(key, target);
        };
        for endpoint in &endpoints.all {
            endpoint
                .callees
                .iter()
                .for_each(|to| add(endpoint.service, *to));
        }
        for (name, load) in &scenario.workloads {
            let targets = load
                .targets()
                .iter()
                .filter_map(|(to, _)| endpoints.find(to));
            targets.for_each(|to| add(name.as_str(), to));
        }
        let mut sizes = Pairs::default();
        let mut widest: (u64, &str) = (0, "");
        let targets = edges
            .iter()
            .map(|((from, to, _), target)| (*from, *to, *target));
        sizes.divided = self.divided(&calls, targets);
        for (from, to, _) in edges.into_keys() {
            let callers = scenario
                .services
                .get(from)
                .map_or(1, |service| service.replicas);
            let callee = &scenario.services[to];
            let pairs = u64::from(callers) * u64::from(callee.replicas);
            let own = if finest.is_some() { pairs } else { 1 };
            sizes.links += own;
            sizes.edges += 1;
            sizes.callers += u64::from(callers);
            for name in [from, to, "*"] {
                *sizes.links_of.entry(name).or_default() += 2 * own;
            }
            let balance = &callee.balance;
            if balance.counts() || balance.per_callee() > 0 {
                sizes.counts += pairs;
                sizes.remembered += pairs.saturating_mul(balance.per_callee());
                widest = widest.max((pairs, to));
            }
        }
        let Pairs { links, counts, .. } = sizes;
        if let Some((pattern, span)) = finest.filter(|_| links > MOST_PAIRS) {
            let message = format!(
                "`{pattern}` tells single instances apart, so that each of {links} pairs of them has links of its own: {MOST_PAIRS} at most"
            );
            self.report_at(Code::Count, span, message).help.push(
                "name services as wholes in `links` and in the links of faults, or give them fewer replicas".into(),
            );
        }
        if counts > MOST_PAIRS {
            let path = at!["services", widest.1, "balance"];
            let message = format!(
                "callers keep count of each instance: {counts} pairs of instances, {MOST_PAIRS} at most"
            );
            self.report(Code::Count, path, message)
                .help
                .push("balance by turns or at random, or give the services fewer replicas".into());
        }
        sizes
    }

    fn hits(&mut self, instances: u64, links: &BTreeMap<&str, u64>) {
        let scenario = self.scenario;
        let mut hits = 0;
        for (i, fault) in scenario.faults.iter().enumerate() {
            let before = hits;
            hits += match fault.inject.target() {
                Target::Instances { service, .. } => service
                    .and_then(|name| scenario.services.get(&name))
                    .map_or(instances, |service| u64::from(service.replicas)),
                Target::Link(link) => {
                    let pattern = Pattern::link(&link);
                    let sides = pattern.map(|pattern| [pattern.from, pattern.to]);
                    let of = |side: &Side| match side {
                        Side::Named(name) | Side::Instance(name, _) => links.get(name.as_str()),
                        _ => links.get("*"),
                    };
                    let of = sides.map(|sides| sides.iter().map(|side| of(side).copied()).min());
                    of.ok().flatten().flatten().unwrap_or(0)
                }
            };
            if before <= MOST_HITS && hits > MOST_HITS {
                let message = format!(
                    "the faults up to this one may hit {hits} instances and links, each counted for each of them: {MOST_HITS} at most"
                );
                self.report(Code::Count, at!["faults", i], message)
                    .help
                    .push(
                        "name the services that they hit, or let one fault come more often".into(),
                    );
            }
        }
    }
}
