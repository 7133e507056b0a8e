//! Many runs of one scenario for people: how often each verdict, how long to recover, and the key
//! measures with their intervals. Near a tipping point one run proves nothing; this does.

use super::human::{command, join, painted_verdict};
use super::style::Style;
use super::table::{Table, width};
use super::tables::styled;
use super::units;
use sim_core::stats::{Interval, mean_interval, proportion_interval};
use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::summary::{Summary, WorkloadSummary};
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
        measures(runs, style),
        ending(runs, reproduce, style),
    ];
    join(&sections)
}

/// The result of replications as one JSON object: how often each verdict came, with its interval, and
/// the summary of every run.
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
    let all = serde_json::json!({
        "schema": sim_models::observe::summary::SCHEMA,
        "replications": runs.len(),
        "verdicts": verdicts,
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
    vec![format!("{words} {how}  {scenario}")]
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
    let faults = runs[0].faults.iter().enumerate();
    for (n, fault) in faults.filter(|(_, fault)| !fault.periods.is_empty()) {
        let mut times: Vec<f64> = runs
            .iter()
            .filter_map(|run| run.faults.get(n))
            .map(|fault| fault.recovery_seconds.unwrap_or(f64::INFINITY))
            .collect();
        times.sort_by(f64::total_cmp);
        let never = times.iter().filter(|t| t.is_infinite()).count();
        let mut row = vec![fault.name.clone(), format!("{never}/{}", times.len())];
        row.extend([0.0, 0.25, 0.5, 0.75, 0.9, 1.0].map(|share| {
            let time = quantile(&times, share);
            if time.is_finite() {
                units::duration(time)
            } else {
                "never".to_owned()
            }
        }));
        table.row(row);
    }
    styled(&table, style)
}

/// A measure of a workload: its name, its value, how it is printed.
type Measure = (&'static str, fn(&WorkloadSummary) -> f64, fn(f64) -> String);

const MEASURES: [Measure; 6] = [
    ("success", |w| w.success_ratio, units::percent),
    ("goodput", |w| w.goodput, units::rate),
    ("p50 monitored", |w| w.latency.p50, units::duration),
    ("p99 monitored", |w| w.latency.p99, units::duration),
    ("p99 true", |w| w.latency_true.p99, units::duration),
    (
        "error budget used",
        |w| w.availability.budget_used.unwrap_or(f64::NAN),
        units::factor,
    ),
];

fn measures(runs: &[Summary], style: Style) -> Vec<String> {
    let heading = confidence_heading();
    let mut table = Table::new(&["Workloads", "mean", &heading, "least", "most"]);
    for name in runs[0].workloads.keys() {
        for (measure, value, print) in MEASURES {
            let workloads = runs.iter().filter_map(|run| run.workloads.get(name));
            let values: Vec<f64> = workloads.map(value).filter(|v| v.is_finite()).collect();
            if values.is_empty() {
                continue;
            }
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let interval = mean_interval(&values, LEVEL).ok();
            table.row(vec![
                format!("{name}: {measure}"),
                print(mean),
                range(interval, print),
                print(values.iter().copied().fold(f64::INFINITY, f64::min)),
                print(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            ]);
        }
    }
    styled(&table, style)
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
    let partial = runs.iter().filter(|run| run.stopped_by != "end").count();
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
mod tests {
    use super::*;
    use crate::fixture::retry_storm;
    use crate::output::table::WIDTH;

    fn runs() -> Vec<Summary> {
        let mut runs = vec![retry_storm().summary; 10];
        for (n, run) in runs.iter_mut().enumerate() {
            run.seed = n as u64;
            if n % 5 < 2 {
                run.hypothesis.verdict = Conclusion::Held;
                run.faults[0].recovery_seconds = Some(5.0 + n as f64);
            }
        }
        runs
    }

    #[test]
    fn verdicts_are_a_distribution() {
        let text = render_replications(&runs(), "sim run x.ron", Style::PLAIN);
        assert!(text.lines().all(|line| width(line) <= WIDTH), "{text}");
        assert!(
            text.starts_with("NOT RECOVERED — METASTABLE in 6 of 10 runs"),
            "{text}"
        );
        assert!(text.contains("6/10"), "{text}");
        assert!(text.contains("95% interval"), "{text}");
    }

    #[test]
    fn quantiles_reach_into_never() {
        let sorted = [1.0, 3.0, f64::INFINITY, f64::INFINITY];
        assert_eq!(quantile(&sorted, 0.0), 1.0);
        assert_eq!(quantile(&sorted, 0.9), f64::INFINITY);
        assert_eq!(quantile(&[2.0], 0.5), 2.0);
    }

    /// For people.
    #[test]
    #[ignore = "prints for people to look at"]
    fn print() {
        let text = render_replications(&runs(), "sim run x.ron", Style::PLAIN);
        println!("{text}");
    }
}
