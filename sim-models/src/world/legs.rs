//! Legs: the tries that a policy has out beside each other.
//!
//! A leg is a frame that carries the policies inside the one that has it out (its owner's), and one attempt. The
//! legs of an owner are linked, the last to begin first.

use super::event::Event;
use super::frame::{Frame, FrameId, State, flag};
use super::state::World;
use crate::ids::{CodeId, InstanceId};
use crate::outcome::{Ending, Outcome};
use crate::plan::EdgePlan;
use crate::resilience::Ended;
use sim_core::agenda::{Agenda, EventId};
use sim_core::random::mix;

/// Draws of a call that is made instead of another one.
const ELSEWHERE: u64 = 0x454C_5345_0000_0000;

impl<'p> World<'p> {
    /// One more try of all that is inside a policy begins.
    #[cold]
    pub(super) fn begin_leg(&mut self, owner: u32, plan: &EdgePlan, layer: usize) -> u32 {
        let leg = self.link_leg(owner, layer);
        let base = layer + 1;
        let carried = plan.carried(base);
        let slots = if carried.is_empty() {
            u32::MAX
        } else {
            self.slots.take(carried)
        };
        let frame = &mut self.frames[leg];
        frame.base = base as u8;
        frame.layers = slots.wrapping_sub(base as u32);
        leg
    }

    /// What tells the draws of a leg from those of the others of its call; nothing for the first one.
    #[cold]
    pub(super) fn path_of(&self, index: u32) -> u64 {
        let (mut at, mut path) = (index, 0);
        while let Some(owner) = self.owner(at) {
            let frame = &self.frames[at];
            if frame.attempt() > 0 {
                path = mix(path ^ u64::from(frame.attempt()), u64::from(frame.need) + 1);
            }
            at = owner;
        }
        path
    }

    /// A copy of a frame that calls becomes the first of its legs.
    fn link_leg(&mut self, owner: u32, layer: usize) -> u32 {
        let id = self.frames.id(owner);
        let next = self.first_leg(owner).unwrap_or(u32::MAX);
        let leg = self.frames.duplicate(owner);
        let slot = self.slot(owner, layer);
        let number = slot.legs;
        slot.legs = number.saturating_add(1);
        let frame = &mut self.frames[leg.index];
        frame.state = State::Leg;
        frame.pc = CodeId::new(u32::from(number));
        frame.parent = id;
        frame.need = layer as u16;
        frame.timer = EventId::NONE;
        frame.expiry = EventId::NONE;
        frame.child = FrameId::NONE;
        frame.callee_instance = InstanceId::NONE;
        frame.flags &= flag::COUNTED | flag::TRACED | flag::ABANDONED;
        frame.next = next;
        frame.previous = u32::MAX;
        if next != u32::MAX {
            self.frames[next].previous = leg.index;
        }
        self.frames[owner].child = leg;
        self.follow(leg, id);
        leg.index
    }

    /// Another target of a policy is asked: a call of its own, which answers for the one that its owner makes.
    #[cold]
    pub(super) fn begin_elsewhere(
        &mut self,
        owner: u32,
        plan: &'p EdgePlan,
        layer: usize,
        target: u8,
        agenda: &Agenda<Event>,
    ) -> u32 {
        let (edge, endpoint) = plan.layers[layer].targets[usize::from(target)];
        let other = &self.plan.edges[edge];
        let path = self.path(owner, layer);
        let leg = self.link_leg(owner, layer);
        let slots = if other.layers.is_empty() {
            u32::MAX
        } else {
            self.slots.take(other.carried(0))
        };
        let frame = &mut self.frames[leg];
        frame.key = mix(mix(frame.call_key(), path), ELSEWHERE ^ u64::from(target));
        frame.edge = edge;
        frame.callee_endpoint = endpoint;
        frame.layers = slots;
        frame.base = 0;
        frame.attempts = 0;
        frame.draws = 0;
        frame.mark = agenda.now();
        let counted = frame.is(flag::COUNTED);
        self.recorder.call_began(edge, counted);
        if self.frames[leg].is(flag::TRACED) {
            let name = self.endpoint_name(endpoint);
            self.tell(leg, agenda.now(), || format!("asks {name} instead"));
        }
        leg
    }

    /// A leg has its result: its owner goes on, at the policy that had it out. Which, and which of its tries
    /// it was; none if it asked another target.
    #[cold]
    pub(super) fn end_leg(
        &mut self,
        leg: u32,
        outcome: Outcome,
        agenda: &Agenda<Event>,
    ) -> (u32, usize, Option<u16>) {
        let plan = self.edge_of(leg);
        let Frame {
            parent,
            base,
            need,
            pc,
            ..
        } = self.frames[leg];
        let instead = self.is_call(leg);
        if instead {
            self.call_over(leg, outcome, agenda);
        }
        let base = usize::from(base);
        let carried = plan.carried(base).len();
        if carried > 0 {
            let first = self.frames[leg].slot(base);
            self.slots.give_back(first as u32, carried);
        }
        self.frames.unlink(parent.index, leg);
        self.frames.remove(leg);
        (
            parent.index,
            usize::from(need),
            (!instead).then_some(pc.number() as u16),
        )
    }

    /// Which of all tries of a policy in a call comes next: its number, and those of the tries that it is part of.
    fn path(&self, owner: u32, layer: usize) -> u64 {
        let slot = &self.slots.slots[self.frames[owner].slot(layer)];
        let mut path = u64::from(slot.legs) | (layer as u64) << 32;
        let mut at = owner;
        while let Some(next) = self.outer(at) {
            let Frame { pc, need, .. } = self.frames[at];
            path = mix(path, u64::from(pc) | u64::from(need) << 32);
            at = next;
        }
        path
    }

    /// Whether a leg is a further try of its call, or part of one.
    pub(super) fn is_further(&self, index: u32) -> bool {
        let mut at = index;
        while let Some(next) = self.outer(at) {
            if self.frames[at].attempt() > 0 {
                return true;
            }
            at = next;
        }
        false
    }

    /// The frame that makes the call which a leg is part of; itself, if it is none.
    #[inline]
    pub(super) fn call_of(&self, index: u32) -> u32 {
        let mut at = index;
        while let Some(owner) = self.outer(at) {
            at = owner;
        }
        at
    }

    /// The frame that carries the next policies outside of a leg, in the same call.
    #[inline]
    fn outer(&self, index: u32) -> Option<u32> {
        if self.is_call(index) {
            return None;
        }
        self.owner(index)
    }

    /// Whether the callees of a leg are told by a call outside that it is given up.
    pub(super) fn owner_tells_cancellation(&self, index: u32) -> bool {
        let mut at = index;
        while let Some(owner) = self.owner(at) {
            if self.edge_of(owner).tells_cancellation {
                return true;
            }
            at = owner;
        }
        false
    }

    /// Whether a frame that calls is a call of its own, and not another try of one.
    pub(super) fn is_call(&self, index: u32) -> bool {
        self.frames[index].base == 0
    }

    /// The frame that has this one out as a leg, if it is one.
    pub(super) fn owner(&self, index: u32) -> Option<u32> {
        let frame = &self.frames[index];
        (frame.state == State::Leg).then_some(frame.parent.index)
    }

    /// The leg of a frame that began last.
    fn first_leg(&self, owner: u32) -> Option<u32> {
        let child = self.frames.alive(self.frames[owner].child)?;
        (self.frames[child].state == State::Leg).then_some(child)
    }

    /// How many legs of a frame are out.
    pub(super) fn legs_out(&self, owner: u32) -> u32 {
        self.frames.linked(self.first_leg(owner)).count() as u32
    }

    /// Nobody waits any longer for the legs of a frame.
    #[cold]
    pub(super) fn give_up_legs(&mut self, owner: u32, ended: &Ended, agenda: &mut Agenda<Event>) {
        // Where one of the tries has settled it, the rest are taken back; where time is up for all, so it is for each.
        let ending = if ended.given_up {
            ended.ending
        } else {
            Ending::at(Outcome::Cancelled, ended.ending.origin)
        };
        while let Some(leg) = self.first_leg(owner) {
            let plan = self.edge_of(leg);
            let base = usize::from(self.frames[leg].base);
            let ended = self.given_up(leg, ending);
            self.abandon(leg, plan, base, &ended, agenda);
            self.end_leg(leg, ending.outcome, agenda);
        }
    }

    /// An attempt goes to an instance: the last one that its call has asked, and every policy that has it out.
    #[inline]
    pub(super) fn note_callee(&mut self, index: u32, callee: InstanceId) {
        let mut at = index;
        self.frames[at].callee_instance = callee;
        while let Some(owner) = self.outer(at) {
            at = owner;
            self.frames[at].callee_instance = callee;
        }
    }

    /// Attempts of the call that a frame carries, or a try of it.
    pub(super) fn attempts_of(&self, index: u32) -> u16 {
        self.frames[self.call_of(index)].attempts
    }

    /// One more attempt of a call begins: it is counted where the call is, and its number is that of the leg.
    #[inline]
    pub(super) fn count_attempt(&mut self, index: u32) {
        let at = self.call_of(index);
        let attempts = self.frames[at].attempts.saturating_add(1);
        self.frames[at].attempts = attempts;
        self.frames[index].attempts = attempts;
    }
}
