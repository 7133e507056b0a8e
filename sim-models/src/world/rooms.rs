//! Calls that are parked at the memory of a policy until somebody who leaves it wakes them.

use super::drive::Way;
use super::edge::{Parked, Stage};
use super::event::Event;
use super::state::World;
use super::waiting_room::WaitingRoom;
use crate::ids::EdgeId;
use crate::plan::EdgePlan;
use crate::resilience::{Do, Ended};
use sim_core::agenda::Agenda;

impl<'p> World<'p> {
    /// A call waits in the room of a policy.
    #[cold]
    pub(super) fn park(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        agenda: &Agenda<Event>,
    ) -> Way {
        self.tell(index, agenda.now(), || {
            format!("waits at {}", plan.layers[layer].spec.name())
        });
        self.tickets = self.tickets.wrapping_add(1);
        let parked = Parked {
            frame: self.frames.id(index),
            layer: layer as u16,
            ticket: self.tickets,
        };
        let slot = self.slot(index, layer);
        slot.stage = Stage::Parked;
        slot.ticket = parked.ticket;
        if self.room(index, plan, layer).enter(parked) {
            self.clear_room(index, plan, layer);
        }
        Way::Stay
    }

    fn room(&mut self, index: u32, plan: &EdgePlan, layer: usize) -> &mut WaitingRoom<Parked> {
        let memory = self.memory_of(index, &plan.layers[layer]);
        &mut self.edges[self.frames[index].edge].rooms[memory]
    }

    #[cold]
    fn clear_room(&mut self, index: u32, plan: &EdgePlan, layer: usize) {
        let mut queue = std::mem::take(&mut self.room(index, plan, layer).queue);
        self.work += queue.len() as u64;
        queue.retain(|parked| self.is_parked(parked));
        self.room(index, plan, layer).queue = queue;
    }

    /// Whether a call still waits where it was parked. No two parkings have one ticket.
    fn is_parked(&self, parked: &Parked) -> bool {
        let layer = usize::from(parked.layer);
        self.frames.alive(parked.frame).is_some_and(|index| {
            self.is_at(index, layer) && {
                let slot = &self.slots.slots[self.frames[index].slot(layer)];
                slot.stage == Stage::Parked && slot.ticket == parked.ticket
            }
        })
    }

    /// A call is parked no longer.
    pub(super) fn unpark(&mut self, index: u32, plan: &EdgePlan, layer: usize) {
        self.room(index, plan, layer).waiting -= 1;
        self.slot(index, layer).stage = Stage::Outside;
    }

    /// Wakes as many as were parked at the memory that a call of `index` has left.
    #[cold]
    pub(super) fn wake(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        count: u32,
        agenda: &mut Agenda<Event>,
    ) {
        let edge = self.frames[index].edge;
        let memory = self.memory_of(index, &plan.layers[layer]);
        self.wake_at(edge, memory, layer, count, agenda);
    }

    /// Wakes as many as are parked at a memory of an edge's policy.
    pub(super) fn wake_at(
        &mut self,
        edge: EdgeId,
        memory: usize,
        layer: usize,
        count: u32,
        agenda: &mut Agenda<Event>,
    ) {
        let plan: &'p EdgePlan = &self.plan.edges[edge];
        let last_first = plan.layers[layer].spec.last_first();
        for _ in 0..count {
            let parked = loop {
                let queue = &mut self.edges[edge].rooms[memory].queue;
                let next = match last_first {
                    true => queue.pop_back(),
                    false => queue.pop_front(),
                };
                let Some(parked) = next else {
                    return;
                };
                if self.is_parked(&parked) {
                    break parked;
                }
            };
            let next = parked.frame;
            let answer = self.ask_policy(
                next.index,
                plan,
                layer,
                agenda.now(),
                |spec, memory, call, context| spec.on_wake(memory, call, context),
            );
            if matches!(answer, Do::Park(_)) {
                let queue = &mut self.edges[edge].rooms[memory].queue;
                match last_first {
                    true => queue.push_back(parked),
                    false => queue.push_front(parked),
                }
                return;
            }
            self.clear_timer(next.index, layer, agenda);
            self.unpark(next.index, plan, layer);
            let stage = match answer {
                Do::Pass => Stage::Woken,
                Do::PassFor(span) => {
                    self.set_timer(next.index, layer, false, span, agenda);
                    Stage::Woken
                }
                Do::Wait(span) => {
                    self.set_timer(next.index, layer, false, span, agenda);
                    Stage::Waiting
                }
                Do::End(ending, last) => {
                    self.tell(next.index, agenda.now(), || {
                        let name = plan.layers[layer].spec.name();
                        format!("{name} answers: {}", ending.outcome.name())
                    });
                    self.frames[next.index].ending = ending.or_at(plan.caller);
                    Stage::Turned(last)
                }
                _ => unreachable!("no answer to a call that is woken: {answer:?}"),
            };
            self.slot(next.index, layer).stage = stage;
            if stage != Stage::Waiting {
                self.now_next.push(Event::Woken {
                    frame: next,
                    layer: layer as u16,
                });
            }
        }
    }

    /// A call that was woken goes on.
    #[cold]
    pub(super) fn woken(&mut self, index: u32, layer: usize, agenda: &mut Agenda<Event>) {
        let plan = self.edge_of(index);
        if !self.is_at(index, layer) {
            return;
        }
        let way = match self.slot(index, layer).stage {
            Stage::Woken => self.let_in(index, plan, layer),
            Stage::Turned(last) => {
                self.slot(index, layer).stage = Stage::Outside;
                let ended = Ended {
                    ending: self.frames[index].ending,
                    last,
                    ..Ended::default()
                };
                Way::Out(layer, ended)
            }
            // It has been given up meanwhile.
            _ => return,
        };
        self.drive(index, way, agenda);
    }
}
