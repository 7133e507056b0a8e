//! What every request needs, and when faults come.

use super::endpoints::Endpoints;
use crate::faults::Fault;
use crate::scenario::cron::Cron;
use crate::scenario::distribution::CountSpec;
use crate::scenario::{Need, Scenario, Step};
use sim_core::{SimDuration, SimTime};

/// A set of services, by their number in the scenario.
#[derive(Clone, Debug, PartialEq)]
struct Services(Vec<u64>);

impl Services {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn add(&mut self, service: usize) {
        self.0[service / 64] |= 1 << (service % 64);
    }

    fn has(&self, service: usize) -> bool {
        self.0[service / 64] >> (service % 64) & 1 == 1
    }

    fn unite(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }

    fn intersect(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= other;
        }
    }
}

/// For each workload the services on the path of every one of its requests, both in the order of the
/// scenario; calls that are optional do not count.
#[must_use]
pub fn inevitable(scenario: &Scenario) -> Vec<Vec<&str>> {
    let endpoints = Endpoints::new(scenario);
    let mut needs: Vec<Option<Services>> = vec![None; endpoints.all.len()];
    for at in &endpoints.order {
        let endpoint = &endpoints.all[*at];
        let mut own = Services::none(scenario.services.len());
        own.extend_by(endpoint.service, scenario);
        needs_of_steps(scenario, &endpoints, endpoint.steps, &needs, &mut own);
        needs[*at] = Some(own);
    }
    let workloads = scenario.workloads.values();
    workloads
        .map(|load| {
            let mut needed: Option<Services> = None;
            for target in load
                .targets()
                .iter()
                .filter_map(|(to, _)| endpoints.find(to))
            {
                let Some(own) = &needs[target] else { continue };
                match &mut needed {
                    Some(before) => before.intersect(own),
                    None => needed = Some(own.clone()),
                }
            }
            let names = scenario.services.keys().enumerate();
            names
                .filter(|(number, _)| needed.as_ref().is_some_and(|set| set.has(*number)))
                .map(|(_, name)| name.as_str())
                .collect()
        })
        .collect()
}

impl Services {
    fn extend_by(&mut self, service: &str, scenario: &Scenario) {
        if let Some(number) = scenario.services.get_index_of(service) {
            self.add(number);
        }
    }
}

fn needs_of_steps(
    scenario: &Scenario,
    endpoints: &Endpoints<'_>,
    steps: &[Step],
    known: &[Option<Services>],
    needs: &mut Services,
) {
    for step in steps {
        let (alternatives, all): (Vec<&[Step]>, bool) = match step {
            Step::Call(call) if !call.optional => {
                if let Some(callee) = endpoints.find(&call.to) {
                    needs.extend_by(endpoints.all[callee].service, scenario);
                    // In a circle the callee is not known yet; what it needs, it needs again.
                    if let Some(more) = &known[callee] {
                        needs.unite(more);
                    }
                }
                continue;
            }
            Step::Parallel(parallel) => {
                let every = match parallel.need {
                    Need::All => true,
                    Need::First(n) => n as usize >= parallel.branches.len(),
                };
                (parallel.branches.iter().map(Vec::as_slice).collect(), every)
            }
            Step::Choice(choice) => (
                choice.arms.iter().map(|arm| arm.steps.as_slice()).collect(),
                false,
            ),
            Step::Repeat(repeat) if at_least_once(&repeat.times) => {
                (vec![repeat.steps.as_slice()], true)
            }
            _ => continue,
        };
        let mut sets = alternatives.into_iter().map(|steps| {
            let mut set = Services::none(scenario.services.len());
            needs_of_steps(scenario, endpoints, steps, known, &mut set);
            set
        });
        let Some(mut common) = sets.next() else {
            continue;
        };
        for set in sets {
            if all {
                common.unite(&set);
            } else {
                common.intersect(&set);
            }
        }
        needs.unite(&common);
    }
}

fn at_least_once(times: &CountSpec) -> bool {
    match times {
        CountSpec::Constant(constant) => constant.value > 0,
        CountSpec::Uniform(uniform) => uniform.low > 0,
        CountSpec::Geometric(geometric) => geometric.min > 0,
        CountSpec::Zipf(_) => true,
        CountSpec::Poisson(_) => false,
        CountSpec::Choice(choice) => choice.weights.iter().all(|(_, count)| *count > 0),
    }
}

/// When a fault that does not come at random begins, before `end`; a million times at most.
pub(crate) fn starts(fault: &Fault, end: SimTime) -> Vec<SimTime> {
    let cron: Option<Cron> = fault.cron.as_ref().and_then(|cron| cron.parse().ok());
    let most = fault.times.unwrap_or(1_000_000).min(1_000_000) as usize;
    let mut starts = Vec::new();
    let mut next = match (&cron, fault.at) {
        (Some(cron), _) => cron.next(SimTime::ZERO, true),
        (None, at) => at.map(|at| SimTime::ZERO + at),
    };
    while let Some(start) = next.filter(|start| *start < end && starts.len() < most) {
        starts.push(start);
        next = match (&cron, fault.every) {
            (Some(cron), _) => cron.next(start, false),
            (None, Some(every)) if every > SimDuration::ZERO => Some(start + every),
            _ => None,
        };
    }
    starts
}
