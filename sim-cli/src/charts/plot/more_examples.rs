//! Forests, pairs, planes, bars and shares for the tests.

use super::bars::{self, Bars};
use super::data::{Estimate, Measured, Wish};
use super::examples::{failed, noise, p99, page, plain, powers, recovery, words};
use super::forest::{self, Forest, Group, Row, Says};
use super::pairs::{self, Pairs};
use super::parallel::{self, Beside, Parallel};
use super::plane::{self, Dot, Kind, Plane};
use super::shares::{self, Shares};
use crate::charts::Chart;
use crate::charts::scale::Unit;
use sim_models::observe::conclusion::Conclusion;

const LONG: &str = "exponential backoff with decorrelated jitter and six attempts, number";

fn chart(name: &str, svg: String) -> Chart {
    Chart {
        name: name.into(),
        svg,
    }
}

fn change() -> Measured {
    Measured {
        name: "change against A".into(),
        ..failed()
    }
}

fn forests() -> Vec<Chart> {
    let row = |name: String, mean: f64, half: f64| Row {
        name,
        estimate: mean
            .is_finite()
            .then(|| Estimate::new(mean, mean - half, mean + half)),
        says: match mean {
            mean if mean + half < 0.0 => Says::Better,
            mean if mean > half => Says::Worse,
            _ => Says::Nothing,
        },
        words: "12.0% → 12.4%, and some more words that are rather long".into(),
    };
    let group = |title: &str, rows: Vec<Row>| Group {
        title: title.into(),
        sides: ("← lower: better".into(), "higher: worse →".into()),
        rows,
    };
    let drawn = |name: &str, groups| {
        let chart_of = Forest {
            page: page("B loses 1.8 per cent fewer requests than A", forest::GUIDE),
            measured: change(),
            groups,
        };
        chart(name, forest::forest(&chart_of))
    };
    let rows = |count: usize, scale: f64| -> Vec<Row> {
        (0..count)
            .map(|n| {
                row(
                    format!("measure {n} of shoppers"),
                    scale * (noise(n) - 0.6),
                    scale * 0.2 * noise(n + 50),
                )
            })
            .collect()
    };
    let long = (0..5)
        .map(|n| row(format!("{LONG} {n}"), 0.1 - 0.05 * n as f64, 0.06))
        .collect();
    vec![
        drawn(
            "forest-two",
            vec![
                group("B", rows(6, 0.5)),
                group("C with a longer name", rows(4, 0.3)),
            ],
        ),
        drawn("forest-one", vec![group("B", rows(1, 0.5))]),
        drawn(
            "forest-zero",
            vec![group("B", vec![row("the same".into(), 0.0, 0.0)])],
        ),
        drawn(
            "forest-missing",
            vec![group(
                "B",
                vec![
                    row("never".into(), f64::INFINITY, 0.0),
                    row("none".into(), f64::NAN, 0.0),
                ],
            )],
        ),
        drawn(
            "forest-wide",
            vec![group(
                "B",
                vec![
                    row("usual".into(), -0.05, 0.01),
                    row("wide".into(), 0.04, 3.0),
                ],
            )],
        ),
        drawn("forest-long", vec![group(LONG, long)]),
        drawn("forest-many", vec![group("B", rows(100, 2.0))]),
        drawn(
            "forest-all-better",
            vec![group(
                "B",
                (0..5)
                    .map(|n| row(format!("m{n}"), -0.4 - 0.1 * n as f64, 0.02))
                    .collect(),
            )],
        ),
    ]
}

fn pair_charts() -> Vec<Chart> {
    let panel = |measured: Measured, change: f64| pairs::Panel {
        measured,
        variant: "with breaker and a long name".into(),
        pairs: (0..20)
            .map(|n| {
                (
                    0.2 + 0.1 * noise(n),
                    (0.2 + 0.1 * noise(n)) * change + 0.05 * noise(n + 9),
                )
            })
            .collect(),
    };
    let good = Measured {
        wish: Wish::High,
        ..plain("goodput of somebody with a name")
    };
    let mut never = panel(recovery(), 100.0);
    never.pairs[3].1 = f64::INFINITY;
    let alike = pairs::Panel {
        pairs: vec![(0.0, 0.0); 5],
        ..panel(failed(), 1.0)
    };
    let drawn = |name: &str, panels| {
        let pairs = Pairs {
            page: page("Under the same luck", pairs::GUIDE),
            baseline: "as it is".into(),
            panels,
        };
        chart(name, pairs::pairs(&pairs))
    };
    vec![
        drawn(
            "pairs-four",
            vec![
                panel(p99(), 0.8),
                panel(failed(), 1.2),
                never,
                panel(good, 0.5),
            ],
        ),
        drawn("pairs-one", vec![alike]),
        drawn("pairs-none", vec![]),
    ]
}

fn planes() -> Vec<Chart> {
    let dot = |n: usize, kind: Kind| {
        let x = 0.05 + 0.5 * noise(n);
        let y = 0.02 / x + 0.2 * noise(n + 77);
        Dot {
            name: format!("{LONG} {n}"),
            x: Estimate::new(x, x * 0.9, x * 1.1),
            y: Estimate::new(y, y * 0.8, y * 1.2),
            kind,
        }
    };
    let drawn = |name: &str, dots, (x, y): (Measured, Measured)| {
        let plane = Plane {
            page: page("A front of settings", "How to read: so."),
            x,
            y,
            dots,
            steps: true,
            joined: true,
        };
        chart(name, plane::plane(&plane))
    };
    let front = |count: usize, (flip_x, flip_y): (bool, bool)| -> Vec<Dot> {
        (0..count)
            .map(|n| {
                let share = (n as f64 + 0.5) / count as f64;
                let along = if flip_x == flip_y {
                    1.0 - share * share
                } else {
                    share * share
                };
                let (x, y) = (0.1 + 0.4 * share, 0.05 + 0.3 * along);
                let kind = if n == count / 2 {
                    Kind::Chosen
                } else {
                    Kind::Front
                };
                Dot {
                    x: Estimate::new(x, x * 0.97, x * 1.03),
                    y: Estimate::new(y, y * 0.95, y * 1.05),
                    ..dot(n, kind)
                }
            })
            .collect()
    };
    let mut many: Vec<Dot> = (0..60)
        .map(|n| {
            dot(
                n,
                if n % 5 == 0 {
                    Kind::Forbidden
                } else {
                    Kind::Other
                },
            )
        })
        .collect();
    many.extend(front(7, (false, false)));
    many.push(dot(61, Kind::Present));
    let high = |measured: Measured| Measured {
        wish: Wish::High,
        ..measured
    };
    let mut never = front(3, (false, false));
    never[2].x = Estimate::exact(f64::INFINITY);
    vec![
        drawn("plane-front", many, (p99(), failed())),
        drawn(
            "plane-high-high",
            front(5, (true, true)),
            (high(plain("goodput")), high(plain("success"))),
        ),
        drawn(
            "plane-high-low",
            front(5, (true, false)),
            (high(plain("goodput")), plain("cost")),
        ),
        drawn(
            "plane-low-high",
            front(5, (false, true)),
            (plain("cost"), high(plain("goodput"))),
        ),
        drawn("plane-never", never, (recovery(), failed())),
        drawn("plane-one", vec![dot(1, Kind::Chosen)], (p99(), failed())),
        drawn("plane-none", vec![], (p99(), failed())),
        drawn(
            "plane-alike",
            (0..6).map(|_| dot(3, Kind::Front)).collect(),
            (p99(), failed()),
        ),
    ]
}

fn bar_charts() -> Vec<Chart> {
    let value = |n: usize| {
        let mean = 0.6 * noise(n);
        Some(Estimate::new(mean, mean - 0.05, mean + 0.1))
    };
    let drawn = |name: &str, measured, rows| {
        let series = vec!["by itself".into(), "with interactions".into()];
        let bars = Bars {
            page: page("The timeout matters most", bars::GUIDE),
            measured,
            series,
            rows,
        };
        chart(name, bars::bars(&bars))
    };
    vec![
        drawn(
            "bars-sobol",
            failed(),
            (0..6)
                .map(|n| (format!("setting {n}"), vec![value(n), value(n + 20)]))
                .collect(),
        ),
        drawn(
            "bars-many",
            failed(),
            (0..48)
                .map(|n| (format!("{LONG} {n}"), vec![value(n), value(n + 20)]))
                .collect(),
        ),
        drawn(
            "bars-odd",
            recovery(),
            vec![
                (
                    "never".into(),
                    vec![Some(Estimate::exact(f64::INFINITY)), None],
                ),
                (
                    "below zero".into(),
                    vec![
                        Some(Estimate::new(-3.0, -4.0, -1.0)),
                        Some(Estimate::exact(5.0)),
                    ],
                ),
            ],
        ),
        drawn(
            "bars-zero",
            failed(),
            vec![("nothing".into(), vec![Some(Estimate::exact(0.0)), None])],
        ),
        drawn(
            "bars-wide",
            plain("a number"),
            (0..13)
                .map(|n| {
                    (
                        format!("x{n}"),
                        vec![Some(Estimate::exact(libm::pow(10.0, n as f64 - 6.0))), None],
                    )
                })
                .collect(),
        ),
    ]
}

fn others() -> Vec<Chart> {
    let many: Vec<String> = (0..60).map(|n| format!("{LONG} {n}")).collect();
    let rows = |count: usize| {
        (0..count)
            .map(|n| (many[n].clone(), vec![20 - n as u32 % 7, n as u32 % 7, 1]))
            .collect()
    };
    let shares = |name: &str, count| {
        let shares = Shares {
            page: page("Held in some", shares::GUIDE),
            heading: "backoff · jitter".into(),
            kinds: vec![
                Conclusion::Held,
                Conclusion::Refuted,
                Conclusion::Metastable,
            ],
            rows: rows(count),
        };
        chart(name, shares::shares(&shares))
    };
    let parallel = |name: &str, factors: usize, points: usize, value: &dyn Fn(usize) -> f64| {
        let axis = |n: usize| match n % 3 {
            0 => powers(&format!("timeout {n} with a long name"), "s", 5, 0.05, 3.0),
            1 => words(
                &format!("jitter {n}"),
                &[
                    "none",
                    "full",
                    "decorrelated jitter, very long",
                    "equal",
                    "e",
                ],
            ),
            _ => powers(&format!("pool {n}"), "", 5, 1e-6, 1000.0),
        };
        let parallel = Parallel {
            page: page("The best have short timeouts", parallel::GUIDE),
            thick: None,
            factors: (0..factors).map(axis).collect(),
            levels: (0..points)
                .map(|p| (0..factors).map(|f| (p * (f + 1) + p / 5) % 5).collect())
                .collect(),
            measures: vec![
                Beside {
                    measured: recovery(),
                    values: (0..points)
                        .map(|p| Some(Estimate::exact(value(p))))
                        .collect(),
                },
                Beside {
                    measured: failed(),
                    values: (0..points)
                        .map(|p| (p % 4 > 0).then(|| Estimate::exact(noise(p))))
                        .collect(),
                },
            ],
        };
        chart(name, parallel::parallel(&parallel))
    };
    vec![
        shares("shares-sixty", 60),
        shares("shares-one", 1),
        parallel("parallel-five", 5, 64, &|p| 60.0 * noise(p)),
        parallel("parallel-twelve", 12, 40, &|p| {
            if p % 3 == 0 {
                f64::INFINITY
            } else {
                60.0 * noise(p)
            }
        }),
        parallel("parallel-one-point", 2, 1, &|_| 3.0),
        parallel("parallel-all-never", 3, 9, &|_| f64::INFINITY),
        parallel("parallel-nothing", 3, 9, &|_| f64::NAN),
    ]
}

/// All of them.
pub fn all() -> Vec<Chart> {
    let mut charts = forests();
    charts.extend(pair_charts());
    charts.extend(planes());
    charts.extend(bar_charts());
    charts.extend(others());
    charts
}

#[test]
fn units_are_told() {
    // Kept here, where all units are at hand.
    let rate = Measured {
        unit: Unit::Rate,
        ..plain("goodput")
    };
    assert_eq!(
        (rate.title(), rate.text(900.0)),
        ("goodput, per second".into(), "900/s".into())
    );
    assert_eq!(failed().short_text(0.0002), "<0.1%");
    assert_eq!(recovery().text(f64::INFINITY), "never");
}
