//! Notable moments: faults that come and go, goodput that breaks down and comes back, load that steps
//! up, queues that fill up, breakers that open and close.
//!
//! What is told is proven by its counts: goodput is compared with what was offered, and never with what
//! it was at another time of day; a queue or a breaker is told where a good part of the traffic suffers
//! from it.

use super::availability::{lasting, merged};
use super::behind::behind;
use super::recorder::Recorder;
use super::summary::{EdgeSeries, FaultSummary, Moment, Series, WorkloadSeries};
use crate::plan::{Plan, WorkloadKind};
use crate::scenario::Shape;
use sim_core::SimTime;
use sim_core::stats::{StepUp, excess, steps_up};
use std::ops::Range;

/// Share of what is due that healthy traffic may lose, if its objective does not allow more.
const USUAL: f64 = 0.01;
/// Lost shares from here on are looked for.
const BROKEN: f64 = 0.2;
/// Share that a stretch must have lost, all in all.
const LOST: f64 = 0.1;
/// By what a load grows at once that is told.
const STEP: f64 = 1.5;
/// The chance with which luck alone makes a moment of a kind, anywhere in a healthy run.
const CHANCE: f64 = 1e-6;
/// Moments of one kind and place that are told; the rest is counted.
const MOST: usize = 4;
/// Points in a window at which a shape is looked at.
const POINTS: u64 = 8;

/// The notable moments of a run, in order of time. `objective` is that of its workloads.
#[must_use]
pub fn moments(
    plan: &Plan,
    recorder: &Recorder,
    series: &Series,
    faults: &[FaultSummary],
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
        usual: USUAL.max(1.0 - objective),
    };
    let mut all = Vec::new();
    teller.faults(faults, &mut all);
    teller.goodput(&mut all);
    teller.loads(&mut all);
    teller.queues(&mut all);
    teller.breakers(&mut all);
    all.sort_by(|a, b| a.time.total_cmp(&b.time));
    all
}

/// Tells the first moments of one kind and place; the rest is counted.
fn tell(all: &mut Vec<Moment>, found: Vec<Moment>) {
    let more = found.len().saturating_sub(MOST);
    let last = (more > 0).then_some(MOST - 1);
    for (position, mut moment) in found.into_iter().take(MOST).enumerate() {
        if Some(position) == last {
            moment.what += &format!(" (and {more} more times)");
        }
        all.push(moment);
    }
}

fn moment(time: f64, rule: &str, what: String) -> Moment {
    let rule = rule.to_owned();
    Moment { time, what, rule }
}

fn rate(count: u64, seconds: f64) -> String {
    per_second(count as f64 / seconds)
}

/// A rate for people: whole numbers where those say enough.
fn per_second(rate: f64) -> String {
    let digits = if rate >= 9.95 || rate == 0.0 { 0 } else { 2 };
    format!("{rate:.digits$}/s")
}

fn sum(counts: &[u64], windows: &Range<usize>) -> u64 {
    counts[windows.clone()].iter().sum()
}

fn good_of(workload: &WorkloadSeries) -> Vec<u64> {
    let pairs = workload.ok.iter().zip(&workload.degraded);
    pairs.map(|(ok, degraded)| ok + degraded).collect()
}

struct Teller<'a> {
    plan: &'a Plan,
    recorder: &'a Recorder,
    series: &'a Series,
    /// The first window after the warm-up.
    warm: usize,
    /// Share of losses that proves nothing.
    usual: f64,
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

    fn faults(&self, faults: &[FaultSummary], all: &mut Vec<Moment>) {
        let last = self.series.time.last();
        let end = last.map_or(0.0, |start| start + self.series.window_seconds);
        for fault in faults {
            let told = |time, what| moment(time, "fault", format!("`{}` {what}", fault.name));
            let periods = || fault.periods.iter();
            tell(
                all,
                periods().map(|(start, _)| told(*start, "begins")).collect(),
            );
            let over = periods().filter(|(_, stop)| *stop < end);
            tell(all, over.map(|(_, stop)| told(*stop, "ends")).collect());
        }
    }

    /// Stretches after the warm-up in which a good part of what was due is proven to be lost.
    fn losses(&self, lost: &[u64], due: &[u64]) -> Vec<Range<usize>> {
        let after = |windows: Range<usize>| windows.start + self.warm..windows.end + self.warm;
        let (after_lost, after_due) = (&lost[self.warm..], &due[self.warm..]);
        let found = excess(after_lost, after_due, self.usual, BROKEN, CHANCE);
        let found = found.into_iter().map(|windows| (after(windows), ()));
        let mut found = merged(self.plan, found.collect(), |(), ()| {});
        found.retain(|(windows, ())| sum(lost, windows) as f64 >= LOST * sum(due, windows) as f64);
        found.into_iter().map(|(windows, ())| windows).collect()
    }

    /// Breakdowns of goodput: requests fail, or answers fall behind what is offered.
    fn goodput(&self, all: &mut Vec<Moment>) {
        let places = &self.plan.places[self.plan.services.len()..];
        for (place, record) in places.iter().zip(&self.recorder.workloads) {
            let Some(workload) = self.series.workloads.get(&place.name) else {
                continue;
            };
            let good = good_of(workload);
            let mut failed = vec![0; good.len()];
            for counts in workload.failed.values() {
                add(&mut failed, counts);
            }
            let mut ended = good.clone();
            add(&mut ended, &failed);
            let losses = self.losses(&failed, &ended).into_iter().map(|windows| {
                let share = sum(&failed, &windows) as f64 / sum(&ended, &windows) as f64;
                let how = format!("{:.0}% of what ends has failed", 100.0 * share);
                (windows, ("failures", how))
            });
            let behind = behind(&record.windows, self.series.window_seconds)
                .into_iter()
                .map(|one| {
                    let (rule, what) = match one.silent {
                        true => ("silence", "nothing is answered"),
                        false => ("behind", "answers fall behind"),
                    };
                    let (overdue, before) = (one.overdue, one.waited);
                    let how =
                        format!("{what}, at least {overdue} wait for longer than {before:.3}s");
                    (
                        one.windows.start.max(self.warm)..one.windows.end,
                        (rule, how),
                    )
                });
            let found = losses
                .chain(behind)
                .filter(|(windows, _)| !windows.is_empty());
            let mut found = merged(self.plan, found.collect(), |_, _| {});
            found.retain(|(windows, _)| windows.len() >= lasting(self.plan));
            let compared = |windows: &Range<usize>| {
                let seconds = self.seconds(windows);
                let (good, offered) = (sum(&good, windows), sum(&workload.offered, windows));
                format!(
                    "{} of {} offered",
                    rate(good, seconds),
                    rate(offered, seconds)
                )
            };
            let name = &place.name;
            let mut moments = Vec::new();
            for (windows, (rule, how)) in &found {
                let what = format!(
                    "goodput of {name} breaks down: {} ({how})",
                    compared(windows)
                );
                moments.push(moment(self.series.time[windows.start], rule, what));
                let next = windows.end..(windows.end + lasting(self.plan)).min(good.len());
                let (now, offered) = (sum(&good, &next), sum(&workload.offered, &next));
                if now > 0 && now as f64 >= (1.0 - LOST) * offered as f64 {
                    let what = format!("goodput of {name} is back: {}", compared(&next));
                    moments.push(moment(self.series.time[next.start], rule, what));
                }
            }
            tell(all, moments);
        }
    }

    /// Loads that step up: what workloads offer, and what retries add to it.
    fn loads(&self, all: &mut Vec<Moment>) {
        let count = self.series.time.len();
        let told = |step: &StepUp, rule: &str, name: &str| {
            let mean = |count: f64| count / self.series.window_seconds;
            let (before, after) = (per_second(mean(step.before)), per_second(mean(step.after)));
            let what = match rule {
                "retries" => format!("retries raise the load of {name}: {before} to {after}"),
                _ => format!("the load of {name} steps up: {before} to {after}"),
            };
            moment(self.series.time[step.at], rule, what)
        };
        let late = |step: &StepUp| step.at >= self.warm;
        let places = &self.plan.places[self.plan.services.len()..];
        for (place, plan) in places.iter().zip(&self.plan.workloads) {
            let Some(workload) = self.series.workloads.get(&place.name) else {
                continue;
            };
            let (expected, batch) = match &plan.kind {
                WorkloadKind::Open { shape, batch, .. } => {
                    let gradual: Vec<Shape> = shape
                        .iter()
                        .filter(|shape| shape.is_gradual())
                        .copied()
                        .collect();
                    (self.shaped(&gradual, count), f64::from(*batch))
                }
                WorkloadKind::Closed { .. } => (vec![1.0; count], 1.0),
            };
            let steps = steps_up(&workload.offered, &expected, batch, STEP, CHANCE);
            let steps = steps.iter().filter(|step| late(step));
            tell(
                all,
                steps.map(|step| told(step, "load", &place.name)).collect(),
            );
        }
        for (name, edge) in &self.series.edges {
            let steps = steps_up(&edge.attempts, &vec![1.0; count], 1.0, STEP, CHANCE);
            let steps = steps
                .iter()
                .filter(|step| late(step) && by_retries(edge, step));
            tell(all, steps.map(|step| told(step, "retries", name)).collect());
        }
    }

    /// Shapes by windows: the mean of what they multiply a rate by.
    fn shaped(&self, shapes: &[Shape], count: usize) -> Vec<f64> {
        let width = self.plan.window.0;
        let factor = |at: SimTime| shapes.iter().map(|shape| shape.factor(at)).product::<f64>();
        (0..count as u64)
            .map(|window| {
                let points = (0..POINTS).map(|point| {
                    SimTime(window * width + (2 * point + 1) * (width / (2 * POINTS)))
                });
                points.map(factor).sum::<f64>() / POINTS as f64
            })
            .collect()
    }

    /// Queues that are full while a good part of what arrives is turned away.
    fn queues(&self, all: &mut Vec<Moment>) {
        for (place, service) in self.plan.places.iter().zip(&self.plan.services) {
            let Some(columns) = self.series.services.get(&place.name) else {
                continue;
            };
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
                let share = 100.0 * turned / sum(&columns.arrivals, &windows) as f64;
                let full = windows.find(|window| columns.queue_max[*window] >= limit)?;
                let what = format!(
                    "the queue of {} is full ({limit} waiting): {share:.0}% of what comes is turned away",
                    place.name
                );
                Some(moment(self.series.time[full], "queue", what))
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
            let mut found = Vec::new();
            for (windows, ()) in merged(self.plan, open.collect(), |(), ()| {}) {
                let meets = |loss: &Range<usize>| {
                    loss.start < windows.end + near && windows.start < loss.end + near
                };
                if windows.start < self.warm || !losses.iter().any(meets) {
                    continue;
                }
                let opens = format!("a breaker opens on {name}");
                found.push(moment(self.series.time[windows.start], "breaker", opens));
                if let Some(time) = self.series.time.get(windows.end) {
                    let closed = format!("the breakers on {name} are closed again");
                    found.push(moment(*time, "breaker", closed));
                }
            }
            tell(all, found);
        }
    }
}

/// Whether at least half of what came with a step came from retries.
fn by_retries(edge: &EdgeSeries, step: &StepUp) -> bool {
    let (before, after) = (step.at - step.scale..step.at, step.at..step.at + step.scale);
    let grown = |counts: &[u64]| sum(counts, &after) as f64 - sum(counts, &before) as f64;
    grown(&edge.retries) >= 0.5 * grown(&edge.attempts)
}

fn add(sums: &mut [u64], counts: &[u64]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}
