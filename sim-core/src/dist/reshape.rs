//! Scaling, shifting and truncating distributions.

use super::error::{finite, not_negative};
use super::parts::{self, Branch, Gamma, Segment, Table, Truncated, Zipf};
use super::{Affine, Dist, DistError, Kind, weighted};

impl Dist {
    /// `factor * X`; the factor is zero or more. The result is as fast as the original wherever
    /// the factor can be merged into the parameters.
    pub fn scaled(&self, factor: f64) -> Result<Self, DistError> {
        not_negative("the factor", factor)?;
        if factor == 0.0 {
            return Self::fixed(0.0);
        }
        Ok(self.times(factor))
    }

    /// `X + by`; a negative `by` may make samples negative.
    pub fn shifted(&self, by: f64) -> Result<Self, DistError> {
        finite("the shift", by)?;
        if by == 0.0 {
            return Ok(self.clone());
        }
        Ok(Self(match &self.0 {
            Kind::Constant(value) => Kind::Constant(value + by),
            Kind::Uniform { low, width } => Kind::Uniform {
                low: low + by,
                width: *width,
            },
            Kind::Affine(affine) => Kind::Affine(Box::new(Affine {
                shift: affine.shift + by,
                ..(**affine).clone()
            })),
            _ => Kind::Affine(Box::new(Affine {
                scale: 1.0,
                shift: by,
                of: self.clone(),
            })),
        }))
    }

    /// `X` given that `min <= X <= max` (conditioning, not clamping); either may be infinite.
    /// Refused if the range holds less than one in a billion of the distribution.
    pub fn truncated(&self, min: f64, max: f64) -> Result<Self, DistError> {
        if min.is_nan() || max.is_nan() || min > max {
            return Err(DistError::Order {
                low: "min",
                high: "max",
            });
        }
        if self.mass_between(min, max) < 1e-9 {
            return Err(DistError::NothingLeft);
        }
        if self.survival(min.next_down()) >= 1.0 && self.survival(max) <= 0.0 {
            return Ok(self.clone());
        }
        self.cut(min, max)
    }

    /// The probability to lie in `min..=max`.
    pub(super) fn mass_between(&self, min: f64, max: f64) -> f64 {
        self.survival(min.next_down()) - self.survival(max)
    }

    fn times(&self, factor: f64) -> Self {
        Self(match &self.0 {
            Kind::Constant(value) => Kind::Constant(value * factor),
            Kind::Uniform { low, width } => Kind::Uniform {
                low: low * factor,
                width: width * factor,
            },
            Kind::Exponential { mean } => Kind::Exponential {
                mean: mean * factor,
            },
            Kind::Normal { mean, sd, mass } => Kind::Normal {
                mean: mean * factor,
                sd: sd * factor,
                mass: *mass,
            },
            Kind::Lognormal { mu, sigma } => Kind::Lognormal {
                mu: mu + libm::log(factor),
                sigma: *sigma,
            },
            Kind::Weibull { scale, power } => Kind::Weibull {
                scale: scale * factor,
                power: *power,
            },
            Kind::Pareto { scale, power } => Kind::Pareto {
                scale: scale * factor,
                power: *power,
            },
            Kind::Erlang { stages, scale } => Kind::Erlang {
                stages: *stages,
                scale: scale * factor,
            },
            Kind::Gamma(gamma) => Kind::Gamma(Box::new(Gamma {
                scale: gamma.scale * factor,
                ..**gamma
            })),
            Kind::Mixture(branches) => Kind::Mixture(
                branches
                    .iter()
                    .map(|(until, of)| (*until, of.times(factor)))
                    .collect(),
            ),
            Kind::Affine(affine) => Kind::Affine(Box::new(Affine {
                scale: affine.scale * factor,
                shift: affine.shift * factor,
                of: affine.of.clone(),
            })),
            _ => self.listed_times(factor),
        })
    }

    /// Multiplies the kinds that hold lists or other distributions.
    fn listed_times(&self, factor: f64) -> Kind {
        match &self.0 {
            Kind::Hyperexponential(branches) => {
                let longer = |branch: &Branch| Branch {
                    mean: branch.mean * factor,
                    ..*branch
                };
                Kind::Hyperexponential(branches.iter().map(longer).collect())
            }
            Kind::Quantiles(segments) => {
                let longer = |segment: &Segment| Segment {
                    from: segment.from * factor,
                    slope: segment.slope * factor,
                    ..*segment
                };
                Kind::Quantiles(segments.iter().map(longer).collect())
            }
            Kind::Values(values) => Kind::Values(values.iter().map(|v| v * factor).collect()),
            Kind::Table(table) => Kind::Table(Box::new(Table {
                values: table.values.iter().map(|v| v * factor).collect(),
                ..(**table).clone()
            })),
            Kind::Truncated(cut) => {
                Kind::Truncated(Box::new(cut.scaled(factor, cut.of.times(factor))))
            }
            // Whole numbers become multiples of the factor.
            _ => {
                let of = self.clone();
                Kind::Affine(Box::new(Affine {
                    scale: factor,
                    shift: 0.0,
                    of,
                }))
            }
        }
    }

    /// Cuts off what lies outside; something is left, and something is lost.
    fn cut(&self, min: f64, max: f64) -> Result<Self, DistError> {
        Ok(Self(match &self.0 {
            Kind::Hyperexponential(branches) => {
                let each = parts::weighted(branches);
                let each = each.map(|(w, mean)| (w, Self(Kind::Exponential { mean })));
                return cut_each(each, min, max);
            }
            Kind::Mixture(branches) => {
                return cut_each(weighted(branches).map(|(w, of)| (w, of.clone())), min, max);
            }
            Kind::Quantiles(segments) => Kind::Quantiles(parts::normalise(
                segments
                    .iter()
                    .filter_map(|segment| segment.between(min, max))
                    .collect(),
            )?),
            Kind::Values(values) => Kind::Values(
                values
                    .iter()
                    .copied()
                    .filter(|value| (min..=max).contains(value))
                    .collect(),
            ),
            Kind::Table(table) => {
                let each = table
                    .values
                    .iter()
                    .copied()
                    .zip(table.shares.iter().copied());
                let (values, weights) = each.filter(|(v, _)| (min..=max).contains(v)).unzip();
                Kind::Table(Box::new(Table::new(values, weights)))
            }
            Kind::Affine(affine) => {
                let inner = |bound: f64| (bound - affine.shift) / affine.scale;
                let of = affine.of.truncated(inner(min), inner(max))?;
                Kind::Affine(Box::new(Affine {
                    of,
                    ..(**affine).clone()
                }))
            }
            Kind::Truncated(cut) => {
                let (min, max) = (cut.min.max(min), cut.max.min(max));
                Kind::Truncated(Box::new(Truncated::new(cut.of.clone(), min, max)?))
            }
            _ => self.cut_parameters(min, max)?,
        }))
    }

    /// Cuts the kinds whose parameters, or a bound beside them, say it all.
    fn cut_parameters(&self, min: f64, max: f64) -> Result<Kind, DistError> {
        Ok(match &self.0 {
            Kind::Uniform { low, width } => {
                let start = low.max(min);
                Kind::Uniform {
                    low: start,
                    width: (low + width).min(max) - start,
                }
            }
            Kind::Integers { low, count } => {
                let start = low.max(min.ceil());
                let end = (low + count - 1.0).min(max.floor());
                Kind::Integers {
                    low: start,
                    count: end - start + 1.0,
                }
            }
            // A Pareto above a bound is a Pareto from that bound on.
            Kind::Pareto { scale, power } if max == f64::INFINITY => Kind::Pareto {
                scale: scale.max(min),
                power: *power,
            },
            Kind::Geometric {
                min: from,
                log_q,
                floor,
            } => {
                let start = from.max(min.ceil());
                let end = match floor {
                    0.0 => max,
                    floor => max.min(from + (libm::log(*floor) / log_q).round() - 1.0),
                };
                let steps = end.floor() - start + 1.0;
                Kind::Geometric {
                    min: start,
                    log_q: *log_q,
                    floor: libm::exp(log_q * steps),
                }
            }
            Kind::Zipf(zipf) => {
                let (low, high) = (zipf.low.max(min.ceil()), zipf.high.min(max.floor()));
                Kind::Zipf(Box::new(Zipf::new(low, high, zipf.exponent)))
            }
            _ => Kind::Truncated(Box::new(Truncated::new(self.clone(), min, max)?)),
        })
    }
}

/// A truncated mixture is a mixture of the truncated branches, each weighted by what is left of it.
fn cut_each(
    branches: impl Iterator<Item = (f64, Dist)>,
    min: f64,
    max: f64,
) -> Result<Dist, DistError> {
    let mut left = Vec::new();
    for (weight, of) in branches {
        let mass = of.mass_between(min, max);
        if mass >= 1e-9 {
            left.push((weight * mass, of.truncated(min, max)?));
        }
    }
    Dist::mixture(left)
}
