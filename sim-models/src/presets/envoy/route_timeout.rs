//! `timeout` of an Envoy route, and the panic threshold of its clusters.
//!
//! Source: Envoy 1.36, `config/route/v3/route_components.proto` (`RouteAction.timeout`), `config/cluster/v3/cluster.proto`
//! (`CommonLbConfig.healthy_panic_threshold`).

use crate::resilience::{Cancellation, Deadline, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `CommonLbConfig`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyCommonLbConfig {
    /// Below so many per cent of healthy hosts none is passed by; 0: never.
    #[serde(default = "half")]
    pub healthy_panic_threshold: f64,
}

fn half() -> f64 {
    50.0
}

impl Default for EnvoyCommonLbConfig {
    fn default() -> Self {
        Self {
            healthy_panic_threshold: half(),
        }
    }
}

/// The policies that a timeout of a route stands for: it bounds the whole, retries included, and the callee is told; zero:
/// none.
pub(crate) fn timeout(after: SimDuration) -> Vec<PolicySpec> {
    if after == SimDuration::ZERO {
        return Vec::new();
    }
    vec![
        PolicySpec::Deadline(Deadline::after(after)),
        PolicySpec::Cancellation(Cancellation {}),
    ]
}
