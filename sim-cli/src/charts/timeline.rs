//! The main chart: what a run offered, got, waited for and repeated, over time.

use super::bands::Bands;
use super::bins::Bins;
use super::canvas::{Rect, sheet};
use super::figure::{self, LEFT, RIGHT, WIDTH, Words};
use super::panel::{self, Panel, TimeAxis};
use super::ruler::Ruler;
use super::scale::time_ticks;
use super::{signals, traffic};
use sim_models::observe::summary::{HypothesisSummary, RunResult};

/// Space between panels, for the title of the lower one, pixels.
const GAP: f64 = 36.0;
/// Height of a line that tells of what is not drawn, pixels.
const TOLD: f64 = 20.0;

/// A panel and its height in pixels.
pub type Sized = (Panel, f64);

/// The main chart as SVG.
#[must_use]
pub fn timeline(result: &RunResult) -> String {
    let bins = Bins::of(&result.series);
    let words = Words {
        title: figure::finding(&result.summary),
        reason: why(&result.summary.hypothesis),
        guide: guide(result),
    };
    let bands = Bands::of(result, &bins);
    stacked(result, &bins, &words, &panels(result, &bins), &bands)
}

/// How to read what the chart of this run holds.
fn guide(result: &RunResult) -> String {
    let mut guide = String::from(
        "How to read: where the green line (usable answers) leaves the black one (offered), users \
         lose or wait",
    );
    let mut failures = result
        .series
        .workloads
        .values()
        .flat_map(|w| w.failed.values());
    let failed = failures.any(|counts| counts.iter().any(|count| *count > 0));
    guide += if failed {
        "; stacked below is how requests failed."
    } else {
        "."
    };
    if !result.summary.faults.is_empty() {
        guide += " Losses that go on after a shaded fault outlive their trigger.";
    }
    if result.series.workloads.len() > 1 {
        guide += " The workload that lost most comes first; each has its own scale.";
    }
    guide
}

/// The panels of the main chart, from the top down.
#[must_use]
pub fn panels(result: &RunResult, bins: &Bins) -> Vec<Sized> {
    let traffic = traffic::by_workload(result, bins);
    let height = if traffic.len() == 1 { 250.0 } else { 130.0 };
    let mut panels: Vec<Sized> = traffic.into_iter().map(|panel| (panel, height)).collect();
    panels.extend([
        (signals::latencies(result, bins), 190.0),
        (signals::utilization(result, bins), 150.0),
        (signals::queues(result, bins), 170.0),
    ]);
    if let Some([taken, waiting]) = signals::pools(result, bins) {
        panels.extend([(taken, 150.0), (waiting, 170.0)]);
    }
    panels.extend(signals::amplification(result, bins).map(|panel| (panel, 150.0)));
    for (panel, height) in &mut panels {
        *height = height.max(panel.names_height());
    }
    panels
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

/// Panels above each other that share the axis of time, under the bands of the states of policies; below them what is
/// told of the others.
#[must_use]
pub fn stacked(
    result: &RunResult,
    bins: &Bins,
    words: &Words,
    panels: &[Sized],
    bands: &Bands,
) -> String {
    let summary = &result.summary;
    let time = time_axis(result, bins, 12);
    let (panels, told): (Vec<&Sized>, Vec<&Sized>) =
        panels.iter().partition(|(panel, _)| panel.is_drawn());
    let heights: f64 = panels.iter().map(|(_, height)| height + GAP).sum();
    let banded = figure::lanes_height(summary);
    let lanes = banded + bands.height();
    let head = figure::headline_height(&Ruler::new(), words);
    let gap = if told.is_empty() { 0.0 } else { 8.0 };
    let below = 28.0 + TOLD * told.len() as f64 + gap;
    let height = head + lanes + heights + below + 12.0 + figure::footer_height(summary);
    sheet(WIDTH, height.ceil(), &words.title, |canvas| {
        figure::headline(canvas, words);
        let rects = places(&panels, head + lanes);
        for rect in &rects {
            figure::shade(canvas, summary, &time, *rect);
            figure::mark_moments(canvas, summary, &time, *rect);
        }
        let (first, last) = (rects[0], rects[rects.len() - 1]);
        let whole = Rect::new(first.left, head, first.width, last.bottom() - head);
        figure::draw_lanes(canvas, summary, &time, head, whole);
        bands.draw(canvas, &time, bins.seconds, head + banded, whole);
        for ((panel, _), rect) in panels.iter().zip(&rects) {
            panel::draw(canvas, panel, &time, *rect, RIGHT);
        }
        figure::time_labels(canvas, &time, last);
        let mut y = last.bottom() + 28.0;
        for (panel, _) in told {
            y += TOLD;
            panel::heading(canvas, panel, (LEFT, y), WIDTH - LEFT - 24.0);
        }
        figure::footer(canvas, result, bins.seconds, y + gap);
    })
}

fn places(panels: &[&Sized], top: f64) -> Vec<Rect> {
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

/// Who was hurt, then the reason of the verdict.
fn why(hypothesis: &HypothesisSummary) -> String {
    let lines = [&hypothesis.harm, &hypothesis.reason].into_iter();
    let lines: Vec<&str> = lines
        .filter(|line| !line.is_empty())
        .map(String::as_str)
        .collect();
    lines.join("\n")
}
