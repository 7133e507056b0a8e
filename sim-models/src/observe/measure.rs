//! Evaluates the measures of checks, over the whole run or over a stretch of windows.

use super::expression::{Check, EdgeMeasure, Measure, ServiceMeasure, Statistic, WorkloadMeasure};
use super::recorder::{Recorder, ServiceWindow};
use super::summary::{LatencySummary, Summary};
use crate::outcome::Outcome;
use crate::plan::Plan;
use sim_core::metrics::Snapshot;
use std::ops::Range;

/// Reads measures from what was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Measurer<'a> {
    /// Names and sizes.
    pub plan: &'a Plan,
    /// Windows.
    pub recorder: &'a Recorder,
    /// Totals after the warm-up.
    pub summary: &'a Summary,
}

/// What a workload did over a stretch of windows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Arrived.
    pub offered: u64,
    /// Got a usable answer.
    pub good: u64,
    /// Ended.
    pub finished: u64,
    /// Degraded.
    pub degraded: u64,
    /// Width of the stretch, s.
    pub seconds: f64,
}

impl Traffic {
    /// Usable answers / finished; none where nothing finished.
    #[must_use]
    pub fn success(&self) -> Option<f64> {
        (self.finished > 0).then(|| self.good as f64 / self.finished as f64)
    }
}

impl Measurer<'_> {
    fn seconds(&self, windows: &Range<usize>) -> f64 {
        windows.len() as f64 * self.plan.window.as_secs_f64()
    }

    fn workload(&self, name: &str) -> Option<usize> {
        self.plan.places[self.plan.services.len()..].iter().position(|place| place.name == name)
    }

    fn service(&self, name: &str) -> Option<usize> {
        self.plan.places[..self.plan.services.len()].iter().position(|place| place.name == name)
    }

    /// What a workload did over a stretch of windows.
    #[must_use]
    pub fn traffic(&self, workload: usize, windows: Range<usize>) -> Traffic {
        let mut traffic = Traffic { seconds: self.seconds(&windows), ..Traffic::default() };
        for (window, ..) in &self.recorder.workloads[workload].windows[windows] {
            let ok = window.outcomes[Outcome::Ok as usize];
            let degraded = window.outcomes[Outcome::Degraded as usize];
            traffic.offered += window.offered;
            traffic.good += ok + degraded;
            traffic.degraded += degraded;
            traffic.finished += window.outcomes.iter().sum::<u64>();
        }
        traffic
    }

    /// Whether a check holds over a stretch of windows, and the value. Where there is nothing to measure
    /// it holds unless there was traffic: an outage without a single answer is no success.
    #[must_use]
    pub fn check(&self, check: &Check, windows: Range<usize>) -> (Option<f64>, bool) {
        let value = self.over(&check.measure, windows.clone());
        let held = match value {
            Some(value) => check.comparison.holds(value, check.limit),
            None => !self.has_traffic(&check.measure, windows),
        };
        (value, held)
    }

    fn has_traffic(&self, measure: &Measure, windows: Range<usize>) -> bool {
        match measure {
            Measure::Workload(_, name) => self.workload(name).is_some_and(|w| self.traffic(w, windows).offered > 0),
            Measure::Service(..) | Measure::Edge(..) => false,
        }
    }

    /// A measure over a stretch of windows; none where there is nothing to measure.
    #[must_use]
    pub fn over(&self, measure: &Measure, windows: Range<usize>) -> Option<f64> {
        if windows.is_empty() {
            return None;
        }
        match measure {
            Measure::Workload(measure, name) => self.workload_over(*measure, self.workload(name)?, windows),
            Measure::Service(measure, name) => self.service_over(*measure, self.service(name)?, windows),
            Measure::Edge(measure, name) => {
                let edge = self.plan.edges.iter().position(|edge| edge.name == *name)?;
                self.edge_over(*measure, edge, windows)
            }
        }
    }

    fn workload_over(&self, measure: WorkloadMeasure, workload: usize, windows: Range<usize>) -> Option<f64> {
        let traffic = self.traffic(workload, windows.clone());
        let share = |part: u64| (traffic.finished > 0).then(|| part as f64 / traffic.finished as f64);
        let rate = |count: u64| Some(count as f64 / traffic.seconds);
        let rows = &self.recorder.workloads[workload].windows;
        match measure {
            WorkloadMeasure::SuccessRatio => traffic.success(),
            WorkloadMeasure::FailedRatio => share(traffic.finished - traffic.good),
            WorkloadMeasure::DegradedRatio => share(traffic.degraded),
            WorkloadMeasure::Goodput => rate(traffic.good),
            WorkloadMeasure::Offered => rate(traffic.offered),
            WorkloadMeasure::Throughput => rate(traffic.finished),
            WorkloadMeasure::Unfinished => Some(rows[windows.end - 1].0.in_flight as f64),
            WorkloadMeasure::Latency(statistic) => of(rows[windows].iter().map(|(_, answered, _)| answered), statistic),
            WorkloadMeasure::LatencyTrue(statistic) => of(rows[windows].iter().map(|(.., ended)| ended), statistic),
        }
    }

    fn service_over(&self, measure: ServiceMeasure, service: usize, windows: Range<usize>) -> Option<f64> {
        let rows = &self.recorder.services[service].windows[windows.clone()];
        let sum = |get: fn(&ServiceWindow) -> u64| rows.iter().map(get).sum::<u64>() as f64;
        let mean = |get: fn(&ServiceWindow) -> f64| rows.iter().map(get).sum::<f64>() / rows.len() as f64;
        let spec = &self.plan.services[service];
        let count = f64::from(self.plan.places[service].instance_count);
        let threads = if spec.threads == u32::MAX { f64::INFINITY } else { f64::from(spec.threads) };
        let working = spec.cores.map_or(threads, |cores| cores * 1000.0);
        let arrivals = sum(|window| window.arrivals);
        match measure {
            ServiceMeasure::Utilization => Some(mean(|window| window.busy) / (threads * count)),
            ServiceMeasure::CpuUtilization => Some(mean(|window| window.working) / (working * count)),
            ServiceMeasure::QueueMean => Some(mean(|window| window.queue)),
            ServiceMeasure::QueueMax => rows.iter().map(|window| window.queue_max as f64).reduce(f64::max),
            ServiceMeasure::RejectedRatio => (arrivals > 0.0).then(|| sum(|window| window.rejected) / arrivals),
            ServiceMeasure::Arrivals => Some(arrivals / self.seconds(&windows)),
            ServiceMeasure::DoomedShare => {
                let ended = sum(|window| window.ok + window.failed);
                (ended > 0.0).then(|| sum(|window| window.doomed) / ended)
            }
            ServiceMeasure::Sojourn(_) | ServiceMeasure::Waiting(_) => None,
        }
    }

    fn edge_over(&self, measure: EdgeMeasure, edge: usize, windows: Range<usize>) -> Option<f64> {
        let rows = &self.recorder.edges[edge].windows[windows.clone()];
        let (mut calls, mut attempts, mut retries) = (0, 0, 0);
        for window in rows {
            calls += window.calls;
            attempts += window.attempts;
            retries += window.retries;
        }
        match measure {
            EdgeMeasure::Amplification => (calls > 0).then(|| attempts as f64 / calls as f64),
            EdgeMeasure::Retries => Some(retries as f64 / self.seconds(&windows)),
            EdgeMeasure::Attempts => Some(attempts as f64 / self.seconds(&windows)),
            EdgeMeasure::RetryEfficiency => None,
        }
    }

    /// A measure over all that counts in totals; none where there is nothing to measure.
    #[must_use]
    pub fn whole(&self, measure: &Measure) -> Option<f64> {
        let seconds = self.summary.simulated_seconds - self.summary.warmup_seconds;
        match measure {
            Measure::Workload(measure, name) => {
                let workload = self.summary.workloads.get(name)?;
                let finished = workload.ok + workload.degraded + workload.failed;
                let share = |part: u64| (finished > 0).then(|| part as f64 / finished as f64);
                match measure {
                    WorkloadMeasure::SuccessRatio => share(workload.ok + workload.degraded),
                    WorkloadMeasure::FailedRatio => share(workload.failed),
                    WorkloadMeasure::DegradedRatio => share(workload.degraded),
                    WorkloadMeasure::Goodput => Some(workload.goodput),
                    WorkloadMeasure::Offered => Some(workload.offered_rate),
                    WorkloadMeasure::Throughput => Some(finished as f64 / seconds),
                    WorkloadMeasure::Unfinished => Some(workload.unfinished as f64),
                    WorkloadMeasure::Latency(statistic) => pick(&workload.latency, *statistic),
                    WorkloadMeasure::LatencyTrue(statistic) => pick(&workload.latency_true, *statistic),
                }
            }
            Measure::Service(measure, name) => {
                let service = self.summary.services.get(name)?;
                let arrivals = service.arrivals as f64;
                match measure {
                    ServiceMeasure::Utilization => Some(service.utilization),
                    ServiceMeasure::CpuUtilization => Some(service.cpu_utilization),
                    ServiceMeasure::QueueMean => Some(service.queue.mean),
                    ServiceMeasure::QueueMax => Some(service.queue.max),
                    ServiceMeasure::RejectedRatio => (arrivals > 0.0).then(|| service.rejected as f64 / arrivals),
                    ServiceMeasure::Arrivals => Some(arrivals / seconds),
                    ServiceMeasure::DoomedShare => Some(service.doomed_share),
                    ServiceMeasure::Sojourn(statistic) => pick(&service.sojourn, *statistic),
                    ServiceMeasure::Waiting(statistic) => pick(&service.waiting, *statistic),
                }
            }
            Measure::Edge(measure, name) => {
                let edge = self.summary.edges.get(name)?;
                match measure {
                    EdgeMeasure::Amplification => Some(edge.amplification),
                    EdgeMeasure::Retries => Some(edge.retries as f64 / seconds),
                    EdgeMeasure::Attempts => Some(edge.attempts as f64 / seconds),
                    EdgeMeasure::RetryEfficiency => (edge.retries > 0).then_some(edge.retry_efficiency),
                }
            }
        }
    }
}

/// A statistic of several windows together; none where nothing was counted.
fn of<'a>(snapshots: impl Iterator<Item = &'a Snapshot>, statistic: Statistic) -> Option<f64> {
    let mut all = Snapshot::default();
    for snapshot in snapshots {
        all.merge(snapshot);
    }
    (all.count > 0).then(|| match statistic {
        Statistic::Mean => all.mean(),
        other => all.quantile(other.quantile().unwrap_or(1.0)),
    })
}

fn pick(latency: &LatencySummary, statistic: Statistic) -> Option<f64> {
    (latency.count > 0).then_some(match statistic {
        Statistic::Mean => latency.mean,
        Statistic::P50 => latency.p50,
        Statistic::P90 => latency.p90,
        Statistic::P95 => latency.p95,
        Statistic::P99 => latency.p99,
        Statistic::P999 => latency.p999,
        Statistic::Max => latency.max,
    })
}
