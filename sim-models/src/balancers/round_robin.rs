//! Round robin: each in turn. Every instance of a caller has a turn of its own, which begins with the first.
//!
//! Source: nginx's default; Envoy `ROUND_ROBIN`, gRPC `round_robin`.

use super::{Balancer, Panic, Spread, View};
use serde::{Deserialize, Serialize};
use sim_core::random::Keyed;

/// Each in turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundRobin {
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

impl Balancer for RoundRobin {
    /// Whose turn is next.
    type Memory = u32;
    const SUMMARY: &'static str = "each instance in turn";
    const EXAMPLE: &'static str = "round_robin";
    const TURNS: bool = true;

    fn memory(&self, _: u32) -> u32 {
        0
    }
    #[inline]
    fn choose(&self, turn: &mut u32, view: &View, _: &mut Keyed) -> u32 {
        let next = view.among.iter().find(|number| **number >= *turn);
        let number = next.or(view.among.first()).copied().unwrap_or(*turn);
        *turn = (number + 1) % view.callees;
        number
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        Spread::Even
    }
}
