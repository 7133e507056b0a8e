//! `sim sweep` and `sim merge`: the same bytes whatever happens on the way, and errors that help.

mod parts;
mod resume;

use serde_json::Value;
use sim_cli::exit;
use sim_tests::command::{self, Folder, program};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A second of a small shop: every kind of thing in it, and quick to run.
const SMALL: &str = "data/small.ron";
/// Three settings of its database.
const THREADS: &str = "services.db.threads=1,2,8";
/// A setting that decides whether calls are given up.
const TIMEOUT: &str = "calls.\"web -> db\".timeout=5ms,200ms";

struct Answer {
    code: u8,
    out: String,
    err: String,
}

fn sim(arguments: &[&str]) -> Answer {
    let (code, out, err) = command::sim(arguments);
    Answer { code, out, err }
}

/// A command that must end well.
fn works(arguments: &[&str]) -> Answer {
    let answer = sim(arguments);
    assert_eq!(answer.code, exit::HELD, "{arguments:?}:\n{}", answer.err);
    answer
}

/// A command whose input is bad: what it says.
fn fails(arguments: &[&str]) -> String {
    let answer = sim(arguments);
    assert_eq!(
        answer.code,
        exit::BAD_INPUT,
        "{arguments:?}:\n{}",
        answer.err
    );
    assert_eq!(answer.out, "", "{arguments:?}");
    answer.err
}

/// A small sweep of six points with three replications into a folder.
fn small<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["sweep", SMALL, "--vary", THREADS, "--vary", TIMEOUT];
    arguments.extend(["--replications", "3", "--windows", "--out", out]);
    arguments.extend(more);
    arguments
}

/// All files of a folder but the one that may differ.
fn contents(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files: BTreeMap<String, Vec<u8>> = entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("a plain name");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    for own in ["provenance.json", "experiment.json"] {
        assert!(files.remove(own).is_some(), "{folder}: {own}");
    }
    files
}

/// Asserts that two folders hold the same files with the same bytes.
fn same(a: &str, b: &str) {
    let (first, second) = (contents(a), contents(b));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&first), names(&second), "{a} and {b}");
    for (name, bytes) in &first {
        assert!(*bytes == second[name], "{name} differs between {a} and {b}");
    }
}

fn lines(path: &str) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let folder = Folder::new("threads");
    let one = folder.path("1");
    works(&small(&one, &["--jobs", "1"]));
    for jobs in ["2", "3"] {
        let other = folder.path(jobs);
        works(&small(&other, &["--jobs", jobs]));
        same(&one, &other);
    }
    let names: Vec<String> = contents(&one).into_keys().collect();
    for name in [
        "cells.csv",
        "journal.jsonl",
        "reproduce.txt",
        "runs.csv",
        "scenario.ron",
        "summary.json",
        "sweep.ron",
        "windows.csv",
    ] {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
    assert_eq!(lines(&format!("{one}/journal.jsonl")), 18);
    assert_eq!(lines(&format!("{one}/runs.csv")), 1 + 18);
    assert_eq!(lines(&format!("{one}/windows.csv")), 1 + 18 * 20);
}

#[test]
fn json_is_what_the_folder_holds() {
    let folder = Folder::new("json");
    let out = folder.path("a");
    let answer = works(&small(&out, &["--format", "json"]));
    let printed: Value = serde_json::from_str(&answer.out).expect("one JSON object");
    let kept = fs::read_to_string(format!("{out}/summary.json")).expect("a summary");
    assert_eq!(printed, serde_json::from_str::<Value>(&kept).expect("JSON"));
    assert_eq!(printed["counts"]["runs"], 18);
    assert_eq!(printed["points"].as_array().map(Vec::len), Some(6));
    // The same without a folder.
    let mut memory = small(&out, &["--format", "json"]);
    memory.retain(|argument| *argument != "--windows" && *argument != "--out" && *argument != out);
    let mut told: Value = serde_json::from_str(&works(&memory).out).expect("JSON");
    told["sweep"]["windows"] = true.into();
    assert_eq!(told, printed);
}

#[test]
fn the_sweep_in_a_folder_repeats_it() {
    let folder = Folder::new("again");
    let (first, again) = (folder.path("first"), folder.path("again"));
    works(&small(&first, &[]));
    works(&["sweep", &format!("{first}/sweep.ron"), "--out", &again]);
    same(&first, &again);
}

#[test]
fn runs_are_those_of_sim_run() {
    let folder = Folder::new("one");
    let out = folder.path("a");
    works(&small(&out, &[]));
    let summary: Value = serde_json::from_str(
        &fs::read_to_string(format!("{out}/summary.json")).expect("a summary"),
    )
    .expect("JSON");
    let runs = fs::read_to_string(format!("{out}/runs.csv")).expect("runs");
    let mut rows = runs.lines();
    let head: Vec<&str> = rows.next().expect("a heading").split(',').collect();
    let at = |name: &str| head.iter().position(|found| *found == name).expect(name);
    for row in rows.step_by(5) {
        let cells: Vec<&str> = row.split(',').collect();
        let point: usize = cells[at("point")].parse().expect("a number");
        let sets: Vec<&str> = summary["points"][point]["set"]
            .as_array()
            .expect("settings")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let scenario = format!("{out}/scenario.ron");
        let mut arguments = vec!["run", &scenario, "--seed", cells[at("seed")]];
        for set in &sets {
            arguments.extend(["--set", set]);
        }
        arguments.extend(["--format", "json"]);
        let told: Value = serde_json::from_str(&sim(&arguments).out).expect("JSON");
        assert_eq!(told["digest"], cells[at("digest")], "{arguments:?}");
        assert_eq!(told["hypothesis"]["verdict"], cells[at("verdict")]);
    }
}

/// Not a test: what [`program`] starts.
#[test]
#[ignore = "is `sim` for other tests"]
fn as_a_process() {
    command::as_a_process();
}

#[test]
fn a_budget_is_told_of() {
    let answer = sim(&[
        "sweep",
        SMALL,
        "--vary",
        THREADS,
        "--replications",
        "2",
        "--set",
        "budget.events=1000",
    ]);
    assert_eq!(answer.code, exit::BUDGET, "{}", answer.err);
    assert!(
        answer.out.contains("6 runs were stopped by a budget"),
        "{}",
        answer.out
    );
}

#[test]
fn bad_input_is_told_what_would_be_right() {
    let folder = Folder::new("bad");
    let out = folder.path("a");
    for (arguments, told) in [
        (
            &["--vary", "services.dbb.threads=1,2"][..],
            "did you mean `db`?",
        ),
        (&["--vary", "services.db.threads"], "="),
        (
            &["--vary", THREADS, "--measure", "latancy(users, p99)"],
            "latency",
        ),
        (
            &["--vary", THREADS, "--measure", "latency(user, p99)"],
            "users",
        ),
        (&["--vary", THREADS, "--replications", "0"], "1"),
        (&["--vary", THREADS, "--shard", "4/3"], "no shard 4 of 3"),
        (&["--vary", THREADS, "--shard", "0/3"], "counted from 1"),
        (&["--vary", THREADS, "--at-most", "50"], "--until"),
        (&["--vary", THREADS, "--sample", "lhs:0"], "lhs"),
    ] {
        let mut all = vec!["sweep", SMALL, "--out", &out];
        all.extend(arguments);
        let answer = fails(&all);
        assert!(answer.contains(told), "{arguments:?}: {answer}");
        assert!(
            !Path::new(&out).exists(),
            "{arguments:?}: nothing is written"
        );
    }
    let told = fails(&["sweep", SMALL, "--vary", THREADS, "--shard", "1/3"]);
    assert!(told.contains("--out"), "{told}");
    let told = fails(&["sweep", "data/smal.ron", "--vary", THREADS]);
    assert!(told.contains("did you mean `data/small.ron`?"), "{told}");
}

/// Columns in a table of the documentation: the names between the first pair of bars.
fn documented(document: &str, heading: &str) -> Vec<String> {
    let section = document
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .unwrap_or_else(|| panic!("there is no section {heading}"));
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_documentation_lists_what_is_written() {
    let document = fs::read_to_string("../sim-cli/docs/results.md").expect("it is there");
    let folder = Folder::new("documented");
    let out = folder.path("a");
    works(&small(&out, &["--measure", "latency(users, p99)"]));
    // Apart from what varies and what is measured, which differ from sweep to sweep.
    let varied = ["threads", "timeout_s", "latency_users_p99_s"];
    for table in ["runs", "windows", "cells"] {
        let text = fs::read_to_string(format!("{out}/{table}.csv")).expect("a table");
        let columns: Vec<&str> = text
            .lines()
            .next()
            .expect("a heading")
            .split(',')
            .filter(|column| !varied.contains(column))
            .collect();
        assert_eq!(columns, documented(&document, table), "{table}");
    }
    let summary: Value = serde_json::from_str(
        &fs::read_to_string(format!("{out}/summary.json")).expect("a summary"),
    )
    .expect("JSON");
    let mut keys = documented(&document, "summary.json");
    keys.sort();
    let written: Vec<String> = summary
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    assert_eq!(written, keys);
    assert!(document.contains(&format!("Schema version {},", summary["schema"])));
    let point = summary["points"][0].as_object().expect("a point");
    for key in point.keys() {
        assert!(
            document.contains(&format!("`{key}`")),
            "{key} is not documented"
        );
    }
}
