//! `Limit`s of Netflix concurrency-limits: how a limit moves.
//!
//! Source: Netflix concurrency-limits, commit 78a74b9, `limit/*.java`: the builders and their defaults.

use crate::resilience::estimate::{
    Aggregate, Aimd, Algorithm, Fixed, Gradient, Gradient2, Percentile, Vegas, Window,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `AIMDLimit`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConcurrencyLimitsAimd {
    /// The limit at the start.
    pub initial_limit: u32,
    /// The limit at least.
    pub min_limit: u32,
    /// The limit at most.
    pub max_limit: u32,
    /// By what the limit is multiplied after a drop, 0.5 to 1.
    pub backoff_ratio: f64,
    /// A call that takes longer than this counts as dropped.
    pub timeout: SimDuration,
}

impl Default for ConcurrencyLimitsAimd {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            min_limit: 20,
            max_limit: 200,
            backoff_ratio: 0.9,
            timeout: SimDuration::from_secs(5),
        }
    }
}

impl ConcurrencyLimitsAimd {
    pub(super) fn algorithm(&self) -> Result<Algorithm, String> {
        if !(0.5..1.0).contains(&self.backoff_ratio) {
            return Err("`backoffRatio` must be in the range [0.5, 1.0)".into());
        }
        if self.timeout == SimDuration::ZERO {
            return Err("`timeout` must be positive".into());
        }
        Ok(Algorithm::Aimd(Aimd {
            initial: self.initial_limit,
            least: self.min_limit,
            most: self.max_limit,
            backoff: self.backoff_ratio,
            slow: self.timeout,
        }))
    }
}

/// Parameters of `FixedLimit`.
#[derive(Clone, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConcurrencyLimitsFixed {
    /// The limit, `FixedLimit.of(limit)` there.
    pub limit: u32,
}

impl ConcurrencyLimitsFixed {
    pub(super) fn algorithm(&self) -> Result<Algorithm, String> {
        Ok(Algorithm::Fixed(Fixed { limit: self.limit }))
    }
}

/// Parameters of `VegasLimit`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConcurrencyLimitsVegas {
    /// The limit at the start.
    pub initial_limit: u32,
    /// The limit at most.
    pub max_concurrency: u32,
    /// The share of the way to its new value that the limit goes.
    pub smoothing: f64,
    /// The limit grows while fewer seem to wait; 3 × log10 of the limit unless given.
    pub alpha: Option<u32>,
    /// The limit falls while more seem to wait; 6 × log10 of the limit unless given.
    pub beta: Option<u32>,
    /// Samples, as a multiple of the limit, after which the round trip without load is measured anew.
    pub probe_multiplier: u32,
}

impl Default for ConcurrencyLimitsVegas {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            max_concurrency: 1000,
            smoothing: 1.0,
            alpha: None,
            beta: None,
            probe_multiplier: 30,
        }
    }
}

impl ConcurrencyLimitsVegas {
    pub(super) fn algorithm(&self) -> Result<Algorithm, String> {
        Ok(Algorithm::Vegas(Vegas {
            initial: self.initial_limit,
            most: self.max_concurrency,
            smoothing: self.smoothing,
            alpha: self.alpha,
            beta: self.beta,
            probe_multiplier: self.probe_multiplier,
        }))
    }
}

/// Parameters of `GradientLimit`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConcurrencyLimitsGradient {
    /// The limit at the start.
    pub initial_limit: u32,
    /// The limit at least.
    pub min_limit: u32,
    /// The limit at most.
    pub max_concurrency: u32,
    /// The share of the way to its new value that a limit which falls goes.
    pub smoothing: f64,
    /// By how much the limit grows; the square root of the limit, at least 4, unless given.
    pub queue_size: Option<u32>,
    /// How many times as long as the fastest one calls may take before the limit falls; at least 1.
    pub rtt_tolerance: f64,
    /// Samples at least after which the round trip without load is measured anew; -1: never.
    pub probe_interval: i32,
    /// By what the limit is multiplied after a drop, 0.5 to 1.
    pub backoff_ratio: f64,
}

impl Default for ConcurrencyLimitsGradient {
    fn default() -> Self {
        Self {
            initial_limit: 50,
            min_limit: 1,
            max_concurrency: 1000,
            smoothing: 0.2,
            queue_size: None,
            rtt_tolerance: 2.0,
            probe_interval: 1000,
            backoff_ratio: 0.9,
        }
    }
}

impl ConcurrencyLimitsGradient {
    pub(super) fn algorithm(&self) -> Result<Algorithm, String> {
        if !(0.5..=1.0).contains(&self.backoff_ratio) {
            return Err("`backoffRatio` must be in the range [0.5, 1.0]".into());
        }
        let probe_interval = match self.probe_interval {
            -1 => 0,
            interval => u32::try_from(interval)
                .ok()
                .filter(|interval| *interval > 0)
                .ok_or("`probeInterval` must be 1 or more, or -1: never")?,
        };
        Ok(Algorithm::Gradient(Gradient {
            initial: self.initial_limit,
            least: self.min_limit,
            most: self.max_concurrency,
            smoothing: self.smoothing,
            queue: self.queue_size,
            tolerance: tolerance(self.rtt_tolerance)?,
            probe_interval,
            backoff: self.backoff_ratio,
        }))
    }
}

/// Parameters of `Gradient2Limit`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConcurrencyLimitsGradient2 {
    /// The limit at the start.
    pub initial_limit: u32,
    /// The limit at least.
    pub min_limit: u32,
    /// The limit at most.
    pub max_concurrency: u32,
    /// The share of the way to its new value that the limit goes.
    pub smoothing: f64,
    /// By how much the limit may grow while latencies stay low.
    pub queue_size: u32,
    /// Samples that the long round trip is averaged over.
    pub long_window: u32,
    /// How many times as long as they used to calls may take before the limit falls; at least 1.
    pub rtt_tolerance: f64,
}

impl Default for ConcurrencyLimitsGradient2 {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            min_limit: 20,
            max_concurrency: 200,
            smoothing: 0.2,
            queue_size: 4,
            long_window: 600,
            rtt_tolerance: 1.5,
        }
    }
}

impl ConcurrencyLimitsGradient2 {
    pub(super) fn algorithm(&self) -> Result<Algorithm, String> {
        Ok(Algorithm::Gradient2(Gradient2 {
            initial: self.initial_limit,
            least: self.min_limit,
            most: self.max_concurrency,
            queue: self.queue_size,
            smoothing: self.smoothing,
            tolerance: tolerance(self.rtt_tolerance)?,
            long: self.long_window,
        }))
    }
}

fn tolerance(times: f64) -> Result<f64, String> {
    if times >= 1.0 {
        Ok(times)
    } else {
        Err("`rttTolerance` must be >= 1.0".into())
    }
}

/// Parameters of `WindowedLimit`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConcurrencyLimitsWindowed {
    /// The shortest window; at least 100 ms.
    pub min_window_time: SimDuration,
    /// The longest window; at least 100 ms.
    pub max_window_time: SimDuration,
    /// Samples at least, for a window to say anything; at least 10.
    pub window_size: u32,
    /// Calls that took less long are left out.
    pub min_rtt_threshold: SimDuration,
    /// `PercentileSampleWindowFactory.of(percentile, windowSize)`, where not the mean is wanted.
    pub percentile: Option<ConcurrencyLimitsPercentile>,
}

/// Parameters of `PercentileSampleWindowFactory`.
#[derive(Clone, Copy, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConcurrencyLimitsPercentile {
    /// Between 0 and 1.
    pub percentile: f64,
    /// The first so many samples of a window count.
    pub window_size: u32,
}

impl Default for ConcurrencyLimitsWindowed {
    fn default() -> Self {
        Self {
            min_window_time: SimDuration::from_secs(1),
            max_window_time: SimDuration::from_secs(1),
            window_size: 10,
            min_rtt_threshold: SimDuration(100_000),
            percentile: None,
        }
    }
}

impl ConcurrencyLimitsWindowed {
    pub(super) fn window(&self) -> Result<Window, String> {
        let shortest = SimDuration::from_millis(100);
        if self.min_window_time < shortest {
            return Err("`minWindowTime` must be >= 100 ms".into());
        }
        if self.max_window_time < shortest {
            return Err("`maxWindowTime` must be >= 100 ms".into());
        }
        if self.window_size < 10 {
            return Err("`windowSize` must be >= 10".into());
        }
        Ok(Window {
            // There the longest prevails where it is shorter than the shortest.
            least: self.min_window_time.min(self.max_window_time),
            most: self.max_window_time,
            samples: self.window_size,
            ignore_below: self.min_rtt_threshold,
            aggregate: match self.percentile {
                None => Aggregate::Average,
                Some(percentile) => Aggregate::Percentile(Percentile {
                    at: percentile.percentile,
                    of: percentile.window_size,
                }),
            },
        })
    }
}
