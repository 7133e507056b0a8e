//! The caller's side of a call: its policies, its attempts, their answers, and giving up.
//!
//! A call is driven inwards through its policies until an attempt is sent or one of them refuses, and
//! outwards with a result until it is done or one of them tries again.

use super::event::Event;
use super::frame::{Frame, FrameId, State, flag};
use super::state::World;
use super::story::rounded;
use crate::outcome::{Outcome, Verdict};
use crate::plan::{EdgePlan, Instruction};
use crate::resilience::{CallState, Context, Decision, Final, Reaction};
use sim_core::SimTime;
use sim_core::agenda::{Agenda, EventId};
use sim_core::random::mix;

/// Which way a call is being driven.
enum Way {
    /// Inwards: this policy is next.
    In(usize),
    /// Outwards with a result: so many policies are still outside.
    Out(usize, Verdict, Final),
}

impl<'p> World<'p> {
    /// A frame begins a call.
    #[inline]
    pub(super) fn begin_call(
        &mut self,
        index: u32,
        edge: u32,
        endpoint: u32,
        agenda: &mut Agenda<Event>,
    ) {
        let plan: &'p EdgePlan = &self.plan.edges[edge as usize];
        let layers = if plan.layers.is_empty() {
            u32::MAX
        } else {
            self.slots.take(plan)
        };
        let frame = &mut self.frames[index];
        frame.edge = edge;
        frame.callee_endpoint = endpoint;
        frame.layers = layers;
        frame.attempts = 0;
        frame.draws += 1;
        frame.mark = agenda.now();
        frame.state = State::Calling;
        let counted = frame.is(flag::COUNTED);
        self.recorder.call_began(edge as usize, counted);
        if self.frames[index].is(flag::TRACED) {
            let name = self.endpoint_name(endpoint);
            self.tell(index, agenda.now(), || format!("calls {name}"));
        }
        self.drive(index, Way::In(0), agenda);
    }

    fn drive(&mut self, index: u32, mut way: Way, agenda: &mut Agenda<Event>) {
        let edge = self.frames[index].edge;
        let plan: &'p EdgePlan = &self.plan.edges[edge as usize];
        loop {
            way = match way {
                Way::In(layer) if layer == plan.layers.len() => {
                    match self.send_attempt(index, plan, agenda) {
                        None => return,
                        Some(verdict) => Way::Out(layer, verdict, Final::Yes),
                    }
                }
                Way::In(layer) => match self.inwards(index, plan, layer, agenda) {
                    None => Way::In(layer + 1),
                    Some((verdict, last)) => Way::Out(layer, verdict, last),
                },
                Way::Out(0, verdict, _) => return self.call_done(index, verdict, agenda),
                Way::Out(outside, verdict, last) => {
                    match self.outwards(index, plan, outside - 1, (verdict, last), agenda) {
                        None => return,
                        Some(way) => way,
                    }
                }
            };
        }
    }

    /// Asks a policy on the way in; a result if it refuses.
    #[inline]
    fn inwards(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        agenda: &mut Agenda<Event>,
    ) -> Option<(Verdict, Final)> {
        let edge = self.frames[index].edge as usize;
        if let Some(lane) = self.edges[edge].lanes[layer] {
            let event = self.policy_timer_event(index, layer, false);
            let timer = agenda.schedule_lane(lane, event);
            self.slots.slots[self.frames[index].layers as usize + layer].timer = timer;
            return None;
        }
        let decision = self.ask_policy(
            index,
            plan,
            layer,
            agenda.now(),
            |spec, memory, call, context| spec.on_send(memory, call, context),
        );
        match decision {
            Decision::Proceed => None,
            Decision::ProceedFor(span) => {
                let event = self.policy_timer_event(index, layer, false);
                let timer = agenda.schedule_after(span, event);
                self.slots.slots[self.frames[index].layers as usize + layer].timer = timer;
                None
            }
            Decision::Refuse(mut verdict, last) => {
                if verdict.outcome == Outcome::BreakerOpen {
                    verdict.origin = plan.caller as u16;
                }
                self.tell(index, agenda.now(), || {
                    format!(
                        "{} lets nothing through: {}",
                        plan.layers[layer].spec.name(),
                        verdict.outcome.name()
                    )
                });
                Some((verdict, last))
            }
        }
    }

    #[inline]
    fn policy_timer_event(&self, index: u32, layer: usize, again: bool) -> Event {
        Event::PolicyTimer {
            frame: self.frames.id(index),
            layer: layer as u16,
            again,
        }
    }

    /// Asks a policy on the way out; none if it waits before it tries again.
    #[inline]
    fn outwards(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        (verdict, last): (Verdict, Final),
        agenda: &mut Agenda<Event>,
    ) -> Option<Way> {
        let slot = &mut self.slots.slots[self.frames[index].layers as usize + layer];
        agenda.cancel(slot.timer);
        slot.timer = EventId::NONE;
        slot.overdue = false;
        if plan.layers[layer].spec.ignores(verdict.outcome) {
            return Some(Way::Out(layer, verdict, last));
        }
        let reaction = self.ask_policy(
            index,
            plan,
            layer,
            agenda.now(),
            |spec, memory, call, context| spec.on_result(memory, call, (verdict, last), context),
        );
        match reaction {
            Reaction::Pass => Some(Way::Out(layer, verdict, last)),
            Reaction::Replace(other) => Some(Way::Out(layer, other, last)),
            Reaction::Again(span) => {
                self.tell(index, agenda.now(), || {
                    format!(
                        "{}: tries again in {}",
                        verdict.outcome.name(),
                        rounded(span)
                    )
                });
                if span.0 == 0 {
                    return Some(Way::In(layer + 1));
                }
                let event = self.policy_timer_event(index, layer, true);
                let slot = &mut self.slots.slots[self.frames[index].layers as usize + layer];
                slot.timer = agenda.schedule_after(span, event);
                None
            }
        }
    }

    /// Asks a policy about a call.
    #[inline]
    fn ask_policy<R>(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        now: SimTime,
        ask: impl FnOnce(
            &crate::resilience::PolicySpec,
            &mut crate::resilience::Memory,
            &mut CallState,
            &mut Context,
        ) -> R,
    ) -> R {
        let frame = &self.frames[index];
        let state = &mut self.edges[frame.edge as usize];
        let policy = &plan.layers[layer];
        let own = if policy.shared {
            0
        } else {
            self.plan.instances[frame.instance as usize].number
        };
        let counters = policy.counters as usize;
        let mut context = Context {
            now,
            attempts: u32::from(frame.attempts),
            key: call_key(frame).wrapping_add((layer as u64 + 1) << 32),
            counters: &mut state.counters[counters..counters + policy.spec.counters().len()],
        };
        ask(
            &policy.spec,
            &mut state.memories[(policy.memory + own) as usize],
            &mut self.slots.slots[frame.layers as usize + layer].state,
            &mut context,
        )
    }

    /// Sends an attempt; a result if there is no time left for it.
    #[inline]
    fn send_attempt(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        agenda: &mut Agenda<Event>,
    ) -> Option<Verdict> {
        let now = agenda.now();
        let frame = &mut self.frames[index];
        if frame.deadline <= now {
            let outcome = Outcome::TimeoutDeadline;
            return Some(Verdict {
                outcome,
                cause: outcome,
                origin: plan.callee as u16,
                status: 0,
            });
        }
        frame.attempts = frame.attempts.saturating_add(1);
        let Frame {
            edge,
            instance,
            attempts,
            deadline,
            callee_endpoint,
            mark: began,
            ..
        } = *frame;
        let key = mix(call_key(frame), u64::from(attempts));
        let mut deadline = deadline;
        if plan.propagates {
            let slots = &self.slots.slots[frame.layers as usize..];
            for (slot, layer) in slots.iter().zip(&plan.layers) {
                if let CallState::Deadline(until) = slot.state
                    && layer.propagates
                {
                    deadline = deadline.min(until);
                }
            }
        }
        let callee = self.pick(plan, (edge, instance), key);
        let frame = &self.frames[index];
        let (depth, workload, flags) = (frame.depth, frame.workload, frame.flags);
        let parent = self.frames.id(index);
        self.recorder.attempt_sent(
            edge as usize,
            usize::from(workload),
            (attempts, began),
            flags & flag::COUNTED != 0,
        );
        let child = self.frames.add();
        let frame = &mut self.frames[child.index];
        frame.key = key;
        frame.deadline = deadline;
        frame.parent = parent;
        frame.instance = callee;
        frame.in_edge = edge;
        frame.endpoint = callee_endpoint;
        frame.pc = self.plan.endpoints[callee_endpoint as usize].entry;
        frame.depth = depth.saturating_add(1);
        frame.workload = workload;
        frame.flags = flags & (flag::COUNTED | flag::TRACED | flag::ABANDONED);
        frame.state = State::InTransit;
        self.frames[index].child = child;
        self.frames[index].callee_instance = callee;
        self.follow(child, self.frames.id(index));
        self.tell(index, now, || format!("sends attempt {attempts}"));
        let link = self.link(edge, instance, callee, true);
        self.transmit(link, child.index, Event::Deliver(child), agenda);
        None
    }

    /// An attempt of this frame's call is no longer out.
    #[inline]
    fn attempt_over(&mut self, index: u32, outcome: Outcome) {
        let frame = &mut self.frames[index];
        frame.child = FrameId::NONE;
        let frame = *frame;
        self.recorder.attempt_ended(
            frame.edge as usize,
            frame.attempts,
            outcome,
            frame.is(flag::COUNTED),
        );
        let state = &mut self.edges[frame.edge as usize];
        if !state.outstanding.is_empty() {
            let callees = &self.plan.places[self.plan.edges[frame.edge as usize].callee as usize];
            let own = self.plan.instances[frame.instance as usize].number;
            let number = frame.callee_instance - callees.first_instance;
            state.outstanding[(own * callees.instance_count + number) as usize] -= 1;
        }
    }

    /// An answer reaches its caller, if the caller still waits for it.
    #[inline]
    pub(super) fn answer(&mut self, event: Event, id: FrameId, agenda: &mut Agenda<Event>) {
        let Some(child) = self.frames.alive(id) else {
            return;
        };
        let Frame {
            parent, verdict, ..
        } = self.frames[child];
        let caller = self.frames.alive(parent);
        if let Some(caller) = caller {
            let instance = &mut self.instances[self.frames[caller].instance as usize];
            if instance.frozen > 0 {
                instance.inbox.push_back(event);
                return;
            }
        }
        self.frames.remove(child);
        let Some(index) = caller else { return };
        if self.frames[index].child != id || self.frames[index].state != State::Calling {
            return;
        }
        self.attempt_over(index, verdict.outcome);
        self.tell(index, agenda.now(), || {
            format!("answer: {}", verdict.outcome.name())
        });
        let layers = self.plan.edges[self.frames[index].edge as usize]
            .layers
            .len();
        self.drive(index, Way::Out(layers, verdict, Final::No), agenda);
    }

    /// The timer of a policy runs out. An instance that stands still sees it when it wakes.
    pub(super) fn timer(
        &mut self,
        id: FrameId,
        layer: u16,
        again: bool,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(index) = self.frames.alive(id) else {
            return;
        };
        let frame = &self.frames[index];
        let instance = &mut self.instances[frame.instance as usize];
        if instance.frozen > 0 {
            self.slots.slots[frame.layers as usize + usize::from(layer)].overdue = true;
            instance.inbox.push_back(Event::Overdue {
                frame: id,
                layer,
                again,
            });
        } else {
            self.policy_timer(index, usize::from(layer), again, agenda);
        }
    }

    /// An instance that has stood still sees that a timer ran out meanwhile, unless what it saw
    /// before (an answer) has ended the attempt, or the call.
    pub(super) fn overdue(
        &mut self,
        id: FrameId,
        layer: u16,
        again: bool,
        agenda: &mut Agenda<Event>,
    ) {
        let Some(index) = self.frames.alive(id) else {
            return;
        };
        let (frame, layer) = (&self.frames[index], usize::from(layer));
        if frame.state == State::Calling
            && layer < self.plan.edges[frame.edge as usize].layers.len()
            && self.slots.slots[frame.layers as usize + layer].overdue
        {
            self.policy_timer(index, layer, again, agenda);
        }
    }

    /// The timer of a policy runs out: a backoff is over, or time is up.
    fn policy_timer(&mut self, index: u32, layer: usize, again: bool, agenda: &mut Agenda<Event>) {
        let frame = &self.frames[index];
        let plan: &'p EdgePlan = &self.plan.edges[frame.edge as usize];
        let slot = &mut self.slots.slots[frame.layers as usize + layer];
        slot.timer = EventId::NONE;
        slot.overdue = false;
        if again {
            return self.drive(index, Way::In(layer + 1), agenda);
        }
        let mut verdict = self.ask_policy(
            index,
            plan,
            layer,
            agenda.now(),
            |spec, memory, call, context| spec.on_timer(memory, call, context),
        );
        verdict.origin = plan.callee as u16;
        self.tell(index, agenda.now(), || {
            format!(
                "{} expires: {}",
                plan.layers[layer].spec.name(),
                verdict.outcome.name()
            )
        });
        self.abandon_layers(index, plan, layer + 1, verdict, agenda);
        self.give_up_attempt(index, plan, verdict.outcome, agenda);
        self.drive(index, Way::Out(layer, verdict, Final::No), agenda);
    }

    /// Policies from `first` inwards are told that what is in them is given up.
    fn abandon_layers(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        first: usize,
        verdict: Verdict,
        agenda: &mut Agenda<Event>,
    ) {
        for layer in first..plan.layers.len() {
            let slot = &mut self.slots.slots[self.frames[index].layers as usize + layer];
            agenda.cancel(slot.timer);
            slot.timer = EventId::NONE;
            slot.overdue = false;
            self.ask_policy(
                index,
                plan,
                layer,
                agenda.now(),
                |spec, memory, call, context| {
                    spec.on_abandon(memory, call, verdict, context);
                },
            );
        }
    }

    /// The attempt that is out, if one is, is not waited for any longer.
    fn give_up_attempt(
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
        self.attempt_over(index, outcome);
        if let Some(callee) = self.frames.alive(child) {
            self.mark_abandoned(callee);
            if plan.cancels {
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
                State::Calling | State::Forked => self.frames.alive(child),
                _ => None,
            };
            while let Some(child) = next {
                rest.push(child);
                let after = self.frames[child].next;
                // Branches are linked to each other; an attempt stands alone, or in a queue.
                next = (state == State::Forked && after != u32::MAX).then_some(after);
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
        let plan: &'p EdgePlan = &self.plan.edges[self.frames[index].edge as usize];
        let verdict = Verdict {
            outcome,
            cause: outcome,
            origin: plan.callee as u16,
            status: 0,
        };
        self.abandon_layers(index, plan, 0, verdict, agenda);
        self.give_up_attempt(index, plan, outcome, agenda);
        self.end_call(index, plan, outcome, agenda);
    }

    #[inline]
    fn end_call(&mut self, index: u32, plan: &EdgePlan, outcome: Outcome, agenda: &Agenda<Event>) {
        let frame = self.frames[index];
        if !plan.layers.is_empty() {
            self.slots.give_back(frame.layers, plan.layers.len());
        }
        let took = agenda.now().since(frame.mark);
        self.recorder
            .call_ended(frame.edge as usize, took, outcome, frame.is(flag::COUNTED));
    }

    /// A call has its result: the caller goes on with its program, or fails.
    #[inline]
    fn call_done(&mut self, index: u32, verdict: Verdict, agenda: &mut Agenda<Event>) {
        let plan: &'p EdgePlan = &self.plan.edges[self.frames[index].edge as usize];
        self.end_call(index, plan, verdict.outcome, agenda);
        let frame = &mut self.frames[index];
        if frame.is(flag::ROOT) {
            return self.request_done(index, verdict, agenda);
        }
        let optional = matches!(
            self.plan.code[frame.pc as usize - 1],
            Instruction::Call { optional: true, .. }
        );
        if verdict.outcome == Outcome::Degraded || (optional && !verdict.outcome.is_success()) {
            frame.flags |= flag::DEGRADED;
        }
        frame.state = State::Running;
        if verdict.outcome.is_success() || optional {
            let id = self.frames.id(index);
            self.now_next.push(Event::Continue(id));
        } else {
            self.finish(index, failed_dependency(verdict), agenda);
        }
    }
}

/// What a caller answers when a call that it needs has failed: an error of its own, that began there.
pub(super) fn failed_dependency(verdict: Verdict) -> Verdict {
    let late = matches!(
        verdict.outcome,
        Outcome::TimeoutAttempt | Outcome::TimeoutDeadline
    );
    Verdict {
        outcome: Outcome::Error,
        status: if late { 504 } else { 502 },
        ..verdict
    }
}

/// Key of the draws of a frame's current call: a frame makes no other draws while it calls.
#[inline]
fn call_key(frame: &Frame) -> u64 {
    mix(frame.key, 0x4341_4C4C_0000_0000 | u64::from(frame.draws))
}
