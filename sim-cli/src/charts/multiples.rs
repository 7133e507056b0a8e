//! Small multiples: a row per service or per edge, a column per kind of signal.

use super::bins::{self, Bins};
use super::canvas::{Anchor, Canvas, Letters, Rect, Stroke, sheet};
use super::figure::{self, WIDTH, Words};
use super::palette::{self, Mark};
use super::panel::{self, Line, Panel};
use super::ruler::Ruler;
use super::scale::{Spread, Unit};
use super::timeline::time_axis;
use crate::output::units;
use sim_models::observe::summary::{EdgeSeries, RunResult, ServiceSeries};

/// The most rows of a chart.
const MOST_ROWS: usize = 40;
/// Height of a row, pixels.
const ROW: f64 = 176.0;
/// Space for the numbers of an axis, pixels.
const NUMBERS: f64 = 52.0;
/// Space above panels, pixels.
const ABOVE: f64 = 46.0;

struct Row {
    name: String,
    note: String,
    panels: Vec<Panel>,
}

/// A row per service: what came, how busy it was, who waited.
#[must_use]
pub fn services(result: &RunResult) -> String {
    let bins = Bins::of(&result.series);
    let threads = |series: &ServiceSeries| bins::largest(&series.utilization);
    let cores = |series: &ServiceSeries| bins::largest(&series.cpu_utilization);
    // Unbounded threads are never busy: what fills up then is the cores.
    let busiest = |series: &ServiceSeries| threads(series).max(cores(series));
    let ranked = ranked(result.series.services.iter(), busiest);
    let finding = ranked.first().map_or_else(
        || "No services".to_owned(),
        |(name, series)| {
            let what = if threads(series) >= cores(series) {
                "threads"
            } else {
                "cores"
            };
            format!(
                "{name} was the busiest service: its {what} were used up to {}",
                units::percent(busiest(series).min(1.0))
            )
        },
    );
    let rows = ranked
        .iter()
        .take(MOST_ROWS)
        .map(|(name, series)| Row {
            name: (*name).clone(),
            note: service_note(result, name),
            panels: service_panels(series, &bins),
        })
        .collect();
    let words = Words {
        title: finding,
        reason: left_out(ranked.len(), "services"),
        guide: "How to read: the busiest service comes first. A service that works without \
                answering (high utilisation, few ok) works for callers who have gone. Scales of \
                requests and of queues differ from row to row."
            .into(),
    };
    grid(result, &bins, &words, rows)
}

/// A row per edge: calls and attempts, amplification, breakers.
#[must_use]
pub fn edges(result: &RunResult) -> String {
    let bins = Bins::of(&result.series);
    let peak =
        |series: &EdgeSeries| bins::largest(&bins.ratio(&series.call_attempts, &series.calls_sent));
    let ranked = ranked(result.series.edges.iter(), peak);
    let finding = match ranked.first() {
        Some((name, series)) if peak(series) > 1.0 => format!(
            "{name} repeated most: up to {} attempts per call",
            units::number(peak(series))
        ),
        Some(_) => "No call was repeated".to_owned(),
        None => "No calls between services".to_owned(),
    };
    let opened = |series: &EdgeSeries| series.breakers_open.iter().any(|open| *open > 0);
    let breakers = result.series.edges.values().any(opened);
    let rows = ranked
        .iter()
        .take(MOST_ROWS)
        .map(|(name, series)| Row {
            name: (*name).clone(),
            note: edge_note(result, name),
            panels: edge_panels(series, &bins, breakers),
        })
        .collect();
    let words = Words {
        title: finding,
        reason: left_out(ranked.len(), "edges"),
        guide: "How to read: attempts above calls are retries, load that users did not ask for. \
                Amplification multiplies along a path of calls."
            .into(),
    };
    grid(result, &bins, &words, rows)
}

fn ranked<'a, T>(
    all: impl Iterator<Item = (&'a String, &'a T)>,
    rank: impl Fn(&T) -> f64,
) -> Vec<(&'a String, &'a T)> {
    let mut ranked: Vec<_> = all.collect();
    ranked.sort_by(|a, b| rank(b.1).total_cmp(&rank(a.1)));
    ranked
}

fn left_out(count: usize, what: &str) -> String {
    if count > MOST_ROWS {
        format!("The first {MOST_ROWS} of {count} {what} are shown; the tables have them all.")
    } else {
        String::new()
    }
}

fn service_note(result: &RunResult, name: &str) -> String {
    let Some(totals) = result.summary.services.get(name) else {
        return String::new();
    };
    format!(
        "sojourn p99 {}, doomed work {}",
        units::known(totals.sojourn.p99, units::duration),
        units::known(totals.doomed_share, units::percent)
    )
}

fn edge_note(result: &RunResult, name: &str) -> String {
    let Some(totals) = result.summary.edges.get(name) else {
        return String::new();
    };
    format!(
        "amplification {} (at worst {}), {} retries",
        units::known(totals.amplification, units::factor),
        units::factor(totals.amplification_worst),
        units::count(totals.retries)
    )
}

fn service_panels(series: &ServiceSeries, bins: &Bins) -> Vec<Panel> {
    let mut requests = Panel::new("Requests per second", Unit::Rate, Spread::Linear);
    requests.lines = vec![
        line("arrived", bins.rate(&series.arrivals), 0),
        line("ok", bins.rate(&series.ok), 2),
        line("failed", bins.rate(&series.failed), 1),
        line("rejected", bins.rate(&series.rejected), 3),
    ];
    let mut busy = Panel::new("Utilisation", Unit::Ratio, Spread::Linear);
    busy.lines = vec![
        line("threads", bins.mean(&series.utilization), 0),
        line("cores", bins.mean(&series.cpu_utilization), 1),
    ];
    busy.top = Some(1.05);
    let mut queue = Panel::new("Waiting for a thread", Unit::Count, Spread::Linear);
    queue.lines = vec![
        line("mean", bins.mean(&series.queue), 0),
        line("largest", bins.most(&series.queue_max), 1),
    ];
    vec![requests, busy, queue]
}

fn edge_panels(series: &EdgeSeries, bins: &Bins, breakers: bool) -> Vec<Panel> {
    let mut requests = Panel::new("Per second", Unit::Rate, Spread::Linear);
    requests.lines = vec![
        line("calls", bins.rate(&series.calls), 0),
        line("attempts", bins.rate(&series.attempts), 1),
        line("failures", bins.rate(&series.failures), 3),
    ];
    let mut factor = Panel::new("Attempts per call", Unit::Factor, Spread::Linear);
    factor.lines = vec![line(
        "attempts",
        bins.ratio(&series.call_attempts, &series.calls_sent),
        0,
    )];
    let mut open = Panel::new("Breakers not closed", Unit::Count, Spread::Linear);
    open.lines = vec![line("breakers", bins.most(&series.breakers_open), 0)];
    if breakers {
        vec![requests, factor, open]
    } else {
        vec![requests, factor]
    }
}

fn line(name: &str, values: Vec<f64>, index: usize) -> Line {
    Line {
        name: name.to_owned(),
        values,
        stroke: palette::series(index).0,
        mark: Mark::None,
    }
}

fn grid(result: &RunResult, bins: &Bins, words: &Words, rows: Vec<Row>) -> String {
    let summary = &result.summary;
    let time = time_axis(result, bins, 5);
    let head = figure::headline_height(&Ruler::new(), words);
    let top = head + 32.0;
    let height = top + ROW * rows.len() as f64 + 36.0;
    sheet(WIDTH, height.ceil(), &words.title, |canvas| {
        figure::headline(canvas, words);
        let mut bottom = top;
        for (row, n) in rows.iter().zip(0..) {
            bottom = top + ROW * f64::from(n + 1);
            draw_row(canvas, result, row, &time, bottom - ROW);
        }
        legend(canvas, summary, head);
        figure::short_footer(canvas, result, bins.seconds, bottom);
    })
}

/// Says what the shading means.
fn legend(canvas: &Canvas, summary: &sim_models::observe::summary::Summary, top: f64) {
    let letters = Letters::new(12.0, palette::BLACK);
    let mut x = 24.0;
    let mut item = |paint: &dyn Fn(Rect), name: &str| {
        let swatch = Rect::new(x, top, 26.0, 12.0);
        paint(swatch);
        canvas.label(name, (x + 32.0, top + 6.0), Anchor::Start, letters);
        x += 32.0 + canvas.text_width(name, letters) + 24.0;
    };
    if summary.warmup_seconds > 0.0 {
        item(
            &|rect| {
                canvas.fill(rect, palette::WARMUP);
                canvas.hatch(rect, 5.0, Stroke::solid(0.75, palette::GREY));
            },
            "warm-up, in no total",
        );
    }
    let names: Vec<&str> = summary.faults.iter().map(|f| f.name.as_str()).collect();
    if !names.is_empty() {
        let text = format!("fault: {}", names.join(", "));
        let text = canvas.shorten(&text, letters, WIDTH - 320.0);
        item(&|rect| canvas.fill(rect, palette::FAULT), &text);
    }
}

fn draw_row(canvas: &Canvas, result: &RunResult, row: &Row, time: &panel::TimeAxis, top: f64) {
    let name = Letters::new(14.0, palette::BLACK).bold();
    let note = Letters::new(12.0, palette::GREY);
    let text = canvas.shorten(&row.name, name, WIDTH / 2.0);
    canvas.text(&text, (24.0, top + 14.0), Anchor::Start, name);
    let x = 24.0 + canvas.text_width(&text, name) + 12.0;
    canvas.text(&row.note, (x, top + 14.0), Anchor::Start, note);
    let labels = 110.0;
    let cell = (WIDTH - 24.0) / row.panels.len() as f64;
    for (panel, n) in row.panels.iter().zip(0..) {
        let left = 14.0 + cell * f64::from(n) + NUMBERS;
        let rect = Rect::new(
            left,
            top + ABOVE,
            cell - NUMBERS - labels,
            ROW - ABOVE - 34.0,
        );
        figure::shade(canvas, &result.summary, time, rect);
        panel::draw(canvas, panel, time, rect, labels);
        figure::time_labels(canvas, time, rect);
    }
}
