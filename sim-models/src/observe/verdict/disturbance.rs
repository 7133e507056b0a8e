//! What disturbs a run: faults, and spikes in the shape of a workload.

use crate::faults::Effect;
use crate::observe::summary::FaultSummary;
use crate::plan::{Plan, WorkloadKind};
use crate::scenario::{Scenario, Shape};
use crate::world::World;
use sim_core::{SimDuration, SimTime};

/// Something that disturbs the system for a while.
pub(super) struct Disturbance {
    pub summary: FaultSummary,
    /// From when to when, with the time that instances need to boot; those without an end reach to
    /// [`SimTime::MAX`].
    pub periods: Vec<(SimTime, SimTime)>,
    /// Those from before the measured time to the end: they belong to the system that is measured, and
    /// disturb nothing.
    pub background: Vec<(SimTime, SimTime)>,
}

impl Disturbance {
    /// Whether it is meant to stay: some period of it that came has no end.
    pub fn stays(&self) -> bool {
        self.periods.iter().any(|(_, stop)| *stop == SimTime::MAX)
    }
}

/// All disturbances, with the periods that came before the run was over.
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
                let boot = match &fault.effect {
                    Effect::Down { boot } => *boot,
                    _ => SimDuration::ZERO,
                };
                (summary, periods.to_vec(), boot)
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
            (!spikes.is_empty()).then_some((summary, spikes, SimDuration::ZERO))
        });
    faults
        .chain(spikes)
        .map(|(mut summary, mut periods, boot)| {
            let seconds = |time: SimTime| time.min(plan.end).as_secs_f64();
            summary.periods = periods
                .iter()
                .map(|(start, stop)| (start.as_secs_f64(), seconds(*stop)))
                .collect();
            for (_, stop) in &mut periods {
                *stop = SimTime(stop.0.saturating_add(boot.0));
            }
            let background = |(start, stop): &(SimTime, SimTime)| {
                *start <= plan.warmup && *stop >= plan.end && over >= plan.end
            };
            periods.retain(|period| period.0 < over);
            // Spikes come in the order in which they are written.
            periods.sort_unstable();
            let (background, periods) = periods.into_iter().partition(background);
            Disturbance {
                summary,
                periods,
                background,
            }
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

/// When all is quiet again after the disturbances that begin then, and the name of the last of them.
pub(super) fn quiet_after_those(start: SimTime, all: &[Disturbance]) -> (SimTime, Option<&str>) {
    let ends = all.iter().flat_map(|other| {
        let periods = other.periods.iter().filter(|(from, _)| *from == start);
        periods.map(|(_, stop)| (*stop, other.summary.name.as_str()))
    });
    let Some((stop, name)) = ends.max_by_key(|(stop, _)| *stop) else {
        return (start, None);
    };
    let (quiet, other) = quiet_after(stop, all);
    (quiet, other.or(Some(name)))
}

/// When the next disturbance after then begins.
pub(super) fn next_after(stop: SimTime, all: &[Disturbance]) -> Option<SimTime> {
    let periods = all.iter().flat_map(|other| &other.periods);
    periods
        .map(|(start, _)| *start)
        .filter(|start| *start >= stop)
        .min()
}
