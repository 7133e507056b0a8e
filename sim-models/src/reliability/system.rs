//! What does not change while a prediction is made.

use super::late;
use crate::ids::{EdgeId, FaultId, PlaceId, ServiceId, TiVec};
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::scenario::pattern::CallIndex;
use crate::topology::{Endpoints, Topology};
use petgraph::visit::EdgeRef;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;

/// What does not change while a prediction is made.
pub(super) struct System<'a> {
    /// Attempts of a workload that were looked at so far.
    pub(super) attempts: Cell<u64>,
    /// What was looked at so far.
    looks: Cell<u64>,
    /// For each workload, whether nobody whom its requests meet gives up or turns away, once somebody has asked.
    pub(super) patient: Vec<OnceCell<bool>>,
    pub(super) scenario: &'a Scenario,
    pub(super) plan: &'a Plan,
    pub(super) endpoints: Endpoints<'a>,
    pub(super) calls: CallIndex<'a>,
    /// Calls per second of each instance of a place (number) to a service (number), before any retry.
    pub(super) rates: BTreeMap<(PlaceId, PlaceId), f64>,
    /// The first edge from a place (number) to a service (number).
    pub(super) edges: BTreeMap<(PlaceId, ServiceId), EdgeId>,
    /// Whether instances may differ by their links.
    pub(super) by_instance: bool,
    /// For each fault, which services it makes late.
    pub(super) delayed: TiVec<FaultId, Vec<bool>>,
    /// Who calls whom how often, once somebody asks.
    pub(super) topology: OnceCell<Topology>,
}

impl<'a> System<'a> {
    pub(super) fn new(scenario: &'a Scenario, plan: &'a Plan) -> Self {
        let calm = Self::calm(scenario, plan);
        Self {
            rates: rates(plan, calm.topology()),
            by_instance: plan.edges.iter().any(|edge| edge.routes.by_instance),
            delayed: late::delayed(scenario, plan, &calm.endpoints),
            ..calm
        }
    }

    /// As far as it matters while no fault is on: then all instances of a service are alike.
    pub(super) fn calm(scenario: &'a Scenario, plan: &'a Plan) -> Self {
        let mut edges = BTreeMap::new();
        for (number, edge) in plan.edges.iter_enumerated() {
            edges.entry((edge.caller, edge.callee)).or_insert(number);
        }
        Self {
            attempts: Cell::new(0),
            looks: Cell::new(0),
            patient: vec![OnceCell::new(); scenario.workloads.len()],
            scenario,
            plan,
            endpoints: Endpoints::new(scenario),
            calls: CallIndex::new(scenario),
            rates: BTreeMap::new(),
            edges,
            by_instance: false,
            delayed: TiVec::new(),
            topology: OnceCell::new(),
        }
    }

    pub(super) fn topology(&self) -> &Topology {
        self.topology.get_or_init(|| Topology::new(self.scenario))
    }

    /// Counts what is about to be looked at; none once it is too much.
    pub(super) fn look(&self, more: usize) -> Option<()> {
        let looks = self.looks.get().saturating_add(more as u64);
        self.looks.set(looks);
        (looks <= MOST_LOOKS).then_some(())
    }
}

/// See [`System::rates`].
pub(super) fn rates(plan: &Plan, topology: &Topology) -> BTreeMap<(PlaceId, PlaceId), f64> {
    let places = plan.places.iter_enumerated();
    let places: BTreeMap<&str, PlaceId> = places
        .map(|(number, place)| (place.name.as_str(), number))
        .collect();
    let graph = &topology.graph;
    let edges = graph.edge_references().filter_map(|edge| {
        let from = *places.get(graph[edge.source()].name())?;
        let to = *places.get(graph[edge.target()].name())?;
        let instances = plan.places[from].instance_count;
        Some(((from, to), edge.weight().rate / f64::from(instances)))
    });
    edges.collect()
}

/// Beyond so many points no prediction is made.
pub(super) const MOST_POINTS: u64 = 20_000;

/// Beyond so many attempts that are looked at none is made either: retries inside of retries multiply.
pub(super) const MOST_ATTEMPTS: u64 = 2_000_000;

/// Beyond so many endpoints, instances and faults that are looked at, for all workloads together, none is made
/// either: that is about a second.
pub(super) const MOST_LOOKS: u64 = 20_000_000;
/// An attempt is as much work as so many of these.
pub(super) const LOOKS_PER_ATTEMPT: usize = 8;
