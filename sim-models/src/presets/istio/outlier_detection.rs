//! `outlierDetection` of a traffic policy of Istio: what it makes of Envoy's.
//!
//! Success rates are never enforced, and the panic threshold is `minHealthPercent`: 0, never, unless given.
//!
//! Source: Istio 1.27, `networking/v1/destination_rule.proto`, `pilot/pkg/networking/core/cluster_traffic_policy.go`
//! (`applyOutlierDetection`).

use crate::presets::envoy::EnvoyOutlierDetection;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `OutlierDetection`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IstioOutlierDetection {
    /// 5xx in a row that eject a host: 5 unless given; 0: none do.
    #[serde(rename = "consecutive5xxErrors")]
    pub consecutive_5xx_errors: Option<u32>,
    /// Gateway errors in a row that eject a host; none do unless given.
    pub consecutive_gateway_errors: Option<u32>,
    /// Errors of local origin in a row that eject a host, where they are told apart: 5 unless given.
    pub consecutive_local_origin_failures: Option<u32>,
    /// Whether errors that the proxy finds itself are told apart from those that hosts answer.
    pub split_external_local_origin_errors: bool,
    /// How often hosts come back: 10 s unless given.
    pub interval: Option<SimDuration>,
    /// How long a host is out the first time: 30 s unless given.
    pub base_ejection_time: Option<SimDuration>,
    /// The per cent of the hosts that may be out at a time: 10 unless given.
    pub max_ejection_percent: u32,
    /// Below so many per cent of healthy hosts none is passed by.
    pub min_health_percent: u32,
}

impl IstioOutlierDetection {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What Envoy refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.min_health_percent > 100 {
            let percent = self.min_health_percent;
            return Err(format!(
                "`minHealthPercent` must be 0 to 100, not {percent}"
            ));
        }
        let mut envoy = EnvoyOutlierDetection {
            enforcing_success_rate: 0,
            enforcing_local_origin_success_rate: 0,
            split_external_local_origin_errors: self.split_external_local_origin_errors,
            ..EnvoyOutlierDetection::default()
        };
        if let Some(failures) = self.consecutive_5xx_errors {
            envoy.consecutive_5xx = failures;
        }
        if let Some(failures) = self.consecutive_gateway_errors {
            envoy.consecutive_gateway_failure = failures;
            envoy.enforcing_consecutive_gateway_failure = if failures > 0 { 100 } else { 0 };
        }
        if let Some(failures) = self
            .consecutive_local_origin_failures
            .filter(|failures| *failures > 0)
        {
            envoy.consecutive_local_origin_failure = failures;
        }
        if let Some(interval) = self.interval {
            envoy.interval = interval;
        }
        if let Some(base) = self.base_ejection_time {
            envoy.base_ejection_time = base;
        }
        if self.max_ejection_percent > 0 {
            envoy.max_ejection_percent = self.max_ejection_percent;
        }
        envoy.expand(f64::from(self.min_health_percent))
    }
}
