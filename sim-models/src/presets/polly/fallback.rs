//! `Fallback` of Polly: something else answers where what is inside fails with any exception but a cancellation.
//!
//! Source: Polly 8.7, `src/Polly.Core/Fallback/FallbackResilienceStrategy.cs`.

use crate::resilience::{Fallback, PolicySpec};
use serde::{Deserialize, Serialize};

/// Properties of `FallbackStrategyOptions`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollyFallback {
    /// What answers: `"service/endpoint"`; a static answer unless given.
    #[serde(default)]
    pub fallback_action: Option<String>,
}

impl PollyFallback {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// None.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        Ok(vec![PolicySpec::Fallback(Fallback {
            to: self.fallback_action.clone(),
            ..Fallback::default()
        })])
    }
}
