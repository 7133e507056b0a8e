//! The worked examples in `scenarios/sweeps`: their result folders hold what plain runs give, and show what
//! their comments say.
//!
//! `.ci/run` repeats all of them in release and compares byte for byte; here single runs are repeated
//! without the machinery of sweeps, so that the two can disagree.

use sim_cli::files::Disk;
use sim_models::experiment::spec::{read_spec, resolve};
use sim_models::experiment::sweep::Sweep;
use sim_models::experiment::{Options, run_with};
use std::collections::BTreeMap;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/sweeps");

/// A table: each row by the names of its columns.
type Rows = Vec<BTreeMap<String, String>>;

fn sweep(name: &str) -> Sweep {
    let spec = read_spec(&format!("{FOLDER}/{name}.ron"), &Disk::default());
    let spec = spec.unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    resolve(&spec, &Disk::default()).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics))
}

fn runs(name: &str) -> Rows {
    let file = format!("{FOLDER}/results/{name}/runs.csv");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a heading").split(',').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), head.len(), "{line}");
        let pairs = head.iter().zip(cells);
        pairs
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect()
    };
    lines.map(row).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    let cell = row
        .get(column)
        .unwrap_or_else(|| panic!("no {column} in {row:?}"));
    cell.parse().unwrap_or_else(|_| panic!("{column}: {cell}"))
}

/// The mean of a column over the rows that are `wanted`.
fn mean(rows: &Rows, column: &str, wanted: impl Fn(&BTreeMap<String, String>) -> bool) -> f64 {
    let all: Vec<f64> = rows
        .iter()
        .filter(|row| wanted(row))
        .map(|row| number(row, column))
        .collect();
    assert!(!all.is_empty(), "no row for {column}");
    all.iter().sum::<f64>() / all.len() as f64
}

/// Every so many of the runs of a result folder, done again one by one.
fn agrees(name: &str, every: usize) {
    let (sweep, rows) = (sweep(name), runs(name));
    let points: std::collections::BTreeSet<&String> =
        rows.iter().map(|row| &row["point"]).collect();
    assert_eq!(points.len(), sweep.points.len());
    // An odd offset, so that it is not always the first replication.
    for row in rows.iter().skip(every / 3).step_by(every) {
        let scenario = &sweep.scenarios[number(row, "point") as usize];
        let seed = number(row, "seed") as u64;
        assert_eq!(seed, sweep.seed + number(row, "replication") as u64);
        let options = Options {
            seed,
            ..Options::default()
        };
        let result = run_with(scenario, options, |_| true).expect("the examples are sound");
        assert_eq!(row["digest"], result.summary.digest, "{name}: {row:?}");
        assert_eq!(
            row["verdict"],
            result.summary.hypothesis.verdict.name(),
            "{name}: {row:?}"
        );
        assert_eq!(row["events"], result.summary.events.to_string());
    }
}

#[test]
fn the_outage_is_what_single_runs_give() {
    agrees("backoff-outage", 41);
}

#[test]
fn the_cliff_is_what_single_runs_give() {
    agrees("pool-cliff", 37);
}

#[test]
fn the_herd_is_what_single_runs_give() {
    agrees("jitter-clients", 31);
}

#[test]
fn limits_matter_more_than_backoffs() {
    let rows = runs("backoff-outage");
    assert_eq!(rows.len(), 48 * 20);
    for row in &rows {
        if row["limit"] != "6 attempts" || row["jitter"] == "full" {
            assert_eq!(row["verdict"], "recovered", "{row:?}");
        }
    }
    let lost = |jitter: &str, backoff: &str| {
        mean(&rows, "failed_ratio_shoppers_ratio", |row| {
            row["limit"] == "6 attempts" && row["jitter"] == jitter && row["backoff"] == backoff
        })
    };
    for backoff in ["constant", "linear", "exponential"] {
        assert!(
            lost("none", backoff) > 2.0 * lost("full", backoff),
            "{backoff}"
        );
    }
}

#[test]
fn the_cliff_runs_along_threads_and_timeouts() {
    let rows = runs("pool-cliff");
    let (mut cells, mut wrong) = (BTreeMap::new(), 0);
    let levels = |column: &str| -> Vec<String> {
        let mut all: Vec<(f64, String)> = Vec::new();
        for row in &rows {
            if !all.iter().any(|(_, cell)| *cell == row[column]) {
                all.push((number(row, column), row[column].clone()));
            }
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.into_iter().map(|(_, cell)| cell).collect()
    };
    let (loads, threads, timeouts) = (levels("load_per_s"), levels("threads"), levels("timeout_s"));
    assert_eq!((loads.len(), threads.len(), timeouts.len()), (3, 7, 7));
    for (l, load) in loads.iter().enumerate() {
        for (n, thread) in threads.iter().enumerate() {
            for (t, timeout) in timeouts.iter().enumerate() {
                let failed = mean(&rows, "failed_ratio_buyers_ratio", |row| {
                    row["load_per_s"] == *load
                        && row["threads"] == *thread
                        && row["timeout_s"] == *timeout
                });
                cells.insert((l, n, t), failed);
            }
        }
    }
    // More threads never hurt and longer timeouts never help, but for noise of a thousandth.
    for ((l, n, t), failed) in &cells {
        for other in [(*l, n + 1, *t), (*l, *n, t.wrapping_sub(1))] {
            wrong += u32::from(cells.get(&other).is_some_and(|less| *less > failed + 0.001));
        }
    }
    assert_eq!(wrong, 0);
    // A cliff: nobody or many.
    let between = cells
        .values()
        .filter(|failed| (0.001..0.01).contains(*failed))
        .count();
    assert!(between * 10 < cells.len(), "{between} of {}", cells.len());
}

#[test]
fn a_herd_in_step_is_the_heaviest() {
    let rows = runs("jitter-clients");
    let load = |jitter: &str, clients: &str| {
        mean(&rows, "amplification_clients_api_ratio", |row| {
            row["jitter"] == jitter && row["clients"] == clients
        })
    };
    for jitter in ["full", "equal", "decorrelated"] {
        assert!(load("none", "500") > 1.5 * load(jitter, "500"), "{jitter}");
        // More clients, more attempts for each of them.
        assert!(load(jitter, "500") > load(jitter, "100"), "{jitter}");
        assert!(load(jitter, "100") > load(jitter, "20"), "{jitter}");
    }
}
