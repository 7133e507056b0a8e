//! How many replications a point needs.
//!
//! Replications are run in rounds: first [`Precision::least`], then half as many again, and so on up to
//! [`Precision::most`]. After each round the values of all replications so far decide whether there is
//! another one. They are the point's own, from the first replication on, so the count depends neither on
//! threads nor on shards nor on what was interrupted and resumed.
//!
//! To stop when the interval happens to be narrow favours samples with too small a spread, so the final
//! interval covers the truth a little less often than its level says. The gap vanishes as the target
//! gets narrower (Y. S. Chow and H. Robbins, "On the asymptotic theory of fixed-width sequential
//! confidence intervals for the mean", 1965) and is small where the first look comes after ten or more
//! replications (A. M. Law, "Simulation Modeling and Analysis", chapter 9), hence
//! [`Precision::LEAST`]. Few looks, each at half as many runs more, keep it small too.

use sim_core::stats::mean_interval;

/// When a point has been run often enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Index of the measure.
    pub measure: usize,
    /// Largest half width of its confidence interval, in the unit of the measure, or as a share of
    /// the mean.
    pub half_width: f64,
    /// Whether `half_width` is a share of the mean.
    pub relative: bool,
    /// Confidence level, 0 to 1.
    pub level: f64,
    /// At least so many replications; fewer than two make no interval and count as two.
    pub least: u32,
    /// At most so many replications.
    pub most: u32,
}

/// What is to be done for a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// So many replications are all that belong to it.
    Enough(u32),
    /// So many replications have to be known before more can be said.
    Run(u32),
}

impl Precision {
    /// The usual [`Precision::least`].
    pub const LEAST: u32 = 10;

    /// What is to be done for a point, given the values of its replications (none: not known yet).
    ///
    /// A replication without a value, or with an infinite one, has no place in a mean: a point that
    /// has any never stops early.
    #[must_use]
    pub fn next(&self, mut value: impl FnMut(u32) -> Option<Option<f64>>) -> Next {
        let mut count = self.least.max(2).min(self.most);
        let mut values: Vec<Option<f64>> = Vec::new();
        loop {
            for replication in values.len() as u32..count {
                let Some(value) = value(replication) else {
                    return Next::Run(count);
                };
                values.push(value);
            }
            if count >= self.most || self.is_met(&values) {
                return Next::Enough(count);
            }
            count = count.saturating_add(count / 2).min(self.most);
        }
    }

    /// Whether the interval over the values of a point is narrow enough.
    #[must_use]
    pub fn is_met(&self, values: &[Option<f64>]) -> bool {
        let known: Option<Vec<f64>> = values
            .iter()
            .map(|value| value.filter(|value| value.is_finite()))
            .collect();
        let interval = known.and_then(|known| mean_interval(&known, self.level).ok());
        interval.is_some_and(|interval| {
            let unit = if self.relative {
                interval.mean.abs()
            } else {
                1.0
            };
            interval.half_width <= self.half_width * unit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::dist::math::normal_quantile;
    use sim_core::random::{Seed, Source};

    fn precision(half_width: f64) -> Precision {
        Precision {
            measure: 0,
            half_width,
            relative: false,
            level: 0.95,
            least: 10,
            most: 40,
        }
    }

    /// The count that rounds lead to, where every replication can be had.
    fn count(precision: Precision, value: impl Fn(u32) -> Option<f64>) -> (u32, Vec<u32>) {
        let (mut known, mut rounds) = (0, Vec::new());
        loop {
            match precision.next(|r| (r < known).then(|| value(r))) {
                Next::Run(to) => {
                    assert!(to > known);
                    rounds.push(to);
                    known = to;
                }
                Next::Enough(count) => {
                    // What lies beyond it changes nothing.
                    assert_eq!(precision.next(|r| Some(value(r))), Next::Enough(count));
                    return (count, rounds);
                }
            }
        }
    }

    #[test]
    fn rounds_grow_by_half_up_to_the_most() {
        let swing = |r: u32| Some(f64::from(r % 2));
        assert_eq!(count(precision(0.0), swing), (40, vec![10, 15, 22, 33, 40]));
        assert_eq!(count(precision(1.0), swing), (10, vec![10]));
        // Half widths t s / sqrt(n): 0.377 of 10, 0.286 of 15, 0.227 of 22.
        assert_eq!(count(precision(0.3), swing).0, 15);
        assert_eq!(count(precision(0.25), swing).0, 22);
        // The mean is 0.5 or next to it.
        let relative = Precision {
            relative: true,
            ..precision(0.5)
        };
        assert_eq!(count(relative, swing).0, 22);
        let few = Precision {
            least: 1,
            most: 1,
            ..precision(0.0)
        };
        assert_eq!(count(few, swing), (1, vec![1]));
        let one = Precision {
            least: 1,
            ..precision(9.0)
        };
        assert_eq!(count(one, |_| Some(1.0)), (2, vec![2]));
    }

    #[test]
    fn a_point_with_a_value_that_is_none_or_infinite_never_stops_early() {
        let same = |_| Some(1.0);
        assert_eq!(count(precision(0.1), same).0, 10);
        for odd in [None, Some(f64::INFINITY)] {
            let value = |r: u32| if r == 3 { odd } else { Some(1.0) };
            assert_eq!(count(precision(0.1), value).0, 40);
            // One that comes after the decision does not matter.
            let value = |r: u32| if r == 10 { odd } else { Some(1.0) };
            assert_eq!(count(precision(0.1), value).0, 10);
        }
    }

    /// The price of stopping when the interval looks narrow is a few per cent of coverage at most.
    #[test]
    fn intervals_cover_almost_as_often_as_they_say() {
        let trials = 2000;
        let mut covered = 0;
        for trial in 0..trials {
            let mut stream = Seed(trial).stream("until", "coverage");
            let values: Vec<f64> = (0..200)
                .map(|_| normal_quantile(stream.open_uniform()))
                .collect();
            let precision = Precision {
                most: 200,
                ..precision(0.4)
            };
            let (count, _) = count(precision, |r| Some(values[r as usize]));
            let interval = mean_interval(&values[..count as usize], 0.95).unwrap();
            covered += u32::from(interval.contains(0.0));
        }
        let share = f64::from(covered) / trials as f64;
        // Four standard errors of a share of 0.95 are 0.02.
        assert!((0.91..=0.97).contains(&share), "{share}");
    }
}
