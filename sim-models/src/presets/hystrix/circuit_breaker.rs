//! The circuit breaker of Hystrix.
//!
//! Health is looked at every `healthSnapshot.intervalInMilliseconds` from the first call on, and from the moment at which
//! it has closed; each time over the buckets of that length, within `rollingStats.timeInMilliseconds`, that have ended.
//! `numBuckets` says nothing of that. The percentage is truncated to a whole one, and the threshold inclusive. Strictly
//! after the sleep window one call is let in: while it is out any success closes, and any failure, cancellation or
//! ignored exception opens anew, that of an earlier call as well. Rejections and timeouts are failures, what it
//! refuses itself counts for nothing. What opens it can come as much as an interval after the failure that does.
//!
//! Source: Hystrix 1.5.18, `HystrixCircuitBreaker.java`, `HystrixCommandMetrics.java` (`HealthCounts`),
//! `BucketedRollingCounterStream.java`, `AbstractCommand.java`; `ignoreExceptions` of hystrix-javanica.

use crate::outcome::OutcomeSet;
use crate::resilience::{
    Breaker, IgnoredProbe, Initial, Judged, Late, Moves, PolicySpec, Probes, Rounding, Rules,
    TimeWindow, Window,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Properties `circuitBreaker.*`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HystrixCircuitBreaker {
    /// Whether there is one.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Calls without which the percentage is not judged.
    #[serde(default = "twenty")]
    pub request_volume_threshold: u32,
    /// How long it is open, ms.
    #[serde(default = "five_thousand")]
    pub sleep_window_in_milliseconds: u64,
    /// Failures that open it, in whole per cent.
    #[serde(default = "fifty")]
    pub error_threshold_percentage: u32,
    /// Whether it refuses all calls.
    #[serde(default)]
    pub force_open: bool,
    /// Whether it lets all calls in.
    #[serde(default)]
    pub force_closed: bool,
    /// What is no result at all: a `HystrixBadRequestException`.
    #[serde(default = "nothing")]
    pub ignore_exceptions: OutcomeSet,
}

/// Properties `metrics.*`.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HystrixMetrics {
    /// The window.
    #[serde(default)]
    pub rolling_stats: HystrixRollingStats,
    /// When it is looked at.
    #[serde(default)]
    pub health_snapshot: HystrixHealthSnapshot,
}

/// Properties `metrics.rollingStats.*`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HystrixRollingStats {
    /// How long a result counts, ms.
    #[serde(default = "ten_thousand")]
    pub time_in_milliseconds: u64,
    /// Buckets of what is published; the circuit breaker has its own.
    #[serde(default = "ten")]
    pub num_buckets: u64,
}

/// Properties `metrics.healthSnapshot.*`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HystrixHealthSnapshot {
    /// How often health is looked at, and how long a bucket is, ms.
    #[serde(default = "five_hundred")]
    pub interval_in_milliseconds: u64,
}

impl Default for HystrixRollingStats {
    fn default() -> Self {
        Self {
            time_in_milliseconds: ten_thousand(),
            num_buckets: ten(),
        }
    }
}

impl Default for HystrixHealthSnapshot {
    fn default() -> Self {
        Self {
            interval_in_milliseconds: five_hundred(),
        }
    }
}

fn yes() -> bool {
    true
}

fn twenty() -> u32 {
    20
}

fn five_thousand() -> u64 {
    5000
}

fn fifty() -> u32 {
    50
}

fn ten_thousand() -> u64 {
    10_000
}

fn ten() -> u64 {
    10
}

fn five_hundred() -> u64 {
    500
}

fn nothing() -> OutcomeSet {
    OutcomeSet::of(&[])
}

impl HystrixCircuitBreaker {
    /// The policies that it stands for: none, where it is not enabled.
    ///
    /// # Errors
    /// What Hystrix refuses, and what can be no percentage.
    pub(super) fn expand(&self, metrics: &HystrixMetrics) -> Result<Vec<PolicySpec>, String> {
        if !self.enabled {
            return Ok(Vec::new());
        }
        let window = metrics.rolling_stats.time_in_milliseconds;
        let interval = metrics.health_snapshot.interval_in_milliseconds;
        if interval == 0 {
            return Err("`healthSnapshot.intervalInMilliseconds` must be more than 0".into());
        }
        let buckets = metrics.rolling_stats.num_buckets;
        if buckets == 0 || !window.is_multiple_of(buckets) {
            return Err(format!(
                "`rollingStats.timeInMilliseconds`, {window}, must be a multiple of `numBuckets`, {buckets}"
            ));
        }
        let buckets = u32::try_from(window / interval).unwrap_or(u32::MAX);
        if buckets == 0 {
            return Err(format!(
                "`rollingStats.timeInMilliseconds`, {window}, must be at least `healthSnapshot.intervalInMilliseconds`, {interval}"
            ));
        }
        if self.error_threshold_percentage > 100 {
            return Err("`errorThresholdPercentage` must be at most 100".into());
        }
        Ok(vec![PolicySpec::Breaker(Breaker {
            failure_rate: Some(f64::from(self.error_threshold_percentage) / 100.0),
            window: Window::Time(TimeWindow {
                span: SimDuration::from_millis(u64::from(buckets) * interval),
                buckets,
                moves: Moves::Clock,
            }),
            minimum: self.request_volume_threshold,
            open_for: SimDuration::from_millis(self.sleep_window_in_milliseconds),
            on: OutcomeSet::FAILURES,
            ignore: self.ignore_exceptions,
            rules: Rules {
                judged: Judged::Snapshots,
                rounding: Rounding::Whole,
                after: true,
                late: Late::Counted,
                probes: Probes::Counted,
                ignored_probe: IgnoredProbe::Failure,
                refused_are_results: true,
                ..Rules::default()
            },
            initial: if self.force_open {
                Initial::ForcedOpen
            } else if self.force_closed {
                Initial::ForcedClosed
            } else {
                Initial::Closed
            },
            ..Breaker::default()
        })])
    }
}
