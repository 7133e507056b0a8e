//! What a fault is asked while it is on, and what it may answer. A kind decides; only the world acts.
//!
//! Several faults on one target are asked in the order in which they came. What they answer combines: factors of
//! [`Kind::on_step`] multiply and times add; the first [`Treatment::Answer`] or [`Treatment::Hold`] settles what becomes
//! of a request, the first [`Fate::Vanished`] or [`Fate::GivenUp`] what becomes of a message; an instance is up, or
//! moves, only when no fault holds it.

use super::{Direction, Effect, Target};
use crate::quantity::distribution::DurationSpec;
use sim_core::SimDuration;
use sim_core::dist::Dist;
use sim_core::random::{Keyed, Source, mix};

/// What becomes of an instance while a fault is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is gone: what it had is lost, connections are refused. It comes back so long after the fault has gone.
    Down {
        /// Start-up time.
        boot: SimDuration,
    },
    /// It stands still and goes on where it was.
    Frozen,
}

/// What becomes of a request that has got a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It runs.
    Pass,
    /// It is held up for so long; then it runs.
    Late(SimDuration),
    /// It is answered at once with an error of this status.
    Answer(u16),
    /// It keeps its thread and does not run until the fault has gone. Only of kinds that hold ([`Kind::HOLDS`]).
    Hold,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It gets through after this much more than its latency.
    Late(SimDuration),
    /// It is never seen again, and nobody is told.
    Vanished,
    /// After this long the sender gives up.
    GivenUp(SimDuration),
    /// It gets through twice.
    Twice,
}

/// What a fault may know, draw and count when it is asked about something that it may hit.
#[derive(Debug)]
pub struct Context<'a> {
    /// How strong it is now, 0 to 1: it grows over its ramp.
    pub strength: f64,
    /// What it adds ([`Kind::added`]), ns.
    pub added: Option<&'a Dist>,
    /// How many requests it has dealt with at this instance since it came; of kinds that count ([`Kind::COUNTS`]).
    pub dealt_with: &'a mut u32,
    /// Share of what is at its target that it hits, 0 to 1.
    pub share: f64,
    /// Chance that the next one shares the fate of the one before, 0 to 1.
    pub correlation: f64,
    /// Key of the draws of the fault.
    pub key: u64,
    /// Key of what it may hit.
    pub subject: u64,
    /// Whether the last draw was a hit.
    pub last: &'a mut bool,
    /// What it has hit so far.
    pub touched: &'a mut u64,
}

impl Context<'_> {
    /// Whether it hits what it is asked about, and counts that; `rate` is the chance given that it is in the fault's
    /// share.
    pub fn hits(&mut self, rate: f64) -> bool {
        self.draw(self.subject, rate)
    }

    /// As [`Context::hits`], once more: the draw of this number.
    pub fn hits_again(&mut self, number: u64, rate: f64) -> bool {
        self.draw(mix(self.subject, number), rate)
    }

    fn draw(&mut self, subject: u64, rate: f64) -> bool {
        let chance = self.share * rate;
        let mut draw = Keyed::new(self.key, subject);
        let hit = if chance >= 1.0 {
            true
        } else if self.correlation > 0.0 && draw.chance(self.correlation) {
            *self.last
        } else {
            draw.chance(chance)
        };
        *self.last = hit;
        *self.touched += u64::from(hit);
        hit
    }

    /// A draw of what it adds, as strong as it is now. Draws for different purposes are independent.
    pub fn more(&self, purpose: u64) -> SimDuration {
        let mut chance = Keyed::new(mix(self.key, self.subject), purpose);
        let added = self.added.map_or(0.0, |added| added.sample(&mut chance));
        SimDuration::from_nanos_f64(added * self.strength)
    }
}

/// What every kind of fault says of itself.
pub trait Kind {
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// Whether it holds requests until it has gone ([`Treatment::Hold`]).
    const HOLDS: bool = false;
    /// Whether it has a say in what requests are answered ([`Kind::on_answer`]).
    const ANSWERS: bool = false;
    /// Whether it counts requests by instance ([`Context::dealt_with`]).
    const COUNTS: bool = false;

    /// Where it hits.
    fn target(&self) -> Target;
    /// Which way, of a fault on links.
    fn direction(&self) -> Direction {
        Direction::Both
    }
    /// What can be known of it without a run.
    fn effect(&self) -> Effect;
    /// The time that it adds to something, if it does.
    fn added(&self) -> Option<&DurationSpec> {
        None
    }
    /// What becomes of the instances that it hits, as such.
    fn on_instance(&self) -> Option<Condition> {
        None
    }
    /// What becomes of a request that has got a thread.
    fn on_request(&self, _context: &mut Context<'_>) -> Treatment {
        Treatment::Pass
    }
    /// By what the duration of a step is multiplied that begins, at full strength.
    fn on_step(&self) -> f64 {
        1.0
    }
    /// The status of the error that a request is answered with instead of what was found.
    fn on_answer(&self, _context: &mut Context<'_>) -> Option<u16> {
        None
    }
    /// What becomes of a message.
    fn on_message(&self, _context: &mut Context<'_>) -> Fate {
        Fate::Late(SimDuration::ZERO)
    }
    /// What is wrong with its parameters: (field, why).
    fn validate(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What is wrong with the status of an error, if anything is.
pub(super) fn bad_status(status: u16) -> Option<(&'static str, String)> {
    let good = (400..600).contains(&status);
    (!good).then(|| ("status", format!("must be from 400 to 599, not {status}")))
}
