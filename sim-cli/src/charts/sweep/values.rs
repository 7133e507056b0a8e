//! What a sweep measured, as charts take it.

use crate::charts::plot::data::{Estimate, Judged, Limit, Measured, Wish};
use crate::charts::scale::Unit;
use crate::units;
use sim_models::experiment::compare::numbers::is_share;
use sim_models::experiment::sweep::{Cell, LEVEL, Table};
use sim_models::expression::{Better, Measure, Metric, Statistic, Unit as MeasureUnit};
use sim_models::observe::conclusion::Conclusion;
use sim_models::scenario::types::Hypothesis;
use std::collections::BTreeSet;

/// A measure and what it was at each point.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// For the names of files: `"failed_ratio_shoppers"`.
    pub name: String,
    /// What it is.
    pub measured: Measured,
    /// How telling it is; the lowest first.
    pub rank: usize,
    /// By point.
    pub values: Vec<Option<Estimate>>,
    /// By point, then by replication, which has the same seed at all points; empty if it is none of runs.
    pub runs: Vec<Vec<Option<f64>>>,
}

impl Column {
    /// Whether it is the same at all points.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        let mut means = self.values.iter().flatten().map(|value| value.mean);
        let first = means.next();
        means.all(|mean| Some(mean) == first)
    }
}

/// The measures of a sweep, the most telling ones first; what does not vary comes last.
#[must_use]
pub fn columns(table: &Table<'_>) -> Vec<Column> {
    let measures = table.sweep.measures.iter().enumerate();
    let mut columns: Vec<Column> = measures
        .map(|(n, measure)| Column {
            name: file_name(measure),
            measured: measured(measure, hypothesis(table)),
            rank: rank(measure),
            values: (0..table.runs.len())
                .map(|point| estimate(&table.cell(point, n)))
                .map(|value| value.map(|value| possible(value, measure)))
                .collect(),
            runs: (0..table.runs.len())
                .map(|point| table.values(point, n).collect())
                .collect(),
        })
        .filter(|column| column.values.iter().any(Option::is_some))
        .collect();
    columns.sort_by_key(|column| (column.is_flat(), column.rank));
    for n in (1..columns.len()).rev() {
        let name = columns[n].name.clone();
        let before = columns[..n].iter().filter(|c| c.name == name).count();
        if before > 0 {
            columns[n].name = format!("{name}-{}", before + 1);
        }
    }
    columns
}

/// In how many runs of each point the hypothesis held; empty without a hypothesis.
#[must_use]
pub fn held(table: &Table<'_>) -> Vec<Judged> {
    let mut runs = table.runs.iter().flatten();
    if runs.all(|run| run.verdict == Conclusion::NoHypothesis) {
        return Vec::new();
    }
    let judged = |runs: &Vec<sim_models::experiment::sweep::Row>| {
        let known = runs.iter().filter(|run| run.verdict.is_known());
        let held = known.clone().filter(|run| run.verdict.passes());
        Judged {
            held: held.count() as u32,
            runs: known.count() as u32,
        }
    };
    table.runs.iter().map(judged).collect()
}

/// How often the runs of each point ended how, the best first.
#[must_use]
pub fn verdicts(table: &Table<'_>) -> (Vec<Conclusion>, Vec<Vec<u32>>) {
    let runs = table.runs.iter().flatten();
    let kinds: BTreeSet<Conclusion> = runs.map(|run| run.verdict).collect();
    let counts = table.runs.iter().map(|runs| {
        let count = |wanted: &_| runs.iter().filter(|run| run.verdict == *wanted).count() as u32;
        kinds.iter().map(count).collect()
    });
    let counts = counts.collect();
    (kinds.into_iter().collect(), counts)
}

/// What the replications of a sweep were, in words.
#[must_use]
pub fn note(table: &Table<'_>) -> String {
    let counts = || table.runs.iter().map(Vec::len);
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    let often = match (least, most) {
        (1, 1) => "1 run of each point".to_owned(),
        (least, most) if least == most => format!("{most} replications of each point"),
        (least, most) => format!("{least} to {most} replications of each point"),
    };
    let seed = table.sweep.seed;
    let luck = match most {
        0 | 1 => format!("seed {seed}"),
        _ => format!(
            "under the same luck, seeds {seed} to {}",
            seed.wrapping_add(most as u64 - 1)
        ),
    };
    format!("{often}, {luck}  ·  {}", table.sweep.title)
}

/// What all points believe; none, if they differ.
fn hypothesis<'a>(table: &'a Table<'_>) -> Option<&'a Hypothesis> {
    let mut scenarios = table.sweep.scenarios.iter();
    let first = &scenarios.next()?.hypothesis;
    let same = scenarios.all(|scenario| scenario.hypothesis == *first);
    same.then_some(first)
}

/// A measure as charts show it.
#[must_use]
pub fn measured(measure: &Measure, hypothesis: Option<&Hypothesis>) -> Measured {
    let unit = match (measure.metric, measure.unit()) {
        (Metric::Amplification | Metric::BurnRate | Metric::Quotient, _) => Unit::Factor,
        (_, MeasureUnit::Ratio) => Unit::Ratio,
        (_, MeasureUnit::Rate) => Unit::Rate,
        (_, MeasureUnit::Seconds) => Unit::Seconds,
        (_, MeasureUnit::Count) => Unit::Count,
    };
    Measured {
        name: measure.label(),
        unit,
        wish: match measure.better() {
            Better::Lower => Wish::Low,
            Better::Higher => Wish::High,
            Better::Neither => Wish::Neither,
        },
        limit: hypothesis.and_then(|hypothesis| limit(measure, hypothesis)),
    }
}

/// What a hypothesis says of a measure of whole runs.
fn limit(measure: &Measure, hypothesis: &Hypothesis) -> Option<Limit> {
    if measure.metric == Metric::RecoveryTime {
        let within = hypothesis.recovers.as_ref()?.within.as_secs_f64();
        return Some(Limit {
            text: format!("<= {}", units::short_duration(within)),
            value: within,
        });
    }
    let mut checks = hypothesis
        .always
        .iter()
        .filter_map(|check| check.read().ok());
    let check = checks.find(|check| check.measure == *measure)?;
    let shown = measured(measure, None);
    Some(Limit {
        text: format!("{} {}", check.op.symbol(), shown.text(check.limit)),
        value: check.limit,
    })
}

/// No interval reaches below nothing, and that of a share not above all of it.
fn possible(value: Estimate, measure: &Measure) -> Estimate {
    if !value.has_interval() {
        return value;
    }
    let most = if is_share(measure) {
        1.0
    } else {
        f64::INFINITY
    };
    Estimate {
        low: value.low.max(0.0),
        high: value.high.min(most),
        ..value
    }
}

/// What is known of a measure at a point.
#[must_use]
pub fn estimate(cell: &Cell) -> Option<Estimate> {
    let finite = cell.finite.as_ref()?.count;
    let interval = cell.mean.or(cell.median)?;
    // Of too few runs no interval of a median reaches the level that charts promise.
    let (low, high) = if interval.level < LEVEL {
        (f64::NEG_INFINITY, f64::INFINITY)
    } else {
        (interval.low, interval.high)
    };
    Some(Estimate {
        mean: interval.mean,
        low,
        high,
        runs: cell.count as u32,
        endless: (cell.count - finite) as u32,
    })
}

/// How soon a reader wants to know this; the lowest first.
#[must_use]
pub fn rank(measure: &Measure) -> usize {
    let tail = measure.statistic() != Some(Statistic::Mean);
    match measure.metric {
        Metric::FailedRatio | Metric::SuccessRatio => 0,
        Metric::RecoveryTime => 1,
        Metric::Latency | Metric::LatencyTrue if tail => 2,
        Metric::Amplification => 3,
        Metric::Goodput => 4,
        Metric::Latency | Metric::LatencyTrue => 5,
        Metric::Arrivals | Metric::Attempts | Metric::Retries => 6,
        // The chart of verdicts tells it better.
        Metric::Held | Metric::Metastable => 9,
        _ => 7,
    }
}

/// A measure in the name of a chart.
#[must_use]
pub fn file_name(measure: &Measure) -> String {
    let column = measure.column();
    let short = column.strip_suffix(measure.unit().suffix());
    // The name of a metric may itself end in its unit.
    let short = short.filter(|short| short.contains(measure.metric.name()));
    short.unwrap_or(&column).to_owned()
}
