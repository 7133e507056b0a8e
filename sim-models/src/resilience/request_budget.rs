//! Request budget: one count of retries for a whole request, which all hops below it share. Belongs inside a `retry`.
//!
//! Each retry that is made for a request, anywhere below it, takes one off the `retries` that it may have; where none is
//! left, the failure is the result at once. So a chain whose every hop makes four attempts sends 1 + `retries` times what
//! is asked for to its last service, not the product, and retries go to whoever fails first. Nothing is given back; a
//! retry that another budget then denies has taken none. Work that goes on for a caller that has given up has a count of
//! its own, which begins at what had been taken by then.
//!
//! Each policy of this kind compares the one count with its own number. In a real system it travels as a header that says
//! what is left, downwards only, so that hops beside each other do not see what the others take; here they do.
//!
//! Source: the budget per request of Google, *Site Reliability Engineering* (2016), chapter 21, "deciding to retry" (three
//! attempts per request), made one for all hops.

use super::{Context, Do, Ended, Ends, Final, Inside, Policy, Stay};
use crate::outcome::OutcomeSet;
use serde::{Deserialize, Serialize};

/// One count of retries for a whole request.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestBudget {
    /// Retries that a request may have, at all hops together.
    #[serde(default = "three")]
    pub retries: u16,
}

fn three() -> u16 {
    3
}

impl Policy for RequestBudget {
    type Memory = ();
    /// Whether the next try has been allowed.
    type Call = bool;
    const SUMMARY: &'static str = "one count of retries for a whole request and all hops below it";
    const EXAMPLE: &'static str =
        r#"[retry(attempts: 4), request_budget(retries: 3), timeout("500ms")]"#;
    const LIVE: &'static [&'static str] = &["retries"];
    const COUNTERS: &'static [&'static str] = &["spent", "denied"];
    const RATIONS: bool = true;
    const BUDGETS: bool = true;
    const UNPACKS: bool = true;
    const TRAVELS: bool = true;

    fn memory(&self) {}
    #[inline]
    fn on_enter(&self, (): &mut (), allowed: &mut bool, _: &mut Context) -> Do {
        *allowed = false;
        Do::Pass
    }
    fn on_retry(
        &self,
        (): &mut (),
        allowed: &mut bool,
        failure: &Ended,
        context: &mut Context,
    ) -> Do {
        if context.retries >= self.retries {
            context.counters[1] += 1;
            return Do::End(failure.ending, Final::Yes);
        }
        context.retries += 1;
        context.counters[0] += 1;
        *allowed = true;
        Do::Pass
    }
    fn on_denied(&self, (): &mut (), allowed: &mut bool, context: &mut Context) {
        if std::mem::take(allowed) {
            context.retries -= 1;
            context.counters[0] -= 1;
        }
    }
    fn long_run(&self) -> f64 {
        1.0 + f64::from(self.retries)
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.spared(when, OutcomeSet::FAILURES)
    }
    fn brief(&self) -> String {
        format!("{} retries", self.retries)
    }
}
