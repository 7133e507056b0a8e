//! What requests wait for at an instance: threads, queues and cores.

use super::event::Event;
use super::frame::{Frame, State, flag};
use super::state::World;
use crate::ids::InstanceId;
use crate::scenario::Threading;
use sim_core::agenda::{Agenda, EventId};

impl World<'_> {
    #[inline]
    pub(super) fn let_thread_go_if_async(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let instance = self.frames[index].instance;
        let service = self.instances[instance].service;
        if self.plan.services[service].threading == Threading::Async
            && self.frames[index].is(flag::THREAD)
        {
            self.let_thread_go(index, agenda);
        }
    }

    /// A frame gives its thread back.
    #[inline]
    pub(super) fn let_thread_go(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.frames[index].flags &= !flag::THREAD;
        self.pass_thread_on(self.frames[index].instance, agenda);
    }

    /// A thread goes to the next who waits for one: continuations first, then the queue. Where nobody
    /// waits it idles, and the answer is no.
    fn pass_thread_on(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) -> bool {
        let now = agenda.now();
        let state = &mut self.instances[instance];
        let plan = &self.plan.services[state.service];
        let record = &mut self.recorder.instances[instance];
        let nobody_waits = record.queue.value() == 0 && !plan.minds_empty;
        // Where somebody has set fewer than are busy, this one goes.
        if nobody_waits || state.busy > plan.threads {
            state.busy -= 1;
            record.busy.add(now, -1);
            return false;
        }
        let ready = &mut state.ready;
        let (next, begins) = if let Some(next) = ready.pop_front(&mut self.frames) {
            (next, false)
        } else if let Some(next) = self.next_in_queue(instance, agenda) {
            (next, true)
        } else {
            self.instances[instance].busy -= 1;
            self.recorder.instances[instance].busy.add(now, -1);
            return false;
        };
        let frames = &mut self.frames;
        frames[next].flags |= flag::THREAD;
        frames[next].state = State::Running;
        self.recorder.instances[instance].queue.add(now, -1);
        let id = frames.id(next);
        self.now_next.push(if begins {
            Event::Start(id)
        } else {
            Event::Continue(id)
        });
        true
    }

    /// Gives the idle threads of an instance that wakes to those who came meanwhile.
    pub(super) fn fill_threads(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        let threads = self.plan.services[self.instances[instance].service].threads;
        while self.instances[instance].busy < threads {
            self.instances[instance].busy += 1;
            self.recorder.instances[instance].busy.add(agenda.now(), 1);
            if !self.pass_thread_on(instance, agenda) {
                return;
            }
        }
    }

    pub(super) fn unqueue(&mut self, index: u32, agenda: &Agenda<Event>) {
        let Frame {
            state, instance, ..
        } = self.frames[index];
        if state == State::Queued {
            self.leave_queue(instance, index);
            self.accept(instance);
        } else {
            let backlog = &mut self.instances[instance].backlog;
            backlog.remove(&mut self.frames, index);
        }
        self.recorder.instances[instance]
            .queue
            .add(agenda.now(), -1);
    }

    /// Jobs came to or went from the cores of an instance.
    pub(super) fn cores_changed(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        let state = &mut self.instances[instance];
        agenda.cancel(state.cores.timer);
        state.cores.timer = match state.cores.due() {
            Some(due) if state.frozen == 0 => agenda.schedule_at(due, Event::CoreFree { instance }),
            _ => EventId::NONE,
        };
        let busy = state.cores.busy_milli();
        self.recorder.instances[instance]
            .working
            .set(agenda.now(), busy);
    }

    /// The first of the jobs on the cores of an instance is done.
    pub(super) fn core_free(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        let done = self.instances[instance].cores.take(agenda.now());
        self.cores_changed(instance, agenda);
        if let Some(index) = done.and_then(|id| self.frames.alive(id)) {
            self.frames[index].state = State::Running;
            self.resume(index, agenda);
        }
    }

    /// What was paused on the cores of an instance goes on.
    pub(super) fn cores_wake(&mut self, instance: InstanceId, agenda: &mut Agenda<Event>) {
        if self.instances[instance].cores.shared() {
            self.instances[instance].cores.wake(agenda.now());
            self.cores_changed(instance, agenda);
        }
    }
}
