//! A scenario as a graph: who calls whom, where circles are, and what a request needs.

use super::capacity::Capacity;
use super::endpoints::Endpoints;
use super::flow::Flows;
use super::flow::{Calls, EndpointFlow};
use super::needs::inevitable;
use super::{capacity, flow};
use crate::scenario::{Bound, Scenario, Service, Threading};
use indexmap::IndexMap;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeRef};

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A service, by name.
    Service(String),
    /// A workload, by name.
    Workload(String),
}

impl Place {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Service(name) | Self::Workload(name) => name,
        }
    }
}

/// A scenario as a graph.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Workloads and services, in the order of the scenario, and who calls whom.
    pub graph: DiGraph<Place, Calls>,
    /// What each endpoint does for one request, by `service/endpoint`.
    pub endpoints: IndexMap<String, EndpointFlow>,
    /// What each service can carry, by name.
    pub capacity: IndexMap<String, Capacity>,
    /// Whether a service runs out of threads if its requests wait for others of their kind.
    pub(super) holds: IndexMap<String, bool>,
}

impl Topology {
    /// Builds the graph of a scenario. Names that lead nowhere are left out.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let endpoints = Endpoints::new(scenario);
        let flows = Flows::new(scenario, &endpoints);
        let mut graph = DiGraph::new();
        let mut nodes: IndexMap<(bool, String), NodeIndex> = IndexMap::new();
        for name in scenario.workloads.keys() {
            let node = graph.add_node(Place::Workload(name.clone()));
            nodes.insert((false, name.clone()), node);
        }
        for name in scenario.services.keys() {
            let node = graph.add_node(Place::Service(name.clone()));
            nodes.insert((true, name.clone()), node);
        }
        for ((from, to), calls) in flows.edges(scenario) {
            if let (Some(from), Some(to)) = (nodes.get(&from), nodes.get(&(true, to))) {
                graph.add_edge(*from, *to, calls);
            }
        }
        let capacity = capacity::of_services(scenario, &flows);
        let holds = |service: &Service| {
            service.threading == Threading::Sync && service.threads != Bound::Unbounded
        };
        let holds = scenario
            .services
            .iter()
            .map(|(name, service)| (name.clone(), holds(service)))
            .collect();
        Self {
            graph,
            endpoints: flows.endpoints,
            capacity,
            holds,
        }
    }

    /// Every edge as `"from -> to"`.
    #[must_use]
    pub fn edges(&self) -> Vec<String> {
        let name = |node: NodeIndex| self.graph[node].name();
        self.graph
            .edge_references()
            .map(|edge| format!("{} -> {}", name(edge.source()), name(edge.target())))
            .collect()
    }

    /// The services that no workload reaches.
    #[must_use]
    pub fn unreachable(&self) -> Vec<&str> {
        let mut reached = vec![false; self.graph.node_count()];
        let mut walk = Dfs::empty(&self.graph);
        for start in self.graph.node_indices() {
            if matches!(self.graph[start], Place::Workload(_)) {
                walk.move_to(start);
                while let Some(node) = walk.next(&self.graph) {
                    reached[node.index()] = true;
                }
            }
        }
        self.graph
            .node_indices()
            .filter(|node| !reached[node.index()])
            .map(|node| self.graph[node].name())
            .collect()
    }

    /// Groups of services that call each other in a circle, each in the order of the scenario.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<&str>> {
        let mut cycles: Vec<Vec<NodeIndex>> = kosaraju_scc(&self.graph)
            .into_iter()
            .filter(|group| group.len() > 1 || self.graph.contains_edge(group[0], group[0]))
            .collect();
        for cycle in &mut cycles {
            cycle.sort();
        }
        cycles.sort();
        let names = |cycle: Vec<NodeIndex>| cycle.into_iter().map(|node| self.graph[node].name());
        cycles
            .into_iter()
            .map(|cycle| names(cycle).collect())
            .collect()
    }

    /// The circles in which every service holds one of a bounded number of threads while it waits for
    /// the next.
    #[must_use]
    pub fn deadlocks(&self) -> Vec<Vec<&str>> {
        let holds = |name: &&str| self.holds.get(*name).copied().unwrap_or(false);
        let cycles = self.cycles().into_iter();
        cycles.filter(|cycle| cycle.iter().all(holds)).collect()
    }

    /// The services that are on the path of every request of a workload, in the order of the
    /// scenario; calls that are optional do not count.
    #[must_use]
    pub fn inevitable(&self, scenario: &Scenario, workload: &str) -> Vec<String> {
        let Some(number) = scenario.workloads.get_index_of(workload) else {
            return Vec::new();
        };
        let all = inevitable(scenario, &Endpoints::new(scenario));
        all[number]
            .iter()
            .filter_map(|service| Some(scenario.services.get_index(*service)?.0.clone()))
            .collect()
    }

    /// Those of [`Self::inevitable`] that have one replica.
    #[must_use]
    pub fn single_points(&self, scenario: &Scenario, workload: &str) -> Vec<String> {
        let mut services = self.inevitable(scenario, workload);
        services.retain(|name| scenario.services.get(name).is_some_and(|s| s.replicas == 1));
        services
    }

    /// The mean latency of a workload's requests without any queueing, in seconds: the critical path.
    #[must_use]
    pub fn mean_latency(&self, scenario: &Scenario, workload: &str) -> f64 {
        let Some(load) = scenario.workloads.get(workload) else {
            return 0.0;
        };
        let links = flow::Latencies::new(scenario);
        let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
        load.targets()
            .iter()
            .filter_map(|(target, weight)| {
                let flow = self.endpoints.get(target)?;
                let (service, _) = target.split_once('/')?;
                let link = 2.0 * links.between(workload, service);
                Some(weight / total * (flow.latency + link))
            })
            .sum()
    }

    /// Who a place calls, with how often, in the order of its steps.
    #[must_use]
    pub fn callees(&self, name: &str) -> Vec<(&str, Calls)> {
        let mut nodes = self.graph.node_indices();
        let Some(node) = nodes.find(|node| self.graph[*node].name() == name) else {
            return Vec::new();
        };
        let mut edges: Vec<_> = self.graph.edges(node).collect();
        edges.sort_by_key(EdgeRef::id);
        let named =
            |edge: petgraph::graph::EdgeReference<'_, Calls>| (edge.target(), *edge.weight());
        edges
            .into_iter()
            .map(named)
            .map(|(to, calls)| (self.graph[to].name(), calls))
            .collect()
    }
}
