//! Finagle: parts of its clients, as their Scala code names the arguments.
//!
//! Source: Finagle (develop of 2025, 24.2 and later), `finagle-core`.

mod retry;

pub use retry::FinagleRetryBudget;

use super::Preset;
use crate::resilience::{FinagleBackoff, PolicySpec};
use serde::{Deserialize, Serialize};

/// Parts of a client of Finagle.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finagle {
    /// Tries of a call at most, the first included: `RetryPolicy.tries`.
    #[serde(default)]
    pub tries: Option<u32>,
    /// The waits between them; `decorrelatedJittered(5.milliseconds, 200.milliseconds)` unless given.
    #[serde(default)]
    pub backoff: Option<FinagleBackoff>,
    /// Retries as a share of requests.
    #[serde(default)]
    pub retry_budget: Option<FinagleRetryBudget>,
}

impl Preset for Finagle {
    const SUMMARY: &'static str = "parts of a client of Finagle, with its names and defaults";
    const EXAMPLE: &'static str = r#"finagle(tries: 3, retryBudget: (ttl: "10s", minRetriesPerSec: 10, percentCanRetry: 0.2))"#;
    const VERSION: &'static str = "Finagle 24.2";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        match (self.tries, &self.backoff) {
            (Some(tries), backoff) => policies.push(retry::retry(tries, backoff.as_ref())?),
            (None, Some(_)) => return Err("a `backoff` is of so many `tries`".into()),
            (None, None) => {}
        }
        if let Some(part) = &self.retry_budget {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `retryBudget: ()`".into());
        }
        Ok(policies)
    }
}
