//! Axes and points.

use crate::scenario::{Diagnostics, Override, Sources};

/// A parameter, or several that move together, that differs between the points of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// Its name in charts and columns: `"timeout"`.
    pub name: String,
    /// The paths that it sets.
    pub paths: Vec<String>,
    /// What its numbers are measured in: `"s"`, `"per_s"`, `"bytes"`; empty for plain numbers and
    /// for axes without numbers.
    pub unit: &'static str,
    /// Whether its numbers are spread evenly in their logarithms.
    pub log: bool,
}

impl Axis {
    /// Heading of its column: its name, with the unit at the end if it has one.
    #[must_use]
    pub fn column(&self) -> String {
        match self.unit {
            "" => self.name.clone(),
            unit => format!("{}_{unit}", self.name),
        }
    }
}

/// Where a point lies on an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coordinate {
    /// As it was written, or the name of the variant: `"250ms"`, `"with breaker"`.
    pub label: String,
    /// As a number in the unit of the axis (s, 1/s, bytes), if it is one.
    pub number: Option<f64>,
}

/// A combination of settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// One for each axis, in the order of the axes.
    pub coordinates: Vec<Coordinate>,
    /// What is set in the scenario, in order.
    pub set: Vec<Override>,
}

/// What is wrong with a sweep, and the texts that it was read from, for showing that.
#[derive(Clone, Debug, Default)]
pub struct Unresolved {
    /// All that is wrong.
    pub diagnostics: Diagnostics,
    /// The texts.
    pub sources: Sources,
}
