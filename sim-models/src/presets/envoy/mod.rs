//! Envoy: parts of a route and of a cluster, as its API names their fields.
//!
//! A retry has what the cluster allows inside it (`retry_budget` overrides `max_retries`), and that the timeout of each
//! attempt; `retry_budget` or `max_retries` alone is without a retry.
//!
//! Source: Envoy's API v3, `route_components.proto`, `circuit_breaker.proto`.

mod retry;
mod retry_on;

pub use retry::{EnvoyRetryBackOff, EnvoyRetryBudget, EnvoyRetryPolicy};
pub(super) use retry_on::retry_on;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Parts of Envoy.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envoy {
    /// Tries again.
    #[serde(default)]
    pub retry_policy: Option<EnvoyRetryPolicy>,
    /// Retries that may be under way, as a share of requests.
    #[serde(default)]
    pub retry_budget: Option<EnvoyRetryBudget>,
    /// Retries that may be under way, as a number; 3 where there is a `retry_policy` and neither is given.
    #[serde(default)]
    pub max_retries: Option<u32>,
}

/// `max_retries` of a cluster that says nothing of it.
const MAX_RETRIES: u32 = 3;

impl Preset for Envoy {
    const SUMMARY: &'static str = "parts of Envoy, with its names and defaults";
    const EXAMPLE: &'static str = r#"envoy(retry_policy: (retry_on: "5xx", num_retries: 2), retry_budget: (budget_percent: 20))"#;
    const VERSION: &'static str = "Envoy 1.36";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        let default = self.retry_policy.as_ref().map(|_| MAX_RETRIES);
        let budget = retry::budget(self.retry_budget.as_ref(), self.max_retries.or(default))?;
        match &self.retry_policy {
            Some(part) => policies.extend(part.expand(budget)?),
            None => policies.extend(budget),
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `max_retries: 3`".into());
        }
        Ok(policies)
    }
}
