//! `Timeout` of Polly: what is inside is cancelled after a span.
//!
//! Polly waits until what is inside has seen the cancellation, and takes its result if it had one after all; here it sees
//! it at once.
//!
//! Source: Polly 8.7, `src/Polly.Core/Timeout/TimeoutStrategyOptions.cs`, `TimeoutResilienceStrategy.cs`.

use crate::resilience::{Cancellation, PolicySpec, Timeout};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Properties of `TimeoutStrategyOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollyTimeout {
    /// How long it may take, 10 ms to a day.
    #[serde(default = "half_a_minute")]
    pub timeout: SimDuration,
}

fn half_a_minute() -> SimDuration {
    SimDuration::from_secs(30)
}

impl PollyTimeout {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What Polly refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let range = SimDuration::from_millis(10)..=SimDuration::from_secs(86_400);
        if !range.contains(&self.timeout) {
            return Err(format!(
                "`Timeout` must be 10ms to 1d, not {}",
                self.timeout
            ));
        }
        let after = self.timeout;
        Ok(vec![
            PolicySpec::Timeout(Timeout { after }),
            PolicySpec::Cancellation(Cancellation {}),
        ])
    }
}
