//! Steps that own state decide where a request goes on; what instances keep for them is forgotten in a crash.

use super::frame::flag;
use super::state::World;
use crate::ids::{InstanceId, KeeperId};
use crate::plan::KeeperPlan;
use crate::scenario::steps::{Context, Go, KeeperMemory, KeeperSpec};
use sim_core::SimTime;

impl<'p> World<'p> {
    /// What the steps that keep something have counted, in the order of the plan.
    pub fn counted(&self) -> impl Iterator<Item = (&'p KeeperPlan, &[u64])> {
        let keepers = self.plan.keepers.iter();
        keepers.map(|keeper| (keeper, &self.kept.counters[keeper.counters.clone()]))
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
        let mut context = Context {
            now,
            key: baggage.key,
            priority: baggage.priority,
            degraded: frame.is(flag::DEGRADED),
            draw,
            counters: &mut self.kept.counters[plan.counters.clone()],
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
