//! From what is written to a distribution, or why there is none.

use super::spec::*;
use sim_core::SimDuration;
use sim_core::dist::{Dist, DistError};

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
pub(super) fn probability(name: &str) -> Result<f64, String> {
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
