//! Paired values, replication by replication: a line from what was measured with one setting to what
//! was measured with the other, under the same luck.

use super::axes::{Across, Up, bold};
use super::curves::columns;
use super::data::{Factor, Level, Measured, Wish};
use super::page::Page;
use crate::charts::canvas::{Anchor, Canvas, Letters, Rect, Stroke, WHITE};
use crate::charts::figure::WIDTH;
use crate::charts::marks;
use crate::charts::palette::{self, Mark};
use crate::charts::ruler::Ruler;
use plotters::style::Color;

/// Height of a panel, pixels.
const HEIGHT: f64 = 230.0;
/// Space above a panel, pixels.
const ABOVE: f64 = 46.0;
/// Space between panels, pixels.
const GAP: f64 = 26.0;
/// The most panels.
const MOST: usize = 9;

/// How paired values are read.
pub const GUIDE: &str = "How to read: each line is one replication, the same luck on both sides. \
                         Solid green lines got better, dashed orange ones worse. The thick black \
                         line joins the means.";

/// A panel of pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What was measured.
    pub measured: Measured,
    /// The name of the right side.
    pub variant: String,
    /// By replication left and right.
    pub pairs: Vec<(f64, f64)>,
}

/// A chart of pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// What is written round it.
    pub page: Page,
    /// The name of the left side.
    pub baseline: String,
    /// The panels.
    pub panels: Vec<Panel>,
}

/// The chart as SVG.
#[must_use]
pub fn pairs(chart: &Pairs) -> String {
    let ruler = Ruler::new();
    let panels: Vec<&Panel> = chart.panels.iter().take(MOST).collect();
    let axes: Vec<Up> = panels
        .iter()
        .map(|panel| {
            let both = panel.pairs.iter().flat_map(|(left, right)| [*left, *right]);
            Up::of(&panel.measured, &both.collect::<Vec<_>>())
        })
        .collect();
    let columns = columns(panels.len());
    let numbers = axes.iter().map(|up| up.width(&ruler, HEIGHT));
    let numbers = numbers.fold(30.0, f64::max);
    let room = WIDTH - 48.0 - GAP * (columns - 1) as f64;
    let width = (room / columns as f64 - numbers).min(420.0);
    let across: Vec<Across> = panels
        .iter()
        .map(|panel| {
            let level = |label: &String| Level {
                label: label.clone(),
                number: None,
            };
            let factor = Factor {
                levels: vec![level(&chart.baseline), level(&panel.variant)],
                ..Factor::default()
            };
            Across::of_words(&factor, &ruler, width)
        })
        .collect();
    let below = across.iter().map(Across::height).fold(0.0, f64::max);
    let step = ABOVE + HEIGHT + below;
    let rows = panels.len().div_ceil(columns).max(1);
    chart.page.drawn(step * rows as f64, |canvas, body| {
        for (n, panel) in panels.iter().enumerate() {
            let left = body.left + (width + numbers + GAP) * (n % columns) as f64 + numbers;
            let top = body.top + step * (n / columns) as f64 + ABOVE;
            let rect = Rect::new(left, top, width, HEIGHT);
            draw(canvas, panel, (&across[n], &axes[n]), rect);
        }
    })
}

fn draw(canvas: &Canvas, panel: &Panel, (across, up): (&Across, &Up), rect: Rect) {
    let title = canvas.shorten(up.title(), bold(), rect.width + 40.0);
    canvas.text(
        &title,
        (rect.left - 20.0, rect.top - 26.0),
        Anchor::Start,
        bold(),
    );
    let better = |(left, right): &(f64, f64)| match panel.measured.wish {
        Wish::Low => right < left,
        Wish::High => right > left,
        Wish::Neither => false,
    };
    let changed = panel.pairs.iter().filter(|(left, right)| left != right);
    let (good, all) = (
        panel.pairs.iter().filter(|p| better(p)).count(),
        panel.pairs.len(),
    );
    let bad = changed.count() - good;
    let words = match panel.measured.wish {
        Wish::Neither => format!("{all} replications"),
        _ => format!(
            "better in {good}, worse in {bad}, the same in {}",
            all - good - bad
        ),
    };
    let small = Letters::new(12.0, palette::GREY);
    let words = canvas.shorten(&words, small, rect.width);
    canvas.text(
        &words,
        (rect.left - 20.0, rect.top - 9.0),
        Anchor::Start,
        small,
    );
    up.draw(canvas, rect);
    across.draw(canvas, rect);
    let (from, to) = (across.x(0, rect), across.x(1, rect));
    for pair in &panel.pairs {
        let (ink, dash): (_, &[f64]) = match panel.measured.wish {
            Wish::Neither => (palette::BLUE, &[]),
            _ if pair.0 == pair.1 => (palette::GREY, &[]),
            _ if better(pair) => (palette::GREEN, &[]),
            _ => (palette::VERMILION, palette::DASHED),
        };
        let ends = [(from, up.y(pair.0, rect)), (to, up.y(pair.1, rect))];
        let stroke = Stroke {
            dash,
            ..Stroke::solid(1.0, ink.mix(0.7))
        };
        canvas.line(&ends, stroke);
        for end in ends {
            canvas.disc(end, 2.5, ink);
        }
    }
    let mean = |side: fn(&(f64, f64)) -> f64| {
        panel.pairs.iter().map(side).sum::<f64>() / panel.pairs.len() as f64
    };
    let (left, right) = (mean(|p| p.0), mean(|p| p.1));
    if left.is_finite() && right.is_finite() {
        let ends = [(from, up.y(left, rect)), (to, up.y(right, rect))];
        canvas.line(&ends, Stroke::solid(5.0, WHITE));
        canvas.line(&ends, Stroke::solid(2.75, palette::BLACK));
        for end in ends {
            marks::draw(canvas, Mark::Diamond, end, 5.0, palette::BLACK);
        }
    }
}
