//! The order in which a scenario is compiled, and what is known on the way.

use super::types::{EndpointPlan, Instruction, Plan};
use crate::faults::Target;
use crate::ids::{CodeId, DistId, EdgeId, EndpointId, LinkId, PlaceId, ServiceId, TiVec};
use crate::queues::Needs;
use crate::resilience::By;
use crate::scenario::Scenario;
use crate::scenario::pattern::{CallIndex, LinkIndex};
use indexmap::{IndexMap, IndexSet};
use sim_core::SimTime;
use sim_core::dist::Dist;
use std::collections::BTreeMap;
use std::sync::OnceLock;

pub(super) struct Compiler<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) plan: Plan,
    /// (caller place, callee service, policy pattern) to edge.
    pub(super) edge_ids: BTreeMap<(PlaceId, ServiceId, String), EdgeId>,
    /// `"service/endpoint"` to endpoint.
    pub(super) endpoint_ids: IndexMap<String, EndpointId>,
    /// The patterns of `calls`, read.
    pub(super) calls: CallIndex<'a>,
    /// The patterns of `links`, read.
    pub(super) links: LinkIndex<'a>,
    /// For each place the links that begin or end there, once they are all known.
    pub(super) links_of: TiVec<PlaceId, Vec<LinkId>>,
    /// For each link of the scenario its distribution, once it is known; none inside for no delay.
    pub(super) latencies: Vec<Option<Option<DistId>>>,
    /// Distributions by the bits of their means.
    pub(super) dist_ids: BTreeMap<u64, Vec<DistId>>,
    /// The labels of workloads.
    pub(super) tenants: IndexSet<&'a str>,
    /// Parts of a memory that is divided by key.
    pub(super) keys: u32,
    /// Whether a link or a fault means single instances: each pair of them has links of its own then.
    pub(super) by_instance: bool,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        let plan = Plan {
            places: TiVec::new(),
            services: TiVec::new(),
            workloads: TiVec::new(),
            instances: TiVec::new(),
            pools: TiVec::new(),
            keepers: TiVec::new(),
            endpoints: TiVec::new(),
            code: TiVec::new(),
            branches: TiVec::new(),
            arms: TiVec::new(),
            dists: TiVec::new(),
            edges: TiVec::new(),
            doors: false,
            carries: false,
            links: TiVec::new(),
            faults: TiVec::new(),
            controllers: TiVec::new(),
            live: None,
            wrong_answers: false,
            needs: TiVec::new(),
            tenants: scenario.tenants().map(str::to_owned).collect(),
            end: SimTime(scenario.duration.0),
            warmup: SimTime(scenario.warmup.0),
            window: scenario.window,
            predicted: OnceLock::new(),
        };
        let fault_links = scenario
            .faults
            .iter()
            .filter_map(|fault| match fault.inject.target() {
                Target::Link(link) => Some(link),
                Target::Instances { .. } => None,
            });
        let by_instance = scenario
            .links
            .keys()
            .cloned()
            .chain(fault_links)
            .any(|pattern| pattern.contains('#') || pattern.contains(':'));
        Self {
            scenario,
            plan,
            calls: CallIndex::new(scenario),
            links: LinkIndex::new(scenario),
            links_of: TiVec::new(),
            latencies: vec![None; scenario.links.len()],
            dist_ids: BTreeMap::new(),
            edge_ids: BTreeMap::new(),
            endpoint_ids: IndexMap::new(),
            tenants: scenario.tenants().collect(),
            keys: scenario.most_keys() as u32 + 1,
            by_instance,
        }
    }

    pub(super) fn compile(mut self) -> Result<Plan, String> {
        // Events name faults and workloads by 16 bits, and so do verdicts their origin.
        let named = self.scenario.services.len() + self.scenario.workloads.len();
        let most = named.max(self.scenario.faults.len());
        if most.max(self.scenario.controllers.len()) > usize::from(u16::MAX) {
            return Err("at most 65535 services and workloads, and as many faults".into());
        }
        self.places();
        for (service, (name, spec)) in self.scenario.services.iter().enumerate() {
            for endpoint in spec.endpoints.keys() {
                let id = self.plan.endpoints.next_key();
                self.endpoint_ids.insert(format!("{name}/{endpoint}"), id);
                self.plan.endpoints.push(EndpointPlan {
                    name: endpoint.clone(),
                    service: service.into(),
                    entry: CodeId::new(0),
                    idempotent: !spec.non_idempotent.contains(endpoint),
                });
            }
        }
        let mut ids = self.plan.endpoints.keys();
        for spec in self.scenario.services.values() {
            for steps in spec.endpoints.values() {
                let id = ids.next().expect("every endpoint has its plan");
                self.plan.endpoints[id].entry = self.plan.code.next_key();
                self.program(id, steps)?;
                self.plan.code.push(Instruction::End);
            }
        }
        for (number, workload) in self.scenario.workloads.values().enumerate() {
            let place = self.plan.load_place(number.into());
            let plan = self.workload(place, workload)?;
            self.plan.workloads.push(plan);
        }
        self.doors();
        self.needs()?;
        self.plan.carries = self.carries();
        self.links_of_places();
        for number in 0..self.scenario.faults.len() {
            let fault = self.fault(number)?;
            self.plan.wrong_answers |= fault.answers;
            self.plan.faults.push(fault);
        }
        self.controllers()?;
        Ok(self.plan)
    }

    /// Whether something travels with requests that somebody looks at.
    fn carries(&self) -> bool {
        let layers = self.plan.edges.iter().flat_map(|edge| &edge.layers);
        let of_keys = |by| matches!(by, Some(By::Key | By::Request));
        let mut orders = self.plan.services.iter().map(|service| service.queue_order);
        self.plan.workloads.iter().any(|load| load.keys.is_some())
            || orders.any(|order| order.needs() == Needs::Priorities)
            || layers
                .into_iter()
                .any(|layer| layer.spec.unpacks() || of_keys(layer.by))
    }

    pub(super) fn dist(&mut self, dist: Dist) -> DistId {
        let same = self.dist_ids.entry(dist.mean().to_bits()).or_default();
        let dists = &self.plan.dists;
        if let Some(known) = same.iter().find(|known| dists[**known] == dist) {
            return *known;
        }
        let id = dists.next_key();
        same.push(id);
        self.plan.dists.push(dist);
        id
    }
}
