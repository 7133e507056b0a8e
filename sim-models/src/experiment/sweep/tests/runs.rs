//! What a sweep runs and what comes out depends on nothing but the sweep.

use super::*;
use crate::experiment;
use crate::experiment::sweep::group::groups;
use crate::observe::conclusion::Conclusion;
use sim_core::random::mix;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Factors of the fault: these points share their beginning.
const FACTOR: (&str, &[&str]) = ("faults[0].inject.factor", &["1", "2", "3"]);
/// Its time: these too, but not all of it.
const AT: (&str, &[&str]) = ("faults[0].at", &["8s", "4.5s", "0s"]);

type Values = Vec<Option<f64>>;

/// Runs a part of a sweep; the records in order.
fn part(
    sweep: &Sweep,
    shard: Shard,
    threads: usize,
    known: &BTreeMap<(u32, u32), Values>,
) -> Vec<Record> {
    let records = Mutex::new(Vec::new());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let ran = pool.expect("threads can be started").install(|| {
        execute(
            sweep,
            shard,
            &|point, replication| {
                let known = known.get(&(point, replication))?;
                Some(known.iter().copied().collect())
            },
            &|record| records.lock().unwrap().push(record),
            &|| true,
        )
    });
    assert_eq!(ran, Ok(()));
    let mut records = records.into_inner().unwrap();
    records.sort_by_key(|record| (record.point, record.replication));
    records
}

fn whole(sweep: &Sweep) -> Vec<Record> {
    part(sweep, Shard::default(), 1, &BTreeMap::new())
}

/// Every run by itself, from scratch.
fn by_hand(sweep: &Sweep, replications: u32) -> Vec<(u32, u32, String, u64, Conclusion)> {
    let points = 0..sweep.points.len() as u32;
    points
        .flat_map(|point| (0..replications).map(move |replication| (point, replication)))
        .map(|(point, replication)| {
            let scenario = &sweep.scenarios[point as usize];
            let seed = sweep.seed + u64::from(replication);
            let summary = experiment::run(scenario, seed).unwrap().summary;
            let verdict = summary.hypothesis.verdict;
            (point, replication, summary.digest, summary.events, verdict)
        })
        .collect()
}

fn short(records: &[Record]) -> Vec<(u32, u32, String, u64, Conclusion)> {
    let of = |record: &Record| {
        (
            record.point,
            record.replication,
            format!("{:032x}", record.digest),
            record.events,
            record.verdict,
        )
    };
    records.iter().map(of).collect()
}

fn until(sweep: Sweep, half_width: f64) -> Sweep {
    let precision = Precision {
        measure: 1,
        half_width,
        relative: true,
        level: 0.95,
        least: 3,
        most: 10,
    };
    Sweep {
        replications: Replications::Until(precision),
        ..sweep
    }
}

/// All sweeps that are tried.
fn all() -> Vec<Sweep> {
    let mut windows = sweep(&[FACTOR, AT], 2);
    windows.windows = true;
    vec![
        sweep(&[TIMEOUT, FACTOR], 3),
        windows,
        until(sweep(&[TIMEOUT, FACTOR], 0), 0.12),
        sweep(&[], 1),
    ]
}

#[test]
fn forks_and_plans_that_are_shared_change_nothing() {
    for vary in [[TIMEOUT, FACTOR], [FACTOR, AT]] {
        let sweep = sweep(&vary, 2);
        assert_eq!(short(&whole(&sweep)), by_hand(&sweep, 2));
    }
}

#[test]
fn threads_and_shards_change_nothing() {
    for sweep in all() {
        let one = whole(&sweep);
        for threads in [2, 3] {
            assert_eq!(
                part(&sweep, Shard::default(), threads, &BTreeMap::new()),
                one
            );
        }
        for count in 1..=5 {
            let mut united = Vec::new();
            for index in 0..count {
                let shard = Shard { index, count };
                let part = part(&sweep, shard, 2, &BTreeMap::new());
                let places = |record: &Record| (record.point, record.replication);
                let ran: Vec<(u32, u32)> = part.iter().map(places).collect();
                match runs(&sweep, shard) {
                    Some(mut runs) => {
                        runs.sort_unstable();
                        assert_eq!(ran, runs);
                    }
                    None => {
                        let mut of: Vec<u32> = ran.iter().map(|(point, _)| *point).collect();
                        of.dedup();
                        assert_eq!(of, points(&sweep, shard));
                    }
                }
                united.extend(part);
            }
            united.sort_by_key(|record| (record.point, record.replication));
            assert_eq!(united, one, "{count} shards");
        }
    }
}

#[test]
fn what_is_known_is_not_run_again_and_changes_nothing() {
    for sweep in all() {
        let one = whole(&sweep);
        for (salt, threads) in [(1, 1), (2, 2), (3, 3), (4, 2)] {
            let is_known = |record: &&Record| {
                let place = u64::from(record.point) << 32 | u64::from(record.replication);
                !mix(salt, place).is_multiple_of(3)
            };
            let known: BTreeMap<(u32, u32), Values> = one
                .iter()
                .filter(is_known)
                .map(|record| ((record.point, record.replication), record.values.clone()))
                .collect();
            let rest = part(&sweep, Shard::default(), threads, &known);
            let missing: Vec<Record> = one
                .iter()
                .filter(|record| !is_known(record))
                .cloned()
                .collect();
            assert_eq!(rest, missing);
        }
    }
}

#[test]
fn a_point_is_run_until_its_interval_is_narrow() {
    let base = sweep(&[("workloads.users.rate", &["100/s", "400/s"])], 10);
    let most = whole(&base);
    for half_width in [0.0, 0.02, 0.1, 0.5, 100.0] {
        let sweep = until(base.clone(), half_width);
        let Replications::Until(precision) = sweep.replications else {
            unreachable!()
        };
        let records = whole(&sweep);
        for point in 0..2 {
            let all: Vec<&Record> = most.iter().filter(|run| run.point == point).collect();
            let next = precision.next(|at| Some(all[at as usize].values[1]));
            let count = records.iter().filter(|run| run.point == point).count();
            assert_eq!(next, Next::Enough(count as u32));
        }
        assert!(half_width > 0.0 || records.len() == 20);
        assert!(half_width < 100.0 || records.len() == 6);
    }
}

/// Sizes of the groups, in order.
fn sizes(sweep: &Sweep) -> Vec<usize> {
    let (groups, _) = groups(sweep, Shard::default());
    groups.iter().map(|group| group.points.len()).collect()
}

#[test]
fn only_what_shares_its_beginning_is_run_together() {
    assert_eq!(sizes(&sweep(&[FACTOR, AT], 1)), [9]);
    assert_eq!(sizes(&sweep(&[TIMEOUT, FACTOR], 1)), [3, 3, 3]);
    let believed = ("hypothesis.recovers.within", ["5s", "10s"].as_slice());
    assert_eq!(sizes(&sweep(&[believed, FACTOR], 1)), [6]);
    // Anything else shows from the first moment.
    for (path, values) in [
        TIMEOUT,
        ("workloads.users.rate", &["100/s", "101/s"]),
        ("services.db.threads", &["4", "5"]),
        ("duration", &["20s", "21s"]),
        ("warmup", &["4s", "3s"]),
        ("window", &["1s", "500ms"]),
        ("budget.events", &["1000", "2000"]),
    ] {
        let alone = vec![1; values.len()];
        assert_eq!(sizes(&sweep(&[(path, values)], 1)), alone, "{path}");
    }
    // A fault on the links of one instance makes the plan tell all instances apart.
    let latency = |link| format!(r#"latency(link: "{link}", add: "5ms")"#);
    let (all, some, one) = (
        latency("web -> db"),
        latency("* -> db"),
        latency("web -> db#0"),
    );
    let values = [all.as_str(), &one, &some];
    let mixed = sweep(&[("faults[0].inject", &values)], 2);
    assert_eq!(sizes(&mixed), [2, 1]);
    assert_eq!(short(&whole(&mixed)), by_hand(&mixed, 2));
    // For shards, groups are cut to pieces that fill them.
    let sweep = sweep(&[FACTOR, AT], 2);
    let (groups, units) = groups(&sweep, Shard { index: 0, count: 2 });
    assert!(groups.len() as u32 * units >= 8, "{groups:?}");
}

#[test]
fn a_beginning_is_simulated_once() {
    // How often it is asked whether to go on tells how many windows were run.
    let asked = |sweep: &Sweep| {
        let asked = AtomicUsize::new(0);
        let go_on = || {
            asked.fetch_add(1, Ordering::Relaxed);
            true
        };
        execute(sweep, Shard::default(), &|_, _| None, &|_| (), &go_on).unwrap();
        asked.into_inner()
    };
    // Three runs of 20 windows share 8; each job asks once more, and each run now and then within a window.
    let apart = asked(&sweep(&[("services.db.threads", &["4", "5", "6"])], 1));
    let forked = asked(&sweep(&[FACTOR], 1));
    assert!((60..=72).contains(&apart), "{apart}");
    assert!((44..=54).contains(&forked), "{forked}");
}

#[test]
fn a_sweep_that_is_stopped_tells_of_whole_runs_only() {
    let sweep = sweep(&[FACTOR, TIMEOUT], 2);
    let one = whole(&sweep);
    for windows in [0, 1, 30, 150] {
        let (asked, records) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        execute(
            &sweep,
            Shard::default(),
            &|_, _| None,
            &|record| records.lock().unwrap().push(record),
            &|| asked.fetch_add(1, Ordering::Relaxed) < windows,
        )
        .unwrap();
        let records = records.into_inner().unwrap();
        assert!(records.len() < one.len());
        assert!(records.iter().all(|record| one.contains(record)));
        assert!(windows < 150 || !records.is_empty());
    }
}

#[test]
fn a_run_that_panics_says_which_one_it_was() {
    let mut sweep = sweep(&[TIMEOUT], 3);
    // No checks let such a scenario through: a service without an instance.
    sweep.scenarios[1].services["db"].replicas = 0;
    let failure = execute(&sweep, Shard::default(), &|_, _| None, &|_| (), &|| true);
    let Err(Failure::Panicked(panicked)) = failure else {
        panic!("{failure:?}")
    };
    assert_eq!(panicked.point, 1);
    assert_eq!(panicked.seed, 1 + u64::from(panicked.replication));
    let text = panicked.to_string();
    let setting = r#"--set 'calls."web -> db".timeout.after=100ms'"#;
    assert!(text.contains(setting), "{text}");
    assert!(
        text.contains(&format!("--seed {}", panicked.seed)),
        "{text}"
    );
}

#[test]
fn a_scenario_that_cannot_be_run_is_named() {
    let mut sweep = sweep(&[TIMEOUT], 2);
    sweep.scenarios[2].services.shift_remove("db");
    let failure = execute(&sweep, Shard::default(), &|_, _| None, &|_| (), &|| true).unwrap_err();
    assert!(
        matches!(failure, Failure::Unable { point: 2, .. }),
        "{failure:?}"
    );
    assert!(failure.to_string().starts_with("point 3: "), "{failure}");
}
