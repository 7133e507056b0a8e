//! Signals window by window.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
