//! What every request needs, and how available that is.

use crate::faults::{Effect, Fault, Instances, Target};
use crate::scenario::cron::Cron;
use crate::scenario::distribution::CountSpec;
use crate::scenario::{Need, Scenario, Step};
use indexmap::IndexSet;
use sim_core::{SimDuration, SimTime};

use super::flow::{count, seconds};

/// The services on the path of every request of a workload, in the order of the scenario.
pub(super) fn inevitable(scenario: &Scenario, workload: &str) -> Vec<String> {
    let Some(load) = scenario.workloads.get(workload) else {
        return Vec::new();
    };
    let mut needed: Option<IndexSet<&str>> = None;
    for (target, _) in load.targets().iter() {
        let needs = needs_of(scenario, target, &mut Vec::new());
        needed = Some(match needed {
            Some(before) => before.intersection(&needs).copied().collect(),
            None => needs,
        });
    }
    let needed = needed.unwrap_or_default();
    let names = scenario.services.keys();
    names
        .filter(|name| needed.contains(name.as_str()))
        .cloned()
        .collect()
}

fn needs_of<'a>(scenario: &'a Scenario, target: &str, path: &mut Vec<String>) -> IndexSet<&'a str> {
    let mut needs = IndexSet::new();
    let Some((name, endpoint)) = target.split_once('/') else {
        return needs;
    };
    let Some((name, service)) = scenario.services.get_key_value(name) else {
        return needs;
    };
    needs.insert(name.as_str());
    if path.iter().any(|open| open == target) {
        return needs;
    }
    path.push(target.into());
    if let Some(steps) = service.endpoints.get(endpoint) {
        needs.extend(needs_of_steps(scenario, steps, path));
    }
    path.pop();
    needs
}

fn needs_of_steps<'a>(
    scenario: &'a Scenario,
    steps: &'a [Step],
    path: &mut Vec<String>,
) -> IndexSet<&'a str> {
    let mut needs = IndexSet::new();
    for step in steps {
        let (alternatives, all): (Vec<&[Step]>, bool) = match step {
            Step::Call(call) if !call.optional => {
                needs.extend(needs_of(scenario, &call.to, path));
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
        let mut sets = alternatives
            .into_iter()
            .map(|steps| needs_of_steps(scenario, steps, path));
        let Some(first) = sets.next() else { continue };
        needs.extend(sets.fold(first, |so_far, set| {
            if all {
                so_far.union(&set).copied().collect()
            } else {
                so_far.intersection(&set).copied().collect()
            }
        }));
    }
    needs
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

/// The share of the requests of a workload that is answered.
pub(super) fn predicted(scenario: &Scenario, workload: &str) -> f64 {
    let Some(load) = scenario.workloads.get(workload) else {
        return 0.0;
    };
    let reader = Reader { scenario, workload };
    let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
    load.targets()
        .iter()
        .map(|(target, weight)| weight / total * reader.endpoint(target, &mut Vec::new()))
        .sum()
}

struct Reader<'a> {
    scenario: &'a Scenario,
    workload: &'a str,
}

impl Reader<'_> {
    fn endpoint(&self, target: &str, path: &mut Vec<String>) -> f64 {
        let Some((name, endpoint)) = target.split_once('/') else {
            return 0.0;
        };
        let Some(service) = self.scenario.services.get(name) else {
            return 0.0;
        };
        if path.iter().any(|open| open == target) {
            return 1.0;
        }
        path.push(target.into());
        let steps = service.endpoints.get(endpoint);
        let availability = steps.map_or(0.0, |steps| self.steps(steps, path));
        path.pop();
        let faults = self.scenario.faults.iter();
        faults.fold(availability, |availability, fault| {
            availability * (1.0 - self.lost_to(fault, (name, endpoint), service.replicas))
        })
    }

    fn steps(&self, steps: &[Step], path: &mut Vec<String>) -> f64 {
        let mut availability = 1.0;
        for step in steps {
            availability *= match step {
                Step::Fail(fail) => 1.0 - fail.share,
                Step::Call(call) if !call.optional => self.endpoint(&call.to, path),
                Step::Work(_) | Step::Wait(_) | Step::Call(_) => 1.0,
                Step::Parallel(parallel) => {
                    let branches = parallel.branches.iter();
                    let each: Vec<f64> = branches.map(|branch| self.steps(branch, path)).collect();
                    match parallel.need {
                        Need::All => each.iter().product(),
                        Need::First(n) => at_least(n as usize, &each),
                    }
                }
                Step::Choice(choice) => {
                    let total: f64 = choice.arms.iter().map(|arm| arm.weight).sum();
                    let arms = choice.arms.iter();
                    arms.map(|arm| arm.weight / total * self.steps(&arm.steps, path))
                        .sum()
                }
                Step::Repeat(repeat) => {
                    libm::pow(self.steps(&repeat.steps, path), count(&repeat.times))
                }
            };
        }
        availability
    }

    /// The share of the requests to an endpoint that a fault makes fail, over the run after warm-up.
    fn lost_to(&self, fault: &Fault, (name, endpoint): (&str, &str), replicas: u32) -> f64 {
        let Target::Instances {
            service,
            instances,
            endpoint: only,
            workload,
            zone: None,
            region: None,
            host: None,
        } = fault.inject.target()
        else {
            return 0.0;
        };
        let matches = service.is_none_or(|service| service == name)
            && only.is_none_or(|only| only == endpoint)
            && workload.is_none_or(|workload| workload == self.workload);
        let hit = share_of(&instances, replicas);
        let share = match fault.inject.effect() {
            Effect::Fail { .. } => hit * fault.share,
            // The others take over unless all are gone.
            Effect::Down { .. } if hit >= 1.0 => 1.0,
            _ => 0.0,
        };
        if matches {
            share * time_share(self.scenario, fault)
        } else {
            0.0
        }
    }
}

/// The chance that at least `n` succeed of those with these chances.
fn at_least(n: usize, chances: &[f64]) -> f64 {
    let mut exactly = vec![1.0];
    for chance in chances {
        let mut next = vec![0.0; exactly.len() + 1];
        for (successes, p) in exactly.iter().enumerate() {
            next[successes] += p * (1.0 - chance);
            next[successes + 1] += p * chance;
        }
        exactly = next;
    }
    exactly.iter().skip(n).sum()
}

/// The share of the instances that are chosen.
fn share_of(instances: &Instances, replicas: u32) -> f64 {
    let replicas = f64::from(replicas.max(1));
    let count = match instances {
        Instances::All => replicas,
        Instances::One => 1.0,
        Instances::Count(count) => f64::from(*count),
        Instances::Percent(percent) => libm::ceil(percent / 100.0 * replicas),
        Instances::Only(these) => these.len() as f64,
    };
    (count / replicas).min(1.0)
}

/// The share of the time after the warm-up in which a fault is on.
fn time_share(scenario: &Scenario, fault: &Fault) -> f64 {
    let (from, to) = (
        SimTime::ZERO + scenario.warmup,
        SimTime::ZERO + scenario.duration,
    );
    let span = to.since(from).as_secs_f64();
    if span <= 0.0 {
        return 0.0;
    }
    if let Some(random) = &fault.random {
        let repair = seconds(&random.mttr);
        return repair / (repair + random.mtbf.as_secs_f64());
    }
    let mut on = 0.0;
    for start in starts(fault, to) {
        let end = fault.lasts.map_or(to, |lasts| start + lasts).min(to);
        on += end.since(start.max(from)).as_secs_f64();
    }
    (on / span).min(1.0)
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
