//! Least loaded: of two instances at random, the one whose last answer told of less load.
//!
//! Instances tell their load with their answers if the service has a `report_load` at its door, and so tell of what all
//! callers send them, where `least_outstanding` and `power_of_two` know of this caller alone: with many callers that have
//! little out each, that is next to nothing. Of two that tell the same, or of which nothing is known, the one with fewer
//! requests of this caller out is asked. What is older than `memory` is forgotten, and counts as no load: an instance
//! of which nothing is heard is tried again.
//!
//! Source: gRPC A58 and Envoy `client_side_weighted_round_robin` for load that comes back with answers; M. Mitzenmacher,
//! "How useful is old information?" (2000), for why of two at random and not of all: all callers would run to the same.

use super::{Balancer, Heard, Panic, Spread, View};
use crate::resilience::Load;
use serde::{Deserialize, Serialize};
use sim_core::random::Keyed;
use sim_core::{SimDuration, SimTime};

/// The better of two at random by the load that answers told.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeastLoaded {
    /// After how long what an instance told is forgotten.
    #[serde(default = "two_seconds")]
    pub memory: SimDuration,
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

fn two_seconds() -> SimDuration {
    SimDuration::from_secs(2)
}

/// What an instance told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    load: Load,
    at: SimTime,
}

impl Balancer for LeastLoaded {
    type Memory = Vec<Told>;
    const SUMMARY: &'static str = "the one of two at random whose answers tell of less load";
    const EXAMPLE: &'static str = r#"least_loaded(memory: "2s")"#;
    const COUNTS: bool = true;
    const LISTENS: bool = true;
    const FORGETFUL: bool = false;
    const PER_CALLEE: u64 = size_of::<Told>() as u64;

    fn memory(&self, callees: u32) -> Vec<Told> {
        vec![Told::default(); callees as usize]
    }
    fn choose(&self, told: &mut Vec<Told>, view: &View, luck: &mut Keyed) -> u32 {
        let load = |number: u32| {
            let told = &told[number as usize];
            let fresh = view.now.since(told.at) <= self.memory;
            let share = told.load.share().filter(|_| fresh);
            (share.unwrap_or(0.0), view.load(number))
        };
        match view.two(luck) {
            (first, Some(second)) if load(second) < load(first) => second,
            (first, _) => first,
        }
    }
    fn on_result(&self, told: &mut Vec<Told>, heard: &Heard) {
        if heard.load != Load::UNKNOWN {
            told[heard.callee as usize] = Told {
                load: heard.load,
                at: heard.now,
            };
        }
    }
    fn forget(&self, told: &mut Vec<Told>) {
        told.fill(Told::default());
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        Spread::Quick
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = self.panic.validate();
        if self.memory == SimDuration::ZERO {
            wrong.push(("memory", "must be longer than zero".into()));
        }
        wrong
    }
}
