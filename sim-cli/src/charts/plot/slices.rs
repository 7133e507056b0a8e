//! A measure against each parameter in turn: every point as a dot, and means along the parameter.

use super::axes::{Across, Up, bold};
use super::curves::columns;
use super::data::{Estimate, Factor, Measured};
use super::page::Page;
use crate::charts::canvas::{Anchor, Canvas, Letters, Rect, Stroke, WHITE};
use crate::charts::figure::WIDTH;
use crate::charts::palette;
use crate::charts::ruler::Ruler;
use plotters::style::{Color, RGBAColor};

/// Height of a panel, pixels.
const HEIGHT: f64 = 230.0;
/// Space above a panel, pixels.
const ABOVE: f64 = 16.0;
/// Space between panels, pixels.
const GAP: f64 = 26.0;
/// Into so many parts of equally many points a parameter of many values is cut.
const PARTS: usize = 6;
/// The most panels.
const MOST: usize = 12;

/// How slices are read.
pub const GUIDE: &str = "How to read: each dot is a point of the sweep (the mean of its \
                         replications), in every panel against another parameter. Bars are means \
                         of the dots there, or medians where some never end, and none where most \
                         do: a parameter matters by itself where they go up or down.";

/// A chart of slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// What is written round it.
    pub page: Page,
    /// The parameters.
    pub factors: Vec<Factor>,
    /// What is shown.
    pub measured: Measured,
    /// By point its levels and its value.
    pub points: Vec<(Vec<usize>, Option<Estimate>)>,
}

/// The chart as SVG.
#[must_use]
pub fn slices(chart: &Slices) -> String {
    let ruler = Ruler::new();
    let means = chart.points.iter().filter_map(|(_, value)| *value);
    let means: Vec<f64> = means.map(|value| value.mean).collect();
    let up = Up::of(&chart.measured, &means);
    let shown = chart.factors.len().min(MOST);
    let columns = columns(shown);
    let numbers = up.width(&ruler, HEIGHT).max(30.0);
    let room = WIDTH - 48.0 - GAP * (columns - 1) as f64;
    let width = room / columns as f64 - numbers;
    let axes: Vec<Across> = chart
        .factors
        .iter()
        .take(shown)
        .map(|factor| Across::of(factor, &ruler, width))
        .collect();
    let below = axes.iter().map(Across::height).fold(0.0, f64::max);
    let step = ABOVE + HEIGHT + below + 8.0;
    let rows = shown.div_ceil(columns);
    chart.page.drawn(26.0 + step * rows as f64, |canvas, body| {
        let title = canvas.shorten(up.title(), bold(), body.width);
        canvas.text(&title, (body.left, body.top + 14.0), Anchor::Start, bold());
        for (n, across) in axes.iter().enumerate() {
            let left = body.left + (width + numbers + GAP) * (n % columns) as f64 + numbers;
            let top = body.top + 26.0 + step * (n / columns) as f64 + ABOVE;
            let rect = Rect::new(left, top, width, HEIGHT);
            draw(canvas, chart, n, (across, &up), rect);
        }
    })
}

fn draw(canvas: &Canvas, chart: &Slices, n: usize, (across, up): (&Across, &Up), rect: Rect) {
    across.draw_grid(canvas, rect);
    up.draw(canvas, rect);
    across.draw(canvas, rect);
    let ink = palette::BLUE.mix(0.45);
    let mut placed: Vec<(f64, f64)> = Vec::new();
    for (levels, value) in &chart.points {
        let Some(value) = value.filter(|value| !value.mean.is_nan()) else {
            continue;
        };
        let x = across.x(levels[n], rect);
        canvas.disc((x, up.y(value.mean, rect)), 3.0, ink);
        placed.push((x, value.mean));
    }
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut places: Vec<f64> = placed.iter().map(|place| place.0).collect();
    places.dedup();
    let parts: Vec<&[(f64, f64)]> = if places.len() > 2 * PARTS {
        placed.chunks(placed.len().div_ceil(PARTS)).collect()
    } else {
        placed.chunk_by(|a, b| a.0 == b.0).collect()
    };
    for part in parts {
        let Some(mean) = centre(part.iter().map(|place| place.1)) else {
            continue;
        };
        let (first, last) = (part[0].0, part[part.len() - 1].0);
        let (from, to) = (first.min(last - 10.0), last.max(first + 10.0));
        let y = up.y(mean, rect);
        canvas.line(&[(from, y), (to, y)], Stroke::solid(4.0, WHITE));
        canvas.line(
            &[(from, y), (to, y)],
            Stroke::solid(2.5, palette::VERMILION),
        );
    }
    if !placed.iter().any(|place| place.1.is_finite()) && chart.points.len() > 1 {
        let letters = Letters::new(12.0, RGBAColor(95, 95, 95, 1.0));
        let at = (rect.left + rect.width / 2.0, rect.bottom() - 30.0);
        canvas.label("no finite value", at, Anchor::Middle, letters);
    }
}

/// The mean, or where some are infinite the median: what never ends is left out of no centre. None where
/// that is infinite itself.
fn centre(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let count = values.len();
    let centre = if values.iter().all(|value| value.is_finite()) {
        values.iter().sum::<f64>() / count as f64
    } else {
        0.5 * (values[(count - 1) / 2] + values[count / 2])
    };
    centre.is_finite().then_some(centre)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_left_out() {
        let never = f64::INFINITY;
        assert_eq!(centre([1.0, 2.0, 6.0].into_iter()), Some(3.0));
        assert_eq!(centre([never, 1.0, 5.0].into_iter()), Some(5.0));
        assert_eq!(centre([1.0, never, 3.0, 2.0].into_iter()), Some(2.5));
        assert_eq!(centre([1.0, never, never].into_iter()), None);
        assert_eq!(centre([1.0, never].into_iter()), None);
    }
}
