//! `bulkhead(limit, queue)` of cockatiel.
//!
//! A call whose signal is aborted in the queue keeps its place there until its turn comes, and is then passed over; the
//! next is not taken from the queue before another call ends (`BulkheadPolicy.dequeue`, `execute`). Here it leaves the
//! queue at once.
//!
//! Source: cockatiel 3.2.1, `BulkheadPolicy`.

use crate::resilience::{Bulkhead, PolicySpec};
use serde::{Deserialize, Serialize};

/// Arguments of `bulkhead`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CockatielBulkhead {
    /// Calls at a time.
    pub limit: u32,
    /// Calls that may wait.
    #[serde(default)]
    pub queue: u32,
}

impl CockatielBulkhead {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// No calls at all.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.limit == 0 {
            return Err("`limit: 0` lets nobody in".into());
        }
        Ok(vec![PolicySpec::Bulkhead(Bulkhead {
            permits: self.limit,
            queue: self.queue,
            ..Bulkhead::default()
        })])
    }
}
