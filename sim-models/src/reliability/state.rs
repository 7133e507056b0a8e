//! What the faults that are on do to an attempt at an instance, and to messages between two.

use super::late::wait;
use super::system::System;
use super::timeline::State;
use crate::balancers::Spread;
use crate::faults::{Effect, Instances, Target};
use crate::ids::{FaultId, InstanceId, LinkId, PlaceId, ServiceId};
use crate::plan::FaultPlan;
use crate::scenario::Workload;
use crate::topology::overloaded;

/// What becomes of an attempt that reaches an instance, before its program runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reception {
    /// The chance that nobody is there.
    pub down: f64,
    /// The chance of an error, given that somebody is.
    pub error: f64,
}

/// The faults that are on, each with its strength.
pub(super) fn on(state: &State, more: &[FaultId]) -> Vec<(FaultId, f64)> {
    let strengths = state
        .iter()
        .map(|(fault, bits)| (*fault, f64::from_bits(*bits)));
    strengths
        .chain(more.iter().map(|fault| (*fault, 1.0)))
        .collect()
}

/// For each instance of a service, what an attempt at an endpoint of it finds; one entry where all are
/// alike, none where it cannot be said.
pub(super) fn reception(
    system: &System<'_>,
    faults: &[(FaultId, f64)],
    endpoint: usize,
    workload: usize,
) -> Option<Vec<Reception>> {
    let of = &system.endpoints.all[endpoint];
    let number = system.scenario.services.get_index_of(of.service)?;
    let place = &system.plan.places[PlaceId::from(number)];
    let instances = place.instances();
    let unhurt = Reception {
        down: 0.0,
        error: 0.0,
    };
    let mut all = vec![unhurt];
    // What a second choice of instances has in common with the first is left to chance.
    let mut unnamed = true;
    let alike = !system.by_instance;
    for (number_of_fault, strength) in faults {
        // Late, and not lost: unless somebody does not wait, or has no room to.
        if system.delayed[*number_of_fault].get(number) == Some(&true)
            && !(ends(&system.plan.faults[*number_of_fault]) && is_patient(system, workload))
        {
            return None;
        }
        let fault = &system.plan.faults[*number_of_fault];
        if !concerns(fault, &of.target, workload) {
            continue;
        }
        system.look(place.instance_count as usize)?;
        let hit = instances.clone().map(|instance| {
            fault
                .candidates
                .instances()
                .binary_search(&instance)
                .is_ok()
        });
        let hit: Vec<bool> = hit.collect();
        if !hit.contains(&true) {
            continue;
        }
        let chosen = chosen(system, fault)?;
        let worse = match &fault.effect {
            Effect::Down { .. } => |own: &mut Reception, chance: f64, _: f64| {
                own.down = 1.0 - (1.0 - own.down) * (1.0 - chance);
            },
            Effect::Fail { .. } => |own: &mut Reception, chance: f64, share: f64| {
                own.error = 1.0 - (1.0 - own.error) * (1.0 - chance * share);
            },
            // How many it hits is not known before.
            Effect::Unforeseen => return None,
            _ => continue,
        };
        let share = fault.spec.share * strength;
        if fault.spec.correlation > 0.0
            && share < 1.0
            && matches!(fault.effect, Effect::Fail { .. })
        {
            return None;
        }
        let part = chosen < 1.0 || hit.contains(&false);
        let balance = &of.of.balance;
        let unequal = balance.spread() != Spread::Even;
        // Who fails fast has the fewest requests outstanding, and attracts more; and where instances have shares of
        // their own it matters which are chosen.
        let unknown = balance.shares(of.of.replicas).is_none() || (unequal && chosen < 1.0);
        if part && unknown && of.of.replicas > 1 {
            return None;
        }
        if part && all.len() == 1 {
            all = vec![all[0]; hit.len()];
        }
        // Instances that are alike may be numbered as one likes: those that are chosen come first.
        let named = alike && chosen < 1.0 && std::mem::replace(&mut unnamed, false);
        let some = (chosen * fault.candidates.len() as f64).round() as usize;
        let those = all.iter_mut().zip(&hit).filter(|(_, hit)| **hit);
        for (number, (own, _)) in those.enumerate() {
            match named {
                true if number < some => worse(own, 1.0, share),
                true => {}
                false => worse(own, chosen, share),
            }
        }
    }
    Some(all)
}

/// Whether what a fault makes late comes in the end.
fn ends(fault: &FaultPlan) -> bool {
    match fault.effect {
        Effect::Frozen | Effect::Hang => fault.spec.lasts.is_some() || fault.spec.random.is_some(),
        _ => true,
    }
}

/// Which services are late since they, or those they wait for, get more than they can carry.
pub(super) fn crowded(system: &System<'_>) -> Vec<bool> {
    let mut late = vec![false; system.plan.services.len()];
    for service in overloaded(system.scenario) {
        late[service] = true;
    }
    wait(system.scenario, &system.endpoints, &mut late);
    late
}

/// Whether requests of a workload reach services that are late, and one of those whom they meet does not
/// wait, or has no room to.
pub(super) fn meets(system: &System<'_>, workload: usize, late: &[bool]) -> bool {
    let reached = system.endpoints.reached([workload]);
    let reached = system.endpoints.all.iter().zip(reached);
    let mut reached = reached.filter(|(_, reached)| *reached);
    let number = |service: &str| system.scenario.services.get_index_of(service);
    reached.any(|(endpoint, _)| number(endpoint.service).is_some_and(|at| late[at]))
        && !is_patient(system, workload)
}

/// The chance of each candidate of a fault to be chosen; none where those of several services are
/// chosen from together, so that one is spared because another is hit.
fn chosen(system: &System<'_>, fault: &FaultPlan) -> Option<f64> {
    let count = fault.candidates.len() as f64;
    let Target::Instances { instances, .. } = &fault.target else {
        return Some(1.0);
    };
    let chosen = match instances {
        Instances::All | Instances::Only(_) => return Some(1.0),
        Instances::One => 1.0,
        Instances::Count(count) => f64::from(*count),
        Instances::Percent(percent) => libm::ceil(percent / 100.0 * count),
    };
    if chosen >= count {
        return Some(1.0);
    }
    let place = |instance: InstanceId| system.plan.instances[instance].place;
    let all = fault.candidates.instances();
    let first = place(all[0]);
    let alone = all.iter().all(|instance| place(*instance) == first);
    alone.then(|| chosen / count)
}

fn concerns(fault: &FaultPlan, target: &str, workload: usize) -> bool {
    let endpoint = target.split_once('/').map_or("", |(_, endpoint)| endpoint);
    matches!(fault.target, Target::Instances { .. })
        && fault
            .endpoint
            .as_deref()
            .is_none_or(|only| only == endpoint)
        && fault
            .workload
            .is_none_or(|only| usize::from(only) == workload)
}

/// Whether nobody whom the requests of a workload meet gives up or turns away.
fn is_patient(system: &System<'_>, workload: usize) -> bool {
    let known = system.patient.get(workload);
    known.is_some_and(|known| *known.get_or_init(|| looks_patient(system, workload)))
}

fn looks_patient(system: &System<'_>, workload: usize) -> bool {
    let Some((name, load)) = system.scenario.workloads.get_index(workload) else {
        return false;
    };
    let bounded = |from: &str, to: &str| {
        let policies = system.calls.policies(from, to);
        policies.iter().any(|policy| policy.time_limit().is_some())
    };
    if matches!(load, Workload::Closed(closed) if closed.patience.is_some())
        || load.targets().iter().any(|(to, _)| bounded(name, to))
    {
        return false;
    }
    let reached = system.endpoints.reached([workload]);
    let all = system
        .endpoints
        .all
        .iter()
        .zip(reached)
        .filter(|(_, reached)| *reached);
    let unbounded = crate::scenario::Bound::Unbounded;
    let mut all = all.map(|(endpoint, _)| endpoint);
    all.all(|endpoint| {
        let of = endpoint.of;
        let room = [of.threads, of.queue.limit, of.backlog].contains(&unbounded);
        let mut callees = endpoint.callees.iter();
        room && !callees.any(|to| bounded(endpoint.service, &system.endpoints.all[*to].target))
    })
}

/// What becomes of the two messages of an attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Passage {
    /// The chance that both get through.
    pub through: f64,
    /// The chance that one of them vanishes, of which nobody is told.
    pub vanished: f64,
}

/// What becomes of the messages of a call between two places, for each pair of instances (caller by
/// caller); one entry where all are alike, none where it cannot be said. What neither gets through nor
/// vanishes is given up by its sender.
pub(super) fn passage(
    system: &System<'_>,
    faults: &[(FaultId, f64)],
    (caller, callee): (PlaceId, ServiceId),
    workload: usize,
) -> Option<Vec<Passage>> {
    let unhurt = Passage {
        through: 1.0,
        vanished: 0.0,
    };
    let Some(edge) = system
        .edges
        .get(&(caller, callee))
        .filter(|_| !faults.is_empty())
    else {
        return Some(vec![unhurt]);
    };
    let edge = &system.plan.edges[*edge];
    let pairs = if edge.routes.by_instance {
        let count = |place: PlaceId| system.plan.places[place].instance_count as usize;
        count(caller) * count(callee.into())
    } else {
        1
    };
    let first = edge.routes.first;
    system.look(pairs)?;
    let mut all = vec![unhurt; pairs];
    for (fault, strength) in faults {
        let fault = &system.plan.faults[*fault];
        system.look(1)?;
        let (rate, resent) = match &fault.effect {
            Effect::Lose {
                rate, retransmit, ..
            } => (rate * strength * fault.spec.share, retransmit.is_some()),
            Effect::Delay { .. } => (0.0, true),
            Effect::Unforeseen => {
                let here = |link: &LinkId| pair_of(*link, first).is_some_and(|pair| pair < pairs);
                if fault.candidates.links().iter().any(here) {
                    return None;
                }
                continue;
            }
            _ => continue,
        };
        system.look(fault.candidates.len())?;
        for link in fault.candidates.links() {
            let Some(own) = pair_of(*link, first).and_then(|pair| all.get_mut(pair)) else {
                continue;
            };
            let by_chance = rate > 0.0 && rate < 1.0;
            if resent && !is_patient(system, workload) || fault.spec.correlation > 0.0 && by_chance
            {
                return None;
            }
            if resent {
                // Given up when it has been lost for the seventh time.
                own.through *= 1.0 - libm::pow(rate, 7.0);
            } else {
                own.vanished += own.through * rate;
                own.through *= 1.0 - rate;
            }
        }
    }
    let alike = all.iter().all(|other| *other == all[0]);
    Some(if alike { vec![all[0]] } else { all })
}

/// Which of the pairs of instances of an edge a link is of, if its first link is `first` and it is not one before that.
fn pair_of(link: LinkId, first: LinkId) -> Option<usize> {
    (link >= first).then(|| link.offset_from(first) as usize / 2)
}
