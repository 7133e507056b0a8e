//! The load against what services can carry.

use super::circles::at_once;
use super::view::View;
use super::words::{rounded, span};
use crate::check::checker::{Checker, at};
use crate::scenario::diagnostics::Code;
use crate::scenario::{Bound, Threading, Workload};
use crate::topology::{most_of, peaks, room, seconds, visits_of};

/// Standard errors that a number must be beyond its limit, so that luck cannot bridge it.
const FAR: f64 = 4.0;

impl Checker<'_> {
    pub(super) fn load_fits(&mut self, view: &View<'_>) {
        for (name, capacity) in &view.demand.topology.capacity {
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

    /// Whether pools hold what requests take out of them at any time, if none of these ever waits.
    pub(super) fn pools_fit(&mut self, view: &View<'_>) {
        for (name, service) in &view.scenario.services {
            for (pool, spec) in &service.pools {
                let endpoints = service.endpoints.keys();
                let held = endpoints.filter_map(|endpoint| {
                    let target = format!("{name}/{endpoint}");
                    let flow = view.demand.topology.endpoints.get(&target)?;
                    Some(flow.open_rate * flow.pools.get(pool)?)
                });
                // By Little's law.
                let held: f64 = held.sum();
                let all = f64::from(service.replicas) * f64::from(spec.size);
                if held > all {
                    let message = format!(
                        "requests hold {} of `{pool}` at any time, even if none of them waits for one, and all instances of `{name}` together have {all}",
                        rounded(held)
                    );
                    let place = self.key_span(at!["services", name.as_str(), "pools"], pool);
                    self.report_at(Code::Overload, place, message).help.push(
                        "make the pool larger, or hold what it gives for a shorter time".into(),
                    );
                }
            }
        }
    }

    /// Whether shapes take a service above what it can carry for longer than its queue can bear.
    pub(super) fn peaks_fit(&mut self, view: &View<'_>) {
        for (name, peak) in peaks(&view.demand) {
            let (most, of) = most_of(&view.demand.topology.capacity[name]);
            let message = format!(
                "at the peak of the load `{name}` gets {} requests a second, and its {of} can carry {}: it is above that from {} to {}",
                rounded(peak.rate),
                rounded(most),
                peak.first,
                peak.last
            );
            let place = self.key_span(at!["services"], name);
            self.report_at(Code::Peak, place, message)
                .help
                .push(format!(
                    "by then {} requests are too many: they wait for {}, or are turned away",
                    rounded(peak.excess),
                    span((peak.excess / most * 10.0).round() / 10.0)
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
            let to = view.demand.endpoints.find(target);
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
            let own = visits_of(&view.demand, name);
            let own = own.into_iter().filter(|(_, visits)| *visits > 0.0);
            let bounds = own.filter_map(|(number, visits)| {
                let (service, capacity) = view.demand.topology.capacity.get_index(number)?;
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
            let room = room(&view.demand, entry) + threads;
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
                let limit = view
                    .call(name, true, view.demand.endpoints.find(to)?)
                    .limit()?;
                Some(limit.as_secs_f64())
            });
            let Some(limit) = limits.chain(patience).min_by(f64::total_cmp) else {
                continue;
            };
            let think = seconds(&closed.think);
            let users = f64::from(closed.users);
            let own = visits_of(&view.demand, name);
            let mut tight: Option<(f64, &str, f64)> = None;
            for (number, visits) in own {
                let Some((service, capacity)) = view.demand.topology.capacity.get_index(number)
                else {
                    continue;
                };
                let (most, _) = most_of(capacity);
                // Where there is no room to wait for that long, they are turned away instead.
                if visits <= 0.0 || !most.is_finite() || room(&view.demand, service) / most < limit
                {
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
