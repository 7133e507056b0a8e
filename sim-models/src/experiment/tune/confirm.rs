//! Settings on seeds that no rung used: what they really do, and how they differ.

use super::rank::{Judge, Values};
use super::tuning::{Elsewhere, Finalist, Held, Outcome, Transfer};
use crate::experiment::compare::least_difference;
use sim_core::stats::{
    Interval, PairedCounts, mean_interval, paired_difference, paired_share_difference,
    proportion_interval,
};

impl Judge<'_> {
    /// What the runs of a setting say, beside those of the present setting and of the winner under the
    /// same seeds. A constraint that is `idle` has nothing to measure here, and counts as held.
    pub(super) fn finalist(
        &self,
        point: Option<usize>,
        runs: &[Values],
        present: Option<&[Values]>,
        winner: Option<&[Values]>,
        idle: &[bool],
        level: f64,
    ) -> Finalist {
        let against = |other: Option<&[Values]>| {
            let goals = 0..self.goals.len();
            goals
                .map(|goal| difference(goal, runs, other?, level))
                .collect()
        };
        let constraints = (0..self.constraints.len()).map(|which| {
            let held = runs.iter().filter(|run| self.holds(which, run)).count();
            let values = column(runs, self.goals.len() + which);
            let endless = values.iter().flatten().filter(|value| value.is_infinite());
            Held {
                idle: idle[which],
                endless: endless.count() as u64,
                missing: values.iter().filter(|value| value.is_none()).count() as u64,
                ..Held::new(held, runs.len(), finite_mean(&values, level), level)
            }
        });
        let all = runs
            .iter()
            .filter(|run| self.holds_where(run, idle))
            .count();
        Finalist {
            point,
            alike: Vec::new(),
            goals: (0..self.goals.len())
                .map(|goal| Outcome::new(column(runs, goal), level))
                .collect(),
            constraints: constraints.collect(),
            all: Held::new(all, runs.len(), None, level),
            against_present: against(present),
            against_winner: against(winner),
        }
    }

    fn holds_where(&self, run: &Values, idle: &[bool]) -> bool {
        (0..self.constraints.len()).all(|which| idle[which] || self.holds(which, run))
    }

    /// Whether a setting meets the constraints.
    #[must_use]
    pub fn meets(&self, setting: &Finalist) -> bool {
        setting.all.share.mean >= self.share
    }

    /// How a setting does in a scenario that it was not tuned on, against the present one under the same
    /// seeds.
    #[must_use]
    pub fn elsewhere(
        &self,
        name: String,
        present: &[Values],
        chosen: &[Values],
        point: usize,
        level: f64,
    ) -> Elsewhere {
        // Without faults there is no time to recover from them.
        let idle: Vec<bool> = (0..self.constraints.len())
            .map(|which| {
                let place = self.goals.len() + which;
                present.iter().chain(chosen).all(|run| run[place].is_none())
            })
            .collect();
        let was = self.finalist(None, present, None, None, &idle, level);
        let is = self.finalist(Some(point), chosen, Some(present), None, &idle, level);
        let (mut better, mut worse) = (false, false);
        for goal in 0..self.goals.len() {
            let sign = if self.goals[goal].maximise { -1.0 } else { 1.0 };
            let values = is.against_present[goal].map(|found| (found, sign));
            // A lost value is bad, whatever the goal, unless it is a verdict that nobody knows.
            let lost = lost(goal, chosen, present, level).map(|found| (found, 1.0));
            let lost = lost.filter(|_| !self.goals[goal].measure.metric.is_verdict());
            for (difference, sign) in values.into_iter().chain(lost) {
                if difference.excludes_zero() {
                    better |= difference.mean * sign < 0.0;
                    worse |= difference.mean * sign > 0.0;
                }
            }
        }
        let (met, meets) = (self.meets(&was), self.meets(&is));
        let verdict = match (better, worse) {
            // Nothing makes up for constraints that broke; constraints that are met now do not make a
            // loss in a goal go away.
            _ if met && !meets => Transfer::Worse,
            (_, true) if meets && !met => Transfer::Mixed,
            _ if meets && !met => Transfer::Better,
            (true, true) => Transfer::Mixed,
            (false, true) => Transfer::Worse,
            (true, false) => Transfer::Better,
            (false, false) if self.is_close(&was, &is) => Transfer::Same,
            (false, false) => Transfer::Open,
        };
        Elsewhere {
            name,
            present: was,
            chosen: is,
            verdict,
        }
    }
}

/// The least difference of a goal that matters, as a share of it: see [`least_difference`].
const LEAST: f64 = 0.01;

impl Judge<'_> {
    /// Whether no difference as large as matters is left in any goal.
    fn is_close(&self, was: &Finalist, is: &Finalist) -> bool {
        (0..self.goals.len()).all(|goal| {
            let (before, after) = (&was.goals[goal], &is.goals[goal]);
            let (Some(mean), Some(found)) = (before.mean, is.against_present[goal]) else {
                return false;
            };
            let least = least_difference(&self.goals[goal].measure, LEAST, mean.mean);
            before.lost == after.lost && -least <= found.low && found.high <= least
        })
    }
}

/// The share of lost values of a goal less that of another setting.
fn lost(goal: usize, left: &[Values], right: &[Values], level: f64) -> Option<Interval> {
    let mut counts = PairedCounts::default();
    for (left, right) in left.iter().zip(right) {
        counts.push(finite(left[goal]).is_none(), finite(right[goal]).is_none());
    }
    paired_share_difference(counts, level).ok()
}

impl Held {
    fn new(count: usize, of: usize, mean: Option<Interval>, level: f64) -> Self {
        let share = proportion_interval(count as u64, of as u64, level)
            .unwrap_or_else(|_| Interval::exact(0.0, 0));
        Self {
            count: count as u64,
            share,
            mean,
            missing: 0,
            endless: 0,
            idle: false,
        }
    }
}

impl Outcome {
    fn new(values: Vec<Option<f64>>, level: f64) -> Self {
        let known: Vec<f64> = values.iter().copied().filter_map(finite).collect();
        Self {
            mean: mean_interval(&known, level).ok(),
            lost: (values.len() - known.len()) as u64,
            values,
        }
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn column(runs: &[Values], place: usize) -> Vec<Option<f64>> {
    runs.iter().map(|run| run[place]).collect()
}

/// The mean, if all values are finite: one run that never recovers has no mean time to recover.
fn finite_mean(values: &[Option<f64>], level: f64) -> Option<Interval> {
    let known: Vec<f64> = values.iter().copied().map(finite).collect::<Option<_>>()?;
    mean_interval(&known, level).ok()
}

/// Whether nothing tells two settings apart in a goal: neither their values nor how many are lost.
pub(super) fn is_alike(goal: usize, left: &[Values], right: &[Values], level: f64) -> bool {
    let differs = |found: Option<Interval>| found.is_some_and(|found| found.excludes_zero());
    !differs(difference(goal, left, right, level)) && !differs(lost(goal, left, right, level))
}

/// Left minus right over the replications in which both are finite.
fn difference(goal: usize, left: &[Values], right: &[Values], level: f64) -> Option<Interval> {
    let pairs = left.iter().zip(right);
    let (left, right): (Vec<f64>, Vec<f64>) = pairs
        .filter_map(|(left, right)| finite(left[goal]).zip(finite(right[goal])))
        .unzip();
    paired_difference(&left, &right, level).ok()
}
