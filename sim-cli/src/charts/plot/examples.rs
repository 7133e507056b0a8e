//! Charts for the tests: the usual, and what is at the edge of what can be drawn.

use super::curves::{self, Curve, Curves};
use super::data::{Estimate, Factor, Level, Limit, Measured, Wish};
use super::legible::assert_legible;
use super::page::Page;
use crate::charts::Chart;
use crate::charts::scale::Unit;

pub fn numbers(name: &str, unit: &'static str, levels: &[(&str, f64)]) -> Factor {
    Factor {
        name: name.into(),
        unit,
        log: false,
        levels: levels
            .iter()
            .map(|(label, number)| Level {
                label: (*label).into(),
                number: Some(*number),
            })
            .collect(),
    }
}

pub fn words(name: &str, levels: &[&str]) -> Factor {
    let level = |label: &&str| Level {
        label: (*label).into(),
        number: None,
    };
    Factor {
        name: name.into(),
        levels: levels.iter().map(level).collect(),
        ..Factor::default()
    }
}

/// `count` numbers from `low` upward, each `factor` times the last.
pub fn powers(name: &str, unit: &'static str, count: usize, low: f64, factor: f64) -> Factor {
    let mut number = low;
    let levels = (0..count).map(|_| {
        let level = Level {
            label: crate::charts::scale::tick_text(number, Unit::named(unit)),
            number: Some(number),
        };
        number *= factor;
        level
    });
    Factor {
        name: name.into(),
        unit,
        log: true,
        levels: levels.collect(),
    }
}

pub fn p99() -> Measured {
    Measured {
        name: "p99 latency of shoppers".into(),
        unit: Unit::Seconds,
        wish: Wish::Low,
        limit: Some(Limit {
            text: "< 250ms".into(),
            value: 0.25,
        }),
    }
}

pub fn failed() -> Measured {
    Measured {
        name: "failed requests of shoppers".into(),
        unit: Unit::Ratio,
        wish: Wish::Low,
        limit: None,
    }
}

pub fn plain(name: &str) -> Measured {
    Measured {
        name: name.into(),
        unit: Unit::Number,
        wish: Wish::Neither,
        limit: None,
    }
}

pub fn recovery() -> Measured {
    Measured {
        name: "recovery time".into(),
        unit: Unit::Seconds,
        wish: Wish::Low,
        limit: Some(Limit {
            text: "<= 30s".into(),
            value: 30.0,
        }),
    }
}

pub fn page(title: &str, guide: &str) -> Page {
    let note = "20 replications of each point under the same luck (seeds 1 to 20)";
    Page::new(title, guide, note)
}

/// Noise that is the same each time, 0 to 1.
pub fn noise(n: usize) -> f64 {
    ((n * 2_654_435_761) % 1000) as f64 / 1000.0
}

pub fn around(mean: f64, n: usize) -> Option<Estimate> {
    let half = mean.abs() * (0.04 + 0.1 * noise(n));
    Some(Estimate::new(mean, mean - half, mean + half))
}

fn curve(name: &str, points: Vec<Option<Estimate>>) -> Curve {
    Curve {
        knees: Vec::new(),
        name: name.into(),
        points,
    }
}

fn alone(curves: Vec<Curve>) -> Vec<curves::Panel> {
    vec![curves::Panel {
        title: String::new(),
        curves,
    }]
}

const JITTERS: [&str; 6] = ["none", "full", "equal", "decorrelated", "tiny", "half"];

pub fn curve_charts() -> Vec<Chart> {
    let mut charts = Vec::new();
    let mut add = |name: &str, across: Factor, measured: Measured, panels| {
        let chart = Curves {
            page: page(
                &format!("Example {name}: what was found, in words"),
                curves::GUIDE,
            )
            .because("A reason in a sentence: it is best at timeout = 250ms, worst at 5s."),
            across,
            measured,
            panels,
        };
        charts.push(Chart {
            name: format!("curves-{name}"),
            svg: curves::curves(&chart),
        });
    };
    let timeouts = numbers(
        "timeout of the call to the shop",
        "s",
        &[
            ("50ms", 0.05),
            ("100ms", 0.1),
            ("250ms", 0.25),
            ("500ms", 0.5),
            ("1s", 1.0),
            ("2s", 2.0),
            ("5s", 5.0),
        ],
    );
    let six = |scale: f64| -> Vec<Curve> {
        let series = JITTERS.iter().enumerate();
        series
            .map(|(k, name)| {
                let points = (0..7).map(|n| {
                    let mean = scale * (0.1 + 0.05 * (n as f64 - k as f64).abs());
                    around(mean, n * 7 + k)
                });
                curve(name, points.collect())
            })
            .collect()
    };
    add("six", timeouts.clone(), p99(), alone(six(1.0)));
    add(
        "one",
        timeouts.clone(),
        failed(),
        alone(vec![six(0.3).remove(1)]),
    );
    add(
        "one-point",
        numbers("timeout", "s", &[("50ms", 0.05)]),
        failed(),
        alone(vec![curve("all", vec![around(0.03, 1)])]),
    );
    add(
        "words",
        words(
            "jitter",
            &[
                "none",
                "full",
                "equal",
                "decorrelated with a very long name of a variant",
            ],
        ),
        failed(),
        alone(
            (0..3)
                .map(|k| {
                    curve(
                        JITTERS[k],
                        (0..4)
                            .map(|n| around(0.02 * (n + k + 1) as f64, n + k))
                            .collect(),
                    )
                })
                .collect(),
        ),
    );
    let many: Vec<String> = (0..48)
        .map(|n| format!("exponential x{n} full jitter"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    add(
        "forty-eight-words",
        words("backoff", &many),
        failed(),
        alone(vec![curve(
            "all",
            (0..48).map(|n| around(0.01 + 0.5 * noise(n), n)).collect(),
        )]),
    );
    let mut never = six(100.0);
    never.truncate(3);
    for (k, curve) in never.iter_mut().enumerate() {
        for (n, point) in curve.points.iter_mut().enumerate() {
            if n >= 3 + k {
                *point = Some(Estimate {
                    runs: 20,
                    endless: if n == 3 + k { 4 } else { 20 },
                    ..Estimate::exact(f64::INFINITY)
                });
            } else if n == 1 && k == 1 {
                *point = None;
            }
        }
    }
    add("never", timeouts.clone(), recovery(), alone(never.clone()));
    let all_never = curve("all", vec![Some(Estimate::exact(f64::INFINITY)); 7]);
    add(
        "all-never",
        timeouts.clone(),
        recovery(),
        alone(vec![all_never]),
    );
    add(
        "nothing",
        timeouts.clone(),
        recovery(),
        alone(vec![curve("all", vec![None; 7])]),
    );
    add(
        "alike",
        timeouts.clone(),
        failed(),
        alone(vec![curve("all", vec![Some(Estimate::exact(0.0)); 7])]),
    );
    add(
        "alike-at-one",
        timeouts.clone(),
        Measured {
            name: "success ratio of shoppers".into(),
            wish: Wish::High,
            ..failed()
        },
        alone(vec![curve("all", vec![Some(Estimate::exact(1.0)); 7])]),
    );
    add(
        "narrow",
        timeouts.clone(),
        Measured {
            name: "success ratio of shoppers".into(),
            wish: Wish::High,
            ..failed()
        },
        alone(vec![curve(
            "all",
            (0..7)
                .map(|n| {
                    Some(Estimate::new(
                        0.9991 + 0.0001 * n as f64,
                        0.99905 + 0.0001 * n as f64,
                        0.99915 + 0.0001 * n as f64,
                    ))
                })
                .collect(),
        )]),
    );
    add(
        "negative",
        timeouts.clone(),
        plain("change of something"),
        alone(vec![curve(
            "all",
            (0..7).map(|n| around(n as f64 - 4.0, n)).collect(),
        )]),
    );
    add(
        "wide",
        powers("a number from 1e-6 to 1e6", "", 13, 1e-6, 10.0),
        plain("a measure from 1e-6 to 1e6"),
        alone(vec![curve(
            "all",
            (0..13)
                .map(|n| around(libm::pow(10.0, n as f64 - 6.0), n))
                .collect(),
        )]),
    );
    let panels = |count: usize| -> Vec<curves::Panel> {
        (0..count)
            .map(|p| curves::Panel {
                title: format!("pool size = {}", 4 << p),
                curves: six(0.3 + p as f64),
            })
            .collect()
    };
    for count in [2, 3, 8] {
        add(
            &format!("multiples-{count}"),
            timeouts.clone(),
            p99(),
            panels(count),
        );
    }
    let mut hard = panels(5);
    for panel in &mut hard {
        panel.title = format!(
            "{} and a very long description of a variant that goes on",
            panel.title
        );
        panel.curves.truncate(3);
        for (curve, never) in panel.curves.iter_mut().zip(&never) {
            curve.points.clone_from(&never.points);
            curve.name = format!(
                "{} with a long name as variants have them in sweeps",
                curve.name
            );
        }
    }
    add(
        "multiples-hard",
        words(
            "jitter",
            &[
                "a",
                "long jitter",
                "very long name of a variant",
                "d",
                "e",
                "f",
                "g",
            ],
        ),
        recovery(),
        hard,
    );
    charts
}

/// All examples.
pub fn all() -> Vec<Chart> {
    let mut charts = curve_charts();
    charts.extend(super::heat_examples::heat_maps());
    charts.extend(super::more_examples::all());
    charts
}

#[test]
fn every_example_is_legible_and_the_same_each_time() {
    let (first, second) = (all(), all());
    assert_eq!(first, second);
    assert_legible(&first);
}
