//! Messages over links: latency, and what faults do to it.

use super::event::Event;
use super::frame::{FrameId, State};
use super::state::{LOOKS_PER_STEP, World};
use super::story::rounded;
use crate::faults::Effect;
use crate::outcome::Outcome;
use sim_core::agenda::Agenda;
use sim_core::random::{Keyed, Source, mix};
use sim_core::{SimDuration, SimTime};

/// How often a lost message is sent again before the sender gives up.
const RETRANSMISSIONS: u32 = 6;

/// What becomes of a message on a disturbed link.
enum Fate {
    /// It takes this much longer.
    Late(SimDuration),
    /// It is never seen again.
    Vanished,
    /// After this long the sender gives up.
    GivenUp(SimDuration),
}

impl World<'_> {
    /// The link of an edge between two instances, for requests or for answers.
    #[inline]
    pub(super) fn link(&self, edge: u32, caller: u32, callee: u32, requests: bool) -> u32 {
        let edge = &self.plan.edges[edge as usize];
        let pair = if edge.routes.by_instance {
            let caller_place = &self.plan.places[edge.caller as usize];
            let callee_place = &self.plan.places[edge.callee as usize];
            (caller - caller_place.first_instance) * callee_place.instance_count + callee
                - callee_place.first_instance
        } else {
            0
        };
        edge.routes.first + 2 * pair + u32::from(!requests)
    }

    /// Sends a message about the frame in place `index`: `event` happens when it arrives.
    #[inline]
    pub(super) fn transmit(
        &mut self,
        link: u32,
        index: u32,
        event: Event,
        agenda: &mut Agenda<Event>,
    ) {
        let state = &self.links[link as usize];
        if !state.faults.is_empty() {
            return self.transmit_disturbed(link, index, event, agenda);
        }
        if let Some(lane) = state.lane {
            agenda.schedule_lane(lane, event);
        } else if self.plan.links[link as usize].latency.is_none() {
            self.now_next.push(event);
        } else {
            let latency = self.latency(link, index);
            agenda.schedule_after(latency, event);
        }
    }

    /// The delay of this frame's message over a link without faults.
    fn latency(&self, link: u32, index: u32) -> SimDuration {
        let plan = &self.plan.links[link as usize];
        plan.latency.map_or(SimDuration::ZERO, |dist| {
            let purpose = 0x4C49_4E4B ^ u64::from(plan.requests);
            let mut chance = Keyed::new(self.frames[index].key, purpose);
            self.plan.dists[dist as usize].sample_duration(&mut chance)
        })
    }

    #[cold]
    fn transmit_disturbed(
        &mut self,
        link: u32,
        index: u32,
        event: Event,
        agenda: &mut Agenda<Event>,
    ) {
        let latency = self.latency(link, index);
        match self.fate(link, index, agenda) {
            Fate::Late(more) => {
                agenda.schedule_after(latency + more, event);
            }
            Fate::Vanished => {
                self.tell(index, agenda.now(), || "the message is lost".into());
                if !matches!(event, Event::Withdraw(_)) {
                    self.frames.remove(index);
                }
            }
            Fate::GivenUp(after) => {
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

    fn fate(&mut self, link: u32, index: u32, agenda: &Agenda<Event>) -> Fate {
        let key = mix(
            self.frames[index].key,
            0x4641_5445 ^ u64::from(self.plan.links[link as usize].requests),
        );
        let mut late = SimDuration::ZERO;
        self.work += self.links[link as usize].faults.len() as u64 / LOOKS_PER_STEP;
        for position in 0..self.links[link as usize].faults.len() {
            let fault = usize::from(self.links[link as usize].faults[position]);
            let plan = &self.plan.faults[fault];
            match &plan.effect {
                Effect::Delay { .. } => {
                    let strength = self.strength(fault, agenda.now());
                    if self.hit(fault, key, 1.0) {
                        let mut chance = Keyed::new(mix(self.faults[fault].key, key), 1);
                        let add = plan.add.as_ref().map_or(0.0, |add| add.sample(&mut chance));
                        late = late + SimDuration::from_nanos_f64(add * strength);
                    }
                }
                Effect::Lose {
                    rate, retransmit, ..
                } => {
                    let rate = rate * self.strength(fault, agenda.now());
                    let mut timeout = *retransmit;
                    for transmission in 0..=RETRANSMISSIONS {
                        if !self.hit(fault, mix(key, u64::from(transmission)), rate) {
                            break;
                        }
                        let Some(wait) = timeout else {
                            return Fate::Vanished;
                        };
                        late = late + wait;
                        timeout = Some(wait + wait);
                        if transmission == RETRANSMISSIONS {
                            return Fate::GivenUp(late);
                        }
                    }
                }
                _ => {}
            }
        }
        Fate::Late(late)
    }

    /// Whether a fault hits what this key stands for; `rate` is the chance given that it is in the
    /// fault's share.
    pub(super) fn hit(&mut self, fault: usize, key: u64, rate: f64) -> bool {
        let spec = &self.plan.faults[fault].spec;
        let state = &mut self.faults[fault];
        let chance = spec.share * rate;
        let mut draw = Keyed::new(state.key, key);
        let hit = if chance >= 1.0 {
            true
        } else if spec.correlation > 0.0 && draw.chance(spec.correlation) {
            state.last
        } else {
            draw.chance(chance)
        };
        state.last = hit;
        state.touched += u64::from(hit);
        hit
    }
}
