//! Paths to what a scenario says, such as `calls."web -> orders".retry.attempts`.
//!
//! A path steps through fields and keys by name, through lists by index, by the kind of an element
//! (`retry`, the second one `retry[1]`) or by the name of a fault. The name of the variant that a
//! value is may be given or left out (`workloads.shoppers.open.rate`), and so may `inject` in a
//! fault.

use super::tree::{Kind, Node};

/// A value to set, as in `--set services.db.threads=32`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// What to set.
    pub path: String,
    /// To what, in RON; texts need no quotes.
    pub value: String,
}

impl std::str::FromStr for Override {
    type Err = String;
    /// Reads `PATH=VALUE`. A `=` between quotes belongs to the path.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut quoted = false;
        let at = text.find(|c| {
            quoted ^= c == '"';
            c == '=' && !quoted
        });
        match at.map(|at| (text[..at].trim(), text[at + 1..].trim())) {
            Some((path, value)) if !path.is_empty() && !value.is_empty() => Ok(Self {
                path: path.into(),
                value: value.into(),
            }),
            _ => Err(format!(
                "`{text}` is not PATH=VALUE, such as services.db.threads=32"
            )),
        }
    }
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// To a field, a key, or an element by its kind or name.
    Name(String),
    /// To an element by its place, from 0.
    Index(usize),
}

impl From<&str> for Segment {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Reads a path.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Segment>, String> {
    Ok(split(text)?
        .into_iter()
        .map(|(segment, ..)| segment)
        .collect())
}

/// The steps of a path, each with its first byte and the byte after its last.
pub(super) fn split(text: &str) -> Result<Vec<(Segment, usize, usize)>, String> {
    let mut steps = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let begin = at;
        let step = if let Some(quoted) = rest.strip_prefix('"') {
            let length = quoted.find('"').ok_or("a quote is not closed")?;
            at += length + 2;
            Segment::Name(quoted[..length].into())
        } else if let Some(inner) = rest.strip_prefix('[') {
            let length = inner.find(']').ok_or("a bracket is not closed")?;
            at += length + 2;
            let index = inner[..length].trim();
            Segment::Index(
                index
                    .parse()
                    .map_err(|_| format!("`[{index}]` is not an index"))?,
            )
        } else {
            let length = rest.find(['.', '[', '"']).unwrap_or(rest.len());
            at += length;
            Segment::Name(rest[..length].trim().into())
        };
        if step == Segment::Name(String::new()) {
            return Err("a name is missing between two dots".into());
        }
        steps.push((step, begin, at));
        if text[at..].starts_with('.') {
            at += 1;
            if at == text.len() {
                return Err("it ends with a dot".into());
            }
        }
    }
    if steps.is_empty() {
        return Err("it is empty".into());
    }
    Ok(steps)
}

/// The deepest value on the way along a path, and whether it is the end of it.
#[must_use]
pub fn locate<'a>(node: &'a Node, path: &[Segment]) -> (&'a Node, bool) {
    let Some((first, rest)) = path.split_first() else {
        return (node, true);
    };
    match step(node, first) {
        Some(next) => locate(next, rest),
        None => (node, false),
    }
}

/// What a single segment leads to.
pub fn step<'a>(node: &'a Node, segment: &Segment) -> Option<&'a Node> {
    match (segment, &node.kind) {
        (Segment::Index(index), Kind::List(items)) => items.get(*index),
        // A single value stands for a list of one.
        (Segment::Index(0), _) => Some(node),
        (Segment::Name(name), _) => node.get(name),
        _ => None,
    }
}
