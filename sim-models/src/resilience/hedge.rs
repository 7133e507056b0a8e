//! Hedge: asks once more while the first try is still out, and takes the first good answer.
//!
//! The first try begins at once; whenever `after` has passed without an answer, one more begins beside those that
//! are out, up to `attempts` in all. The first answer that is not one of `on` is the result, and the others are
//! given up (their callees are told if `cancellation` says so). A try that fails with one of `on` has the next one
//! begin at once, and the delay anew; once there is none left to begin, or a policy inside forbids to try again, the
//! last failure is the result. A further try that a policy inside turns away before anybody is asked leaves those that
//! are out alone.
//!
//! A callee that turns a try away and says when to come again is not asked once more at once, and one that says not to
//! come again is not asked any more: the tries that are out may still answer.
//!
//! `attempts` counts the first, as in gRPC (not as in Polly, whose count leaves it out). What is inside the hedge
//! is done for each try: `[hedge(..), timeout(..)]` limits each, `[timeout(..), hedge(..)]` all together.
//!
//! A further try goes to an instance that the call has not asked yet, as long as there is one that is not passed by;
//! once all have been asked, to any. Whoever is slow for one request may be slow for the next. With
//! `another_instance: false` the balancer chooses as if it were the first, as where a client knows one address alone.
//!
//! Source: J. Dean and L. Barroso, "The tail at scale" (2013); gRPC A6 `hedgingPolicy` (`maxAttempts`,
//! `hedgingDelay`, `nonFatalStatusCodes`); elsewhere Polly `Hedging`, Finagle `BackupRequestFilter`, Envoy
//! `hedge_policy`, resilience4j `Hedge`.

use super::{Context, Do, Ended, Final, Policy};
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Asks once more while the first try is still out, and takes the first good answer.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hedge {
    /// How long to wait for an answer before one more try begins.
    pub after: SimDuration,
    /// Tries at most, the first included.
    #[serde(default = "two")]
    pub attempts: u32,
    /// What is no answer yet: the next try begins, or another one that is out may still answer.
    #[serde(default)]
    pub on: OutcomeSet,
    /// Whether further tries of the call go to instances that it has not asked yet, where there are any.
    #[serde(default = "yes")]
    pub another_instance: bool,
}

fn yes() -> bool {
    true
}

fn two() -> u32 {
    2
}

/// The most tries that may be out beside each other.
const MOST: u32 = 100;

/// The tries of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// How many have begun.
    begun: u16,
    /// Number of the first one among all that there were before.
    first: u16,
}

impl Policy for Hedge {
    type Memory = ();
    type Call = Tries;
    const SUMMARY: &'static str = "asks once more while the first try is out";
    const EXAMPLE: &'static str = r#"hedge("50ms")"#;
    const LIVE: &'static [&'static str] = &["after", "attempts"];
    const COUNTERS: &'static [&'static str] = &["hedges", "won", "refused"];

    fn memory(&self) {}
    fn forks(&self) -> bool {
        true
    }
    fn on_enter(&self, (): &mut (), call: &mut Tries, context: &mut Context) -> Do {
        *call = Tries {
            begun: 1,
            first: context.begun as u16,
        };
        if self.attempts > 1 {
            Do::PassFor(self.after)
        } else {
            Do::Pass
        }
    }
    fn on_timer(&self, (): &mut (), call: &mut Tries, context: &mut Context) -> Do {
        if u32::from(call.begun) < self.attempts {
            self.one_more(call, context)
        } else {
            Do::Pass
        }
    }
    fn on_result(&self, (): &mut (), call: &mut Tries, ended: &Ended, context: &mut Context) -> Do {
        if !self.on.contains(ended.ending) {
            let won = ended.outcome().is_success() && ended.leg > call.first;
            context.counters[1] += u64::from(won);
            let refused = ended.callee == Ended::NOBODY && !ended.outcome().is_success();
            if refused && ended.leg > call.first && context.out > 0 {
                // A further try that was not let through is none: the others go on.
                context.counters[2] += 1;
                return Do::Hold;
            }
            return Do::Pass;
        }
        if ended.last == Final::Never {
            call.begun = self.attempts as u16;
        }
        if u32::from(call.begun) < self.attempts && ended.last == Final::No {
            self.one_more(call, context)
        } else if context.out > 0 {
            Do::Hold
        } else {
            Do::Pass
        }
    }
    fn on_denied(&self, (): &mut (), call: &mut Tries, context: &mut Context) {
        // The first try of a hedge may be part of a further one of somebody outside.
        context.counters[2] += u64::from(call.begun > 1);
    }
    fn ignores(&self, _: Outcome) -> bool {
        false
    }
    fn worst_case_attempts(&self) -> f64 {
        f64::from(self.attempts)
    }
    fn avoids(&self) -> bool {
        self.another_instance
    }
    fn brief(&self) -> String {
        format!("after {}", self.after)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(1..=MOST).contains(&self.attempts) {
            let why = format!(
                "must be 1 to {MOST}, the first included, not {}",
                self.attempts
            );
            wrong.push(("attempts", why));
        }
        if self.after == SimDuration::ZERO && self.attempts > 1 {
            wrong.push((
                "after",
                "must be longer than zero: every try would begin at once".into(),
            ));
        }
        wrong
    }
}

impl Hedge {
    fn one_more(&self, call: &mut Tries, context: &mut Context) -> Do {
        call.begun += 1;
        context.counters[0] += 1;
        Do::Beside((u32::from(call.begun) < self.attempts).then_some(self.after))
    }
}
