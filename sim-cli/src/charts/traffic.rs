//! What was offered, answered and lost, over time: a panel per workload, the most hurt first.

use super::bins::{self, Bins};
use super::canvas::{Ink, Stroke};
use super::palette::{self, Mark};
use super::panel::{Area, Line, Note, Panel};
use super::scale::{Spread, Unit, pace};
use crate::units;
use sim_models::observe::summary::{RunResult, WorkloadSeries, WorkloadSummary};
use std::collections::BTreeMap;

/// The most panels.
const MOST_PANELS: usize = 4;
/// Share of requests still open at the end above which a workload is no longer taken for unharmed.
const HANGING: f64 = 0.01;

/// What a panel of requests shows.
#[must_use]
pub fn title(per: &str, failed: bool) -> String {
    let rest = if failed {
        "offered, answered usably, and failed by outcome (stacked)"
    } else {
        "offered and answered usably; none failed"
    };
    format!("Requests per {per}: {rest}")
}

/// All workloads, the most hurt first, then those with most requests.
#[must_use]
pub fn ranked(result: &RunResult) -> Vec<(&String, &WorkloadSeries)> {
    let none = WorkloadSummary::default();
    let totals = |name: &String| result.summary.workloads.get(name).unwrap_or(&none);
    let mut ranked: Vec<_> = result.series.workloads.iter().collect();
    ranked.sort_by(|a, b| {
        let (a, b) = (totals(a.0), totals(b.0));
        loss(b).total_cmp(&loss(a)).then(b.offered.cmp(&a.offered))
    });
    ranked
}

/// A panel per workload, each on its own scale, the most hurt first; where there are too many, those
/// without losses, or the least hurt, together in one.
#[must_use]
pub fn by_workload(result: &RunResult, bins: &Bins) -> Vec<Panel> {
    let ranked = ranked(result);
    if ranked.len() < 2 {
        let series = ranked.into_iter().map(|(_, series)| series);
        return vec![traffic(series, bins, title)];
    }
    let none = WorkloadSummary::default();
    let totals = |name: &String| result.summary.workloads.get(name).unwrap_or(&none);
    let hurt = |name: &String| totals(name).failed > 0 || loss(totals(name)) > HANGING;
    let alone = match ranked.len() {
        few if few <= MOST_PANELS => few,
        _ => {
            let hurt = ranked.iter().filter(|(name, _)| hurt(name));
            hurt.count().min(MOST_PANELS - 1)
        }
    };
    let (alone, rest) = ranked.split_at(alone);
    let mut panels: Vec<Panel> = alone
        .iter()
        .map(|(name, series)| {
            let own = bins.for_workload(series);
            let title = |per: &str, _| format!("{name}: requests per {per}");
            let mut panel = traffic(std::iter::once(*series), &own, title);
            let mut lead = losses(totals(name));
            if own.seconds > bins.seconds {
                lead = format!("{lead}; points of {}", units::short_duration(own.seconds));
            }
            let names = Vec::new();
            panel.note = Some(Note { lead, names });
            panel
        })
        .collect();
    if !rest.is_empty() {
        let what = if alone.is_empty() {
            "workload"
        } else {
            "more workload"
        };
        let which = counted(rest.len(), what);
        let title = |per: &str, _| format!("{which} together: requests per {per}");
        let mut panel = traffic(rest.iter().map(|(_, series)| *series), bins, title);
        let mut sum = WorkloadSummary::default();
        for (name, _) in rest {
            let one = totals(name);
            sum.offered += one.offered;
            sum.failed += one.failed;
            sum.degraded += one.degraded;
            sum.unfinished += one.unfinished;
        }
        panel.note = Some(Note {
            lead: losses(&sum),
            names: rest.iter().map(|(name, _)| (*name).clone()).collect(),
        });
        panels.push(panel);
    }
    panels
}

/// How many of what: `"1 service"`, `"2 services"`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Share of the requests of a workload that failed or never ended.
#[must_use]
pub fn harm(result: &RunResult, name: &str) -> f64 {
    result.summary.workloads.get(name).map_or(0.0, loss)
}

fn loss(totals: &WorkloadSummary) -> f64 {
    (totals.failed + totals.unfinished) as f64 / totals.offered.max(1) as f64
}

fn losses(totals: &WorkloadSummary) -> String {
    let offered = units::count(totals.offered);
    let failed = match totals.failed {
        _ if totals.offered == 0 => return "no requests".to_owned(),
        0 => format!("none of {offered} failed"),
        failed => format!(
            "{} of {offered} failed ({})",
            units::count(failed),
            units::percent(failed as f64 / totals.offered as f64)
        ),
    };
    let others = [
        (totals.degraded, "degraded"),
        (totals.unfinished, "still open at the end"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0);
    others.fold(failed, |words, (count, what)| {
        format!("{words}, {} {what}", units::count(*count))
    })
}

/// Offered, usable and failed requests of some workloads, added up.
#[must_use]
pub fn traffic<'a>(
    workloads: impl Iterator<Item = &'a WorkloadSeries>,
    bins: &Bins,
    title: impl Fn(&str, bool) -> String,
) -> Panel {
    let (mut offered, mut usable, mut degraded) = (Vec::new(), Vec::new(), Vec::new());
    let mut failed: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for workload in workloads {
        bins::add(&mut offered, &bins.rate(&workload.offered));
        bins::add(&mut usable, &bins.rate(&workload.ok));
        bins::add(&mut usable, &bins.rate(&workload.degraded));
        bins::add(&mut degraded, &bins.rate(&workload.degraded));
        for (outcome, counts) in &workload.failed {
            bins::add(
                failed.entry(outcome.clone()).or_default(),
                &bins.rate(counts),
            );
        }
    }
    failed.retain(|_, rates| bins::largest(rates) > 0.0);
    let (factor, per) = pace(bins::largest(&offered).max(bins::largest(&usable)));
    let paced = |rates: Vec<f64>| rates.into_iter().map(|rate| rate * factor).collect();
    let mut panel = Panel::new(title(per, !failed.is_empty()), Unit::Rate, Spread::Linear);
    let mut stack: Vec<(String, Vec<f64>)> = failed.into_iter().collect();
    stack.sort_by(|a, b| b.1.iter().sum::<f64>().total_cmp(&a.1.iter().sum()));
    panel.areas = stack
        .into_iter()
        .map(|(name, values)| Area {
            ink: palette::outcome(&name),
            name: format!("failed: {name}"),
            values: paced(values),
        })
        .collect();
    let line = |name, values, width, dash, ink| plain(name, paced(values), width, dash, ink);
    let hurt = bins::largest(&degraded) > 0.0;
    panel.lines = vec![
        line("offered", offered, 1.25, &[], palette::BLACK),
        line("answered (goodput)", usable, 2.75, &[], palette::GREEN),
    ];
    if hurt {
        let name = "of these degraded";
        let degraded = line(name, degraded, 2.0, palette::DASHED, palette::BLUE);
        panel.lines.push(degraded);
    }
    panel
}

/// A line without marks.
#[must_use]
pub fn plain(name: &str, values: Vec<f64>, width: f64, dash: &'static [f64], ink: Ink) -> Line {
    Line {
        name: name.to_owned(),
        values,
        stroke: Stroke { width, ink, dash },
        mark: Mark::None,
    }
}
