//! Plugs that are pulled: every command that writes a folder is killed at 50 moments, and what it leaves is
//! sound, nobody else's business, and enough to end with the bytes of an undisturbed run.
//!
//! The moments are drawn from a fixed seed as shares of the time that an undisturbed run takes. Whatever
//! moment it becomes on a busy machine, the same must hold.
#![cfg(unix)]

use sim_cli::store::claim::MARK;
use sim_cli::store::file::to_become;
use sim_cli::store::lock::LOCK;
use sim_core::random::{Seed, Source};
use sim_tests::command::{self, Folder, program};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

/// How often each command is killed.
const KILLS: u32 = 50;
/// After so many kills it may end for once, and has to end well.
const ENDS: u32 = 10;

const SCENARIO: &str = r#"(
    duration: "5s", window: "1s", seed: 11,
    services: {
        "web": (endpoints: { "get": [work("2ms"), call("db/find")] }),
        "db": (threads: 8, endpoints: { "find": [work(exponential("5ms"))] }),
    },
    workloads: { "users": open(rate: "50/s", to: "web/get") },
)"#;

/// Not a test: what [`program`] starts.
#[test]
#[ignore = "is `sim` for other tests"]
fn as_a_process() {
    command::as_a_process();
}

/// The files of a folder, but for the one that says when and where it was written.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().expect("a plain name");
        let bytes = fs::read(entry.path()).unwrap_or_default();
        (name != "provenance.json").then_some((name, bytes))
    };
    entries.filter_map(file).collect()
}

/// What a killed process leaves is listed, or known by its name for what it is; what is there is whole.
fn assert_sound(folder: &Path, when: &str) {
    let files = contents(folder);
    let mark = files.get(MARK);
    let listed: BTreeSet<String> = mark.map_or_else(BTreeSet::new, |mark| {
        let mark: serde_json::Value = serde_json::from_slice(mark).expect("the mark is whole");
        let names = mark["files"].as_array().expect("a list").iter();
        names
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    });
    for (name, bytes) in &files {
        let half = to_become(name).is_some_and(|whole| whole == MARK || listed.contains(whole));
        assert!(
            half || name == LOCK || listed.contains(name),
            "{when}: {name} is left and listed nowhere"
        );
        if name.ends_with(".json") && !half {
            let whole = serde_json::from_slice::<serde_json::Value>(bytes);
            assert!(whole.is_ok(), "{when}: {name} is not whole");
        }
    }
}

/// Kills a command of a scenario again and again.
fn kill(command: &str, more: &[&str]) {
    let folder = Folder::new(&format!("kills-{command}"));
    let scenario = folder.put("a.ron", SCENARIO);
    kill_in(&folder, command, &[&[&*scenario], more].concat());
}

/// Kills a command again and again, and looks after each time at the folder that it writes.
fn kill_in(folder: &Folder, command: &str, more: &[&str]) {
    let into = |out: &Path| -> Vec<String> {
        let out = out.to_string_lossy();
        let head = [command];
        let words = head.into_iter().chain(more.iter().copied());
        words.chain(["--out", &*out]).map(str::to_owned).collect()
    };
    let ends = |out: &Path| {
        let ended = program(&into(out)).output().expect("it runs");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(
            matches!(ended.status.code(), Some(0 | 1)),
            "{command}: {told}"
        );
    };
    let (whole, killed) = (folder.0.join("whole"), folder.0.join("killed"));
    let begun = Instant::now();
    ends(&whole);
    let takes = begun.elapsed();
    let expected = contents(&whole);
    assert!(expected.len() > 5, "{:?}", expected.keys());
    let mut moments = Seed(11).stream("moments", command);
    for round in 1..=KILLS {
        let mut child = program(&into(&killed))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        sleep(takes.mul_f64(moments.uniform()));
        let _ = child.kill();
        let _ = child.wait();
        assert_sound(&killed, &format!("{command}, kill {round}"));
        if round % ENDS == 0 {
            ends(&killed);
            let found = contents(&killed);
            let names =
                |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
            assert_eq!(
                names(&found),
                names(&expected),
                "{command} after {round} kills"
            );
            for (name, bytes) in &expected {
                assert!(
                    *bytes == found[name],
                    "{command} after {round} kills: {name} differs"
                );
            }
            // From the beginning, or over what is there.
            if round % (2 * ENDS) == 0 {
                fs::remove_dir_all(&killed).expect("it is there");
            }
        }
    }
}

/// The first signal keeps what there is, and says what the second one does.
#[test]
fn a_signal_keeps_what_was_simulated() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::new(&format!("signal-{signal}"));
        let (scenario, out) = (folder.0.join("a.ron"), folder.0.join("out"));
        // Hours: it ends because it is told to. All in one window, so that this is where it is told.
        let long = SCENARIO.replace(
            "duration: \"5s\", window: \"1s\"",
            "duration: \"240h\", window: \"240h\", budget: (events: 1000000000000)",
        );
        fs::write(&scenario, long).expect("it can be written");
        let words = [
            "run",
            &scenario.to_string_lossy(),
            "--out",
            &out.to_string_lossy(),
        ];
        let child = program(&words)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        while !out.join(MARK).exists() {
            sleep(std::time::Duration::from_millis(1));
        }
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill runs").success());
        let ended = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(130), "{told}");
        assert!(told.contains("once more ends at once"), "{told}");
        let summary = fs::read(out.join("summary.json")).expect("partial results are kept");
        let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
        assert_eq!(summary["stopped_by"], "interrupt");
    }
}

const THREADS: &str = "services.db.threads=1,4";
/// Few charts, so that less time goes by between what can be interrupted.
const MEASURE: [&str; 2] = ["--measure", "failed_ratio(users)"];

#[test]
fn a_killed_run_leaves_nothing_behind() {
    kill("run", &[]);
}

#[test]
fn a_killed_sweep_leaves_nothing_behind() {
    kill(
        "sweep",
        &[
            &["--vary", THREADS, "--replications", "3", "--windows"],
            &MEASURE[..],
        ]
        .concat(),
    );
}

#[test]
fn a_killed_comparison_leaves_nothing_behind() {
    kill(
        "compare",
        &[
            &[
                "--variant",
                "b:services.db.threads=1",
                "--replications",
                "4",
            ],
            &MEASURE[..],
        ]
        .concat(),
    );
}

#[test]
fn a_killed_search_leaves_nothing_behind() {
    let goal = [
        "--minimise",
        "failed_ratio(users)",
        "--replications-first",
        "2",
    ];
    kill(
        "tune",
        &[&["--vary", THREADS, "--confirm", "3"], &goal[..]].concat(),
    );
}

#[test]
fn a_killed_sensitivity_leaves_nothing_behind() {
    let vary = ["--vary", THREADS, "--vary", "services.web.threads=1,4"];
    kill(
        "sensitivity",
        &[&vary[..], &["--method", "morris", "--samples", "3"]].concat(),
    );
}

#[test]
fn a_killed_merge_leaves_nothing_behind() {
    let folder = Folder::new("kills-merge");
    let scenario = folder.put("a.ron", SCENARIO);
    let parts = ["1/2", "2/2"].map(|shard| {
        let part = folder.path(&shard.replace('/', "-of-"));
        let words = ["sweep", &scenario, "--vary", THREADS, "--replications", "3"];
        let more = ["--shard", shard, "--out", &part, MEASURE[0], MEASURE[1]];
        let ended = program(&[&words[..], &more].concat()).output();
        assert!(ended.expect("it runs").status.success(), "{shard}");
        part
    });
    kill_in(&folder, "merge", &[&*parts[0], &*parts[1]]);
}
