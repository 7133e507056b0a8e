//! What disturbs a run: faults, and spikes in the shape of a workload; and when it is quiet.

use crate::faults::Effect;
use crate::observe::summary::FaultSummary;
use crate::plan::{Candidates, FaultPlan, Plan, WorkloadKind};
use crate::scenario::{Scenario, Shape};
use sim_core::{SimDuration, SimTime};

/// What came of a fault: when it was on, and how many requests, attempts or messages it touched.
pub type Came<'a> = (&'a [(SimTime, SimTime)], u64);

/// Something that disturbs the system for a while.
pub(super) struct Disturbance {
    pub summary: FaultSummary,
    /// From when to when, with the time that instances need to boot; those without an end reach to
    /// [`SimTime::MAX`].
    pub periods: Vec<(SimTime, SimTime)>,
    /// Those from before the measured time to the end: they belong to the system that is measured, and
    /// disturb nothing.
    pub background: Vec<(SimTime, SimTime)>,
    /// The places that it hits, in order.
    pub hits: Vec<usize>,
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
    came: &[Came<'_>],
    over: SimTime,
) -> Vec<Disturbance> {
    let faults = plan
        .faults
        .iter()
        .zip(came)
        .map(|(fault, (periods, touched))| {
            let summary = FaultSummary {
                name: fault.name.clone(),
                kind: fault.kind.clone(),
                target: fault.target_name.clone(),
                touched: *touched,
                ..FaultSummary::default()
            };
            let boot = match &fault.effect {
                Effect::Down { boot, .. } => *boot,
                _ => SimDuration::ZERO,
            };
            (summary, periods.to_vec(), boot, places(plan, fault))
        });
    let spikes = scenario
        .workloads
        .keys()
        .zip(&plan.workloads)
        .enumerate()
        .filter_map(|(number, (name, workload))| {
            let WorkloadKind::Open { shape, .. } = &workload.kind else {
                return None;
            };
            let spikes = shape.iter().filter_map(|shape| match shape {
                Shape::Spike(spike) => {
                    Some((SimTime(spike.at.0), SimTime(spike.at.0) + spike.lasts))
                }
                _ => None,
            });
            let spikes = united(spikes.collect());
            let summary = FaultSummary {
                name: format!("spike of {name}"),
                kind: "spike".into(),
                target: name.clone(),
                ..FaultSummary::default()
            };
            let hits = vec![plan.services.len() + number];
            (!spikes.is_empty()).then_some((summary, spikes, SimDuration::ZERO, hits))
        });
    faults
        .chain(spikes)
        .map(|(mut summary, mut periods, boot, hits)| {
            // A run that was stopped has not seen what was to come.
            let came = periods.iter().filter(|(start, _)| *start < over);
            let seconds = |time: SimTime| time.min(over).as_secs_f64();
            summary.periods = came
                .map(|(start, stop)| (start.as_secs_f64(), seconds(*stop)))
                .collect();
            for (_, stop) in &mut periods {
                *stop = SimTime(stop.0.saturating_add(boot.0));
            }
            let background = |(start, stop): &(SimTime, SimTime)| {
                *start <= plan.warmup && *stop >= plan.end && over >= plan.end
            };
            periods.retain(|period| period.0 < over);
            let (background, periods) = periods.into_iter().partition(background);
            Disturbance {
                summary,
                periods,
                background,
                hits,
            }
        })
        .collect()
}

/// The places at the instances or at the links that a fault hits.
fn places(plan: &Plan, fault: &FaultPlan) -> Vec<usize> {
    let mut places: Vec<usize> = match &fault.candidates {
        Candidates::Instances(instances) => instances
            .iter()
            .map(|instance| usize::from(plan.instances[*instance].place))
            .collect(),
        Candidates::Links(links) => links
            .iter()
            .flat_map(|link| [plan.links[*link].from.0, plan.links[*link].to.0])
            .map(usize::from)
            .collect(),
    };
    places.sort_unstable();
    places.dedup();
    places
}

/// Spikes of one load in the order in which they come: those that overlap are one higher one.
fn united(mut periods: Vec<(SimTime, SimTime)>) -> Vec<(SimTime, SimTime)> {
    periods.sort_unstable();
    periods.dedup_by(|next, last| {
        let overlaps = next.0 < last.1;
        if overlaps {
            last.1 = last.1.max(next.1);
        }
        overlaps
    });
    periods
}

/// The loads that grow and stay so: no disturbance that a system comes back from, but what came before is
/// what it was.
pub(super) fn growths(scenario: &Scenario, plan: &Plan, over: SimTime) -> Vec<Disturbance> {
    let loads = scenario.workloads.keys().zip(&plan.workloads).enumerate();
    let grown = loads.filter_map(|(number, (name, workload))| {
        let WorkloadKind::Open { shape, .. } = &workload.kind else {
            return None;
        };
        let begins = shape.iter().filter_map(|shape| match shape {
            Shape::Step(step) if step.factor > 1.0 => Some(SimTime(step.at.0)),
            Shape::Ramp(ramp) if ramp.factor > 1.0 => Some(SimTime(ramp.at.0)),
            _ => None,
        });
        let first = begins.filter(|at| *at > plan.warmup && *at < over).min()?;
        Some(Disturbance {
            summary: FaultSummary {
                name: format!("growth of {name}"),
                ..FaultSummary::default()
            },
            periods: vec![(first, SimTime::MAX)],
            background: Vec::new(),
            hits: vec![plan.services.len() + number],
        })
    });
    grown.collect()
}

/// When something disturbs the run, and when nothing does.
pub(super) struct Calendar {
    /// When disturbances begin, in order.
    starts: Vec<SimTime>,
    /// From when to when something is on all the time, in order, with the index of what goes last.
    busy: Vec<(SimTime, SimTime, usize)>,
    /// The names of the disturbances.
    names: Vec<String>,
}

impl Calendar {
    pub fn of<'d>(all: impl Iterator<Item = &'d Disturbance> + Clone) -> Self {
        let mut periods: Vec<(SimTime, SimTime, usize)> = all
            .clone()
            .enumerate()
            .flat_map(|(n, one)| one.periods.iter().map(move |(from, to)| (*from, *to, n)))
            .collect();
        periods.sort_unstable_by_key(|(start, stop, n)| (*start, *stop, *n));
        let mut busy: Vec<(SimTime, SimTime, usize)> = Vec::new();
        for (start, stop, n) in &periods {
            match busy.last_mut() {
                Some((_, end, last)) if start < end => {
                    if stop >= end {
                        (*end, *last) = (*stop, *n);
                    }
                }
                _ => busy.push((*start, *stop, *n)),
            }
        }
        Self {
            starts: periods.iter().map(|(start, ..)| *start).collect(),
            busy,
            names: all.map(|one| one.summary.name.clone()).collect(),
        }
    }

    /// When disturbances begin, in order.
    pub fn starts(&self) -> &[SimTime] {
        &self.starts
    }

    /// When all is quiet again after a disturbance that ends then: where another one is still on, what is
    /// seen is its work, so that one is waited for. With the name of the last one waited for.
    pub fn quiet_after(&self, stop: SimTime) -> (SimTime, Option<&str>) {
        let next = self.busy.partition_point(|(start, ..)| *start < stop);
        match next.checked_sub(1).map(|last| &self.busy[last]) {
            Some((_, end, last)) if *end > stop => (*end, Some(&self.names[*last])),
            _ => (stop, None),
        }
    }

    /// When all is quiet again after the disturbances that begin then, and the name of the last of them.
    pub fn quiet_after_those(&self, start: SimTime) -> (SimTime, Option<&str>) {
        let next = self.busy.partition_point(|(from, ..)| *from <= start);
        match next.checked_sub(1).map(|last| &self.busy[last]) {
            Some((_, end, last)) if *end >= start => (*end, Some(&self.names[*last])),
            _ => (start, None),
        }
    }

    /// When the next disturbance after then begins. One that begins and ends at that very instant is over: a
    /// repair that is drawn may take no time.
    pub fn next_after(&self, stop: SimTime) -> Option<SimTime> {
        let is_over = self.quiet_after_those(stop).0 <= stop;
        let before = |start: &SimTime| *start < stop || is_over && *start == stop;
        let next = self.starts.partition_point(before);
        self.starts.get(next).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disturbance(name: &str, periods: &[(u64, u64)]) -> Disturbance {
        Disturbance {
            summary: FaultSummary {
                name: name.into(),
                ..FaultSummary::default()
            },
            periods: periods
                .iter()
                .map(|(from, to)| (SimTime(*from), SimTime(*to)))
                .collect(),
            background: Vec::new(),
            hits: Vec::new(),
        }
    }

    #[test]
    fn what_overlaps_is_waited_for_and_what_follows_is_not() {
        let all = [
            disturbance("a", &[(10, 20), (40, 50)]),
            disturbance("b", &[(15, 30), (30, 35)]),
        ];
        let calendar = Calendar::of(all.iter());
        let quiet = |stop| calendar.quiet_after(SimTime(stop));
        assert_eq!(quiet(20), (SimTime(30), Some("b")));
        assert_eq!(quiet(30), (SimTime(30), None));
        assert_eq!(quiet(35), (SimTime(35), None));
        let those = |start| calendar.quiet_after_those(SimTime(start));
        assert_eq!(those(30), (SimTime(35), Some("b")));
        assert_eq!(those(10), (SimTime(30), Some("b")));
        assert_eq!(calendar.next_after(SimTime(20)), Some(SimTime(30)));
        assert_eq!(calendar.next_after(SimTime(41)), None);
    }

    #[test]
    fn what_takes_no_time_does_not_come_again() {
        let all = [
            disturbance("a", &[(10, 10), (20, 20), (30, 30)]),
            disturbance("b", &[(20, 25)]),
        ];
        let calendar = Calendar::of(all.iter());
        let next = |stop| calendar.next_after(SimTime(stop));
        assert_eq!(next(9), Some(SimTime(10)));
        assert_eq!(next(10), Some(SimTime(20)));
        assert_eq!(next(20), Some(SimTime(20)), "one that begins then is on");
        assert_eq!(next(25), Some(SimTime(30)));
        assert_eq!(next(30), None);
    }
}
