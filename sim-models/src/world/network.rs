//! Messages over links: latency, and what faults do to it.

use super::event::Event;
use super::frame::{FrameId, State, flag};
use super::state::{LOOKS_PER_STEP, World};
use super::story::rounded;
use crate::faults::Fate;
use crate::ids::{EdgeId, InstanceId, LinkId};
use crate::outcome::Outcome;
use sim_core::agenda::Agenda;
use sim_core::random::{Keyed, mix};
use sim_core::{SimDuration, SimTime};

/// The draws of the second copy of a request.
const COPY: u64 = 0x434F_5059;

/// What becomes of a message on a disturbed link.
enum Passage {
    /// It gets through, this much later; twice, if that is so.
    Through(SimDuration, bool),
    /// It is never seen again.
    Vanished,
    /// After this long the sender gives up.
    GivenUp(SimDuration),
}

impl World<'_> {
    /// The link of an edge between two instances, for requests or for answers.
    #[inline]
    pub(super) fn link(
        &self,
        edge: EdgeId,
        caller: InstanceId,
        callee: InstanceId,
        requests: bool,
    ) -> LinkId {
        let edge = &self.plan.edges[edge];
        let pair = if edge.routes.by_instance {
            let row = caller.offset_from(self.plan.places[edge.caller].first_instance);
            row * edge.callees + callee.offset_from(edge.first_callee)
        } else {
            0
        };
        edge.routes.first.offset(2 * pair + u32::from(!requests))
    }

    /// Sends a message about the frame in place `index`: `event` happens when it arrives.
    #[inline]
    pub(super) fn transmit(
        &mut self,
        link: LinkId,
        index: u32,
        event: Event,
        agenda: &mut Agenda<Event>,
    ) {
        let state = &self.links[link];
        if !state.faults.is_empty() {
            return self.transmit_disturbed(link, index, event, agenda);
        }
        if let Some(lane) = state.lane {
            agenda.schedule_lane(lane, event);
        } else if self.plan.links[link].latency.is_none() {
            self.now_next.push(event);
        } else {
            let latency = self.latency(link, index);
            agenda.schedule_after(latency, event);
        }
    }

    /// The delay of this frame's message over a link without faults.
    fn latency(&self, link: LinkId, index: u32) -> SimDuration {
        let plan = &self.plan.links[link];
        plan.latency.map_or(SimDuration::ZERO, |dist| {
            let purpose = 0x4C49_4E4B ^ u64::from(plan.requests);
            let mut chance = Keyed::new(self.frames[index].key, purpose);
            self.plan.dists[dist].sample_duration(&mut chance)
        })
    }

    #[cold]
    fn transmit_disturbed(
        &mut self,
        link: LinkId,
        index: u32,
        event: Event,
        agenda: &mut Agenda<Event>,
    ) {
        let latency = self.latency(link, index);
        match self.passage(link, index, agenda) {
            Passage::Through(more, twice) => {
                agenda.schedule_after(latency + more, event);
                if let (true, Event::Deliver(id)) = (twice, event) {
                    let copy = self.copy(id, agenda.now());
                    agenda.schedule_after(latency + more, Event::Deliver(copy));
                }
            }
            Passage::Vanished => {
                self.tell(index, agenda.now(), || "the message is lost".into());
                if !matches!(event, Event::Withdraw(_)) {
                    self.frames.remove(index);
                }
            }
            Passage::GivenUp(after) => {
                self.tell(index, agenda.now(), || {
                    format!(
                        "every transmission is lost; given up after {}",
                        rounded(after)
                    )
                });
                if !matches!(event, Event::Withdraw(_)) {
                    let ending = self.ends_here(index, Outcome::Lost);
                    let frame = &mut self.frames[index];
                    frame.state = State::Replying;
                    frame.ending = ending;
                    frame.mark = SimTime::ZERO;
                    let id: FrameId = self.frames.id(index);
                    agenda.schedule_after(after, Event::Answer(id));
                }
            }
        }
    }

    /// The second copy of a request on its way: nobody waits for its answer.
    fn copy(&mut self, id: FrameId, now: SimTime) -> FrameId {
        let copy = self.frames.duplicate(id.index);
        let frame = &mut self.frames[copy.index];
        frame.key = mix(frame.key, COPY);
        frame.flags |= flag::ABANDONED;
        self.follow(copy, id);
        self.tell(copy.index, now, || "gets through a second time".into());
        copy
    }

    fn passage(&mut self, link: LinkId, index: u32, agenda: &Agenda<Event>) -> Passage {
        let key = mix(
            self.frames[index].key,
            0x4641_5445 ^ u64::from(self.plan.links[link].requests),
        );
        let (mut late, mut twice) = (SimDuration::ZERO, false);
        self.work += self.links[link].faults.len() as u64 / LOOKS_PER_STEP;
        for position in 0..self.links[link].faults.len() {
            let fault = self.links[link].faults[position];
            let fate = self.ask_fault(fault, key, None, agenda.now(), |kind, context| {
                kind.on_message(context)
            });
            match fate {
                Fate::Late(more) => late = late + more,
                Fate::Vanished => return Passage::Vanished,
                Fate::GivenUp(after) => return Passage::GivenUp(late + after),
                Fate::Twice => twice = true,
            }
        }
        Passage::Through(late, twice)
    }
}
