//! The run loop: takes events in order, hashes them, hands them to the model, keeps the budget.
//!
//! A [`Simulation`] is a value: its clone is a fork, which goes on exactly as the original would.
//! Complexity: O(1) per event beside what the model does. Units: simulated time in [`SimTime`],
//! memory in bytes.

use crate::agenda::Agenda;
use crate::digest::Digest;
use crate::time::SimTime;

/// How often the numbers in flight and the memory are compared with the budget, in steps.
const CHECK_EVERY: u64 = 1024;

/// How often it is asked whether to go on, in steps.
const ASK_EVERY: u64 = 16 * CHECK_EVERY;

/// What is simulated: a state that changes by handling events.
pub trait Model {
    /// One member of a closed, small set of events.
    type Event: Copy;

    /// The event as it enters the digest: different events should give different words.
    fn words(event: &Self::Event) -> [u64; 2];

    /// Changes the state by one event, which happens at `agenda.now()`, and schedules what follows.
    fn handle(&mut self, event: Self::Event, agenda: &mut Agenda<Self::Event>);

    /// What was done so far beside handling events one by one: actions within an event, rounds of loops,
    /// candidates that were thrown away. An event may add any number; what adds many should come back soon.
    #[inline]
    fn work(&self) -> u64 {
        0
    }

    /// How much is under way (calls, say), as the budget counts it.
    fn in_flight(&self) -> u64 {
        0
    }

    /// Bytes that the state takes, roughly. The same for a clone as for the original: lengths, not
    /// capacities.
    fn memory(&self) -> usize {
        0
    }

    /// Whether the model turns in a circle at the instant `now`, so that time will never go on.
    fn stalled(&self, _now: SimTime) -> bool {
        false
    }
}

/// What a run may use up before it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps since the start of the run: events handled, and [`Model::work`].
    pub events: u64,
    /// Most that may be under way at once.
    pub in_flight: u64,
    /// Most bytes that model and agenda may hold.
    pub memory: usize,
}

impl Budget {
    /// No bound.
    pub const UNLIMITED: Self = Self {
        events: u64::MAX,
        in_flight: u64::MAX,
        memory: usize::MAX,
    };
}

impl Default for Budget {
    fn default() -> Self {
        Self::UNLIMITED
    }
}

/// Why [`Simulation::run_until`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All events up to and including the given time have been handled.
    Time,
    /// No event is left.
    Idle,
    /// The budget of events is used up.
    Events,
    /// More is under way than the budget allows.
    InFlight,
    /// Model and agenda hold more memory than the budget allows.
    Memory,
    /// Time does not advance any more: see [`Model::stalled`].
    Stalled,
    /// It was asked not to go on.
    Interrupted,
}

impl Stop {
    /// Whether the run was cut short by its budget.
    #[must_use]
    pub fn over_budget(self) -> bool {
        matches!(self, Self::Events | Self::InFlight | Self::Memory)
    }
}

/// A model, its pending events, and the digest of what happened.
#[derive(Clone, Debug)]
pub struct Simulation<M: Model> {
    /// What is simulated.
    pub model: M,
    agenda: Agenda<M::Event>,
    digest: Digest,
    events: u64,
}

impl<M: Model> Simulation<M> {
    /// A run that begins with what the agenda holds.
    #[must_use]
    pub fn new(model: M, agenda: Agenda<M::Event>) -> Self {
        Self {
            model,
            agenda,
            digest: Digest::new(),
            events: 0,
        }
    }

    /// The simulated time reached.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.agenda.now()
    }

    /// How many events have been handled.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The digest of the events handled.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The pending events.
    #[must_use]
    pub fn agenda(&self) -> &Agenda<M::Event> {
        &self.agenda
    }

    /// The pending events, to schedule from outside of the model.
    pub fn agenda_mut(&mut self) -> &mut Agenda<M::Event> {
        &mut self.agenda
    }

    /// Model and agenda at once, for code outside of the model that needs both.
    pub fn parts_mut(&mut self) -> (&mut M, &mut Agenda<M::Event>) {
        (&mut self.model, &mut self.agenda)
    }

    /// How many steps were taken: events handled, and what the model did beside.
    #[inline]
    fn steps(&self) -> u64 {
        self.events.saturating_add(self.model.work())
    }

    /// How many events are pending.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.agenda.len()
    }

    /// Bytes that model and agenda take, roughly, and the same for a fork as for the original.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.model.memory() + self.agenda.footprint()
    }

    /// A copy of everything, which goes on exactly as this run would.
    #[must_use]
    pub fn fork(&self) -> Self
    where
        M: Clone,
    {
        self.clone()
    }

    /// Handles the next event if it is due at `end` or before; whether there was one.
    #[inline]
    pub fn step(&mut self, end: SimTime) -> bool {
        let Some((time, event)) = self.agenda.pop_until(end) else {
            return false;
        };
        self.digest.absorb(time, M::words(&event));
        self.events += 1;
        self.model.handle(event, &mut self.agenda);
        true
    }

    /// Handles all events with time <= `end`, unless the budget runs out before. After
    /// [`Stop::Time`] it is `end`; after every other stop it is the time of the last event.
    ///
    /// More pending events than the agenda can number stop it as too much in flight.
    /// What is in flight and the memory are looked at as soon as another 1024 steps have been taken, so the
    /// run may go beyond them by what these and one event can add; so is whether the model turns in a
    /// circle.
    pub fn run_until(&mut self, end: SimTime, budget: &Budget) -> Stop {
        self.run_while(end, budget, |_| true)
    }

    /// Like [`Self::run_until`], and asks after every 16,384 steps of the run, with the time reached,
    /// whether to go on: a stretch of time may hold any number of events.
    pub fn run_while(
        &mut self,
        end: SimTime,
        budget: &Budget,
        mut go_on: impl FnMut(SimTime) -> bool,
    ) -> Stop {
        let mut asked = self.steps() / ASK_EVERY;
        loop {
            // The checks fall on fixed numbers of steps, so that windows and forks do not move them.
            let steps = self.steps();
            let check = (steps - steps % CHECK_EVERY).saturating_add(CHECK_EVERY);
            let stop = check.min(budget.events);
            while self.steps() < stop {
                if !self.step(end) {
                    if self.agenda.is_empty() {
                        return Stop::Idle;
                    }
                    self.agenda.advance(end);
                    return Stop::Time;
                }
                if self.agenda.is_full() {
                    return Stop::InFlight;
                }
            }
            if self.steps() >= budget.events {
                return Stop::Events;
            }
            if self.model.in_flight() > budget.in_flight {
                return Stop::InFlight;
            }
            if budget.memory != usize::MAX && self.memory() > budget.memory {
                return Stop::Memory;
            }
            if self.model.stalled(self.agenda.now()) {
                return Stop::Stalled;
            }
            if self.steps() / ASK_EVERY > asked {
                asked = self.steps() / ASK_EVERY;
                if !go_on(self.agenda.now()) {
                    return Stop::Interrupted;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Seed, Source, Stream};
    use crate::time::SimDuration;

    /// Particles that each split in two or die, as chance has it.
    #[derive(Clone)]
    struct Branching {
        chance: Stream,
        split: f64,
        alive: u64,
    }

    impl Model for Branching {
        type Event = u32;
        fn words(event: &u32) -> [u64; 2] {
            [u64::from(*event), 0]
        }
        fn handle(&mut self, event: u32, agenda: &mut Agenda<u32>) {
            self.alive -= 1;
            if self.chance.chance(self.split) {
                for child in 0..2 {
                    self.alive += 1;
                    let delay = SimDuration(self.chance.below(1000));
                    agenda.schedule_after(delay, event.wrapping_mul(3).wrapping_add(child));
                }
            }
        }
        fn in_flight(&self) -> u64 {
            self.alive
        }
    }

    fn simulation(split: f64) -> Simulation<Branching> {
        let mut agenda = Agenda::new();
        for particle in 0..100 {
            agenda.schedule_at(SimTime::ZERO, particle);
        }
        let chance = Seed(3).stream("particles", "fate");
        Simulation::new(
            Branching {
                chance,
                split,
                alive: 100,
            },
            agenda,
        )
    }

    #[test]
    fn windows_and_forks_do_not_change_a_run() {
        let end = SimTime(5_000);
        let mut straight = simulation(0.55);
        assert_eq!(straight.run_until(end, &Budget::UNLIMITED), Stop::Time);
        let mut windows = simulation(0.55);
        for window in 1..=500 {
            let mut fork = windows.fork();
            windows.run_until(SimTime(window * 10), &Budget::UNLIMITED);
            assert_eq!(windows.now(), SimTime(window * 10));
            if window % 100 == 50 {
                fork.run_until(end, &Budget::UNLIMITED);
                assert_eq!(fork.digest(), straight.digest());
                assert_eq!(fork.events(), straight.events());
            }
        }
        assert_eq!(windows.digest(), straight.digest());
        assert!(straight.events() > 500);
    }

    #[test]
    fn budgets_stop_and_a_stopped_run_can_go_on() {
        let end = SimTime(20_000);
        let mut whole = simulation(0.6);
        let events = Budget {
            events: 5_000,
            ..Budget::UNLIMITED
        };
        assert_eq!(whole.run_until(end, &events), Stop::Events);
        assert_eq!(whole.events(), 5_000);
        let mut parts = simulation(0.6);
        for most in [1, 1023, 1024, 1025, 4_000, 5_000] {
            let budget = Budget {
                events: most,
                ..events
            };
            assert_eq!(parts.run_until(end, &budget), Stop::Events);
        }
        assert_eq!(parts.digest(), whole.digest());
        let in_flight = Budget {
            in_flight: 2_000,
            ..Budget::UNLIMITED
        };
        assert_eq!(whole.run_until(end, &in_flight), Stop::InFlight);
        assert!(whole.model.in_flight() <= 2_000 + CHECK_EVERY);
        let memory = Budget {
            memory: whole.memory() + 100_000,
            ..Budget::UNLIMITED
        };
        assert_eq!(whole.run_until(end, &memory), Stop::Memory);
    }

    /// Something that happens again at once, for ever.
    struct Circle(u64);

    impl Model for Circle {
        type Event = ();
        fn words((): &()) -> [u64; 2] {
            [0, 0]
        }
        fn handle(&mut self, (): (), agenda: &mut Agenda<()>) {
            self.0 += 1;
            agenda.schedule_after(SimDuration::ZERO, ());
        }
        fn stalled(&self, now: SimTime) -> bool {
            now == SimTime::ZERO && self.0 > 50_000
        }
    }

    #[test]
    fn a_circle_is_left() {
        let circle = || {
            let mut agenda = Agenda::new();
            agenda.schedule_at(SimTime::ZERO, ());
            Simulation::new(Circle(0), agenda)
        };
        let mut stalled = circle();
        let stop = stalled.run_until(SimTime(1), &Budget::UNLIMITED);
        assert_eq!((stop, stalled.now()), (Stop::Stalled, SimTime::ZERO));
        assert!(stalled.events() <= 50_000 + CHECK_EVERY);
        let (mut interrupted, mut asked) = (circle(), 0);
        let stop = interrupted.run_while(SimTime(1), &Budget::UNLIMITED, |_| {
            asked += 1;
            asked < 3
        });
        assert_eq!(
            (stop, interrupted.events()),
            (Stop::Interrupted, 3 * ASK_EVERY)
        );
    }

    #[test]
    fn what_dies_out_is_idle() {
        let mut simulation = simulation(0.2);
        assert_eq!(
            simulation.run_until(SimTime::MAX, &Budget::UNLIMITED),
            Stop::Idle
        );
        assert_eq!((simulation.pending(), simulation.model.alive), (0, 0));
        assert!(simulation.now() < SimTime::MAX);
    }
}
