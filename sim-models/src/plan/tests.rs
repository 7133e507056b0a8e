use super::compiler::Compiler;
use super::*;
use crate::faults::{Direction, Effect, Target};
use crate::ids::LinkId;
use crate::input::load;
use crate::scenario::pattern::Pattern;

/// What is found by names is what a search through all patterns and links finds.
#[test]
fn links_are_found_by_name_as_by_search() {
    let keys = [
        "* -> *",
        "a -> *",
        "* -> b",
        "a -> b",
        "b -> a",
        "a#1 -> b",
        "* -> b#0",
        "zone:z -> *",
        "zone:z -> zone:y",
        "region:r -> b",
        "host:b-1 -> *",
        "u -> a",
        "* -> a",
    ];
    for chosen in 0..400_u32 {
        // Each key is in half of them, in another order each time.
        let hash = chosen.wrapping_mul(0x9E37_79B9);
        let mut kept: Vec<&str> = keys.to_vec();
        kept.rotate_left((hash >> 8) as usize % keys.len());
        let mut number = 0;
        kept.retain(|_| {
            number += 1;
            hash >> (31 - number) & 1 == 1
        });
        let links: Vec<String> = kept
            .iter()
            .enumerate()
            .map(|(i, key)| format!("\"{key}\": (latency: \"{}ms\")", i + 1))
            .collect();
        let faults: Vec<String> = keys
            .iter()
            .flat_map(|key| ["both", "to", "from"].map(|direction| (key, direction)))
            .map(|(key, direction)| {
                format!("(at: \"1s\", for: \"1s\", inject: partition(link: \"{key}\", direction: {direction}))")
            })
            .collect();
        let faults = if chosen % 2 == 0 {
            faults.join(", ")
        } else {
            String::new()
        };
        let text = format!(
            r#"(duration: "9s", regions: {{ "r": ["z"], "q": ["y"] }}, hosts: {{ "b-1": "y" }}, services: {{
                "a": (replicas: 2, zones: ["z", "y"], endpoints: {{ "x": [call("b/x")] }}),
                "b": (replicas: 2, endpoints: {{ "x": [], "y": [call("a/x")] }}) }},
                workloads: {{ "u": open("1/s", "a/x"), "v": open("1/s", "b/y") }},
                links: {{ {} }}, faults: [{faults}])"#,
            links.join(", ")
        );
        let loaded = load("a.ron", &[("a.ron", text.as_str())], &[]);
        let scenario = loaded
            .scenario
            .unwrap_or_else(|wrong| panic!("{wrong:#?} in {text}"));
        let plan = compile(&scenario).expect("it is right");
        let mut compiler = Compiler::new(&scenario);
        compiler.places();
        let patterns: Vec<Pattern> = kept.iter().map(|key| Pattern::link(key).unwrap()).collect();
        for link in &plan.links {
            let matching = patterns.iter().enumerate().filter(|(_, pattern)| {
                compiler.is_meant(&pattern.from, link.from)
                    && compiler.is_meant(&pattern.to, link.to)
            });
            let expected = matching
                .map(|(at, pattern)| (pattern.link_weight(), at))
                .max();
            assert_eq!(
                compiler.link_for(link.from, link.to),
                expected,
                "{link:?} in {text}"
            );
        }
        for fault in &plan.faults {
            let (Target::Link(key), Effect::Lose { direction, .. }) =
                (&fault.target, &fault.effect)
            else {
                panic!("they are all of links");
            };
            let pattern = Pattern::link(key).unwrap();
            let flows = |from, to| {
                compiler.is_meant(&pattern.from, from) && compiler.is_meant(&pattern.to, to)
            };
            let expected: Vec<LinkId> = plan
                .links
                .keys()
                .filter(|at| {
                    let link = &plan.links[*at];
                    (*direction != Direction::From && flows(link.from, link.to))
                        || (*direction != Direction::To && flows(link.to, link.from))
                })
                .collect();
            assert_eq!(fault.candidates.links(), expected, "{key} in {text}");
        }
    }
}
