//! Names beside the ends of lines, moved apart so that they do not overlap.

use super::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke};
use super::marks;
use super::palette::{self, Mark};
use super::ruler::Ruler;
use std::collections::BTreeSet;

/// Size of the names, pixels.
const SIZE: f64 = 12.0;
/// Distance between the lines of names, pixels.
pub const LEADING: f64 = 16.0;
/// Length of the sample of a line before its name, pixels.
const SAMPLE: f64 = 26.0;

/// What stands before a name and what stays free after it, pixels.
pub const SAMPLES: f64 = 10.0 + SAMPLE + 6.0 + MARGIN;
/// What stays free after a name, pixels.
const MARGIN: f64 = 8.0;

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
    let texts = fitted(canvas, &full, letters, width - SAMPLES);
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

/// Names that fit and can still be told apart. Those that are too long lose as little as need be of
/// the beginning that they share with another, up to the end of a word; or else their middle; and
/// where that makes two of them alike, all that they share before their first difference, or all but
/// the letters at which they part.
#[must_use]
pub fn fitted(ruler: &Ruler, names: &[&str], letters: Letters, width: f64) -> Vec<String> {
    let cut = |name: &str, start: usize| match start {
        0 => name.to_owned(),
        _ => format!("…{}", name[start..].trim_start()),
    };
    let fits = |text: &str| ruler.text_width(text, letters) <= width;
    let first = |name: &&str| {
        let starts = || std::iter::once(0).chain(word_ends(name, names));
        let fitting = starts().find(|start| fits(&cut(name, *start)));
        fitting.or(starts().last()).unwrap_or_default()
    };
    let starts: Vec<usize> = names.iter().map(first).collect();
    // What is cut from one is cut from all that are cut and begin with it.
    let along = |n: usize| {
        let others = (0..names.len()).filter(|m| starts[*m] > 0 && starts[n] > 0);
        let same = others.filter(|m| names[n].starts_with(&names[*m][..starts[*m]]));
        same.map(|m| starts[m]).max().unwrap_or_default()
    };
    let texts: Vec<String> = (0..names.len())
        .map(|n| ruler.shorten_name(&cut(names[n], along(n)), letters, width))
        .collect();
    if distinct(names, &texts) {
        return texts;
    }
    let short = |text: String| ruler.shorten(&text, letters, width);
    let alike = |n: usize, m: usize| texts[n] == texts[m] && names[n] != names[m];
    let alone = |n: usize| {
        let twins = (0..names.len()).filter(|m| alike(n, *m));
        let shared = twins.map(|m| shared_start(names[n], names[m]).len()).min();
        shared.map_or_else(
            || texts[n].clone(),
            |start| short(format!("…{}", &names[n][start..])),
        )
    };
    let alone: Vec<String> = (0..names.len()).map(alone).collect();
    if distinct(names, &alone) {
        return alone;
    }
    let parted = at_differences(names).into_iter().zip(names);
    parted
        .map(|(parted, name)| {
            if fits(name) {
                (*name).to_owned()
            } else {
                short(parted)
            }
        })
        .collect()
}

/// Whether names that differ have texts that differ.
fn distinct(names: &[&str], texts: &[String]) -> bool {
    let pairs = || names.iter().zip(texts);
    pairs().all(|(a, first)| pairs().all(|(b, second)| a == b || first != second))
}

/// Of each name the letters at which it parts from others, and all that follows the last of these.
fn at_differences(names: &[&str]) -> Vec<String> {
    let texts = names.iter().map(|name| {
        let others = names.iter().filter(|other| *other != name);
        let parts = others.map(|other| shared_start(name, other).len());
        let parts: BTreeSet<usize> = parts.collect();
        let last = parts.last().copied().unwrap_or_default();
        let (mut text, mut end) = (String::new(), 0);
        for part in parts {
            if part > end {
                text.push('…');
            }
            let letter = name[part..].chars().next();
            let letter = letter.filter(|_| part < last);
            text.extend(letter);
            end = part + letter.map_or(0, char::len_utf8);
        }
        text + &name[last..]
    });
    texts.collect()
}

/// Where words end in what a name shares with the beginning of another.
fn word_ends(name: &str, names: &[&str]) -> Vec<usize> {
    let others = names.iter().filter(|other| **other != name);
    let shared = others.map(|other| shared_start(name, other).len()).max();
    let shared = name[..shared.unwrap_or_default()].char_indices();
    shared
        .filter(|(_, c)| !c.is_alphanumeric())
        .map(|(i, c)| i + c.len_utf8())
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
    fn edges_of_one_caller_keep_their_callees() {
        let (ruler, letters) = (Ruler::new(), Letters::new(SIZE, palette::BLACK));
        let callees = ["payment-service", "payment-ledger", "cart-service"];
        let names = callees.map(|callee| format!("checkout-service -> {callee}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let short = fitted(&ruler, &names, letters, 140.0);
        assert_eq!(
            short,
            vec![
                "…-> payment-service",
                "…-> payment-ledger",
                "…-> cart-service"
            ]
        );
    }

    #[test]
    fn what_differs_stays_at_every_width() {
        let (ruler, letters) = (Ruler::new(), Letters::new(SIZE, palette::BLACK));
        let mut names = Vec::new();
        for caller in ["checkout-service", "recommendation-service-of-region-1"] {
            for callee in 0..6 {
                names.push(format!(
                    "{caller} -> payment-provider-{callee}-in-the-far-zone"
                ));
                names.push(format!("{caller} -> payment-provider-{callee}"));
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for width in (60..500).step_by(5) {
            let texts = fitted(&ruler, &names, letters, f64::from(width));
            for (n, text) in texts.iter().enumerate() {
                assert!(
                    ruler.text_width(text, letters) <= f64::from(width),
                    "{text}"
                );
                assert!(!texts[..n].contains(text), "{width}: {text} twice");
            }
        }
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
