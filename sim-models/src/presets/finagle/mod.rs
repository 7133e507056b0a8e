//! Finagle: modules of a client or a server, as its stacks name their parameters.
//!
//! The parts that are given are wrapped as its stacks do: what has expired is turned away first, which a server does too;
//! retries and their budget outside the backup request, and that outside the endpoints, where failures accrue. Nacks are
//! counted below the retries, of all endpoints together.
//!
//! Source: Finagle 24.8, `com.twitter.finagle.service`, `com.twitter.finagle.client.StackClient`.

mod backup_request;
mod deadline;
mod failure_accrual;
mod nack_admission;
mod retry;

pub use backup_request::FinagleBackupRequest;
pub use deadline::{FinagleDeadline, FinagleDeadlineMode};
pub use failure_accrual::{FinagleDead, FinagleEqualJittered, FinagleFailureAccrual};
pub use nack_admission::FinagleNackAdmission;
pub use retry::FinagleRetryBudget;

use super::Preset;
use crate::resilience::{FinagleJittered, PolicySpec};
use serde::{Deserialize, Serialize};

/// Modules of a client of Finagle.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finagle {
    /// Turns away what has expired: `DeadlineFilter`.
    #[serde(default)]
    pub deadline: Option<FinagleDeadline>,
    /// Tries of a call at most, the first included: `RetryPolicy.tries`.
    #[serde(default)]
    pub tries: Option<u32>,
    /// The waits between them; `decorrelatedJittered(5.milliseconds, 200.milliseconds)` unless given.
    #[serde(default)]
    pub backoff: Option<FinagleJittered>,
    /// Retries as a share of requests.
    #[serde(default)]
    pub retry_budget: Option<FinagleRetryBudget>,
    /// Asks once more where the first answer is late.
    #[serde(default)]
    pub backup_request: Option<FinagleBackupRequest>,
    /// Refuses calls by chance while too many are nacked: `NackAdmissionFilter`.
    #[serde(default)]
    pub nack_admission: Option<FinagleNackAdmission>,
    /// Passes endpoints by that fail.
    #[serde(default)]
    pub failure_accrual: Option<FinagleFailureAccrual>,
}

impl Preset for Finagle {
    const SUMMARY: &'static str = "modules of Finagle's clients, with its names and defaults";
    const EXAMPLE: &'static str = r#"[finagle(tries: 3, retryBudget: (ttl: "10s", minRetriesPerSec: 10, percentCanRetry: 0.2), failureAccrual: (numFailures: 5)), timeout("500ms")]"#;
    const VERSION: &'static str = "Finagle 24.8";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let mut policies = Vec::new();
        if let Some(part) = &self.deadline {
            policies.extend(part.expand()?);
        }
        match (self.tries, &self.backoff) {
            (Some(tries), backoff) => policies.push(retry::retry(tries, backoff.as_ref())?),
            (None, Some(_)) => return Err("a `backoff` is of so many `tries`".into()),
            (None, None) => {}
        }
        if let Some(part) = &self.retry_budget {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.backup_request {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.nack_admission {
            policies.extend(part.expand()?);
        }
        if let Some(part) = &self.failure_accrual {
            policies.extend(part.expand()?);
        }
        // A filter that is turned off is a part as well.
        if policies.is_empty() && self.deadline.is_none() {
            return Err("name a part of it, such as `retryBudget: ()`".into());
        }
        Ok(policies)
    }
}
