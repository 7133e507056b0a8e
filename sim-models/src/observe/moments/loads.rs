//! Loads that step up: what workloads offer, and what retries add to it.

use super::teller::{CHANCE, Teller, moment, sum, tell};
use crate::observe::figures::rates;
use crate::observe::summary::{EdgeSeries, Moment};
use crate::plan::WorkloadKind;
use crate::scenario::Shape;
use sim_core::SimTime;
use sim_core::stats::{StepUp, steps_up};
use std::ops::Range;

/// By what a load grows at once that is told.
const STEP: f64 = 1.5;
/// Times the length of a step that are looked back for a load as high: users who ask in step come in
/// waves, and no wave but the first is new.
const WAVES: usize = 20;
/// Points in a window at which a shape is looked at.
const POINTS: u64 = 8;

impl Teller<'_> {
    /// Tells of loads that step up. `breakdowns` holds those of goodput by workload: a load that comes
    /// back after one is not new.
    pub(super) fn loads(&self, breakdowns: &[Vec<Range<usize>>], all: &mut Vec<Moment>) {
        let told = |step: &StepUp, rule: &str, what: String| {
            let rate = |count: f64| count / self.series.window_seconds;
            let [before, after] = rates([rate(step.before), rate(step.after)]);
            let what = format!("{what}: {before} to {after}");
            moment(self.series.time[step.at], rule, what)
        };
        let late = |step: &StepUp| step.at >= self.warm;
        let count = self.series.time.len();
        let places = self.plan.load_places();
        let workloads = self.plan.workloads.iter().zip(breakdowns);
        for (place, (plan, breakdowns)) in places.iter().zip(workloads) {
            let offered = &self.series.workloads[&place.name].offered;
            let (expected, batch) = match &plan.kind {
                WorkloadKind::Open { shape, batch, .. } => {
                    (self.gradual(shape, count), f64::from(*batch))
                }
                WorkloadKind::Closed { .. } => (vec![1.0; count], 1.0),
            };
            let begun = match &plan.kind {
                WorkloadKind::Open { .. } => 0,
                WorkloadKind::Closed { users, .. } => asked_once(offered, u64::from(*users)),
            };
            let mut steps = steps_up(offered, &expected, batch, STEP, CHANCE);
            steps.retain(|step| {
                late(step)
                    && step.at > begun
                    && !(matches!(plan.kind, WorkloadKind::Closed { .. }) && is_wave(offered, step))
                    && !comes_back(offered, breakdowns, step)
            });
            let what = |step| told(step, "load", format!("the load of {} steps up", place.name));
            tell(all, steps.iter().map(what).collect());
        }
        for (name, edge) in &self.series.edges {
            let mut steps = steps_up(&edge.attempts, &vec![1.0; count], 1.0, STEP, CHANCE);
            steps.retain(|step| late(step) && by_retries(edge, step));
            let what = |step| told(step, "retries", format!("retries raise the load of {name}"));
            tell(all, steps.iter().map(what).collect());
        }
    }

    /// What those shapes that change a rate little by little multiply it by, window by window.
    fn gradual(&self, shapes: &[Shape], count: usize) -> Vec<f64> {
        let stride = self.plan.window.0 / (2 * POINTS);
        let factor = |at: SimTime| -> f64 {
            let shapes = shapes.iter().filter(|shape| shape.is_gradual());
            shapes.map(|shape| shape.factor(at)).product()
        };
        let mean = |window: u64| {
            let at = |point: u64| SimTime(window * self.plan.window.0 + (2 * point + 1) * stride);
            (0..POINTS).map(|point| factor(at(point))).sum::<f64>() / POINTS as f64
        };
        (0..count as u64).map(mean).collect()
    }
}

/// The window in which the last of so many users may have asked for the first time: before that a closed
/// load only begins.
fn asked_once(offered: &[u64], users: u64) -> usize {
    let mut asked = 0;
    let begins = offered.iter().position(|count| {
        asked += count;
        asked >= users
    });
    begins.unwrap_or(offered.len())
}

/// Whether the load was as high not long before a step.
fn is_wave(offered: &[u64], step: &StepUp) -> bool {
    let first = step.at.saturating_sub(WAVES * step.scale);
    let before = &offered[first..step.at - step.scale];
    let highest = before
        .windows(step.scale)
        .map(|load| load.iter().sum::<u64>());
    highest.max().unwrap_or(0) as f64 >= step.after * step.scale as f64 / STEP
}

/// Whether a step leads back to a load that there was before a breakdown, in which users waited instead
/// of asking.
fn comes_back(offered: &[u64], breakdowns: &[Range<usize>], step: &StepUp) -> bool {
    let meets = |windows: &&Range<usize>| {
        windows.start < step.at && step.at <= windows.end + step.scale && windows.start > 0
    };
    breakdowns.iter().filter(meets).any(|windows| {
        let before = windows.start.saturating_sub(step.scale)..windows.start;
        let usual = sum(offered, &before) as f64 / before.len() as f64;
        step.after < STEP * usual
    })
}

/// Whether at least half of what came with a step came from retries.
fn by_retries(edge: &EdgeSeries, step: &StepUp) -> bool {
    let (before, after) = (step.at - step.scale..step.at, step.at..step.at + step.scale);
    let grown = |counts: &[u64]| sum(counts, &after) as f64 - sum(counts, &before) as f64;
    grown(&edge.retries) >= 0.5 * grown(&edge.attempts)
}
