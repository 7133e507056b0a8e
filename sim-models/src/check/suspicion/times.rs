//! The least time that calls can take, against the time that their callers wait.

use super::super::{Checker, at};
use super::{Call, View, span, storm};
use crate::quantity::distribution::DurationSpec;
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::{CallIndex, LinkIndex};
use crate::scenario::{Need, Scenario, Service, Step, Workload};
use crate::topology::{Endpoint, Endpoints, Place};
use petgraph::visit::EdgeRef;
use sim_core::dist::Dist;
use std::collections::BTreeMap;

/// The share of attempts from which on a limit is called too short, whatever becomes of them.
const MOST: f64 = 0.5;
/// The share of requests that a limit may cost beyond what the objective allows.
const LOST: f64 = 0.01;

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
        for step in steps {
            sum += match step {
                Step::Work(work) => work_time(self.of, least_of(&work.demand)),
                Step::Wait(wait) => least_of(&wait.span),
                Step::Call(call) => self.call(&call.to),
                Step::Parallel(parallel) => {
                    let branches = parallel.branches.iter();
                    let mut each: Vec<f64> = branches.map(|branch| self.steps(branch)).collect();
                    each.sort_by(f64::total_cmp);
                    let need = match parallel.need {
                        Need::All => each.len(),
                        Need::First(need) => need as usize,
                    };
                    each.get(need.saturating_sub(1)).copied().unwrap_or(0.0)
                }
                Step::Choice(choice) => {
                    let arms = choice.arms.iter().map(|arm| self.steps(&arm.steps));
                    arms.min_by(f64::total_cmp).unwrap_or(0.0)
                }
                Step::Repeat(repeat) => {
                    let times = repeat.times.compile().map_or(0.0, |dist| dist.least());
                    times.max(0.0) * self.steps(&repeat.steps)
                }
                Step::Fail(fail) if fail.share >= 1.0 => break,
                Step::Fail(_) => 0.0,
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

/// A share in per cent, no larger than it is.
pub(super) fn percent(share: f64) -> f64 {
    let digits = if share < 0.1 { 10.0 } else { 1.0 };
    // A share such as 0.001 is not quite that.
    (share * 100.0 * digits + 1e-9).floor() / digits
}

/// For each call between services, its caller and its target, how many of all requests make it and cannot
/// do without it, as a share.
fn shares<'v>(view: &'v View<'_>) -> BTreeMap<(&'v str, &'v str), f64> {
    let graph = &view.demand.topology.graph;
    let outside = graph
        .edge_references()
        .filter(|edge| matches!(graph[edge.source()], Place::Workload(_)));
    let all: f64 = outside.map(|edge| edge.weight().rate).sum();
    let mut shares = BTreeMap::new();
    for (name, flow) in &view.demand.topology.endpoints {
        let Some((service, _)) = name.split_once('/') else {
            continue;
        };
        for (target, (calls, optional)) in &flow.calls {
            if !optional && all > 0.0 {
                *shares.entry((service, target.as_str())).or_insert(0.0) += flow.rate * calls / all;
            }
        }
    }
    shares
}

/// How long work takes at least: a job alone gets one core, or what there is of one.
fn work_time(of: &Service, demand: f64) -> f64 {
    demand / of.cores.unwrap_or(1.0).min(1.0)
}

/// What an endpoint does itself, whatever it calls.
struct Own {
    /// How long each of its steps takes, ns, and by what work is stretched.
    times: Vec<(Dist, f64)>,
    /// Whether some requests fail before they get to the end: what can fail before a step need not get
    /// there.
    fails: bool,
}

impl Own {
    fn of(endpoint: &Endpoint<'_>) -> Self {
        let steps = endpoint.steps.iter();
        let times = steps.filter_map(|step| match step {
            Step::Work(work) => Some((work.demand.compile().ok()?, work_time(endpoint.of, 1.0))),
            Step::Wait(wait) => Some((wait.span.compile().ok()?, 1.0)),
            _ => None,
        });
        let mut steps = endpoint.steps.iter();
        Self {
            times: times.collect(),
            fails: steps.any(|step| matches!(step, Step::Fail(_))),
        }
    }
}

impl Checker<'_> {
    /// Whether callees can answer while their callers wait.
    pub(super) fn answers_come_in_time(&mut self, view: &View<'_>) {
        let shares = shares(view);
        let mut own: BTreeMap<usize, Own> = BTreeMap::new();
        for call in &view.calls {
            let patience = match view.scenario.workloads.get(call.from) {
                Some(Workload::Closed(closed)) if call.outside => closed.patience.as_ref(),
                _ => None,
            };
            let patience = patience.and_then(|patience| patience.compile().ok()?.constant());
            let patience = patience.map(|ns| ns / 1e9);
            let limit = call.limit().map(|limit| limit.as_secs_f64());
            let Some(limit) = limit.into_iter().chain(patience).min_by(f64::total_cmp) else {
                continue;
            };
            let target = view.demand.endpoints.all[call.to].target.as_str();
            let share = if call.outside {
                1.0
            } else {
                shares
                    .get(&(call.from, target))
                    .map_or(0.0, |share| share.min(1.0))
            };
            let own = own
                .entry(call.to)
                .or_insert_with(|| Own::of(&view.demand.endpoints.all[call.to]));
            self.answer_comes_in_time(view, (call, own), limit, share);
        }
    }

    fn answer_comes_in_time(
        &mut self,
        view: &View<'_>,
        (call, own): (&Call<'_>, &Own),
        limit: f64,
        share: f64,
    ) {
        let callee = &view.demand.endpoints.all[call.to];
        let target = &callee.target;
        let ways = view.links.both(call.from, callee.service);
        let least = ways + view.least[call.to];
        let who = call.key.unwrap_or(call.from);
        let limit_span = span(limit);
        let message = if least > limit {
            let via = if ways > 0.0 {
                format!(" (and the way there and back {})", span(ways))
            } else {
                String::new()
            };
            format!(
                "`{target}` takes at least {}{via}, but `{who}` gives up after {limit_span}: no attempt is ever answered in time",
                span(view.least[call.to])
            )
        } else {
            // All else at its shortest, one step alone may be too long.
            let left = limit - least;
            let late = own
                .times
                .iter()
                .map(|(dist, factor)| dist.survival(dist.least() + left / factor * 1e9));
            let late = late.fold(0.0, f64::max);
            let lost = share * libm::pow(late, storm::attempts_that_fit(call.policies, true));
            let allowed = 1.0 - view.scenario.hypothesis.objective;
            if own.fails || (late <= MOST && lost <= allowed + LOST) {
                return;
            }
            let objective = if late <= MOST {
                format!(
                    ": {} % of the requests are lost to that, and the objective allows {} %",
                    percent(lost),
                    percent(allowed)
                )
            } else {
                String::new()
            };
            format!(
                "`{who}` gives up after {limit_span}, but `{target}` takes longer than that in {} % of all cases, without any queue{objective}",
                percent(late)
            )
        };
        let span = match call.key {
            Some(key) => self.key_span(at!["calls"], key),
            None => self.key_span(at!["workloads"], call.from),
        };
        self.report_at(Code::NeverInTime, span, message)
            .help
            .push("let the caller wait for longer, or the callee take less".into());
    }
}
