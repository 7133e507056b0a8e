//! Which instance of its callee an attempt goes to.

use super::state::World;
use crate::plan::EdgePlan;
use crate::scenario::Balance;
use sim_core::random::{Keyed, Source};

impl World<'_> {
    /// The instance that an attempt goes to.
    #[inline]
    pub(super) fn pick(&mut self, plan: &EdgePlan, (edge, caller): (u32, u32), key: u64) -> u32 {
        let callees = &self.plan.places[plan.callee as usize];
        let count = callees.instance_count;
        if count == 1 {
            return callees.first_instance;
        }
        let own = self.plan.instances[caller as usize].number;
        let state = &mut self.edges[edge as usize];
        let mut chance = Keyed::new(key, 0x4241_4C41);
        let row = (own * count) as usize;
        let number = match self.plan.services[plan.callee as usize].balance {
            Balance::RoundRobin => {
                let turn = &mut state.turns[own as usize];
                let number = *turn;
                *turn = (number + 1) % count;
                number
            }
            Balance::Random => chance.below(u64::from(count)) as u32,
            Balance::LeastOutstanding => {
                let outstanding = &state.outstanding[row..row + count as usize];
                let least = outstanding.iter().min().copied().unwrap_or(0);
                let ties = outstanding
                    .iter()
                    .filter(|number| **number == least)
                    .count() as u64;
                let chosen = chance.below(ties) as usize;
                let mut tied = (0..count).filter(|number| outstanding[*number as usize] == least);
                tied.nth(chosen).unwrap_or(0)
            }
            Balance::PowerOfTwo => {
                let first = chance.below(u64::from(count)) as u32;
                let other = chance.below(u64::from(count) - 1) as u32;
                let second = other + u32::from(other >= first);
                let load = |number: u32| state.outstanding[row + number as usize];
                if load(second) < load(first) {
                    second
                } else {
                    first
                }
            }
        };
        if !state.outstanding.is_empty() {
            state.outstanding[row + number as usize] += 1;
        }
        callees.first_instance + number
    }
}
