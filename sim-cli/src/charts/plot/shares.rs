//! Shares as stacked bars: how the runs of each point ended.

use super::page::Page;
use crate::charts::beside::fitted;
use crate::charts::canvas::{Anchor, Ink, Letters, Rect, Stroke, WHITE};
use crate::charts::figure::WIDTH;
use crate::charts::palette;
use crate::charts::plot::colours::text_on;
use crate::charts::ruler::Ruler;
use plotters::style::RGBAColor;
use sim_models::observe::conclusion::Conclusion;

/// Height of the legend and the heading, pixels.
const ABOVE: f64 = 56.0;
/// Longest name of a row, pixels.
const NAME: f64 = 420.0;

/// How stacked shares are read.
pub const GUIDE: &str = "How to read: each bar is all runs of one point, parted by how they ended; \
                         numbers are runs. Points whose bars differ by a run or two may differ by \
                         luck alone.";

/// A chart of shares.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// What is written round it.
    pub page: Page,
    /// What the names of the rows are: `"jitter · clients"`.
    pub heading: String,
    /// The kinds, the best first.
    pub kinds: Vec<Conclusion>,
    /// The rows: name and how many of each kind.
    pub rows: Vec<(String, Vec<u32>)>,
}

/// Colour of a kind of end; they differ in lightness, too.
#[must_use]
pub fn kind_ink(kind: Conclusion) -> Ink {
    match kind {
        Conclusion::Held => RGBAColor(196, 232, 216, 1.0),
        Conclusion::Recovered => RGBAColor(250, 222, 140, 1.0),
        Conclusion::NoHypothesis => WHITE,
        Conclusion::Inconclusive => RGBAColor(228, 228, 228, 1.0),
        Conclusion::NeverSteady => RGBAColor(150, 190, 225, 1.0),
        Conclusion::Refuted => RGBAColor(220, 120, 40, 1.0),
        Conclusion::NotRecovered => RGBAColor(140, 60, 110, 1.0),
        Conclusion::Metastable => RGBAColor(45, 15, 60, 1.0),
    }
}

/// The chart as SVG.
#[must_use]
pub fn shares(chart: &Shares) -> String {
    let ruler = Ruler::new();
    let small = Letters::new(12.0, palette::BLACK);
    let names: Vec<&str> = chart.rows.iter().map(|(name, _)| name.as_str()).collect();
    let names = fitted(&ruler, &names, small, NAME);
    let widest = names.iter().map(|name| ruler.text_width(name, small));
    let left = widest.fold(60.0, f64::max) + 10.0;
    let row = (620.0 / chart.rows.len().max(1) as f64).clamp(17.0, 30.0);
    let height = ABOVE + row * chart.rows.len() as f64;
    chart.page.drawn(height, |canvas, body| {
        let mut x = body.left;
        for kind in &chart.kinds {
            let words = kind.words();
            let swatch = Rect::new(x, body.top + 4.0, 26.0, 13.0);
            canvas.fill(swatch, kind_ink(*kind));
            canvas.frame(swatch, Stroke::solid(0.5, palette::GREY));
            canvas.label(&words, (x + 32.0, body.top + 10.5), Anchor::Start, small);
            x += 32.0 + canvas.text_width(&words, small) + 24.0;
        }
        let heading = canvas.shorten(&chart.heading, small.bold(), WIDTH - 48.0);
        canvas.text(
            &heading,
            (body.left, body.top + 44.0),
            Anchor::Start,
            small.bold(),
        );
        let bars = Rect::new(body.left + left, 0.0, body.width - left - 8.0, row);
        for (n, (name, (_, counts))) in names.iter().zip(&chart.rows).enumerate() {
            let top = body.top + ABOVE + row * n as f64;
            let middle = top + row / 2.0;
            canvas.label(name, (bars.left - 8.0, middle), Anchor::End, small);
            let all: u32 = counts.iter().sum();
            let mut x = bars.left;
            for (kind, count) in chart.kinds.iter().zip(counts) {
                if *count == 0 {
                    continue;
                }
                let width = bars.width * f64::from(*count) / f64::from(all);
                let part = Rect::new(x, top + 1.5, width, row - 3.0);
                let ink = kind_ink(*kind);
                canvas.fill(part, ink);
                canvas.frame(part, Stroke::solid(0.75, WHITE));
                let text = count.to_string();
                let letters = Letters::new(11.0, text_on(ink));
                if canvas.text_width(&text, letters) + 6.0 <= width {
                    let at = (x + width / 2.0, middle);
                    canvas.label(&text, at, Anchor::Middle, letters);
                }
                x += width;
            }
        }
    })
}
