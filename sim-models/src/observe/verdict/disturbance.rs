//! What disturbs a run: faults, and spikes in the shape of a workload.

use crate::observe::summary::FaultSummary;
use crate::plan::{Plan, WorkloadKind};
use crate::scenario::{Scenario, Shape};
use crate::world::World;
use sim_core::SimTime;

/// Something that disturbs the system for a while.
pub(super) struct Disturbance {
    pub summary: FaultSummary,
    /// From when to when; those without an end reach to [`SimTime::MAX`].
    pub periods: Vec<(SimTime, SimTime)>,
}

impl Disturbance {
    /// Whether it is meant to stay: some period of it that came has no end.
    pub fn stays(&self) -> bool {
        self.periods.iter().any(|(_, stop)| *stop == SimTime::MAX)
    }
}

/// All disturbances that came before the run was over. What is on from before the measured time to the
/// end belongs to the system that is measured, and disturbs nothing.
pub(super) fn disturbances(
    scenario: &Scenario,
    plan: &Plan,
    world: &World,
    over: SimTime,
) -> Vec<Disturbance> {
    let faults =
        plan.faults
            .iter()
            .zip(world.fault_history())
            .map(|(fault, (periods, touched))| {
                let summary = FaultSummary {
                    name: fault.name.clone(),
                    kind: fault.kind.clone(),
                    target: fault.target_name.clone(),
                    touched,
                    ..FaultSummary::default()
                };
                (summary, periods.to_vec())
            });
    let spikes = scenario
        .workloads
        .keys()
        .zip(&plan.workloads)
        .filter_map(|(name, workload)| {
            let WorkloadKind::Open { shape, .. } = &workload.kind else {
                return None;
            };
            let spikes = shape.iter().filter_map(|shape| match shape {
                Shape::Spike(spike) => {
                    Some((SimTime(spike.at.0), SimTime(spike.at.0) + spike.lasts))
                }
                _ => None,
            });
            let spikes: Vec<(SimTime, SimTime)> = spikes.collect();
            let summary = FaultSummary {
                name: format!("spike of {name}"),
                kind: "spike".into(),
                target: name.clone(),
                ..FaultSummary::default()
            };
            (!spikes.is_empty()).then_some((summary, spikes))
        });
    faults
        .chain(spikes)
        .map(|(mut summary, mut periods)| {
            let seconds = |time: SimTime| time.min(plan.end).as_secs_f64();
            summary.periods = periods
                .iter()
                .map(|(start, stop)| (start.as_secs_f64(), seconds(*stop)))
                .collect();
            let background = |(start, stop): &(SimTime, SimTime)| {
                *start <= plan.warmup && *stop >= plan.end && over >= plan.end
            };
            periods.retain(|period| period.0 < over && !background(period));
            Disturbance { summary, periods }
        })
        .collect()
}

/// When all is quiet again after a disturbance that ends then: where another one is still on, what is
/// seen is its work, so that one is waited for. With the name of the last one waited for.
pub(super) fn quiet_after(stop: SimTime, all: &[Disturbance]) -> (SimTime, Option<&str>) {
    let (mut stop, mut waited) = (stop, None);
    loop {
        let next = all.iter().flat_map(|other| {
            let periods = other.periods.iter();
            periods
                .filter(|(start, end)| *start < stop && *end > stop)
                .map(|(_, end)| (*end, other.summary.name.as_str()))
        });
        match next.max_by_key(|(end, _)| *end) {
            Some((end, name)) if stop < SimTime::MAX => (stop, waited) = (end, Some(name)),
            _ => return (stop, waited),
        }
    }
}

/// When the next disturbance after then begins.
pub(super) fn next_after(stop: SimTime, all: &[Disturbance]) -> Option<SimTime> {
    let periods = all.iter().flat_map(|other| &other.periods);
    periods
        .map(|(start, _)| *start)
        .filter(|start| *start >= stop)
        .min()
}
