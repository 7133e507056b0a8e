//! A checked scenario compiled to ids and flat programs. Nothing here changes while a run goes on,
//! and nothing here depends on the seed.
//!
//! Names become indices, step lists become one flat instruction list, patterns of links and calls are
//! resolved for every edge. What the world looks up while it runs is an index away.
//!
//! - `types`, `keepers`, `candidates`, `watched`: what a plan holds;
//! - `compiler`: the order of compiling; `places`, `steps`, `edges`, `links`, `loads`, `faults`
//!   and `controllers` are its parts, `needed` what doors that look ahead have to know;
//! - `live`: the plans that a run goes on by once somebody has set something.

mod keepers;
mod candidates;
mod watched;
mod types;
mod compiler;
pub mod live;
mod places;
mod steps;
mod links;
mod edges;
mod needed;
mod loads;
mod faults;
mod controllers;

pub use keepers::KeeperPlan;
pub use types::*;

use crate::scenario::Scenario;
use compiler::Compiler;

/// Compiles a scenario.
///
/// # Errors
/// What a scenario that passed its checks cannot contain: an unknown name, a distribution that
/// cannot be.
pub fn compile(scenario: &Scenario) -> Result<Plan, String> {
    Compiler::new(scenario).compile()
}

#[cfg(test)]
mod tests;
