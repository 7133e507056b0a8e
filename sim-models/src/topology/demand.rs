//! The load that services get, against what they can carry: all the time, and at the peaks of shapes.
//! Units: seconds, per second.

use super::capacity::Capacity;
use super::endpoints::Endpoints;
use super::flow::Shared;
use super::graph::Topology;
use crate::resilience::PolicySpec;
use crate::scenario::pattern::CallIndex;
use crate::scenario::{Bound, Scenario, Shape, Workload, shape};
use sim_core::{SimDuration, SimTime};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Stretches that a run is cut into to look for peaks.
const GRID: u64 = 2_000;
/// A wait in front of a service that nobody's limit bounds is worth a word from so many seconds on.
pub(crate) const LONG_WAIT: f64 = 1.0;

/// What is known of the load of a scenario that has no mistakes.
pub(crate) struct Demand<'a> {
    pub scenario: &'a Scenario,
    pub topology: Topology,
    pub endpoints: Endpoints<'a>,
    /// For each endpoint where it stands in the order of all, callees first.
    pub place: Vec<usize>,
    /// For each service, by its number, the shortest limit on one attempt of a call to it.
    pub limits: Vec<Option<SimDuration>>,
}

impl<'a> Demand<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        let endpoints = Endpoints::new(scenario);
        let mut place = vec![0; endpoints.all.len()];
        for (number, at) in endpoints.order.iter().enumerate() {
            place[*at] = number;
        }
        Self {
            scenario,
            topology: Topology::new(scenario),
            limits: limits(scenario, &endpoints),
            endpoints,
            place,
        }
    }
}

/// See [`Demand::limits`].
fn limits(scenario: &Scenario, endpoints: &Endpoints<'_>) -> Vec<Option<SimDuration>> {
    let index = CallIndex::new(scenario);
    let mut limits: Vec<Option<SimDuration>> = vec![None; scenario.services.len()];
    let mut call = |from: &str, to: usize| {
        let callee = &endpoints.all[to];
        let policies = index.policies(from, &callee.target).iter();
        let service = scenario.services.get_index_of(callee.service);
        let limit = policies.filter_map(PolicySpec::time_limit).min();
        if let (Some(service), Some(limit)) = (service, limit) {
            let shortest = limits[service].get_or_insert(limit);
            *shortest = limit.min(*shortest);
        }
    };
    for (number, name) in scenario.workloads.keys().enumerate() {
        for to in endpoints.asked_by(number) {
            call(name, *to);
        }
    }
    for endpoint in &endpoints.all {
        for to in &endpoint.callees {
            call(endpoint.service, *to);
        }
    }
    limits
}

/// How far shapes take a service above what it can carry.
pub(crate) struct Peak {
    /// The most requests per second.
    pub rate: f64,
    /// From when it gets too many.
    pub first: SimTime,
    /// Until when.
    pub last: SimTime,
    /// The most that pile up.
    pub excess: f64,
}

/// The services that shapes take above what they can carry for longer than their queues can bear.
pub(crate) fn peaks<'v>(demand: &'v Demand<'_>) -> Vec<(&'v str, Peak)> {
    let mut found = Vec::new();
    let shaped = demand
        .scenario
        .workloads
        .iter()
        .filter_map(|(name, load)| match load {
            Workload::Open(open) if !open.shape.is_empty() => Some((name.as_str(), open)),
            _ => None,
        });
    let shaped: Vec<_> = shaped.collect();
    if shaped.is_empty() {
        return Vec::new();
    }
    // For each service the loads that reach it, with their visits per second.
    let mut reach: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
    for (number, (name, _)) in shaped.iter().enumerate() {
        for (service, rate) in arrivals_of(demand, name) {
            if rate > 0.0 {
                reach.entry(service).or_default().push((number, rate));
            }
        }
    }
    let cuts = cuts(demand, shaped.iter().map(|(_, open)| open.shape.as_slice()));
    let mut factors: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (number, own) in reach {
        let Some((name, capacity)) = demand.topology.capacity.get_index(number) else {
            continue;
        };
        let (most, _) = most_of(capacity);
        if capacity.open_utilization > 1.0 || !most.is_finite() {
            continue;
        }
        let base = capacity.open_utilization * most;
        let (mut peak, mut first, mut last, mut excess, mut worst) =
            (0.0_f64, None, SimTime::ZERO, 0.0, 0.0_f64);
        let highest = own.iter().map(|(load, rate)| {
            let peaks = shaped[*load].1.shape.iter().map(Shape::peak);
            rate * (peaks.product::<f64>() - 1.0)
        });
        if base + highest.sum::<f64>() <= most {
            continue;
        }
        for (load, _) in &own {
            factors.entry(*load).or_insert_with(|| {
                let middle = |ends: &[SimTime]| SimTime(ends[0].0 + (ends[1].0 - ends[0].0) / 2);
                let shape = &shaped[*load].1.shape;
                let cuts = cuts.windows(2);
                cuts.map(|ends| shape::factor(shape, middle(ends)))
                    .collect()
            });
        }
        for (at, ends) in cuts.windows(2).enumerate() {
            let more = own
                .iter()
                .map(|(load, rate)| rate * (factors[load][at] - 1.0));
            let rate = base + more.sum::<f64>();
            peak = peak.max(rate);
            if rate > most {
                first.get_or_insert(ends[0]);
                last = ends[1];
            }
            // What is there beyond capacity piles up, and goes when there is room again.
            excess = f64::max(
                0.0,
                excess + (rate - most) * ends[1].since(ends[0]).as_secs_f64(),
            );
            worst = worst.max(excess);
        }
        let patience = demand.limits[number].map_or(LONG_WAIT, |limit| limit.as_secs_f64());
        let Some(first) = first.filter(|_| worst > room(demand, name) || worst / most > patience)
        else {
            continue;
        };
        let peak = Peak {
            rate: peak,
            first,
            last,
            excess: worst,
        };
        found.push((name.as_str(), peak));
    }
    found
}

/// The services, by number, that get more than they can carry: all the time, or at a peak that their
/// queues cannot bear.
pub(crate) fn overloaded(scenario: &Scenario) -> Vec<usize> {
    let demand = Demand::new(scenario);
    let peaks = peaks(&demand);
    let services = demand.topology.capacity.iter().enumerate();
    let over = services.filter(|(_, (name, capacity))| {
        capacity.open_utilization > 1.0 || peaks.iter().any(|(peak, _)| peak == name)
    });
    over.map(|(number, _)| number).collect()
}

/// Requests per second that a service can carry, and what bounds them.
pub(crate) fn most_of(capacity: &Capacity) -> (f64, &'static str) {
    if capacity.by_threads < capacity.by_cores {
        (capacity.by_threads, "threads")
    } else {
        (capacity.by_cores, "cores")
    }
}

/// How many requests may wait in front of all instances of a service; those that share cores count as
/// waiting.
pub(crate) fn room(demand: &Demand<'_>, service: &str) -> f64 {
    let Some(of) = demand.scenario.services.get(service) else {
        return 0.0;
    };
    let places = |bound: Bound| match bound {
        Bound::Limit(limit) => f64::from(limit),
        Bound::Unbounded => f64::INFINITY,
    };
    let mut each = places(of.queue.limit) + places(of.backlog);
    if of.cores.is_some() {
        each += places(of.threads);
    }
    if of.threads == Bound::Unbounded {
        each = f64::INFINITY;
    }
    f64::from(of.replicas) * each
}

/// Requests of a workload that reach each service, per request, by the number of the service; those that
/// none reaches are left out.
pub(crate) fn visits_of(demand: &Demand<'_>, workload: &str) -> BTreeMap<usize, f64> {
    spread(demand, workload, |_, _| 1.0)
}

/// The same where of the calls from a place to an endpoint a share is left.
fn spread(
    demand: &Demand<'_>,
    workload: &str,
    left: impl Fn(&str, &str) -> f64,
) -> BTreeMap<usize, f64> {
    let scenario = demand.scenario;
    let mut services = BTreeMap::new();
    let Some(load) = scenario.workloads.get(workload) else {
        return services;
    };
    let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
    // Callers first, by their places in the order of all endpoints: only what the workload reaches is looked
    // at.
    let mut open: BTreeMap<Reverse<usize>, f64> = BTreeMap::new();
    for (target, weight) in load.targets().iter() {
        if let Some(endpoint) = demand.endpoints.find(target) {
            let visits = weight / total * left(workload, target);
            *open.entry(Reverse(demand.place[endpoint])).or_default() += visits;
        }
    }
    // Calls within a circle are left out: their sum is not found in one pass.
    while let Some((Reverse(place), visits)) = open.pop_first() {
        let at = &demand.endpoints.order[place];
        let endpoint = &demand.endpoints.all[*at];
        if let Some(service) = scenario.services.get_index_of(endpoint.service) {
            *services.entry(service).or_insert(0.0) += visits;
        }
        let Some(flow) = demand.topology.endpoints.get(&endpoint.target) else {
            continue;
        };
        for callee in endpoint.callees.iter().filter(|callee| *callee != at) {
            let target = &demand.endpoints.all[*callee].target;
            let calls = flow.calls.get(target);
            if let Some((calls, _)) = calls.filter(|_| demand.place[*callee] < place) {
                let visits = visits * calls * left(endpoint.service, target);
                *open.entry(Reverse(demand.place[*callee])).or_default() += visits;
            }
        }
    }
    services
}

/// Requests per second of an open workload that reach each service no matter what, before its shape.
fn arrivals_of(demand: &Demand<'_>, workload: &str) -> BTreeMap<usize, f64> {
    let rate = match demand.scenario.workloads.get(workload) {
        Some(Workload::Open(open)) => open.rate.0 * f64::from(open.batch),
        _ => 0.0,
    };
    let shared = Shared::new(demand.scenario);
    spread(demand, workload, |from, target| shared.left(from, target))
        .into_iter()
        .map(|(service, visits)| (service, visits * rate))
        .collect()
}

/// The run, cut into a grid and wherever a shape jumps.
fn cuts<'s>(demand: &Demand<'_>, shapes: impl Iterator<Item = &'s [Shape]>) -> Vec<SimTime> {
    let end = demand.scenario.duration.0;
    let grid =
        (0..=GRID).map(|n| SimTime((u128::from(end) * u128::from(n) / u128::from(GRID)) as u64));
    let mut cuts: Vec<SimTime> = grid.collect();
    cuts.extend(shapes.flat_map(shape::jumps).filter(|at| at.0 < end));
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}
