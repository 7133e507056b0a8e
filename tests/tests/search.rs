//! `sim tune` and `sim sensitivity` from the outside: right answers on a system whose answers are
//! known, honest ones where there is none, and the same bytes for any number of threads.

use serde_json::Value;
use sim_cli::exit;
use sim_tests::command::sim;
use std::fs;
use std::path::PathBuf;

/// Three attempts turn a slow database into an outage that lasts: see the scenario.
const STORM: &str = "../scenarios/retry-storm.ron";
/// The same system in an outage in which three attempts are just right.
const FLAKY: &str = "data/flaky-database.ron";
const ATTEMPTS: &str = r#"calls."shop -> db".retry.attempts=1,2,3"#;

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sim-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn tune<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "tune",
        STORM,
        "--vary",
        ATTEMPTS,
        "--minimise",
        "failed_ratio(shoppers)",
        "--set",
        "duration=110s",
        "--replications-first",
        "2",
        "--finalists",
        "2",
        "--confirm",
        "8",
    ];
    arguments.extend(more);
    arguments
}

#[test]
fn a_setting_tuned_to_one_outage_is_told_to_be_worse_in_another() {
    let arguments = tune(&[
        "--subject-to",
        "recovery_time < 30s",
        "--also",
        FLAKY,
        // What it includes is in another folder.
        "--allow-read",
        "../scenarios",
    ]);
    let (code, text, err) = sim(&arguments);
    assert_eq!(code, exit::HELD, "{err}");
    assert!(
        text.starts_with("attempts=1 gives the lowest failed ratio of shoppers"),
        "{text}"
    );
    for part in [
        r#"--set 'calls."shop -> db".retry.attempts=1'"#,
        "The constraint held in 8 of 8 fresh runs",
        "Careful: it is worse than the present setting elsewhere: data/flaky-database.ron",
        "20% more load",
        "without slow database",
        "Reproduce with",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    let (_, told, _) = sim(&[&arguments[..], &["--format", "json", "--jobs", "1"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["elsewhere"][0]["verdict"], "worse");
    assert_eq!(told["elsewhere"][0]["named_by_user"], true);
    assert_eq!(told["elsewhere"][1]["verdict"], "better");
    assert_eq!(told["winner"]["settings"]["attempts"], "1");
    // Three candidates twice, two of them four times more, three settings and two each elsewhere eight
    // times: 6 + 8 + 24 + 4 x 16.
    assert_eq!(told["runs"], 102);
    let rungs = told["rungs"].as_array().unwrap();
    let used = rungs.last().unwrap()["replications"].as_u64().unwrap();
    assert_eq!(
        told["fresh_seed"].as_u64().unwrap(),
        told["seed"].as_u64().unwrap() + used
    );
}

/// Nothing ever waits at the shop: its backlog changes nothing, and the present one is 1000.
#[test]
fn a_change_that_changes_nothing_is_not_recommended() {
    let arguments = |axis| {
        let mut arguments = vec!["tune", STORM, "--vary", axis];
        arguments.extend(["--minimise", "failed_ratio(shoppers)", "--set"]);
        arguments.extend(["duration=110s", "--set", "services.shop.backlog=1000"]);
        arguments.extend(["--replications-first", "2", "--finalists", "2"]);
        arguments.extend(["--confirm", "2"]);
        arguments
    };
    let (code, text, err) = sim(&arguments("services.shop.backlog=2000,3000"));
    assert_eq!(code, exit::HELD, "{err}");
    let flat = text.replace('\n', " ");
    assert!(
        flat.starts_with("Nothing that was tried was shown to be better than the present setting."),
        "{text}"
    );
    assert!(flat.contains("no difference that was found"), "{text}");
    assert!(!flat.contains("To use"), "{text}");
    assert!(!flat.contains("may be better still"), "{text}");
    let (_, text, _) = sim(&arguments("services.shop.backlog=1000,3000"));
    let flat = text.replace('\n', " ");
    assert!(
        flat.contains("backlog=1000 is the present setting"),
        "{text}"
    );
    assert!(!flat.contains("To use"), "{text}");
    // It stands in the table once, and there is no elsewhere to compare it with itself in.
    assert_eq!(flat.matches("as it is now").count(), 1, "{text}");
    assert!(!flat.contains("Elsewhere"), "{text}");
}

/// One attempt with a long timeout fails a little more than three in the other outage, but only it does
/// not amplify the load there.
#[test]
fn what_alone_meets_the_constraints_elsewhere_fits_more_than_one_outage() {
    let mut arguments = vec!["tune", STORM, "--vary"];
    arguments.extend([r#"calls."shop -> db".retry.attempts=1"#, "--vary"]);
    arguments.extend([r#"calls."shop -> db".timeout.after=3s"#, "--minimise"]);
    arguments.extend(["failed_ratio(shoppers)", "--subject-to"]);
    arguments.extend(["amplification(shop -> db) < 1.2", "--subject-to"]);
    arguments.extend(["recovery_time < 30s", "--replications-first", "1"]);
    arguments.extend([
        "--confirm",
        "8",
        "--also",
        "../scenarios/database-outage.ron",
    ]);
    let (_, text, err) = sim(&arguments);
    let flat: Vec<&str> = text.split_whitespace().collect();
    let flat = flat.join(" ");
    assert!(
        flat.contains("but constraints held in 8 of 8 runs instead of 0"),
        "{text}{err}"
    );
    assert!(!flat.contains("not the system"), "{text}");
    // The eighth root of a twentieth.
    assert!(
        flat.contains("in at least 68.8% of all with 95% confidence"),
        "{text}"
    );
    // It never recovers now.
    assert!(flat.contains("never 0 of 8"), "{text}");
}

#[test]
fn without_another_scenario_it_says_that_one_outage_proves_little() {
    let (code, text, _) = sim(&tune(&[]));
    assert_eq!(code, exit::HELD);
    let text = text.replace('\n', " ");
    assert!(
        text.contains("try it in others with --also OTHER.ron"),
        "{text}"
    );
}

#[test]
fn where_nothing_meets_the_constraints_it_says_which_binds() {
    let (code, text, _) = sim(&tune(&[
        "--subject-to",
        "recovery_time < 30s",
        "--subject-to",
        "failed_ratio(shoppers) < 1%",
    ]));
    assert_eq!(code, exit::REFUTED);
    assert!(
        text.starts_with("No setting meets the constraints"),
        "{text}"
    );
    let text = text.replace('\n', " ");
    assert!(text.contains("The nearest is attempts=1"), "{text}");
    assert!(
        text.contains("binds is failed_ratio(shoppers) < 0.01"),
        "{text}"
    );
}

#[test]
fn several_goals_give_a_front_and_the_folder_holds_the_answer() {
    let folder = scratch("tune");
    let out = folder.to_string_lossy().into_owned();
    // Where queries fail now and then, attempts buy answers with load.
    let arguments = [
        "tune",
        FLAKY,
        "--allow-read",
        "../scenarios",
        "--vary",
        ATTEMPTS,
        "--minimise",
        "failed_ratio(shoppers)",
        "--minimise",
        "amplification(\"shop -> db\")",
        "--set",
        "duration=110s",
        "--replications-first",
        "4",
        "--finalists",
        "3",
        "--confirm",
        "4",
        "--out",
        &out,
    ];
    let (code, text, err) = sim(&arguments);
    assert_eq!(code, exit::HELD, "{err}");
    assert!(
        text.starts_with("3 settings, marked * and >, trade"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    let first = fs::read(folder.join("tune.json")).unwrap();
    // All runs are known by now, and the answer is the same.
    let (_, again, _) = sim(&[&arguments[..], &["--jobs", "1"]].concat());
    assert_eq!(fs::read(folder.join("tune.json")).unwrap(), first);
    assert_eq!(again, text);
    let runs = fs::read_to_string(folder.join("provenance.json")).unwrap();
    let runs: Value = serde_json::from_str(&runs).unwrap();
    assert_eq!(runs["runs"], runs["runs_known_already"]);
    for name in [
        "runs.csv",
        "pareto.svg",
        "finalists.png",
        "scenario.ron",
        "reproduce.txt",
    ] {
        assert!(folder.join(name).exists(), "{name}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn sensitivity_tells_what_matters() {
    let folder = scratch("sensitivity");
    let out = folder.to_string_lossy().into_owned();
    for (method, samples) in [("sobol", "16"), ("morris", "8")] {
        let arguments = [
            "sensitivity",
            STORM,
            "--set",
            "duration=100s",
            "--vary",
            r#"calls."shop -> db".retry.attempts=1..4"#,
            "--vary",
            r#"calls."shop -> db".timeout.after=300ms..4s:log"#,
            // Nothing ever waits there.
            "--vary",
            "services.shop.backlog=1000..2000",
            "--method",
            method,
            "--samples",
            samples,
            "--out",
            &out,
            // The second one replaces the first.
            "--force",
        ];
        let (code, text, err) = sim(&arguments);
        assert_eq!(code, exit::HELD, "{err}");
        let flat = text.replace('\n', " ");
        // So few samples show that, and do not prove it.
        assert!(flat.contains(&format!("of backlog {samples} ")), "{text}");
        assert!(flat.contains("but to prove it takes about"), "{text}");
        // What is not proved has no interval.
        let bare = text
            .lines()
            .any(|line| line.contains("backlog") && line.contains("0% (-)"));
        assert_eq!(bare, method == "sobol", "{text}");
        assert!(!flat.contains("does not matter"), "{text}");
        assert!(flat.contains("Luck makes"), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
        let first = fs::read(folder.join("sensitivity.json")).unwrap();
        let told: Value = serde_json::from_slice(&first).unwrap();
        assert_eq!(told["measures"][0]["order"][2], "backlog");
        let (_, again, _) = sim(&[&arguments[..], &["--jobs", "1"]].concat());
        assert_eq!(again, text);
        assert_eq!(fs::read(folder.join("sensitivity.json")).unwrap(), first);
    }
    for name in ["runs.csv", "cells.csv", "journal.jsonl", "summary.json"] {
        assert!(folder.join(name).exists(), "{name}");
    }
    let charts = fs::read_dir(&folder).unwrap();
    let charts = charts.filter(|file| {
        let name = file.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("influence-")
    });
    assert_eq!(charts.count(), 2, "as SVG and as PNG");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_answered_is_refused() {
    for (arguments, part) in [
        (vec!["tune", STORM, "--vary", ATTEMPTS], "--minimise"),
        (
            vec![
                "tune",
                STORM,
                "--vary",
                ATTEMPTS,
                "--minimise",
                "latencyy(shoppers, p99)",
            ],
            "latency",
        ),
        (
            vec![
                "tune",
                STORM,
                "--vary",
                ATTEMPTS,
                "--minimise",
                "failed_ratio(shopers)",
            ],
            "shoppers",
        ),
        (
            tune(&["--also", "../scenarios/mm1.ron"]),
            "in --also ../scenarios/mm1.ron",
        ),
        (
            vec!["sensitivity", STORM, "--vary", ATTEMPTS],
            "1 settings vary",
        ),
        (
            vec![
                "sensitivity",
                STORM,
                "--vary",
                ATTEMPTS,
                "--vary",
                "services.db.queue.limit=900,1000",
                "--measure",
                "recovery_time",
                "--samples",
                "2",
            ],
            "bounded measure",
        ),
    ] {
        let (code, out, err) = sim(&arguments);
        assert_eq!(code, exit::BAD_INPUT, "{arguments:?} {err}");
        assert!(err.contains(part) && out.is_empty(), "{arguments:?}: {err}");
    }
}
