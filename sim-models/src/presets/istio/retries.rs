//! `retries` of Istio: Envoy's, with defaults of its own.
//!
//! `attempts` leaves the first one out. A retry goes to another host than those asked before, and no number of retries under
//! way is too many (`maxRetries` of Istio is 2^32 - 1, not Envoy's 3). Without `retryOn` it tries again what connects not,
//! is refused, `unavailable` or `cancelled`.
//!
//! Source: Istio 1.27, `networking/v1/virtual_service.proto` (`HTTPRetry`), `pilot/pkg/networking/core/route/retry`.

use crate::presets::envoy::{EnvoyRetryBackOff, retry_on};
use crate::resilience::{PolicySpec, Retry, Timeout};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `HTTPRetry`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IstioRetries {
    /// Retries at most, the first attempt not counted; 0: none.
    #[serde(default = "two")]
    pub attempts: u32,
    /// How long an attempt may take; none: as long as the route allows.
    #[serde(default)]
    pub per_try_timeout: Option<SimDuration>,
    /// What is tried again: a list with commas; statuses may stand in it.
    #[serde(default = "usual")]
    pub retry_on: String,
    /// Below which the first wait is drawn; the longest is ten times as long.
    #[serde(default = "base")]
    pub backoff: SimDuration,
    /// Whether retries go to hosts that the call has not asked.
    #[serde(default = "yes")]
    pub retry_ignore_previous_hosts: bool,
}

fn two() -> u32 {
    2
}

fn usual() -> String {
    "connect-failure,refused-stream,unavailable,cancelled".into()
}

fn base() -> SimDuration {
    SimDuration::from_millis(25)
}

fn yes() -> bool {
    true
}

impl IstioRetries {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What Istio refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let waits = EnvoyRetryBackOff {
            base_interval: self.backoff,
            max_interval: None,
        };
        let mut policies = vec![PolicySpec::Retry(Retry {
            attempts: self.attempts.saturating_add(1),
            backoff: waits.backoff()?,
            on: retry_on(&self.retry_on, &[])?,
            respect_push_back: false,
            another_instance: self.retry_ignore_previous_hosts,
            ..Retry::default()
        })];
        if let Some(after) = self.per_try_timeout {
            policies.push(PolicySpec::Timeout(Timeout { after }));
        }
        Ok(policies)
    }
}
