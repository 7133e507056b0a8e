//! Those who wait at an instance for a thread: in its queue, whose order says who is next and who is dropped, and
//! behind that in the backlog.

use super::event::Event;
use super::frame::{State, Waiters, flag};
use super::state::{LOOKS_PER_STEP, World};
use crate::ids::InstanceId;
use crate::outcome::Outcome;
use crate::queues::{OrderSpec, Queue};
use sim_core::agenda::Agenda;

impl World<'_> {
    /// A request takes a place in the queue of an instance.
    #[inline]
    pub(super) fn enter_queue(&mut self, instance: InstanceId, index: u32) {
        let looks = self.ask_order(instance, |order, queue, waiters, _| {
            order.push(queue, waiters, index)
        });
        self.frames[index].state = State::Queued;
        self.work += u64::from(looks) / LOOKS_PER_STEP;
    }

    /// A request gives its place in the queue up.
    #[inline]
    pub(super) fn leave_queue(&mut self, instance: InstanceId, index: u32) {
        self.ask_order(instance, |order, queue, waiters, _| {
            order.remove(queue, waiters, index);
        });
    }

    /// Asks the order of the queue of an instance; those whom it drops are listed.
    #[inline]
    fn ask_order<R>(
        &mut self,
        instance: InstanceId,
        ask: impl FnOnce(&OrderSpec, &mut Queue, &mut Waiters<'_>, &mut Vec<u32>) -> R,
    ) -> R {
        let state = &mut self.instances[instance];
        let order = &self.plan.services[state.service].queue_order;
        let mut waiters = Waiters {
            frames: &mut self.frames,
            plan: self.plan,
        };
        ask(order, &mut state.queue, &mut waiters, &mut self.dropped)
    }

    /// A place in the queue, if there is one, goes to the first in the backlog. Whether there was such a one.
    #[inline]
    pub(super) fn accept(&mut self, instance: InstanceId) -> bool {
        let state = &mut self.instances[instance];
        let limit = self.plan.services[state.service].queue_limit;
        if state.queue.waiting() >= limit {
            return false;
        }
        let Some(accepted) = state.backlog.pop_front(&mut self.frames) else {
            return false;
        };
        self.enter_queue(instance, accepted);
        true
    }

    /// Takes out who is next, of the queue or, where there is none, of the backlog; those who are dropped on the way
    /// are turned away.
    #[inline]
    pub(super) fn next_in_queue(
        &mut self,
        instance: InstanceId,
        agenda: &mut Agenda<Event>,
    ) -> Option<u32> {
        loop {
            let next = self.ask_order(instance, |order, queue, waiters, dropped| {
                order.next(queue, waiters, agenda.now(), dropped)
            });
            if !self.dropped.is_empty() {
                self.turn_away_dropped(agenda);
            }
            let mut accepted = false;
            while self.instances[instance].backlog.waiting() > 0 && self.accept(instance) {
                accepted = true;
            }
            if next.is_some() {
                return next;
            }
            // Where all who were in the queue were dropped, those who have come from the backlog are asked.
            if !accepted {
                let backlog = &mut self.instances[instance].backlog;
                return backlog.pop_front(&mut self.frames);
            }
        }
    }

    #[cold]
    fn turn_away_dropped(&mut self, agenda: &mut Agenda<Event>) {
        let mut dropped = std::mem::take(&mut self.dropped);
        for index in dropped.drain(..) {
            self.turn_away_queued(index, agenda);
        }
        self.dropped = dropped;
    }

    /// A request that waited, and has been taken out of the queue, is turned away.
    fn turn_away_queued(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let frame = self.frames[index];
        let (now, instance) = (agenda.now(), frame.instance);
        agenda.cancel(frame.expiry);
        let levels = &mut self.recorder.instances[instance];
        levels.queue.add(now, -1);
        levels.present.add(now, -1);
        let service = self.instances[instance].service;
        let counted = frame.is(flag::COUNTED);
        self.recorder.turned_away(service, frame.endpoint, counted);
        self.tell(index, now, || "is dropped from the queue".into());
        self.work += 1;
        let ending = self.ends_here(index, Outcome::Rejected);
        self.reply(index, ending, agenda);
    }

    /// One who finds the queue full pushes another one out of it, if the order says so.
    #[cold]
    pub(super) fn push_out(
        &mut self,
        instance: InstanceId,
        index: u32,
        agenda: &mut Agenda<Event>,
    ) -> bool {
        let other = self.ask_order(instance, |order, queue, waiters, _| {
            order.instead_of(queue, waiters, index)
        });
        let Some(other) = other else {
            return false;
        };
        self.leave_queue(instance, other);
        self.turn_away_queued(other, agenda);
        true
    }
}
