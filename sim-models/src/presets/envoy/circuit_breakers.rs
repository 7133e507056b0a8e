//! Circuit breakers of Envoy: they bound connections, requests that wait for one, and requests; nothing opens.
//!
//! With HTTP/1 a request has a connection to itself: `max_connections` are out, `max_pending_requests` wait for one, and
//! what is beyond `max_requests` fails when it gets a connection. With HTTP/2 requests share connections, and only
//! `max_requests` bounds them. Each proxy counts for itself, for all hosts of a cluster together. Connections are taken
//! as there at once: with `max_pending_requests: 0` Envoy would fail a request that finds none open yet.
//!
//! Source: Envoy, `config.cluster.v3.CircuitBreakers.Thresholds`; `conn_pool_base.cc` (`newStream`,
//! `attachStreamToClient`).

use crate::resilience::{Bulkhead, PolicySpec};
use serde::{Deserialize, Serialize};

/// Fields of `CircuitBreakers.Thresholds`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvoyCircuitBreakers {
    /// Connections, of HTTP/1.
    #[serde(default = "many")]
    pub max_connections: u32,
    /// Requests that wait for a connection, of HTTP/1.
    #[serde(default = "many")]
    pub max_pending_requests: u32,
    /// Requests at a time.
    #[serde(default = "many")]
    pub max_requests: u32,
    /// Whether requests share connections: the cluster has `http2_protocol_options`.
    #[serde(default)]
    pub http2: bool,
}

fn many() -> u32 {
    1024
}

impl EnvoyCircuitBreakers {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// Limits that let nobody in.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        limits(
            [
                ("max_connections", self.max_connections),
                ("max_pending_requests", self.max_pending_requests),
                ("max_requests", self.max_requests),
            ],
            self.http2,
        )
    }
}

/// What the limits of connections, of requests that wait for one, and of requests come to, each with its name.
pub(in crate::presets) fn limits(
    [connections, pending, requests]: [(&str, u32); 3],
    http2: bool,
) -> Result<Vec<PolicySpec>, String> {
    let narrow = if http2 || requests.1 < connections.1 {
        requests
    } else {
        connections
    };
    if narrow.1 == 0 {
        return Err(format!("`{}: 0` lets nobody in", narrow.0));
    }
    // Whoever gets a connection is turned away where requests are bounded more tightly than connections.
    let queue = if http2 || requests.1 < connections.1 {
        0
    } else {
        pending.1
    };
    Ok(vec![PolicySpec::Bulkhead(Bulkhead {
        permits: narrow.1,
        queue,
        ..Bulkhead::default()
    })])
}
