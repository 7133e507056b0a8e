//! A request reaches an instance of its callee, is let in or turned away, begins, ends and is answered.

use super::event::Event;
use super::frame::{Frame, State, flag};
use super::state::World;
use super::story::rounded;
use crate::faults::Treatment;
use crate::outcome::{Ending, Outcome};
use crate::resilience::{Final, Load};
use sim_core::agenda::{Agenda, EventId};
use sim_core::{SimDuration, SimTime};

impl World<'_> {
    #[inline(always)]
    pub(super) fn ends_here(&self, index: u32, outcome: Outcome) -> Ending {
        Ending::at(outcome, self.place_of(index))
    }

    /// A request reaches its instance.
    #[inline]
    pub(super) fn deliver(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let frame = &mut self.frames[index];
        frame.arrived = now;
        if frame.is(flag::CANCELLED) {
            return self.frames.remove(index);
        }
        let Frame {
            instance,
            endpoint,
            deadline,
            ..
        } = *frame;
        let counted = frame.is(flag::COUNTED);
        let service = self.instances[instance].service;
        if self.plan.doors {
            if self.comes_to_door(index, agenda) {
                return;
            }
        } else {
            self.recorder.arrived(service, endpoint, instance, counted);
        }
        if self.instances[instance].down > 0 {
            self.touch(instance);
            return self.turn_away(index, Outcome::Refused, agenda);
        }
        if deadline <= now {
            self.recorder.withdrawn(service, endpoint, true, counted);
            let ending = self.ends_here(index, Outcome::TimeoutDeadline);
            return self.reply(index, ending, agenda);
        }
        if self.plan.doors && self.begin_at_door(index, agenda) {
            return;
        }
        if self.instances[instance].frozen > 0 {
            self.touch(instance);
        }
        let plan = &self.plan.services[service];
        let state = &mut self.instances[instance];
        if state.busy < plan.threads && state.frozen == 0 {
            state.busy += 1;
            self.recorder.instances[instance].busy.add(now, 1);
            self.frames[index].flags |= flag::THREAD;
            self.enter(index, agenda);
            self.start(index, agenda);
        } else if state.queue.waiting() < plan.queue_limit {
            self.enter_queue(instance, index);
            self.wait(index, agenda);
        } else if state.backlog.waiting() < plan.backlog_limit {
            state.backlog.push(&mut self.frames, index);
            self.frames[index].state = State::Backlogged;
            self.wait(index, agenda);
        } else if plan.backlog_limit > 0 {
            // Nobody sees who it is.
            self.turn_away(index, Outcome::Refused, agenda);
        } else if plan.queue_order.pushes_out() && self.push_out(instance, index, agenda) {
            self.enter_queue(instance, index);
            self.wait(index, agenda);
        } else {
            self.turn_away(index, Outcome::Rejected, agenda);
        }
    }

    /// A request is let in.
    #[inline]
    fn enter(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let Frame {
            instance, deadline, ..
        } = self.frames[index];
        self.recorder.instances[instance]
            .present
            .add(agenda.now(), 1);
        if deadline < SimTime::MAX {
            let id = self.frames.id(index);
            self.frames[index].expiry = agenda.schedule_at(deadline, Event::Expire(id));
        }
    }

    #[inline]
    fn wait(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.enter(index, agenda);
        let instance = self.frames[index].instance;
        self.recorder.instances[instance].queue.add(agenda.now(), 1);
        self.tell(index, agenda.now(), || "waits for a thread".into());
    }

    fn turn_away(&mut self, index: u32, outcome: Outcome, agenda: &mut Agenda<Event>) {
        let Frame {
            instance, endpoint, ..
        } = self.frames[index];
        let counted = self.frames[index].is(flag::COUNTED);
        let service = self.instances[instance].service;
        self.recorder.turned_away(service, endpoint, counted);
        let ending = self.ends_here(index, outcome);
        self.reply(index, ending, agenda);
    }

    /// The answer leaves for the caller.
    #[inline(always)]
    pub(super) fn reply(&mut self, index: u32, ending: Ending, agenda: &mut Agenda<Event>) {
        self.reply_with(index, ending, Final::No, Load::UNKNOWN, agenda);
    }

    /// The answer leaves for the caller, and says whether and when to come again.
    #[inline]
    pub(super) fn reply_with(
        &mut self,
        index: u32,
        ending: Ending,
        last: Final,
        load: Load,
        agenda: &mut Agenda<Event>,
    ) {
        let frame = &mut self.frames[index];
        frame.state = State::Replying;
        frame.ending = ending;
        frame.mark = SimTime(u64::from(last.bits()) | u64::from(load.bits()) << 32);
        let Frame {
            in_edge,
            instance,
            parent,
            ..
        } = *frame;
        self.tell(index, agenda.now(), || {
            format!("answers {}", ending.outcome.name())
        });
        // Where the caller has ended nobody knows its instance, nor needs the answer.
        let Some(caller) = self.frames.alive(parent) else {
            return self.frames.remove(index);
        };
        let id = self.frames.id(index);
        if self.plan.doors && self.was_let_in(index) {
            return self.now_next.push(Event::Answer(id));
        }
        let link = self.link(in_edge, self.frames[caller].instance, instance, false);
        self.transmit(link, index, Event::Answer(id), agenda);
    }

    /// A request that has a thread begins its program.
    #[inline]
    pub(super) fn start(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let frame = &mut self.frames[index];
        frame.state = State::Running;
        frame.started = now;
        let Frame {
            instance, arrived, ..
        } = *frame;
        let counted = frame.is(flag::COUNTED);
        let service = self.instances[instance].service;
        self.recorder
            .started(service, instance, now.since(arrived), counted);
        self.tell(index, now, || {
            format!("starts after waiting {}", rounded(now.since(arrived)))
        });
        if self.plan.doors && self.was_let_in(index) {
            self.tell_door_of_start(index, now);
        }
        if !self.instances[instance].faults.is_empty() && self.disturbed_start(index, agenda) {
            return;
        }
        self.advance(index, agenda);
    }

    /// Lets the faults of an instance act on a request that starts; true if it does not go on now.
    #[cold]
    fn disturbed_start(&mut self, index: u32, agenda: &mut Agenda<Event>) -> bool {
        let now = agenda.now();
        let Frame { instance, key, .. } = self.frames[index];
        self.count_faults(instance);
        let mut more = SimDuration::ZERO;
        for position in 0..self.instances[instance].faults.len() {
            let fault = self.instances[instance].faults[position];
            if !self.concerns(fault, index) {
                continue;
            }
            let treatment = self.ask_fault(fault, key, Some(instance), now, |kind, context| {
                kind.on_request(context)
            });
            let name = &self.plan.faults[fault].name;
            match treatment {
                Treatment::Pass => {}
                Treatment::Late(late) => more = more + late,
                Treatment::Answer(status) => {
                    self.tell(index, now, || format!("fails: fault `{name}`"));
                    let ending = Ending {
                        status,
                        ..self.ends_here(index, Outcome::Error)
                    };
                    self.finish(index, ending, agenda);
                    return true;
                }
                Treatment::Hold => {
                    self.tell(index, now, || format!("hangs: fault `{name}`"));
                    self.frames[index].state = State::Hung;
                    return true;
                }
            }
        }
        if more > SimDuration::ZERO {
            self.tell(index, now, || {
                format!("is held up for {} by a fault", rounded(more))
            });
            let id = self.frames.id(index);
            self.frames[index].mark = now + more;
            self.frames[index].timer = agenda.schedule_after(more, Event::StepEnd(id));
            return true;
        }
        false
    }

    /// Lets the faults of an instance act on what a request is about to be answered: the first that has a say settles it.
    #[cold]
    fn disturbed_answer(&mut self, index: u32, ending: Ending, now: SimTime) -> Ending {
        let Frame { instance, key, .. } = self.frames[index];
        self.count_faults(instance);
        for position in 0..self.instances[instance].faults.len() {
            let fault = self.instances[instance].faults[position];
            if !self.plan.faults[fault].answers || !self.concerns(fault, index) {
                continue;
            }
            let status = self.ask_fault(fault, key, Some(instance), now, |kind, context| {
                kind.on_answer(context)
            });
            if let Some(status) = status {
                let name = &self.plan.faults[fault].name;
                self.tell(index, now, || format!("is answered wrong: fault `{name}`"));
                return Ending {
                    status,
                    ..self.ends_here(index, Outcome::Error)
                };
            }
        }
        ending
    }

    /// A request has run its program, or failed on the way.
    #[inline]
    pub(super) fn finish(&mut self, index: u32, ending: Ending, agenda: &mut Agenda<Event>) {
        self.release_all(index, agenda);
        if self.frames[index].is(flag::BRANCH) {
            return self.branch_done(index, ending, agenda);
        }
        let ending = if self.plan.wrong_answers && ending.outcome.is_success() {
            self.disturbed_answer(index, ending, agenda.now())
        } else {
            ending
        };
        self.leave(index, ending, agenda);
        if self.frames[index].is(flag::THREAD) {
            self.let_thread_go(index, agenda);
        }
        if ending.outcome == Outcome::Cancelled {
            self.tell(index, agenda.now(), || "stops: its caller has gone".into());
            self.frames.remove(index);
        } else {
            self.reply(index, ending, agenda);
        }
    }

    /// Counts a request that had started and ends here.
    #[inline]
    pub(super) fn leave(&mut self, index: u32, ending: Ending, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let frame = self.frames[index];
        agenda.cancel(frame.expiry);
        self.recorder.instances[frame.instance].present.add(now, -1);
        self.recorder.served(
            self.instances[frame.instance].service,
            frame.endpoint,
            (frame.arrived, frame.started, now),
            ending.outcome.is_success(),
            frame.is(flag::ABANDONED),
            frame.is(flag::COUNTED),
        );
    }

    /// Counts a request that had not started and ends here.
    pub(super) fn leave_unstarted(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let frame = self.frames[index];
        agenda.cancel(frame.expiry);
        self.recorder.instances[frame.instance]
            .present
            .add(agenda.now(), -1);
        let service = self.instances[frame.instance].service;
        let doomed = frame.is(flag::ABANDONED);
        self.recorder
            .withdrawn(service, frame.endpoint, doomed, frame.is(flag::COUNTED));
    }

    /// Word reaches a request that its caller has gone.
    pub(super) fn withdraw(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.frames[index].flags |= flag::CANCELLED;
        match self.frames[index].state {
            State::Queued | State::Backlogged => {
                self.unqueue(index, agenda);
                self.leave_unstarted(index, agenda);
                self.tell(index, agenda.now(), || {
                    "is taken back before it started".into()
                });
                self.frames.remove(index);
            }
            State::Calling if self.is_at_door(index) => {
                self.leave_the_door(index, agenda);
                self.tell(index, agenda.now(), || "is taken back at the door".into());
                self.frames.remove(index);
            }
            State::Calling | State::Forked | State::Hung | State::Ready | State::Pooled => {
                self.stop(index, agenda);
                let ending = self.ends_here(index, Outcome::Cancelled);
                self.finish(index, ending, agenda);
            }
            // In transit: dropped on arrival. At work: stops at the end of the step. Answered: too late.
            State::InTransit
            | State::Running
            | State::Computing
            | State::Replying
            | State::Leg
            | State::Free => {}
        }
    }

    /// The deadline that a request was told of passes.
    pub(super) fn expire(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.frames[index].expiry = EventId::NONE;
        let ending = self.ends_here(index, Outcome::TimeoutDeadline);
        match self.frames[index].state {
            State::Queued | State::Backlogged => {
                self.unqueue(index, agenda);
                self.leave_unstarted(index, agenda);
                self.reply(index, ending, agenda);
            }
            State::Calling if self.is_at_door(index) => self.expire_at_door(index, agenda),
            State::Calling | State::Forked | State::Hung | State::Ready | State::Pooled => {
                self.stop(index, agenda);
                self.finish(index, ending, agenda);
            }
            // At work: it notices at the end of the step.
            State::InTransit
            | State::Running
            | State::Computing
            | State::Replying
            | State::Leg
            | State::Free => {}
        }
    }

    /// Stops whatever a frame is doing, without an answer.
    pub(super) fn stop(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let Frame {
            state,
            timer,
            instance,
            ..
        } = self.frames[index];
        match state {
            State::Running => {
                if agenda.cancel(timer).is_some() && self.is_working(index) {
                    self.recorder.instances[instance]
                        .working
                        .add(agenda.now(), -1);
                }
            }
            State::Computing => {
                let id = self.frames.id(index);
                self.instances[instance].cores.remove(agenda.now(), id);
                self.cores_changed(instance, agenda);
            }
            State::Calling => self.abandon_call(index, Outcome::Cancelled, agenda),
            State::Forked => self.stop_branches(index, agenda),
            State::Ready => {
                self.instances[instance]
                    .ready
                    .remove(&mut self.frames, index);
                self.recorder.instances[instance]
                    .queue
                    .add(agenda.now(), -1);
            }
            State::Queued | State::Backlogged => self.unqueue(index, agenda),
            State::Pooled => self.leave_pool_unserved(index, agenda),
            State::Hung | State::InTransit | State::Replying | State::Leg | State::Free => {}
        }
        self.frames[index].state = State::Running;
    }
}
