//! What is legal but suspicious.

use super::{Checker, at};
use crate::faults::Target;
use crate::resilience::{Backoff, PolicySpec, Retry};
use crate::scenario::Scenario;
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::{Pattern, Side, most_specific_calls};
use crate::topology::{Topology, starts};
use sim_core::{SimDuration, SimTime};

/// Attempts along a path that are worth a word.
const MANY_ATTEMPTS: f64 = 10.0;

impl Checker<'_> {
    pub(super) fn suspicions(&mut self) {
        let topology = Topology::new(self.scenario);
        for (key, policies) in &self.scenario.calls {
            self.timeouts_in_order(key, policies);
            self.retries_are_sound(key, policies);
        }
        self.callees_outlast(&topology);
        self.attempts_multiply(&topology);
        self.load_fits(&topology);
        self.shape_of_graph(&topology);
        self.patterns_match(&topology);
        self.recovery_can_be_seen();
        self.warmup_ends_in_time();
    }

    fn timeouts_in_order(&mut self, key: &str, policies: &[PolicySpec]) {
        let mut outer: Option<(usize, SimDuration)> = None;
        for (i, policy) in policies.iter().enumerate() {
            let Some(limit) = policy.time_limit() else {
                continue;
            };
            if let Some((at, shorter)) = outer.filter(|(_, shorter)| limit > *shorter) {
                let outer_name = policies[at].name();
                let message = format!(
                    "the {} of {limit} never fires: the {outer_name} of {shorter} outside of it comes first",
                    policy.name()
                );
                let other = self.span(at!["calls", key, at]);
                let found = self.report(Code::TimeoutOrder, at!["calls", key, i], message);
                found
                    .related
                    .extend(other.map(|span| (span, "the outer one".into())));
                found
                    .help
                    .push("shorten the inner one, or list it before the outer one".into());
            } else {
                outer = Some((i, limit));
            }
        }
    }

    fn retries_are_sound(&mut self, key: &str, policies: &[PolicySpec]) {
        let is_retry = |policy: &PolicySpec| matches!(policy, PolicySpec::Retry(_));
        for (i, policy) in policies.iter().enumerate() {
            let path = at!["calls", key, i];
            if matches!(policy, PolicySpec::RetryBudget(_)) && !policies[..i].iter().any(is_retry) {
                let message = "the retry budget is not inside a retry, so it never sees one";
                self.report(Code::BudgetOutside, path, message)
                    .help
                    .push("put it after the `retry` in the list".into());
            }
            if is_retry(policy)
                && policy.worst_case_attempts() > 1.0
                && !policies[i + 1..]
                    .iter()
                    .any(|inner| inner.time_limit().is_some())
            {
                let message = "the retry has no timeout inside: an attempt without an answer is never given up";
                self.report(Code::NoTimeout, path, message)
                    .help
                    .push("add `timeout(\"..\")` after the `retry` in the list".into());
            }
        }
    }

    /// Whether callees may go on for longer than their callers wait for one attempt.
    fn callees_outlast(&mut self, topology: &Topology) {
        for (caller, target) in all_calls(self.scenario, topology) {
            let (key, policies) = policies_of(self.scenario, &caller, &target);
            let told = policies.iter().any(|p| {
                matches!(p, PolicySpec::Cancellation(_))
                    || matches!(p, PolicySpec::Deadline(d) if d.propagate)
            });
            let patience = policies.iter().filter_map(PolicySpec::time_limit).min();
            let (Some(key), Some(patience), false) = (key, patience, told) else {
                continue;
            };
            let Some(flow) = topology.endpoints.get(&target) else {
                continue;
            };
            let service = target.split('/').next().unwrap_or("");
            for inner in flow.calls.keys() {
                let (inner_key, inner_policies) = policies_of(self.scenario, service, inner);
                let Some((inner_key, longest)) = inner_key.zip(longest(inner_policies)) else {
                    continue;
                };
                if longest > patience {
                    let message = format!(
                        "`{inner_key}` may take {longest}, but its caller gives up after {patience} (`{key}`)"
                    );
                    let outer = self.key_span(at!["calls"], key);
                    let span = self.key_span(at!["calls"], inner_key);
                    let found = self.report_at(Code::Outlasts, span, message);
                    found
                        .related
                        .extend(outer.map(|span| (span, "gives up earlier".into())));
                    found.help.push(
                        "shorten the inner timeouts and retries, or let the caller wait for longer"
                            .into(),
                    );
                }
            }
        }
    }

    /// Whether attempts multiply along a path.
    fn attempts_multiply(&mut self, topology: &Topology) {
        let scenario = self.scenario;
        for (name, load) in &scenario.workloads {
            let mut worst = Walk::default();
            for (target, _) in load.targets().iter() {
                let mut walk = Walk {
                    product: 1.0,
                    ..Walk::default()
                };
                walk.step(scenario, topology, name, target, &mut worst);
            }
            if worst.product > MANY_ATTEMPTS {
                let factors: Vec<String> = worst.factors.iter().map(f64::to_string).collect();
                let message = format!(
                    "one request may become {} attempts along {} -> {}: {}",
                    rounded(worst.product),
                    name,
                    worst.services.join(" -> "),
                    factors.join(" × "),
                );
                let span = worst.key.and_then(|key| self.key_span(at!["calls"], key));
                self.report_at(Code::Amplification, span, message)
                    .help
                    .push(
                        "retry at one tier only, or bound the retries by a `retry_budget`".into(),
                    );
            }
        }
    }

    fn load_fits(&mut self, topology: &Topology) {
        for (name, capacity) in &topology.capacity {
            if capacity.open_utilization > 1.0 {
                let (what, most) = if capacity.by_threads < capacity.by_cores {
                    ("threads", capacity.by_threads)
                } else {
                    ("cores", capacity.by_cores)
                };
                let message = format!(
                    "`{name}` gets {} requests a second, but its {what} can carry {}",
                    rounded(capacity.rate),
                    rounded(most)
                );
                let span = self.key_span(at!["services"], name);
                self.report_at(Code::Overload, span, message)
                    .help
                    .push(format!(
                        "a request takes {} of work and holds a thread for {}",
                        SimDuration::from_secs_f64(capacity.work),
                        SimDuration::from_secs_f64(capacity.held)
                    ));
            }
        }
    }

    fn shape_of_graph(&mut self, topology: &Topology) {
        let scenario = self.scenario;
        for name in topology.unreachable() {
            let span = self.key_span(at!["services"], name);
            self.report_at(
                Code::Uncalled,
                span,
                format!("no request ever reaches `{name}`"),
            );
        }
        for cycle in topology.deadlocks() {
            let span = self.key_span(at!["services"], cycle[0]);
            let message = match cycle[..] {
                [name] => format!("`{name}` calls itself and holds a thread while it waits"),
                _ => format!(
                    "{} wait for each other in a circle, each holding a thread",
                    cycle.join(", ")
                ),
            };
            self.report_at(Code::Deadlock, span, message);
        }
        for name in scenario.services.keys() {
            let mut hit = Vec::new();
            for workload in scenario.workloads.keys() {
                if topology.single_points(scenario, workload).contains(name) {
                    hit.push(workload.as_str());
                }
            }
            if !hit.is_empty() {
                let span = self.key_span(at!["services"], name);
                let message = format!(
                    "every request of {} needs `{name}`, which has one replica",
                    hit.join(" and of ")
                );
                self.report_at(Code::SinglePoint, span, message);
            }
        }
    }

    fn patterns_match(&mut self, topology: &Topology) {
        let scenario = self.scenario;
        let calls = all_calls(scenario, topology);
        for key in scenario.calls.keys() {
            let Ok(pattern) = Pattern::calls(key) else {
                continue;
            };
            let hits = |(from, target): &(String, String)| {
                let (to, endpoint) = target.split_once('/').unwrap_or((target, ""));
                pattern.matches_call(from, to, endpoint)
            };
            if !calls.iter().any(hits) {
                let span = self.key_span(at!["calls"], key);
                self.report_at(Code::Unmatched, span, format!("no call matches `{key}`"));
            }
        }
        let links = scenario
            .links
            .keys()
            .map(|key| (key.as_str(), self.key_span(at!["links"], key)));
        let mut patterns: Vec<_> = links.collect();
        let targets: Vec<_> = scenario
            .faults
            .iter()
            .map(|fault| fault.inject.target())
            .collect();
        for (i, target) in targets.iter().enumerate() {
            if let Target::Link(link) = target {
                patterns.push((link, self.span(at!["faults", i, "inject", "link"])));
            }
        }
        for (key, span) in patterns {
            let Ok(pattern) = Pattern::link(key) else {
                continue;
            };
            if !calls
                .iter()
                .any(|(from, target)| joins(&pattern, from, target))
            {
                self.report_at(
                    Code::Unmatched,
                    span,
                    format!("no messages go along `{key}`"),
                );
            }
        }
    }

    fn recovery_can_be_seen(&mut self) {
        let scenario = self.scenario;
        let Some(recovers) = scenario.hypothesis.recovers else {
            return;
        };
        let end = SimTime::ZERO + scenario.duration;
        for (i, fault) in scenario.faults.iter().enumerate() {
            let Some((last, lasts)) = starts(fault, end).last().copied().zip(fault.lasts) else {
                continue;
            };
            let judged = last + lasts + recovers.within + recovers.stretch;
            if judged > end {
                let message = format!(
                    "whether the system recovers from this fault is known only at {judged}, but the run is over at {}",
                    scenario.duration
                );
                self.report(Code::TooShort, at!["faults", i], message)
                    .help
                    .push(format!(
                        "it ends at {}; then come `within` {} and `stretch` {}",
                        last + lasts,
                        recovers.within,
                        recovers.stretch
                    ));
            }
        }
    }

    fn warmup_ends_in_time(&mut self) {
        let warmup = SimTime::ZERO + self.scenario.warmup;
        for (i, fault) in self.scenario.faults.iter().enumerate() {
            let Some(first) = starts(fault, warmup).first().copied() else {
                continue;
            };
            let message = format!(
                "this fault begins at {first}, and the warm-up ends at {warmup} only: nothing before it can be looked at, and its first damage counts in no total"
            );
            self.report(Code::WarmupCut, at!["faults", i], message)
                .help
                .push("let `warmup` end before the first fault begins".into());
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

/// Every call of the scenario: (caller, `service/endpoint`).
fn all_calls(scenario: &Scenario, topology: &Topology) -> Vec<(String, String)> {
    let mut calls = Vec::new();
    for (name, load) in &scenario.workloads {
        for (target, _) in load.targets().iter() {
            calls.push((name.clone(), target.to_owned()));
        }
    }
    for (caller, flow) in &topology.endpoints {
        let service = caller.split('/').next().unwrap_or("");
        for target in flow.calls.keys() {
            let call = (service.to_owned(), target.clone());
            if !calls.contains(&call) {
                calls.push(call);
            }
        }
    }
    calls
}

/// Whether messages of a call may go along a link; places and hosts are not looked into.
fn joins(pattern: &Pattern, from: &str, target: &str) -> bool {
    let to = target.split('/').next().unwrap_or("");
    let is = |side: &Side, name: &str| match side {
        Side::Named(own) | Side::Instance(own, _) => own == name,
        _ => true,
    };
    is(&pattern.from, from) && is(&pattern.to, to) || is(&pattern.from, to) && is(&pattern.to, from)
}

fn policies_of<'a>(
    scenario: &'a Scenario,
    caller: &str,
    target: &str,
) -> (Option<&'a str>, &'a [PolicySpec]) {
    let (to, endpoint) = target.split_once('/').unwrap_or((target, ""));
    let key = most_specific_calls(scenario, caller, to, endpoint);
    let policies = key.and_then(|key| scenario.calls.get(key));
    (key, policies.map_or(&[], Vec::as_slice))
}

/// The longest that a call can take by its policies; none if they do not bound it.
fn longest(policies: &[PolicySpec]) -> Option<SimDuration> {
    let mut bound: Option<SimDuration> = None;
    for policy in policies.iter().rev() {
        if let Some(limit) = policy.time_limit() {
            bound = Some(bound.map_or(limit, |inner| inner.min(limit)));
        }
        if let (PolicySpec::Retry(retry), Some(inner)) = (policy, bound) {
            let all = inner.as_nanos_f64() * f64::from(retry.attempts);
            bound = Some(SimDuration::from_nanos_f64(all + waits(retry)));
        }
    }
    bound
}

/// All waits between the attempts of a retry at their nominal length, in nanoseconds.
fn waits(retry: &Retry) -> f64 {
    let mut total = 0.0;
    let mut growth = 1.0;
    for n in 1..retry.attempts.min(1000) {
        total += match &retry.backoff {
            Backoff::None => 0.0,
            Backoff::Constant(constant) => constant.base.as_nanos_f64(),
            Backoff::Linear(linear) => {
                (linear.base.as_nanos_f64() * f64::from(n)).min(linear.cap.as_nanos_f64())
            }
            Backoff::Exponential(exponential) => {
                let wait = exponential.base.as_nanos_f64() * growth;
                growth *= exponential.factor;
                wait.min(exponential.cap.as_nanos_f64())
            }
        };
    }
    total
}

/// Attempts that a list of policies makes of one call in the long run: a budget bounds them.
fn attempts(policies: &[PolicySpec]) -> f64 {
    let worst: f64 = policies
        .iter()
        .map(PolicySpec::worst_case_attempts)
        .product();
    let budgets = policies.iter().filter_map(|policy| match policy {
        PolicySpec::RetryBudget(budget) => Some(1.0 + budget.ratio),
        _ => None,
    });
    budgets.fold(worst, f64::min)
}

/// A walk from a workload along calls.
#[derive(Clone, Default)]
struct Walk<'a> {
    product: f64,
    factors: Vec<f64>,
    services: Vec<String>,
    targets: Vec<String>,
    key: Option<&'a str>,
}

impl<'a> Walk<'a> {
    fn step(
        &mut self,
        scenario: &'a Scenario,
        topology: &Topology,
        from: &str,
        target: &str,
        worst: &mut Self,
    ) {
        // Long paths are followed as far as anyone would read them.
        if self.targets.iter().any(|open| open == target) || self.targets.len() > 30 {
            return;
        }
        let (key, policies) = policies_of(scenario, from, target);
        let factor = attempts(policies);
        let service = target.split('/').next().unwrap_or("").to_owned();
        let before = self.clone();
        self.product *= factor;
        self.targets.push(target.into());
        self.services.push(service.clone());
        if factor > 1.0 {
            self.factors.push(factor);
            self.key = key;
        }
        if self.product > worst.product {
            *worst = self.clone();
        }
        if let Some(flow) = topology.endpoints.get(target) {
            for callee in flow.calls.keys() {
                self.step(scenario, topology, &service, callee, worst);
            }
        }
        *self = before;
    }
}
