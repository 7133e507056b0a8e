//! Checks as hypotheses write them: `success_ratio(shoppers) >= 0.999`, `latency(web, p99) < 250ms`.
//!
//! A check compares one measure of a workload, a service or an edge with a limit. Limits are in base
//! units: seconds, events per second, ratios from 0 to 1 (`5%` is 0.05).

use crate::scenario::units::Rate;
use sim_core::SimDuration;
use std::ops::Range;

/// A check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is measured.
    pub measure: Measure,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what: seconds, per second, or a ratio.
    pub limit: f64,
    /// The place whose name was written: its span in the text.
    pub subject_span: Range<usize>,
}

/// What is measured, and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Of a workload.
    Workload(WorkloadMeasure, String),
    /// Of a service.
    Service(ServiceMeasure, String),
    /// Of an edge, `"a -> b"`.
    Edge(EdgeMeasure, String),
}

/// A measure of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadMeasure {
    /// Usable answers / finished.
    SuccessRatio,
    /// Failures / finished.
    FailedRatio,
    /// Degraded answers / finished.
    DegradedRatio,
    /// Usable answers per second.
    Goodput,
    /// Arrivals per second.
    Offered,
    /// Finished per second.
    Throughput,
    /// Requests that have not ended.
    Unfinished,
    /// Time to a usable answer.
    Latency(Statistic),
    /// Time to the end, whatever it was.
    LatencyTrue(Statistic),
}

/// A measure of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceMeasure {
    /// Busy threads / threads.
    Utilization,
    /// Busy cores / cores.
    CpuUtilization,
    /// Waiting for a thread, time average of all instances.
    QueueMean,
    /// Waiting for a thread, most at one instance.
    QueueMax,
    /// Turned away / arrivals.
    RejectedRatio,
    /// Arrivals per second.
    Arrivals,
    /// Share of work done for callers who had gone.
    DoomedShare,
    /// Time from arrival to answer; over the whole run only.
    Sojourn(Statistic),
    /// Time in the queue; over the whole run only.
    Waiting(Statistic),
}

/// A measure of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeMeasure {
    /// Attempts / calls.
    Amplification,
    /// Retries per second.
    Retries,
    /// Attempts per second.
    Attempts,
    /// Retries that ended ok / retries; over the whole run only.
    RetryEfficiency,
}

/// A statistic of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Statistic {
    Mean,
    P50,
    P90,
    P95,
    P99,
    P999,
    Max,
}

/// How a value is compared with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Why a text is not a check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// Where in the text.
    pub span: Range<usize>,
    /// What was written, and what could have been: for a suggestion.
    pub choices: Vec<&'static str>,
}

/// Measures of workloads, of services, and of edges.
pub const MEASURES: [(&str, &[&str]); 3] = [
    (
        "workload",
        &[
            "success_ratio",
            "failed_ratio",
            "degraded_ratio",
            "goodput",
            "offered",
            "throughput",
            "unfinished",
            "latency",
            "latency_true",
        ],
    ),
    (
        "service",
        &[
            "utilization",
            "cpu_utilization",
            "queue",
            "rejected_ratio",
            "arrivals",
            "doomed_share",
            "sojourn",
            "waiting",
        ],
    ),
    ("edge", &["amplification", "retries", "attempts", "retry_efficiency"]),
];

/// Statistics of durations.
pub const STATISTICS: [(&str, Statistic); 7] = [
    ("mean", Statistic::Mean),
    ("p50", Statistic::P50),
    ("p90", Statistic::P90),
    ("p95", Statistic::P95),
    ("p99", Statistic::P99),
    ("p999", Statistic::P999),
    ("max", Statistic::Max),
];

impl Statistic {
    /// The share of values below it, for a quantile.
    #[must_use]
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P90 => Some(0.9),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            Self::P999 => Some(0.999),
            Self::Mean | Self::Max => None,
        }
    }
}

impl Comparison {
    /// Whether `value` compares so with `limit`.
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Greater => value > limit,
            Self::GreaterOrEqual => value >= limit,
        }
    }
}

/// Reads a check.
///
/// # Errors
/// What is wrong, where, and what could have been meant.
pub fn parse(text: &str) -> Result<Check, ExpressionError> {
    let fail = |message: String, span: Range<usize>, choices: Vec<&'static str>| {
        Err(ExpressionError { message, span, choices })
    };
    let Some(open) = text.find('(') else {
        return fail("expected a measure and its subject, such as `success_ratio(shoppers) >= 0.999`".into(), 0..text.len(), vec![]);
    };
    let Some(close) = text[open..].find(')').map(|at| at + open) else {
        return fail("the parenthesis is not closed".into(), open..text.len(), vec![]);
    };
    let name = trimmed(text, 0..open);
    let (subject, statistic) = match text[open..close].rfind(',') {
        Some(comma) => (trimmed(text, open + 1..open + comma), Some(trimmed(text, open + comma + 1..close))),
        None => (trimmed(text, open + 1..close), None),
    };
    let subject_text = text[subject.clone()].trim_matches(|c| c == '"' || c == '\'').to_string();
    let measure = measure(text, name, subject_text, statistic)?;
    let (comparison, limit_span) = comparison(text, close + 1)?;
    let limit = limit(text, limit_span)?;
    Ok(Check { measure, comparison, limit, subject_span: subject })
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..(start + part.trim().len())
}

fn measure(
    text: &str,
    name: Range<usize>,
    subject: String,
    statistic: Option<Range<usize>>,
) -> Result<Measure, ExpressionError> {
    use EdgeMeasure as E;
    use ServiceMeasure as S;
    use WorkloadMeasure as W;
    let known = |wanted: &[(&'static str, Statistic)]| match &statistic {
        None => Ok(wanted[0].1),
        Some(span) => {
            let found = wanted.iter().find(|(name, _)| *name == &text[span.clone()]);
            found.map(|(_, statistic)| *statistic).ok_or_else(|| ExpressionError {
                message: format!("`{}` is not a statistic of `{}`", &text[span.clone()], &text[name.clone()]),
                span: span.clone(),
                choices: wanted.iter().map(|(name, _)| *name).collect(),
            })
        }
    };
    let none = || match &statistic {
        None => Ok(()),
        Some(span) => Err(ExpressionError {
            message: format!("`{}` has no statistic", &text[name.clone()]),
            span: span.clone(),
            choices: vec![],
        }),
    };
    let plain = |measure: Measure| none().map(|()| measure);
    match &text[name.clone()] {
        "success_ratio" => plain(Measure::Workload(W::SuccessRatio, subject)),
        "failed_ratio" => plain(Measure::Workload(W::FailedRatio, subject)),
        "degraded_ratio" => plain(Measure::Workload(W::DegradedRatio, subject)),
        "goodput" => plain(Measure::Workload(W::Goodput, subject)),
        "offered" => plain(Measure::Workload(W::Offered, subject)),
        "throughput" => plain(Measure::Workload(W::Throughput, subject)),
        "unfinished" => plain(Measure::Workload(W::Unfinished, subject)),
        "latency" => Ok(Measure::Workload(W::Latency(known(&STATISTICS)?), subject)),
        "latency_true" => Ok(Measure::Workload(W::LatencyTrue(known(&STATISTICS)?), subject)),
        "utilization" => plain(Measure::Service(S::Utilization, subject)),
        "cpu_utilization" => plain(Measure::Service(S::CpuUtilization, subject)),
        "queue" => match known(&[("mean", Statistic::Mean), ("max", Statistic::Max)])? {
            Statistic::Max => Ok(Measure::Service(S::QueueMax, subject)),
            _ => Ok(Measure::Service(S::QueueMean, subject)),
        },
        "rejected_ratio" => plain(Measure::Service(S::RejectedRatio, subject)),
        "arrivals" => plain(Measure::Service(S::Arrivals, subject)),
        "doomed_share" => plain(Measure::Service(S::DoomedShare, subject)),
        "sojourn" => Ok(Measure::Service(S::Sojourn(known(&STATISTICS)?), subject)),
        "waiting" => Ok(Measure::Service(S::Waiting(known(&STATISTICS)?), subject)),
        "amplification" => plain(Measure::Edge(E::Amplification, subject)),
        "retries" => plain(Measure::Edge(E::Retries, subject)),
        "attempts" => plain(Measure::Edge(E::Attempts, subject)),
        "retry_efficiency" => plain(Measure::Edge(E::RetryEfficiency, subject)),
        other => Err(ExpressionError {
            message: format!("`{other}` is not a measure"),
            span: name,
            choices: MEASURES.iter().flat_map(|(_, names)| names.iter().copied()).collect(),
        }),
    }
}

fn comparison(text: &str, from: usize) -> Result<(Comparison, Range<usize>), ExpressionError> {
    let rest = trimmed(text, from..text.len());
    let comparisons = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    for (sign, comparison) in comparisons {
        if text[rest.clone()].starts_with(sign) {
            return Ok((comparison, trimmed(text, rest.start + sign.len()..text.len())));
        }
    }
    Err(ExpressionError { message: "expected `<`, `<=`, `>` or `>=` and a limit".into(), span: rest, choices: vec![] })
}

fn limit(text: &str, span: Range<usize>) -> Result<f64, ExpressionError> {
    let written = &text[span.clone()];
    let value = if let Some(percent) = written.strip_suffix('%') {
        percent.trim().parse::<f64>().ok().map(|percent| percent / 100.0)
    } else if written.contains('/') {
        written.parse::<Rate>().ok().map(|rate| rate.0)
    } else {
        written.parse().ok().or_else(|| written.parse::<SimDuration>().ok().map(SimDuration::as_secs_f64))
    };
    value.filter(|value: &f64| value.is_finite()).ok_or_else(|| ExpressionError {
        message: format!("`{written}` is not a limit: expected a number, 5%, 250ms or 900/s"),
        span,
        choices: vec![],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_checks() {
        let check = parse("latency(shoppers, p99) < 250ms").unwrap();
        assert_eq!(check.measure, Measure::Workload(WorkloadMeasure::Latency(Statistic::P99), "shoppers".into()));
        assert_eq!((check.comparison, check.limit), (Comparison::Less, 0.25));
        let check = parse("amplification(\"web -> db\") <= 1.2").unwrap();
        assert_eq!(check.measure, Measure::Edge(EdgeMeasure::Amplification, "web -> db".into()));
        assert_eq!(parse("failed_ratio(w)<5%").unwrap().limit, 0.05);
        assert_eq!(parse("goodput(w) > 60/min").unwrap().limit, 1.0);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let error = parse("sucess_ratio(w) > 0.9").unwrap_err();
        assert_eq!(error.span, 0..12);
        assert!(error.choices.contains(&"success_ratio"));
        assert_eq!(parse("latency(w, p98) < 1s").unwrap_err().span, 11..14);
        assert_eq!(parse("goodput(w) 5").unwrap_err().span, 11..12);
        assert_eq!(parse("goodput(w) > fast").unwrap_err().span, 13..17);
        assert!(parse("goodput w > 5").is_err());
        assert!(parse("goodput(w > 5").is_err());
    }
}
