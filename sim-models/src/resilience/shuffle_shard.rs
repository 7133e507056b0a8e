//! Shuffle sharding: each tenant may use a few cells of many, so that one that takes all of its own takes few of anybody
//! else's.
//!
//! There are `cells` of `permits` each. `each` of them belong to every tenant (or user, or key): which ones is drawn
//! once, from the seed-free hash of its number, every choice as likely as any other. A call goes to that of its cells
//! in which the fewest are out, the first of equals; where all of them are full, it ends as `bulkhead_full`. With 8
//! cells of which each tenant has 2, another shares both with it at one chance in 28, and one of the two at 12 in 28.
//!
//! Source: C. MacCárthaigh, "Shuffle sharding: massive and magical fault isolation" (AWS Architecture Blog, 2014), and
//! "Workload isolation using shuffle-sharding" (Amazon Builders' Library); Kubernetes API priority and fairness
//! (`queues`, `handSize`: the hand's least loaded queue is taken).

use super::{Context, Do, Ended, Policy, PushBack, Reading, Scope};
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::SimTime;
use sim_core::random::mix;

/// Gives each tenant a few cells of many.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShuffleShard {
    /// Cells that there are.
    #[serde(default = "eight")]
    pub cells: u16,
    /// Cells that each may use.
    #[serde(default = "two")]
    pub each: u16,
    /// Calls at a time in a cell.
    pub permits: u32,
    /// Who has cells of its own.
    #[serde(default)]
    pub of: Whose,
    /// Who shares the cells.
    #[serde(default)]
    pub scope: Scope,
    /// What those who are refused are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

fn eight() -> u16 {
    8
}

fn two() -> u16 {
    2
}

/// Who has cells of its own.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Each tenant; those without a label are one.
    #[default]
    Tenant,
    /// Each of the 128 groups of users.
    User,
    /// Each key; those without one are one.
    Key,
}

/// The cell that a call is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell(u16);

/// The most cells.
const MOST: u16 = 64;
/// Key of the draw of whose the cells are.
const HAND: u64 = 0x4841_4e44_0000_0000;

impl ShuffleShard {
    /// The cells of one, as bits.
    fn hand(&self, who: u64) -> u64 {
        let mut hand = 0_u64;
        // Floyd's algorithm: every choice of so many is as likely as any other.
        for last in self.cells - self.each..self.cells {
            let drawn = mix(HAND ^ u64::from(last), who) % (u64::from(last) + 1);
            let taken = hand & (1 << drawn) != 0;
            hand |= 1 << if taken { u64::from(last) } else { drawn };
        }
        hand
    }
}

impl Policy for ShuffleShard {
    /// Calls that are out, by cell.
    type Memory = Vec<u32>;
    type Call = Cell;
    const SUMMARY: &'static str = "gives each tenant a few cells of many";
    const EXAMPLE: &'static str = "shuffle_shard(cells: 8, each: 2, permits: 10)";
    const LIVE: &'static [&'static str] = &["permits"];
    const AT_DOOR: bool = true;
    const UNPACKS: bool = true;
    const ASKS_WHO: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused"];
    const LEAVES: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Vec<u32> {
        vec![0; usize::from(self.cells)]
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn on_enter(&self, out: &mut Vec<u32>, cell: &mut Cell, context: &mut Context) -> Do {
        let who = match self.of {
            Whose::Tenant => u64::from(context.tenant),
            Whose::User => u64::from(context.user),
            Whose::Key => u64::from(context.content),
        };
        let hand = self.hand(who);
        let own = (0..self.cells).filter(|cell| hand & (1 << cell) != 0);
        let least = own.min_by_key(|cell| out[usize::from(*cell)]);
        match least.filter(|cell| out[usize::from(*cell)] < self.permits) {
            Some(least) => {
                out[usize::from(least)] += 1;
                *cell = Cell(least);
                Do::Pass
            }
            None => context.turned_away(Outcome::BulkheadFull, self.push_back),
        }
    }
    fn on_leave(&self, out: &mut Vec<u32>, cell: &mut Cell, _: &Ended, _: &mut Context) {
        out[usize::from(cell.0)] -= 1;
    }
    fn inside(out: &Vec<u32>) -> Option<u32> {
        Some(out.iter().sum())
    }
    fn reading(&self, out: &Vec<u32>, _: SimTime) -> Reading {
        let full = out.iter().filter(|out| **out >= self.permits).count();
        Reading {
            state: "",
            numbers: vec![
                ("out", f64::from(out.iter().sum::<u32>())),
                ("full_cells", full as f64),
            ],
        }
    }
    fn heap(&self) -> usize {
        usize::from(self.cells) * size_of::<u32>()
    }
    fn brief(&self) -> String {
        format!("{} of {} cells", self.each, self.cells)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(1..=MOST).contains(&self.cells) {
            wrong.push(("cells", format!("must be 1 to {MOST}, not {}", self.cells)));
        }
        if !(1..=self.cells).contains(&self.each) {
            let why = format!(
                "must be 1 to {}, which there are, not {}",
                self.cells, self.each
            );
            wrong.push(("each", why));
        }
        if self.permits == 0 {
            wrong.push(("permits", "must be at least 1".into()));
        }
        wrong
    }
}
