//! Charts of many runs, from plain inputs: what varied, what was measured, and how sure that is.

pub mod data;
pub mod colours;
pub mod page;
pub mod axes;
pub mod curves;
pub mod heat_map;
pub mod along;
pub mod shares;
pub mod slices;
pub mod parallel;
pub mod forest;
pub mod pairs;
pub mod plane;
pub mod bars;

#[cfg(test)]
pub(crate) mod legible;
#[cfg(test)]
pub(crate) mod examples;
#[cfg(test)]
mod heat_examples;
#[cfg(test)]
mod more_examples;
