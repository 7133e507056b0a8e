//! What a field may be: found by asking the checks, so that what is printed is what holds.
//!
//! The field is set in the part's example to the ends of its type, and where these are refused, what is just allowed is
//! looked for between them and something that is. Only what is said at the field itself counts. A bound that speaks of
//! another field is given in its own words.

use super::example::{BASE, BASE_FILE, scenario};
use super::part::{Field, Part, Scalar};
use crate::input::Parsed;
use crate::scenario::Override;
use crate::scenario::source::Span;
use crate::scenario::tree::{Kind, Node};
use std::cell::{Cell, RefCell};

/// What a field may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The least number, and whether it is allowed itself.
    pub least: Option<(f64, bool)>,
    /// The largest number, and whether it is allowed itself.
    pub most: Option<(f64, bool)>,
    /// Whether it is a duration, which has to be longer than zero.
    pub longer_than_zero: bool,
    /// What is said of other fields.
    pub said: Vec<String>,
}

impl Bounds {
    /// In words; empty where there are none.
    #[must_use]
    pub fn words(&self) -> String {
        let edge = |(number, itself): (f64, bool), with: &str, without: &str| {
            format!("{} {number}", if itself { with } else { without })
        };
        let mut words = Vec::new();
        match (self.least, self.most) {
            (Some((least, true)), Some((most, true))) => words.push(format!("{least} to {most}")),
            (Some((least, false)), Some((most, false))) => {
                words.push(format!("more than {least}, less than {most}"));
            }
            (least, most) => {
                words.extend(least.map(|least| edge(least, "at least", "more than")));
                words.extend(most.map(|most| edge(most, "at most", "less than")));
            }
        }
        if self.longer_than_zero {
            words.push("longer than zero".into());
        }
        words.extend(self.said.iter().cloned());
        words.join(", ")
    }
}

/// The bounds of a field.
#[must_use]
pub fn of(part: &Part, field: &Field) -> Bounds {
    let Some(scalar) = field.scalar else {
        return Bounds::default();
    };
    let Some(probe) = Probe::new(part, field) else {
        return Bounds::default();
    };
    let mut bounds = match scalar {
        Scalar::Whole { most } => probe.whole(most),
        Scalar::Number => probe.number(),
        Scalar::Duration => probe.positive("\"0s\"", "\"1ns\""),
        Scalar::Rate => probe.positive("\"0/s\"", "\"0.001/s\""),
    };
    if scalar == Scalar::Rate && bounds.longer_than_zero {
        bounds.longer_than_zero = false;
        bounds.said.push("more than zero".into());
    }
    let said = probe.said.into_inner();
    if !said.is_empty() || probe.elsewhere.get() {
        bounds = Bounds {
            said,
            ..Bounds::default()
        };
    }
    bounds
}

/// Asks whether a field may be something.
struct Probe<'a> {
    parsed: Parsed,
    path: String,
    field: &'a str,
    /// What was said of other fields.
    said: RefCell<Vec<String>>,
    /// Whether something was refused for another reason than a bound.
    elsewhere: Cell<bool>,
}

impl<'a> Probe<'a> {
    fn new(part: &Part, field: &'a Field) -> Option<Self> {
        let text = scenario(&part.placed);
        let files = [("example.ron", text.as_str()), (BASE_FILE, BASE)];
        let parsed = Parsed::read("example.ron", &files).ok()?;
        let (tree, _) = parsed.named();
        let at = text.find(&part.example)?;
        let place = Span {
            file: tree.span.file,
            start: at as u32,
            end: (at + part.example.len()) as u32,
        };
        let path = path(&tree, part, place)?;
        Some(Self {
            parsed,
            path,
            field: &field.name,
            said: RefCell::default(),
            elsewhere: Cell::default(),
        })
    }

    /// Whether it may be this; where not, what is said of other fields is kept.
    fn may_be(&self, value: &str) -> bool {
        let path = format!("{}.{}", self.path, self.field);
        let set = Override {
            path: path.trim_start_matches('.').to_owned(),
            value: value.to_owned(),
        };
        let Err(loaded) = self.parsed.scenario(&[set]) else {
            return true;
        };
        let found = loaded.scenario.err().unwrap_or_default();
        let here = found
            .iter()
            .filter(|one| one.span.is_some_and(Span::is_override));
        let mut fits = true;
        for one in here {
            fits = false;
            let why = reason(&one.message);
            let mut said = self.said.borrow_mut();
            if !why.starts_with("must ") {
                // It is about this value in this example, and says no bound.
                self.elsewhere.set(true);
            } else if why.contains('`') && !said.contains(&why) {
                said.push(why);
            }
        }
        fits
    }

    fn whole(&self, most: u64) -> Bounds {
        let fits = |number: u64| self.may_be(&number.to_string());
        let Some(good) = [1, 2, 3, 10, 100, 500]
            .into_iter()
            .find(|number| fits(*number))
        else {
            return Bounds::default();
        };
        // The last one on the way from what is allowed to what is not.
        let last = |mut good: u64, mut bad: u64| {
            while good.abs_diff(bad) > 1 {
                let middle = good.min(bad) + good.abs_diff(bad) / 2;
                if fits(middle) {
                    good = middle
                } else {
                    bad = middle
                }
            }
            good
        };
        let edge = |end: u64| (!fits(end)).then(|| (last(good, end) as f64, true));
        Bounds {
            least: edge(0),
            most: edge(most),
            ..Bounds::default()
        }
    }

    fn number(&self) -> Bounds {
        let fits = |number: f64| self.may_be(&format!("{number:?}"));
        let Some(good) = [0.5, 1.0, 2.0, 10.0, 100.0]
            .into_iter()
            .find(|number| fits(*number))
        else {
            return Bounds::default();
        };
        // Bounds are round numbers: these, or what bisection finds.
        let edge = |end: f64, round: &[f64]| {
            if fits(end) {
                return None;
            }
            let beyond = |number: f64| {
                if end < number {
                    number.next_down()
                } else {
                    number.next_up()
                }
            };
            let within = |number: f64| {
                if end < number {
                    number.next_up()
                } else {
                    number.next_down()
                }
            };
            let round = round.iter().find_map(|number| match fits(*number) {
                true => (!fits(beyond(*number))).then_some((*number, true)),
                false => fits(within(*number)).then_some((*number, false)),
            });
            // Positive numbers are in the order of their bits; below zero only round bounds are looked for.
            round.or_else(|| {
                (end > 0.0).then(|| {
                    let (mut low, mut high) = (good.to_bits(), end.to_bits());
                    while high - low > 1 {
                        let middle = low + (high - low) / 2;
                        let fits = fits(f64::from_bits(middle));
                        *(if fits { &mut low } else { &mut high }) = middle;
                    }
                    (f64::from_bits(low), true)
                })
            })
        };
        Bounds {
            least: edge(-1e300, &[0.0, 1.0]),
            most: edge(1e300, &[1.0, 100.0]),
            ..Bounds::default()
        }
    }

    /// Of what cannot be negative.
    fn positive(&self, zero: &str, least: &str) -> Bounds {
        Bounds {
            longer_than_zero: !self.may_be(zero) && self.may_be(least),
            ..Bounds::default()
        }
    }
}

/// What a message says after the name of the field, without the value that was tried.
fn reason(message: &str) -> String {
    let mut rest = message;
    if rest.starts_with('`') {
        let end = rest[1..].find('`').map_or(0, |at| at + 2);
        rest = rest[end..].trim_start();
        if let Some(owner) = rest.strip_prefix("of `") {
            rest = owner
                .split_once('`')
                .map_or(rest, |(_, rest)| rest.trim_start());
        }
    }
    // What is tried, or what the other field is in the example, is none of the bound.
    let end = rest
        .find(", not ")
        .or_else(|| rest.find("`, ").map(|at| at + 1));
    rest[..end.unwrap_or(rest.len())].to_owned()
}

/// The path to a part in the tree of its example.
fn path(node: &Node, part: &Part, place: Span) -> Option<String> {
    let is_it = if part.group.example.is_empty() {
        node.span.start >= place.start
            && node.span.end <= place.end
            && node.span.file == place.file
            && node.name() == Some(&part.name)
    } else {
        let steps = children(node)
            .iter()
            .any(|(_, child)| child.span.contains(place));
        node.span.contains(place) && !steps && matches!(node.kind, Kind::Struct(..))
    };
    if is_it {
        return Some(String::new());
    }
    children(node)
        .into_iter()
        .find_map(|(step, child)| Some(step + &path(child, part, place)?))
}

/// What a node is made of, each with its step.
fn children(node: &Node) -> Vec<(String, &Node)> {
    match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .filter_map(|(key, value)| Some((format!(".\"{}\"", key.as_key()?), value)))
            .collect(),
        Kind::Struct(_, fields) => fields
            .iter()
            .map(|field| (format!(".{}", field.name.text), &field.value))
            .collect(),
        Kind::List(items) | Kind::Tuple(_, items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| (format!("[{at}]"), item))
            .collect(),
        _ => Vec::new(),
    }
}
