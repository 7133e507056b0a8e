//! Rate limit: a token bucket that lets so many calls a second through, and may have the others wait.
//!
//! The bucket holds `burst` tokens at most, starts full, and gains `rate` a second. A call takes one. Where there is
//! less than a whole one, the call waits for its own if that takes no longer than `wait`: it takes it in advance, so
//! that those who wait go on in the order in which they came, evenly spaced. Otherwise it ends as `rate_limited`. A
//! call that is given up while it waits has used its token up. A retry outside it takes the token of its next
//! attempt when an attempt has failed, before its backoff, and fails at once where there will be none in time.
//!
//! With `every` tokens come all at once, as many as `rate` makes of it, at each whole multiple of it since the start of
//! the run; those that do not fit into the bucket are lost. `queue` bounds how many wait at a time.
//!
//! As a *leaky bucket* it is the same, seen from the other side. One that is a meter (what has come fills it, and it
//! leaks at `rate`) holds `burst`; one that is a queue (calls drip out of it one by one) has a `burst` of 1 and the
//! `wait` that a full queue takes.
//!
//! Source: the token bucket of J. Turner, "New directions in communications" (1986), which is a leaky bucket as a meter;
//! Guava `RateLimiter` (waits and takes in advance), Go `x/time/rate`, Python's aiolimiter 1.3 (`AsyncLimiter(max_rate,
//! time_period)`: `rate` is their quotient, `burst` max_rate); Envoy's local rate limit `token_bucket` (steadily since
//! 1.31, `every` fill_interval before), .NET 8 `TokenBucketRateLimiter` (`every` ReplenishmentPeriod, `queue`); nginx
//! `limit_req` (`burst`; without `nodelay` its calls wait). Limits by windows of time are `window_limit` and
//! `sliding_limit`, in whole nanoseconds `gcra`.

use super::{By, Context, Do, Ended, Final, Policy, Reading, Scope};
use crate::outcome::{Ending, Outcome};
use crate::quantity::units::Rate;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Lets so many calls a second through.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Calls per second in the long run.
    pub rate: Rate,
    /// Calls at once: the most tokens that the bucket holds.
    #[serde(default = "one")]
    pub burst: f64,
    /// How often tokens come, as many as there are by then: at each whole multiple of it since the start. They come
    /// steadily, unless this says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<SimDuration>,
    /// How long a call may wait for its token.
    #[serde(default)]
    pub wait: SimDuration,
    /// Calls that may wait at a time; as many as `wait` leaves, unless this says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// Who shares the bucket.
    #[serde(default)]
    pub scope: Scope,
    /// What there is a bucket each for; none: there is one for all.
    #[serde(default)]
    pub by: Option<By>,
    /// Whether those who are refused are told when there will be a token for one of them.
    #[serde(default)]
    pub push_back: bool,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            rate: Rate(100.0),
            burst: one(),
            every: None,
            wait: SimDuration::ZERO,
            queue: None,
            scope: Scope::Instance,
            by: None,
            push_back: false,
        }
    }
}

fn one() -> f64 {
    1.0
}

/// Tokens, and when they were counted. Less than none: they are taken in advance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    tokens: f64,
    at: SimTime,
}

/// When the token is due that a call has taken. (An option would be twice as large, and every policy of every call in
/// flight is given the space of the largest.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due(SimTime);

impl Due {
    /// It has taken none.
    const NOTHING: Self = Self(SimTime::MAX);
}

impl Default for Due {
    fn default() -> Self {
        Self::NOTHING
    }
}

/// Slack for sums of shares of tokens, which must buy a whole one.
const ROUNDING: f64 = 1e-9;

impl RateLimit {
    /// Takes a token, which is due at a time; or what is answered where it would take too long.
    fn take(&self, bucket: &mut Bucket, due: &mut Due, context: &mut Context) -> Result<(), Do> {
        bucket.tokens = self.tokens(bucket, context.now);
        bucket.at = context.now;
        let lacking = if bucket.tokens >= 1.0 - ROUNDING {
            0.0
        } else {
            1.0 - bucket.tokens
        };
        let wait = self.span(lacking, context.now);
        if wait > self.wait || (lacking > 0.0 && !self.has_room(bucket)) {
            context.counters[0] += 1;
            let last = if self.push_back {
                Final::after(wait)
            } else {
                Final::No
            };
            return Err(Do::End(Ending::of(Outcome::RateLimited), last));
        }
        bucket.tokens -= 1.0;
        *due = Due(context.now + wait);
        Ok(())
    }

    /// Whether one more may wait.
    fn has_room(&self, bucket: &Bucket) -> bool {
        let waiting = (-bucket.tokens - ROUNDING).max(0.0);
        self.queue
            .is_none_or(|queue| libm::ceil(waiting) < f64::from(queue))
    }

    /// How long it takes until so many tokens have come.
    fn span(&self, lacking: f64, now: SimTime) -> SimDuration {
        match self.every {
            None => SimDuration::from_nanos_f64(lacking / self.rate.0 * 1e9),
            Some(_) if lacking <= 0.0 => SimDuration::ZERO,
            Some(every) => {
                let fills = libm::ceil(lacking / self.fill(every) - ROUNDING);
                let first = every.0 - now.0 % every.0;
                SimDuration(first)
                    + SimDuration::from_nanos_f64((fills - 1.0) * every.as_nanos_f64())
            }
        }
    }

    /// The tokens that come at a time.
    fn fill(&self, every: SimDuration) -> f64 {
        let tokens = self.rate.0 * every.as_secs_f64();
        let whole = libm::round(tokens);
        // What is meant is a whole number, whatever unit its rate is written in.
        if (tokens - whole).abs() < 1e-9 * whole {
            whole
        } else {
            tokens
        }
    }

    /// The tokens that are there by now.
    fn tokens(&self, bucket: &Bucket, now: SimTime) -> f64 {
        let gained = match self.every {
            None => now.since(bucket.at).as_secs_f64() * self.rate.0,
            Some(every) => {
                let fills = now.0 / every.0 - bucket.at.0 / every.0;
                fills as f64 * self.fill(every)
            }
        };
        (bucket.tokens + gained).min(self.burst)
    }
}

impl Policy for RateLimit {
    type Memory = Bucket;
    type Call = Due;
    const SUMMARY: &'static str = "lets so many calls a second through";
    const EXAMPLE: &'static str = r#"rate_limit("100/s")"#;
    const LIVE: &'static [&'static str] = &["rate", "burst", "wait"];
    const AT_DOOR: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused", "waited"];
    const RATIONS: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Bucket {
        Bucket {
            tokens: self.burst,
            at: SimTime::ZERO,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, bucket: &mut Bucket, due: &mut Due, context: &mut Context) -> Do {
        if *due == Due::NOTHING
            && let Err(answer) = self.take(bucket, due, context)
        {
            return answer;
        }
        let due = std::mem::take(due);
        if due != Due::NOTHING && due.0 > context.now {
            context.counters[1] += 1;
            return Do::Wait(due.0.since(context.now));
        }
        Do::Pass
    }
    fn on_retry(&self, bucket: &mut Bucket, due: &mut Due, _: &Ended, context: &mut Context) -> Do {
        match self.take(bucket, due, context) {
            Ok(()) => Do::Pass,
            Err(answer) => answer,
        }
    }
    fn on_denied(&self, bucket: &mut Bucket, due: &mut Due, _: &mut Context) {
        if std::mem::take(due) != Due::NOTHING {
            bucket.tokens += 1.0;
        }
    }
    fn on_timer(&self, _: &mut Bucket, _: &mut Due, _: &mut Context) -> Do {
        Do::Pass
    }
    /// Who waits for a token that is due at the former rate waits on, as with the `setRate` of Guava's limiter.
    fn on_set(&self, bucket: &mut Bucket, before: &Self, now: SimTime) -> u32 {
        bucket.tokens = before.tokens(bucket, now);
        bucket.at = now;
        0
    }
    fn reading(&self, bucket: &Bucket, now: SimTime) -> Reading {
        Reading::number("tokens", self.tokens(bucket, now))
    }
    fn longest_wait(&self) -> Option<SimDuration> {
        (self.wait > SimDuration::ZERO).then_some(self.wait)
    }
    fn why(&self, bucket: &Bucket, now: SimTime) -> String {
        let tokens = self.tokens(bucket, now);
        if tokens >= 1.0 - ROUNDING {
            return String::new();
        }
        let span = self.span(1.0 - tokens, now);
        format!("{tokens:.3} tokens: a whole one is there in {span}")
    }
    fn carries(&self) -> Option<f64> {
        Some(self.rate.0.min(self.every.map_or(f64::INFINITY, |every| {
            // What does not fit into the bucket is lost.
            self.burst / every.as_secs_f64()
        })))
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        let between = self.every.map_or(0.0, |every| rate * every.as_secs_f64());
        (rate <= self.rate.0 && between + 1.0 <= self.burst.max(1.0)).then(|| {
            format!(
                "{rate}/s never empty the bucket: {} tokens come a second",
                self.rate.0
            )
        })
    }
    fn brief(&self) -> String {
        self.rate.to_string()
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if !(self.rate.0.is_finite() && self.rate.0 > 0.0) {
            wrong.push(("rate", "must be more than zero".into()));
        }
        if self.every == Some(SimDuration::ZERO) {
            let why = "must be longer than zero; without it they come steadily";
            wrong.push(("every", why.into()));
        }
        if !(self.burst.is_finite() && self.burst >= 1.0) {
            let why = format!("must be at least 1, not {}", self.burst);
            wrong.push(("burst", why));
        }
        wrong
    }
}
