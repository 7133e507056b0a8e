//! The order of candidates: constraints first, then goals.
//!
//! A candidate that meets the constraints comes before one that does not, of two that do not the
//! one that violates them less (K. Deb, "An efficient constraint handling method for genetic
//! algorithms", 2000). With several goals those that nobody dominates come first (non-dominated
//! sorting), and of equal ones the lonelier (crowding distance), as in NSGA-II (K. Deb et al., 2002).
//! Ties go to the candidate with the lower number.

use super::tuning::Goal;
use super::tuning::{GoalScore, Score};
use crate::expression::Expression;
use std::cmp::Ordering;

/// The largest excess over a limit that one replication counts with, in limits: a run that never
/// recovers is bad, but it must not drown all others.
const MOST_EXCESS: f64 = 10.0;

/// What candidates are judged by. The values of a run are those of the goals, then those of the
/// constraints.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// Goals.
    pub goals: &'a [Goal],
    /// Constraints.
    pub constraints: &'a [Expression],
    /// Share of the replications in which all constraints must hold, 0 to 1.
    pub share: f64,
}

/// The values of one run.
pub type Values = Vec<Option<f64>>;

impl Judge<'_> {
    /// Whether a constraint holds in a run. Where nothing was measured it does not: an outage without a
    /// single answer has no latency.
    #[must_use]
    pub fn holds(&self, constraint: usize, values: &Values) -> bool {
        let check = &self.constraints[constraint];
        values[self.goals.len() + constraint]
            .is_some_and(|value| check.op.holds(value, check.limit))
    }

    /// Whether all constraints hold in a run.
    #[must_use]
    pub fn holds_all(&self, values: &Values) -> bool {
        (0..self.constraints.len()).all(|constraint| self.holds(constraint, values))
    }

    fn excess(&self, constraint: usize, values: &Values) -> f64 {
        if self.holds(constraint, values) {
            return 0.0;
        }
        let limit = self.constraints[constraint].limit;
        let scale = if limit == 0.0 { 1.0 } else { limit.abs() };
        let over = values[self.goals.len() + constraint]
            .map_or(MOST_EXCESS, |value| (value - limit).abs() / scale);
        if over.is_nan() {
            MOST_EXCESS
        } else {
            over.min(MOST_EXCESS)
        }
    }

    /// The score of a candidate with these replications.
    #[must_use]
    pub fn score(&self, runs: &[Values]) -> Score {
        let count = runs.len().max(1) as f64;
        let violated = runs.iter().filter(|run| !self.holds_all(run)).count();
        let held = 1.0 - violated as f64 / count;
        let excess: f64 = runs
            .iter()
            .flat_map(|run| (0..self.constraints.len()).map(move |which| self.excess(which, run)))
            .sum();
        let goals = (0..self.goals.len()).map(|goal| {
            let finite = runs.iter().filter_map(|run| run[goal]);
            let finite: Vec<f64> = finite.filter(|value| value.is_finite()).collect();
            GoalScore {
                lost: 1.0 - finite.len() as f64 / count,
                mean: finite.iter().sum::<f64>() / finite.len() as f64,
            }
        });
        let unknown = runs.iter().filter(|run| {
            let limits = &run[self.goals.len()..];
            limits.iter().any(Option::is_none)
        });
        Score {
            unknown: unknown.count() as f64 / count,
            failing: (self.share - held).max(0.0),
            excess: if held < self.share {
                excess / count
            } else {
                0.0
            },
            goals: goals.collect(),
        }
    }

    /// Which of two candidates is better in one goal.
    #[must_use]
    pub fn compare_goal(&self, goal: usize, a: &Score, b: &Score) -> Ordering {
        let (a, b) = (a.goals[goal], b.goals[goal]);
        let by_mean = match (a.mean.is_nan(), b.mean.is_nan()) {
            (false, false) => a.mean.total_cmp(&b.mean),
            // Both have lost every run.
            _ => return a.lost.total_cmp(&b.lost),
        };
        let by_mean = if self.goals[goal].maximise {
            by_mean.reverse()
        } else {
            by_mean
        };
        a.lost.total_cmp(&b.lost).then(by_mean)
    }

    fn compare_constraints(a: &Score, b: &Score) -> Ordering {
        a.failing
            .total_cmp(&b.failing)
            .then(a.excess.total_cmp(&b.excess))
    }

    /// Whether the first candidate is better than the second in one goal at least and worse in none.
    #[must_use]
    pub fn dominates(&self, a: &Score, b: &Score) -> bool {
        let mut better = false;
        for goal in 0..self.goals.len() {
            match self.compare_goal(goal, a, b) {
                Ordering::Greater => return false,
                Ordering::Less => better = true,
                Ordering::Equal => {}
            }
        }
        better
    }

    /// The places of the scores in order, the best first.
    #[must_use]
    pub fn rank(&self, scores: &[Score]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| Self::compare_constraints(&scores[*a], &scores[*b]).then(a.cmp(b)));
        let alike = |a: &usize, b: &usize| {
            Self::compare_constraints(&scores[*a], &scores[*b]) == Ordering::Equal
        };
        let groups: Vec<Vec<usize>> = order.chunk_by(alike).map(<[usize]>::to_vec).collect();
        groups
            .into_iter()
            .flat_map(|group| self.by_goals(scores, group))
            .collect()
    }

    fn by_goals(&self, scores: &[Score], mut group: Vec<usize>) -> Vec<usize> {
        if self.goals.len() == 1 {
            group.sort_by(|a, b| {
                self.compare_goal(0, &scores[*a], &scores[*b])
                    .then(a.cmp(b))
            });
            return group;
        }
        let (mut ranked, mut twins) = (Vec::with_capacity(group.len()), Vec::new());
        while !group.is_empty() {
            let front = self.front(scores, &group);
            group.retain(|place| !front.contains(place));
            let mut single: Vec<usize> = Vec::new();
            for place in front {
                let is_twin = |other: &usize| scores[*other].goals == scores[place].goals;
                if single.iter().any(is_twin) {
                    twins.push(place);
                } else {
                    single.push(place);
                }
            }
            ranked.extend(self.by_crowding(scores, single));
        }
        // Whoever is equal to another in all goals is worth no more runs.
        ranked.extend(twins);
        ranked
    }

    /// Those of the places that no other of them dominates, in their order.
    #[must_use]
    pub fn front(&self, scores: &[Score], places: &[usize]) -> Vec<usize> {
        let beaten = |place: &usize| {
            let mut others = places.iter();
            others.any(|other| self.dominates(&scores[*other], &scores[*place]))
        };
        places
            .iter()
            .copied()
            .filter(|place| !beaten(place))
            .collect()
    }

    /// A front with its compromise first, then in the order of its crowding distances, the loneliest first:
    /// of a front that is too large its middle and its whole width survive, not one corner.
    fn by_crowding(&self, scores: &[Score], front: Vec<usize>) -> Vec<usize> {
        let mut distance = vec![0.0; front.len()];
        for goal in 0..self.goals.len() {
            let mut order: Vec<usize> = (0..front.len()).collect();
            order.sort_by(|a, b| {
                self.compare_goal(goal, &scores[front[*a]], &scores[front[*b]])
                    .then(a.cmp(b))
            });
            let mean = |place: usize| scores[front[order[place]]].goals[goal].mean;
            let last = order.len() - 1;
            distance[order[0]] = f64::INFINITY;
            distance[order[last]] = f64::INFINITY;
            let width = (mean(last) - mean(0)).abs();
            for place in 1..last {
                let gap = (mean(place + 1) - mean(place - 1)).abs() / width;
                // Without a width, or without values, all are alike.
                distance[order[place]] += if gap.is_nan() { 0.0 } else { gap };
            }
        }
        let mut order: Vec<usize> = (0..front.len()).collect();
        let compromise = self.compromise(scores, &front);
        if let Some(place) = front.iter().position(|place| Some(*place) == compromise) {
            distance[place] = f64::INFINITY;
            order.swap(0, place);
        }
        // The sort is stable.
        order.sort_by(|a, b| distance[*b].total_cmp(&distance[*a]));
        order.into_iter().map(|place| front[place]).collect()
    }
}
