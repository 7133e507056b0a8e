//! What a search found.

use crate::experiment::space::{Axis, Point};
use crate::expression::metric::Metric;
use crate::expression::{Expression, Measure};
use sim_core::stats::Interval;

/// All that tuning found.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// The settings that vary.
    pub axes: Vec<Axis>,
    /// All candidates.
    pub points: Vec<Point>,
    /// What is made as small or as large as possible.
    pub goals: Vec<Goal>,
    /// What must hold.
    pub constraints: Vec<Expression>,
    /// Share of the replications in which all constraints must hold together, 0 to 1.
    pub share: f64,
    /// The rungs of the halving, the first one with all candidates.
    pub rungs: Vec<Rung>,
    /// The best of the last rung, in its order, then the present setting, on fresh seeds.
    pub finalists: Vec<Finalist>,
    /// Indices of the finalists that are chosen: with one goal the winner, with several the front
    /// (nobody is better in all goals), in the order of the first goal, without those that cannot be told
    /// from one before. Empty if no finalist meets the constraints.
    pub chosen: Vec<usize>,
    /// Index of the finalist that is used: the winner, or the compromise of a front of three or more, or
    /// the first of two.
    pub used: Option<usize>,
    /// Where the one that is used lies at an end of what was searched, and the next setting inwards is not
    /// just as good.
    pub ends: Vec<End>,
    /// How the one that is used does in other scenarios.
    pub elsewhere: Vec<Elsewhere>,
    /// Index of the point that is the present setting, if one is.
    pub present: Option<usize>,
    /// Whether the scenario has faults.
    pub outage: bool,
    /// Seed of the first replication of the first rung.
    pub seed: u64,
    /// Seed of the first replication that no rung used.
    pub fresh_seed: u64,
    /// Runs in all.
    pub runs: u64,
}

impl Tuning {
    /// The present setting, on fresh seeds.
    #[must_use]
    pub fn now(&self) -> Option<&Finalist> {
        self.finalists.iter().find(|one| one.point.is_none())
    }

    /// Whether a finalist is the present setting, be it by another name.
    #[must_use]
    pub fn is_now(&self, one: &Finalist) -> bool {
        one.point.is_none() || one.point == self.present
    }

    /// Whether one of a front stands for a finalist.
    #[must_use]
    pub fn is_twin(&self, one: &Finalist) -> bool {
        let mut chosen = self.chosen.iter().map(|place| &self.finalists[*place]);
        let stands = |point| chosen.any(|other| other.alike.contains(&point));
        one.point.is_some_and(stands)
    }

    /// The finalists that are shown: without those that another one stands for, be it one of a front or
    /// the candidate that is the present setting. With their indices.
    pub fn shown(&self) -> impl Iterator<Item = (usize, &Finalist)> {
        let named = self
            .finalists
            .iter()
            .any(|one| one.point.is_some() && one.point == self.present && !self.is_twin(one));
        let all = self.finalists.iter().enumerate();
        all.filter(move |(_, one)| !(self.is_twin(one) || named && one.point.is_none()))
    }

    /// Whether a finalist is worth a change: it meets the constraints, and it is better than the present
    /// setting in a goal beyond luck, loses fewer of its values, or meets constraints that this breaks.
    #[must_use]
    pub fn improves(&self, one: &Finalist) -> bool {
        let Some(now) = self.now() else { return true };
        let meets = |one: &Finalist| one.all.share.mean >= self.share;
        if self.is_now(one) || !meets(one) {
            return false;
        }
        let goals = self.goals.iter().enumerate();
        let mut better = goals.map(|(number, goal)| {
            let sign = if goal.maximise { -1.0 } else { 1.0 };
            let found = one.against_present[number];
            found.is_some_and(|found| found.excludes_zero() && found.mean * sign < 0.0)
                // What was not judged is unknown, and not worse.
                || (!goal.measure.metric.is_verdict()
                    && one.goals[number].lost < now.goals[number].lost)
        });
        !meets(now) || better.any(|better| better)
    }

    /// Whether a finalist is better than the present setting in a goal and worse in none, or meets constraints
    /// that this breaks.
    #[must_use]
    pub fn beats_now(&self, one: &Finalist) -> bool {
        let worse = self.goals.iter().enumerate().any(|(number, goal)| {
            let sign = if goal.maximise { -1.0 } else { 1.0 };
            one.against_present[number]
                .is_some_and(|found| found.excludes_zero() && found.mean * sign > 0.0)
        });
        let broken = self
            .now()
            .is_some_and(|now| now.all.share.mean < self.share);
        self.improves(one) && (broken || !worse)
    }

    /// How many candidates have a run in which it could not be judged whether the hypothesis held, where that is
    /// to be as often as can be: nothing ranks against what is not known. None where all were, and where the
    /// one that is used held in every run, so that nothing can be better.
    #[must_use]
    pub fn unjudged(&self) -> Option<usize> {
        let held = |goal: &Goal| goal.maximise && goal.measure.metric == Metric::Held;
        let goal = self.goals.iter().position(held)?;
        let perfect = |one: &Finalist| {
            let outcome = &one.goals[goal];
            outcome.lost == 0 && outcome.mean.is_some_and(|mean| mean.mean >= 1.0)
        };
        if self.used.is_some_and(|used| perfect(&self.finalists[used])) {
            return None;
        }
        let first = self.rungs.first()?.standings.iter();
        let count = first.filter(|one| one.score.goals[goal].lost > 0.0).count();
        (count > 0).then_some(count)
    }

    /// Whether any finalist is worth a change.
    #[must_use]
    pub fn improvable(&self) -> bool {
        self.finalists.iter().any(|one| self.improves(one))
    }
}

/// Something to make as small or as large as possible.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// What is measured.
    pub measure: Measure,
    /// Whether more is better.
    pub maximise: bool,
}

/// A rung of the halving.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// How often each candidate had been run by then.
    pub replications: u32,
    /// The candidates, the best first.
    pub standings: Vec<Standing>,
    /// How many of them went on.
    pub kept: usize,
    /// Runs that this rung needed.
    pub runs: u64,
}

/// How a candidate did in a rung.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Index of its point.
    pub point: usize,
    /// Its values.
    pub score: Score,
}

/// A setting that was run on fresh seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Finalist {
    /// Index of its point; none for the present setting.
    pub point: Option<usize>,
    /// Points of a front that are alike in all goals: equal in all runs of the last rung that both were
    /// in, or finalists that paired differences cannot tell from it. Empty with one goal.
    pub alike: Vec<usize>,
    /// For each goal.
    pub goals: Vec<Outcome>,
    /// For each constraint.
    pub constraints: Vec<Held>,
    /// All constraints together.
    pub all: Held,
    /// For each goal this setting minus the present one, under the same seeds; none where either has
    /// no finite value, and for the present setting.
    pub against_present: Vec<Option<Interval>>,
    /// For each goal this setting minus the winner; likewise.
    pub against_winner: Vec<Option<Interval>>,
}

/// An end of the numbers that were searched on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Index of the axis.
    pub axis: usize,
    /// Whether it is the upper one.
    pub upper: bool,
}

/// The values of a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Mean of the finite ones with its interval; none if there are none.
    pub mean: Option<Interval>,
    /// How many were missing or infinite.
    pub lost: u64,
    /// By replication.
    pub values: Vec<Option<f64>>,
}

/// How often a constraint held.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Replications in which it held; a missing value does not hold.
    pub count: u64,
    /// Share of the replications, with Wilson's interval.
    pub share: Interval,
    /// Mean of what it limits, if that is finite in every replication.
    pub mean: Option<Interval>,
    /// Replications in which what it limits has no value: nothing to measure, or nothing that could be judged.
    pub missing: u64,
    /// Replications in which what it limits is infinite: a time to recover of a run that never did.
    pub endless: u64,
    /// There is nothing to measure here, with no setting: it is not asked for.
    pub idle: bool,
}

/// A scenario that was not tuned on.
#[derive(Clone, Debug, PartialEq)]
pub struct Elsewhere {
    /// What it is: `"load x 1.2"`, `"without slow database"`, a file.
    pub name: String,
    /// The present setting there.
    pub present: Finalist,
    /// The chosen setting there.
    pub chosen: Finalist,
    /// What that says.
    pub verdict: Transfer,
}

/// How a setting does where it was not tuned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Worse than the present setting in no goal, and better in one, or it meets the constraints there
    /// and the present setting does not.
    Better,
    /// No difference as large as matters is left in any goal.
    Same,
    /// No difference found, and none ruled out.
    Open,
    /// Better in some goals, worse in others; or worse in one, but only it meets the constraints.
    Mixed,
    /// Worse than the present setting: a goal is worse beyond luck, or the present setting meets the
    /// constraints there and the chosen one does not.
    Worse,
}

/// How good a candidate is, from its replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Share of the replications in which a constraint is violated, beyond those that may: 0 for a
    /// candidate that meets them.
    pub failing: f64,
    /// Share of the replications in which what a constraint limits has no value, so that it cannot be said
    /// to be broken: a fault too late to be judged.
    pub unknown: f64,
    /// By how much constraints are violated, in their limits: a mean over the replications, at most 10
    /// for each constraint.
    pub excess: f64,
    /// For each goal.
    pub goals: Vec<GoalScore>,
}

/// How a candidate does in one goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalScore {
    /// Share of the replications whose value is missing or infinite.
    pub lost: f64,
    /// Mean of the others in the unit of the measure; not a number without any.
    pub mean: f64,
}
