//! What every request needs, and when faults come.

use super::endpoints::Endpoints;
use crate::faults::Fault;
use crate::outcome::Outcome;
use crate::quantity::cron::Cron;
use crate::quantity::distribution::CountSpec;
use crate::scenario::Scenario;
use crate::scenario::pattern::CallIndex;
use crate::scenario::steps::{Part, Step, parts};
use sim_core::{SimDuration, SimTime};

/// A set of services, by their number in the scenario: as bits, or one by one while they are few.
#[derive(Clone, Debug, PartialEq)]
enum Services {
    /// In order.
    Few(Vec<u32>),
    Many(Vec<u64>),
}

/// So many are kept one by one.
const FEW: usize = 16;

impl Services {
    fn none() -> Self {
        Self::Few(Vec::new())
    }

    /// As bits, of so many services.
    fn bits(&mut self, count: usize) -> &mut Vec<u64> {
        if let Self::Few(few) = self {
            let mut bits = vec![0; count.div_ceil(64)];
            for service in few.iter() {
                bits[*service as usize / 64] |= 1 << (service % 64);
            }
            *self = Self::Many(bits);
        }
        match self {
            Self::Many(bits) => bits,
            Self::Few(_) => unreachable!("they are many by now"),
        }
    }

    fn add(&mut self, service: u32, count: usize) {
        match self {
            Self::Few(few) if few.len() < FEW => {
                if let Err(at) = few.binary_search(&service) {
                    few.insert(at, service);
                }
            }
            _ => self.bits(count)[service as usize / 64] |= 1 << (service % 64),
        }
    }

    fn has(&self, service: u32) -> bool {
        match self {
            Self::Few(few) => few.binary_search(&service).is_ok(),
            Self::Many(bits) => bits[service as usize / 64] >> (service % 64) & 1 == 1,
        }
    }

    fn unite(&mut self, other: &Self, count: usize) {
        match other {
            Self::Few(few) => few.iter().for_each(|service| self.add(*service, count)),
            Self::Many(bits) => {
                for (own, other) in self.bits(count).iter_mut().zip(bits) {
                    *own |= other;
                }
            }
        }
    }

    fn intersect(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Few(few), _) => few.retain(|service| other.has(*service)),
            (Self::Many(_), Self::Few(few)) => {
                let both = few.iter().filter(|service| self.has(**service));
                *self = Self::Few(both.copied().collect());
            }
            (Self::Many(own), Self::Many(bits)) => {
                for (own, other) in own.iter_mut().zip(bits) {
                    *own &= other;
                }
            }
        }
    }

    /// Their numbers, in order.
    fn numbers(&self) -> Vec<usize> {
        match self {
            Self::Few(few) => few.iter().map(|service| *service as usize).collect(),
            Self::Many(bits) => {
                let mut numbers = Vec::new();
                for (word, bits) in bits.iter().enumerate() {
                    let mut rest = *bits;
                    while rest != 0 {
                        numbers.push(64 * word + rest.trailing_zeros() as usize);
                        rest &= rest - 1;
                    }
                }
                numbers
            }
        }
    }
}

/// For each workload the numbers of the services on the path of every one of its requests, both in the
/// order of the scenario; calls that are optional do not count.
#[must_use]
pub fn inevitable(scenario: &Scenario, endpoints: &Endpoints<'_>) -> Vec<Vec<usize>> {
    let system = System {
        scenario,
        endpoints,
        calls: CallIndex::new(scenario),
    };
    let needs = needs_of_endpoints(&system);
    let workloads = scenario.workloads.iter();
    workloads
        .map(|(name, load)| {
            let mut needed: Option<Services> = None;
            let targets = load.targets().iter();
            for target in targets.filter_map(|(to, _)| endpoints.find(to)) {
                let own = system.needs_of_call(name, target, &needs);
                match &mut needed {
                    Some(before) => before.intersect(&own),
                    None => needed = Some(own),
                }
            }
            needed.map_or_else(Vec::new, |needed| needed.numbers())
        })
        .collect()
}

/// What every request needs at each endpoint that a workload asks for; of the others it is forgotten as soon
/// as those who call them are known, so that sets of services by service are never kept all together.
fn needs_of_endpoints(system: &System<'_>) -> Vec<Option<Services>> {
    let (scenario, endpoints) = (system.scenario, system.endpoints);
    let mut needs: Vec<Option<Services>> = vec![None; endpoints.all.len()];
    // How many of their callers are not known yet; a workload is one for good.
    let mut open = vec![0_usize; endpoints.all.len()];
    for endpoint in &endpoints.all {
        endpoint
            .callees
            .iter()
            .for_each(|callee| open[*callee] += 1);
    }
    for workload in 0..scenario.workloads.len() {
        let asked = endpoints.asked_by(workload).iter();
        asked.for_each(|endpoint| open[*endpoint] += 1);
    }
    for at in &endpoints.order {
        let endpoint = &endpoints.all[*at];
        let mut own = Services::none();
        own.add_named(endpoint.service, scenario);
        system.needs_of_steps(endpoint.service, endpoint.steps, &needs, &mut own);
        needs[*at] = Some(own);
        for callee in &endpoint.callees {
            open[*callee] -= 1;
            if open[*callee] == 0 {
                needs[*callee] = None;
            }
        }
    }
    needs
}

impl Services {
    fn add_named(&mut self, service: &str, scenario: &Scenario) {
        if let Some(number) = scenario.services.get_index_of(service) {
            self.add(number as u32, scenario.services.len());
        }
    }
}

/// A scenario, and how its endpoints call each other.
struct System<'a> {
    scenario: &'a Scenario,
    endpoints: &'a Endpoints<'a>,
    calls: CallIndex<'a>,
}

impl System<'_> {
    /// What a call from a place needs: the callee and what that needs, unless something else answers for one that
    /// is down; then what both of them need.
    fn needs_of_call(&self, from: &str, to: usize, known: &[Option<Services>]) -> Services {
        let count = self.scenario.services.len();
        let callee = &self.endpoints.all[to];
        let mut needs = Services::none();
        needs.add_named(callee.service, self.scenario);
        // In a circle the callee is not known yet; what it needs, it needs again.
        if let Some(more) = &known[to] {
            needs.unite(more, count);
        }
        for policy in self.calls.policies(from, &callee.target) {
            if !policy.replaces(Outcome::Refused) {
                continue;
            }
            let targets = policy.targets();
            let mut others = targets.iter().filter_map(|to| self.endpoints.find(to));
            match others.next().filter(|other| *other != to) {
                Some(other) => needs.intersect(&self.needs_of_call(from, other, known)),
                None => return Services::none(),
            }
        }
        needs
    }

    fn needs_of_steps(
        &self,
        from: &str,
        steps: &[Step],
        known: &[Option<Services>],
        needs: &mut Services,
    ) {
        let count = self.scenario.services.len();
        for part in parts(steps) {
            let (alternatives, all): (Vec<&[Step]>, bool) = match part {
                Part::Calls {
                    to,
                    optional: false,
                } => {
                    if let Some(callee) = self.endpoints.find(to) {
                        needs.unite(&self.needs_of_call(from, callee, known), count);
                    }
                    continue;
                }
                Part::Together { branches, need } => {
                    let every = need >= branches.len();
                    (branches, every)
                }
                Part::OneOf(arms) => (arms.into_iter().map(|(_, arm)| arm).collect(), false),
                Part::Repeats { times, steps } if at_least_once(times) => (vec![steps], true),
                _ => continue,
            };
            let mut sets = alternatives.into_iter().map(|steps| {
                let mut set = Services::none();
                self.needs_of_steps(from, steps, known, &mut set);
                set
            });
            let Some(mut common) = sets.next() else {
                continue;
            };
            for set in sets {
                if all {
                    common.unite(&set, count);
                } else {
                    common.intersect(&set);
                }
            }
            needs.unite(&common, count);
        }
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

/// When a fault that does not come at random begins for the first and for the last time before `end`; of its
/// times a million at most are looked at.
pub(crate) fn first_and_last_start(fault: &Fault, end: SimTime) -> Option<(SimTime, SimTime)> {
    const MOST: u64 = 1_000_000;
    let most = fault.times.map_or(MOST, u64::from).min(MOST);
    if most == 0 {
        return None;
    }
    let cron: Option<Cron> = fault.cron.as_ref().and_then(|cron| cron.parse().ok());
    let Some(cron) = cron else {
        let first = SimTime::ZERO + fault.at?;
        let again = match fault.every {
            Some(every) if every > SimDuration::ZERO => {
                (end.0.saturating_sub(first.0).saturating_sub(1) / every.0).min(most - 1) * every.0
            }
            _ => 0,
        };
        return (first < end).then_some((first, SimTime(first.0 + again)));
    };
    let first = cron
        .next(SimTime::ZERO, true)
        .filter(|start| *start < end)?;
    let mut last = first;
    for _ in 1..most {
        match cron.next(last, false).filter(|start| *start < end) {
            Some(next) => last = next,
            None => break,
        }
    }
    Some((first, last))
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
