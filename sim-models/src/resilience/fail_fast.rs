//! Fail fast: a service turns a request away at once, at its door, when it knows already that it cannot do the work.
//!
//! Before a request takes a place in the queue, a thread or anything else, the door looks at what its work is going to
//! need: the breakers on the calls that it makes in any case, and the pools that it takes something out of in any case.
//! If one breaker would not let a call through just now, or one pool has nothing left, the request is `rejected`: the
//! work that it would have done before it came to that point is saved, and its caller knows sooner.
//!
//! What is made *in any case*: the steps of the endpoint that is asked for, one after the other, the branches of a
//! `parallel` that needs all of them, the list of a `repeat` with a fixed count. Not what only some requests do (`choice`,
//! a `cache` that may hit), not calls that are `optional`, and not a breaker that has a `fallback` or `stale` outside of
//! it, which answer in its place. Only the breakers of this service itself are looked at, the same ones that its own
//! calls will meet: of its instance, of the tenant, endpoint or key of the request (`by`); a breaker by callee is shut
//! where those of all instances are. A breaker whose open time is over is no reason: the next call is its probe.
//!
//! Nothing is remembered, no probe is taken and no permit is held: that is left to the breaker and to the pool. A pool
//! has nothing left when all of it is out, whoever may wait; a request that would have got one a little later is turned
//! away too, which is the price. `breakers: false` or `pools: false` looks at the other alone.
//!
//! Source: M. Nygard, *Release It!* (2nd ed. 2018), "Fail Fast": check the availability of resources and the state of
//! the circuit breakers around the integration points before work begins.

use super::{Context, Do, Policy, PushBack};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};

/// Turns a request away at once when what its work will need is shut.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailFast {
    /// Whether an open breaker on one of its calls is a reason.
    #[serde(default = "yes")]
    pub breakers: bool,
    /// Whether a pool of which all is out is a reason.
    #[serde(default = "yes")]
    pub pools: bool,
    /// What those who are turned away are told of coming again; nothing, unless this says so.
    #[serde(default)]
    pub push_back: Option<PushBack>,
}

fn yes() -> bool {
    true
}

impl Policy for FailFast {
    type Memory = ();
    type Call = ();
    const SUMMARY: &'static str =
        "turns requests away whose work will meet an open breaker or an empty pool";
    const EXAMPLE: &'static str = "fail_fast";
    const COUNTERS: &'static [&'static str] = &["for_breakers", "for_pools"];
    const AT_DOOR: bool = true;
    const AT_CALLER: bool = false;
    const LOOKS: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) {}
    fn on_enter(&self, (): &mut (), (): &mut (), context: &mut Context) -> Do {
        let reason = if self.breakers && context.shut.breakers > 0 {
            0
        } else if self.pools && context.shut.pools > 0 {
            1
        } else {
            return Do::Pass;
        };
        context.counters[reason] += 1;
        Do::End(
            Ending::of(Outcome::Rejected),
            PushBack::last(self.push_back),
        )
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.breakers || self.pools {
            return Vec::new();
        }
        vec![(
            "breakers",
            "and `pools` are both false: it would look at nothing".into(),
        )]
    }
}
