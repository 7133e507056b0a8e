//! First in, first out.
//!
//! Fair to those who wait, and useless in an overload that lasts: everybody is served after so long a wait that nobody
//! waits for the answer any longer.
//!
//! Source: D. Kendall's notation (1953), the FCFS discipline; nearly every accept queue and thread pool.

use super::{Line, Order, Waiting};
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// First in, first out.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Fifo {}

impl Order for Fifo {
    type Memory = Line;
    const SUMMARY: &'static str = "first in, first out";
    const EXAMPLE: &'static str = "fifo";

    #[inline]
    fn next(
        &self,
        line: &mut Line,
        requests: &mut impl Waiting,
        _: SimTime,
        _: &mut Vec<u32>,
    ) -> Option<u32> {
        line.pop_front(requests)
    }
}
