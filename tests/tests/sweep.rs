//! `sim sweep` and `sim merge`: the same bytes whatever happens on the way, and errors that help.

use serde_json::Value;
use sim_cli::{Terminal, exit};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
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
    let arguments: Vec<OsString> = ["sim"].iter().chain(arguments).map(Into::into).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = sim_cli::run(&arguments, &mut out, &mut err, Terminal::default());
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    Answer {
        code,
        out: text(out),
        err: text(err),
    }
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

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sim-sweep-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a temporary folder can be made");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
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
    assert!(files.remove("provenance.json").is_some(), "{folder}");
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
    told["key"] = printed["key"].clone();
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

/// What tells this program, started anew, to be `sim` with these arguments.
const ARGUMENTS: &str = "SIM_TESTS_ARGUMENTS";

/// `sim` as a process of its own, so that it can be killed and has its own environment.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test has a path"));
    command
        .args(["--ignored", "--exact", "as_a_process", "--nocapture"])
        .env(ARGUMENTS, arguments.join("\n"))
        .stdin(Stdio::null());
    command
}

/// Not a test: what [`program`] starts.
#[test]
#[ignore = "is `sim` for other tests"]
fn as_a_process() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else {
        return;
    };
    let arguments = std::iter::once("sim").chain(arguments.lines());
    let code = sim_cli::main(arguments.map(Into::into));
    std::process::exit(i32::from(code));
}

/// Kills a sweep again and again; what was finished must survive, and be run only once.
#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    let folder = Folder::new("killed");
    let (whole, killed) = (folder.path("whole"), folder.path("killed"));
    // Long enough to be caught in the middle, in any build profile.
    let long = [
        "--set",
        "duration=600s",
        "--replications",
        "4",
        "--jobs",
        "2",
    ];
    let sweep = |out: &'static str| -> Vec<&'static str> {
        let mut arguments = vec!["sweep", SMALL, "--vary", THREADS, "--vary", TIMEOUT];
        arguments.extend(long);
        arguments.extend(["--windows", "--out", out]);
        arguments
    };
    // Leaked, so that the arguments are easy to pass on; it is a test.
    let (whole, killed): (&'static str, &'static str) = (whole.leak(), killed.leak());
    works(&sweep(whole));
    let journal = format!("{killed}/journal.jsonl");
    let mut before = 0;
    for round in 1..=5 {
        let mut child = program(&sweep(killed))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let begun = Instant::now();
        // A few more runs in each round; the deadline is for a program that does nothing.
        while lines(&journal) < before + 3 && begun.elapsed() < Duration::from_secs(60) {
            if child.try_wait().expect("a child").is_some() {
                break;
            }
            sleep(Duration::from_millis(2));
        }
        let _ = child.kill();
        let _ = child.wait();
        let after = lines(&journal);
        assert!(
            after >= before,
            "round {round}: {after} lines after {before}"
        );
        before = after;
    }
    assert!((3..24).contains(&before), "{before} runs after five rounds");
    let whole_lines = fs::read_to_string(&journal)
        .expect("a journal")
        .lines()
        .filter(|line| line.ends_with("}}"))
        .count();
    let last = program(&sweep(killed)).output().expect("it runs");
    let told = String::from_utf8_lossy(&last.stderr).into_owned();
    assert!(last.status.success(), "{told}");
    let known: usize = told
        .split(" of 24 runs were finished already")
        .next()
        .and_then(|text| text.split_whitespace().last())
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("{told}"));
    // The last line may have been torn by the kill.
    assert!(
        known == whole_lines || known + 1 == whole_lines,
        "{known} of {whole_lines}"
    );
    same(whole, killed);
    // Now there is nothing left to run.
    let again = works(&sweep(killed));
    assert!(
        again.err.contains("24 of 24 runs were finished already"),
        "{}",
        again.err
    );
    same(whole, killed);
}

/// An interrupt keeps what there is and says how to go on.
#[cfg(unix)]
#[test]
fn an_interrupt_says_how_to_go_on() {
    let folder = Folder::new("interrupt");
    let out = folder.path("a");
    let mut arguments = small(&out, &["--jobs", "1"]);
    arguments.extend(["--set", "duration=2000s"]);
    let child = program(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let journal = format!("{out}/journal.jsonl");
    let begun = Instant::now();
    while lines(&journal) < 1 && begun.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill runs").success());
    let ended = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(
        ended.status.code(),
        Some(i32::from(exit::INTERRUPTED)),
        "{told}"
    );
    assert!(told.contains("the same command goes on"), "{told}");
    assert!(!Path::new(&format!("{out}/summary.json")).exists());
    assert!(lines(&journal) >= 1);
}

#[test]
fn shards_joined_are_the_whole() {
    let folder = Folder::new("shards");
    let (whole, shared, joined) = (
        folder.path("whole"),
        folder.path("shared"),
        folder.path("joined"),
    );
    works(&small(&whole, &[]));
    let parts: Vec<String> = (1..=3).map(|n| folder.path(&format!("part{n}"))).collect();
    for (n, part) in parts.iter().enumerate() {
        let shard = format!("{}/3", n + 1);
        works(&small(part, &["--shard", &shard, "--jobs", "1"]));
        works(&small(&shared, &["--shard", &shard]));
    }
    let journals: usize = (1..=3)
        .map(|n| lines(&format!("{shared}/journal-0{n}-of-03.jsonl")))
        .sum();
    assert_eq!(journals, 18);
    works(&["merge", &parts[2], &parts[0], &parts[1], "--out", &joined]);
    same(&whole, &joined);
    works(&["merge", &shared]);
    same(&whole, &shared);
    // Once more: all of it is in the whole now.
    works(&["merge", &shared]);
    same(&whole, &shared);
    // And a shard that comes late has nothing to run.
    let late = works(&small(&shared, &["--shard", "2/3"]));
    assert!(
        late.err.contains("runs were finished already"),
        "{}",
        late.err
    );
}

#[test]
fn missing_shards_are_named_with_the_commands_that_run_them() {
    let folder = Folder::new("missing");
    let (parts, whole) = (folder.path("parts"), folder.path("whole"));
    works(&small(&parts, &["--shard", "1/3"]));
    works(&small(&parts, &["--shard", "3/3"]));
    let told = fails(&["merge", &parts]);
    let command = format!("sim sweep {parts}/sweep.ron --shard 2/3 --out {parts}");
    assert!(
        told.contains("journal-02-of-03.jsonl: all of it (6 runs)"),
        "{told}"
    );
    assert!(told.contains(&command), "{told}");
    assert!(!Path::new(&format!("{parts}/summary.json")).exists());
    let other = folder.path("other");
    fails(&["merge", &parts, "--out", &other]);
    assert!(!Path::new(&other).exists(), "nothing is written");
    // The command is right: what it was told to do makes it whole.
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    works(&words);
    works(&["merge", &parts]);
    works(&small(&whole, &[]));
    same(&whole, &parts);
}

#[test]
fn foreign_shards_are_refused_by_name() {
    let folder = Folder::new("foreign");
    let (one, two) = (folder.path("one"), folder.path("two"));
    works(&small(&one, &["--shard", "1/2"]));
    works(&small(&two, &["--shard", "2/2", "--seed", "99"]));
    let told = fails(&["merge", &one, &two, "--out", &folder.path("out")]);
    assert!(
        told.contains(&two) && told.contains("another sweep"),
        "{told}"
    );
    // Nor may a shard of another sweep share its folder.
    let told = fails(&small(&one, &["--shard", "2/2", "--seed", "99"]));
    assert!(told.contains("another sweep"), "{told}");
    // A journal that was put where it does not belong.
    fs::copy(
        format!("{two}/journal-02-of-02.jsonl"),
        format!("{one}/journal-02-of-02.jsonl"),
    )
    .expect("a copy");
    let told = fails(&["merge", &one]);
    assert!(told.contains("journal-02-of-02.jsonl"), "{told}");
    let nothing = folder.path("nothing");
    fs::create_dir_all(&nothing).expect("a folder");
    let told = fails(&["merge", &nothing]);
    assert!(told.contains("sweep.ron"), "{told}");
    let told = fails(&["merge", &one, &two]);
    assert!(told.contains("--out"), "{told}");
}

/// Points that need few replications stop early; neither threads nor shards change which.
#[test]
fn sequential_stopping_is_the_same_in_parts() {
    let folder = Folder::new("until");
    let sweep = |out: &str, more: &[&str]| {
        let until = ["--until", "latency(users, p99):5%", "--at-most", "24"];
        let mut arguments = vec!["sweep", SMALL, "--vary", THREADS, "--vary", TIMEOUT];
        arguments.extend(until);
        arguments.extend(["--out", out]);
        arguments.extend(more);
        works(&arguments)
    };
    let (whole, parts) = (folder.path("whole"), folder.path("parts"));
    sweep(&whole, &["--jobs", "1"]);
    let runs = lines(&format!("{whole}/journal.jsonl"));
    assert!(
        (6 * 10..6 * 24).contains(&runs),
        "{runs} runs: some point stops early"
    );
    sweep(&parts, &["--shard", "1/2"]);
    let told = fails(&["merge", &parts]);
    assert!(told.contains("--shard 2/2"), "{told}");
    sweep(&parts, &["--shard", "2/2"]);
    works(&["merge", &parts]);
    same(&whole, &parts);
    let again = sweep(&whole, &[]);
    assert!(
        again.err.contains(&format!("{runs} of {runs} runs")),
        "{}",
        again.err
    );
    same(&whole, &parts);
}

/// The journal of a small sweep with one line changed, and what going on with it says.
fn changed(name: &str, change: impl Fn(&mut Vec<String>)) -> String {
    let folder = Folder::new(name);
    let (whole, other) = (folder.path("whole"), folder.path("other"));
    works(&small(&whole, &[]));
    works(&small(&other, &[]));
    let journal = format!("{other}/journal.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let mut all: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    change(&mut all);
    fs::write(&journal, all.concat()).expect("a journal");
    let told = works(&small(&other, &[])).err;
    same(&whole, &other);
    told
}

#[test]
fn a_torn_line_is_run_again() {
    let told = changed("torn", |all| {
        let last = all.last_mut().expect("lines");
        last.truncate(last.len() / 2);
    });
    assert!(told.contains("17 of 18 runs"), "{told}");
    assert!(!told.contains("damaged"), "{told}");
}

#[test]
fn a_damaged_line_is_told_of_and_run_again() {
    let told = changed("damaged", |all| all[4] = all[4].replacen('7', "8", 1));
    assert!(
        told.contains("journal.jsonl:5: this line is damaged"),
        "{told}"
    );
    assert!(told.contains("17 of 18 runs"), "{told}");
}

#[test]
fn another_scenario_is_not_mistaken_for_the_same() {
    let folder = Folder::new("changed");
    let (other, out) = (folder.path("other"), folder.path("a"));
    works(&small(&out, &[]));
    let set = ["--set", "services.db.queue.limit=99"];
    let told = works(&small(&out, &set));
    assert!(!told.err.contains("finished already"), "{}", told.err);
    assert!(
        told.err
            .contains("18 runs in the journal were of other settings"),
        "{}",
        told.err
    );
    works(&small(&other, &set));
    same(&other, &out);
    // More replications of the same: only the new ones are run.
    let more = ["--set", "services.db.queue.limit=99", "--replications", "4"];
    let arguments: Vec<&str> = small(&out, &[])
        .into_iter()
        .filter(|argument| !["--replications", "3"].contains(argument))
        .chain(more)
        .collect();
    let told = works(&arguments);
    assert!(
        told.err.contains("18 of 24 runs were finished already"),
        "{}",
        told.err
    );
}

#[test]
fn one_process_at_a_time() {
    let folder = Folder::new("busy");
    let out = folder.path("a");
    fs::create_dir_all(&out).expect("a folder");
    let journal = fs::File::create(format!("{out}/journal.jsonl")).expect("a journal");
    journal.lock().expect("a lock");
    let told = fails(&small(&out, &[]));
    assert!(told.contains("another `sim` is at work"), "{told}");
    drop(journal);
    works(&small(&out, &[]));
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
fn the_scheduler_says_which_shard_it_is() {
    let folder = Folder::new("auto");
    let out = folder.path("a");
    let part = |set: &[(&str, &str)], shard: &str| {
        let mut command = program(&small(&out, &["--shard", shard]));
        for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "HQ_TASK_ID"] {
            command.env_remove(name);
        }
        command.envs(set.iter().copied());
        let ended = command.output().expect("it runs");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        (ended.status.code(), told)
    };
    let array = [
        ("SLURM_ARRAY_TASK_ID", "1"),
        ("SLURM_ARRAY_TASK_COUNT", "3"),
        ("SLURM_ARRAY_TASK_MIN", "1"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
    ];
    assert_eq!(part(&array, "auto").0, Some(0));
    assert_eq!(part(&[("JOB_COMPLETION_INDEX", "1")], "auto/3").0, Some(0));
    assert_eq!(part(&[("HQ_TASK_ID", "2")], "auto/3").0, Some(0));
    let (code, told) = part(&[], "auto/3");
    assert_eq!(code, Some(2));
    assert!(told.contains("none of SLURM_ARRAY_TASK_ID"), "{told}");
    works(&["merge", &out]);
    let whole = folder.path("whole");
    works(&small(&whole, &[]));
    same(&whole, &out);
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
