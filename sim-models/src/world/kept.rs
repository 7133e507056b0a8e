//! What instances keep for steps that own state.

use crate::ids::{OwnKeeperId, TiVec};
use crate::plan::Plan;
use crate::scenario::steps::KeeperMemory;

/// What all instances keep for all such steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// By step and instance.
    pub(super) memories: TiVec<OwnKeeperId, KeeperMemory>,
    /// What the steps counted, those of all instances together.
    pub(super) counters: Vec<u64>,
}

impl Kept {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut kept = Self::default();
        for keeper in &plan.keepers {
            let instances = plan.service_places()[keeper.service].instances();
            let memories = instances.map(|_| keeper.spec.memory(keeper.keys));
            kept.memories.extend(memories);
            kept.counters.resize(keeper.counters.end, 0);
        }
        kept
    }

    /// Counting begins.
    pub(super) fn begin_totals(&mut self) {
        self.counters.fill(0);
    }
}
