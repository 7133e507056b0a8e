//! Filter `adaptive_concurrency` of Envoy: bounds how many calls are out by how much longer they take.
//!
//! Percentages are written as numbers: `jitter: 15` for `jitter: { value: 15 }`.
//!
//! Source: Envoy's API v3, `adaptive_concurrency.proto`; `gradient_controller.cc`.

use crate::resilience::{PolicySpec, ProbingLimit};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `AdaptiveConcurrency`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyAdaptiveConcurrency {
    /// How the limit moves.
    pub gradient_controller_config: EnvoyGradientControllerConfig,
}

/// Fields of `GradientControllerConfig`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyGradientControllerConfig {
    /// The percentile of latencies that counts, per cent.
    #[serde(default = "fifty")]
    pub sample_aggregate_percentile: f64,
    /// When the limit is computed anew, and its bound.
    pub concurrency_limit_params: EnvoyConcurrencyLimitParams,
    /// When the latency without load is measured anew, and how.
    pub min_rtt_calc_params: EnvoyMinRttCalcParams,
}

/// Fields of `ConcurrencyLimitCalculationParams`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyConcurrencyLimitParams {
    /// The limit at most.
    #[serde(default = "thousand")]
    pub max_concurrency_limit: u32,
    /// How often the limit is computed anew.
    pub concurrency_update_interval: SimDuration,
}

/// Fields of `MinimumRTTCalculationParams`; one of `interval` and `fixed_value` is given.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyMinRttCalcParams {
    /// How long after a measurement the next one begins.
    #[serde(default)]
    pub interval: Option<SimDuration>,
    /// The latency without load, where it is known: it is never measured then.
    #[serde(default)]
    pub fixed_value: Option<SimDuration>,
    /// Requests that are measured.
    #[serde(default = "fifty_requests")]
    pub request_count: u32,
    /// By how much chance makes the interval longer at most, per cent.
    #[serde(default = "fifteen")]
    pub jitter: f64,
    /// The limit while it is measured, and at least.
    #[serde(default = "three")]
    pub min_concurrency: u32,
    /// By how much the latency without load is raised, per cent.
    #[serde(default = "twenty_five")]
    pub buffer: f64,
}

fn fifty() -> f64 {
    50.0
}

fn thousand() -> u32 {
    1000
}

fn fifty_requests() -> u32 {
    50
}

fn fifteen() -> f64 {
    15.0
}

fn three() -> u32 {
    3
}

fn twenty_five() -> f64 {
    25.0
}

impl EnvoyAdaptiveConcurrency {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// Neither `interval` nor `fixed_value` is given, or both are.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let config = &self.gradient_controller_config;
        let min_rtt = &config.min_rtt_calc_params;
        let limit = &config.concurrency_limit_params;
        if min_rtt.interval.is_some() == min_rtt.fixed_value.is_some() {
            return Err("`min_rtt_calc_params` needs one of `interval` and `fixed_value`".into());
        }
        Ok(vec![PolicySpec::ProbingLimit(ProbingLimit {
            least: min_rtt.min_concurrency,
            most: limit.max_concurrency_limit,
            update: limit.concurrency_update_interval,
            percentile: config.sample_aggregate_percentile / 100.0,
            probe_every: min_rtt.interval.unwrap_or(SimDuration::from_secs(60)),
            probe_jitter: min_rtt.jitter / 100.0,
            probe_samples: min_rtt.request_count,
            buffer: min_rtt.buffer / 100.0,
            base: min_rtt.fixed_value,
            scope: Default::default(),
            by: None,
            push_back: None,
        })])
    }
}
