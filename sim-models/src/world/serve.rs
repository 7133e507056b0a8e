//! The callee's side: admission, threads, and the steps of endpoints.

use super::frame::{Frame, FrameId, State, flag};
use super::story::rounded;
use super::{Event, MOST_AT_ONCE, World};
use crate::faults::Effect;
use crate::outcome::{Outcome, Verdict};
use crate::plan::Instruction;
use crate::scenario::{QueueOrder, Threading};
use sim_core::agenda::{Agenda, EventId};
use sim_core::random::{Keyed, Source, mix};
use sim_core::{SimDuration, SimTime};

impl<'p> World<'p> {
    #[inline]
    fn verdict_here(&self, index: u32, outcome: Outcome) -> Verdict {
        Verdict {
            outcome,
            cause: outcome,
            origin: self.place_of(index) as u16,
            status: 0,
        }
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
        let service = self.instances[instance as usize].service as usize;
        self.recorder
            .arrived(service, endpoint as usize, instance as usize, counted);
        if self.instances[instance as usize].down > 0 {
            self.touch(instance);
            return self.turn_away(index, Outcome::Refused, agenda);
        }
        if deadline <= now {
            self.recorder
                .withdrawn(service, endpoint as usize, true, counted);
            let verdict = self.verdict_here(index, Outcome::TimeoutDeadline);
            return self.reply(index, verdict, agenda);
        }
        if self.instances[instance as usize].frozen > 0 {
            self.touch(instance);
        }
        let plan = &self.plan.services[service];
        let state = &mut self.instances[instance as usize];
        if state.busy < plan.threads && state.frozen == 0 {
            state.busy += 1;
            self.recorder.instances[instance as usize].busy.add(now, 1);
            self.frames[index].flags |= flag::THREAD;
            self.enter(index, agenda);
            self.start(index, agenda);
        } else if state.queue.waiting() < plan.queue_limit {
            state.queue.push(&mut self.frames, index);
            self.wait_in(index, State::Queued, agenda);
        } else if state.backlog.waiting() < plan.backlog_limit {
            state.backlog.push(&mut self.frames, index);
            self.wait_in(index, State::Backlogged, agenda);
        } else if plan.backlog_limit > 0 {
            self.turn_away(index, Outcome::Refused, agenda);
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
        self.recorder.instances[instance as usize]
            .present
            .add(agenda.now(), 1);
        if deadline < SimTime::MAX {
            let id = self.frames.id(index);
            self.frames[index].expiry = agenda.schedule_at(deadline, Event::Expire(id));
        }
    }

    #[inline]
    fn wait_in(&mut self, index: u32, state: State, agenda: &mut Agenda<Event>) {
        self.frames[index].state = state;
        self.enter(index, agenda);
        let instance = self.frames[index].instance;
        self.recorder.instances[instance as usize]
            .queue
            .add(agenda.now(), 1);
        self.tell(index, agenda.now(), || "waits for a thread".into());
    }

    fn turn_away(&mut self, index: u32, outcome: Outcome, agenda: &mut Agenda<Event>) {
        let Frame {
            instance, endpoint, ..
        } = self.frames[index];
        let counted = self.frames[index].is(flag::COUNTED);
        let service = self.instances[instance as usize].service as usize;
        self.recorder
            .turned_away(service, endpoint as usize, counted);
        let verdict = self.verdict_here(index, outcome);
        self.reply(index, verdict, agenda);
    }

    /// The answer leaves for the caller.
    #[inline]
    pub(super) fn reply(&mut self, index: u32, verdict: Verdict, agenda: &mut Agenda<Event>) {
        let frame = &mut self.frames[index];
        frame.state = State::Replying;
        frame.verdict = verdict;
        let Frame {
            in_edge,
            instance,
            parent,
            ..
        } = *frame;
        self.tell(index, agenda.now(), || {
            format!("answers {}", verdict.outcome.name())
        });
        // Where the caller has ended nobody knows its instance, nor needs the answer.
        let Some(caller) = self.frames.alive(parent) else {
            return self.frames.remove(index);
        };
        let link = self.link(in_edge, self.frames[caller].instance, instance, false);
        let id = self.frames.id(index);
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
        let service = self.instances[instance as usize].service as usize;
        self.recorder
            .started(service, instance as usize, now.since(arrived), counted);
        self.tell(index, now, || {
            format!("starts after waiting {}", rounded(now.since(arrived)))
        });
        if !self.instances[instance as usize].faults.is_empty()
            && self.disturbed_start(index, agenda)
        {
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
        for position in 0..self.instances[instance as usize].faults.len() {
            let fault = usize::from(self.instances[instance as usize].faults[position]);
            if !self.concerns(fault, index) {
                continue;
            }
            let plan = &self.plan.faults[fault];
            let strength = self.strength(fault, now);
            match &plan.effect {
                Effect::Fail { status } if self.hit(fault, key, strength) => {
                    self.tell(index, now, || format!("fails: fault `{}`", plan.name));
                    let verdict = Verdict {
                        status: *status,
                        ..self.verdict_here(index, Outcome::Error)
                    };
                    self.finish(index, verdict, agenda);
                    return true;
                }
                Effect::Hang if self.hit(fault, key, strength) => {
                    self.tell(index, now, || format!("hangs: fault `{}`", plan.name));
                    self.frames[index].state = State::Hung;
                    return true;
                }
                Effect::Slow { .. } if self.hit(fault, key, 1.0) => {
                    if let Some(add) = &plan.add {
                        let span = add.sample(&mut Keyed::new(mix(self.faults[fault].key, key), 2));
                        more = more + SimDuration::from_nanos_f64(span * strength);
                    }
                }
                _ => {}
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

    /// By what faults multiply the duration of a step that begins now.
    #[cold]
    fn slowdown(&mut self, index: u32, now: SimTime) -> f64 {
        let Frame { instance, key, .. } = self.frames[index];
        self.count_faults(instance);
        let faults = &self.instances[instance as usize].faults;
        let mut product = 1.0;
        for fault in faults.iter().map(|fault| usize::from(*fault)) {
            let plan = &self.plan.faults[fault];
            if let Effect::Slow { factor, .. } = plan.effect
                && self.concerns(fault, index)
                && (plan.spec.share >= 1.0
                    || Keyed::new(self.faults[fault].key, key).chance(plan.spec.share))
            {
                product *= 1.0 + (factor - 1.0) * self.strength(fault, now);
            }
        }
        product
    }

    /// A step ends.
    #[inline]
    pub(super) fn step_end(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.frames[index].timer = EventId::NONE;
        if self.is_working(index) {
            let instance = self.frames[index].instance;
            self.recorder.instances[instance as usize]
                .working
                .add(agenda.now(), -1);
        }
        self.resume(index, agenda);
    }

    /// Whether the step that a running frame is in is one of work (and not of waiting).
    #[inline]
    fn is_working(&self, index: u32) -> bool {
        let pc = self.frames[index].pc as usize;
        // A request held up by a fault at its start has not begun its program.
        pc > 0
            && matches!(self.plan.code[pc - 1], Instruction::Work { .. })
            && (self.frames[index].is(flag::BRANCH)
                || pc as u32 > self.plan.endpoints[self.frames[index].endpoint as usize].entry)
    }

    /// A frame goes on with its program as soon as it has a thread.
    #[inline]
    fn resume(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let frame = &self.frames[index];
        if frame.is(flag::THREAD) || frame.is(flag::BRANCH) {
            return self.advance(index, agenda);
        }
        let instance = frame.instance as usize;
        let state = &mut self.instances[instance];
        if state.busy < self.plan.services[state.service as usize].threads {
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
            let verdict = self.verdict_here(index, Outcome::Cancelled);
            return self.finish(index, verdict, agenda);
        }
        if self.frames[index].deadline <= agenda.now() {
            let verdict = self.verdict_here(index, Outcome::TimeoutDeadline);
            return self.finish(index, verdict, agenda);
        }
        let mut rounds = 0;
        loop {
            let pc = self.frames[index].pc;
            self.frames[index].pc = pc + 1;
            match self.plan.code[pc as usize] {
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
                    let arms = &self.plan.arms[first as usize..first as usize + usize::from(count)];
                    let (_, entry) = arms
                        .iter()
                        .find(|(sum, _)| draw < *sum)
                        .unwrap_or(&arms[arms.len() - 1]);
                    self.frames[index].pc = *entry;
                }
                Instruction::Jump(to) => self.frames[index].pc = to,
                Instruction::LoopBegin { dist, slot, end } => {
                    let rounds = self.plan.dists[dist as usize].sample(&mut self.draw(index)) + 0.5;
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
                Instruction::Fail { share, status } => {
                    if share >= 1.0 || self.draw(index).chance(f64::from(share)) {
                        let verdict = Verdict {
                            status,
                            ..self.verdict_here(index, Outcome::Error)
                        };
                        return self.finish(index, verdict, agenda);
                    }
                }
                Instruction::End => {
                    let outcome = if self.frames[index].is(flag::DEGRADED) {
                        Outcome::Degraded
                    } else {
                        Outcome::Ok
                    };
                    let verdict = self.verdict_here(index, outcome);
                    return self.finish(index, verdict, agenda);
                }
            }
        }
    }

    /// The source of a frame's next draw.
    #[inline]
    fn draw(&mut self, index: u32) -> Keyed {
        let frame = &mut self.frames[index];
        frame.draws += 1;
        Keyed::new(frame.key, u64::from(frame.draws))
    }

    /// How long a step takes, faults included.
    #[inline]
    fn span(&mut self, index: u32, dist: u32, now: SimTime) -> f64 {
        let span = self.plan.dists[dist as usize].sample(&mut self.draw(index));
        if self.instances[self.frames[index].instance as usize]
            .faults
            .is_empty()
        {
            span
        } else {
            span * self.slowdown(index, now)
        }
    }

    #[inline]
    fn work(&mut self, index: u32, dist: u32, agenda: &mut Agenda<Event>) {
        let span = self.span(index, dist, agenda.now());
        let instance = self.frames[index].instance as usize;
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
    fn hold(&mut self, index: u32, dist: u32, span: f64, agenda: &mut Agenda<Event>) {
        let event = Event::StepEnd(self.frames.id(index));
        let constant = self.plan.dists[dist as usize].constant() == Some(span);
        let span = SimDuration::from_nanos_f64(span);
        let timer = match self.dist_lanes[dist as usize] {
            Some(lane) if constant => agenda.schedule_lane(lane, event),
            _ => agenda.schedule_after(span, event),
        };
        let frame = &mut self.frames[index];
        frame.mark = agenda.now() + span;
        frame.state = State::Running;
        frame.timer = timer;
    }

    /// Jobs came to or went from the cores of an instance.
    fn cores_changed(&mut self, instance: usize, agenda: &mut Agenda<Event>) {
        let state = &mut self.instances[instance];
        agenda.cancel(state.cores.timer);
        state.cores.timer = match state.cores.due() {
            Some(due) if state.frozen == 0 => agenda.schedule_at(
                due,
                Event::CoreFree {
                    instance: instance as u32,
                },
            ),
            _ => EventId::NONE,
        };
        let busy = state.cores.busy_milli();
        self.recorder.instances[instance]
            .working
            .set(agenda.now(), busy);
    }

    /// The first of the jobs on the cores of an instance is done.
    pub(super) fn core_free(&mut self, instance: u32, agenda: &mut Agenda<Event>) {
        let done = self.instances[instance as usize].cores.take(agenda.now());
        self.cores_changed(instance as usize, agenda);
        if let Some(index) = done.and_then(|id| self.frames.alive(id)) {
            self.frames[index].state = State::Running;
            self.resume(index, agenda);
        }
    }

    /// What was paused on the cores of an instance goes on.
    pub(super) fn cores_wake(&mut self, instance: usize, agenda: &mut Agenda<Event>) {
        if self.instances[instance].cores.shared() {
            self.instances[instance].cores.wake(agenda.now());
            self.cores_changed(instance, agenda);
        }
    }

    /// Gives the idle threads of an instance that wakes to those who came meanwhile.
    pub(super) fn fill_threads(&mut self, instance: u32, agenda: &mut Agenda<Event>) {
        let number = instance as usize;
        let threads = self.plan.services[self.instances[number].service as usize].threads;
        while self.instances[number].busy < threads {
            self.instances[number].busy += 1;
            self.recorder.instances[number].busy.add(agenda.now(), 1);
            if !self.pass_thread_on(instance, agenda) {
                return;
            }
        }
    }

    #[inline]
    fn let_thread_go_if_async(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let instance = self.frames[index].instance as usize;
        let service = self.instances[instance].service as usize;
        if self.plan.services[service].threading == Threading::Async
            && self.frames[index].is(flag::THREAD)
        {
            self.let_thread_go(index, agenda);
        }
    }

    /// A frame gives its thread back.
    #[inline]
    fn let_thread_go(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.frames[index].flags &= !flag::THREAD;
        self.pass_thread_on(self.frames[index].instance, agenda);
    }

    /// A thread goes to the next who waits for one: continuations first, then the queue. Where nobody
    /// waits it idles, and the answer is no.
    fn pass_thread_on(&mut self, instance: u32, agenda: &mut Agenda<Event>) -> bool {
        let now = agenda.now();
        let number = instance as usize;
        let instance = &mut self.instances[number];
        let plan = &self.plan.services[instance.service as usize];
        let frames = &mut self.frames;
        let (next, begins) = if let Some(next) = instance.ready.pop_front(frames) {
            (next, false)
        } else {
            let queued = match plan.queue_order {
                QueueOrder::Fifo => instance.queue.pop_front(frames),
                QueueOrder::Lifo => instance.queue.pop_back(frames),
            };
            let accepted = instance.backlog.pop_front(frames);
            match (queued, accepted) {
                (Some(next), Some(accepted)) => {
                    instance.queue.push(frames, accepted);
                    frames[accepted].state = State::Queued;
                    (next, true)
                }
                (Some(next), None) | (None, Some(next)) => (next, true),
                (None, None) => {
                    instance.busy -= 1;
                    self.recorder.instances[number].busy.add(now, -1);
                    return false;
                }
            }
        };
        frames[next].flags |= flag::THREAD;
        frames[next].state = State::Running;
        self.recorder.instances[number].queue.add(now, -1);
        let id = frames.id(next);
        self.now_next.push(if begins {
            Event::Start(id)
        } else {
            Event::Continue(id)
        });
        true
    }

    /// A request has run its program, or failed on the way.
    #[inline]
    pub(super) fn finish(&mut self, index: u32, verdict: Verdict, agenda: &mut Agenda<Event>) {
        if self.frames[index].is(flag::BRANCH) {
            return self.branch_done(index, verdict, agenda);
        }
        self.leave(index, verdict, agenda);
        if self.frames[index].is(flag::THREAD) {
            self.let_thread_go(index, agenda);
        }
        if verdict.outcome == Outcome::Cancelled {
            self.tell(index, agenda.now(), || "stops: its caller has gone".into());
            self.frames.remove(index);
        } else {
            self.reply(index, verdict, agenda);
        }
    }

    /// Counts a request that had started and ends here.
    #[inline]
    pub(super) fn leave(&mut self, index: u32, verdict: Verdict, agenda: &mut Agenda<Event>) {
        let now = agenda.now();
        let frame = self.frames[index];
        agenda.cancel(frame.expiry);
        self.recorder.instances[frame.instance as usize]
            .present
            .add(now, -1);
        self.recorder.served(
            self.instances[frame.instance as usize].service as usize,
            frame.endpoint as usize,
            (frame.arrived, frame.started, now),
            verdict.outcome.is_success(),
            frame.is(flag::ABANDONED),
            frame.is(flag::COUNTED),
        );
    }

    /// A frame starts branches and waits for them.
    fn fork(&mut self, index: u32, first: u32, count: u16, need: u16, agenda: &mut Agenda<Event>) {
        self.let_thread_go_if_async(index, agenda);
        let id = self.frames.id(index);
        let inherited = flag::COUNTED | flag::TRACED | flag::ABANDONED;
        let mut previous = u32::MAX;
        for number in 0..u32::from(count) {
            let key = self.draw(index).next_u64();
            let branch = self.frames.duplicate(index);
            let frame = &mut self.frames[branch.index];
            frame.key = key;
            frame.parent = id;
            frame.pc = self.plan.branches[(first + number) as usize];
            frame.flags = frame.flags & inherited | flag::BRANCH;
            frame.state = State::Running;
            frame.previous = previous;
            frame.next = u32::MAX;
            frame.draws = 0;
            frame.expiry = EventId::NONE;
            frame.child = FrameId::NONE;
            self.follow(branch, id);
            if previous == u32::MAX {
                self.frames[index].child = branch;
            } else {
                self.frames[previous].next = branch.index;
            }
            previous = branch.index;
            self.now_next.push(Event::Continue(branch));
        }
        let frame = &mut self.frames[index];
        frame.state = State::Forked;
        frame.need = need;
        frame.attempts = count;
        frame.verdict = Verdict::default();
        self.tell(index, agenda.now(), || {
            format!("starts {count} branches, {need} must succeed")
        });
        if need == 0 {
            self.stop_branches(index, agenda);
            self.resume_after_branches(index);
        }
    }

    fn resume_after_branches(&mut self, index: u32) {
        self.frames[index].state = State::Running;
        let id = self.frames.id(index);
        self.now_next.push(Event::Continue(id));
    }

    fn branch_done(&mut self, branch: u32, verdict: Verdict, agenda: &mut Agenda<Event>) {
        let Frame {
            parent,
            next,
            previous,
            flags,
            ..
        } = self.frames[branch];
        self.frames.remove(branch);
        let Some(index) = self.frames.alive(parent) else {
            return;
        };
        if next != u32::MAX {
            self.frames[next].previous = previous;
        }
        if previous == u32::MAX {
            self.frames[index].child = if next == u32::MAX {
                FrameId::NONE
            } else {
                self.frames.id(next)
            };
        } else {
            self.frames[previous].next = next;
        }
        let frame = &mut self.frames[index];
        frame.attempts -= 1;
        if verdict.outcome.is_success() {
            frame.need -= 1;
            frame.flags |= flags & flag::DEGRADED;
        } else if frame.verdict.outcome.is_success() {
            frame.verdict = verdict;
        }
        let failure = frame.verdict;
        if frame.need == 0 {
            self.stop_branches(index, agenda);
            self.resume_after_branches(index);
        } else if frame.attempts < frame.need {
            self.stop_branches(index, agenda);
            self.frames[index].state = State::Running;
            self.finish(index, super::call::failed_dependency(failure), agenda);
        }
    }

    fn stop_branches(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let mut next = self.frames.alive(self.frames[index].child);
        while let Some(branch) = next {
            let after = self.frames[branch].next;
            next = (after != u32::MAX).then_some(after);
            self.stop(branch, agenda);
            self.frames.remove(branch);
        }
        self.frames[index].child = FrameId::NONE;
    }

    /// Stops whatever a frame is doing, without an answer.
    pub(super) fn stop(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let Frame {
            state,
            timer,
            instance,
            ..
        } = self.frames[index];
        let number = instance as usize;
        match state {
            State::Running => {
                if agenda.cancel(timer).is_some() && self.is_working(index) {
                    self.recorder.instances[number]
                        .working
                        .add(agenda.now(), -1);
                }
            }
            State::Computing => {
                let id = self.frames.id(index);
                self.instances[number].cores.remove(agenda.now(), id);
                self.cores_changed(number, agenda);
            }
            State::Calling => self.abandon_call(index, Outcome::Cancelled, agenda),
            State::Forked => self.stop_branches(index, agenda),
            State::Ready => {
                self.instances[number].ready.remove(&mut self.frames, index);
                self.recorder.instances[number].queue.add(agenda.now(), -1);
            }
            State::Queued | State::Backlogged => self.unqueue(index, agenda),
            State::Hung | State::InTransit | State::Replying | State::Free => {}
        }
        self.frames[index].state = State::Running;
    }

    fn unqueue(&mut self, index: u32, agenda: &Agenda<Event>) {
        let Frame {
            state, instance, ..
        } = self.frames[index];
        let number = instance as usize;
        let plan = &self.plan.services[self.instances[number].service as usize];
        let queues = &mut self.instances[number];
        if state == State::Queued {
            queues.queue.remove(&mut self.frames, index);
            // The place in the queue goes to the first in the backlog.
            if plan.queue_limit > 0
                && let Some(accepted) = queues.backlog.pop_front(&mut self.frames)
            {
                queues.queue.push(&mut self.frames, accepted);
                self.frames[accepted].state = State::Queued;
            }
        } else {
            queues.backlog.remove(&mut self.frames, index);
        }
        self.recorder.instances[number].queue.add(agenda.now(), -1);
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
            State::Calling | State::Forked | State::Hung | State::Ready => {
                self.stop(index, agenda);
                let verdict = self.verdict_here(index, Outcome::Cancelled);
                self.finish(index, verdict, agenda);
            }
            // In transit: dropped on arrival. At work: stops at the end of the step. Answered: too late.
            State::InTransit
            | State::Running
            | State::Computing
            | State::Replying
            | State::Free => {}
        }
    }

    /// Counts a request that had not started and ends here.
    pub(super) fn leave_unstarted(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let frame = self.frames[index];
        agenda.cancel(frame.expiry);
        self.recorder.instances[frame.instance as usize]
            .present
            .add(agenda.now(), -1);
        let service = self.instances[frame.instance as usize].service as usize;
        let doomed = frame.is(flag::ABANDONED);
        self.recorder.withdrawn(
            service,
            frame.endpoint as usize,
            doomed,
            frame.is(flag::COUNTED),
        );
    }

    /// The deadline that a request was told of passes.
    pub(super) fn expire(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        self.frames[index].expiry = EventId::NONE;
        let verdict = self.verdict_here(index, Outcome::TimeoutDeadline);
        match self.frames[index].state {
            State::Queued | State::Backlogged => {
                self.unqueue(index, agenda);
                self.leave_unstarted(index, agenda);
                self.reply(index, verdict, agenda);
            }
            State::Calling | State::Forked | State::Hung | State::Ready => {
                self.stop(index, agenda);
                self.finish(index, verdict, agenda);
            }
            // At work: it notices at the end of the step.
            State::InTransit
            | State::Running
            | State::Computing
            | State::Replying
            | State::Free => {}
        }
    }
}
