//! The caller's side of a call: its attempts, their answers, and giving up.

use super::drive::Way;
use super::event::Event;
use super::frame::{Frame, FrameId, State, flag};
use super::state::World;
use crate::ids::{EdgeId, EndpointId, InstanceId};
use crate::outcome::{Ending, Outcome};
use crate::plan::{EdgePlan, Instruction};
use crate::resilience::{Ended, Final, Load};
use sim_core::SimTime;
use sim_core::agenda::Agenda;
use sim_core::random::mix;

impl<'p> World<'p> {
    /// The edge of a frame's current call.
    #[inline]
    pub(super) fn edge_of(&self, index: u32) -> &'p EdgePlan {
        &self.plan.edges[self.frames[index].edge]
    }

    /// A frame begins a call.
    #[inline]
    pub(super) fn begin_call(
        &mut self,
        index: u32,
        edge: EdgeId,
        endpoint: EndpointId,
        agenda: &mut Agenda<Event>,
    ) {
        let plan: &'p EdgePlan = &self.plan.edges[edge];
        let layers = if plan.layers.is_empty() {
            u32::MAX
        } else {
            self.slots.take(plan.carried(0))
        };
        let frame = &mut self.frames[index];
        frame.edge = edge;
        frame.callee_endpoint = endpoint;
        frame.layers = layers;
        frame.attempts = 0;
        frame.callee_instance = InstanceId::NONE;
        frame.draws += 1;
        frame.mark = agenda.now();
        frame.state = State::Calling;
        let counted = frame.is(flag::COUNTED);
        self.recorder.call_began(edge, counted);
        if self.frames[index].is(flag::TRACED) {
            let name = self.endpoint_name(endpoint);
            self.tell(index, agenda.now(), || format!("calls {name}"));
        }
        self.drive(index, Way::In(0), agenda);
    }

    /// Sends an attempt; a result if there is no time left for it.
    #[inline]
    pub(super) fn send_attempt(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        agenda: &mut Agenda<Event>,
    ) -> Option<Ending> {
        let now = agenda.now();
        if self.frames[index].deadline <= now {
            return Some(Ending::at(Outcome::TimeoutDeadline, plan.callee.into()));
        }
        self.count_attempt(index);
        let frame = &self.frames[index];
        let Frame {
            edge,
            instance,
            attempts,
            deadline,
            callee_endpoint,
            mark: began,
            ..
        } = *frame;
        // What is let in at a door is the request that has come.
        let key = if plan.door {
            frame.key
        } else {
            mix(frame.call_key(), u64::from(attempts))
        };
        let deadline = if plan.tells_deadline || self.frames[index].state == State::Leg {
            deadline.min(self.told_deadline(index, plan))
        } else {
            deadline
        };
        let callee = if plan.door {
            instance
        } else if plan.picks_at != EdgePlan::LATE {
            self.frames[index].callee_instance
        } else {
            self.pick(plan, index, key, now)
        };
        self.count_out(index, plan, callee.offset_from(plan.first_callee), now);
        let frame = &self.frames[index];
        let (depth, workload, flags) = (frame.depth, frame.workload, frame.flags);
        let parent = self.frames.id(index);
        self.recorder.attempt_sent(
            edge,
            workload,
            (attempts, began),
            flags & flag::COUNTED != 0,
            plan.door,
        );
        let child = self.frames.add();
        let frame = &mut self.frames[child.index];
        frame.key = key;
        frame.deadline = deadline;
        frame.parent = parent;
        frame.instance = callee;
        frame.in_edge = edge;
        frame.endpoint = callee_endpoint;
        frame.pc = self.plan.endpoints[callee_endpoint].entry;
        frame.depth = depth.saturating_add(1);
        frame.workload = workload;
        frame.flags = flags & (flag::COUNTED | flag::TRACED | flag::ABANDONED);
        frame.state = State::InTransit;
        self.frames.load(child.index, self.frames.baggage(index));
        self.frames[index].child = child;
        self.note_callee(index, callee);
        self.follow(child, self.frames.id(index));
        self.tell(index, now, || format!("sends attempt {attempts}"));
        if plan.door {
            self.now_next.push(Event::Deliver(child));
            return None;
        }
        let link = self.link(edge, instance, callee, true);
        self.transmit(link, child.index, Event::Deliver(child), agenda);
        None
    }

    /// An attempt of this frame's call is no longer out.
    #[inline]
    fn attempt_over(&mut self, index: u32, outcome: Outcome, answer: Option<Load>, now: SimTime) {
        let frame = &mut self.frames[index];
        frame.child = FrameId::NONE;
        let (edge, workload, attempts) = (frame.edge, frame.workload, frame.attempts);
        let counted = frame.is(flag::COUNTED);
        self.recorder
            .attempt_ended(edge, workload, attempts, outcome, counted);
        let plan = &self.plan.edges[edge];
        self.tell_balancer(index, plan, outcome, answer, now);
    }

    /// An answer reaches its caller, if the caller still waits for it.
    #[inline]
    pub(super) fn answer(&mut self, event: Event, id: FrameId, agenda: &mut Agenda<Event>) {
        let Some(child) = self.frames.alive(id) else {
            return;
        };
        let Frame {
            parent,
            ending,
            mark,
            ..
        } = self.frames[child];
        let caller = self.frames.alive(parent);
        if let Some(caller) = caller {
            let instance = &mut self.instances[self.frames[caller].instance];
            if instance.frozen > 0 {
                instance.inbox.push_back(event);
                return;
            }
        }
        let callee = self.frames[child].instance;
        self.frames.remove(child);
        let Some(index) = caller else { return };
        if self.frames[index].child != id || !self.frames[index].calls() {
            return;
        }
        // An answer carries what it says of coming again, and of the load.
        let last = Final::from_bits(mark.0 as u32);
        let load = Load::from_bits((mark.0 >> 32) as u8);
        self.attempt_over(index, ending.outcome, Some(load), agenda.now());
        self.tell(index, agenda.now(), || match last.span() {
            None if last.forbids() => {
                format!("answer: {}, do not come again", ending.outcome.name())
            }
            None => format!("answer: {}", ending.outcome.name()),
            Some(span) => format!("answer: {}, come again in {span}", ending.outcome.name()),
        });
        let plan = self.edge_of(index);
        let ended = Ended {
            ending,
            last,
            load,
            callee: (callee.offset_from(plan.first_callee)) as u16,
            ..Ended::default()
        };
        self.drive(index, Way::Out(plan.layers.len(), ended), agenda);
    }

    /// The attempt that is out, if one is, is not waited for any longer.
    pub(super) fn give_up_attempt(
        &mut self,
        index: u32,
        plan: &EdgePlan,
        outcome: Outcome,
        agenda: &mut Agenda<Event>,
    ) {
        let Frame {
            child,
            edge,
            instance,
            callee_instance,
            ..
        } = self.frames[index];
        if child == FrameId::NONE {
            return;
        }
        self.attempt_over(index, outcome, None, agenda.now());
        if let Some(callee) = self.frames.alive(child) {
            self.mark_abandoned(callee);
            if plan.door {
                self.now_next.push(Event::Withdraw(child));
            } else if plan.tells_cancellation || self.owner_tells_cancellation(index) {
                let link = self.link(edge, instance, callee_instance, true);
                self.transmit(link, callee, Event::Withdraw(child), agenda);
            }
        }
    }

    /// Nobody waits for this frame any longer, nor for what it led to. It does not know.
    fn mark_abandoned(&mut self, index: u32) {
        let mut rest = std::mem::take(&mut self.marking);
        rest.push(index);
        while let Some(index) = rest.pop() {
            self.frames[index].flags |= flag::ABANDONED;
            let Frame { state, child, .. } = self.frames[index];
            let mut next = match state {
                State::Calling | State::Leg | State::Forked => self.frames.alive(child),
                _ => None,
            };
            while let Some(child) = next {
                rest.push(child);
                let Frame {
                    state: below,
                    next: after,
                    ..
                } = self.frames[child];
                // Branches and legs are linked to each other; an attempt stands alone, or in a queue.
                let linked = state == State::Forked || below == State::Leg;
                next = (linked && after != u32::MAX).then_some(after);
            }
        }
        self.marking = rest;
    }

    /// A frame gives its call up altogether.
    pub(super) fn abandon_call(
        &mut self,
        index: u32,
        outcome: Outcome,
        agenda: &mut Agenda<Event>,
    ) {
        let plan = self.edge_of(index);
        let ended = self.given_up(index, Ending::at(outcome, plan.callee.into()));
        self.abandon(index, plan, 0, &ended, agenda);
        self.end_call(index, plan, outcome, agenda);
    }

    #[inline]
    fn end_call(&mut self, index: u32, plan: &EdgePlan, outcome: Outcome, agenda: &Agenda<Event>) {
        let frame = self.frames[index];
        if !plan.layers.is_empty() {
            self.slots.give_back(frame.layers, plan.carried(0).len());
        }
        self.call_over(index, outcome, agenda);
    }

    /// Counts a call that ends.
    #[inline]
    pub(super) fn call_over(&mut self, index: u32, outcome: Outcome, agenda: &Agenda<Event>) {
        let frame = &self.frames[index];
        let took = agenda.now().since(frame.mark);
        let (edge, counted) = (frame.edge, frame.is(flag::COUNTED));
        if self.plan.edges[edge].avoids {
            self.tried.forget(index);
        }
        self.recorder.call_ended(edge, took, outcome, counted);
    }

    /// A call has its result: the caller goes on with its program, or fails.
    #[inline]
    pub(super) fn call_done(
        &mut self,
        index: u32,
        ending: Ending,
        last: Final,
        agenda: &mut Agenda<Event>,
    ) {
        let plan = self.edge_of(index);
        self.end_call(index, plan, ending.outcome, agenda);
        if plan.door {
            return self.pass_the_door(index, ending, last, agenda);
        }
        let frame = &mut self.frames[index];
        if frame.is(flag::ROOT) {
            return self.request_done(index, ending, agenda);
        }
        let optional = matches!(
            self.plan.code[frame.pc.back(1)],
            Instruction::Call { optional: true, .. }
        );
        if ending.outcome == Outcome::Degraded || (optional && !ending.outcome.is_success()) {
            frame.flags |= flag::DEGRADED;
        }
        frame.state = State::Running;
        if ending.outcome.is_success() || optional {
            let id = self.frames.id(index);
            self.now_next.push(Event::Continue(id));
        } else {
            self.finish(index, failed_dependency(ending), agenda);
        }
    }
}

/// What a caller answers when a call that it needs has failed: an error of its own, that began there.
pub(super) fn failed_dependency(ending: Ending) -> Ending {
    let late = matches!(
        ending.outcome,
        Outcome::TimeoutAttempt | Outcome::TimeoutDeadline
    );
    Ending {
        outcome: Outcome::Error,
        status: if late { 504 } else { 502 },
        ..ending
    }
}
