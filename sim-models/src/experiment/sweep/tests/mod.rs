//! Sweeps over a small system, and tables of made-up records.

mod runs;

use super::*;
use crate::experiment::space::Coordinate;
use crate::experiment::space::{Axis, Point};
use crate::input::load;
use crate::observe::conclusion::{Conclusion, StoppedBy};
use crate::scenario::Override;
use crate::scenario::Scenario;

/// A queue that a slow database fills for a while.
const SYSTEM: &str = r#"(
    duration: "20s", warmup: "4s", seed: 5,
    services: {
        "web": (threads: 16, endpoints: { "get": [work(exponential("1ms")), call("db/get")] }),
        "db": (threads: 4, endpoints: { "get": [work(exponential("5ms"))] }),
    },
    calls: { "web -> db": [retry(attempts: 2, backoff: none), timeout("100ms")] },
    workloads: { "users": open(rate: "100/s", to: "web/get") },
    faults: [(at: "8s", for: "4s", inject: slow(service: "db", factor: 2))],
    hypothesis: (steady: "success_ratio(users) >= 0.99", recovers: (within: "10s")),
)"#;

/// What `load` makes of the system with these settings.
fn scenario(set: &[Override]) -> Scenario {
    let loaded = load("test.ron", &[("test.ron", SYSTEM)], set);
    loaded.scenario.expect("the scenario is sound")
}

/// A sweep over the values of some paths, all combinations.
fn sweep(vary: &[(&str, &[&str])], replications: u32) -> Sweep {
    let mut sets: Vec<Vec<Override>> = vec![Vec::new()];
    for (path, values) in vary {
        sets = sets
            .into_iter()
            .flat_map(|set| {
                values.iter().map(move |value| {
                    let mut set = set.clone();
                    set.push(format!("{path}={value}").parse().expect("an override"));
                    set
                })
            })
            .collect();
    }
    let axis = |path: &&str| Axis {
        name: (*path).into(),
        paths: vec![(*path).into()],
        ..Axis::default()
    };
    let measures = ["success_ratio(users)", "latency(users, p99)"];
    Sweep {
        title: "test".into(),
        axes: vary.iter().map(|(path, _)| axis(path)).collect(),
        points: sets
            .iter()
            .map(|set| Point {
                coordinates: set
                    .iter()
                    .map(|one| Coordinate {
                        label: one.value.clone(),
                        number: None,
                    })
                    .collect(),
                set: set.clone(),
            })
            .collect(),
        scenarios: sets.iter().map(|set| scenario(set)).collect(),
        measures: measures
            .iter()
            .map(|text| text.parse().expect("a measure"))
            .collect(),
        seed: 1,
        replications: Replications::Fixed(replications),
        windows: false,
    }
}

const TIMEOUT: (&str, &[&str]) = (
    "calls.\"web -> db\".timeout.after",
    &["50ms", "100ms", "150ms"],
);

#[test]
fn a_run_is_known_by_what_it_depends_on_and_by_nothing_else() {
    let base = sweep(&[TIMEOUT], 3);
    let keys = Keys::new(&base);
    // The key of a run alone is that of the run among others.
    for point in 0..3 {
        for replication in 0..3 {
            let key = run_key(&base, point, replication);
            assert_eq!(keys.run(point, replication), key);
            assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
    assert!("12".parse::<RunKey>().is_err());
    assert!(
        "+2345678901234567890123456789012"
            .parse::<RunKey>()
            .is_err()
    );
    // The same run in another sweep.
    let mut other = base.clone();
    other.title = "other".into();
    other.points.remove(0);
    other.scenarios.remove(0);
    other.scenarios[0].title = Some("renamed".into());
    other.scenarios[0].seed = 99;
    other.seed = 3;
    assert_eq!(run_key(&other, 0, 0), run_key(&base, 1, 2));
    // Anything that matters makes another key.
    let mut all = vec![keys.run(0, 0), keys.run(0, 1), keys.run(1, 0)];
    for change in [
        |sweep: &mut Sweep| sweep.windows = true,
        |sweep: &mut Sweep| sweep.measures.swap(0, 1),
        |sweep: &mut Sweep| drop(sweep.measures.pop()),
        |sweep: &mut Sweep| sweep.seed = 77,
        |sweep: &mut Sweep| sweep.scenarios[0].hypothesis = Default::default(),
        |sweep: &mut Sweep| drop(sweep.scenarios[0].faults.pop()),
    ] {
        let mut changed = base.clone();
        change(&mut changed);
        all.push(run_key(&changed, 0, 0));
    }
    for (at, key) in all.iter().enumerate() {
        assert!(!all[..at].contains(key), "{at}");
    }
}

#[test]
fn a_sweep_is_known_by_all_that_its_table_shows() {
    let base = sweep(&[TIMEOUT], 3);
    let mut all = vec![sweep_key(&base)];
    assert_eq!(sweep_key(&base.clone()), all[0]);
    let until = Precision {
        measure: 0,
        half_width: 0.1,
        relative: false,
        level: 0.95,
        least: 10,
        most: 20,
    };
    for change in [
        |sweep: &mut Sweep, _| sweep.title = "other".into(),
        |sweep: &mut Sweep, _| sweep.axes[0].name = "other".into(),
        |sweep: &mut Sweep, _| sweep.axes[0].unit = "s",
        |sweep: &mut Sweep, _| sweep.points[0].coordinates[0].number = Some(0.0),
        |sweep: &mut Sweep, _| sweep.points[0].set[0].value = "0.05s".into(),
        |sweep: &mut Sweep, _| sweep.scenarios[2].duration.0 += 1,
        |sweep: &mut Sweep, _| sweep.seed = 2,
        |sweep: &mut Sweep, _| sweep.windows = true,
        |sweep: &mut Sweep, _| sweep.replications = Replications::Fixed(4),
        |sweep: &mut Sweep, until| sweep.replications = Replications::Until(until),
        |sweep: &mut Sweep, until| {
            sweep.replications = Replications::Until(Precision { most: 21, ..until });
        },
    ] {
        let mut changed = base.clone();
        change(&mut changed, until);
        all.push(sweep_key(&changed));
    }
    for (at, key) in all.iter().enumerate() {
        assert!(!all[..at].contains(key), "{at}");
    }
}

/// A table of one point and one measure with these values.
fn record(replication: u32, value: Option<f64>, verdict: Conclusion) -> Record {
    Record {
        point: 0,
        replication,
        seed: u64::from(replication),
        digest: 0,
        events: 0,
        stopped_by: StoppedBy::End,
        verdict,
        values: vec![value, None],
        windows: Vec::new(),
    }
}

#[test]
fn cells_tell_means_where_there_are_any_and_shares_where_not() {
    let sweep = sweep(&[], 4);
    let values = [Some(3.0), Some(1.0), None, Some(2.0)];
    let records = |values: &[Option<f64>]| {
        let numbered = values.iter().enumerate().rev();
        numbered
            .map(|(number, value)| {
                let verdict = if number == 1 {
                    Conclusion::Metastable
                } else {
                    Conclusion::Recovered
                };
                record(number as u32, *value, verdict)
            })
            .collect::<Vec<_>>()
    };
    let table = Table::new(&sweep, records(&values));
    let cells = table.cells();
    assert_eq!((cells.len(), cells[1].point, cells[1].measure), (2, 0, 1));
    let cell = &cells[0];
    assert_eq!((cell.runs, cell.count), (4, 3));
    let mean = cell.mean.unwrap();
    // t(0.975; 2) = 4.302653, sd = 1.
    assert_eq!((mean.mean, cell.sd), (2.0, Some(1.0)));
    assert!((mean.half_width - 4.302_653 / 3.0_f64.sqrt()).abs() < 1e-5);
    assert_eq!((cell.min, cell.max), (Some(1.0), Some(3.0)));
    assert_eq!(cell.median.unwrap().mean, 2.0);
    assert_eq!(cell.finite.unwrap().count, 3);
    assert_eq!(
        (cells[1].count, cells[1].mean, cells[1].finite),
        (0, None, None)
    );
    let verdicts = table.verdicts(0);
    assert_eq!(
        (verdicts[0].verdict, verdicts[0].count),
        (Conclusion::Recovered, 3)
    );
    assert_eq!(
        (verdicts[1].verdict, verdicts[1].count),
        (Conclusion::Metastable, 1)
    );
    assert_eq!(verdicts[1].share, table.metastable(0).unwrap());
    // Some never end: no mean, but a median.
    let never = f64::INFINITY;
    let values = [Some(never), Some(4.0), Some(never), Some(5.0), Some(6.0)];
    let table = Table::new(&sweep, records(&values));
    let cell = table.cell(0, 0);
    assert_eq!((cell.mean, cell.sd), (None, None));
    let median = cell.median.unwrap();
    assert_eq!((median.mean, median.low, median.high), (6.0, 4.0, never));
    let p90 = cell.p90.unwrap();
    assert_eq!((p90.mean, p90.high, p90.half_width), (never, never, never));
    let finite = cell.finite.unwrap();
    assert_eq!((finite.count, finite.share.mean), (3, 0.6));
    assert_eq!(cell.max, Some(never));
    // A single run has a mean and no spread.
    let one = Table::new(&sweep, records(&[Some(2.0)])).cell(0, 0);
    assert_eq!((one.mean.unwrap().half_width, one.sd), (never, None));
}
