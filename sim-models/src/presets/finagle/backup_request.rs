//! `BackupRequestFilter` of Finagle: one more request after the latency that all but `maxExtraLoad` of them take.
//!
//! The percentile is taken every 3 s from the latencies of the last three whole slices of 10 s; before the first of them is
//! over it is zero, so that from 3 s on backups go out after `minSendBackupAfterMs`. From two seconds on none go out. A
//! request that fails before its backup is the result; after that the other one is. A backup is paid from a retry budget of
//! its own: `maxExtraLoad` of the requests of the last 10 s. That of the client's retries, of which Finagle takes one as
//! well, is not asked.
//!
//! Source: Finagle 24.8, `client/BackupRequestFilter.scala`, `util/WindowedPercentileHistogram.scala`.

use crate::outcome::OutcomeSet;
use crate::resilience::{
    Cancellation, Deposit, Hedge, Learn, Percentile, PolicySpec, RetryShare, Scope, ShareWindow,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `BackupRequestFilter.Configured`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FinagleBackupRequest {
    /// The share of requests that a backup may be sent for, 0 to less than 1.
    pub max_extra_load: f64,
    /// Whether the request that lost is interrupted.
    #[serde(default = "yes")]
    pub send_interrupts: bool,
    /// The shortest time until a backup (ms).
    #[serde(default = "one")]
    pub min_send_backup_after_ms: u32,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

impl FinagleBackupRequest {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What Finagle refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if !(0.0..1.0).contains(&self.max_extra_load) {
            let load = self.max_extra_load;
            return Err(format!(
                "`maxExtraLoad` must be 0 to less than 1, not {load}"
            ));
        }
        if self.min_send_backup_after_ms == 0 {
            return Err("`minSendBackupAfterMs` must be at least 1".into());
        }
        let mut policies = vec![PolicySpec::Hedge(Hedge {
            after: Hedge::NEVER,
            on: OutcomeSet::FAILURES,
            next_at_once: false,
            learn: Some(Learn::Percentile(Percentile {
                rank: 1.0 - self.max_extra_load,
                least: SimDuration::from_millis(u64::from(self.min_send_backup_after_ms)),
                most: SimDuration::from_secs(2),
                refresh: SimDuration::from_secs(3),
                samples: 0,
                given_up: self.send_interrupts,
                ..Percentile::default()
            })),
            ..Hedge::default()
        })];
        if self.max_extra_load == 0.0 {
            return Err("`maxExtraLoad: 0` sends no backups".into());
        }
        policies.push(PolicySpec::RetryShare(RetryShare {
            share: self.max_extra_load,
            ttl: SimDuration::from_secs(10),
            min_per_second: 0,
            deposit: Deposit::Calls,
            window: ShareWindow::Finagle,
            scope: Scope::Instance,
            by: None,
        }));
        if self.send_interrupts {
            policies.push(PolicySpec::Cancellation(Cancellation {}));
        }
        Ok(policies)
    }
}
