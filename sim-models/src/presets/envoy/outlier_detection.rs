//! `outlier_detection` of an Envoy cluster: hosts that fail more than they may are passed by for a while.
//!
//! Statuses of 500 and more are 5xx, 502 to 504 gateway failures; without `split_external_local_origin_errors` what the
//! proxy finds itself counts as 504 (no answer in time) or 503. Each way of detection is enforced in so many per cent of
//! the cases; with 0 it only counts, and is left out here.
//!
//! Source: Envoy 1.36, `config/cluster/v3/outlier_detection.proto`, `source/common/upstream/outlier_detection_impl.cc`.

use crate::resilience::{
    FailureRate, InARow, OutlierEjection, OutlierRule, PolicySpec, SuccessRate, What,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `OutlierDetection`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvoyOutlierDetection {
    /// 5xx in a row that eject a host.
    pub consecutive_5xx: u32,
    /// How often rates are judged, and hosts come back.
    pub interval: SimDuration,
    /// How long a host is out the first time; so many times that the n-th time.
    pub base_ejection_time: SimDuration,
    /// How long a host is out at most; none: 300 s, or `base_ejection_time` if that is longer.
    pub max_ejection_time: Option<SimDuration>,
    /// How much longer it is out at most, by chance.
    pub max_ejection_time_jitter: SimDuration,
    /// The per cent of the hosts that may be out at a time.
    pub max_ejection_percent: u32,
    /// Whether one host may be out whatever `max_ejection_percent` says.
    pub always_eject_one_host: bool,
    /// The per cent of the cases in which 5xx in a row eject.
    pub enforcing_consecutive_5xx: u32,
    /// Gateway failures in a row that eject a host.
    pub consecutive_gateway_failure: u32,
    /// The per cent of the cases in which they do.
    pub enforcing_consecutive_gateway_failure: u32,
    /// How many hosts must have had enough requests for success rates to be judged.
    pub success_rate_minimum_hosts: u32,
    /// How many requests in an interval are enough.
    pub success_rate_request_volume: u32,
    /// Thousandths of standard deviations below the mean that are too few.
    pub success_rate_stdev_factor: u32,
    /// The per cent of the cases in which success rates eject.
    pub enforcing_success_rate: u32,
    /// The per cent of failed requests from which on a host is ejected.
    pub failure_percentage_threshold: u32,
    /// How many hosts must have had enough requests for failure percentages to be judged.
    pub failure_percentage_minimum_hosts: u32,
    /// How many requests in an interval are enough.
    pub failure_percentage_request_volume: u32,
    /// The per cent of the cases in which failure percentages eject.
    pub enforcing_failure_percentage: u32,
    /// The per cent of the cases in which failure percentages of local origin eject.
    pub enforcing_failure_percentage_local_origin: u32,
    /// Whether errors that the proxy finds itself are told apart from those that hosts answer.
    pub split_external_local_origin_errors: bool,
    /// Errors of local origin in a row that eject a host.
    pub consecutive_local_origin_failure: u32,
    /// The per cent of the cases in which they do.
    pub enforcing_consecutive_local_origin_failure: u32,
    /// The per cent of the cases in which success rates of local origin eject.
    pub enforcing_local_origin_success_rate: u32,
}

impl Default for EnvoyOutlierDetection {
    fn default() -> Self {
        Self {
            consecutive_5xx: 5,
            interval: SimDuration::from_secs(10),
            base_ejection_time: SimDuration::from_secs(30),
            max_ejection_time: None,
            max_ejection_time_jitter: SimDuration::ZERO,
            max_ejection_percent: 10,
            always_eject_one_host: false,
            enforcing_consecutive_5xx: 100,
            consecutive_gateway_failure: 5,
            enforcing_consecutive_gateway_failure: 0,
            success_rate_minimum_hosts: 5,
            success_rate_request_volume: 100,
            success_rate_stdev_factor: 1900,
            enforcing_success_rate: 100,
            failure_percentage_threshold: 85,
            failure_percentage_minimum_hosts: 5,
            failure_percentage_request_volume: 50,
            enforcing_failure_percentage: 0,
            enforcing_failure_percentage_local_origin: 0,
            split_external_local_origin_errors: false,
            consecutive_local_origin_failure: 5,
            enforcing_consecutive_local_origin_failure: 100,
            enforcing_local_origin_success_rate: 100,
        }
    }
}

/// The longest ejection unless another is given.
const LONGEST: SimDuration = SimDuration::from_secs(300);

impl EnvoyOutlierDetection {
    /// The policies that it stands for, where less than `panic` per cent of healthy hosts is panic.
    ///
    /// # Errors
    /// What Envoy refuses: percentages above 100, a longest ejection shorter than the first one.
    pub(crate) fn expand(&self, panic: f64) -> Result<Vec<PolicySpec>, String> {
        for (name, percent) in [
            ("max_ejection_percent", self.max_ejection_percent),
            ("enforcing_consecutive_5xx", self.enforcing_consecutive_5xx),
            (
                "enforcing_consecutive_gateway_failure",
                self.enforcing_consecutive_gateway_failure,
            ),
            ("enforcing_success_rate", self.enforcing_success_rate),
            (
                "failure_percentage_threshold",
                self.failure_percentage_threshold,
            ),
            (
                "enforcing_failure_percentage",
                self.enforcing_failure_percentage,
            ),
            (
                "enforcing_failure_percentage_local_origin",
                self.enforcing_failure_percentage_local_origin,
            ),
            (
                "enforcing_consecutive_local_origin_failure",
                self.enforcing_consecutive_local_origin_failure,
            ),
            (
                "enforcing_local_origin_success_rate",
                self.enforcing_local_origin_success_rate,
            ),
        ] {
            if percent > 100 {
                return Err(format!("`{name}` must be 0 to 100, not {percent}"));
            }
        }
        let base = self.base_ejection_time;
        let longest = self.max_ejection_time.unwrap_or(LONGEST.max(base));
        if longest < base {
            return Err("`max_ejection_time` must not be shorter than `base_ejection_time`".into());
        }
        let rules = self.rules();
        if rules.is_empty() {
            return Err("nothing of it is enforced: it ejects nobody".into());
        }
        Ok(vec![PolicySpec::OutlierEjection(OutlierEjection {
            failures: 0,
            base,
            longest,
            share: f64::from(self.max_ejection_percent) / 100.0,
            panic: panic / 100.0,
            rules,
            split: self.split_external_local_origin_errors,
            interval: Some(self.interval),
            jitter: self.max_ejection_time_jitter,
            at_least_one: self.always_eject_one_host,
            ..OutlierEjection::default()
        })])
    }

    /// The ways of detection that are enforced, in the order in which Envoy looks at them.
    fn rules(&self) -> Vec<OutlierRule> {
        let split = self.split_external_local_origin_errors;
        let mut rules = Vec::new();
        for (failures, of, percent) in [
            (
                self.consecutive_gateway_failure,
                What::GatewayErrors,
                self.enforcing_consecutive_gateway_failure,
            ),
            (
                self.consecutive_5xx,
                What::ServerErrors,
                self.enforcing_consecutive_5xx,
            ),
            (
                self.consecutive_local_origin_failure,
                What::Local,
                self.enforcing_consecutive_local_origin_failure,
            ),
        ] {
            // Envoy counts up before it compares: zero is never reached.
            if failures > 0 && percent > 0 && (split || of != What::Local) {
                let enforced = f64::from(percent) / 100.0;
                rules.push(OutlierRule::InARow(InARow {
                    failures,
                    of,
                    enforced,
                }));
            }
        }
        for (of, success, failure) in [
            (
                What::ServerErrors,
                self.enforcing_success_rate,
                self.enforcing_failure_percentage,
            ),
            (
                What::Local,
                self.enforcing_local_origin_success_rate,
                self.enforcing_failure_percentage_local_origin,
            ),
        ] {
            if of == What::Local && !split {
                continue;
            }
            if success > 0 {
                rules.push(OutlierRule::SuccessRate(SuccessRate {
                    deviations: f64::from(self.success_rate_stdev_factor) / 1000.0,
                    instances: self.success_rate_minimum_hosts,
                    volume: self.success_rate_request_volume,
                    of,
                    enforced: f64::from(success) / 100.0,
                }));
            }
            if failure > 0 {
                rules.push(OutlierRule::FailureRate(FailureRate {
                    share: f64::from(self.failure_percentage_threshold) / 100.0,
                    instances: self.failure_percentage_minimum_hosts,
                    volume: self.failure_percentage_request_volume,
                    of,
                    enforced: f64::from(failure) / 100.0,
                }));
            }
        }
        rules
    }
}
