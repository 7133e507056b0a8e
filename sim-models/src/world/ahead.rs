//! What a door knows of the work behind it before that begins: which breakers it will meet are open, which pools are empty.

use super::state::World;
use crate::ids::{EdgeId, EndpointId};
use crate::plan::Need;
use crate::resilience::{By, Shut};
use sim_core::SimTime;

impl World<'_> {
    /// What is shut of all that a request at a door is going to need.
    #[cold]
    pub(super) fn shut(&mut self, index: u32, now: SimTime) -> Shut {
        let mut shut = Shut::default();
        let plan = self.plan;
        let needs = &plan.needs[self.frames[index].callee_endpoint];
        for need in needs {
            match *need {
                Need::Breaker(edge, layer, endpoint) => {
                    let lets = self.lets_through(index, (edge, layer.into()), endpoint, now);
                    shut.breakers += u16::from(!lets);
                }
                Need::Pool(pool) => {
                    let plan = &self.plan.pools[pool];
                    let number = self.plan.instances[self.frames[index].instance].number;
                    let out = self.pools.states[plan.first.offset(number)].out;
                    shut.pools += u16::from(out >= plan.size);
                }
            }
        }
        self.work += needs.len() as u64 / 8;
        shut
    }

    /// Whether a breaker would let through a call to an endpoint that the request at a door will make.
    fn lets_through(
        &self,
        index: u32,
        (edge, layer): (EdgeId, usize),
        endpoint: EndpointId,
        now: SimTime,
    ) -> bool {
        let plan = &self.plan.edges[edge];
        let policy = &plan.layers[layer];
        let first = self.first_memory_of(index, policy);
        let key = self.frames.baggage(index).key;
        let endpoint = endpoint.offset_from(plan.first_endpoint);
        let parts = match policy.by {
            None => 0..1,
            // One that is open is passed by.
            Some(By::Callee) => 0..policy.parts,
            Some(By::Endpoint) => endpoint..endpoint + 1,
            Some(By::Tenant) => {
                let tenant = self.plan.workloads[self.frames[index].workload].tenant;
                tenant..tenant + 1
            }
            Some(By::Key) => key..key + 1,
            Some(By::Request) => {
                let part = endpoint * plan.keys + key;
                part..part + 1
            }
        };
        let memories = &self.edges[edge].memories;
        parts
            .map(|part| &memories[first + part as usize])
            .any(|memory| !policy.spec.is_shut(memory, now))
    }
}
