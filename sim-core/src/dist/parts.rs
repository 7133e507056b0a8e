//! The larger kinds of distribution, which [`super::Dist`] keeps in boxes.

use super::math::{integrate, normal_quantile};
use super::{Dist, DistError, Kind, pooled};
use crate::random::Source;

/// A gamma distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gamma {
    pub(super) shape: f64,
    pub(super) scale: f64,
    /// `shape - 1/3`, of the shape plus one where that is below one.
    pub(super) d: f64,
    /// `1 / sqrt(9 d)`.
    pub(super) c: f64,
}

impl Gamma {
    pub(super) fn new(shape: f64, scale: f64) -> Self {
        let boosted = if shape < 1.0 { shape + 1.0 } else { shape };
        let d = boosted - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        Self { shape, scale, d, c }
    }

    /// G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables", ACM
    /// Transactions on Mathematical Software 26 (2000); normal variables by inversion.
    pub(super) fn sample(&self, source: &mut impl Source) -> f64 {
        let standard = loop {
            let x = -normal_quantile(source.open_uniform());
            let u = source.open_uniform();
            let root = 1.0 + self.c * x;
            let v = root * root * root;
            if v <= 0.0 {
                continue;
            }
            let squeeze = 1.0 - 0.0331 * (x * x) * (x * x);
            let bound = 0.5 * x * x + self.d * (1.0 - v + libm::log(v));
            if u < squeeze || libm::log(u) < bound {
                break self.d * v;
            }
        };
        if self.shape < 1.0 {
            let boost = libm::pow(source.open_uniform(), 1.0 / self.shape);
            return self.scale * standard * boost;
        }
        self.scale * standard
    }
}

/// At most 16 stages: the product of so many draws of at least 2^-53 is never zero.
#[inline]
pub(super) fn sample_erlang(stages: u32, scale: f64, source: &mut impl Source) -> f64 {
    let product = (0..stages).fold(1.0, |all, _| all * source.open_uniform());
    -scale * libm::log(product)
}

/// One branch of a hyperexponential, in the order of falling means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Branch {
    /// Weights of the branches up to and with this one.
    pub(super) until: f64,
    pub(super) mean: f64,
}

/// The weight and the mean of each branch.
pub(super) fn weighted(branches: &[Branch]) -> impl Iterator<Item = (f64, f64)> + Clone {
    branches.iter().enumerate().map(|(i, branch)| {
        let before = if i == 0 { 0.0 } else { branches[i - 1].until };
        (branch.until - before, branch.mean)
    })
}

pub(super) fn survival_of_branches(branches: &[Branch], x: f64) -> f64 {
    weighted(branches)
        .map(|(weight, mean)| weight * libm::exp(-x.max(0.0) / mean))
        .sum()
}

/// One draw chooses the branch; where it lies within the branch's share is uniform again and
/// becomes the exponential. Slow branches come first, so that small draws are long times.
#[inline]
pub(super) fn sample_branches(branches: &[Branch], source: &mut impl Source) -> f64 {
    let u = source.open_uniform();
    let last = branches.len() - 1;
    let mut before = 0.0;
    for (i, branch) in branches.iter().enumerate() {
        if u < branch.until || i == last {
            let within = (u - before) / (branch.until - before);
            return -branch.mean * libm::log(within.max(f64::MIN_POSITIVE));
        }
        before = branch.until;
    }
    0.0
}

/// A stretch of constant hazard between two quantiles: an exponential of mean `slope`, begun at
/// `from` and cut off where it is exceeded with probability `floor` (0: never).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment {
    /// Share of all draws that lie above this segment.
    pub(super) above: f64,
    /// Share of all draws that lie in it.
    pub(super) mass: f64,
    pub(super) from: f64,
    pub(super) slope: f64,
    pub(super) floor: f64,
}

impl Segment {
    /// Its length; infinite without a cut.
    pub(super) fn length(&self) -> f64 {
        if self.slope == 0.0 {
            0.0
        } else {
            -self.slope * libm::log(self.floor)
        }
    }

    /// The value exceeded with probability `t` among the draws in this segment.
    pub(super) fn at(&self, t: f64) -> f64 {
        self.from - self.slope * libm::log(self.floor + (1.0 - self.floor) * t)
    }

    /// The share of its draws above `x`.
    pub(super) fn survival(&self, x: f64) -> f64 {
        if x < self.from {
            return 1.0;
        }
        if self.slope == 0.0 {
            return 0.0;
        }
        let exceeds = libm::exp(-(x - self.from) / self.slope);
        ((exceeds - self.floor) / (1.0 - self.floor)).max(0.0)
    }

    /// An exponential below a bound, by the memoryless property.
    pub(super) fn moments(&self) -> (f64, f64) {
        if self.slope == 0.0 {
            return (self.from, 0.0);
        }
        let variance = self.slope * self.slope;
        if self.floor == 0.0 {
            return (self.from + self.slope, variance);
        }
        let (length, rest) = (self.length(), 1.0 - self.floor);
        let mean = self.from + self.slope - length * self.floor / rest;
        (
            mean,
            (variance - length * length * self.floor / (rest * rest)).max(0.0),
        )
    }

    /// The part between `min` and `max`, with `above` still to be set; `None` if it is empty.
    pub(super) fn between(&self, min: f64, max: f64) -> Option<Self> {
        let from = self.from.max(min);
        let to = (self.from + self.length()).min(max);
        let at_least = if from > self.from {
            self.survival(from)
        } else {
            1.0
        };
        let mass = self.mass
            * (at_least
                - if self.slope == 0.0 {
                    0.0
                } else {
                    self.survival(to)
                });
        if from > to || mass <= 0.0 {
            return None;
        }
        let floor = match self.slope {
            0.0 => 0.5,
            slope => libm::exp(-(to - from) / slope),
        };
        Some(Self {
            mass,
            from,
            floor,
            ..*self
        })
    }
}

/// Sets `above` and scales the masses to 1; the segments ascend.
pub(super) fn normalise(mut segments: Vec<Segment>) -> Result<Box<[Segment]>, DistError> {
    let total: f64 = segments.iter().map(|segment| segment.mass).sum();
    if total < 1e-9 {
        return Err(DistError::NothingLeft);
    }
    let mut above = 0.0;
    for segment in segments.iter_mut().rev() {
        segment.mass /= total;
        segment.above = above;
        above += segment.mass;
    }
    Ok(segments.into())
}

#[inline]
pub(super) fn inverse_of_segments(segments: &[Segment], s: f64) -> f64 {
    let chosen = segments.iter().find(|segment| s >= segment.above);
    let segment = chosen.unwrap_or(&segments[segments.len() - 1]);
    segment.at(((s - segment.above) / segment.mass).clamp(f64::MIN_POSITIVE, 1.0))
}

/// Finitely many values with their probabilities.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// Ascending.
    pub(super) values: Box<[f64]>,
    /// The probability to exceed each value.
    pub(super) above: Box<[f64]>,
    /// The probability of each value.
    pub(super) shares: Box<[f64]>,
}

impl Table {
    /// From values in ascending order and weights, which need not add up to 1.
    pub(super) fn new(values: Vec<f64>, weights: Vec<f64>) -> Self {
        let total: f64 = weights.iter().sum();
        let shares: Box<[f64]> = weights.iter().map(|weight| weight / total).collect();
        let mut above = vec![0.0; shares.len()];
        for i in (1..shares.len()).rev() {
            above[i - 1] = above[i] + shares[i];
        }
        Self {
            values: values.into(),
            above: above.into(),
            shares,
        }
    }

    pub(super) fn survival(&self, x: f64) -> f64 {
        match self.values.partition_point(|value| *value <= x) {
            0 => 1.0,
            known => self.above[known - 1],
        }
    }

    /// The first value that is exceeded with probability at most `s`.
    #[inline]
    pub(super) fn inverse_survival(&self, s: f64) -> f64 {
        self.values[self
            .above
            .partition_point(|above| *above > s)
            .min(self.values.len() - 1)]
    }

    pub(super) fn moments(&self) -> (f64, f64) {
        pooled(
            self.shares
                .iter()
                .zip(&self.values)
                .map(|(share, value)| (*share, (*value, 0.0))),
        )
    }
}

/// Zipf's law on the ranks `low..=high`: rank `k` has a probability proportional to
/// `k^-exponent`. W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from
/// monotone discrete distributions", ACM TOMACS 6 (1996): constant memory and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Zipf {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) exponent: f64,
    /// The hat's integral at both ends.
    start: f64,
    end: f64,
    /// So close to a rank a draw needs no second look.
    squeeze: f64,
    /// Sum of all weights.
    total: f64,
    pub(super) moments: (f64, f64),
}

impl Zipf {
    pub(super) fn new(low: f64, high: f64, exponent: f64) -> Self {
        let total = power_sum(low, high, -exponent);
        let mean = power_sum(low, high, 1.0 - exponent) / total;
        let second = power_sum(low, high, 2.0 - exponent) / total;
        let hat = |x: f64| hat_integral(exponent, x);
        let weight = |x: f64| libm::exp(-exponent * libm::log(x));
        Self {
            low,
            high,
            exponent,
            start: hat(low + 0.5) - weight(low),
            end: hat(high + 0.5),
            squeeze: 2.0 - hat_inverse(exponent, hat(2.5) - weight(2.0)),
            total,
            moments: (mean, (second - mean * mean).max(0.0)),
        }
    }

    #[inline]
    pub(super) fn sample(&self, source: &mut impl Source) -> f64 {
        loop {
            // Small draws are high ranks.
            let u = self.end + source.open_uniform() * (self.start - self.end);
            let x = hat_inverse(self.exponent, u);
            let k = (x + 0.5).floor().clamp(self.low, self.high);
            let weight = libm::exp(-self.exponent * libm::log(k));
            if k - x <= self.squeeze || u >= hat_integral(self.exponent, k + 0.5) - weight {
                return k;
            }
        }
    }

    pub(super) fn survival(&self, x: f64) -> f64 {
        if x < self.low {
            return 1.0;
        }
        power_sum((x.floor() + 1.0).max(self.low), self.high, -self.exponent) / self.total
    }

    pub(super) fn inverse_survival(&self, s: f64) -> f64 {
        let (mut low, mut high) = (self.low, self.high);
        while low < high {
            let middle = ((low + high) * 0.5).floor();
            if self.survival(middle) > s {
                low = middle + 1.0;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The integral of `x^-exponent` from 1 to `x`, also near an exponent of 1.
#[inline]
fn hat_integral(exponent: f64, x: f64) -> f64 {
    let log = libm::log(x);
    let y = (1.0 - exponent) * log;
    log * if y.abs() > 1e-8 {
        libm::expm1(y) / y
    } else {
        1.0 + 0.5 * y * (1.0 + y / 3.0)
    }
}

/// The inverse of [`hat_integral`].
#[inline]
fn hat_inverse(exponent: f64, u: f64) -> f64 {
    let t = (u * (1.0 - exponent)).max(-1.0);
    let factor = if t.abs() > 1e-8 {
        libm::log1p(t) / t
    } else {
        1.0 - t * (0.5 - t / 3.0)
    };
    libm::exp(factor * u)
}

/// The sum of `k^power` for the whole numbers `from..=to`: the first terms one by one, the rest by
/// the formula of Euler and Maclaurin.
fn power_sum(from: f64, to: f64, power: f64) -> f64 {
    const DIRECT: f64 = 64.0;
    let term = |k: f64| libm::exp(power * libm::log(k));
    let mut sum = 0.0;
    let mut k = from;
    while k <= to && k < from + DIRECT {
        sum += term(k);
        k += 1.0;
    }
    if k > to {
        return sum;
    }
    let integral = hat_integral(-power, to) - hat_integral(-power, k);
    let first = |x: f64| power * term(x) / x;
    let third = |x: f64| (power - 1.0) * (power - 2.0) * first(x) / (x * x);
    let corrections = (first(to) - first(k)) / 12.0 - (third(to) - third(k)) / 720.0;
    sum + integral + 0.5 * (term(k) + term(to)) + corrections
}

/// A distribution given that it lies in `min..=max`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Truncated {
    pub(super) of: Dist,
    pub(super) min: f64,
    pub(super) max: f64,
    /// The share of `of` above `max`.
    above: f64,
    /// The share of `of` that is kept.
    mass: f64,
    pub(super) moments: (f64, f64),
}

impl Truncated {
    /// `of` must have a density; the moments are integrals of the quantile function.
    pub(super) fn new(of: Dist, min: f64, max: f64) -> Result<Self, DistError> {
        let above = of.survival(max);
        let mass = of.mass_between(min, max);
        if mass < 1e-9 {
            return Err(DistError::NothingLeft);
        }
        let (mean, variance) = of.moments();
        let mut cut = Self {
            of,
            min,
            max,
            above,
            mass,
            moments: (mean, variance),
        };
        if max.is_finite() || mean.is_finite() {
            cut.moments.0 = integrate(|s| cut.inverse_survival(s));
        }
        if max.is_finite() || variance.is_finite() {
            let mean = cut.moments.0;
            let deviation = |s| cut.inverse_survival(s) - mean;
            cut.moments.1 = integrate(|s| deviation(s) * deviation(s));
        }
        Ok(cut)
    }

    pub(super) fn survival(&self, x: f64) -> f64 {
        if x >= self.max {
            return 0.0;
        }
        ((self.of.survival(x.max(self.min)) - self.above) / self.mass).clamp(0.0, 1.0)
    }

    #[inline]
    pub(super) fn inverse_survival(&self, s: f64) -> f64 {
        let within = (self.above + s * self.mass).min(1.0 - f64::EPSILON / 2.0);
        self.of.inverse_survival(within).clamp(self.min, self.max)
    }

    /// Inversion; where that is slow and a quarter or more is kept, rejection.
    #[inline]
    pub(super) fn sample(&self, source: &mut impl Source) -> f64 {
        let drawn = match &self.of.0 {
            Kind::Gamma(gamma) if self.mass > 0.25 => self.reject(|| gamma.sample(source)),
            Kind::Erlang { stages, scale } if self.mass > 0.25 => {
                self.reject(|| sample_erlang(*stages, *scale, source))
            }
            _ => self.inverse_survival(source.open_uniform()),
        };
        debug_assert!(self.min <= drawn && drawn <= self.max);
        drawn
    }

    #[inline]
    fn reject(&self, mut draw: impl FnMut() -> f64) -> f64 {
        loop {
            let drawn = draw();
            if self.min <= drawn && drawn <= self.max {
                return drawn;
            }
        }
    }

    /// The same, multiplied by a positive factor.
    pub(super) fn scaled(&self, factor: f64, of: Dist) -> Self {
        let (mean, variance) = self.moments;
        Self {
            of,
            min: self.min * factor,
            max: self.max * factor,
            moments: (mean * factor, variance * factor * factor),
            ..*self
        }
    }
}
