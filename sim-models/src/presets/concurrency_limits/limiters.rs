//! `Limiter`s of Netflix concurrency-limits: what becomes of those whom the limit does not let in at once.
//!
//! Source: Netflix concurrency-limits, commit 78a74b9, `limiter/*.java`.

use crate::resilience::{ConcurrencyLimit, Next, Shares};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Shares by priority, of `AbstractPartitionedLimiter`: all together at most 1. Only when the limit is reached do they
/// matter; a priority without one is guaranteed nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConcurrencyLimitsPartition {
    /// Of the most critical requests.
    pub critical_plus: Option<f64>,
    /// Of those that users wait for.
    pub critical: Option<f64>,
    /// Of those that may fail for minutes.
    pub sheddable_plus: Option<f64>,
    /// Of those that may fail often.
    pub sheddable: Option<f64>,
}

impl ConcurrencyLimitsPartition {
    pub(super) fn shares(self) -> Result<Shares, String> {
        let shares = [
            self.critical_plus,
            self.critical,
            self.sheddable_plus,
            self.sheddable,
        ];
        if shares.iter().all(Option::is_none) {
            return Err("no partitions specified: `partition: (critical: 0.9, ..)`".into());
        }
        Ok(Shares {
            critical_plus: self.critical_plus,
            critical: self.critical,
            sheddable_plus: self.sheddable_plus,
            sheddable: self.sheddable,
        })
    }
}

/// Parameters of `BlockingLimiter`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConcurrencyLimitsBlocking {
    /// How long a call may wait; an hour at most.
    pub timeout: SimDuration,
}

/// `BlockingLimiter.MAX_TIMEOUT`.
const LONGEST: SimDuration = SimDuration::from_secs(3600);

impl Default for ConcurrencyLimitsBlocking {
    fn default() -> Self {
        Self { timeout: LONGEST }
    }
}

impl ConcurrencyLimitsBlocking {
    pub(super) fn wrap(&self, limiter: &mut ConcurrencyLimit) -> Result<(), String> {
        if self.timeout > LONGEST {
            return Err("`timeout` of `blocking` cannot be greater than 1h".into());
        }
        limiter.queue = u32::MAX;
        limiter.wait = Some(self.timeout);
        Ok(())
    }
}

/// Parameters of `LifoBlockingLimiter`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConcurrencyLimitsLifoBlocking {
    /// Calls that may wait.
    pub backlog_size: u32,
    /// How long a call may wait.
    pub backlog_timeout: SimDuration,
}

impl Default for ConcurrencyLimitsLifoBlocking {
    fn default() -> Self {
        Self {
            backlog_size: 100,
            backlog_timeout: SimDuration::from_secs(1),
        }
    }
}

impl ConcurrencyLimitsLifoBlocking {
    pub(super) fn wrap(&self, limiter: &mut ConcurrencyLimit) {
        // Without places nobody waits: it is the limiter alone.
        if self.backlog_size > 0 {
            limiter.queue = self.backlog_size;
            limiter.wait = Some(self.backlog_timeout);
            limiter.order = Next::Lifo;
        }
    }
}
