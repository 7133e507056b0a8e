//! Scenarios that a setting was not tuned on.
//!
//! The best of them are other outages that users name. Besides, the scenario itself is changed as far
//! as that can be done in general: more load, less load, and without each of its faults.

use crate::plan;
use crate::scenario::{Scenario, Workload};

/// A scenario that was not tuned on, with each candidate in it.
#[derive(Clone, Debug)]
pub struct Other {
    /// What it is, for people.
    pub name: String,
    /// With the present setting.
    pub present: Scenario,
    /// With each candidate, in their order.
    pub candidates: Vec<Scenario>,
}

/// A change of a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    /// All workloads times this.
    Load(f64),
    /// Without this fault.
    Without(usize),
}

impl Change {
    fn apply(self, scenario: &Scenario) -> Scenario {
        let mut changed = scenario.clone();
        match self {
            Self::Load(factor) => changed.workloads.values_mut().for_each(|load| match load {
                Workload::Open(open) => open.rate.0 *= factor,
                Workload::Closed(closed) => {
                    let users = libm::round(f64::from(closed.users) * factor) as u32;
                    closed.users = users.max(1);
                }
            }),
            Self::Without(fault) => {
                changed.faults.remove(fault);
            }
        }
        changed
    }

    fn name(self, scenario: &Scenario) -> String {
        match self {
            Self::Load(factor) if factor < 1.0 => {
                format!("{:.0}% less load", (1.0 - factor) * 100.0)
            }
            Self::Load(factor) => format!("{:.0}% more load", (factor - 1.0) * 100.0),
            Self::Without(fault) => match &scenario.faults[fault].name {
                Some(name) => format!("without {name}"),
                None => format!("without fault {}", fault + 1),
            },
        }
    }
}

/// The scenario changed in general ways, with the same change in every candidate. Changes that cannot
/// be run with every candidate are left out.
#[must_use]
pub fn changed(present: &Scenario, candidates: &[Scenario]) -> Vec<Other> {
    let loads = [Change::Load(0.8), Change::Load(1.2)];
    let faults = (0..present.faults.len()).map(Change::Without);
    let others = loads.into_iter().chain(faults).filter_map(|change| {
        // A candidate may have another list of faults.
        let fits = |scenario: &Scenario| scenario.faults.len() == present.faults.len();
        if matches!(change, Change::Without(_)) && !candidates.iter().all(fits) {
            return None;
        }
        let there = change.apply(present);
        plan::compile(&there).is_ok().then(|| Other {
            name: change.name(present),
            present: there,
            candidates: candidates.iter().map(|one| change.apply(one)).collect(),
        })
    });
    others.collect()
}
