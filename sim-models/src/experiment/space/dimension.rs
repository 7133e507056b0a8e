//! The axes of a space, and the values on them.

use super::axis::{Axis, Coordinate};
use super::range::Between;
use crate::scenario::path;
use crate::scenario::{Override, Span};
use std::ops::Range;
use std::sync::Arc;

/// A setting, and where it was written in the texts of the space.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What is set.
    pub set: Override,
    /// Where its path was written.
    pub path_at: Span,
    /// Where its value was written.
    pub value_at: Span,
}

/// A value on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) coordinate: Coordinate,
    pub(super) settings: Vec<Placed>,
}

/// The values on an axis.
#[derive(Clone, Debug)]
pub(super) enum Along {
    /// One after the other.
    Listed(Vec<Arc<Choice>>),
    /// Any between two numbers.
    Between(String, Span, Between, u16),
}

#[derive(Clone, Debug)]
pub(super) struct Dimension {
    pub(super) axis: Axis,
    /// Names its stream of draws.
    pub(super) key: String,
    pub(super) along: Along,
    pub(super) at: Span,
}

impl Dimension {
    pub(super) fn listed(&self) -> &[Arc<Choice>] {
        match &self.along {
            Along::Listed(choices) => choices,
            Along::Between(..) => &[],
        }
    }

    /// The value at a share of the way; see [`Between::draw`].
    pub(super) fn at(&self, share: f64, strata: u32) -> Arc<Choice> {
        match &self.along {
            Along::Listed(choices) => {
                let at = (share * choices.len() as f64) as usize;
                Arc::clone(&choices[at.min(choices.len() - 1)])
            }
            Along::Between(path, path_at, range, file) => {
                let value = range.draw(share, strata);
                Arc::new(Choice {
                    coordinate: Coordinate {
                        label: value.label.clone(),
                        number: value.quantity.map(|quantity| quantity.number),
                    },
                    settings: vec![Placed {
                        set: Override {
                            path: path.clone(),
                            value: value.text,
                        },
                        path_at: *path_at,
                        value_at: span(*file, &range.at),
                    }],
                })
            }
        }
    }
}

impl Dimension {
    /// Where the value at a share of the way lies on the axis, 0 for the first or least to 1 for the last or
    /// largest: of a list each value is one step from the next, whatever they are.
    pub(super) fn place(&self, share: f64, strata: u32) -> f64 {
        match &self.along {
            Along::Listed(choices) => {
                let at = (share * choices.len() as f64) as usize;
                let last = choices.len() - 1;
                at.min(last) as f64 / last.max(1) as f64
            }
            Along::Between(_, _, range, _) => {
                let number = range.draw(share, strata).quantity;
                number.map_or(share, |quantity| range.share(quantity.number))
            }
        }
    }
}

/// How many steps a path has.
pub(super) fn depth(path: &str) -> usize {
    path::parse(path).map_or(0, |steps| steps.len())
}

/// A place in a text of the space.
pub(super) fn span(file: u16, at: &Range<usize>) -> Span {
    Span {
        file,
        start: at.start as u32,
        end: at.end as u32,
    }
}
