//! Which memory a policy has for a call: each caller instance has one, or all share one, and within that there is one
//! for each instance of the callee, endpoint, tenant or key where the policy says so.

use super::state::World;
use crate::ids::InstanceId;
use crate::plan::LayerPlan;
use crate::resilience::By;

impl World<'_> {
    /// Which of the memories of its edge a policy has for a call.
    #[inline]
    pub(super) fn memory_of(&self, index: u32, policy: &LayerPlan) -> usize {
        let first = self.first_memory_of(index, policy);
        match policy.by {
            None => first,
            Some(by) => first + self.part_of(index, by) as usize,
        }
    }

    /// The first part of the memory that a policy has for the caller of a call.
    #[inline]
    pub(super) fn first_memory_of(&self, index: u32, policy: &LayerPlan) -> usize {
        let own = if policy.shared {
            0
        } else {
            let instance = self.frames[index].instance;
            self.plan.instances[instance].number
        };
        (policy.memory + own * policy.parts) as usize
    }

    /// Which part of a memory that is divided is meant for a call.
    #[cold]
    fn part_of(&self, index: u32, by: By) -> u32 {
        let frame = &self.frames[index];
        let plan = self.edge_of(index);
        match by {
            // Until one has been chosen nothing is asked of its memory.
            By::Callee if frame.callee_instance == InstanceId::NONE => 0,
            By::Callee => frame.callee_instance.offset_from(plan.first_callee),
            By::Endpoint => frame.callee_endpoint.offset_from(plan.first_endpoint),
            By::Tenant => self.plan.workloads[frame.workload].tenant,
            By::Key => self.frames.baggage(index).key,
            By::Request => {
                let endpoint = frame.callee_endpoint.offset_from(plan.first_endpoint);
                endpoint * plan.keys + self.frames.baggage(index).key
            }
        }
    }
}
