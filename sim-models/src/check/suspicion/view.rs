//! What is known of a scenario that has no mistakes, found once for all suspicions.

use super::least::{Links, least};
use crate::plan::{self, Plan};
use crate::reliability;
use crate::resilience::PolicySpec;
use crate::scenario::Scenario;
use crate::scenario::pattern::CallIndex;
use crate::scenario::steps::{Part, Step, parts};
use crate::topology::{Demand, inevitable};
use indexmap::IndexSet;
use sim_core::SimDuration;
use std::cell::OnceCell;

/// A call of the scenario.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// Name of the service or workload that calls.
    pub(super) from: &'a str,
    /// Whether that is a workload.
    pub(super) outside: bool,
    /// The endpoint that is called, among all.
    pub(super) to: usize,
    /// The key of its policies, and these, outermost first.
    pub(super) key: Option<&'a str>,
    pub(super) policies: &'a [PolicySpec],
}

impl Call<'_> {
    /// The shortest limit on one attempt of it.
    pub(super) fn limit(&self) -> Option<SimDuration> {
        self.policies
            .iter()
            .filter_map(PolicySpec::time_limit)
            .min()
    }
}

/// What is known of a scenario that has no mistakes.
pub(super) struct View<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) demand: Demand<'a>,
    pub(super) index: CallIndex<'a>,
    pub(super) links: Links<'a>,
    /// Every call, each once.
    pub(super) calls: Vec<Call<'a>>,
    /// The least time that each endpoint can take, s.
    pub(super) least: Vec<f64>,
    /// As it is laid out, once somebody asks.
    pub(super) plan: OnceCell<Option<Plan>>,
    /// For each workload the numbers of the services that all of its requests need.
    pub(super) needed: Vec<Vec<usize>>,
    /// The share of each workload's requests that `fail` steps let through, once somebody asks.
    pub(super) calm: OnceCell<Vec<Option<f64>>>,
}

impl<'a> View<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        let demand = Demand::new(scenario);
        let endpoints = &demand.endpoints;
        let index = CallIndex::new(scenario);
        let links = Links::new(scenario);
        let mut pairs: IndexSet<(&str, bool, usize)> = IndexSet::new();
        for (number, name) in scenario.workloads.keys().enumerate() {
            let targets = endpoints.asked_by(number).iter();
            pairs.extend(targets.map(|to| (name.as_str(), true, *to)));
        }
        for endpoint in &endpoints.all {
            let callees = endpoint.callees.iter();
            pairs.extend(callees.map(|to| (endpoint.service, false, *to)));
        }
        let calls = pairs.into_iter().map(|(from, outside, to)| {
            let target = &endpoints.all[to].target;
            Call {
                from,
                outside,
                to,
                key: index.key(from, target),
                policies: index.policies(from, target),
            }
        });
        let calls: Vec<Call<'a>> = calls.collect();
        let least = least(endpoints, &index, &links);
        let needed = inevitable(scenario, endpoints);
        Self {
            scenario,
            demand,
            index,
            links,
            calls,
            least,
            plan: OnceCell::new(),
            needed,
            calm: OnceCell::new(),
        }
    }

    pub(super) fn plan(&self) -> Option<&Plan> {
        let plan = self.plan.get_or_init(|| plan::compile(self.scenario).ok());
        plan.as_ref()
    }

    /// The share of a workload's requests that is answered while no fault is on; none where it cannot be
    /// said.
    pub(super) fn calm(&self, workload: usize) -> Option<f64> {
        let calm = self.calm.get_or_init(|| {
            let plan = self.plan();
            plan.map_or_else(Vec::new, |plan| reliability::calm(self.scenario, plan))
        });
        calm.get(workload).copied().flatten()
    }

    /// A call from a place to an endpoint.
    pub(super) fn call(&self, from: &'a str, outside: bool, to: usize) -> Call<'a> {
        let target = &self.demand.endpoints.all[to].target;
        Call {
            from,
            outside,
            to,
            key: self.index.key(from, target),
            policies: self.index.policies(from, target),
        }
    }
}

/// The targets of the calls in some steps that a request makes and waits for, optional ones only where
/// `optional` says so; those in branches that need not end are left out.
pub(super) fn awaited<'s>(steps: &'s [Step], optional: bool, found: &mut IndexSet<&'s str>) {
    for part in parts(steps) {
        match part {
            Part::Calls {
                to,
                optional: can_do_without,
            } => {
                if optional || !can_do_without {
                    found.insert(to);
                }
            }
            Part::Together { branches, need } => {
                let all = need >= branches.len();
                for branch in branches.iter().filter(|_| all) {
                    awaited(branch, optional, found);
                }
            }
            Part::OneOf(arms) => {
                for (_, steps) in arms {
                    awaited(steps, optional, found);
                }
            }
            Part::Repeats { steps, .. } | Part::AtTimes(steps) => awaited(steps, optional, found),
            Part::Takes { .. } | Part::Ends { .. } | Part::Acquires(_) | Part::Releases(_) => {}
        }
    }
}
