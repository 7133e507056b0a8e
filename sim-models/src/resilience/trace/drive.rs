//! The rules by which a call goes through its policies, written down once more without a world: what `world/drive.rs`,
//! `legs.rs`, `timers.rs` and `rooms.rs` do to frames in an arena is done here to plain values. A test holds the two
//! against each other.

use super::super::{CallState, Context, Do, Ended, Memory, PolicySpec};
use super::call::{Leg, Stage, Try};
use super::{KEY, Trace};
use crate::outcome::{Ending, Outcome};
use sim_core::SimDuration;
use sim_core::random::mix;

/// Which way a call is being driven.
pub(super) enum Way {
    /// Inwards: this policy is next.
    In(usize),
    /// Inwards through a policy that may have several tries out: the next one begins.
    Fork(usize),
    /// Outwards with a result: so many policies are still outside.
    Out(usize, Ended),
    /// Inwards to another target of this policy.
    Elsewhere(usize),
    /// It waits here.
    Stay,
}

/// A leg of a call.
pub(super) type Place = (usize, usize);

impl Trace<'_> {
    /// Drives a leg of a call as far as it goes now.
    pub(super) fn drive(&mut self, (call, mut leg): Place, mut way: Way) {
        loop {
            way = match way {
                Way::In(layer) if layer == self.layers.len() => {
                    self.send((call, leg));
                    Way::Stay
                }
                Way::In(layer) => {
                    let answer = self.ask((call, leg), layer, |policy, memory, state, context| {
                        policy.on_enter(memory, state, context)
                    });
                    self.on_the_way_in((call, leg), layer, answer)
                }
                Way::Fork(layer) => {
                    let owner = leg;
                    let known = self.slot((call, owner), layer);
                    let number = known.legs;
                    known.legs += 1;
                    let new = Leg::new(self.layers, layer + 1, Some((owner, layer)), Some(number));
                    leg = self.add_leg((call, owner), new);
                    match self.leg_denied((call, owner), leg, layer) {
                        None => Way::In(layer + 1),
                        Some(way) => {
                            leg = owner;
                            way
                        }
                    }
                }
                Way::Elsewhere(layer) => {
                    let inside = self.layers.len();
                    let new = Leg::new(self.layers, inside, Some((leg, layer)), None);
                    leg = self.add_leg((call, leg), new);
                    Way::In(inside)
                }
                Way::Out(outside, ended) => {
                    let known = self.calls[call].leg(leg);
                    if outside > known.base {
                        self.outwards((call, leg), outside - 1, ended)
                    } else if let Some((owner, layer)) = known.owner {
                        let ended = match known.number {
                            Some(leg) => Ended { leg, ..ended },
                            // Another target is nobody that this call has asked.
                            None => Ended {
                                callee: Ended::NOBODY,
                                ..ended
                            },
                        };
                        self.calls[call].legs[leg] = None;
                        leg = owner;
                        self.outwards((call, leg), layer, ended)
                    } else {
                        self.ended.push(call);
                        self.calls[call].end(ended.ending, ended.last);
                        Way::Stay
                    }
                }
                Way::Stay => return,
            };
        }
    }

    fn add_leg(&mut self, (call, owner): Place, mut leg: Leg) -> usize {
        let call = &mut self.calls[call];
        leg.attempts = call.leg(owner).attempts;
        call.legs.push(Some(leg));
        call.legs.len() - 1
    }

    /// A try of what is inside all policies begins.
    fn send(&mut self, (call, leg): Place) {
        let number = self.calls[call].tries.len();
        self.begun.push((call, number));
        let call = &mut self.calls[call];
        call.tries.push(Try { leg, over: false });
        let (attempts, callee) = (call.tries.len(), call.callee.unwrap_or(0));
        let mut at = Some(leg);
        while let Some(leg) = at {
            let leg = call.leg(leg);
            leg.callee = Some(callee);
            at = leg.owner.map(|(owner, _)| owner);
        }
        let leg = call.leg(leg);
        leg.sent = Some(attempts - 1);
        leg.attempts = attempts as u32;
        call.leg(0).attempts = attempts as u32;
    }

    /// Asks a policy about a call.
    pub(super) fn ask<R>(
        &mut self,
        (call, leg): Place,
        layer: usize,
        ask: impl FnOnce(&PolicySpec, &mut Memory, &mut CallState, &mut Context) -> R,
    ) -> R {
        let policy = &self.layers[layer];
        let known = &mut self.calls[call];
        let part = known.parts[layer].clone();
        let room = self.rooms[layer].get(&part);
        let path = known.outwards(leg).fold(0, |path, leg| match leg.number {
            Some(number @ 1..) => {
                let at = leg.owner.map_or(0, |(_, layer)| layer as u64);
                mix(path ^ u64::from(number), at + 1)
            }
            _ => path,
        });
        let mut context = Context {
            now: self.now,
            attempts: known.leg(leg).attempts,
            first: !known.is_further(leg),
            begun: u32::from(known.slot(leg, layer).legs),
            callees: u32::from(self.callees),
            out: if policy.forks() {
                known.legs_of(leg).count() as u32
            } else {
                0
            },
            waiting: room.map_or(0, |room| room.len() as u32),
            key: mix(KEY, known.number).wrapping_add((layer as u64) << 32) ^ path,
            content: known.key,
            priority: known.priority,
            user: known.user,
            idempotent: known.idempotent,
            caller: known.caller,
            tenant: known.tenant,
            deadline: known.deadline,
            said: self.said,
            retries: known.retries,
            counters: &mut self.counters[layer],
            wake: 0,
            shut: known.shut,
        };
        let fresh = || policy.memory();
        let memory = self.memories[layer]
            .entry(part.clone())
            .or_insert_with(fresh);
        let answer = ask(
            policy,
            memory,
            &mut known.slot(leg, layer).state,
            &mut context,
        );
        let (wake, retries) = (context.wake, context.retries);
        known.retries = retries;
        self.wake(layer, &part, wake);
        answer
    }

    /// Does what a policy says to a call that is on its way in.
    pub(super) fn on_the_way_in(&mut self, place: Place, layer: usize, answer: Do) -> Way {
        match answer {
            Do::Pass => self.let_in(place, layer),
            Do::PassFor(span) => {
                self.set_timer(place, layer, span, false);
                self.let_in(place, layer)
            }
            Do::Wait(span) => {
                self.set_timer(place, layer, span, false);
                self.slot(place, layer).stage = Stage::Waiting;
                Way::Stay
            }
            Do::Park(span) => {
                if let Some(span) = span {
                    self.set_timer(place, layer, span, false);
                }
                self.slot(place, layer).stage = Stage::Parked;
                let part = self.calls[place.0].parts[layer].clone();
                let room = self.rooms[layer].entry(part).or_default();
                room.push_back(place);
                Way::Stay
            }
            Do::End(ending, last) => {
                self.slot(place, layer).stage = Stage::Outside;
                let ended = Ended {
                    ending,
                    last,
                    ..Ended::default()
                };
                Way::Out(layer, ended)
            }
            Do::Elsewhere(_) => {
                self.slot(place, layer).stage = Stage::Inside;
                Way::Elsewhere(layer)
            }
            Do::Again(_) | Do::Beside(_) | Do::Hold => {
                unreachable!("no answer to a call on its way in: {answer:?}")
            }
        }
    }

    /// A call goes on inwards through a policy.
    pub(super) fn let_in(&mut self, place: Place, layer: usize) -> Way {
        self.slot(place, layer).stage = Stage::Inside;
        if self.layers[layer].forks() {
            Way::Fork(layer)
        } else {
            Way::In(layer + 1)
        }
    }

    /// A result comes to a policy from inside.
    fn outwards(&mut self, place: Place, layer: usize, ended: Ended) -> Way {
        let policy = &self.layers[layer];
        if !policy.forks() {
            self.clear_timer(place, layer);
        }
        let answer = if policy.ignores(ended.outcome()) {
            Do::Pass
        } else {
            self.ask(place, layer, |policy, memory, state, context| {
                policy.on_result(memory, state, &ended, context)
            })
        };
        match answer {
            Do::Pass => {
                self.leave(place, layer, &ended);
                Way::Out(layer, ended)
            }
            Do::End(ending, last) => {
                let ended = Ended {
                    ending,
                    last,
                    ..ended
                };
                self.leave(place, layer, &ended);
                Way::Out(layer, ended)
            }
            Do::Again(span) => self.again(place, layer, ended, span),
            Do::Beside(next) => {
                self.calls[place.0].leg(place.1).failure = ended.ending;
                self.beside(place, layer, next)
            }
            Do::Elsewhere(_) => Way::Elsewhere(layer),
            Do::Hold => Way::Stay,
            Do::PassFor(span) => {
                self.calls[place.0].leg(place.1).failure = ended.ending;
                self.clear_timer(place, layer);
                self.set_timer(place, layer, span, false);
                Way::Stay
            }
            Do::Wait(_) | Do::Park(_) => {
                unreachable!("no answer to a result: {answer:?}")
            }
        }
    }

    /// Does what a policy says to a call that has been inside it for a while.
    pub(super) fn while_inside(&mut self, place: Place, layer: usize, answer: Do) -> Way {
        match answer {
            Do::Pass => Way::Stay,
            Do::PassFor(span) => {
                self.set_timer(place, layer, span, false);
                Way::Stay
            }
            Do::Beside(next) => self.beside(place, layer, next),
            Do::End(ending, last) => {
                let ended = self.given_up(place, ending);
                self.abandon(place, layer + 1, &ended);
                let ended = Ended {
                    last,
                    given_up: false,
                    ..ended
                };
                self.leave(place, layer, &ended);
                Way::Out(layer, ended)
            }
            Do::Again(span) => {
                let ended = self.given_up(place, Ending::of(Outcome::Cancelled));
                self.abandon(place, layer + 1, &ended);
                self.again(place, layer, ended, span)
            }
            Do::Elsewhere(_) => Way::Elsewhere(layer),
            Do::Wait(_) | Do::Park(_) | Do::Hold => {
                unreachable!("no answer to a call that is inside: {answer:?}")
            }
        }
    }

    /// All that is inside a policy is tried again after a span, if what is inside allows it.
    fn again(&mut self, place: Place, layer: usize, failure: Ended, span: SimDuration) -> Way {
        self.calls[place.0].leg(place.1).failure = failure.ending;
        if let Some(denied) = self.denied(place, layer + 1, &failure) {
            self.tell_denied(place, layer);
            self.leave(place, layer, &denied);
            return Way::Out(layer, denied);
        }
        if span == SimDuration::ZERO {
            return self.let_in(place, layer);
        }
        self.set_timer(place, layer, span, true);
        Way::Stay
    }

    /// One more try of all that is inside a policy begins beside those that are out.
    fn beside(&mut self, place: Place, layer: usize, next: Option<SimDuration>) -> Way {
        self.clear_timer(place, layer);
        if let Some(span) = next {
            self.set_timer(place, layer, span, false);
        }
        Way::Fork(layer)
    }

    /// What one of the policies from `first` on says instead, if it allows no further try.
    pub(super) fn denied(&mut self, place: Place, first: usize, failure: &Ended) -> Option<Ended> {
        let end = self.calls[place.0].carried(place.1).end;
        let rationing = |layer: &usize| self.layers[*layer].rations();
        let asked: Vec<usize> = (first..end).filter(rationing).collect();
        for (index, layer) in asked.iter().enumerate() {
            let answer = self.ask(place, *layer, |policy, memory, state, context| {
                policy.on_retry(memory, state, failure, context)
            });
            if let Do::End(ending, last) = answer {
                // What those outside of it have taken for this try they get back.
                for before in &asked[..index] {
                    self.tell_denied(place, *before);
                }
                return Some(Ended {
                    ending,
                    last,
                    ..*failure
                });
            }
        }
        None
    }

    /// Where a further try of what a policy has out is not allowed, its leg has not been: others that are out go on,
    /// and where there are none, the last failure is the result.
    fn leg_denied(&mut self, owner: Place, leg: usize, layer: usize) -> Option<Way> {
        let call = owner.0;
        if !self.calls[call].is_further(leg) {
            return None;
        }
        let failure = Ended {
            ending: self.calls[call].leg(owner.1).failure,
            ..Ended::default()
        };
        let denied = self.denied((call, leg), layer + 1, &failure)?;
        self.tell_denied(owner, layer);
        self.calls[call].legs[leg] = None;
        if self.calls[call].legs_of(owner.1).next().is_some() {
            return Some(Way::Stay);
        }
        self.leave(owner, layer, &denied);
        Some(Way::Out(layer, denied))
    }

    /// A policy learns that a further try is not allowed.
    fn tell_denied(&mut self, place: Place, layer: usize) {
        self.ask(place, layer, |policy, memory, state, context| {
            policy.on_denied(memory, state, context);
        });
    }

    /// A policy learns that what it may have allowed never comes.
    pub(super) fn tell_lost(&mut self, place: Place, layer: usize) {
        self.ask(place, layer, |policy, memory, state, context| {
            policy.on_lost(memory, state, context);
        });
    }

    /// A call leaves a policy that had let it in.
    fn leave(&mut self, place: Place, layer: usize, ended: &Ended) {
        self.slot(place, layer).stage = Stage::Outside;
        let policy = &self.layers[layer];
        if policy.forks() {
            self.clear_timer(place, layer);
            self.give_up_legs(place, ended);
        }
        if policy.leaves() {
            self.ask(place, layer, |policy, memory, state, context| {
                policy.on_leave(memory, state, ended, context);
            });
        }
    }

    /// What policies are told of a call that nobody waits for any longer.
    pub(super) fn given_up(&mut self, (call, leg): Place, ending: Ending) -> Ended {
        Ended {
            ending,
            callee: self.calls[call].leg(leg).callee.unwrap_or(Ended::NOBODY),
            given_up: true,
            ..Ended::default()
        }
    }

    /// What is inside the policies from `first` on is given up, from the outside in.
    pub(super) fn abandon(&mut self, place: Place, first: usize, ended: &Ended) {
        for layer in first..self.calls[place.0].carried(place.1).end {
            self.clear_timer(place, layer);
            let stage = self.slot(place, layer).stage;
            match stage {
                Stage::Inside | Stage::Woken => self.leave(place, layer, ended),
                Stage::Parked => self.unpark(place, layer),
                Stage::Waiting | Stage::Turned(..) => {
                    self.slot(place, layer).stage = Stage::Outside;
                }
                // A further try that it has allowed may be in the pause of a retry outside of it.
                Stage::Outside if self.layers[layer].rations() => self.tell_lost(place, layer),
                Stage::Outside => {}
            }
        }
        self.give_up_legs(place, ended);
        self.calls[place.0].leg(place.1).sent = None;
    }

    /// Nobody waits any longer for the tries of a leg.
    fn give_up_legs(&mut self, (call, owner): Place, ended: &Ended) {
        // Where one of the tries has settled it, the rest are taken back; where time is up for all, so it is for each.
        let ending = if ended.given_up {
            ended.ending
        } else {
            Ending::of(Outcome::Cancelled)
        };
        loop {
            let Some(leg) = self.calls[call].legs_of(owner).next() else {
                return;
            };
            let base = self.calls[call].leg(leg).base;
            let ended = self.given_up((call, leg), ending);
            self.abandon((call, leg), base, &ended);
            self.calls[call].legs[leg] = None;
        }
    }
}
