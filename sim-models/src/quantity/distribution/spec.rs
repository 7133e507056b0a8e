//! What can be written.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// A distribution of durations.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantSpec {
    /// The value.
    pub value: SimDuration,
}

/// All durations of a range alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniformSpec {
    /// The shortest.
    pub low: SimDuration,
    /// The longest.
    pub high: SimDuration,
}

/// Memoryless; exactly one of the fields.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalSpec {
    /// The mean before the cut at zero.
    pub mean: SimDuration,
    /// The standard deviation before the cut at zero.
    pub sd: SimDuration,
}

/// Skewed like most latencies. One of: mean and p99; mean and cv; median and p99; mean and sd; mu
/// and sigma.
#[derive(Clone, Copy, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErlangSpec {
    /// The mean of the sum.
    pub mean: SimDuration,
    /// How many.
    pub stages: u32,
}

/// Weibull: mean and shape, mean and cv, or scale and shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixtureSpec {
    /// Each with its weight; weights need not add up to 1.
    pub branches: Vec<(f64, DurationSpec)>,
}

/// Something constant on top.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftedSpec {
    /// What is added to each draw.
    pub by: SimDuration,
    /// The distribution.
    pub of: Box<DurationSpec>,
}

/// Stretched or shortened.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaledSpec {
    /// By what each draw is multiplied.
    pub by: f64,
    /// The distribution.
    pub of: Box<DurationSpec>,
}

/// Only what lies in a range: draws outside are not clamped to it, they do not occur.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantCountSpec {
    /// The value.
    pub value: u32,
}

/// All counts of a range alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniformCountSpec {
    /// The least.
    pub low: u32,
    /// The largest.
    pub high: u32,
}

/// How many trials fail before one succeeds, on top of a minimum.
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeometricSpec {
    /// The mean, the minimum included.
    pub mean: f64,
    /// The least count.
    #[serde(default)]
    pub min: u32,
}

/// Zipf's law: rank k with a probability proportional to `k^-exponent`.
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZipfSpec {
    /// How many ranks.
    pub n: u32,
    /// How steep: 0 is uniform, web and cache popularity lie near 0.7 to 1.1.
    #[serde(default = "one")]
    pub exponent: f64,
}

/// Poisson.
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoissonSpec {
    /// The mean.
    pub mean: f64,
}

/// Counts by weight.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceSpec {
    /// Each with its weight; weights need not add up to 1.
    pub weights: Vec<(f64, u32)>,
}

fn one() -> f64 {
    1.0
}
