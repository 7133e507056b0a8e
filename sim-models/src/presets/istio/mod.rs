//! Istio: parts of a `VirtualService` and a `DestinationRule`, as it names their fields.
//!
//! Source: Istio 1.27, `networking/v1/*.proto`.

mod retries;

pub use retries::IstioRetries;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Parts of Istio.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Istio {
    /// Tries again.
    #[serde(default)]
    pub retries: Option<IstioRetries>,
}

impl Preset for Istio {
    const SUMMARY: &'static str = "parts of Istio, with its names and defaults";
    const EXAMPLE: &'static str = r#"istio(retries: (attempts: 3, perTryTimeout: "2s"))"#;
    const VERSION: &'static str = "Istio 1.27";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.retries {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `retries: ()`".into());
        }
        Ok(policies)
    }
}
