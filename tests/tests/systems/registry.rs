//! Every registered policy and preset with drawn parameters: what is added to a registry is drawn from then on.
//!
//! Fields are those that the reference knows of, their values drawn by kind; what the checks refuse is drawn again.

use sim_core::random::Keyed;
use sim_models::input::load;
use sim_models::presets;
use sim_models::reference::{Field, Given, Part, Reference};
use sim_models::resilience;
use sim_tests::draws::Draws;
use std::sync::LazyLock;

/// How many of each policy with drawn parameters there are.
const VARIANTS: usize = 2;

/// A policy or a preset as it is written, in some variants.
pub type Variants = Vec<String>;

struct Dice(Keyed);

impl Draws for Dice {
    fn source(&mut self) -> &mut Keyed {
        &mut self.0
    }
}

/// All that make sense at a caller: the policies in the order of the registry, then the presets.
pub static AT_CALLER: LazyLock<Vec<Variants>> = LazyLock::new(|| {
    let names: Vec<&str> = resilience::at_caller().collect();
    let mut all = policies(&names, "caller", at_caller);
    let examples = presets::EXAMPLES
        .iter()
        .map(|text| vec![(*text).to_owned()]);
    all.extend(examples.filter(|example| sound(&at_caller(&example[0]))));
    all
});

/// All that make sense at a door.
pub static AT_DOOR: LazyLock<Vec<Variants>> = LazyLock::new(|| {
    let names: Vec<&str> = resilience::at_door().collect();
    policies(&names, "door", at_door)
});

fn policies(names: &[&str], seat: &str, place: fn(&str) -> String) -> Vec<Variants> {
    let reference = Reference::new();
    let parts = reference.parts().iter();
    let parts: Vec<&Part> = parts.filter(|part| part.group.of == "PolicySpec").collect();
    let variants = names.iter().map(|name| {
        let known = parts.iter().find(|part| part.name == *name);
        let part = known.unwrap_or_else(|| panic!("{name} is in the reference"));
        let mut dice = Dice(Keyed::new(0x5245_4749, number_of(name)));
        let plain = alone(part);
        assert!(
            sound(&place(&plain)),
            "{plain}, the example of {name}, is sound alone at a {seat}"
        );
        let mut variants = vec![plain];
        for _ in 0..VARIANTS {
            variants.push(drawn(&reference, part, &mut dice, place));
        }
        variants
    });
    variants.collect()
}

fn number_of(name: &str) -> u64 {
    name.bytes()
        .fold(7, |sum: u64, byte| sum.wrapping_mul(31) ^ u64::from(byte))
}

/// The example of a part without what stands beside it.
fn alone(part: &Part) -> String {
    let example = part.example.as_str();
    let Some(list) = example.strip_prefix('[') else {
        return example.to_owned();
    };
    let start = list.find(&part.name).expect("its example names it");
    let (mut depth, mut end) = (0, list.len() - 1);
    for (at, c) in list.char_indices().skip(start) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' if depth > 0 => depth -= 1,
            ',' | ']' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    list[start..end].to_owned()
}

/// A part with some of its fields drawn.
fn drawn(reference: &Reference, part: &Part, dice: &mut Dice, place: fn(&str) -> String) -> String {
    let write = |fields: &[(String, String)]| {
        let fields: Vec<String> = fields.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        match fields.is_empty() {
            true => part.name.clone(),
            false => format!("{}({})", part.name, fields.join(", ")),
        }
    };
    // What must be given is drawn until all of it is sound.
    let mut given: Vec<(String, String)> = Vec::new();
    for _ in 0..50 {
        let needed = part.fields.iter().filter(|one| one.given == Given::Needed);
        given = needed
            .filter_map(|field| Some((field.name.clone(), value(reference, field, dice)?)))
            .collect();
        if sound(&place(&write(&given))) {
            break;
        }
    }
    if !sound(&place(&write(&given))) {
        return alone(part);
    }
    for field in part.fields.iter().filter(|one| one.given != Given::Needed) {
        if !dice.chance(0.4) {
            continue;
        }
        for _ in 0..2 {
            let Some(value) = value(reference, field, dice) else {
                break;
            };
            let mut more = given.clone();
            more.push((field.name.clone(), value));
            if sound(&place(&write(&more))) {
                given = more;
                break;
            }
        }
    }
    write(&given)
}

/// A value for a field; none where nothing is known of its kind.
fn value(reference: &Reference, field: &Field, dice: &mut Dice) -> Option<String> {
    if let Some(group) = field.group {
        let parts = reference.parts().iter();
        let parts: Vec<&Part> = parts.filter(|part| part.group == group).collect();
        if parts.is_empty() || field.kind.starts_with("list") || field.kind.starts_with("map") {
            return None;
        }
        let part = parts[dice.number(0, parts.len() as u64 - 1) as usize];
        return Some(part.example.clone());
    }
    Some(match field.kind.as_str() {
        "duration" => format!("\"{}ms\"", dice.one(&[1_u64, 5, 20, 50, 200, 1000, 3000])),
        "rate" => format!("\"{}/s\"", dice.number(1, 200)),
        "whole number" => dice.number(0, 12).to_string(),
        "number" => dice
            .one(&["0", "0.1", "0.3", "0.5", "0.9", "1", "1.5", "2", "5"])
            .to_owned(),
        "`true` or `false`" => dice.one(&["true", "false"]).to_owned(),
        _ => return None,
    })
}

fn system(calls: &str, admission: &str) -> String {
    format!(
        r#"(duration: "2s",
            services: {{
                "s0": (endpoints: {{ "e0": [call("s1/e0")] }}),
                "s1": (replicas: 2, admission: [{admission}], endpoints: {{ "e0": [work("1ms")] }}),
            }},
            calls: {{ "s0 -> s1": [{calls}] }},
            workloads: {{ "w0": open(rate: "5/s", to: "s0/e0", keys: uniform(3), tenant: "red") }},
        )"#
    )
}

fn at_caller(policy: &str) -> String {
    system(policy, "")
}

fn at_door(policy: &str) -> String {
    system("", policy)
}

fn sound(text: &str) -> bool {
    load("a.ron", &[("a.ron", text)][..], &[]).scenario.is_ok()
}

/// Some of these, in any order, each in any variant.
pub fn some(dice: &mut impl Draws, of: &[Variants], most: u64) -> Vec<String> {
    let count = dice.number(0, most);
    let policies = (0..count).map(|_| {
        let variants = &of[dice.number(0, of.len() as u64 - 1) as usize];
        variants[dice.number(0, variants.len() as u64 - 1) as usize].clone()
    });
    careful(policies.collect())
}

/// What is outside of others keeps no memory by callee: these may ask another one.
pub fn careful(mut policies: Vec<String>) -> Vec<String> {
    let last = policies.len().saturating_sub(1);
    for policy in &mut policies[..last] {
        *policy = policy.replace("by: callee", "by: endpoint");
    }
    policies
}
