//! Morris's screening: which settings move a measure at all, with a few runs for each.
//!
//! A trajectory walks from a random point of the unit cube and moves one setting after the other by half
//! of its range: `settings + 1` points give each setting one elementary effect (M. D. Morris,
//! "Factorial sampling plans for preliminary computational experiments", Technometrics 33, 1991; his step
//! on a grid of very many levels, as one of a few levels draws the values of a list unevenly).
//! mu* is the mean of their absolute values (F. Campolongo, J. Cariboni and A. Saltelli, "An
//! effective screening design for sensitivity analysis of large models", 2007): it does not vanish
//! where an effect goes up here and down there.
//!
//! An effect is the change with a step, times the steps of the range. Its mean is the change over the whole
//! range only of what is straight: steps cross the middle of a range more often than its ends.

use super::bootstrap::bootstrap;
use super::effects::{Found, Indices};
use super::seeds;
use sim_core::random::{Seed, Source};
use sim_core::stats::Moments;

/// A step on the unit cube: with half of it all places are as likely.
const STEP: f64 = 0.5;

/// Effects are equal that differ by no more than this share of them.
const ROUNDING: f64 = 1e-12;

/// Trajectories over the unit cube.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    settings: usize,
    walks: Vec<Walk>,
}

#[derive(Clone, Debug, PartialEq)]
struct Walk {
    points: Vec<Vec<f64>>,
    /// Where these lie on the axes, 0 to 1.
    places: Vec<Vec<f64>>,
    /// Which setting moves after each point but the last.
    moved: Vec<usize>,
}

impl Design {
    /// So many trajectories.
    #[must_use]
    pub fn new(settings: usize, trajectories: u32, seed: u64) -> Self {
        let mut luck = Seed(seed).stream("sensitivity", "morris");
        let walks = (0..trajectories)
            .map(|_| Walk::new(settings, &mut luck))
            .collect();
        Self { settings, walks }
    }

    /// All points, trajectory by trajectory: `trajectories x (settings + 1)`.
    #[must_use]
    pub fn points(&self) -> Vec<Vec<f64>> {
        self.walks
            .iter()
            .flat_map(|walk| walk.points.clone())
            .collect()
    }

    /// Tells where the points really lie on their axes, as shares of their ranges: a list of two values has
    /// no third of the way, and a move from one to the other is one over the whole range.
    pub fn lie(&mut self, places: &[Vec<f64>]) {
        let each = places.chunks_exact(self.settings + 1);
        for (walk, places) in self.walks.iter_mut().zip(each) {
            walk.places = places.to_vec();
        }
    }

    /// How much larger than a difference between two points the effect is that it stands for: of the setting
    /// with the shortest moves, on average over the trajectories.
    #[must_use]
    pub fn reach(&self) -> f64 {
        let mut sums = vec![0.0; self.settings];
        for walk in &self.walks {
            for (place, setting) in walk.moved.iter().enumerate() {
                let step = walk.step(place, *setting).abs();
                sums[*setting] += if step > 0.0 { 1.0 / step } else { 0.0 };
            }
        }
        let most = sums.into_iter().fold(0.0, f64::max);
        most / self.walks.len().max(1) as f64
    }
}

impl Walk {
    /// How far a setting goes with a move, in units of its own range.
    fn step(&self, place: usize, setting: usize) -> f64 {
        self.places[place + 1][setting] - self.places[place][setting]
    }

    fn new(settings: usize, luck: &mut impl Source) -> Self {
        // The lower place of each setting, and whether it starts there or one step above.
        let start: Vec<(f64, bool)> = (0..settings)
            .map(|_| (STEP * luck.uniform(), luck.chance(0.5)))
            .collect();
        let mut moved: Vec<usize> = (0..settings).collect();
        // Fisher and Yates.
        for place in (1..settings).rev() {
            moved.swap(place, luck.below(place as u64 + 1) as usize);
        }
        let at = |(low, above): (f64, bool)| low + if above { STEP } else { 0.0 };
        let mut here = start;
        let mut points: Vec<Vec<f64>> = vec![here.iter().copied().map(at).collect()];
        for setting in &moved {
            here[*setting].1 = !here[*setting].1;
            points.push(here.iter().copied().map(at).collect());
        }
        Self {
            places: points.clone(),
            points,
            moved,
        }
    }
}

/// The indices of each setting from the values at [`Design::points`] by point and replication, which must be
/// finite, in the unit of the measure for a mean step, times the steps of the range; none without
/// trajectories.
#[must_use]
pub fn indices(design: &Design, values: &[Vec<f64>], level: f64, seed: u64) -> Option<Found> {
    let settings = design.settings;
    // effects[setting][trajectory]
    let mut effects = vec![Vec::with_capacity(design.walks.len()); settings];
    let mut luck = vec![0.0; settings];
    for (walk, values) in design.walks.iter().zip(values.chunks_exact(settings + 1)) {
        for (place, setting) in walk.moved.iter().enumerate() {
            let step = walk.step(place, *setting);
            let moved = seeds::differences(&values[place + 1], &values[place]);
            // Without a step there is no difference, either.
            let scale = if step == 0.0 { 0.0 } else { 1.0 / step };
            effects[*setting].push(seeds::mean(&moved) * scale);
            let error = libm::sqrt(seeds::shared_luck(&moved, &moved));
            luck[*setting] += error * scale.abs() / design.walks.len() as f64;
        }
    }
    let statistics = |walks: &[usize]| {
        let mean = |effects: &Vec<f64>| {
            let sum: f64 = walks.iter().map(|walk| effects[*walk].abs()).sum();
            sum / walks.len() as f64
        };
        effects.iter().map(mean).collect()
    };
    let resamples = bootstrap(design.walks.len(), seed, statistics)?;
    let each = effects.iter().enumerate().map(|(setting, effects)| {
        let moments: Moments = effects.iter().copied().collect();
        let largest = effects
            .iter()
            .fold(0.0, |most, one| f64::max(most, one.abs()));
        // What rounding leaves of equal effects is no spread.
        let sd = Some(moments.sd()).filter(|sd| *sd > ROUNDING * largest);
        Indices::Morris {
            mu: moments.mean(),
            mu_star: resamples.interval(setting, level),
            sigma: sd.unwrap_or(0.0),
        }
    });
    Some(Found {
        indices: each.collect(),
        strengths: (0..settings).collect(),
        // Nothing is taken off mu*.
        raw: (0..settings).collect(),
        luck,
        most: effects
            .iter()
            .flatten()
            .fold(0.0, |most, effect| f64::max(most, effect.abs())),
        resamples,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::stats::Interval;

    fn screen(
        settings: usize,
        trajectories: u32,
        value: fn(&[f64]) -> f64,
    ) -> Vec<(f64, Interval, f64)> {
        let design = Design::new(settings, trajectories, 4);
        let points = design.points();
        let values: Vec<Vec<f64>> = points.iter().map(|point| vec![value(point)]).collect();
        let found = indices(&design, &values, 0.95, 4).unwrap();
        let parts = found.indices.into_iter().map(|found| match found {
            Indices::Morris { mu, mu_star, sigma } => (mu, mu_star, sigma),
            Indices::Sobol { .. } => unreachable!("these are Morris's"),
        });
        parts.collect()
    }

    #[test]
    fn trajectories_move_one_setting_at_a_time() {
        let design = Design::new(5, 20, 1);
        for walk in &design.walks {
            let mut moved = walk.moved.clone();
            moved.sort_unstable();
            assert_eq!(moved, [0, 1, 2, 3, 4]);
            for (pair, setting) in walk.points.windows(2).zip(&walk.moved) {
                for (other, (from, to)) in pair[0].iter().zip(&pair[1]).enumerate() {
                    let step = (to - from).abs();
                    let expected = if other == *setting { STEP } else { 0.0 };
                    assert!((step - expected).abs() < 1e-12);
                }
            }
        }
        assert!(
            design
                .points()
                .iter()
                .flatten()
                .all(|u| (0.0..=1.0).contains(u))
        );
    }

    /// Each value of a list is drawn as often as any other, whatever their number, and what a list of three
    /// does is its change over the whole range, however unevenly it comes.
    #[test]
    fn values_of_lists_are_drawn_evenly() {
        let design = Design::new(2, 2000, 1);
        let points = design.points();
        for count in 2..=7_usize {
            let index = |u: f64| (u * count as f64) as usize;
            let mut hits = vec![0_u32; count];
            for point in &points {
                hits[index(point[0])] += 1;
            }
            // 2000 trajectories with three points, of which two or one are the same: five standard errors of
            // as many draws.
            let expected = 6000.0 / count as f64;
            for hits in &hits {
                let off = (f64::from(*hits) - expected).abs();
                assert!(off < 5.0 * libm::sqrt(2.0 * expected), "{count}: {hits}");
            }
        }
        let mut design = Design::new(1, 4000, 1);
        let index = |u: f64| (u * 3.0) as usize;
        let points = design.points();
        let values: Vec<Vec<f64>> = points
            .iter()
            .map(|u| vec![[5.0, 10.0, 30.0][index(u[0])]])
            .collect();
        let places: Vec<Vec<f64>> = points
            .iter()
            .map(|u| vec![index(u[0]) as f64 / 2.0])
            .collect();
        design.lie(&places);
        let found = indices(&design, &values, 0.95, 1).unwrap().indices[0].strength();
        // Effects of 10, 25 and 40, each in a third: standard deviation 12.2, five standard errors.
        assert!((found.mean - 25.0).abs() < 5.0 * 12.3 / 63.2, "{found:?}");
    }

    #[test]
    fn slopes_of_a_plane_are_exact() {
        let found = screen(3, 10, |u| 7.0 + 3.0 * u[0] - 2.0 * u[1]);
        for ((mu, mu_star, sigma), slope) in found.iter().zip([3.0, -2.0, 0.0_f64]) {
            assert!((mu - slope).abs() < 1e-12 && *sigma < 1e-12);
            assert!((mu_star.mean - slope.abs()).abs() < 1e-12 && mu_star.half_width < 1e-12);
        }
    }

    /// What lists and counts do is told over their whole range, however few values they have.
    #[test]
    fn steps_are_those_that_were_taken() {
        for count in 2..=12_usize {
            let last = (count - 1) as f64;
            let value = |u: f64| ((u * count as f64) as usize).min(count - 1) as f64;
            let mut design = Design::new(2, 30, 1);
            let points = design.points();
            let places: Vec<Vec<f64>> = points
                .iter()
                .map(|u| vec![value(u[0]) / last, u[1]])
                .collect();
            design.lie(&places);
            // The first goes from 0 by 10 for each value, the second over all of its range by 13.
            let values: Vec<Vec<f64>> = points
                .iter()
                .map(|u| vec![10.0 * value(u[0]) + 13.0 * u[1]])
                .collect();
            let found = indices(&design, &values, 0.95, 1).unwrap().indices;
            for (found, exact) in found.iter().zip([10.0 * last, 13.0]) {
                let strength = found.strength();
                assert!(
                    (strength.mean - exact).abs() < 1e-9,
                    "{count}: {strength:?}"
                );
                assert!(strength.half_width < 1e-9, "{count}: {strength:?}");
                let Indices::Morris { sigma, .. } = found else {
                    unreachable!("these are Morris's")
                };
                assert_eq!(*sigma, 0.0);
            }
        }
    }

    #[test]
    fn effects_that_change_their_sign_do_not_vanish() {
        // The effect of the first is the second's place, +-1 at its ends: mu 0, mu* the mean of |2u - 1|
        // over its range, 1/2; and the effects' variance is E(2u - 1)^2 = 1/3.
        let found = screen(2, 400, |u| (2.0 * u[0] - 1.0) * (2.0 * u[1] - 1.0) * 0.5);
        let (mu, mu_star, sigma) = found[0];
        let error = 0.577 / 20.0;
        assert!(mu.abs() < 4.0 * error, "{mu}");
        assert!(mu_star.low < 0.5 && 0.5 < mu_star.high, "{mu_star:?}");
        assert!((sigma - 0.577).abs() < 0.08, "{sigma}");
    }
}
