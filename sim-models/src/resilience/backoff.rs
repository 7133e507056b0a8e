//! How long a retry waits: backoffs, and how they are spread.
//!
//! Retry n (from 1) waits for the nominal span
//!
//! - `none`: 0; `constant`: base; `linear`: base + step × (n-1), the step being the base unless given; `exponential`:
//!   base × factor^(n-1), at least `least`;
//!
//! capped at `cap`, and then spread by the jitter, v being the nominal span and U uniform:
//!
//! - `none`: v; `full`: U(least, v); `equal`: v/2 + U(0, v/2);
//! - `decorrelated`: min(cap, U(base, 3 × the wait before)), the first wait before being base;
//! - `proportional(p)`: v × U(1-p, 1+p), so that it may exceed the cap by that much;
//! - `above(p)`: v × U(1, 1+p); `added(s)`: v + U(0, s);
//! - `decorrelated_v2`: base / 1.4 × (f(n-1 + U(0, 1)) - f before), f(t) = factor^t × tanh(2 √t), of exponential ones.
//!
//! With `cap_after_jitter` the cap bounds what is drawn, and not the nominal span. With a `unit` only whole multiples of
//! it are waited: the span is cut to them at each step of its growth and after the draw; `proportional` then draws
//! both ends alike, and at least one unit.
//!
//! | who | how it is written |
//! |---|---|
//! | AWS Architecture Blog (M. Brooker, 2015), full, equal, decorrelated | `exponential(base, cap, jitter: full)`, .. |
//! | botocore 1.44, standard: rand(0, 1) × min(50 ms × 2^(n-1), 20 s) | `exponential(base: "50ms", cap: "20s")` |
//! | gRPC A6: U(0.8, 1.2) × min(initialBackoff × backoffMultiplier^(n-1), maxBackoff) | `exponential(.., jitter: proportional(0.2))` |
//! | Polly 8 `UseJitter`, constant and linear: ± 25 %, then `MaxDelay` | `constant(.., jitter: proportional(0.25))` |
//! | Polly 8 `UseJitter`, exponential: `DecorrelatedJitterV2`, then `MaxDelay` | `exponential(.., jitter: decorrelated_v2, cap_after_jitter: true)` |
//! | resilience4j `IntervalFunction`: 500, 750, 1125, 1687, 2530 ms; randomised ± 50 %, then the maximum | `exponential(base: "500ms", factor: 1.5, unit: "1ms", cap_after_jitter: true)` |
//! | Envoy `retry_back_off`: whole milliseconds below min(base × 2^(n-1), max) | `exponential(base: "25ms", cap: "250ms", unit: "1ms")` |
//! | Finagle `Backoff.{decorrelated,equal,exponential}Jittered` | `finagle(kind: decorrelated, start: "5ms", maximum: "200ms")` |
//! | tower `ExponentialBackoff` | `exponential(.., jitter: above(0.99), cap_after_jitter: true)` |
//! | tenacity `wait_exponential(multiplier, max, exp_base, min)` | `exponential(base: multiplier, factor: exp_base, cap: max, least: min, jitter: none)` |
//! | tenacity `wait_random_exponential`, `wait_exponential_jitter(jitter)` | the same with `full`; with `added(jitter), cap_after_jitter: true` |
//! | tenacity `wait_incrementing(start, increment, max)`, `wait_random(min, max)` | `linear(base: start, step: increment, cap: max)`; `constant(base: min, jitter: added(max - min))` |
//! | backon `ExponentialBuilder`, `with_jitter` | `exponential(base: "1s", cap: "60s", jitter: none)`, `above(1)` (it computes in 32-bit floats) |
//!
//! Sources: those named; Polly 8.7 `RetryHelper.cs`; resilience4j 2.4.0 `IntervalFunction.java`; Envoy
//! `backoff_strategy.cc`; Finagle `Backoff.scala`, whose decorrelated jitter never shrinks (it draws from the wait before,
//! not from the start) and whose exponential one doubles what it drew; tower 0.5 `retry/backoff.rs`; tenacity 9
//! `wait.py`; backon 1.6 `exponential.rs`.

use serde::{Deserialize, Serialize};
use sim_core::SimDuration;
use sim_core::random::Source;

/// How long to wait before a retry.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Not at all.
    None,
    /// Always the same span: `constant("100ms")`.
    Constant(ConstantBackoff),
    /// A span that grows by the same step each time: `linear("50ms")`.
    Linear(LinearBackoff),
    /// A span that is multiplied each time: `exponential(base: "50ms", factor: 2, cap: "2s")`.
    Exponential(ExponentialBackoff),
    /// One of Finagle's jittered backoffs: `finagle(kind: equal, start: "5ms", maximum: "200ms")`.
    Finagle(FinagleJittered),
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
    /// The longest span that is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<SimDuration>,
    /// Only whole multiples of this are waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<SimDuration>,
}

/// A span that grows by the same step each time.
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
    /// By what it grows each time; the base, unless this is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<SimDuration>,
    /// Whether the cap bounds what is drawn, and not the nominal span.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cap_after_jitter: bool,
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
    /// The shortest nominal span, and where `full` begins to draw.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub least: SimDuration,
    /// Whether the cap bounds what is drawn, and not the nominal span.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cap_after_jitter: bool,
    /// Only whole multiples of this are waited: the span is cut to them at each step and after the draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<SimDuration>,
}

/// One of Finagle's jittered backoffs: the first wait is the start, and the next one depends on the last.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinagleJittered {
    /// Which one.
    #[serde(default)]
    pub kind: FinagleJitter,
    /// The first span.
    #[serde(default = "five_ms")]
    pub start: SimDuration,
    /// The longest span.
    #[serde(default = "two_hundred_ms")]
    pub maximum: SimDuration,
}

impl Default for FinagleJittered {
    fn default() -> Self {
        Self {
            kind: FinagleJitter::default(),
            start: five_ms(),
            maximum: two_hundred_ms(),
        }
    }
}

/// Finagle's formulas, s being the start, m the maximum and w the wait before.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum FinagleJitter {
    /// U(w, min(m, 3 w)).
    #[default]
    Decorrelated,
    /// Retry n waits h + U(0, h) of h = s × 2^(n-2), at most m.
    Equal,
    /// Retry n waits U(0, w × 2^(n-1)); m as soon as that is out of reach, and from then on.
    Exponential,
}

fn two() -> f64 {
    2.0
}

fn longest() -> SimDuration {
    SimDuration::from_secs(20)
}

fn five_ms() -> SimDuration {
    SimDuration::from_millis(5)
}

fn two_hundred_ms() -> SimDuration {
    SimDuration::from_millis(200)
}

fn is_zero(span: &SimDuration) -> bool {
    *span == SimDuration::ZERO
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_false(value: &bool) -> bool {
    !value
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
    /// Uniform from the span to this share above it: `above(0.5)`.
    Above(f64),
    /// Uniform from the span to so much above it: `added("1s")`.
    Added(SimDuration),
    /// Polly's: smooth, with no two waits of one call alike; of an exponential backoff.
    DecorrelatedV2,
}

impl Default for Backoff {
    /// 50 ms, doubling up to 20 s, full jitter.
    fn default() -> Self {
        Self::Exponential(ExponentialBackoff {
            base: SimDuration::from_millis(50),
            factor: two(),
            cap: longest(),
            jitter: Jitter::Full,
            least: SimDuration::ZERO,
            cap_after_jitter: false,
            unit: None,
        })
    }
}

/// Polly's curve, whose growth its waits are.
fn curve(factor: f64, t: f64) -> f64 {
    libm::pow(factor, t) * libm::tanh(libm::sqrt(4.0 * t))
}

/// What brings the medians of Polly's waits near base × 1, 2, 4, ..
const SCALE: f64 = 1.4;

/// A span before it is spread, in nanoseconds, and what bounds it.
struct Nominal {
    base: f64,
    factor: f64,
    span: f64,
    cap: f64,
    least: f64,
    /// Zero: none.
    unit: f64,
    after: bool,
}

impl Nominal {
    /// Cut to whole units.
    fn whole(&self, span: f64) -> f64 {
        if self.unit > 0.0 {
            libm::trunc(span / self.unit) * self.unit
        } else {
            span
        }
    }
}

impl Backoff {
    /// How long to wait before retry `n` (from 1), having waited `before` the last time.
    #[must_use]
    pub fn wait(&self, n: u32, before: SimDuration, chance: &mut impl Source) -> SimDuration {
        let mut known = before;
        self.next(n, &mut known, chance)
    }

    /// How long to wait before retry `n` (from 1); `known` is what it depends on: the last wait, or of
    /// [`Jitter::DecorrelatedV2`] the sum of all so far. It is zero before the first one, and brought up to date.
    pub fn next(&self, n: u32, known: &mut SimDuration, chance: &mut impl Source) -> SimDuration {
        let (nominal, jitter) = match self {
            Self::None => return SimDuration::ZERO,
            Self::Finagle(finagle) => {
                *known = finagle.next(n, *known, chance);
                return *known;
            }
            Self::Constant(constant) => constant.nominal(),
            Self::Linear(linear) => linear.nominal(n),
            Self::Exponential(exponential) => exponential.nominal(n),
        };
        let capped = nominal.span.min(nominal.cap);
        let v = if nominal.after { nominal.span } else { capped }.max(nominal.least);
        let span = match jitter {
            Jitter::None => v,
            Jitter::Full => nominal.least + (v - nominal.least) * chance.uniform(),
            Jitter::Equal => v / 2.0 * (1.0 + chance.uniform()),
            Jitter::Decorrelated => {
                let high = 3.0 * known.as_nanos_f64().max(nominal.base);
                let drawn = nominal.base + (high - nominal.base) * chance.uniform();
                drawn.min(nominal.cap)
            }
            Jitter::Proportional(share) if nominal.unit > 0.0 => {
                let reach = share * v;
                let drawn = v - reach + (2.0 * reach + nominal.unit) * chance.uniform();
                drawn.max(nominal.unit)
            }
            Jitter::Proportional(share) => v * (1.0 - share + 2.0 * share * chance.uniform()),
            Jitter::Above(share) => v * (1.0 + share * chance.uniform()),
            Jitter::Added(most) => v + most.as_nanos_f64() * chance.uniform(),
            Jitter::DecorrelatedV2 => {
                let t = f64::from(n - 1) + chance.uniform();
                let all = curve(nominal.factor, t) / SCALE * nominal.base;
                let before = if n == 1 { 0.0 } else { known.as_nanos_f64() };
                let span = (all - before).max(0.0);
                *known = SimDuration::from_nanos_f64(all);
                let cap = if nominal.after { nominal.cap } else { f64::MAX };
                return SimDuration::from_nanos_f64(nominal.whole(span).min(cap));
            }
        };
        let cut = nominal.whole(span);
        let bounded = if nominal.after {
            cut.min(nominal.cap)
        } else {
            cut
        };
        *known = SimDuration::from_nanos_f64(bounded);
        *known
    }

    /// The mean of the wait before retry `n` (from 1); of one that depends on the wait before, that of a wait whose
    /// predecessors were of mean length.
    #[must_use]
    pub fn mean_wait(&self, n: u32) -> SimDuration {
        let (mut known, mut wait) = (SimDuration::ZERO, SimDuration::ZERO);
        let first = if self.is_stateful() { 1 } else { n };
        for n in first..=n.min(1000) {
            wait = self.next(n, &mut known, &mut Half);
        }
        wait
    }

    /// The shortest that the wait before retry `n` (from 1) can be.
    #[must_use]
    pub fn least_wait(&self, n: u32) -> SimDuration {
        match (self, self.jitter()) {
            (Self::Finagle(finagle), _) => match finagle.kind {
                FinagleJitter::Exponential if n > 1 => SimDuration::ZERO,
                _ => finagle.next(n, finagle.start, &mut Lowest),
            },
            (_, Jitter::DecorrelatedV2) => SimDuration::ZERO,
            _ => self.wait(n, SimDuration::ZERO, &mut Lowest),
        }
    }

    /// The wait before retry `n` (from 1) without its jitter; of one that depends on the wait before, the mean.
    #[must_use]
    pub fn nominal_wait(&self, n: u32) -> SimDuration {
        let nominal = match self {
            Self::None => return SimDuration::ZERO,
            Self::Finagle(_) => return self.mean_wait(n),
            Self::Constant(constant) => constant.nominal().0,
            Self::Linear(linear) => linear.nominal(n).0,
            Self::Exponential(exponential) => exponential.nominal(n).0,
        };
        SimDuration::from_nanos_f64(nominal.span.min(nominal.cap).max(nominal.least))
    }

    fn jitter(&self) -> Jitter {
        match self {
            Self::None | Self::Finagle(_) => Jitter::None,
            Self::Constant(constant) => constant.jitter,
            Self::Linear(linear) => linear.jitter,
            Self::Exponential(exponential) => exponential.jitter,
        }
    }

    fn is_stateful(&self) -> bool {
        let depends = matches!(self.jitter(), Jitter::Decorrelated | Jitter::DecorrelatedV2);
        depends || matches!(self, Self::Finagle(_))
    }

    /// What is wrong with it: (field, why).
    pub(super) fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let share = match self.jitter() {
            Jitter::Proportional(share) if !(0.0..=1.0).contains(&share) => Some((share, "1")),
            Jitter::Above(share) if !(0.0..=100.0).contains(&share) => Some((share, "100")),
            _ => None,
        };
        if let Some((share, most)) = share {
            wrong.push((
                "backoff.jitter",
                format!("must be from 0 to {most}, not {share}"),
            ));
        }
        let unit = match self {
            Self::Constant(ConstantBackoff { unit, .. }) => *unit,
            Self::Exponential(ExponentialBackoff { unit, .. }) => *unit,
            _ => None,
        };
        if unit == Some(SimDuration::ZERO) {
            wrong.push(("backoff.unit", "must be longer than zero".into()));
        }
        match self {
            Self::Exponential(exponential) => {
                let factor = exponential.factor;
                if !(factor.is_finite() && factor >= 1.0) {
                    wrong.push(("backoff.factor", format!("must be 1 or more, not {factor}")));
                }
                if exponential.least > exponential.cap {
                    wrong.push(("backoff.least", "must be at most `cap`".into()));
                }
            }
            Self::Constant(_) | Self::Linear(_) if self.jitter() == Jitter::DecorrelatedV2 => {
                let why = "`decorrelated_v2` is of an `exponential` backoff";
                wrong.push(("backoff.jitter", why.into()));
            }
            Self::Finagle(finagle) => {
                if finagle.start == SimDuration::ZERO {
                    wrong.push(("backoff.start", "must be longer than zero".into()));
                }
                if finagle.start > finagle.maximum {
                    wrong.push(("backoff.start", "must be at most `maximum`".into()));
                }
            }
            _ => {}
        }
        wrong
    }
}

fn unit_of(unit: Option<SimDuration>) -> f64 {
    unit.map_or(0.0, SimDuration::as_nanos_f64)
}

impl ConstantBackoff {
    fn nominal(&self) -> (Nominal, Jitter) {
        let base = self.base.as_nanos_f64();
        let nominal = Nominal {
            base,
            factor: 1.0,
            span: base,
            cap: self.cap.unwrap_or(SimDuration::MAX).as_nanos_f64(),
            least: 0.0,
            unit: unit_of(self.unit),
            after: true,
        };
        (nominal, self.jitter)
    }
}

impl LinearBackoff {
    fn nominal(&self, n: u32) -> (Nominal, Jitter) {
        let base = self.base.as_nanos_f64();
        let step = self.step.unwrap_or(self.base).as_nanos_f64();
        let nominal = Nominal {
            base,
            factor: 1.0,
            span: base + step * f64::from(n - 1),
            cap: self.cap.as_nanos_f64(),
            least: 0.0,
            unit: 0.0,
            after: self.cap_after_jitter,
        };
        (nominal, self.jitter)
    }
}

impl ExponentialBackoff {
    fn nominal(&self, n: u32) -> (Nominal, Jitter) {
        let base = self.base.as_nanos_f64();
        let mut nominal = Nominal {
            base,
            factor: self.factor,
            span: base,
            cap: self.cap.as_nanos_f64(),
            least: self.least.as_nanos_f64(),
            unit: unit_of(self.unit),
            after: self.cap_after_jitter,
        };
        nominal.span = nominal.whole(base);
        for _ in 1..n.min(1000) {
            nominal.span = nominal.whole(nominal.span * self.factor);
        }
        (nominal, self.jitter)
    }
}

impl FinagleJittered {
    fn next(&self, n: u32, before: SimDuration, chance: &mut impl Source) -> SimDuration {
        let (start, most) = (self.start, self.maximum);
        if n <= 1 || start == most {
            return start;
        }
        let before = before.as_nanos_f64();
        let maximum = most.as_nanos_f64();
        let doubled = |span: f64, times: u32| span * libm::exp2(f64::from(times.min(62)));
        let span = match self.kind {
            FinagleJitter::Decorrelated => {
                let high = (3.0 * before).min(maximum);
                before + (high - before) * chance.uniform()
            }
            FinagleJitter::Equal => {
                let half = doubled(start.as_nanos_f64(), n - 2);
                half * (1.0 + chance.uniform())
            }
            FinagleJitter::Exponential => {
                let high = doubled(before, n - 1);
                // As soon as the maximum is reached nothing is drawn any longer.
                if high >= maximum {
                    return most;
                }
                high * chance.uniform()
            }
        };
        SimDuration::from_nanos_f64(libm::trunc(span).min(maximum))
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
