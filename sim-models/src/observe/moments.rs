//! Notable moments: faults that come and go, what controllers do, goodput that breaks down and comes back, load that steps
//! up, queues that fill up, pools that run out, breakers that open and close.
//!
//! What is told is proven by its counts: goodput is compared with what was offered, and never with what
//! it was at another time of day; a queue, a pool or a breaker is told where a good part of the traffic suffers
//! from it.

mod teller;
mod goodput;
mod loads;

use super::availability::{lasting, merged};
use super::recorder::Recorder;
use super::summary::{Moment, Series, Summary};
use crate::plan::Plan;
use indexmap::IndexMap;
use sim_core::stats::excess;
use std::ops::Range;
use teller::{CHANCE, LOST, Teller, add, moment, percent, sum, tell};

/// Share of what is due that healthy traffic may lose, if its objective does not allow more.
const USUAL: f64 = 0.01;
/// Lost shares from here on are looked for.
const BROKEN: f64 = 0.2;
/// The notable moments of a run, in order of time, of which `summary` knows the rest. `objective` is that of its
/// workloads.
#[must_use]
pub fn moments(
    plan: &Plan,
    recorder: &Recorder,
    series: &Series,
    summary: &Summary,
    objective: f64,
) -> Vec<Moment> {
    let start = |window: usize| window as f64 * series.window_seconds;
    let teller = Teller {
        plan,
        recorder,
        series,
        warm: (0..series.time.len())
            .take_while(|window| start(window + 1) <= plan.warmup.as_secs_f64())
            .count(),
        allowed: 1.0 - objective,
        usual: USUAL.max(1.0 - objective),
    };
    let mut all = Vec::new();
    // Of one instant: a fault that is lifted ends because of it.
    teller.controllers(summary, &mut all);
    teller.faults(summary, &mut all);
    let breakdowns = teller.goodput(&mut all);
    teller.loads(&breakdowns, &mut all);
    teller.queues(&mut all);
    teller.pools(&mut all);
    teller.breakers(&mut all);
    all.sort_by(|a, b| a.time.total_cmp(&b.time));
    all
}

impl Teller<'_> {
    fn seconds(&self, windows: &Range<usize>) -> f64 {
        // The last window may be shorter than the others.
        let end = |windows: usize| {
            let end = windows as f64 * self.series.window_seconds;
            end.min(self.plan.end.as_secs_f64())
        };
        end(windows.end) - end(windows.start)
    }

    /// When faults came and went while it was simulated.
    fn faults(&self, summary: &Summary, all: &mut Vec<Moment>) {
        let over = summary.simulated_seconds;
        for fault in &summary.faults {
            let told = |time, what| moment(time, "fault", format!("`{}` {what}", fault.name));
            let periods = || fault.periods.iter();
            tell(
                all,
                periods().map(|(start, _)| told(*start, "begins")).collect(),
            );
            let gone = periods().filter(|(_, stop)| *stop < over);
            tell(all, gone.map(|(_, stop)| told(*stop, "ends")).collect());
        }
    }

    /// What controllers did: each kind of thing by itself, so that what is done often does not hide the rest.
    fn controllers(&self, summary: &Summary, all: &mut Vec<Moment>) {
        for (name, controller) in &summary.controllers {
            let mut kinds: IndexMap<&str, Vec<Moment>> = IndexMap::new();
            for deed in &controller.deeds {
                let told = moment(deed.time, "controller", format!("`{name}`: {}", deed.what));
                kinds.entry(&deed.what).or_default().push(told);
            }
            for moments in kinds.into_values() {
                tell(all, moments);
            }
        }
    }

    /// Stretches after the warm-up in which a good part of what was due is proven to be lost.
    fn losses(&self, lost: &[u64], due: &[u64]) -> Vec<Range<usize>> {
        let after = |windows: Range<usize>| windows.start + self.warm..windows.end + self.warm;
        let (after_lost, after_due) = (&lost[self.warm..], &due[self.warm..]);
        let found = excess(after_lost, after_due, self.usual, BROKEN, CHANCE);
        // Each by itself: what is lost again and again is not made up for by what lies between.
        let heavy =
            |windows: &Range<usize>| sum(lost, windows) as f64 >= LOST * sum(due, windows) as f64;
        let found = found.into_iter().map(after).filter(heavy);
        let found = merged(self.plan, found.map(|one| (one, ())).collect(), |(), ()| {});
        found.into_iter().map(|(windows, ())| windows).collect()
    }

    /// Queues that are full while a good part of what arrives is turned away.
    fn queues(&self, all: &mut Vec<Moment>) {
        for (place, service) in self.plan.places.iter().zip(&self.plan.services) {
            let Some(columns) = self.series.services.get(&place.name) else {
                continue;
            };
            // Where its places may change nobody knows when all were taken.
            if self.plan.live.is_some() {
                continue;
            }
            let limit =
                u64::from(service.queue_limit).saturating_add(u64::from(service.backlog_limit));
            if limit == 0 || limit >= u64::from(u32::MAX) {
                continue;
            }
            let losses = self
                .losses(&columns.rejected, &columns.arrivals)
                .into_iter();
            let found = losses.filter_map(|mut windows| {
                let turned = sum(&columns.rejected, &windows) as f64;
                let share = percent(turned / sum(&columns.arrivals, &windows) as f64);
                let full = windows.find(|window| columns.queue_max[*window] >= limit)?;
                let what = format!(
                    "the queue of {} is full ({limit} waiting): {share} of what comes is turned away",
                    place.name
                );
                Some(moment(self.series.time[full], "queue", what))
            });
            tell(all, found.collect());
        }
    }

    /// Pools of which all are out at an instance while a good part of those who ask gets none.
    fn pools(&self, all: &mut Vec<Moment>) {
        for (plan, (name, columns)) in self.plan.pools.iter().filter_map(|plan| {
            let service = &self.plan.service_places()[plan.service].name;
            let name = format!("{service}/{}", plan.name);
            Some((plan, self.series.pools.get_key_value(&name)?))
        }) {
            let size = u64::from(plan.size);
            // Who leaves while it waits gets none either.
            let mut none = columns.refused.clone();
            add(&mut none, &columns.left);
            let mut asked = none.clone();
            add(&mut asked, &columns.taken);
            let losses = self.losses(&none, &asked).into_iter();
            let found = losses.filter_map(|mut windows| {
                let share = sum(&none, &windows) as f64 / sum(&asked, &windows) as f64;
                let share = percent(share);
                let out = windows.find(|window| columns.out_max[*window] >= size)?;
                let what = format!(
                    "all {size} of {name} are out at an instance: {share} of those who ask get none"
                );
                Some(moment(self.series.time[out], "pool", what))
            });
            tell(all, found.collect());
        }
    }

    /// Breakers that open where a good part of the calls fails, or is not let through.
    fn breakers(&self, all: &mut Vec<Moment>) {
        for (name, edge) in &self.series.edges {
            let refused = edge
                .calls
                .iter()
                .zip(&edge.calls_sent)
                .map(|(all, sent)| all - sent);
            let refused: Vec<u64> = refused.collect();
            let mut lost = refused.clone();
            add(&mut lost, &edge.failures);
            let mut due = refused;
            add(&mut due, &edge.attempts);
            let losses = self.losses(&lost, &due);
            let open = edge.breakers_open.iter().enumerate();
            let open = open.filter(|(_, open)| **open > 0);
            let open = open.map(|(window, _)| (window..window + 1, ()));
            let near = lasting(self.plan);
            let (mut opened, mut closed) = (Vec::new(), Vec::new());
            for (windows, ()) in merged(self.plan, open.collect(), |(), ()| {}) {
                let meets = |loss: &Range<usize>| {
                    loss.start < windows.end + near && windows.start < loss.end + near
                };
                if windows.start < self.warm || !losses.iter().any(meets) {
                    continue;
                }
                let opens = format!("a breaker opens on {name}");
                opened.push(moment(self.series.time[windows.start], "breaker", opens));
                if let Some(time) = self.series.time.get(windows.end) {
                    let closes = format!("the breakers on {name} are closed again");
                    closed.push(moment(*time, "breaker", closes));
                }
            }
            tell(all, opened);
            tell(all, closed);
        }
    }
}
