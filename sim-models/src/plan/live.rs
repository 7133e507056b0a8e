//! Parameters that change while a run goes on, and the plans that they lead to.
//!
//! A plan never changes. Where an operator sets something the world goes on by another plan: the one that the scenario
//! compiles to with what has been set. Such a plan is made when it is first needed, and kept for all runs that share
//! the first one; it is found from there by what is set, in the order of the places that can be, so that there are no
//! more plans than there are settings that occur. What may be set is bounded so that all these plans have the same
//! shape: ids of one mean the same in the others, and so does all state of the world.

use super::compiler::Compiler;
use super::types::{LayerPlan, Live, Plan};
use crate::ids::{ChangeId, TiSlice, TiVec};
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::Diagnostics;
use crate::scenario::path::{self, Override, Segment};
use crate::scenario::source::Sources;
use crate::scenario::{Scenario, decode, explain, set, tree};
use std::sync::OnceLock;

/// What can be set, for people: services, then the fields of policies that each of them names.
pub const OF_SERVICES: [&str; 3] = ["threads", "queue.limit", "backlog"];

impl Live {
    pub(super) fn new(scenario: Scenario, changes: TiVec<ChangeId, (String, String)>) -> Self {
        Self {
            scenario,
            plans: vec![OnceLock::new(); changes.len()].into(),
            changes,
        }
    }
}

impl Plan {
    /// This plan after changes, by their indices; what cannot be set is left as it is.
    #[must_use]
    pub fn changed(&self, changes: impl IntoIterator<Item = ChangeId>) -> &Self {
        changes.into_iter().fold(self, |plan, change| {
            let Some(live) = &plan.live else { return plan };
            live.plans[change].get_or_init(|| {
                let (path, value) = &live.changes[change];
                let changed = changed(&live.scenario, path, value)
                    .and_then(|scenario| Compiler::new(&scenario).compile());
                // Faults cannot be set; a run that has met none yet has none in its plan.
                let changed = changed.map(|changed| Plan {
                    faults: plan.faults.clone(),
                    ..changed
                });
                let fits = changed.ok().filter(|changed| same_shape(plan, changed));
                debug_assert!(fits.is_some(), "`{path} = {value}` has passed the checks");
                Box::new(fits.unwrap_or_else(|| plan.clone()))
            })
        })
    }
}

/// The scenario with another value at a path.
///
/// # Errors
/// Why it cannot be set.
pub fn changed(scenario: &Scenario, path: &str, value: &str) -> Result<Scenario, String> {
    let first = |found: Diagnostics| found.into_iter().next().map(|found| found.message);
    let text = explain::to_ron(scenario);
    let read = || {
        let mut tree = tree::parse(&text, 0)?;
        let set = Override {
            path: path.into(),
            value: value.into(),
        };
        set::set_all(&mut tree, &[set], &mut Sources::default())?;
        decode::decode(&tree, &Default::default())
    };
    read().map_err(|found| first(found).unwrap_or_default())
}

/// Whether a path leads to something that can change in a running system.
#[must_use]
pub fn can_change(scenario: &Scenario, path: &str) -> bool {
    let Ok(steps) = path::parse(path) else {
        return false;
    };
    let names: Vec<&str> = steps.iter().filter_map(name).collect();
    match *names.as_slice() {
        ["services", _, ref field @ ..] if !field.is_empty() && names.len() == steps.len() => {
            OF_SERVICES.contains(&field.join(".").as_str())
                || policy(&field[1..], field[0] == "admission")
        }
        ["services", _, "admission", ref rest @ ..] => policy(rest, true),
        ["calls", key, ref rest @ ..] => policy(rest, scenario.calls.contains_key(key)),
        _ => false,
    }
}

/// Whether the rest of a path names a field of a policy that can change; indices have been left out.
fn policy(rest: &[&str], sits_there: bool) -> bool {
    match rest {
        [policy, field] => sits_there && fields(policy).contains(field),
        _ => false,
    }
}

/// The fields of a policy that can change while it is at work.
fn fields(policy: &str) -> &'static [&'static str] {
    let of = PolicySpec::live();
    let of = of.iter().find(|(name, _)| *name == policy);
    of.map_or(&[], |(_, fields)| fields)
}

fn name(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Name(name) => Some(name),
        Segment::Index(_) => None,
    }
}

/// Which of the places that can be set a change is at: the first change at that place.
pub(super) fn site(changes: &TiSlice<ChangeId, (String, String)>, change: ChangeId) -> ChangeId {
    let steps = |at: ChangeId| path::parse(&changes[at].0).unwrap_or_default();
    let own = steps(change);
    let first = changes
        .keys()
        .find(|other| same_place(&steps(*other), &own));
    first.unwrap_or(change)
}

/// Whether two paths lead to one place: the index of a policy in its list need not be given.
fn same_place(one: &[Segment], other: &[Segment]) -> bool {
    let names = |path: &[Segment]| {
        path.iter()
            .filter_map(name)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    one == other || names(one) == names(other) && (is_named(one) || is_named(other))
}

/// Whether a path has no index.
fn is_named(path: &[Segment]) -> bool {
    path.iter().all(|segment| name(segment).is_some())
}

/// Whether ids and states of one plan mean the same in another.
fn same_shape(one: &Plan, other: &Plan) -> bool {
    let edges = one.edges.iter().zip(&other.edges);
    let mut layers = edges.flat_map(|(one, other)| one.layers.iter().zip(&other.layers));
    let counts = |plan: &Plan| {
        let layers: usize = plan.edges.iter().map(|edge| edge.layers.len()).sum();
        let sizes = [
            plan.places.len(),
            plan.instances.len(),
            plan.code.len(),
            plan.dists.len(),
        ];
        let more = [
            plan.links.len(),
            plan.faults.len(),
            plan.edges.len(),
            layers,
        ];
        (sizes, more)
    };
    counts(one) == counts(other)
        && layers.all(|(one, other)| {
            let flags = |layer: &LayerPlan| {
                (
                    (
                        layer.memory,
                        layer.shared,
                        layer.tells_deadline,
                        layer.rations,
                    ),
                    (layer.shuns, layer.leaves, layer.forks, layer.parks),
                    layer.states,
                )
            };
            flags(one) == flags(other) && one.spec.name() == other.spec.name()
        })
}
