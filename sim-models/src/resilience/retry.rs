//! Retry: tries all that is inside it again, after a backoff.
//!
//! `attempts` counts the first one, as in resilience4j, gRPC and AWS (not as in Polly, Envoy and
//! Istio, whose count leaves it out). How long it waits says its [`Backoff`].
//!
//! A callee that turns a call away may say when to come again (`push_back` of the policies at its door). A retry that
//! respects it waits for exactly that long and begins its backoff anew; told not to come again, it does not, as in
//! gRPC A6 (`grpc-retry-pushback-ms`). `push_back` bends that: with `longest` it goes by its own backoff where it is told
//! to wait for longer, with `spread` it waits for up to that share longer (Envoy `rate_limited_retry_back_off`: 300 s and
//! 0.5), and with `beyond` it waits for what its backoff says at least, and for so much longer at most (botocore 1.44,
//! `x-amz-retry-after`: 5 s).
//!
//! Some failures may have a backoff of their own (`other`): botocore waits longer after being throttled. A call to an
//! endpoint that its service declares `non_idempotent` is made once, unless `non_idempotent: true` asks for more, as HTTP
//! clients leave POST alone (RFC 9110, 9.2.2). So it is in presets, though their libraries cannot know what is called.
//!
//! Asked in this order, at once when the try has failed: is the failure in `on`, may it be tried again at all, are there
//! attempts left, do the policies inside (budgets, limiters) allow it; then it waits. A success ends it whatever was
//! tried, and a call that comes anew begins its backoff anew.
//!
//! Source: M. Brooker, "Timeouts, retries, and backoff with jitter", Amazon Builders' Library (2019); gRPC A6; RFC 9110.

use super::backoff::Backoff;
use super::{Again, Context, Do, Ended, Ends, Final, Inside, Policy, Stay, tries};
use crate::limits::MOST_ATTEMPTS;
use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;
use sim_core::random::{Keyed, Source};

/// Tries again after a failure.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts at most, the first included.
    #[serde(default = "three")]
    pub attempts: u32,
    /// How long to wait before a retry.
    #[serde(default)]
    pub backoff: Backoff,
    /// What is tried again.
    #[serde(default)]
    pub on: OutcomeSet,
    /// Whether it comes again when the callee asks it to, where the callee does.
    #[serde(default = "yes")]
    pub respect_push_back: bool,
    /// Whether further tries of the call go to instances that it has not asked yet, where there are any.
    #[serde(default)]
    pub another_instance: bool,
    /// Whether calls to endpoints that are not idempotent are tried again as well.
    #[serde(default, skip_serializing_if = "is_false")]
    pub non_idempotent: bool,
    /// Failures that have a backoff of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherBackoff>,
    /// What is made of being told when to come again.
    #[serde(default, skip_serializing_if = "PushedBack::is_plain")]
    pub push_back: PushedBack,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: three(),
            backoff: Backoff::default(),
            on: OutcomeSet::default(),
            respect_push_back: true,
            another_instance: false,
            non_idempotent: false,
            other: None,
            push_back: PushedBack::default(),
        }
    }
}

/// A backoff of some failures.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherBackoff {
    /// Which failures.
    pub on: OutcomeSet,
    /// How long to wait after them.
    pub backoff: Backoff,
}

/// What a retry makes of being told when to come again; exactly what it is told, unless this says otherwise.
#[derive(Clone, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushedBack {
    /// The longest span that is respected; where it is told a longer one it goes by its own backoff.
    #[serde(default)]
    pub longest: Option<SimDuration>,
    /// Up to what share longer it waits, uniformly.
    #[serde(default)]
    pub spread: f64,
    /// How much longer than its own backoff it waits at most, and never less than that.
    #[serde(default)]
    pub beyond: Option<SimDuration>,
}

impl PushedBack {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_false(value: &bool) -> bool {
    !value
}

fn yes() -> bool {
    true
}

fn three() -> u32 {
    3
}

const _: () = assert!(
    MOST_ATTEMPTS < u16::MAX as u32,
    "a call counts them in 16 bits"
);

/// What a retry knows of one call; packed, for there is one in every call under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(2))]
pub struct Tried {
    /// What the next wait depends on ([`Backoff::next`]).
    known: SimDuration,
    attempts: u16,
    /// Which wait of the backoff the last one was, from 1.
    steps: u16,
}

impl Default for Tried {
    /// The first attempt.
    fn default() -> Self {
        Self {
            known: SimDuration::ZERO,
            attempts: 1,
            steps: 0,
        }
    }
}

impl Retry {
    /// How long to wait before the next attempt.
    fn wait(&self, call: &mut Tried, ended: &Ended, chance: &mut impl Source) -> SimDuration {
        let told = ended.last.told().span();
        let longest = self.push_back.longest.unwrap_or(SimDuration::MAX);
        let told = told.filter(|span| self.respect_push_back && *span <= longest);
        let spread = |span: SimDuration, chance: &mut _| match self.push_back.spread {
            0.0 => span,
            most => {
                let share = 1.0 + most * Source::uniform(chance);
                SimDuration::from_nanos_f64(span.as_nanos_f64() * share)
            }
        };
        let other = self.other.as_ref();
        let other = other.filter(|other| other.on.contains(ended.ending));
        let backoff = other.map_or(&self.backoff, |other| &other.backoff);
        let mut known = call.known;
        let wait = match (told, self.push_back.beyond) {
            (Some(span), None) => {
                call.steps = 0;
                known = span;
                spread(span, chance)
            }
            (told, beyond) => {
                call.steps += 1;
                let own = backoff.next(u32::from(call.steps), &mut known, chance);
                let most = own + beyond.unwrap_or_default();
                told.map_or(own, |span| spread(span, chance).clamp(own, most))
            }
        };
        call.known = known;
        wait
    }
}

impl Policy for Retry {
    type Memory = ();
    type Call = Tried;
    const SUMMARY: &'static str = "tries again after a backoff";
    const ENTERS: bool = false;
    const EXAMPLE: &'static str = "retry(attempts: 4)";
    const LIVE: &'static [&'static str] = &["attempts"];
    const COUNTERS: &'static [&'static str] = &["retries", "exhausted"];

    fn memory(&self) {}
    #[inline]
    fn on_enter(&self, (): &mut (), call: &mut Tried, _: &mut Context) -> Do {
        // A retry outside this one begins anew; our own retries do not come this way.
        *call = Tried::default();
        Do::Pass
    }
    #[inline]
    fn ignores(&self, outcome: Outcome) -> bool {
        !self.on.touches(outcome)
    }
    #[inline]
    fn on_result(&self, (): &mut (), call: &mut Tried, ended: &Ended, context: &mut Context) -> Do {
        if !self.on.contains(ended.ending) || !(context.idempotent || self.non_idempotent) {
            return Do::Pass;
        }
        let told = ended.last.told();
        if ended.last == Final::Yes || (self.respect_push_back && told.forbids()) {
            return Do::Pass;
        }
        let attempts = u32::from(call.attempts);
        if attempts >= self.attempts {
            context.counters[1] += 1;
            return Do::Pass;
        }
        context.counters[0] += 1;
        let mut chance = Keyed::new(
            context.key,
            u64::from(context.attempts) | u64::from(call.attempts) << 32,
        );
        let wait = self.wait(call, ended, &mut chance);
        call.attempts += 1;
        Do::Again(wait)
    }
    fn on_denied(&self, (): &mut (), call: &mut Tried, context: &mut Context) {
        call.attempts -= 1;
        context.counters[0] -= 1;
    }
    fn avoids(&self) -> bool {
        self.another_instance
    }
    fn worst_case_attempts(&self) -> f64 {
        f64::from(self.attempts)
    }
    fn again(&self) -> Option<Again<'_>> {
        Some(Again {
            attempts: self.attempts,
            on: self.on,
            backoff: &self.backoff,
            non_idempotent: self.non_idempotent,
        })
    }
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        tries(self.again()?, inside, when)
    }
    fn brief(&self) -> String {
        format!("{} attempts", self.attempts)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.attempts == 0 {
            wrong.push((
                "attempts",
                "must be at least 1: the first attempt counts".into(),
            ));
        }
        if self.attempts > MOST_ATTEMPTS {
            let why = format!("must be at most {MOST_ATTEMPTS}, not {}", self.attempts);
            wrong.push(("attempts", why));
        }
        wrong.extend(self.backoff.validate());
        if let Some(other) = &self.other {
            let found = other.backoff.validate().into_iter();
            wrong.extend(found.map(|(_, why)| ("other", why)));
        }
        let spread = self.push_back.spread;
        if !(0.0..=100.0).contains(&spread) {
            let why = format!("`spread` must be from 0 to 100, not {spread}");
            wrong.push(("push_back", why));
        }
        wrong
    }
}
