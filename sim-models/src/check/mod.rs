//! What a scenario means, and what is wrong with that.
//!
//! Errors are reported all at once; what is legal but suspicious is looked for only where there are
//! none.

mod checker;
mod run;
mod divided;
mod fallbacks;
mod faults;
mod goals;
mod controllers;
mod pools;
mod sizes;
pub(crate) mod memory;
mod steps;
mod suspicion;
mod system;
#[cfg(test)]
mod tests;

pub use checker::Origin;

use crate::scenario::Scenario;
use crate::scenario::diagnostics::{Code, Diagnostics, Severity};
use crate::scenario::source::Span;
use checker::Checker;
use std::collections::BTreeMap;

/// Checks a scenario. Returns what is wrong and what is suspicious; with places if it is known where
/// the scenario was read from.
#[must_use]
pub fn check(scenario: &Scenario, origin: Option<Origin<'_>>) -> (Diagnostics, Diagnostics) {
    look(scenario, origin, true)
}

/// Whether nothing is wrong with a scenario; what is suspicious is not looked for, which is most of the work.
#[must_use]
pub fn is_sound(scenario: &Scenario) -> bool {
    errors(scenario).is_empty()
}

/// What is wrong with a scenario, without places.
fn errors(scenario: &Scenario) -> Diagnostics {
    look(scenario, None, false).0
}

fn look(
    scenario: &Scenario,
    origin: Option<Origin<'_>>,
    suspicions: bool,
) -> (Diagnostics, Diagnostics) {
    let mut checker = Checker::new(scenario, origin);
    checker.run();
    checker.system();
    checker.faults();
    checker.sizes();
    checker.goals();
    checker.controllers();
    checker.other_targets_end();
    if suspicions && checker.found.is_empty() {
        checker.suspicions();
    }
    // Whole diagnostics may come twice where a place is checked from two sides.
    let mut found: Diagnostics = Vec::new();
    let mut seen: BTreeMap<(Code, Option<Span>, String), Vec<usize>> = BTreeMap::new();
    for diagnostic in checker.found {
        let key = (diagnostic.code, diagnostic.span, diagnostic.message.clone());
        let alike = seen.entry(key).or_default();
        if !alike.iter().any(|other| found[*other] == diagnostic) {
            alike.push(found.len());
            found.push(diagnostic);
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.span);
    found
        .into_iter()
        .partition(|diagnostic| diagnostic.severity() == Severity::Error)
}
