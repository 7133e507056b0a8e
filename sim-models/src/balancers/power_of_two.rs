//! Power of two choices: of two instances at random, the one with fewer requests of this caller out.
//!
//! Nearly as even as a look at all of them at the cost of two, and without the herd that runs to the emptiest.
//!
//! Source: M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE Transactions on Parallel and
//! Distributed Systems 12 (2001); Envoy `LEAST_REQUEST` (`choice_count` 2), nginx `random two least_conn`.

use super::{Balancer, Panic, Spread, View};
use serde::{Deserialize, Serialize};
use sim_core::random::Keyed;

/// The better of two drawn at random without replacement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerOfTwo {
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

impl Balancer for PowerOfTwo {
    type Memory = ();
    const SUMMARY: &'static str = "the one of two at random with fewer requests of the caller out";
    const EXAMPLE: &'static str = "power_of_two";
    const COUNTS: bool = true;

    fn memory(&self, _: u32) {}
    #[inline]
    fn choose(&self, (): &mut (), view: &View, luck: &mut Keyed) -> u32 {
        match view.two(luck) {
            (first, Some(second)) if view.load(second) < view.load(first) => second,
            (first, _) => first,
        }
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        Spread::Quick
    }
}
