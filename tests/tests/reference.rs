//! What `sim explain` and `sim schema` say of all that can be written: nothing is left out, and every example
//! does what it shows.

use sim_models::experiment;
use sim_models::input::load;
use sim_models::reference::{Reference, editors, example};
use sim_models::spelling::elsewhere;
use sim_tests::LIBRARY;
use sim_tests::command::sim;
use std::fs;

#[test]
fn all_that_can_be_written_is_explained_and_has_an_example() {
    let lacking = Reference::new().lacking().join("\n");
    assert!(lacking.is_empty(), "\n{lacking}");
}

#[test]
fn every_example_checks_clean_and_runs() {
    let all = Reference::new();
    assert!(all.parts().len() > 100, "{} parts", all.parts().len());
    let mut wrong = Vec::new();
    for part in all.parts() {
        let text = example::scenario(&part.placed);
        let files = [
            ("example.ron", text.as_str()),
            (example::BASE_FILE, example::BASE),
        ];
        let loaded = load("example.ron", &files, &[]);
        let mut told = |what: String| {
            wrong.push(format!(
                "the example of `{}` ({}) {what}\n  {}\n",
                part.name, part.group.one, part.placed
            ));
        };
        match &loaded.scenario {
            Err(found) => told(format!(
                "is wrong: {:?}",
                found.iter().map(|one| &one.message).collect::<Vec<_>>()
            )),
            Ok(scenario) => {
                if !loaded.warnings.is_empty() {
                    told(format!(
                        "is suspicious: {:?}",
                        loaded
                            .warnings
                            .iter()
                            .map(|one| (one.code.as_str(), &one.message))
                            .collect::<Vec<_>>()
                    ));
                }
                if let Err(why) = experiment::run(scenario, 1) {
                    told(format!("does not run: {why:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Names that we have too, for something else.
const OTHERWISE: [(&str, &str); 12] = [
    ("Vaurien", "percent"),
    ("Toxiproxy", "timeout"),
    ("Envoy", "timeout"),
    ("Chaos Mesh", "duration"),
    ("Finagle", "RetryBudget"),
    ("Finagle", "equalJittered"),
    ("concurrency-limits", "GradientLimit"),
    ("tower", "concurrency_limit"),
    ("tower", "rate_limit"),
    ("Envoy", "retry_budget"),
    ("Istio", "attempts"),
    ("Chaos Mesh", "fixed"),
];

#[test]
fn names_of_other_tools_lead_to_what_there_is() {
    let all = Reference::new();
    let mut wrong = Vec::new();
    for foreign in elsewhere::all() {
        let known = if foreign.ours.contains('.') {
            all.fields(foreign.ours).next().is_some()
        } else {
            all.named(foreign.ours).next().is_some()
        };
        if !foreign.ours.is_empty() && !known {
            wrong.push(format!(
                "{} `{}`: there is no `{}`",
                foreign.tool, foreign.name, foreign.ours
            ));
        }
        // Where we have something of their name, it is theirs, or what ours is instead has been thought about.
        let owner = foreign.ours.split('.').next().unwrap_or_default();
        let mut same = all.named(foreign.name).peekable();
        let is_another = same.peek().is_some()
            && same.all(|part| part.name != owner)
            && !OTHERWISE.contains(&(foreign.tool, foreign.name));
        if is_another {
            wrong.push(format!(
                "{} `{}`: there is one of the same name now: say what differs",
                foreign.tool, foreign.name
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "in spelling/elsewhere:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn a_name_of_another_tool_is_explained_by_ours() {
    for (name, parts) in [
        (
            "failureRateThreshold",
            [
                "resilience4j is `breaker.failure_rate` here",
                "a field of resilience4j.circuitBreaker",
            ],
        ),
        (
            "per-try-timeout",
            ["Envoy is `timeout.after` here", "Istio"],
        ),
        (
            "MinimumThroughput",
            ["Polly is `breaker.minimum` here", "20 here"],
        ),
        ("reset_peer", ["Toxiproxy is `crash` here", "boot"]),
        (
            "slow_close",
            ["Toxiproxy has no like here", "comes nearest"],
        ),
        ("--packet-loss", ["comcast is `loss.rate` here", "0 to 1"]),
    ] {
        let (code, out, err) = sim(&["explain", name]);
        assert_eq!(code, 0, "{name}: {err}");
        for part in parts {
            assert!(out.contains(part), "{name}: {part} in\n{out}");
        }
    }
}

/// Files as they lie on the disk.
struct Disk(String);

impl sim_models::input::Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(format!("{}/{path}", self.0)).map_err(|error| error.to_string())
    }
}

/// The scenarios of a folder.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("there is such a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a plain name")
        })
        .filter(|name| name.ends_with(".ron"))
        .collect();
    names.sort();
    names
}

#[test]
fn the_schema_for_editors_takes_what_is_right_and_refuses_what_is_unknown() {
    let schema = editors::schema(&Reference::new());
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let library = Disk(LIBRARY.to_owned());
    let mut wrong = Vec::new();
    for name in names(LIBRARY) {
        // As it is written, and with everything written out.
        let written = editors::as_json(&name, &library).expect(&name);
        let scenario = load(&name, &library, &[])
            .scenario
            .expect("the library is sound");
        let resolved = serde_json::to_value(&scenario).expect("a scenario is JSON");
        for (how, json) in [("written", written), ("resolved", resolved)] {
            let found = validator
                .iter_errors(&json)
                .map(|error| format!("{}: {error}", error.instance_path()));
            wrong.extend(
                found
                    .take(3)
                    .map(|error| format!("{name} as {how}: {error:.300}")),
            );
        }
    }
    for part in Reference::new().parts() {
        let text = example::scenario(&part.placed);
        let files = [
            ("example.ron", text.as_str()),
            (example::BASE_FILE, example::BASE),
        ];
        let json = editors::as_json("example.ron", &files).expect("examples can be read");
        if let Some(error) = validator.iter_errors(&json).next() {
            wrong.push(format!(
                "the example of {}: {}: {error:.300}",
                part.name,
                error.instance_path()
            ));
        }
    }
    // What a reader refuses as unknown, the schema refuses too.
    let bad = Disk("data/bad".to_owned());
    let mut refused = 0;
    for name in names("data/bad") {
        let Err(found) = load(&name, &bad, &[]).scenario else {
            continue;
        };
        let unknown = found
            .iter()
            .any(|one| ["S0003", "S0004"].contains(&one.code.as_str()));
        if let (true, Ok(json)) = (unknown, editors::as_json(&name, &bad)) {
            refused += 1;
            if validator.is_valid(&json) {
                wrong.push(format!("{name} is valid: {json}"));
            }
        }
    }
    assert!(
        refused >= 10,
        "{refused} bad scenarios name what there is not"
    );
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
