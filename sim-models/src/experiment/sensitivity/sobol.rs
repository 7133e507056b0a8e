//! Sobol indices: which share of the variance of a measure each setting explains, by itself and with
//! its interactions.
//!
//! Two independent matrices A and B of points in the unit cube, and for each setting the matrix A
//! with its column taken from B: `samples x (settings + 2)` points (A. Saltelli et al., "Variance
//! based sensitivity analysis of model output", Computer Physics Communications 181, 2010). First
//! order indices by their formula (b), with the values centred; total ones by M. J. W. Jansen,
//! "Analysis of variance designs for model output", ibid. 117, 1999. The points come from Sobol's
//! sequence with the direction numbers of S. Joe and F. Y. Kuo, scrambled as A. B. Owen proposed (B. Burley,
//! "Practical Hash-based Owen Scrambling", 2020). Intervals come from bootstrap resamples of the
//! rows (G. E. B. Archer, A. Saltelli and I. M. Sobol, 1997; see `bootstrap`); as low-discrepancy
//! points err less than independent ones, most are rather too wide than too narrow.
//!
//! Shares are of all variance between points, that of luck included, but no setting is given the share of
//! luck: where points were run several times, what luck adds to a squared difference is taken off.

use super::bootstrap::bootstrap;
use super::{Found, Indices};
use sim_core::random::{Seed, Source};
use sim_core::stats::{Interval, Moments};

/// The most base samples: the sequence ends there.
pub const MOST_SAMPLES: u32 = 1 << 16;

/// The most settings: the sequence has no more dimensions.
pub const MOST_SETTINGS: usize = sobol_burley::NUM_DIMENSIONS as usize;

/// Points on the unit cube whose values tell the indices.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    settings: usize,
    /// Rows of A and B side by side.
    rows: Vec<Vec<f64>>,
}

impl Design {
    /// A design for at most [`MOST_SETTINGS`] settings with at most [`MOST_SAMPLES`] base samples; powers
    /// of two spread most evenly.
    #[must_use]
    pub fn new(settings: usize, samples: u32, seed: u64) -> Self {
        // A and B are the same dimensions under two seeds. Were they neighbouring or following dimensions
        // of one sequence, some pairs would be filled so unevenly by the first few hundred points that
        // intervals miss the truth twice as often as they may.
        let mut luck = Seed(seed).stream("sensitivity", "sobol");
        let scrambles = [luck.next_u64() as u32, luck.next_u64() as u32];
        let row = |index| {
            let half = |scramble| {
                let dimensions = 0..settings as u32;
                dimensions.map(move |one| f64::from(sobol_burley::sample(index, one, scramble)))
            };
            scrambles.into_iter().flat_map(half).collect()
        };
        let rows = (0..samples.min(MOST_SAMPLES)).map(row).collect();
        Self { settings, rows }
    }

    /// A row of A in which the settings that are asked for come from B.
    fn mixed(&self, row: usize, from_b: impl Fn(usize) -> bool) -> Vec<f64> {
        let row = &self.rows[row];
        (0..self.settings)
            .map(|setting| {
                row[if from_b(setting) {
                    self.settings + setting
                } else {
                    setting
                }]
            })
            .collect()
    }

    /// All points: for each row that of A, that of A with each column from B in turn, that of B.
    #[must_use]
    pub fn points(&self) -> Vec<Vec<f64>> {
        let mut points = Vec::with_capacity(self.rows.len() * (self.settings + 2));
        for row in 0..self.rows.len() {
            points.push(self.mixed(row, |_| false));
            points.extend((0..self.settings).map(|one| self.mixed(row, |setting| setting == one)));
            points.push(self.mixed(row, |_| true));
        }
        points
    }

    /// The points that tell what a group of settings explains together: for each row that of A with
    /// everything outside the group from B.
    #[must_use]
    pub fn group(&self, members: &[usize]) -> Vec<Vec<f64>> {
        (0..self.rows.len())
            .map(|row| self.mixed(row, |setting| !members.contains(&setting)))
            .collect()
    }
}

/// The values of [`Design::points`] by point and replication, centred: their variance is all that indices
/// are about, and numbers far from zero lose digits.
struct Values {
    settings: usize,
    means: Vec<f64>,
    /// By row and setting: the squared difference that the setting makes there.
    squares: Vec<f64>,
}

impl Values {
    fn new(settings: usize, values: &[Vec<f64>]) -> Self {
        let width = settings + 2;
        let ends = values.chunks_exact(width);
        let sum: f64 = ends.map(|row| mean(&row[0]) + mean(&row[width - 1])).sum();
        let centre = sum / (2 * (values.len() / width)) as f64;
        let rows = values.chunks_exact(width);
        let squares =
            rows.flat_map(|row| row[1..=settings].iter().map(|mixed| square(&row[0], mixed)));
        Self {
            settings,
            means: values.iter().map(|runs| mean(runs) - centre).collect(),
            squares: squares.collect(),
        }
    }

    fn count(&self) -> usize {
        self.means.len() / (self.settings + 2)
    }

    /// Place of a point of a row: 0 is that of A, then come the mixed ones, then that of B.
    fn place(&self, row: usize, point: usize) -> usize {
        row * (self.settings + 2) + point
    }

    fn variance(&self, rows: &[usize]) -> f64 {
        let count = 2.0 * rows.len() as f64;
        let (mut sum, mut squares) = (0.0, 0.0);
        for row in rows {
            for point in [0, self.settings + 1] {
                let value = self.means[self.place(*row, point)];
                sum += value;
                squares += value * value;
            }
        }
        (squares - sum * sum / count) / (count - 1.0)
    }

    /// First and total index of a setting from these rows.
    fn of(&self, setting: usize, rows: &[usize], variance: f64) -> [f64; 2] {
        let (mut first, mut total) = (0.0, 0.0);
        for row in rows {
            let value = |point| self.means[self.place(*row, point)];
            first += value(1 + self.settings) * (value(1 + setting) - value(0));
            total += self.squares[row * self.settings + setting];
        }
        let count = rows.len() as f64;
        [first / count / variance, total / (2.0 * count) / variance]
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The square of the difference between two points, without what luck adds to it: that is the variance of
/// the difference of the means, which the replications tell, as they face the same seeds at both points.
/// Of a single replication it cannot be told.
fn square(left: &[f64], right: &[f64]) -> f64 {
    let differences: Moments = left.iter().zip(right).map(|(a, b)| a - b).collect();
    let square = differences.mean() * differences.mean();
    match left.len() {
        0 | 1 => square,
        count => square - differences.variance() / count as f64,
    }
}

/// The indices of each setting from the values at [`Design::points`], by point and replication; none if
/// these do not vary. Values must be finite.
#[must_use]
pub fn indices(settings: usize, values: &[Vec<f64>], level: f64, seed: u64) -> Option<Found> {
    let values = Values::new(settings, values);
    let statistics = |rows: &[usize]| {
        let variance = values.variance(rows);
        (0..settings)
            .flat_map(|setting| {
                let [first, total] = values.of(setting, rows, variance);
                [first, total, total - first]
            })
            .collect()
    };
    let resamples = bootstrap(values.count(), seed, statistics)?;
    let all: Vec<usize> = (0..values.count()).collect();
    let most = values.squares.iter().copied().fold(0.0, f64::max);
    let each = (0..settings).map(|setting| Indices::Sobol {
        first: resamples.interval(3 * setting, level),
        total: resamples.interval(3 * setting + 1, level),
        interactions: resamples.interval(3 * setting + 2, level),
    });
    Some(Found {
        indices: each.collect(),
        strengths: (0..settings).map(|setting| 3 * setting + 1).collect(),
        unmixed: (0..settings).map(|setting| 3 * setting).collect(),
        most: most / (2.0 * values.variance(&all)),
        resamples,
    })
}

/// The share of the variance that a group of settings explains together, from the values at
/// [`Design::points`] and at [`Design::group`]: all but the total index of the others, and luck.
#[must_use]
pub fn together(
    settings: usize,
    values: &[Vec<f64>],
    group: &[Vec<f64>],
    luck: f64,
    level: f64,
    seed: u64,
) -> Option<Interval> {
    let centred = Values::new(settings, values);
    let statistics = |rows: &[usize]| {
        let difference = |row: &usize| square(&values[row * (settings + 2)], &group[*row]);
        let squares: f64 = rows.iter().map(difference).sum();
        vec![1.0 - luck - squares / (2.0 * rows.len() as f64) / centred.variance(rows)]
    };
    Some(bootstrap(centred.count(), seed, statistics)?.interval(0, level))
}

#[cfg(test)]
mod tests;
