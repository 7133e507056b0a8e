//! tower: its layers, as they and their methods are named.
//!
//! Source: tower 0.5.3.

mod hedge;

pub use hedge::TowerHedge;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Layers of tower.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tower {
    /// Asks once more where the first answer is late.
    pub hedge: Option<TowerHedge>,
}

impl Preset for Tower {
    const SUMMARY: &'static str = "layers of tower, with its names";
    const EXAMPLE: &'static str =
        r#"tower(hedge: (min_data_points: 10, latency_percentile: 0.9, period: "10s"))"#;
    const VERSION: &'static str = "tower 0.5.3";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.hedge {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a layer of it, such as `hedge: (..)`".into());
        }
        Ok(policies)
    }
}
