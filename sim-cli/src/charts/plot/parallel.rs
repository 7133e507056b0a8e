//! Parallel coordinates: each point a line through its settings and what was measured.

use super::axes::bold;
use super::colours::shade;
use super::data::{Estimate, Factor, Measured, Wish, endless, spread_of};
use super::page::Page;
use crate::charts::canvas::{Anchor, Canvas, Letters, Rect, Stroke, WHITE};
use crate::charts::palette;
use crate::charts::ruler::Ruler;
use crate::charts::scale::{Scale, Unit, tick_texts};
use plotters::style::Color;

/// Height of the axes, pixels.
const HEIGHT: f64 = 440.0;
/// Above the axes, pixels.
const ABOVE: f64 = 52.0;
/// The most axes.
pub const MOST_AXES: usize = 12;
/// How many lines are drawn as the best, unless it is said which.
const BEST: usize = 5;
/// Lightest colour of a line: what is lighter cannot be seen on white.
const LIGHTEST: f64 = 0.15;

/// How parallel coordinates are read.
pub const GUIDE: &str = "How to read: each line is a point of the sweep; it crosses every axis at \
                         its setting, and on the right at what was measured. The darker, the \
                         better; the five best are thick. Where the dark lines meet on an axis, \
                         that setting matters.";

/// The same where the candidates of a search are drawn, and its finalists are the thick ones.
pub const FINALISTS_GUIDE: &str = "How to read: each line is a candidate; it crosses every axis at its \
                                   setting, and on the right at what was measured. The darker, the better; \
                                   the finalists are thick. Where the dark lines meet on an axis, that \
                                   setting matters.";

/// A measure beside the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// What it is.
    pub measured: Measured,
    /// By point.
    pub values: Vec<Option<Estimate>>,
}

/// A chart of parallel coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// What is written round it.
    pub page: Page,
    /// The parameters.
    pub factors: Vec<Factor>,
    /// The points whose lines are thick; the five best by the first measure, unless it is said which.
    pub thick: Option<Vec<usize>>,
    /// By point its level of each of them.
    pub levels: Vec<Vec<usize>>,
    /// The measures; the first one gives the colours.
    pub measures: Vec<Beside>,
}

/// An axis: where each point crosses it, 0 to 1, and its ticks.
struct Axis {
    title: String,
    places: Vec<Option<f64>>,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    fn of_factor(factor: &Factor, levels: &[usize]) -> Self {
        let Some(numbers) = factor.numbers() else {
            return Self::of_words(factor, levels);
        };
        let scale = Scale::spanning(factor.spread(), numbers.iter().copied());
        let ticks = if numbers.len() > 12 {
            let ticks = scale.ticks(8);
            let texts = tick_texts(&ticks, Unit::named(factor.unit));
            let places = ticks.iter().map(|tick| scale.place(*tick));
            places.zip(texts).collect()
        } else {
            let labels = factor.levels.iter().map(|level| level.label.clone());
            numbers
                .iter()
                .map(|n| scale.place(*n))
                .zip(labels)
                .collect()
        };
        Self {
            title: factor.name.clone(),
            places: levels
                .iter()
                .map(|l| Some(scale.place(numbers[*l])))
                .collect(),
            ticks,
        }
    }

    /// Words have room, so that the lines through one of them can be told apart.
    fn of_words(factor: &Factor, levels: &[usize]) -> Self {
        let count = factor.levels.len() as f64;
        let middle = |level: usize| 1.0 - (level as f64 + 0.5) / count;
        let mut seen = vec![0_usize; factor.levels.len()];
        let mut all = vec![0_usize; factor.levels.len()];
        for level in levels {
            all[*level] += 1;
        }
        let places = levels.iter().map(|level| {
            let share = (seen[*level] as f64 + 0.5) / all[*level] as f64 - 0.5;
            seen[*level] += 1;
            Some(middle(*level) + 0.5 * share / count)
        });
        Self {
            places: places.collect(),
            title: factor.name.clone(),
            ticks: factor
                .levels
                .iter()
                .enumerate()
                .map(|(level, l)| (middle(level), l.label.clone()))
                .collect(),
        }
    }

    fn of_measure(beside: &Beside) -> Self {
        let means = || beside.values.iter().flatten().map(|value| value.mean);
        let endless_too = means().any(f64::is_infinite);
        let spread = spread_of(beside.measured.unit, means());
        let scale = Scale::spanning(spread, means());
        // What did not end lies above everything else.
        let top = if endless_too { 0.9 } else { 1.0 };
        let place = |mean: f64| match mean {
            mean if mean.is_nan() => None,
            f64::INFINITY => Some(1.0),
            mean => Some(scale.place(mean) * top),
        };
        let ticks = if means().any(f64::is_finite) {
            scale.ticks(8)
        } else {
            Vec::new()
        };
        let texts = tick_texts(&ticks, beside.measured.unit);
        let places = ticks.iter().map(|tick| scale.place(*tick) * top);
        let mut ticks: Vec<(f64, String)> = places.zip(texts).collect();
        if endless_too {
            ticks.push((1.0, endless(beside.measured.unit).to_owned()));
        }
        Self {
            title: beside.measured.name.clone(),
            places: beside
                .values
                .iter()
                .map(|v| place(v.as_ref()?.mean))
                .collect(),
            ticks,
        }
    }
}

/// The points from the worst to the best, by the first measure; those without it are left out.
fn ranked(chart: &Parallel) -> Vec<usize> {
    let Some(first) = chart.measures.first() else {
        return Vec::new();
    };
    let value = |point: usize| first.values[point].map_or(f64::NAN, |value| value.mean);
    let mut points: Vec<usize> = (0..first.values.len())
        .filter(|point| !value(*point).is_nan())
        .collect();
    points.sort_by(|a, b| match first.measured.wish {
        Wish::High => value(*a).total_cmp(&value(*b)),
        Wish::Low | Wish::Neither => value(*b).total_cmp(&value(*a)),
    });
    points
}

/// The chart as SVG.
#[must_use]
pub fn parallel(chart: &Parallel) -> String {
    let ruler = Ruler::new();
    let measures = chart.measures.iter().take(3);
    let room = MOST_AXES - measures.len();
    let mut axes: Vec<Axis> = chart
        .factors
        .iter()
        .enumerate()
        .take(room)
        .map(|(n, factor)| {
            let levels: Vec<usize> = chart.levels.iter().map(|levels| levels[n]).collect();
            Axis::of_factor(factor, &levels)
        })
        .collect();
    let settings = axes.len();
    axes.extend(measures.map(Axis::of_measure));
    let mut ranked = ranked(chart);
    let thick = match &chart.thick {
        Some(thick) => thick.clone(),
        None if ranked.len() > BEST => ranked[ranked.len() - BEST..].to_vec(),
        None => Vec::new(),
    };
    // Those on top.
    ranked.sort_by_key(|point| thick.contains(point));
    let colour = axes
        .get(settings)
        .map(|axis| axis.places.clone())
        .unwrap_or_default();
    let high = chart
        .measures
        .first()
        .is_some_and(|m| m.measured.wish == Wish::High);
    chart.page.drawn(ABOVE + HEIGHT + 18.0, |canvas, body| {
        let slot = body.width / axes.len().max(1) as f64;
        let rect = Rect::new(body.left, body.top + ABOVE, body.width, HEIGHT);
        let x = |n: usize| body.left + slot * (n as f64 + 0.4);
        for point in &ranked {
            let best = thick.contains(point);
            let share = colour.get(*point).copied().flatten().unwrap_or_default();
            let good = if high { share } else { 1.0 - share };
            let ink = shade(LIGHTEST + (1.0 - LIGHTEST) * good);
            let line: Vec<(f64, f64)> = axes
                .iter()
                .enumerate()
                .filter_map(|(n, axis)| Some((x(n), rect.bottom() - HEIGHT * axis.places[*point]?)))
                .collect();
            if best {
                canvas.line(&line, Stroke::solid(4.5, WHITE));
            }
            canvas.line(&line, Stroke::solid(if best { 2.75 } else { 1.0 }, ink));
        }
        for (n, axis) in axes.iter().enumerate() {
            draw_axis(canvas, &ruler, axis, (x(n), slot, n >= settings), rect);
        }
    })
}

fn draw_axis(
    canvas: &Canvas,
    ruler: &Ruler,
    axis: &Axis,
    (x, slot, measured): (f64, f64, bool),
    rect: Rect,
) {
    let width = if measured { 2.5 } else { 1.25 };
    canvas.line(
        &[(x, rect.top - 4.0), (x, rect.bottom() + 4.0)],
        Stroke::solid(width, palette::BLACK),
    );
    let small = Letters::new(12.0, palette::BLACK);
    let mut ticks: Vec<&(f64, String)> = axis.ticks.iter().collect();
    ticks.sort_by(|a, b| b.0.total_cmp(&a.0));
    let texts: Vec<&str> = ticks.iter().map(|tick| tick.1.as_str()).collect();
    let texts = crate::charts::beside::fitted(ruler, &texts, small, slot * 0.5);
    let mut above = f64::NEG_INFINITY;
    for ((place, _), text) in ticks.into_iter().zip(texts) {
        let y = rect.bottom() - rect.height * place;
        if y - above < 14.0 {
            continue;
        }
        above = y;
        canvas.line(
            &[(x - 3.0, y), (x + 3.0, y)],
            Stroke::solid(1.0, palette::BLACK),
        );
        // Lines cross behind the texts.
        let half = ruler.text_width(&text, small);
        canvas.fill(
            Rect::new(x + 6.0, y - 7.5, half + 4.0, 15.0),
            WHITE.mix(0.8),
        );
        canvas.label(&text, (x + 8.0, y), Anchor::Start, small);
    }
    // Each title begins at its axis; the last one ends with the sheet.
    let room = if measured { 0.6 * slot } else { slot };
    let lines = ruler.wrap(&axis.title, bold(), room - 10.0, 3);
    let left = x - 4.0;
    for (line, n) in lines.iter().rev().zip(0..) {
        let y = rect.top - 14.0 - 15.0 * f64::from(n);
        canvas.text(line, (left, y), Anchor::Start, bold());
    }
}
