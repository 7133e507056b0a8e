//! `summary.json`: what a sweep yielded, in one object.

use super::{SCHEMA, columns};
use crate::charts;
use crate::output::json::tidy;
use serde_json::{Map, Value, json};
use sim_core::SimTime;
use sim_core::digest::Digest;
use sim_core::stats::{Interval, values_needed};
use sim_models::experiment::sweep::{Cell, LEVEL, MEDIAN, P90, Replications, Sweep, Table};

/// The summary as JSON with sorted keys.
#[must_use]
pub fn summary(table: &Table<'_>) -> Value {
    let records = || table.runs.iter().flatten();
    let stopped = records().filter(|run| !run.stopped_by.is_end()).count();
    tidy(&json!({
        "schema": SCHEMA,
        "title": table.sweep.title,
        "digest": digest(table).to_string(),
        "sweep": sweep(table.sweep),
        "level": LEVEL,
        "replications_for_level": {
            "median": values_needed(MEDIAN, LEVEL).ok(),
            "p90": values_needed(P90, LEVEL).ok(),
        },
        "counts": {
            "points": table.runs.len(),
            "runs": records().count(),
            "stopped_by_budget": stopped,
            "events": records().map(|run| run.events).sum::<u64>(),
        },
        "findings": charts::sweep::words(table).into_iter().map(|(measure, sentences)| {
            json!({ "measure": measure, "sentences": sentences })
        }).collect::<Vec<_>>(),
        "points": points(table),
    }))
}

/// A digest of all runs: equal for equal results, and for nothing else.
#[must_use]
pub fn digest(table: &Table<'_>) -> Digest {
    let mut digest = Digest::new();
    for record in table.runs.iter().flatten() {
        let place = u64::from(record.point) << 32 | u64::from(record.replication);
        digest.absorb(SimTime(place), [record.seed, record.events]);
        digest.absorb_text(&record.digest());
        for value in record.values.iter() {
            digest.absorb(
                SimTime::ZERO,
                [u64::from(value.is_some()), value.map_or(0, f64::to_bits)],
            );
        }
    }
    digest
}

fn sweep(sweep: &Sweep) -> Value {
    let names = columns::axes(sweep);
    let axes: Vec<Value> = sweep
        .axes
        .iter()
        .zip(names)
        .map(|(axis, column)| {
            json!({
                "name": axis.name,
                "column": column,
                "paths": axis.paths,
                "unit": axis.unit,
                "log": axis.log,
            })
        })
        .collect();
    let measures: Vec<Value> = sweep
        .measures
        .iter()
        .zip(columns::measures(sweep))
        .map(|(measure, column)| {
            json!({
                "measure": measure.to_string(),
                "column": column,
                "label": measure.label(),
                "better": format!("{:?}", measure.better()).to_lowercase(),
            })
        })
        .collect();
    json!({
        "axes": axes,
        "measures": measures,
        "seed": sweep.seed,
        "replications": replications(sweep),
        "windows": sweep.windows,
    })
}

fn replications(sweep: &Sweep) -> Value {
    match sweep.replications {
        Replications::Fixed(count) => json!({ "at_least": count, "at_most": count }),
        Replications::Until(precision) => json!({
            "at_least": precision.least,
            "at_most": precision.most,
            "until": {
                "measure": columns::measures(sweep).get(precision.measure),
                "half_width": precision.half_width,
                "relative": precision.relative,
                "level": precision.level,
            },
        }),
    }
}

fn points(table: &Table<'_>) -> Vec<Value> {
    let sweep = table.sweep;
    let (axes, measures) = (columns::axes(sweep), columns::measures(sweep));
    let all = table.runs.iter().enumerate();
    all.map(|(point, runs)| {
        let coordinates: Map<String, Value> = axes
            .iter()
            .enumerate()
            .map(|(axis, name)| {
                let kind = columns::kind(sweep, axis);
                let value = match columns::coordinate(sweep, point, axis, kind) {
                    columns::Value::Number(value) => number(value),
                    columns::Value::Integer(value) => json!(value),
                    columns::Value::Text(text) => json!(text),
                    columns::Value::Truth(value) => json!(value),
                };
                (name.clone(), value)
            })
            .collect();
        let values: Map<String, Value> = measures
            .iter()
            .enumerate()
            .map(|(measure, name)| (name.clone(), cell(&table.cell(point, measure))))
            .collect();
        let stopped = runs.iter().filter(|run| !run.stopped_by.is_end()).count();
        json!({
            "point": point,
            "coordinates": coordinates,
            "set": sweep.points[point].set.iter()
                .map(|set| format!("{}={}", set.path, set.value))
                .collect::<Vec<_>>(),
            "runs": runs.len(),
            "stopped_by_budget": stopped,
            "verdicts": verdicts(table, point),
            "metastable": interval(table.metastable(point)),
            "measures": values,
        })
    })
    .collect()
}

fn verdicts(table: &Table<'_>, point: usize) -> Map<String, Value> {
    let shares = table.verdicts(point).into_iter().map(|share| {
        let value = json!({
            "runs": share.count,
            "share": share.share.mean,
            "low": share.share.low,
            "high": share.share.high,
        });
        (share.verdict.name().to_owned(), value)
    });
    shares.collect()
}

/// The statistics of a measure over replications; null where they are not known.
pub fn cell(cell: &Cell) -> Value {
    json!({
        "count": cell.count,
        "finite": cell.finite.map_or(0, |finite| finite.count),
        "mean": interval(cell.mean),
        "sd": number(cell.sd),
        "median": quantile(cell.median),
        "p90": quantile(cell.p90),
        "min": number(cell.min),
        "max": number(cell.max),
    })
}

fn interval(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |known| {
        json!({
            "value": number(Some(known.mean)),
            "low": number(Some(known.low)),
            "high": number(Some(known.high)),
        })
    })
}

/// An interval between order statistics, with the level that it reaches.
fn quantile(known: Option<Interval>) -> Value {
    let mut told = interval(known);
    if let Some(known) = known {
        told["level"] = json!(known.level);
    }
    told
}

/// A value; infinity, which JSON lacks, is the text `"inf"`.
fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value == f64::INFINITY => json!("inf"),
        Some(value) if value == f64::NEG_INFINITY => json!("-inf"),
        Some(value) => json!(value),
        None => Value::Null,
    }
}
