//! Envoy: parts of its routes, clusters and filters, as its API names their fields.
//!
//! The parts that are given are wrapped as its filter chain is usually written: filters are asked before a call is
//! routed.
//!
//! Source: Envoy's API v3, `extensions.filters.http`.

mod adaptive_concurrency;
mod admission_control;

pub use adaptive_concurrency::EnvoyAdaptiveConcurrency;
pub use admission_control::EnvoyAdmissionControl;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Parts of Envoy.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envoy {
    /// Refuses calls by chance while too few succeed: the filter `admission_control`.
    #[serde(default)]
    pub admission_control: Option<EnvoyAdmissionControl>,
    /// Bounds how many calls are out by their latency: the filter `adaptive_concurrency`.
    #[serde(default)]
    pub adaptive_concurrency: Option<EnvoyAdaptiveConcurrency>,
}

impl Preset for Envoy {
    const SUMMARY: &'static str = "parts of Envoy, with its names and defaults";
    const EXAMPLE: &'static str = "envoy(admission_control: (sr_threshold: 95))";
    const VERSION: &'static str = "Envoy 1.36";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.admission_control {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.adaptive_concurrency {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `admission_control: ()`".into());
        }
        Ok(policies)
    }
}
