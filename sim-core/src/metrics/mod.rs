//! Measurement: durations, windows of durations, and levels over time.
//!
//! Everything here is plain data, can be cloned, and (but for [`Level`], which belongs to one clock)
//! merged; merging is exact and commutative, so results do not depend on the order of shards.
//! Units: recorded in integer nanoseconds, reported in seconds.
//!
//! Source: Gil Tene's HDR histogram. [`DurationStats`] counts on the steps of one with three significant
//! digits, 1024 per power of two, and [`WindowHistogram`] on 64; a record is one index and a few sums.

mod steps;
mod durations;
mod window;
mod level;

pub use durations::DurationStats;
pub use level::Level;
pub use window::{Snapshot, WindowHistogram};

#[cfg(test)]
mod tests;
