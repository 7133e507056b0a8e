//! opossum: a circuit breaker for Node.js, with the timeout and the semaphore that are in it.
//!
//! Judged after failures only, timeouts and full semaphores included: it opens where failures / fires × 100 is more than
//! the threshold, once `volumeThreshold` calls were fired. Fires are counted when calls come, those that are refused or
//! still out as well, so that refusals dilute the rate, and failures when they end. The window is buckets of the clock
//! from the start on; nothing empties it, so that it may open again with the first failure after it has closed. A timer
//! turns it half open at exactly `resetTimeout`; then one call is let in, and any result, that of an earlier call as
//! well, decides. An error that the filter passes is a success.
//!
//! Source: opossum 9.0.0 and 10.0.0, `lib/circuit.js`, `lib/status.js`.

use super::Preset;
use super::spans::Milliseconds;
use crate::outcome::OutcomeSet;
use crate::resilience::{
    Breaker, Bulkhead, GivenUp, Judged, Late, Moves, PolicySpec, Probes, Rounding, Rules,
    TimeWindow, Timeout, Window,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Options of opossum.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Opossum {
    /// How long a call may take; 0: as long as it likes.
    #[serde(default = "ten_seconds")]
    pub timeout: Milliseconds,
    /// How long it is open.
    #[serde(default = "thirty_seconds")]
    pub reset_timeout: Milliseconds,
    /// Failures that it puts up with, in per cent of the calls fired.
    #[serde(default = "fifty")]
    pub error_threshold_percentage: f64,
    /// Calls without which the percentage is not judged.
    #[serde(default)]
    pub volume_threshold: u32,
    /// How long a call counts.
    #[serde(default = "ten_seconds")]
    pub rolling_count_timeout: Milliseconds,
    /// Buckets of that.
    #[serde(default = "ten")]
    pub rolling_count_buckets: u32,
    /// Calls out at once at most; as many as come, unless given.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// Whether it opens on nothing for the first `rollingCountTimeout`.
    #[serde(default)]
    pub allow_warm_up: bool,
    /// Whether there is one.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Failures that are successes.
    #[serde(default = "nothing")]
    pub error_filter: OutcomeSet,
}

fn ten_seconds() -> Milliseconds {
    Milliseconds(SimDuration::from_secs(10))
}

fn thirty_seconds() -> Milliseconds {
    Milliseconds(SimDuration::from_secs(30))
}

fn fifty() -> f64 {
    50.0
}

fn ten() -> u32 {
    10
}

fn yes() -> bool {
    true
}

fn nothing() -> OutcomeSet {
    OutcomeSet::of(&[])
}

impl Preset for Opossum {
    const SUMMARY: &'static str = "the circuit breaker of opossum, with its names and defaults";
    const EXAMPLE: &'static str =
        r#"opossum(timeout: "500ms", errorThresholdPercentage: 50, resetTimeout: "30s")"#;
    const VERSION: &'static str = "opossum 9.0.0";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if !(self.error_threshold_percentage >= 0.0 && self.error_threshold_percentage <= 100.0) {
            return Err(format!(
                "`errorThresholdPercentage` must be 0 to 100, not {}",
                self.error_threshold_percentage
            ));
        }
        let buckets = self.rolling_count_buckets;
        let window = self.rolling_count_timeout.0;
        // Timers have whole milliseconds.
        let bucket = window.0 / 1_000_000 / u64::from(buckets.max(1));
        if buckets == 0 || bucket == 0 {
            return Err(
                "`rollingCountTimeout` must be at least 1 ms for each of `rollingCountBuckets`"
                    .into(),
            );
        }
        if !self.enabled {
            return Ok(Vec::new());
        }
        let mut policies = vec![PolicySpec::Breaker(Breaker {
            failure_rate: Some(self.error_threshold_percentage / 100.0),
            window: Window::Time(TimeWindow {
                span: SimDuration::from_millis(bucket * u64::from(buckets)),
                buckets,
                moves: Moves::Clock,
            }),
            minimum: self.volume_threshold,
            open_for: self.reset_timeout.0,
            on: OutcomeSet::FAILURES,
            unless: self.error_filter,
            rules: Rules {
                judged: Judged::Failures,
                beyond: true,
                rounding: Rounding::Percent,
                per_call: true,
                timer: true,
                late: Late::Counted,
                probes: Probes::Counted,
                given_up: GivenUp::Ignored,
                refused_are_results: true,
                keeps_window: true,
                ..Rules::default()
            },
            warm_up: if self.allow_warm_up {
                window
            } else {
                SimDuration::ZERO
            },
            ..Breaker::default()
        })];
        if let Some(permits) = self.capacity {
            policies.push(PolicySpec::Bulkhead(Bulkhead::without_queue(permits)));
        }
        if self.timeout.0 > SimDuration::ZERO {
            policies.push(PolicySpec::Timeout(Timeout {
                after: self.timeout.0,
            }));
        }
        Ok(policies)
    }
}
