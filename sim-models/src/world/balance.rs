//! Which instance of its callee an attempt goes to.

use super::state::World;
use crate::plan::EdgePlan;
use crate::resilience::By;
use crate::scenario::Balance;
use sim_core::SimTime;
use sim_core::random::{Keyed, Source, mix};

impl World<'_> {
    /// The instance that the next attempt of a call, or of a leg of it, goes to.
    #[inline]
    pub(super) fn pick(&mut self, plan: &EdgePlan, index: u32, key: u64, now: SimTime) -> u32 {
        let (first, count) = (plan.first_callee, plan.callees);
        if count == 1 {
            return first;
        }
        let (edge, caller) = (self.frames[index].edge, self.frames[index].instance);
        let own = self.plan.instances[caller as usize].number;
        let number = if plan.shuns {
            let mut among = std::mem::take(&mut self.among);
            self.not_shunned(plan, index, count, now, &mut among);
            let number = self.choose(plan, (edge, own, count), key, &among);
            self.among = among;
            number
        } else {
            self.choose(plan, (edge, own, count), key, &[])
        };
        first + number
    }

    /// An attempt goes out to an instance of its callee, by number.
    #[inline]
    pub(super) fn count_out(&mut self, edge: u32, caller: u32, number: u32) {
        let state = &mut self.edges[edge as usize];
        if !state.outstanding.is_empty() {
            let own = self.plan.instances[caller as usize].number;
            let count = self.plan.edges[edge as usize].callees;
            state.outstanding[(own * count + number) as usize] += 1;
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

    /// Lists the instances that no policy of the call shuns; none if it comes to the same as all.
    #[cold]
    fn not_shunned(
        &mut self,
        plan: &EdgePlan,
        index: u32,
        count: u32,
        now: SimTime,
        among: &mut Vec<u32>,
    ) {
        among.clear();
        let mut passed_by = std::mem::take(&mut self.passed_by);
        passed_by.clear();
        passed_by.resize(count as usize, false);
        let state = &self.edges[self.frames[index].edge as usize];
        for layer in plan.layers.iter().filter(|layer| layer.shuns) {
            let memory = &state.memories[self.memory_of(index, layer)];
            layer.spec.shun(memory, now, &mut passed_by);
        }
        for layer in plan
            .layers
            .iter()
            .filter(|layer| layer.by == Some(By::Callee))
        {
            let first = self.first_memory_of(index, layer);
            let of_instances = &state.memories[first..first + count as usize];
            for (memory, passed_by) in of_instances.iter().zip(&mut passed_by) {
                *passed_by |= layer.spec.is_shut(memory, now);
            }
        }
        among.extend((0..count).filter(|number| !passed_by[*number as usize]));
        if among.len() == count as usize {
            among.clear();
        }
        self.work += u64::from(count) / 16;
        self.passed_by = passed_by;
    }

    /// The number of the instance that the balancer of the callee chooses, among these; among all if none are named.
    #[inline]
    fn choose(
        &mut self,
        plan: &EdgePlan,
        (edge, own, count): (u32, u32, u32),
        key: u64,
        among: &[u32],
    ) -> u32 {
        let state = &mut self.edges[edge as usize];
        let mut chance = Keyed::new(key, 0x4241_4C41);
        let candidates = if among.is_empty() {
            count
        } else {
            among.len() as u32
        };
        let at = |position: u32| among.get(position as usize).copied().unwrap_or(position);
        let row = (own * count) as usize;
        let load = |outstanding: &[u32], number: u32| outstanding[row + number as usize];
        match self.plan.services[plan.callee as usize].balance {
            Balance::RoundRobin => {
                let turn = &mut state.turns[own as usize];
                let next = among.iter().find(|number| **number >= *turn);
                let number = next.or(among.first()).copied().unwrap_or(*turn);
                *turn = (number + 1) % count;
                number
            }
            Balance::Random => at(chance.below(u64::from(candidates)) as u32),
            Balance::LeastOutstanding => {
                let loads =
                    || (0..candidates).map(|position| load(&state.outstanding, at(position)));
                let least = loads().min().unwrap_or(0);
                let ties = loads().filter(|load| *load == least).count() as u64;
                let chosen = chance.below(ties) as usize;
                let mut tied = (0..candidates)
                    .map(at)
                    .filter(|number| load(&state.outstanding, *number) == least);
                tied.nth(chosen).unwrap_or(0)
            }
            Balance::PowerOfTwo => {
                let first = chance.below(u64::from(candidates)) as u32;
                if candidates == 1 {
                    return at(first);
                }
                let other = chance.below(u64::from(candidates) - 1) as u32;
                let second = at(other + u32::from(other >= first));
                let first = at(first);
                if load(&state.outstanding, second) < load(&state.outstanding, first) {
                    second
                } else {
                    first
                }
            }
        }
    }
}
