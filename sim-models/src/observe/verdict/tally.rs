//! Checks that are about counts of requests, counted window by window, so that what luck explains is
//! known.

use crate::expression::metric::{Metric, Statistic};
use crate::expression::naming::Argument;
use crate::expression::{Expression, Op};
use crate::observe::availability::CERTAIN;
use crate::observe::ledger::{Row, lost};
use crate::observe::measure::{Measurer, Traffic};
use crate::outcome::Outcome;
use sim_core::SimDuration;
use sim_core::stats::{too_many, unlike};
use std::ops::Range;

/// What counts against a check, and of how many.
pub(super) struct Tally {
    /// The share that the check allows to count against it.
    allowed: f64,
    /// Running sums over the windows, one longer than they: requests that count against it, and all.
    sums: Vec<(u64, u64)>,
    /// Of those that count against it the running sums of those that failed in outages.
    outages: Vec<u64>,
    /// How much more than independent requests the first ones vary from window to window while all is
    /// well: late answers come in clusters, because they waited in the same queue. At least 1.
    dispersion: f64,
}

impl Tally {
    /// The tally of a check, if it is about counts; `calm` are the windows before the first disturbance, and
    /// `before` what each workload did then.
    pub fn of(
        measurer: &Measurer<'_>,
        check: &Expression,
        calm: &Range<usize>,
        before: &[Traffic],
    ) -> Option<Self> {
        let measure = &check.measure;
        if measure.parts().count() > 1 {
            return None;
        }
        let workload = measurer.workload(&measure.subject)?;
        let record = &measurer.recorder.workloads[workload];
        let rows = &record.windows;
        let at_least = matches!(check.op, Op::AtLeast | Op::More);
        let at_most = matches!(check.op, Op::AtMost | Op::Less);
        let failed = |outcomes: &[u64; Outcome::COUNT], which: &dyn Fn(Outcome) -> bool| {
            let all = Outcome::ALL.iter();
            let hits = all
                .filter(|outcome| which(**outcome))
                .map(|outcome| outcomes[*outcome as usize]);
            (hits.sum(), outcomes.iter().sum())
        };
        let by_outcome = |which: &dyn Fn(Outcome) -> bool| -> Vec<(u64, u64)> {
            rows.iter()
                .map(|(window, ..)| failed(&window.outcomes, which))
                .collect()
        };
        let (allowed, counts) = match measure.metric {
            Metric::SuccessRatio if at_least => (
                1.0 - check.limit,
                by_outcome(&|outcome| !outcome.is_success()),
            ),
            Metric::FailedRatio if at_most => {
                (check.limit, by_outcome(&|outcome| !outcome.is_success()))
            }
            Metric::DegradedRatio if at_most => (
                check.limit,
                by_outcome(&|outcome| outcome == Outcome::Degraded),
            ),
            Metric::OutcomeRatio if at_most => {
                let Some(Argument::Outcome(asked)) = measure.argument else {
                    return None;
                };
                (check.limit, by_outcome(&|outcome| outcome == asked))
            }
            Metric::Latency if at_most => {
                let above = match measure.statistic()? {
                    Statistic::P50 => 0.5,
                    Statistic::P90 => 0.1,
                    Statistic::P95 => 0.05,
                    Statistic::P99 => 0.01,
                    Statistic::P999 => 0.001,
                    Statistic::Max | Statistic::Mean => return None,
                };
                let limit = SimDuration::from_secs_f64(check.limit);
                let late = rows.iter().map(|(_, answered, _)| {
                    (answered.count - answered.count_below(limit), answered.count)
                });
                (above, late.collect())
            }
            _ => return None,
        };
        // Those that are never answered count where they began.
        let never: &[Row] = match measure.metric {
            Metric::DegradedRatio | Metric::OutcomeRatio => &[],
            _ => &record.begun.rows,
        };
        let mut counts: Vec<(u64, u64)> = counts;
        for ((hits, all), row) in counts.iter_mut().zip(never) {
            *hits += row.forgotten.count;
            *all += row.forgotten.count;
        }
        let dispersion = dispersion(&counts[calm.clone()]);
        let mut outages = vec![0; counts.len() + 1];
        if measure.metric == Metric::Latency {
            for window in outages_of(measurer, workload, &before[workload]).flatten() {
                let failed = lost(&rows[window].0.outcomes);
                counts[window].0 += failed;
                counts[window].1 += failed;
                outages[window + 1] = failed;
            }
        }
        for window in 1..outages.len() {
            outages[window] += outages[window - 1];
        }
        let mut sums = vec![(0, 0)];
        for (hits, all) in &counts {
            let (before, all_before) = sums[sums.len() - 1];
            sums.push((before + hits, all_before + all));
        }
        Some(Self {
            allowed,
            sums,
            outages,
            dispersion,
        })
    }

    /// How many count against the check over these windows, and of how many.
    fn over(&self, windows: &Range<usize>) -> (u64, u64) {
        let (start, end) = (self.sums[windows.start], self.sums[windows.end]);
        (end.0 - start.0, end.1 - start.1)
    }

    /// Whether so many failed in outages that a quantile lies beyond all that was answered: no answer is no
    /// fast one.
    pub fn drowns(&self, windows: &Range<usize>) -> bool {
        let (hits, all) = self.over(windows);
        self.outages[windows.end] > self.outages[windows.start]
            && hits as f64 > self.allowed * all as f64
    }

    /// How much evidence there is that the check does not hold: minus the logarithm of the chance that
    /// what is seen is luck where it just holds. None where nothing was counted.
    pub fn evidence(&self, windows: &Range<usize>) -> Option<f64> {
        let (hits, all) = self.over(windows);
        (all > 0).then(|| too_many(hits, all, self.allowed) / self.dispersion)
    }
}

/// The runs of windows in which so many requests of a workload failed, and none was answered, that luck does
/// not explain it where as many are answered as before.
fn outages_of(
    measurer: &Measurer<'_>,
    workload: usize,
    before: &Traffic,
) -> impl Iterator<Item = Range<usize>> {
    let usual = before.success().unwrap_or(1.0);
    let windows = 0..measurer.recorder.windows();
    let none: Vec<bool> = windows
        .map(|window| measurer.traffic(workload, window..window + 1).good == 0)
        .collect();
    runs(&none).into_iter().filter(move |run| {
        let ended = measurer.traffic(workload, run.clone()).finished;
        unlike(0, usual * ended as f64) > CERTAIN
    })
}

/// The runs of windows that are set.
pub(super) fn runs(set: &[bool]) -> Vec<Range<usize>> {
    let mut at = 0;
    let groups = set.chunk_by(|a, b| a == b).filter_map(|group| {
        let span = at..at + group.len();
        at = span.end;
        group[0].then_some(span)
    });
    groups.collect()
}

/// Pearson's statistic over its degrees of freedom; P. McCullagh and J. A. Nelder, "Generalized Linear
/// Models", 2nd ed. (1989), section 4.5.
fn dispersion(counts: &[(u64, u64)]) -> f64 {
    let counts = counts.iter().filter(|(_, all)| *all > 0);
    let counts: Vec<(f64, f64)> = counts
        .map(|(hits, all)| (*hits as f64, *all as f64))
        .collect();
    let sum = counts
        .iter()
        .fold((0.0, 0.0), |sum, (hits, all)| (sum.0 + hits, sum.1 + all));
    let share = sum.0 / sum.1;
    if counts.len() < 2 || !(share > 0.0 && share < 1.0) {
        return 1.0;
    }
    let squares = counts.iter().map(|(hits, all)| {
        let off = hits - all * share;
        off * off / (all * share * (1.0 - share))
    });
    (squares.sum::<f64>() / (counts.len() - 1) as f64).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_less_evidence_than_single_requests() {
        let single = dispersion(&[(1, 100), (0, 100), (1, 100), (2, 100), (1, 100), (1, 100)]);
        let clusters = dispersion(&[(0, 100), (0, 100), (30, 100), (0, 100), (0, 100), (0, 100)]);
        assert_eq!(single, 1.0);
        assert!(clusters > 20.0, "{clusters}");
        assert_eq!(dispersion(&[(0, 10), (0, 10)]), 1.0);
    }
}
