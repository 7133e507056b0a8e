//! Parts of a scenario in words: what `sim explain` and `sim schema` have in common.

use sim_models::reference::{Field, Given, Part, Reference, bounds};
use sim_models::resilience;
use sim_models::scenario::steps;
use sim_models::spelling::elsewhere;

/// What is written for a field, within which bounds, and what it is if it is not given.
#[must_use]
pub fn kind(part: &Part, field: &Field) -> String {
    let bounds = bounds::of(part, field).words();
    let bounds = if bounds.is_empty() {
        bounds
    } else {
        format!(", {bounds}")
    };
    let given = match &field.given {
        Given::Needed => "must be given".to_owned(),
        Given::Optional => "may be left out".to_owned(),
        Given::Default(default) => format!("`{default}` unless given"),
    };
    format!("{}{bounds}; {given}", field.kind)
}

/// What may stand in a field, by name, if that is one of a set.
#[must_use]
pub fn choices(all: &Reference, field: &Field) -> Vec<String> {
    let Some(group) = field.group.filter(|group| group.example.is_empty()) else {
        return Vec::new();
    };
    let at_door: Vec<&str> = resilience::at_door().collect();
    let parts = all.parts().iter().filter(|part| part.group == group);
    let parts =
        parts.filter(|part| field.name != "admission" || at_door.contains(&part.name.as_str()));
    parts.map(|part| part.name.clone()).collect()
}

/// What is to be said of a part beside its docs and fields: sentences.
#[must_use]
pub fn remarks(part: &Part) -> Vec<String> {
    let mut said = Vec::new();
    if part.is_default {
        said.push("It holds unless another one is named.".to_owned());
    }
    if let Some(holds) = &part.holds {
        said.push(format!(
            "It is written with a value: `{}({holds})`.",
            part.name
        ));
    }
    if part.group.of == "PolicySpec" {
        if resilience::at_door().any(|name| name == part.name) {
            said.push("It also makes sense at the door of a service (`admission`).".to_owned());
        }
        let counters = resilience::COUNTERS
            .iter()
            .find(|(name, _)| *name == part.name);
        let counters = counters
            .map(|(_, counters)| counters.join(", "))
            .unwrap_or_default();
        if !counters.is_empty() {
            said.push(format!(
                "It counts, in the results of its edge: {counters}."
            ));
        }
        let states = resilience::STATES
            .iter()
            .find(|(name, states)| *name == part.name && !states.is_empty());
        if let Some((name, states)) = states {
            said.push(format!(
                "It is in one of these states, of which runs tell when they turned: {}. A measure asks for the share of time \
                 by `policy_state(\"web -> db\", {name}_{})`.",
                states.join(", "),
                states[states.len() - 1]
            ));
        }
    }
    if part.group.of == "Step"
        && let Some((name, counters)) = steps::COUNTERS.iter().find(|(name, _)| *name == part.name)
    {
        said.push(format!(
            "It counts, in the results of its service: {}. A measure asks for them by `step_count(web, {name}_{})`.",
            counters.join(", "),
            counters[0]
        ));
    }
    said
}

/// What others call a part and its fields: a line for each name of theirs.
#[must_use]
pub fn elsewhere(part: &Part) -> Vec<String> {
    let is_its = |ours: &str| {
        let (owner, field) = ours.split_once('.').unwrap_or((ours, ""));
        owner == part.name && (field.is_empty() || part.fields.iter().any(|one| one.name == field))
    };
    let found = elsewhere::all().filter(|foreign| is_its(foreign.ours));
    found
        .map(|foreign| {
            let differs = if foreign.differs.is_empty() { "" } else { ": " };
            let field = foreign
                .ours
                .split_once('.')
                .map_or(String::new(), |(_, field)| format!(" (`{field}`)"));
            format!(
                "{} `{}`{field}{differs}{}",
                foreign.tool, foreign.name, foreign.differs
            )
        })
        .collect()
}
