//! What policies are asked, and what the world does about their answers.
//!
//! A call is driven inwards through its policies until an attempt is sent or one of them holds it, and outwards
//! with a result until it is done or one of them tries again. A policy that may have several tries out has a *leg*
//! for each: a frame that carries the policies inside it, and one attempt.

use super::edge::{Slot, Stage};
use super::event::Event;
use super::frame::State;
use super::state::{MOST_AT_ONCE, World};
use super::story::rounded;
use crate::ids::InstanceId;
use crate::outcome::Ending;
use crate::plan::EdgePlan;
use crate::resilience::{CallState, Context, Do, Ended, Final, Memory, PolicySpec};
use sim_core::agenda::{Agenda, EventId};
use sim_core::{SimDuration, SimTime};
use std::ops::Range;

/// Which way a call is being driven.
pub(super) enum Way {
    /// Inwards: this policy is next.
    In(usize),
    /// Inwards through a policy that may have several tries out: the next one begins.
    Fork(usize),
    /// Outwards with a result: so many policies are still outside.
    Out(usize, Ended),
    /// Inwards to another target of a policy.
    Elsewhere(usize, u8),
    /// It waits here.
    Stay,
}

impl<'p> World<'p> {
    /// Drives a call, or a leg of it, as far as it goes now.
    pub(super) fn drive(&mut self, mut index: u32, mut way: Way, agenda: &mut Agenda<Event>) {
        let mut plan = self.edge_of(index);
        loop {
            way = match way {
                Way::In(layer) if layer == plan.layers.len() => {
                    match self.send_attempt(index, plan, agenda) {
                        None => return,
                        Some(ending) => {
                            let ended = Ended {
                                ending,
                                last: Final::Yes,
                                ..Ended::default()
                            };
                            Way::Out(layer, ended)
                        }
                    }
                }
                Way::In(layer) => self.inwards(index, plan, layer, agenda),
                Way::Fork(layer) => {
                    let leg = self.begin_leg(index, plan, layer);
                    match self.leg_denied(index, leg, plan, layer, agenda) {
                        None => {
                            index = leg;
                            Way::In(layer + 1)
                        }
                        Some(way) => way,
                    }
                }
                Way::Elsewhere(layer, target) => {
                    index = self.begin_elsewhere(index, plan, layer, target, agenda);
                    plan = self.edge_of(index);
                    Way::In(0)
                }
                Way::Out(outside, ended) if outside == usize::from(self.frames[index].base) => {
                    if self.frames[index].state != State::Leg {
                        return self.call_done(index, ended.ending, ended.last, agenda);
                    }
                    let (owner, layer, leg) = self.end_leg(index, ended.ending.outcome, agenda);
                    index = owner;
                    plan = self.edge_of(index);
                    let ended = match leg {
                        Some(leg) => Ended { leg, ..ended },
                        // Another target is nobody that this call has asked.
                        None => Ended {
                            callee: Ended::NOBODY,
                            ..ended
                        },
                    };
                    self.outwards(index, plan, layer, ended, agenda)
                }
                Way::Out(outside, ended) => {
                    let layer = outside - 1;
                    if plan.layers[layer].passes.contains(ended.outcome()) {
                        let slot = self.slot(index, layer);
                        let timer = std::mem::replace(&mut slot.timer, EventId::NONE);
                        slot.overdue = false;
                        slot.stage = Stage::Outside;
                        agenda.cancel(timer);
                        Way::Out(layer, ended)
                    } else {
                        self.outwards(index, plan, layer, ended, agenda)
                    }
                }
                Way::Stay => return,
            };
        }
    }

    #[inline]
    pub(super) fn slot(&mut self, index: u32, layer: usize) -> &mut Slot {
        let slot = self.frames[index].slot(layer);
        &mut self.slots.slots[slot]
    }

    /// Which of the policies of its edge a frame carries itself.
    #[inline]
    pub(super) fn carried(&self, index: u32, plan: &EdgePlan) -> Range<usize> {
        let base = usize::from(self.frames[index].base);
        base..base + plan.carried(base).len()
    }

    /// Whether a frame is in a call, and carries this policy of it.
    pub(super) fn is_at(&self, index: u32, layer: usize) -> bool {
        self.frames[index].calls() && self.carried(index, self.edge_of(index)).contains(&layer)
    }

    /// A call comes to a policy from outside.
    #[inline]
    fn inwards(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        agenda: &mut Agenda<Event>,
    ) -> Way {
        let edge = self.frames[index].edge;
        if plan.picks_at == layer as u32 {
            self.pick_early(index, plan, agenda.now());
        }
        if let Some(lane) = self.edges[edge].lanes[layer] {
            let event = self.policy_timer_event(index, layer, false);
            let timer = agenda.schedule_lane(lane, event);
            let slot = self.slot(index, layer);
            slot.timer = timer;
            slot.stage = Stage::Inside;
            return Way::In(layer + 1);
        }
        let policy = &plan.layers[layer];
        if !policy.enters {
            let slot = self.slot(index, layer);
            slot.state = policy.begins;
            slot.stage = Stage::Inside;
            return Way::In(layer + 1);
        }
        let answer = self.ask_policy(
            index,
            plan,
            layer,
            agenda.now(),
            |spec, memory, call, context| spec.on_enter(memory, call, context),
        );
        if answer == Do::Pass && !plan.layers[layer].forks {
            self.slot(index, layer).stage = Stage::Inside;
            return Way::In(layer + 1);
        }
        self.on_the_way_in(index, plan, layer, answer, agenda)
    }

    /// Does what a policy says to a call that is on its way in.
    pub(super) fn on_the_way_in(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        answer: Do,
        agenda: &mut Agenda<Event>,
    ) -> Way {
        match answer {
            Do::Pass => self.let_in(index, plan, layer),
            Do::PassFor(span) => {
                self.set_timer(index, layer, false, span, agenda);
                self.let_in(index, plan, layer)
            }
            Do::Wait(span) => {
                self.tell(index, agenda.now(), || {
                    let name = plan.layers[layer].spec.name();
                    format!("{name} makes it wait {}", rounded(span))
                });
                self.set_timer(index, layer, false, span, agenda);
                self.slot(index, layer).stage = Stage::Waiting;
                Way::Stay
            }
            Do::End(ending, last) => {
                let ending = ending.or_at(plan.caller);
                self.tell(index, agenda.now(), || {
                    format!(
                        "{} lets nothing through: {}",
                        plan.layers[layer].spec.name(),
                        ending.outcome.name()
                    )
                });
                self.slot(index, layer).stage = Stage::Outside;
                let ended = Ended {
                    ending,
                    last,
                    ..Ended::default()
                };
                Way::Out(layer, ended)
            }
            Do::Park(span) => {
                if let Some(span) = span {
                    self.set_timer(index, layer, false, span, agenda);
                }
                self.park(index, plan, layer, agenda)
            }
            Do::Elsewhere(target) => {
                self.slot(index, layer).stage = Stage::Inside;
                Way::Elsewhere(layer, target)
            }
            Do::Again(_) | Do::Beside(_) | Do::Hold => {
                unreachable!("no answer to a call on its way in: {answer:?}")
            }
        }
    }

    /// A call goes on inwards through a policy.
    #[inline]
    pub(super) fn let_in(&mut self, index: u32, plan: &EdgePlan, layer: usize) -> Way {
        self.slot(index, layer).stage = Stage::Inside;
        if plan.layers[layer].forks {
            Way::Fork(layer)
        } else {
            Way::In(layer + 1)
        }
    }

    /// A result comes to a policy from inside.
    fn outwards(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        ended: Ended,
        agenda: &mut Agenda<Event>,
    ) -> Way {
        let policy = &plan.layers[layer];
        if !policy.forks {
            self.clear_timer(index, layer, agenda);
        }
        if policy.spec.ignores(ended.outcome()) {
            self.leave_policy(index, plan, layer, &ended, agenda);
            return Way::Out(layer, ended);
        }
        let answer = self.ask_policy(
            index,
            plan,
            layer,
            agenda.now(),
            |spec, memory, call, context| spec.on_result(memory, call, &ended, context),
        );
        match answer {
            Do::Pass => {
                self.leave_policy(index, plan, layer, &ended, agenda);
                Way::Out(layer, ended)
            }
            Do::End(ending, last) => {
                let ending = ending.or_at(plan.caller);
                let ended = Ended {
                    ending,
                    last,
                    ..ended
                };
                self.leave_policy(index, plan, layer, &ended, agenda);
                Way::Out(layer, ended)
            }
            Do::Again(span) => self.again(index, plan, layer, (ended, span), agenda),
            Do::Beside(next) => {
                self.frames[index].ending = ended.ending;
                self.beside(index, layer, next, agenda)
            }
            Do::Elsewhere(target) => Way::Elsewhere(layer, target),
            Do::Hold => Way::Stay,
            Do::PassFor(_) | Do::Wait(_) | Do::Park(_) => {
                unreachable!("no answer to a result: {answer:?}")
            }
        }
    }

    /// All that is inside a policy is tried again after a span, if what is inside allows it.
    pub(super) fn again(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        (failure, span): (Ended, SimDuration),
        agenda: &mut Agenda<Event>,
    ) -> Way {
        self.frames[index].ending = failure.ending;
        if let Some(denied) = self.denied(index, plan, layer + 1, &failure, agenda) {
            self.tell_denied(index, plan, layer, agenda.now());
            self.leave_policy(index, plan, layer, &denied, agenda);
            return Way::Out(layer, denied);
        }
        self.tell(index, agenda.now(), || {
            format!(
                "{}: tries again in {}",
                failure.outcome().name(),
                rounded(span)
            )
        });
        self.rounds += 1;
        // Tries that take no time must pass where budgets are looked at.
        if span.0 == 0 && self.rounds < MOST_AT_ONCE {
            self.work += 1;
            return self.let_in(index, plan, layer);
        }
        self.set_timer(index, layer, true, span, agenda);
        Way::Stay
    }

    /// Where a further try of what a policy has out is not allowed, its leg has not been: others that are out go on,
    /// and where there are none, the last failure is the result.
    #[cold]
    fn leg_denied(
        &mut self,
        index: u32,
        leg: u32,
        plan: &'p EdgePlan,
        layer: usize,
        agenda: &mut Agenda<Event>,
    ) -> Option<Way> {
        if !self.is_further(leg) {
            return None;
        }
        let failure = Ended {
            ending: self.frames[index].ending,
            ..Ended::default()
        };
        let denied = self.denied(leg, plan, layer + 1, &failure, agenda)?;
        self.tell_denied(index, plan, layer, agenda.now());
        self.end_leg(leg, denied.outcome(), agenda);
        if self.legs_out(index) > 0 {
            return Some(Way::Stay);
        }
        self.leave_policy(index, plan, layer, &denied, agenda);
        Some(Way::Out(layer, denied))
    }

    /// What one of the policies from `first` on says instead, if it allows no further try.
    #[cold]
    fn denied(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        first: usize,
        failure: &Ended,
        agenda: &mut Agenda<Event>,
    ) -> Option<Ended> {
        for layer in first..self.carried(index, plan).end {
            if !plan.layers[layer].rations {
                continue;
            }
            let answer = self.ask_policy(
                index,
                plan,
                layer,
                agenda.now(),
                |spec, memory, call, context| spec.on_retry(memory, call, failure, context),
            );
            if let Do::End(ending, last) = answer {
                self.tell(index, agenda.now(), || {
                    format!("{} allows no further try", plan.layers[layer].spec.name())
                });
                // What those outside of it have taken for this try they get back.
                for layer in (first..layer).filter(|layer| plan.layers[*layer].rations) {
                    self.tell_denied(index, plan, layer, agenda.now());
                }
                return Some(Ended {
                    ending: ending.or_at(plan.caller),
                    last,
                    ..*failure
                });
            }
        }
        None
    }

    /// A policy learns that a further try is not allowed.
    fn tell_denied(&mut self, index: u32, plan: &'p EdgePlan, layer: usize, now: SimTime) {
        self.ask_policy(index, plan, layer, now, |spec, memory, call, context| {
            spec.on_denied(memory, call, context);
        });
    }

    /// One more try of all that is inside a policy begins beside those that are out.
    #[cold]
    pub(super) fn beside(
        &mut self,
        index: u32,
        layer: usize,
        next: Option<SimDuration>,
        agenda: &mut Agenda<Event>,
    ) -> Way {
        self.clear_timer(index, layer, agenda);
        if let Some(span) = next {
            self.set_timer(index, layer, false, span, agenda);
        }
        Way::Fork(layer)
    }

    #[inline]
    pub(super) fn set_timer(
        &mut self,
        index: u32,
        layer: usize,
        again: bool,
        span: SimDuration,
        agenda: &mut Agenda<Event>,
    ) {
        let event = self.policy_timer_event(index, layer, again);
        self.slot(index, layer).timer = agenda.schedule_after(span, event);
    }

    #[inline]
    pub(super) fn clear_timer(&mut self, index: u32, layer: usize, agenda: &mut Agenda<Event>) {
        let slot = self.slot(index, layer);
        agenda.cancel(slot.timer);
        slot.timer = EventId::NONE;
        slot.overdue = false;
    }

    #[inline]
    fn policy_timer_event(&self, index: u32, layer: usize, again: bool) -> Event {
        Event::PolicyTimer {
            frame: self.frames.id(index),
            layer: layer as u16,
            again,
        }
    }

    /// Asks a policy about a call.
    #[inline]
    pub(super) fn ask_policy<R>(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        now: SimTime,
        ask: impl FnOnce(&PolicySpec, &mut Memory, &mut CallState, &mut Context) -> R,
    ) -> R {
        let policy = &plan.layers[layer];
        let out = if policy.forks {
            self.legs_out(index)
        } else {
            0
        };
        let (first, begun) = if policy.rations || policy.forks {
            (!self.is_further(index), self.slot(index, layer).legs)
        } else {
            (true, 0)
        };
        let memory = self.memory_of(index, policy);
        let baggage = self.frames.baggage(index);
        let frame = &self.frames[index];
        let state = &mut self.edges[frame.edge];
        let counters = policy.counters as usize;
        let mut context = Context {
            now,
            attempts: u32::from(frame.attempts),
            first,
            begun: u32::from(begun),
            callees: plan.callees,
            out,
            waiting: state.rooms.get(memory).map_or(0, |room| room.waiting),
            wake: 0,
            key: frame.call_key().wrapping_add((layer as u64 + 1) << 32),
            content: baggage.key,
            priority: baggage.priority,
            user: baggage.user,
            counters: &mut state.counters[counters..counters + policy.counter_count as usize],
        };
        let slot = frame.slot(layer);
        ask(
            &policy.spec,
            &mut state.memories[memory],
            &mut self.slots.slots[slot].state,
            &mut context,
        )
    }

    /// A call leaves a policy that had let it in.
    #[inline]
    pub(super) fn leave_policy(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        layer: usize,
        ended: &Ended,
        agenda: &mut Agenda<Event>,
    ) {
        let policy = &plan.layers[layer];
        debug_assert!(
            self.slot(index, layer).stage == Stage::Inside,
            "a call leaves {} once for each time that it enters",
            policy.spec.name()
        );
        self.slot(index, layer).stage = Stage::Outside;
        if policy.forks {
            self.clear_timer(index, layer, agenda);
            self.give_up_legs(index, ended, agenda);
        }
        if policy.leaves {
            let wake = self.ask_policy(
                index,
                plan,
                layer,
                agenda.now(),
                |spec, memory, call, context| {
                    spec.on_leave(memory, call, ended, context);
                    context.wake
                },
            );
            if wake > 0 && policy.parks {
                self.wake(index, plan, layer, wake, agenda);
            }
        }
    }

    /// What policies are told of a call that nobody waits for any longer.
    pub(super) fn given_up(&self, index: u32, ending: Ending) -> Ended {
        let asked = self.frames[index].callee_instance;
        Ended {
            ending,
            last: Final::No,
            callee: if asked == InstanceId::NONE {
                Ended::NOBODY
            } else {
                asked.offset_from(self.edge_of(index).first_callee) as u16
            },
            leg: 0,
            given_up: true,
        }
    }

    /// What is inside the policies from `first` on is given up, from the outside in.
    pub(super) fn abandon(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        first: usize,
        ended: &Ended,
        agenda: &mut Agenda<Event>,
    ) {
        for layer in first..self.carried(index, plan).end {
            self.clear_timer(index, layer, agenda);
            match self.slot(index, layer).stage {
                Stage::Inside => self.leave_policy(index, plan, layer, ended, agenda),
                Stage::Woken => {
                    self.slot(index, layer).stage = Stage::Inside;
                    self.leave_policy(index, plan, layer, ended, agenda);
                }
                Stage::Parked => self.unpark(index, plan, layer),
                Stage::Waiting | Stage::Turned(_) => self.slot(index, layer).stage = Stage::Outside,
                Stage::Outside => {}
            }
        }
        self.give_up_legs(index, ended, agenda);
        self.give_up_attempt(index, plan, ended.ending.outcome, agenda);
    }

    /// When the callee is to stop, for the policies that tell it.
    pub(super) fn told_deadline(&self, index: u32, plan: &EdgePlan) -> SimTime {
        let frame = &self.frames[index];
        let own = self
            .carried(index, plan)
            .filter(|layer| plan.layers[*layer].tells_deadline)
            .map(|layer| self.slots.slots[frame.slot(layer)].state.deadline())
            .min()
            .unwrap_or(SimTime::MAX);
        match self.owner(index) {
            Some(owner) => own.min(self.told_deadline(owner, self.edge_of(owner))),
            None => own,
        }
    }
}
