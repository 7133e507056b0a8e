//! Golden signals of the whole run, by workload, service, instance and edge.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts by name of outcome (see [`crate::outcome::Outcome::name`]); only those that occurred.
pub type OutcomeCounts = BTreeMap<String, u64>;

/// A distribution of durations, s. None where it is not known: where nothing was counted, and the
/// standard deviation of fewer than two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// How many.
    pub count: u64,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation.
    pub sd: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// A quantity over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelSummary {
    /// Time average.
    pub mean: f64,
    /// Largest at any one instance.
    pub max: f64,
}

/// A workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkloadSummary {
    /// Requests that arrived.
    pub offered: u64,
    /// Ended ok.
    pub ok: u64,
    /// Ended degraded.
    pub degraded: u64,
    /// Ended in another way.
    pub failed: u64,
    /// Not ended when the run did.
    pub unfinished: u64,
    /// By outcome.
    pub outcomes: OutcomeCounts,
    /// Where failures began: `"db: rejected"`.
    pub causes: BTreeMap<String, u64>,
    /// What monitoring sees: time to a usable answer, of those that got one.
    pub latency: LatencySummary,
    /// The truth: time until the user had an answer or gave up, failed and unfinished ones included.
    pub latency_true: LatencySummary,
    /// Usable answers per second from the end of the warm-up on, whenever their requests began; none
    /// where no time passed. So it is less than `ok` and `degraded` tell where answers take long.
    pub goodput: Option<f64>,
    /// Requests that ended per second, well or not, counted as goodput is.
    #[serde(default)]
    pub throughput: Option<f64>,
    /// Arrivals per second; none where no time passed.
    pub offered_rate: Option<f64>,
    /// Usable answers / finished; none where nothing finished.
    pub success_ratio: Option<f64>,
    /// Against the objective.
    pub availability: AvailabilitySummary,
    /// What else was counted from the end of the warm-up on, by signal (see [`crate::signals`]); only what happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, u64>,
}

/// All workloads of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TenantSummary {
    /// Requests that arrived.
    pub offered: u64,
    /// Ended ok or degraded.
    pub good: u64,
    /// Ended in another way.
    pub failed: u64,
    /// Usable answers per second; see [`WorkloadSummary::goodput`].
    pub goodput: Option<f64>,
    /// Usable answers / finished; none where nothing finished.
    pub success_ratio: Option<f64>,
    /// Attempts on all edges that were the first of their call.
    pub first_attempts: u64,
    /// Attempts on all edges after the first.
    pub retries: u64,
    /// Attempts / first attempts, on all edges; none where there were none.
    #[serde(default)]
    pub amplification: Option<f64>,
    /// Retries whose attempt ended ok / retries, on all edges; none without retries.
    #[serde(default)]
    pub retry_efficiency: Option<f64>,
    /// Requests that failed because somebody turned them away, or would not even ask: of those that failed.
    #[serde(default)]
    pub refused: u64,
    /// What monitoring sees: time to a usable answer, of those that got one, s.
    #[serde(default)]
    pub latency: LatencySummary,
    /// Share of the error budget that was used; above 1: overspent. None where nothing finished.
    pub budget_used: Option<f64>,
}

/// Availability against an objective. What is unknown is null: all of it where nothing ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AvailabilitySummary {
    /// The objective, a ratio.
    pub objective: f64,
    /// Good requests / finished requests; those that hang at the end of the run count as failed.
    pub by_requests: Option<f64>,
    /// Windows outside of incidents / all from the first with anything to do to the last.
    pub by_windows: Option<f64>,
    /// What would be answered if error rates and outages alone decided; see `reliability`. Null where it
    /// cannot be predicted.
    pub predicted: Option<f64>,
    /// Share of the error budget that was used; above 1: overspent. Null where the objective allows
    /// no error and there was one.
    pub budget_used: Option<f64>,
    /// Largest burn rate, errors / errors that the objective allows, over any minute that an incident
    /// touches; that of the whole run where it is larger, or there was no incident.
    pub burn_rate_max: Option<f64>,
    /// Mean time to repair: mean length of incidents, s; null without incidents, and where one was not
    /// over when the run ended.
    pub mttr: Option<f64>,
    /// Mean time between the starts of incidents, s; null with fewer than two.
    pub mtbf: Option<f64>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSummary {
    /// Attempts that reached an instance.
    pub arrivals: u64,
    /// Attempts that reached an instance per second from the end of the warm-up on, whenever their
    /// requests began; none where no time passed.
    #[serde(default)]
    pub arrival_rate: Option<f64>,
    /// Attempts that got a thread.
    pub started: u64,
    /// Answered ok or degraded.
    pub ok: u64,
    /// Answered with an error, or lost in a crash.
    pub failed: u64,
    /// Turned away: queue full or connection refused.
    pub rejected: u64,
    /// Busy threads / threads, time average; 0 if threads are unbounded.
    pub utilization: f64,
    /// Busy cores / cores, time average; without a core limit, working threads / threads, and none where
    /// branches work beside them.
    pub cpu_utilization: Option<f64>,
    /// Busy threads of all instances.
    pub busy: LevelSummary,
    /// Waiting for a thread, all instances.
    pub queue: LevelSummary,
    /// Present: waiting and running, all instances.
    pub in_system: LevelSummary,
    /// Time in the queue of those that started, s.
    pub waiting: LatencySummary,
    /// Time with a thread or in the program, from start to answer, s.
    pub service_time: LatencySummary,
    /// Time from arrival to answer, s.
    pub sojourn: LatencySummary,
    /// Share of the time spent in the program that was spent for callers who had already gone; none where
    /// no time was spent.
    pub doomed_share: Option<f64>,
    /// By endpoint.
    pub endpoints: BTreeMap<String, EndpointSummary>,
    /// By instance, from 0.
    pub instances: Vec<InstanceSummary>,
    /// What each policy at its door did, by its position and name (`"0 bulkhead"`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub admission: Policies,
    /// What each of its steps that keeps something did, by endpoint and name (`"get/cache"`): counter to count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, BTreeMap<String, u64>>,
    /// By pool.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<String, PoolSummary>,
    /// What else was counted from the end of the warm-up on, by signal (see [`crate::signals`]); only what happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, u64>,
}

/// A pool of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolSummary {
    /// How many there are at all instances together.
    pub size: u64,
    /// Taken / size, time average.
    pub utilization: f64,
    /// Taken, all instances.
    pub out: LevelSummary,
    /// Requests that wait for one, all instances.
    pub waiting: LevelSummary,
    /// How many were taken.
    pub taken: u64,
    /// Requests that had to wait.
    pub waited: u64,
    /// Requests that found all places to wait taken.
    pub full: u64,
    /// Requests that waited for as long as they might, and got none.
    pub timeouts: u64,
    /// Time that those who took one had waited, s.
    pub wait: LatencySummary,
    /// What else was counted from the end of the warm-up on, by signal (see [`crate::signals`]); only what happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, u64>,
}

/// Policies by position and name (`"0 bulkhead"`).
pub type Policies = BTreeMap<String, PolicySummary>;

/// What a policy did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicySummary {
    /// What it counted after the warm-up: counter to count.
    #[serde(flatten)]
    pub counts: BTreeMap<String, u64>,
    /// The share of the time after the warm-up for which its memories were in each state, on average; empty where it has
    /// no states.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, f64>,
    /// How often a memory turned from one state into another, in the whole run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub transition_count: u64,
    /// When they did, in order of time: the first 1000 times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
}

/// What it counted, by the name of the counter, which has to be one of its own.
impl std::ops::Index<&str> for PolicySummary {
    type Output = u64;
    fn index(&self, counter: &str) -> &u64 {
        &self.counts[counter]
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A memory of a policy turned from one state into another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// When, s.
    pub time: f64,
    /// Whose it is: `"web#1"`; `"web"` where all instances share it.
    pub caller: String,
    /// Of what it is, where there is one each: `"db#0"`, `"tenant gold"`, `"endpoint get"`, `"key 7"`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Why, in words; empty where the policy does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// An endpoint of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EndpointSummary {
    /// Attempts that reached an instance.
    pub arrivals: u64,
    /// Answered ok or degraded.
    pub ok: u64,
    /// Ended in another way after they were let in.
    pub failed: u64,
    /// Turned away.
    pub rejected: u64,
    /// Time from arrival to answer, s.
    pub sojourn: LatencySummary,
}

/// An instance of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InstanceSummary {
    /// Attempts that reached it.
    pub arrivals: u64,
    /// Attempts that got a thread.
    pub started: u64,
    /// Busy threads / threads, time average; 0 if threads are unbounded.
    pub utilization: f64,
    /// Waiting for a thread.
    pub queue: LevelSummary,
}

/// Calls from one place to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EdgeSummary {
    /// Calls begun.
    pub calls: u64,
    /// Attempts sent: first attempts and retries.
    pub attempts: u64,
    /// Attempts after the first of their call.
    pub retries: u64,
    /// Calls begun per second from the end of the warm-up on, whenever their requests began; none where
    /// no time passed.
    #[serde(default)]
    pub call_rate: Option<f64>,
    /// Attempts sent per second, counted as `call_rate` is.
    #[serde(default)]
    pub attempt_rate: Option<f64>,
    /// Retries sent per second, counted as `call_rate` is.
    #[serde(default)]
    pub retry_rate: Option<f64>,
    /// Attempts / calls that sent one; none where none did.
    pub amplification: Option<f64>,
    /// The most attempts that the policies allow per call.
    pub amplification_worst: f64,
    /// Retries whose attempt ended ok / retries; none without retries.
    pub retry_efficiency: Option<f64>,
    /// Calls by outcome.
    pub outcomes: OutcomeCounts,
    /// Attempts by outcome.
    pub attempt_outcomes: OutcomeCounts,
    /// Duration of calls, retries and backoff included, s.
    pub latency: LatencySummary,
    /// What each policy did, by its position and name (`"0 retry"`).
    pub policies: Policies,
    /// What else was counted from the end of the warm-up on, by signal (see [`crate::signals`]); only what happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, u64>,
}
