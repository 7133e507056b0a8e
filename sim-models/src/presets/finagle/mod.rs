//! Finagle: modules of its clients, as their constructors name their parameters.
//!
//! The parts that are given are wrapped as its client stack does: a backup request goes through the balancer like any
//! other, which is below it, and accrues failures at its own endpoint.
//!
//! Source: Finagle 24.8, `finagle-core/src/main/scala/com/twitter/finagle`.

mod backup_request;
mod failure_accrual;

pub use backup_request::FinagleBackupRequest;
pub use failure_accrual::{FinagleBackoff, FinagleEqualJittered, FinagleFailureAccrual};

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Modules of a client of Finagle.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finagle {
    /// Asks once more where the first answer is late.
    #[serde(default)]
    pub backup_request: Option<FinagleBackupRequest>,
    /// Passes endpoints by that fail.
    #[serde(default)]
    pub failure_accrual: Option<FinagleFailureAccrual>,
}

impl Preset for Finagle {
    const SUMMARY: &'static str = "modules of Finagle's clients, with its names and defaults";
    const EXAMPLE: &'static str = "finagle(failureAccrual: (numFailures: 5))";
    const VERSION: &'static str = "Finagle 24.8";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.backup_request {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.failure_accrual {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `failureAccrual: ()`".into());
        }
        Ok(policies)
    }
}
