//! Results are read by the tools that people read them with: pandas, polars and DuckDB.
//!
//! These tests need a Python that has them: `SIM_PYTHON` names it, `python3` otherwise.

use serde_json::{Value, json};
use sim_cli::exit;
use sim_tests::command::{self, Folder};
use std::fs;
use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/read_results.py");

/// A system that never recovers with three attempts, so that its time to recover is infinite, and that
/// gives no answers for long, so that there is nothing to measure of them.
const STORM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/retry-storm.ron");

fn sim(arguments: &[&str]) {
    let (code, _, told) = command::sim(arguments);
    assert_eq!(code, exit::HELD, "{arguments:?}: {told}");
}

/// Holds a table to what is expected of it, in all three.
fn read(folder: &str, table: &str, expected: &Value) {
    let python = std::env::var("SIM_PYTHON").unwrap_or_else(|_| "python3".into());
    let ended = Command::new(&python)
        .args([SCRIPT, folder, table, &expected.to_string()])
        .output()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{table}: {told}");
}

/// How many cells of a column of a plain CSV are empty, and how many infinite.
fn cells(text: &str, column: &str) -> (usize, usize) {
    let mut rows = text.lines();
    let head = rows.next().expect("a heading");
    let at = head.split(',').position(|name| name == column);
    let at = at.unwrap_or_else(|| panic!("{column} is not in {head}"));
    let all: Vec<&str> = rows
        .map(|row| row.split(',').nth(at).expect("a cell"))
        .collect();
    let count = |what: &str| all.iter().filter(|cell| **cell == what).count();
    (count(""), count("1e999"))
}

#[test]
#[ignore = "needs python with pandas, polars, duckdb, pyarrow"]
fn tables_are_read_at_once() {
    let folder = Folder::new("readers");
    let out = folder.0.join("out").to_string_lossy().into_owned();
    let mut arguments = vec!["sweep", STORM, "--variant", "storm:"];
    arguments.extend(["--variant", "mended:calls.\"shop -> db\".retry.attempts=2"]);
    arguments.extend([
        "--vary",
        "duration=240s,300s",
        "--measure",
        "recovery_time()",
    ]);
    arguments.extend(["--measure", "latency(shoppers, p99)", "--replications", "3"]);
    arguments.extend(["--windows", "--out", &out]);
    if cfg!(feature = "parquet") {
        arguments.push("--parquet");
    }
    sim(&arguments);
    let text = |name: &str| fs::read_to_string(format!("{out}/{name}")).expect("a table");
    let (runs, windows) = (text("runs.csv"), text("windows.csv"));
    let (recovery, latency) = ("recovery_time_s", "latency_shoppers_p99_s");
    let (_, never) = cells(&runs, recovery);
    let (nothing, _) = cells(&windows, latency);
    assert!(never > 0, "some never recover\n{runs}");
    assert!(nothing > 0, "some windows have no answer\n{windows}");
    let of_runs = json!({
        "rows": 12, "text": ["variant", "digest", "verdict", "stopped_by"],
        "whole": ["point", "replication", "seed", "events"], "truth": ["metastable"],
        "number": ["duration_s", recovery, latency],
        "empty": { recovery: cells(&runs, recovery).0, latency: cells(&runs, latency).0 },
        "infinite": { recovery: never, latency: 0 },
    });
    let of_windows = json!({
        "rows": windows.lines().count() - 1, "text": ["variant"],
        "whole": ["point", "replication"], "truth": [], "number": ["time_s", "duration_s", latency],
        "empty": { latency: nothing }, "infinite": { latency: 0 },
    });
    read(&out, "runs.csv", &of_runs);
    read(&out, "windows.csv", &of_windows);
    // As a large table would be.
    let zipped = Command::new("gzip")
        .args(["-k", &format!("{out}/runs.csv")])
        .status();
    assert!(zipped.expect("gzip").success());
    read(&out, "runs.csv.gz", &of_runs);
    if cfg!(feature = "parquet") {
        read(&out, "runs.parquet", &of_runs);
        read(&out, "windows.parquet", &of_windows);
    }
}
