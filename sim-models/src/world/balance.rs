//! Which instance of its callee an attempt goes to.

use super::state::World;
use crate::balancers::{Heard, View};
use crate::ids::InstanceId;
use crate::outcome::Outcome;
use crate::plan::{EdgePlan, LayerPlan};
use crate::resilience::{By, Load};
use sim_core::SimTime;
use sim_core::random::{Keyed, mix};

impl World<'_> {
    /// The instance that the next attempt of a call, or of a leg of it, goes to.
    #[inline]
    pub(super) fn pick(
        &mut self,
        plan: &EdgePlan,
        index: u32,
        key: u64,
        now: SimTime,
    ) -> InstanceId {
        if plan.callees == 1 {
            return plan.first_callee;
        }
        self.pick_among(plan, index, key, now)
    }

    fn pick_among(&mut self, plan: &EdgePlan, index: u32, key: u64, now: SimTime) -> InstanceId {
        let (first, count) = (plan.first_callee, plan.callees);
        let mut among = std::mem::take(&mut self.among);
        among.clear();
        if plan.shuns || plan.avoids {
            self.narrow(plan, index, now, &mut among);
        }
        let (edge, caller) = (self.frames[index].edge, self.frames[index].instance);
        let own = self.plan.instances[caller].number;
        let state = &mut self.edges[edge];
        let row = (own * count) as usize..((own + 1) * count) as usize;
        let view = View {
            now,
            callees: count,
            key: self.frames.baggage(index).key,
            among: &among,
            outstanding: state.outstanding.get(row).unwrap_or(&[]),
        };
        let balancer = &self.plan.services[plan.callee].balance;
        let mut luck = Keyed::new(key, 0x4241_4C41);
        let number = balancer.choose(&mut state.choosers[own as usize], &view, &mut luck);
        self.among = among;
        first.offset(number)
    }

    /// An attempt goes out to an instance of its callee, by number.
    #[inline]
    pub(super) fn count_out(&mut self, index: u32, plan: &EdgePlan, number: u32, now: SimTime) {
        if !plan.keeps {
            return;
        }
        let (edge, caller) = (self.frames[index].edge, self.frames[index].instance);
        let state = &mut self.edges[edge];
        if !state.outstanding.is_empty() {
            let own = self.plan.instances[caller].number;
            state.outstanding[(own * plan.callees + number) as usize] += 1;
        }
        if plan.listens {
            self.note_sent(index, now);
        }
        if plan.avoids {
            self.tried.note(self.call_of(index), number);
        }
    }

    /// The instance that the next attempt of a call goes to is chosen on the way in, where a policy has a memory of
    /// each. Each try of a call has its own luck.
    #[cold]
    pub(super) fn pick_early(&mut self, index: u32, plan: &EdgePlan, now: SimTime) {
        let frame = &self.frames[index];
        let attempt = u64::from(self.attempts_of(index)) + 1;
        let key = mix(frame.call_key(), attempt | u64::from(frame.base) << 32);
        let key = if frame.base > 0 {
            mix(key, u64::from(frame.pc))
        } else {
            key
        };
        let callee = self.pick(plan, index, key, now);
        self.frames[index].callee_instance = callee;
    }

    /// Lists the instances that no policy of the call shuns, and those of them that it has not asked yet if it avoids
    /// the others and there are any; none if it comes to the same as all.
    #[cold]
    fn narrow(&mut self, plan: &EdgePlan, index: u32, now: SimTime, among: &mut Vec<u32>) {
        let count = plan.callees;
        let call = self.call_of(index);
        let again = plan.avoids && self.tried.of(call).next().is_some();
        if !plan.shuns && !again {
            return;
        }
        let mut passed_by = std::mem::take(&mut self.passed_by);
        passed_by.clear();
        passed_by.resize(count as usize, false);
        if plan.shuns {
            self.shun(plan, index, now, &mut passed_by);
        }
        among.extend((0..count).filter(|number| !passed_by[*number as usize]));
        let mut looked = u64::from(count);
        if again {
            for tried in self.tried.of(call) {
                passed_by[tried as usize] = true;
                looked += 1;
            }
            let fresh = |number: &u32| !passed_by[*number as usize];
            if among.iter().any(fresh) {
                among.retain(fresh);
            }
        }
        if among.len() == count as usize {
            among.clear();
        }
        self.work += looked / 16;
        self.passed_by = passed_by;
    }

    /// Marks the instances that policies of the call shun; none where so few are left that the balancer panics.
    fn shun(&self, plan: &EdgePlan, index: u32, now: SimTime, passed_by: &mut [bool]) {
        let state = &self.edges[self.frames[index].edge];
        for layer in plan.layers.iter().filter(|layer| layer.shuns) {
            let memory = &state.memories[self.memory_of(index, layer)];
            layer.spec.shun(memory, now, passed_by);
        }
        let of_each = |layer: &&LayerPlan| layer.by == Some(By::Callee);
        for layer in plan.layers.iter().filter(of_each) {
            let first = self.first_memory_of(index, layer);
            let of_instances = &state.memories[first..first + plan.callees as usize];
            for (memory, passed_by) in of_instances.iter().zip(&mut *passed_by) {
                *passed_by |= layer.spec.is_shut(memory, now);
            }
        }
        let left = passed_by.iter().filter(|passed_by| !**passed_by).count();
        let panic = self.plan.services[plan.callee].balance.panic();
        if panic.at(left as u32, plan.callees) {
            passed_by.fill(false);
        }
    }

    /// An attempt is sent now, by a balancer that has to know how long it takes.
    #[cold]
    fn note_sent(&mut self, index: u32, now: SimTime) {
        let index = index as usize;
        if self.sent.len() <= index {
            self.sent.resize(index + 1, SimTime::ZERO);
        }
        self.sent[index] = now;
    }

    /// What a balancer learns of an attempt that is no longer out.
    #[inline]
    pub(super) fn tell_balancer(
        &mut self,
        index: u32,
        plan: &EdgePlan,
        outcome: Outcome,
        answer: Option<Load>,
        now: SimTime,
    ) {
        if !plan.keeps {
            return;
        }
        let frame = &self.frames[index];
        let state = &mut self.edges[frame.edge];
        let own = self.plan.instances[frame.instance].number;
        let callee = frame.callee_instance.offset_from(plan.first_callee);
        if !state.outstanding.is_empty() {
            state.outstanding[(own * plan.callees + callee) as usize] -= 1;
        }
        if plan.listens {
            let heard = Heard {
                now,
                callee,
                took: now.since(self.sent[index as usize]),
                outcome,
                answered: answer.is_some(),
                load: answer.unwrap_or_default(),
            };
            let balancer = &self.plan.services[plan.callee].balance;
            balancer.on_result(&mut state.choosers[own as usize], &heard);
        }
    }
}
