//! Why a distribution cannot be built.

/// Why a distribution cannot be built, in words for the author of a scenario.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DistError {
    /// A parameter is out of its range.
    #[error("{name} must be {must}")]
    Parameter {
        /// Which one.
        name: &'static str,
        /// What it must be.
        must: &'static str,
    },
    /// Two parameters are in the wrong order.
    #[error("{low} must not be above {high}")]
    Order {
        /// The one that should be the lower.
        low: &'static str,
        /// The one that should be the higher.
        high: &'static str,
    },
    /// A high quantile lies below the mean of a lognormal.
    #[error(
        "the quantile is {ratio} times the mean, but the tail begins above the mean: \
         it must be at least as large as the mean"
    )]
    QuantileBelowMean {
        /// Quantile over mean.
        ratio: f64,
    },
    /// A high quantile lies too far above the mean of a lognormal.
    #[error(
        "the quantile is {ratio:.1} times the mean, but in a lognormal at most {limit:.1} times is \
         possible: lower it, or describe the tail by a mixture"
    )]
    QuantileTooHigh {
        /// Quantile over mean.
        ratio: f64,
        /// The largest possible ratio, `exp(z^2 / 2)`.
        limit: f64,
    },
    /// A list has no member.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// A truncation leaves (almost) nothing.
    #[error(
        "the range from min to max holds less than one in a billion of the distribution: widen it"
    )]
    NothingLeft,
    /// Quantiles that fall while their probabilities rise.
    #[error("p{higher} must not be below p{lower}: quantiles rise with their probability")]
    QuantilesFall {
        /// The lower probability, in per cent.
        lower: f64,
        /// The higher probability, in per cent.
        higher: f64,
    },
}

/// `value` if it is finite and above zero.
pub(super) fn positive(name: &'static str, value: f64) -> Result<f64, DistError> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    let must = "greater than zero, and finite";
    Err(DistError::Parameter { name, must })
}

/// `value` if it is finite and not below zero.
pub(super) fn not_negative(name: &'static str, value: f64) -> Result<f64, DistError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    let must = "zero or more, and finite";
    Err(DistError::Parameter { name, must })
}

/// `value` if it is finite.
pub(super) fn finite(name: &'static str, value: f64) -> Result<f64, DistError> {
    if value.is_finite() {
        return Ok(value);
    }
    let must = "finite";
    Err(DistError::Parameter { name, must })
}

/// `value` if it lies strictly between 0 and 1.
pub(super) fn probability(name: &'static str, value: f64) -> Result<f64, DistError> {
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    let must = "greater than 0 and less than 1";
    Err(DistError::Parameter { name, must })
}
