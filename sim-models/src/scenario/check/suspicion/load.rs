//! The load against what services can carry.

use super::super::{Checker, at};
use super::circles::at_once;
use super::{View, rounded, span};
use crate::scenario::diagnostics::Code;
use crate::scenario::{Bound, Shape, Threading, Workload, shape};
use crate::topology::{Capacity, seconds};
use sim_core::SimTime;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Stretches that a run is cut into to look for peaks.
const GRID: u64 = 2_000;
/// A wait in front of a service that nobody's limit bounds is worth a word from so many seconds on.
pub(super) const LONG_WAIT: f64 = 1.0;
/// Standard errors that a number must be beyond its limit, so that luck cannot bridge it.
const FAR: f64 = 4.0;

impl Checker<'_> {
    pub(super) fn load_fits(&mut self, view: &View<'_>) {
        for (name, capacity) in &view.topology.capacity {
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
                let place = self.key_span(at!["services"], name);
                self.report_at(Code::Overload, place, message)
                    .help
                    .push(format!(
                        "a request takes {} of work and holds a thread for {}",
                        span(capacity.work),
                        span(capacity.held)
                    ));
            }
        }
    }

    /// Whether shapes take a service above what it can carry for longer than its queue can bear.
    pub(super) fn peaks_fit(&mut self, view: &View<'_>) {
        let shaped = view
            .scenario
            .workloads
            .iter()
            .filter_map(|(name, load)| match load {
                Workload::Open(open) if !open.shape.is_empty() => Some((name.as_str(), open)),
                _ => None,
            });
        let shaped: Vec<_> = shaped.collect();
        if shaped.is_empty() {
            return;
        }
        // For each service the loads that reach it, with their visits per second.
        let mut reach: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
        for (number, (name, _)) in shaped.iter().enumerate() {
            for (service, rate) in arrivals_of(view, name) {
                if rate > 0.0 {
                    reach.entry(service).or_default().push((number, rate));
                }
            }
        }
        let cuts = cuts(view, shaped.iter().map(|(_, open)| open.shape.as_slice()));
        let mut factors: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (number, own) in reach {
            let Some((name, capacity)) = view.topology.capacity.get_index(number) else {
                continue;
            };
            let (most, of) = most_of(capacity);
            if capacity.open_utilization > 1.0 || !most.is_finite() {
                continue;
            }
            let base = capacity.open_utilization * most;
            let (mut peak, mut first, mut last, mut excess, mut worst) =
                (0.0_f64, None, SimTime::ZERO, 0.0, 0.0_f64);
            let highest = own.iter().map(|(load, rate)| {
                let peaks = shaped[*load].1.shape.iter().map(Shape::peak);
                rate * (peaks.product::<f64>() - 1.0)
            });
            if base + highest.sum::<f64>() <= most {
                continue;
            }
            for (load, _) in &own {
                factors.entry(*load).or_insert_with(|| {
                    let middle =
                        |ends: &[SimTime]| SimTime(ends[0].0 + (ends[1].0 - ends[0].0) / 2);
                    let shape = &shaped[*load].1.shape;
                    let cuts = cuts.windows(2);
                    cuts.map(|ends| shape::factor(shape, middle(ends)))
                        .collect()
                });
            }
            for (at, ends) in cuts.windows(2).enumerate() {
                let more = own
                    .iter()
                    .map(|(load, rate)| rate * (factors[load][at] - 1.0));
                let rate = base + more.sum::<f64>();
                peak = peak.max(rate);
                if rate > most {
                    first.get_or_insert(ends[0]);
                    last = ends[1];
                }
                // What is there beyond capacity piles up, and goes when there is room again.
                excess = f64::max(
                    0.0,
                    excess + (rate - most) * ends[1].since(ends[0]).as_secs_f64(),
                );
                worst = worst.max(excess);
            }
            let patience = view.limits[number].map_or(LONG_WAIT, |limit| limit.as_secs_f64());
            let Some(first) = first.filter(|_| worst > room(view, name) || worst / most > patience)
            else {
                continue;
            };
            let message = format!(
                "at the peak of the load `{name}` gets {} requests a second, and its {of} can carry {}: it is above that from {first} to {last}",
                rounded(peak),
                rounded(most)
            );
            let place = self.key_span(at!["services"], name);
            self.report_at(Code::Peak, place, message)
                .help
                .push(format!(
                    "by then {} requests are too many: they wait for {}, or are turned away",
                    rounded(worst),
                    span((worst / most * 10.0).round() / 10.0)
                ));
        }
    }

    /// Whether a service has room for all the closed users who wait for it.
    pub(super) fn crowds_have_room(&mut self, view: &View<'_>) {
        for (name, load) in &view.scenario.workloads {
            let mut targets = load.targets().iter();
            let (Workload::Closed(closed), Some((target, _)), None) =
                (load, targets.next(), targets.next())
            else {
                continue;
            };
            let to = view.endpoints.find(target);
            let never_thinks = seconds(&closed.think) <= 0.0;
            if never_thinks && to.is_some_and(|to| at_once(view, name, closed, to).is_some()) {
                // That time may stand still says more.
                continue;
            }
            let entry = target.split_once('/').map_or("", |(service, _)| service);
            let Some(of) = view.scenario.services.get(entry) else {
                continue;
            };
            // The one that can answer least bounds them all.
            let own = visits_of(view, name);
            let own = own.into_iter().filter(|(_, visits)| *visits > 0.0);
            let bounds = own.filter_map(|(number, visits)| {
                let (service, capacity) = view.topology.capacity.get_index(number)?;
                Some((most_of(capacity).0 / visits, service))
            });
            let Some((most, narrow)) = bounds.min_by(|a, b| a.0.total_cmp(&b.0)) else {
                continue;
            };
            // Those who are let in wait further down, unless each of them holds a thread here.
            if narrow != entry && of.threading == Threading::Async {
                continue;
            }
            let threads = match (of.threads, of.cores) {
                (Bound::Limit(threads), None) => f64::from(of.replicas) * f64::from(threads),
                // Those that share cores are in the room already.
                (Bound::Limit(_), Some(_)) => 0.0,
                (Bound::Unbounded, _) => f64::INFINITY,
            };
            let room = room(view, entry) + threads;
            let users = f64::from(closed.users);
            let thinking = most * seconds(&closed.think);
            let inside = users - thinking;
            // How many think at a time scatters like a Poisson number.
            if !inside.is_finite() || inside - FAR * libm::sqrt(thinking) <= room {
                continue;
            }
            let message = format!(
                "{users} users of `{name}` share what `{narrow}` can carry, {} requests a second: {} of them would wait at a time, and `{entry}` has room for {room}: it turns the others away",
                rounded(most),
                rounded(inside),
            );
            let place = self.key_span(at!["workloads"], name);
            self.report_at(Code::Crowd, place, message).help.push(format!(
                "at {} a second with {} to think, {} users think at a time; give it more capacity, a longer queue, or fewer users",
                rounded(most),
                span(seconds(&closed.think)),
                rounded(thinking)
            ));
        }
    }

    /// Whether closed users have their answers before they give up, if they share what there is.
    pub(super) fn crowds_fit(&mut self, view: &View<'_>) {
        for (name, load) in &view.scenario.workloads {
            let Workload::Closed(closed) = load else {
                continue;
            };
            let patience = closed.patience.as_ref().map(seconds);
            let limits = load.targets().iter().filter_map(|(to, _)| {
                let limit = view.call(name, true, view.endpoints.find(to)?).limit()?;
                Some(limit.as_secs_f64())
            });
            let Some(limit) = limits.chain(patience).min_by(f64::total_cmp) else {
                continue;
            };
            let think = seconds(&closed.think);
            let users = f64::from(closed.users);
            let own = visits_of(view, name);
            let mut tight: Option<(f64, &str, f64)> = None;
            for (number, visits) in own {
                let Some((service, capacity)) = view.topology.capacity.get_index(number) else {
                    continue;
                };
                let (most, _) = most_of(capacity);
                // Where there is no room to wait for that long, they are turned away instead.
                if visits <= 0.0 || !most.is_finite() || room(view, service) / most < limit {
                    continue;
                }
                let wait = users * visits / most - think;
                if wait > limit && tight.is_none_or(|(longest, ..)| wait > longest) {
                    tight = Some((wait, service, most));
                }
            }
            if let Some((wait, service, most)) = tight {
                let message = format!(
                    "{users} users of `{name}` share what `{service}` can carry, {} requests a second: each waits for at least {} on average, and gives up after {}",
                    rounded(most),
                    span((wait * 1e3).round() / 1e3),
                    span(limit)
                );
                let place = self.key_span(at!["workloads"], name);
                self.report_at(Code::Crowd, place, message)
                    .help
                    .push(format!(
                        "that is {users} users over the capacity, less the {} that they think",
                        span(think)
                    ));
            }
        }
    }
}

/// Requests per second that a service can carry, and what bounds them.
pub(super) fn most_of(capacity: &Capacity) -> (f64, &'static str) {
    if capacity.by_threads < capacity.by_cores {
        (capacity.by_threads, "threads")
    } else {
        (capacity.by_cores, "cores")
    }
}

/// How many requests may wait in front of all instances of a service; those that share cores count as
/// waiting.
pub(super) fn room(view: &View<'_>, service: &str) -> f64 {
    let Some(of) = view.scenario.services.get(service) else {
        return 0.0;
    };
    let places = |bound: Bound| match bound {
        Bound::Limit(limit) => f64::from(limit),
        Bound::Unbounded => f64::INFINITY,
    };
    let mut each = places(of.queue.limit) + places(of.backlog);
    if of.cores.is_some() {
        each += places(of.threads);
    }
    if of.threads == Bound::Unbounded {
        each = f64::INFINITY;
    }
    f64::from(of.replicas) * each
}

/// Requests of a workload that reach each service, per request, by the number of the service; those that
/// none reaches are left out.
pub(super) fn visits_of(view: &View<'_>, workload: &str) -> BTreeMap<usize, f64> {
    let scenario = view.scenario;
    let mut services = BTreeMap::new();
    let Some(load) = scenario.workloads.get(workload) else {
        return services;
    };
    let total: f64 = load.targets().iter().map(|(_, weight)| weight).sum();
    // Callers first, by their places in the order of all endpoints: only what the workload reaches is looked
    // at.
    let mut open: BTreeMap<Reverse<usize>, f64> = BTreeMap::new();
    for (target, weight) in load.targets().iter() {
        if let Some(endpoint) = view.endpoints.find(target) {
            *open.entry(Reverse(view.place[endpoint])).or_default() += weight / total;
        }
    }
    // Calls within a circle are left out: their sum is not found in one pass.
    while let Some((Reverse(place), visits)) = open.pop_first() {
        let at = &view.endpoints.order[place];
        let endpoint = &view.endpoints.all[*at];
        if let Some(service) = scenario.services.get_index_of(endpoint.service) {
            *services.entry(service).or_insert(0.0) += visits;
        }
        let Some(flow) = view.topology.endpoints.get(&endpoint.target) else {
            continue;
        };
        for callee in endpoint.callees.iter().filter(|callee| *callee != at) {
            let calls = flow.calls.get(&view.endpoints.all[*callee].target);
            if let Some((calls, _)) = calls.filter(|_| view.place[*callee] < place) {
                *open.entry(Reverse(view.place[*callee])).or_default() += visits * calls;
            }
        }
    }
    services
}

/// Requests per second of an open workload that reach each service, before its shape.
fn arrivals_of(view: &View<'_>, workload: &str) -> BTreeMap<usize, f64> {
    let rate = match view.scenario.workloads.get(workload) {
        Some(Workload::Open(open)) => open.rate.0 * f64::from(open.batch),
        _ => 0.0,
    };
    visits_of(view, workload)
        .into_iter()
        .map(|(service, visits)| (service, visits * rate))
        .collect()
}

/// The run, cut into a grid and wherever a shape jumps.
fn cuts<'s>(view: &View<'_>, shapes: impl Iterator<Item = &'s [Shape]>) -> Vec<SimTime> {
    let end = view.scenario.duration.0;
    let grid =
        (0..=GRID).map(|n| SimTime((u128::from(end) * u128::from(n) / u128::from(GRID)) as u64));
    let mut cuts: Vec<SimTime> = grid.collect();
    cuts.extend(shapes.flat_map(shape::jumps).filter(|at| at.0 < end));
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}
