//! Availability against an objective: by requests and by windows, error budget and burn rate,
//! incidents, and the times to repair and between failures.
//!
//! Source of budget and burn rate: *The Site Reliability Workbook* (2018), chapter 5.

use super::measure::Measurer;
use super::summarise::ratio;
use super::summary::{AvailabilitySummary, Incident};
use crate::plan::Plan;
use crate::reliability;
use crate::scenario::Scenario;
use sim_core::SimTime;
use std::ops::Range;

/// Good windows between two bad ones that do not end an incident, in seconds.
const SAME_INCIDENT: f64 = 5.0;
/// Width of the windows over which the largest burn rate is looked for, in seconds.
const BURN_WINDOW: f64 = 60.0;

/// Availability of each workload, in the order of the plan, and all incidents in order of time.
#[must_use]
pub fn availability(
    scenario: &Scenario,
    measurer: Measurer,
    ends: &[SimTime],
) -> (Vec<AvailabilitySummary>, Vec<Incident>) {
    let plan = measurer.plan;
    let predicted = reliability::predicted(scenario, plan);
    let warm = ends.partition_point(|end| *end <= plan.warmup);
    let mut all = Vec::new();
    let mut incidents = Vec::new();
    for workload in 0..plan.workloads.len() {
        let own = incidents_of(
            measurer,
            workload,
            warm..ends.len(),
            scenario.hypothesis.objective,
            ends,
        );
        let mut summary = summarise(
            measurer,
            workload,
            warm..ends.len(),
            scenario.hypothesis.objective,
        );
        summary.predicted = predicted.get(workload).copied().flatten();
        let lengths: f64 = own
            .iter()
            .map(|incident| incident.end - incident.start)
            .sum();
        summary.mttr = ratio(lengths, own.len() as f64, 0.0);
        if let [first, .., last] = own.as_slice() {
            summary.mtbf = (last.start - first.start) / (own.len() - 1) as f64;
        }
        all.push(summary);
        incidents.extend(own);
    }
    incidents.sort_by(|a, b| a.start.total_cmp(&b.start));
    (all, incidents)
}

fn summarise(
    measurer: Measurer,
    workload: usize,
    windows: Range<usize>,
    objective: f64,
) -> AvailabilitySummary {
    let whole = measurer.traffic(workload, windows.clone());
    let by_requests = whole.success().unwrap_or(1.0);
    let allowed = 1.0 - objective;
    let judged: Vec<bool> = windows
        .clone()
        .filter_map(|window| is_good(measurer, workload, window, objective))
        .collect();
    let good = judged.iter().filter(|good| **good).count();
    let success = |windows: Range<usize>| {
        let traffic = measurer.traffic(workload, windows);
        // Nothing ended although something came: as bad as can be.
        traffic.success().or((traffic.offered > 0).then_some(0.0))
    };
    let width = burn_width(measurer.plan).min(windows.len()).max(1);
    let burns = windows.clone().filter(|start| start + width <= windows.end);
    let worst = burns
        .filter_map(|start| success(start..start + width))
        .fold(1.0, f64::min);
    AvailabilitySummary {
        objective,
        by_requests,
        by_windows: ratio(good as f64, judged.len() as f64, 1.0),
        predicted: None,
        budget_used: ratio(1.0 - by_requests, allowed, 0.0),
        burn_rate_max: ratio(1.0 - worst, allowed, 0.0),
        mttr: 0.0,
        mtbf: 0.0,
    }
}

fn burn_width(plan: &Plan) -> usize {
    libm::ceil(BURN_WINDOW / plan.window.as_secs_f64()) as usize
}

/// Whether a window meets the objective; none where there was nothing to do. A window in which nothing
/// ends although requests are under way does not.
fn is_good(measurer: Measurer, workload: usize, window: usize, objective: f64) -> Option<bool> {
    let traffic = measurer.traffic(workload, window..window + 1);
    let waiting = measurer.recorder.workloads[workload].windows[window]
        .0
        .in_flight
        > 0;
    match traffic.success() {
        Some(success) => Some(success >= objective),
        None => (traffic.offered > 0 || waiting).then_some(false),
    }
}

/// Stretches of windows below the objective; short good spells in between do not end one.
fn incidents_of(
    measurer: Measurer,
    workload: usize,
    windows: Range<usize>,
    objective: f64,
    ends: &[SimTime],
) -> Vec<Incident> {
    let start_of = |window: usize| {
        if window == 0 {
            0.0
        } else {
            ends[window - 1].as_secs_f64()
        }
    };
    let gap = libm::ceil(SAME_INCIDENT / measurer.plan.window.as_secs_f64()) as usize;
    let mut spans: Vec<Range<usize>> = Vec::new();
    for window in windows {
        let bad = is_good(measurer, workload, window, objective) == Some(false);
        match spans.last_mut() {
            Some(last) if bad && window - last.end <= gap => last.end = window + 1,
            _ if bad => spans.push(window..window + 1),
            _ => {}
        }
    }
    let name = &measurer.plan.places[measurer.plan.services.len() + workload].name;
    spans
        .into_iter()
        .map(|span| Incident {
            workload: name.clone(),
            start: start_of(span.start),
            end: ends[span.end - 1].as_secs_f64(),
            success_ratio: measurer.traffic(workload, span).success().unwrap_or(0.0),
        })
        .collect()
}
