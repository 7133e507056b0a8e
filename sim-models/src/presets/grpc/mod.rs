//! gRPC: policies of a method and of a channel, as the service config names their fields.
//!
//! A method has a `retryPolicy` or a `hedgingPolicy`, not both; the throttle of retries is inside either.
//!
//! Source: gRPC A6, "Client retry"; `grpc/service_config.proto`.

mod codes;
mod hedging_policy;
mod retry;

pub use codes::GrpcCode;
pub use hedging_policy::GrpcHedgingPolicy;
pub use retry::{GrpcRetryPolicy, GrpcRetryThrottling};

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Parts of a service config of gRPC.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grpc {
    /// Tries again: `methodConfig.retryPolicy`.
    #[serde(default)]
    pub retry_policy: Option<GrpcRetryPolicy>,
    /// Asks once more while the first attempts are out.
    #[serde(default)]
    pub hedging_policy: Option<GrpcHedgingPolicy>,
    /// No retries while too many attempts fail.
    #[serde(default)]
    pub retry_throttling: Option<GrpcRetryThrottling>,
}

impl Preset for Grpc {
    const SUMMARY: &'static str = "parts of gRPC's service config, with its names";
    const EXAMPLE: &'static str = r#"[grpc(retryPolicy: (maxAttempts: 4, initialBackoff: "100ms", maxBackoff: "1s", backoffMultiplier: 2, retryableStatusCodes: [UNAVAILABLE]), retryThrottling: (maxTokens: 10, tokenRatio: 0.1)), timeout("500ms")]"#;
    const VERSION: &'static str = "gRPC A6, grpc-go 1.78, grpc-js 1.14";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if self.retry_policy.is_some() && self.hedging_policy.is_some() {
            return Err("a method has a `retryPolicy` or a `hedgingPolicy`, not both".into());
        }
        if let Some(part) = &self.retry_policy {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.hedging_policy {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.retry_throttling {
            policies.extend(part.expand(self.retry_policy.as_ref())?);
        }
        if policies.is_empty() {
            return Err(
                "name a part of it, such as `retryThrottling: (maxTokens: 10, tokenRatio: 0.1)`"
                    .into(),
            );
        }
        Ok(policies)
    }
}
