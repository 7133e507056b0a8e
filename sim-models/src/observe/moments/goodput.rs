//! Goodput that breaks down, and comes back: requests fail, or answers fall behind what is offered.

use super::teller::{LOST, Teller, add, moment, percent, sum, tell};
use crate::observe::availability::{first_good, lasting, merged};
use crate::observe::behind::{Behind, behind};
use crate::observe::figures::rates;
use crate::observe::recorder::WorkloadRecord;
use crate::observe::summary::{Moment, WorkloadSeries};
use sim_core::SimDuration;
use std::collections::BTreeMap;
use std::ops::Range;

/// Requests offered after a breakdown by which it is known whether goodput is back.
const ENOUGH: u64 = 20;

/// Share that a breakdown shorter than others must have lost: an outage of one window may lie half in one
/// and half in the next.
const OUTAGE: f64 = 1.0 / 3.0;

/// How goodput breaks down.
#[derive(Default)]
struct How {
    /// Windows in which requests fail.
    failures: Option<Range<usize>>,
    /// The window in which answers begin to be late, the rule that tells of it, and how late.
    late: Option<(usize, &'static str, String)>,
}

/// Windows of a breakdown, and how goodput breaks down.
type Breakdown = (Range<usize>, How);

impl Teller<'_> {
    /// Tells of the breakdowns of goodput; their windows by workload, in order.
    pub(super) fn goodput(&self, all: &mut Vec<Moment>) -> Vec<Vec<Range<usize>>> {
        let places = self.plan.load_places();
        let mut breakdowns = Vec::new();
        for (place, record) in places.iter().zip(&self.recorder.workloads) {
            let workload = &self.series.workloads[&place.name];
            let mut good = workload.ok.clone();
            add(&mut good, &workload.degraded);
            let found = self.breakdowns(workload, &good, record);
            let compared = |windows: &Range<usize>| {
                let rate = |counts| sum(counts, windows) as f64 / self.seconds(windows);
                let [good, offered] = rates([rate(&good), rate(&workload.offered)]);
                format!("{good} of {offered} offered")
            };
            let (mut begin, mut end) = (Vec::new(), Vec::new());
            for (at, (windows, how)) in found.iter().enumerate() {
                let (rule, how) = self.words(how, &workload.failed, &good, windows);
                let tells = |at: usize, what: String| moment(self.series.time[at], rule, what);
                let goodput = format!("goodput of {}", place.name);
                let broken = format!("{goodput} breaks down: {} ({how})", compared(windows));
                begin.push(tells(windows.start, broken));
                let last = found.get(at + 1).map_or(good.len(), |(next, _)| next.start);
                if windows.end >= last {
                    continue;
                }
                // As long as it takes to see enough of what comes after.
                let mut next = windows.end..(windows.end + lasting(self.plan)).min(last);
                while next.end < last && sum(&workload.offered, &next) < ENOUGH {
                    next.end += 1;
                }
                let (now, offered) = (sum(&good, &next), sum(&workload.offered, &next));
                let back = offered >= ENOUGH && now as f64 >= (1.0 - LOST) * offered as f64;
                let what = match (back, offered) {
                    (true, _) => format!("{goodput} is back: {}", compared(&next)),
                    (false, 0) => format!("the breakdown of {goodput} ends"),
                    _ => format!("the breakdown of {goodput} ends: {}", compared(&next)),
                };
                end.push(tells(next.start, what));
            }
            tell(all, begin);
            tell(all, end);
            breakdowns.push(found.into_iter().map(|(windows, _)| windows).collect());
        }
        breakdowns
    }

    /// The rule that tells of a breakdown, and its words. What is said of failures is said of when they
    /// happen: where answers are late for a while before the first of them, both are told.
    fn words(
        &self,
        how: &How,
        failed: &BTreeMap<String, Vec<u64>>,
        good: &[u64],
        windows: &Range<usize>,
    ) -> (&'static str, String) {
        let share = |windows: &Range<usize>| {
            let failed: u64 = failed.values().map(|counts| sum(counts, windows)).sum();
            let share = failed as f64 / (failed + sum(good, windows)) as f64;
            format!("{} of what ends has failed", percent(share))
        };
        match (&how.failures, &how.late) {
            (Some(failures), Some((start, rule, late)))
                if start + lasting(self.plan) <= failures.start =>
            {
                let from = SimDuration::from_secs_f64(self.series.time[failures.start]);
                (*rule, format!("{late}; from {from} on {}", share(failures)))
            }
            (Some(failures), _) => ("failures", share(&(windows.start..failures.end))),
            (None, Some((_, rule, late))) => (*rule, late.clone()),
            (None, None) => ("failures", String::new()),
        }
    }

    fn breakdowns(
        &self,
        workload: &WorkloadSeries,
        good: &[u64],
        record: &WorkloadRecord,
    ) -> Vec<Breakdown> {
        let mut failed = vec![0; good.len()];
        for counts in workload.failed.values() {
            add(&mut failed, counts);
        }
        let mut ended = good.to_vec();
        add(&mut ended, &failed);
        let losses = self.losses(&failed, &ended).into_iter().map(|windows| {
            let failures = Some(windows.clone());
            let late = None;
            (windows, How { failures, late })
        });
        let late = behind(&record.windows, self.series.window_seconds);
        let late = late.into_iter().map(|one| {
            let windows = one.windows.start.max(self.warm)..one.windows.end;
            let (rule, how) = how_late(&one);
            let late = Some((windows.start, rule, how));
            let failures = None;
            (windows, How { failures, late })
        });
        let found = losses
            .chain(late)
            .filter(|(windows, _)| !windows.is_empty());
        let mut found = merged(self.plan, found.collect(), How::join);
        // A cluster of failures that is within the objective is no breakdown.
        let run = self.warm..good.len();
        let missed = sum(&failed, &run) as f64 > self.allowed * sum(&ended, &run) as f64;
        let outage = |windows: &Range<usize>| {
            missed && sum(&failed, windows) as f64 >= OUTAGE * sum(&ended, windows) as f64
        };
        found.retain(|(windows, how)| {
            windows.len() >= lasting(self.plan) || how.failures.is_some() && outage(windows)
        });
        for (windows, _) in &mut found {
            windows.end = first_good(good, windows.end);
        }
        merged(self.plan, found, How::join)
    }
}

impl How {
    /// Adds what is known of a later part of a breakdown.
    fn join(&mut self, other: Self) {
        self.failures = match (self.failures.take(), other.failures) {
            (Some(one), Some(other)) => Some(one.start.min(other.start)..one.end.max(other.end)),
            (one, other) => one.or(other),
        };
        self.late = self.late.take().or(other.late);
    }
}

fn how_late(one: &Behind) -> (&'static str, String) {
    let (rule, what) = if one.silent {
        ("silence", "nothing is answered")
    } else {
        ("behind", "answers fall behind")
    };
    let how = format!(
        "{what}, at least {} wait for more than {}",
        one.overdue,
        two_digits(one.waited)
    );
    (rule, how)
}

/// A time for people: its first two digits.
fn two_digits(seconds: f64) -> SimDuration {
    let all = SimDuration::from_secs_f64(seconds).0;
    let unit = 10_u64.pow(all.checked_ilog10().unwrap_or(0).saturating_sub(1));
    SimDuration(all - all % unit)
}
