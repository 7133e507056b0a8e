//! Forest plots: a row per question with its interval, zero, and which side of it is better.

use super::along::{self, Along};
use super::data::{Estimate, Measured};
use super::page::Page;
use crate::charts::beside::fitted;
use crate::charts::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke};
use crate::charts::marks;
use crate::charts::palette::{self, Mark};
use crate::charts::ruler::Ruler;

/// Height of a row, pixels.
const ROW: f64 = 24.0;
/// Height of the heading of a group, pixels.
const HEADING: f64 = 34.0;
/// Longest name of a row, pixels.
const NAME: f64 = 330.0;
/// Width of the words on the right, pixels.
const WORDS: f64 = 300.0;
/// The most rows.
const MOST: usize = 60;
/// Intervals are cut at so many times the largest estimate: a wide one would flatten all others.
const WIDEST: f64 = 3.0;

/// How forest plots are read.
pub const GUIDE: &str = "How to read: the mark is the estimate, the line its interval. Discs are better, \
                         squares worse, diamonds different by a test of all of them together; rings \
                         undecided or no difference; crosses were not tested. An arrow at the edge: \
                         from nothing, or from never or to it.";

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Better than luck.
    Better,
    /// Worse than luck.
    Worse,
    /// It differs, and that is neither good nor bad.
    Different,
    /// No difference, or not enough to tell.
    Nothing,
    /// Nobody asked: it is there to be read.
    Untested,
}

impl Says {
    fn look(self) -> (Mark, Ink) {
        match self {
            Self::Better => (Mark::Disc, palette::GREEN),
            Self::Worse => (Mark::Square, palette::VERMILION),
            Self::Different => (Mark::Diamond, palette::BLUE),
            Self::Nothing => (Mark::Ring, palette::GREY),
            Self::Untested => (Mark::Cross, palette::BLACK),
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// The difference; infinite where nothing on the axis is as large; none, if it is not a number.
    pub estimate: Option<Estimate>,
    /// What that means.
    pub says: Says,
    /// In words, beside it.
    pub words: String,
}

/// Rows under a heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The heading.
    pub title: String,
    /// What it means to lie left of zero, and right of it; empty for nothing.
    pub sides: (String, String),
    /// The rows.
    pub rows: Vec<Row>,
}

/// A forest plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    /// What is written round it.
    pub page: Page,
    /// What the axis shows.
    pub measured: Measured,
    /// The groups.
    pub groups: Vec<Group>,
}

/// The ends of an interval, cut to what is shown.
fn cut(estimate: &Estimate, widest: f64) -> (f64, f64) {
    (estimate.low.max(-widest), estimate.high.min(widest))
}

/// How many rows each group may show, so that all are at most so many and no group stands back for
/// another.
fn fair(sizes: &[usize], most: usize) -> usize {
    let shown = |each: usize| sizes.iter().map(|size| (*size).min(each)).sum::<usize>();
    let largest = sizes.iter().copied().max().unwrap_or_default();
    (1..=largest)
        .rev()
        .find(|each| shown(*each) <= most)
        .unwrap_or(1)
}

/// The chart as SVG.
#[must_use]
pub fn forest(chart: &Forest) -> String {
    let ruler = Ruler::new();
    let small = Letters::new(12.0, palette::BLACK);
    let sizes: Vec<usize> = chart.groups.iter().map(|group| group.rows.len()).collect();
    let each = fair(&sizes, MOST);
    let groups: Vec<(&Group, &[Row])> = chart
        .groups
        .iter()
        .map(|group| (group, &group.rows[..group.rows.len().min(each)]))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    let all: usize = sizes.iter().sum();
    let mut page = chart.page.clone();
    if sizes.iter().any(|size| *size > each) {
        page.note = format!("the first {each} rows of each of {all}  ·  {}", page.note);
    }
    let rows = || groups.iter().flat_map(|(_, rows)| rows.iter());
    let known = || {
        rows()
            .filter_map(|row| row.estimate)
            .filter(|e| e.mean.is_finite())
    };
    let largest = known().map(|e| e.mean.abs()).fold(0.0, f64::max);
    let widest = if largest > 0.0 {
        largest * WIDEST
    } else {
        f64::MAX
    };
    let ends = known().flat_map(|e| {
        let (low, high) = cut(&e, widest);
        [low, e.mean, high]
    });
    let ends: Vec<f64> = ends.collect();
    let along = Along::from_zero(&chart.measured, &ends);
    let names: Vec<&str> = rows().map(|row| row.name.as_str()).collect();
    let names = fitted(&ruler, &names, small, NAME);
    let left = names
        .iter()
        .map(|name| ruler.text_width(name, small))
        .fold(60.0, f64::max)
        + 16.0;
    let count: usize = groups.iter().map(|(_, rows)| rows.len()).sum();
    let height = HEADING * groups.len() as f64 + ROW * count as f64 + 6.0;
    page.drawn(height + along::HEIGHT, |canvas, body| {
        let width = body.width - left - WORDS - 16.0;
        let rect = Rect::new(body.left + left, body.top, width, height);
        along.draw(canvas, &ruler, rect);
        let zero = along.x(0.0, rect);
        canvas.line(
            &[(zero, rect.top + 20.0), (zero, rect.bottom())],
            Stroke::solid(1.5, palette::BLACK),
        );
        let (mut y, mut n) = (rect.top, 0);
        for (group, rows) in &groups {
            draw_heading(canvas, group, (body.left, y), (zero, rect));
            y += HEADING;
            for row in *rows {
                let middle = y + ROW / 2.0;
                canvas.label(&names[n], (rect.left - 10.0, middle), Anchor::End, small);
                draw_row(canvas, row, &along, (middle, widest), rect);
                y += ROW;
                n += 1;
            }
        }
    })
}

/// The heading on the left, the sides on both sides of zero, as far as there is room.
fn draw_heading(
    canvas: &Canvas,
    group: &Group,
    (left, top): (f64, f64),
    (zero, rect): (f64, Rect),
) {
    let bold = Letters::new(13.0, palette::BLACK).bold();
    let side = Letters::new(11.0, palette::GREY);
    let y = top + HEADING - 10.0;
    let before = canvas.text_width(&group.sides.0, side);
    let room = zero - 10.0 - before - left;
    let (title, lefts) = if before > 0.0 && room > 120.0 {
        (canvas.shorten(&group.title, bold, room - 16.0), true)
    } else {
        (
            canvas.shorten(&group.title, bold, zero - 10.0 - left),
            false,
        )
    };
    canvas.text(&title, (left, y), Anchor::Start, bold);
    if lefts {
        canvas.text(&group.sides.0, (zero - 8.0, y), Anchor::End, side);
    }
    let right = canvas.shorten(&group.sides.1, side, rect.right() + WORDS - zero - 8.0);
    canvas.text(&right, (zero + 8.0, y), Anchor::Start, side);
}

fn draw_row(canvas: &Canvas, row: &Row, along: &Along, (y, widest): (f64, f64), rect: Rect) {
    let (mark, ink) = row.says.look();
    if let Some(estimate) = row.estimate.filter(|e| e.mean.is_finite()) {
        let (low, high) = cut(&estimate, widest);
        let (from, to) = (along.x(low, rect), along.x(high, rect));
        canvas.line(&[(from, y), (to, y)], Stroke::solid(2.0, ink));
        for (x, whole, ahead) in [
            (from, low == estimate.low, -5.0),
            (to, high == estimate.high, 5.0),
        ] {
            if whole {
                canvas.line(&[(x, y - 4.0), (x, y + 4.0)], Stroke::solid(1.5, ink));
            } else {
                // An arrow: it goes on beyond the axis.
                canvas.polygon(&[(x, y - 4.0), (x, y + 4.0), (x + ahead, y)], ink);
            }
        }
        marks::draw(canvas, mark, (along.x(estimate.mean, rect), y), 5.0, ink);
    }
    if let Some(estimate) = row.estimate.filter(|e| e.mean.is_infinite()) {
        // It lies beyond any axis: a mark at the edge, and an arrow beyond it.
        let (x, ahead) = if estimate.mean > 0.0 {
            (rect.right() - 10.0, 6.0)
        } else {
            (rect.left + 10.0, -6.0)
        };
        let tip = x + 1.9 * ahead;
        canvas.polygon(&[(x + ahead, y - 4.0), (x + ahead, y + 4.0), (tip, y)], ink);
        marks::draw(canvas, mark, (x, y), 5.0, ink);
    }
    let letters = Letters::new(12.0, palette::BLACK);
    let words = canvas.shorten(&row.words, letters, WORDS);
    canvas.label(&words, (rect.right() + 16.0, y), Anchor::Start, letters);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_stands_back_for_another() {
        assert_eq!(fair(&[3, 4], 60), 4);
        assert_eq!(fair(&[100, 10, 100], 60), 25);
        assert_eq!(fair(&[1; 100], 60), 1);
    }
}
