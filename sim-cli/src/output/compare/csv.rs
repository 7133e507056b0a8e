//! As CSV: one row for each variant, measure and condition (empty: the mean of all), in seconds, per
//! second, or as ratios.

use crate::output::csv::text;
use crate::output::json::round;
use sim_core::stats::Interval;
use sim_models::experiment::compare::Comparison;

const COLUMNS: [&str; 30] = [
    "variant",
    "baseline",
    "measure",
    "column",
    "condition",
    "tested",
    "pairs",
    "missing",
    "runs",
    "never_baseline",
    "never_variant",
    "ended_in_both",
    "baseline_mean",
    "variant_mean",
    "ended_baseline_mean",
    "ended_variant_mean",
    "difference",
    "difference_low",
    "difference_high",
    "simultaneous_low",
    "simultaneous_high",
    "relative",
    "relative_low",
    "relative_high",
    "effect_size",
    "p",
    "p_adjusted",
    "least_difference",
    "verdict",
    "replications_needed",
];

/// The findings as a table.
#[must_use]
pub fn render(comparison: &Comparison) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let ok = "memory takes what is written";
    writer.write_record(COLUMNS).expect(ok);
    for found in &comparison.findings {
        let measure = &comparison.measures[found.measure];
        let condition = found
            .condition
            .map(|at| comparison.conditions[at].label.clone());
        let end = |interval: &Option<Interval>, get: fn(&Interval) -> f64| {
            number(interval.as_ref().map(get))
        };
        let (difference, relative) = (&found.difference, &found.relative);
        let row = [
            text(&comparison.variants[found.variant]).into_owned(),
            text(&comparison.baseline).into_owned(),
            text(&measure.to_string()).into_owned(),
            measure.column(),
            text(&condition.unwrap_or_default()).into_owned(),
            comparison.tested[found.measure].to_string(),
            found.pairs.len().to_string(),
            found.missing.to_string(),
            found.runs.to_string(),
            found.never.0.to_string(),
            found.never.1.to_string(),
            found.ended_in_both().to_string(),
            number(found.baseline),
            number(found.value),
            number(found.among.map(|among| among.baseline)),
            number(found.among.map(|among| among.value)),
            end(difference, |interval| interval.mean),
            end(difference, |interval| interval.low),
            end(difference, |interval| interval.high),
            end(&found.simultaneous, |interval| interval.low),
            end(&found.simultaneous, |interval| interval.high),
            end(relative, |interval| interval.mean),
            end(relative, |interval| interval.low),
            end(relative, |interval| interval.high),
            number(found.effect),
            number(found.adjusted_p.map(|_| found.p)),
            number(found.adjusted_p),
            number(found.least),
            found.verdict.name().to_owned(),
            found
                .needed
                .map(|needed| needed.to_string())
                .unwrap_or_default(),
        ];
        writer.write_record(row).expect(ok);
    }
    writer.into_inner().expect(ok)
}

/// Nothing for what there is not.
fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| round(value).to_string())
}
