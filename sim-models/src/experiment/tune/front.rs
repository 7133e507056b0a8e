//! Pareto fronts as people need them: without twins, and with a compromise.

use super::confirm;
use super::rank::{Judge, Values};
use super::tuning::Score;
use super::tuning::{End, Rung, Standing};
use crate::experiment::space::{Axis, Point};

impl Judge<'_> {
    /// The compromise of a front: the one nearest to the best of every goal, each goal in units of its range
    /// over the front (M. Zeleny, "Compromise Programming", 1973). None of fewer than three.
    #[must_use]
    pub fn compromise(&self, scores: &[Score], front: &[usize]) -> Option<usize> {
        if front.len() < 3 {
            return None;
        }
        let mut squares = vec![0.0; front.len()];
        for goal in 0..self.goals.len() {
            let means = || front.iter().map(|place| scores[*place].goals[goal].mean);
            let sign = if self.goals[goal].maximise { -1.0 } else { 1.0 };
            let best = means()
                .map(|mean| mean * sign)
                .fold(f64::INFINITY, f64::min);
            let worst = means()
                .map(|mean| mean * sign)
                .fold(f64::NEG_INFINITY, f64::max);
            for (square, place) in squares.iter_mut().zip(front) {
                let score = scores[*place].goals[goal];
                let far = (score.mean * sign - best) / (worst - best);
                // Who has lost values is at the far end; where all are equal there is no distance.
                let far = if score.lost > 0.0 {
                    1.0
                } else if far.is_nan() {
                    0.0
                } else {
                    far
                };
                *square += far * far;
            }
        }
        let nearest = (0..front.len()).min_by(|a, b| squares[*a].total_cmp(&squares[*b]))?;
        Some(front[nearest])
    }

    /// A front without those that paired differences cannot tell from one before, in any goal; with each the
    /// ones that it stands for.
    pub(super) fn without_twins(
        &self,
        front: &[usize],
        runs: &[Vec<Values>],
        level: f64,
    ) -> Vec<(usize, Vec<usize>)> {
        let mut kept: Vec<(usize, Vec<usize>)> = Vec::new();
        for place in front {
            let twin = |known: &&mut (usize, Vec<usize>)| {
                let (left, right) = (&runs[known.0], &runs[*place]);
                (0..self.goals.len()).all(|goal| confirm::is_alike(goal, left, right, level))
            };
            match kept.iter_mut().find(twin) {
                Some((_, twins)) => twins.push(*place),
                None => kept.push((*place, Vec::new())),
            }
        }
        kept
    }
}

/// The standings of two points in the last rung that both were in.
fn together(rungs: &[Rung], one: usize, other: usize) -> Option<(&Standing, &Standing)> {
    rungs.iter().rev().find_map(|rung| {
        let of = |point| {
            rung.standings
                .iter()
                .find(|standing| standing.point == point)
        };
        of(one).zip(of(other))
    })
}

/// Points whose runs were worth the same as those of this one, as long as both were run.
pub(super) fn alike(rungs: &[Rung], point: usize, points: usize) -> Vec<usize> {
    let is_alike = |other: &usize| {
        let known = together(rungs, point, *other).filter(|_| *other != point);
        known.is_some_and(|(one, other)| one.score == other.score)
    };
    (0..points).filter(is_alike).collect()
}

/// Where a point lies at an end of the numbers of an axis; not where the next one inwards, all else equal,
/// does just as well.
pub(super) fn ends(axes: &[Axis], points: &[Point], rungs: &[Rung], point: usize) -> Vec<End> {
    let end = |axis: usize| {
        let number = |point: &Point| point.coordinates[axis].number;
        let numbers: Vec<f64> = points.iter().map(number).collect::<Option<_>>()?;
        let here = numbers[point];
        let inwards = |upper: bool| {
            let others = numbers.iter().copied();
            others
                .filter(|other| if upper { *other < here } else { *other > here })
                .reduce(if upper { f64::max } else { f64::min })
        };
        let upper = match (inwards(true), inwards(false)) {
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => return None,
        };
        let next = inwards(upper)?;
        let elsewhere = |other: &Point| {
            let mut other = other.coordinates.clone();
            other[axis] = points[point].coordinates[axis].clone();
            other != points[point].coordinates
        };
        let neighbour =
            (0..points.len()).find(|other| numbers[*other] == next && !elsewhere(&points[*other]));
        let as_good = neighbour
            .and_then(|other| together(rungs, point, other))
            .is_some_and(|(one, other)| one.score == other.score);
        (!as_good).then_some(End { axis, upper })
    };
    (0..axes.len()).filter_map(end).collect()
}
