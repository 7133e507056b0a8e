//! Availability against an objective: by requests and by windows, error budget and burn rate,
//! incidents, and the times to repair and between failures.
//!
//! An incident is a stretch in which the objective was missed, and that is no matter of luck: the
//! failures in it prove a share above the one that the objective allows (see [`excess`]), or requests
//! hang (see [`super::behind`]). A healthy system of any size has none. It goes on until something is
//! answered well again: a silence after failures proves nothing.
//!
//! Source of budget and burn rate: *The Site Reliability Workbook* (2018), chapter 5.

use super::behind::{Behind, behind};
use super::measure::{Measurer, Traffic};
use super::summary::{AvailabilitySummary, Incident};
use crate::plan::Plan;
use crate::reliability;
use crate::scenario::Scenario;
use sim_core::SimTime;
use sim_core::stats::{excess, too_many};
use std::ops::Range;

/// Good time between two bad stretches that does not end an incident, in seconds.
const SAME_INCIDENT: f64 = 5.0;
/// Width of the windows over which the largest burn rate is looked for, in seconds.
const BURN_WINDOW: f64 = 60.0;
/// Evidence of a failure that is called certain: luck gives it one in 100,000 times.
pub(super) const CERTAIN: f64 = 11.512_925_464_970_229;
/// The chance with which luck alone makes an incident of a workload that keeps its objective, anywhere
/// in a run.
const CHANCE: f64 = 1e-6;

/// Availability of each workload, in the order of the plan, and all incidents in order of time. The first
/// fault comes then, if there is one.
#[must_use]
pub fn availability(
    scenario: &Scenario,
    measurer: Measurer,
    ends: &[SimTime],
    first_fault: Option<SimTime>,
) -> (Vec<AvailabilitySummary>, Vec<Incident>) {
    let plan = measurer.plan;
    let predicted = plan
        .predicted
        .get_or_init(|| reliability::predicted(scenario, plan));
    let warm = ends.partition_point(|end| *end <= plan.warmup);
    let calm = first_fault.map_or(ends.len(), |first| {
        ends.partition_point(|end| *end <= first)
    });
    let calm = warm.min(calm)..calm;
    let mut all = Vec::new();
    let mut incidents = Vec::new();
    for workload in 0..plan.workloads.len() {
        let view = View::new(measurer, workload, warm..ends.len(), scenario);
        let name = &plan.load_places().raw[workload].name;
        let own = view.incidents(name, ends);
        let mut summary = view.summary(&own);
        // Where more is lost before any fault, slowness meets a limit, of which a prediction knows nothing.
        let before = measurer.traffic(workload, calm.clone());
        let lost = before.finished - before.good;
        let predicted = predicted.get(workload).copied().flatten();
        summary.predicted = predicted.filter(|share| {
            too_many(lost, before.finished, 1.0 - share) <= CERTAIN && share.is_finite()
        });
        all.push(summary);
        incidents.extend(own.into_iter().map(|(_, incident)| incident));
    }
    incidents.sort_by(|a, b| a.start.total_cmp(&b.start));
    (all, incidents)
}

/// How many windows are at least this long.
pub(super) fn windows_of(plan: &Plan, seconds: f64) -> usize {
    (libm::ceil(seconds / plan.window.as_secs_f64()) as usize).max(1)
}

/// Windows in a row that it takes to say that something lasts.
pub(super) fn lasting(plan: &Plan) -> usize {
    windows_of(plan, SAME_INCIDENT).min(3)
}

/// Stretches that are no further from each other than a short good spell become one; `join` adds what
/// is known of the second to the first.
pub(super) fn merged<T>(
    plan: &Plan,
    mut stretches: Vec<(Range<usize>, T)>,
    join: impl Fn(&mut T, T),
) -> Vec<(Range<usize>, T)> {
    let gap = windows_of(plan, SAME_INCIDENT);
    stretches.sort_by_key(|(windows, _)| (windows.start, windows.end));
    let mut all: Vec<(Range<usize>, T)> = Vec::new();
    for (windows, what) in stretches {
        match all.last_mut() {
            Some((last, known)) if windows.start <= last.end + gap => {
                last.end = last.end.max(windows.end);
                join(known, what);
            }
            _ => all.push((windows, what)),
        }
    }
    all
}

/// The first window from `from` on in which something is answered well, or their number: what is bad goes
/// on until then.
pub(super) fn first_good(good: &[u64], from: usize) -> usize {
    let silent = good[from..].iter().take_while(|count| **count == 0);
    from + silent.count()
}

/// Why a stretch is an incident.
#[derive(Clone, Copy, Debug, Default)]
struct Why {
    /// More failed than the objective allows.
    failures: bool,
    /// Requests that hang, at least.
    hanging: u64,
}

/// A workload after the warm-up.
struct View<'a> {
    measurer: Measurer<'a>,
    workload: usize,
    windows: Range<usize>,
    objective: f64,
    whole: Traffic,
    /// Stretches in which requests hang.
    hangs: Vec<Behind>,
}

impl<'a> View<'a> {
    fn new(
        measurer: Measurer<'a>,
        workload: usize,
        windows: Range<usize>,
        scenario: &Scenario,
    ) -> Self {
        let rows = &measurer.recorder.workloads[workload].windows;
        let lasting = lasting(measurer.plan).max(windows_of(measurer.plan, SAME_INCIDENT));
        let mut hangs = behind(rows, measurer.plan.window.as_secs_f64());
        hangs.retain(|one| {
            one.hangs && one.windows.len() >= lasting && one.windows.end > windows.start
        });
        Self {
            measurer,
            workload,
            objective: scenario.hypothesis.objective,
            whole: measurer.traffic(workload, windows.clone()),
            windows,
            hangs,
        }
    }

    fn traffic(&self, windows: Range<usize>) -> Traffic {
        self.measurer.traffic(self.workload, windows)
    }

    /// Requests that are never answered, or hang at the end of the run, at least.
    fn lost(&self) -> u64 {
        let open = self.hangs.iter().filter(|one| one.open);
        let open: u64 = open.map(|one| one.overdue).sum();
        open.max(self.forgotten(&self.windows))
    }

    /// Requests that began in these windows and are never answered.
    fn forgotten(&self, windows: &Range<usize>) -> u64 {
        let rows = &self.measurer.recorder.workloads[self.workload].begun.rows;
        let rows = rows.get(windows.clone()).unwrap_or_default().iter();
        rows.map(|row| row.forgotten.count).sum()
    }

    /// Requests that were not answered, and all of which it is known whether they were.
    fn errors(&self) -> (u64, u64) {
        let failed = self.whole.finished - self.whole.good;
        (failed + self.lost(), self.whole.finished + self.lost())
    }

    fn stretches(&self) -> Vec<(Range<usize>, Why)> {
        let plan = self.measurer.plan;
        let rows = self.windows.clone().map(|at| self.traffic(at..at + 1));
        let (failed, finished): (Vec<u64>, Vec<u64>) = rows
            .map(|row| (row.finished - row.good, row.finished))
            .unzip();
        let allowed = 1.0 - self.objective;
        let (errors, all) = self.errors();
        let kept = errors as f64 <= allowed * all as f64;
        let failures = Why {
            failures: true,
            hanging: 0,
        };
        let stretches = excess(&failed, &finished, allowed, 0.0, CHANCE)
            .into_iter()
            .map(|found| found.start + self.windows.start..found.end + self.windows.start)
            .map(|windows| (windows, failures));
        let mut stretches = merged(plan, stretches.collect(), |_, _| {});
        // Failures come in clusters, too: one of them is no incident while the objective is kept.
        let short = lasting(plan);
        stretches.retain(|(windows, _)| !kept || windows.len() >= short);
        let good = 0..self.windows.end;
        let good: Vec<u64> = good.map(|at| self.traffic(at..at + 1).good).collect();
        stretches.extend(self.hangs.iter().map(|one| {
            let windows = one.windows.start.max(self.windows.start)..one.windows.end;
            let hanging = Why {
                failures: false,
                hanging: one.overdue,
            };
            (windows, hanging)
        }));
        for (windows, _) in &mut stretches {
            windows.end = first_good(&good, windows.end);
        }
        merged(plan, stretches, |why, other| {
            why.failures |= other.failures;
            why.hanging = why.hanging.max(other.hanging);
        })
    }

    fn incidents(&self, name: &str, ends: &[SimTime]) -> Vec<(Range<usize>, Incident)> {
        let incident = |(windows, why): (Range<usize>, Why)| {
            let start = windows
                .start
                .checked_sub(1)
                .map_or(0.0, |before| ends[before].as_secs_f64());
            let traffic = self.traffic(windows.clone());
            let rule = match (why.failures, why.hanging > 0) {
                (true, true) => "failures+hanging",
                (true, false) => "failures",
                (false, _) => "hanging",
            };
            let incident = Incident {
                workload: name.to_owned(),
                start,
                end: ends[windows.end - 1].as_secs_f64(),
                over: windows.end < ends.len(),
                success_ratio: traffic
                    .success()
                    .map(|_| traffic.good as f64 / (traffic.finished + why.hanging) as f64),
                ended: traffic.finished,
                failed: traffic.finished - traffic.good,
                hanging: why.hanging,
                rule: rule.to_owned(),
            };
            (windows, incident)
        };
        self.stretches().into_iter().map(incident).collect()
    }

    fn summary(&self, incidents: &[(Range<usize>, Incident)]) -> AvailabilitySummary {
        let allowed = 1.0 - self.objective;
        let (errors, all) = self.errors();
        let of_budget = |errors: f64| {
            let used = errors / allowed;
            if errors == 0.0 {
                Some(0.0)
            } else {
                Some(used).filter(|used| used.is_finite())
            }
        };
        let error_ratio = (all > 0).then(|| errors as f64 / all as f64);
        let over = incidents.iter().all(|(_, incident)| incident.over);
        let lengths = incidents.iter().map(|(_, one)| one.end - one.start);
        let mtbf = match incidents {
            [(_, first), .., (_, last)] => {
                Some((last.start - first.start) / (incidents.len() - 1) as f64)
            }
            _ => None,
        };
        AvailabilitySummary {
            objective: self.objective,
            by_requests: error_ratio.map(|errors| 1.0 - errors),
            by_windows: error_ratio.and(self.by_windows(incidents)),
            predicted: None,
            budget_used: error_ratio.and_then(of_budget),
            burn_rate_max: error_ratio
                .map(|whole| self.worst_minute(incidents).unwrap_or(0.0).max(whole))
                .and_then(of_budget),
            mttr: (over && !incidents.is_empty())
                .then(|| lengths.sum::<f64>() / incidents.len() as f64),
            mtbf,
        }
    }

    /// The share of the windows, from the first with something to do to the last, that lie in no incident.
    /// A quiet one between two others is what they are.
    fn by_windows(&self, incidents: &[(Range<usize>, Incident)]) -> Option<f64> {
        let rows = &self.measurer.recorder.workloads[self.workload].windows;
        let busy = |at: &usize| {
            let row = &rows[*at].0;
            row.offered > 0 || row.in_flight > 0 || row.outcomes.iter().any(|count| *count > 0)
        };
        let first = self.windows.clone().find(busy)?;
        let last = self.windows.clone().rfind(busy)?;
        let end = incidents.iter().map(|(windows, _)| windows.end);
        let all = first..end.fold(last + 1, usize::max);
        let bad: usize = incidents.iter().map(|(windows, _)| windows.len()).sum();
        Some(1.0 - bad as f64 / all.len() as f64)
    }

    /// The largest share of errors in any minute that an incident touches: elsewhere what a minute holds
    /// proves nothing. As in the budget, requests that hang are errors if they are never answered.
    fn worst_minute(&self, incidents: &[(Range<usize>, Incident)]) -> Option<f64> {
        let width = windows_of(self.measurer.plan, BURN_WINDOW).min(self.windows.len());
        let starts = incidents.iter().flat_map(|(windows, _)| {
            let first = (windows.start + 1)
                .saturating_sub(width)
                .max(self.windows.start);
            first..windows.end.min(self.windows.end + 1 - width)
        });
        let ratio = |start: usize| {
            let traffic = self.traffic(start..start + width);
            let unanswered = self.unanswered(&(start..start + width));
            let errors = traffic.finished - traffic.good + unanswered;
            let all = traffic.finished + unanswered;
            (all > 0).then(|| errors as f64 / all as f64)
        };
        starts.filter_map(ratio).reduce(f64::max)
    }

    /// Requests that began in these windows and hang at the end of the run.
    fn unanswered(&self, windows: &Range<usize>) -> u64 {
        let plan = self.measurer.plan;
        let rows = &self.measurer.recorder.workloads[self.workload].begun.rows;
        let open = self.hangs.iter().filter(|one| one.open);
        let counts = open.map(|one| {
            // Those that began later may only be under way.
            let young = windows_of(plan, one.waited);
            let end = one.windows.end.saturating_sub(young).min(windows.end);
            let rows = rows.get(one.windows.start.max(windows.start)..end);
            let rows = rows.unwrap_or_default().iter();
            rows.map(|row| row.open.count).sum::<u64>()
        });
        counts.sum::<u64>() + self.forgotten(windows)
    }
}
