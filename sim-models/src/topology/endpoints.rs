//! All endpoints in an order in which callees come before their callers, so that what is known of a
//! callee is known where it is needed: one pass over the graph, whatever its depth, instead of a walk
//! along its paths.

use crate::resilience::PolicySpec;
use crate::scenario::pattern::CallIndex;
use crate::scenario::steps::{Part, Step, visit};
use crate::scenario::{Scenario, Service};
use indexmap::{IndexMap, IndexSet};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::borrow::Cow;

/// An endpoint of a service.
#[derive(Clone, Debug)]
pub struct Endpoint<'a> {
    /// `"service/endpoint"`.
    pub target: String,
    /// Name of its service.
    pub service: &'a str,
    /// Its service.
    pub of: &'a Service,
    /// Its program.
    pub steps: &'a [Step],
    /// Those that it calls, each once, in the order of its steps.
    pub callees: Vec<usize>,
}

impl Endpoint<'_> {
    /// What policies are to calls of it: where it is asked once and no more, a retry that leaves it alone is none.
    #[must_use]
    pub fn policies<'p>(&self, all: &'p [PolicySpec]) -> Cow<'p, [PolicySpec]> {
        let (_, name) = self.target.split_once('/').unwrap_or_default();
        let once = self
            .of
            .non_idempotent
            .iter()
            .any(|endpoint| endpoint == name);
        let idle = |policy: &PolicySpec| policy.again().is_some_and(|again| !again.non_idempotent);
        if !once || !all.iter().any(idle) {
            return Cow::Borrowed(all);
        }
        all.iter().filter(|policy| !idle(policy)).cloned().collect()
    }
}

/// All endpoints of a scenario.
#[derive(Clone, Debug)]
pub struct Endpoints<'a> {
    /// In the order of the scenario.
    pub all: Vec<Endpoint<'a>>,
    /// Callees first; those that call each other in a circle stand together.
    pub order: Vec<usize>,
    /// Those that call each other, or themselves, in a circle.
    pub circles: Vec<Vec<usize>>,
    /// Where those of each service begin among all, by its number; and where the last ones end.
    firsts: Vec<usize>,
    /// Those that each workload asks, by its number: its targets, and what its policies ask instead.
    entries: Vec<Vec<usize>>,
    index: IndexMap<String, usize>,
}

impl<'a> Endpoints<'a> {
    /// Of a scenario; calls that lead nowhere are left out.
    #[must_use]
    pub fn new(scenario: &'a Scenario) -> Self {
        let mut index = IndexMap::new();
        let mut all = Vec::new();
        let mut firsts = Vec::with_capacity(scenario.services.len() + 1);
        for (service, of) in &scenario.services {
            firsts.push(all.len());
            for (endpoint, steps) in &of.endpoints {
                let target = format!("{service}/{endpoint}");
                index.insert(target.clone(), all.len());
                all.push(Endpoint {
                    target,
                    service,
                    of,
                    steps,
                    callees: Vec::new(),
                });
            }
        }
        firsts.push(all.len());
        let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(all.len(), all.len());
        for _ in &all {
            graph.add_node(());
        }
        let policies = CallIndex::new(scenario);
        for (caller, endpoint) in all.iter_mut().enumerate() {
            let mut targets = IndexSet::new();
            calls(endpoint.steps, &mut targets);
            with_those_of_policies(&policies, endpoint.service, &mut targets);
            endpoint.callees = targets
                .into_iter()
                .filter_map(|target| index.get(target).copied())
                .collect();
            for callee in &endpoint.callees {
                graph.add_edge(NodeIndex::new(caller), NodeIndex::new(*callee), ());
            }
        }
        let asked = scenario.workloads.iter().map(|(name, load)| {
            let mut targets: IndexSet<&str> = load.targets().iter().map(|(to, _)| to).collect();
            with_those_of_policies(&policies, name, &mut targets);
            let found = targets.iter().filter_map(|target| index.get(*target));
            found.copied().collect()
        });
        let entries = asked.collect();
        // Strongly connected components come in postorder: what is called before what calls it.
        let groups = kosaraju_scc(&graph);
        let mut order = Vec::with_capacity(all.len());
        let mut circles = Vec::new();
        for group in groups {
            let mut group: Vec<usize> = group.into_iter().map(NodeIndex::index).collect();
            group.sort_unstable();
            if group.len() > 1 || all[group[0]].callees.contains(&group[0]) {
                circles.push(group.clone());
            }
            order.extend(group);
        }
        Self {
            all,
            order,
            circles,
            firsts,
            entries,
            index,
        }
    }

    /// The places of the endpoints of a service, by its number in the scenario.
    #[must_use]
    pub fn of_service(&self, service: usize) -> std::ops::Range<usize> {
        self.firsts[service]..self.firsts[service + 1]
    }

    /// Its place among all, by `"service/endpoint"`.
    #[must_use]
    pub fn find(&self, target: &str) -> Option<usize> {
        self.index.get(target).copied()
    }

    /// Those that a workload asks, by its number: its targets, and what its policies ask instead.
    #[must_use]
    pub fn asked_by(&self, workload: usize) -> &[usize] {
        &self.entries[workload]
    }

    /// Which of them the requests of some workloads, by number, may reach.
    #[must_use]
    pub fn reached(&self, workloads: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut reached = vec![false; self.all.len()];
        let asked = workloads.into_iter().flat_map(|load| self.asked_by(load));
        let mut rest: Vec<usize> = asked.copied().collect();
        while let Some(endpoint) = rest.pop() {
            if !std::mem::replace(&mut reached[endpoint], true) {
                rest.extend(&self.all[endpoint].callees);
            }
        }
        reached
    }
}

/// Adds the targets that the policies of calls from a place to `targets` may ask instead.
fn with_those_of_policies<'a>(
    policies: &CallIndex<'a>,
    caller: &str,
    targets: &mut IndexSet<&'a str>,
) {
    let mut next = 0;
    while let Some(target) = targets.get_index(next).copied() {
        let others = policies.policies(caller, target).iter();
        targets.extend(others.flat_map(PolicySpec::targets));
        next += 1;
    }
}

/// The targets of all calls in some steps.
fn calls<'s>(steps: &'s [Step], found: &mut IndexSet<&'s str>) {
    visit(steps, false, &mut |part, _| {
        if let Part::Calls { to, .. } = part {
            found.insert(to);
        }
    });
}
