//! Polly: its strategies, as their `Options` classes name their properties.
//!
//! The strategies that are given are wrapped as Microsoft's resilience handlers do: fallback outermost, then hedging, then
//! the timeout of each attempt.
//!
//! Source: Polly 8.7, `src/Polly.*/*StrategyOptions.cs`, <https://www.pollydocs.org>.

mod fallback;
mod hedging;
mod span;
mod timeout;

pub use fallback::PollyFallback;
pub use hedging::PollyHedging;
pub use span::PollySpan;
pub use timeout::PollyTimeout;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Strategies of Polly.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Polly {
    /// Something else answers where what is inside fails.
    #[serde(default)]
    pub fallback: Option<PollyFallback>,
    /// Further attempts after a delay.
    #[serde(default)]
    pub hedging: Option<PollyHedging>,
    /// Bounds how long what is inside may take.
    #[serde(default)]
    pub timeout: Option<PollyTimeout>,
}

impl Preset for Polly {
    const SUMMARY: &'static str = "strategies of Polly, with its names and defaults";
    const EXAMPLE: &'static str = r#"polly(hedging: (MaxHedgedAttempts: 1, Delay: "2s"))"#;
    const VERSION: &'static str = "Polly 8.7";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.fallback {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.hedging {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.timeout {
            policies.extend(part.expand()?);
        }
        if policies.is_empty() {
            return Err("name a part of it, such as `hedging: ()`".into());
        }
        Ok(policies)
    }
}
