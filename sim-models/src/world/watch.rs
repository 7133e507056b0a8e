//! The states of what policies remember: each time that a memory may have changed it is looked whether it has turned.

use super::edge::EdgeState;
use super::state::World;
use crate::ids::EdgeId;
use crate::observe::states::Turn;
use sim_core::SimTime;

impl World<'_> {
    /// A memory of a policy with states may have changed: what has turned is noted.
    #[inline(never)] // only where there are policies with states
    pub(super) fn watch(&mut self, edge: EdgeId, layer: usize, memory: usize, now: SimTime) {
        self.watch_because(edge, layer, memory, now, None);
    }

    fn watch_because(
        &mut self,
        edge: EdgeId,
        layer: usize,
        memory: usize,
        now: SimTime,
        because: Option<&str>,
    ) {
        let policy = &self.plan.edges[edge].layers[layer];
        let Some(plan) = policy.states else {
            return;
        };
        let EdgeState {
            memories, states, ..
        } = &mut self.edges[edge];
        let remembered = &memories[memory];
        for callee in 0..plan.each {
            let place = plan.place(memory, policy.memory, callee);
            let (to, since) = policy.spec.state(remembered, callee, now);
            let from = &mut states[place];
            if *from != to {
                let why = match because {
                    _ if !self.recorder.keeps_turn(edge, plan.number) => String::new(),
                    Some(because) => because.to_owned(),
                    None => policy.spec.why(remembered, now),
                };
                let turn = Turn {
                    // Nobody may have looked since it turned.
                    at: since.unwrap_or(now).min(now),
                    place: place as u32 - plan.first,
                    from: *from,
                    to,
                    why,
                };
                *from = to;
                self.recorder.turned(edge, plan.number, turn);
            }
        }
    }

    /// Looks at all states of all policies: time alone may have turned some.
    pub(super) fn watch_all(&mut self, now: SimTime, because: Option<&str>) {
        for (edge, plan) in self.plan.edges.iter_enumerated() {
            for layer in 0..plan.layers.len() {
                if plan.layers[layer].states.is_some() {
                    for memory in plan.memories_of(layer) {
                        self.watch_because(edge, layer, memory, now, because);
                    }
                }
            }
        }
    }
}
