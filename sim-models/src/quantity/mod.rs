//! Quantities as scenarios write them: sizes, rates and bounds with their units, distributions, and points in
//! time that come again.

pub mod keys;
pub mod units;
pub mod distribution;
pub mod cron;

pub use units::{Bound, Rate, Size};
