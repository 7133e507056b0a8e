//! aiobreaker: the sibling of pybreaker for asyncio.
//!
//! As pybreaker ([`super::Pybreaker`]), but for three things: the span is called `timeout_duration`, the first success of
//! a probe closes it (there is no `success_threshold`), and a call that is cancelled says nothing.
//!
//! Source: aiobreaker 1.2.0, `circuitbreaker.py`, `state.py`.

use super::Preset;
use super::pybreaker::breaker;
use super::spans::Seconds;
use crate::outcome::OutcomeSet;
use crate::resilience::{GivenUp, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Parameters of `CircuitBreaker`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aiobreaker {
    /// Failures in a row that open it.
    #[serde(default = "five")]
    pub fail_max: u32,
    /// How long it is open.
    #[serde(default = "one_minute")]
    pub timeout_duration: Seconds,
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

fn nothing() -> OutcomeSet {
    OutcomeSet::of(&[])
}

impl Preset for Aiobreaker {
    const SUMMARY: &'static str = "the circuit breaker of aiobreaker, with its names and defaults";
    const EXAMPLE: &'static str =
        r#"[aiobreaker(fail_max: 5, timeout_duration: "60s"), timeout("500ms")]"#;
    const VERSION: &'static str = "aiobreaker 1.2.0";

    fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        Ok(vec![breaker(
            self.fail_max,
            self.timeout_duration.0,
            1,
            self.exclude,
            GivenUp::Ignored,
        )])
    }
}
