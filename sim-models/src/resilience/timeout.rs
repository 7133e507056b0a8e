//! Timeout: bounds one attempt, or whatever is inside it.
//!
//! Source: `vocabulary.md` D; elsewhere Envoy `per_try_timeout`, resilience4j `TimeLimiter`, Polly
//! `Timeout`, Hystrix `thread.timeoutInMilliseconds`. A result at exactly the limit is too late: events
//! of one instant run in the order in which they were scheduled, and the timer is set before the send.

use super::{Context, Do, Ends, Final, Inside, Policy, Stay};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Gives up what is inside it after a span. The callee does not know, unless `cancellation` says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeout {
    /// How long to wait.
    pub after: SimDuration,
}

impl Policy for Timeout {
    type Memory = ();
    type Call = ();
    const SUMMARY: &'static str = "gives up an attempt after a span";
    const EXAMPLE: &'static str = r#"timeout("500ms")"#;
    const LIVE: &'static [&'static str] = &["after"];
    const AT_DOOR: bool = true;
    const COUNTERS: &'static [&'static str] = &["expired"];

    fn memory(&self) {}
    #[inline]
    fn on_enter(&self, (): &mut (), (): &mut (), _: &mut Context) -> Do {
        Do::PassFor(self.after)
    }
    fn on_timer(&self, (): &mut (), (): &mut (), context: &mut Context) -> Do {
        context.counters[0] += 1;
        Do::End(Ending::of(Outcome::TimeoutAttempt), Final::No)
    }
    fn time_limit(&self) -> Option<SimDuration> {
        Some(self.after)
    }
    fn foresee(&self, inside: &mut Inside<'_>, (after, until): Stay) -> Option<Ends> {
        let limit = self.after.as_secs_f64();
        let ends = inside.ends((after, until.min(after + limit)))?;
        Some(ends.limited(Outcome::TimeoutAttempt, limit))
    }
    fn brief(&self) -> String {
        self.after.to_string()
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.after > SimDuration::ZERO {
            Vec::new()
        } else {
            vec![("after", "must be longer than zero".into())]
        }
    }
}
