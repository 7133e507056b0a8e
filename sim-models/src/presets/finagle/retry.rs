//! Retries of Finagle, and their budget.
//!
//! `retryBudget` alone is the budget without a retry. `tries` is that of `RetryPolicy.tries`, which counts the first one,
//! and `backoff` its waits. Of a retry that finds no budget the failure is the result, and other filters are told not to
//! try it again.
//!
//! Source: Finagle (develop of 2025, 24.2 and later), `RetryBudget.scala`, `RetryPolicy.scala`, `RetryFilter.scala`.

use crate::outcome::OutcomeSet;
use crate::resilience::{
    Backoff, Deposit, FinagleJittered, PolicySpec, Retry, RetryShare, Scope, ShareWindow,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Arguments of `RetryBudget`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FinagleRetryBudget {
    /// For how long a request counts: 1 s to 60 s.
    #[serde(default = "ten_seconds")]
    pub ttl: SimDuration,
    /// Retries a second that are allowed however few requests there are.
    #[serde(default = "ten")]
    pub min_retries_per_sec: u32,
    /// Retries per request, 0 to 1000.
    #[serde(default = "fifth")]
    pub percent_can_retry: f64,
}

fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

fn ten() -> u32 {
    10
}

fn fifth() -> f64 {
    0.2
}

impl FinagleRetryBudget {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let seconds = self.ttl.as_secs_f64();
        if !(1.0..61.0).contains(&seconds) {
            return Err(format!(
                "`ttl` must be [1 second, 60 seconds]: {}",
                self.ttl
            ));
        }
        if !(0.0..=1000.0).contains(&self.percent_can_retry) {
            return Err(format!(
                "`percentCanRetry` must be from 0 to 1000, not {}",
                self.percent_can_retry
            ));
        }
        Ok(vec![PolicySpec::RetryShare(RetryShare {
            share: self.percent_can_retry,
            ttl: self.ttl,
            min_per_second: self.min_retries_per_sec,
            deposit: Deposit::Calls,
            window: ShareWindow::Finagle,
            scope: Scope::Instance,
            by: None,
        })])
    }
}

/// A retry of so many tries.
pub(super) fn retry(tries: u32, backoff: Option<&FinagleJittered>) -> Result<PolicySpec, String> {
    if tries == 0 {
        return Err("`tries` must be 1 at least: the first one counts".into());
    }
    Ok(PolicySpec::Retry(Retry {
        attempts: tries,
        backoff: Backoff::Finagle(backoff.cloned().unwrap_or_default()),
        on: OutcomeSet::TRANSIENT,
        ..Retry::default()
    }))
}
