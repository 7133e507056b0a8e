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

#[cfg(test)]
pub(crate) mod legible;
#[cfg(test)]
pub(crate) mod examples;
