//! Evaluates measures and checks, over the whole run or over a stretch of windows.

use super::expression::{Expression, Measure, Metric, Of, Statistic};
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
        // The last window may be shorter than the others.
        let end = |windows: usize| {
            let end = windows as f64 * self.plan.window.as_secs_f64();
            end.min(self.summary.simulated_seconds)
        };
        end(windows.end) - end(windows.start)
    }

    fn workload(&self, name: &str) -> Option<usize> {
        self.plan.places[self.plan.services.len()..]
            .iter()
            .position(|place| place.name == name)
    }

    fn service(&self, name: &str) -> Option<usize> {
        self.plan.places[..self.plan.services.len()]
            .iter()
            .position(|place| place.name == name)
    }

    /// What a workload did over a stretch of windows.
    #[must_use]
    pub fn traffic(&self, workload: usize, windows: Range<usize>) -> Traffic {
        let mut traffic = Traffic {
            seconds: self.seconds(&windows),
            ..Traffic::default()
        };
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
    pub fn check(&self, check: &Expression, windows: Range<usize>) -> (Option<f64>, bool) {
        let value = self.over(&check.measure, windows.clone());
        let held = match value {
            Some(value) => check.op.holds(value, check.limit),
            None => !self.has_traffic(&check.measure, windows),
        };
        (value, held)
    }

    /// A check of the whole run, and whether it holds; see [`Measurer::check`].
    #[must_use]
    pub fn check_whole(&self, check: &Expression, windows: Range<usize>) -> (Option<f64>, bool) {
        let value = self.whole(&check.measure);
        let held = match value {
            Some(value) => check.op.holds(value, check.limit),
            None => !self.has_traffic(&check.measure, windows),
        };
        (value, held)
    }

    /// Whether anything came to what a check is about.
    fn has_traffic(&self, measure: &Measure, windows: Range<usize>) -> bool {
        let subject = measure.subject.as_str();
        match measure.metric.of() {
            Of::Workload => self
                .workload(subject)
                .is_some_and(|workload| self.traffic(workload, windows).offered > 0),
            Of::Service => self.service(subject).is_some_and(|service| {
                let rows = &self.recorder.services[service].windows[windows];
                rows.iter().any(|window| window.arrivals > 0)
            }),
            // A ratio of retries where nobody retries, or of calls that nobody makes, is no failure.
            Of::Edge => false,
        }
    }

    /// A measure over a stretch of windows; none where there is nothing to measure.
    #[must_use]
    pub fn over(&self, measure: &Measure, windows: Range<usize>) -> Option<f64> {
        if windows.is_empty() {
            return None;
        }
        match measure.metric.of() {
            Of::Workload => self.workload_over(measure, self.workload(&measure.subject)?, windows),
            Of::Service => self.service_over(measure, self.service(&measure.subject)?, windows),
            Of::Edge => {
                let edge = self
                    .plan
                    .edges
                    .iter()
                    .position(|edge| edge.name == measure.subject)?;
                self.edge_over(measure, edge, windows)
            }
        }
    }

    fn workload_over(
        &self,
        measure: &Measure,
        workload: usize,
        windows: Range<usize>,
    ) -> Option<f64> {
        let traffic = self.traffic(workload, windows.clone());
        let share =
            |part: u64| (traffic.finished > 0).then(|| part as f64 / traffic.finished as f64);
        let rate = |count: u64| Some(count as f64 / traffic.seconds);
        let rows = &self.recorder.workloads[workload].windows;
        match measure.metric {
            Metric::SuccessRatio => traffic.success(),
            Metric::FailedRatio => share(traffic.finished - traffic.good),
            Metric::DegradedRatio => share(traffic.degraded),
            Metric::Goodput => rate(traffic.good),
            Metric::Offered => rate(traffic.offered),
            Metric::Throughput => rate(traffic.finished),
            Metric::Unfinished => Some(rows[windows.end - 1].0.in_flight as f64),
            Metric::Latency => of(
                rows[windows].iter().map(|(_, answered, _)| answered),
                measure.statistic,
            ),
            Metric::LatencyTrue => of(
                rows[windows].iter().map(|(.., ended)| ended),
                measure.statistic,
            ),
            _ => None,
        }
    }

    fn service_over(
        &self,
        measure: &Measure,
        service: usize,
        windows: Range<usize>,
    ) -> Option<f64> {
        let rows = &self.recorder.services[service].windows[windows.clone()];
        let sum = |get: fn(&ServiceWindow) -> u64| rows.iter().map(get).sum::<u64>() as f64;
        let mean =
            |get: fn(&ServiceWindow) -> f64| rows.iter().map(get).sum::<f64>() / rows.len() as f64;
        let spec = &self.plan.services[service];
        let count = f64::from(self.plan.places[service].instance_count);
        let threads = if spec.threads == u32::MAX {
            f64::INFINITY
        } else {
            f64::from(spec.threads)
        };
        let working = spec.cores.map_or(threads, |cores| cores * 1000.0);
        let arrivals = sum(|window| window.arrivals);
        match measure.metric {
            Metric::Utilization => Some(mean(|window| window.busy) / (threads * count)),
            Metric::CpuUtilization => Some(mean(|window| window.working) / (working * count)),
            Metric::Queue if measure.statistic == Some(Statistic::Max) => rows
                .iter()
                .map(|window| window.queue_max as f64)
                .reduce(f64::max),
            Metric::Queue => Some(mean(|window| window.queue)),
            Metric::RejectedRatio => {
                (arrivals > 0.0).then(|| sum(|window| window.rejected) / arrivals)
            }
            Metric::Arrivals => Some(arrivals / self.seconds(&windows)),
            Metric::DoomedShare => {
                let ended = sum(|window| window.ok + window.failed);
                (ended > 0.0).then(|| sum(|window| window.doomed) / ended)
            }
            // Sojourn and waiting times are kept over the whole run only.
            _ => None,
        }
    }

    fn edge_over(&self, measure: &Measure, edge: usize, windows: Range<usize>) -> Option<f64> {
        let rows = &self.recorder.edges[edge].windows[windows.clone()];
        let (mut calls, mut attempts, mut retries) = (0, 0, 0);
        for window in rows {
            calls += window.calls;
            attempts += window.attempts;
            retries += window.retries;
        }
        match measure.metric {
            Metric::Amplification => (calls > 0).then(|| attempts as f64 / calls as f64),
            Metric::Retries => Some(retries as f64 / self.seconds(&windows)),
            Metric::Attempts => Some(attempts as f64 / self.seconds(&windows)),
            _ => None,
        }
    }

    /// A measure over all that counts in totals; none where there is nothing to measure.
    #[must_use]
    pub fn whole(&self, measure: &Measure) -> Option<f64> {
        match measure.metric.of() {
            Of::Workload => self.workload_whole(measure),
            Of::Service => self.service_whole(measure),
            Of::Edge => self.edge_whole(measure),
        }
    }

    fn whole_seconds(&self) -> f64 {
        self.summary.simulated_seconds - self.summary.warmup_seconds
    }

    fn workload_whole(&self, measure: &Measure) -> Option<f64> {
        let workload = self.summary.workloads.get(&measure.subject)?;
        let finished = workload.ok + workload.degraded + workload.failed;
        let share = |part: u64| (finished > 0).then(|| part as f64 / finished as f64);
        match measure.metric {
            Metric::SuccessRatio => share(workload.ok + workload.degraded),
            Metric::FailedRatio => share(workload.failed),
            Metric::DegradedRatio => share(workload.degraded),
            Metric::Goodput => Some(workload.goodput),
            Metric::Offered => Some(workload.offered_rate),
            Metric::Throughput => Some(finished as f64 / self.whole_seconds()),
            Metric::Unfinished => Some(workload.unfinished as f64),
            Metric::Latency => pick(&workload.latency, measure.statistic),
            Metric::LatencyTrue => pick(&workload.latency_true, measure.statistic),
            _ => None,
        }
    }

    fn service_whole(&self, measure: &Measure) -> Option<f64> {
        let service = self.summary.services.get(&measure.subject)?;
        let arrivals = service.arrivals as f64;
        match measure.metric {
            Metric::Utilization => Some(service.utilization),
            Metric::CpuUtilization => Some(service.cpu_utilization),
            Metric::Queue if measure.statistic == Some(Statistic::Max) => Some(service.queue.max),
            Metric::Queue => Some(service.queue.mean),
            Metric::RejectedRatio => (arrivals > 0.0).then(|| service.rejected as f64 / arrivals),
            Metric::Arrivals => Some(arrivals / self.whole_seconds()),
            Metric::DoomedShare => Some(service.doomed_share),
            Metric::Sojourn => pick(&service.sojourn, measure.statistic),
            Metric::Waiting => pick(&service.waiting, measure.statistic),
            _ => None,
        }
    }

    fn edge_whole(&self, measure: &Measure) -> Option<f64> {
        let edge = self.summary.edges.get(&measure.subject)?;
        match measure.metric {
            Metric::Amplification => Some(edge.amplification),
            Metric::Retries => Some(edge.retries as f64 / self.whole_seconds()),
            Metric::Attempts => Some(edge.attempts as f64 / self.whole_seconds()),
            Metric::RetryEfficiency => (edge.retries > 0).then_some(edge.retry_efficiency),
            _ => None,
        }
    }
}

fn quantile(statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::Mean => None,
        Statistic::P50 => Some(0.5),
        Statistic::P90 => Some(0.9),
        Statistic::P95 => Some(0.95),
        Statistic::P99 => Some(0.99),
        Statistic::P999 => Some(0.999),
        Statistic::Max => Some(1.0),
    }
}

/// A statistic of several windows together; none where nothing was counted.
fn of<'a>(
    snapshots: impl Iterator<Item = &'a Snapshot>,
    statistic: Option<Statistic>,
) -> Option<f64> {
    let mut all = Snapshot::default();
    for snapshot in snapshots {
        all.merge(snapshot);
    }
    (all.count > 0).then(|| {
        quantile(statistic.unwrap_or(Statistic::Mean)).map_or(all.mean(), |q| all.quantile(q))
    })
}

fn pick(latency: &LatencySummary, statistic: Option<Statistic>) -> Option<f64> {
    (latency.count > 0).then_some(match statistic.unwrap_or(Statistic::Mean) {
        Statistic::Mean => latency.mean,
        Statistic::P50 => latency.p50,
        Statistic::P90 => latency.p90,
        Statistic::P95 => latency.p95,
        Statistic::P99 => latency.p99,
        Statistic::P999 => latency.p999,
        Statistic::Max => latency.max,
    })
}
