//! Sliding limit: lets so many calls through in any stretch of time of one length.
//!
//! - `log` remembers when each of the last `limit` calls was let in: exact. A call is refused while `limit` of them
//!   are at most `window` ago, exactly that included.
//! - `weighted` counts two windows of the clock, the current one and the one before, and takes from the latter the
//!   share that a stretch of one `window` still reaches into, as if its calls had been spread evenly. The sum is cut to a
//!   whole number before it is compared.
//! - `segments` cuts the window into so many parts, from the start of the run, and gives back what the oldest took when it
//!   is a whole window ago, at exactly that time.
//!
//! What is refused ends as `rate_limited`, and counts for nothing. With `log` a call may `wait`: it takes the place that
//! gets free next, so that those who wait go on in the order in which they came; one that is given up meanwhile has used
//! its place up. A retry outside takes the place of its next attempt when an attempt has failed, before its backoff.
//!
//! Source: Python's `limits` 5.8, `MovingWindowRateLimiter` (`log`) and `SlidingWindowCounterRateLimiter` (`weighted`),
//! in whole nanoseconds where they reckon in floating point; Cloudflare, "How we built rate limiting capable of scaling
//! to millions of domains" (2017) for the weighted counter; .NET 8 `SlidingWindowRateLimiter` (`segments`:
//! `SegmentsPerWindow`), which Polly 8 puts into its pipelines.

use super::{By, Context, Do, Ended, Final, Policy, Reading, Scope};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Lets so many calls through in any stretch of time of one length.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlidingLimit {
    /// Calls in a window.
    pub limit: u32,
    /// How long the window is.
    pub window: SimDuration,
    /// How they are counted.
    #[serde(default)]
    pub count: Count,
    /// How long a call may wait for its place. Of a `log`.
    #[serde(default)]
    pub wait: SimDuration,
    /// Who shares the window.
    #[serde(default)]
    pub scope: Scope,
    /// What has a window of its own; none: all share one.
    #[serde(default)]
    pub by: Option<By>,
    /// Whether those who are refused are told when there will be a place for one of them.
    #[serde(default)]
    pub push_back: bool,
}

impl Default for SlidingLimit {
    fn default() -> Self {
        Self {
            limit: 100,
            window: SimDuration::from_secs(1),
            count: Count::Log,
            wait: SimDuration::ZERO,
            scope: Scope::Instance,
            by: None,
            push_back: false,
        }
    }
}

/// How calls of a window that slides are counted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Each by its time.
    #[default]
    Log,
    /// In two windows of the clock, the older of which counts by the share that is still reached.
    Weighted,
    /// In so many parts of a window: `segments(4)`.
    Segments(u32),
}

/// What is remembered of those who were let in.
#[derive(Clone, Debug, PartialEq)]
pub enum Past {
    /// When each was, or will be, let in.
    Log(VecDeque<SimTime>),
    /// How many in the window with this number, and in the one before.
    Weighted {
        /// Number of the window since the start.
        number: u64,
        /// Those of the window before.
        before: u32,
        /// Those of this one.
        current: u32,
    },
    /// How many in each of the last parts, the oldest first; the last is that which goes on.
    Segments {
        /// Number of the part that goes on since the start.
        number: u64,
        /// Those of each.
        counts: VecDeque<u32>,
    },
}

/// When the place is free that a call has taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place(SimTime);

impl Place {
    const NONE: Self = Self(SimTime::MAX);
}

impl Default for Place {
    fn default() -> Self {
        Self::NONE
    }
}

/// The most calls or parts that are remembered one by one.
const MOST: u32 = 1_000_000;

impl SlidingLimit {
    /// How long a part of the window is.
    fn part(&self, parts: u32) -> u64 {
        (self.window.0 / u64::from(parts.max(1))).max(1)
    }

    /// Brings what is remembered up to now.
    fn settle(&self, past: &mut Past, now: SimTime) {
        match past {
            // Of those that no window reaches any longer none is kept.
            Past::Log(times) => {
                while times
                    .front()
                    .is_some_and(|first| *first + self.window < now)
                {
                    times.pop_front();
                }
            }
            Past::Weighted {
                number,
                before,
                current,
            } => {
                let is = now.0 / self.window.0;
                if is != *number {
                    *before = if is == *number + 1 { *current } else { 0 };
                    *current = 0;
                    *number = is;
                }
            }
            Past::Segments { number, counts } => {
                let is = now.0 / self.part(counts.len() as u32);
                for _ in 0..(is - *number).min(counts.len() as u64) {
                    counts.pop_front();
                    counts.push_back(0);
                }
                *number = is;
            }
        }
    }

    /// How many count at a time.
    fn used(&self, past: &Past, now: SimTime) -> u64 {
        match past {
            Past::Log(times) => times.len() as u64,
            Past::Weighted {
                before, current, ..
            } => {
                let left = u128::from(self.window.0 - now.0 % self.window.0);
                let share = u128::from(*before) * left / u128::from(self.window.0);
                share as u64 + u64::from(*current)
            }
            Past::Segments { counts, .. } => counts.iter().copied().map(u64::from).sum(),
        }
    }

    /// How long it is until there is a place, if nobody comes before.
    fn span(&self, past: &Past, now: SimTime) -> SimDuration {
        let limit = u64::from(self.limit);
        let used = self.used(past, now);
        if used < limit {
            return SimDuration::ZERO;
        }
        match past {
            Past::Log(times) => {
                // A nanosecond later than its window: at exactly that time it still counts.
                let oldest = times[times.len() - self.limit as usize];
                (oldest + self.window + SimDuration(1)).since(now)
            }
            Past::Weighted {
                before, current, ..
            } => {
                let window = u128::from(self.window.0);
                let (before, current) = (u128::from(*before), u128::from(*current));
                let next = self.window.0 - now.0 % self.window.0;
                // The share of those before falls below the places that there are; or, in the next window, that of
                // these.
                let (count, places, from) = if current < u128::from(limit) {
                    (before, u128::from(limit) - current, 0)
                } else {
                    (current, u128::from(limit), u128::from(next))
                };
                // Left of the window, at most, so that count * left / window is less than places.
                let left = ((places * window - 1) / count.max(1)).min(window);
                let at = from + (window - left);
                let now = u128::from(now.0 % self.window.0);
                let span = if from == 0 { at - now } else { at };
                SimDuration(u64::try_from(span).unwrap_or(u64::MAX))
            }
            Past::Segments { counts, .. } => {
                let part = self.part(counts.len() as u32);
                let mut left = used;
                let mut parts = 0;
                for count in counts {
                    parts += 1;
                    left -= u64::from(*count);
                    if left < limit {
                        break;
                    }
                }
                SimDuration(part * parts - now.0 % part)
            }
        }
    }

    fn take(&self, past: &mut Past, place: &mut Place, context: &mut Context) -> Result<(), Do> {
        let now = context.now;
        self.settle(past, now);
        let span = self.span(past, now);
        if span > self.wait {
            context.counters[0] += 1;
            let last = if self.push_back {
                Final::after(span)
            } else {
                Final::No
            };
            return Err(Do::End(Ending::of(Outcome::RateLimited), last));
        }
        *place = Place(now + span);
        match past {
            Past::Log(times) => times.push_back(now + span),
            Past::Weighted { current, .. } => *current += 1,
            Past::Segments { counts, .. } => {
                if let Some(last) = counts.back_mut() {
                    *last += 1;
                }
            }
        }
        Ok(())
    }
}

impl Policy for SlidingLimit {
    type Memory = Past;
    type Call = Place;
    const SUMMARY: &'static str = "lets so many calls through in any stretch of time of one length";
    const EXAMPLE: &'static str = r#"sliding_limit(limit: 100, window: "1s")"#;
    const LIVE: &'static [&'static str] = &["limit", "wait"];
    const AT_DOOR: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused", "waited"];
    const RATIONS: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> Past {
        match self.count {
            Count::Log => Past::Log(VecDeque::new()),
            Count::Weighted => Past::Weighted {
                number: 0,
                before: 0,
                current: 0,
            },
            Count::Segments(parts) => Past::Segments {
                number: 0,
                counts: vec![0; parts.max(1) as usize].into(),
            },
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, past: &mut Past, place: &mut Place, context: &mut Context) -> Do {
        if *place == Place::NONE
            && let Err(answer) = self.take(past, place, context)
        {
            return answer;
        }
        let place = std::mem::take(place);
        if place.0 > context.now {
            context.counters[1] += 1;
            return Do::Wait(place.0.since(context.now));
        }
        Do::Pass
    }
    fn on_timer(&self, _: &mut Past, _: &mut Place, _: &mut Context) -> Do {
        Do::Pass
    }
    fn on_retry(&self, past: &mut Past, place: &mut Place, _: &Ended, context: &mut Context) -> Do {
        match self.take(past, place, context) {
            Ok(()) => Do::Pass,
            Err(answer) => answer,
        }
    }
    fn on_denied(&self, past: &mut Past, place: &mut Place, _: &mut Context) {
        let taken = std::mem::take(place);
        if taken == Place::NONE {
            return;
        }
        match past {
            Past::Log(times) => {
                if let Some(index) = times.iter().rposition(|time| *time == taken.0) {
                    times.remove(index);
                }
            }
            Past::Weighted { current, .. } => *current = current.saturating_sub(1),
            Past::Segments { counts, .. } => {
                if let Some(last) = counts.back_mut() {
                    *last = last.saturating_sub(1);
                }
            }
        }
    }
    fn reading(&self, past: &Past, now: SimTime) -> Reading {
        let mut past = past.clone();
        self.settle(&mut past, now);
        Reading::number("used", self.used(&past, now) as f64)
    }
    fn longest_wait(&self) -> Option<SimDuration> {
        (self.wait > SimDuration::ZERO).then_some(self.wait)
    }
    fn heap(&self) -> usize {
        match self.count {
            Count::Log => self.limit as usize * size_of::<SimTime>(),
            Count::Weighted => 0,
            Count::Segments(parts) => parts as usize * size_of::<u32>(),
        }
    }
    fn why(&self, past: &Past, now: SimTime) -> String {
        let mut past = past.clone();
        self.settle(&mut past, now);
        let span = self.span(&past, now);
        if span == SimDuration::ZERO {
            return String::new();
        }
        let used = self.used(&past, now);
        format!(
            "{used} of {} calls count: there is a place in {span}",
            self.limit
        )
    }
    fn carries(&self) -> Option<f64> {
        Some(f64::from(self.limit) / self.window.as_secs_f64())
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        // Of those that are exactly a window apart both count.
        let most = libm::floor(rate * self.window.as_secs_f64()) + 1.0;
        (most <= f64::from(self.limit)).then(|| {
            format!(
                "{} calls are let in in {}, and at {rate}/s {most} come at most",
                self.limit, self.window
            )
        })
    }
    fn brief(&self) -> String {
        format!("{} in {}", self.limit, self.window)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.limit == 0 {
            wrong.push(("limit", "must be at least 1".into()));
        }
        if self.count == Count::Log && self.limit > MOST {
            let why =
                format!("must be at most {MOST} where each call is remembered: count `weighted`");
            wrong.push(("limit", why));
        }
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".into()));
        }
        if self.count != Count::Log && self.wait > SimDuration::ZERO {
            wrong.push((
                "wait",
                "nobody waits but where each call is remembered: count a `log`".into(),
            ));
        }
        if let Count::Segments(parts) = self.count
            && !(1..=MOST).contains(&parts)
        {
            let why = format!("cuts the window into 1 to {MOST} segments, not {parts}");
            wrong.push(("count", why));
        }
        wrong
    }
}
