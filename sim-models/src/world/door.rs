//! The door of a service: policies that a request goes through when it reaches an instance, before its queue.
//!
//! A request at the door makes a call of its own, without a link, to the instance that it has reached: so every
//! policy that makes sense there is the same as at a caller. What it calls is the request that waits, works and is
//! counted; the one at the door hands its answer on.

use super::event::Event;
use super::frame::{Frame, State, flag};
use super::state::World;
use crate::outcome::{Ending, Outcome};
use sim_core::SimTime;
use sim_core::agenda::Agenda;

impl World<'_> {
    /// Whether a frame is a request at the door of its instance.
    #[inline]
    pub(super) fn is_at_door(&self, index: u32) -> bool {
        self.frames[index].state == State::Calling && self.edge_of(index).door
    }

    /// Whether a frame is a request that has been let in at a door.
    #[inline]
    pub(super) fn was_let_in(&self, index: u32) -> bool {
        let edge = self.frames[index].in_edge as usize;
        self.plan.edges.get(edge).is_some_and(|edge| edge.door)
    }

    /// The policies of the door have come to an end with a request: it is answered.
    pub(super) fn pass_the_door(&mut self, index: u32, ending: Ending, agenda: &mut Agenda<Event>) {
        if self.frames[index].attempts == 0 {
            let (service, endpoint, counted) = self.asked_for(index);
            self.recorder.turned_away(service, endpoint, counted);
            self.leave_doorstep(index, agenda.now());
        }
        // What callers see of it: an answer that says no, or an error that says too late.
        let ending = match ending.outcome {
            Outcome::BulkheadFull | Outcome::RateLimited | Outcome::BreakerOpen => Ending {
                outcome: Outcome::Rejected,
                ..ending
            },
            Outcome::TimeoutAttempt => Ending {
                outcome: Outcome::Error,
                status: 504,
                ..ending
            },
            _ => ending,
        };
        self.reply(index, ending, agenda);
    }

    /// A request at the door is taken back, or lost.
    pub(super) fn leave_the_door(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        if self.frames[index].attempts == 0 {
            let (service, endpoint, counted) = self.asked_for(index);
            let doomed = self.frames[index].is(flag::ABANDONED);
            self.recorder.withdrawn(service, endpoint, doomed, counted);
            self.leave_doorstep(index, agenda.now());
        }
        self.stop(index, agenda);
    }

    /// A request that was present at the door is so no longer.
    pub(super) fn leave_doorstep(&mut self, index: u32, now: SimTime) {
        let instance = self.frames[index].instance as usize;
        self.recorder.instances[instance].present.add(now, -1);
    }

    /// Service and endpoint of a request, and whether it counts in totals.
    fn asked_for(&self, index: u32) -> (usize, usize, bool) {
        let frame: &Frame = &self.frames[index];
        let service = self.instances[frame.instance as usize].service as usize;
        (service, frame.endpoint as usize, frame.is(flag::COUNTED))
    }
}
