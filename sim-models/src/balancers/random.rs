//! Random: uniformly, and independently of everything.
//!
//! Source: Envoy `RANDOM`; the balls into bins of M. Mitzenmacher, "The power of two choices in randomized load
//! balancing" (2001), with which the others are compared.

use super::{Balancer, Panic, Spread, View};
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};

/// Uniformly at random.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Random {
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

impl Balancer for Random {
    type Memory = ();
    const SUMMARY: &'static str = "an instance at random";
    const EXAMPLE: &'static str = "random";

    fn memory(&self, _: u32) {}
    #[inline]
    fn choose(&self, (): &mut (), view: &View, luck: &mut Keyed) -> u32 {
        view.at(luck.below(u64::from(view.candidates())) as u32)
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        Spread::Even
    }
}
