//! Names beside the ends of lines, moved apart so that they do not overlap.

use super::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke};
use super::marks;
use super::palette::{self, Mark};
use super::ruler::Ruler;

/// Size of the names, pixels.
const SIZE: f64 = 12.0;
/// Distance between the lines of names, pixels.
pub const LEADING: f64 = 16.0;
/// Length of the sample of a line before its name, pixels.
const SAMPLE: f64 = 26.0;

/// What a name stands beside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// A line with marks.
    Line(Stroke, Mark),
    /// An area of this colour.
    Area(Ink),
    /// Nothing.
    Nothing,
}

/// A name and where it would like to stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Name<'a> {
    /// The height that it would like to have on the sheet, pixels.
    pub y: f64,
    text: &'a str,
    sample: Sample,
}

impl<'a> Name<'a> {
    /// A name at this height.
    #[must_use]
    pub fn new(y: f64, text: &'a str, sample: Sample) -> Self {
        Self { y, text, sample }
    }
}

/// Writes names on the right of a panel, each as near to its height as the others let it. They come
/// from the highest place to the lowest; `width` is what is free for them, pixels.
pub fn draw(canvas: &Canvas, names: &[Name], rect: Rect, width: f64) {
    let places = spread(names.iter().map(|name| name.y).collect(), rect);
    let letters = Letters::new(SIZE, palette::BLACK);
    let left = rect.right() + 10.0;
    let start = left + SAMPLE + 6.0;
    let full: Vec<&str> = names.iter().map(|name| name.text).collect();
    let texts = fitted(canvas, &full, letters, width - (start - rect.right()));
    for ((y, text), name) in places.into_iter().zip(texts).zip(names) {
        sample(canvas, name.sample, (left, y));
        canvas.label(&text, (start, y), Anchor::Start, letters);
    }
}

/// Draws the sample of a name; its left end lies at the point.
pub fn sample(canvas: &Canvas, sample: Sample, (left, y): (f64, f64)) {
    match sample {
        Sample::Line(stroke, mark) => {
            canvas.line(&[(left, y), (left + SAMPLE, y)], stroke);
            marks::draw(canvas, mark, (left + SAMPLE / 2.0, y), 3.0, stroke.ink);
        }
        Sample::Area(ink) => canvas.fill(Rect::new(left, y - 5.0, SAMPLE, 10.0), ink),
        Sample::Nothing => {}
    }
}

/// Names that fit and can still be told apart: shortened in the middle, or, where that makes two of
/// them alike, without the beginning that they share.
#[must_use]
pub fn fitted(canvas: &Ruler, names: &[&str], letters: Letters, width: f64) -> Vec<String> {
    let short = |name: &&str| canvas.shorten_name(name, letters, width);
    let texts: Vec<String> = names.iter().map(short).collect();
    // Names that are the same in full stay so.
    let alike = |n: usize| {
        let mut others = names.iter().zip(&texts);
        others.any(|(name, text)| *text == texts[n] && *name != names[n])
    };
    let twins: Vec<&str> = (0..names.len())
        .filter(|n| alike(*n))
        .map(|n| names[n])
        .collect();
    let Some(shared) = twins.iter().copied().reduce(shared_start) else {
        return texts;
    };
    (0..names.len())
        .map(|n| match names[n].strip_prefix(shared) {
            Some(rest) if alike(n) => canvas.shorten(&format!("…{rest}"), letters, width),
            _ => texts[n].clone(),
        })
        .collect()
}

fn shared_start<'a>(a: &'a str, b: &str) -> &'a str {
    let pairs = a.char_indices().zip(b.chars());
    let end = pairs
        .take_while(|((_, a), b)| a == b)
        .map(|((i, c), _)| i + c.len_utf8())
        .last();
    &a[..end.unwrap_or_default()]
}

/// Moves sorted heights apart, so that labels do not overlap, and into the panel.
fn spread(mut places: Vec<f64>, rect: Rect) -> Vec<f64> {
    let mut lowest = f64::NEG_INFINITY;
    for place in &mut places {
        *place = place.max(lowest + LEADING).max(rect.top);
        lowest = *place;
    }
    let mut highest = rect.bottom() + LEADING;
    for place in places.iter_mut().rev() {
        *place = place.min(highest - LEADING);
        highest = *place;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_names_can_be_told_apart() {
        let (ruler, letters) = (Ruler::new(), Letters::new(SIZE, palette::BLACK));
        let names = [
            "retries with jitter and a, too",
            "retries with jitter and b, too",
        ];
        let short = fitted(&ruler, &names, letters, 70.0);
        assert_eq!(short, vec!["…a, too", "…b, too"]);
        let same = fitted(&ruler, &["timeout", "timeout", "load"], letters, 200.0);
        assert_eq!(same, vec!["timeout", "timeout", "load"]);
    }

    #[test]
    fn labels_move_apart() {
        let rect = Rect::new(0.0, 0.0, 10.0, 100.0);
        assert_eq!(
            spread(vec![50.0, 52.0, 99.0, 100.0], rect),
            vec![50.0, 66.0, 84.0, 100.0]
        );
    }
}
