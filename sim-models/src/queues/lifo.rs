//! Last in, first out.
//!
//! In an overload those who come last are served in time, and those at the bottom never: most answers are of use, at
//! the price of the unlucky. Waits have the same mean as first in, first out, and a far larger variance.
//!
//! Source: L. Kleinrock, "Queueing Systems" I (1975), 3.1 and LCFS; Facebook's thread pools (see `adaptive_lifo`).

use super::{Line, Order, Waiting};
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// Last in, first out.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Lifo {}

impl Order for Lifo {
    type Memory = Line;
    const SUMMARY: &'static str = "last in, first out";
    const EXAMPLE: &'static str = "lifo";

    fn next(
        &self,
        line: &mut Line,
        requests: &mut impl Waiting,
        _: SimTime,
        _: &mut Vec<u32>,
    ) -> Option<u32> {
        line.pop_back(requests)
    }
}
