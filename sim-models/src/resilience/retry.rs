//! Retry: tries all that is inside it again, after a backoff.
//!
//! `attempts` counts the first one, as in resilience4j, gRPC and AWS (not as in Polly, Envoy and
//! Istio, whose count leaves it out). Retry n (from 1) waits for the nominal span
//!
//! - `none`: 0; `constant`: base; `linear`: base × n; `exponential`: base × factor^(n-1);
//!
//! capped at `cap`, and then spread by the jitter (AWS Architecture Blog, "Exponential backoff and
//! jitter", M. Brooker 2015, for full, equal and decorrelated; gRPC A6 for proportional):
//!
//! - `none`: v; `full`: U(0, v); `equal`: v/2 + U(0, v/2);
//! - `decorrelated`: min(cap, U(base, 3 × the wait before)), the first wait before being base;
//! - `proportional(p)`: v × U(1-p, 1+p), so that it may exceed the cap by that much.
//!
//! A callee that turns a call away may say when to come again (`push_back` of the policies at its door). A retry that
//! respects it waits for exactly that long and begins its backoff anew; told not to come again, it does not, as in
//! gRPC A6 (`grpc-retry-pushback-ms`).

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
}

fn yes() -> bool {
    true
}

fn three() -> u32 {
    3
}

/// How long to wait before a retry.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Not at all.
    None,
    /// Always the same span: `constant("100ms")`.
    Constant(ConstantBackoff),
    /// A multiple of the base that grows by one each time: `linear("50ms")`.
    Linear(LinearBackoff),
    /// A span that is multiplied each time: `exponential(base: "50ms", factor: 2, cap: "2s")`.
    Exponential(ExponentialBackoff),
}

/// Always the same span.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantBackoff {
    /// The span.
    pub base: SimDuration,
    /// How it is spread.
    #[serde(default)]
    pub jitter: Jitter,
}

/// A span that grows by the base each time.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearBackoff {
    /// The first span.
    pub base: SimDuration,
    /// The longest nominal span.
    #[serde(default = "longest")]
    pub cap: SimDuration,
    /// How it is spread.
    #[serde(default)]
    pub jitter: Jitter,
}

/// A span that is multiplied each time.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExponentialBackoff {
    /// The first span.
    pub base: SimDuration,
    /// By what it is multiplied each time.
    #[serde(default = "two")]
    pub factor: f64,
    /// The longest nominal span.
    #[serde(default = "longest")]
    pub cap: SimDuration,
    /// How it is spread.
    #[serde(default)]
    pub jitter: Jitter,
}

fn two() -> f64 {
    2.0
}

fn longest() -> SimDuration {
    SimDuration::from_secs(20)
}

/// How a backoff is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Not at all: clients that failed together come back together.
    None,
    /// Uniform from zero.
    #[default]
    Full,
    /// Half fixed, half uniform.
    Equal,
    /// Uniform from the base to three times the wait before.
    Decorrelated,
    /// Uniform within this share above and below: `proportional(0.2)`.
    Proportional(f64),
}

impl Default for Backoff {
    /// 50 ms, doubling up to 20 s, full jitter.
    fn default() -> Self {
        Self::Exponential(ExponentialBackoff {
            base: SimDuration::from_millis(50),
            factor: two(),
            cap: longest(),
            jitter: Jitter::Full,
        })
    }
}

impl Backoff {
    /// How long to wait before retry `n` (from 1), having waited `before` the last time.
    #[must_use]
    pub fn wait(&self, n: u32, before: SimDuration, chance: &mut impl Source) -> SimDuration {
        let (base, cap, nominal, jitter) = match self {
            Self::None => return SimDuration::ZERO,
            Self::Constant(constant) => (
                constant.base,
                SimDuration::MAX,
                constant.base.as_nanos_f64(),
                constant.jitter,
            ),
            Self::Linear(linear) => (
                linear.base,
                linear.cap,
                linear.base.as_nanos_f64() * f64::from(n),
                linear.jitter,
            ),
            Self::Exponential(exponential) => {
                let mut nominal = exponential.base.as_nanos_f64();
                for _ in 1..n.min(1000) {
                    nominal *= exponential.factor;
                }
                (
                    exponential.base,
                    exponential.cap,
                    nominal,
                    exponential.jitter,
                )
            }
        };
        let nominal = nominal.min(cap.as_nanos_f64());
        let span = match jitter {
            Jitter::None => nominal,
            Jitter::Full => nominal * chance.uniform(),
            Jitter::Equal => nominal / 2.0 * (1.0 + chance.uniform()),
            Jitter::Decorrelated => {
                let low = base.as_nanos_f64();
                let high = 3.0 * before.max(base).as_nanos_f64();
                (low + (high - low) * chance.uniform()).min(cap.as_nanos_f64())
            }
            Jitter::Proportional(share) => nominal * (1.0 - share + 2.0 * share * chance.uniform()),
        };
        SimDuration::from_nanos_f64(span)
    }
}

impl Backoff {
    /// The mean of the wait before retry `n` (from 1); of a decorrelated one, which depends on the wait
    /// before, that of a wait whose predecessors were of mean length.
    #[must_use]
    pub fn mean_wait(&self, n: u32) -> SimDuration {
        let mut before = SimDuration::ZERO;
        let first = if self.is_decorrelated() { 1 } else { n };
        for n in first..=n.min(1000) {
            before = self.wait(n, before, &mut Half);
        }
        before
    }

    /// The shortest that the wait before retry `n` (from 1) can be.
    #[must_use]
    pub fn least_wait(&self, n: u32) -> SimDuration {
        self.wait(n, SimDuration::ZERO, &mut Lowest)
    }

    fn is_decorrelated(&self) -> bool {
        let jitter = match self {
            Self::None => return false,
            Self::Constant(constant) => constant.jitter,
            Self::Linear(linear) => linear.jitter,
            Self::Exponential(exponential) => exponential.jitter,
        };
        jitter == Jitter::Decorrelated
    }
}

/// Every draw is in the middle.
struct Half;

impl Source for Half {
    fn next_u64(&mut self) -> u64 {
        1 << 63
    }
}

/// Every draw is at the lower end.
struct Lowest;

impl Source for Lowest {
    fn next_u64(&mut self) -> u64 {
        0
    }
}

const _: () = assert!(
    MOST_ATTEMPTS < u16::MAX as u32,
    "a call counts them in 16 bits"
);

/// What a retry knows of one call; packed, for there is one in every call under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(2))]
pub struct Tried {
    before: SimDuration,
    attempts: u16,
    /// Which wait of the backoff the last one was, from 1.
    steps: u16,
}

impl Default for Tried {
    /// The first attempt.
    fn default() -> Self {
        Self {
            before: SimDuration::ZERO,
            attempts: 1,
            steps: 0,
        }
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
        if !self.on.contains(ended.ending) {
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
        call.before = match told.span().filter(|_| self.respect_push_back) {
            Some(span) => {
                call.steps = 0;
                span
            }
            None => {
                call.steps += 1;
                let steps = u32::from(call.steps);
                self.backoff.wait(steps, call.before, &mut chance)
            }
        };
        call.attempts += 1;
        Do::Again(call.before)
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
        if let Backoff::Exponential(ExponentialBackoff { factor, .. }) = self.backoff
            && !(factor.is_finite() && factor >= 1.0)
        {
            let why = format!("must be 1 or more, not {factor}");
            wrong.push(("backoff.factor", why));
        }
        wrong
    }
}
