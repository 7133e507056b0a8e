//! What goes on by itself between the lines of a script: timers, and calls that are woken where they were parked.

use super::super::{Do, Ended};
use super::Trace;
use super::call::{Slot, Stage};
use super::drive::{Place, Way};
use sim_core::{SimDuration, SimTime};

impl Trace<'_> {
    pub(super) fn slot(&mut self, (call, leg): Place, layer: usize) -> &mut Slot {
        self.calls[call].slot(leg, layer)
    }

    /// The timer of a policy is due after a span: a policy is asked, or all that is inside it is tried again.
    pub(super) fn set_timer(&mut self, place: Place, layer: usize, span: SimDuration, again: bool) {
        self.clear_timer(place, layer);
        let due = (self.now + span, self.timers);
        self.timers += 1;
        self.due.insert(due, (place, layer));
        let slot = self.slot(place, layer);
        slot.timer = Some(due);
        slot.again = again;
    }

    pub(super) fn clear_timer(&mut self, place: Place, layer: usize) {
        let slot = self.slot(place, layer);
        slot.again = false;
        if let Some(due) = slot.timer.take() {
            self.due.remove(&due);
        }
    }

    /// Runs the timers that are due by then, the earliest first.
    pub(super) fn run_timers(&mut self, until: SimTime) {
        while let Some((&due, &(place, layer))) = self.due.first_key_value()
            && due.0 <= until
        {
            self.now = due.0;
            let again = self.slot(place, layer).again;
            self.clear_timer(place, layer);
            self.timer(place, layer, again);
            self.run_woken();
        }
    }

    fn timer(&mut self, place: Place, layer: usize, again: bool) {
        if again {
            let way = self.let_in(place, layer);
            return self.drive(place, way);
        }
        let waited = self.slot(place, layer).stage != Stage::Inside;
        if self.slot(place, layer).stage == Stage::Parked {
            self.unpark(place, layer);
        }
        let answer = self.ask(place, layer, |policy, memory, state, context| {
            policy.on_timer(memory, state, context)
        });
        let way = if waited {
            self.on_the_way_in(place, layer, answer)
        } else {
            self.while_inside(place, layer, answer)
        };
        self.drive(place, way);
    }

    /// A call is parked no longer.
    pub(super) fn unpark(&mut self, place: Place, layer: usize) {
        self.slot(place, layer).stage = Stage::Outside;
        for room in self.rooms[layer].values_mut() {
            room.retain(|other| *other != place);
        }
    }

    /// Wakes as many as are parked at a part of the memory of a policy; they go on when all else of this moment is done.
    pub(super) fn wake(&mut self, layer: usize, part: &str, count: u32) {
        let last_first = self.layers[layer].last_first();
        for _ in 0..count {
            let room = self.rooms[layer].get_mut(part);
            let next = room.and_then(|room| match last_first {
                true => room.pop_back(),
                false => room.pop_front(),
            });
            let Some(place) = next else {
                return;
            };
            let answer = self.ask(place, layer, |policy, memory, state, context| {
                policy.on_wake(memory, state, context)
            });
            if matches!(answer, Do::Park(_)) {
                let room = self.rooms[layer].entry(part.into()).or_default();
                match last_first {
                    true => room.push_back(place),
                    false => room.push_front(place),
                }
                return;
            }
            self.clear_timer(place, layer);
            let stage = match answer {
                Do::Pass => Stage::Woken,
                Do::PassFor(span) => {
                    self.set_timer(place, layer, span, false);
                    Stage::Woken
                }
                Do::Wait(span) => {
                    self.set_timer(place, layer, span, false);
                    Stage::Waiting
                }
                Do::End(ending, last) => Stage::Turned(ending, last),
                _ => unreachable!("no answer to a call that is woken: {answer:?}"),
            };
            self.slot(place, layer).stage = stage;
            if stage != Stage::Waiting {
                self.woken.push_back((place, layer));
            }
        }
    }

    /// Those who were woken go on.
    pub(super) fn run_woken(&mut self) {
        while let Some((place, layer)) = self.woken.pop_front() {
            // It may have been given up meanwhile.
            let leg = self.calls[place.0]
                .legs
                .get(place.1)
                .and_then(Option::as_ref);
            let Some(slot) = leg.map(|leg| &leg.slots[layer - leg.base]) else {
                continue;
            };
            let way = match slot.stage {
                Stage::Woken => self.let_in(place, layer),
                Stage::Turned(ending, last) => {
                    self.slot(place, layer).stage = Stage::Outside;
                    let ended = Ended {
                        ending,
                        last,
                        ..Ended::default()
                    };
                    Way::Out(layer, ended)
                }
                _ => continue,
            };
            self.drive(place, way);
        }
    }
}
