//! Netflix concurrency-limits: its limits and limiters, as their builders name their parameters.
//!
//! One limit is named, or none: `VegasLimit` then, as its limiters do. `windowed` wraps it in a `WindowedLimit`; a
//! `partition` for each priority makes the limiter a partitioned one; `blocking` or `lifoBlocking` wraps that.
//!
//! How calls end as its listeners see it: what ends well is `onSuccess`; what is not answered in time, turned away, or lost,
//! is `onDropped`; errors, and what is given up, are `onIgnore`, as its interceptors of gRPC clients, servlets and
//! executors have it. What a `BlockingLimiter` leaves to chance, who of those that wait is first, is who came first here.
//!
//! Source: Netflix concurrency-limits, commit 78a74b9 (after 0.5.3), `concurrency-limits-core`.

mod limiters;
mod limits;

pub use limiters::{
    ConcurrencyLimitsBlocking, ConcurrencyLimitsLifoBlocking, ConcurrencyLimitsPartition,
};
pub use limits::{
    ConcurrencyLimitsAimd, ConcurrencyLimitsFixed, ConcurrencyLimitsGradient,
    ConcurrencyLimitsGradient2, ConcurrencyLimitsPercentile, ConcurrencyLimitsVegas,
    ConcurrencyLimitsWindowed,
};

use super::Preset;
use crate::resilience::estimate::Algorithm;
use crate::resilience::{ConcurrencyLimit, PolicySpec};
use serde::{Deserialize, Serialize};

/// Limits and limiters of Netflix concurrency-limits.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConcurrencyLimits {
    /// `AIMDLimit`.
    #[serde(default)]
    pub aimd: Option<ConcurrencyLimitsAimd>,
    /// `FixedLimit`.
    #[serde(default)]
    pub fixed: Option<ConcurrencyLimitsFixed>,
    /// `VegasLimit`.
    #[serde(default)]
    pub vegas: Option<ConcurrencyLimitsVegas>,
    /// `GradientLimit`.
    #[serde(default)]
    pub gradient: Option<ConcurrencyLimitsGradient>,
    /// `Gradient2Limit`.
    #[serde(default)]
    pub gradient2: Option<ConcurrencyLimitsGradient2>,
    /// `WindowedLimit` round that limit.
    #[serde(default)]
    pub windowed: Option<ConcurrencyLimitsWindowed>,
    /// The share of the limit that a priority is guaranteed, `partition("critical", 0.9)` there.
    #[serde(default)]
    pub partition: Option<ConcurrencyLimitsPartition>,
    /// `BlockingLimiter` round the limiter.
    #[serde(default)]
    pub blocking: Option<ConcurrencyLimitsBlocking>,
    /// `LifoBlockingLimiter` round the limiter.
    #[serde(default)]
    pub lifo_blocking: Option<ConcurrencyLimitsLifoBlocking>,
}

impl ConcurrencyLimits {
    fn algorithm(&self) -> Result<Algorithm, String> {
        let limits = [
            self.aimd.as_ref().map(ConcurrencyLimitsAimd::algorithm),
            self.fixed.as_ref().map(ConcurrencyLimitsFixed::algorithm),
            self.vegas.as_ref().map(ConcurrencyLimitsVegas::algorithm),
            (self.gradient.as_ref()).map(ConcurrencyLimitsGradient::algorithm),
            (self.gradient2.as_ref()).map(ConcurrencyLimitsGradient2::algorithm),
        ];
        let mut named = limits.into_iter().flatten();
        let limit = (named.next()).unwrap_or_else(|| ConcurrencyLimitsVegas::default().algorithm());
        if named.next().is_some() {
            return Err(
                "a limiter has one limit: name one of `aimd`, `fixed`, `vegas`, `gradient`, `gradient2`"
                    .into(),
            );
        }
        limit
    }
}

impl Preset for ConcurrencyLimits {
    const SUMMARY: &'static str =
        "limits of Netflix concurrency-limits, with its names and defaults";
    const EXAMPLE: &'static str = "concurrency_limits(vegas: (initialLimit: 20))";
    const VERSION: &'static str = "concurrency-limits 0.5.3";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        let window = self
            .windowed
            .as_ref()
            .map(ConcurrencyLimitsWindowed::window);
        let shares = self.partition.map(ConcurrencyLimitsPartition::shares);
        let mut limiter = ConcurrencyLimit {
            window: window.transpose()?,
            shares: shares.transpose()?,
            ..ConcurrencyLimit::new(self.algorithm()?)
        };
        match (&self.blocking, &self.lifo_blocking) {
            (Some(_), Some(_)) => {
                return Err("name one of `blocking` and `lifoBlocking`".into());
            }
            (Some(blocking), None) => blocking.wrap(&mut limiter)?,
            (None, Some(blocking)) => blocking.wrap(&mut limiter),
            (None, None) => {}
        }
        Ok(vec![PolicySpec::ConcurrencyLimit(limiter)])
    }
}
