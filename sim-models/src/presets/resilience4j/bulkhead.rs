//! `Bulkhead` of resilience4j: a semaphore; callers wait for a permit on their own threads, as many as come.
//!
//! Source: resilience4j 2.4.0, `BulkheadConfig.java`, `SemaphoreBulkhead.java`.

use crate::resilience::{Bulkhead, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `BulkheadConfig`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4jBulkhead {
    /// Calls at a time.
    #[serde(default = "twenty_five")]
    pub max_concurrent_calls: u32,
    /// How long a call waits for a permit, at most; whole milliseconds count.
    #[serde(default)]
    pub max_wait_duration: SimDuration,
    /// Whether those who wait are served in the order in which they came. Without it a thread that comes at the very
    /// moment at which a permit is given back may take it before one that waits is awake: nothing here is so quick.
    #[serde(default = "yes")]
    pub fair_call_handling_strategy_enabled: bool,
}

fn twenty_five() -> u32 {
    25
}

fn yes() -> bool {
    true
}

impl Resilience4jBulkhead {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// No calls at all, and calls that are not served in order.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.max_concurrent_calls == 0 {
            return Err("`maxConcurrentCalls: 0` lets nobody in".into());
        }
        if !self.fair_call_handling_strategy_enabled {
            return Err("`fairCallHandlingStrategyEnabled: false` lets threads race for a permit, which is not simulated: those who wait are served in order".into());
        }
        let wait = SimDuration::from_millis(self.max_wait_duration.0 / 1_000_000);
        let waits = wait > SimDuration::ZERO;
        Ok(vec![PolicySpec::Bulkhead(Bulkhead {
            permits: self.max_concurrent_calls,
            queue: if waits { u32::MAX } else { 0 },
            wait: waits.then_some(wait),
            ..Bulkhead::default()
        })])
    }
}
