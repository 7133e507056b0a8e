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

mod axis;
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

pub use axis::{Axis, Coordinate, Point, Unresolved};
pub use dimension::Placed;
pub use grid::{Cell, MOST_POINTS, Row, Space};
pub use names::VARIANT;
pub use range::{Between, MOST_STEPS};
pub use sample::Sample;
pub use value::{Quantity, Unit, Value, quoted};
pub use variant::{Assigned, Variant};
pub use vary::{Part, Values, Vary};
