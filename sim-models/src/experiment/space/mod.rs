//! The points of a sweep: which parameters vary, and what they are set to at each point.
//!
//! # What varies, as text
//!
//! An axis is written `[NAME=]PATH=VALUES`, as for `--vary`. PATH is a path to a parameter, the same as
//! for `--set`; NAME heads its column, and is the shortest end of the path that tells the axes apart
//! if it is not given. VALUES is one of
//!
//! | written | means |
//! |---|---|
//! | `8,16,32` | these; commas within brackets or quotes part nothing: `none,exponential(base: "50ms", cap: "2s")` |
//! | `100/s..400/s:7` | seven values from 100/s to 400/s, both included, evenly spread |
//! | `10ms..1s:5:log` | five, evenly spread in their logarithms |
//! | `10ms..1s`, `10ms..1s:log` | any value between the two; only where points are drawn (`--sample`) |
//!
//! Ranges of whole numbers without a unit are counts: rounded to whole numbers, each once. Parameters
//! that move together are zipped: `[NAME=]PATH=a,b,c;PATH=x,y,z` sets both, value by value.
//!
//! A named variant is written `NAME:PATH=VALUE[,PATH=VALUE...]`, as for `--variant`; `NAME:` alone is
//! the scenario as it is. Variants form an axis of their own, called `variant`, which is the first.
//!
//! The points are all combinations, the last axis fastest; or, with a sample (`random:64`, `lhs:64`),
//! so many points drawn from the axes, each of them for every variant.

mod split;
mod value;
mod range;
mod vary;
mod variant;
mod names;
mod sample;
mod dimension;
mod build;
mod grid;

use crate::scenario::{Diagnostics, Override, Sources};
pub use dimension::Placed;
pub use grid::{Cell, MOST_POINTS, Row, Space};
pub use names::VARIANT;
pub use range::{Between, MOST_STEPS};
pub use sample::Sample;
pub use value::{Quantity, Unit, Value, quoted};
pub use variant::{Assigned, Variant};
pub use vary::{Part, Values, Vary};

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
