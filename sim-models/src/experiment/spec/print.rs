//! Writes a sweep as a sweep file with every value and every default in it.

use crate::experiment::space::{Axis, Point, VARIANT, Value, quoted};
use crate::experiment::sweep::{Replications, Sweep};
use crate::expression::Unit;
use crate::scenario::{Override, Rate};
use sim_core::SimDuration;
use std::fmt::Write;

/// The sweep as a sweep file, of the scenario in the file `scenario` (as resolved: what is set at
/// every point stands in there). Reading it yields the same points, in the same order.
#[must_use]
pub fn to_ron(sweep: &Sweep, scenario: &str) -> String {
    let axes: Vec<Listed> = (0..sweep.axes.len())
        .map(|at| Listed::new(sweep, at))
        .collect();
    let mut text = String::from("// The sweep as resolved: every value and every default.\n(\n");
    // Writing to a text cannot fail.
    let _ = write_fields(&mut text, sweep, &axes, scenario);
    text.push_str(")\n");
    text
}

/// An axis with its values, as far as points have them.
struct Listed<'a> {
    axis: &'a Axis,
    is_variant: bool,
    /// Labels, and what each of them sets, in the order of their first points.
    values: Vec<(&'a str, Vec<&'a Override>)>,
}

impl<'a> Listed<'a> {
    fn new(sweep: &'a Sweep, at: usize) -> Self {
        let axis = &sweep.axes[at];
        let is_variant = at == 0 && axis.name == VARIANT;
        let mut values: Vec<(&str, Vec<&Override>)> = Vec::new();
        // Points of a grid come in long stretches of one value.
        let mut last = "";
        let mut known = std::collections::BTreeSet::new();
        for point in &sweep.points {
            let label = point.coordinates[at].label.as_str();
            if (label == last && !values.is_empty()) || !known.insert(label) {
                continue;
            }
            last = label;
            let set = point
                .set
                .iter()
                .filter(|set| axis.paths.contains(&set.path));
            values.push((label, set.collect()));
        }
        Self {
            axis,
            is_variant,
            values,
        }
    }

    /// The values of one of its paths, in order.
    fn values_of(&self, path: &str) -> Vec<Value> {
        let values = self.values.iter().map(|(_, set)| {
            let set = set.iter().find(|set| set.path == path);
            value(set.map_or("", |set| set.value.as_str()))
        });
        values.collect()
    }
}

/// A value that has been read before.
fn value(text: &str) -> Value {
    Value::read(text, 0..text.len()).unwrap_or_else(|_| Value {
        text: text.into(),
        label: text.into(),
        quantity: None,
        at: 0..text.len(),
    })
}

fn write_fields(
    text: &mut String,
    sweep: &Sweep,
    axes: &[Listed<'_>],
    scenario: &str,
) -> std::fmt::Result {
    writeln!(text, "    scenario: {},", quoted(scenario))?;
    writeln!(text, "    title: {},", quoted(&sweep.title))?;
    for axis in axes.iter().filter(|axis| axis.is_variant) {
        writeln!(text, "    variants: {{")?;
        for (label, set) in &axis.values {
            let set: Vec<String> = set
                .iter()
                .map(|set| format!("{}: {}", quoted(&set.path), value(&set.value).in_ron()))
                .collect();
            writeln!(text, "        {}: {{{}}},", quoted(label), set.join(", "))?;
        }
        writeln!(text, "    }},")?;
    }
    writeln!(text, "    vary: [")?;
    for axis in axes.iter().filter(|axis| !axis.is_variant) {
        write_axis(text, axis)?;
    }
    writeln!(text, "    ],")?;
    if !is_grid(&sweep.points, axes) {
        writeln!(text, "    points: [")?;
        for point in &sweep.points {
            let labels = point.coordinates.iter();
            let labels: Vec<String> = labels.map(|one| quoted(&one.label)).collect();
            writeln!(text, "        [{}],", labels.join(", "))?;
        }
        writeln!(text, "    ],")?;
    }
    match &sweep.replications {
        Replications::Fixed(count) => writeln!(text, "    replications: {count},")?,
        Replications::Until(precision) => {
            let measure = &sweep.measures[precision.measure];
            let width = precision.half_width;
            let width = match (precision.relative, measure.unit()) {
                (true, _) => format!("{}%", percent(width)),
                (false, Unit::Seconds) => SimDuration::from_secs_f64(width).to_string(),
                (false, Unit::Rate) => Rate(width).to_string(),
                (false, Unit::Ratio | Unit::Count) => width.to_string(),
            };
            writeln!(
                text,
                "    replications: until(measure: {}, half_width: {}, level: {:?}, at_least: {}, at_most: {}),",
                quoted(&measure.to_string()),
                quoted(&width),
                precision.level,
                precision.least,
                precision.most
            )?;
        }
    }
    writeln!(text, "    seed: {},", sweep.seed)?;
    let measures = sweep.measures.iter();
    let measures: Vec<String> = measures.map(|one| quoted(&one.to_string())).collect();
    writeln!(text, "    measures: [")?;
    for measure in measures {
        writeln!(text, "        {measure},")?;
    }
    writeln!(text, "    ],")?;
    writeln!(text, "    windows: {},", sweep.windows)
}

fn write_axis(text: &mut String, axis: &Listed<'_>) -> std::fmt::Result {
    let name = quoted(&axis.axis.name);
    let scale = if axis.axis.log { ", scale: log" } else { "" };
    if let [path] = &axis.axis.paths[..] {
        let values = axis.values_of(path);
        let labels = axis.values.iter().map(|(label, _)| *label);
        let plain = values
            .iter()
            .zip(labels.clone())
            .all(|(value, label)| value.label == label);
        let list: Vec<String> = if plain {
            values.iter().map(Value::in_ron).collect()
        } else {
            let pairs = values.iter().zip(labels);
            let pairs =
                pairs.map(|(value, label)| format!("{}: {}", quoted(label), value.in_ron()));
            pairs.collect()
        };
        let list = list.join(", ");
        let list = if plain {
            format!("[{list}]")
        } else {
            format!("{{{list}}}")
        };
        return writeln!(
            text,
            "        (name: {name}, path: {}{scale}, values: {list}),",
            quoted(path)
        );
    }
    let columns: Vec<Vec<Value>> = axis
        .axis
        .paths
        .iter()
        .map(|path| axis.values_of(path))
        .collect();
    let labels = axis.values.iter().map(|(label, _)| quoted(label));
    let labels = labels.collect::<Vec<_>>().join(", ");
    writeln!(text, "        (name: {name}, labels: [{labels}], zip: [")?;
    for (path, values) in axis.axis.paths.iter().zip(columns) {
        let values: Vec<String> = values.iter().map(Value::in_ron).collect();
        let values = values.join(", ");
        writeln!(
            text,
            "            (path: {}, values: [{values}]),",
            quoted(path)
        )?;
    }
    writeln!(text, "        ]),")
}

/// A share in per cent, without the noise of the multiplication.
fn percent(share: f64) -> f64 {
    let near = (share * 1e14).round() / 1e12;
    if near / 100.0 == share {
        near
    } else {
        share * 100.0
    }
}

/// Whether the points are all combinations, the last axis fastest.
fn is_grid(points: &[Point], axes: &[Listed<'_>]) -> bool {
    let count = axes
        .iter()
        .try_fold(1_usize, |count, axis| count.checked_mul(axis.values.len()));
    if count != Some(points.len()) {
        return false;
    }
    points.iter().enumerate().all(|(number, point)| {
        let mut rest = number;
        let mut coordinates = point.coordinates.iter().zip(axes).rev();
        coordinates.all(|(coordinate, axis)| {
            let (label, _) = axis.values[rest % axis.values.len()];
            rest /= axis.values.len();
            coordinate.label == label
        })
    })
}
