//! By priority: the most important first, and among equals the first to come.
//!
//! Where the queue is full, one who comes takes the place of the last of the least important there, if that one is less
//! important. Strict: in an overload by important requests alone the others are not served at all. The priority is that
//! of the request's workload (`priority`), and travels with it. The backlog in front of the queue knows nobody's
//! priority: `backlog: 0` leaves all to the queue.
//!
//! Source: A. Cobham, "Priority assignment in waiting line problems", Operations Research 2 (1954); Google, *Site
//! Reliability Engineering* (2016), "Handling overload", for criticality; HHVM `JobQueue`'s priorities.

use super::{Line, Lines, Needs, Order, Waiting};
use crate::baggage::Priority;
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// The most important first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct ByPriority {}

/// Those who wait, by priority.
pub type Levels = [Line; Priority::ALL.len()];

impl Lines for Levels {
    fn waiting(&self) -> u32 {
        self.iter().map(Line::waiting).sum()
    }
    fn of(&mut self, requests: &impl Waiting, who: u32) -> &mut Line {
        &mut self[requests.priority(who) as usize]
    }
}

impl Order for ByPriority {
    type Memory = Levels;
    const SUMMARY: &'static str = "the most important first";
    const EXAMPLE: &'static str = "by_priority";
    const NEEDS: Needs = Needs::Priorities;
    const PUSHES_OUT: bool = true;

    fn next(
        &self,
        levels: &mut Levels,
        requests: &mut impl Waiting,
        _: SimTime,
        _: &mut Vec<u32>,
    ) -> Option<u32> {
        levels.iter_mut().find_map(|line| line.pop_front(requests))
    }
    fn instead_of(&self, levels: &Levels, requests: &impl Waiting, who: u32) -> Option<u32> {
        let level = requests.priority(who) as usize;
        levels[level + 1..].iter().rev().find_map(Line::last)
    }
}
