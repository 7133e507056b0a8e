//! Checks that say nothing, and checks that cannot hold.

use super::view::View;
use super::words::{rounded, span};
use crate::check::checker::{Checker, at};
use crate::expression::{Expression, Metric, Op, Unit};
use crate::scenario::diagnostics::Code;
use crate::scenario::{Bound, Scenario, Shape, Workload, shape};
use crate::topology::seconds;
use crate::topology::{most_of, visits_of};
use sim_core::SimTime;

/// Standard errors that a rate or a share must be away from its limit, so that luck cannot bridge it.
const FAR: f64 = 4.0;

impl Checker<'_> {
    /// Every check that can be read, with its list and its place there.
    fn beliefs(&self) -> Vec<(&'static str, usize, Expression)> {
        let hypothesis = &self.scenario.hypothesis;
        let lists = [
            ("steady", &hypothesis.steady),
            ("during", &hypothesis.during),
            ("always", &hypothesis.always),
        ];
        let mut all = Vec::new();
        for (list, checks) in lists {
            for (i, belief) in checks.iter().enumerate() {
                all.extend(belief.read().ok().map(|check| (list, i, check.clone())));
            }
        }
        all
    }

    fn nothing_to_judge(&mut self, (list, i): (&str, usize), why: &str, help: &str) {
        let message = format!("this check has nothing to judge: {why}");
        self.report(Code::Vacuous, at!["hypothesis", list, i], message)
            .help
            .push(help.into());
    }

    /// Whether each check allows some of the values that its measure can have, and not all.
    pub(super) fn checks_say_something(&mut self) {
        for (list, i, check) in self.beliefs() {
            let subject = check.measure.subject.as_str();
            if let Some(Workload::Open(open)) = self.scenario.workloads.get(subject)
                && open.rate.0 == 0.0
            {
                let why = format!("the rate of `{subject}` is 0/s, so that it sends no requests");
                let help = "give the workload a rate above 0, or leave the check out";
                self.nothing_to_judge((list, i), &why, help);
                continue;
            }
            if let Some(policy) = self.edges().lacking(&check.measure) {
                let why = format!("`{subject}` has no `{policy}` that could count");
                let help = match check.measure.metric {
                    Metric::StepCount => "name a service that has one, or leave the check out",
                    _ => "name calls (or a door) that have one, or leave the check out",
                };
                self.nothing_to_judge((list, i), &why, help);
                continue;
            }
            let (low, high) = range(self.scenario, check.measure.metric, &check.measure.subject);
            let limit = check.limit;
            let Some(what) = vacuous(&check, (low, high)) else {
                if allows_nearly_all(&check) {
                    let message = format!(
                        "this check allows {} % of the requests to fail: its limit is {} %",
                        100.0 - in_per_cent(limit),
                        in_per_cent(limit)
                    );
                    let meant = in_per_cent(limit);
                    self.report(Code::Lax, at!["hypothesis", list, i], message)
                        .help
                        .push(format!(
                            "for {meant} of all write `{}%`, or {meant} without the per cent sign",
                            in_per_cent(meant)
                        ));
                }
                continue;
            };
            let name = check.measure.metric.name();
            let bounds = if low == high {
                format!(
                    "is always {low}: `{}` has no bound of threads",
                    check.measure.subject
                )
            } else if high.is_finite() {
                format!("is from {low} to {high}")
            } else {
                format!("is never below {low}")
            };
            let message = format!("this check can never {what}: `{name}` {bounds}");
            let found = self.report(Code::Vacuous, at!["hypothesis", list, i], message);
            let ratio = check.measure.metric.unit() == Unit::Ratio;
            if ratio && (1.5..=100.0).contains(&limit) {
                let help = format!(
                    "for {limit} per cent write `{limit}%`, or {}",
                    limit / 100.0
                );
                found.help.push(help);
            } else {
                found
                    .help
                    .push("give it a limit that tells good from bad".into());
            }
        }
    }

    /// Whether rates, times and capacities let each check hold while all is well.
    pub(super) fn checks_can_hold(&mut self, view: &View<'_>) {
        for (list, i, check) in self.beliefs() {
            let range = range(self.scenario, check.measure.metric, &check.measure.subject);
            // What a fault may do says nothing of how it is while all is well.
            let silent = matches!(
                self.scenario.workloads.get(&check.measure.subject),
                Some(Workload::Open(open)) if open.rate.0 == 0.0
            );
            if list == "during" || silent || vacuous(&check, range).is_some() {
                continue;
            }
            if let Some(because) = impossible(view, &check) {
                let message = format!("this check cannot hold: {because}");
                self.report(Code::CannotHold, at!["hypothesis", list, i], message);
            }
        }
    }
}

/// A ratio in per cent, as people write it.
fn in_per_cent(ratio: f64) -> f64 {
    // A product such as 0.0099 × 100 is not quite what it should be.
    (ratio * 1e12).round() / 1e10
}

/// Whether a ratio that is meant to be near one has a limit near zero.
fn allows_nearly_all(check: &Expression) -> bool {
    let near_one = matches!(
        check.measure.metric,
        Metric::SuccessRatio | Metric::Availability
    );
    let at_least = matches!(check.op, Op::More | Op::AtLeast);
    near_one && at_least && check.limit > 0.0 && check.limit < 0.01
}

/// What a check can never do, `fail` or `hold`, where its measure has a value in this range.
fn vacuous(check: &Expression, (low, high): (f64, f64)) -> Option<&'static str> {
    let limit = check.limit;
    let outside = limit < low || limit > high;
    let only = low == high && low == limit;
    let (always, never) = match check.op {
        Op::Less => (high < limit, low >= limit),
        Op::AtMost => (high <= limit, low > limit),
        Op::More => (low > limit, high <= limit),
        Op::AtLeast => (low >= limit, high < limit),
        Op::Equal => (only, outside),
        Op::Unequal => (outside, only),
    };
    if always {
        Some("fail")
    } else {
        never.then_some("hold")
    }
}

/// The values that a metric can have.
fn range(scenario: &Scenario, metric: Metric, subject: &str) -> (f64, f64) {
    let endless = f64::INFINITY;
    match metric {
        Metric::Utilization
            if scenario
                .services
                .get(subject)
                .is_some_and(|service| service.threads == Bound::Unbounded) =>
        {
            (0.0, 0.0)
        }
        Metric::Amplification | Metric::AmplificationWorst => (1.0, endless),
        Metric::BudgetUsed | Metric::BurnRate | Metric::TenantBudgetUsed | Metric::Quotient => {
            (0.0, endless)
        }
        _ if metric.unit() == Unit::Ratio => (0.0, 1.0),
        _ => (0.0, endless),
    }
}

/// Why a check cannot hold even while all is well; none if it may.
fn impossible(view: &View<'_>, check: &Expression) -> Option<String> {
    let limit = check.limit;
    let subject = check.measure.subject.as_str();
    let at_least = matches!(check.op, Op::More | Op::AtLeast);
    let at_most = matches!(check.op, Op::Less | Op::AtMost);
    match check.measure.metric {
        Metric::Goodput | Metric::Throughput if at_least => too_many(
            view,
            subject,
            limit,
            check.measure.metric == Metric::Goodput,
        ),
        Metric::Latency if at_most => {
            let load = view.scenario.workloads.get(subject)?;
            let targets = load
                .targets()
                .iter()
                .filter_map(|(to, _)| view.demand.endpoints.find(to));
            let times = targets.map(|to| {
                view.links
                    .both(subject, view.demand.endpoints.all[to].service)
                    + view.least[to]
            });
            let least = times.min_by(f64::total_cmp)?;
            let late = least > limit || least == limit && check.op == Op::Less;
            late.then(|| format!("a request of `{subject}` takes at least {}", span(least)))
        }
        Metric::Utilization if at_most => busy(view, subject, limit),
        Metric::SuccessRatio | Metric::Availability if at_least => {
            let number = view.scenario.workloads.get_index_of(subject)?;
            let share = view.calm(number)?;
            let requests = offered(view, subject)? * view.scenario.duration.as_secs_f64();
            let error = libm::sqrt(share * (1.0 - share) / requests.max(1.0));
            (share + FAR * error < limit).then(|| {
                format!(
                    "`fail` steps let {:.4} of the requests of `{subject}` through",
                    share
                )
            })
        }
        _ => None,
    }
}

/// Requests per second of a workload over the whole run at most.
fn offered(view: &View<'_>, workload: &str) -> Option<f64> {
    match view.scenario.workloads.get(workload)? {
        Workload::Open(open) => {
            let end = SimTime(view.scenario.duration.0);
            let mean = shape::mean(&open.shape, SimTime::ZERO, end);
            Some(open.rate.0 * f64::from(open.batch) * mean)
        }
        Workload::Closed(closed) => {
            let targets = closed
                .to
                .iter()
                .filter_map(|(to, _)| view.demand.endpoints.find(to));
            let least = targets.map(|to| view.least[to]).min_by(f64::total_cmp)?;
            Some(f64::from(closed.users) / (seconds(&closed.think) + least))
        }
    }
}

/// Why a workload cannot have so many answers a second; `good` if they must be usable.
fn too_many(view: &View<'_>, workload: &str, limit: f64, good: bool) -> Option<String> {
    let load = view.scenario.workloads.get(workload)?;
    // A part of the run may have more than the mean.
    let peak = match load {
        Workload::Open(open) => open.shape.iter().map(Shape::peak).product(),
        Workload::Closed(_) => 1.0,
    };
    let mean = match load {
        Workload::Open(open) => open.rate.0 * f64::from(open.batch),
        Workload::Closed(_) => offered(view, workload)?,
    };
    let most = mean * peak;
    let error = libm::sqrt(most / view.scenario.duration.as_secs_f64());
    if limit > most + FAR * error {
        return Some(format!(
            "`{workload}` asks {} times a second at most",
            rounded(most)
        ));
    }
    if !good {
        return None;
    }
    let visits = visits_of(&view.demand, workload);
    let number = view.scenario.workloads.get_index_of(workload)?;
    view.needed[number].iter().find_map(|of| {
        let of = *of;
        let (name, _) = view.scenario.services.get_index(of)?;
        let (most, what) = most_of(&view.demand.topology.capacity[of]);
        let visits = visits.get(&of).copied().unwrap_or(0.0);
        let answers = most / visits;
        let error = libm::sqrt(answers / view.scenario.duration.as_secs_f64());
        (visits >= 1.0 && limit > answers + FAR * error).then(|| {
            format!(
                "every request of `{workload}` needs `{name}`, whose {what} can carry {} a second",
                rounded(answers)
            )
        })
    })
}

/// Why the threads of a service are busier than that: told only of services that call nobody, whose
/// threads are held for as long as their own steps take.
fn busy(view: &View<'_>, service: &str, limit: f64) -> Option<String> {
    let of = view.scenario.services.get(service)?;
    let own = view.scenario.services.get_index_of(service)?;
    let own = &view.demand.endpoints.all[view.demand.endpoints.of_service(own)];
    let Bound::Limit(threads) = of.threads else {
        return None;
    };
    let capacity = &view.demand.topology.capacity[service];
    let rates = own.iter().filter_map(|endpoint| {
        let flow = view.demand.topology.endpoints.get(&endpoint.target)?;
        Some(flow.open_rate)
    });
    let (rate, calls) = (
        rates.sum::<f64>(),
        own.iter().map(|e| e.callees.len()).sum::<usize>(),
    );
    let all = f64::from(of.replicas) * f64::from(threads);
    let busy = (rate * capacity.held / all).min(1.0);
    // The share of busy threads over the run scatters with the number of requests.
    let error = busy / libm::sqrt((rate * view.scenario.duration.as_secs_f64()).max(1.0));
    let shaped = view
        .scenario
        .workloads
        .values()
        .any(|load| matches!(load, Workload::Open(open) if !open.shape.is_empty()));
    (calls == 0 && !shaped && busy > limit + 2.0 * FAR * error).then(|| {
        format!(
            "{} requests a second that take {} each keep {} of {all} threads of `{service}` busy",
            rounded(rate),
            span(capacity.held),
            rounded(busy * all)
        )
    })
}
