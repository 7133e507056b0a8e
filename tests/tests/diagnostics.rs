//! What the command line says of bad scenarios: every file of `data/bad` is checked and run, and what
//! it is told is kept as a snapshot.

use sim_cli::exit;
use sim_tests::command::sim;
use std::fs;

/// The folder of bad scenarios, as seen from where the tests run, so that no path is absolute.
const FOLDER: &str = "data/bad";

/// Files without a place to point at: there is no text, or none that can be read.
const NO_PLACE: [&str; 2] = ["directory", "not-utf8"];

/// Names of the bad scenarios, sorted.
fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(FOLDER)
        .expect("there are bad scenarios")
        .map(|entry| entry.expect("a file").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .filter_map(|name| name.strip_suffix(".ron").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The diagnostics of a text, one by one.
fn one_by_one(told: &str) -> Vec<&str> {
    told.split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .collect()
}

#[test]
fn every_bad_scenario_is_told_what_is_wrong() {
    let names = names();
    assert!(names.len() >= 100, "{} kinds of mistakes", names.len());
    insta::with_settings!({snapshot_path => "snapshots/diagnostics", prepend_module_to_snapshot => false, omit_expression => true}, {
        for name in names {
            let (code, out, told) = sim(&["check", &format!("{FOLDER}/{name}.ron")]);
            assert_eq!(code, exit::BAD_INPUT, "{name}: {out}{told}");
            insta::assert_snapshot!(name, told);
        }
    });
}

#[test]
fn a_run_of_a_bad_scenario_says_the_same_as_a_check() {
    for name in names() {
        let file = format!("{FOLDER}/{name}.ron");
        let (code, out, told) = sim(&["run", &file]);
        assert_eq!(code, exit::BAD_INPUT, "{name}");
        assert_eq!(out, "", "{name}: nothing has been run");
        let (_, verdict, checked) = sim(&["check", &file]);
        assert_eq!(told, checked, "{name}");
        assert!(
            verdict.starts_with(&format!("{file}: ")) && verdict.contains("error"),
            "{name}: {verdict}"
        );
    }
}

#[test]
fn every_mistake_has_a_code_a_place_an_underline_and_a_way_out() {
    let mut wanting = Vec::new();
    for name in names() {
        let (_, _, told) = sim(&["check", &format!("{FOLDER}/{name}.ron")]);
        assert!(!told.is_empty(), "{name}");
        for part in one_by_one(&told) {
            let mut lacks = |what: &str| wanting.push(format!("{name} lacks {what}:\n{part}\n"));
            if !part.starts_with("error[") {
                lacks("a code");
            }
            let place = part
                .lines()
                .find_map(|line| line.trim().strip_prefix("--> "));
            let numbers = place.map(|place| place.rsplit(':').take(2).collect::<Vec<_>>());
            let placed = numbers.is_some_and(|two| two.iter().all(|n| n.parse::<u32>().is_ok()));
            if !placed && !NO_PLACE.contains(&name.as_str()) {
                lacks("file, line and column");
            }
            if placed && !part.contains('^') {
                lacks("an underline");
            }
            if !part.contains("help: ") {
                lacks("a help");
            }
            if part.contains(concat!(env!("CARGO_MANIFEST_DIR"), "/")) {
                lacks("paths as the user wrote them");
            }
        }
    }
    assert!(wanting.is_empty(), "{}", wanting.join("\n"));
}

#[test]
fn codes_are_explained() {
    for name in names() {
        let (_, _, told) = sim(&["check", &format!("{FOLDER}/{name}.ron")]);
        for part in one_by_one(&told) {
            let code = &part["error[".len()..part.find(']').expect("a code")];
            let (known, out, _) = sim(&["explain", code]);
            assert_eq!(known, exit::HELD, "{name}: {code}");
            assert!(out.starts_with(code), "{name}: {out}");
        }
    }
}
