//! Measures over a stretch of windows.

use super::measurer::{Measurer, quantile};
use crate::expression::metric::{Metric, Statistic};
use crate::expression::naming::{Argument, Measure};
use crate::observe::recorder::ServiceWindow;
use crate::outcome::Outcome;
use sim_core::metrics::Snapshot;
use std::ops::Range;

pub(super) fn workload(
    measurer: &Measurer<'_>,
    measure: &Measure,
    workload: usize,
    windows: Range<usize>,
) -> Option<f64> {
    let traffic = measurer.traffic(workload, windows.clone());
    let share = |part: u64| (traffic.finished > 0).then(|| part as f64 / traffic.finished as f64);
    let rate = |count: u64| Some(count as f64 / traffic.seconds);
    let rows = &measurer.recorder.workloads[workload].windows;
    match measure.metric {
        Metric::SuccessRatio => traffic.success(),
        Metric::Failed => Some((traffic.finished - traffic.good) as f64),
        Metric::FailedRatio => share(traffic.finished - traffic.good),
        Metric::DegradedRatio => share(traffic.degraded),
        Metric::OutcomeRatio => {
            let Some(Argument::Outcome(outcome)) = measure.argument else {
                return None;
            };
            let counts = rows[windows].iter();
            share(counts.map(|(row, ..)| row.outcomes[outcome as usize]).sum())
        }
        Metric::Goodput => rate(traffic.good),
        Metric::Offered => rate(traffic.offered),
        Metric::Throughput => rate(traffic.finished),
        Metric::Unfinished => Some(rows[windows.end - 1].0.in_flight as f64),
        Metric::Latency => of(
            rows[windows].iter().map(|(_, answered, _)| answered),
            measure.statistic(),
        ),
        Metric::LatencyTrue => of(
            rows[windows].iter().map(|(.., ended)| ended),
            measure.statistic(),
        ),
        _ => None,
    }
}

/// What became of the requests that began in these windows, whenever they ended.
pub(super) fn begun(
    measurer: &Measurer<'_>,
    measure: &Measure,
    workload: usize,
    windows: Range<usize>,
) -> Option<f64> {
    let record = &measurer.recorder.workloads[workload];
    let rows = &record.begun.rows[windows.clone()];
    let offered = record.windows[windows.clone()].iter();
    let offered: u64 = offered.map(|(window, ..)| window.offered).sum();
    let count =
        |outcome: Outcome| -> u64 { rows.iter().map(|row| row.outcomes[outcome as usize]).sum() };
    let ended: u64 = Outcome::ALL.iter().map(|outcome| count(*outcome)).sum();
    let degraded = count(Outcome::Degraded);
    let good = count(Outcome::Ok) + degraded;
    let share = |part: u64| (ended > 0).then(|| part as f64 / ended as f64);
    let rate = |count: u64| Some(count as f64 / measurer.seconds(&windows));
    match measure.metric {
        Metric::SuccessRatio => share(good),
        Metric::Failed => Some((ended - good) as f64),
        Metric::FailedRatio => share(ended - good),
        Metric::DegradedRatio => share(degraded),
        Metric::OutcomeRatio => {
            let Some(Argument::Outcome(outcome)) = measure.argument else {
                return None;
            };
            share(count(outcome))
        }
        Metric::Goodput => rate(good),
        Metric::Offered => rate(offered),
        Metric::Throughput => rate(ended),
        Metric::Unfinished => Some((offered - ended) as f64),
        Metric::Latency => of(rows.iter().map(|row| &row.answered), measure.statistic()),
        Metric::LatencyTrue => of(
            rows.iter()
                .flat_map(|row| [&row.answered, &row.failed, &row.open, &row.forgotten]),
            measure.statistic(),
        ),
        _ => None,
    }
}

pub(super) fn service(
    measurer: &Measurer<'_>,
    measure: &Measure,
    service: usize,
    windows: Range<usize>,
) -> Option<f64> {
    let rows = &measurer.recorder.services[service].windows[windows.clone()];
    let sum = |get: fn(&ServiceWindow) -> u64| rows.iter().map(get).sum::<u64>() as f64;
    let mean = |get: fn(&ServiceWindow) -> f64| measurer.mean(rows, &windows, get);
    let level = |average: fn(&ServiceWindow) -> f64, most: fn(&ServiceWindow) -> u64| {
        if measure.statistic() == Some(Statistic::Max) {
            rows.iter()
                .map(|window| most(window) as f64)
                .reduce(f64::max)
        } else {
            Some(mean(average))
        }
    };
    let spec = &measurer.plan.services.raw[service];
    let count = f64::from(measurer.plan.places.raw[service].instance_count);
    let arrivals = sum(|window| window.arrivals);
    let live = measurer.plan.live.is_some();
    let threads = || spec.threads_in(live, rows.iter().map(|window| window.threads));
    match measure.metric {
        Metric::Utilization => Some(mean(|window| window.busy) / (threads() * count)),
        Metric::CpuUtilization => {
            let limit = spec.work_limit(threads())?;
            Some(mean(|window| window.working) / (limit * count))
        }
        Metric::Busy => level(|window| window.busy, |window| window.busy_max),
        Metric::Queue => level(|window| window.queue, |window| window.queue_max),
        Metric::InSystem => level(|window| window.present, |window| window.present_max),
        Metric::Rejected => Some(sum(|window| window.rejected)),
        Metric::RejectedRatio => (arrivals > 0.0).then(|| sum(|window| window.rejected) / arrivals),
        Metric::Arrivals => Some(arrivals / measurer.seconds(&windows)),
        Metric::DoomedShare => {
            let spent = sum(|window| window.spent_ns);
            (spent > 0.0).then(|| sum(|window| window.doomed_ns) / spent)
        }
        // Durations at services are kept over the whole run only.
        _ => None,
    }
}

pub(super) fn edge(
    measurer: &Measurer<'_>,
    measure: &Measure,
    edge: usize,
    windows: Range<usize>,
) -> Option<f64> {
    let rows = &measurer.recorder.edges[edge].windows[windows.clone()];
    let (mut calls, mut attempts, mut retries) = (0, 0, 0);
    let (mut calls_sent, mut call_attempts) = (0, 0);
    for window in rows {
        calls += window.calls;
        attempts += window.attempts;
        retries += window.retries;
        calls_sent += window.calls_sent;
        call_attempts += window.call_attempts;
    }
    let rate = |count: u64| Some(count as f64 / measurer.seconds(&windows));
    match measure.metric {
        Metric::Calls => rate(calls),
        Metric::Attempts => rate(attempts),
        Metric::Retries => rate(retries),
        Metric::RetryShare => (attempts > 0).then(|| retries as f64 / attempts as f64),
        // Attempts count with their call, in the window in which that began.
        Metric::Amplification => (calls_sent > 0).then(|| call_attempts as f64 / calls_sent as f64),
        _ => None,
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
    (all.count > 0).then(|| match statistic.unwrap_or(Statistic::Mean) {
        Statistic::Max => all.max(),
        statistic => quantile(statistic).map_or(all.mean(), |q| all.quantile(q)),
    })
}
