//! Heat maps for the tests.

use super::data::{Estimate, Factor, Judged, Measured, Wish};
use super::examples::{around, failed, p99, page, plain, powers, recovery, words};
use super::heat_map::{self, Cell, HeatMap};
use crate::charts::Chart;
use crate::charts::scale::Unit;

/// Heat maps of every size.
pub fn heat_maps() -> Vec<Chart> {
    let mut charts = Vec::new();
    let mut add =
        |name: &str, across: Factor, upward: Factor, measured: Measured, passing: &str, panels| {
            let map = HeatMap {
                page: page(
                    &format!("Example {name}: what was found, in words"),
                    heat_map::GUIDE,
                ),
                across,
                upward,
                measured,
                passing: passing.into(),
                panels,
            };
            charts.push(Chart {
                name: format!("heatmap-{name}"),
                svg: heat_map::heat_map(&map),
            });
        };
    let cliff = |columns: usize, rows: usize, steep: f64| -> Vec<Vec<Cell>> {
        (0..rows)
            .map(|row| {
                (0..columns)
                    .map(|column| {
                        let depth = column as f64 * steep - row as f64 * 0.8;
                        let mean = 0.02 * libm::exp(depth * 0.7);
                        Cell {
                            value: around(mean, row * 13 + column),
                            judged: Judged {
                                held: (20.0 * (1.0 - (mean - 0.15) * 4.0).clamp(0.0, 1.0)).round()
                                    as u32,
                                runs: 20,
                            },
                        }
                    })
                    .collect()
            })
            .collect()
    };
    let alone = |cells| {
        vec![heat_map::Panel {
            title: String::new(),
            cells,
        }]
    };
    let timeouts = |n| powers("timeout", "s", n, 0.05, 1.6);
    let pools = |n| powers("pool size", "", n, 4.0, 1.5);
    add(
        "six-by-five",
        timeouts(6),
        pools(5),
        p99(),
        "the hypothesis",
        alone(cliff(6, 5, 1.0)),
    );
    add(
        "twelve",
        timeouts(12),
        pools(12),
        p99(),
        "limit < 250ms",
        alone(cliff(12, 12, 0.7)),
    );
    add(
        "two",
        timeouts(2),
        pools(2),
        failed(),
        "",
        alone(cliff(2, 2, 0.7)),
    );
    add(
        "one",
        timeouts(1),
        pools(1),
        failed(),
        "the hypothesis",
        alone(cliff(1, 1, 0.7)),
    );
    add(
        "forty-eight",
        timeouts(48),
        pools(3),
        p99(),
        "the hypothesis",
        alone(cliff(48, 3, 0.2)),
    );
    let names: Vec<String> = (0..8)
        .map(|n| format!("exponential with decorrelated jitter, {n} retries"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    add(
        "words",
        words("backoff and jitter of the call from web to orders", &names),
        words("variant", &names[..6]),
        failed(),
        "the hypothesis",
        alone(cliff(8, 6, 0.7)),
    );
    let mut holes = cliff(6, 5, 1.0);
    holes[1][2] = Cell::default();
    for row in &mut holes {
        for cell in row.iter_mut() {
            if cell.passes() == Some(false) && cell.judged.held == 0 {
                cell.value = Some(Estimate {
                    runs: 20,
                    endless: 20,
                    ..Estimate::exact(f64::INFINITY)
                });
            }
        }
    }
    add(
        "never",
        timeouts(6),
        pools(5),
        recovery(),
        "the hypothesis",
        alone(holes),
    );
    add(
        "all-never",
        timeouts(3),
        pools(3),
        recovery(),
        "",
        alone(vec![
            vec![
                Cell {
                    value: Some(Estimate::exact(f64::INFINITY)),
                    judged: Judged::default()
                };
                3
            ];
            3
        ]),
    );
    add(
        "nothing",
        timeouts(3),
        pools(3),
        recovery(),
        "",
        alone(vec![vec![Cell::default(); 3]; 3]),
    );
    add(
        "alike",
        timeouts(3),
        pools(3),
        failed(),
        "",
        alone(vec![
            vec![
                Cell {
                    value: Some(Estimate::exact(0.0)),
                    judged: Judged { held: 4, runs: 4 }
                };
                3
            ];
            3
        ]),
    );
    let wide = |row: usize, column: usize| Cell {
        value: Some(Estimate::exact(libm::pow(
            10.0,
            (row * 3 + column) as f64 - 6.0,
        ))),
        judged: Judged::default(),
    };
    add(
        "wide",
        timeouts(4),
        pools(4),
        plain("a number"),
        "",
        alone(
            (0..4)
                .map(|r| (0..4).map(|c| wide(r, c)).collect())
                .collect(),
        ),
    );
    let below = |row: usize, column: usize| Cell {
        value: Some(Estimate::exact(row as f64 - column as f64)),
        judged: Judged::default(),
    };
    add(
        "negative",
        timeouts(4),
        pools(4),
        plain("a difference"),
        "",
        alone(
            (0..4)
                .map(|r| (0..4).map(|c| below(r, c)).collect())
                .collect(),
        ),
    );
    let good = Measured {
        name: "goodput of shoppers".into(),
        unit: Unit::Rate,
        wish: Wish::High,
        limit: None,
    };
    let mut rates = cliff(6, 5, 0.6);
    for cell in rates.iter_mut().flatten() {
        cell.value = cell
            .value
            .map(|v| Estimate::exact(900.0 - 500.0 * v.mean.min(1.0)));
    }
    add(
        "goodput",
        timeouts(6),
        pools(5),
        good,
        "the hypothesis",
        alone(rates),
    );
    for (count, columns) in [(3, 6), (4, 8), (2, 12)] {
        let panels = (0..count)
            .map(|p| heat_map::Panel {
                title: format!("load = {}/s", 200 << p),
                cells: cliff(columns, 5, 0.5 + 0.3 * p as f64),
            })
            .collect();
        add(
            &format!("multiples-{count}"),
            timeouts(columns),
            pools(5),
            p99(),
            "the hypothesis",
            panels,
        );
    }
    charts
}
