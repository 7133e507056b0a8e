//! Timeout: bounds one attempt, or whatever is inside it.
//!
//! Source: `vocabulary.md` D; elsewhere Envoy `per_try_timeout`, resilience4j `TimeLimiter`, Polly
//! `Timeout`, Hystrix `thread.timeoutInMilliseconds`. A result at exactly the limit is too late: events
//! of one instant run in the order in which they were scheduled, and the timer is set before the send.

use super::{Context, Decision, Final, Policy, Reaction};
use crate::outcome::{Outcome, Verdict};
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
    const COUNTERS: &'static [&'static str] = &["expired"];

    fn memory(&self) {}
    #[inline]
    fn on_send(&self, (): &mut (), (): &mut (), _: &mut Context) -> Decision {
        Decision::ProceedFor(self.after)
    }
    #[inline]
    fn ignores(&self, _: Outcome) -> bool {
        true
    }
    #[inline]
    fn on_result(
        &self,
        (): &mut (),
        (): &mut (),
        _: (Verdict, Final),
        _: &mut Context,
    ) -> Reaction {
        Reaction::Pass
    }
    fn on_timer(&self, (): &mut (), (): &mut (), context: &mut Context) -> Verdict {
        context.counters[0] += 1;
        Verdict {
            outcome: Outcome::TimeoutAttempt,
            cause: Outcome::TimeoutAttempt,
            ..Verdict::default()
        }
    }
    fn time_limit(&self) -> Option<SimDuration> {
        Some(self.after)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.after > SimDuration::ZERO {
            Vec::new()
        } else {
            vec![("after", "must be longer than zero".into())]
        }
    }
}
