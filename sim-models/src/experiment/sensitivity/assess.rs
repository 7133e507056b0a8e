//! From the runs of a design to what they say.

use super::effects::{
    Effect, Effects, Found, Indices, Influence, MOST_LUCK, Method, NEGLIGIBLE_EFFECT,
    NEGLIGIBLE_SHARE, Negligible, NoIndices,
};
use super::{luck, morris, sobol};
use crate::expression::Measure;
use sim_core::stats::{Interval, Moments, bonferroni_level, t_quantile};

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

    /// Tells where its points lie on their axes, each from 0 to 1, where that is not where they lie on the unit
    /// cube: on lists and counts.
    pub fn lie(&mut self, places: &[Vec<f64>]) {
        match self {
            // Shares of a variance ask for no distances.
            Self::Sobol(_) => {}
            Self::Morris(design) => design.lie(places),
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
        let luck = luck::share(&values);
        let found = match self {
            Self::Sobol(_) => sobol::indices(settings, &values, level, seed),
            Self::Morris(design) => morris::indices(design, &values, level, seed),
        };
        let mut effects = Effects {
            measure: measure.clone(),
            mean: moments.mean(),
            sd: moments.sd(),
            luck,
            settings: Vec::new(),
            order: (0..settings).collect(),
            groups: Vec::new(),
            negligible: Negligible {
                bound: 0.0,
                luck: false,
            },
            together: None,
        };
        // The same at all points.
        let Some(found) = found.filter(|_| moments.sd() > 0.0) else {
            effects.settings = vec![self.nothing(level); settings];
            return Ok(effects);
        };
        let seeds = Seeds {
            count: values.first().map_or(0, Vec::len),
            luck,
            squared: matches!(self, Self::Sobol(_)),
        };
        effects.negligible = self.negligible(&found.indices, luck, moments.sd());
        let bound = effects.negligible.bound;
        let judge = |setting| found.judge(setting, bound, seeds, level);
        effects.settings = (0..settings).map(judge).collect();
        let strength = |setting: usize| found.indices[setting].strength().mean;
        effects
            .order
            .sort_by(|a, b| strength(*b).total_cmp(&strength(*a)).then(a.cmp(b)));
        let members = effects.that(Influence::Matters);
        effects.groups = match self {
            Self::Sobol(_) => found.groups(&members, level),
            // A mean step is not the whole range: that one is larger than another orders nothing.
            Self::Morris(_) => Some(members)
                .into_iter()
                .filter(|one| !one.is_empty())
                .collect(),
        };
        Ok(effects)
    }

    /// What a setting does to a measure that is the same at all points.
    fn nothing(&self, level: f64) -> Effect {
        let zero = Interval {
            level,
            ..Interval::exact(0.0, 0)
        };
        let indices = match self {
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
        };
        Effect {
            indices,
            influence: Influence::Unproven,
            needed: None,
            replications: None,
        }
    }

    /// What is too little to matter. Sobol indices are free of luck; of mu* it is what a setting that only
    /// reshuffles luck would reach, if that is more.
    fn negligible(&self, indices: &[Indices], luck: Option<f64>, sd: f64) -> Negligible {
        match self {
            Self::Sobol(_) => Negligible {
                bound: NEGLIGIBLE_SHARE,
                luck: false,
            },
            Self::Morris(design) => {
                let strengths = indices.iter().map(|indices| indices.strength().mean);
                let share = NEGLIGIBLE_EFFECT * strengths.fold(0.0, f64::max);
                // The mean of the absolute value of the difference of two normal values.
                let two = 2.0 * luck.unwrap_or(0.0) / std::f64::consts::PI * 2.0;
                let of_luck = libm::sqrt(two) * sd * design.reach();
                Negligible {
                    bound: share.max(of_luck),
                    luck: of_luck > share,
                }
            }
        }
    }

    /// The settings that matter and the points that tell what they explain together, if that is worth
    /// runs: Sobol indices, and several of the settings but not all.
    #[must_use]
    pub fn group(&self, effects: &Effects) -> Option<Vec<Vec<f64>>> {
        let members = effects.that(Influence::Matters);
        match self {
            Self::Sobol(design) if members.len() > 1 && members.len() < effects.settings.len() => {
                Some(design.group(&members))
            }
            _ => None,
        }
    }
}

/// How often points were run, and what that leaves of luck.
#[derive(Clone, Copy)]
struct Seeds {
    count: usize,
    /// Share of the variance between points.
    luck: Option<f64>,
    /// Whether strengths are squares, whose roots add up.
    squared: bool,
}

/// Beyond so many replications it is only said that it takes more.
pub const MOST_REPLICATIONS: u32 = 1000;

impl Seeds {
    /// How many it takes to see whether a strength that is above `bound` only with its luck is above it
    /// without: what luck adds falls as replications rise. None where luck hides nothing.
    fn needed(self, raw: f64, bound: f64) -> Option<u32> {
        let luck = self.luck?;
        let times = (raw / bound).max(luck / MOST_LUCK);
        (luck > 0.0 && times > 1.0).then(|| libm::ceil(self.count as f64 * times) as u32)
    }

    /// The least that a strength can be whatever the seeds are: the differences that it stands for are those
    /// of all seeds and an error, so its length is no less than theirs less that of the error (the triangle
    /// inequality). At worst the error is one number times their size, and with its standard error from as
    /// many seeds Student's.
    fn least(self, raw: f64, luck: f64, count: f64, level: f64) -> f64 {
        if count < 2.0 {
            return f64::NEG_INFINITY;
        }
        if luck == 0.0 {
            return raw;
        }
        let error = luck * t_quantile(level, count - 1.0);
        if self.squared {
            let root = (libm::sqrt(raw) - error).max(0.0);
            root * root
        } else {
            raw - error
        }
    }

    /// How many it takes until that is above `bound`, if it is as strong as it seems; one more than
    /// [`MOST_REPLICATIONS`] where it takes more than these.
    fn agreeing(self, raw: f64, luck: f64, bound: f64, level: f64) -> u32 {
        let most = MOST_REPLICATIONS;
        let enough = |count: &u32| {
            let share = self.count as f64 / f64::from(*count);
            let known = if self.squared {
                raw - luck * luck * (1.0 - share)
            } else {
                raw
            };
            let luck = luck * libm::sqrt(share);
            self.least(known.max(0.0), luck, f64::from(*count), level) > bound
        };
        let more = self.count as u32 + 1;
        (more..=most).find(enough).unwrap_or(most.max(more) + 1)
    }
}

impl Found {
    /// What the indices of a setting say.
    fn judge(&self, setting: usize, bound: f64, seeds: Seeds, level: f64) -> Effect {
        let indices = self.indices[setting];
        let strength = indices.strength();
        let family = bonferroni_level(level, self.indices.len());
        let over = |places: &[usize], level| self.resamples.interval(places[setting], level);
        // Luck makes every strength larger, and a single replication cannot tell by how much.
        let least = over(&self.strengths, family).low;
        let (all, luck) = (over(&self.raw, level).mean, self.luck[setting]);
        let sure = seeds.least(all, luck, seeds.count as f64, family);
        let agreeing = (least > bound && sure <= bound && seeds.count > 1)
            .then(|| seeds.agreeing(all, luck, bound, family));
        // What differs between the seeds is taken off as luck. Few seeds cannot tell it from what the
        // setting does under some of them only, so that is not denied.
        let raw = over(&self.raw, level).high;
        let hidden = seeds.needed(raw, bound);
        let hidden = hidden.filter(|_| {
            let most = seeds.luck.is_some_and(|luck| luck > MOST_LUCK);
            most || strength.high <= bound
        });
        // Seeds that disagree make an interval wider than its points do.
        let points = over(&self.strengths, level).high;
        let wide = (strength.high > bound && points <= bound)
            .then(|| seeds.needed(strength.high, bound))
            .flatten();
        let hidden = agreeing.or(hidden).or(wide);
        let (influence, needed) = if least > bound && sure > bound {
            (Influence::Matters, None)
        } else if hidden.is_some() {
            (Influence::Unclear, None)
        } else if strength.high <= bound {
            // All comparisons may have missed a part of the ranges with this share in one of twenty
            // designs: (1 - share)^count = 1 - level.
            let missed = |count: f64| 1.0 - libm::pow(1.0 - level, 1.0 / count);
            let share = missed(strength.count as f64);
            let reach = strength.high + share * (self.most - strength.high).max(0.0);
            let room = (bound - strength.high) / (self.most - strength.high);
            if reach <= bound {
                (Influence::Negligible, None)
            } else {
                let needed = libm::log(1.0 - level) / libm::log1p(-room);
                (Influence::Unproven, Some(libm::ceil(needed) as u32))
            }
        } else {
            // Intervals narrow with the square root of the samples.
            let (arm, gap) = if strength.mean > bound {
                (
                    strength.mean - least.min(strength.mean),
                    strength.mean - bound,
                )
            } else {
                (strength.high - strength.mean, bound - strength.mean)
            };
            let times = arm / gap;
            let needed = strength.count as f64 * times * times;
            (Influence::Unclear, within(needed, strength.count))
        };
        Effect {
            indices,
            influence,
            needed,
            replications: hidden.filter(|_| influence == Influence::Unclear),
        }
    }

    /// Cuts the settings, which come in the order of their strength, into groups between which the order is
    /// sure.
    fn groups(&self, settings: &[usize], level: f64) -> Vec<Vec<usize>> {
        let pairs = settings.len() * settings.len().saturating_sub(1) / 2;
        let level = bonferroni_level(level, pairs.max(1));
        let more = |strong: usize, weak: usize| {
            let (strong, weak) = (self.strengths[strong], self.strengths[weak]);
            self.resamples.difference(strong, weak, level).low > 0.0
        };
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (place, setting) in settings.iter().enumerate() {
            let (before, after) = settings.split_at(place);
            let cut = before
                .iter()
                .all(|strong| after.iter().all(|weak| more(*strong, *weak)));
            match groups.last_mut() {
                Some(group) if !cut => group.push(*setting),
                _ => groups.push(vec![*setting]),
            }
        }
        groups
    }
}

/// A number of samples, if it is at most 64 times that of those there are.
fn within(needed: f64, count: u64) -> Option<u32> {
    let needed = libm::ceil(needed);
    (needed.is_finite() && needed > 0.0 && needed <= 64.0 * count as f64).then_some(needed as u32)
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
        let (values, group) = (finite(values)?, finite(group)?);
        let count = self.settings.len();
        self.together = sobol::together(count, &values, &group, level, seed);
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
mod tests;
