//! What all charts share: headline, lanes of what happened when, shaded periods, caption.

use super::canvas::{Anchor, Canvas, Letters, Rect, Stroke};
use super::palette;
use super::panel::TimeAxis;
use super::ruler::Ruler;
use super::scale::time_text;
use crate::units;
use sim_models::observe::summary::{FaultSummary, RunResult, Summary};

/// Width of a chart, pixels.
pub const WIDTH: f64 = 1200.0;
/// Left of the panels, pixels.
pub const LEFT: f64 = 78.0;
/// Right of the panels, for names, pixels.
pub const RIGHT: f64 = 232.0;
/// Height of a lane, pixels.
const LANE: f64 = 19.0;
/// The most lanes of faults.
const MOST_FAULTS: usize = 8;
/// The most notable moments that are told.
const MOST_MOMENTS: usize = 8;
/// Height of a line of the caption, pixels.
const LINE: f64 = 17.0;

/// The words above a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The finding.
    pub title: String,
    /// The finding in sentences; what follows a line break begins a line of its own.
    pub reason: String,
    /// How to read the chart.
    pub guide: String,
}

/// A period that is shown in a lane.
struct Lane<'a> {
    name: String,
    periods: &'a [(f64, f64)],
    kind: LaneKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LaneKind {
    Fault,
    Warmup,
    Incident,
}

/// Scenario and verdict.
#[must_use]
pub fn finding(summary: &Summary) -> String {
    let hypothesis = &summary.hypothesis;
    format!("{}: {}", summary.scenario, units::verdict_of(hypothesis))
}

/// The lines at the top, each with the height of its baseline, and the height of them all.
fn headlines(ruler: &Ruler, words: &Words) -> (Vec<(String, f64, Letters)>, f64) {
    let title = Letters::new(21.0, palette::BLACK).bold();
    let (reason, guide) = (
        Letters::new(14.0, palette::BLACK),
        Letters::new(12.0, palette::GREY),
    );
    let kinds = [
        (&words.title, title, 25.0, 3),
        (&words.reason, reason, 20.0, 5),
        (&words.guide, guide, 18.0, 2),
    ];
    let (mut y, mut lines) = (16.0, Vec::new());
    for (text, letters, leading, most) in kinds {
        // Who was hurt comes first, in a paragraph of its own.
        let paragraphs = text.lines();
        let wrapped = paragraphs.flat_map(|text| ruler.wrap(text, letters, WIDTH - 48.0, most));
        for line in wrapped {
            y += leading;
            lines.push((line, y, letters));
        }
    }
    (lines, y + 10.0)
}

/// The height that the words at the top take.
#[must_use]
pub fn headline_height(ruler: &Ruler, words: &Words) -> f64 {
    headlines(ruler, words).1
}

/// Writes the words at the top.
pub fn headline(canvas: &Canvas, words: &Words) {
    for (line, y, letters) in headlines(canvas, words).0 {
        canvas.text(&line, (24.0, y), Anchor::Start, letters);
    }
}

/// Seed, digest and scenario.
#[must_use]
pub fn caption(result: &RunResult, seconds: f64) -> String {
    let summary = &result.summary;
    let thinned = if seconds > result.series.window_seconds {
        ", p99 and queue the worst of each"
    } else {
        ""
    };
    format!(
        "seed {}  ·  digest {}  ·  points of {}{thinned}  ·  {}",
        summary.seed,
        summary.digest,
        units::short_duration(seconds),
        summary.scenario,
    )
}

/// Writes the caption alone.
pub fn short_footer(canvas: &Canvas, result: &RunResult, seconds: f64, top: f64) {
    let small = Letters::new(12.0, palette::GREY);
    let text = canvas.shorten(&caption(result, seconds), small, WIDTH - 48.0);
    canvas.text(&text, (24.0, top + LINE), Anchor::Start, small);
}

/// Writes the notable moments and the caption.
pub fn footer(canvas: &Canvas, result: &RunResult, seconds: f64, top: f64) {
    let small = Letters::new(12.0, palette::GREY);
    let mut y = top + LINE;
    for line in moments(&result.summary) {
        let text = canvas.shorten(&line, small, WIDTH - LEFT - 24.0);
        canvas.text(&text, (LEFT, y), Anchor::Start, small);
        y += LINE;
    }
    short_footer(canvas, result, seconds, y - LINE + 4.0);
}

/// The height that [`footer`] needs.
#[must_use]
pub fn footer_height(summary: &Summary) -> f64 {
    LINE * (moments(summary).len() + 1) as f64 + 14.0
}

fn moments(summary: &Summary) -> Vec<String> {
    let mut lines: Vec<String> = summary
        .moments
        .iter()
        .take(MOST_MOMENTS)
        .enumerate()
        .map(|(n, moment)| {
            format!(
                "{}   {}: {}",
                n + 1,
                units::moment(moment.time),
                moment.what
            )
        })
        .collect();
    if summary.moments.len() > MOST_MOMENTS {
        lines.push(format!(
            "{} more moments are in summary.json",
            summary.moments.len() - MOST_MOMENTS
        ));
    }
    lines
}

fn lanes<'a>(summary: &'a Summary, periods: &'a Periods) -> Vec<Lane<'a>> {
    let mut lanes = Vec::new();
    if summary.warmup_seconds > 0.0 {
        lanes.push(Lane {
            name: "warm-up, in no total".into(),
            periods: &periods.warmup,
            kind: LaneKind::Warmup,
        });
    }
    let shown = if summary.faults.len() > MOST_FAULTS {
        MOST_FAULTS - 1
    } else {
        MOST_FAULTS
    };
    let fault = |name: String, periods| Lane {
        name,
        periods,
        kind: LaneKind::Fault,
    };
    for one in summary.faults.iter().take(shown) {
        lanes.push(fault(fault_name(one), &one.periods));
    }
    if summary.faults.len() > shown {
        let name = format!("{} more faults", summary.faults.len() - shown);
        lanes.push(fault(name, &periods.other_faults));
    }
    if !periods.incidents.is_empty() {
        lanes.push(Lane {
            name: "objective missed".into(),
            periods: &periods.incidents,
            kind: LaneKind::Incident,
        });
    }
    lanes
}

fn fault_name(fault: &FaultSummary) -> String {
    if fault.name.contains(&fault.target) || fault.target.is_empty() {
        format!("fault: {}", fault.name)
    } else {
        format!("fault: {} ({})", fault.name, fault.target)
    }
}

/// Periods that are put together from several places of a summary.
pub struct Periods {
    warmup: Vec<(f64, f64)>,
    other_faults: Vec<(f64, f64)>,
    incidents: Vec<(f64, f64)>,
    faults: Vec<(f64, f64)>,
}

impl Periods {
    /// The periods of a run.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        let periods = |faults: &[FaultSummary]| {
            merged(faults.iter().flat_map(|f| f.periods.clone()).collect())
        };
        let others = summary.faults.get(MOST_FAULTS - 1..).unwrap_or_default();
        let incidents = summary.incidents.iter().map(|i| (i.start, i.end));
        Self {
            warmup: vec![(0.0, summary.warmup_seconds)],
            other_faults: periods(others),
            incidents: merged(incidents.collect()),
            faults: periods(&summary.faults),
        }
    }
}

/// Overlapping periods become one.
fn merged(mut periods: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    periods.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut result: Vec<(f64, f64)> = Vec::new();
    for (start, end) in periods {
        match result.last_mut() {
            Some((_, last)) if start <= *last => *last = last.max(end),
            _ => result.push((start, end)),
        }
    }
    result
}

/// The height that [`draw_lanes`] needs.
#[must_use]
pub fn lanes_height(summary: &Summary) -> f64 {
    let marks = usize::from(!summary.moments.is_empty());
    LANE * (lanes(summary, &Periods::of(summary)).len() + marks) as f64
}

/// Draws what happened when, above panels that span `rect`.
pub fn draw_lanes(canvas: &Canvas, summary: &Summary, time: &TimeAxis, top: f64, rect: Rect) {
    let periods = Periods::of(summary);
    let mut y = top;
    for lane in lanes(summary, &periods) {
        draw_lane(canvas, &lane, time, y, rect);
        y += LANE;
    }
    draw_moments(canvas, summary, time, y, rect);
}

fn draw_lane(canvas: &Canvas, lane: &Lane, time: &TimeAxis, top: f64, rect: Rect) {
    let (mut last_end, mut first_start) = (rect.left, rect.right());
    for (start, end) in lane.periods {
        let (start, end) = (time.place(*start, rect), time.place(*end, rect));
        let bar = Rect::new(start, top + 4.0, (end - start).max(2.0), LANE - 8.0);
        match lane.kind {
            LaneKind::Fault => canvas.fill(bar, palette::FAULT_BAR),
            LaneKind::Warmup => {
                canvas.fill(bar, palette::WARMUP);
                canvas.hatch(bar, 5.0, Stroke::solid(0.75, palette::GREY));
            }
            LaneKind::Incident => {
                canvas.frame(bar, Stroke::solid(1.25, palette::BLACK));
            }
        }
        last_end = last_end.max(bar.right());
        first_start = first_start.min(bar.left);
    }
    name_lane(canvas, &lane.name, top, (first_start, last_end), rect);
}

/// Puts the name after the bars, before them, or else beside the panels.
fn name_lane(canvas: &Canvas, name: &str, top: f64, (start, end): (f64, f64), rect: Rect) {
    let letters = Letters::new(12.0, palette::BLACK);
    let width = canvas.text_width(name, letters);
    let y = top + LANE / 2.0;
    if end + 6.0 + width <= rect.right() {
        canvas.label(name, (end + 6.0, y), Anchor::Start, letters);
    } else if start - 6.0 - width >= rect.left {
        canvas.label(name, (start - 6.0, y), Anchor::End, letters);
    } else {
        let name = canvas.shorten_name(name, letters, RIGHT - 16.0);
        canvas.label(&name, (rect.right() + 10.0, y), Anchor::Start, letters);
    }
}

fn draw_moments(canvas: &Canvas, summary: &Summary, time: &TimeAxis, top: f64, rect: Rect) {
    let letters = Letters::new(11.0, palette::BLACK).bold();
    let mut groups: Vec<(f64, usize, usize)> = Vec::new();
    for (n, moment) in summary.moments.iter().take(MOST_MOMENTS).enumerate() {
        let x = time.place(moment.time, rect);
        canvas.line(&[(x, top + LANE - 3.0), (x, top + LANE + 3.0)], thin_line());
        match groups.last_mut() {
            Some((start, _, last)) if (x - *start).abs() < 26.0 => *last = n + 1,
            _ => groups.push((x, n + 1, n + 1)),
        }
    }
    for (x, first, last) in groups {
        let text = if first == last {
            first.to_string()
        } else {
            format!("{first}–{last}")
        };
        canvas.label(&text, (x - 2.0, top + LANE / 2.0), Anchor::Start, letters);
    }
}

fn thin_line() -> Stroke {
    Stroke {
        width: 0.75,
        ink: palette::GREY,
        dash: &[1.5, 3.0],
    }
}

/// Marks the notable moments in a panel.
pub fn mark_moments(canvas: &Canvas, summary: &Summary, time: &TimeAxis, rect: Rect) {
    for moment in summary.moments.iter().take(MOST_MOMENTS) {
        let x = time.place(moment.time, rect);
        canvas.line(&[(x, rect.top), (x, rect.bottom())], thin_line());
    }
}

/// Pixels between two shades that look like one.
const FINE: f64 = 0.5;

/// Shades faults and the warm-up in a panel; to be drawn before it.
pub fn shade(canvas: &Canvas, summary: &Summary, time: &TimeAxis, rect: Rect) {
    let periods = Periods::of(summary);
    let cut = |(start, end): (f64, f64)| {
        let (start, end) = (time.place(start, rect), time.place(end, rect));
        Rect::new(start, rect.top, (end - start).max(1.0), rect.height)
    };
    // What nobody can tell apart is shaded as one: there may be very many periods.
    let mut shaded: Vec<Rect> = Vec::new();
    for period in &periods.faults {
        let next = cut(*period);
        match shaded.last_mut() {
            Some(last) if next.left < last.right() + FINE => {
                last.width = last.width.max(next.right() - last.left);
            }
            _ => shaded.push(next),
        }
    }
    for rect in shaded {
        canvas.fill(rect, palette::FAULT);
    }
    if summary.warmup_seconds > 0.0 {
        let warmup = cut((0.0, summary.warmup_seconds));
        canvas.fill(warmup, palette::WARMUP);
        canvas.hatch(warmup, 9.0, Stroke::solid(0.5, palette::HATCH));
    }
}

/// Writes the ticks of time below a panel.
pub fn time_labels(canvas: &Canvas, time: &TimeAxis, rect: Rect) {
    let letters = Letters::new(12.0, palette::GREY);
    for tick in &time.ticks {
        let x = time.place(*tick, rect);
        let y = rect.bottom();
        canvas.line(&[(x, y), (x, y + 4.0)], Stroke::solid(1.0, palette::GREY));
        let text = time_text(*tick, time.end);
        canvas.label(&text, (x, y + 13.0), Anchor::Middle, letters);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_hurt_has_a_line_of_its_own() {
        let words = |reason: &str| Words {
            title: "A shop: RECOVERED after 17s".into(),
            reason: reason.into(),
            guide: "How to read".into(),
        };
        let long = "because the payment service was slow and everybody waited for it ".repeat(4);
        let reason = format!("buyers: 28% lost for 307s; browsers unharmed\n{long}");
        let (lines, height) = headlines(&Ruler::new(), &words(&reason));
        assert_eq!(lines[1].0, "buyers: 28% lost for 307s; browsers unharmed");
        assert_eq!(lines.len(), 5);
        assert!(lines.windows(2).all(|pair| pair[1].1 - pair[0].1 >= 18.0));
        assert!(height > lines[4].1);
        assert_eq!(headlines(&Ruler::new(), &words("")).0.len(), 2);
    }
}
