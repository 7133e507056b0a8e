//! Distributions as scenarios write them: `exponential("4ms")`, `lognormal(mean: "2ms", p99: "10ms")`.
//!
//! Every variant holds one struct. Positional arguments fill its fields in order, so the most
//! natural one comes first. Durations carry their unit; ratios (cv, shape, alpha, weights,
//! probabilities) are plain numbers. cv is the coefficient of variation: standard deviation over
//! mean. What the parameters mean exactly is told by the constructors of [`sim_core::dist::Dist`].

mod spec;
mod compile;

pub use spec::*;

#[cfg(test)]
mod tests;
