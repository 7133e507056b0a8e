//! Loads that are known to be above a limit that stands in their way.

use super::view::{Call, View};
use super::words::{rounded, span};
use crate::check::checker::{Checker, at};
use crate::resilience::{By, PolicySpec, Scope};
use crate::scenario::Workload;
use crate::scenario::diagnostics::Code;

/// So far beyond a limit a load has to be, that rounding is not what is told.
const BEYOND: f64 = 1.01;

impl Checker<'_> {
    /// Whether what comes for sure fits through the limits of callers and doors.
    pub(super) fn limits_fit(&mut self, view: &View<'_>) {
        for call in &view.calls {
            let (Some(key), Some(rate)) = (call.key, sure_rate(view, call)) else {
                continue;
            };
            let target = &view.demand.endpoints.all[call.to].target;
            let times = format!(
                "`{}` calls `{target}` {} times a second",
                call.from,
                rounded(rate)
            );
            let held = held(view, call, call.policies);
            for (number, policy) in reached(call.policies) {
                let parted = matches!(policy.by(), None | Some(By::Endpoint | By::Tenant));
                if parted && let Some((message, help)) = beyond(policy, rate, held, 1.0, &times) {
                    self.report(Code::Overload, at!["calls", key, number], message)
                        .help
                        .push(help);
                }
            }
        }
        for (name, service) in &view.scenario.services {
            let (mut rate, mut held) = (0.0, f64::INFINITY);
            for call in &view.calls {
                let to = &view.demand.endpoints.all[call.to];
                let open = call
                    .policies
                    .iter()
                    .all(|policy| !policy.refuses() && !policy.shares());
                if to.service == name.as_str()
                    && open
                    && let Some(calls) = sure_rate(view, call)
                {
                    rate += calls;
                    held = f64::min(held, self::held(view, call, call.policies));
                }
            }
            if rate == 0.0 {
                continue;
            }
            let times = format!("{} requests a second come to `{name}`", rounded(rate));
            for (number, policy) in reached(&service.admission) {
                let doors = match policy.scope() {
                    Scope::Instance => f64::from(service.replicas),
                    Scope::Shared => 1.0,
                };
                if policy.by().is_none()
                    && let Some((message, help)) = beyond(policy, rate, held, doors, &times)
                {
                    let place = at!["services", name.as_str(), "admission", number];
                    self.report(Code::Overload, place, message).help.push(help);
                }
            }
        }
    }
}

/// The policies that every call comes to: nothing outside of them turns calls away or answers for them.
fn reached(policies: &[PolicySpec]) -> impl Iterator<Item = (usize, &PolicySpec)> {
    let mut barred = false;
    policies.iter().enumerate().take_while(move |(_, policy)| {
        let reached = !barred;
        barred |= policy.refuses() || policy.shares();
        reached
    })
}

/// How often a call is made for sure: by a workload that asks at one rate, whatever becomes of it.
fn sure_rate(view: &View<'_>, call: &Call<'_>) -> Option<f64> {
    let load = view.scenario.workloads.get(call.from)?;
    let Workload::Open(open) = load else {
        return None;
    };
    if !call.outside || !open.shape.is_empty() {
        return None;
    }
    let target = &view.demand.endpoints.all[call.to].target;
    let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
    let own: f64 = (load.targets().iter())
        .filter(|(to, _)| to == target)
        .map(|(_, weight)| weight)
        .sum();
    Some(open.rate.0 * f64::from(open.batch) * own / total)
}

/// How long a call is out at least (s).
fn held(view: &View<'_>, call: &Call<'_>, policies: &[PolicySpec]) -> f64 {
    let limits = policies.iter().filter_map(PolicySpec::time_limit);
    let limits = limits.map(|limit| limit.as_secs_f64());
    limits.fold(view.least[call.to], f64::min)
}

/// What is said of a policy that cannot let all of them in.
fn beyond(
    policy: &PolicySpec,
    rate: f64,
    held: f64,
    memories: f64,
    times: &str,
) -> Option<(String, String)> {
    let name = policy.name();
    let each = if memories > 1.0 {
        format!(", {} at each of {memories}", rounded(rate / memories))
    } else {
        String::new()
    };
    if let Some(most) = policy
        .carries()
        .filter(|most| rate > memories * most * BEYOND)
    {
        let lost = (1.0 - memories * most / rate) * 100.0;
        let message = format!(
            "{times}{each}, and its `{name}` lets {} through: it turns away {} % of them or more",
            rounded(most),
            lost.floor()
        );
        let help = "raise the limit if they are to be answered; a wait only puts the refusal off";
        return Some((message, help.into()));
    }
    let permits = policy.permits().map(f64::from)?;
    let out = rate * held / memories;
    (held.is_finite() && out > permits * BEYOND).then(|| {
        let message = format!(
            "{times}{each}, and take {} at least: {} are out at any time if none of them waits, and its `{name}` has room for {permits}",
            span(held),
            rounded(out)
        );
        let help = "give it more room, or have fewer come; a queue only puts the refusal off";
        (message, help.into())
    })
}
