//! Sobol indices: which share of the variance of a measure each setting explains, by itself and with
//! its interactions.
//!
//! Two independent matrices A and B of points in the unit cube, and for each setting the matrix A
//! with its column taken from B: `samples x (settings + 2)` points (A. Saltelli et al., "Variance
//! based sensitivity analysis of model output", Computer Physics Communications 181, 2010). First
//! order indices by their formula (b), with the values centred; total ones by M. J. W. Jansen,
//! "Analysis of variance designs for model output", ibid. 117, 1999. What a setting is in A and what
//! it is in B are the two coordinates of a net: the first two dimensions of Sobol's sequence, scrambled for
//! each setting as A. B. Owen proposed (B. Burley, "Practical Hash-based Owen Scrambling", 2020) and put in a
//! random order of its own ("padding"). So each pair of values of a setting is compared as often as its
//! share says: of a setting with two values, half of the rows compare them. Where A and B were two
//! sequences, that was left to the scrambling, 18 to 46 of 64 rows, and the shares were off by as much.
//! Intervals come from bootstrap resamples of the rows (G. E. B. Archer, A. Saltelli and I. M. Sobol, 1997;
//! see `bootstrap`); as even points err less than independent ones, most are rather too wide than too
//! narrow.
//!
//! Shares are of all variance between points, that of luck included, but no setting is given the share of
//! luck: where points were run several times, what luck adds to a square or a product of two differences
//! is taken off, by the covariance of its factors over the seeds. What is left is free of luck on average
//! over the seeds; few of them know luck badly, so intervals are as wide as the seeds differ (`seeds`), and
//! the total index with its luck is told besides ([`Found`]'s `raw`): it is no smaller than without, on
//! average.
//!
//! By their meaning shares lie between 0 and 1, and the first index is no larger than the total one;
//! estimates and intervals are cut to that.

use super::bootstrap::bootstrap;
use super::effects::{Found, Indices};
use super::luck;
use super::seeds::{Reactions, differences, mean, product, shared_luck};
use sim_core::random::{Seed, Source};
use sim_core::stats::Interval;

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
        let mut luck = Seed(seed).stream("sensitivity", "sobol");
        let count = samples.min(MOST_SAMPLES);
        let mut rows = vec![vec![0.0; 2 * settings]; count as usize];
        for setting in 0..settings {
            let scramble = luck.next_u64() as u32;
            let order = shuffled(count, &mut luck);
            for (row, index) in rows.iter_mut().zip(order) {
                row[setting] = f64::from(sobol_burley::sample(index, 0, scramble));
                row[settings + setting] = f64::from(sobol_burley::sample(index, 1, scramble));
            }
        }
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

/// The numbers below `count` in a random order (R. A. Fisher and F. Yates).
fn shuffled(count: u32, luck: &mut impl Source) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, luck.below(place as u64 + 1) as usize);
    }
    order
}

/// The values of [`Design::points`] by point and replication, centred for each seed: their variance is
/// all that indices are about, and numbers far from zero lose digits.
struct Values {
    settings: usize,
    /// By point and replication.
    centred: Vec<Vec<f64>>,
    means: Vec<f64>,
    /// By point: what luck adds to the variance of its mean.
    luck: Vec<f64>,
    /// By row and setting: what the setting makes there.
    moves: Vec<Moves>,
}

/// What a setting makes in a row.
struct Moves {
    /// The value of B times the difference, without luck.
    product: f64,
    /// The squared difference, without luck.
    square: f64,
    /// The squared difference, with luck.
    raw: f64,
}

impl Values {
    fn new(settings: usize, values: &[Vec<f64>]) -> Self {
        let width = settings + 2;
        let rows = || values.chunks_exact(width);
        let ends = 2.0 * rows().count() as f64;
        let centre = |seed: usize| {
            let sum: f64 = rows().map(|row| row[0][seed] + row[width - 1][seed]).sum();
            sum / ends
        };
        let centres: Vec<f64> = (0..values.first().map_or(0, Vec::len))
            .map(centre)
            .collect();
        let centred: Vec<Vec<f64>> = values
            .iter()
            .map(|runs| differences(runs, &centres))
            .collect();
        let moves = centred.chunks_exact(width).flat_map(|row| {
            row[1..=settings].iter().map(|mixed| {
                let moved = differences(mixed, &row[0]);
                Moves {
                    product: product(&row[width - 1], &moved),
                    square: product(&moved, &moved),
                    raw: mean(&moved) * mean(&moved),
                }
            })
        });
        Self {
            settings,
            means: centred.iter().map(|runs| mean(runs)).collect(),
            luck: centred.iter().map(|runs| shared_luck(runs, runs)).collect(),
            moves: moves.collect(),
            centred,
        }
    }

    fn seeds(&self) -> usize {
        self.centred.first().map_or(0, Vec::len)
    }

    /// How the variance between the points moves with the seeds. All of it is shared out, that of luck too.
    fn sways(&self) -> Reactions {
        let all: Vec<usize> = (0..self.count()).collect();
        let mut sways = Reactions::none(self.seeds());
        for place in self.ends(&all) {
            sways.product(&self.centred[place], &self.centred[place]);
        }
        let scale = 1.0 / (2.0 * all.len() as f64);
        let none = Reactions::none(self.seeds());
        Reactions {
            luck: 0.0,
            ..sways.less(scale, &none, 0.0)
        }
    }

    /// How the products and half the squares of a setting do.
    fn reactions(&self, setting: usize) -> [Reactions; 2] {
        let none = Reactions::none(self.seeds());
        let [mut first, mut total] = [none.clone(), none.clone()];
        for row in self.centred.chunks_exact(self.settings + 2) {
            let moved = differences(&row[setting + 1], &row[0]);
            first.product(&row[self.settings + 1], &moved);
            total.product(&moved, &moved);
        }
        let count = self.count() as f64;
        [
            first.less(1.0 / count, &none, 0.0),
            total.less(0.5 / count, &none, 0.0),
        ]
    }

    fn count(&self) -> usize {
        self.means.len() / (self.settings + 2)
    }

    /// Places of the points of A and B in these rows.
    fn ends<'a>(&'a self, rows: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        let width = self.settings + 2;
        rows.iter()
            .flat_map(move |row| [row * width, row * width + width - 1])
    }

    fn variance(&self, rows: &[usize]) -> f64 {
        let count = 2.0 * rows.len() as f64;
        let (mut sum, mut squares) = (0.0, 0.0);
        for place in self.ends(rows) {
            sum += self.means[place];
            squares += self.means[place] * self.means[place];
        }
        (squares - sum * sum / count) / (count - 1.0)
    }

    /// Variance that is luck.
    fn luck(&self, rows: &[usize]) -> f64 {
        let sum: f64 = self.ends(rows).map(|place| self.luck[place]).sum();
        sum / (2.0 * rows.len() as f64)
    }

    /// Of a setting from these rows: first and total index, and the total one with its luck.
    fn of(&self, setting: usize, rows: &[usize], variance: f64) -> [f64; 3] {
        let (mut first, mut total, mut raw) = (0.0, 0.0, 0.0);
        for row in rows {
            let moves = &self.moves[row * self.settings + setting];
            first += moves.product;
            total += moves.square;
            raw += moves.raw;
        }
        let count = rows.len() as f64;
        let share = |sum: f64| sum / (2.0 * count) / variance;
        [first / count / variance, share(total), share(raw)]
    }
}

/// An interval of a share, cut to what a share can be: it is no larger than what it is a part of.
///
/// An estimate beyond that is moved to the border, and its interval reaches as far from there as it did
/// from the estimate: cut with it, an interval that lies below zero would say that it is exactly zero.
fn possible(share: Interval, whole: Interval) -> Interval {
    let mean = share.mean.clamp(0.0, whole.mean);
    let moved = mean - share.mean;
    let low = (share.low + moved.min(0.0)).clamp(0.0, mean);
    let high = (share.high + moved.max(0.0)).clamp(mean, whole.high);
    Interval {
        mean,
        low,
        high,
        half_width: 0.5 * (high - low),
        ..share
    }
}

/// The indices of each setting from the values at [`Design::points`], by point and replication; none if
/// these do not vary. Values must be finite.
#[must_use]
pub fn indices(settings: usize, runs: &[Vec<f64>], level: f64, seed: u64) -> Option<Found> {
    let values = Values::new(settings, runs);
    let statistics = |rows: &[usize]| {
        let variance = values.variance(rows);
        (0..settings)
            .flat_map(|setting| {
                let [first, total, raw] = values.of(setting, rows, variance);
                [first, total, total - first, raw]
            })
            .collect()
    };
    let resamples = bootstrap(values.count(), seed, statistics)?;
    let all: Vec<usize> = (0..values.count()).collect();
    let squares = values.moves.iter().map(|moves| moves.square);
    let most = squares.fold(0.0, f64::max);
    let whole = Interval {
        level,
        ..Interval::exact(1.0, values.count() as u64)
    };
    let (variance, sways) = (values.variance(&all), values.sways());
    // No setting has the share of luck.
    let left = Interval {
        mean: 1.0 - luck::share(runs).unwrap_or(0.0),
        ..whole
    };
    let mut error = Vec::with_capacity(settings);
    let each = (0..settings).map(|setting| {
        let reactions = values.reactions(setting);
        error.push(libm::sqrt((reactions[1].luck / variance).max(0.0)));
        let of = |statistic| resamples.interval(4 * setting + statistic, level);
        let [first, total] = [0, 1].map(|which| {
            let found = of(which).mean;
            reactions[which].less(1.0 / variance, &sways, found / variance)
        });
        let both = total.less(1.0, &first, 1.0).widen(of(2));
        let total = possible(total.widen(of(1)), left);
        Indices::Sobol {
            first: possible(first.widen(of(0)), total),
            total,
            interactions: possible(both, total),
        }
    });
    let indices = each.collect();
    let places = |statistic| {
        (0..settings)
            .map(|setting| 4 * setting + statistic)
            .collect()
    };
    Some(Found {
        indices,
        strengths: places(1),
        raw: places(3),
        luck: error,
        most: most / (2.0 * variance),
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
    level: f64,
    seed: u64,
) -> Option<Interval> {
    let centred = Values::new(settings, values);
    let square = |row: &usize| {
        let moved = differences(&values[row * (settings + 2)], &group[*row]);
        product(&moved, &moved)
    };
    let statistics = |rows: &[usize]| {
        let others = rows.iter().map(square).sum::<f64>() / (2.0 * rows.len() as f64);
        vec![1.0 - (centred.luck(rows) + others) / centred.variance(rows)]
    };
    let found = bootstrap(centred.count(), seed, statistics)?.interval(0, level);
    let all: Vec<usize> = (0..centred.count()).collect();
    let (variance, sways) = (centred.variance(&all), centred.sways());
    let mut reactions = Reactions::none(centred.seeds());
    for row in &all {
        let moved = differences(&values[row * (settings + 2)], &group[*row]);
        reactions.product(&moved, &moved);
    }
    let scale = 0.5 / all.len() as f64 / variance;
    let found = reactions
        .less(scale, &sways, (1.0 - found.mean) / variance)
        .widen(found);
    let left = Interval {
        mean: 1.0 - luck::share(values).unwrap_or(0.0),
        ..Interval::exact(1.0, found.count)
    };
    Some(possible(found, left))
}

#[cfg(test)]
mod tests;
