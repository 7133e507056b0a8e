//! Many runs of one scenario for people: how often each verdict, how long to recover, and the key
//! measures with their intervals. Near a tipping point one run proves nothing; this does.

use super::human::{command, join, painted_verdict};
use super::style::Style;
use super::table::{Table, width, wrap};
use super::tables::styled;
use super::values::{level_text, takes};
use crate::units;
use sim_core::stats::{Interval, proportion_interval, quantile_interval};
use sim_models::experiment::compare::numbers::is_share;
use sim_models::experiment::sweep::{Cell, MEDIAN};
use sim_models::expression::Measure as Parsed;
use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::summary::{Damage, Summary, WorkloadSummary};
use std::collections::BTreeMap;

/// Confidence of all intervals.
const LEVEL: f64 = 0.95;

/// The result of replications as text.
#[must_use]
pub fn render_replications(runs: &[Summary], reproduce: &str, style: Style) -> String {
    let Some(first) = runs.first() else {
        return "No runs.\n".to_owned();
    };
    let sections = [
        headline(first, runs, style),
        verdicts(runs, style),
        recovery(runs, style),
        asked(runs, style),
        measures(runs, style),
        ending(runs, reproduce, style),
    ];
    join(&sections)
}

/// The result of replications as one JSON object: how often each verdict came, how long recovery took and
/// what was measured of each workload, with intervals; and the summary of every run.
#[must_use]
pub fn json(runs: &[Summary]) -> String {
    let verdicts: Vec<serde_json::Value> = verdict_counts(runs)
        .into_iter()
        .map(|(verdict, hits)| {
            let interval = proportion_interval(hits, runs.len() as u64, LEVEL).ok();
            serde_json::json!({
                "verdict": verdict,
                "runs": hits,
                "share": hits as f64 / runs.len() as f64,
                "share_low": interval.map(|interval| interval.low),
                "share_high": interval.map(|interval| interval.high),
            })
        })
        .collect();
    let statistics = super::sweep::summary::cell;
    let workloads: BTreeMap<&String, BTreeMap<&str, serde_json::Value>> = runs
        .first()
        .into_iter()
        .flat_map(|run| run.workloads.keys())
        .map(|name| {
            let all = MEASURES.iter();
            let all =
                all.map(|(_, key, value, _)| (*key, statistics(&estimate(runs, name, *value))));
            (name, all.collect())
        })
        .collect();
    let recovery: Vec<serde_json::Value> = recoveries(runs)
        .map(|(name, times)| {
            let cell = Cell::of(times.into_iter());
            let mut value = statistics(&cell);
            value["fault"] = name.into();
            value["unjudged"] = (cell.runs - cell.count).into();
            value
        })
        .collect();
    let all = serde_json::json!({
        "schema": sim_models::observe::summary::SCHEMA,
        "replications": runs.len(),
        "level": LEVEL,
        "verdicts": verdicts,
        "recovery": recovery,
        "damage": harms(runs)
            .iter()
            .map(|harm| {
                let value = serde_json::json!({
                    "runs": harm.runs,
                    "lost_share_median": harm.lost_share,
                    "seconds_median": harm.seconds,
                    "slow_seconds_median": harm.slow_seconds,
                    "slow_quantile": harm.slow.map(|(quantile, ..)| quantile),
                    "slow_latency_median": harm.slow.map(|(_, now, _)| now),
                    "slow_latency_before_median": harm.slow.map(|(.., before)| before),
                    "waiting_share_median": harm.waiting_share,
                });
                (harm.workload.to_owned(), value)
            })
            .collect::<BTreeMap<_, _>>(),
        "workloads": workloads,
        "measures": measured(runs)
            .map(|(text, cell)| (text.to_owned(), statistics(&cell)))
            .collect::<BTreeMap<_, _>>(),
        "runs": runs,
    });
    super::json::tidy(&all).to_string()
}

/// How often each verdict came; the most frequent first, then the best.
#[must_use]
pub fn verdict_counts(runs: &[Summary]) -> Vec<(Conclusion, u64)> {
    let mut counts: BTreeMap<Conclusion, u64> = BTreeMap::new();
    for run in runs {
        *counts.entry(run.hypothesis.verdict).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, hits)| std::cmp::Reverse(*hits));
    counts
}

fn headline(first: &Summary, runs: &[Summary], style: Style) -> Vec<String> {
    let counts = verdict_counts(runs);
    let (verdict, hits) = counts[0];
    let words = painted_verdict(verdict, &units::verdict(verdict), style);
    let how = if counts.len() == 1 {
        format!("in all {} runs", runs.len())
    } else {
        format!("in {hits} of {} runs", runs.len())
    };
    let used = width(&units::verdict(verdict)) + 1 + width(&how) + 2;
    let room = super::table::WIDTH.saturating_sub(used);
    let scenario = super::table::shorten(&first.scenario, room);
    let mut lines = vec![format!("{words} {how}  {scenario}")];
    let harm = harm(runs);
    if !harm.is_empty() {
        lines.extend(wrap(&harm, "  ", "  "));
    }
    lines
}

/// What a workload suffered in some runs.
struct Harm<'a> {
    workload: &'a str,
    /// In so many.
    runs: usize,
    /// Median of how long, s.
    seconds: f64,
    /// The share lost meanwhile of the run in the middle by requests lost.
    lost_share: f64,
    /// How long requests were lost in that run, s: medians of shares and of times may be those of two runs.
    lost_seconds: f64,
    /// The quantile of how long answers take that grew most in most runs in which answers were slow, and
    /// medians over these of what it was then and before, s.
    slow: Option<(f64, f64, f64)>,
    /// Median of how long answers were slow, s.
    slow_seconds: f64,
    /// Median of the share that never got an answer, of those that were slow; none where none were.
    waiting_share: Option<f64>,
}

/// The workloads that were hurt in some run.
fn harms(runs: &[Summary]) -> Vec<Harm<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for damage in runs.iter().flat_map(|run| &run.hypothesis.damage) {
        if !names.contains(&damage.workload.as_str()) {
            names.push(&damage.workload);
        }
    }
    let harm = |workload| {
        let all = runs.iter().flat_map(|run| &run.hypothesis.damage);
        let own: Vec<&Damage> = all.filter(|damage| damage.workload == workload).collect();
        let median = |value: fn(&Damage) -> f64| {
            median_of(own.iter().map(|damage| value(damage))).unwrap_or(0.0)
        };
        let mut by_lost = own.clone();
        by_lost.sort_by_key(|damage| damage.lost);
        let middle = by_lost[(by_lost.len() - 1) / 2];
        let waiting_shares = own.iter().filter_map(|damage| damage.waiting_share);
        Harm {
            workload,
            runs: own.len(),
            seconds: median(|damage| damage.seconds),
            lost_share: middle.lost_share.unwrap_or(0.0),
            lost_seconds: middle.lost_seconds,
            slow: slowed(&own),
            slow_seconds: median(|damage| damage.slow_seconds),
            waiting_share: median_of(waiting_shares),
        }
    };
    names.into_iter().map(harm).collect()
}

/// The median; none without values.
fn median_of(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| quantile(&values, 0.5))
}

/// The quantile that grew most in most of these, and medians of what it was then and before, s.
fn slowed(own: &[&Damage]) -> Option<(f64, f64, f64)> {
    let quantiles = || own.iter().filter_map(|damage| damage.slow_quantile);
    let often = |q: f64| quantiles().filter(|other| *other == q).count();
    let q = quantiles().reduce(|a, b| if often(b) > often(a) { b } else { a })?;
    let of = |value: fn(&Damage) -> Option<f64>| {
        let same = own.iter().filter(|damage| damage.slow_quantile == Some(q));
        median_of(same.filter_map(|damage| value(damage)))
    };
    Some((q, of(|d| d.slow_latency)?, of(|d| d.slow_latency_before)?))
}

/// Who was hurt, in how many runs, by how much and for how long.
fn harm(runs: &[Summary]) -> String {
    let harms = harms(runs);
    let mut parts: Vec<String> = harms
        .iter()
        .map(|harm| {
            let often = match harm.runs {
                all if all == runs.len() => "in the median".to_owned(),
                some => format!("hurt in {some} of {} runs, in the median", runs.len()),
            };
            let lost = (harm.lost_share > 0.0 && harm.lost_seconds > 0.0).then(|| {
                let long = units::duration(harm.lost_seconds);
                format!("{} lost for {long}", units::percent(harm.lost_share))
            });
            let slow = (harm.slow_seconds > 0.0).then(|| {
                let how = match (harm.slow, harm.waiting_share) {
                    (Some((q, now, before)), _) => format!(
                        "p{:.0} {} instead of {}",
                        100.0 * q,
                        units::duration(now),
                        units::duration(before)
                    ),
                    (None, Some(share)) if harm.lost_share == 0.0 => {
                        format!("{} not answered", units::percent(share))
                    }
                    (None, _) => "slowed down".to_owned(),
                };
                format!("{how} for {}", units::duration(harm.slow_seconds))
            });
            let mut how: Vec<String> = lost.into_iter().chain(slow).collect();
            if how.is_empty() {
                // Some runs were hurt in one way and some in the other.
                how.push(format!("for {}", units::duration(harm.seconds)));
            }
            format!("{}: {often} {}", harm.workload, how.join(", "))
        })
        .collect();
    let unharmed = |name: &&String| {
        runs.iter()
            .all(|run| run.hypothesis.unharmed.contains(name))
    };
    let unharmed: Vec<&str> = runs[0]
        .hypothesis
        .unharmed
        .iter()
        .filter(unharmed)
        .map(String::as_str)
        .collect();
    if !parts.is_empty() && !unharmed.is_empty() {
        parts.push(format!("{} unharmed in every run", unharmed.join(", ")));
    }
    parts.join("; ")
}

fn range(interval: Option<Interval>, print: impl Fn(f64) -> String) -> String {
    match interval {
        Some(known) if known.half_width.is_finite() => {
            format!("{} to {}", print(known.low), print(known.high))
        }
        _ => "unknown".to_owned(),
    }
}

fn confidence_heading() -> String {
    format!("{} interval", units::percent(LEVEL).replace(".0%", "%"))
}

fn verdicts(runs: &[Summary], style: Style) -> Vec<String> {
    let heading = confidence_heading();
    let mut table = Table::new(&["Verdicts", "runs", "share", &heading]);
    for (verdict, hits) in verdict_counts(runs) {
        let interval = proportion_interval(hits, runs.len() as u64, LEVEL).ok();
        table.row(vec![
            units::verdict(verdict),
            hits.to_string(),
            units::percent(hits as f64 / runs.len() as f64),
            range(interval, units::percent),
        ]);
    }
    styled(&table, style)
}

/// The value below which a share of the sorted values lies (type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    // Runs that never recovered lie at infinity, between which nothing can be interpolated.
    if sorted[below] == sorted[above] {
        return sorted[below];
    }
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// The times to recover from each fault that was on, by run: none where it could not be judged, infinite
/// where the steady state did not hold again.
fn recoveries(runs: &[Summary]) -> impl Iterator<Item = (&str, Vec<Option<f64>>)> {
    let faults = runs.first().into_iter().flat_map(|run| &run.faults);
    let faults = faults.enumerate();
    faults
        .filter(|(_, fault)| !fault.periods.is_empty())
        .map(|(n, fault)| {
            let time = |run: &Summary| run.faults.get(n)?.recovery_time();
            (fault.name.as_str(), runs.iter().map(time).collect())
        })
}

fn recovery(runs: &[Summary], style: Style) -> Vec<String> {
    let mut table = Table::new(&[
        "Time to recover",
        "never",
        "min",
        "p25",
        "median",
        "p75",
        "p90",
        "max",
    ]);
    let mut medians = Vec::new();
    for (name, times) in recoveries(runs) {
        let mut times: Vec<f64> = times.into_iter().flatten().collect();
        times.sort_by(f64::total_cmp);
        let never = times.iter().filter(|t| t.is_infinite()).count();
        let mut row = vec![name.to_owned(), format!("{never}/{}", times.len())];
        row.extend([0.0, 0.25, 0.5, 0.75, 0.9, 1.0].map(|share| {
            if times.is_empty() {
                return units::NOTHING.to_owned();
            }
            time(quantile(&times, share))
        }));
        table.row(row);
        medians.extend(median(name, &times));
    }
    let mut lines = styled(&table, style);
    lines.extend(medians);
    lines
}

fn time(seconds: f64) -> String {
    if seconds.is_finite() {
        units::duration(seconds)
    } else {
        "never".to_owned()
    }
}

/// How sure a median is; the other quantiles are those of these runs, and less sure.
fn median(fault: &str, times: &[f64]) -> Option<String> {
    let known = quantile_interval(times, MEDIAN, LEVEL).ok()?;
    // Where no run came back the table says all there is.
    known.low.is_finite().then(|| {
        format!(
            "  {}: the median is {} to {} with {} confidence{}",
            super::table::shorten(fault, 22),
            time(known.low),
            time(known.high),
            level_text(known.level),
            takes(MEDIAN, known.level)
        )
    })
}

/// A measure of a workload: its name, its name in JSON, its value, how it is printed.
type Measure = (
    &'static str,
    &'static str,
    fn(&WorkloadSummary) -> Option<f64>,
    fn(f64) -> String,
);

const MEASURES: [Measure; 6] = [
    (
        "success",
        "success_ratio",
        |w| w.success_ratio,
        units::percent,
    ),
    ("goodput", "goodput", |w| w.goodput, units::rate),
    (
        "p50 monitored",
        "latency_p50",
        |w| w.latency.p50,
        units::duration,
    ),
    (
        "p99 monitored",
        "latency_p99",
        |w| w.latency.p99,
        units::duration,
    ),
    (
        "p99 true",
        "latency_true_p99",
        |w| w.latency_true.p99,
        units::duration,
    ),
    (
        "error budget used",
        "budget_used",
        |w| w.availability.budget_used,
        units::factor,
    ),
];

/// A measure of a workload over all runs.
fn estimate(runs: &[Summary], name: &str, value: fn(&WorkloadSummary) -> Option<f64>) -> Cell {
    Cell::of(
        runs.iter()
            .map(|run| run.workloads.get(name).and_then(value)),
    )
}

/// What was asked for with `--measure`, over all runs.
fn measured(runs: &[Summary]) -> impl Iterator<Item = (&str, Cell)> {
    let texts = runs.first().into_iter().flat_map(|run| run.measures.keys());
    texts.map(|text| {
        let values = runs.iter();
        let values = values.map(|run| run.measures.get(text).and_then(|value| value.0));
        (text.as_str(), Cell::of(values))
    })
}

fn asked(runs: &[Summary], style: Style) -> Vec<String> {
    let heading = confidence_heading();
    let mut table = Table::new(&["Measures", "mean", &heading, "least", "most"]);
    for (text, cell) in measured(runs) {
        let parsed = text.parse::<Parsed>().ok();
        let print = |value: f64| match &parsed {
            Some(measure) => super::values::value(measure, value),
            None => units::number(value),
        };
        let share = parsed.as_ref().is_some_and(is_share);
        table.row(row(text.to_owned(), &cell, share, print));
    }
    styled(&table, style)
}

fn measures(runs: &[Summary], style: Style) -> Vec<String> {
    let heading = confidence_heading();
    let mut table = Table::new(&["Workloads", "mean", &heading, "least", "most"]);
    for name in runs[0].workloads.keys() {
        for (measure, key, value, print) in MEASURES {
            let cell = estimate(runs, name, value);
            let share = key == "success_ratio";
            table.row(row(format!("{name}: {measure}"), &cell, share, print));
        }
    }
    styled(&table, style)
}

/// The statistics of a measure as a row; what is not known is `-`.
fn row(name: String, cell: &Cell, share: bool, print: impl Fn(f64) -> String) -> Vec<String> {
    let endless = cell.count - cell.finite.map_or(0, |finite| finite.count);
    let name = if cell.count < cell.runs {
        format!("{name} ({} of {} runs)", cell.count, cell.runs)
    } else if endless > 0 {
        format!("{name} (never in {endless} of {})", cell.runs)
    } else {
        name
    };
    let known = cell.mean.filter(|mean| mean.half_width.is_finite());
    // An interval of a mean may reach beyond what there can be.
    let most = if share { 1.0 } else { f64::INFINITY };
    let within = |end: f64| end.clamp(0.0, most);
    let interval = known.map(|mean| {
        let ends = [mean.low, mean.high].map(within);
        format!("{} to {}", print(ends[0]), print(ends[1]))
    });
    vec![
        name,
        units::known(cell.mean.map(|mean| mean.mean), &print),
        interval.unwrap_or_else(|| units::NOTHING.to_owned()),
        units::known(cell.min, &print),
        units::known(cell.max, &print),
    ]
}

fn ending(runs: &[Summary], reproduce: &str, style: Style) -> Vec<String> {
    let events: u64 = runs.iter().map(|run| run.events).sum();
    let mut lines = vec![format!(
        "{} runs, {} events, seeds {} to {}",
        runs.len(),
        units::count(events),
        runs.iter().map(|run| run.seed).min().unwrap_or_default(),
        runs.iter().map(|run| run.seed).max().unwrap_or_default(),
    )];
    let partial = runs.iter().filter(|run| !run.stopped_by.is_end()).count();
    if partial > 0 {
        lines.push(style.careful(&format!(
            "{partial} runs were stopped by a budget: their results are partial."
        )));
    }
    lines.push(style.heading("Reproduce with"));
    lines.extend(command(reproduce));
    lines
}

#[cfg(test)]
mod tests;
