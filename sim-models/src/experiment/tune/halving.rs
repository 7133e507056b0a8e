//! Successive halving: all candidates get a few runs, the better part of them a few times as many,
//! and so on until a handful is left.
//!
//! K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
//! Optimization", 2016. Here the budget of a rung is replications; those of earlier rungs count on,
//! and all candidates of a rung have faced the same seeds (common random numbers), so that they
//! differ by their settings and not by their luck.

use super::rank::{Judge, Values};
use super::tuning::{Rung, Standing};

/// How much is spent, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halving {
    /// Replications of each candidate in the first rung.
    pub first: u32,
    /// Each rung keeps one in `eta` and runs it `eta` times as often as before; at least 2.
    pub eta: u32,
    /// How many candidates go to the confirmation at most; no rung keeps fewer.
    pub finalists: usize,
}

/// What a rung asks for: the runs of some candidates that no earlier rung had.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Indices of the candidates.
    pub points: &'a [usize],
    /// Their first replication that is missing.
    pub from: u32,
    /// The replication after the last one.
    pub to: u32,
}

impl Halving {
    /// Runs the rungs over `count` candidates. `run` yields for each candidate that is asked for the
    /// values of its missing replications, in order. The last rung is the one that leaves no more
    /// candidates than there may be finalists.
    ///
    /// # Errors
    /// Those of `run`.
    pub fn climb<E>(
        &self,
        count: usize,
        judge: &Judge<'_>,
        mut run: impl FnMut(Ask<'_>) -> Result<Vec<Vec<Values>>, E>,
    ) -> Result<Vec<Rung>, E> {
        let mut seen: Vec<Vec<Values>> = vec![Vec::new(); count];
        let mut points: Vec<usize> = (0..count).collect();
        let (mut from, mut to) = (0, self.first.max(1));
        let mut rungs = Vec::new();
        loop {
            let ask = Ask {
                points: &points,
                from,
                to,
            };
            for (point, values) in points.iter().zip(run(ask)?) {
                seen[*point].extend(values);
            }
            let scores: Vec<_> = points
                .iter()
                .map(|point| judge.score(&seen[*point]))
                .collect();
            let order = judge.rank(&scores);
            let eta = self.eta.max(2);
            let kept = points
                .len()
                .div_ceil(eta as usize)
                .max(self.finalists)
                .min(points.len());
            let runs = points.len() as u64 * u64::from(to - from);
            let standings = order.iter().map(|place| Standing {
                point: points[*place],
                score: scores[*place].clone(),
            });
            let standings: Vec<Standing> = standings.collect();
            // A rung that would drop nobody is the last one, but the finalists are worth one more round
            // of runs than they had among the crowd.
            let last = points.len() <= self.finalists;
            let next: Vec<usize> = standings[..kept].iter().map(|one| one.point).collect();
            rungs.push(Rung {
                replications: to,
                standings,
                kept,
                runs,
            });
            if last {
                return Ok(rungs);
            }
            points = next;
            // The order of the points decides ties: by number, whatever the ranking was.
            points.sort_unstable();
            (from, to) = (to, to.saturating_mul(eta));
        }
    }
}
