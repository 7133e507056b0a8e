//! pybreaker: a circuit breaker for Python.
//!
//! It opens after `fail_max` failures in a row; a call at exactly `reset_timeout` is let in, and while it is half open so
//! is every other: `success_threshold` successes close it, any failure opens it anew. Results of calls that began in an
//! earlier state (its `calling()`, or Tornado) act as they would have in that state: one more failure of a call that
//! began while it was closed begins the open time anew once it is open, and a success of a probe closes it, whatever it is
//! by then. What is excluded is a success. The count of failures goes on while it is open or half open; a success, and
//! closing, begin it anew.
//!
//! aiobreaker is its sibling ([`super::Aiobreaker`]).
//!
//! Source: pybreaker 1.4.1, `pybreaker/__init__.py`.

use super::Preset;
use super::spans::Seconds;
use crate::outcome::OutcomeSet;
use crate::resilience::{Breaker, GivenUp, HalfOpen, Late, PolicySpec, Probes, Rules};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `CircuitBreaker`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pybreaker {
    /// Failures in a row that open it.
    #[serde(default = "five")]
    pub fail_max: u32,
    /// How long it is open.
    #[serde(default = "one_minute")]
    pub reset_timeout: Seconds,
    /// Successes that close it.
    #[serde(default = "one")]
    pub success_threshold: u32,
    /// Failures that are successes.
    #[serde(default = "nothing")]
    pub exclude: OutcomeSet,
}

fn five() -> u32 {
    5
}

fn one_minute() -> Seconds {
    Seconds(SimDuration::from_secs(60))
}

fn one() -> u32 {
    1
}

fn nothing() -> OutcomeSet {
    OutcomeSet::of(&[])
}

/// A breaker of pybreaker, or of its sibling.
pub(super) fn breaker(
    fail_max: u32,
    open_for: SimDuration,
    successes: u32,
    exclude: OutcomeSet,
    given_up: GivenUp,
) -> PolicySpec {
    PolicySpec::Breaker(Breaker {
        // Below 1 the first failure is enough.
        failures: Some(fail_max.max(1)),
        open_for,
        half_open: HalfOpen {
            permits: 0,
            results: Some(successes.max(1)),
            ..HalfOpen::default()
        },
        on: OutcomeSet::FAILURES,
        unless: exclude,
        rules: Rules {
            late: Late::AsBegun,
            probes: Probes::Counted,
            given_up,
            refused_are_results: true,
            ..Rules::default()
        },
        ..Breaker::default()
    })
}

impl Preset for Pybreaker {
    const SUMMARY: &'static str = "the circuit breaker of pybreaker, with its names and defaults";
    const EXAMPLE: &'static str =
        r#"[pybreaker(fail_max: 5, reset_timeout: 60), timeout("500ms")]"#;
    const VERSION: &'static str = "pybreaker 1.4.1";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        Ok(vec![breaker(
            self.fail_max,
            self.reset_timeout.0,
            self.success_threshold,
            self.exclude,
            // `BaseException`: whatever ends a call early.
            GivenUp::Failure,
        )])
    }
}
