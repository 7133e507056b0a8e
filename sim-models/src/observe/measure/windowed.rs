//! Measures over a stretch of windows.

use super::measurer::{Measurer, mean, quantile};
use crate::expression::metric::{Metric, Statistic};
use crate::expression::naming::{Argument, Measure};
use crate::observe::recorder::{EdgeWindow, LevelWindow, PoolWindow, ServiceWindow};
use crate::outcome::Outcome;
use crate::signals::signals;
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

/// A stretch of windows of something that was kept.
struct Kept<'a, W> {
    measurer: &'a Measurer<'a>,
    measure: &'a Measure,
    rows: &'a [W],
    windows: Range<usize>,
}

impl<W> Kept<'_, W> {
    fn sum(&self, get: impl Fn(&W) -> u64) -> f64 {
        self.rows.iter().map(get).sum::<u64>() as f64
    }

    fn rate(&self, get: impl Fn(&W) -> u64) -> f64 {
        self.sum(get) / self.measurer.seconds(&self.windows)
    }

    fn ratio(&self, part: impl Fn(&W) -> u64, whole: impl Fn(&W) -> u64) -> Option<f64> {
        let whole = self.sum(whole);
        (whole > 0.0).then(|| self.sum(part) / whole)
    }

    /// The mean of a time average, weighted by the lengths of the windows: the last may be shorter.
    fn mean(&self, get: impl Fn(&W) -> f64) -> f64 {
        let area = self.rows.iter().zip(self.windows.clone());
        let area =
            area.map(|(row, window)| get(row) * self.measurer.seconds(&(window..window + 1)));
        area.sum::<f64>() / self.measurer.seconds(&self.windows)
    }

    fn level(&self, get: impl Fn(&W) -> LevelWindow) -> Option<f64> {
        if self.measure.statistic() == Some(Statistic::Max) {
            let most = self.rows.iter().map(|window| get(window).max as f64);
            most.reduce(f64::max)
        } else {
            Some(self.mean(|window| get(window).mean))
        }
    }

    fn durations<'a>(&'a self, get: impl Fn(&'a W) -> &'a Snapshot) -> Option<f64> {
        of(self.rows.iter().map(get), self.measure.statistic())
    }
}

/// The windows of something of a kind.
macro_rules! kept_of {
    ($recorder:expr, Service $number:ident) => {
        $recorder.services[$number].windows
    };
    ($recorder:expr, Edge $number:ident) => {
        $recorder.edges[$number].windows
    };
    ($recorder:expr, Pool $number:ident) => {
        $recorder.pool_windows.raw[$number].windows
    };
}

/// What a form of the table comes to over windows. Workloads have two kinds of windows, and are apart.
macro_rules! over {
    (Workload $form:ident $call:tt $($field:ident)*) => { None };
    ($of:ident none $call:tt) => { None };
    ($of:ident $form:ident ($measurer:ident $measure:ident $number:ident $windows:ident) $($field:ident)*) => {{
        let kept = Kept {
            measurer: $measurer,
            measure: $measure,
            rows: &kept_of!($measurer.recorder, $of $number)[$windows.clone()],
            windows: $windows,
        };
        form!($form kept $number $($field)*)
    }};
}

macro_rules! form {
    (sum $kept:ident $number:ident $field:ident) => {
        Some($kept.sum(|window| window.$field))
    };
    (rate $kept:ident $number:ident $field:ident) => {
        Some($kept.rate(|window| window.$field))
    };
    (ratio $kept:ident $number:ident $part:ident $whole:ident) => {
        $kept.ratio(|window| window.$part, |window| window.$whole)
    };
    (level $kept:ident $number:ident $field:ident) => {
        $kept.level(|window| window.$field)
    };
    (durations $kept:ident $number:ident $field:ident) => {
        $kept.durations(|window| &window.$field)
    };
    (by $kept:ident $number:ident $function:ident) => {
        $function(&$kept, $number)
    };
}

/// Generates the measures of windows that the table names.
macro_rules! windowed {
    (
        subjects { $( $of:ident $window:ident $series:ident [$($besides:tt)*] {
            $( $group:ident $($levels:ident)? { $( (
                $name:ident $kind:ident $doc:literal [$($columns:tt)*]
                $( => $metric:ident $text:literal $asks:ident $unit:ident $better:ident
                    $whole:ident($($total:tt)*) $form:ident($($field:ident)*) $($about:literal)? )?
            ) )* } )*
        } )* }
        others { $($others:tt)* }
    ) => {
        /// A measure of the service, edge or pool of this number over windows.
        pub(super) fn kept(
            measurer: &Measurer<'_>,
            measure: &Measure,
            number: usize,
            windows: Range<usize>,
        ) -> Option<f64> {
            match measure.metric {
                $($($( $(
                    Metric::$metric => over!($of $form (measurer measure number windows) $($field)*),
                )? )*)*)*
                _ => None,
            }
        }
    };
}

signals!(windowed);

fn utilization(kept: &Kept<'_, ServiceWindow>, service: usize) -> Option<f64> {
    let (threads, count) = threads(kept, service);
    Some(kept.mean(|window| window.busy.mean) / (threads * count))
}

fn cpu_utilization(kept: &Kept<'_, ServiceWindow>, service: usize) -> Option<f64> {
    let (threads, count) = threads(kept, service);
    let limit = kept.measurer.plan.services.raw[service].work_limit(threads)?;
    Some(kept.mean(|window| window.working.mean) / (limit * count))
}

/// The threads of an instance of a service in these windows, and how many instances there are.
fn threads(kept: &Kept<'_, ServiceWindow>, service: usize) -> (f64, f64) {
    let plan = kept.measurer.plan;
    let live = plan.live.is_some();
    let threads = kept.rows.iter().map(|window| window.threads);
    let threads = plan.services.raw[service].threads_in(live, threads);
    (threads, f64::from(plan.places.raw[service].instance_count))
}

fn pool_utilization(kept: &Kept<'_, PoolWindow>, pool: usize) -> Option<f64> {
    let plan = kept.measurer.plan;
    let size = plan.pools.raw[pool].size_of_all(plan) as f64;
    Some(kept.mean(|window| window.out.mean) / size)
}

/// The share of time in a state; of several policies of one kind the mean.
fn policy_state(kept: &Kept<'_, EdgeWindow>, edge: usize) -> Option<f64> {
    let Some(Argument::State(asked)) = kept.measure.argument else {
        return None;
    };
    let plan = &kept.measurer.plan.edges.raw[edge];
    let records = kept.measurer.recorder.states.raw[edge].iter();
    let shares = records.filter_map(|record| {
        let policy = &plan.layers[record.layer].spec;
        let mut states = policy.states().iter();
        let state = states.position(|state| *state == asked.name);
        let state = state.filter(|_| policy.name() == asked.policy)?;
        let shares = record.by_window(state).enumerate();
        let here = shares.filter(|(window, _)| kept.windows.contains(window));
        let seconds = |window| kept.measurer.seconds(&(window..window + 1));
        let area = here.map(|(window, share)| share * seconds(window));
        Some(area.sum::<f64>() / kept.measurer.seconds(&kept.windows))
    });
    mean(shares)
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
