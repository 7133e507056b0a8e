//! `CircuitBreaker` of Polly.
//!
//! Judged after failures only, at the ratio and the throughput inclusive. The window is ten buckets, each of which begins
//! with the first result after the one before has lasted its tenth, and goes when its beginning is as old as
//! `SamplingDuration`; closing empties it, opening does not. A call at exactly `BreakDuration` is the one probe.
//! Whatever is not handled, a call that is cancelled included, is a success. Results of earlier calls count in whatever
//! state they arrive in: while it is half open they decide. Manual control isolates it until it is closed.
//!
//! Source: Polly 8, `CircuitBreakerStrategyOptions.TResult.cs`, `CircuitStateController.cs`,
//! `AdvancedCircuitBehavior.cs`, `RollingHealthMetrics.cs`.

use crate::outcome::OutcomeSet;
use crate::resilience::{
    Breaker, GivenUp, Judged, Late, Moves, PolicySpec, Rules, TimeWindow, Window,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `CircuitBreakerStrategyOptions`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PollyCircuitBreaker {
    /// Share of failures that opens it, 0 to 1.
    #[serde(default = "tenth")]
    pub failure_ratio: f64,
    /// Calls without which the ratio is not judged.
    #[serde(default = "hundred")]
    pub minimum_throughput: u32,
    /// What the ratio is of.
    #[serde(default = "thirty_seconds")]
    pub sampling_duration: SimDuration,
    /// How long it is open.
    #[serde(default = "five_seconds")]
    pub break_duration: SimDuration,
    /// What is a failure; all that is no success, unless given.
    #[serde(default)]
    pub should_handle: Option<OutcomeSet>,
}

fn tenth() -> f64 {
    0.1
}

fn hundred() -> u32 {
    100
}

fn thirty_seconds() -> SimDuration {
    SimDuration::from_secs(30)
}

fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}

/// `NumberOfWindows` of its health metrics.
const WINDOWS: u32 = 10;

impl PollyCircuitBreaker {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What its options refuse.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if !(self.failure_ratio >= 0.0 && self.failure_ratio <= 1.0) {
            return Err(format!(
                "`FailureRatio` must be 0 to 1, not {}",
                self.failure_ratio
            ));
        }
        if self.minimum_throughput < 2 {
            return Err("`MinimumThroughput` must be at least 2".into());
        }
        for (field, span) in [
            ("SamplingDuration", self.sampling_duration),
            ("BreakDuration", self.break_duration),
        ] {
            if !(SimDuration::from_millis(500)..=SimDuration::from_secs(86_400)).contains(&span) {
                return Err(format!("`{field}` must be 500 ms to 1 day, not {span}"));
            }
        }
        Ok(vec![PolicySpec::Breaker(Breaker {
            failure_rate: Some(self.failure_ratio),
            window: Window::Time(TimeWindow {
                span: self.sampling_duration,
                buckets: WINDOWS,
                moves: Moves::Calls,
            }),
            minimum: self.minimum_throughput,
            open_for: self.break_duration,
            on: self.should_handle.unwrap_or(OutcomeSet::FAILURES),
            rules: Rules {
                judged: Judged::Failures,
                late: Late::Counted,
                given_up: GivenUp::Success,
                refused_are_results: true,
                trip_holds: true,
                ..Rules::default()
            },
            ..Breaker::default()
        })])
    }
}
