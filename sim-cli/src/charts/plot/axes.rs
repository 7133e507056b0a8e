//! The two axes of a panel: a parameter across, a measure upward.

use super::data::{Factor, Measured, endless, spread_of, spread_words};
use crate::charts::beside::fitted;
use crate::charts::canvas::{Anchor, Canvas, Letters, Rect, Stroke};
use crate::charts::palette;
use crate::charts::ruler::Ruler;
use crate::charts::scale::{Scale, Spread, Unit, tick_texts};

/// Size of the texts of ticks, pixels.
const SMALL: f64 = 12.0;
/// Distance of their lines, pixels.
const LEADING: f64 = 15.0;
/// Distance of the first and the last number from the ends of an axis, pixels.
const INSET: f64 = 16.0;
/// Longest text that stands upright, pixels.
const UPRIGHT: f64 = 150.0;
/// More values than this are not told apart by ticks of their own.
const MOST_TICKS: usize = 40;
/// Height of the lane of values that did not end, pixels.
const LANE: f64 = 30.0;

fn small() -> Letters {
    Letters::new(SMALL, palette::GREY)
}

/// The title of an axis or a panel.
#[must_use]
pub fn bold() -> Letters {
    Letters::new(13.0, palette::BLACK).bold()
}

/// An axis that goes across.
pub struct Across {
    title: String,
    /// Where the levels lie, 0 to 1.
    places: Vec<f64>,
    /// Where the ticks lie, 0 to 1, and the lines of their texts.
    ticks: Vec<(f64, Vec<String>)>,
    upright: bool,
    /// Whether places in between mean something.
    pub numeric: bool,
    inset: f64,
    height: f64,
}

impl Across {
    /// The axis of a parameter that has this many pixels.
    #[must_use]
    pub fn of(factor: &Factor, ruler: &Ruler, width: f64) -> Self {
        match factor.numbers() {
            Some(numbers) => Self::of_numbers(factor, &numbers, ruler, width),
            None => Self::of_words(factor, ruler, width),
        }
    }

    /// The axis of a parameter whose levels lie side by side at even distances, numbers or not.
    #[must_use]
    pub fn of_words(factor: &Factor, ruler: &Ruler, width: f64) -> Self {
        let slot = width / factor.levels.len().max(1) as f64;
        let labels: Vec<&str> = factor.levels.iter().map(|l| l.label.as_str()).collect();
        let (lines, upright) = slots(&labels, slot, ruler);
        let tallest = if upright {
            let widths = lines.iter().map(|l| ruler.text_width(&l[0], small()));
            widths.fold(0.0, f64::max)
        } else {
            let most = lines.iter().map(Vec::len).max().unwrap_or(1);
            LEADING * most as f64
        };
        let count = labels.len() as f64;
        let place = |n: usize| (n as f64 + 0.5) / count;
        let places: Vec<f64> = (0..labels.len()).map(place).collect();
        Self {
            title: factor.name.clone(),
            ticks: places.iter().copied().zip(lines).collect(),
            places,
            upright,
            numeric: false,
            inset: 0.0,
            height: 8.0 + tallest + 22.0,
        }
    }

    fn of_numbers(factor: &Factor, numbers: &[f64], ruler: &Ruler, width: f64) -> Self {
        let spread = factor.spread();
        let scale = Scale::spanning(spread, numbers.iter().copied());
        let places: Vec<f64> = numbers.iter().map(|n| scale.place(*n)).collect();
        let texts: Vec<(f64, String)> = if numbers.len() > MOST_TICKS {
            let ticks = scale.ticks((width / 90.0).max(2.0) as usize);
            let texts = tick_texts(&ticks, Unit::named(factor.unit));
            let places = ticks.iter().map(|tick| scale.place(*tick));
            places.zip(texts).collect()
        } else {
            let labels = factor.levels.iter().map(|level| level.label.clone());
            places.iter().copied().zip(labels).collect()
        };
        let ticks = apart(texts, ruler, width - 2.0 * INSET);
        Self {
            title: match spread_words(spread) {
                "" => factor.name.clone(),
                words => format!("{} ({words})", factor.name),
            },
            places,
            ticks: ticks.into_iter().map(|(x, t)| (x, vec![t])).collect(),
            upright: false,
            numeric: true,
            inset: INSET,
            height: 8.0 + LEADING + 22.0,
        }
    }

    /// Where a level lies on the sheet.
    #[must_use]
    pub fn x(&self, level: usize, rect: Rect) -> f64 {
        self.at(self.places[level], rect)
    }

    fn at(&self, place: f64, rect: Rect) -> f64 {
        rect.left + self.inset + (rect.width - 2.0 * self.inset) * place
    }

    /// The pixels that a level has for itself, where levels lie side by side.
    #[must_use]
    pub fn slot(&self, rect: Rect) -> f64 {
        rect.width / self.places.len().max(1) as f64
    }

    /// The height of texts and title below a panel, pixels.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.height
    }

    /// Draws the lines of the grid.
    pub fn draw_grid(&self, canvas: &Canvas, rect: Rect) {
        if self.numeric {
            let thin = Stroke::solid(0.5, palette::GRID);
            for (place, _) in &self.ticks {
                let x = self.at(*place, rect);
                canvas.line(&[(x, rect.top), (x, rect.bottom())], thin);
            }
        }
    }

    /// Writes the texts of the ticks and the title below a panel.
    pub fn draw(&self, canvas: &Canvas, rect: Rect) {
        let bottom = rect.bottom();
        for (place, lines) in &self.ticks {
            let x = self.at(*place, rect);
            if self.upright {
                canvas.upright(&lines[0], (x, bottom + 8.0), Anchor::End, small());
                continue;
            }
            if self.numeric {
                let tick = [(x, bottom), (x, bottom + 4.0)];
                canvas.line(&tick, Stroke::solid(1.0, palette::GREY));
            }
            for (line, n) in lines.iter().zip(0..) {
                let y = bottom + 8.0 + LEADING * (f64::from(n) + 0.5);
                canvas.label(line, (x, y), Anchor::Middle, small());
            }
        }
        let middle = (rect.left + rect.width / 2.0, bottom + self.height - 11.0);
        let letters = Letters::new(SMALL, palette::BLACK).bold();
        let title = canvas.shorten_name(&self.title, letters, rect.width);
        canvas.label(&title, middle, Anchor::Middle, letters);
    }
}

/// The lines of labels that have this many pixels each, and whether they must stand upright.
fn slots(labels: &[&str], slot: f64, ruler: &Ruler) -> (Vec<Vec<String>>, bool) {
    let room = slot - 8.0;
    let fits = |text: &str| ruler.text_width(text, small()) <= room;
    if labels.iter().all(|label| label.split(' ').all(fits)) {
        let wrapped: Vec<Vec<String>> = labels
            .iter()
            .map(|label| ruler.wrap(label, small(), room, 3))
            .collect();
        let whole = |(lines, label): (&Vec<String>, &&str)| {
            lines.join(" ").chars().count() >= label.trim().chars().count()
        };
        if wrapped.iter().zip(labels).all(whole) {
            return (wrapped, false);
        }
    }
    let (width, upright) = if slot >= 84.0 {
        (room, false)
    } else {
        (UPRIGHT, true)
    };
    let short = fitted(ruler, labels, small(), width);
    (
        short.into_iter().map(|label| vec![label]).collect(),
        upright,
    )
}

/// Of labels in the order of their places, those that do not touch; the last stays.
fn apart(labels: Vec<(f64, String)>, ruler: &Ruler, width: f64) -> Vec<(f64, String)> {
    let mut labels = labels;
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    labels.dedup();
    let half = |text: &str| ruler.text_width(text, small()) / 2.0 + 4.0;
    let touch =
        |a: &(f64, String), b: &(f64, String)| (b.0 - a.0) * width < half(&a.1) + half(&b.1);
    let last = labels.pop();
    let mut kept: Vec<(f64, String)> = Vec::new();
    for label in labels {
        let free = kept.last().is_none_or(|before| !touch(before, &label));
        if free && last.as_ref().is_none_or(|last| !touch(&label, last)) {
            kept.push(label);
        }
    }
    kept.extend(last);
    kept
}

/// An axis that goes upward.
#[derive(Clone, Debug)]
pub struct Up {
    scale: Scale,
    unit: Unit,
    /// Whether there is a lane for values that did not end.
    lane: bool,
    /// Whether there is nothing to show on it but that lane.
    empty: bool,
    title: String,
}

impl Up {
    /// The axis of a measure that shows these values.
    #[must_use]
    pub fn of(measured: &Measured, values: &[f64]) -> Self {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let spread = spread_of(measured.unit, finite());
        let most = finite().fold(0.0, f64::max);
        let least = finite().fold(f64::INFINITY, f64::min);
        let limit = measured.limit.as_ref().map(|limit| limit.value);
        // A limit far away would flatten everything else.
        let limit = limit.filter(|l| *l <= most * 4.0 && (*l >= 0.0 || *l >= least));
        let shown = finite().chain(limit);
        let lowest = shown.clone().fold(f64::INFINITY, f64::min);
        let cut =
            values.len() > 3 && spread == Spread::Linear && lowest > 0.7 * most && most > lowest;
        let scale = if cut {
            let room = (most - lowest) * 0.08;
            let top = if measured.unit == Unit::Ratio && most <= 1.0 {
                (most + room).min(1.0)
            } else {
                most + room
            };
            Scale::fixed(lowest - room, top)
        } else if spread == Spread::Log {
            // Room for the marks, without going to the next power of ten.
            let room = shown.clone().flat_map(|value| [value / 1.25, value * 1.25]);
            Scale::spanning(spread, room)
        } else {
            Scale::around(spread, shown)
        };
        let words = if cut {
            "axis cut"
        } else {
            spread_words(spread)
        };
        Self {
            scale,
            unit: measured.unit,
            lane: values.iter().any(|v| v.is_infinite()),
            empty: finite().next().is_none(),
            title: match words {
                "" => measured.title(),
                words => format!("{} ({words})", measured.title()),
            },
        }
    }

    /// The same on an even scale from zero.
    #[must_use]
    pub fn from_zero(measured: &Measured, values: &[f64]) -> Self {
        let finite = values.iter().copied().filter(|v| v.is_finite());
        Self {
            scale: Scale::around(Spread::Linear, finite),
            title: measured.title(),
            ..Self::of(measured, values)
        }
    }

    /// What it shows, in words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    fn inner(&self, rect: Rect) -> Rect {
        let lane = if self.lane { LANE } else { 0.0 };
        Rect::new(rect.left, rect.top + lane, rect.width, rect.height - lane)
    }

    /// Where a value lies on the sheet.
    #[must_use]
    pub fn y(&self, value: f64, rect: Rect) -> f64 {
        if value == f64::INFINITY {
            return rect.top + LANE / 2.0;
        }
        let rect = self.inner(rect);
        rect.bottom() - rect.height * self.scale.place(value)
    }

    /// Whether a value lies on the axis.
    #[must_use]
    pub fn shows(&self, value: f64) -> bool {
        let rect = Rect::new(0.0, 0.0, 1.0, 1e6);
        let below = self.y(value * (1.0 - 1e-3), rect);
        let above = self.y(value * (1.0 + 1e-3), rect);
        (below - above).abs() > 0.0
    }

    /// Width of its numbers, pixels.
    #[must_use]
    pub fn width(&self, ruler: &Ruler, height: f64) -> f64 {
        let texts = self.ticks(height).into_iter().map(|(_, text)| text);
        let lane = self.lane.then(|| endless(self.unit).to_owned());
        texts
            .chain(lane)
            .map(|text| ruler.text_width(&text, small()))
            .fold(0.0, f64::max)
            + 10.0
    }

    fn ticks(&self, height: f64) -> Vec<(f64, String)> {
        if self.empty {
            return Vec::new();
        }
        let ticks = self.scale.ticks((height / 38.0).round().max(2.0) as usize);
        let texts = tick_texts(&ticks, self.unit);
        ticks.into_iter().zip(texts).collect()
    }

    /// Draws the lines of the grid, the numbers, and the lines of both axes.
    pub fn draw(&self, canvas: &Canvas, rect: Rect) {
        let thin = Stroke::solid(0.5, palette::GRID);
        let x = rect.left - 7.0;
        let mut below = f64::INFINITY;
        for (tick, text) in self.ticks(rect.height) {
            let y = self.y(tick, rect);
            canvas.line(&[(rect.left, y), (rect.right(), y)], thin);
            if below - y >= SMALL + 2.0 {
                canvas.label(&text, (x, y), Anchor::End, small());
                below = y;
            }
        }
        if self.lane {
            let y = rect.top + LANE;
            let stroke = Stroke {
                dash: palette::DASHED,
                ..Stroke::solid(0.75, palette::GREY)
            };
            canvas.line(&[(rect.left, y), (rect.right(), y)], stroke);
            let y = self.y(f64::INFINITY, rect);
            canvas.label(endless(self.unit), (x, y), Anchor::End, small().bold());
        }
        if self.empty && !self.lane {
            let middle = (rect.left + rect.width / 2.0, rect.top + rect.height / 2.0);
            canvas.label("nothing was measured", middle, Anchor::Middle, small());
        }
        canvas.line(
            &[
                (rect.left, rect.top),
                (rect.left, rect.bottom()),
                (rect.right(), rect.bottom()),
            ],
            Stroke::solid(1.0, palette::GREY),
        );
    }
}
