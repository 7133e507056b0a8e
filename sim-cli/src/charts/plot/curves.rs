//! Curves of a measure against a parameter, with the intervals of their means; one panel, or small
//! multiples that share both axes.

use super::axes::{Across, Up, bold};
use super::data::{Estimate, Factor, Measured};
use super::page::Page;
use crate::charts::beside::{self, Name, Sample};
use crate::charts::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke};
use crate::charts::figure::{RIGHT, WIDTH};
use crate::charts::marks;
use crate::charts::palette::{self, Mark};
use crate::charts::ruler::Ruler;
use plotters::style::Color;

/// Height of the only panel, pixels.
const ALONE: f64 = 400.0;
/// Height of one of several panels, pixels.
const AMONG: f64 = 210.0;
/// Space above a panel for its title, pixels.
const ABOVE: f64 = 30.0;
/// Space between panels that stand side by side, pixels.
const GAP: f64 = 26.0;
/// Height of a line of the legend, pixels.
const LEGEND: f64 = 20.0;
/// Radius of marks, pixels.
const RADIUS: f64 = 4.0;
/// Radius of the ring round a knee, pixels.
const RING: f64 = 9.0;
/// How much of its colour a band has.
const BAND: f64 = 0.16;

/// How all marked curves of a chart are read.
pub const GUIDE: &str = "How to read: marks are means of the replications, bands and whiskers 95% \
                         confidence intervals; where two bands overlap widely, the lines cannot be \
                         told apart. A mark with a white dot is a median: some of its runs never \
                         ended; it has an interval from six runs on.";

/// The same of knees.
pub const KNEES: &str =
    " A ring marks a knee: up to there the measure goes no more than a tenth of its way.";

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// One for each level of the parameter across; none, where nothing was measured.
    pub points: Vec<Option<Estimate>>,
    /// Levels at which it leaves or reaches a flat.
    pub knees: Vec<usize>,
}

/// A panel of curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What sets it apart from the other panels; empty, if it is alone.
    pub title: String,
    /// Its curves; of curves in several panels those of the same index have the same look.
    pub curves: Vec<Curve>,
}

/// A chart of curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What is written round it.
    pub page: Page,
    /// What varies along the curves.
    pub across: Factor,
    /// What they show.
    pub measured: Measured,
    /// The panels.
    pub panels: Vec<Panel>,
}

/// How many panels stand side by side, for so many.
#[must_use]
pub fn columns(panels: usize) -> usize {
    match panels {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// Where small multiples lie.
struct Cells {
    columns: usize,
    width: f64,
    height: f64,
    numbers: f64,
    below: f64,
}

/// The chart as SVG.
#[must_use]
pub fn curves(chart: &Curves) -> String {
    let ruler = Ruler::new();
    let up = Up::of(&chart.measured, &values(chart));
    if let [panel] = chart.panels.as_slice() {
        return alone(chart, panel, &up, &ruler);
    }
    let columns = columns(chart.panels.len());
    let numbers = up.width(&ruler, AMONG).max(30.0);
    let room = WIDTH - 48.0 - GAP * (columns - 1) as f64;
    let width = room / columns as f64 - numbers;
    let across = Across::of(&chart.across, &ruler, width);
    let below = across.height();
    let cells = Cells {
        columns,
        width,
        height: ABOVE + AMONG + below,
        numbers,
        below,
    };
    let names: Vec<(&str, Sample)> = chart
        .panels
        .iter()
        .max_by_key(|panel| panel.curves.len())
        .map(|panel| panel.curves.iter().enumerate())
        .into_iter()
        .flatten()
        .map(|(n, curve)| (curve.name.as_str(), sample(n)))
        .collect();
    let legend = legend_lines(&ruler, &names);
    let head = 26.0 + LEGEND * legend.len() as f64;
    let rows = chart.panels.len().div_ceil(columns);
    let height = head + rows as f64 * cells.height;
    chart.page.drawn(height, |canvas, body| {
        let title = canvas.shorten(up.title(), bold(), body.width);
        canvas.text(&title, (body.left, body.top + 14.0), Anchor::Start, bold());
        draw_legend(canvas, &legend, body);
        for (n, panel) in chart.panels.iter().enumerate() {
            let (row, column) = (n / cells.columns, n % cells.columns);
            let left = body.left + (cells.width + cells.numbers + GAP) * column as f64;
            let top = body.top + head + cells.height * row as f64 + ABOVE;
            let rect = Rect::new(
                left + cells.numbers,
                top,
                cells.width,
                cells.height - ABOVE - cells.below,
            );
            let title = canvas.shorten_name(&panel.title, bold(), rect.width);
            canvas.text(&title, (rect.left, top - 8.0), Anchor::Start, bold());
            draw_panel(canvas, chart, panel, (&across, &up), rect);
        }
    })
}

fn values(chart: &Curves) -> Vec<f64> {
    let curves = chart.panels.iter().flat_map(|panel| &panel.curves);
    let points = curves.flat_map(|curve| curve.points.iter().flatten());
    points
        .flat_map(|point| {
            let ends = point.has_interval().then_some([point.low, point.high]);
            ends.into_iter().flatten().chain([point.mean])
        })
        .collect()
}

fn alone(chart: &Curves, panel: &Panel, up: &Up, ruler: &Ruler) -> String {
    let numbers = up.width(ruler, ALONE).max(40.0);
    let named = panel.curves.len() > 1;
    let names = if named { RIGHT } else { 40.0 };
    let width = WIDTH - 48.0 - numbers - names + 24.0;
    let across = Across::of(&chart.across, ruler, width);
    let height = ABOVE + ALONE + across.height();
    chart.page.drawn(height, |canvas, body| {
        let rect = Rect::new(body.left + numbers, body.top + ABOVE, width, ALONE);
        let title = canvas.shorten(up.title(), bold(), rect.width + names);
        let corner = (body.left, rect.top - 12.0);
        canvas.text(&title, corner, Anchor::Start, bold());
        draw_panel(canvas, chart, panel, (&across, up), rect);
        if named {
            let mut wanted: Vec<Name> = panel
                .curves
                .iter()
                .enumerate()
                .map(|(n, curve)| {
                    let last = curve.points.iter().flatten().rev();
                    let last = last.map(|p| p.mean).find(|mean| !mean.is_nan());
                    let y = last.map_or(rect.bottom(), |mean| up.y(mean, rect));
                    Name::new(y, &curve.name, sample(n))
                })
                .collect();
            wanted.sort_by(|a, b| a.y.total_cmp(&b.y));
            beside::draw(canvas, &wanted, rect, names);
        }
    })
}

fn sample(index: usize) -> Sample {
    let (stroke, mark) = palette::marked_series(index);
    Sample::Line(stroke, mark)
}

/// Names in lines as long as the sheet allows, each with the place where it begins.
fn legend_lines<'a>(ruler: &Ruler, names: &[(&'a str, Sample)]) -> Vec<Vec<(f64, String, Sample)>> {
    let letters = Letters::new(12.0, palette::BLACK);
    let plain: Vec<&'a str> = names.iter().map(|(name, _)| *name).collect();
    let texts = beside::fitted(ruler, &plain, letters, 300.0);
    let mut lines: Vec<Vec<(f64, String, Sample)>> = Vec::new();
    let mut x = f64::INFINITY;
    for (text, (_, sample)) in texts.into_iter().zip(names) {
        let width = 32.0 + ruler.text_width(&text, letters) + 24.0;
        if x + width > WIDTH - 48.0 {
            lines.push(Vec::new());
            x = 0.0;
        }
        if let Some(line) = lines.last_mut() {
            line.push((x, text, *sample));
        }
        x += width;
    }
    lines
}

fn draw_legend(canvas: &Canvas, lines: &[Vec<(f64, String, Sample)>], body: Rect) {
    let letters = Letters::new(12.0, palette::BLACK);
    for (line, n) in lines.iter().zip(0..) {
        let y = body.top + 20.0 + LEGEND * (f64::from(n) + 0.5);
        for (x, text, sample) in line {
            beside::sample(canvas, *sample, (body.left + x, y));
            let start = (body.left + x + 32.0, y);
            canvas.label(text, start, Anchor::Start, letters);
        }
    }
}

fn draw_panel(
    canvas: &Canvas,
    chart: &Curves,
    panel: &Panel,
    (across, up): (&Across, &Up),
    rect: Rect,
) {
    across.draw_grid(canvas, rect);
    up.draw(canvas, rect);
    across.draw(canvas, rect);
    let looks = panel.curves.len() as f64;
    // Side by side where they would hide each other; numbers have their exact places.
    let step = if across.numeric {
        0.0
    } else {
        (across.slot(rect) / (looks + 1.0)).min(14.0)
    };
    let drawn: Vec<Drawn> = panel
        .curves
        .iter()
        .enumerate()
        .map(|(n, curve)| {
            let shift = step * (n as f64 - (looks - 1.0) / 2.0);
            let (stroke, mark) = palette::marked_series(n);
            let points = curve.points.iter().enumerate();
            Drawn {
                points: points
                    .map(|(level, point)| {
                        let place = |value| (across.x(level, rect) + shift, up.y(value, rect));
                        point.filter(|p| !p.mean.is_nan()).map(|point| Placed {
                            at: place(point.mean),
                            ends: point
                                .has_interval()
                                .then(|| (place(point.low), place(point.high))),
                            point,
                        })
                    })
                    .collect(),
                knees: curve.knees.clone(),
                stroke,
                mark,
            }
        })
        .collect();
    if across.numeric {
        for curve in &drawn {
            curve.draw_bands(canvas);
        }
    }
    draw_limit(canvas, chart, up, rect);
    for curve in &drawn {
        curve.draw_lines(canvas, across.numeric);
    }
    for curve in &drawn {
        curve.draw_marks(canvas);
    }
}

fn draw_limit(canvas: &Canvas, chart: &Curves, up: &Up, rect: Rect) {
    let Some(limit) = &chart.measured.limit else {
        return;
    };
    if !up.shows(limit.value) {
        return;
    }
    let y = up.y(limit.value, rect);
    let stroke = Stroke {
        dash: &[3.0, 3.0],
        ..Stroke::solid(1.5, palette::BLACK)
    };
    canvas.line(&[(rect.left, y), (rect.right(), y)], stroke);
    let letters = Letters::new(11.0, palette::BLACK).bold();
    let text = format!("limit {}", limit.text);
    let above = if y - rect.top > 16.0 {
        y - 8.0
    } else {
        y + 9.0
    };
    canvas.label(&text, (rect.right() - 4.0, above), Anchor::End, letters);
}

/// A point on the sheet.
struct Placed {
    at: (f64, f64),
    ends: Option<((f64, f64), (f64, f64))>,
    point: Estimate,
}

/// A curve on the sheet.
struct Drawn {
    points: Vec<Option<Placed>>,
    /// Levels with a ring.
    knees: Vec<usize>,
    stroke: Stroke,
    mark: Mark,
}

impl Drawn {
    fn draw_bands(&self, canvas: &Canvas) {
        let ends: Vec<_> = self
            .points
            .iter()
            .map(|p| p.as_ref().and_then(|p| p.ends))
            .collect();
        for piece in ends.split(Option::is_none) {
            let known = || piece.iter().flatten();
            if piece.len() > 1 {
                let mut corners: Vec<_> = known().map(|(low, _)| *low).collect();
                corners.extend(known().rev().map(|(_, high)| *high));
                canvas.polygon(&corners, self.stroke.ink.mix(BAND));
            }
        }
    }

    fn draw_lines(&self, canvas: &Canvas, joined: bool) {
        let faint = Stroke {
            width: 0.75,
            dash: &[2.0, 3.0],
            ..self.stroke
        };
        // A line through all points of a stretch, so that its dashes go on.
        let mut stretch: Vec<(f64, f64)> = Vec::new();
        let flush = |stretch: &mut Vec<(f64, f64)>| {
            if stretch.len() > 1 {
                canvas.line(stretch, if joined { self.stroke } else { faint });
            }
            stretch.clear();
        };
        for pair in self.points.windows(2) {
            let [Some(from), Some(to)] = pair else {
                flush(&mut stretch);
                continue;
            };
            if from.point.mean.is_finite() && to.point.mean.is_finite() {
                if stretch.is_empty() {
                    stretch.push(from.at);
                }
                stretch.push(to.at);
            } else {
                flush(&mut stretch);
                canvas.line(&[from.at, to.at], faint);
            }
        }
        flush(&mut stretch);
    }

    fn draw_marks(&self, canvas: &Canvas) {
        let thin = Stroke::solid(1.0, self.stroke.ink);
        for level in &self.knees {
            if let Some(placed) = &self.points[*level] {
                canvas.disc(placed.at, RING, palette::BLACK);
                canvas.disc(placed.at, RING - 1.5, crate::charts::canvas::WHITE);
            }
        }
        for placed in self.points.iter().flatten() {
            if let Some((low, high)) = placed.ends {
                canvas.line(&[low, high], thin);
                for end in [low, high] {
                    canvas.line(&[(end.0 - 3.0, end.1), (end.0 + 3.0, end.1)], thin);
                }
            }
            mark(canvas, self.mark, placed, self.stroke.ink);
        }
    }
}

/// A mark; with a white dot, where only some of the runs did not end.
fn mark(canvas: &Canvas, mark: Mark, placed: &Placed, ink: Ink) {
    marks::draw(canvas, mark, placed.at, RADIUS, ink);
    let point = placed.point;
    if point.endless > 0 && point.endless < point.runs {
        canvas.disc(placed.at, 1.75, crate::charts::canvas::WHITE);
    }
}
