//! Sweeps made up for the tests: what they yield is a formula.

use super::*;
use crate::charts::plot::legible::assert_legible;
use sim_models::experiment::space::{Axis, Coordinate, Point};
use sim_models::experiment::sweep::{Record, Replications, Sweep};
use sim_models::observe::conclusion::{Conclusion, StoppedBy};

/// An axis with its values.
pub struct Varied(
    pub &'static str,
    pub &'static str,
    pub Vec<(String, Option<f64>)>,
);

pub fn words(name: &'static str, values: &[&str]) -> Varied {
    let values = values.iter().map(|v| ((*v).to_owned(), None));
    Varied(name, "", values.collect())
}

pub fn seconds(name: &'static str, values: &[f64]) -> Varied {
    let text = |v: &f64| (crate::units::short_duration(*v), Some(*v));
    Varied(name, "s", values.iter().map(text).collect())
}

pub fn plain(name: &'static str, values: &[f64]) -> Varied {
    let text = |v: &f64| (crate::units::short_number(*v), Some(*v));
    Varied(name, "", values.iter().map(text).collect())
}

pub fn sweep(title: &str, varied: &[Varied], points: &[Vec<usize>]) -> Sweep {
    let axes = varied.iter().map(|Varied(name, unit, _)| Axis {
        name: (*name).to_owned(),
        unit,
        ..Axis::default()
    });
    let point = |levels: &Vec<usize>| Point {
        coordinates: levels
            .iter()
            .zip(varied)
            .map(|(level, Varied(_, _, values))| Coordinate {
                label: values[*level].0.clone(),
                number: values[*level].1,
            })
            .collect(),
        ..Point::default()
    };
    let measures = [
        "goodput(shoppers)",
        "latency(shoppers, p99)",
        "amplification(shop -> db)",
        "failed_ratio(shoppers)",
        "recovery_time",
        "utilization(db)",
    ];
    let measures = measures.map(|m| m.parse().unwrap());
    Sweep {
        title: title.to_owned(),
        axes: axes.collect(),
        points: points.iter().map(point).collect(),
        scenarios: Vec::new(),
        measures: measures.to_vec(),
        seed: 1,
        replications: Replications::Fixed(20),
        windows: false,
    }
}

pub fn combinations(varied: &[Varied]) -> Vec<Vec<usize>> {
    let mut points: Vec<Vec<usize>> = vec![Vec::new()];
    for Varied(_, _, values) in varied {
        points = points
            .into_iter()
            .flat_map(|point| {
                (0..values.len()).map(move |level| [point.clone(), vec![level]].concat())
            })
            .collect();
    }
    points
}

/// Runs whose damage grows with `pressure`, 0 to 1.
pub fn records(points: &[Vec<usize>], pressure: impl Fn(&[usize]) -> f64) -> Vec<Record> {
    let mut records = Vec::new();
    for (n, levels) in points.iter().enumerate() {
        for replication in 0..20_u32 {
            let noise = ((n * 31 + replication as usize * 7919) % 101) as f64 / 101.0 - 0.5;
            let pressure = (pressure(levels) + 0.12 * noise).clamp(0.0, 1.0);
            let failed = 0.9 * libm::pow(pressure, 3.0);
            let recovery = if pressure > 0.85 {
                f64::INFINITY
            } else {
                5.0 + 60.0 * pressure
            };
            let verdict = match pressure {
                p if p < 0.5 => Conclusion::Held,
                p if p < 0.52 => Conclusion::Inconclusive,
                p if p < 0.85 => Conclusion::Refuted,
                p if p <= 0.95 => Conclusion::NotRecovered,
                _ => Conclusion::Metastable,
            };
            records.push(Record {
                point: n as u32,
                replication,
                seed: 1 + u64::from(replication),
                digest: 0,
                events: 1,
                stopped_by: StoppedBy::End,
                verdict,
                values: vec![
                    Some(900.0 * (1.0 - failed)),
                    (pressure < 0.99).then_some(0.02 + 2.0 * pressure * pressure),
                    Some(1.0 + 2.0 * pressure),
                    Some(failed),
                    Some(recovery),
                    Some(0.5),
                ],
                windows: Vec::new(),
            });
        }
    }
    records
}

/// Charts of made-up sweeps of every kind, each with its name.
pub fn examples() -> Vec<(String, Vec<Chart>)> {
    let jitters = || words("jitter", &["none", "full", "equal", "decorrelated"]);
    let timeouts = || seconds("timeout", &[0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0]);
    let threads = || plain("threads", &[8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0]);
    let limits = || {
        words(
            "limit",
            &["3 attempts", "6 attempts", "6 and budget", "6 and breaker"],
        )
    };
    let kinds: Vec<(&str, Vec<Varied>)> = vec![
        ("one-number", vec![timeouts()]),
        ("one-word", vec![limits()]),
        ("one-point", vec![plain("threads", &[8.0])]),
        ("two-levels", vec![seconds("timeout", &[0.1, 0.2])]),
        (
            "clients",
            vec![
                jitters(),
                plain("clients", &[10.0, 20.0, 50.0, 100.0, 200.0, 500.0]),
            ],
        ),
        ("two-numbers", vec![threads(), timeouts()]),
        (
            "backoff",
            vec![
                limits(),
                words("backoff", &["constant", "linear", "exponential"]),
                jitters(),
            ],
        ),
        (
            "cliff",
            vec![plain("load", &[300.0, 600.0, 900.0]), threads(), timeouts()],
        ),
        ("lines", vec![limits(), jitters(), timeouts()]),
        ("four", vec![limits(), jitters(), timeouts(), threads()]),
        (
            "fixed-axis",
            vec![
                plain("load", &[300.0]),
                timeouts(),
                words("a long name of an axis", &["x"]),
            ],
        ),
    ];
    let mut drawn = Vec::new();
    for (name, varied) in kinds {
        let points = combinations(&varied);
        drawn.push((name.to_owned(), of(name, &varied, &points)));
    }
    let sampled = || {
        (0..64)
            .map(|n| f64::from(n) * 0.013 + 0.01)
            .collect::<Vec<_>>()
    };
    let varied = [
        seconds("timeout", &sampled()),
        plain("threads", &sampled()),
        plain("retry budget", &sampled()),
        jitters(),
    ];
    let points: Vec<Vec<usize>> = (0..64)
        .map(|n| vec![n, n * 37 % 64, n * 11 % 64, n % 4])
        .collect();
    drawn.push(("sampled".to_owned(), of("sampled", &varied, &points)));
    drawn
}

fn of(name: &str, varied: &[Varied], points: &[Vec<usize>]) -> Vec<Chart> {
    let sweep = sweep(&format!("A sweep of {name}"), varied, points);
    let most = varied
        .iter()
        .map(|v| v.2.len().max(2) - 1)
        .collect::<Vec<_>>();
    // The last axis matters most.
    let pressure = |levels: &[usize]| {
        let parts = levels.iter().zip(&most).enumerate();
        let weight = |n: usize| (n + 1) as f64;
        let all: f64 = (0..levels.len()).map(weight).sum();
        parts
            .map(|(n, (l, most))| weight(n) / all * *l as f64 / *most as f64)
            .sum()
    };
    charts(&Table::new(&sweep, records(points, pressure)))
}

#[test]
fn every_sweep_has_legible_charts_the_same_each_time() {
    let drawn = examples();
    assert_eq!(drawn, examples());
    for (name, charts) in drawn {
        assert!(
            (2..=MOST).contains(&charts.len()),
            "{name}: {}",
            charts.len()
        );
        assert_legible(&charts);
        let mut names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), charts.len(), "{name}: names that repeat");
        assert!(names.contains(&"verdicts"), "{name}");
    }
}

#[test]
fn what_varies_decides_on_the_form() {
    let form = |varied: &[Varied]| {
        let points = combinations(varied);
        let sweep = sweep("", varied, &points);
        Form::of(&Grid::of(&sweep.axes, &sweep.points))
    };
    let many = |name| plain(name, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let few = |name| words(name, &["a", "b", "c"]);
    let curves = |across, lines, panels| Form::Curves {
        across,
        lines,
        panels,
    };
    assert_eq!(form(&[many("x")]), curves(0, None, None));
    assert_eq!(form(&[few("v"), many("x")]), curves(1, Some(0), None));
    assert_eq!(
        form(&[few("v"), few("w"), many("x")]),
        curves(2, Some(0), Some(1))
    );
    let cells = Form::Cells {
        across: 2,
        upward: 1,
        panels: Some(0),
    };
    assert_eq!(form(&[few("v"), many("x"), many("y")]), cells);
    assert_eq!(
        form(&[few("a"), few("b"), few("c"), few("d")]),
        Form::Parallel
    );
}

#[test]
fn the_title_names_the_best_and_the_worst() {
    let varied = [seconds("timeout", &[0.1, 0.2, 0.5])];
    let points = combinations(&varied);
    let sweep = sweep("", &varied, &points);
    let table = Table::new(&sweep, records(&points, |levels| levels[0] as f64 * 0.45));
    let grid = Grid::of(&sweep.axes, &sweep.points);
    let columns = columns(&table);
    assert_eq!(columns[0].name, "failed_ratio_shoppers");
    let (title, rest) = findings::extremes(&grid, &columns[0], false);
    assert_eq!(rest, None);
    assert!(
        title.starts_with("Failed ratio of shoppers: at best 0"),
        "{title}"
    );
    assert!(title.contains("with timeout = 100ms, at worst"), "{title}");
    assert!(title.ends_with("with timeout = 500ms"), "{title}");
    // Most runs of the worst point never recover, and it is said so.
    assert_eq!(columns[1].name, "recovery_time");
    let (title, _) = findings::extremes(&grid, &columns[1], false);
    assert!(
        title.ends_with("at worst never with timeout = 500ms"),
        "{title}"
    );
    // What does not vary comes last.
    assert_eq!(columns.last().unwrap().name, "utilization_db");
}

#[test]
fn what_could_not_be_judged_is_not_said_to_have_failed() {
    let holding = findings::holding;
    assert!(holding(&[None, None]).contains("could not be judged in any run"));
    assert_eq!(
        holding(&[Some(1.0), None, Some(0.0)]),
        "The hypothesis held in every run of 1 of 3 points, and in none of 1; at 1 point no run could be \
         judged: it must last longer"
    );
    // What there is none of is not told.
    assert_eq!(
        holding(&[Some(0.5), Some(0.2)]),
        "The hypothesis held in some runs of 2"
    );
}
