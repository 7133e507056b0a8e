//! The door of a service: policies that a request goes through when it reaches an instance, before its queue.
//!
//! A request at the door makes a call of its own, without a link, to the instance that it has reached: so every
//! policy that makes sense there is the same as at a caller. What it calls is the request that waits, works and is
//! counted; the one at the door hands its answer on.

use super::event::Event;
use super::frame::{Frame, State, flag};
use super::state::World;
use crate::ids::{EdgeId, EndpointId, ServiceId};
use crate::outcome::{Ending, Outcome};
use crate::plan::EdgePlan;
use crate::resilience::{Final, Load};
use sim_core::SimTime;
use sim_core::agenda::Agenda;

impl<'p> World<'p> {
    /// Whether a frame is a request at the door of its instance.
    #[inline]
    pub(super) fn is_at_door(&self, index: u32) -> bool {
        self.frames[index].state == State::Calling && self.edge_of(index).door
    }

    /// Whether a frame is a request that has been let in at a door.
    #[inline]
    pub(super) fn was_let_in(&self, index: u32) -> bool {
        let edge = self.frames[index].in_edge;
        self.plan.edges.get(edge).is_some_and(|edge| edge.door)
    }

    /// A request reaches an instance in a system with doors: it is counted where it comes, and has been here since
    /// then when it is let in. True if it has to wait, because nobody is at the door.
    #[cold]
    pub(super) fn comes_to_door(&mut self, index: u32, agenda: &mut Agenda<Event>) -> bool {
        let now = agenda.now();
        let (service, endpoint, counted) = self.asked_for(index);
        let Frame {
            instance,
            in_edge,
            parent,
            ..
        } = self.frames[index];
        let door = self.plan.services[service].door;
        if in_edge == door {
            if let Some(at_door) = self.frames.alive(parent) {
                self.frames[index].arrived = self.frames[at_door].arrived;
                self.leave_doorstep(at_door, now);
            }
            return false;
        }
        let at = &self.instances[instance];
        if door != EdgeId::NONE && at.frozen > 0 && at.down == 0 {
            self.touch(instance);
            let id = self.frames.id(index);
            let inbox = &mut self.instances[instance].inbox;
            inbox.push_back(Event::Deliver(id));
            return true;
        }
        self.recorder.arrived(service, endpoint, instance, counted);
        false
    }

    /// A request begins with the policies of the door, if there is one and it has not been let in.
    #[cold]
    pub(super) fn begin_at_door(&mut self, index: u32, agenda: &mut Agenda<Event>) -> bool {
        let Frame {
            instance,
            in_edge,
            endpoint,
            deadline,
            ..
        } = self.frames[index];
        let service = self.instances[instance].service;
        let door = self.plan.services[service].door;
        if door == EdgeId::NONE || in_edge == door {
            return false;
        }
        let id = self.frames.id(index);
        if deadline < SimTime::MAX {
            self.frames[index].expiry = agenda.schedule_at(deadline, Event::Expire(id));
        }
        self.frames[index].started = SimTime::MAX;
        self.begin_call(index, door, endpoint, agenda);
        // One that is let in is counted there, and one that is turned away at once was never in.
        let waits = self.frames.alive(id).is_some() && self.is_at_door(index);
        if waits && self.frames[index].attempts == 0 {
            self.frames[index].started = agenda.now();
            let levels = &mut self.recorder.instances[instance];
            levels.present.add(agenda.now(), 1);
        }
        true
    }

    /// What has been let in at a door begins to be served: policies of the door that have to know are told how long
    /// that took since it came.
    #[cold]
    pub(super) fn tell_door_of_start(&mut self, index: u32, now: SimTime) {
        let Frame {
            parent,
            arrived,
            in_edge,
            ..
        } = self.frames[index];
        let plan: &'p EdgePlan = &self.plan.edges[in_edge];
        let mut next = self.frames.alive(parent).filter(|_| plan.starts);
        while let Some(at) = next {
            for layer in self.carried(at, plan) {
                if plan.layers[layer].starts {
                    self.ask_policy(at, plan, layer, now, |spec, memory, call, context| {
                        spec.on_start(memory, call, now.since(arrived), context);
                    });
                }
            }
            next = self.owner(at);
        }
    }

    /// The policies of the door have come to an end with a request: it is answered.
    #[cold]
    pub(super) fn pass_the_door(
        &mut self,
        index: u32,
        ending: Ending,
        last: Final,
        agenda: &mut Agenda<Event>,
    ) {
        agenda.cancel(self.frames[index].expiry);
        if self.frames[index].attempts == 0 {
            let (service, endpoint, counted) = self.asked_for(index);
            match ending.outcome {
                Outcome::TimeoutAttempt | Outcome::TimeoutDeadline => {
                    let doomed = self.frames[index].is(flag::ABANDONED);
                    self.recorder.withdrawn(service, endpoint, doomed, counted);
                }
                _ => self.recorder.turned_away(service, endpoint, counted),
            }
        }
        self.leave_doorstep(index, agenda.now());
        // What callers see of it: an answer that says no, or an error that says too late.
        let ending = match ending.outcome {
            refusal if refusal.is_refusal() => Ending {
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
        let load = self.load_at_door(index);
        self.reply_with(index, ending, last.told(), load, agenda);
    }

    /// How busy its instance is, where policies of the door say so: the most that one of them says.
    fn load_at_door(&self, index: u32) -> Load {
        let plan = self.edge_of(index);
        if !plan.reports {
            return Load::UNKNOWN;
        }
        let memories = &self.edges[self.frames[index].edge].memories;
        let reporters = plan.layers.iter().filter(|layer| layer.spec.reports());
        reporters.fold(Load::UNKNOWN, |load, layer| {
            load.max(layer.spec.load(&memories[self.memory_of(index, layer)]))
        })
    }

    /// A request at the door is taken back, or lost.
    #[cold]
    pub(super) fn leave_the_door(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        agenda.cancel(self.frames[index].expiry);
        if self.frames[index].attempts == 0 {
            let (service, endpoint, counted) = self.asked_for(index);
            let frame = &self.frames[index];
            let doomed = frame.is(flag::ABANDONED) || frame.deadline <= agenda.now();
            self.recorder.withdrawn(service, endpoint, doomed, counted);
        }
        self.leave_doorstep(index, agenda.now());
        self.stop(index, agenda);
    }

    /// The deadline of a request at the door passes. One that was let in sees to it itself.
    #[cold]
    pub(super) fn expire_at_door(&mut self, index: u32, agenda: &mut Agenda<Event>) {
        if self.frames[index].attempts == 0 {
            let ending = self.ends_here(index, Outcome::TimeoutDeadline);
            self.leave_the_door(index, agenda);
            self.reply(index, ending, agenda);
        }
    }

    /// A request at the door is there no longer. It was present from when it had to wait.
    fn leave_doorstep(&mut self, index: u32, now: SimTime) {
        let Frame {
            instance, started, ..
        } = self.frames[index];
        if started < SimTime::MAX {
            self.frames[index].started = SimTime::MAX;
            let levels = &mut self.recorder.instances[instance];
            levels.present.add(now, -1);
        }
    }

    /// Service and endpoint of a request, and whether it counts in totals.
    fn asked_for(&self, index: u32) -> (ServiceId, EndpointId, bool) {
        let frame: &Frame = &self.frames[index];
        let service = self.instances[frame.instance].service;
        (service, frame.endpoint, frame.is(flag::COUNTED))
    }
}
