//! Steps take out of the pools of an instance and give back; whoever finds none left waits in line.

use super::event::Event;
use super::frame::{Frame, State, flag};
use super::state::World;
use super::story::rounded;
use crate::ids::{OwnPoolId, PoolId};
use crate::outcome::{Ending, Outcome};
use crate::plan::{Instruction, PoolPlan};
use sim_core::agenda::{Agenda, EventId};

/// What a request answers that gets nothing out of a pool: unavailable, RFC 9110 section 15.6.4.
const UNAVAILABLE: u16 = 503;

impl<'p> World<'p> {
    /// A pool of the instance of a frame.
    fn pool_of(&self, index: u32, pool: PoolId) -> (&'p PoolPlan, OwnPoolId) {
        let plan = &self.plan.pools[pool];
        let number = self.plan.instances[self.frames[index].instance].number;
        (plan, plan.first.offset(number))
    }

    /// A frame asks for one out of a pool; true if it has got it and goes on at once.
    #[inline(never)]
    pub(super) fn acquire(&mut self, index: u32, pool: PoolId, agenda: &mut Agenda<Event>) -> bool {
        let (plan, number) = self.pool_of(index, pool);
        let state = &self.pools.states[number];
        if state.out < plan.size {
            self.frames[index].mark = agenda.now();
            self.hand_out(index, number, agenda);
            return true;
        }
        if state.room.waiting >= plan.queue {
            self.refuse(index, pool, Outcome::PoolFull, agenda);
            return false;
        }
        self.let_thread_go_if_async(index, agenda);
        let id = self.frames.id(index);
        let timer = match self.pools.lanes[pool] {
            Some(lane) => agenda.schedule_lane(lane, Event::WaitedEnough(id)),
            None => EventId::NONE,
        };
        let frame = &mut self.frames[index];
        frame.state = State::Pooled;
        frame.mark = agenda.now();
        frame.timer = timer;
        let counted = frame.is(flag::COUNTED);
        self.recorder.pool_awaited(number, agenda.now(), counted);
        let room = &mut self.pools.states[number].room;
        if room.enter(id) {
            self.work += room.queue.len() as u64;
            let frames = &self.frames;
            room.queue.retain(|id| {
                let index = frames.alive(*id);
                index.is_some_and(|index| frames[index].state == State::Pooled)
            });
        }
        self.tell(index, agenda.now(), || {
            format!("waits for one of `{}`", plan.name)
        });
        false
    }

    /// A frame gets one out of a pool.
    fn hand_out(&mut self, index: u32, number: OwnPoolId, agenda: &Agenda<Event>) {
        let now = agenda.now();
        let frame = &self.frames[index];
        let (waited, counted) = (now.since(frame.mark), frame.is(flag::COUNTED));
        self.pools.give(index, number);
        self.recorder.pool_taken(number, now, waited, counted);
    }

    /// A frame gets none: it ends.
    fn refuse(&mut self, index: u32, pool: PoolId, cause: Outcome, agenda: &mut Agenda<Event>) {
        let (plan, number) = self.pool_of(index, pool);
        let counted = self.frames[index].is(flag::COUNTED);
        self.recorder.pool_refused(number, cause, counted);
        self.tell(index, agenda.now(), || {
            format!("gets none of `{}`: {}", plan.name, cause.name())
        });
        let ending = Ending {
            cause,
            status: UNAVAILABLE,
            ..self.ends_here(index, Outcome::Error)
        };
        self.finish(index, ending, agenda);
    }

    /// The pool that a frame in the middle of `acquire` waits for.
    pub(super) fn awaited_pool(&self, index: u32) -> PoolId {
        let Frame { pc, .. } = self.frames[index];
        match self.plan.code[pc.back(1)] {
            Instruction::Acquire { pool } => pool,
            other => unreachable!("a frame waits for a pool at {other:?}"),
        }
    }

    /// A frame has waited for a pool for as long as it may.
    #[inline(never)]
    pub(super) fn waited_enough(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        if self.frames[index].state != State::Pooled {
            return;
        }
        let pool = self.awaited_pool(index);
        self.leave_line(index, agenda);
        self.frames[index].state = State::Running;
        self.refuse(index, pool, Outcome::TimeoutPool, agenda);
    }

    /// A frame that waits for a pool ends.
    #[inline(never)]
    pub(super) fn leave_pool_unserved(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let (_, number) = self.pool_of(index, self.awaited_pool(index));
        self.recorder.pool_left(number);
        self.leave_line(index, agenda);
    }

    /// A frame that waits for a pool does so no longer.
    #[inline(never)]
    fn leave_line(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        agenda.cancel(self.frames[index].timer);
        self.frames[index].timer = EventId::NONE;
        let (_, number) = self.pool_of(index, self.awaited_pool(index));
        self.pools.states[number].room.waiting -= 1;
        self.recorder.pools[number].waiting.add(agenda.now(), -1);
    }

    /// A frame gives one back to a pool.
    #[inline(never)]
    pub(super) fn release(&mut self, index: u32, pool: PoolId, agenda: &mut Agenda<Event>) {
        let (_, number) = self.pool_of(index, pool);
        let taken_back = self.pools.take_back(index, Some(number));
        debug_assert!(
            taken_back.is_some(),
            "nobody gives back what it does not hold"
        );
        if let Some(number) = taken_back {
            self.given_back(index, number, agenda);
        }
    }

    /// A frame ends: it gives back all that it holds.
    #[inline]
    pub(super) fn release_all(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        if !self.pools.states.is_empty() {
            self.release_what_is_held(index, agenda);
        }
    }

    #[inline(never)]
    fn release_what_is_held(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        while let Some(number) = self.pools.take_back(index, None) {
            self.given_back(index, number, agenda);
        }
    }

    /// One is back in a pool: the first in line gets it, unless the instance is gone with all who wait there.
    fn given_back(&mut self, index: u32, number: OwnPoolId, agenda: &mut Agenda<Event>) {
        self.recorder.pools[number].out.add(agenda.now(), -1);
        if self.instances[self.frames[index].instance].down > 0 {
            return;
        }
        while let Some(next) = self.pools.states[number].room.queue.pop_front() {
            let alive = self.frames.alive(next);
            let Some(next) = alive.filter(|next| self.frames[*next].state == State::Pooled) else {
                continue;
            };
            self.leave_line(next, agenda);
            self.frames[next].state = State::Running;
            self.hand_out(next, number, agenda);
            let waited = agenda.now().since(self.frames[next].mark);
            self.tell(next, agenda.now(), || {
                format!("gets it after {}", rounded(waited))
            });
            let id = self.frames.id(next);
            self.now_next.push(Event::Continue(id));
            return;
        }
    }
}
