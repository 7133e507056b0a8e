//! Constructors, by parameters and by what people know: a mean and a p99, a mean and a coefficient
//! of variation (cv: standard deviation over mean).

use super::error::{finite, not_negative, positive, probability};
use super::math::{normal_cdf, normal_quantile};
use super::parts::{self, Branch, Gamma, Segment, Table, Zipf};
use super::{Dist, DistError, Kind};

/// Up to so many stages an Erlang variable is a product of uniforms.
const STAGES: u32 = 16;

impl Dist {
    /// Always `value`.
    pub fn fixed(value: f64) -> Result<Self, DistError> {
        Ok(Self(Kind::Constant(finite("the value", value)?)))
    }

    /// Any number from `low` to `high`, all alike.
    pub fn uniform(low: f64, high: f64) -> Result<Self, DistError> {
        let width = finite("high", high)? - finite("low", low)?;
        if width < 0.0 {
            return Err(DistError::Order {
                low: "low",
                high: "high",
            });
        }
        if width == 0.0 {
            return Self::fixed(low);
        }
        Ok(Self(Kind::Uniform { low, width }))
    }

    /// Any whole number from `low` to `high`, both included, all alike.
    pub fn uniform_integer(low: u64, high: u64) -> Result<Self, DistError> {
        if low > high {
            return Err(DistError::Order {
                low: "low",
                high: "high",
            });
        }
        if low == high {
            return Self::fixed(low as f64);
        }
        Ok(Self(Kind::Integers {
            low: low as f64,
            count: (high - low) as f64 + 1.0,
        }))
    }

    /// Exponential, by its mean.
    pub fn exponential(mean: f64) -> Result<Self, DistError> {
        Ok(Self(Kind::Exponential {
            mean: positive("the mean", mean)?,
        }))
    }

    /// Exponential, by the `value` that a share `p` of all draws does not exceed:
    /// `mean = -value / ln(1 - p)`.
    pub fn exponential_quantile(p: f64, value: f64) -> Result<Self, DistError> {
        probability("the probability of a quantile", p)?;
        Self::exponential(-positive("the quantile", value)? / libm::log1p(-p))
    }

    /// Normal, given that it is not negative. `mean` and `sd` are those of the normal *before* it is
    /// cut off at zero: [`Dist::mean`] is larger (by 0.7 % of the mean at `sd = mean / 2.5`, by
    /// 29 % at `sd = mean`).
    pub fn normal(mean: f64, sd: f64) -> Result<Self, DistError> {
        not_negative("the mean", mean)?;
        if not_negative("the standard deviation", sd)? == 0.0 {
            return Self::fixed(mean);
        }
        Ok(Self(Kind::Normal {
            mean,
            sd,
            mass: normal_cdf(mean / sd),
        }))
    }

    /// Lognormal, by mean and standard deviation of the natural logarithm.
    pub fn lognormal(mu: f64, sigma: f64) -> Result<Self, DistError> {
        finite("mu", mu)?;
        if not_negative("sigma", sigma)? == 0.0 {
            return Self::fixed(libm::exp(mu));
        }
        Ok(Self(Kind::Lognormal { mu, sigma }))
    }

    /// Lognormal, by mean and p99; see [`Dist::lognormal_mean_quantile`].
    pub fn lognormal_mean_p99(mean: f64, p99: f64) -> Result<Self, DistError> {
        Self::lognormal_mean_quantile(mean, 0.99, p99)
    }

    /// Lognormal, by its mean and the `value` of its `p`-quantile, `p` above 0.5.
    ///
    /// With `z` the normal quantile of `p` and `r = value / mean`, sigma solves
    /// `sigma^2 / 2 - z sigma + ln r = 0`. There is a solution only for `r <= exp(z^2 / 2)` (15.0
    /// for p99), and two for `1 < r` below that: the smaller sigma is taken, `z - sqrt(z^2 - 2 ln r)`,
    /// the larger one puts most of the mean into draws that hardly ever happen.
    pub fn lognormal_mean_quantile(mean: f64, p: f64, value: f64) -> Result<Self, DistError> {
        let ratio = positive("the quantile", value)? / positive("the mean", mean)?;
        if !(p > 0.5 && p < 1.0) {
            let (name, must) = ("the probability of a quantile", "above 0.5 and below 1");
            return Err(DistError::Parameter { name, must });
        }
        if ratio < 1.0 {
            return Err(DistError::QuantileBelowMean { ratio });
        }
        let z = normal_quantile(p);
        let square = z * z - 2.0 * libm::log(ratio);
        if square < 0.0 {
            let limit = libm::exp(0.5 * z * z);
            return Err(DistError::QuantileTooHigh { ratio, limit });
        }
        // The same as `z - sqrt(square)`, without cancellation.
        let sigma = 2.0 * libm::log(ratio) / (z + libm::sqrt(square));
        Self::lognormal(libm::log(mean) - 0.5 * sigma * sigma, sigma)
    }

    /// Lognormal, by mean and cv: `sigma^2 = ln(1 + cv^2)`.
    pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Result<Self, DistError> {
        positive("the mean", mean)?;
        let square = libm::log1p(not_negative("cv", cv)? * cv);
        Self::lognormal(libm::log(mean) - 0.5 * square, libm::sqrt(square))
    }

    /// Lognormal, by mean and standard deviation.
    pub fn lognormal_mean_sd(mean: f64, sd: f64) -> Result<Self, DistError> {
        not_negative("the standard deviation", sd)?;
        Self::lognormal_mean_cv(mean, sd / positive("the mean", mean)?)
    }

    /// Lognormal, by median and p99: `sigma = ln(p99 / median) / z`.
    pub fn lognormal_median_p99(median: f64, p99: f64) -> Result<Self, DistError> {
        let ratio = positive("p99", p99)? / positive("the median", median)?;
        if ratio < 1.0 {
            return Err(DistError::Order {
                low: "the median",
                high: "p99",
            });
        }
        Self::lognormal(libm::log(median), libm::log(ratio) / normal_quantile(0.99))
    }

    /// Gamma, by shape and scale (mean `shape * scale`). A whole shape up to 16 is sampled as
    /// Erlang.
    pub fn gamma(shape: f64, scale: f64) -> Result<Self, DistError> {
        positive("the shape", shape)?;
        positive("the scale", scale)?;
        if shape > 1e6 {
            // It varies by less than a thousandth, and its density overflows not far above.
            let (name, must) = ("the shape", "at most 1000000: write a constant");
            return Err(DistError::Parameter { name, must });
        }
        if shape <= f64::from(STAGES) && shape.floor() == shape {
            return Self::erlang(shape * scale, shape as u32);
        }
        Ok(Self(Kind::Gamma(Box::new(Gamma::new(shape, scale)))))
    }

    /// Gamma, by mean and shape.
    pub fn gamma_mean_shape(mean: f64, shape: f64) -> Result<Self, DistError> {
        Self::gamma(
            shape,
            positive("the mean", mean)? / positive("the shape", shape)?,
        )
    }

    /// Gamma, by mean and cv: `shape = 1 / cv^2`.
    pub fn gamma_mean_cv(mean: f64, cv: f64) -> Result<Self, DistError> {
        positive("the mean", mean)?;
        if not_negative("cv", cv)? == 0.0 {
            return Self::fixed(mean);
        }
        Self::gamma_mean_shape(mean, 1.0 / (cv * cv))
    }

    /// Erlang: the sum of `stages` exponential stages, of this mean in all.
    pub fn erlang(mean: f64, stages: u32) -> Result<Self, DistError> {
        positive("the mean", mean)?;
        let scale = mean / f64::from(stages);
        match stages {
            0 => {
                let (name, must) = ("the number of stages", "1 or more");
                Err(DistError::Parameter { name, must })
            }
            1 => Self::exponential(mean),
            2..=STAGES => Ok(Self(Kind::Erlang { stages, scale })),
            _ => Self::gamma(f64::from(stages), scale),
        }
    }

    /// Weibull, by shape and scale: `P(X > x) = exp(-(x / scale)^shape)`. A shape below 1 has a
    /// heavy tail, 1 is exponential.
    pub fn weibull(scale: f64, shape: f64) -> Result<Self, DistError> {
        positive("the scale", scale)?;
        let power = 1.0 / positive("the shape", shape)?;
        if power > 80.0 {
            let (name, must) = ("the shape", "at least 0.0125");
            return Err(DistError::Parameter { name, must });
        }
        Ok(Self(Kind::Weibull { scale, power }))
    }

    /// Weibull, by mean and shape: `scale = mean / gamma(1 + 1 / shape)`.
    pub fn weibull_mean_shape(mean: f64, shape: f64) -> Result<Self, DistError> {
        let log = libm::lgamma(1.0 + 1.0 / positive("the shape", shape)?);
        Self::weibull(positive("the mean", mean)? * libm::exp(-log), shape)
    }

    /// Weibull, by mean and cv: the shape solves `gamma(1 + 2/k) / gamma(1 + 1/k)^2 = 1 + cv^2`.
    pub fn weibull_mean_cv(mean: f64, cv: f64) -> Result<Self, DistError> {
        positive("the mean", mean)?;
        if not_negative("cv", cv)? == 0.0 {
            return Self::fixed(mean);
        }
        if !(0.001..=1000.0).contains(&cv) {
            let (name, must) = ("cv", "from 0.001 to 1000 in a weibull");
            return Err(DistError::Parameter { name, must });
        }
        let target = libm::log1p(cv * cv);
        let (mut low, mut high) = (1e-4, 80.0);
        for _ in 0..100 {
            let power = 0.5 * (low + high);
            let excess = libm::lgamma(1.0 + 2.0 * power) - 2.0 * libm::lgamma(1.0 + power);
            if excess < target {
                low = power;
            } else {
                high = power;
            }
        }
        Self::weibull_mean_shape(mean, 2.0 / (low + high))
    }

    /// Pareto of the first kind (the classic one): never below `scale`, and
    /// `P(X > x) = (scale / x)^alpha`. The mean is infinite for `alpha <= 1`, the variance for
    /// `alpha <= 2`.
    pub fn pareto(scale: f64, alpha: f64) -> Result<Self, DistError> {
        positive("the scale", scale)?;
        Ok(Self(Kind::Pareto {
            scale,
            power: 1.0 / positive("alpha", alpha)?,
        }))
    }

    /// Pareto of the first kind, by mean and alpha (above 1): `scale = mean (alpha - 1) / alpha`.
    pub fn pareto_mean_alpha(mean: f64, alpha: f64) -> Result<Self, DistError> {
        positive("the mean", mean)?;
        if positive("alpha", alpha)? <= 1.0 {
            let (name, must) = ("alpha", "above 1, or there is no finite mean");
            return Err(DistError::Parameter { name, must });
        }
        Self::pareto(mean * (alpha - 1.0) / alpha, alpha)
    }

    /// Lomax (Pareto of the second kind): a classic Pareto moved so that it begins at zero,
    /// `P(X > x) = (1 + x / scale)^-alpha`.
    pub fn lomax(scale: f64, alpha: f64) -> Result<Self, DistError> {
        Self::pareto(scale, alpha)?.shifted(-scale)
    }

    /// Hyperexponential: exponential with one of several means, by (weight, mean). Weights need not
    /// add up to 1.
    pub fn hyperexponential(branches: &[(f64, f64)]) -> Result<Self, DistError> {
        let total = total_weight(branches.iter().map(|(weight, _)| *weight), "branches")?;
        let mut sorted = Vec::with_capacity(branches.len());
        for (weight, mean) in branches.iter().filter(|(weight, _)| *weight > 0.0) {
            sorted.push((*weight / total, positive("the mean of a branch", *mean)?));
        }
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
        if let [(_, mean)] = sorted[..] {
            return Self::exponential(mean);
        }
        let mut until = 0.0;
        let cumulate = |(weight, mean): (f64, f64)| {
            until += weight;
            Branch { until, mean }
        };
        let mut branches: Box<[Branch]> = sorted.into_iter().map(cumulate).collect();
        if let Some(last) = branches.last_mut() {
            last.until = 1.0;
        }
        Ok(Self(Kind::Hyperexponential(branches)))
    }

    /// Hyperexponential of two branches, by mean and cv (1 or more), with balanced means: both
    /// branches contribute one half of the mean. `p = (1 + sqrt((cv^2 - 1) / (cv^2 + 1))) / 2`,
    /// `mean_i = mean / (2 p_i)`. W. Whitt, "Approximating a Point Process by a Renewal Process",
    /// Operations Research 30 (1982), section 3.1.
    pub fn hyperexponential_mean_cv(mean: f64, cv: f64) -> Result<Self, DistError> {
        positive("the mean", mean)?;
        if positive("cv", cv)? < 1.0 {
            let must = "1 or more in a hyperexponential; use gamma or lognormal below";
            return Err(DistError::Parameter { name: "cv", must });
        }
        // 1 - p = rare, computed without cancellation.
        let square = cv * cv;
        let root = libm::sqrt((square - 1.0) / (square + 1.0));
        let rare = 1.0 / ((square + 1.0) * (1.0 + root));
        let often = 0.5 * (1.0 + root);
        Self::hyperexponential(&[(often, 0.5 * mean / often), (rare, 0.5 * mean / rare)])
    }

    /// Through known quantiles, given as (probability, value) with rising probabilities; at least
    /// one. Between two quantiles the hazard is constant: the value is linear in `-ln(1 - p)`, as
    /// in an exponential distribution.
    ///
    /// - Below the first: down to `min`; without it the first piece's line is continued, though not
    ///   below zero (a single quantile: down to zero).
    /// - Above the last: the last piece's line is continued, an exponential tail; with `max` it is
    ///   cut off there.
    pub fn quantiles(
        points: &[(f64, f64)],
        min: Option<f64>,
        max: Option<f64>,
    ) -> Result<Self, DistError> {
        check_quantiles(points, min, max)?;
        let depth = |p: f64| -libm::log1p(-p);
        let (first_p, first) = points[0];
        let slope =
            |from: (f64, f64), to: (f64, f64)| (to.1 - from.1) / (depth(to.0) - depth(from.0));
        let continued = match points {
            [_] => 0.0,
            _ => (first - slope(points[0], points[1]) * depth(first_p)).max(0.0),
        };
        let mut known = vec![(0.0, min.unwrap_or(continued))];
        known.extend_from_slice(points);
        let mut segments = Vec::with_capacity(known.len());
        for pair in known.windows(2) {
            let (above, mass) = (1.0 - pair[1].0, pair[1].0 - pair[0].0);
            let floor = above / (1.0 - pair[0].0);
            let (from, slope) = (pair[0].1, slope(pair[0], pair[1]));
            segments.push(Segment {
                above,
                mass,
                from,
                slope,
                floor,
            });
        }
        let (p, from) = known[known.len() - 1];
        let slope = segments[segments.len() - 1].slope;
        let floor = match max {
            Some(max) if slope > 0.0 => libm::exp(-(max - from) / slope),
            _ => 0.0,
        };
        // A tail of no length is a single value.
        let slope = if floor == 1.0 { 0.0 } else { slope };
        segments.push(Segment {
            above: 0.0,
            mass: 1.0 - p,
            from,
            slope,
            floor,
        });
        // Slowest and rarest last; a draw looks for its segment from the likeliest values on.
        Ok(Self(Kind::Quantiles(parts::normalise(segments)?)))
    }

    /// Observed values: each draw is one of them, all alike, with replacement (the variance is that
    /// of the list itself, divided by its length).
    pub fn values(values: &[f64]) -> Result<Self, DistError> {
        if values.is_empty() {
            return Err(DistError::Empty("values"));
        }
        for value in values {
            finite("an observed value", *value)?;
        }
        let mut sorted: Box<[f64]> = values.into();
        sorted.sort_by(f64::total_cmp);
        if sorted[0] == sorted[sorted.len() - 1] {
            return Self::fixed(sorted[0]);
        }
        Ok(Self(Kind::Values(sorted)))
    }

    /// The given values with the given weights, as (weight, value).
    pub fn choice(branches: &[(f64, f64)]) -> Result<Self, DistError> {
        total_weight(branches.iter().map(|(weight, _)| *weight), "weights")?;
        let mut sorted: Vec<_> = branches.iter().copied().filter(|(w, _)| *w > 0.0).collect();
        for (_, value) in &sorted {
            finite("a value", *value)?;
        }
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        if let [(_, value)] = sorted[..] {
            return Self::fixed(value);
        }
        let (weights, values) = sorted.into_iter().unzip();
        Ok(Self(Kind::Table(Box::new(Table::new(values, weights)))))
    }

    /// Poisson, of this mean (at most a million): a table of the counts that matter, one draw each.
    pub fn poisson(mean: f64) -> Result<Self, DistError> {
        if !(mean > 0.0 && mean <= 1e6) {
            let (name, must) = ("the mean of a poisson", "above 0 and at most a million");
            return Err(DistError::Parameter { name, must });
        }
        let reach = 12.0 * libm::sqrt(mean) + 30.0;
        let first = (mean - reach).max(0.0).floor();
        let count = (mean + reach).floor() - first + 1.0;
        let values: Vec<f64> = (0..count as u32).map(|i| first + f64::from(i)).collect();
        let weight = |k: &f64| libm::exp(k * libm::log(mean) - mean - libm::lgamma(k + 1.0));
        let weights = values.iter().map(weight).collect();
        Ok(Self(Kind::Table(Box::new(Table::new(values, weights)))))
    }

    /// Geometric on `min`, `min + 1`, ...: how many trials fail before one succeeds, plus `min`;
    /// `mean` is that of the whole, `min` included.
    pub fn geometric(mean: f64, min: u64) -> Result<Self, DistError> {
        not_negative("the mean", mean)?;
        let (min, failures) = (min as f64, mean - min as f64);
        if failures < 0.0 {
            return Err(DistError::Order {
                low: "min",
                high: "the mean",
            });
        }
        if failures == 0.0 {
            return Self::fixed(min);
        }
        let log_q = -libm::log1p(1.0 / failures);
        Ok(Self(Kind::Geometric {
            min,
            log_q,
            floor: 0.0,
        }))
    }

    /// Zipf on the ranks 1 to `n` (at most 2^52): rank `k` with a probability proportional to
    /// `k^-exponent`. Exponent 0 is uniform; web and cache popularity lie near 0.7 to 1.1.
    pub fn zipf(n: u64, exponent: f64) -> Result<Self, DistError> {
        if !(1..=1 << 52).contains(&n) {
            let (name, must) = ("the number of ranks", "from 1 to 2^52");
            return Err(DistError::Parameter { name, must });
        }
        if not_negative("the exponent", exponent)? == 0.0 || n == 1 {
            return Self::uniform_integer(1, n);
        }
        if exponent > 20.0 {
            let (name, must) = ("the exponent", "at most 20");
            return Err(DistError::Parameter { name, must });
        }
        Ok(Self(Kind::Zipf(Box::new(Zipf::new(
            1.0, n as f64, exponent,
        )))))
    }

    /// One of several distributions, by weight. Weights need not add up to 1.
    pub fn mixture(branches: Vec<(f64, Self)>) -> Result<Self, DistError> {
        let total = total_weight(branches.iter().map(|(weight, _)| *weight), "branches")?;
        let mut until = 0.0;
        let mut kept = Vec::with_capacity(branches.len());
        for (weight, of) in branches.into_iter().filter(|(weight, _)| *weight > 0.0) {
            until += weight / total;
            kept.push((until, of));
        }
        if let (1, Some((_, only))) = (kept.len(), kept.first()) {
            return Ok(only.clone());
        }
        if let Some(last) = kept.last_mut() {
            last.0 = 1.0;
        }
        Ok(Self(Kind::Mixture(kept.into())))
    }
}

/// The sum of the weights, if there are any, none is negative and not all are zero.
fn total_weight(weights: impl Iterator<Item = f64>, what: &'static str) -> Result<f64, DistError> {
    let mut total = 0.0;
    let mut count = 0;
    for weight in weights {
        total += not_negative("a weight", weight)?;
        count += 1;
    }
    if count == 0 {
        return Err(DistError::Empty(what));
    }
    positive("the sum of the weights", total)
}

fn check_quantiles(
    points: &[(f64, f64)],
    min: Option<f64>,
    max: Option<f64>,
) -> Result<(), DistError> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Err(DistError::Empty("quantiles"));
    };
    for (p, value) in points {
        probability("the probability of a quantile", *p)?;
        not_negative("a quantile", *value)?;
    }
    for pair in points.windows(2) {
        if pair[0].0 >= pair[1].0 {
            let must = "given once each, in rising order";
            return Err(DistError::Parameter {
                name: "the probabilities of quantiles",
                must,
            });
        }
        if pair[0].1 > pair[1].1 {
            let (lower, higher) = (pair[0].0 * 100.0, pair[1].0 * 100.0);
            return Err(DistError::QuantilesFall { lower, higher });
        }
    }
    if not_negative("min", min.unwrap_or(0.0))? > first.1 {
        return Err(DistError::Order {
            low: "min",
            high: "the first quantile",
        });
    }
    if finite("max", max.unwrap_or(last.1))? < last.1 {
        return Err(DistError::Order {
            low: "the last quantile",
            high: "max",
        });
    }
    Ok(())
}
