//! Loads that services can carry, but not with all attempts: retries that keep an overload alive.

use super::view::{Call, View};
use super::words::{rounded, span};
use crate::check::checker::{Checker, at};
use crate::resilience::PolicySpec;
use crate::scenario::diagnostics::Code;
use crate::scenario::steps::{Part, parts};
use crate::scenario::{Bound, Threading, Workload};
use crate::topology::{most_of, room};
use sim_core::SimDuration;

/// So many attempts of one retry are counted at most.
const MOST_ATTEMPTS: u32 = 1000;

/// Requests per second of open loads, at an endpoint or a service.
#[derive(Clone, Copy, Default)]
struct Flow<'a> {
    /// While all is well.
    base: f64,
    /// While everything behind it fails, and is tried again.
    worst: f64,
    /// While everything behind it is late, and those further up try again.
    late: f64,
    /// The part of `base` whose deadline is told to those behind: they drop what is late.
    told: f64,
    /// Who tries again what is late here.
    above: Option<Above<'a>>,
}

/// A call whose attempts are given up and tried again, also for what is late behind the one that it calls:
/// nobody between tries again.
#[derive(Clone, Copy)]
struct Above<'a> {
    call: Call<'a>,
    factor: f64,
    limit: SimDuration,
    /// The most requests that those between hold at a time, each with a thread that waits.
    held: f64,
}

/// The call that adds most to a service.
struct Worst<'a> {
    added: f64,
    by: Above<'a>,
    /// Whether the threads of the caller bound it.
    bounded: bool,
}

/// What a caller can have under way.
#[derive(Clone, Copy)]
struct Bounds {
    /// Attempts per second while each of them is given up.
    rate: f64,
    /// Requests at a time.
    held: f64,
}

/// No bounds at all.
const ENDLESS: Bounds = Bounds {
    rate: f64::INFINITY,
    held: f64::INFINITY,
};

impl Checker<'_> {
    /// Whether a service could carry all attempts, once they time out.
    pub(super) fn storms_end<'a>(&mut self, view: &View<'a>) {
        let (endpoints, topology) = (&view.demand.endpoints, &view.demand.topology);
        let count = view.scenario.services.len();
        let mut at_endpoint: Vec<Flow<'a>> = vec![Flow::default(); endpoints.all.len()];
        let mut at_service: Vec<Flow<'a>> = vec![Flow::default(); count];
        let mut worst: Vec<Option<Worst<'a>>> = (0..count).map(|_| None).collect();
        // What a call brings to the service that it calls, and to those behind that.
        let mut bring =
            |flows: &mut [Flow<'a>], call: Call<'a>, from: Flow<'a>, calls: f64, bounds: Bounds| {
                let Some(service) = view
                    .scenario
                    .services
                    .get_index_of(endpoints.all[call.to].service)
                else {
                    return;
                };
                let tells = call.policies.iter().any(|policy| policy.tells().deadline);
                let told = if tells { from.base } else { from.told };
                let untold = (from.worst - told.min(from.worst)) * calls;
                let limit = limit_inside(call.policies);
                let direct = if limit.is_some() {
                    factor(call.policies, true)
                } else {
                    1.0
                };
                let own = limit.filter(|_| direct > 1.0).map(|limit| Above {
                    call,
                    factor: direct,
                    limit,
                    held: f64::INFINITY,
                });
                // Late answers reach further up unless something here drops or stops them.
                let stops = |policy: &PolicySpec| policy.breaks() || policy.tells().cancellation;
                let passes = told == 0.0 && !call.policies.iter().any(stops);
                let above = from.above.filter(|_| passes).map(|above| Above {
                    limit: call.limit().map_or(above.limit, |own| own.min(above.limit)),
                    held: above.held.min(bounds.held),
                    ..above
                });
                let base = from.base * calls;
                let most = match (own, above) {
                    (None, Some(_)) => from.late * calls,
                    _ => told * calls + untold * direct,
                };
                let rate = base.max(most.min(bounds.rate));
                let sum = &mut at_service[service];
                sum.base += base;
                sum.worst += rate;
                let added = rate - base;
                let by = own.or(above);
                if let Some(by) = by
                    && worst[service]
                        .as_ref()
                        .is_none_or(|other| added > other.added)
                {
                    worst[service] = Some(Worst {
                        added,
                        by,
                        bounded: most > bounds.rate,
                    });
                }
                let behind = &mut flows[call.to];
                if behind.late - behind.base <= added {
                    behind.above = by.or(behind.above);
                }
                behind.base += base;
                behind.late += rate;
                behind.told += told * calls;
                behind.worst += base
                    .max((told * calls + untold * factor(call.policies, false)).min(bounds.rate));
            };
        for (name, load) in &view.scenario.workloads {
            let Workload::Open(open) = load else { continue };
            let rate = open.rate.0 * f64::from(open.batch);
            let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
            for (target, weight) in load.targets().iter() {
                let Some(to) = endpoints.find(target) else {
                    continue;
                };
                let own = rate * weight / total;
                let from = Flow {
                    base: own,
                    worst: own,
                    late: own,
                    ..Flow::default()
                };
                bring(
                    &mut at_endpoint,
                    view.call(name, true, to),
                    from,
                    1.0,
                    ENDLESS,
                );
            }
        }
        for at in endpoints.order.iter().rev() {
            let endpoint = &endpoints.all[*at];
            let Some(flow) = topology.endpoints.get(&endpoint.target) else {
                continue;
            };
            let from = at_endpoint[*at];
            for callee in endpoint.callees.iter().filter(|callee| *callee != at) {
                let calls = flow.calls.get(&endpoints.all[*callee].target);
                let calls = calls.map_or(0.0, |(calls, _)| *calls);
                let call = view.call(endpoint.service, false, *callee);
                let bounds = bounds(view, *at, &call);
                bring(&mut at_endpoint, call, from, calls, bounds);
            }
        }
        for ((name, capacity), (flow, worst)) in topology
            .capacity
            .iter()
            .zip(at_service.into_iter().zip(worst))
        {
            let (most, _) = most_of(capacity);
            let Some(worst) = worst else { continue };
            let wait = room(&view.demand, name).min(worst.by.held) / most;
            let limit = worst.by.limit;
            if flow.worst <= most || flow.base > most || wait <= limit.as_secs_f64() {
                continue;
            }
            let call = worst.by.call;
            let key = call.key.unwrap_or_default();
            let bound = if worst.bounded {
                ", all that the threads of its callers can send"
            } else {
                ""
            };
            let all: f64 = call
                .policies
                .iter()
                .map(PolicySpec::worst_case_attempts)
                .product();
            let which = if attempts_that_fit(call.policies, true) < all {
                format!(
                    "the {} attempts of `{key}` that its limits leave time for",
                    rounded(worst.by.factor)
                )
            } else {
                format!("all {} attempts of `{key}`", rounded(worst.by.factor))
            };
            let message = format!(
                "`{name}` gets {} requests a second and can carry {}, but with {which} it gets {}{bound}: once they time out, retries keep it overloaded",
                rounded(flow.base),
                rounded(most),
                rounded(flow.worst),
            );
            let queue = if wait.is_finite() {
                format!(
                    "a full queue is a wait of {}",
                    span((wait * 1e3).round() / 1e3)
                )
            } else {
                "its queue has no bound".to_owned()
            };
            let place = self.key_span(at!["calls"], key);
            self.report_at(Code::Storm, place, message).help.push(format!(
                "{queue}, and an attempt is given up after {}: make fewer attempts, add a `retry_budget` or a `breaker`, or shorten the queue",
                limit
            ));
        }
    }
}

/// The limit inside the innermost retry that makes more than one attempt.
fn limit_inside(policies: &[PolicySpec]) -> Option<SimDuration> {
    let retries = |policy: &PolicySpec| policy.worst_case_attempts() > 1.0;
    let innermost = policies.iter().rposition(retries)?;
    policies[innermost + 1..]
        .iter()
        .filter_map(PolicySpec::time_limit)
        .min()
}

/// How many attempts a call becomes in the long run while all of them fail; `late` if they fail because
/// they are given up, and what they left behind still has to be done.
fn factor(policies: &[PolicySpec], late: bool) -> f64 {
    let mut most = attempts_that_fit(policies, late);
    for policy in policies {
        let tells = policy.tells();
        if policy.breaks() || late && (tells.cancellation || tells.deadline) {
            return 1.0;
        }
        most = most.min(policy.long_run());
    }
    most
}

/// How many attempts begin before a limit outside of them cuts them off, if each of them ends at its own
/// limit (`late`) or at once.
pub(super) fn attempts_that_fit(policies: &[PolicySpec], late: bool) -> f64 {
    let (mut attempts, mut takes) = (1.0, if late { f64::INFINITY } else { 0.0 });
    // Innermost first: what is tried again is all that is inside.
    for (i, policy) in policies.iter().enumerate().rev() {
        if let Some(limit) = policy.time_limit() {
            takes = f64::min(takes, limit.as_secs_f64());
        }
        let Some(retry) = policy.again() else {
            attempts *= policy.worst_case_attempts();
            continue;
        };
        let outer = policies[..i].iter().filter_map(PolicySpec::time_limit);
        let outer = outer
            .min()
            .map_or(f64::INFINITY, |limit| limit.as_secs_f64());
        let (mut begun, mut at) = (1, takes);
        while begun < retry.attempts.min(MOST_ATTEMPTS) {
            let begins = at + retry.backoff.mean_wait(begun).as_secs_f64();
            // One that is never given up has none after it, which is said of the retry itself.
            if begins >= outer && outer.is_finite() {
                break;
            }
            begun += 1;
            at = begins + takes;
        }
        attempts *= f64::from(begun);
        takes = at.min(outer);
    }
    attempts
}

/// What a caller can have under way: a pool of threads that wait bounds it.
fn bounds(view: &View<'_>, caller: usize, call: &Call<'_>) -> Bounds {
    let endpoint = &view.demand.endpoints.all[caller];
    let of = endpoint.of;
    let branches = parts(endpoint.steps).any(|part| matches!(part, Part::Together { .. }));
    let (Threading::Sync, Bound::Limit(threads), false) = (of.threading, of.threads, branches)
    else {
        return ENDLESS;
    };
    let held = f64::from(of.replicas) * f64::from(threads);
    Bounds {
        rate: call
            .limit()
            .map_or(f64::INFINITY, |limit| held / limit.as_secs_f64()),
        held,
    }
}
