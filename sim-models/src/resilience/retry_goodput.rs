//! Goodput-coupled retry budget: retries are a share of what succeeds, and cease when nothing does. Belongs inside a
//! `retry`.
//!
//! Time is cut into windows that follow each other from the start of the run. At the end of each, the successes per second
//! in it move an average: by `down` of the difference if they were fewer, by `up` if they were more. In a window retries
//! are allowed while fewer than share × average × window were; nothing is given back. It begins with an average of zero:
//! no retries until something has succeeded for a window.
//!
//! Unlike budgets that first attempts fill, it shrinks when the callee answers less, just when retries do harm: goodput
//! falls faster than load. It is kept per tenant at the service in its source; here where the retries are made: `by:
//! tenant`, `scope: shared`.
//!
//! Source: the goodput-coupled budget of Arolla and ETH Zurich (share 0.1, window 1 s, up 0.05, down 0.3).

use super::{By, Context, Do, Ended, Ends, Final, Inside, Policy, Reading, Scope, Stay};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Retries are a share of what succeeds.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryGoodput {
    /// Retries per success.
    #[serde(default = "tenth")]
    pub share: f64,
    /// How long successes and retries are counted before the average moves.
    #[serde(default = "one_second")]
    pub window: SimDuration,
    /// By which part of the difference the average rises, 0 to 1.
    #[serde(default = "slow")]
    pub up: f64,
    /// By which part of the difference it falls, 0 to 1.
    #[serde(default = "fast")]
    pub down: f64,
    /// Who shares what is counted.
    #[serde(default)]
    pub scope: Scope,
    /// What is counted apart; none: all is counted together.
    #[serde(default)]
    pub by: Option<By>,
}

fn tenth() -> f64 {
    0.1
}

fn one_second() -> SimDuration {
    SimDuration::from_secs(1)
}

fn slow() -> f64 {
    0.05
}

fn fast() -> f64 {
    0.3
}

/// What is known of the current window, and of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Goodput {
    /// Successes per second, on average.
    average: f64,
    successes: u32,
    retries: u32,
    /// Number of the current window.
    window: u64,
}

impl RetryGoodput {
    /// Closes the windows that are over.
    fn pass(&self, memory: &mut Goodput, now: SimTime) {
        let current = now.0 / self.window.0;
        if current == memory.window {
            return;
        }
        let rate = f64::from(memory.successes) / self.window.as_secs_f64();
        let part = if rate < memory.average {
            self.down
        } else {
            self.up
        };
        memory.average += part * (rate - memory.average);
        // Nothing succeeded in those between.
        let idle = (current - memory.window - 1) as f64;
        if idle > 0.0 {
            memory.average *= libm::pow(1.0 - self.down, idle);
        }
        *memory = Goodput {
            average: memory.average,
            window: current,
            ..Goodput::default()
        };
    }

    fn allowed(&self, memory: &Goodput) -> f64 {
        self.share * memory.average * self.window.as_secs_f64()
    }
}

impl Policy for RetryGoodput {
    type Memory = Goodput;
    /// Whether the next try has been allowed, in which window (its last digits).
    type Call = Option<u32>;
    const SUMMARY: &'static str = "retries are a share of what succeeds";
    const EXAMPLE: &'static str =
        r#"[retry(attempts: 3), retry_goodput(share: 0.1), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["share"];
    const COUNTERS: &'static [&'static str] = &["spent", "denied"];
    const RATIONS: bool = true;
    const BUDGETS: bool = true;

    fn memory(&self) -> Goodput {
        Goodput::default()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        !outcome.is_success()
    }
    #[inline]
    fn on_result(
        &self,
        memory: &mut Goodput,
        _: &mut Option<u32>,
        _: &Ended,
        context: &mut Context,
    ) -> Do {
        self.pass(memory, context.now);
        memory.successes += 1;
        Do::Pass
    }
    fn on_retry(
        &self,
        memory: &mut Goodput,
        call: &mut Option<u32>,
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        self.pass(memory, context.now);
        if f64::from(memory.retries) >= self.allowed(memory) {
            context.counters[1] += 1;
            return Do::End(failure.ending, Final::Yes);
        }
        memory.retries += 1;
        context.counters[0] += 1;
        *call = Some(memory.window as u32);
        Do::Pass
    }
    fn on_denied(&self, memory: &mut Goodput, call: &mut Option<u32>, context: &mut Context) {
        if let Some(window) = call.take() {
            memory.retries -= u32::from(window == memory.window as u32);
            context.counters[0] -= 1;
        }
    }
    fn reading(&self, memory: &Goodput, now: SimTime) -> Reading {
        let mut memory = *memory;
        self.pass(&mut memory, now);
        Reading {
            state: "",
            numbers: vec![
                ("average", memory.average),
                ("retries", f64::from(memory.retries)),
            ],
        }
    }
    fn long_run(&self) -> f64 {
        1.0 + self.share
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, OutcomeSet::FAILURES)
    }
    fn brief(&self) -> String {
        format!("{}%", libm::round(self.share * 1e4) / 1e2)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(self.share.is_finite() && self.share >= 0.0) {
            wrong.push(("share", format!("must be zero or more, not {}", self.share)));
        }
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".into()));
        }
        for (name, part) in [("up", self.up), ("down", self.down)] {
            if !(0.0..=1.0).contains(&part) {
                wrong.push((name, format!("must be from 0 to 1, not {part}")));
            }
        }
        wrong
    }
}
