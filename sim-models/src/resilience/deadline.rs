//! Deadline: bounds the whole call, retries and backoff included.
//!
//! Source: gRPC deadlines and their propagation; elsewhere Envoy route `timeout`,
//! Finagle `DeadlineFilter`.

use super::{Context, Do, Ends, Final, Inside, Policy, Stay, Tells};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Bounds all that is inside it.
#[derive(Clone, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// How long the whole may take.
    pub after: SimDuration,
    /// Whether the callee is told: it then drops requests whose deadline has passed before it starts
    /// or goes on with them, and passes the rest of the time on to its own callees.
    #[serde(default)]
    pub propagate: bool,
}

impl Deadline {
    /// One of which the callee is not told.
    #[must_use]
    pub fn after(after: SimDuration) -> Self {
        Self {
            after,
            propagate: false,
        }
    }
}

impl Policy for Deadline {
    type Memory = ();
    /// When it ends.
    type Call = SimTime;
    const SUMMARY: &'static str = "bounds the whole call, retries included";
    const EXAMPLE: &'static str = r#"deadline("2s")"#;
    const LIVE: &'static [&'static str] = &["after"];
    const LATE: Outcome = Outcome::TimeoutDeadline;
    const COUNTERS: &'static [&'static str] = &["expired"];

    fn memory(&self) {}
    #[inline]
    fn on_enter(&self, (): &mut (), until: &mut SimTime, context: &mut Context) -> Do {
        *until = context.now + self.after;
        Do::PassFor(self.after)
    }
    fn on_timer(&self, (): &mut (), _: &mut SimTime, context: &mut Context) -> Do {
        context.counters[0] += 1;
        Do::End(Ending::of(Outcome::TimeoutDeadline), Final::No)
    }
    fn tells(&self) -> Tells {
        Tells {
            deadline: self.propagate,
            ..Tells::default()
        }
    }
    #[inline]
    fn deadline(until: &SimTime) -> SimTime {
        *until
    }
    fn time_limit(&self) -> Option<SimDuration> {
        Some(self.after)
    }
    fn foresee(&self, inside: &mut Inside<'_>, (after, until): Stay) -> Option<Ends> {
        let limit = self.after.as_secs_f64();
        let ends = inside.ends((after, until.min(after + limit)))?;
        Some(ends.limited(Outcome::TimeoutDeadline, limit))
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
