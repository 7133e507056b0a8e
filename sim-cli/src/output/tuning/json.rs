//! What tuning found as JSON. Keys are stable; values are in the units of their measures, and a time
//! that does not end is the text "inf".

use super::words::flags;
use serde_json::{Value, json};
use sim_core::stats::Interval;
use sim_models::experiment::space::Point;
use sim_models::experiment::tune::{Elsewhere, Finalist, Held, Rung, Transfer, Tuning};

/// Version of the keys.
const SCHEMA: u32 = 1;

/// The result as JSON. `also` says how many of the other scenarios the user named.
#[must_use]
pub fn json(tuning: &Tuning, also: usize) -> Value {
    let goals = tuning.goals.iter().map(|goal| {
        json!({
            "measure": goal.measure.to_string(),
            "column": goal.measure.column(),
            "direction": if goal.maximise { "maximise" } else { "minimise" },
        })
    });
    let points = tuning.points.iter().map(|one| point(tuning, one));
    let winner = tuning.used.and_then(|place| tuning.finalists[place].point);
    let ends = tuning.ends.iter().map(|end| {
        json!({
            "axis": tuning.axes[end.axis].name,
            "end": if end.upper { "upper" } else { "lower" },
        })
    });
    json!({
        "schema": SCHEMA,
        "goals": goals.collect::<Vec<_>>(),
        "constraints": tuning.constraints.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "in_share": tuning.share,
        "axes": tuning.axes.iter().map(|axis| json!({
            "name": axis.name, "column": axis.column(), "paths": axis.paths, "log": axis.log,
        })).collect::<Vec<_>>(),
        "points": points.collect::<Vec<_>>(),
        "rungs": tuning.rungs.iter().map(rung).collect::<Vec<_>>(),
        "finalists": tuning.finalists.iter().map(finalist).collect::<Vec<_>>(),
        "chosen": tuning.chosen,
        "present": tuning.present,
        "better_than_present": tuning.used.map(|place| tuning.improves(&tuning.finalists[place])),
        "used": tuning.used,
        "at_end_of_search": ends.collect::<Vec<_>>(),
        "winner": winner.map(|winner| point(tuning, &tuning.points[winner])),
        "elsewhere": tuning.elsewhere.iter().enumerate()
            .map(|(number, other)| elsewhere(other, number < also)).collect::<Vec<_>>(),
        "seed": tuning.seed,
        "fresh_seed": tuning.fresh_seed,
        "runs": tuning.runs,
    })
}

fn point(tuning: &Tuning, point: &Point) -> Value {
    let labels = tuning.axes.iter().zip(&point.coordinates);
    let labels: serde_json::Map<String, Value> = labels
        .map(|(axis, place)| (axis.name.clone(), json!(place.label)))
        .collect();
    json!({ "settings": labels, "set": flags(point) })
}

fn rung(rung: &Rung) -> Value {
    let standings = rung.standings.iter().map(|one| {
        let goals = one.score.goals.iter();
        json!({
            "point": one.point,
            "failing": one.score.failing,
            "excess": one.score.excess,
            "means": goals.map(|goal| json!(goal.mean)).collect::<Vec<_>>(),
        })
    });
    json!({
        "replications": rung.replications,
        "runs": rung.runs,
        "kept": rung.kept,
        "standings": standings.collect::<Vec<_>>(),
    })
}

fn finalist(one: &Finalist) -> Value {
    let goals = one
        .goals
        .iter()
        .zip(&one.against_present)
        .zip(&one.against_winner);
    let goals = goals.map(|((goal, present), winner)| {
        json!({
            "mean": goal.mean.as_ref().map(interval),
            "lost": goal.lost,
            "values": goal.values.iter().map(|value| number(*value)).collect::<Vec<_>>(),
            "against_present": present.as_ref().map(interval),
            "against_winner": winner.as_ref().map(interval),
        })
    });
    json!({
        "point": one.point,
        "alike": one.alike,
        "goals": goals.collect::<Vec<_>>(),
        "constraints": one.constraints.iter().map(held).collect::<Vec<_>>(),
        "all_constraints": held(&one.all),
    })
}

fn held(held: &Held) -> Value {
    json!({
        "held": held.count,
        "share": interval(&held.share),
        "mean": held.mean.as_ref().map(interval),
        "endless": held.endless,
        "nothing_to_measure": held.idle,
    })
}

fn elsewhere(other: &Elsewhere, named: bool) -> Value {
    let verdict = match other.verdict {
        Transfer::Better => "better",
        Transfer::Same => "no_difference",
        Transfer::Open => "no_difference_found",
        Transfer::Mixed => "mixed",
        Transfer::Worse => "worse",
    };
    json!({
        "name": other.name,
        "named_by_user": named,
        "verdict": verdict,
        "present": finalist(&other.present),
        "chosen": finalist(&other.chosen),
    })
}

fn interval(interval: &Interval) -> Value {
    json!({
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "level": interval.level,
        "count": interval.count,
    })
}

fn number(value: Option<f64>) -> Value {
    match value {
        Some(f64::INFINITY) => json!("inf"),
        other => json!(other),
    }
}
