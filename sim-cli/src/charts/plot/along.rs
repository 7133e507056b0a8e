//! A measure that goes across a panel: its ticks stand below.

use super::data::{Measured, endless, spread_of, spread_words};
use crate::charts::canvas::{Anchor, Canvas, Letters, Rect, Stroke};
use crate::charts::palette;
use crate::charts::ruler::Ruler;
use crate::charts::scale::{Scale, Spread, Unit, tick_texts};

/// Width of the lane of values that did not end, pixels.
const LANE: f64 = 44.0;
/// Height of ticks and title, pixels.
pub const HEIGHT: f64 = 44.0;

/// An axis that goes across.
#[derive(Clone, Debug)]
pub struct Along {
    scale: Scale,
    unit: Unit,
    lane: bool,
    title: String,
}

impl Along {
    /// The axis of a measure that shows these values, and zero.
    #[must_use]
    pub fn of(measured: &Measured, values: &[f64]) -> Self {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let spread = spread_of(measured.unit, finite());
        let scale = match spread {
            Spread::Log => Scale::spanning(spread, finite().flat_map(|v| [v / 1.25, v * 1.25])),
            _ => Scale::around(spread, finite()),
        };
        Self {
            scale,
            unit: measured.unit,
            lane: values.iter().any(|v| v.is_infinite()),
            title: match spread_words(spread) {
                "" => measured.title(),
                words => format!("{} ({words})", measured.title()),
            },
        }
    }

    /// The same on an even scale from bars' zero on.
    #[must_use]
    pub fn from_zero(measured: &Measured, values: &[f64]) -> Self {
        let finite = values.iter().copied().filter(|v| v.is_finite());
        Self {
            scale: Scale::around(Spread::Linear, finite),
            title: measured.title(),
            ..Self::of(measured, values)
        }
    }

    /// Where a value lies on the sheet.
    #[must_use]
    pub fn x(&self, value: f64, rect: Rect) -> f64 {
        let lane = if self.lane { LANE } else { 0.0 };
        if value == f64::INFINITY {
            return rect.right() - lane / 2.0;
        }
        rect.left + (rect.width - lane) * self.scale.place(value)
    }

    /// Draws the grid, the ticks and the title.
    pub fn draw(&self, canvas: &Canvas, ruler: &Ruler, rect: Rect) {
        let small = Letters::new(12.0, palette::GREY);
        let ticks = self
            .scale
            .ticks((rect.width / 100.0).round().max(2.0) as usize);
        let mut right = f64::NEG_INFINITY;
        let bottom = rect.bottom();
        for (tick, text) in ticks.iter().zip(tick_texts(&ticks, self.unit)) {
            let x = self.x(*tick, rect);
            let half = ruler.text_width(&text, small) / 2.0;
            canvas.line(
                &[(x, rect.top), (x, bottom)],
                Stroke::solid(0.5, palette::GRID),
            );
            if x - half > right + 8.0 {
                canvas.line(
                    &[(x, bottom), (x, bottom + 4.0)],
                    Stroke::solid(1.0, palette::GREY),
                );
                canvas.label(&text, (x, bottom + 13.0), Anchor::Middle, small);
                right = x + half;
            }
        }
        if self.lane {
            let x = rect.right() - LANE;
            let stroke = Stroke {
                dash: palette::DASHED,
                ..Stroke::solid(0.75, palette::GREY)
            };
            canvas.line(&[(x, rect.top), (x, bottom)], stroke);
            let x = self.x(f64::INFINITY, rect);
            if x - 20.0 > right {
                canvas.label(
                    endless(self.unit),
                    (x, bottom + 13.0),
                    Anchor::Middle,
                    small.bold(),
                );
            }
        }
        canvas.line(
            &[(rect.left, bottom), (rect.right(), bottom)],
            Stroke::solid(1.0, palette::GREY),
        );
        let letters = Letters::new(12.0, palette::BLACK).bold();
        let title = canvas.shorten(&self.title, letters, rect.width);
        let middle = (rect.left + rect.width / 2.0, bottom + 32.0);
        canvas.label(&title, middle, Anchor::Middle, letters);
    }
}
