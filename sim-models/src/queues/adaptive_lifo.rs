//! Adaptive LIFO: first in, first out while few wait; last in, first out once many do.
//!
//! As fair as a queue can be while it is short. In an overload those who came last are served, whose callers still
//! wait; those at the bottom are served when it is over, unless they have been dropped: with `drop_after`, whoever has
//! been at the instance for longer is turned away when the next one is taken.
//!
//! Source: B. Maurer, "Fail at scale", ACM Queue 13 (2015); HHVM `JobQueue` (`ThreadJobLIFOSwitchThreshold`,
//! `ThreadJobMaxQueuingMilliSeconds`).

use super::{Line, Order, Waiting};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// First in, first out while few wait; last in, first out once many do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveLifo {
    /// Last in, first out while more than so many wait.
    pub above: u32,
    /// Those who have been here for longer are dropped when the next one is taken; none: nobody is.
    #[serde(default)]
    pub drop_after: Option<SimDuration>,
}

impl Order for AdaptiveLifo {
    type Memory = Line;
    const SUMMARY: &'static str = "first in, first out; last in, first out once many wait";
    const EXAMPLE: &'static str = "adaptive_lifo(above: 16)";

    fn next(
        &self,
        line: &mut Line,
        requests: &mut impl Waiting,
        now: SimTime,
        dropped: &mut Vec<u32>,
    ) -> Option<u32> {
        if let Some(longest) = self.drop_after {
            // The first to come have been here for longest.
            while let Some(first) = line.first()
                && now.since(requests.since(first)) > longest
            {
                line.remove(requests, first);
                dropped.push(first);
            }
        }
        if line.waiting() > self.above {
            line.pop_back(requests)
        } else {
            line.pop_front(requests)
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.drop_after == Some(SimDuration::ZERO) {
            vec![("drop_after", "must be longer than zero".into())]
        } else {
            Vec::new()
        }
    }
}
