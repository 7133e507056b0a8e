//! Distributed systems on the engine: what a scenario says, the parts of a system and how they
//! behave, and what a run tells.
//!
//! This crate has never heard of a terminal, a file or a chart. Inside it a module uses only
//! modules above it in this list.
#![deny(missing_docs)]

pub mod ids;
pub mod outcome;
pub mod limits;
pub mod baggage;
pub mod counted;
pub mod spelling;
pub mod quantity;
pub mod resilience;
pub mod presets;
pub mod balancers;
pub mod queues;
pub mod faults;
pub mod signals;
pub mod expression;
pub mod controllers;
pub mod scenario;
pub mod topology;
pub mod plan;
pub mod reliability;
pub mod observe;
pub mod check;
pub mod input;
pub mod reference;
pub mod world;
pub mod experiment;

/// The program that makes the results: its version and a hash of the engine's sources, as in
/// `0.1.0+1f2e3d4c5b6a7988`. Two builds with equal texts yield equal results; the version stands alone
/// where the crate was built without the sources of the core beside it.
#[must_use]
pub const fn build() -> &'static str {
    env!("SIM_BUILD")
}
