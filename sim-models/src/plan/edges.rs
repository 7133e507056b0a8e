//! Calls as edges: their policies, and the links that they go over.

use super::compiler::Compiler;
use super::types::{EdgePlan, LayerPlan, LinkPlan, Routes, StatesPlan};
use crate::ids::{DistId, EdgeId, EndpointId, InstanceId, PlaceId, ServiceId};
use crate::outcome::{Outcome, OutcomeSet};
use crate::resilience::{By, PolicySpec, Scope};
use sim_core::SimTime;

impl Compiler<'_> {
    /// The edge and endpoint of a call from `caller` to `"service/endpoint"`.
    pub(super) fn call(
        &mut self,
        caller: PlaceId,
        to: &str,
    ) -> Result<(EdgeId, EndpointId), String> {
        let endpoint = *self
            .endpoint_ids
            .get(to)
            .ok_or_else(|| format!("no endpoint `{to}`"))?;
        let callee = self.plan.endpoints[endpoint].service;
        let caller_name = self.plan.places[caller].name.clone();
        let callee_name = self.plan.service_places()[callee].name.clone();
        let pattern = self.calls.key(&caller_name, to);
        let own = pattern.is_some_and(|pattern| pattern.contains('/'));
        let key = (
            caller,
            callee,
            if own { to.to_string() } else { String::new() },
        );
        if let Some(edge) = self.edge_ids.get(&key) {
            return Ok((*edge, endpoint));
        }
        let specs = pattern
            .map(|pattern| self.scenario.calls[pattern].to_vec())
            .unwrap_or_default();
        let name = format!("{caller_name} -> {}", if own { to } else { &callee_name });
        let routes = self.routes(caller, callee.into())?;
        let edge = self.edge(name, caller, callee, specs, routes);
        let id = self.plan.edges.push_and_get_key(edge);
        self.edge_ids.insert(key, id);
        self.targets_of_policies(id)?;
        Ok((id, endpoint))
    }

    fn edge(
        &self,
        name: String,
        caller: PlaceId,
        callee: ServiceId,
        specs: Vec<PolicySpec>,
        routes: Routes,
    ) -> EdgePlan {
        let callers = self.plan.places[caller].instance_count;
        let keys = self.keys;
        let first_endpoint = self.first_endpoint(callee);
        let endpoints = self.scenario.services[usize::from(callee)].endpoints.len() as u32;
        let callees = self.plan.service_places()[callee].instance_count;
        let parts = |by: Option<By>| match by {
            None => 1,
            Some(By::Callee) => callees,
            Some(By::Endpoint) => endpoints,
            Some(By::Tenant) => self.tenants.len() as u32 + 1,
            Some(By::Key) => keys,
            Some(By::Request) => endpoints * keys,
        };
        let (mut memory, mut counters) = (0, 0);
        let (mut state, mut with_states) = (0, 0);
        let tells_cancellation = specs.iter().any(|spec| spec.tells().cancellation);
        let layers: Vec<LayerPlan> = specs
            .into_iter()
            .filter(PolicySpec::acts)
            .map(|spec| {
                let shared = spec.scope() == Scope::Shared;
                let (by, parts) = (spec.by(), parts(spec.by()));
                let memories = parts * if shared { 1 } else { callers };
                let states = (!spec.states().is_empty()).then(|| {
                    let each = if spec.states_by_callee() { callees } else { 1 };
                    let plan = StatesPlan {
                        number: with_states,
                        first: state,
                        begins: spec.state(&spec.memory(), 0, SimTime::ZERO).0,
                        each,
                    };
                    with_states += 1;
                    state += memories * each;
                    plan
                });
                let layer = LayerPlan {
                    states,
                    tells_deadline: spec.tells().deadline,
                    rations: spec.rations(),
                    travels: spec.travels(),
                    shuns: spec.shuns(),
                    asks_who: spec.asks_who(),
                    plain: !(spec.forks() || spec.looks() || spec.asks_who() || spec.travels()),
                    leaves: spec.leaves(),
                    forks: spec.forks(),
                    parks: spec.parks(),
                    enters: spec.enters() || spec.forks(),
                    begins: spec.begin(),
                    passes: passes(&spec),
                    memory,
                    shared,
                    by,
                    parts,
                    starts: spec.starts(),
                    looks: spec.looks(),
                    counters,
                    counter_count: spec.counters().len() as u32,
                    targets: Vec::new(),
                    spec,
                };
                memory += memories;
                counters += layer.counter_count;
                layer
            })
            .collect();
        let balance = &self.plan.services[callee].balance;
        let avoids = callees > 1 && layers.iter().any(|layer| layer.spec.avoids());
        let listens = callees > 1 && balance.listens();
        EdgePlan {
            name,
            caller,
            callee,
            first_callee: self.plan.service_places()[callee].first_instance,
            callees,
            door: false,
            idempotent: self.scenario.services[usize::from(callee)]
                .non_idempotent
                .is_empty(),
            tells_cancellation,
            tells_deadline: layers.iter().any(|layer| layer.tells_deadline),
            forks: layers.iter().any(|layer| layer.forks),
            shuns: layers
                .iter()
                .any(|layer| layer.shuns || layer.by == Some(By::Callee)),
            picks_at: layers
                .iter()
                .position(|layer| layer.by == Some(By::Callee))
                .map_or(EdgePlan::LATE, |at| at as u32),
            starts: layers.iter().any(|layer| layer.starts),
            reports: layers.iter().any(|layer| layer.spec.reports()),
            first_endpoint,
            keys,
            avoids,
            listens,
            keeps: avoids || listens || balance.counts(),
            layers,
            memory_count: memory,
            state_count: state,
            routes,
        }
    }

    /// The first endpoint of a service.
    fn first_endpoint(&self, service: ServiceId) -> EndpointId {
        self.plan
            .endpoints
            .partition_point(|endpoint| endpoint.service < service)
    }

    /// Makes the doors of services: edges of their own behind those of calls.
    pub(super) fn doors(&mut self) {
        for service in self.plan.services.keys() {
            let specs = self.scenario.services[usize::from(service)]
                .admission
                .to_vec();
            if specs.is_empty() {
                continue;
            }
            let place = PlaceId::from(service);
            let name = self.plan.places[place].name.clone();
            let nowhere = Routes {
                first: self.plan.links.next_key(),
                by_instance: false,
            };
            let edge = self.edge(name, place, service, specs, nowhere);
            self.plan.services[service].door = self.plan.edges.next_key();
            self.plan.doors = true;
            self.plan.edges.push(EdgePlan {
                door: true,
                avoids: false,
                listens: false,
                keeps: false,
                tells_cancellation: true,
                ..edge
            });
        }
    }

    /// Finds the other targets that the policies of an edge may ask.
    fn targets_of_policies(&mut self, edge: EdgeId) -> Result<(), String> {
        let plan = &self.plan.edges[edge];
        let caller = plan.caller;
        for number in 0..plan.layers.len() {
            let layer = &self.plan.edges[edge].layers[number];
            let targets: Vec<String> = layer.spec.targets().into_iter().map(Into::into).collect();
            let found = targets.iter().map(|to| self.call(caller, to));
            let found = found.collect::<Result<Vec<_>, _>>()?;
            self.plan.edges[edge].layers[number].targets = found;
        }
        Ok(())
    }

    fn routes(&mut self, caller: PlaceId, callee: PlaceId) -> Result<Routes, String> {
        let first = self.plan.links.next_key();
        let pairs: Vec<(Option<InstanceId>, Option<InstanceId>)> = if self.by_instance {
            let range = |place: PlaceId| self.plan.places[place].instances();
            range(caller)
                .flat_map(|from| range(callee).map(move |to| (Some(from), Some(to))))
                .collect()
        } else {
            vec![(None, None)]
        };
        for (from, to) in pairs {
            let forward = self.link_for((caller, from), (callee, to));
            let back = self.link_for((callee, to), (caller, from));
            let back = match (forward, back) {
                (Some((there, _)), Some((back, pattern))) if back >= there => Some((back, pattern)),
                (Some(forward), _) => Some(forward),
                (None, back) => back,
            };
            for (requests, from, to, pattern) in [
                (true, (caller, from), (callee, to), forward),
                (false, (callee, to), (caller, from), back),
            ] {
                let latency = match pattern {
                    Some((_, pattern)) => self.latency(pattern)?,
                    None => None,
                };
                self.plan.links.push(LinkPlan {
                    latency,
                    from,
                    to,
                    requests,
                });
            }
        }
        Ok(Routes {
            first,
            by_instance: self.by_instance,
        })
    }

    /// The distribution of the delay of a link of the scenario; none if there is no delay.
    fn latency(&mut self, link: usize) -> Result<Option<DistId>, String> {
        if let Some(known) = self.latencies[link] {
            return Ok(known);
        }
        let dist = self.scenario.links[link].latency.compile()?;
        let id = (dist.constant() != Some(0.0)).then(|| self.dist(dist));
        self.latencies[link] = Some(id);
        Ok(id)
    }
}

/// What passes a policy on the way out without a question.
fn passes(spec: &PolicySpec) -> OutcomeSet {
    let asked = |outcome: &Outcome| spec.forks() || !spec.ignores(*outcome);
    let passes = Outcome::ALL.iter().filter(|outcome| !asked(outcome));
    OutcomeSet::of(&passes.copied().collect::<Vec<_>>())
}
