//! Which services answer later for a fault.

use crate::faults::Effect;
use crate::ids::{FaultId, TiVec};
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::topology::Endpoints;

/// How much there is to look at in [`delayed`].
pub(super) fn looks(plan: &Plan) -> u64 {
    let calls = plan.services.len() + plan.edges.len() + plan.endpoints.len();
    let faults = plan.faults.iter();
    let looks = faults.map(|fault| (2 * calls + fault.candidates.len()) as u64);
    looks.sum()
}

/// For each fault, which services answer later for it: those that it slows down or stops, and all that
/// wait for them, whatever they are asked for, since they share threads and cores. Empty for faults that
/// delay nothing.
pub(super) fn delayed(
    scenario: &Scenario,
    plan: &Plan,
    endpoints: &Endpoints<'_>,
) -> TiVec<FaultId, Vec<bool>> {
    let count = plan.services.len();
    let faults = plan.faults.iter().map(|fault| {
        let mut hit = vec![false; count];
        match &fault.effect {
            Effect::Slow { .. } | Effect::Frozen | Effect::Hang => {
                for instance in fault.candidates.instances() {
                    hit[usize::from(plan.instances[*instance].place)] = true;
                }
            }
            Effect::Delay { .. }
            | Effect::Lose {
                retransmit: Some(_),
                ..
            } => {
                for link in fault.candidates.links() {
                    let link = &plan.links[*link];
                    for (place, _) in [link.from, link.to] {
                        if let Some(hit) = hit.get_mut(usize::from(place)) {
                            *hit = true;
                        }
                    }
                }
            }
            _ => return Vec::new(),
        }
        wait(scenario, endpoints, &mut hit);
        hit
    });
    faults.collect()
}

/// Whoever waits for services that are late is late, too.
pub(super) fn wait(scenario: &Scenario, endpoints: &Endpoints<'_>, late: &mut [bool]) {
    let number = |name: &str| scenario.services.get_index_of(name);
    // Callees come first in this order; in circles whoever is hit hits all at the second time.
    for _ in 0..2 {
        for at in &endpoints.order {
            let endpoint = &endpoints.all[*at];
            let mut callees = endpoint.callees.iter();
            let waits =
                callees.any(|to| number(endpoints.all[*to].service).is_some_and(|to| late[to]));
            if let Some(own) = number(endpoint.service).filter(|_| waits) {
                late[own] = true;
            }
        }
    }
}
