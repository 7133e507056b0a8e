//! What instances keep for steps that own state, and what these steps are asked.

use super::frame::flag;
use super::state::World;
use crate::ids::{InstanceId, KeeperId, OwnKeeperId, TiVec};
use crate::plan::{KeeperPlan, Plan};
use crate::scenario::steps::{Context, Go, KeeperMemory, KeeperSpec};
use sim_core::SimTime;

/// What all instances keep for all such steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// By step and instance.
    memories: TiVec<OwnKeeperId, KeeperMemory>,
    /// What the steps counted, those of all instances together.
    counters: Vec<u64>,
}

impl Kept {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut kept = Self::default();
        for keeper in &plan.keepers {
            let instances = plan.service_places()[keeper.service].instance_count as usize;
            let memory = keeper.spec.memory(keeper.keys);
            kept.memories.extend(std::iter::repeat_n(memory, instances));
            let counters = kept.counters.len() + keeper.spec.counters().len();
            kept.counters.resize(counters, 0);
        }
        kept
    }

    /// What a step has counted.
    fn counted(&self, keeper: &KeeperPlan) -> &[u64] {
        let first = keeper.counters as usize;
        &self.counters[first..first + keeper.spec.counters().len()]
    }

    /// Counting begins.
    pub(super) fn begin_totals(&mut self) {
        self.counters.fill(0);
    }
}

impl<'p> World<'p> {
    /// What the steps that keep something have counted, in the order of the plan.
    pub fn counted(&self) -> impl Iterator<Item = (&'p KeeperPlan, &[u64])> {
        let keepers = self.plan.keepers.iter();
        keepers.map(|keeper| (keeper, self.kept.counted(keeper)))
    }

    /// A step decides where a frame goes on.
    #[inline(never)]
    pub(super) fn decide(&mut self, index: u32, keeper: KeeperId, now: SimTime) -> Go {
        let go = self.ask_keeper(index, keeper, now, KeeperSpec::decide);
        let KeeperPlan { name, spec, .. } = &self.plan.keepers[keeper];
        let key = self.frames.baggage(index).key;
        self.tell(index, now, || {
            format!("{} in `{name}` for key {key}", spec.says(go))
        });
        go
    }

    /// A frame has got through the steps inside of such a step.
    #[inline(never)]
    pub(super) fn done(&mut self, index: u32, keeper: KeeperId, now: SimTime) {
        self.ask_keeper(index, keeper, now, KeeperSpec::done);
    }

    fn ask_keeper<R>(
        &mut self,
        index: u32,
        keeper: KeeperId,
        now: SimTime,
        ask: fn(&KeeperSpec, &mut KeeperMemory, &mut Context<'_>) -> R,
    ) -> R {
        let plan = &self.plan.keepers[keeper];
        let draw = self.draw(index);
        let baggage = self.frames.baggage(index);
        let frame = &self.frames[index];
        let number = self.plan.instances[frame.instance].number;
        let counters = plan.counters as usize;
        let mut context = Context {
            now,
            key: baggage.key,
            priority: baggage.priority,
            degraded: frame.is(flag::DEGRADED),
            draw,
            counters: &mut self.kept.counters[counters..counters + plan.spec.counters().len()],
        };
        let memory = &mut self.kept.memories[plan.first.offset(number)];
        ask(&plan.spec, memory, &mut context)
    }

    /// An instance has died: what it kept is gone, but for what outlives it.
    pub(super) fn forget_what_was_kept(&mut self, instance: InstanceId) {
        let place = &self.plan.instances[instance];
        for keeper in &self.plan.keepers {
            if keeper.service == place.place.service() && !keeper.spec.survives() {
                let memory = &mut self.kept.memories[keeper.first.offset(place.number)];
                *memory = keeper.spec.memory(keeper.keys);
            }
        }
    }
}
