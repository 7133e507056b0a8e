//! Points in a plane of two measures: Pareto fronts, and the plane of Morris's screening.

use super::along::{self, Along};
use super::axes::{Up, bold};
use super::data::{Estimate, Measured, Wish};
use super::page::Page;
use crate::charts::beside::fitted;
use crate::charts::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke, WHITE};
use crate::charts::figure::WIDTH;
use crate::charts::marks;
use crate::charts::palette::{self, Mark};
use crate::charts::ruler::Ruler;
use plotters::style::Color;

/// Height of the plane, pixels.
const HEIGHT: f64 = 430.0;
/// Space above it, pixels.
const ABOVE: f64 = 30.0;
/// Width of the key, pixels.
const KEY: f64 = 400.0;
/// Height of a line of the key, pixels.
const LINE: f64 = 19.0;
/// The most points in the key.
const MOST: usize = 20;

/// What a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Chosen of those that nothing beats.
    Chosen,
    /// Nothing beats it in both measures.
    Front,
    /// The setting as it is now.
    Present,
    /// One of many.
    Other,
    /// One of many, known from fewer runs under other seeds.
    Unconfirmed,
    /// It breaks a constraint.
    Forbidden,
    /// It stands for itself.
    Named,
}

impl Kind {
    fn look(self) -> (Mark, f64, Ink) {
        match self {
            Self::Chosen => (Mark::Diamond, 7.0, palette::VERMILION),
            Self::Front => (Mark::Disc, 5.0, palette::BLUE),
            Self::Present => (Mark::Box, 6.0, palette::BLACK),
            Self::Other => (Mark::Disc, 3.0, palette::GREY.mix(0.55)),
            Self::Unconfirmed => (Mark::Ring, 3.0, palette::GREY.mix(0.55)),
            Self::Forbidden => (Mark::Cross, 4.0, palette::GREY.mix(0.8)),
            Self::Named => (Mark::Disc, 5.0, palette::BLUE),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Front => "on the front: no finalist is better in all goals",
            Self::Present => "the present setting",
            Self::Other => "other finalists",
            Self::Unconfirmed => "not confirmed: fewer runs, other seeds",
            Self::Forbidden => "breaks a constraint",
            Self::Named => "",
        }
    }

    fn is_keyed(self) -> bool {
        !matches!(self, Self::Other | Self::Unconfirmed | Self::Forbidden)
    }
}

/// A point.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// For the key.
    pub name: String,
    /// Across.
    pub x: Estimate,
    /// Upward.
    pub y: Estimate,
    /// What it is.
    pub kind: Kind,
}

/// A chart of points in a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// What is written round it.
    pub page: Page,
    /// Across.
    pub x: Measured,
    /// Upward.
    pub y: Measured,
    /// The points.
    pub dots: Vec<Dot>,
    /// Whether it shows a front; otherwise both axes begin at zero.
    pub steps: bool,
    /// Whether those of the front are joined by steps: what lies behind them is beaten, where these two
    /// measures are all.
    pub joined: bool,
}

/// The chart as SVG.
#[must_use]
pub fn plane(chart: &Plane) -> String {
    let ruler = Ruler::new();
    let ends = |e: &Estimate| {
        let ends = e.has_interval().then_some([e.low, e.high]);
        ends.into_iter()
            .flatten()
            .chain([e.mean])
            .collect::<Vec<f64>>()
    };
    let known: Vec<&Dot> = chart
        .dots
        .iter()
        .filter(|dot| !dot.x.mean.is_nan() && !dot.y.mean.is_nan())
        .collect();
    let across: Vec<f64> = known.iter().flat_map(|dot| ends(&dot.x)).collect();
    let upward: Vec<f64> = known.iter().flat_map(|dot| ends(&dot.y)).collect();
    let (along, up) = if chart.steps {
        (Along::of(&chart.x, &across), Up::of(&chart.y, &upward))
    } else {
        // Where the corner means something, both axes begin there.
        let along = Along::from_zero(&chart.x, &across);
        (along, Up::from_zero(&chart.y, &upward))
    };
    let numbers = up.width(&ruler, HEIGHT).max(40.0);
    let width = WIDTH - 48.0 - numbers - KEY - 24.0;
    // The most important lie on top.
    let mut drawn = known;
    drawn.sort_by_key(|dot| match dot.kind {
        Kind::Other | Kind::Unconfirmed | Kind::Forbidden => 0,
        Kind::Named | Kind::Front => 1,
        Kind::Present => 2,
        Kind::Chosen => 3,
    });
    let mut keyed: Vec<&Dot> = drawn
        .iter()
        .copied()
        .filter(|dot| dot.kind.is_keyed())
        .collect();
    keyed.sort_by(|a, b| a.x.mean.total_cmp(&b.x.mean));
    keyed.truncate(MOST);
    let lines = keyed.len() + 8;
    let height = (ABOVE + HEIGHT + along::HEIGHT).max(LINE * lines as f64 + 20.0);
    chart.page.drawn(height, |canvas, body| {
        let rect = Rect::new(body.left + numbers, body.top + ABOVE, width, HEIGHT);
        let title = canvas.shorten(up.title(), bold(), width);
        canvas.text(&title, (body.left, rect.top - 12.0), Anchor::Start, bold());
        along.draw(canvas, &ruler, rect);
        up.draw(canvas, rect);
        let place = |dot: &Dot| (along.x(dot.x.mean, rect), up.y(dot.y.mean, rect));
        if chart.joined {
            draw_steps(canvas, chart, &drawn, (&along, &up), rect);
        }
        for dot in &drawn {
            draw_dot(canvas, dot, (&along, &up), rect);
        }
        let places: Vec<(f64, f64)> = keyed.iter().map(|dot| place(dot)).collect();
        number(canvas, &places, rect);
        draw_key(canvas, &keyed, &drawn, (rect.right() + 40.0, rect.top));
    })
}

fn draw_dot(canvas: &Canvas, dot: &Dot, (along, up): (&Along, &Up), rect: Rect) {
    let (mark, radius, ink) = dot.kind.look();
    let at = (along.x(dot.x.mean, rect), up.y(dot.y.mean, rect));
    let thin = Stroke::solid(1.0, ink);
    if dot.x.has_interval() && dot.kind.is_keyed() {
        let ends = [dot.x.low, dot.x.high].map(|x| (along.x(x, rect), at.1));
        canvas.line(&ends, thin);
    }
    if dot.y.has_interval() && dot.kind.is_keyed() {
        let ends = [dot.y.low, dot.y.high].map(|y| (at.0, up.y(y, rect)));
        canvas.line(&ends, thin);
    }
    if dot.kind == Kind::Chosen {
        marks::draw(canvas, mark, at, radius + 2.0, palette::BLACK);
    }
    marks::draw(canvas, mark, at, radius, ink);
}

/// Steps from one point of the front to the next: what lies behind them is beaten.
fn draw_steps(
    canvas: &Canvas,
    chart: &Plane,
    dots: &[&Dot],
    (along, up): (&Along, &Up),
    rect: Rect,
) {
    let on_front = |dot: &&&Dot| matches!(dot.kind, Kind::Front | Kind::Chosen);
    let finite = |dot: &&&Dot| dot.x.mean.is_finite() && dot.y.mean.is_finite();
    let mut front: Vec<(f64, f64)> = dots
        .iter()
        .filter(on_front)
        .filter(finite)
        .map(|dot| (along.x(dot.x.mean, rect), up.y(dot.y.mean, rect)))
        .collect();
    front.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut line: Vec<(f64, f64)> = Vec::new();
    for at in front {
        if let Some(last) = line.last().copied() {
            // Between two points of the front the one that is better across still holds.
            line.push(match chart.x.wish {
                Wish::High => (last.0, at.1),
                Wish::Low | Wish::Neither => (at.0, last.1),
            });
        }
        line.push(at);
    }
    if line.len() > 1 {
        canvas.line(&line, Stroke::solid(1.5, palette::BLUE.mix(0.7)));
    }
}

/// Writes the numbers of points beside them, where they cover neither each other nor a mark.
fn number(canvas: &Canvas, places: &[(f64, f64)], rect: Rect) {
    let letters = Letters::new(12.0, palette::BLACK).bold();
    let overlap = |a: Rect, b: Rect| {
        a.left < b.right() && b.left < a.right() && a.top < b.bottom() && b.top < a.bottom()
    };
    let marks = places
        .iter()
        .map(|(x, y)| Rect::new(x - 5.0, y - 5.0, 10.0, 10.0));
    let mut taken: Vec<Rect> = marks.collect();
    for (n, (x, y)) in places.iter().enumerate() {
        let text = (n + 1).to_string();
        let (width, height) = (canvas.text_width(&text, letters), 12.0);
        let free = [8.0, 16.0, 26.0].iter().find_map(|far| {
            let around = [
                (1.0, -1.0),
                (-1.0, -1.0),
                (1.0, 1.0),
                (-1.0, 1.0),
                (0.0, -1.4),
                (0.0, 1.4),
            ];
            around.iter().find_map(|(dx, dy)| {
                let (cx, cy) = (x + dx * (far + width / 2.0), y + dy * far);
                let place = Rect::new(
                    cx - width / 2.0 - 1.0,
                    cy - height / 2.0,
                    width + 2.0,
                    height,
                );
                let inside = place.left > rect.left
                    && place.right() < rect.right()
                    && place.top > rect.top
                    && place.bottom() < rect.bottom();
                (inside && !taken.iter().any(|t| overlap(*t, place))).then_some((cx, cy, place))
            })
        });
        if let Some((cx, cy, place)) = free {
            canvas.fill(place, WHITE.mix(0.75));
            canvas.label(&text, (cx, cy), Anchor::Middle, letters);
            taken.push(place);
        }
    }
}

fn draw_key(canvas: &Canvas, keyed: &[&Dot], all: &[&Dot], (left, top): (f64, f64)) {
    let small = Letters::new(12.0, palette::BLACK);
    let mut y = top + 6.0;
    let mut kinds: Vec<Kind> = Vec::new();
    for dot in all.iter().rev() {
        if !kinds.contains(&dot.kind) && !dot.kind.words().is_empty() {
            kinds.push(dot.kind);
        }
    }
    for kind in kinds {
        let (mark, radius, ink) = kind.look();
        marks::draw(canvas, mark, (left + 8.0, y), radius, ink);
        canvas.label(kind.words(), (left + 24.0, y), Anchor::Start, small);
        y += LINE;
    }
    y += 8.0;
    let names: Vec<&str> = keyed.iter().map(|dot| dot.name.as_str()).collect();
    let names = fitted(canvas, &names, small, KEY - 60.0);
    for (n, (dot, name)) in keyed.iter().zip(names).enumerate() {
        let number = (n + 1).to_string();
        canvas.label(&number, (left + 14.0, y), Anchor::End, small.bold());
        let letters = if dot.kind == Kind::Chosen {
            small.bold()
        } else {
            small
        };
        let name = canvas.shorten(&name, letters, KEY - 44.0);
        canvas.label(&name, (left + 24.0, y), Anchor::Start, letters);
        y += LINE;
    }
}
