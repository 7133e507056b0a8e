//! Earliest deadline first: of those who wait, the one whose caller's deadline passes first.
//!
//! If any order meets all deadlines, this one does. In an overload it is at its worst: it spends itself on those who
//! are nearly lost. Deadlines are those that callers tell (`deadline(.., propagate: true)`); a request whose deadline
//! passes leaves the queue, as everywhere. Those without a deadline come last, and among equals the first to come.
//!
//! Source: C. Liu and J. Layland, "Scheduling algorithms for multiprogramming in a hard-real-time environment",
//! Journal of the ACM 20 (1973).

use super::{Line, NOBODY, Needs, Order, Waiting};
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// The one whose deadline passes first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Edf {}

/// Behind whom one with this deadline belongs, and how many were looked at. From both ends: deadlines mostly grow with the
/// time of arrival, and who is in a hurry goes before nearly all.
fn place(line: &Line, requests: &impl Waiting, deadline: SimTime) -> (u32, u32) {
    let (Some(mut first), Some(mut last)) = (line.first(), line.last()) else {
        return (NOBODY, 0);
    };
    let mut looks = 0;
    loop {
        looks += 2;
        if requests.deadline(last) <= deadline {
            return (last, looks);
        }
        let (before, behind) = requests.links(first);
        if requests.deadline(first) > deadline {
            return (before, looks);
        }
        first = behind;
        last = requests.links(last).0;
    }
}

impl Order for Edf {
    /// By deadline.
    type Memory = Line;
    const SUMMARY: &'static str = "earliest deadline first";
    const EXAMPLE: &'static str = "edf";
    const NEEDS: Needs = Needs::Deadlines;

    fn push(&self, line: &mut Line, requests: &mut impl Waiting, who: u32) -> u32 {
        let (before, looks) = place(line, requests, requests.deadline(who));
        line.push_behind(requests, before, who);
        looks
    }
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
