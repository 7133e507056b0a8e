//! Services: their instances, threads and queues.

use super::defaults;
use crate::balancers::BalancerSpec;
use crate::presets::PolicyList;
use crate::quantity::units::Bound;
use crate::queues::OrderSpec;
use crate::scenario::steps::Step;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// A service: replicas of one program.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Number of instances.
    #[serde(default = "defaults::one")]
    pub replicas: u32,
    /// Requests that one instance runs at a time.
    #[serde(default = "defaults::threads")]
    pub threads: Bound,
    /// Whether a thread is held while it waits for a callee.
    #[serde(default)]
    pub threading: Threading,
    /// Cores of one instance, shared equally among the threads that work; none: each has its own.
    #[serde(default)]
    pub cores: Option<f64>,
    /// Where accepted requests wait for a thread; a request that finds it full is *rejected*.
    #[serde(default)]
    pub queue: Queue,
    /// Connections that wait to be accepted, behind the queue; one that finds it full is *refused*.
    #[serde(default = "defaults::backlog")]
    pub backlog: Bound,
    /// Policies that a request goes through when it reaches an instance, outermost first, before it waits for a
    /// thread: limits of the service's own.
    #[serde(default, skip_serializing_if = "PolicyList::is_empty")]
    pub admission: PolicyList,
    /// Pools that each instance has of its own, by name: connections, permits, licences. Steps take out of them
    /// (`acquire`) and give back (`release`).
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub pools: IndexMap<String, Pool>,
    /// How callers choose among the instances.
    #[serde(default)]
    pub balance: BalancerSpec,
    /// Zones that the instances are spread over, in turn.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Hosts that the instances are placed on, in turn; none: each has a host of its own.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Endpoints that must not be asked twice for the same thing: payments, inserts. A `retry` leaves calls to them
    /// alone unless it says `non_idempotent: true`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_idempotent: Vec<String>,
    /// The programs that answer requests, by name.
    pub endpoints: IndexMap<String, Vec<Step>>,
}

/// Whether a thread is held while it waits for a callee.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Threading {
    /// Held: thread per request.
    #[default]
    Sync,
    /// Released: event loop. The continuation queues for a thread ahead of new requests.
    Async,
}

/// Where accepted requests wait for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How many may wait.
    #[serde(default = "defaults::zero_bound")]
    pub limit: Bound,
    /// Who is next, and who is dropped.
    #[serde(default)]
    pub order: OrderSpec,
}

/// A number of alike things at each instance of a service, of which a request may hold one for a while: connections to
/// a database, permits. Whoever finds none left waits, first in, first out.
///
/// The words are those of connection pools such as HikariCP (`maximumPoolSize`, `connectionTimeout`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// How many there are at each instance.
    pub size: u32,
    /// How many requests may wait for one at each instance; a request that finds all places taken fails with status 503
    /// (its cause is `pool_full`).
    #[serde(default = "defaults::unbounded")]
    pub queue: Bound,
    /// How long a request may wait for one; a request that has waited so long fails with status 503 (its cause is
    /// `timeout_pool`). None: as long as it takes.
    #[serde(default)]
    pub wait: Option<SimDuration>,
}

impl Pool {
    /// Whether there are requests that get none.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.wait.is_some() || self.queue != Bound::Unbounded
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            limit: defaults::zero_bound(),
            order: OrderSpec::default(),
        }
    }
}
