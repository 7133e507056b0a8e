//! Bars with intervals: a row for each category, in it a bar for each series.

use super::along::{self, Along};
use super::data::{Estimate, Measured};
use super::page::Page;
use crate::charts::beside::fitted;
use crate::charts::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke, WHITE};
use crate::charts::palette;
use crate::charts::ruler::Ruler;
use plotters::style::RGBAColor;

/// Height of a bar, pixels.
const BAR: f64 = 15.0;
/// Space between categories, pixels.
const GAP: f64 = 13.0;
/// Longest name of a category, pixels.
const NAME: f64 = 480.0;
/// Width of the numbers on the right, pixels.
const NUMBERS: f64 = 190.0;
/// Space above the bars, pixels.
const ABOVE: f64 = 32.0;
/// The most bars.
const MOST: usize = 60;

/// Colours of series that differ in lightness, too.
const INKS: [Ink; 4] = [
    palette::BLUE,
    RGBAColor(240, 190, 90, 1.0),
    RGBAColor(90, 50, 100, 1.0),
    RGBAColor(150, 205, 185, 1.0),
];
/// How many series can be told apart.
pub const MOST_SERIES: usize = INKS.len();

/// How bars are read.
pub const GUIDE: &str = "How to read: bars are means of the replications, the whiskers at their \
                         ends 95% confidence intervals.";

/// A chart of bars.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// What is written round it.
    pub page: Page,
    /// What the bars show.
    pub measured: Measured,
    /// The series.
    pub series: Vec<String>,
    /// The categories: their names and a value for each series.
    pub rows: Vec<(String, Vec<Option<Estimate>>)>,
}

/// The chart as SVG.
#[must_use]
pub fn bars(chart: &Bars) -> String {
    let ruler = Ruler::new();
    let small = Letters::new(12.0, palette::BLACK);
    let series = chart.series.len().clamp(1, MOST_SERIES);
    let rows = &chart.rows[..chart.rows.len().min(MOST / series)];
    let mut page = chart.page.clone();
    if rows.len() < chart.rows.len() {
        page.note = format!(
            "the first {} of {} rows  ·  {}",
            rows.len(),
            chart.rows.len(),
            page.note
        );
    }
    let values = rows.iter().flat_map(|(_, values)| values.iter().flatten());
    let ends = values.flat_map(|value| {
        let high = if value.has_interval() {
            value.high
        } else {
            value.mean
        };
        let low = if value.has_interval() {
            value.low
        } else {
            value.mean
        };
        [low, value.mean, high]
    });
    let along = Along::from_zero(&chart.measured, &ends.collect::<Vec<_>>());
    let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
    let names = fitted(&ruler, &names, small, NAME);
    let left = names
        .iter()
        .map(|name| ruler.text_width(name, small))
        .fold(60.0, f64::max)
        + 12.0;
    let row = BAR * series as f64 + GAP;
    let height = row * rows.len() as f64 + 6.0;
    page.drawn(ABOVE + height + along::HEIGHT, |canvas, body| {
        let mut x = body.left + left;
        if series > 1 {
            for (name, ink) in chart.series.iter().zip(INKS) {
                canvas.fill(Rect::new(x, body.top + 4.0, 26.0, 12.0), ink);
                let name = canvas.shorten(name, small, 240.0);
                canvas.label(&name, (x + 32.0, body.top + 10.0), Anchor::Start, small);
                x += 32.0 + canvas.text_width(&name, small) + 24.0;
            }
        }
        let width = body.width - left - NUMBERS;
        let rect = Rect::new(body.left + left, body.top + ABOVE, width, height);
        along.draw(canvas, &ruler, rect);
        for (n, (name, (_, values))) in names.iter().zip(rows).enumerate() {
            let top = rect.top + row * n as f64 + GAP / 2.0;
            let middle = top + BAR * series as f64 / 2.0;
            canvas.label(name, (rect.left - 8.0, middle), Anchor::End, small);
            for ((value, ink), k) in values.iter().zip(INKS).zip(0..) {
                let place = Rect::new(rect.left, top + BAR * f64::from(k), width, BAR);
                draw_bar(canvas, chart, value.as_ref(), (&along, ink), (place, rect));
            }
        }
        let zero = along.x(0.0, rect);
        canvas.line(
            &[(zero, rect.top), (zero, rect.bottom())],
            Stroke::solid(1.0, palette::BLACK),
        );
    })
}

fn draw_bar(
    canvas: &Canvas,
    chart: &Bars,
    value: Option<&Estimate>,
    (along, ink): (&Along, Ink),
    (place, rect): (Rect, Rect),
) {
    let y = place.top + BAR / 2.0;
    let letters = Letters::new(11.0, palette::BLACK);
    let words = value.map_or_else(
        || chart.measured.text(f64::NAN),
        |value| {
            let mean = chart.measured.text(value.mean);
            if value.has_interval() {
                let (low, high) = (
                    chart.measured.text(value.low),
                    chart.measured.text(value.high),
                );
                format!("{mean}  ({low} to {high})")
            } else {
                mean
            }
        },
    );
    let words = canvas.shorten(&words, letters, NUMBERS - 14.0);
    canvas.label(&words, (rect.right() + 12.0, y), Anchor::Start, letters);
    let Some(value) = value.filter(|value| !value.mean.is_nan()) else {
        return;
    };
    let (zero, end) = (along.x(0.0, rect), along.x(value.mean, rect));
    let bar = Rect::new(
        zero.min(end),
        place.top + 1.0,
        (end - zero).abs(),
        BAR - 2.0,
    );
    canvas.fill(bar, ink);
    if value.mean.is_infinite() {
        canvas.hatch(bar, 6.0, Stroke::solid(1.0, WHITE));
    }
    if value.has_interval() {
        let (low, high) = (along.x(value.low, rect), along.x(value.high, rect));
        let ends = [(low, y), (high, y)];
        canvas.line(&ends, Stroke::solid(3.0, WHITE));
        canvas.line(&ends, Stroke::solid(1.5, palette::BLACK));
        for (x, y) in ends {
            canvas.line(
                &[(x, y - 4.0), (x, y + 4.0)],
                Stroke::solid(1.5, palette::BLACK),
            );
        }
    }
}
