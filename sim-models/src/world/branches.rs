//! Parallel steps: branches that begin together, and the request that waits for them.

use super::event::Event;
use super::frame::{Frame, FrameId, State, flag};
use super::state::World;
use crate::ids::BranchId;
use crate::outcome::Ending;
use sim_core::agenda::{Agenda, EventId};
use sim_core::random::Source;

impl World<'_> {
    /// A frame starts branches and waits for them.
    pub(super) fn fork(
        &mut self,
        index: u32,
        first: BranchId,
        count: u16,
        need: u16,
        agenda: &mut Agenda<Event>,
    ) {
        self.let_thread_go_if_async(index, agenda);
        let id = self.frames.id(index);
        let inherited = flag::COUNTED | flag::TRACED | flag::ABANDONED;
        let mut previous = u32::MAX;
        for entry in first.next(u32::from(count)) {
            let key = self.draw(index).next_u64();
            let branch = self.frames.duplicate(index);
            let frame = &mut self.frames[branch.index];
            frame.key = key;
            frame.parent = id;
            frame.pc = self.plan.branches[entry];
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
        frame.ending = Ending::default();
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

    pub(super) fn branch_done(&mut self, branch: u32, ending: Ending, agenda: &mut Agenda<Event>) {
        let Frame { parent, flags, .. } = self.frames[branch];
        let parent = self.frames.alive(parent);
        if let Some(index) = parent {
            self.frames.unlink(index, branch);
        }
        self.frames.remove(branch);
        let Some(index) = parent else {
            return;
        };
        let frame = &mut self.frames[index];
        frame.attempts -= 1;
        if ending.outcome.is_success() {
            frame.need -= 1;
            frame.flags |= flags & flag::DEGRADED;
        } else if frame.ending.outcome.is_success() {
            frame.ending = ending;
        }
        let failure = frame.ending;
        if frame.need == 0 {
            self.stop_branches(index, agenda);
            self.resume_after_branches(index);
        } else if frame.attempts < frame.need {
            self.stop_branches(index, agenda);
            self.frames[index].state = State::Running;
            self.finish(index, super::call::failed_dependency(failure), agenda);
        }
    }

    pub(super) fn stop_branches(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        let mut next = self.frames.alive(self.frames[index].child);
        while let Some(branch) = next {
            let after = self.frames[branch].next;
            next = (after != u32::MAX).then_some(after);
            self.stop(branch, agenda);
            self.release_all(branch, agenda);
            self.frames.remove(branch);
        }
        self.frames[index].child = FrameId::NONE;
    }
}
