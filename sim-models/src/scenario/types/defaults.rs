//! The defaults of a sane production system.
#![allow(missing_docs)]

use crate::quantity::distribution::DurationSpec;
use crate::quantity::units::{Bound, Rate, Size};
use sim_core::SimDuration;

#[must_use]
pub fn seed() -> u64 {
    1
}
#[must_use]
pub fn window() -> SimDuration {
    SimDuration::from_secs(1)
}
#[must_use]
pub fn one() -> u32 {
    1
}
#[must_use]
pub fn threads() -> Bound {
    Bound::Limit(64)
}
#[must_use]
pub fn backlog() -> Bound {
    Bound::Limit(128)
}
#[must_use]
pub fn zero_bound() -> Bound {
    Bound::Limit(0)
}
#[must_use]
pub fn unbounded() -> Bound {
    Bound::Unbounded
}
#[must_use]
pub fn day() -> SimDuration {
    SimDuration::from_secs(86_400)
}
#[must_use]
pub fn no_wait() -> DurationSpec {
    DurationSpec::constant(SimDuration::ZERO)
}
#[must_use]
pub fn clicks() -> u32 {
    3
}
#[must_use]
pub fn objective() -> f64 {
    0.999
}
#[must_use]
pub fn stretch() -> SimDuration {
    SimDuration::from_secs(30)
}
#[must_use]
pub fn events() -> u64 {
    2_000_000_000
}
#[must_use]
pub fn in_flight() -> u64 {
    5_000_000
}
#[must_use]
pub fn memory() -> Size {
    Size(4 << 30)
}
#[must_use]
pub fn rate() -> Rate {
    Rate(1.0)
}
