//! The program of a request, up to its next wait.

use super::event::Event;
use super::frame::{Frame, State, flag};
use super::state::{MOST_AT_ONCE, World};
use crate::ids::DistId;
use crate::outcome::{Ending, Outcome};
use crate::plan::Instruction;
use crate::scenario::steps::Go;
use sim_core::agenda::{Agenda, EventId};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};

impl World<'_> {
    /// A step ends.
    #[inline]
    pub(super) fn step_end(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.frames[index].timer = EventId::NONE;
        if self.is_working(index) {
            let instance = self.frames[index].instance;
            self.recorder.instances[instance]
                .working
                .add(agenda.now(), -1);
        }
        self.resume(index, agenda);
    }

    /// Whether the step that a running frame is in is one of work (and not of waiting).
    #[inline]
    pub(super) fn is_working(&self, index: u32) -> bool {
        let pc = self.frames[index].pc;
        // A request held up by a fault at its start has not begun its program.
        pc.number() > 0
            && matches!(self.plan.code[pc.back(1)], Instruction::Work { .. })
            && (self.frames[index].is(flag::BRANCH)
                || pc > self.plan.endpoints[self.frames[index].endpoint].entry)
    }

    /// A frame goes on with its program as soon as it has a thread.
    #[inline]
    pub(super) fn resume(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let frame = &self.frames[index];
        if frame.is(flag::THREAD) || frame.is(flag::BRANCH) {
            return self.advance(index, agenda);
        }
        let instance = frame.instance;
        let state = &mut self.instances[instance];
        if state.busy < self.plan.services[state.service].threads {
            state.busy += 1;
            self.recorder.instances[instance].busy.add(agenda.now(), 1);
            self.frames[index].flags |= flag::THREAD;
            self.advance(index, agenda);
        } else {
            state.ready.push(&mut self.frames, index);
            self.frames[index].state = State::Ready;
            self.recorder.instances[instance].queue.add(agenda.now(), 1);
        }
    }

    /// Runs the program of a frame up to its next wait.
    pub(super) fn advance(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        if !self.frames[index].is(flag::THREAD) && !self.frames[index].is(flag::BRANCH) {
            return self.resume(index, agenda);
        }
        if self.frames[index].is(flag::CANCELLED) {
            let ending = self.ends_here(index, Outcome::Cancelled);
            return self.finish(index, ending, agenda);
        }
        if self.frames[index].deadline <= agenda.now() {
            let ending = self.ends_here(index, Outcome::TimeoutDeadline);
            return self.finish(index, ending, agenda);
        }
        let mut rounds = 0;
        loop {
            let pc = self.frames[index].pc;
            self.frames[index].pc = pc.offset(1);
            match self.plan.code[pc] {
                Instruction::Work { dist } => return self.work(index, dist, agenda),
                Instruction::Wait { dist } => {
                    let span = self.span(index, dist, agenda.now());
                    self.let_thread_go_if_async(index, agenda);
                    return self.hold(index, dist, span, agenda);
                }
                Instruction::Call { edge, endpoint, .. } => {
                    self.let_thread_go_if_async(index, agenda);
                    return self.begin_call(index, edge, endpoint, agenda);
                }
                Instruction::Parallel { first, count, need } => {
                    return self.fork(index, first, count, need, agenda);
                }
                Instruction::Choice { first, count } => {
                    let draw = self.draw(index).uniform();
                    let arms = &self.plan.arms[first..first.offset(u32::from(count))].raw;
                    let (_, entry) = arms
                        .iter()
                        .find(|(sum, _)| draw < *sum)
                        .unwrap_or(&arms[arms.len() - 1]);
                    self.frames[index].pc = *entry;
                }
                Instruction::Jump(to) => self.frames[index].pc = to,
                Instruction::LoopBegin { dist, slot, end } => {
                    let rounds = self.plan.dists[dist].sample(&mut self.draw(index)) + 0.5;
                    self.frames[index].loops[usize::from(slot)] = rounds as u16;
                    if rounds < 1.0 {
                        self.frames[index].pc = end;
                    }
                }
                Instruction::LoopEnd { slot, begin } => {
                    let left = &mut self.frames[index].loops[usize::from(slot)];
                    *left -= 1;
                    self.work += 1;
                    if *left > 0 {
                        self.frames[index].pc = begin;
                        rounds += 1;
                        if rounds == MOST_AT_ONCE {
                            // Loops with nothing in them must pass where budgets are looked at.
                            let id = self.frames.id(index);
                            agenda.schedule_at(agenda.now(), Event::Continue(id));
                            return;
                        }
                    }
                }
                Instruction::Acquire { pool } => {
                    if !self.acquire(index, pool, agenda) {
                        return;
                    }
                }
                Instruction::Release { pool } => self.release(index, pool, agenda),
                Instruction::Decide { keeper, past } => {
                    if self.decide(index, keeper, agenda.now()) == Go::Past {
                        self.frames[index].pc = past;
                    }
                }
                Instruction::Done { keeper } => self.done(index, keeper, agenda.now()),
                Instruction::Fail { share, status } => {
                    if share >= 1.0 || self.draw(index).chance(f64::from(share)) {
                        let ending = Ending {
                            status,
                            ..self.ends_here(index, Outcome::Error)
                        };
                        return self.finish(index, ending, agenda);
                    }
                }
                Instruction::End => {
                    let outcome = if self.frames[index].is(flag::DEGRADED) {
                        Outcome::Degraded
                    } else {
                        Outcome::Ok
                    };
                    let ending = self.ends_here(index, outcome);
                    return self.finish(index, ending, agenda);
                }
            }
        }
    }

    /// The source of a frame's next draw.
    #[inline]
    pub(super) fn draw(&mut self, index: u32) -> Keyed {
        let frame = &mut self.frames[index];
        frame.draws += 1;
        Keyed::new(frame.key, u64::from(frame.draws))
    }

    /// How long a step takes, faults included.
    #[inline]
    fn span(&mut self, index: u32, dist: DistId, now: SimTime) -> f64 {
        let span = self.plan.dists[dist].sample(&mut self.draw(index));
        if self.instances[self.frames[index].instance]
            .faults
            .is_empty()
        {
            span
        } else {
            span * self.slowdown(index, now)
        }
    }

    /// By what faults multiply the duration of a step that begins now.
    #[cold]
    fn slowdown(&mut self, index: u32, now: SimTime) -> f64 {
        let Frame { instance, key, .. } = self.frames[index];
        self.count_faults(instance);
        let faults = &self.instances[instance].faults;
        let mut product = 1.0;
        for fault in faults.iter().copied() {
            let spec = &self.plan.faults[fault].spec;
            let factor = spec.inject.on_step();
            if factor != 1.0
                && self.concerns(fault, index)
                && (spec.share >= 1.0 || Keyed::new(self.faults[fault].key, key).chance(spec.share))
            {
                product *= 1.0 + (factor - 1.0) * self.strength(fault, now);
            }
        }
        product
    }

    #[inline]
    fn work(&mut self, index: u32, dist: DistId, agenda: &mut Agenda<Event>) {
        let span = self.span(index, dist, agenda.now());
        let instance = self.frames[index].instance;
        if self.instances[instance].cores.shared() {
            self.frames[index].state = State::Computing;
            let id = self.frames.id(index);
            self.instances[instance].cores.add(agenda.now(), id, span);
            self.cores_changed(instance, agenda);
        } else {
            self.recorder.instances[instance]
                .working
                .add(agenda.now(), 1);
            self.hold(index, dist, span, agenda);
        }
    }

    /// A step takes a span.
    #[inline]
    fn hold(&mut self, index: u32, dist: DistId, span: f64, agenda: &mut Agenda<Event>) {
        let event = Event::StepEnd(self.frames.id(index));
        let constant = self.plan.dists[dist].constant() == Some(span);
        let span = SimDuration::from_nanos_f64(span);
        let timer = match self.dist_lanes[dist] {
            Some(lane) if constant => agenda.schedule_lane(lane, event),
            _ => agenda.schedule_after(span, event),
        };
        let frame = &mut self.frames[index];
        frame.mark = agenda.now() + span;
        frame.state = State::Running;
        frame.timer = timer;
    }
}
