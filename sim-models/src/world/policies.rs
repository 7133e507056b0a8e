//! What policies are asked of a call, and how it leaves them.

use super::edge::{Slot, Stage};
use super::event::Event;
use super::frame::State;
use super::state::World;
use crate::baggage::Baggage;
use crate::ids::InstanceId;
use crate::outcome::Ending;
use crate::plan::{EdgePlan, LayerPlan};
use crate::resilience::{CallState, Context, Ended, Memory, PolicySpec, Shut};
use sim_core::agenda::{Agenda, EventId};
use sim_core::{SimDuration, SimTime};
use std::ops::Range;

/// What only some policies have to know of a call.
#[derive(Clone, Copy, Default)]
struct More {
    out: u32,
    shut: Shut,
    path: u64,
    caller: u32,
    tenant: u32,
    /// The frame of the request that the call is part of, and the retries that this has had.
    began: u32,
    retries: u16,
}

impl<'p> World<'p> {
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
        if !slot.timer.is_none() {
            agenda.cancel(slot.timer);
        }
        slot.timer = EventId::NONE;
        slot.overdue = false;
    }

    #[inline]
    pub(super) fn policy_timer_event(&self, index: u32, layer: usize, again: bool) -> Event {
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
        let frame = &self.frames[index];
        let more = if policy.plain && frame.state != State::Leg {
            More {
                began: index,
                ..More::default()
            }
        } else {
            self.more_of(index, policy, now)
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
            out: more.out,
            waiting: state.rooms.get(memory).map_or(0, |room| room.waiting),
            wake: 0,
            shut: more.shut,
            key: frame.call_key().wrapping_add((layer as u64 + 1) << 32) ^ more.path,
            content: baggage.key,
            priority: baggage.priority,
            user: baggage.user,
            idempotent: plan.idempotent || self.plan.endpoints[frame.callee_endpoint].idempotent,
            caller: more.caller,
            tenant: more.tenant,
            deadline: frame.deadline,
            said: None,
            retries: more.retries,
            counters: &mut state.counters[counters..counters + policy.counter_count as usize],
        };
        let remembered = &mut state.memories[memory];
        let answer = ask(
            &policy.spec,
            remembered,
            &mut self.slots.slots[frame.slot(layer)].state,
            &mut context,
        );
        let retries = context.retries;
        if let Some(states) = policy.states {
            // Nearly always there is one state, and it is what it was.
            let place = states.place(memory, policy.memory, 0);
            let same =
                states.each == 1 && policy.spec.state(remembered, 0, now).0 == state.states[place];
            if !same {
                let edge = frame.edge;
                self.watch(edge, layer, memory, now);
            }
        }
        if retries != more.retries {
            self.count_retries(more.began, retries);
        }
        answer
    }

    /// What only some policies have to know, and calls of which there are several tries.
    #[inline(never)]
    fn more_of(&mut self, index: u32, policy: &LayerPlan, now: SimTime) -> More {
        let mut more = More {
            began: index,
            ..More::default()
        };
        if policy.forks {
            more.out = self.legs_out(index);
        }
        if policy.looks {
            more.shut = self.shut(index, now);
        }
        if self.frames[index].state == State::Leg {
            more.path = self.path_of(index);
        }
        if policy.asks_who {
            (more.caller, more.tenant) = self.who_asks(index);
        }
        if policy.travels {
            more.began = self.frames.beginning(index);
            more.retries = self.frames.baggage(more.began).retries;
        }
        more
    }

    /// The retries of a whole request are so many now.
    #[cold]
    fn count_retries(&mut self, began: u32, retries: u16) {
        let baggage = self.frames.baggage(began);
        self.frames.load(began, Baggage { retries, ..baggage });
    }

    /// Which instance asks, and for which tenant.
    #[cold]
    fn who_asks(&self, index: u32) -> (u32, u32) {
        let frame = &self.frames[index];
        (
            self.plan.instances[frame.instance].number,
            self.plan.workloads[frame.workload].tenant,
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
            callee: if asked == InstanceId::NONE {
                Ended::NOBODY
            } else {
                asked.offset_from(self.edge_of(index).first_callee) as u16
            },
            given_up: true,
            ..Ended::default()
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
                // A further try that it has allowed may be in the pause of a retry outside of it.
                Stage::Outside if plan.layers[layer].rations => {
                    self.ask_policy(
                        index,
                        plan,
                        layer,
                        agenda.now(),
                        |spec, memory, call, context| spec.on_lost(memory, call, context),
                    );
                }
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
