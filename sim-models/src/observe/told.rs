//! What policies did, as results tell it: counts, shares of time, and transitions.

use super::recorder::Recorder;
use super::states::{StatesRecord, Turn};
use super::summary::{Policies, PolicySummary, Transition};
use crate::ids::EdgeId;
use crate::plan::{EdgePlan, LayerPlan, Plan};
use crate::resilience::By;
use sim_core::SimTime;

/// By its position and name, as results call it.
#[must_use]
pub(super) fn name(position: usize, layer: &LayerPlan) -> String {
    format!("{position} {}", layer.spec.name())
}

/// What each policy of an edge did; `counters` are those of the edge.
#[must_use]
pub(super) fn policies(
    plan: &Plan,
    recorder: &Recorder,
    now: SimTime,
    number: EdgeId,
    counters: &[u64],
) -> Policies {
    let edge = &plan.edges[number];
    let policies = edge.layers.iter().enumerate().map(|(position, layer)| {
        let first = layer.counters as usize;
        let counts = layer.spec.counters().iter().enumerate();
        let mut summary = PolicySummary {
            counts: counts
                .map(|(i, name)| ((*name).to_string(), counters[first + i]))
                .collect(),
            ..PolicySummary::default()
        };
        if let Some(states) = layer.states {
            let record = &recorder.states[number][states.number as usize];
            add_states(plan, edge, record, now, &mut summary);
        }
        (name(position, layer), summary)
    });
    policies.collect()
}

fn add_states(
    plan: &Plan,
    edge: &EdgePlan,
    record: &StatesRecord,
    now: SimTime,
    summary: &mut PolicySummary,
) {
    let layer = &edge.layers[record.layer];
    let names = layer.spec.states();
    let shares = names.iter().enumerate();
    summary.states = shares
        .map(|(state, name)| ((*name).to_string(), record.share(state, now)))
        .collect();
    summary.transition_count = record.turned;
    summary.transitions = record
        .turns
        .iter()
        .map(|turn| transition(plan, edge, layer, turn))
        .collect();
    // What time alone has turned was seen after what somebody did.
    summary
        .transitions
        .sort_by(|a, b| a.time.total_cmp(&b.time));
}

fn transition(plan: &Plan, edge: &EdgePlan, layer: &LayerPlan, turn: &Turn) -> Transition {
    let names = layer.spec.states();
    let each = layer.states.map_or(1, |states| states.each);
    let (memory, callee) = (turn.place / each, turn.place % each);
    let (caller, part) = (memory / layer.parts, memory % layer.parts);
    let place = &plan.places[edge.caller].name;
    let mut of = layer
        .by
        .map_or_else(Vec::new, |by| vec![part_name(plan, edge, by, part)]);
    if layer.spec.states_by_callee() {
        of.push(instance(plan, edge, callee));
    }
    Transition {
        time: turn.at.as_secs_f64(),
        caller: if layer.shared {
            place.clone()
        } else {
            format!("{place}#{caller}")
        },
        of: of.join(", "),
        from: names[usize::from(turn.from)].to_owned(),
        to: names[usize::from(turn.to)].to_owned(),
        why: turn.why.clone(),
    }
}

fn instance(plan: &Plan, edge: &EdgePlan, number: u32) -> String {
    format!("{}#{number}", plan.service_places()[edge.callee].name)
}

/// What a part of a memory is of.
fn part_name(plan: &Plan, edge: &EdgePlan, by: By, part: u32) -> String {
    let endpoint = |number| {
        let endpoint = edge.first_endpoint.offset(number);
        format!("endpoint {}", plan.endpoints[endpoint].name)
    };
    let key = |key: u32| match key {
        0 => "no key".to_owned(),
        key => format!("key {key}"),
    };
    match by {
        By::Callee => instance(plan, edge, part),
        By::Endpoint => endpoint(part),
        By::Tenant => match part.checked_sub(1) {
            None => "no tenant".to_owned(),
            Some(tenant) => format!("tenant {}", plan.tenants[tenant as usize]),
        },
        By::Key => key(part),
        By::Request => format!("{}, {}", endpoint(part / edge.keys), key(part % edge.keys)),
    }
}
