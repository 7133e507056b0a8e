//! Values of measures and what is known of them, as tables print them.

use crate::units;
use sim_core::stats::values_needed;
use sim_models::experiment::sweep::LEVEL;
use sim_models::expression::{Measure, Metric, Of, Unit};

/// A value of a measure for people.
#[must_use]
pub fn value(measure: &Measure, value: f64) -> String {
    if value == f64::INFINITY {
        return "never".to_owned();
    }
    match measure.unit() {
        Unit::Seconds => units::duration(value),
        Unit::Rate => units::rate(value),
        Unit::Ratio if measure.metric.of() == Of::Edge => units::factor(value),
        // Three digits also of those just below one: two of them would make 0.95 and 0.949 alike.
        Unit::Ratio if measure.metric == Metric::Quotient && value.abs() < 1.0 => {
            format!("{value:.3}")
        }
        Unit::Ratio if measure.metric == Metric::Quotient => units::number(value),
        Unit::Ratio => units::percent(value),
        Unit::Count => units::number(value),
    }
}

/// A confidence level.
#[must_use]
pub fn level_text(level: f64) -> String {
    units::percent(level).replace(".0%", "%")
}

/// How many replications it would take, where an interval of a quantile does not reach the level of all
/// others: `" (95% takes 29 replications)"`.
#[must_use]
pub fn takes(quantile: f64, reached: f64) -> String {
    match values_needed(quantile, LEVEL) {
        Ok(needed) if reached < LEVEL => {
            format!(" ({} takes {needed} replications)", level_text(LEVEL))
        }
        _ => String::new(),
    }
}
