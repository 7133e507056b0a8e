//! tower: its layers, as their builders name the arguments.
//!
//! Source: tower 0.5.3.

mod retry_budget;

pub use retry_budget::TowerRetryBudget;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Layers of tower.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tower {
    /// Retries as a share of what succeeds; stands inside a `retry`.
    pub retry_budget: Option<TowerRetryBudget>,
}

impl Preset for Tower {
    const SUMMARY: &'static str = "layers of tower, with its names";
    const EXAMPLE: &'static str = r#"[retry(attempts: 3), tower(retry_budget: (min_per_sec: 10))]"#;
    const VERSION: &'static str = "tower 0.5.3";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.retry_budget {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a layer of it, such as `retry_budget: ()`".into());
        }
        Ok(policies)
    }
}
