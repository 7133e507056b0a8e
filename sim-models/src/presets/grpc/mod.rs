//! gRPC: parts of its service config, as its JSON names their fields.
//!
//! `retryThrottling` alone is the throttle without a retry; with `retryPolicy` it stands inside it, and counts what that
//! tries again.
//!
//! Source: gRPC A6; grpc-go `stream.go`, `clientconn.go`, `service_config.go`.

mod codes;
mod retry;

pub use codes::GrpcCode;
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
    /// No retries while too many attempts fail.
    #[serde(default)]
    pub retry_throttling: Option<GrpcRetryThrottling>,
}

impl Preset for Grpc {
    const SUMMARY: &'static str = "parts of a service config of gRPC, with its names";
    const EXAMPLE: &'static str = r#"grpc(retryPolicy: (maxAttempts: 4, initialBackoff: "100ms", maxBackoff: "1s", backoffMultiplier: 2, retryableStatusCodes: [UNAVAILABLE]), retryThrottling: (maxTokens: 10, tokenRatio: 0.1))"#;
    const VERSION: &'static str = "gRPC A6, grpc-go 1.78";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.retry_policy {
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
