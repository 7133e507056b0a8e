//! As one JSON object. Values of measures in seconds, per second, or as ratios; null for what is not
//! known, and for a mean of times some of which did not end. `"inf"` is the end of an interval without
//! bound.

use super::{SCHEMA, Told};
use crate::output::json::tidy;
use serde_json::{Value, json};
use sim_core::stats::Interval;
use sim_models::experiment::compare::{Comparison, Fate, Finding, Group, VerdictShares};

/// The comparison as JSON over one line.
#[must_use]
pub fn render(told: &Told) -> String {
    format!("{}\n", value(told))
}

/// The comparison as JSON over many lines, for files.
#[must_use]
pub fn render_pretty(told: &Told) -> String {
    format!("{:#}\n", value(told))
}

fn value(told: &Told) -> Value {
    let comparison = &told.comparison;
    let conditions = comparison.conditions.iter().map(|condition| {
        let axes = comparison.condition_axes.iter().zip(&condition.coordinates);
        let places = axes.map(|((name, unit), coordinate)| {
            json!({ "axis": name, "label": coordinate.label, "number": coordinate.number, "unit": unit })
        });
        json!({ "label": condition.label, "places": places.collect::<Vec<_>>() })
    });
    let joined = told.joined.iter().map(|traced| {
        let joined = &traced.joined;
        json!({
            "variant": comparison.variants[traced.variant],
            "condition": comparison.conditions[traced.condition].label,
            "seed": joined.seed,
            "requests_baseline": joined.requests.0,
            "requests_variant": joined.requests.1,
            "joined": joined.joined,
            "moved": joined.moved,
            "answered_in_both": joined.answered,
            "faster": joined.faster,
            "slower": joined.slower,
            "transitions": joined.transitions.iter().map(|transition| json!({
                "baseline": transition.baseline, "variant": transition.variant, "requests": transition.count,
            })).collect::<Vec<_>>(),
            "groups": joined.groups.iter().map(group).collect::<Vec<_>>(),
        })
    });
    tidy(&json!({
        "schema": SCHEMA,
        "title": comparison.title,
        "axis": comparison.axis,
        "baseline": comparison.baseline,
        "variants": comparison.variants,
        "conditions": conditions.collect::<Vec<_>>(),
        "replications": comparison.replications,
        "seed_first": told.seeds.0,
        "seed_last": told.seeds.1,
        "cut_short": comparison.cut_short,
        "level": comparison.question.level,
        "difference": comparison.question.difference,
        "power": comparison.question.power,
        "tests": comparison.family,
        "tested": comparison.measures.iter().zip(&comparison.tested)
            .filter(|(_, tested)| **tested)
            .map(|(measure, _)| measure.to_string())
            .collect::<Vec<_>>(),
        "own_condition": comparison.own.map(|own| comparison.conditions[own].label.as_str()),
        "sentences": comparison.sentences,
        "findings": comparison.findings.iter().map(|found| finding(comparison, found)).collect::<Vec<_>>(),
        "verdicts": comparison.verdicts.iter().map(|shares| verdicts(comparison, shares)).collect::<Vec<_>>(),
        "changes": comparison.changes.iter().map(|change| {
            let labels = |conditions: &[usize]| -> Vec<&str> {
                conditions.iter().map(|at| comparison.conditions[*at].label.as_str()).collect()
            };
            json!({
                "variant": comparison.variants[change.variant],
                "measure": comparison.measures[change.measure].to_string(),
                "better": labels(&change.better),
                "worse": labels(&change.worse),
            })
        }).collect::<Vec<_>>(),
        "joined": joined.collect::<Vec<_>>(),
        "reproduce": told.reproduce,
    }))
}

/// A number, or what stands for one that is infinite.
fn number(value: f64) -> Value {
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    json!(value)
}

fn interval(interval: &Option<Interval>) -> Value {
    interval.as_ref().map_or(Value::Null, |interval| {
        json!({
            "mean": number(interval.mean),
            "low": number(interval.low),
            "high": number(interval.high),
            "level": interval.level,
        })
    })
}

fn condition(comparison: &Comparison, condition: Option<usize>) -> Value {
    condition.map_or(Value::Null, |at| {
        comparison.conditions[at].label.as_str().into()
    })
}

fn finding(comparison: &Comparison, finding: &Finding) -> Value {
    let measure = &comparison.measures[finding.measure];
    json!({
        "variant": comparison.variants[finding.variant],
        "measure": measure.to_string(),
        "column": measure.column(),
        "condition": condition(comparison, finding.condition),
        "tested": comparison.tested[finding.measure],
        "pairs": finding.pairs.len(),
        "missing": finding.missing,
        "runs": finding.runs,
        "never_baseline": finding.never.0,
        "never_variant": finding.never.1,
        "ended_in_both": finding.ended_in_both(),
        "baseline": finding.baseline,
        "value": finding.value,
        "ended_baseline": finding.among.map(|among| among.baseline),
        "ended_value": finding.among.map(|among| among.value),
        "difference": interval(&finding.difference),
        "simultaneous": interval(&finding.simultaneous),
        "relative": interval(&finding.relative),
        "effect_size": finding.effect,
        "least_difference": finding.least,
        "test": finding.test.name(),
        "p": finding.adjusted_p.map(|_| finding.p),
        "p_adjusted": finding.adjusted_p,
        "p_ranks": finding.adjusted_p.map(|_| finding.rank_p),
        "verdict": finding.verdict.name(),
        "replications_needed": finding.needed,
        "replications_needed_for_observed": finding.needed_for_observed,
    })
}

fn verdicts(comparison: &Comparison, shares: &VerdictShares) -> Value {
    let counts = shares.counts.iter().map(|(verdict, baseline, variant)| {
        json!({ "verdict": verdict, "baseline": baseline, "variant": variant })
    });
    json!({
        "variant": comparison.variants[shares.variant],
        "condition": condition(comparison, shares.condition),
        "counts": counts.collect::<Vec<_>>(),
        "held_in_both": shares.held.both,
        "held_with_variant_only": shares.held.left,
        "held_with_baseline_only": shares.held.right,
        "held_in_neither": shares.held.neither,
        "not_judged": shares.open,
        "replications_more": shares.more.0,
        "replications_less": shares.more.1,
        "difference": interval(&shares.difference),
        "p": shares.p,
        "p_adjusted": shares.adjusted_p,
        "verdict": shares.verdict.name(),
    })
}

fn group(group: &Group) -> Value {
    let fate = |fate: &Fate| json!({ "outcome": fate.outcome, "cause": fate.cause });
    json!({
        "workload": group.workload,
        "baseline": fate(&group.baseline),
        "variant": fate(&group.variant),
        "requests": group.count,
        "example_baseline": group.example.0,
        "example_variant": group.example.1,
        "time": group.time,
        "stories": group.stories,
    })
}
