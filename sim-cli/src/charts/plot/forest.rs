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
/// How far from the edge a mark stands that lies beyond it, pixels.
const EDGE: f64 = 10.0;
/// Width of the words on the right, pixels.
const WORDS: f64 = 300.0;
/// The most rows.
const MOST: usize = 60;
/// Intervals are cut at so many times the largest estimate, and estimates beyond so many times their median
/// lie beyond the axis: a wide one would flatten all others.
const WIDEST: f64 = 3.0;
/// Changes of up to this, and as much less, which is all that there was, may lie on the axis whatever the
/// others are.
const WHOLE: f64 = 1.0;
/// What lies beyond the axis has at least this share of its width on its own side of zero.
const MARGIN: f64 = 0.12;

/// How forest plots are read.
pub const GUIDE: &str = "How to read: the mark is the estimate, the line its interval. Discs are better, \
                         squares worse, diamonds different by a test of all of them together; rings \
                         undecided or no difference; crosses were not tested. An arrow at the edge: \
                         from nothing, from never or to it, or farther than the axis goes.";

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
    /// The difference as a share; infinite where nothing on the axis is as large; none, if it is not a number.
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

/// How far estimates and intervals are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reach {
    low: f64,
    high: f64,
}

impl Reach {
    /// Where most of these estimates lie, and intervals of their size.
    fn of(estimates: &[Estimate]) -> Self {
        let finite = estimates.iter().map(|e| e.mean).filter(|m| m.is_finite());
        let mut sizes: Vec<f64> = finite.map(f64::abs).filter(|size| *size > 0.0).collect();
        sizes.sort_by(f64::total_cmp);
        let (Some(largest), Some(middle)) = (sizes.last(), sizes.get(sizes.len() / 2)) else {
            return Self {
                low: -WHOLE,
                high: WHOLE,
            };
        };
        let most = largest.min((WIDEST * middle).max(WHOLE));
        // Intervals may go farther than estimates, as long as that does not flatten anything.
        let high = (WIDEST * most).min(most.max(WHOLE));
        Self {
            low: -high.min(WHOLE),
            high,
        }
    }

    /// The ends of an interval, cut to what is shown.
    fn cut(&self, estimate: &Estimate) -> (f64, f64) {
        (estimate.low.max(self.low), estimate.high.min(self.high))
    }

    /// Whether an estimate lies beyond: to the right, or else to the left.
    fn beyond(&self, estimate: &Estimate) -> Option<bool> {
        let (low, high) = (estimate.mean < self.low, estimate.mean > self.high);
        (low || high).then_some(high)
    }

    /// What the axis has to show, with room on either side where something lies beyond.
    fn ends(&self, estimates: &[Estimate]) -> Vec<f64> {
        let shown = estimates.iter().filter(|e| self.beyond(e).is_none());
        let shown = shown.flat_map(|e| {
            let (low, high) = self.cut(e);
            [low, e.mean, high]
        });
        let mut ends: Vec<f64> = shown.filter(|end| !end.is_nan()).collect();
        let least = ends.iter().copied().fold(0.0, f64::min);
        let most = ends.iter().copied().fold(0.0, f64::max);
        let width = if most > least { most - least } else { WHOLE };
        for right in estimates.iter().filter_map(|e| self.beyond(e)) {
            ends.push(if right { MARGIN } else { -MARGIN } * width);
        }
        ends
    }
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
    let known: Vec<Estimate> = rows().filter_map(|row| row.estimate).collect();
    let reach = Reach::of(&known);
    let along = Along::from_zero(&chart.measured, &reach.ends(&known));
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
        let titles: Vec<&str> = groups
            .iter()
            .map(|(group, _)| group.title.as_str())
            .collect();
        // Variants that begin alike are told apart by what differs.
        let bold = Letters::new(13.0, palette::BLACK).bold();
        let titles = fitted(
            canvas,
            &titles,
            bold,
            title_room(canvas, &groups, (body.left, zero)),
        );
        for ((group, rows), title) in groups.iter().zip(&titles) {
            draw_heading(canvas, (group, title), (body.left, y), (zero, rect));
            y += HEADING;
            for row in *rows {
                let middle = y + ROW / 2.0;
                canvas.label(&names[n], (rect.left - 10.0, middle), Anchor::End, small);
                draw_row(canvas, row, &along, (middle, reach), rect);
                y += ROW;
                n += 1;
            }
        }
    })
}

/// Least room for a title beside what is said of the left side, pixels.
const TITLE: f64 = 120.0;

/// Room for the titles of all groups, and whether what is said of the left side finds room beside it.
fn left_side(canvas: &Canvas, group: &Group, (left, zero): (f64, f64)) -> (f64, bool) {
    let before = canvas.text_width(&group.sides.0, Letters::new(11.0, palette::GREY));
    let room = zero - 10.0 - before - left;
    if before > 0.0 && room > TITLE {
        (room - 16.0, true)
    } else {
        (zero - 10.0 - left, false)
    }
}

fn title_room(canvas: &Canvas, groups: &[(&Group, &[Row])], ends: (f64, f64)) -> f64 {
    let rooms = groups
        .iter()
        .map(|(group, _)| left_side(canvas, group, ends).0);
    rooms.fold(f64::INFINITY, f64::min)
}

/// The heading on the left, the sides on both sides of zero, as far as there is room.
fn draw_heading(
    canvas: &Canvas,
    (group, title): (&Group, &str),
    (left, top): (f64, f64),
    (zero, rect): (f64, Rect),
) {
    let bold = Letters::new(13.0, palette::BLACK).bold();
    let side = Letters::new(11.0, palette::GREY);
    let y = top + HEADING - 10.0;
    let (_, lefts) = left_side(canvas, group, (left, zero));
    canvas.text(title, (left, y), Anchor::Start, bold);
    if lefts {
        canvas.text(&group.sides.0, (zero - 8.0, y), Anchor::End, side);
    }
    let right = canvas.shorten(&group.sides.1, side, rect.right() + WORDS - zero - 8.0);
    canvas.text(&right, (zero + 8.0, y), Anchor::Start, side);
}

fn draw_row(canvas: &Canvas, row: &Row, along: &Along, (y, reach): (f64, Reach), rect: Rect) {
    let (mark, ink) = row.says.look();
    let beyond = row.estimate.and_then(|estimate| reach.beyond(&estimate));
    if let Some(estimate) = row.estimate.filter(|_| beyond.is_none()) {
        let (low, high) = reach.cut(&estimate);
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
    if let Some(right) = beyond {
        // A mark at the edge, and an arrow beyond it.
        let (x, ahead) = if right {
            (rect.right() - EDGE, 6.0)
        } else {
            (rect.left + EDGE, -6.0)
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

    /// The axis of these estimates, from its left edge at 0 to its right one at 400, and how far it reaches.
    fn axis(estimates: &[Estimate]) -> (Reach, impl Fn(f64) -> f64 + use<>) {
        let reach = Reach::of(estimates);
        let measured = Measured {
            name: "change".into(),
            unit: crate::charts::scale::Unit::Ratio,
            wish: crate::charts::plot::data::Wish::Neither,
            limit: None,
        };
        let along = Along::from_zero(&measured, &reach.ends(estimates));
        (reach, move |value| {
            along.x(value, Rect::new(0.0, 0.0, 400.0, 100.0))
        })
    }

    #[test]
    fn what_lies_beyond_stands_on_its_own_side_of_zero() {
        let fewer = Estimate::new(-0.6, -0.7, -0.5);
        let more = Estimate::new(0.6, 0.5, 0.7);
        for (others, beyond, right) in [
            (&[fewer][..], f64::INFINITY, true),
            (&[more][..], f64::NEG_INFINITY, false),
            (&[][..], f64::INFINITY, true),
            (&[][..], f64::NEG_INFINITY, false),
        ] {
            let beyond = Estimate::exact(beyond);
            let (reach, x) = axis(&[others, &[beyond]].concat());
            assert_eq!(reach.beyond(&beyond), Some(right));
            let zero = x(0.0);
            // A mark is 10 pixels wide.
            if right {
                assert!(zero + 6.0 < 400.0 - EDGE, "{zero}");
            } else {
                assert!(zero - 6.0 > EDGE, "{zero}");
            }
        }
    }

    #[test]
    fn one_that_goes_far_does_not_flatten_the_others() {
        let others = [-0.9, -0.3, 0.2, 0.4].map(|m| Estimate::new(m, m - 0.05, m + 0.05));
        for wild in [
            Estimate::new(0.1, -600.0, 600.0),
            Estimate::new(200.0, -600.0, 600.0),
            Estimate::new(200.0, f64::NEG_INFINITY, f64::INFINITY),
        ] {
            let (reach, x) = axis(&[&others[..], &[wild]].concat());
            // Nothing lies below a decrease to nothing, and a fifth is a good part of the axis.
            assert!(reach.low >= -1.0, "{reach:?}");
            assert!(x(0.2) - x(0.0) > 25.0, "{}", x(0.2) - x(0.0));
            assert!(others.iter().all(|e| reach.beyond(e).is_none()));
        }
        // Many large ones are what the chart is about.
        let large = [20.0, 30.0, 50.0].map(Estimate::exact);
        let (reach, _) = axis(&large);
        assert!(large.iter().all(|e| reach.beyond(e).is_none()));
    }

    #[test]
    fn no_group_stands_back_for_another() {
        assert_eq!(fair(&[3, 4], 60), 4);
        assert_eq!(fair(&[100, 10, 100], 60), 25);
        assert_eq!(fair(&[1; 100], 60), 1);
    }
}
