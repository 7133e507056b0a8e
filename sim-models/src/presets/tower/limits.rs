//! `ConcurrencyLimit`, `RateLimit`, and what `LoadShed` and `Buffer` make of calls that they have no room for.

use super::Tower;
use crate::resilience::{Bulkhead, PolicySpec, Starts, WindowLimit};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Arguments of `rate_limit(num, per)`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TowerRateLimit {
    /// Calls in a window.
    pub num: u32,
    /// How long a window is.
    pub per: SimDuration,
}

impl Tower {
    /// Calls that may wait for room.
    fn queue(&self) -> u32 {
        match (self.load_shed, self.buffer) {
            (false, _) => u32::MAX,
            (true, None) => 0,
            // What the worker has taken out of the buffer waits in its hand.
            (true, Some(bound)) => bound.saturating_add(1),
        }
    }

    /// The policies that its limits stand for.
    ///
    /// # Errors
    /// Limits of zero, and layers that have nothing to shed or buffer.
    pub(super) fn limits(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if self.buffer == Some(0) {
            return Err("`buffer` must be more than zero".into());
        }
        // Where both limit, the outer one makes them wait; the inner one has them wait for its window.
        let mut queue = self.queue();
        if let Some(permits) = self.concurrency_limit {
            if permits == 0 {
                return Err("`concurrency_limit: 0` lets nobody in".into());
            }
            policies.push(PolicySpec::Bulkhead(Bulkhead {
                permits,
                queue,
                ..Bulkhead::default()
            }));
            if queue > 0 {
                queue = u32::MAX;
            }
        }
        if let Some(rate) = &self.rate_limit {
            if rate.num == 0 || rate.per == SimDuration::ZERO {
                return Err("`rate_limit` needs `num` and `per` of more than zero".into());
            }
            policies.push(PolicySpec::WindowLimit(WindowLimit {
                limit: rate.num,
                window: rate.per,
                starts: Starts::FirstCall,
                queue: (queue > 0).then_some(queue),
                ..WindowLimit::default()
            }));
        }
        if policies.is_empty() && (self.load_shed || self.buffer.is_some()) {
            return Err("`load_shed` and `buffer` act on a limit inside: give a `concurrency_limit` or a `rate_limit`".into());
        }
        Ok(policies)
    }
}
