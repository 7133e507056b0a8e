//! `Hedging` of Polly: further attempts after a delay, or at once where one fails.
//!
//! A failure that is handled (any exception but a cancellation) begins the next attempt at once; where all have failed the
//! result is that of the first one, `_tasks.First(..)`. With a delay of zero all begin at once, with a negative one none
//! before another has failed. The attempts that lose are cancelled.
//!
//! Source: Polly 8.7, `src/Polly.Core/Hedging`: `HedgingStrategyOptions.TResult.cs`, `HedgingResilienceStrategy.cs`,
//! `Controller/HedgingExecutionContext.cs`.

use super::PollySpan;
use crate::outcome::OutcomeSet;
use crate::resilience::{Cancellation, Failure, Hedge, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Properties of `HedgingStrategyOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct PollyHedging {
    /// Attempts after the first one, 1 to 10.
    pub max_hedged_attempts: u32,
    /// How long to wait before each.
    pub delay: PollySpan,
}

impl Default for PollyHedging {
    fn default() -> Self {
        Self {
            max_hedged_attempts: 1,
            delay: PollySpan(Some(SimDuration::from_secs(2))),
        }
    }
}

impl PollyHedging {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What Polly refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if !(1..=10).contains(&self.max_hedged_attempts) {
            let attempts = self.max_hedged_attempts;
            return Err(format!(
                "`MaxHedgedAttempts` must be 1 to 10, not {attempts}"
            ));
        }
        Ok(vec![
            PolicySpec::Hedge(Hedge {
                after: self.delay.0.unwrap_or(Hedge::NEVER),
                attempts: self.max_hedged_attempts + 1,
                on: OutcomeSet::FAILURES,
                result: Failure::First,
                ..Hedge::default()
            }),
            PolicySpec::Cancellation(Cancellation {}),
        ])
    }
}
