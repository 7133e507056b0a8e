//! A sheet to draw on: plotters' SVG backend with sizes in pixels and text that can be measured.
//!
//! plotters places everything on whole numbers. The sheet therefore has two grid points per pixel,
//! which is also the resolution of the bitmaps. Without a font feature plotters knows nothing of the
//! width of text; the sheet measures it in the font that is shipped with the program.
//!
//! Units: pixels, from the top left corner.

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color, DrawingArea, FontStyle, FontTransform, IntoDrawingArea, IntoFont, PathElement,
    Polygon, RGBAColor, Rectangle, SVGBackend,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Deref;

use super::ruler::Ruler;
pub use super::ruler::{Ink, Letters};

/// Where the font is missing, a face of nearly the same widths comes next.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
/// Grid points per pixel.
const GRID: f64 = 2.0;
/// plotters divides the sizes of its SVG text by this.
const PLOTTERS_TEXT: f64 = 1.24;
/// plotters hangs text that is anchored at the top this far above its baseline, em.
const ASCENT: f64 = 0.76;

/// White.
pub const WHITE: Ink = RGBAColor(255, 255, 255, 1.0);

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// The rectangle with this corner and size.
    #[must_use]
    pub fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self {
            left,
            top,
            width,
            height,
        }
    }

    /// Right edge.
    #[must_use]
    pub fn right(self) -> f64 {
        self.left + self.width
    }

    /// Lower edge.
    #[must_use]
    pub fn bottom(self) -> f64 {
        self.top + self.height
    }
}

/// Which end of a text lies at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Width in pixels.
    pub width: f64,
    /// Colour.
    pub ink: Ink,
    /// Lengths of ink and gap in turn, in pixels; empty: solid.
    pub dash: &'static [f64],
}

impl Stroke {
    /// A solid line.
    #[must_use]
    pub fn solid(width: f64, ink: Ink) -> Self {
        Self {
            width,
            ink,
            dash: &[],
        }
    }
}

/// A sheet to draw on.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    ruler: Ruler,
}

/// A canvas measures text, too.
impl Deref for Canvas<'_> {
    type Target = Ruler;
    fn deref(&self) -> &Ruler {
        &self.ruler
    }
}

/// Draws a white sheet of this size and returns it as SVG; `title` is for those who cannot see it.
#[must_use]
pub fn sheet(width: f64, height: f64, title: &str, draw: impl FnOnce(&Canvas)) -> String {
    let mut text = String::new();
    let (columns, rows) = (grid(width) as u32, grid(height) as u32);
    {
        let backend = SVGBackend::with_string(&mut text, (columns, rows));
        let canvas = Canvas::on(backend.into_drawing_area());
        canvas.fill(Rect::new(0.0, 0.0, width, height), WHITE);
        draw(&canvas);
        done(canvas.area.present());
    }
    let header = format!("<svg width=\"{columns}\" height=\"{rows}\"");
    let scaled = format!("<svg role=\"img\" width=\"{width}\" height=\"{height}\"");
    let named = format!(
        "xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>",
        escape(title)
    );
    text.replacen(&header, &scaled, 1)
        .replacen("xmlns=\"http://www.w3.org/2000/svg\">", &named, 1)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn grid(pixels: f64) -> i32 {
    (pixels * GRID).round() as i32
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (grid(x), grid(y))
}

fn done<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("drawing into a string cannot fail")
}

impl<'a> Canvas<'a> {
    fn on(area: DrawingArea<SVGBackend<'a>, Shift>) -> Self {
        Self {
            area,
            ruler: Ruler::new(),
        }
    }

    /// Writes a text whose baseline is at `y`.
    pub fn text(&self, text: &str, (x, y): (f64, f64), anchor: Anchor, letters: Letters) {
        let corner = (x, y - ASCENT * letters.size);
        self.write(text, corner, anchor, letters, FontTransform::None);
    }

    fn write(
        &self,
        text: &str,
        corner: (f64, f64),
        anchor: Anchor,
        letters: Letters,
        turned: FontTransform,
    ) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let weight = if letters.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let style = (FAMILY, letters.size * GRID * PLOTTERS_TEXT)
            .into_font()
            .style(weight)
            .transform(turned)
            .color(&letters.ink)
            .pos(Pos::new(horizontal, VPos::Top));
        done(self.area.draw_text(text, &style, point(corner)));
    }

    /// Writes a text from the bottom up, its middle line at `x`; the anchor lies at `y`.
    pub fn upright(&self, text: &str, (x, y): (f64, f64), anchor: Anchor, letters: Letters) {
        let baseline = (x + 0.36 * letters.size, y);
        let corner = (baseline.0 - ASCENT * letters.size, y);
        self.write(text, corner, anchor, letters, FontTransform::Rotate270);
    }

    /// Writes a text centred on `y`.
    pub fn label(&self, text: &str, (x, y): (f64, f64), anchor: Anchor, letters: Letters) {
        self.text(text, (x, y + 0.36 * letters.size), anchor, letters);
    }

    /// Fills a rectangle.
    pub fn fill(&self, rect: Rect, ink: Ink) {
        let corners = [
            point((rect.left, rect.top)),
            point((rect.right(), rect.bottom())),
        ];
        done(self.area.draw(&Rectangle::new(corners, ink.filled())));
    }

    /// Draws the outline of a rectangle.
    pub fn frame(&self, rect: Rect, stroke: Stroke) {
        let (l, t, r, b) = (rect.left, rect.top, rect.right(), rect.bottom());
        self.line(&[(l, t), (r, t), (r, b), (l, b), (l, t)], stroke);
    }

    /// Fills a polygon.
    pub fn polygon(&self, corners: &[(f64, f64)], ink: Ink) {
        let corners: Vec<_> = corners.iter().map(|corner| point(*corner)).collect();
        done(self.area.draw(&Polygon::new(corners, ink.filled())));
    }

    /// Draws a line through the points.
    pub fn line(&self, points: &[(f64, f64)], stroke: Stroke) {
        if stroke.dash.is_empty() {
            self.solid(points, stroke);
            return;
        }
        for piece in dashes(points, stroke.dash) {
            self.solid(&piece, stroke);
        }
    }

    fn solid(&self, points: &[(f64, f64)], stroke: Stroke) {
        let points: Vec<_> = points.iter().map(|p| point(*p)).collect();
        let style = stroke.ink.stroke_width(grid(stroke.width).max(1) as u32);
        done(self.area.draw(&PathElement::new(points, style)));
    }

    /// Fills a disc.
    pub fn disc(&self, centre: (f64, f64), radius: f64, ink: Ink) {
        done(
            self.area
                .draw(&Circle::new(point(centre), grid(radius), ink.filled())),
        );
    }

    /// Hatches a rectangle with lines from lower left to upper right.
    pub fn hatch(&self, rect: Rect, gap: f64, stroke: Stroke) {
        let mut offset = gap;
        while offset < rect.width + rect.height {
            let (low, high) = ((offset - rect.height).max(0.0), offset.min(rect.width));
            let from = (rect.left + low, rect.top + (offset - low));
            let to = (rect.left + high, rect.top + (offset - high));
            self.line(&[from, to], stroke);
            offset += gap;
        }
    }
}

/// Cuts a line into dashes.
fn dashes(points: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    let (mut index, mut left) = (0, pattern[0]);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let length = (dx * dx + dy * dy).sqrt();
            if length < left {
                left -= length;
                piece.push(to);
                break;
            }
            let share = left / length;
            from = (from.0 + dx * share, from.1 + dy * share);
            piece.push(from);
            if index % 2 == 0 {
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![from];
            index = (index + 1) % pattern.len();
            left = pattern[index];
        }
    }
    if index % 2 == 0 && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_leave_gaps() {
        let pieces = dashes(&[(0.0, 0.0), (10.0, 0.0)], &[4.0, 2.0]);
        assert_eq!(
            pieces,
            vec![vec![(0.0, 0.0), (4.0, 0.0)], vec![(6.0, 0.0), (10.0, 0.0)]]
        );
    }

    #[test]
    fn text_is_measured_and_shortened() {
        let svg = sheet(100.0, 50.0, "a < b", |canvas| {
            let letters = Letters::new(12.0, RGBAColor(0, 0, 0, 1.0));
            let width = canvas.text_width("timeout", letters);
            assert!((40.0..60.0).contains(&width), "{width}");
            let short = canvas.shorten("timeout_deadline", letters, 60.0);
            assert!(short.ends_with('…') && canvas.text_width(&short, letters) <= 60.0);
            let short = canvas.shorten_name("service-with-a-name-1", letters, 80.0);
            assert!(short.starts_with("ser") && short.ends_with("-1"), "{short}");
            canvas.text("timeout", (2.0, 20.0), Anchor::Start, letters);
        });
        assert!(svg.contains("width=\"100\" height=\"50\" viewBox=\"0 0 200 100\""));
        assert!(svg.contains("<title>a &lt; b</title>"));
    }
}
