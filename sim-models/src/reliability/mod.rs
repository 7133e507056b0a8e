//! What share of the requests would be answered if nothing but error rates and outages decided.
//!
//! Parts of a system that fail together are not independent: two calls to one database find it dead
//! both, or neither. So the prediction is conditional on the state of the parts (C. Colbourn, *The
//! Combinatorics of Network Reliability*, 1987, chapter 1: factoring): the run is cut wherever a fault
//! comes or goes; between two cuts the state is known and all that is left to chance are independent
//! draws of single attempts, whose probabilities multiply along the program of each endpoint. The
//! share is the mean over the run, weighted by the arrival rate. Faults that come at random are taken
//! at the share of time that they last in the long run, every combination of them by itself.
//!
//! Retries are tried at the times at which they would be: they help against errors of single
//! attempts, and against an outage only as far as they reach beyond its end. Backoffs are taken at
//! their means. Attempts meet the instances of a service at random, but that a balancer which takes each
//! in turn sends a retry elsewhere, as far as not too many others come in between.
//!
//! What is late is not predicted: where slowness, a pause, a hang or a retransmission meets a limit on
//! time or on places to wait, at the services that it hits or at those that wait for them, the result
//! is unknown. So it is where a service gets more than it can carry and one of its requests has no room or
//! no time to wait, where a balancer prefers instances that
//! fail fast, where a breaker may open on errors of a part of the attempts, and in circles of calls, and where
//! controllers act.
//!
//! A crash loses what is under way as well: the rate times the time that a request spends where it can be
//! hit (J. Little, Operations Research 9, 1961), as if nothing queued. See `in_flight`.
//!
//! Units: seconds, shares from 0 to 1.

mod late;
mod system;
mod value;
mod policies;
mod timeline;
mod state;
mod evaluate;
mod in_flight;
#[cfg(test)]
mod tests;

use crate::ids::FaultId;
use crate::plan::Plan;
use crate::scenario::shape;
use crate::scenario::{Scenario, Workload};
use evaluate::{Evaluation, When};
use sim_core::{SimDuration, SimTime};
use std::collections::BTreeMap;
use system::{MOST_LOOKS, MOST_POINTS, System};
use timeline::Timeline;

/// Points, fewest and most, at which a stretch is looked at whose requests still retry when the next
/// one begins.
const POINTS: (u64, u64) = (8, 64);
/// The points of all such stretches together, as far as each has the fewest.
const ALL_POINTS: u64 = 5_000;

/// The share of each workload's requests that would be answered, in the order of the scenario; none
/// where it cannot be said.
#[must_use]
pub fn predicted(scenario: &Scenario, plan: &Plan) -> Vec<Option<f64>> {
    // Controllers change when what is down and what gets through, and that by what they see.
    if late::looks(plan) > MOST_LOOKS || !plan.controllers.is_empty() {
        return vec![None; scenario.workloads.len()];
    }
    let system = System::new(scenario, plan);
    let timeline = Timeline::new(plan);
    let late = state::crowded(&system);
    let workloads = 0..scenario.workloads.len();
    let all = workloads.map(|workload| {
        system.attempts.set(0);
        system.look(system.endpoints.all.len())?;
        let known = !state::meets(&system, workload, &late);
        over_run(&system, timeline.as_ref().filter(|_| known)?, workload)
    });
    let all: Vec<Option<f64>> = all.collect();
    // Too much to look at is too much for all of them, whichever came first.
    if system.look(0).is_none() {
        return vec![None; all.len()];
    }
    all
}

/// The same while no fault is on: every endpoint is looked at once, whoever asks for it.
#[must_use]
pub fn calm(scenario: &Scenario, plan: &Plan) -> Vec<Option<f64>> {
    let system = System::calm(scenario, plan);
    let timeline = Timeline::calm(plan);
    if timeline.stretches.is_empty() {
        return vec![None; scenario.workloads.len()];
    }
    let mut evaluation = Evaluation::new(&system, &timeline, 0, &[], When::Always(0));
    evaluation.learn(|_| true);
    let loads = scenario.workloads.values().enumerate();
    loads
        .map(|(workload, load)| {
            let asks = rate(load, plan.warmup, plan.end) > 0.0;
            let value = evaluation.request(workload).filter(|_| asks)?;
            Some(value.ok.clamp(0.0, 1.0))
        })
        .collect()
}

/// The mean over the run after the warm-up, weighted by the arrivals, over all combinations of the
/// faults that come at random.
fn over_run(system: &System<'_>, timeline: &Timeline, workload: usize) -> Option<f64> {
    let load = &system.scenario.workloads[workload];
    let mut total = 0.0;
    for (share, more) in timeline.combinations() {
        system.look(timeline.states.len())?;
        total += share * over_stretches(system, timeline, workload, load, &more)?;
    }
    Some(total.clamp(0.0, 1.0))
}

fn over_stretches(
    system: &System<'_>,
    timeline: &Timeline,
    workload: usize,
    load: &Workload,
    more: &[FaultId],
) -> Option<f64> {
    let (mut good, mut all, mut lost) = (0.0, 0.0, 0.0);
    let mut known: Vec<Option<Option<value::Value>>> = vec![None; timeline.states.len()];
    // Seconds' worth of requests that are lost from one state to another.
    let mut under_way: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let each = ALL_POINTS / timeline.stretches.len().max(1) as u64;
    let each = each.clamp(POINTS.0, POINTS.1);
    let mut points = 0;
    let mut weigh = |from: SimTime, to: SimTime, share: f64| {
        let arrivals = to.since(from).as_secs_f64() * rate(load, from, to);
        all += arrivals;
        good += arrivals * share;
    };
    for (number, stretch) in timeline.stretches.iter().enumerate() {
        system.look(1)?;
        let value = *known[stretch.state].get_or_insert_with(|| {
            Evaluation::new(
                system,
                timeline,
                workload,
                more,
                When::Always(stretch.state),
            )
            .value()
        });
        let value = value?;
        if let Some(next) = timeline.stretches.get(number + 1) {
            let pair = (stretch.state, next.state);
            let seconds = match under_way.get(&pair) {
                Some(seconds) => *seconds,
                None => {
                    let faults = [pair.0, pair.1];
                    let faults = faults.map(|one| state::on(&timeline.states[one], more));
                    let seconds = in_flight::lost(system, workload, faults)?;
                    *under_way.entry(pair).or_insert(seconds)
                }
            };
            // At most since the last change: who came before that may have met another fault.
            let seconds = SimDuration::from_secs_f64(seconds).0;
            let from = SimTime(stretch.to.0.saturating_sub(seconds)).max(stretch.from);
            let arrivals = stretch.to.since(from).as_secs_f64() * rate(load, from, stretch.to);
            lost += arrivals * value.ok;
        }
        let last = number + 1 == timeline.stretches.len();
        // Requests that come later than this still retry in the next stretch.
        let calm_until = if last || value.reach <= 0.0 {
            stretch.to
        } else {
            let reach = SimDuration::from_secs_f64(value.reach);
            SimTime(stretch.to.0.saturating_sub(reach.0)).max(stretch.from)
        };
        if calm_until > stretch.from {
            weigh(stretch.from, calm_until, value.ok);
        }
        let width = stretch.to.since(calm_until).0;
        for point in 0..each.min(width) {
            points += 1;
            if points > MOST_POINTS {
                return None;
            }
            let cut = |n: u64| {
                let offset = u128::from(width) * u128::from(n) / u128::from(each.min(width));
                SimTime(calm_until.0 + offset as u64)
            };
            let (from, to) = (cut(point), cut(point + 1));
            let middle = SimTime(from.0 + (to.0 - from.0) / 2);
            let when = When::From(middle);
            let value = Evaluation::new(system, timeline, workload, more, when).value()?;
            weigh(from, to, value.ok);
        }
    }
    (all > 0.0).then(|| (good - lost) / all)
}

/// The mean rate of a workload over a stretch, as a factor: users of a closed one are taken to ask at
/// an even pace.
fn rate(load: &Workload, from: SimTime, to: SimTime) -> f64 {
    match load {
        Workload::Open(open) => shape::mean(&open.shape, from, to),
        Workload::Closed(_) => 1.0,
    }
}
