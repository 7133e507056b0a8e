//! The main chart: what a run offered, got, waited for and repeated, over time.

use super::bins::{self, Bins};
use super::canvas::{Rect, Stroke, sheet};
use super::figure::{self, LEFT, RIGHT, WIDTH, Words};
use super::palette::{self, Mark};
use super::panel::{self, Area, Line, Panel, TimeAxis};
use super::ruler::Ruler;
use super::scale::{Spread, Unit, time_ticks};
use sim_models::observe::summary::{RunResult, WorkloadSeries};
use std::collections::BTreeMap;

/// Space between panels, for the title of the lower one, pixels.
const GAP: f64 = 36.0;
/// The most workloads whose latencies share a panel.
const MOST_WORKLOADS: usize = 2;

/// A panel and its height in pixels.
pub type Sized = (Panel, f64);

/// The main chart as SVG.
#[must_use]
pub fn timeline(result: &RunResult) -> String {
    let bins = Bins::of(&result.series);
    let mut panels = vec![
        (traffic(result.series.workloads.values(), &bins), 250.0),
        (latencies(result, &bins), 190.0),
        (utilization(result, &bins), 150.0),
        (queues(result, &bins), 170.0),
    ];
    panels.extend(amplification(result, &bins).map(|panel| (panel, 150.0)));
    let words = Words {
        title: figure::finding(&result.summary),
        reason: result.summary.hypothesis.reason.clone(),
        guide:
            "How to read: where the green line (usable answers) leaves the black one (offered), \
                users lose; stacked below is how requests failed. If that goes on after the shaded \
                fault has ended, the damage outlives its trigger."
                .into(),
    };
    stacked(result, &bins, &words, &panels)
}

/// The time axis of all charts of a run.
#[must_use]
pub fn time_axis(result: &RunResult, bins: &Bins, ticks: usize) -> TimeAxis {
    let end = result.summary.simulated_seconds;
    TimeAxis {
        end,
        points: bins.middles.clone(),
        ticks: time_ticks(end, ticks),
    }
}

/// Panels above each other that share the axis of time.
#[must_use]
pub fn stacked(result: &RunResult, bins: &Bins, words: &Words, panels: &[Sized]) -> String {
    let summary = &result.summary;
    let time = time_axis(result, bins, 12);
    let heights: f64 = panels.iter().map(|(_, height)| height + GAP).sum();
    let lanes = figure::lanes_height(summary);
    let head = figure::headline_height(&Ruler::new(), words);
    let height = head + lanes + heights + 40.0 + figure::footer_height(summary);
    sheet(WIDTH, height.ceil(), &words.title, |canvas| {
        figure::headline(canvas, words);
        let rects = places(panels, head + lanes);
        for rect in &rects {
            figure::shade(canvas, summary, &time, *rect);
            figure::mark_moments(canvas, summary, &time, *rect);
        }
        let (first, last) = (rects[0], rects[rects.len() - 1]);
        let whole = Rect::new(first.left, head, first.width, last.bottom() - head);
        figure::draw_lanes(canvas, summary, &time, head, whole);
        for ((panel, _), rect) in panels.iter().zip(&rects) {
            panel::draw(canvas, panel, &time, *rect, RIGHT);
        }
        figure::time_labels(canvas, &time, last);
        figure::footer(canvas, result, bins.seconds, last.bottom() + 28.0);
    })
}

fn places(panels: &[Sized], top: f64) -> Vec<Rect> {
    let mut y = top;
    panels
        .iter()
        .map(|(_, height)| {
            let rect = Rect::new(LEFT, y + GAP, WIDTH - LEFT - RIGHT, *height);
            y += GAP + height;
            rect
        })
        .collect()
}

/// Offered, usable and failed requests of some workloads, added up.
#[must_use]
pub fn traffic<'a>(workloads: impl Iterator<Item = &'a WorkloadSeries>, bins: &Bins) -> Panel {
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
    let mut panel = Panel::new(
        "Requests per second: offered, answered usably, and failed by outcome (stacked)",
        Unit::Rate,
        Spread::Linear,
    );
    let mut stack: Vec<(String, Vec<f64>)> = failed
        .into_iter()
        .filter(|(_, rates)| bins::largest(rates) > 0.0)
        .collect();
    stack.sort_by(|a, b| b.1.iter().sum::<f64>().total_cmp(&a.1.iter().sum()));
    panel.areas = stack
        .into_iter()
        .map(|(name, values)| Area {
            ink: palette::outcome(&name),
            name: format!("failed: {name}"),
            values,
        })
        .collect();
    panel
        .lines
        .push(plain("offered", offered, 1.25, &[], palette::BLACK));
    panel.lines.push(plain(
        "answered (goodput)",
        usable,
        2.75,
        &[],
        palette::GREEN,
    ));
    if bins::largest(&degraded) > 0.0 {
        panel.lines.push(plain(
            "of these degraded",
            degraded,
            2.0,
            palette::DASHED,
            palette::BLUE,
        ));
    }
    panel
}

fn plain(
    name: &str,
    values: Vec<f64>,
    width: f64,
    dash: &'static [f64],
    ink: super::canvas::Ink,
) -> Line {
    Line {
        name: name.to_owned(),
        values,
        stroke: Stroke { width, ink, dash },
        mark: Mark::None,
    }
}

/// Both views of latency of one workload, after a prefix.
#[must_use]
pub fn latency_lines(series: &WorkloadSeries, prefix: &str, bins: &Bins, n: usize) -> Vec<Line> {
    let ink = [palette::BLUE, palette::VERMILION][n % 2];
    let lines = [
        (
            "p99 true",
            bins.peak(&series.latency_true_p99),
            2.0,
            palette::DASHED,
        ),
        ("p99 monitored", bins.peak(&series.latency_p99), 2.5, &[]),
        (
            "p50 true",
            bins.mean(&series.latency_true_p50),
            1.0,
            palette::DASHED,
        ),
        ("p50 monitored", bins.mean(&series.latency_p50), 1.0, &[]),
    ];
    lines
        .into_iter()
        .map(|(name, values, width, dash)| {
            plain(&format!("{prefix}{name}"), values, width, dash, ink)
        })
        .collect()
}

fn latencies(result: &RunResult, bins: &Bins) -> Panel {
    let mut panel = Panel::new(
        "Latency (log scale): solid as monitoring of answers sees it, dashed the truth with failures",
        Unit::Seconds,
        Spread::Log,
    );
    let mut ranked: Vec<_> = result.series.workloads.iter().collect();
    let worst = |series: &WorkloadSeries| bins::largest(&series.latency_true_p99);
    ranked.sort_by(|a, b| worst(b.1).total_cmp(&worst(a.1)));
    for (n, (name, series)) in ranked.iter().take(MOST_WORKLOADS).enumerate() {
        let prefix = if ranked.len() == 1 {
            String::new()
        } else {
            format!("{name} ")
        };
        panel.lines.extend(latency_lines(series, &prefix, bins, n));
    }
    if ranked.len() > MOST_WORKLOADS {
        panel.more = Some(format!("{} more workloads", ranked.len() - MOST_WORKLOADS));
    }
    panel
}

fn utilization(result: &RunResult, bins: &Bins) -> Panel {
    let services = result.series.services.iter();
    let series = services
        .map(|(name, service)| {
            // Unbounded threads are never busy: what fills up then is the cores.
            let busier = service.utilization.iter().zip(&service.cpu_utilization);
            let busier: Vec<f64> = busier.map(|(threads, cores)| threads.max(*cores)).collect();
            (name.clone(), bins.mean(&busier))
        })
        .collect();
    let mut panel = Panel::new(
        "Utilisation by service: of threads or of cores, whichever is busier",
        Unit::Ratio,
        Spread::Linear,
    )
    .of_series(series, "services");
    panel.top = Some(1.05);
    panel
}

fn queues(result: &RunResult, bins: &Bins) -> Panel {
    let services = result.series.services.iter();
    let series: Vec<(String, Vec<f64>)> = services
        .map(|(name, service)| (name.clone(), bins.peak(&service.queue)))
        .collect();
    let deepest = series
        .iter()
        .map(|(_, values)| bins::largest(values))
        .fold(0.0, f64::max);
    let (title, spread) = if deepest > 50.0 {
        (
            "Requests waiting for a thread by service (square-root scale)",
            Spread::Root,
        )
    } else {
        ("Requests waiting for a thread by service", Spread::Linear)
    };
    let mut panel = Panel::new(title, Unit::Count, spread).of_series(series, "services");
    if deepest < 1.0 {
        // Nobody waits to speak of: do not blow noise up to the height of the panel.
        panel.top = Some(1.0);
    }
    panel
}

fn amplification(result: &RunResult, bins: &Bins) -> Option<Panel> {
    let series: Vec<(String, Vec<f64>)> = result
        .series
        .edges
        .iter()
        .map(|(name, edge)| {
            (
                name.clone(),
                bins.ratio(&edge.call_attempts, &edge.calls_sent),
            )
        })
        .filter(|(_, values)| bins::largest(values) > 1.0)
        .collect();
    (!series.is_empty()).then(|| {
        Panel::new(
            "Retry amplification by edge: attempts per call, at the time when the call began",
            Unit::Factor,
            Spread::Linear,
        )
        .of_series(series, "edges")
    })
}
