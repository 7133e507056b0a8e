//! What a crash of some instances leaves of a service: who is refused, and whether the others carry what
//! comes to them.
//!
//! No balancer asks whether an instance is up. By turns, or at random, the share of the dead ones goes on
//! being sent to them and is refused at once; those that look for the least outstanding requests find the
//! fewest there and send even more. Only what is tried again comes to the others.

use super::view::{Call, View, awaited};
use super::words::{named, percent, rounded, span};
use crate::balancers::Spread;
use crate::check::checker::{Checker, at};
use crate::faults::{Effect, Fault, Instances, Target};
use crate::outcome::Outcome;
use crate::plan::{FaultPlan, Plan};
use crate::resilience::PolicySpec;
use crate::scenario::Scenario;
use crate::scenario::diagnostics::Code;
use crate::topology::{LONG_WAIT, most_of, room};
use indexmap::IndexSet;
use sim_core::SimTime;

/// A call as those see it who lose instances of what it calls.
struct Exposed<'a> {
    call: Call<'a>,
    /// Calls per second of open loads.
    rate: f64,
    /// How often it is sent at least if it is refused, by retries of its own or of those further up.
    tries: f64,
    /// Of the requests of the workload that makes it most often, the share that make it, cannot do without
    /// it and are not tried again.
    share: f64,
    /// Whether it may be refused before it is sent.
    broken: bool,
}

/// A crash that leaves some instances of a service.
struct Loss<'a> {
    service: &'a str,
    /// Number of the service in the scenario.
    number: usize,
    down: u32,
    replicas: u32,
    /// How long they are down each time, s.
    lasts: f64,
    fault: usize,
    name: &'a str,
}

impl Loss<'_> {
    fn share(&self) -> f64 {
        f64::from(self.down) / f64::from(self.replicas)
    }

    fn words(&self) -> String {
        let Self {
            name,
            down,
            replicas,
            service,
            ..
        } = self;
        format!("while `{name}` has {down} of the {replicas} instances of `{service}` down")
    }
}

impl Checker<'_> {
    /// Whether what crashes leave of services carries what comes to it, and who tries again what those that
    /// are down refuse.
    pub(super) fn crashes_leave_enough(&mut self, view: &View<'_>) {
        let losses = losses(view);
        if losses.is_empty() {
            return;
        }
        let calls = exposed(view);
        for loss in losses {
            let calls = &calls[loss.number];
            self.rest_fits(view, &loss, calls);
            self.refused_ones_go_elsewhere(view, &loss, calls);
        }
    }

    fn rest_fits(&mut self, view: &View<'_>, loss: &Loss<'_>, calls: &[Exposed<'_>]) {
        let capacity = &view.demand.topology.capacity[loss.number];
        let (most, what) = most_of(capacity);
        // Those that draw more the emptier they are take from the others what these cannot carry.
        let even = view.scenario.services[loss.number].balance.spread() == Spread::Even;
        if !even || !most.is_finite() || capacity.open_utilization > 1.0 {
            return;
        }
        let all: f64 = calls.iter().map(|call| call.rate).sum();
        // What an open breaker keeps away need not be carried.
        let come = calls.iter().filter(|call| !call.broken);
        let come: f64 = come
            .map(|call| call.rate * answered(call, loss.share()))
            .sum();
        let rate = if all > 0.0 {
            capacity.open_utilization * most * come / all
        } else {
            0.0
        };
        let left = (1.0 - loss.share()) * most;
        let excess = (rate - left) * loss.lasts;
        if excess <= 0.0 {
            return;
        }
        let patience =
            view.demand.limits[loss.number].map_or(LONG_WAIT, |limit| limit.as_secs_f64());
        let waits = excess / left;
        let room = (1.0 - loss.share()) * room(&view.demand, loss.service);
        if excess <= room && waits <= patience {
            return;
        }
        let Loss { down, replicas, .. } = *loss;
        let message = format!(
            "{}, the {what} of the rest can carry {} requests a second, and with all that is tried again {} come to them",
            loss.words(),
            rounded(left),
            rounded(rate)
        );
        self.report(Code::NoSpare, at!["faults", loss.fault, "inject"], message)
            .help
            .push(format!(
                "by its end {} requests are too many: they wait for {}, or are turned away; {} instances would carry the load without {down} of them",
                rounded(excess),
                span((waits * 10.0).round() / 10.0),
                down + libm::ceil(rate / most * f64::from(replicas)) as u32
            ));
    }

    fn refused_ones_go_elsewhere(
        &mut self,
        view: &View<'_>,
        loss: &Loss<'_>,
        calls: &[Exposed<'_>],
    ) {
        let hit = calls
            .iter()
            .filter(|call| call.tries <= 1.0 && call.share > 0.0);
        let hit: Vec<_> = hit.collect();
        let most = hit.iter().map(|call| call.share).fold(0.0, f64::max);
        let all = (view.scenario.duration - view.scenario.warmup).as_secs_f64();
        let allowed = 1.0 - view.scenario.hypothesis.objective;
        // Of the whole run, for those whom it hits most.
        if most * loss.share() * loss.lasts.min(all) / all <= allowed {
            return;
        }
        let names = hit
            .iter()
            .map(|call| format!("{} -> {}", call.call.from, loss.service));
        let names: IndexSet<String> = names.collect();
        let names: Vec<String> = names.into_iter().collect();
        let (least, because) = match view.scenario.services[loss.number].balance.spread() {
            Spread::Even => ("", ""),
            // How much those that are down get depends on which they are.
            Spread::Other => return,
            Spread::Quick => (
                "at least ",
                " (those that refuse at once have the fewest requests outstanding, and draw more)",
            ),
        };
        let message = format!(
            "{}, {least}{} % of the calls {} are refused{because}, and nothing tries them elsewhere",
            loss.words(),
            percent(loss.share()),
            named(&names),
        );
        let key = hit[0].call.key.unwrap_or(&names[0]);
        self.report(Code::NotElsewhere, at!["faults", loss.fault, "inject"], message)
            .help
            .push(format!(
                "no balancer asks which instances are up: a `retry` in the policies of `{key}` sends again what is refused, most often to another one"
            ));
    }
}

/// The share of the calls that some instance which is up gets to see in the end.
fn answered(call: &Exposed<'_>, down: f64) -> f64 {
    let once = 1.0 - down;
    let all = 1.0 - libm::pow(down, call.tries);
    let budgets = call.call.policies.iter().map(PolicySpec::long_run);
    budgets.fold(all, |least, most| f64::min(least, once * most))
}

/// What crashes leave some instances of.
fn losses<'v>(view: &'v View<'_>) -> Vec<Loss<'v>> {
    let downs = |fault: &Fault| matches!(fault.inject.effect(), Effect::Down { .. });
    if !view.scenario.faults.iter().any(downs) {
        return Vec::new();
    }
    let Some(plan) = view.plan() else {
        return Vec::new();
    };
    let faults = view.scenario.faults.iter().zip(&plan.faults);
    faults
        .enumerate()
        .flat_map(|(number, (fault, compiled))| {
            losses_by(view.scenario, plan, number, fault, compiled)
        })
        .collect()
}

fn losses_by<'v>(
    scenario: &'v Scenario,
    plan: &Plan,
    number: usize,
    fault: &Fault,
    compiled: &'v FaultPlan,
) -> Vec<Loss<'v>> {
    let (Effect::Down { boot, .. }, Target::Instances { instances, .. }) =
        (&compiled.effect, &compiled.target)
    else {
        return Vec::new();
    };
    let end = SimTime::ZERO + scenario.duration;
    let begin = SimTime::ZERO + fault.at.unwrap_or_default();
    let lasts = match (fault.lasts, &fault.random) {
        (Some(lasts), _) => (lasts + *boot).as_secs_f64(),
        (None, Some(random)) => crate::topology::seconds(&random.mttr) + boot.as_secs_f64(),
        (None, None) => f64::INFINITY,
    };
    // What comes after the end of the run comes to nobody.
    let lasts = lasts.min(end.since(begin).as_secs_f64());
    let mut hit: std::collections::BTreeMap<usize, u32> = std::collections::BTreeMap::new();
    for index in compiled.candidates.instances() {
        // Services are the first places, in the order of the scenario.
        let place = usize::from(plan.instances[*index].place);
        *hit.entry(place).or_default() += 1;
    }
    let all = compiled.candidates.len();
    let losses = hit.into_iter().filter_map(|(of, hit)| {
        let (name, service) = scenario.services.get_index(of)?;
        // Of several services some draw may hit only one.
        let down = match instances {
            Instances::All | Instances::Only(_) => hit,
            _ if hit as usize != all => 0,
            Instances::One => 1,
            Instances::Count(count) => (*count).min(hit),
            Instances::Percent(share) => {
                (libm::ceil(share / 100.0 * f64::from(hit)) as u32).min(hit)
            }
        };
        (down > 0 && down < service.replicas).then_some(Loss {
            service: name,
            number: of,
            down,
            replicas: service.replicas,
            lasts,
            fault: number,
            name: &compiled.name,
        })
    });
    losses.collect()
}

/// The calls to each service, in the order of the scenario.
fn exposed<'v>(view: &'v View<'_>) -> Vec<Vec<Exposed<'v>>> {
    let scenario = view.scenario;
    let mut calls: Vec<Vec<Exposed<'v>>> = Vec::new();
    calls.resize_with(scenario.services.len(), Vec::new);
    let endpoints = &view.demand.endpoints;
    // What is known of the requests at each endpoint: how often they are sent at least, and what share of
    // those of a workload come here, need what is here and are not tried again.
    let mut tries = vec![f64::INFINITY; endpoints.all.len()];
    let mut share = vec![0.0_f64; endpoints.all.len()];
    let mut bring =
        |call: Call<'v>, rate: f64, (above, own): (f64, f64), at: &mut [f64], of: &mut [f64]| {
            let again = |outcome| above * attempts_on(call.policies, outcome);
            let after_error = again(Outcome::Error);
            at[call.to] = at[call.to].min(after_error);
            if after_error <= 1.0 {
                of[call.to] = of[call.to].max(own);
            }
            let service = endpoints.all[call.to].service;
            let Some(number) = scenario.services.get_index_of(service) else {
                return;
            };
            calls[number].push(Exposed {
                call,
                rate,
                tries: again(Outcome::Refused),
                share: own,
                broken: call.policies.iter().any(PolicySpec::breaks),
            });
        };
    for (name, load) in &scenario.workloads {
        let open = match load {
            crate::scenario::Workload::Open(open) => open.rate.0 * f64::from(open.batch),
            crate::scenario::Workload::Closed(_) => 0.0,
        };
        let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
        for (target, weight) in load.targets().iter() {
            if let Some(to) = endpoints.find(target) {
                let own = weight / total;
                let call = view.call(name, true, to);
                bring(call, open * own, (1.0, own), &mut tries, &mut share);
            }
        }
    }
    for at in endpoints.order.iter().rev() {
        let endpoint = &endpoints.all[*at];
        let Some(flow) = view.demand.topology.endpoints.get(&endpoint.target) else {
            continue;
        };
        if tries[*at] == f64::INFINITY {
            // No request comes here.
            continue;
        }
        let mut needed = IndexSet::new();
        awaited(endpoint.steps, false, &mut needed);
        for callee in endpoint.callees.iter().filter(|callee| *callee != at) {
            let target = endpoints.all[*callee].target.as_str();
            let visits = flow.calls.get(target).map_or(0.0, |(visits, _)| *visits);
            let own = if needed.contains(target) {
                share[*at] * visits.min(1.0)
            } else {
                0.0
            };
            let call = view.call(endpoint.service, false, *callee);
            let from = (tries[*at], own);
            bring(call, flow.open_rate * visits, from, &mut tries, &mut share);
        }
    }
    calls
}

/// How often a list of policies sends what ends like this each time.
fn attempts_on(policies: &[PolicySpec], outcome: Outcome) -> f64 {
    let retries = policies.iter().filter_map(PolicySpec::again);
    let those = retries.filter(|retry| retry.on.touches(outcome));
    those.map(|retry| f64::from(retry.attempts)).product()
}
