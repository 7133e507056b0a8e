//! Calls as edges: their policies, and the links that they go over.

use super::compiler::Compiler;
use super::types::{EdgePlan, LayerPlan, LinkPlan, Routes};
use crate::resilience::{PolicySpec, Scope};

impl Compiler<'_> {
    /// The edge and endpoint of a call from `caller` to `"service/endpoint"`.
    pub(super) fn call(&mut self, caller: u32, to: &str) -> Result<(u32, u32), String> {
        let endpoint = *self
            .endpoint_ids
            .get(to)
            .ok_or_else(|| format!("no endpoint `{to}`"))?;
        let callee = self.plan.endpoints[endpoint as usize].service;
        let caller_name = self.plan.places[caller as usize].name.clone();
        let callee_name = self.plan.places[callee as usize].name.clone();
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
            .map(|pattern| self.scenario.calls[pattern].clone())
            .unwrap_or_default();
        let name = format!("{caller_name} -> {}", if own { to } else { &callee_name });
        let routes = self.routes(caller, callee)?;
        let edge = self.edge(name, caller, callee, specs, routes);
        let id = self.plan.edges.len() as u32;
        self.plan.edges.push(edge);
        self.edge_ids.insert(key, id);
        Ok((id, endpoint))
    }

    fn edge(
        &self,
        name: String,
        caller: u32,
        callee: u32,
        specs: Vec<PolicySpec>,
        routes: Routes,
    ) -> EdgePlan {
        let callers = self.plan.places[caller as usize].instance_count;
        let (mut memory, mut counters) = (0, 0);
        let cancels = specs
            .iter()
            .any(|spec| matches!(spec, PolicySpec::Cancellation(_)));
        let tells = |spec: &PolicySpec| matches!(spec, PolicySpec::Deadline(deadline) if deadline.propagate);
        let propagates = specs.iter().any(tells);
        let layers = specs
            .into_iter()
            .filter(|spec| !matches!(spec, PolicySpec::Cancellation(_)))
            .map(|spec| {
                let shared = spec.scope() == Scope::Shared;
                let layer = LayerPlan {
                    propagates: tells(&spec),
                    memory,
                    shared,
                    counters,
                    spec,
                };
                memory += if shared { 1 } else { callers };
                counters += layer.spec.counters().len() as u32;
                layer
            })
            .collect();
        EdgePlan {
            name,
            caller,
            callee,
            layers,
            cancels,
            propagates,
            memory_count: memory,
            routes,
        }
    }

    fn routes(&mut self, caller: u32, callee: u32) -> Result<Routes, String> {
        let first = self.plan.links.len() as u32;
        let pairs: Vec<(Option<u32>, Option<u32>)> = if self.by_instance {
            let range = |place: u32| {
                let place = &self.plan.places[place as usize];
                place.first_instance..place.first_instance + place.instance_count
            };
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
    fn latency(&mut self, link: usize) -> Result<Option<u32>, String> {
        if let Some(known) = self.latencies[link] {
            return Ok(known);
        }
        let dist = self.scenario.links[link].latency.compile()?;
        let id = (dist.constant() != Some(0.0)).then(|| self.dist(dist));
        self.latencies[link] = Some(id);
        Ok(id)
    }
}
