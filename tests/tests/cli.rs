//! The contract of the command line: exit codes, streams, files, and the keys of the JSON.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use sim_cli::exit;
use sim_tests::command::{self, Folder};
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

/// The most characters of a line for people.
const COLUMNS: usize = 100;

/// Where the library of scenarios is, as seen from where the tests run.
const LIBRARY: &str = "../scenarios";

/// A second of a small shop: every kind of thing in it, and quick to run.
const SMALL: &str = "data/small.ron";

struct Answer {
    code: u8,
    out: String,
    err: String,
}

fn sim(arguments: &[&str]) -> Answer {
    let (code, out, err) = command::sim(arguments);
    Answer { code, out, err }
}

/// The one JSON object that a command prints.
fn json(arguments: &[&str]) -> Map<String, Value> {
    let answer = sim(arguments);
    match serde_json::from_str(&answer.out) {
        Ok(Value::Object(object)) => object,
        other => panic!("{arguments:?}: {other:?}\n{}\n{}", answer.out, answer.err),
    }
}

fn library() -> Vec<String> {
    let mut files: Vec<String> = fs::read_dir(LIBRARY)
        .expect("there is a library")
        .map(|entry| entry.expect("a file").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .filter(|name| name.ends_with(".ron"))
        .map(|name| format!("{LIBRARY}/{name}"))
        .collect();
    files.sort();
    files
}

fn fits(what: &str, text: &str) {
    for line in text.lines() {
        let width = line.chars().count();
        assert!(width <= COLUMNS, "{what}: {width} columns:\n{line}");
    }
}

/// Every file below a folder, by its path from there.
fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it");
                found.insert(name.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found
}

#[test]
fn exit_codes_say_what_became_of_it() {
    for (code, arguments) in [
        (exit::HELD, &["run", SMALL][..]),
        (exit::HELD, &["--help"]),
        (exit::HELD, &["--version"]),
        (exit::HELD, &["run", "--help"]),
        (
            exit::REFUTED,
            &[
                "run",
                SMALL,
                "--set",
                "hypothesis.steady=\"latency(users, p99) < 1ns\"",
            ],
        ),
        (exit::BAD_INPUT, &[]),
        (exit::BAD_INPUT, &["run"]),
        (exit::BAD_INPUT, &["runn", SMALL]),
        (exit::BAD_INPUT, &["run", SMALL, "--sead", "3"]),
        (exit::BAD_INPUT, &["run", SMALL, "--seed", "three"]),
        (exit::BAD_INPUT, &["run", SMALL, "--format", "yaml"]),
        (exit::BAD_INPUT, &["run", SMALL, "--replications", "0"]),
        (exit::BAD_INPUT, &["run", SMALL, "--set", "seed"]),
        (
            exit::BAD_INPUT,
            &["run", SMALL, "--set", "services.dbb.threads=3"],
        ),
        (exit::BAD_INPUT, &["run", "data/no-such-file.ron"]),
        (exit::BAD_INPUT, &["check", SMALL, "data/no-such-file.ron"]),
        (exit::BAD_INPUT, &["graph", "data/no-such-file.ron"]),
        (exit::BAD_INPUT, &["explain", "no-such-thing"]),
        (exit::BUDGET, &["run", SMALL, "--set", "budget.events=1000"]),
        (
            exit::BUDGET,
            &[
                "run",
                SMALL,
                "--set",
                "budget.events=1000",
                "--replications",
                "3",
            ],
        ),
    ] {
        let answer = sim(arguments);
        assert_eq!(
            answer.code, code,
            "{arguments:?}:\n{}{}",
            answer.out, answer.err
        );
        let told = if code == exit::BAD_INPUT {
            assert_eq!(
                answer
                    .out
                    .lines()
                    .filter(|line| line.contains("digest"))
                    .count(),
                0
            );
            &answer.err
        } else {
            &answer.out
        };
        assert!(!told.trim().is_empty(), "{arguments:?} says nothing");
    }
}

#[test]
fn wrong_usage_is_told_the_right_one() {
    for (arguments, told) in [
        (&["run"][..], "sim run"),
        (&["run", SMALL, "--sead", "3"], "'--seed'"),
        (&["runn", SMALL], "'run'"),
        (
            &["run", SMALL, "--set", "services.dbb.threads=3"],
            "did you mean `db`?",
        ),
        (
            &["run", SMALL, "--set", "services.db.threds=3"],
            "did you mean `threads`?",
        ),
        (
            &[
                "run",
                SMALL,
                "--set",
                "calls.\"web -> db\".retri.attempts=3",
            ],
            "did you mean `retry`?",
        ),
        (&["run", SMALL, "--set", "seed"], "PATH=VALUE"),
        (&["run", "data/smal.ron"], "did you mean `data/small.ron`?"),
        (&["explain", "retyr"], "did you mean `retry`?"),
    ] {
        let answer = sim(arguments);
        assert_eq!(answer.code, exit::BAD_INPUT, "{arguments:?}");
        assert_eq!(answer.out, "", "{arguments:?}");
        assert!(answer.err.contains(told), "{arguments:?}: {}", answer.err);
    }
}

#[test]
fn a_budget_keeps_what_there_is_and_says_so() {
    let set = ["run", SMALL, "--set", "budget.events=5000"];
    let answer = sim(&set);
    assert!(answer.out.contains("budget"), "{}", answer.out);
    fits("a run over budget", &answer.out);
    let object = json(&[&set[..], &["--format", "json"]].concat());
    assert_eq!(object["stopped_by"], "events");
    assert!(
        object["events"]
            .as_u64()
            .is_some_and(|events| (500..=5000).contains(&events))
    );
    assert!(
        object["workloads"]["users"]["ok"]
            .as_u64()
            .is_some_and(|ok| ok > 0)
    );
    let folder = Folder::new("budget");
    let out = folder.path("run");
    let answer = sim(&[&set[..], &["--out", &out]].concat());
    assert_eq!(answer.code, exit::BUDGET, "{}", answer.err);
    assert!(Path::new(&out).join("summary.json").is_file());
}

/// Asserts that an object has these keys, some of them with keys below: `latency.{mean,p50}`.
fn has(object: &Value, what: &str, keys: &str) {
    for key in keys.split_whitespace() {
        let (key, below) = match key.split_once(".{") {
            Some((key, below)) => (key, below.trim_end_matches('}').replace(',', " ")),
            None => (key, String::new()),
        };
        let Some(value) = object.get(key) else {
            panic!("{what} has no `{key}`:\n{object:#}");
        };
        has(value, &format!("{what}.{key}"), &below);
    }
}

fn each<'a>(object: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let map = object[key]
        .as_object()
        .unwrap_or_else(|| panic!("`{key}` is no map"));
    assert!(!map.is_empty(), "`{key}` is empty");
    map.iter()
}

#[test]
fn the_json_of_a_run_has_every_key_of_the_contract() {
    const TIMES: &str = "mean,p50,p90,p95,p99,p999,max";
    let object = Value::Object(json(&["run", SMALL, "--format", "json"]));
    has(
        &object,
        "run",
        "schema scenario seed digest simulated_seconds events stopped_by workloads services edges \
         hypothesis.{verdict,checks} faults incidents",
    );
    for (name, workload) in each(&object, "workloads") {
        let keys = format!(
            "offered ok degraded failed unfinished outcomes latency.{{{TIMES}}} goodput \
             success_ratio availability"
        );
        has(workload, name, &keys);
        assert!(workload["availability"].is_object());
        let count = |key: &str| workload[key].as_u64().expect("a count");
        let ended = count("ok") + count("degraded") + count("failed");
        assert_eq!(count("offered"), ended + count("unfinished"), "{name}");
        let by_outcome: u64 = each(workload, "outcomes")
            .filter_map(|(_, n)| n.as_u64())
            .sum();
        assert_eq!(by_outcome, ended, "{name}");
    }
    for (name, service) in each(&object, "services") {
        let keys = format!(
            "arrivals started ok failed rejected utilization queue.{{mean,max}} \
             service_time.{{{TIMES}}} sojourn.{{{TIMES}}} doomed_share"
        );
        has(service, name, &keys);
    }
    for (name, edge) in each(&object, "edges") {
        let keys =
            format!("calls attempts retries amplification outcomes latency.{{{TIMES}}} policies");
        has(edge, name, &keys);
        assert!(name.contains(" -> "), "{name}");
    }
    let policies = &object["edges"]["web -> db"]["policies"];
    assert!(policies["0 retry"]["retries"].is_u64(), "{policies}");
    assert_eq!(object["faults"].as_array().map(Vec::len), Some(1));
    assert!(object["incidents"].is_array());
    let digest = object["digest"].as_str().expect("a text");
    assert!(digest.len() == 32 && digest.chars().all(|c| c.is_ascii_hexdigit()));
}

/// Any JSON, read only if the keys of all its objects are sorted as they stand in the text.
struct Sorted;

impl<'de> Deserialize<'de> for Sorted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Sorted {
    type Value = Self;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut last: Option<String> = None;
        while let Some((key, Self)) = map.next_entry::<String, Self>()? {
            if let Some(before) = last.filter(|before| *before >= key) {
                return Err(A::Error::custom(format!("`{key}` after `{before}`")));
            }
            last = Some(key);
        }
        Ok(self)
    }
}

#[test]
fn json_is_one_object_with_sorted_keys_and_nothing_else() {
    for arguments in [
        &["run", SMALL, "--format", "json"][..],
        &["run", SMALL, "--format", "json", "--replications", "3"],
        &[
            "run",
            SMALL,
            "--format",
            "json",
            "--set",
            "services.db.replicas=1",
        ],
    ] {
        let answer = sim(arguments);
        json(arguments);
        assert!(
            answer.out.starts_with('{') && answer.out.ends_with("}\n"),
            "{arguments:?}"
        );
        if let Err(wrong) = serde_json::from_str::<Sorted>(&answer.out) {
            panic!("{arguments:?}: {wrong}");
        }
    }
    let answer = sim(&[
        "check",
        SMALL,
        "data/bad/several-at-once.ron",
        "--format",
        "json",
    ]);
    let object: Value = serde_json::from_str(&answer.out).expect("one object for all files");
    assert_eq!(answer.code, exit::BAD_INPUT);
    assert_eq!(object["errors"], 5);
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_one_another_run() {
    let run = |seed: &str| sim(&["run", SMALL, "--seed", seed, "--format", "json"]).out;
    assert_eq!(run("5"), run("5"));
    let digest =
        |seed: &str| json(&["run", SMALL, "--seed", seed, "--format", "json"])["digest"].clone();
    assert_ne!(digest("5"), digest("6"));
    let own = json(&["run", SMALL, "--format", "json"]);
    assert_eq!(own["seed"], 11);
    assert_eq!(own["digest"], digest("11"));
}

#[test]
fn replications_do_not_depend_on_the_number_of_threads() {
    for format in ["json", "human"] {
        let run = |jobs: &str| {
            sim(&[
                "run",
                SMALL,
                "--replications",
                "5",
                "--jobs",
                jobs,
                "--format",
                format,
            ])
            .out
        };
        let one = run("1");
        assert_eq!(one, run("2"), "{format}");
        assert_eq!(one, run("7"), "{format}");
    }
}

#[test]
fn a_folder_has_every_file_and_no_temporary_one() {
    let folder = Folder::new("out");
    for (name, more) in [("one", &[][..]), ("many", &["--replications", "3"])] {
        let path = folder.path(name);
        let arguments = [&["run", SMALL, "--out", &path], more].concat();
        let answer = sim(&arguments);
        assert_eq!(answer.code, exit::HELD, "{}", answer.err);
        let files = files_below(Path::new(&path));
        for file in &files {
            assert!(
                !file.contains("tmp") && !file.ends_with('~'),
                "{name}: {file}"
            );
            let length = fs::metadata(Path::new(&path).join(file))
                .expect("it is there")
                .len();
            assert!(length > 0, "{name}: {file} is empty");
        }
        insta::assert_debug_snapshot!(format!("folder-{name}"), files);
        // Again into the same folder: the same bytes.
        let read = || -> Vec<Vec<u8>> {
            let contents = files
                .iter()
                .map(|file| fs::read(Path::new(&path).join(file)));
            contents.map(|bytes| bytes.expect("a file")).collect()
        };
        let before = read();
        assert_eq!(sim(&arguments).code, exit::HELD);
        assert!(
            before == read(),
            "{name}: the second time it is not the same"
        );
        assert_eq!(files, files_below(Path::new(&path)));
    }
    let left = fs::read_dir(&folder.0).expect("the folder").count();
    assert_eq!(left, 2, "something is left beside the folders");
}

/// One run and many of the same scenario are the same experiment, but leave other files.
#[test]
fn a_folder_keeps_nothing_of_the_run_before() {
    let folder = Folder::new("before");
    let fresh = |name: &str, more: &[&str]| {
        let path = folder.path(name);
        let mut all = vec!["run", SMALL, "--out", &path];
        all.extend(more);
        sim(&all);
        files_below(Path::new(&path))
    };
    let many = ["--replications", "2", "--seed", "7"];
    let (one, several) = (fresh("one", &[]), fresh("many", &many));
    assert!(one.contains("summary.json") && several.contains("runs.json"));
    assert_eq!(fresh("one", &many), several);
    assert_eq!(fresh("many", &[]), one);
    let mark = fs::read_to_string(folder.path("one/experiment.json")).expect("a mark");
    assert!(!mark.contains("timeline.png"), "{mark}");
}

#[test]
fn a_folder_that_cannot_be_written_is_bad_input() {
    let folder = Folder::new("unwritable");
    let file = folder.path("file");
    fs::write(&file, "in the way").expect("it can be written");
    for path in [file.clone(), format!("{file}/below")] {
        for more in [&[][..], &["--replications", "2"]] {
            let answer = sim(&[&["run", SMALL, "--out", &path], more].concat());
            assert_eq!(answer.code, exit::BAD_INPUT, "{path}: {}", answer.err);
            assert!(answer.err.contains("error: "), "{}", answer.err);
        }
    }
    assert_eq!(
        fs::read_to_string(&file).expect("it is still there"),
        "in the way"
    );
}

#[test]
fn a_request_tells_its_story() {
    let examples = json(&["run", SMALL, "--format", "json"])["examples"].clone();
    let number = examples[0]["request"]
        .as_u64()
        .expect("a request worth a look")
        .to_string();
    let answer = sim(&["run", SMALL, "--explain-request", &number]);
    assert!(
        answer
            .out
            .starts_with(&format!("Request {number} of users")),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("request ends: "), "{}", answer.out);
    fits("a story", &answer.out);
    // Spans are for people: no more than three decimals.
    for word in answer.out.split_whitespace() {
        let decimals = word.split_once('.').map_or("", |(_, decimals)| decimals);
        let digits = decimals.chars().take_while(char::is_ascii_digit).count();
        assert!(digits <= 3, "{word} in\n{}", answer.out);
    }
    let answer = sim(&["run", SMALL, "--explain-request", "4000000000"]);
    assert_eq!(answer.code, exit::BAD_INPUT);
    assert!(answer.err.contains("smaller number"), "{}", answer.err);
}

#[test]
fn a_run_warns_in_one_line_and_a_check_in_full() {
    let one = ["--set", "services.db.replicas=1"];
    let two = [&one[..], &["--set", "services.web.replicas=1"]].concat();
    let command = |name: &'static str, sets: &[&'static str]| sim(&[&[name, SMALL], sets].concat());
    assert_eq!(
        command("run", &one).err,
        "1 warning [W0007]; sim check data/small.ron --set services.db.replicas=1\n"
    );
    let told = command("run", &two).err;
    assert_eq!(
        told,
        "2 warnings [W0007]; sim check with the same arguments shows them\n"
    );
    fits("warnings", &told);
    assert_eq!(command("run", &[]).err, "", "nothing is suspicious");
    let check = command("check", &two);
    assert_eq!(check.code, exit::HELD);
    assert_eq!(check.err.matches("warning[W0007]").count(), 2);
    assert!(check.err.contains("--> "), "{}", check.err);
}

#[test]
fn every_scenario_checks_draws_and_loads_again() {
    let folder = Folder::new("again");
    for file in library() {
        let answer = sim(&["check", &file]);
        assert_eq!(answer.code, exit::HELD, "{file}: {}", answer.err);
        for (format, beginning) in [("svg", "<svg"), ("dot", "digraph"), ("mermaid", "")] {
            let answer = sim(&["graph", &file, "--format", format]);
            assert_eq!(answer.code, exit::HELD, "{file}: {}", answer.err);
            assert!(
                answer.out.trim_start().starts_with(beginning),
                "{file}: {}",
                answer.out
            );
            assert!(answer.out.lines().count() > 2, "{file}: {}", answer.out);
        }
        let explained = sim(&["check", "--explain", &file]).out;
        let again = folder.path("again.ron");
        fs::write(&again, &explained).expect("it can be written");
        let answer = sim(&["check", "--explain", &again]);
        assert_eq!(answer.code, exit::HELD, "{file}: {}", answer.err);
        assert_eq!(answer.out, explained, "{file}");
    }
}

#[test]
fn results_of_every_scenario_fit_the_page() {
    for file in library() {
        for more in [&[][..], &["--replications", "5", "--jobs", "2"]] {
            // A prefix of the run shows every table there is.
            let arguments = [&["run", &file, "--set", "budget.events=60000"], more].concat();
            let answer = sim(&arguments);
            assert!(answer.out.lines().count() > 5, "{file}: {}", answer.err);
            fits(
                &file,
                &answer
                    .out
                    .lines()
                    .filter(|line| !line.contains("sim run "))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
            fits(&file, &answer.err);
        }
    }
}
