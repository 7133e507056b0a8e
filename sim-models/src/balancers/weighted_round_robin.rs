//! Weighted round robin: each in turn, those that weigh more more often, and as evenly spread as can be.
//!
//! Smooth, as in nginx: at each choice every candidate gains its weight, the highest is chosen, and gives back what all
//! have gained together. Weights 5, 1, 1 give a a b a c a a, and not a a a a a b c. Where some are passed by, the
//! rest share what comes by their weights.
//!
//! Weights say how large instances are. A small one among large ones that gets an equal share is what overflows first.
//!
//! Source: nginx `ngx_http_upstream_round_robin.c` (commit 52327e0, "Upstream: smooth weighted round-robin balancing",
//! 2012); elsewhere Envoy's `load_balancing_weight`, HAProxy's `weight`, LVS `wrr` (which is not smooth).

use super::{Balancer, Panic, Spread, View};
use serde::{Deserialize, Serialize};
use sim_core::random::Keyed;

/// Each in turn, in proportion to weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedRoundRobin {
    /// Weights of the instances; where there are more instances they are taken in turn, as zones are.
    pub weights: Vec<u32>,
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

/// The largest weight: sums of them stay far from the ends of 64 bits.
const HEAVIEST: u32 = 65_535;

impl WeightedRoundRobin {
    fn weight(&self, number: u32) -> i64 {
        let at = number as usize % self.weights.len();
        i64::from(self.weights[at])
    }
}

impl Balancer for WeightedRoundRobin {
    /// What each instance has gained.
    type Memory = Vec<i64>;
    const SUMMARY: &'static str = "each instance in turn, in proportion to weights";
    const EXAMPLE: &'static str = "weighted_round_robin([3, 1])";
    const FORGETFUL: bool = false;
    const PER_CALLEE: u64 = size_of::<i64>() as u64;

    fn memory(&self, callees: u32) -> Vec<i64> {
        vec![0; callees as usize]
    }
    #[inline]
    fn choose(&self, gained: &mut Vec<i64>, view: &View, _: &mut Keyed) -> u32 {
        let (mut all, mut best) = (0, view.at(0));
        for number in view.numbers() {
            let weight = self.weight(number);
            all += weight;
            gained[number as usize] += weight;
            if gained[number as usize] > gained[best as usize] {
                best = number;
            }
        }
        gained[best as usize] -= all;
        best
    }
    fn forget(&self, gained: &mut Vec<i64>) {
        gained.fill(0);
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        let first = self.weights.first();
        if self.weights.iter().all(|weight| Some(weight) == first) {
            Spread::Even
        } else {
            Spread::Other
        }
    }
    fn shares(&self, callees: u32) -> Option<Vec<f64>> {
        let all: i64 = (0..callees).map(|number| self.weight(number)).sum();
        let share = |number| self.weight(number) as f64 / all as f64;
        Some((0..callees).map(share).collect())
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = self.panic.validate();
        if self.weights.is_empty() {
            wrong.push(("weights", "must be one at least".into()));
        }
        let bad = self
            .weights
            .iter()
            .find(|weight| !(1..=HEAVIEST).contains(*weight));
        if let Some(bad) = bad {
            wrong.push(("weights", format!("must be 1 to {HEAVIEST}, not {bad}")));
        }
        wrong
    }
}
