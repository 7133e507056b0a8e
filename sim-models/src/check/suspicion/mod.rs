//! What is legal but suspicious.
//!
//! Every suspicion states the numbers that it compared, and is silent on a system that is well. All of
//! it is linear in the graph: what is known of a callee is found once, callees first, and no path is
//! walked along.

mod beliefs;
mod circles;
mod disturbances;
mod graph;
mod load;
mod lost;
mod paths;
mod patterns;
mod policies;
mod storm;
mod times;
mod crash;

use super::Checker;
use crate::plan::{self, Plan};
use crate::reliability;
use crate::resilience::PolicySpec;
use crate::scenario::pattern::CallIndex;
use crate::scenario::{Need, Scenario, Step};
use crate::topology::{Demand, inevitable};
use indexmap::IndexSet;
use sim_core::SimDuration;
use std::cell::OnceCell;
use times::Links;

/// A call of the scenario.
#[derive(Clone, Copy)]
struct Call<'a> {
    /// Name of the service or workload that calls.
    from: &'a str,
    /// Whether that is a workload.
    outside: bool,
    /// The endpoint that is called, among all.
    to: usize,
    /// The key of its policies, and these, outermost first.
    key: Option<&'a str>,
    policies: &'a [PolicySpec],
}

impl Call<'_> {
    /// The shortest limit on one attempt of it.
    fn limit(&self) -> Option<SimDuration> {
        self.policies
            .iter()
            .filter_map(PolicySpec::time_limit)
            .min()
    }
}

/// What is known of a scenario that has no mistakes.
struct View<'a> {
    scenario: &'a Scenario,
    demand: Demand<'a>,
    index: CallIndex<'a>,
    links: Links<'a>,
    /// Every call, each once.
    calls: Vec<Call<'a>>,
    /// The least time that each endpoint can take, s.
    least: Vec<f64>,
    /// As it is laid out, once somebody asks.
    plan: OnceCell<Option<Plan>>,
    /// For each workload the numbers of the services that all of its requests need.
    needed: Vec<Vec<usize>>,
    /// The share of each workload's requests that `fail` steps let through, once somebody asks.
    calm: OnceCell<Vec<Option<f64>>>,
}

impl<'a> View<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let demand = Demand::new(scenario);
        let endpoints = &demand.endpoints;
        let index = CallIndex::new(scenario);
        let links = Links::new(scenario);
        let mut pairs: IndexSet<(&str, bool, usize)> = IndexSet::new();
        for (name, load) in &scenario.workloads {
            let targets = load
                .targets()
                .iter()
                .filter_map(|(to, _)| endpoints.find(to));
            pairs.extend(targets.map(|to| (name.as_str(), true, to)));
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
        let least = times::least(endpoints, &index, &links);
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

    fn plan(&self) -> Option<&Plan> {
        let plan = self.plan.get_or_init(|| plan::compile(self.scenario).ok());
        plan.as_ref()
    }

    /// The share of a workload's requests that is answered while no fault is on; none where it cannot be
    /// said.
    fn calm(&self, workload: usize) -> Option<f64> {
        let calm = self.calm.get_or_init(|| {
            let plan = self.plan();
            plan.map_or_else(Vec::new, |plan| reliability::calm(self.scenario, plan))
        });
        calm.get(workload).copied().flatten()
    }

    /// A call from a place to an endpoint.
    fn call(&self, from: &'a str, outside: bool, to: usize) -> Call<'a> {
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

impl Checker<'_> {
    pub(super) fn suspicions(&mut self) {
        let view = View::new(self.scenario);
        for (key, policies) in &self.scenario.calls {
            self.timeouts_in_order(key, policies);
            self.retries_are_sound(key, policies);
            self.backoffs_fit(key, policies);
            self.late_ones_are_retried(key, policies);
            self.breakers_hear(key, policies);
        }
        self.answers_come_in_time(&view);
        self.callees_outlast(&view);
        self.attempts_multiply(&view);
        self.load_fits(&view);
        self.peaks_fit(&view);
        self.crowds_fit(&view);
        self.crowds_have_room(&view);
        self.crashes_leave_enough(&view);
        self.calls_end(&view);
        self.storms_end(&view);
        self.shape_of_graph(&view);
        self.requests_end(&view);
        self.choices_have_arms();
        self.patterns_match(&view);
        self.time_goes_on(&view);
        self.faults_end();
        self.faults_hit(&view);
        self.options_work();
        self.recovery_can_be_seen();
        self.warmup_ends_in_time();
        self.checks_say_something();
        self.checks_can_hold(&view);
    }
}

/// The targets of the calls in some steps that a request makes and waits for, optional ones only where
/// `optional` says so; those in branches that need not end are left out.
fn awaited<'s>(steps: &'s [Step], optional: bool, found: &mut IndexSet<&'s str>) {
    for step in steps {
        match step {
            Step::Call(call) => {
                if optional || !call.optional {
                    found.insert(&call.to);
                }
            }
            Step::Parallel(parallel) => {
                let all = match parallel.need {
                    Need::All => true,
                    Need::First(need) => need as usize >= parallel.branches.len(),
                };
                for branch in parallel.branches.iter().filter(|_| all) {
                    awaited(branch, optional, found);
                }
            }
            Step::Choice(choice) => {
                for arm in &choice.arms {
                    awaited(&arm.steps, optional, found);
                }
            }
            Step::Repeat(repeat) => awaited(&repeat.steps, optional, found),
            Step::Work(_) | Step::Wait(_) | Step::Fail(_) => {}
        }
    }
}

/// Some names, not more than anybody reads: "`a`, `b` and 7 others".
fn named(names: &[String]) -> String {
    const MOST: usize = 3;
    let quoted = |name: &String| format!("`{name}`");
    match names {
        [] => String::new(),
        [only] => quoted(only),
        [head @ .., last] if names.len() <= MOST => {
            let head: Vec<String> = head.iter().map(quoted).collect();
            format!("{} and {}", head.join(", "), quoted(last))
        }
        _ => {
            let head: Vec<String> = names[..MOST - 1].iter().map(quoted).collect();
            format!(
                "{} and {} others",
                head.join(", "),
                names.len() - (MOST - 1)
            )
        }
    }
}

fn rounded(number: f64) -> String {
    if number >= 100.0 || number.fract() == 0.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

/// A time in seconds, as it is written.
fn span(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds)
}
