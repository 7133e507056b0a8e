//! `CircuitBreaker` of resilience4j.
//!
//! Both thresholds are inclusive and judged after each result, successes included, as soon as `minimumNumberOfCalls` are
//! in the window; slow is what takes longer than its limit. An open one lets a call in strictly after its wait, or turns
//! half open at exactly the wait by its timer. Half open it looks at the first min(minimum, permitted) results, by count
//! whatever its window is, and then opens or closes. Results of earlier calls count in whatever state they arrive in;
//! an ignored one gives a permit back. Windows by time are whole seconds of the clock. The exponent of the wait begins
//! anew once it has closed; waits are truncated to whole milliseconds at each step, and the cap comes before any spread.
//!
//! Source: resilience4j 2.4.0, `CircuitBreakerConfig.java`, `CircuitBreakerStateMachine.java`,
//! `CircuitBreakerMetrics.java`, `SlidingTimeWindowMetrics.java`, `IntervalFunction.java`, and of the Spring Boot
//! properties `CommonCircuitBreakerConfigurationProperties.java`.

use crate::outcome::OutcomeSet;
use crate::presets::spans::Milliseconds;
use crate::resilience::{
    Breaker, GivenUp, HalfOpen, Initial, Late, Moves, PolicySpec, Rounding, Rules, TimeWindow,
    Window,
};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `CircuitBreakerConfig`, and those that the Spring Boot properties add.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resilience4jCircuitBreaker {
    /// Failures that open it, in per cent.
    #[serde(default = "fifty")]
    pub failure_rate_threshold: f64,
    /// Slow calls that open it, in per cent.
    #[serde(default = "hundred_per_cent")]
    pub slow_call_rate_threshold: f64,
    /// What takes longer is slow.
    #[serde(default = "one_minute")]
    pub slow_call_duration_threshold: Milliseconds,
    /// Whether rates are of the last calls, or of the last seconds.
    #[serde(default)]
    pub sliding_window_type: SlidingWindowType,
    /// How many calls, or how many seconds.
    #[serde(default = "hundred")]
    pub sliding_window_size: u32,
    /// Calls without which no rate is judged.
    #[serde(default = "hundred")]
    pub minimum_number_of_calls: u32,
    /// How long it is open: 60 s unless given.
    #[serde(default)]
    pub wait_duration_in_open_state: Option<Milliseconds>,
    /// Calls that are let in while it is half open.
    #[serde(default = "ten")]
    pub permitted_number_of_calls_in_half_open_state: u32,
    /// How long it is half open at most; 0: until its calls decide.
    #[serde(default = "zero")]
    pub max_wait_duration_in_half_open_state: Milliseconds,
    /// What it is after that.
    #[serde(default)]
    pub transition_to_state_after_wait_duration: StateAfterWait,
    /// Whether a timer turns it half open, instead of the next call.
    #[serde(default)]
    pub automatic_transition_from_open_to_half_open_enabled: bool,
    /// The state at the start.
    #[serde(default)]
    pub initial_state: InitialState,
    /// What is a failure; all that is no success, unless given. What is not listed is a success.
    #[serde(default)]
    pub record_exceptions: Option<OutcomeSet>,
    /// What is no result at all.
    #[serde(default = "nothing")]
    pub ignore_exceptions: OutcomeSet,
    /// Whether the wait grows each time; only with `waitDurationInOpenState`.
    #[serde(default)]
    pub enable_exponential_backoff: bool,
    /// By what it is multiplied; 1.5 unless given.
    #[serde(default)]
    pub exponential_backoff_multiplier: Option<f64>,
    /// The longest wait; only with `exponentialBackoffMultiplier`.
    #[serde(default)]
    pub exponential_max_wait_duration_in_open_state: Option<Milliseconds>,
    /// Whether the wait is spread; only with `waitDurationInOpenState`.
    #[serde(default)]
    pub enable_randomized_wait: bool,
    /// By which share of itself; 0.5 unless given.
    #[serde(default)]
    pub randomized_wait_factor: Option<f64>,
}

/// What rates are of.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SlidingWindowType {
    /// The last calls.
    #[default]
    CountBased,
    /// The last seconds.
    TimeBased,
}

/// What a breaker is when it was half open for too long.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateAfterWait {
    /// Open.
    #[default]
    Open,
    /// Closed.
    Closed,
}

/// The state at the start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InitialState {
    /// Calls pass.
    #[default]
    Closed,
    /// Calls are refused.
    Open,
    /// Some calls pass.
    HalfOpen,
    /// Calls are refused until it is reset.
    ForcedOpen,
    /// Calls pass, and nothing is counted.
    Disabled,
    /// Calls pass, and are counted.
    MetricsOnly,
}

fn fifty() -> f64 {
    50.0
}

fn hundred_per_cent() -> f64 {
    100.0
}

fn one_minute() -> Milliseconds {
    Milliseconds(SimDuration::from_secs(60))
}

fn hundred() -> u32 {
    100
}

fn ten() -> u32 {
    10
}

fn zero() -> Milliseconds {
    Milliseconds(SimDuration::ZERO)
}

fn nothing() -> OutcomeSet {
    OutcomeSet::of(&[])
}

/// `IntervalFunction.DEFAULT_MULTIPLIER` and `DEFAULT_RANDOMIZATION_FACTOR`.
const MULTIPLIER: f64 = 1.5;
const RANDOMIZATION: f64 = 0.5;

impl Resilience4jCircuitBreaker {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What its builder refuses.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        self.check()?;
        let wait = self.wait_duration_in_open_state;
        let grows = wait.is_some() && self.enable_exponential_backoff;
        let spread = wait.is_some() && self.enable_randomized_wait;
        let permits = self.permitted_number_of_calls_in_half_open_state;
        let longest = self
            .exponential_backoff_multiplier
            .and(self.exponential_max_wait_duration_in_open_state);
        Ok(vec![PolicySpec::Breaker(Breaker {
            failure_rate: Some(self.failure_rate_threshold / 100.0),
            slow_rate: Some(self.slow_call_rate_threshold / 100.0),
            slow_after: self.slow_call_duration_threshold.0,
            window: match self.sliding_window_type {
                SlidingWindowType::CountBased => Window::Calls(self.sliding_window_size),
                SlidingWindowType::TimeBased => Window::Time(TimeWindow {
                    span: SimDuration::from_secs(u64::from(self.sliding_window_size)),
                    buckets: self.sliding_window_size,
                    moves: Moves::Clock,
                }),
            },
            minimum: self.minimum_number_of_calls,
            open_for: wait.map_or(SimDuration::from_secs(60), |wait| wait.0),
            growth: if grows {
                self.exponential_backoff_multiplier.unwrap_or(MULTIPLIER)
            } else {
                1.0
            },
            longest: longest.filter(|_| grows).map(|longest| longest.0),
            jitter: if spread {
                self.randomized_wait_factor.unwrap_or(RANDOMIZATION)
            } else {
                0.0
            },
            half_open: HalfOpen {
                permits,
                results: Some(permits.min(self.minimum_number_of_calls)),
                by_rates: true,
                at_most: self.max_wait_duration_in_half_open_state.0,
                closes_then: self.transition_to_state_after_wait_duration == StateAfterWait::Closed,
                ..HalfOpen::default()
            },
            on: self.record_exceptions.unwrap_or(OutcomeSet::FAILURES),
            ignore: self.ignore_exceptions,
            rules: Rules {
                rounding: Rounding::Single,
                timer: self.automatic_transition_from_open_to_half_open_enabled,
                after: true,
                late: Late::Counted,
                given_up: GivenUp::Ignored,
                refused_are_results: true,
                ..Rules::default()
            },
            initial: match self.initial_state {
                InitialState::Closed => Initial::Closed,
                InitialState::Open => Initial::Open,
                InitialState::HalfOpen => Initial::HalfOpen,
                InitialState::ForcedOpen => Initial::ForcedOpen,
                InitialState::Disabled | InitialState::MetricsOnly => Initial::ForcedClosed,
            },
            ..Breaker::default()
        })])
    }

    fn check(&self) -> Result<(), String> {
        for (field, rate) in [
            ("failureRateThreshold", self.failure_rate_threshold),
            ("slowCallRateThreshold", self.slow_call_rate_threshold),
        ] {
            if !(rate > 0.0 && rate <= 100.0) {
                return Err(format!(
                    "`{field}` must be more than 0 and at most 100, not {rate}"
                ));
            }
        }
        for (field, count) in [
            ("slidingWindowSize", self.sliding_window_size),
            ("minimumNumberOfCalls", self.minimum_number_of_calls),
            (
                "permittedNumberOfCallsInHalfOpenState",
                self.permitted_number_of_calls_in_half_open_state,
            ),
        ] {
            if count == 0 {
                return Err(format!("`{field}` must be at least 1"));
            }
        }
        if self.slow_call_duration_threshold.0 == SimDuration::ZERO {
            return Err("`slowCallDurationThreshold` must be longer than zero".into());
        }
        let wait = self.wait_duration_in_open_state;
        if wait.is_some_and(|wait| wait.0 < SimDuration::from_millis(1)) {
            return Err("`waitDurationInOpenState` must be at least 1 ms".into());
        }
        if self.enable_exponential_backoff && self.enable_randomized_wait {
            return Err(
                "`enableExponentialBackoff` and `enableRandomizedWait` exclude each other".into(),
            );
        }
        Ok(())
    }
}
