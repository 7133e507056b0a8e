//! Distributions as scenarios write them.
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// A distribution of durations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DurationSpec {
    /// Always the same.
    Constant(ConstantSpec),
}
/// Always the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantSpec {
    /// The value.
    pub value: SimDuration,
}
/// A distribution of counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountSpec {
    /// Always the same.
    Constant(u32),
}
impl DurationSpec {
    /// Always `value`.
    #[must_use]
    pub fn constant(value: SimDuration) -> Self {
        Self::Constant(ConstantSpec { value })
    }
}
