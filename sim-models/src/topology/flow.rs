//! What each endpoint does for one request, and how often each is visited.

use super::endpoints::Endpoints;
use crate::quantity::distribution::{CountSpec, DurationSpec};
use crate::resilience::PolicySpec;
use crate::scenario::pattern::{CallIndex, LinkIndex};
use crate::scenario::steps::{Part, Step, parts};
use crate::scenario::{Scenario, Threading, Workload};
use indexmap::IndexMap;

/// An edge of the graph: calls from one place to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calls {
    /// Expected calls for each request of the caller (over its mix of endpoints).
    pub per_request: f64,
    /// Calls per second under the workloads of the scenario.
    pub rate: f64,
    /// Whether the caller can do without all of them.
    pub optional: bool,
}

/// Expected work of one request at an endpoint. Units: seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointFlow {
    /// Expected calls, by `service/endpoint`; whether they are optional.
    pub calls: IndexMap<String, (f64, bool)>,
    /// Core time.
    pub work: f64,
    /// Time from start to answer if nothing queues: work, waits, and callees with their links;
    /// parallel branches count as the longest of their means.
    pub latency: f64,
    /// Time that it holds a thread.
    pub held: f64,
    /// Time that it holds something out of each pool, summed over all that it holds of it.
    pub pools: IndexMap<String, f64>,
    /// Visits per second under the workloads of the scenario.
    pub rate: f64,
    /// The part of `rate` that comes from open workloads.
    pub open_rate: f64,
}

pub(super) struct Flows {
    pub endpoints: IndexMap<String, EndpointFlow>,
    /// Which of them each service has.
    of_services: IndexMap<String, Vec<usize>>,
}

/// Rounds in a circle beyond which no more visits are added.
const MOST_ROUNDS: usize = 200;
/// Visits per second that lead to no more of them in a circle.
const LEAST: f64 = 1e-9;

type Edge = ((bool, String), String);

impl Flows {
    pub fn new(scenario: &Scenario, endpoints: &Endpoints<'_>) -> Self {
        let mut flows = Self {
            endpoints: IndexMap::with_capacity(endpoints.all.len()),
            of_services: IndexMap::new(),
        };
        let links = Latencies::new(scenario);
        for at in calling_order(endpoints) {
            let endpoint = &endpoints.all[at];
            let mut reader = StepReader {
                flows: &flows,
                links: &links,
                service: endpoint.service,
                flow: EndpointFlow::default(),
                threaded_work: 0.0,
            };
            let latency = reader.steps(endpoint.steps, 1.0, true);
            let (mut flow, threaded) = (reader.flow, reader.threaded_work);
            flow.latency = latency;
            flow.held = match endpoint.of.threading {
                Threading::Sync => latency,
                Threading::Async => threaded,
            };
            flows.endpoints.insert(endpoint.target.clone(), flow);
        }
        for (number, target) in flows.endpoints.keys().enumerate() {
            let service = target.split('/').next().unwrap_or("");
            let own = flows.of_services.entry(service.into()).or_default();
            own.push(number);
        }
        flows.visit(scenario, endpoints);
        flows
    }

    /// Spreads the rates of the workloads over the endpoints: callers first, and round after round where
    /// they call each other in a circle.
    fn visit(&mut self, scenario: &Scenario, endpoints: &Endpoints<'_>) {
        // Visits per second, and those of them that come from open workloads: where calls may share an answer, none
        // comes no matter what.
        let mut visits = vec![(0.0, 0.0); endpoints.all.len()];
        let shared = Shared::new(scenario);
        for (name, load) in &scenario.workloads {
            let (rate, open) = rate_of(load, self);
            let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
            for (target, weight) in load.targets().iter() {
                if let Some(to) = endpoints.find(target) {
                    let own = rate * weight / total;
                    visits[to].0 += own;
                    visits[to].1 += if open {
                        own * shared.left(name, target)
                    } else {
                        0.0
                    };
                }
            }
        }
        let mut circle_of = vec![usize::MAX; endpoints.all.len()];
        for (number, circle) in endpoints.circles.iter().enumerate() {
            for at in circle {
                circle_of[*at] = number;
            }
        }
        let calls = |flows: &Self, at: usize| -> Vec<(usize, f64)> {
            let flow = &flows.endpoints[&endpoints.all[at].target];
            let calls = flow.calls.iter();
            calls
                .filter_map(|(target, (calls, _))| Some((endpoints.find(target)?, *calls)))
                .collect()
        };
        let mut done = vec![false; endpoints.all.len()];
        for at in endpoints.order.iter().rev() {
            if done[*at] {
                continue;
            }
            let number = circle_of[*at];
            let alone = [*at];
            let group: &[usize] = match endpoints.circles.get(number) {
                Some(circle) => {
                    go_round(circle, &mut visits, |at| {
                        let inside = |call: &(usize, f64)| circle_of[call.0] == number;
                        calls(self, at).into_iter().filter(inside).collect()
                    });
                    circle
                }
                None => &alone,
            };
            for at in group {
                done[*at] = true;
                for (to, calls) in calls(self, *at) {
                    if number == usize::MAX || circle_of[to] != number {
                        visits[to].0 += visits[*at].0 * calls;
                        let (from, target) =
                            (endpoints.all[*at].service, &endpoints.all[to].target);
                        visits[to].1 += visits[*at].1 * calls * shared.left(from, target);
                    }
                }
            }
        }
        for (endpoint, (rate, open)) in endpoints.all.iter().zip(visits) {
            if let Some(flow) = self.endpoints.get_mut(&endpoint.target) {
                (flow.rate, flow.open_rate) = (rate, open);
            }
        }
    }

    /// Who calls whom; callers are (whether it is a service, its name).
    pub fn edges(&self, scenario: &Scenario) -> IndexMap<Edge, Calls> {
        let mut edges: IndexMap<Edge, Calls> = IndexMap::new();
        let mut add = |from: (bool, &str), target: &str, rate: f64, share: f64, optional: bool| {
            let Some((to, _)) = target.split_once('/') else {
                return;
            };
            let key = ((from.0, from.1.to_owned()), to.to_owned());
            let calls = edges.entry(key).or_insert(Calls {
                per_request: 0.0,
                rate: 0.0,
                optional: true,
            });
            calls.per_request += share;
            calls.rate += rate;
            calls.optional &= optional;
        };
        for (name, load) in &scenario.workloads {
            let (rate, _) = rate_of(load, self);
            let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
            for (target, weight) in load.targets().iter() {
                add(
                    (false, name),
                    target,
                    rate * weight / total,
                    weight / total,
                    false,
                );
            }
        }
        for name in scenario.services.keys() {
            let of_service = || self.of_service(name);
            let total: f64 = of_service().map(|flow| flow.rate).sum();
            let count = of_service().count().max(1) as f64;
            for flow in of_service() {
                // Without any load the endpoints count alike.
                let share = if total > 0.0 {
                    flow.rate / total
                } else {
                    1.0 / count
                };
                for (target, (calls, optional)) in &flow.calls {
                    add(
                        (true, name),
                        target,
                        flow.rate * calls,
                        share * calls,
                        *optional,
                    );
                }
            }
        }
        edges
    }

    /// The endpoints of a service.
    pub fn of_service(&self, name: &str) -> impl Iterator<Item = &EndpointFlow> {
        let own = self.of_services.get(name).map_or(&[][..], Vec::as_slice);
        own.iter().map(|number| &self.endpoints[*number])
    }
}

/// Whether the calls of a pair may share answers.
pub(super) struct Shared<'a>(Option<CallIndex<'a>>);

impl<'a> Shared<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        let shares =
            scenario.most_keys() > 0 && (scenario.calls.values().flatten()).any(PolicySpec::shares);
        Self(shares.then(|| CallIndex::new(scenario)))
    }

    /// The share of these calls that comes to the callee no matter what.
    pub(super) fn left(&self, from: &str, target: &str) -> f64 {
        let shares = self.0.as_ref().is_some_and(|index| {
            let policies = index.policies(from, target);
            policies.iter().any(PolicySpec::shares)
        });
        if shares { 0.0 } else { 1.0 }
    }
}

/// Requests per second of a workload, and whether they come no matter what; for a closed one the
/// most that its users can ask for.
fn rate_of(load: &Workload, flows: &Flows) -> (f64, bool) {
    match load {
        Workload::Open(open) => (open.rate.0 * f64::from(open.batch), true),
        Workload::Closed(closed) => {
            let total: f64 = closed.to.iter().map(|(_, weight)| weight).sum();
            let latency: f64 = closed
                .to
                .iter()
                .filter_map(|(target, weight)| {
                    Some(flows.endpoints.get(target)?.latency * weight / total)
                })
                .sum();
            let cycle = seconds(&closed.think) + latency;
            let rate = f64::from(closed.users) / cycle;
            (if rate.is_finite() { rate } else { 0.0 }, false)
        }
    }
}

/// Adds to the visits of those in a circle what they lead to among themselves.
fn go_round(
    circle: &[usize],
    visits: &mut [(f64, f64)],
    calls: impl Fn(usize) -> Vec<(usize, f64)>,
) {
    let inside: Vec<Vec<(usize, f64)>> = circle
        .iter()
        .map(|at| {
            let calls = calls(*at).into_iter();
            calls
                .filter_map(|(to, calls)| Some((circle.binary_search(&to).ok()?, calls)))
                .collect()
        })
        .collect();
    let mut wave: Vec<(f64, f64)> = circle.iter().map(|at| visits[*at]).collect();
    for _ in 1..MOST_ROUNDS {
        let mut next = vec![(0.0, 0.0); circle.len()];
        let mut any = false;
        for ((rate, open), calls) in wave.iter().zip(&inside) {
            if *rate <= LEAST {
                continue;
            }
            for (to, calls) in calls {
                next[*to].0 += rate * calls;
                next[*to].1 += open * calls;
                any = true;
            }
        }
        for (at, (rate, open)) in circle.iter().zip(&next) {
            if *rate > LEAST {
                visits[*at].0 += rate;
                visits[*at].1 += open;
            }
        }
        wave = next;
        if !any {
            break;
        }
    }
}

/// All endpoints, each after those that it calls in the order of its steps, as far as these do not lead
/// back to it: depth first, in the order of the scenario.
fn calling_order(endpoints: &Endpoints<'_>) -> Vec<usize> {
    let mut order = Vec::with_capacity(endpoints.all.len());
    let mut seen = vec![false; endpoints.all.len()];
    for start in 0..endpoints.all.len() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        // An endpoint, and how many of its callees have been looked at.
        let mut open = vec![(start, 0)];
        while let Some((at, next)) = open.last_mut() {
            match endpoints.all[*at].callees.get(*next) {
                Some(callee) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[*callee], true) {
                        open.push((*callee, 0));
                    }
                }
                None => {
                    order.push(*at);
                    open.pop();
                }
            }
        }
    }
    order
}

/// The mean one-way latencies of links between places as wholes.
pub(super) struct Latencies<'a> {
    index: LinkIndex<'a>,
    /// By the number of the link, s.
    means: Vec<f64>,
}

impl<'a> Latencies<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        let links = scenario.links.values();
        Self {
            index: LinkIndex::new(scenario),
            means: links.map(|link| seconds(&link.latency)).collect(),
        }
    }

    /// Between two places that are not instances, s.
    pub fn between(&self, from: &str, to: &str) -> f64 {
        let found = self.index.find(from, to);
        found.map_or(0.0, |(number, _)| self.means[number])
    }
}

struct StepReader<'a> {
    flows: &'a Flows,
    links: &'a Latencies<'a>,
    service: &'a str,
    flow: EndpointFlow,
    /// Work outside parallel branches.
    threaded_work: f64,
}

impl StepReader<'_> {
    /// Adds steps that run `times` times per request; returns their mean latency for one run.
    fn steps(&mut self, steps: &[Step], times: f64, threaded: bool) -> f64 {
        let mut going = 1.0;
        let mut latency = 0.0;
        let mut held: Vec<(&str, f64)> = Vec::new();
        for part in parts(steps) {
            latency += going * self.part(&part, times * going, threaded);
            match part {
                Part::Ends { share } => going *= 1.0 - share,
                Part::Acquires(pool) => held.push((pool, latency)),
                Part::Releases(pool) => {
                    if let Some(at) = held.iter().rposition(|(other, _)| *other == pool) {
                        let (_, since) = held.remove(at);
                        self.hold(pool, times * (latency - since));
                    }
                }
                _ => {}
            }
        }
        // What is not released is held at least until the steps end that stand with it.
        for (pool, since) in held {
            self.hold(pool, times * (latency - since));
        }
        latency
    }

    /// A request holds something out of a pool for so long.
    fn hold(&mut self, pool: &str, span: f64) {
        *self.flow.pools.entry(pool.into()).or_insert(0.0) += span;
    }

    fn part(&mut self, part: &Part<'_>, times: f64, threaded: bool) -> f64 {
        match part {
            Part::Takes { span, core } => {
                let mean = seconds(span);
                if *core {
                    self.flow.work += times * mean;
                    if threaded {
                        self.threaded_work += times * mean;
                    }
                }
                mean
            }
            Part::Calls { to, optional } => {
                let entry = self.flow.calls.entry((*to).into()).or_insert((0.0, true));
                entry.0 += times;
                entry.1 &= optional;
                let callee = self.flows.endpoints.get(*to);
                let to = to.split('/').next().unwrap_or("");
                let link = 2.0 * self.links.between(self.service, to);
                // Of those that lead back here nothing is known yet: a circle counts once.
                link + callee.map_or(0.0, |flow| flow.latency)
            }
            Part::Together { branches, need } => {
                let branches = branches.iter();
                let mut means: Vec<f64> = branches
                    .map(|branch| self.steps(branch, times, false))
                    .collect();
                means.sort_by(f64::total_cmp);
                means.get(need.saturating_sub(1)).copied().unwrap_or(0.0)
            }
            Part::OneOf(arms) => {
                let total: f64 = arms.iter().map(|(weight, _)| weight).sum();
                let arms = arms.iter();
                arms.map(|(weight, steps)| {
                    let share = weight / total;
                    share * self.steps(steps, times * share, threaded)
                })
                .sum()
            }
            // Who runs them is not known before a run: what is sure is counted, that they may.
            Part::AtTimes(steps) => {
                self.steps(steps, 0.0, threaded);
                0.0
            }
            Part::Repeats {
                times: often,
                steps,
            } => {
                let count = count(often);
                count * self.steps(steps, times * count, threaded)
            }
            // How long a pool makes wait depends on how many there are.
            Part::Ends { .. } | Part::Acquires(_) | Part::Releases(_) => 0.0,
        }
    }
}

/// The mean of a distribution in seconds; 0 if there is no such distribution.
pub(crate) fn seconds(spec: &DurationSpec) -> f64 {
    spec.compile().map_or(0.0, |dist| dist.mean() / 1e9)
}

/// The mean of a count; 0 if there is no such distribution.
pub(super) fn count(spec: &CountSpec) -> f64 {
    spec.compile().map_or(0.0, |dist| dist.mean())
}
