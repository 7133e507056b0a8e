//! Charts of sensitivity: Sobol indices as bars, Morris's effects in a plane.

use super::Chart;
use super::plot::bars::{self, Bars};
use super::plot::data::{Estimate, Measured, Wish};
use super::plot::page::Page;
use super::plot::plane::{self, Dot, Kind, Plane};
use super::scale::Unit;
use super::sweep::measured;
use super::sweep::values::file_name as measure_name;
use crate::units;
use sim_core::stats::Interval;
use sim_models::experiment::compare::numbers::counted;
use sim_models::experiment::sensitivity::{Effects, Indices, Influence, Method, Sensitivity};

/// The most measures.
const MOST: usize = 4;

/// A chart for each measure; for screening also its plane.
#[must_use]
pub fn charts(sensitivity: &Sensitivity) -> Vec<Chart> {
    let mut charts = Vec::new();
    for effects in sensitivity.measures.iter().take(MOST) {
        let column = measure_name(&effects.measure);
        charts.push(Chart {
            name: format!("influence-{column}"),
            svg: influence(sensitivity, effects),
        });
        if sensitivity.method == Method::Morris {
            charts.push(Chart {
                name: format!("morris-{column}"),
                svg: morris(sensitivity, effects),
            });
        }
    }
    charts
}

fn estimate(interval: Interval) -> Estimate {
    Estimate::new(interval.mean, interval.low, interval.high)
}

/// Which settings matter, in words.
fn finding(sensitivity: &Sensitivity, effects: &Effects) -> String {
    let shown = measured(&effects.measure, None);
    let strength = |axis: usize| {
        let strength = effects.settings[axis].indices.strength().mean;
        match sensitivity.method {
            Method::Sobol => units::percent(strength.clamp(0.0, 1.0)),
            Method::Morris => shown.text(strength),
        }
    };
    let named = |axis: &usize| format!("{} ({})", sensitivity.axes[*axis].name, strength(*axis));
    let groups = effects.groups.iter();
    let matters: Vec<String> = groups
        .map(|group| group.iter().map(named).collect::<Vec<_>>().join(" and "))
        .collect();
    let name = &shown.name;
    match matters.len() {
        // A screening orders nothing.
        1 if sensitivity.method == Method::Morris => {
            format!("What matters for {name} (mu*): {}", matters.join(""))
        }
        0 => format!("No setting was shown to matter for {name}"),
        _ => format!("What matters for {name}: {}", matters.join(", then ")),
    }
}

fn reason(sensitivity: &Sensitivity, effects: &Effects) -> String {
    let names = |wanted: Influence, hidden: bool| {
        let axes = effects.order.iter();
        let is = |axis: usize| {
            let effect = &effects.settings[axis];
            effect.influence == wanted && effect.replications.is_some() == hidden
        };
        let names: Vec<&str> = axes
            .filter(|axis| is(**axis))
            .map(|axis| sensitivity.axes[*axis].name.as_str())
            .collect();
        names.join(", ")
    };
    let mut parts = Vec::new();
    let bound = match sensitivity.method {
        Method::Sobol => format!("{:.0}% of the variance", effects.negligible.bound * 100.0),
        Method::Morris => measured(&effects.measure, None).text(effects.negligible.bound),
    };
    for (wanted, hidden, words) in [
        (Influence::Negligible, false, format!("Less than {bound}")),
        (
            Influence::Unproven,
            false,
            format!("Not seen to be {bound} or more, by too few runs to prove it"),
        ),
        (
            Influence::Unclear,
            false,
            "Unclear with so few runs".to_owned(),
        ),
        (
            Influence::Unclear,
            true,
            format!(
                "Unclear, as {} replications differ too much",
                sensitivity.replications
            ),
        ),
    ] {
        let names = names(wanted, hidden);
        if !names.is_empty() {
            parts.push(format!("{words}: {names}."));
        }
    }
    if let Some(luck) = effects.luck.filter(|luck| *luck > 0.05) {
        parts.push(format!("{} of the variance is luck.", units::percent(luck)));
    }
    parts.join(" ")
}

fn note(sensitivity: &Sensitivity) -> String {
    format!(
        "{} {}, {} of each point under the same luck, {} runs, first seed {}",
        sensitivity.samples,
        match sensitivity.method {
            Method::Sobol => "base samples (Sobol indices)",
            Method::Morris => "trajectories (Morris screening)",
        },
        counted(u64::from(sensitivity.replications), "replication"),
        units::count(sensitivity.runs),
        sensitivity.seed
    )
}

fn influence(sensitivity: &Sensitivity, effects: &Effects) -> String {
    let sobol = sensitivity.method == Method::Sobol;
    let rows = effects.order.iter().map(|axis| {
        let effect = &effects.settings[*axis];
        let values = match effect.indices {
            // What luck hides is not drawn, and what samples may have missed has no interval.
            Indices::Sobol { .. } if effect.replications.is_some() => vec![None, None],
            Indices::Sobol { first, total, .. } if effect.influence == Influence::Unproven => {
                [first, total]
                    .map(|share| Some(Estimate::exact(share.mean)))
                    .to_vec()
            }
            Indices::Sobol { first, total, .. } => {
                vec![Some(estimate(first)), Some(estimate(total))]
            }
            Indices::Morris { mu_star, .. } => vec![Some(estimate(mu_star))],
        };
        (sensitivity.axes[*axis].name.clone(), values)
    });
    let (guide, series, shown) = if sobol {
        (
            "How to read: the first bar is what a setting explains by itself, the second with all \
             its interactions; where the second is much longer, the setting matters only together \
             with others. Whiskers are confidence intervals.",
            vec![
                "by itself (first-order)".to_owned(),
                "with interactions (total)".to_owned(),
            ],
            Measured {
                name: format!("share of the variance of {}", effects.measure.label()),
                unit: Unit::Ratio,
                wish: Wish::Neither,
                limit: None,
            },
        )
    } else {
        let shown = measured(&effects.measure, None);
        (
            "How to read: by how much a measure moves, on average, with a step of a setting, times the steps of \
             its range. Whiskers are confidence intervals.",
            vec!["mu*".to_owned()],
            Measured {
                name: format!("mean step of {} x steps of the range (mu*)", shown.name),
                wish: Wish::Neither,
                limit: None,
                ..shown
            },
        )
    };
    bars::bars(&Bars {
        page: Page::new(finding(sensitivity, effects), guide, &note(sensitivity))
            .because(reason(sensitivity, effects)),
        measured: shown,
        series,
        rows: rows.collect(),
    })
}

fn morris(sensitivity: &Sensitivity, effects: &Effects) -> String {
    let shown = measured(&effects.measure, None);
    let dots = effects.settings.iter().zip(&sensitivity.axes);
    let dots = dots.filter_map(|(effect, axis)| match effect.indices {
        Indices::Morris { mu_star, sigma, .. } => Some(Dot {
            name: axis.name.clone(),
            x: estimate(mu_star),
            y: Estimate::exact(sigma),
            kind: Kind::Named,
        }),
        Indices::Sobol { .. } => None,
    });
    let guide = "How to read: far right, a setting matters; high up, what it does depends on the \
                 other settings or bends along its range. Near the lower left corner it does nothing.";
    let named = |name: &str| Measured {
        name: name.to_owned(),
        wish: Wish::Neither,
        limit: None,
        ..shown.clone()
    };
    plane::plane(&Plane {
        page: Page::new(finding(sensitivity, effects), guide, &note(sensitivity)),
        x: named(&format!(
            "mean step of {} x steps of the range (mu*)",
            shown.name
        )),
        y: named("spread of the change (sigma)"),
        dots: dots.collect(),
        steps: false,
        joined: false,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::charts::plot::legible::assert_legible;
    use sim_models::experiment::sensitivity::{Effect, Negligible};
    use sim_models::experiment::space::Axis;

    fn interval(mean: f64, half_width: f64) -> Interval {
        Interval {
            mean,
            low: mean - half_width,
            high: mean + half_width,
            half_width,
            level: 0.95,
            count: 100,
        }
    }

    fn found(method: Method) -> Sensitivity {
        let strengths = [0.07, 0.62, 0.31, 0.01];
        let names = [
            "retry budget of the shop",
            "timeout",
            "threads",
            "cache size",
        ];
        let settings = strengths.iter().map(|strength| Effect {
            indices: match method {
                Method::Sobol => Indices::Sobol {
                    first: interval(strength * 0.7, 0.03),
                    total: interval(*strength, 0.04),
                    interactions: interval(strength * 0.3, 0.02),
                },
                Method::Morris => Indices::Morris {
                    mu: -strength,
                    mu_star: interval(*strength, 0.02),
                    sigma: strength * 0.5,
                },
            },
            needed: None,
            replications: None,
            influence: match strength {
                s if *s > 0.2 => Influence::Matters,
                s if *s > 0.05 => Influence::Unclear,
                _ => Influence::Negligible,
            },
        });
        let settings: Vec<Effect> = settings.collect();
        let axis = |name: &str| Axis {
            name: name.into(),
            ..Axis::default()
        };
        Sensitivity {
            axes: names.map(axis).to_vec(),
            method,
            samples: 256,
            replications: 5,
            seed: 1,
            runs: 7680,
            measures: vec![Effects {
                measure: "latency(shoppers, p99)".parse().unwrap(),
                mean: 0.4,
                sd: 0.2,
                luck: Some(0.12),
                settings,
                order: vec![1, 2, 0, 3],
                groups: vec![vec![1], vec![2]],
                negligible: Negligible {
                    bound: 0.05,
                    luck: false,
                },
                together: None,
            }],
        }
    }

    /// Charts of made-up findings.
    pub fn examples() -> Vec<(String, Vec<Chart>)> {
        let methods = [("sobol", Method::Sobol), ("morris", Method::Morris)];
        let drawn = methods.map(|(name, method)| (name.to_owned(), charts(&found(method))));
        drawn.to_vec()
    }

    #[test]
    fn what_matters_is_the_title() {
        for (name, charts) in examples() {
            assert_legible(&charts);
            assert_eq!(charts.len(), if name == "sobol" { 1 } else { 2 });
            assert!(
                charts[0]
                    .svg
                    .contains("What matters for p99 latency of shoppers: timeout (")
            );
            let bound = if name == "sobol" {
                "5% of the variance"
            } else {
                "50ms"
            };
            let little = format!("Less than {bound}: cache size.");
            assert!(charts[0].svg.contains(&little), "{little}");
        }
    }
}
