//! Peak EWMA: of two instances at random, the one that is expected to answer sooner.
//!
//! What an instance costs is a moving average of the times that its answers took, which jumps up to a peak at once and
//! forgets it over `decay`, times one more than the requests of this caller that are out there. It turns away from an
//! instance that is slow, which the number outstanding alone shows late or (where few are out at a time) never.
//!
//! An instance of which nothing is known yet gets one request; until its answer comes it is passed by for any other. An
//! attempt that is given up took that long at least: it raises what an instance costs and never lowers it (Finagle takes
//! it for an answer). One that fails counts as it took, as in Finagle and Linkerd: who refuses at once looks fast, and
//! draws the traffic, unless `penalty` says what a failure costs at least.
//!
//! Source: Finagle `PeakEwma.scala` (`decayTime` 10 s), Linkerd and tower `PeakEwma`.

use super::{Balancer, Heard, Panic, Spread, View};
use crate::outcome::OutcomeSet;
use serde::{Deserialize, Serialize};
use sim_core::random::Keyed;
use sim_core::{SimDuration, SimTime};

/// The better of two at random by how long answers take and how many are out.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeakEwma {
    /// How long it takes until all but a third (1/e) of what was known is forgotten.
    #[serde(default = "ten_seconds")]
    pub decay: SimDuration,
    /// What a failed attempt counts as having taken, at least.
    #[serde(default)]
    pub penalty: SimDuration,
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

/// What is known of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Known {
    /// How long an answer takes, ns, as of `at`; zero: nobody knows.
    cost: f64,
    at: SimTime,
}

/// What it costs to ask one of whom nothing is known but that nothing has come back: more than any time there is.
const UNKNOWN: f64 = 1e30;

impl PeakEwma {
    /// The share of what was known that is left.
    fn left(&self, known: &Known, now: SimTime) -> f64 {
        libm::exp(-(now.since(known.at).as_nanos_f64() / self.decay.as_nanos_f64()))
    }

    /// What one more request to an instance costs.
    fn cost(&self, known: &[Known], view: &View, number: u32) -> f64 {
        let out = f64::from(view.load(number));
        let known = &known[number as usize];
        if known.cost > 0.0 {
            known.cost * self.left(known, view.now) * (out + 1.0)
        } else if out > 0.0 {
            UNKNOWN + out
        } else {
            0.0
        }
    }
}

impl Balancer for PeakEwma {
    type Memory = Vec<Known>;
    const SUMMARY: &'static str = "the one of two at random that is expected to answer sooner";
    const EXAMPLE: &'static str = r#"peak_ewma(decay: "10s")"#;
    const COUNTS: bool = true;
    const LISTENS: bool = true;
    const FORGETFUL: bool = false;
    const PER_CALLEE: u64 = size_of::<Known>() as u64;

    fn memory(&self, callees: u32) -> Vec<Known> {
        vec![Known::default(); callees as usize]
    }
    #[inline]
    fn choose(&self, known: &mut Vec<Known>, view: &View, luck: &mut Keyed) -> u32 {
        let cost = |number| self.cost(known, view, number);
        match view.two(luck) {
            (first, Some(second)) if cost(second) < cost(first) => second,
            (first, _) => first,
        }
    }
    fn on_result(&self, known: &mut Vec<Known>, heard: &Heard) {
        let known = &mut known[heard.callee as usize];
        // What was taken back has failed nobody.
        let failed = OutcomeSet::FAILURES.touches(heard.outcome);
        let least = if failed {
            self.penalty
        } else {
            SimDuration::ZERO
        };
        let took = heard.took.max(least).as_nanos_f64();
        let left = self.left(known, heard.now);
        let expected = known.cost * left;
        if took >= expected {
            known.cost = took;
        } else if heard.answered {
            known.cost = expected + took * (1.0 - left);
        } else {
            return;
        }
        known.at = heard.now;
    }
    fn forget(&self, known: &mut Vec<Known>) {
        known.fill(Known::default());
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        if self.penalty == SimDuration::ZERO {
            Spread::Quick
        } else {
            Spread::Other
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = self.panic.validate();
        if self.decay == SimDuration::ZERO {
            wrong.push(("decay", "must be longer than zero".into()));
        }
        wrong
    }
}
