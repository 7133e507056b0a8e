//! What each endpoint does for one request, and how often each is visited.

use super::Calls;
use crate::scenario::distribution::{CountSpec, DurationSpec};
use crate::scenario::pattern::most_specific_link;
use crate::scenario::{Need, Scenario, Step, Threading, Workload};
use indexmap::IndexMap;

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

/// Endpoints that call themselves more often than this add no more visits.
const MOST_ROUNDS: usize = 200;

type Edge = ((bool, String), String);

impl Flows {
    pub fn new(scenario: &Scenario) -> Self {
        let mut flows = Self {
            endpoints: IndexMap::new(),
            of_services: IndexMap::new(),
        };
        for (name, service) in &scenario.services {
            for endpoint in service.endpoints.keys() {
                flows.latency(scenario, &format!("{name}/{endpoint}"), &mut Vec::new());
            }
        }
        for (number, target) in flows.endpoints.keys().enumerate() {
            let service = target.split('/').next().unwrap_or("");
            let own = flows.of_services.entry(service.into()).or_default();
            own.push(number);
        }
        flows.visit(scenario);
        flows
    }

    /// Reads an endpoint and those that it calls; a circle counts once.
    fn latency(&mut self, scenario: &Scenario, target: &str, path: &mut Vec<String>) -> f64 {
        if let Some(flow) = self.endpoints.get(target) {
            return flow.latency;
        }
        let Some((name, endpoint)) = target.split_once('/') else {
            return 0.0;
        };
        let Some(service) = scenario.services.get(name) else {
            return 0.0;
        };
        let Some(steps) = service.endpoints.get(endpoint) else {
            return 0.0;
        };
        if path.iter().any(|open| open == target) {
            return 0.0;
        }
        path.push(target.into());
        let mut reader = StepReader {
            flows: self,
            scenario,
            service: name,
            path,
            flow: EndpointFlow::default(),
            threaded_work: 0.0,
        };
        let latency = reader.steps(steps, 1.0, true);
        let (mut flow, threaded) = (reader.flow, reader.threaded_work);
        path.pop();
        flow.latency = latency;
        flow.held = match service.threading {
            Threading::Sync => latency,
            Threading::Async => threaded,
        };
        self.endpoints.insert(target.into(), flow);
        latency
    }

    /// Spreads the rates of the workloads over the endpoints.
    fn visit(&mut self, scenario: &Scenario) {
        for load in scenario.workloads.values() {
            let (rate, open) = rate_of(load, self);
            let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
            let mut wave: IndexMap<String, f64> = IndexMap::new();
            for (target, weight) in load.targets().iter() {
                *wave.entry(target.into()).or_default() += rate * weight / total;
            }
            for _ in 0..MOST_ROUNDS {
                let mut next: IndexMap<String, f64> = IndexMap::new();
                for (target, rate) in wave.iter().filter(|(_, rate)| **rate > 1e-9) {
                    let Some(flow) = self.endpoints.get_mut(target) else {
                        continue;
                    };
                    flow.rate += rate;
                    flow.open_rate += if open { *rate } else { 0.0 };
                    for (callee, (calls, _)) in &flow.calls {
                        *next.entry(callee.clone()).or_default() += rate * calls;
                    }
                }
                wave = next;
                if wave.is_empty() {
                    break;
                }
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

struct StepReader<'a> {
    flows: &'a mut Flows,
    scenario: &'a Scenario,
    service: &'a str,
    path: &'a mut Vec<String>,
    flow: EndpointFlow,
    /// Work outside parallel branches.
    threaded_work: f64,
}

impl StepReader<'_> {
    /// Adds steps that run `times` times per request; returns their mean latency for one run.
    fn steps(&mut self, steps: &[Step], times: f64, threaded: bool) -> f64 {
        let mut going = 1.0;
        let mut latency = 0.0;
        for step in steps {
            latency += going * self.step(step, times * going, threaded);
            if let Step::Fail(fail) = step {
                going *= 1.0 - fail.share;
            }
        }
        latency
    }

    fn step(&mut self, step: &Step, times: f64, threaded: bool) -> f64 {
        match step {
            Step::Work(work) => {
                let mean = seconds(&work.demand);
                self.flow.work += times * mean;
                if threaded {
                    self.threaded_work += times * mean;
                }
                mean
            }
            Step::Wait(wait) => seconds(&wait.span),
            Step::Call(call) => {
                let entry = self
                    .flow
                    .calls
                    .entry(call.to.clone())
                    .or_insert((0.0, true));
                entry.0 += times;
                entry.1 &= call.optional;
                let to = call.to.split('/').next().unwrap_or("");
                let link = 2.0 * link_latency(self.scenario, self.service, to);
                link + self.flows.latency(self.scenario, &call.to, self.path)
            }
            Step::Parallel(parallel) => {
                let branches = parallel.branches.iter();
                let mut means: Vec<f64> = branches
                    .map(|branch| self.steps(branch, times, false))
                    .collect();
                means.sort_by(f64::total_cmp);
                let needed = match parallel.need {
                    Need::All => means.len(),
                    Need::First(n) => n as usize,
                };
                means.get(needed.saturating_sub(1)).copied().unwrap_or(0.0)
            }
            Step::Choice(choice) => {
                let total: f64 = choice.arms.iter().map(|arm| arm.weight).sum();
                let arms = choice.arms.iter();
                arms.map(|arm| {
                    let share = arm.weight / total;
                    share * self.steps(&arm.steps, times * share, threaded)
                })
                .sum()
            }
            Step::Repeat(repeat) => {
                let count = count(&repeat.times);
                count * self.steps(&repeat.steps, times * count, threaded)
            }
            Step::Fail(_) => 0.0,
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

/// The mean one-way latency between two places that are not instances, in seconds.
pub(super) fn link_latency(scenario: &Scenario, from: &str, to: &str) -> f64 {
    most_specific_link(scenario, from, to).map_or(0.0, |link| seconds(&link.latency))
}
