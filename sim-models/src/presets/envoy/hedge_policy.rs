//! `hedge_policy` of an Envoy route: an attempt that takes longer than `per_try_timeout` is not given up; a retry begins
//! beside it, and the first answer that is not retriable is the result.
//!
//! Such a retry comes whatever `retry_on` says, is one of `num_retries`, and is asked of the cluster's budget like any
//! other. The back-off before it, of 25 ms at most unless said, is left out here, also after a failure. `initial_requests`
//! and `additional_request_chance` are in Envoy's API but not in Envoy.
//!
//! Source: Envoy 1.36, `config/route/v3/route_components.proto` (`HedgePolicy`), `source/common/router/router.cc`
//! (`onSoftPerTryTimeout`), `retry_state_impl.cc` (`shouldHedgeRetryPerTryTimeout`).

use super::{EnvoyRetryPolicy, retry_on};
use crate::resilience::{Hedge, PolicySpec};
use serde::{Deserialize, Serialize};

/// Fields of `HedgePolicy`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyHedgePolicy {
    /// Whether a retry begins beside an attempt that takes longer than `per_try_timeout`.
    pub hedge_on_per_try_timeout: bool,
}

impl EnvoyHedgePolicy {
    /// The policies that it and a retry stand for; none where it leaves the retry as it is.
    ///
    /// # Errors
    /// Without a retry, or a timeout of its attempts.
    pub(super) fn expand(
        &self,
        retry: Option<&EnvoyRetryPolicy>,
    ) -> Result<Option<PolicySpec>, String> {
        if !self.hedge_on_per_try_timeout {
            return Ok(None);
        }
        let missing = "`hedge_on_per_try_timeout` is of a `retry_policy` with a `per_try_timeout`";
        let retry = retry.ok_or(missing)?;
        Ok(Some(PolicySpec::Hedge(Hedge {
            after: retry.per_try_timeout.ok_or(missing)?,
            attempts: retry.num_retries.saturating_add(1),
            on: retry_on(&retry.retry_on, &retry.retriable_status_codes)?,
            another_instance: retry.previous_hosts,
            ..Hedge::default()
        })))
    }
}
