//! Calls whose answer never comes and that nobody gives up.
//!
//! A message is lost for good in a partition and where a loss has no retransmission: neither side hears of
//! it. Requests that hang, or that an instance holds which stands still, go on when the fault ends; only if it
//! never does are they lost as well. A crash resets what it had and refuses the rest, and a loss with
//! retransmissions is given up and told, so from these every caller hears.

use super::view::{Call, View, awaited};
use super::words::{named, rounded, span};
use crate::balancers::Spread;
use crate::check::checker::{Checker, at};
use crate::faults::{Effect, Fault};
use crate::ids::{EdgeId, FaultId, PlaceId, ServiceId, TiSlice, TiVec};
use crate::plan::{EdgePlan, FaultPlan, Plan};
use crate::resilience::{PolicySpec, Tells};
use crate::scenario::diagnostics::Code;
use crate::scenario::{Bound, Threading, Workload};
use crate::topology::seconds;
use indexmap::{IndexMap, IndexSet};
use std::collections::{BTreeMap, BTreeSet};

/// Shares of the calls between two places that are lost.
#[derive(Clone, Copy, Default)]
struct Lossy {
    /// Of all.
    share: f64,
    /// Instances of the caller that lose some.
    callers: u32,
}

/// What is gone while a request waits for ever.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Held<'a> {
    /// A thread of a service.
    Thread(&'a str),
    /// A user of a workload.
    User(&'a str),
}

/// Calls that are lost, by what waits for them.
struct Wait<'a> {
    held: Held<'a>,
    calls: Vec<Call<'a>>,
    /// Lost calls per second of open loads; none if that cannot be said.
    rate: Option<f64>,
    /// Threads that they can take; infinite if they are unbounded, or users are held.
    threads: f64,
}

impl Checker<'_> {
    /// Whether somebody gives up every call that a fault may leave without an answer.
    pub(super) fn calls_end(&mut self, view: &View<'_>) {
        let faults = view.scenario.faults.iter().enumerate();
        let faults: Vec<_> = faults
            .filter(|(_, fault)| swallows(fault, &fault.inject.effect()))
            .collect();
        let Some(plan) = view.plan().filter(|_| !faults.is_empty()) else {
            return;
        };
        let holders = holders(view, &freed(view));
        // The edges to each service.
        let mut edges = TiVec::from(vec![Vec::new(); plan.services.len()]);
        for (number, edge) in plan.edges.iter_enumerated() {
            edges[edge.callee].push(number);
        }
        for (number, fault) in faults {
            let compiled = &plan.faults[FaultId::from(number)];
            let lossy = lossy(plan, fault, compiled, &edges);
            let waits = waits(view, (fault, compiled), &lossy, &holders);
            // Whoever is out of threads first; of those who never are, the first of the scenario.
            let soonest =
                |wait: &Wait<'_>| wait.rate.map_or(f64::INFINITY, |rate| wait.threads / rate);
            let first = waits
                .values()
                .min_by(|a, b| soonest(a).total_cmp(&soonest(b)));
            if let Some(first) = first {
                let others = waits.values().filter(|other| other.held != first.held);
                let others: Vec<String> = others.map(|other| other.held.name().into()).collect();
                self.call_may_wait(view, (number, fault, compiled), first, &others);
            }
        }
    }

    fn call_may_wait(
        &mut self,
        view: &View<'_>,
        (number, fault, compiled): (usize, &Fault, &FaultPlan),
        wait: &Wait<'_>,
        others: &[String],
    ) {
        let pair = |call: &Call<'_>| {
            format!(
                "{} -> {}",
                call.from, view.demand.endpoints.all[call.to].service
            )
        };
        let pairs: IndexSet<String> = wait.calls.iter().map(pair).collect();
        let pairs: Vec<String> = pairs.into_iter().collect();
        let name = &compiled.name;
        let what = match compiled.effect {
            Effect::Lose { .. } => format!(
                "what `{name}` takes from {} is lost for good",
                named(&pairs)
            ),
            _ => format!(
                "`{name}` does not end, so what it holds of {} is never answered",
                named(&pairs)
            ),
        };
        let holds = match wait.held {
            Held::Thread(service) => {
                format!("a request that waits for it keeps its thread of `{service}` for ever")
            }
            Held::User(workload) => {
                format!("a user of `{workload}` who waits for it never asks again")
            }
        };
        let mut soon = String::new();
        if let (Held::Thread(service), Some(rate)) = (wait.held, wait.rate)
            && rate > 0.0
        {
            let of = view.scenario.services.get(service);
            let all = of.map_or(0.0, |of| match of.threads {
                Bound::Limit(threads) => f64::from(of.replicas) * f64::from(threads),
                Bound::Unbounded => f64::INFINITY,
            });
            let gone = wait.threads / rate;
            let lasts = match (fault.lasts, &fault.random) {
                (Some(lasts), _) => lasts.as_secs_f64(),
                (None, Some(random)) => seconds(&random.mttr),
                (None, None) => f64::INFINITY,
            };
            let lost = rate * lasts;
            let again = fault.every.is_some() || fault.cron.is_some() || fault.random.is_some();
            let many = if wait.threads < all {
                format!("{} of its {}", wait.threads, all)
            } else {
                format!("all {}", wait.threads)
            };
            if lost >= wait.threads {
                soon = format!(
                    "; {}/s are lost, and {many} threads are gone within {}",
                    rounded(rate),
                    span(round_up(gone))
                );
            } else if lost >= 1.0 {
                soon = format!(
                    "; {}/s are lost, and with them {} of {all} threads {}",
                    rounded(rate),
                    rounded(libm::floor(lost)),
                    if again { "each time" } else { "by its end" }
                );
            }
        }
        let also = if others.is_empty() {
            String::new()
        } else {
            format!("; the same goes for {}", named(others))
        };
        let message = format!("{what}, and nothing gives it up: {holds}{soon}{also}");
        let help = match wait.calls[0].key {
            Some(key) => format!("add a limit to `{key}`, such as `timeout(\"1s\")`"),
            None => format!(
                "give the call a limit: `calls: {{ \"{}\": [timeout(\"1s\")] }}`",
                pairs[0]
            ),
        };
        self.report(Code::ForEver, at!["faults", number, "inject"], message)
            .help
            .push(help);
    }
}

impl<'a> Held<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Thread(name) | Self::User(name) => name,
        }
    }
}

/// Up to two digits.
fn round_up(seconds: f64) -> f64 {
    let digits = libm::pow(10.0, 1.0 - libm::floor(libm::log10(seconds.max(1e-6))));
    libm::ceil(seconds * digits - 1e-9) / digits
}

/// Whether a fault leaves calls without an answer for good.
fn swallows(fault: &Fault, effect: &Effect) -> bool {
    match effect {
        Effect::Lose {
            rate, retransmit, ..
        } => *rate > 0.0 && fault.share > 0.0 && retransmit.is_none(),
        Effect::Hang => fault.share > 0.0 && fault.lasts.is_none() && fault.random.is_none(),
        Effect::Frozen => fault.lasts.is_none() && fault.random.is_none(),
        _ => false,
    }
}

/// Which endpoints give up what they do for those who have given up themselves: every one of their callers
/// tells them, by a deadline or by cancellation.
fn freed(view: &View<'_>) -> Vec<bool> {
    let endpoints = &view.demand.endpoints;
    // Whether requests have a deadline that they were told of, and whether they end if nobody waits. Both
    // hold until some caller is found for whom they do not.
    let mut told = vec![true; endpoints.all.len()];
    let mut freed = vec![true; endpoints.all.len()];
    let by =
        |call: &Call<'_>, limited: bool, from: (bool, bool), all: (&mut [bool], &mut [bool])| {
            let tells = call.policies.iter().map(PolicySpec::tells);
            let tells = tells.fold(Tells::default(), Tells::or);
            let (tells, cancels) = (tells.deadline, tells.cancellation);
            let told = tells || from.0;
            all.0[call.to] &= told;
            all.1[call.to] &= told || cancels && (limited || from.1);
        };
    for (name, load) in &view.scenario.workloads {
        let patient = matches!(load, Workload::Closed(closed) if closed.patience.is_some());
        for (target, _) in load.targets().iter() {
            if let Some(to) = endpoints.find(target) {
                let call = view.call(name, true, to);
                let limited = patient || call.limit().is_some();
                by(&call, limited, (false, false), (&mut told, &mut freed));
            }
        }
    }
    for at in endpoints.order.iter().rev() {
        let endpoint = &endpoints.all[*at];
        for callee in &endpoint.callees {
            let call = view.call(endpoint.service, false, *callee);
            let from = (told[*at], freed[*at]);
            let limited = call.limit().is_some();
            by(&call, limited, from, (&mut told, &mut freed));
        }
    }
    freed
}

/// What waits for ever for calls that a fault swallows.
fn waits<'v>(
    view: &'v View<'_>,
    (fault, compiled): (&Fault, &FaultPlan),
    lossy: &BTreeMap<(usize, usize), Lossy>,
    holders: &[Option<Held<'v>>],
) -> IndexMap<Held<'v>, Wait<'v>> {
    let (endpoints, scenario) = (&view.demand.endpoints, view.scenario);
    let mut waits: IndexMap<Held<'v>, Wait<'v>> = IndexMap::new();
    let mut add = |held: Held<'v>, call: Call<'v>, rate: Option<f64>, threads: f64| {
        let wait = waits.entry(held).or_insert(Wait {
            held,
            calls: Vec::new(),
            rate: Some(0.0),
            threads: 0.0,
        });
        wait.calls.push(call);
        wait.rate = wait.rate.zip(rate).map(|(all, more)| all + more);
        wait.threads = wait.threads.max(threads);
    };
    let meant = |target: &str| {
        let endpoint = target.rsplit('/').next();
        compiled.endpoint.is_none() || compiled.endpoint.as_deref() == endpoint
    };
    let part = |from: usize, to: usize| {
        let callee = &endpoints.all[to];
        let service = scenario.services.get_index_of(callee.service)?;
        let part = lossy.get(&(from, service))?;
        meant(&callee.target).then_some(*part)
    };
    let callers: BTreeSet<usize> = lossy.keys().map(|(from, _)| *from).collect();
    for from in callers {
        let Some(workload) = from.checked_sub(scenario.services.len()) else {
            for at in endpoints.of_service(from) {
                let Some(held) = holders[at] else { continue };
                let endpoint = &endpoints.all[at];
                let Some(flow) = view.demand.topology.endpoints.get(&endpoint.target) else {
                    continue;
                };
                if flow.rate <= 0.0 {
                    continue;
                }
                let mut waited = IndexSet::new();
                awaited(endpoint.steps, true, &mut waited);
                for callee in &endpoint.callees {
                    let to = &endpoints.all[*callee];
                    let call = view.call(endpoint.service, false, *callee);
                    let waits = call.limit().is_none() && waited.contains(to.target.as_str());
                    let Some(part) = part(from, *callee).filter(|_| waits) else {
                        continue;
                    };
                    let visits = flow
                        .calls
                        .get(&to.target)
                        .map_or(0.0, |(visits, _)| *visits);
                    // Where those that answer are asked less, the share that is lost shrinks as it is lost.
                    let even = part.share >= 1.0 || to.of.balance.spread() == Spread::Even;
                    let own = held == Held::Thread(endpoint.service);
                    let plain = own && even && compiled.workload.is_none() && fault.ramp.0 == 0;
                    let lost = matches!(compiled.effect, Effect::Lose { .. });
                    let rate = (plain && lost).then_some(flow.open_rate * visits * part.share);
                    let threads = match endpoint.of.threads {
                        Bound::Limit(threads) if own => {
                            f64::from(part.callers) * f64::from(threads)
                        }
                        _ => f64::INFINITY,
                    };
                    add(held, call, rate, threads);
                }
            }
            continue;
        };
        let Some((name, Workload::Closed(closed))) = scenario.workloads.get_index(workload) else {
            continue;
        };
        for (target, _) in closed.to.iter() {
            let Some(to) = endpoints.find(target) else {
                continue;
            };
            let call = view.call(name, true, to);
            let limited = closed.patience.is_some() || call.limit().is_some();
            if !limited && part(from, to).is_some() {
                add(Held::User(name), call, None, f64::INFINITY);
            }
        }
    }
    waits
}

/// For each endpoint, what is held as long as its requests wait: a thread of its own where these are bounded,
/// else what waits for it further up. None if nothing is, or if somebody gives them up.
fn holders<'v>(view: &'v View<'_>, freed: &[bool]) -> Vec<Option<Held<'v>>> {
    let endpoints = &view.demand.endpoints;
    let mut holders: Vec<Option<Held<'v>>> = vec![None; endpoints.all.len()];
    for (name, load) in &view.scenario.workloads {
        let Workload::Closed(closed) = load else {
            continue;
        };
        for (target, _) in load.targets().iter() {
            if let Some(to) = endpoints.find(target)
                && closed.patience.is_none()
                && view.call(name, true, to).limit().is_none()
            {
                holders[to] = Some(Held::User(name));
            }
        }
    }
    // Callers first.
    for at in endpoints.order.iter().rev() {
        let endpoint = &endpoints.all[*at];
        if freed[*at] {
            holders[*at] = None;
            continue;
        }
        if endpoint.of.threading == Threading::Sync && endpoint.of.threads != Bound::Unbounded {
            holders[*at] = Some(Held::Thread(endpoint.service));
        }
        let Some(own) = holders[*at] else { continue };
        let mut waited = IndexSet::new();
        awaited(endpoint.steps, true, &mut waited);
        for callee in &endpoint.callees {
            let target = endpoints.all[*callee].target.as_str();
            let call = view.call(endpoint.service, false, *callee);
            if call.limit().is_none() && waited.contains(target) {
                holders[*callee].get_or_insert(own);
            }
        }
    }
    holders
}

/// The pairs of places, a caller and a service, between which calls are lost; by their numbers in the plan.
/// `edges` are those to each service.
fn lossy(
    plan: &Plan,
    fault: &Fault,
    compiled: &FaultPlan,
    edges: &TiSlice<ServiceId, Vec<EdgeId>>,
) -> BTreeMap<(usize, usize), Lossy> {
    let pair = |edge: &EdgePlan| (usize::from(edge.caller), usize::from(edge.callee));
    let Effect::Lose { rate, .. } = compiled.effect else {
        let instances = compiled.candidates.instances().iter();
        let places = instances.map(|instance| plan.instances[*instance].place.service());
        let services: BTreeSet<ServiceId> = places.collect();
        let edges = services.iter().flat_map(|service| &edges[*service]);
        let found = edges.map(|number| {
            let edge = &plan.edges[*number];
            let callers = plan.places[edge.caller].instance_count;
            let share = fault.share;
            (pair(edge), Lossy { share, callers })
        });
        return found.collect();
    };
    let each = (fault.share * rate).min(1.0);
    // How many ways of each pair of instances are hit; links stand pair by pair, edge by edge.
    let mut hit: BTreeMap<u32, i32> = BTreeMap::new();
    for link in compiled.candidates.links() {
        *hit.entry(link.number() / 2).or_default() += 1;
    }
    let mut lossy: BTreeMap<(usize, usize), Lossy> = BTreeMap::new();
    let mut rest = hit.into_iter().peekable();
    while let Some((first, _)) = rest.peek() {
        let number = plan
            .edges
            .partition_point(|edge| edge.routes.first.number() / 2 <= *first)
            .back(1);
        let edge = &plan.edges[number];
        let count = |place: PlaceId| plan.places[place].instance_count;
        let (callers, callees) = if edge.routes.by_instance {
            (count(edge.caller), count(edge.callee.into()))
        } else {
            (1, 1)
        };
        let begin = edge.routes.first.number() / 2;
        let mut by_caller: BTreeMap<u32, f64> = BTreeMap::new();
        while let Some((at, ways)) = rest.next_if(|(at, _)| *at < begin + callers * callees) {
            let lost = 1.0 - libm::pow(1.0 - each, f64::from(ways));
            *by_caller.entry((at - begin) / callees).or_default() += lost;
        }
        let found = Lossy {
            share: by_caller.values().sum::<f64>() / f64::from(callers * callees),
            callers: if edge.routes.by_instance {
                by_caller.len() as u32
            } else {
                count(edge.caller)
            },
        };
        lossy.insert(pair(edge), found);
    }
    lossy
}
