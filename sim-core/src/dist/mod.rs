//! Distributions: validated when built, sampled over `libm`, with analytic moments.
//!
//! A [`Dist`] knows no unit: what it draws has the unit of its parameters (nanoseconds where
//! [`Dist::sample_duration`] is used).
//!
//! **Draws.** Wherever it is cheap a sample is one uniform draw `u`, read as the probability to
//! *exceed* the sample (inversion of the survival function). So a small `u` is a large sample in
//! every such kind, the far tail keeps its full precision, and two variants of a system that
//! differ only in a distribution stay aligned (common random numbers). More than one draw is taken
//! by: Erlang (one per stage), gamma (Marsaglia and Tsang, two or more), Zipf (rejection-inversion,
//! one or, rarely, more), mixtures (one for the branch, then those of the branch), and a truncated
//! Erlang or gamma of which a good part is left (rejection).

mod error;
pub mod math;
mod parts;
mod build;
mod reshape;
#[cfg(test)]
mod tests;

pub use error::DistError;
use parts::{Branch, Gamma, Segment, Table, Truncated, Zipf};

use crate::random::Source;
use crate::time::SimDuration;
use math::{normal_cdf, normal_density, normal_quantile};

/// A distribution of numbers, in the unit of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Dist(Kind);

/// Four words at most, so that it stays fast where it is sampled; what is larger is boxed.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Constant(f64),
    Uniform {
        low: f64,
        width: f64,
    },
    /// Whole numbers `low`, `low + 1`, ..., `count` of them.
    Integers {
        low: f64,
        count: f64,
    },
    Exponential {
        mean: f64,
    },
    /// Truncated at zero: `mean` and `sd` are the parent's, `mass` its share above zero.
    Normal {
        mean: f64,
        sd: f64,
        mass: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    /// `power` is 1 / shape.
    Weibull {
        scale: f64,
        power: f64,
    },
    /// `power` is 1 / alpha.
    Pareto {
        scale: f64,
        power: f64,
    },
    /// A sum of exponential stages of mean `scale`.
    Erlang {
        stages: u32,
        scale: f64,
    },
    Gamma(Box<Gamma>),
    Hyperexponential(Box<[Branch]>),
    Quantiles(Box<[Segment]>),
    /// Observed values, ascending.
    Values(Box<[f64]>),
    Table(Box<Table>),
    /// `min`, `min + 1`, ...: exceeds `min + k` with probability `exp(log_q * (k + 1))`. Bounded
    /// above where `floor`, the share cut off, is not zero.
    Geometric {
        min: f64,
        log_q: f64,
        floor: f64,
    },
    Zipf(Box<Zipf>),
    /// Branches with the cumulated weight of each.
    Mixture(Box<[(f64, Dist)]>),
    Affine(Box<Affine>),
    Truncated(Box<Truncated>),
}

/// `scale * X + shift`.
#[derive(Clone, Debug, PartialEq)]
struct Affine {
    scale: f64,
    shift: f64,
    of: Dist,
}

impl Dist {
    /// Draws one number.
    #[inline]
    pub fn sample(&self, source: &mut impl Source) -> f64 {
        match &self.0 {
            Kind::Constant(value) => *value,
            Kind::Exponential { mean } => -mean * libm::log(source.open_uniform()),
            Kind::Lognormal { mu, sigma } => {
                libm::exp(mu - sigma * normal_quantile(source.open_uniform()))
            }
            Kind::Erlang { stages, scale } => parts::sample_erlang(*stages, *scale, source),
            Kind::Gamma(gamma) => gamma.sample(source),
            Kind::Hyperexponential(branches) => parts::sample_branches(branches, source),
            Kind::Zipf(zipf) => zipf.sample(source),
            Kind::Mixture(branches) => sample_mixture(branches, source),
            Kind::Affine(affine) => affine.scale * affine.of.sample(source) + affine.shift,
            Kind::Truncated(truncated) => truncated.sample(source),
            _ => self.inverse_survival(source.open_uniform()),
        }
    }

    /// Draws a duration; the parameters are nanoseconds. Rounded to the nearest, never negative.
    #[inline]
    pub fn sample_duration(&self, source: &mut impl Source) -> SimDuration {
        SimDuration::from_nanos_f64(self.sample(source))
    }

    /// The expected value; infinite for a Pareto of `alpha` at most 1.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.moments().0
    }

    /// The variance; infinite for a Pareto of `alpha` at most 2.
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.moments().1
    }

    /// The standard deviation over the mean.
    #[must_use]
    pub fn cv(&self) -> f64 {
        let (mean, variance) = self.moments();
        if variance == 0.0 {
            0.0
        } else {
            libm::sqrt(variance) / mean
        }
    }

    /// The only value it can take, if there is just one.
    #[must_use]
    pub fn constant(&self) -> Option<f64> {
        match &self.0 {
            Kind::Constant(value) => Some(*value),
            _ => None,
        }
    }

    /// The least value that it can take: no draw is below it, and draws come as near to it as one likes.
    #[must_use]
    pub fn least(&self) -> f64 {
        let lowest = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        match &self.0 {
            Kind::Constant(value) => *value,
            Kind::Uniform { low, .. } | Kind::Integers { low, .. } => *low,
            Kind::Exponential { .. }
            | Kind::Normal { .. }
            | Kind::Lognormal { .. }
            | Kind::Weibull { .. }
            | Kind::Erlang { .. }
            | Kind::Gamma(_)
            | Kind::Hyperexponential(_) => 0.0,
            Kind::Pareto { scale, .. } => *scale,
            Kind::Quantiles(segments) => {
                let starts = segments.iter().map(|segment| segment.from);
                starts.fold(f64::INFINITY, f64::min)
            }
            Kind::Values(values) => lowest(values),
            Kind::Table(table) => lowest(&table.values),
            Kind::Geometric { min, .. } => *min,
            Kind::Zipf(zipf) => zipf.low,
            Kind::Mixture(branches) => {
                let each = branches.iter().map(|(_, of)| of.least());
                each.fold(f64::INFINITY, f64::min)
            }
            Kind::Affine(affine) => affine.scale * affine.of.least() + affine.shift,
            Kind::Truncated(truncated) => truncated.of.least().max(truncated.min),
        }
    }

    /// The value that a share `p` (in (0, 1)) of all draws does not exceed.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        self.inverse_survival(1.0 - p)
    }

    /// The probability to draw more than `x`.
    #[must_use]
    pub fn survival(&self, x: f64) -> f64 {
        match &self.0 {
            Kind::Constant(value) => f64::from(*value > x),
            Kind::Uniform { low, width } => (1.0 - (x - low) / width).clamp(0.0, 1.0),
            Kind::Integers { low, count } => {
                (1.0 - ((x - low).floor() + 1.0) / count).clamp(0.0, 1.0)
            }
            Kind::Exponential { mean } => libm::exp(-x.max(0.0) / mean),
            Kind::Normal { mean, sd, mass } => {
                (normal_cdf((mean - x.max(0.0)) / sd) / mass).min(1.0)
            }
            Kind::Lognormal { .. } if x <= 0.0 => 1.0,
            Kind::Lognormal { mu, sigma } => normal_cdf((mu - libm::log(x)) / sigma),
            Kind::Weibull { scale, power } => {
                libm::exp(-libm::pow(x.max(0.0) / scale, 1.0 / power))
            }
            Kind::Pareto { scale, power } => libm::pow(scale / x.max(*scale), 1.0 / power),
            Kind::Erlang { stages, scale } => math::gamma_survival(f64::from(*stages), x / scale),
            Kind::Gamma(gamma) => math::gamma_survival(gamma.shape, x / gamma.scale),
            Kind::Hyperexponential(branches) => parts::survival_of_branches(branches, x),
            Kind::Quantiles(segments) => segments.iter().map(|s| s.mass * s.survival(x)).sum(),
            Kind::Values(values) => {
                let above = values.len() - values.partition_point(|value| *value <= x);
                above as f64 / values.len() as f64
            }
            Kind::Table(table) => table.survival(x),
            Kind::Geometric { min, log_q, floor } => {
                let steps = ((x - min).floor() + 1.0).max(0.0);
                ((libm::exp(log_q * steps) - floor) / (1.0 - floor)).max(0.0)
            }
            Kind::Zipf(zipf) => zipf.survival(x),
            Kind::Mixture(branches) => weighted(branches)
                .map(|(weight, of)| weight * of.survival(x))
                .sum(),
            Kind::Affine(affine) => affine.of.survival((x - affine.shift) / affine.scale),
            Kind::Truncated(truncated) => truncated.survival(x),
        }
    }

    /// The value exceeded with probability `s`, which lies in (0, 1).
    fn inverse_survival(&self, s: f64) -> f64 {
        match &self.0 {
            Kind::Constant(value) => *value,
            Kind::Uniform { low, width } => low + width * (1.0 - s),
            Kind::Integers { low, count } => low + ((1.0 - s) * count).floor().min(count - 1.0),
            Kind::Exponential { mean } => -mean * libm::log(s),
            // The survival function is that of the parent over `mass`, the parent's share above 0.
            Kind::Normal { mean, sd, mass } => (mean - sd * normal_quantile(s * mass)).max(0.0),
            Kind::Lognormal { mu, sigma } => libm::exp(mu - sigma * normal_quantile(s)),
            Kind::Weibull { scale, power } => scale * libm::exp(power * libm::log(-libm::log(s))),
            Kind::Pareto { scale, power } => scale * libm::exp(-power * libm::log(s)),
            Kind::Erlang { stages, scale } => {
                scale * math::gamma_inverse_survival(f64::from(*stages), s)
            }
            Kind::Gamma(gamma) => gamma.scale * math::gamma_inverse_survival(gamma.shape, s),
            Kind::Hyperexponential(branches) => {
                let of = |branch: &Branch| -branch.mean * libm::log(s);
                self.bisect(s, of(&branches[branches.len() - 1]), of(&branches[0]))
            }
            Kind::Quantiles(segments) => parts::inverse_of_segments(segments, s),
            Kind::Values(values) => {
                let rank = (s * values.len() as f64) as usize;
                values[values.len() - 1 - rank.min(values.len() - 1)]
            }
            Kind::Table(table) => table.inverse_survival(s),
            Kind::Geometric { min, log_q, floor } => {
                min + (libm::log(floor + s * (1.0 - floor)) / log_q).floor()
            }
            Kind::Zipf(zipf) => zipf.inverse_survival(s),
            Kind::Mixture(branches) => {
                let each = || branches.iter().map(|(_, of)| of.inverse_survival(s));
                let low = each().fold(f64::INFINITY, f64::min);
                self.bisect(s, low, each().fold(f64::NEG_INFINITY, f64::max))
            }
            Kind::Affine(affine) => affine.scale * affine.of.inverse_survival(s) + affine.shift,
            Kind::Truncated(truncated) => truncated.inverse_survival(s),
        }
    }

    /// The smallest `x` in `low..=high` that is exceeded with probability at most `s`.
    fn bisect(&self, s: f64, mut low: f64, mut high: f64) -> f64 {
        if self.survival(low) <= s {
            return low;
        }
        for _ in 0..200 {
            let middle = low + 0.5 * (high - low);
            if middle <= low || middle >= high {
                break;
            }
            if self.survival(middle) > s {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// Mean and variance.
    fn moments(&self) -> (f64, f64) {
        match &self.0 {
            Kind::Constant(value) => (*value, 0.0),
            Kind::Uniform { low, width } => (low + 0.5 * width, width * width / 12.0),
            Kind::Integers { low, count } => {
                (low + 0.5 * (count - 1.0), (count * count - 1.0) / 12.0)
            }
            Kind::Exponential { mean } => (*mean, mean * mean),
            Kind::Normal { mean, sd, mass } => moments_of_normal(*mean, *sd, *mass),
            Kind::Lognormal { mu, sigma } => {
                let (square, mean) = (sigma * sigma, libm::exp(mu + 0.5 * sigma * sigma));
                (mean, mean * mean * libm::expm1(square))
            }
            Kind::Weibull { scale, power } => {
                let (first, second) = (libm::lgamma(1.0 + power), libm::lgamma(1.0 + 2.0 * power));
                let mean = scale * libm::exp(first);
                (mean, mean * mean * libm::expm1(second - 2.0 * first))
            }
            Kind::Pareto { scale, power } => moments_of_pareto(*scale, *power),
            Kind::Erlang { stages, scale } => {
                let mean = f64::from(*stages) * scale;
                (mean, mean * scale)
            }
            Kind::Gamma(gamma) => {
                let mean = gamma.shape * gamma.scale;
                (mean, mean * gamma.scale)
            }
            Kind::Hyperexponential(branches) => pooled(
                parts::weighted(branches).map(|(weight, mean)| (weight, (mean, mean * mean))),
            ),
            Kind::Quantiles(segments) => pooled(segments.iter().map(|s| (s.mass, s.moments()))),
            Kind::Values(values) => pooled(
                values
                    .iter()
                    .map(|value| (1.0 / values.len() as f64, (*value, 0.0))),
            ),
            Kind::Table(table) => table.moments(),
            Kind::Geometric { min, log_q, floor } => moments_of_geometric(*min, *log_q, *floor),
            Kind::Zipf(zipf) => zipf.moments,
            Kind::Mixture(branches) => {
                pooled(weighted(branches).map(|(weight, of)| (weight, of.moments())))
            }
            Kind::Affine(affine) => {
                let (mean, variance) = affine.of.moments();
                let scale = affine.scale;
                (scale * mean + affine.shift, scale * scale * variance)
            }
            Kind::Truncated(truncated) => truncated.moments,
        }
    }
}

/// Mean and variance of a mixture of parts given by (weight, (mean, variance)), by the law of total
/// variance; the weights add up to 1.
fn pooled(of: impl Iterator<Item = (f64, (f64, f64))> + Clone) -> (f64, f64) {
    let mean: f64 = of.clone().map(|(weight, (mean, _))| weight * mean).sum();
    let part = |(weight, (m, v)): (f64, (f64, f64))| weight * (v + (m - mean) * (m - mean));
    let variance = of.map(part).sum();
    // An infinite mean makes the deviations meaningless.
    (
        mean,
        if mean.is_finite() {
            variance
        } else {
            f64::INFINITY
        },
    )
}

/// The branches of a mixture with the weight of each.
fn weighted(branches: &[(f64, Dist)]) -> impl Iterator<Item = (f64, &Dist)> + Clone {
    branches.iter().enumerate().map(|(i, (until, of))| {
        let before = if i == 0 { 0.0 } else { branches[i - 1].0 };
        (until - before, of)
    })
}

fn sample_mixture(branches: &[(f64, Dist)], source: &mut impl Source) -> f64 {
    let u = source.uniform();
    let last = branches.len() - 1;
    let chosen = branches[..last].iter().position(|(until, _)| u < *until);
    branches[chosen.unwrap_or(last)].1.sample(source)
}

/// Moments of a normal variable given that it is positive: N. L. Johnson, S. Kotz and
/// N. Balakrishnan, "Continuous Univariate Distributions", volume 1, section 13.10.1.
fn moments_of_normal(mean: f64, sd: f64, mass: f64) -> (f64, f64) {
    let start = -mean / sd;
    let hazard = normal_density(start) / mass;
    let variance = sd * sd * (1.0 + hazard * (start - hazard));
    (mean + sd * hazard, variance)
}

fn moments_of_pareto(scale: f64, power: f64) -> (f64, f64) {
    if power >= 1.0 {
        return (f64::INFINITY, f64::INFINITY);
    }
    let mean = scale / (1.0 - power);
    if power >= 0.5 {
        return (mean, f64::INFINITY);
    }
    (mean, mean * mean * power * power / (1.0 - 2.0 * power))
}

/// With `q^(n + 1) = floor`, the number of failures given that it is at most `n` has mean
/// `q / p - (n + 1) floor / (1 - floor)` and variance `q / p^2 - (n + 1)^2 floor / (1 - floor)^2`
/// (the memoryless property: a geometric variable is a truncated one plus a multiple of `n + 1`).
fn moments_of_geometric(min: f64, log_q: f64, floor: f64) -> (f64, f64) {
    let p = -libm::expm1(log_q);
    let q = 1.0 - p;
    if floor == 0.0 {
        return (min + q / p, q / (p * p));
    }
    let (steps, rest) = (libm::log(floor) / log_q, 1.0 - floor);
    let mean = min + q / p - steps * floor / rest;
    let variance = q / (p * p) - steps * steps * floor / (rest * rest);
    (mean, variance.max(0.0))
}
