//! Polly: its strategies, as their `Options` classes name their properties.
//!
//! Source: Polly 8.7.0, `src/Polly.*/*StrategyOptions.cs`.

mod retry;

pub use retry::PollyRetry;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Strategies of Polly.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Polly {
    /// Tries again: `AddRetry`.
    #[serde(default)]
    pub retry: Option<PollyRetry>,
}

impl Preset for Polly {
    const SUMMARY: &'static str = "strategies of Polly, with its names and defaults";
    const EXAMPLE: &'static str = "polly(retry: (MaxRetryAttempts: 4, UseJitter: true))";
    const VERSION: &'static str = "Polly 8.7.0";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.retry {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `retry: ()`".into());
        }
        Ok(policies)
    }
}
