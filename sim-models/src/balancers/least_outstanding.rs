//! Least outstanding: the instance with the fewest requests of this caller out, ties at random.
//!
//! It looks at all of them: the time of a choice grows with the instances. One that fails at once has the fewest
//! outstanding, and draws more than its share.
//!
//! Source: nginx `least_conn`, HAProxy `leastconn`, Envoy `LEAST_REQUEST` with a full scan.

use super::{Balancer, Panic, Spread, View};
use serde::{Deserialize, Serialize};
use sim_core::random::{Keyed, Source};

/// The one with the fewest requests outstanding from this caller; ties at random.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeastOutstanding {
    /// Where less than this share of the instances is left by those that are passed by, none is passed by.
    #[serde(default)]
    pub panic: Panic,
}

impl Balancer for LeastOutstanding {
    type Memory = ();
    const SUMMARY: &'static str = "the instance with the fewest requests of the caller out";
    const EXAMPLE: &'static str = "least_outstanding";
    const COUNTS: bool = true;

    fn memory(&self, _: u32) {}
    #[inline]
    fn choose(&self, (): &mut (), view: &View, luck: &mut Keyed) -> u32 {
        let loads = || view.numbers().map(|number| view.load(number));
        let least = loads().min().unwrap_or(0);
        let ties = loads().filter(|load| *load == least).count() as u64;
        let chosen = luck.below(ties) as usize;
        let mut tied = view.numbers().filter(|number| view.load(*number) == least);
        tied.nth(chosen).unwrap_or(0)
    }
    fn panic(&self) -> Panic {
        self.panic
    }
    fn spread(&self) -> Spread {
        Spread::Quick
    }
}
