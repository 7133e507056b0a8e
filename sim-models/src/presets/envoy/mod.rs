//! Envoy: its limits, as its API names their fields.
//!
//! Source: Envoy's API v3, `config.cluster.v3.CircuitBreakers`, `extensions.filters.http.local_ratelimit.v3`.

mod circuit_breakers;
mod local_rate_limit;

pub use circuit_breakers::EnvoyCircuitBreakers;
pub(super) use circuit_breakers::limits;
pub use local_rate_limit::EnvoyLocalRateLimit;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Parts of Envoy.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envoy {
    /// Bounds how many calls begin: the filter is asked before a call is routed.
    #[serde(default)]
    pub local_rate_limit: Option<EnvoyLocalRateLimit>,
    /// Bounds how many calls are out at a time.
    #[serde(default)]
    pub circuit_breakers: Option<EnvoyCircuitBreakers>,
}

impl Preset for Envoy {
    const SUMMARY: &'static str = "parts of Envoy, with its names and defaults";
    const EXAMPLE: &'static str = "envoy(circuit_breakers: (max_requests: 100))";
    const VERSION: &'static str = "Envoy 1.36";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.local_rate_limit {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.circuit_breakers {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `circuit_breakers: ()`".into());
        }
        Ok(policies)
    }
}
