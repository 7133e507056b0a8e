//! cockatiel: its policies, as its functions name their options.
//!
//! Source: cockatiel 3.2.1, its `dist/*.js`.

mod bulkhead;
mod circuit_breaker;

pub use bulkhead::CockatielBulkhead;
pub use circuit_breaker::{
    CockatielBreaker, CockatielCircuitBreaker, CockatielCountBreaker, CockatielHalfOpenSampling,
    CockatielSamplingBreaker,
};

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Policies of cockatiel.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cockatiel {
    /// Refuses calls while the callee fails.
    #[serde(default)]
    pub circuit_breaker: Option<CockatielCircuitBreaker>,
    /// Bounds how many calls are out at a time.
    #[serde(default)]
    pub bulkhead: Option<CockatielBulkhead>,
}

impl Preset for Cockatiel {
    const SUMMARY: &'static str = "policies of cockatiel, with its names and defaults";
    const EXAMPLE: &'static str = r#"[cockatiel(circuitBreaker: (halfOpenAfter: 10000, breaker: ConsecutiveBreaker(5)), bulkhead: (limit: 10)), timeout("500ms")]"#;
    const VERSION: &'static str = "cockatiel 3.2.1";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.circuit_breaker {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.bulkhead {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `bulkhead: (limit: 10)`".into());
        }
        Ok(policies)
    }
}
