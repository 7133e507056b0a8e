//! `TpsBudget` of tower: retries as a share of what succeeds.
//!
//! Who uses it deposits what he likes; its documentation deposits successes, and so does this.
//!
//! Source: tower 0.5.3, `retry/budget/tps_budget.rs`.

use crate::resilience::{Deposit, PolicySpec, RetryShare, Scope, ShareWindow};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Arguments of `TpsBudget::new`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TowerRetryBudget {
    /// For how long a deposit counts: 1 s to 60 s.
    #[serde(default = "ten_seconds")]
    pub ttl: SimDuration,
    /// Retries a second that are allowed however few deposits there are.
    #[serde(default = "ten")]
    pub min_per_sec: u32,
    /// Retries per deposit, 0 to 1000.
    #[serde(default = "fifth")]
    pub retry_percent: f64,
    /// What is deposited.
    #[serde(default = "successes")]
    pub deposit: Deposit,
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

fn successes() -> Deposit {
    Deposit::Successes
}

impl TowerRetryBudget {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What the library refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if !(SimDuration::from_secs(1)..=SimDuration::from_secs(60)).contains(&self.ttl) {
            return Err(format!("`ttl` must be from 1s to 60s, not {}", self.ttl));
        }
        if !(0.0..=1000.0).contains(&self.retry_percent) {
            return Err(format!(
                "`retry_percent` must be from 0 to 1000, not {}",
                self.retry_percent
            ));
        }
        Ok(vec![PolicySpec::RetryShare(RetryShare {
            share: self.retry_percent,
            ttl: self.ttl,
            min_per_second: self.min_per_sec,
            deposit: self.deposit,
            window: ShareWindow::Tower,
            scope: Scope::Instance,
            by: None,
        })])
    }
}
