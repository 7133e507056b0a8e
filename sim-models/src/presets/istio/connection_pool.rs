//! `connectionPool` of Istio, as far as it is limits: Envoy's circuit breakers, without bounds unless they are given
//! (Envoy's own are 1024).
//!
//! Source: Istio 1.27, `ConnectionPoolSettings` in `destination_rule.proto`.

use crate::presets::envoy::limits;
use crate::resilience::PolicySpec;
use serde::{Deserialize, Serialize};

/// Fields of `ConnectionPoolSettings`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IstioConnectionPool {
    /// Of connections.
    pub tcp: IstioTcpPool,
    /// Of requests.
    pub http: IstioHttpPool,
}

/// Fields of `ConnectionPoolSettings.TCPSettings`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IstioTcpPool {
    /// Connections, of HTTP/1.
    #[serde(default = "unbounded")]
    pub max_connections: u32,
}

/// Fields of `ConnectionPoolSettings.HTTPSettings`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IstioHttpPool {
    /// Requests that wait for a connection, of HTTP/1.
    #[serde(default = "unbounded")]
    pub http1_max_pending_requests: u32,
    /// Requests at a time, of HTTP/1 as well.
    #[serde(default = "unbounded")]
    pub http2_max_requests: u32,
    /// Whether connections are upgraded to HTTP/2, which requests share.
    #[serde(default)]
    pub h2_upgrade_policy: IstioH2UpgradePolicy,
}

/// Values of `h2UpgradePolicy`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IstioH2UpgradePolicy {
    /// As the mesh says, which does not unless told to.
    #[default]
    Default,
    /// They are not.
    DoNotUpgrade,
    /// They are.
    Upgrade,
}

fn unbounded() -> u32 {
    u32::MAX
}

impl Default for IstioTcpPool {
    fn default() -> Self {
        Self {
            max_connections: unbounded(),
        }
    }
}

impl Default for IstioHttpPool {
    fn default() -> Self {
        Self {
            http1_max_pending_requests: unbounded(),
            http2_max_requests: unbounded(),
            h2_upgrade_policy: IstioH2UpgradePolicy::default(),
        }
    }
}

impl IstioConnectionPool {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// Limits that let nobody in.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        limits(
            [
                ("maxConnections", self.tcp.max_connections),
                (
                    "http1MaxPendingRequests",
                    self.http.http1_max_pending_requests,
                ),
                ("http2MaxRequests", self.http.http2_max_requests),
            ],
            self.http.h2_upgrade_policy == IstioH2UpgradePolicy::Upgrade,
        )
    }
}
