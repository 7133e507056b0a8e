//! The result of a run, in the shape that users, charts and CI read.
//!
//! Times in seconds, rates per second, ratios 0 to 1. Maps are sorted by name. The totals cover
//! what began after the warm-up; the series cover the whole run.

use super::conclusion::Conclusion;
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use sim_core::SimTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Version of the shape below; it grows by one when a key changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// Counts by name of outcome (see [`crate::outcome::Outcome::name`]); only those that occurred.
pub type OutcomeCounts = BTreeMap<String, u64>;

/// All that a run tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Title of the scenario, or its name.
    pub scenario: String,
    /// Seed of the run.
    pub seed: u64,
    /// 128-bit digest of the event stream, 32 hexadecimal digits.
    pub digest: String,
    /// Simulated time at the end, s.
    pub simulated_seconds: f64,
    /// Warm-up left out of the totals, s.
    pub warmup_seconds: f64,
    /// Events handled.
    pub events: u64,
    /// `"end"`; or the budget that was exceeded: `"events"`, `"in_flight"`, `"memory"`; or `"stalled"`,
    /// time did not advance any more; or `"interrupt"`.
    pub stopped_by: String,
    /// Why time did not advance any more, in one sentence that names who turned in the circle; only
    /// where that stopped the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled: Option<String>,
    /// By workload.
    pub workloads: BTreeMap<String, WorkloadSummary>,
    /// By tenant, where workloads are labelled with one.
    pub tenants: BTreeMap<String, TenantSummary>,
    /// Half the sum over tenants of |share of retries - share of first attempts|: 0 where everybody
    /// retries alike, near 1 where one tenant makes all the retries; none where nobody retries.
    pub fairness_gap: Option<f64>,
    /// By service.
    pub services: BTreeMap<String, ServiceSummary>,
    /// By edge, `"caller -> callee"`.
    pub edges: BTreeMap<String, EdgeSummary>,
    /// What was believed, and what happened.
    pub hypothesis: HypothesisSummary,
    /// What was injected, in order of the scenario.
    pub faults: Vec<FaultSummary>,
    /// Stretches of time in which a workload missed its objective.
    pub incidents: Vec<Incident>,
    /// Notable moments, in order of time.
    pub moments: Vec<Moment>,
    /// Requests worth a look with `--explain-request`.
    pub examples: Vec<Example>,
    /// What was asked for besides, by the measure as it is written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measures: BTreeMap<String, Measured>,
}

/// The value of a measure: in seconds, per second, or a ratio; null where there was nothing to measure,
/// and the text `inf` for a time that did not end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Measured(#[serde(with = "maybe_infinite")] pub Option<f64>);

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
    /// What each policy at its door did, by its position and name (`"0 bulkhead"`): counter to count.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub admission: BTreeMap<String, BTreeMap<String, u64>>,
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
    /// What each policy did, by its position and name (`"0 retry"`): counter to count.
    pub policies: BTreeMap<String, BTreeMap<String, u64>>,
}

/// What was believed, and what happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HypothesisSummary {
    /// The verdict.
    pub verdict: Conclusion,
    /// How long it took after the end of the slowest disturbance until the steady state held again, s;
    /// null unless it broke and came back.
    pub recovery_seconds: Option<f64>,
    /// Where it did not come back but gets better: how long after the end of the disturbance it would
    /// hold again at this pace, s.
    pub recovery_expected_seconds: Option<f64>,
    /// Who was hurt, by how much and for how long, in one line; empty where nothing went wrong.
    pub harm: String,
    /// The verdict in one sentence.
    pub reason: String,
    /// The limit that the run came so close to that another seed may decide otherwise, and how close; null
    /// where it came close to none.
    pub close_to_edge: Option<String>,
    /// The workloads that were hurt, the worst first.
    pub damage: Vec<Damage>,
    /// The workloads that were not hurt.
    pub unharmed: Vec<String>,
    /// Each check, evaluated.
    pub checks: Vec<CheckSummary>,
}

/// What a workload suffered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Damage {
    /// The workload.
    pub workload: String,
    /// When it began, s.
    pub start: f64,
    /// When it ended, s; the end of the run if it did not.
    pub end: f64,
    /// How long it was hurt in between, s.
    pub seconds: f64,
    /// How long requests that began were lost, s.
    pub lost_seconds: f64,
    /// Those that were.
    pub lost: u64,
    /// Those of all that began then and ended; null where none was lost.
    pub lost_share: Option<f64>,
    /// How long some quantile of how long answers take had at least doubled, s; where requests were lost
    /// as well, too.
    pub slow_seconds: f64,
    /// The quantile that grew most, 0.5, 0.9 or 0.99; null where nothing was slow, and where so many were
    /// never answered that none is known.
    pub slow_quantile: Option<f64>,
    /// Latency at that quantile of what began then, those that still waited counted as the slowest, s.
    pub slow_latency: Option<f64>,
    /// The same before the first disturbance, s.
    pub slow_latency_before: Option<f64>,
    /// Of what began while answers were slow, those that had not ended when the run did and had waited
    /// longer than twice the 99 % quantile before; null where nothing was slow.
    pub waiting_share: Option<f64>,
    /// Latency that 99 % of the answers to what began then did not exceed, s; null without one.
    pub latency_p99: Option<f64>,
    /// The same before the first disturbance, s; null without one.
    pub latency_p99_before: Option<f64>,
}

/// A check, evaluated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckSummary {
    /// `steady`, `during`, `always` or `recovers`.
    pub kind: String,
    /// As written.
    pub check: String,
    /// Over which time: `"30s..60s"`.
    pub over: String,
    /// Measured, in seconds, per second, or a ratio; null when there was nothing to measure, and the
    /// text `inf` for a time that did not end.
    #[serde(with = "maybe_infinite")]
    pub value: Option<f64>,
    /// To compare with.
    pub limit: f64,
    /// Whether it held; null where that cannot be known.
    pub held: Option<bool>,
}

/// An injected fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultSummary {
    /// Its name in charts: `"slow db"`.
    pub name: String,
    /// Kind: `"slow"`.
    pub kind: String,
    /// What it hit: `"db"`, `"web -> db"`.
    pub target: String,
    /// When it was on, s.
    pub periods: Vec<(f64, f64)>,
    /// Requests, attempts or messages that it touched.
    pub touched: u64,
    /// Time from its end to the start of the stretch in which the steady state held again, s, the
    /// longest of all its periods; 0 where it never broke; null: never, or nothing to judge by.
    pub recovery_seconds: Option<f64>,
    /// What became of the steady state: `held`, `recovered`, `not_recovered`, `metastable`,
    /// `never_steady` or `inconclusive`.
    pub verdict: Conclusion,
    /// Workloads that were hurt while it was on or soon after, and services that failed or turned away
    /// more than 5 per cent more than before.
    pub blast_radius: Vec<String>,
}

impl FaultSummary {
    /// The time to recover from it, s: infinite where the steady state did not come back, none where
    /// that was not judged.
    #[must_use]
    pub fn recovery_time(&self) -> Option<f64> {
        match self.verdict {
            Conclusion::NotRecovered | Conclusion::Metastable => Some(f64::INFINITY),
            _ => self.recovery_seconds,
        }
    }
}

/// A stretch of time in which a workload missed its objective, beyond what luck explains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The workload.
    pub workload: String,
    /// Start, s.
    pub start: f64,
    /// End, s: something is answered well again; the end of the run if it was not over then.
    pub end: f64,
    /// Whether it was over when the run ended.
    pub over: bool,
    /// Good requests / those that ended meanwhile or hung at its end; null if nothing ended.
    pub success_ratio: Option<f64>,
    /// Requests that ended meanwhile.
    pub ended: u64,
    /// Requests that failed meanwhile.
    pub failed: u64,
    /// Requests that hung at its end, at least: under way for more than twice as long as any took before.
    pub hanging: u64,
    /// What proves it: `failures`, `hanging`, or `failures+hanging`.
    pub rule: String,
}

/// A notable moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When, s.
    pub time: f64,
    /// What, in one line.
    pub what: String,
    /// What proves it: `fault` (it was injected), `failures`, `behind` (answers fall behind what is
    /// offered), `silence` (nothing is answered), `load`, `retries`, `queue` or `breaker`.
    pub rule: String,
}

/// A request worth a look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its number, for `--explain-request`.
    pub request: u64,
    /// Why: `"slowest ok"`, `"first timeout_deadline"`.
    pub why: String,
    /// Its workload.
    pub workload: String,
    /// When it arrived, s.
    pub time: f64,
    /// How long it took, s.
    pub latency: f64,
}

/// Everything by windows of equal width; `time[i]` is the start of window i.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Width of a window, s.
    pub window_seconds: f64,
    /// Starts of the windows, s.
    pub time: Vec<f64>,
    /// By workload.
    pub workloads: BTreeMap<String, WorkloadSeries>,
    /// By service.
    pub services: BTreeMap<String, ServiceSeries>,
    /// By edge.
    pub edges: BTreeMap<String, EdgeSeries>,
}

/// A workload by windows: counts by the window in which they happened, latencies in seconds (NaN
/// where there was none).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WorkloadSeries {
    pub offered: Vec<u64>,
    pub ok: Vec<u64>,
    pub degraded: Vec<u64>,
    /// Failures by outcome.
    pub failed: BTreeMap<String, Vec<u64>>,
    pub in_flight: Vec<u64>,
    /// Of usable answers, as monitoring sees it.
    pub latency_p50: Vec<f64>,
    pub latency_p99: Vec<f64>,
    /// Of all that ended, in whatever way.
    pub latency_true_p50: Vec<f64>,
    pub latency_true_p99: Vec<f64>,
}

/// A service by windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ServiceSeries {
    pub arrivals: Vec<u64>,
    pub ok: Vec<u64>,
    pub failed: Vec<u64>,
    pub rejected: Vec<u64>,
    /// Time averages over the window.
    pub utilization: Vec<f64>,
    /// NaN where it is not known.
    pub cpu_utilization: Vec<f64>,
    pub queue: Vec<f64>,
    pub queue_max: Vec<u64>,
    /// Completions whose caller had already gone.
    pub doomed: Vec<u64>,
    /// Instances that were up at the end of the window.
    pub up: Vec<u64>,
}

/// An edge by windows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EdgeSeries {
    pub calls: Vec<u64>,
    pub attempts: Vec<u64>,
    pub retries: Vec<u64>,
    /// Attempts that failed.
    pub failures: Vec<u64>,
    /// Calls begun in the window that sent at least one attempt, whenever they did.
    pub calls_sent: Vec<u64>,
    /// Attempts that the calls begun in the window led to, whenever they were sent: divided by
    /// `calls_sent`, never more than the policies allow per call.
    pub call_attempts: Vec<u64>,
    /// Breakers that were not closed at the end of the window.
    pub breakers_open: Vec<u64>,
}

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// Totals and verdict.
    pub summary: Summary,
    /// By windows.
    pub series: Series,
    /// The stories of the requests that were asked for, in order of their numbers.
    pub stories: Vec<Story>,
    /// Every request, in the order of arrival, if they were asked for.
    pub log: Vec<LoggedRequest>,
}

/// A request, for comparing runs request by request.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedRequest {
    /// Its number, for `--explain-request`.
    pub number: u32,
    /// Its workload.
    pub workload: Arc<str>,
    /// How many requests of its workload arrived before it.
    pub ordinal: u32,
    /// What all its luck is keyed by. Within a workload, requests of two runs under one seed that have
    /// one key are the same request, with the same demands: of an open workload the one with the same
    /// ordinal, of a closed one the same question of the same user.
    pub key: u64,
    /// Whether it arrived after the warm-up, and so counts in totals.
    pub counted: bool,
    /// When it arrived.
    pub arrived: SimTime,
    /// When it ended; the end of the run if it did not.
    pub ended: SimTime,
    /// How it ended; none: it did not.
    pub outcome: Option<Outcome>,
    /// Where its failure began, as in [`WorkloadSummary::causes`]; none without a failure.
    pub cause: Option<Arc<str>>,
}

impl LoggedRequest {
    /// Name of its outcome, or `unfinished`.
    #[must_use]
    pub fn outcome_name(&self) -> &'static str {
        self.outcome.map_or("unfinished", Outcome::name)
    }
}

/// The causal story of one request: spans in order of their start, indented by depth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Number of the request.
    pub request: u64,
    /// Its workload.
    pub workload: String,
    /// It had not ended when the run did: its last lines say what it waited for.
    #[serde(default)]
    pub unfinished: bool,
    /// What happened, in order.
    pub lines: Vec<StoryLine>,
}

/// One line of a story.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoryLine {
    /// When, s.
    pub time: f64,
    /// Depth in the call tree.
    pub depth: u32,
    /// Where: `"orders#2"`.
    pub place: String,
    /// What, in words.
    pub what: String,
}

/// Numbers that JSON cannot write: infinity is the text `inf`.
mod maybe_infinite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }

    pub(super) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) if value.is_infinite() => value.to_string().serialize(serializer),
            value => value.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Ok(match Option::<Written>::deserialize(deserializer)? {
            Some(Written::Number(value)) => Some(value),
            Some(Written::Text(text)) => Some(text.parse().map_err(serde::de::Error::custom)?),
            None => None,
        })
    }
}
