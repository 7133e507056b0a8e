//! From the runs of a design to what they say.

use super::morris::STEP;
use super::{
    Effect, Effects, Indices, Influence, Method, NEGLIGIBLE_EFFECT, NEGLIGIBLE_SHARE, NoIndices,
    luck, morris, sobol,
};
use crate::observe::expression::Measure;
use sim_core::stats::{Interval, Moments};

/// A design of either method.
#[derive(Clone, Debug, PartialEq)]
pub enum Design {
    /// For Sobol indices.
    Sobol(sobol::Design),
    /// For Morris's screening.
    Morris(morris::Design),
}

/// The values of a measure: by point, then by replication.
pub type Values = Vec<Vec<Option<f64>>>;

impl Design {
    /// A design for so many settings, with so many base samples or trajectories.
    #[must_use]
    pub fn new(method: Method, settings: usize, samples: u32, seed: u64) -> Self {
        match method {
            Method::Sobol => Self::Sobol(sobol::Design::new(settings, samples, seed)),
            Method::Morris => Self::Morris(morris::Design::new(settings, samples, seed)),
        }
    }

    /// The points on the unit cube that must be run.
    #[must_use]
    pub fn points(&self) -> Vec<Vec<f64>> {
        match self {
            Self::Sobol(design) => design.points(),
            Self::Morris(design) => design.points(),
        }
    }

    /// What so many settings do to a measure, from its values at [`Design::points`]; `seed` is that of the
    /// bootstrap.
    ///
    /// # Errors
    /// A value is missing or infinite.
    pub fn effects(
        &self,
        measure: &Measure,
        settings: usize,
        values: &Values,
        level: f64,
        seed: u64,
    ) -> Result<Effects, NoIndices> {
        let values = finite(values)?;
        let means = by_point(&values);
        let moments: Moments = means.iter().copied().collect();
        let share = luck::share(&values);
        let indices = match self {
            Self::Sobol(_) => sobol::indices(settings, &means, level, seed),
            Self::Morris(design) => morris::indices(design, &means, level, seed),
        };
        let indices = indices.unwrap_or_else(|| vec![self.nothing(level); settings]);
        let negligible = self.negligible(&indices, share, moments.sd());
        let judge = |indices: Indices| Effect {
            indices,
            influence: Influence::judge(&indices.strength(), negligible),
        };
        let mut order: Vec<usize> = (0..settings).collect();
        let strength = |setting: usize| indices[setting].strength().mean;
        order.sort_by(|a, b| strength(*b).total_cmp(&strength(*a)).then(a.cmp(b)));
        Ok(Effects {
            measure: measure.clone(),
            mean: moments.mean(),
            sd: moments.sd(),
            luck: share,
            settings: indices.into_iter().map(judge).collect(),
            order,
            together: None,
        })
    }

    /// What a setting does to a measure that is the same at all points.
    fn nothing(&self, level: f64) -> Indices {
        let zero = Interval {
            level,
            ..Interval::exact(0.0, 0)
        };
        match self {
            Self::Sobol(_) => Indices::Sobol {
                first: zero,
                total: zero,
                interactions: zero,
            },
            Self::Morris(_) => Indices::Morris {
                mu: 0.0,
                mu_star: zero,
                sigma: 0.0,
            },
        }
    }

    /// What a setting that only reshuffles luck would reach, and what is too little to matter.
    fn negligible(&self, indices: &[Indices], luck: Option<f64>, sd: f64) -> f64 {
        let luck = luck.unwrap_or(0.0);
        match self {
            Self::Sobol(_) => NEGLIGIBLE_SHARE.max(luck),
            Self::Morris(_) => {
                let strengths = indices.iter().map(|indices| indices.strength().mean);
                let most = strengths.fold(0.0, f64::max);
                // The mean of the absolute value of the difference of two normal values.
                let two = 2.0 * luck / std::f64::consts::PI * 2.0;
                (NEGLIGIBLE_EFFECT * most).max(libm::sqrt(two) * sd / STEP)
            }
        }
    }

    /// The settings that matter and the points that tell what they explain together, if that is worth
    /// runs: Sobol indices, and neither none of the settings nor all.
    #[must_use]
    pub fn group(&self, effects: &Effects) -> Option<Vec<Vec<f64>>> {
        let members = effects.that(Influence::Matters);
        match self {
            Self::Sobol(design)
                if !members.is_empty() && members.len() < effects.settings.len() =>
            {
                Some(design.group(&members))
            }
            _ => None,
        }
    }
}

impl Effects {
    /// The settings with this influence, the strongest first.
    #[must_use]
    pub fn that(&self, influence: Influence) -> Vec<usize> {
        let order = self.order.iter().copied();
        order
            .filter(|setting| self.settings[*setting].influence == influence)
            .collect()
    }

    /// Adds what the settings that matter explain together, from the values at [`Design::points`] and at
    /// [`Design::group`]; `seed` is that of the bootstrap.
    ///
    /// # Errors
    /// A value is missing or infinite.
    pub fn explain(
        &mut self,
        values: &Values,
        group: &Values,
        level: f64,
        seed: u64,
    ) -> Result<(), NoIndices> {
        let (values, group) = (by_point(&finite(values)?), by_point(&finite(group)?));
        self.together = sobol::together(self.settings.len(), &values, &group, level, seed);
        Ok(())
    }
}

fn finite(values: &Values) -> Result<Vec<Vec<f64>>, NoIndices> {
    let all = || values.iter().flatten();
    let runs = all().count() as u64;
    let count = |which: fn(&Option<f64>) -> bool| all().filter(|value| which(value)).count() as u64;
    let missing = count(|value| value.is_none_or(f64::is_nan));
    if missing > 0 {
        return Err(NoIndices::Missing { missing, runs });
    }
    let infinite = count(|value| value.is_some_and(f64::is_infinite));
    if infinite > 0 {
        return Err(NoIndices::Infinite { infinite, runs });
    }
    Ok(values
        .iter()
        .map(|runs| runs.iter().copied().flatten().collect())
        .collect())
}

fn by_point(values: &[Vec<f64>]) -> Vec<f64> {
    let mean = |runs: &Vec<f64>| runs.iter().copied().collect::<Moments>().mean();
    values.iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::random::{Seed, Source};

    fn measure() -> Measure {
        "failed_ratio(shoppers)".parse().unwrap()
    }

    /// A plane with a little luck on it; the third setting does nothing, the fourth hardly anything.
    fn run(points: &[Vec<f64>], luck: f64) -> Values {
        let mut stream = Seed(3).stream("test", "assess");
        let at = |u: &Vec<f64>| 5.0 * u[0] + 3.0 * u[1] + 0.3 * u[3];
        let mut noisy = |value: f64| Some(value + luck * (stream.uniform() - 0.5));
        points
            .iter()
            .map(|point| vec![noisy(at(point)), noisy(at(point))])
            .collect()
    }

    #[test]
    fn tells_what_matters_and_what_it_explains() {
        let design = Design::new(Method::Sobol, 4, 256, 1);
        let values = run(&design.points(), 0.1);
        let mut effects = design.effects(&measure(), 4, &values, 0.95, 1).unwrap();
        assert_eq!(effects.that(Influence::Matters), [0, 1]);
        let mut rest = effects.that(Influence::Negligible);
        rest.sort_unstable();
        assert_eq!(rest, [2, 3]);
        assert!(effects.luck.unwrap() < 0.01);
        let group = design.group(&effects).unwrap();
        assert_eq!(group.len(), 256);
        effects
            .explain(&values, &run(&group, 0.1), 0.95, 1)
            .unwrap();
        // 34 / 34.09 of the variance, and a little luck.
        let together = effects.together.unwrap();
        assert!(
            together.mean > 0.98 && together.half_width < 0.02,
            "{together:?}"
        );
    }

    #[test]
    fn pure_luck_does_not_matter() {
        let design = Design::new(Method::Sobol, 3, 128, 1);
        let mut stream = Seed(4).stream("test", "assess");
        let values: Values = design
            .points()
            .iter()
            .map(|_| (0..3).map(|_| Some(stream.uniform())).collect())
            .collect();
        let effects = design.effects(&measure(), 3, &values, 0.95, 1).unwrap();
        assert!(effects.luck.unwrap() > 0.85, "{:?}", effects.luck);
        assert!(effects.that(Influence::Matters).is_empty());
        assert_eq!(design.group(&effects), None);
    }

    #[test]
    fn screening_ranks_and_drops() {
        let design = Design::new(Method::Morris, 4, 10, 1);
        let values = run(&design.points(), 0.0);
        let effects = design.effects(&measure(), 4, &values, 0.95, 1).unwrap();
        assert_eq!(effects.order, [0, 1, 3, 2]);
        assert_eq!(effects.that(Influence::Matters), [0, 1]);
        assert_eq!(effects.that(Influence::Negligible), [3, 2]);
    }

    #[test]
    fn constants_depend_on_nothing_and_gaps_are_refused() {
        let design = Design::new(Method::Sobol, 2, 8, 1);
        let mut values = vec![vec![Some(1.0)]; 32];
        let effects = design.effects(&measure(), 2, &values, 0.95, 1).unwrap();
        assert_eq!(effects.that(Influence::Negligible), [0, 1]);
        values[3][0] = Some(f64::INFINITY);
        let refused = |values: &Values| design.effects(&measure(), 2, values, 0.95, 1).unwrap_err();
        assert_eq!(
            refused(&values),
            NoIndices::Infinite {
                infinite: 1,
                runs: 32
            }
        );
        values[4][0] = None;
        assert_eq!(
            refused(&values),
            NoIndices::Missing {
                missing: 1,
                runs: 32
            }
        );
    }
}
