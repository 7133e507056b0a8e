//! Istio: traffic policies of a `DestinationRule`, as it names their fields.
//!
//! Source: Istio 1.27, `networking/v1/destination_rule.proto`.

mod connection_pool;

pub use connection_pool::IstioConnectionPool;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Parts of a traffic policy of Istio.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Istio {
    /// Bounds how many calls are out at a time.
    #[serde(default)]
    pub connection_pool: Option<IstioConnectionPool>,
}

impl Preset for Istio {
    const SUMMARY: &'static str = "traffic policies of Istio, with its names and defaults";
    const EXAMPLE: &'static str =
        "istio(connectionPool: (tcp: (maxConnections: 100), http: (http1MaxPendingRequests: 10)))";
    const VERSION: &'static str = "Istio 1.27";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.connection_pool {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `connectionPool: ()`".into());
        }
        Ok(policies)
    }
}
