//! Envoy: parts of its routes and clusters, as its API names their fields.
//!
//! The parts that are given are wrapped as its router does: the timeout of the route bounds all attempts, hosts are
//! judged by each.
//!
//! Source: Envoy's API v3, `config.route.v3`, `config.cluster.v3`.

mod outlier_detection;
mod route_timeout;

pub use outlier_detection::EnvoyOutlierDetection;
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
    /// Bounds the whole call, retries included: `RouteAction.timeout`, of which Envoy takes 15 s if none is given; "0": none.
    #[serde(default)]
    pub timeout: Option<SimDuration>,
    /// Passes hosts by that fail more than they may.
    #[serde(default)]
    pub outlier_detection: Option<EnvoyOutlierDetection>,
    /// When none is passed by.
    #[serde(default)]
    pub common_lb_config: EnvoyCommonLbConfig,
}

impl Preset for Envoy {
    const SUMMARY: &'static str = "parts of Envoy, with its names and defaults";
    const EXAMPLE: &'static str = "envoy(outlier_detection: (consecutive_5xx: 5))";
    const VERSION: &'static str = "Envoy 1.36";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(after) = self.timeout {
            policies.extend(timeout(after));
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
