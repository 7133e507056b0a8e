//! Retries of Envoy: the policy of a route, and what a cluster allows.
//!
//! `num_retries` leaves the first attempt out. Before retry n it waits for a whole number of milliseconds below
//! min(base × 2^(n-1), max), uniformly (the code; its documentation says 2^n - 1). Told when to come again, where
//! `rate_limited_retry_back_off` is given, it waits for that span and up to half of it more, unless it is longer than the
//! maximum there. `max_retries` and `retry_budget` are of circuit breakers, which a retry asks last, before its backoff.
//! Without a `retry_on` nothing is tried again.
//!
//! Source: Envoy, `route_components.proto`, `circuit_breaker.proto`, `retry_state_impl.cc`, `backoff_strategy.cc`,
//! `resource_manager_impl.h`.

use super::retry_on::retry_on;
use crate::resilience::{
    Backoff, ExponentialBackoff, Jitter, PolicySpec, PushedBack, Retry, RetryConcurrency, Timeout,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `RetryPolicy`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyRetryPolicy {
    /// What is tried again: a list with commas, `"5xx,reset"`.
    pub retry_on: String,
    /// Retries at most, the first attempt not counted.
    #[serde(default = "one")]
    pub num_retries: u32,
    /// How long an attempt may take; none: as long as the route allows.
    #[serde(default)]
    pub per_try_timeout: Option<SimDuration>,
    /// The waits.
    #[serde(default)]
    pub retry_back_off: EnvoyRetryBackOff,
    /// The wait where the callee says when to come again; none: what it says is not looked at.
    #[serde(default)]
    pub rate_limited_retry_back_off: Option<EnvoyRateLimitedBackOff>,
    /// Statuses that `retriable-status-codes` stands for.
    #[serde(default)]
    pub retriable_status_codes: Vec<u16>,
    /// Whether retries go to hosts that the call has not asked: `retry_host_predicate: previous_hosts`, with as many
    /// `host_selection_retry_max_attempts` as it takes.
    #[serde(default)]
    pub previous_hosts: bool,
}

/// Fields of `RetryPolicy.RetryBackOff`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyRetryBackOff {
    /// Below which the first wait is drawn.
    #[serde(default = "base")]
    pub base_interval: SimDuration,
    /// Below which every wait is drawn; ten times the base unless given.
    #[serde(default)]
    pub max_interval: Option<SimDuration>,
}

/// Fields of `RetryPolicy.RateLimitedRetryBackOff`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyRateLimitedBackOff {
    /// The longest span that is gone by.
    #[serde(default = "five_minutes")]
    pub max_interval: SimDuration,
}

/// Fields of `RetryBudget`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyRetryBudget {
    /// Retries per hundred requests.
    #[serde(default = "twenty")]
    pub budget_percent: f64,
    /// Retries that may be under way however few requests there are.
    #[serde(default = "three")]
    pub min_retry_concurrency: u32,
    /// Over which time requests are counted; none: those under way.
    #[serde(default)]
    pub budget_interval: Option<SimDuration>,
}

fn one() -> u32 {
    1
}

fn three() -> u32 {
    3
}

fn twenty() -> f64 {
    20.0
}

fn base() -> SimDuration {
    SimDuration::from_millis(25)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

impl Default for EnvoyRetryBackOff {
    fn default() -> Self {
        Self {
            base_interval: base(),
            max_interval: None,
        }
    }
}

impl EnvoyRetryBackOff {
    /// The backoff that it is.
    ///
    /// # Errors
    /// What Envoy refuses.
    pub(in crate::presets) fn backoff(&self) -> Result<Backoff, String> {
        let unit = SimDuration::from_millis(1);
        let whole = |span: SimDuration| SimDuration(span.0.div_ceil(unit.0) * unit.0);
        let base = whole(self.base_interval);
        let most = self.max_interval.map_or(SimDuration(base.0 * 10), whole);
        if base == SimDuration::ZERO {
            return Err("`base_interval` must be longer than zero".into());
        }
        if most < base {
            return Err(
                "`max_interval` must be greater than or equal to the `base_interval`".into(),
            );
        }
        Ok(Backoff::Exponential(ExponentialBackoff {
            base,
            factor: 2.0,
            cap: most,
            jitter: Jitter::Full,
            least: SimDuration::ZERO,
            cap_after_jitter: false,
            unit: Some(unit),
        }))
    }
}

impl EnvoyRetryPolicy {
    /// The policies that it stands for, those of the cluster between the retry and the timeout of each attempt.
    ///
    /// # Errors
    /// What Envoy refuses.
    pub(in crate::presets) fn expand(
        &self,
        budget: Option<PolicySpec>,
    ) -> Result<Vec<PolicySpec>, String> {
        let limited = self.rate_limited_retry_back_off.as_ref();
        let mut policies = vec![PolicySpec::Retry(Retry {
            attempts: self.num_retries.saturating_add(1),
            backoff: self.retry_back_off.backoff()?,
            on: retry_on(&self.retry_on, &self.retriable_status_codes)?,
            respect_push_back: limited.is_some(),
            another_instance: self.previous_hosts,
            push_back: PushedBack {
                longest: limited.map(|limited| limited.max_interval),
                spread: if limited.is_some() { 0.5 } else { 0.0 },
                beyond: None,
            },
            ..Retry::default()
        })];
        policies.extend(budget);
        if let Some(after) = self.per_try_timeout {
            policies.push(PolicySpec::Timeout(Timeout { after }));
        }
        Ok(policies)
    }
}

/// What a cluster allows.
///
/// # Errors
/// What Envoy refuses.
pub(super) fn budget(
    budget: Option<&EnvoyRetryBudget>,
    max_retries: Option<u32>,
) -> Result<Option<PolicySpec>, String> {
    let concurrency = match (budget, max_retries) {
        (Some(budget), _) => {
            if !(0.0..=100.0).contains(&budget.budget_percent) {
                return Err(format!(
                    "`budget_percent` must be from 0 to 100, not {}",
                    budget.budget_percent
                ));
            }
            RetryConcurrency {
                most: budget.min_retry_concurrency,
                share: Some(budget.budget_percent / 100.0),
                interval: budget
                    .budget_interval
                    .filter(|span| *span > SimDuration::ZERO),
                ..RetryConcurrency::default()
            }
        }
        (None, Some(most)) => RetryConcurrency {
            most,
            ..RetryConcurrency::default()
        },
        (None, None) => return Ok(None),
    };
    Ok(Some(PolicySpec::RetryConcurrency(concurrency)))
}
