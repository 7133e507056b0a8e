//! What the work of an endpoint needs in any case: for policies that look ahead ([`crate::resilience::Policy::LOOKS`]).

use super::compiler::Compiler;
use super::types::{LayerPlan, Need};
use crate::ids::EndpointId;
use crate::outcome::Outcome;
use crate::quantity::distribution::CountSpec;
use crate::scenario::steps::{Part, Step, parts};

impl Compiler<'_> {
    /// Finds what the endpoints of services need whose doors look ahead.
    pub(super) fn needs(&mut self) -> Result<(), String> {
        let doors = self.plan.edges.iter().filter(|edge| edge.door);
        let looking: Vec<_> = doors
            .filter(|door| door.layers.iter().any(|layer| layer.looks))
            .map(|door| door.callee)
            .collect();
        if looking.is_empty() {
            return Ok(());
        }
        self.plan.needs = vec![Vec::new(); self.plan.endpoints.len()].into();
        let scenario = self.scenario;
        let mut ids = self.plan.endpoints.keys();
        for (service, spec) in scenario.services.values().enumerate() {
            for steps in spec.endpoints.values() {
                let id = ids.next().expect("every endpoint has its plan");
                if looking.contains(&service.into()) {
                    let mut needs = Vec::new();
                    self.needs_of(id, steps, &mut needs)?;
                    self.plan.needs[id] = needs;
                }
            }
        }
        Ok(())
    }

    fn needs_of(
        &mut self,
        endpoint: EndpointId,
        steps: &[Step],
        needs: &mut Vec<Need>,
    ) -> Result<(), String> {
        let service = self.plan.endpoints[endpoint].service;
        for part in parts(steps) {
            match part {
                Part::Calls {
                    to,
                    optional: false,
                } => {
                    let (edge, callee) = self.call(service.into(), to)?;
                    let layers = &self.plan.edges[edge].layers;
                    // What stands outside and answers in its place is asked instead.
                    let replaces = |layer: &&LayerPlan| layer.spec.replaces(Outcome::BreakerOpen);
                    let outer = layers.iter().take_while(|layer| !replaces(layer));
                    let breakers = outer.enumerate().filter(|(_, layer)| layer.spec.breaks());
                    needs.extend(
                        breakers.map(|(number, _)| Need::Breaker(edge, number as u16, callee)),
                    );
                }
                Part::Together { branches, need } if need >= branches.len() => {
                    for branch in branches {
                        self.needs_of(endpoint, branch, needs)?;
                    }
                }
                Part::Repeats {
                    times: CountSpec::Constant(count),
                    steps,
                } if count.value > 0 => self.needs_of(endpoint, steps, needs)?,
                Part::Acquires(name) => {
                    let pools = &self.plan.pools;
                    let pool = pools.position(|pool| pool.service == service && pool.name == name);
                    needs.extend(pool.map(Need::Pool));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
