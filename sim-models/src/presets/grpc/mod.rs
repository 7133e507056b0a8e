//! gRPC: policies of a method, as its service config names their fields.
//!
//! Source: gRPC A6, `grpc/service_config/service_config.proto`.

mod codes;
mod hedging_policy;

pub use hedging_policy::GrpcHedgingPolicy;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Policies of a method of gRPC.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grpc {
    /// Asks once more while the first attempts are out.
    #[serde(default)]
    pub hedging_policy: Option<GrpcHedgingPolicy>,
}

impl Preset for Grpc {
    const SUMMARY: &'static str = "policies of gRPC's service config, with its names";
    const EXAMPLE: &'static str = r#"grpc(hedgingPolicy: (maxAttempts: 3, hedgingDelay: "500ms", nonFatalStatusCodes: ["UNAVAILABLE"]))"#;
    const VERSION: &'static str = "gRPC A6 (2024), grpc-js 1.14";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.hedging_policy {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `hedgingPolicy: (maxAttempts: 2)`".into());
        }
        Ok(policies)
    }
}
