//! The result of a run, in the shape that users, charts and CI read.
//!
//! Times in seconds, rates per second, ratios 0 to 1. Maps are sorted by name. The totals cover
//! what began after the warm-up; the series cover the whole run.

mod maybe_infinite;
mod signals;
mod judgement;
mod series;
mod request;

pub use judgement::*;
pub use request::*;
pub use series::*;
pub use signals::*;

use super::conclusion::StoppedBy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the shape below; it grows by one when a key changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// All that a run tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Why it stopped: `"end"`; or the budget that was exceeded: `"events"`, `"in_flight"`, `"memory"`; or
    /// `"stalled"`, time did not advance any more; or `"interrupt"`.
    pub stopped_by: StoppedBy,
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
    /// Who acted from outside, by name, and what they did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub controllers: BTreeMap<String, ControllerSummary>,
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
