//! Values that a sweep sets: their text, what to call them, and their number if they have one.

use crate::scenario::diagnostics::Diagnostics;
use crate::scenario::tree::{self, Kind, Node};
use crate::scenario::{Rate, Size};
use sim_core::SimDuration;
use std::ops::Range;

/// What a number is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing.
    Plain,
    /// Seconds.
    Seconds,
    /// Per second.
    PerSecond,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// As it ends the headings of columns: `"s"`, `"per_s"`, `"bytes"`, or nothing.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Seconds => "s",
            Self::PerSecond => "per_s",
            Self::Bytes => "bytes",
        }
    }

    /// A number of it as scenarios write it: `250ms`, `900/s`, `64KiB`, `0.5`.
    #[must_use]
    pub fn show(self, number: f64) -> String {
        match self {
            Self::Plain => number.to_string(),
            Self::Seconds => SimDuration::from_secs_f64(number).to_string(),
            Self::PerSecond => Rate(number).to_string(),
            Self::Bytes => Size(number.round() as u64).to_string(),
        }
    }
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// In s, 1/s, bytes, or as it is.
    pub number: f64,
    /// Which of these.
    pub unit: Unit,
    /// Whether it is written as a whole number without a unit, as counts are.
    pub whole: bool,
}

impl Quantity {
    /// Reads `250ms`, `900/s`, `64KiB`, `0.5` or `3`; nothing if it is none of these.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let of = |number: f64, unit: Unit| Self {
            number,
            unit,
            whole: false,
        };
        if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
            return None;
        }
        if let Ok(number) = text.replace('_', "").parse::<f64>() {
            let whole = !text.contains(['.', 'e', 'E']);
            return number.is_finite().then_some(Self {
                whole,
                ..of(number, Unit::Plain)
            });
        }
        let duration = text.parse::<SimDuration>();
        let duration = duration.map(|span| of(span.as_secs_f64(), Unit::Seconds));
        let rate = || text.parse::<Rate>().map(|rate| of(rate.0, Unit::PerSecond));
        let size = || text.parse::<Size>();
        let size = || size().map(|size| of(size.0 as f64, Unit::Bytes));
        duration
            .ok()
            .or_else(|| rate().ok())
            .or_else(|| size().ok())
    }
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// In RON on one line; texts that are nothing else stand without quotes, as for `--set`.
    pub text: String,
    /// What to call it.
    pub label: String,
    /// Its number, if it has one.
    pub quantity: Option<Quantity>,
    /// Where it was written.
    pub at: Range<usize>,
}

impl Value {
    /// Reads the value that stands at a place in a text.
    ///
    /// # Errors
    /// What is wrong with its syntax; places are in that text, as file 0.
    pub fn read(whole: &str, at: Range<usize>) -> Result<Self, Diagnostics> {
        let part = &whole[at.clone()];
        let mut label = None;
        let text = match tree::parse(part, 0) {
            Ok(node) => {
                // People read texts without their quotes.
                if let Kind::Str(text) = &node.kind
                    && !text.trim().is_empty()
                    && !text.contains(['\n', '\r'])
                {
                    label = Some(text.clone());
                }
                canonical(part, &node)
            }
            Err(_) if is_bare(part) => part.into(),
            Err(mut found) => {
                for span in found.iter_mut().flat_map(|found| &mut found.span) {
                    span.start += at.start as u32;
                    span.end += at.start as u32;
                }
                return Err(found);
            }
        };
        Ok(Self {
            label: label.unwrap_or_else(|| text.clone()),
            quantity: Quantity::read(&text),
            text,
            at,
        })
    }

    /// The value of a number; it was made of what stands at a place.
    #[must_use]
    pub fn of(number: f64, unit: Unit, at: Range<usize>) -> Self {
        let text = unit.show(number);
        Self {
            label: text.clone(),
            // What is set is what was printed: a duration in whole nanoseconds, say.
            quantity: Quantity::read(&text),
            text,
            at,
        }
    }

    /// As it stands in a RON file.
    #[must_use]
    pub fn in_ron(&self) -> String {
        match tree::parse(&self.text, 0) {
            Ok(_) => self.text.clone(),
            Err(_) => quoted(&self.text),
        }
    }
}

/// A text in quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    ron::to_string(text).unwrap_or_else(|_| format!("{text:?}"))
}

/// A text that needs no quotes for `--set`, because it can be nothing else.
fn is_bare(text: &str) -> bool {
    !text.is_empty()
        && text == text.trim()
        && !text.contains(['(', '[', '{', '"', ')', ']', '}', '\n', '\r'])
        && tree::parse(text, 0).is_err()
}

/// The same value on one line, without comments.
fn canonical(written: &str, node: &Node) -> String {
    match &node.kind {
        Kind::Str(text) if is_bare(text) => text.clone(),
        // As the user wrote it: `1_000`, `2.50`.
        Kind::Unsigned(_) | Kind::Signed(_) | Kind::Float(_) => {
            written[node.span.start as usize..node.span.end as usize].into()
        }
        _ => print(node),
    }
}

fn print(node: &Node) -> String {
    let list = |items: &[Node]| items.iter().map(print).collect::<Vec<_>>().join(", ");
    match &node.kind {
        Kind::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| format!("{}: {}", print(key), print(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Kind::Struct(name, fields) => {
            let name = name.as_ref().map_or("", |name| &name.text);
            let fields = fields.iter();
            let fields =
                fields.map(|field| format!("{}: {}", field.name.text, print(&field.value)));
            format!("{name}({})", fields.collect::<Vec<_>>().join(", "))
        }
        Kind::Tuple(name, items) => {
            format!(
                "{}({})",
                name.as_ref().map_or("", |name| &name.text),
                list(items)
            )
        }
        Kind::List(items) => format!("[{}]", list(items)),
        Kind::Str(text) => quoted(text),
        Kind::Unsigned(number) => number.to_string(),
        Kind::Signed(number) => number.to_string(),
        Kind::Float(number) => format!("{number:?}"),
        Kind::Bool(value) => value.to_string(),
        Kind::Char(value) => format!("{value:?}"),
        Kind::Ident(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        Value::read(text, 0..text.len()).unwrap()
    }

    #[test]
    fn values_are_called_what_they_are_called_in_a_scenario() {
        for (written, text, in_ron) in [
            ("250ms", "250ms", "\"250ms\""),
            ("\"250ms\"", "250ms", "\"250ms\""),
            ("\"a (b)\"", "\"a (b)\"", "\"a (b)\""),
            ("\"3\"", "\"3\"", "\"3\""),
            ("1_000", "1_000", "1_000"),
            ("none", "none", "none"),
            ("web/get", "web/get", "\"web/get\""),
            (
                "[retry(attempts:3) ,\n // three\n breaker(),timeout(\"1s\"), mix({\"a\":2.0})]",
                "[retry(attempts: 3), breaker(), timeout(\"1s\"), mix({\"a\": 2.0})]",
                "[retry(attempts: 3), breaker(), timeout(\"1s\"), mix({\"a\": 2.0})]",
            ),
        ] {
            let value = read(written);
            assert_eq!(value.text, text);
            assert_eq!(value.in_ron(), in_ron);
            assert_eq!(read(&value.text).text, text, "it reads again as it is");
            assert_eq!(read(&value.in_ron()).text, text, "from a file too");
        }
        assert_eq!(read("\"many\"").label, "many");
        assert!(Value::read("[retry(", 0..7).is_err());
    }

    #[test]
    fn numbers_are_in_seconds_per_second_and_bytes() {
        for (text, number, unit, whole) in [
            ("3", 3.0, Unit::Plain, true),
            ("-2.5", -2.5, Unit::Plain, false),
            ("1e3", 1000.0, Unit::Plain, false),
            ("250ms", 0.25, Unit::Seconds, false),
            ("1h30min", 5400.0, Unit::Seconds, false),
            ("120/min", 2.0, Unit::PerSecond, false),
            ("64KiB", 65536.0, Unit::Bytes, false),
        ] {
            let expected = Quantity {
                number,
                unit,
                whole,
            };
            assert_eq!(read(text).quantity, Some(expected), "{text}");
        }
        for text in ["none", "web/get", "inf", "3 apples", "\"3\"", "[1]"] {
            assert_eq!(read(text).quantity, None, "{text}");
        }
    }
}
