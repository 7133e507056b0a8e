//! A call on its way through its policies.
//!
//! A call is driven inwards through its policies until an attempt is sent or one of them holds it, and outwards
//! with a result until it is done or one of them tries again. A policy that may have several tries out has a *leg*
//! for each: a frame that carries the policies inside it, and one attempt.

use super::edge::Stage;
use super::event::Event;
use super::frame::State;
use super::state::{MOST_AT_ONCE, World};
use super::story::rounded;
use crate::plan::EdgePlan;
use crate::resilience::{Do, Ended, Final};
use sim_core::agenda::{Agenda, EventId};
use sim_core::{SimDuration, SimTime};

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
                Way::In(layer) => self.all_inwards(index, plan, layer, agenda),
                Way::Out(outside, ended) => {
                    let ended = match self.all_outwards(index, plan, outside, ended, agenda) {
                        Ok(ended) => ended,
                        Err(other) => {
                            way = other;
                            continue;
                        }
                    };
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
                Way::Stay => return,
            };
        }
    }

    /// A call goes inwards, policy after policy, and its attempt is sent.
    #[inline(always)] // once in `drive`, which every call passes twice
    fn all_inwards(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        mut layer: usize,
        agenda: &mut Agenda<Event>,
    ) -> Way {
        while layer < plan.layers.len() {
            match self.inwards(index, plan, layer, agenda) {
                Way::In(next) => layer = next,
                other => return other,
            }
        }
        match self.send_attempt(index, plan, agenda) {
            None => Way::Stay,
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

    /// A result goes outwards through all the policies that a frame carries; the way that one of them sends it
    /// instead.
    #[inline(always)] // once in `drive`, which every call passes twice
    fn all_outwards(
        &mut self,
        index: u32,
        plan: &'p EdgePlan,
        mut outside: usize,
        mut ended: Ended,
        agenda: &mut Agenda<Event>,
    ) -> Result<Ended, Way> {
        let base = usize::from(self.frames[index].base);
        while outside != base {
            let layer = outside - 1;
            if plan.layers[layer].passes.touches(ended.outcome()) {
                let slot = self.slot(index, layer);
                let timer = std::mem::replace(&mut slot.timer, EventId::NONE);
                slot.overdue = false;
                if !timer.is_none() {
                    agenda.cancel(timer);
                }
                if plan.layers[layer].leaves {
                    self.leave_policy(index, plan, layer, &ended, agenda);
                } else {
                    self.slot(index, layer).stage = Stage::Outside;
                }
                outside = layer;
                continue;
            }
            match self.outwards(index, plan, layer, ended, agenda) {
                Way::Out(next, result) => (outside, ended) = (next, result),
                other => return Err(other),
            }
        }
        Ok(ended)
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
            Do::PassFor(span) => {
                debug_assert!(
                    policy.forks,
                    "only what has several tries out keeps one back"
                );
                self.frames[index].ending = ended.ending;
                self.clear_timer(index, layer, agenda);
                self.set_timer(index, layer, false, span, agenda);
                Way::Stay
            }
            Do::Wait(_) | Do::Park(_) => {
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
}
