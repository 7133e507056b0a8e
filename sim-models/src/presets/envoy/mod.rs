//! Envoy: parts of its routes, filters and clusters, as its API names their fields.
//!
//! The parts that are given are wrapped as its router does: filters are asked before a call is routed, the timeout of the
//! route bounds all attempts; a retry has what the cluster allows inside it (`retry_budget` overrides `max_retries`), and
//! that the timeout of each attempt; limits and outliers are of each attempt. `retry_budget` or `max_retries` alone is
//! without a retry.
//!
//! Source: Envoy's API v3, `config.route.v3`, `config.cluster.v3`, `extensions.filters.http`.

mod retry_on;
mod adaptive_concurrency;
mod admission_control;
mod circuit_breakers;
mod hedge_policy;
mod local_rate_limit;
mod outlier_detection;
mod retry;
mod route_timeout;

pub use adaptive_concurrency::{
    EnvoyAdaptiveConcurrency, EnvoyConcurrencyLimitParams, EnvoyGradientControllerConfig,
    EnvoyMinRttCalcParams,
};
pub use admission_control::{
    EnvoyAdmissionControl, EnvoyHttpCriteria, EnvoyRange, EnvoySuccessCriteria,
};
pub use circuit_breakers::EnvoyCircuitBreakers;
pub(super) use circuit_breakers::limits;
pub use hedge_policy::EnvoyHedgePolicy;
pub use local_rate_limit::EnvoyLocalRateLimit;
pub use outlier_detection::EnvoyOutlierDetection;
pub use retry::{EnvoyRetryBackOff, EnvoyRetryBudget, EnvoyRetryPolicy};
pub(super) use retry_on::retry_on;
pub use route_timeout::EnvoyCommonLbConfig;
pub(super) use route_timeout::timeout;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parts of Envoy.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envoy {
    /// Bounds how many calls begin: the filter is asked before a call is routed.
    #[serde(default)]
    pub local_rate_limit: Option<EnvoyLocalRateLimit>,
    /// Refuses calls by chance while too few succeed: the filter `admission_control`.
    #[serde(default)]
    pub admission_control: Option<EnvoyAdmissionControl>,
    /// Bounds how many calls are out by their latency: the filter `adaptive_concurrency`.
    #[serde(default)]
    pub adaptive_concurrency: Option<EnvoyAdaptiveConcurrency>,
    /// Bounds the whole call, retries included: `RouteAction.timeout`, of which Envoy takes 15 s if none is given; "0": none.
    #[serde(default)]
    pub timeout: Option<SimDuration>,
    /// Tries again.
    #[serde(default)]
    pub retry_policy: Option<EnvoyRetryPolicy>,
    /// Retries beside attempts that take long.
    #[serde(default)]
    pub hedge_policy: Option<EnvoyHedgePolicy>,
    /// Retries that may be under way, as a share of requests.
    #[serde(default)]
    pub retry_budget: Option<EnvoyRetryBudget>,
    /// Retries that may be under way, as a number; 3 where there is a `retry_policy` and neither is given.
    #[serde(default)]
    pub max_retries: Option<u32>,
    /// Bounds how many calls are out at a time.
    #[serde(default)]
    pub circuit_breakers: Option<EnvoyCircuitBreakers>,
    /// Passes hosts by that fail more than they may.
    #[serde(default)]
    pub outlier_detection: Option<EnvoyOutlierDetection>,
    /// When none is passed by.
    #[serde(default)]
    pub common_lb_config: EnvoyCommonLbConfig,
}

/// `max_retries` of a cluster that says nothing of it.
const MAX_RETRIES: u32 = 3;

impl Preset for Envoy {
    const SUMMARY: &'static str = "parts of Envoy, with its names and defaults";
    const EXAMPLE: &'static str = r#"envoy(retry_policy: (retry_on: "5xx", num_retries: 2, per_try_timeout: "500ms"), outlier_detection: (consecutive_5xx: 5))"#;
    const VERSION: &'static str = "Envoy 1.36";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.local_rate_limit {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.admission_control {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.adaptive_concurrency {
            policies.extend(part.expand()?);
        }
        if let Some(after) = self.timeout {
            policies.extend(timeout(after));
        }
        let default = self.retry_policy.as_ref().map(|_| MAX_RETRIES);
        let budget = retry::budget(self.retry_budget.as_ref(), self.max_retries.or(default))?;
        let hedge = match &self.hedge_policy {
            Some(part) => part.expand(self.retry_policy.as_ref())?,
            None => None,
        };
        match (&self.retry_policy, hedge) {
            (_, Some(hedge)) => policies.extend(std::iter::once(hedge).chain(budget)),
            (Some(part), None) => policies.extend(part.expand(budget)?),
            (None, None) => policies.extend(budget),
        }
        if let Some(part) = &self.circuit_breakers {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.outlier_detection {
            policies.extend(part.expand(self.common_lb_config.healthy_panic_threshold)?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `outlier_detection: ()`".into());
        }
        Ok(policies)
    }
}
