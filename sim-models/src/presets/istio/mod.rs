//! Istio: traffic policies of a `DestinationRule`, retries and the timeout of a `VirtualService`, as it names their fields.
//!
//! The parts that are given are wrapped as the proxy does that it configures: the timeout bounds all attempts, limits and
//! outliers are of each.
//!
//! Source: Istio 1.27, `networking/v1/destination_rule.proto`, `virtual_service.proto`.

mod connection_pool;
mod outlier_detection;
mod retries;

pub use connection_pool::IstioConnectionPool;
pub use outlier_detection::IstioOutlierDetection;
pub use retries::IstioRetries;

use super::Preset;
use super::envoy::timeout;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parts of a traffic policy of Istio.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Istio {
    /// Bounds the whole call, retries included: `timeout` of an `HTTPRoute`; there is none unless given.
    #[serde(default)]
    pub timeout: Option<SimDuration>,
    /// Tries again.
    #[serde(default)]
    pub retries: Option<IstioRetries>,
    /// Bounds how many calls are out at a time.
    #[serde(default)]
    pub connection_pool: Option<IstioConnectionPool>,
    /// Passes hosts by that fail more than they may.
    #[serde(default)]
    pub outlier_detection: Option<IstioOutlierDetection>,
}

impl Preset for Istio {
    const SUMMARY: &'static str = "traffic policies of Istio, with its names and defaults";
    const EXAMPLE: &'static str = r#"istio(retries: (attempts: 3, perTryTimeout: "500ms"), outlierDetection: (consecutive5xxErrors: 5))"#;
    const VERSION: &'static str = "Istio 1.27";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(after) = self.timeout {
            policies.extend(timeout(after));
        }
        if let Some(part) = &self.retries {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.connection_pool {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.outlier_detection {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `outlierDetection: ()`".into());
        }
        Ok(policies)
    }
}
