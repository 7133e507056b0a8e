//! Notable moments: faults that come and go, goodput that breaks down and comes back, queues that
//! fill up, breakers that open and close.

use super::summary::{FaultSummary, Moment, Series};
use crate::plan::Plan;

/// Share of the usual goodput below which it has broken down.
const BROKEN: f64 = 0.8;
/// Share of the usual goodput above which it is back.
const BACK: f64 = 0.95;
/// Windows in a row that it takes to say so: one alone is noise.
const LASTING: usize = 3;
/// Moments of one kind and place that are told; the rest is counted.
const MOST: usize = 4;

/// The notable moments of a run, in order of time.
#[must_use]
pub fn moments(plan: &Plan, series: &Series, faults: &[FaultSummary]) -> Vec<Moment> {
    let mut all = Vec::new();
    for fault in faults {
        let comes = fault
            .periods
            .iter()
            .map(|(start, _)| (*start, format!("`{}` begins", fault.name)));
        tell(&mut all, comes.collect());
        let end = series
            .time
            .last()
            .map_or(0.0, |start| start + series.window_seconds);
        let goes = fault.periods.iter().filter(|(_, stop)| *stop < end);
        tell(
            &mut all,
            goes.map(|(_, stop)| (*stop, format!("`{}` ends", fault.name)))
                .collect(),
        );
    }
    let first = faults
        .iter()
        .flat_map(|fault| fault.periods.first())
        .map(|(start, _)| *start)
        .reduce(f64::min);
    goodput(plan, series, first, &mut all);
    queues(plan, series, &mut all);
    breakers(series, &mut all);
    all.sort_by(|a, b| a.time.total_cmp(&b.time));
    all
}

fn tell(all: &mut Vec<Moment>, found: Vec<(f64, String)>) {
    let more = found.len().saturating_sub(MOST);
    for (position, (time, mut what)) in found.into_iter().take(MOST).enumerate() {
        if position == MOST - 1 && more > 0 {
            what = format!("{what} (and {more} more times)");
        }
        all.push(Moment { time, what });
    }
}

/// Breakpoints of goodput, against its median before the first fault, or of the whole run.
fn goodput(plan: &Plan, series: &Series, first: Option<f64>, all: &mut Vec<Moment>) {
    for (name, workload) in &series.workloads {
        let good: Vec<f64> = workload
            .ok
            .iter()
            .zip(&workload.degraded)
            .map(|(ok, degraded)| (ok + degraded) as f64)
            .collect();
        let warmup = plan.warmup.as_secs_f64();
        let calm = |time: f64| {
            time >= warmup && first.is_none_or(|first| time + series.window_seconds <= first)
        };
        let mut usual: Vec<f64> = series
            .time
            .iter()
            .zip(&good)
            .filter(|(time, _)| calm(**time))
            .map(|(_, good)| *good)
            .collect();
        usual.sort_by(f64::total_cmp);
        let Some(usual) = usual
            .get(usual.len() / 2)
            .copied()
            .filter(|usual| *usual >= 20.0)
        else {
            continue;
        };
        let rate = usual / series.window_seconds;
        let mut broken = false;
        let mut found = Vec::new();
        for window in 0..good.len().saturating_sub(LASTING - 1) {
            let next = &good[window..window + LASTING];
            if series.time[window] < warmup {
                continue;
            }
            if !broken && next.iter().all(|good| *good < BROKEN * usual) {
                let now = next[0] / series.window_seconds;
                found.push((
                    series.time[window],
                    format!("goodput of {name} breaks down: {now:.0}/s of {rate:.0}/s"),
                ));
                broken = true;
            } else if broken && next.iter().all(|good| *good >= BACK * usual) {
                found.push((
                    series.time[window],
                    format!("goodput of {name} is back at {rate:.0}/s"),
                ));
                broken = false;
            }
        }
        tell(all, found);
    }
}

/// Queues that reach their limit, and so begin to turn requests away.
fn queues(plan: &Plan, series: &Series, all: &mut Vec<Moment>) {
    for (place, service) in plan.places.iter().zip(&plan.services) {
        let Some(columns) = series.services.get(&place.name) else {
            continue;
        };
        let limit = u64::from(service.queue_limit).saturating_add(u64::from(service.backlog_limit));
        if limit == 0 || limit >= u64::from(u32::MAX) {
            continue;
        }
        let mut full = false;
        let mut found = Vec::new();
        for (window, queue) in columns.queue_max.iter().enumerate() {
            if !full && *queue >= limit {
                found.push((
                    series.time[window],
                    format!("the queue of {} is full ({limit} waiting)", place.name),
                ));
                full = true;
            } else if *queue < limit / 2 {
                full = false;
            }
        }
        tell(all, found);
    }
}

fn breakers(series: &Series, all: &mut Vec<Moment>) {
    for (name, edge) in &series.edges {
        let mut before = 0;
        let mut found = Vec::new();
        for (window, open) in edge.breakers_open.iter().enumerate() {
            if before == 0 && *open > 0 {
                found.push((series.time[window], format!("a breaker opens on {name}")));
            } else if before > 0 && *open == 0 {
                found.push((
                    series.time[window],
                    format!("the breakers on {name} are closed again"),
                ));
            }
            before = *open;
        }
        tell(all, found);
    }
}
