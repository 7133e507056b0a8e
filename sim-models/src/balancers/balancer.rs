//! What a balancer is asked, and what it may know.
//!
//! A balancer is plain data: its parameters (`Self`), and the memory that each instance of a caller has of its own for
//! each of its calls ([`Balancer::Memory`]). It chooses; only the world sends.

use crate::outcome::Outcome;
use crate::resilience::Load;
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};
use sim_core::{SimDuration, SimTime};
use std::fmt::Debug;

/// What a balancer may know when it chooses.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Simulated time.
    pub now: SimTime,
    /// Instances that the callee has.
    pub callees: u32,
    /// Key of what the request is for, from 1; 0: it has none.
    pub key: u32,
    /// The numbers of those that it may choose, ascending; empty: all.
    pub among: &'a [u32],
    /// Attempts of this caller that are out, for each instance; empty unless it asks ([`Balancer::COUNTS`]).
    pub outstanding: &'a [u32],
}

impl View<'_> {
    /// How many it may choose among.
    #[inline]
    #[must_use]
    pub fn candidates(&self) -> u32 {
        if self.among.is_empty() {
            self.callees
        } else {
            self.among.len() as u32
        }
    }

    /// The number of a candidate.
    #[inline]
    #[must_use]
    pub fn at(&self, position: u32) -> u32 {
        self.among
            .get(position as usize)
            .copied()
            .unwrap_or(position)
    }

    /// The numbers of the candidates.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        (0..self.candidates()).map(|position| self.at(position))
    }

    /// Attempts of this caller that are out at an instance.
    #[inline]
    #[must_use]
    pub fn load(&self, number: u32) -> u32 {
        self.outstanding[number as usize]
    }

    /// Two candidates at random without replacement; the second is none where there is only one.
    #[inline]
    pub fn two(&self, luck: &mut Keyed) -> (u32, Option<u32>) {
        let candidates = self.candidates();
        let first = luck.below(u64::from(candidates)) as u32;
        if candidates == 1 {
            return (self.at(first), None);
        }
        let other = luck.below(u64::from(candidates) - 1) as u32;
        let second = other + u32::from(other >= first);
        (self.at(first), Some(self.at(second)))
    }
}

/// How an attempt ended, as its caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Simulated time.
    pub now: SimTime,
    /// Number of the instance that was asked.
    pub callee: u32,
    /// How long ago.
    pub took: SimDuration,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether there was an answer: what is given up takes longer, nobody knows by how much.
    pub answered: bool,
    /// How busy it is, where its answer tells it.
    pub load: Load,
}

/// Who gets how much of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Each instance the same, whatever it answers.
    Even,
    /// The fewer requests an instance has out, the more it gets: also of those that fail at once.
    Quick,
    /// Otherwise: by weights, by keys, or by more than that.
    Other,
}

/// Where less than this share of the instances is left, none is passed by; only where none is left, unless said.
#[derive(Clone, Copy, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Panic(pub f64);

impl Panic {
    /// Whether so few are left that none is passed by: better to ask the ill than to crush the healthy.
    #[must_use]
    pub fn at(self, left: u32, of: u32) -> bool {
        left == 0 || f64::from(left) < self.0 * f64::from(of)
    }

    /// What is wrong with it.
    #[must_use]
    pub fn validate(self) -> Vec<(&'static str, String)> {
        if (0.0..=1.0).contains(&self.0) {
            Vec::new()
        } else {
            vec![("panic", format!("must be 0 to 1, not {}", self.0))]
        }
    }
}

/// A balancer; `Self` is what the scenario says of it.
pub trait Balancer {
    /// What an instance of a caller remembers of the instances of a callee.
    type Memory: Clone + PartialEq + Debug;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// Whether it asks what is outstanding ([`View::outstanding`]).
    const COUNTS: bool = false;
    /// Whether it has to know how attempts end ([`Balancer::on_result`]).
    const LISTENS: bool = false;
    /// Bytes of its memory for each instance of the callee.
    const PER_CALLEE: u64 = 0;
    /// Whether it goes by the keys of requests ([`View::key`]).
    const BY_KEY: bool = false;
    /// Whether where an attempt goes says nothing of where a later one of the same call goes, but for turns.
    const FORGETFUL: bool = true;
    /// Whether it takes the instances in turn: the next attempt goes to the next one.
    const TURNS: bool = false;

    /// What is remembered at the start of a callee with so many instances.
    fn memory(&self, callees: u32) -> Self::Memory;
    /// The number of the instance that an attempt goes to: one of the candidates.
    fn choose(&self, memory: &mut Self::Memory, view: &View, luck: &mut Keyed) -> u32;
    /// An attempt has ended.
    fn on_result(&self, _memory: &mut Self::Memory, _heard: &Heard) {}
    /// The instance of the caller has crashed and begins anew.
    fn forget(&self, _memory: &mut Self::Memory) {}
    /// When none is passed by.
    fn panic(&self) -> Panic;
    /// Who gets how much.
    fn spread(&self) -> Spread;
    /// The share of each of so many instances, if it depends neither on what they answer nor on what they are asked.
    fn shares(&self, callees: u32) -> Option<Vec<f64>> {
        let even = vec![1.0 / f64::from(callees); callees as usize];
        (self.spread() == Spread::Even).then_some(even)
    }
    /// What is wrong with its parameters: (field, why).
    fn validate(&self) -> Vec<(&'static str, String)> {
        self.panic().validate()
    }
}
