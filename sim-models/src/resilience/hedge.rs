//! Hedge: asks once more while the first try is still out, and takes the first good answer.
//!
//! The first try begins at once; whenever `after` has passed without an answer, one more begins beside those that
//! are out, up to `attempts` in all. The first answer that is not one of `on` is the result, and the others are
//! given up (their callees are told if `cancellation` says so). A try that fails with one of `on` has the next one
//! begin at once, and the delay anew, unless `next_at_once` is false; once there is none out and none left to begin, or
//! a policy inside forbids to try again, the last failure is the result, or with `result: first` that of the first try.
//! A further try that a policy inside turns away before anybody is asked leaves those that are out alone. With `after`
//! zero all begin at once.
//!
//! A callee that turns a try away and says when to come again has the next one begin after exactly that span, and one
//! that says not to come again is not asked any more: the tries that are out may still answer (gRPC A6; grpc-java begins
//! anew to wait in this way, grpc-js lets its own delay run on beside it, and takes "not again" for the result).
//!
//! `attempts` counts the first, as in gRPC (not as in Polly, whose count leaves it out). What is inside the hedge
//! is done for each try: `[hedge(..), timeout(..)]` limits each, `[timeout(..), hedge(..)]` all together. A
//! `retry_budget` inside it is asked before each further try.
//!
//! With `learn` the delay follows the latencies that the instance of the caller has seen: a percentile of recent ones
//! (Finagle, tower), or the average of the last ones (resilience4j). Until something is known it is `after`.
//!
//! A further try goes to an instance that the call has not asked yet, as long as there is one that is not passed by;
//! once all have been asked, to any. Whoever is slow for one request may be slow for the next. With
//! `another_instance: false` the balancer chooses as if it were the first, as where a client knows one address alone.
//!
//! Source: J. Dean and L. Barroso, "The tail at scale" (2013); gRPC A6 `hedgingPolicy` (`maxAttempts`,
//! `hedgingDelay`, `nonFatalStatusCodes`); Polly 8 `HedgingResilienceStrategy` (the first failure is the result, zero
//! and negative delays); Finagle `BackupRequestFilter`, tower `Hedge`, Envoy `hedge_policy`, resilience4j `Hedge`, each
//! of which has a preset.

mod latencies;
mod learn;

pub use latencies::Latencies;
pub use learn::{Average, Learn, Learned, Percentile};

use super::{Context, Do, Ended, Final, Policy, Reading};
use crate::outcome::{Ending, Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

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
    /// Whether the next try begins at once where one has failed; otherwise only its delay begins it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub next_at_once: bool,
    /// Whose failure is the result where all have failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub result: Failure,
    /// What the delay follows; none: it stays what it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub learn: Option<Learn>,
    /// Whether further tries of the call go to instances that it has not asked yet, where there are any.
    #[serde(default = "yes")]
    pub another_instance: bool,
}

/// Whose failure is the result where all tries have failed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Of the one that failed last.
    #[default]
    Last,
    /// Of the first one that began.
    First,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_yes(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn two() -> u32 {
    2
}

impl Default for Hedge {
    /// One more try, and never before the first one has failed.
    fn default() -> Self {
        Self {
            after: Self::NEVER,
            attempts: two(),
            on: OutcomeSet::default(),
            next_at_once: true,
            result: Failure::default(),
            learn: None,
            another_instance: true,
        }
    }
}

/// The most tries that may be out beside each other.
const MOST: u32 = 100;

/// The tries of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tries {
    /// How many have begun.
    begun: u16,
    /// Number of the first one among all that there were before.
    first: u16,
    notes: Notes,
}

/// What else is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Notes {
    #[default]
    Nothing,
    /// When the first one and the last one began.
    Began(Instant, Instant),
    /// How the first one failed.
    Failed(Ending),
}

/// Microseconds; in halves, for there is one in every call under way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Instant([u16; 2]);

impl Instant {
    fn of(at: SimTime) -> Self {
        let microseconds = (at.0 / 1000) as u32;
        Self([microseconds as u16, (microseconds >> 16) as u16])
    }

    /// How long ago it was, up to an hour.
    fn ago(self, now: SimTime) -> SimDuration {
        let then = u32::from(self.0[0]) | u32::from(self.0[1]) << 16;
        let microseconds = ((now.0 / 1000) as u32).wrapping_sub(then);
        SimDuration(u64::from(microseconds) * 1000)
    }
}

const _: () = assert!(
    size_of::<Tries>() <= 14,
    "there is one in every call under way"
);

impl Policy for Hedge {
    type Memory = Learned;
    type Call = Tries;
    const SUMMARY: &'static str = "asks once more while the first try is out";
    const EXAMPLE: &'static str = r#"hedge("50ms")"#;
    const LIVE: &'static [&'static str] = &["after", "attempts"];
    const COUNTERS: &'static [&'static str] = &["hedges", "won", "refused"];

    fn memory(&self) -> Learned {
        Learned::of(self.learn.as_ref())
    }
    fn forks(&self) -> bool {
        true
    }
    fn on_enter(&self, learned: &mut Learned, call: &mut Tries, context: &mut Context) -> Do {
        *call = Tries {
            begun: 1,
            first: context.begun as u16,
            notes: Notes::Nothing,
        };
        if self.learn.is_some() {
            let now = Instant::of(context.now);
            call.notes = Notes::Began(now, now);
        }
        match self.delay(learned, context.now) {
            Some(delay) if self.attempts > 1 => Do::PassFor(delay),
            _ => Do::Pass,
        }
    }
    fn on_timer(&self, learned: &mut Learned, call: &mut Tries, context: &mut Context) -> Do {
        if u32::from(call.begun) < self.attempts {
            self.one_more(learned, call, context)
        } else {
            Do::Pass
        }
    }
    fn on_result(
        &self,
        learned: &mut Learned,
        call: &mut Tries,
        ended: &Ended,
        context: &mut Context,
    ) -> Do {
        self.learn(learned, call, ended, context);
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
        if self.result == Failure::First && ended.leg == call.first {
            call.notes = Notes::Failed(ended.ending);
        }
        if ended.last == Final::Never {
            call.begun = self.attempts as u16;
        }
        if u32::from(call.begun) < self.attempts {
            if let Some(span) = ended.last.span() {
                return Do::PassFor(span);
            }
            if ended.last == Final::No && self.next_at_once {
                return self.one_more(learned, call, context);
            }
        }
        match call.notes {
            _ if context.out > 0 => Do::Hold,
            Notes::Failed(ending) => Do::End(ending, ended.last),
            _ => Do::Pass,
        }
    }
    fn on_denied(&self, _: &mut Learned, call: &mut Tries, context: &mut Context) {
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
        match &self.learn {
            Some(learn) => learn.brief(),
            None if self.after >= Self::NEVER => "after a failure".into(),
            None => format!("after {}", self.after),
        }
    }
    fn heap(&self) -> usize {
        self.learn.as_ref().map_or(0, Learn::heap)
    }
    fn reading(&self, learned: &Learned, now: SimTime) -> Reading {
        if self.learn.is_none() {
            return Reading::default();
        }
        let mut learned = learned.clone();
        let mut numbers = vec![("samples", learned.samples(self.learn.as_ref(), now) as f64)];
        if let Some(delay) = self.delay(&mut learned, now) {
            numbers.push(("delay", delay.as_secs_f64()));
        }
        Reading { state: "", numbers }
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
        if let Some(learn) = &self.learn {
            wrong.extend(learn.validate().map(|why| ("learn", why)));
            if self.result == Failure::First {
                let why = "a call has no room for the first failure beside what it learns";
                wrong.push(("result", why.into()));
            }
        }
        wrong
    }
}

impl Hedge {
    /// Never: so long that no call is out for that.
    pub const NEVER: SimDuration = SimDuration::LONGEST;

    /// How long to wait before one more try; none: for ever.
    fn delay(&self, learned: &mut Learned, now: SimTime) -> Option<SimDuration> {
        let delay = match &self.learn {
            Some(learn) => learned.delay(learn, self.after, now),
            None => self.after,
        };
        (delay < Self::NEVER).then_some(delay)
    }

    fn one_more(&self, learned: &mut Learned, call: &mut Tries, context: &mut Context) -> Do {
        call.begun += 1;
        if let Notes::Began(_, last) = &mut call.notes {
            *last = Instant::of(context.now);
        }
        context.counters[0] += 1;
        let more = u32::from(call.begun) < self.attempts;
        let delay = self.delay(learned, context.now);
        Do::Beside(delay.filter(|_| more))
    }

    /// Learns from a result: how long its try took, and those that are given up for it.
    fn learn(&self, learned: &mut Learned, call: &Tries, ended: &Ended, context: &Context) {
        let (Some(learn), Notes::Began(first, last)) = (&self.learn, call.notes) else {
            return;
        };
        let now = context.now;
        let is_first = ended.leg == call.first;
        let took = |is_first: bool| {
            let began = if is_first { first } else { last };
            context.said.unwrap_or_else(|| began.ago(now))
        };
        let last_leg = call.first + call.begun - 1;
        if is_first || ended.leg == last_leg {
            learned.note(learn, is_first, ended.outcome(), took(is_first), now);
        }
        let settled = ended.outcome().is_success() && context.out > 0;
        if settled && call.begun == 2 {
            learned.given_up(learn, took(!is_first), now);
        }
    }
}
