//! A limit that does not move: for a room to wait in, or shares, without an estimate.
//!
//! Source: Netflix concurrency-limits `FixedLimit` (commit 78a74b9).

use serde::{Deserialize, Serialize};

/// A limit that does not move.
#[derive(Clone, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// The limit.
    pub limit: u32,
}
