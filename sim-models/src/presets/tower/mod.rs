//! tower: its layers, as they name their arguments.
//!
//! Those that are given are wrapped as `hedge ( retry budget ( load_shed ( buffer ( concurrency_limit ( rate_limit ( call )
//! ) ) ) ) )`; the budget belongs inside a `retry`. Without `load_shed` a call waits until there is room (`poll_ready`),
//! however long. With it a call is refused at once where there is none; a `buffer` between makes room for `bound` calls
//! and for the one that its worker holds in hand.
//!
//! Source: tower 0.5.3, `hedge`, `retry/budget`, `limit/concurrency`, `limit/rate/service.rs`, `load_shed/mod.rs`,
//! `buffer/{service,worker}.rs`.

mod hedge;
mod limits;
mod retry_budget;

pub use hedge::TowerHedge;
pub use limits::TowerRateLimit;
pub use retry_budget::TowerRetryBudget;

use super::Preset;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Layers of tower.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tower {
    /// Asks once more where the first answer is late.
    pub hedge: Option<TowerHedge>,
    /// Retries as a share of what succeeds; stands inside a `retry`.
    pub retry_budget: Option<TowerRetryBudget>,
    /// Whether calls are refused while there is no room for them, instead of waiting.
    pub load_shed: bool,
    /// Calls that the buffer takes.
    pub buffer: Option<u32>,
    /// Calls at a time.
    pub concurrency_limit: Option<u32>,
    /// So many calls in a window that begins with the first of them.
    pub rate_limit: Option<TowerRateLimit>,
}

impl Preset for Tower {
    const SUMMARY: &'static str = "layers of tower, with its names";
    const EXAMPLE: &'static str = r#"[retry(attempts: 3), tower(retry_budget: (min_per_sec: 10), load_shed: true, concurrency_limit: 10), timeout("500ms")]"#;
    const VERSION: &'static str = "tower 0.5.3";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.hedge {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.retry_budget {
            policies.extend(part.expand()?);
        }
        policies.extend(self.limits()?);
        if policies.is_empty() {
            return Err("name a layer of it, such as `concurrency_limit: 10`".into());
        }
        Ok(policies)
    }
}
