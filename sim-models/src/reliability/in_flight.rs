//! What a crash loses of the requests that are under way.

use super::state;
use super::system::System;
use crate::ids::FaultId;
use crate::outcome::Outcome;
use crate::resilience::PolicySpec;

/// So many seconds' worth of a workload's requests are under way where a crash hits them, as one state of
/// the faults follows another: the mean time that a request spends there. Where somebody may try again,
/// or can do without, nothing is said to be lost; none where the states cannot be told.
pub(super) fn lost(
    system: &System<'_>,
    workload: usize,
    states: [Vec<(FaultId, f64)>; 2],
) -> Option<f64> {
    let (name, load) = system.scenario.workloads.get_index(workload)?;
    let endpoints = &system.endpoints;
    system.look(2 * endpoints.all.len())?;
    let reached = endpoints.reached([workload]);
    let mut seconds = vec![0.0; endpoints.all.len()];
    for at in endpoints.order.iter().filter(|at| reached[**at]) {
        let endpoint = &endpoints.all[*at];
        let Some(flow) = system.topology().endpoints.get(&endpoint.target) else {
            continue;
        };
        let [before, after] = [&states[0], &states[1]].map(|faults| {
            let found = state::reception(system, faults, *at, workload)?;
            Some(found.iter().map(|one| one.down).sum::<f64>() / found.len() as f64)
        });
        let crashes = f64::max(0.0, after? - before?);
        let calls = endpoint.callees.iter().map(|to| {
            let target = &endpoints.all[*to].target;
            let (calls, optional) = flow.calls.get(target).copied().unwrap_or_default();
            let alone = alone(system.calls.policies(endpoint.service, target));
            if alone && !optional {
                calls * seconds[*to]
            } else {
                0.0
            }
        });
        // Branches are called at the same time; a request that is there is here, too.
        let calls = calls.sum::<f64>().min(flow.latency);
        seconds[*at] = f64::max(crashes * flow.latency, calls);
    }
    let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
    let shares = load.targets().iter().map(|(target, weight)| {
        let alone = alone(system.calls.policies(name, target));
        let at = endpoints.find(target).filter(|_| alone);
        at.map_or(0.0, |at| weight / total * seconds[at])
    });
    Some(shares.sum())
}

/// Whether nobody tries again what is lost, or answers instead.
fn alone(policies: &[PolicySpec]) -> bool {
    let mut policies = policies.iter();
    !policies.any(|policy| {
        policy.again().is_some()
            || policy.worst_case_attempts() > 1.0
            || policy.replaces(Outcome::Reset)
    })
}
