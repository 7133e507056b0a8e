//! Distributions as scenarios write them: `exponential("4ms")`, `lognormal(mean: "2ms", p99: "10ms")`.
//!
//! Every variant holds one struct. Positional arguments fill its fields in order, so the most
//! natural one comes first. Durations carry their unit; ratios (cv, shape, alpha, weights,
//! probabilities) are plain numbers. cv is the coefficient of variation: standard deviation over
//! mean. What the parameters mean exactly is told by the constructors of [`sim_core::dist::Dist`].

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;
use sim_core::dist::{Dist, DistError};

/// A distribution of durations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DurationSpec {
    /// Always the same: `constant("4ms")`, or just `"4ms"`.
    Constant(ConstantSpec),
    /// All durations of a range alike: `uniform("1ms", "3ms")`.
    Uniform(UniformSpec),
    /// Memoryless: `exponential("4ms")`, `exponential(p99: "20ms")`.
    Exponential(ExponentialSpec),
    /// A bell, cut off at zero: `normal("500us", "100us")`.
    Normal(NormalSpec),
    /// Skewed like most latencies: `lognormal("2ms", "10ms")` (mean and p99).
    Lognormal(LognormalSpec),
    /// `gamma("4ms", 0.5)` (mean and cv).
    Gamma(GammaSpec),
    /// A sum of exponential stages: `erlang("4ms", 3)`.
    Erlang(ErlangSpec),
    /// `weibull("4ms", 0.7)` (mean and shape).
    Weibull(WeibullSpec),
    /// A power-law tail: `pareto("1ms", 2.5)` (scale, the least value, and alpha).
    Pareto(ParetoSpec),
    /// More variable than exponential: `hyperexponential("4ms", 3.0)` (mean and cv).
    Hyperexponential(HyperexponentialSpec),
    /// As measured: `empirical(p50: "3ms", p90: "10ms", p99: "40ms")`,
    /// `empirical(values: ["3ms", "4ms"])`.
    Empirical(Box<EmpiricalSpec>),
    /// One of several: `mixture([(0.95, exponential("2ms")), (0.05, constant("1s"))])`.
    Mixture(MixtureSpec),
    /// Something constant on top: `shifted(by: "1ms", of: exponential("4ms"))`.
    Shifted(ShiftedSpec),
    /// Stretched: `scaled(by: 2.0, of: exponential("4ms"))`.
    Scaled(ScaledSpec),
    /// Only what lies in a range: `truncated(of: pareto("1ms", 1.5), max: "10s")`.
    Truncated(TruncatedSpec),
}

/// Always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantSpec {
    /// The value.
    pub value: SimDuration,
}

/// All durations of a range alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniformSpec {
    /// The shortest.
    pub low: SimDuration,
    /// The longest.
    pub high: SimDuration,
}

/// Memoryless; exactly one of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExponentialSpec {
    /// Its mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<SimDuration>,
    /// Its median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<SimDuration>,
    /// What 99 % do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<SimDuration>,
}

/// A normal distribution, given that it is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalSpec {
    /// The mean before the cut at zero.
    pub mean: SimDuration,
    /// The standard deviation before the cut at zero.
    pub sd: SimDuration,
}

/// Skewed like most latencies. One of: mean and p99; mean and cv; median and p99; mean and sd; mu
/// and sigma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LognormalSpec {
    /// Its mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<SimDuration>,
    /// What 99 % do not exceed; from 1 to 14.9 times the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<SimDuration>,
    /// Standard deviation over mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// What one half does not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<SimDuration>,
    /// Standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<SimDuration>,
    /// Mean of the natural logarithm of the duration in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mu: Option<f64>,
    /// Standard deviation of the natural logarithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
}

/// Gamma: mean and cv, or mean and shape.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GammaSpec {
    /// Its mean.
    pub mean: SimDuration,
    /// Standard deviation over mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// `1 / cv^2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<f64>,
}

/// A sum of exponential stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErlangSpec {
    /// The mean of the sum.
    pub mean: SimDuration,
    /// How many.
    pub stages: u32,
}

/// Weibull: mean and shape, mean and cv, or scale and shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeibullSpec {
    /// Its mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<SimDuration>,
    /// Below 1 a heavy tail, 1 exponential, above 1 a light tail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<f64>,
    /// Standard deviation over mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// What 63 % (1 - 1/e) do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<SimDuration>,
}

/// A power-law tail, `P(X > x) = (scale / x)^alpha`: scale and alpha, or mean and alpha.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParetoSpec {
    /// The shortest duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<SimDuration>,
    /// How fast the tail falls: no mean at 1 and below, no variance at 2 and below.
    pub alpha: f64,
    /// Its mean, in place of the scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<SimDuration>,
}

/// Exponential of one of several means: mean and cv (two branches, balanced means), or branches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HyperexponentialSpec {
    /// Its mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<SimDuration>,
    /// Standard deviation over mean, 1 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// Weight and mean of each branch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<(f64, SimDuration)>,
}

/// As measured: quantiles (by name in `quantiles`, or the common ones as fields), or values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmpiricalSpec {
    /// Quantiles by name: `{"p50": "3ms", "p99": "40ms"}`; `min` and `max` are understood too.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub quantiles: IndexMap<String, SimDuration>,
    /// Observed values, each as likely as the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<SimDuration>,
    /// The shortest; without it the line through the two lowest quantiles is continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<SimDuration>,
    /// What 50 % do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<SimDuration>,
    /// What 90 % do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<SimDuration>,
    /// What 95 % do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<SimDuration>,
    /// What 99 % do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<SimDuration>,
    /// What 99.9 % do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<SimDuration>,
    /// The longest; without it an exponential tail follows the last quantile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<SimDuration>,
}

/// One of several distributions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixtureSpec {
    /// Each with its weight; weights need not add up to 1.
    pub branches: Vec<(f64, DurationSpec)>,
}

/// Something constant on top.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftedSpec {
    /// What is added to each draw.
    pub by: SimDuration,
    /// The distribution.
    pub of: Box<DurationSpec>,
}

/// Stretched or shortened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaledSpec {
    /// By what each draw is multiplied.
    pub by: f64,
    /// The distribution.
    pub of: Box<DurationSpec>,
}

/// Only what lies in a range: draws outside are not clamped to it, they do not occur.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruncatedSpec {
    /// The distribution.
    pub of: Box<DurationSpec>,
    /// Nothing is shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<SimDuration>,
    /// Nothing is longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<SimDuration>,
}

/// A distribution of counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountSpec {
    /// Always the same: `constant(3)`, or just `3`.
    Constant(ConstantCountSpec),
    /// All counts of a range alike, both ends included: `uniform(1, 5)`.
    Uniform(UniformCountSpec),
    /// How many trials fail before one succeeds: `geometric(2.5)` (mean).
    Geometric(GeometricSpec),
    /// Popularity ranks, 1 to n: `zipf(10000, 0.9)`.
    Zipf(ZipfSpec),
    /// `poisson(2.5)` (mean).
    Poisson(PoissonSpec),
    /// Counts by weight: `choice([(0.9, 1), (0.1, 20)])`.
    Choice(ChoiceSpec),
}

/// Always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantCountSpec {
    /// The value.
    pub value: u32,
}

/// All counts of a range alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniformCountSpec {
    /// The least.
    pub low: u32,
    /// The largest.
    pub high: u32,
}

/// How many trials fail before one succeeds, on top of a minimum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeometricSpec {
    /// The mean, the minimum included.
    pub mean: f64,
    /// The least count.
    #[serde(default)]
    pub min: u32,
}

/// Zipf's law: rank k with a probability proportional to `k^-exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZipfSpec {
    /// How many ranks.
    pub n: u32,
    /// How steep: 0 is uniform, web and cache popularity lie near 0.7 to 1.1.
    #[serde(default = "one")]
    pub exponent: f64,
}

/// Poisson.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoissonSpec {
    /// The mean.
    pub mean: f64,
}

/// Counts by weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceSpec {
    /// Each with its weight; weights need not add up to 1.
    pub weights: Vec<(f64, u32)>,
}

fn one() -> f64 {
    1.0
}

impl DurationSpec {
    /// Always `value`.
    #[must_use]
    pub fn constant(value: SimDuration) -> Self {
        Self::Constant(ConstantSpec { value })
    }

    /// The distribution, in nanoseconds; or why there is none.
    pub fn compile(&self) -> Result<Dist, String> {
        match self {
            Self::Constant(spec) => told("constant", Dist::fixed(ns(spec.value))),
            Self::Uniform(spec) => told("uniform", Dist::uniform(ns(spec.low), ns(spec.high))),
            Self::Exponential(spec) => spec.compile(),
            Self::Normal(spec) => told("normal", Dist::normal(ns(spec.mean), ns(spec.sd))),
            Self::Lognormal(spec) => spec.compile(),
            Self::Gamma(spec) => spec.compile(),
            Self::Erlang(spec) => told("erlang", Dist::erlang(ns(spec.mean), spec.stages)),
            Self::Weibull(spec) => spec.compile(),
            Self::Pareto(spec) => spec.compile(),
            Self::Hyperexponential(spec) => spec.compile(),
            Self::Empirical(spec) => spec.compile(),
            Self::Mixture(spec) => spec.compile(),
            Self::Shifted(spec) => told("shifted", spec.of.compile()?.shifted(ns(spec.by))),
            Self::Scaled(spec) => told("scaled", spec.of.compile()?.scaled(spec.by)),
            Self::Truncated(spec) => spec.compile(),
        }
    }
}

impl CountSpec {
    /// Always `value`.
    #[must_use]
    pub fn constant(value: u32) -> Self {
        Self::Constant(ConstantCountSpec { value })
    }

    /// The distribution, of whole numbers; or why there is none.
    pub fn compile(&self) -> Result<Dist, String> {
        match self {
            Self::Constant(spec) => told("constant", Dist::fixed(f64::from(spec.value))),
            Self::Uniform(spec) => told(
                "uniform",
                Dist::uniform_integer(spec.low.into(), spec.high.into()),
            ),
            Self::Geometric(spec) => told("geometric", Dist::geometric(spec.mean, spec.min.into())),
            Self::Zipf(spec) => told("zipf", Dist::zipf(spec.n.into(), spec.exponent)),
            Self::Poisson(spec) => told("poisson", Dist::poisson(spec.mean)),
            Self::Choice(spec) => {
                let each = spec
                    .weights
                    .iter()
                    .map(|(weight, n)| (*weight, f64::from(*n)));
                told("choice", Dist::choice(&each.collect::<Vec<_>>()))
            }
        }
    }
}

/// Nanoseconds.
fn ns(duration: SimDuration) -> f64 {
    duration.as_nanos_f64()
}

/// The distribution, or the error with the name of the kind in front.
fn told(kind: &str, built: Result<Dist, DistError>) -> Result<Dist, String> {
    built.map_err(|error| format!("{kind}: {error}"))
}

/// The error for a combination of fields that is not one of `valid`.
fn combination(kind: &str, given: &[(&str, bool)], valid: &str) -> String {
    let given: Vec<&str> = given
        .iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| *name)
        .collect();
    let given = match given.as_slice() {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    };
    format!("{kind} takes exactly one of: {valid}; given: {given}")
}

impl ExponentialSpec {
    fn compile(&self) -> Result<Dist, String> {
        let built = match (self.mean, self.p50, self.p99) {
            (Some(mean), None, None) => Dist::exponential(ns(mean)),
            (None, Some(p50), None) => Dist::exponential_quantile(0.5, ns(p50)),
            (None, None, Some(p99)) => Dist::exponential_quantile(0.99, ns(p99)),
            _ => {
                let given = [
                    ("mean", self.mean.is_some()),
                    ("p50", self.p50.is_some()),
                    ("p99", self.p99.is_some()),
                ];
                return Err(combination("exponential", &given, "(mean), (p50), (p99)"));
            }
        };
        told("exponential", built)
    }
}

impl LognormalSpec {
    fn compile(&self) -> Result<Dist, String> {
        let Self {
            mean,
            p99,
            cv,
            median,
            sd,
            mu,
            sigma,
        } = *self;
        let built = match (mean, p99, cv, median, sd, mu, sigma) {
            (Some(mean), Some(p99), None, None, None, None, None) => {
                if p99 < mean {
                    return Err(format!(
                        "lognormal: the p99 ({p99}) is below the mean ({mean}): write a p99 above the \
                         mean; the larger it is, the heavier the tail"
                    ));
                }
                Dist::lognormal_mean_p99(ns(mean), ns(p99))
            }
            (Some(mean), None, Some(cv), None, None, None, None) => {
                Dist::lognormal_mean_cv(ns(mean), cv)
            }
            (None, Some(p99), None, Some(median), None, None, None) => {
                Dist::lognormal_median_p99(ns(median), ns(p99))
            }
            (Some(mean), None, None, None, Some(sd), None, None) => {
                Dist::lognormal_mean_sd(ns(mean), ns(sd))
            }
            (None, None, None, None, None, Some(mu), Some(sigma)) => {
                Dist::lognormal(mu, sigma).and_then(|seconds| seconds.scaled(1e9))
            }
            _ => return Err(self.refusal()),
        };
        told("lognormal", built)
    }

    fn refusal(&self) -> String {
        let given = [
            ("mean", self.mean.is_some()),
            ("p99", self.p99.is_some()),
            ("cv", self.cv.is_some()),
            ("median", self.median.is_some()),
            ("sd", self.sd.is_some()),
            ("mu", self.mu.is_some()),
            ("sigma", self.sigma.is_some()),
        ];
        let valid = "(mean, p99), (mean, cv), (median, p99), (mean, sd), (mu, sigma)";
        combination("lognormal", &given, valid)
    }
}

impl GammaSpec {
    fn compile(&self) -> Result<Dist, String> {
        let mean = ns(self.mean);
        let built = match (self.cv, self.shape) {
            (Some(cv), None) => Dist::gamma_mean_cv(mean, cv),
            (None, Some(shape)) => Dist::gamma_mean_shape(mean, shape),
            (cv, shape) => {
                let given = [
                    ("mean", true),
                    ("cv", cv.is_some()),
                    ("shape", shape.is_some()),
                ];
                return Err(combination("gamma", &given, "(mean, cv), (mean, shape)"));
            }
        };
        told("gamma", built)
    }
}

impl WeibullSpec {
    fn compile(&self) -> Result<Dist, String> {
        let built = match (self.mean, self.shape, self.cv, self.scale) {
            (Some(mean), Some(shape), None, None) => Dist::weibull_mean_shape(ns(mean), shape),
            (Some(mean), None, Some(cv), None) => Dist::weibull_mean_cv(ns(mean), cv),
            (None, Some(shape), None, Some(scale)) => Dist::weibull(ns(scale), shape),
            (mean, shape, cv, scale) => {
                let given = [
                    ("mean", mean.is_some()),
                    ("shape", shape.is_some()),
                    ("cv", cv.is_some()),
                    ("scale", scale.is_some()),
                ];
                let valid = "(mean, shape), (mean, cv), (scale, shape)";
                return Err(combination("weibull", &given, valid));
            }
        };
        told("weibull", built)
    }
}

impl ParetoSpec {
    fn compile(&self) -> Result<Dist, String> {
        let built = match (self.scale, self.mean) {
            (Some(scale), None) => Dist::pareto(ns(scale), self.alpha),
            (None, Some(mean)) => Dist::pareto_mean_alpha(ns(mean), self.alpha),
            (scale, mean) => {
                let given = [
                    ("scale", scale.is_some()),
                    ("alpha", true),
                    ("mean", mean.is_some()),
                ];
                return Err(combination(
                    "pareto",
                    &given,
                    "(scale, alpha), (mean, alpha)",
                ));
            }
        };
        told("pareto", built)
    }
}

impl HyperexponentialSpec {
    fn compile(&self) -> Result<Dist, String> {
        let built = match (self.mean, self.cv, self.branches.as_slice()) {
            (Some(mean), Some(cv), []) => Dist::hyperexponential_mean_cv(ns(mean), cv),
            (None, None, [_, ..]) => {
                let each = self
                    .branches
                    .iter()
                    .map(|(weight, mean)| (*weight, ns(*mean)));
                Dist::hyperexponential(&each.collect::<Vec<_>>())
            }
            (mean, cv, branches) => {
                let given = [
                    ("mean", mean.is_some()),
                    ("cv", cv.is_some()),
                    ("branches", !branches.is_empty()),
                ];
                return Err(combination(
                    "hyperexponential",
                    &given,
                    "(mean, cv), (branches)",
                ));
            }
        };
        told("hyperexponential", built)
    }
}

impl EmpiricalSpec {
    fn compile(&self) -> Result<Dist, String> {
        let known = self.known_quantiles()?;
        let named = |name: &str| self.quantiles.contains_key(name);
        let bounded = self.min.is_some() || self.max.is_some() || named("min") || named("max");
        match (known.is_empty(), self.values.is_empty(), bounded) {
            (false, true, _) | (true, false, false) => return self.build(known),
            _ => {}
        }
        let given = [
            ("quantiles", !known.is_empty()),
            ("values", !self.values.is_empty()),
            ("min or max", bounded),
        ];
        let valid = "quantiles (in `quantiles: {\"p50\": ..}` or as fields p50, p90, p95, p99, p999, \
                     with min and max if known), values";
        Err(combination("empirical", &given, valid))
    }

    fn build(&self, known: Vec<(f64, f64)>) -> Result<Dist, String> {
        if known.is_empty() {
            let values: Vec<f64> = self.values.iter().map(|value| ns(*value)).collect();
            return told("empirical", Dist::values(&values));
        }
        let bound = |field: Option<SimDuration>, name: &str| match (field, self.quantiles.get(name))
        {
            (Some(_), Some(_)) => Err(format!("empirical: {name} is given twice")),
            (field, named) => Ok(field.or(named.copied()).map(ns)),
        };
        let (min, max) = (bound(self.min, "min")?, bound(self.max, "max")?);
        told("empirical", Dist::quantiles(&known, min, max))
    }

    /// (probability, nanoseconds), ascending.
    fn known_quantiles(&self) -> Result<Vec<(f64, f64)>, String> {
        let fields = [
            (0.5, self.p50),
            (0.9, self.p90),
            (0.95, self.p95),
            (0.99, self.p99),
            (0.999, self.p999),
        ];
        let set = fields
            .into_iter()
            .filter_map(|(p, value)| value.map(|value| (p, ns(value))));
        let mut known: Vec<(f64, f64)> = set.collect();
        for (name, value) in &self.quantiles {
            if name != "min" && name != "max" {
                known.push((probability(name)?, ns(*value)));
            }
        }
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(known)
    }
}

/// The probability that a quantile's name stands for: `p50` is 0.5, `p999` and `p99.9` are 0.999,
/// `median` is 0.5.
fn probability(name: &str) -> Result<f64, String> {
    if name == "median" {
        return Ok(0.5);
    }
    let refusal = || {
        format!(
            "empirical: `{name}` is not a quantile: write p50, p90, p99, p999 or p99.9, min, max"
        )
    };
    let digits = name.strip_prefix('p').ok_or_else(refusal)?;
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    // With a point it is per cent; without, two digits are per cent and more are its decimals:
    // p999 is 99.9 %.
    let point = whole.len() < digits.len();
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let good = !whole.is_empty() && numeric(whole) && numeric(decimals) && whole != "100";
    if !good || (point && whole.len() > 2) {
        return Err(refusal());
    }
    let p: f64 = format!("0.{whole:0>2}{decimals}")
        .parse()
        .map_err(|_| refusal())?;
    if p > 0.0 && p < 1.0 {
        Ok(p)
    } else {
        Err(refusal())
    }
}

impl MixtureSpec {
    fn compile(&self) -> Result<Dist, String> {
        let each = self
            .branches
            .iter()
            .map(|(weight, of)| Ok((*weight, of.compile()?)));
        told(
            "mixture",
            Dist::mixture(each.collect::<Result<Vec<_>, String>>()?),
        )
    }
}

impl TruncatedSpec {
    fn compile(&self) -> Result<Dist, String> {
        if self.min.is_none() && self.max.is_none() {
            return Err("truncated needs min, max, or both".to_owned());
        }
        let min = self.min.map_or(f64::NEG_INFINITY, ns);
        let max = self.max.map_or(f64::INFINITY, ns);
        told("truncated", self.of.compile()?.truncated(min, max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads RON as scenarios are read (implicit `Some`), but with named fields and no shorthands.
    fn read(text: &str) -> DurationSpec {
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
            .with_default_extension(ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES);
        options
            .from_str(text)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    const WRITABLE: [&str; 32] = [
        r#"constant(value: "4ms")"#,
        r#"uniform(low: "1ms", high: "3ms")"#,
        r#"exponential(mean: "4ms")"#,
        r#"exponential(p50: "4ms")"#,
        r#"exponential(p99: "4ms")"#,
        r#"normal(mean: "500us", sd: "100us")"#,
        r#"lognormal(mean: "2ms", p99: "10ms")"#,
        r#"lognormal(mean: "2ms", cv: 1.5)"#,
        r#"lognormal(median: "2ms", p99: "10ms")"#,
        r#"lognormal(mean: "2ms", sd: "3ms")"#,
        r#"lognormal(mu: -6.2, sigma: 0.7)"#,
        r#"gamma(mean: "4ms", cv: 0.5)"#,
        r#"gamma(mean: "4ms", shape: 2.5)"#,
        r#"erlang(mean: "4ms", stages: 3)"#,
        r#"weibull(mean: "4ms", shape: 0.7)"#,
        r#"weibull(scale: "4ms", shape: 0.7)"#,
        r#"weibull(mean: "4ms", cv: 2.0)"#,
        r#"pareto(scale: "1ms", alpha: 2.5)"#,
        r#"pareto(mean: "4ms", alpha: 2.5)"#,
        r#"hyperexponential(mean: "4ms", cv: 3.0)"#,
        r#"hyperexponential(branches: [(0.9, "1ms"), (0.1, "30ms")])"#,
        r#"empirical(quantiles: {"p50": "3ms", "p90": "10ms", "p99": "40ms"})"#,
        r#"empirical(quantiles: {"min": "1ms", "median": "3ms", "p99.9": "40ms"}, max: "1s")"#,
        r#"empirical(p50: "3ms", p90: "10ms", p95: "12ms", p99: "40ms", p999: "90ms")"#,
        r#"empirical(values: ["3ms", "4ms", "40ms"])"#,
        r#"empirical(values: ["3ms"])"#,
        r#"mixture(branches: [(0.95, exponential(mean: "2ms")), (0.05, constant(value: "1s"))])"#,
        r#"shifted(by: "1ms", of: exponential(mean: "4ms"))"#,
        r#"scaled(by: 2.0, of: exponential(mean: "4ms"))"#,
        r#"truncated(of: pareto(scale: "1ms", alpha: 0.9), max: "10s")"#,
        r#"truncated(of: normal(mean: "4ms", sd: "2ms"), min: "1ms")"#,
        r#"truncated(of: exponential(mean: "4ms"), min: "1ms", max: "9ms")"#,
    ];

    #[test]
    fn every_form_reads_compiles_and_is_written_back() {
        for text in WRITABLE {
            let spec = read(text);
            let dist = spec
                .compile()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(
                dist.mean() > 0.0 && dist.mean() < 1e10,
                "{text}: {}",
                dist.mean()
            );
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(
                serde_json::from_str::<DurationSpec>(&json).unwrap(),
                spec,
                "{json}"
            );
            let options = ron::Options::default()
                .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
                .with_default_extension(ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES);
            let written = options.to_string(&spec).unwrap();
            assert_eq!(read(&written), spec, "{written}");
        }
    }

    #[test]
    fn durations_are_compiled_to_nanoseconds() {
        let mean = |text: &str| read(text).compile().unwrap().mean();
        let quantile = |text: &str, p: f64| read(text).compile().unwrap().quantile(p);
        assert!((mean(r#"lognormal(mean: "2ms", p99: "10ms")"#) - 2e6).abs() < 1e-3);
        assert!((mean(r#"shifted(by: "1ms", of: exponential(mean: "4ms"))"#) - 5e6).abs() < 1e-3);
        // exp(-6.2) seconds is the median.
        let median = quantile(r#"lognormal(mu: -6.2, sigma: 0.7)"#, 0.5);
        assert!((median - libm::exp(-6.2) * 1e9).abs() < 1e-3, "{median}");
        let text = r#"empirical(quantiles: {"p50": "3ms", "p999": "40ms"}, p90: "10ms")"#;
        for (p, value) in [(0.5, 3e6), (0.9, 1e7), (0.999, 4e7)] {
            assert!(
                (quantile(text, p) - value).abs() < 1e-2,
                "{p}: {}",
                quantile(text, p)
            );
        }
    }

    #[test]
    fn wrong_combinations_are_told_the_valid_ones() {
        for (text, expected) in [
            (
                r#"lognormal(mean: "2ms")"#,
                "(mean, p99), (mean, cv), (median, p99)",
            ),
            (
                r#"lognormal(mean: "2ms", p99: "9ms", cv: 1.0)"#,
                "given: mean, p99, cv",
            ),
            (
                r#"lognormal(mean: "9ms", p99: "2ms")"#,
                "lognormal: the p99 (2ms) is below the mean (9ms)",
            ),
            (r#"exponential()"#, "given: nothing"),
            (
                r#"gamma(mean: "4ms")"#,
                "(mean, cv), (mean, shape); given: mean",
            ),
            (r#"weibull(mean: "4ms", scale: "4ms")"#, "(scale, shape)"),
            (
                r#"pareto(alpha: 2.0)"#,
                "(scale, alpha), (mean, alpha); given: alpha",
            ),
            (r#"hyperexponential(mean: "4ms")"#, "(mean, cv), (branches)"),
            (r#"empirical()"#, "takes exactly one of"),
            (
                r#"empirical(p50: "1ms", values: ["1ms"])"#,
                "given: quantiles, values",
            ),
            (
                r#"empirical(max: "1ms", values: ["1ms"])"#,
                "given: values, min or max",
            ),
            (
                r#"empirical(quantiles: {"max": "1ms"}, values: ["1ms"])"#,
                "min or max",
            ),
            (
                r#"empirical(quantiles: {"max": "1ms"})"#,
                "given: min or max",
            ),
            (
                r#"empirical(quantiles: {"p100": "1ms"})"#,
                "`p100` is not a quantile",
            ),
            (
                r#"empirical(quantiles: {"p50": "1ms"}, p50: "2ms")"#,
                "given once each",
            ),
            (
                r#"truncated(of: exponential(mean: "4ms"))"#,
                "needs min, max, or both",
            ),
            (
                r#"mixture(branches: [(1.0, gamma(mean: "4ms"))])"#,
                "gamma takes exactly one of",
            ),
        ] {
            let error = read(text).compile().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn names_of_quantiles_are_probabilities() {
        for (name, p) in [
            ("p50", 0.5),
            ("p5", 0.05),
            ("p99", 0.99),
            ("p999", 0.999),
            ("p99.9", 0.999),
            ("p99.99", 0.9999),
            ("p2.5", 0.025),
            ("median", 0.5),
        ] {
            assert_eq!(probability(name), Ok(p), "{name}");
        }
        for name in [
            "p", "p0", "p100", "100", "px", "p-5", "p1e3", "p100.5", "p99.9.9",
        ] {
            assert!(probability(name).is_err(), "{name}");
        }
    }

    #[test]
    fn counts_compile() {
        let geometric = GeometricSpec { mean: 2.5, min: 1 };
        let weights = vec![(0.9, 1), (0.1, 20)];
        for (spec, mean) in [
            (CountSpec::constant(3), 3.0),
            (
                CountSpec::Uniform(UniformCountSpec { low: 1, high: 5 }),
                3.0,
            ),
            (CountSpec::Geometric(geometric), 2.5),
            (
                CountSpec::Zipf(ZipfSpec {
                    n: 2,
                    exponent: 1.0,
                }),
                4.0 / 3.0,
            ),
            (CountSpec::Poisson(PoissonSpec { mean: 2.5 }), 2.5),
            (CountSpec::Choice(ChoiceSpec { weights }), 2.9),
        ] {
            assert!(
                (spec.compile().unwrap().mean() - mean).abs() < 1e-9,
                "{spec:?}"
            );
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(
                serde_json::from_str::<CountSpec>(&json).unwrap(),
                spec,
                "{json}"
            );
        }
    }
}
