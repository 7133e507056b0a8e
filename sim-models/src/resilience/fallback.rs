//! Fallback: where all that is inside it fails, something else answers.
//!
//! Without `to`, a static answer does, at once: the call ends as `degraded`. With `to`, another endpoint is asked, as
//! a call of its own through the policies of that pair; its answer counts as `degraded`, and its failure is the
//! result. A fallback is asked once for each call that reaches it, and not where time is up for what is outside.
//!
//! With `most` no more fallbacks are asked at a time; a call that finds so many out ends as `bulkhead_full`. A static
//! answer takes no time, and never finds one.
//!
//! Source: Hystrix `getFallback` (`fallback.isolation.semaphore.maxConcurrentRequests` 10), Polly `Fallback`, resilience4j `Decorators.withFallback`, Envoy
//! `aggregate_cluster` and Istio failover for another target.

use super::{Context, Do, Ended, Ends, Final, Inside, Policy, Stay};
use crate::outcome::{Ending, Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};

/// Something else answers where what is inside fails.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// `"service/endpoint"` that is asked instead; a static answer if none is given.
    #[serde(default)]
    pub to: Option<String>,
    /// What is replaced; every failure unless this says otherwise.
    #[serde(default = "failures")]
    pub on: OutcomeSet,
    /// How many calls of an instance may wait for it at a time; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
}

fn failures() -> OutcomeSet {
    OutcomeSet::FAILURES
}

impl Default for Fallback {
    /// A static answer, whatever fails.
    fn default() -> Self {
        Self {
            to: None,
            on: failures(),
            most: None,
        }
    }
}

impl Policy for Fallback {
    /// How many are being asked.
    type Memory = u32;
    /// Whether the other target has been asked.
    type Call = bool;
    const SUMMARY: &'static str = "something else answers where what is inside fails";
    const ENTERS: bool = false;
    const EXAMPLE: &'static str = "fallback";
    const COUNTERS: &'static [&'static str] = &["used", "failed"];
    const LEAVES: bool = true;

    fn memory(&self) -> u32 {
        0
    }
    fn forks(&self) -> bool {
        self.to.is_some()
    }
    fn on_enter(&self, _: &mut u32, asked: &mut bool, _: &mut Context) -> Do {
        *asked = false;
        Do::Pass
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        // The answer of the other target is looked at, whatever it is.
        self.to.is_none() && !self.on.touches(outcome)
    }
    fn on_result(
        &self,
        out: &mut u32,
        asked: &mut bool,
        ended: &Ended,
        context: &mut Context,
    ) -> Do {
        let outcome = ended.outcome();
        if *asked {
            if outcome.is_success() {
                return Do::End(ended.replaced(), ended.last);
            }
            context.counters[1] += 1;
            return Do::Pass;
        }
        if !self.on.contains(ended.ending) {
            return Do::Pass;
        }
        context.counters[0] += 1;
        if self.to.is_none() {
            return Do::End(ended.replaced(), Final::No);
        }
        if self.most.is_some_and(|most| *out >= most) {
            context.counters[1] += 1;
            return Do::End(Ending::of(Outcome::BulkheadFull), Final::No);
        }
        *asked = true;
        *out += 1;
        Do::Elsewhere(0)
    }
    fn on_leave(&self, out: &mut u32, asked: &mut bool, _: &Ended, _: &mut Context) {
        *out -= u32::from(std::mem::take(asked));
    }
    fn replaces(&self, outcome: Outcome) -> bool {
        self.on.touches(outcome)
    }
    /// Of a static answer; another target is not looked at.
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        let ends = inside.ends(when).filter(|_| self.to.is_none())?;
        ends.failed(self.on)?;
        Some(ends.replaced(|outcome| self.on.touches(outcome), Outcome::Degraded))
    }
    fn brief(&self) -> String {
        self.to.clone().unwrap_or_default()
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.to.is_none() && self.most.is_some() {
            let why = "bounds how many wait for another target: give `to`";
            return vec![("most", why.into())];
        }
        Vec::new()
    }
    fn targets(&self) -> Vec<&str> {
        self.to.as_deref().into_iter().collect()
    }
}
