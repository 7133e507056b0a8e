//! The least time that messages, steps and endpoints can take.

use crate::quantity::distribution::DurationSpec;
use crate::resilience::PolicySpec;
use crate::scenario::pattern::{CallIndex, LinkIndex};
use crate::scenario::steps::{Part, Step, parts};
use crate::scenario::{Scenario, Service};
use crate::topology::Endpoints;

/// The least delay of messages between places as wholes.
pub(super) struct Links<'a> {
    /// Which link of the scenario is meant.
    pub index: LinkIndex<'a>,
    /// Its delay, s.
    delays: Vec<f64>,
    /// The least of all, where links of single instances or of places may be meant.
    all: Option<f64>,
}

impl<'a> Links<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        let index = LinkIndex::new(scenario);
        let links = scenario.links.values();
        let delays: Vec<f64> = links.map(|link| least_of(&link.latency)).collect();
        let all = delays.iter().copied().fold(f64::INFINITY, f64::min);
        Self {
            all: (!index.others.is_empty()).then_some(all),
            index,
            delays,
        }
    }

    /// The least delay one way, s.
    fn least(&self, from: &str, to: &str) -> f64 {
        let found = self.index.find(from, to);
        let own = found.map_or(0.0, |(number, _)| self.delays[number]);
        self.all.map_or(own, |all| all.min(own))
    }

    /// The least delay of both messages of a call, s: the way back may be another one.
    pub fn both(&self, from: &str, to: &str) -> f64 {
        let there = self.least(from, to);
        let says = |from, to| self.index.says(from, to).is_some();
        let known = says(to, from) || says(to, "*");
        there
            + if known {
                there.min(self.least(to, from))
            } else {
                there
            }
    }
}

/// The least that a duration can be, s.
fn least_of(spec: &DurationSpec) -> f64 {
    spec.compile()
        .map_or(0.0, |dist| dist.least().max(0.0) / 1e9)
}

/// The least time that each endpoint can take to answer well while nothing waits, s.
pub(super) fn least(
    endpoints: &Endpoints<'_>,
    index: &CallIndex<'_>,
    links: &Links<'_>,
) -> Vec<f64> {
    let mut least = vec![0.0; endpoints.all.len()];
    for at in &endpoints.order {
        let endpoint = &endpoints.all[*at];
        let reader = Reader {
            endpoints,
            index,
            links,
            known: &least,
            service: endpoint.service,
            of: endpoint.of,
        };
        least[*at] = reader.steps(endpoint.steps);
    }
    least
}

struct Reader<'r, 'a> {
    endpoints: &'r Endpoints<'a>,
    index: &'r CallIndex<'a>,
    links: &'r Links<'a>,
    known: &'r [f64],
    service: &'r str,
    of: &'r Service,
}

impl Reader<'_, '_> {
    fn steps(&self, steps: &[Step]) -> f64 {
        let mut sum = 0.0;
        for part in parts(steps) {
            sum += match part {
                Part::Takes { span, core: true } => work_time(self.of, least_of(span)),
                Part::Takes { span, core: false } => least_of(span),
                Part::Calls { to, .. } => self.call(to),
                Part::Together { branches, need } => {
                    let branches = branches.iter();
                    let mut each: Vec<f64> = branches.map(|branch| self.steps(branch)).collect();
                    each.sort_by(f64::total_cmp);
                    each.get(need.saturating_sub(1)).copied().unwrap_or(0.0)
                }
                Part::OneOf(arms) => {
                    let arms = arms.iter().map(|(_, steps)| self.steps(steps));
                    arms.min_by(f64::total_cmp).unwrap_or(0.0)
                }
                Part::Repeats { times, steps } => {
                    let times = times.compile().map_or(0.0, |dist| dist.least());
                    times.max(0.0) * self.steps(steps)
                }
                Part::Ends { share } if share >= 1.0 => break,
                Part::AtTimes(_) | Part::Ends { .. } | Part::Acquires(_) | Part::Releases(_) => 0.0,
            };
        }
        sum
    }

    /// Of a call: no longer than its limits, whatever becomes of it then.
    fn call(&self, target: &str) -> f64 {
        let Some(callee) = self.endpoints.find(target) else {
            return 0.0;
        };
        let to = self.endpoints.all[callee].service;
        let own = self.links.both(self.service, to) + self.known[callee];
        let policies = self.index.policies(self.service, target).iter();
        let limits = policies.filter_map(PolicySpec::time_limit);
        limits.map(|limit| limit.as_secs_f64()).fold(own, f64::min)
    }
}

/// How long work takes at least: a job alone gets one core, or what there is of one.
pub(super) fn work_time(of: &Service, demand: f64) -> f64 {
    demand / of.cores.unwrap_or(1.0).min(1.0)
}
