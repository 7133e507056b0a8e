//! Window limit: lets so many calls through in each window of time, one window after the other.
//!
//! A window takes `limit` calls; what it does not use up is lost. Windows follow each other from the start of the run
//! (`starts: fixed`; the start of a run is that of a minute, an hour and a day as well), or one begins with the first
//! call after the last is over (`starts: first_call`). A call at the very end of a window is in the next. Twice the
//! limit may pass in a short time: at the end of one window and at the start of the next.
//!
//! A call that finds none left ends as `rate_limited`, unless it may wait: for `wait` at most, exactly that long
//! included, and as one of `queue` at most. It reserves a place in the next window that has one, so that permits go
//! below zero; those who wait go on together when their window begins. A call that is given up meanwhile has used its
//! place up. With `in_vain` a call that cannot be let in in time waits for all of `wait` before it is refused. A retry
//! outside takes the place of its next attempt when an attempt has failed, before its backoff.
//!
//! With `sync` the counter is shared, and lags: each instance knows what all instances have let in until the last
//! whole multiple of `sync`, and what it has itself let in since. All of them together let more than `limit` through,
//! by what the others let in during one `sync`.
//!
//! Source: resilience4j 2.4 `AtomicRateLimiter` (`fixed`; cycles count from its creation, and its permits go below
//! zero: `calculateNextState`; `reservePermission` refuses at once, `acquirePermission` blocks its thread for
//! `timeoutDuration` before, which is `in_vain`); tower 0.5 `RateLimit` and the fixed window of Python's `limits` 5.8
//! and of Redis' `INCR` with `EXPIRE` (`first_call`); Envoy's global rate limit service (`fixed`, aligned to the clock);
//! .NET `FixedWindowRateLimiter` (`queue`; it hands a place on that is given up, and tells a whole window to come
//! again). Counters that lag: Envoy's quota service (RLQS) and Gubernator's `GLOBAL` behaviour, which report usage
//! every so often.

use super::{By, Context, Do, Ended, Final, Policy, Reading, Scope};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Lets so many calls through in each window of time.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowLimit {
    /// Calls that a window takes.
    pub limit: u32,
    /// How long a window is.
    pub window: SimDuration,
    /// When windows begin.
    #[serde(default)]
    pub starts: Starts,
    /// How long a call may wait for its window; if a `queue` is given, as long as it takes unless this says otherwise,
    /// else not at all.
    #[serde(default)]
    pub wait: Option<SimDuration>,
    /// Calls that may wait at a time; if a `wait` is given, as many as come unless this says otherwise, else none.
    #[serde(default)]
    pub queue: Option<u32>,
    /// Whether a call that cannot be let in within `wait` waits for that long before it is refused.
    #[serde(default)]
    pub in_vain: bool,
    /// How often each instance learns what the others have let in; at once, unless this says otherwise. Of a limit that
    /// is shared.
    #[serde(default)]
    pub sync: Option<SimDuration>,
    /// Who shares the windows.
    #[serde(default)]
    pub scope: Scope,
    /// What has windows each of its own; none: all share them.
    #[serde(default)]
    pub by: Option<By>,
    /// Whether those who are refused are told when there will be a place for one of them.
    #[serde(default)]
    pub push_back: bool,
}

impl Default for WindowLimit {
    fn default() -> Self {
        Self {
            limit: 100,
            window: SimDuration::from_secs(1),
            starts: Starts::Fixed,
            wait: None,
            queue: None,
            in_vain: false,
            sync: None,
            scope: Scope::Instance,
            by: None,
            push_back: false,
        }
    }
}

/// When windows begin.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// One after the other, from the start of the run.
    #[default]
    Fixed,
    /// With the first call after the last one is over.
    FirstCall,
}

/// The window that goes on, and what is left of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    until: SimTime,
    /// Less than none: places in later windows are reserved.
    left: i64,
    /// What instances have let in that others do not know of yet, by the number of the instance; empty unless the
    /// counter lags.
    own: Vec<u32>,
    /// When they knew last.
    synced: SimTime,
}

/// When the window begins that a call has a place in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place(SimTime);

impl Place {
    /// It has none.
    const NONE: Self = Self(SimTime::MAX);
    /// It waits, and there will be none in time.
    const IN_VAIN: Self = Self(SimTime(u64::MAX - 1));

    fn is_there(self) -> bool {
        self.0 < Self::IN_VAIN.0
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::NONE
    }
}

impl WindowLimit {
    /// Brings the window up to now.
    fn settle(&self, cycle: &mut Cycle, now: SimTime) {
        if self.sync.is_some_and(|sync| cycle.synced + sync <= now) {
            self.exchange(cycle, now);
        }
        if now < cycle.until {
            return;
        }
        let limit = i64::from(self.limit);
        let over = now.since(cycle.until).0;
        match self.starts {
            Starts::Fixed => {
                let windows = over / self.window.0 + 1;
                let gained = i64::try_from(windows).map_or(i64::MAX, |n| n.saturating_mul(limit));
                cycle.left = match self.sync {
                    // What was let in beyond the limit is forgotten with the window.
                    Some(_) => limit,
                    None => cycle.left.saturating_add(gained).min(limit),
                };
                cycle.until += SimDuration(windows * self.window.0);
                cycle.own.clear();
            }
            Starts::FirstCall => {
                // Those who had a place were the first of their windows.
                while cycle.left < 0 && cycle.until <= now {
                    cycle.left += limit;
                    cycle.until += self.window;
                }
                if cycle.until <= now {
                    cycle.left = limit;
                    cycle.until = now + self.window;
                }
            }
        }
    }

    /// All learn what each has let in.
    fn exchange(&self, cycle: &mut Cycle, now: SimTime) {
        let sync = self.sync.map_or(1, |sync| sync.0);
        cycle.synced = SimTime(now.0 - now.0 % sync);
        let told: u32 = cycle.own.iter().sum();
        cycle.left -= i64::from(told);
        cycle.own.fill(0);
    }

    /// How long a call that comes now waits for its place.
    fn span(&self, cycle: &Cycle, left: i64, now: SimTime) -> SimDuration {
        if left > 0 {
            return SimDuration::ZERO;
        }
        let windows = left.unsigned_abs() / u64::from(self.limit);
        let more = windows.saturating_mul(self.window.0);
        SimDuration(cycle.until.since(now).0.saturating_add(more))
    }

    /// What is left for those whom it is known to.
    fn left(&self, cycle: &Cycle, caller: u32) -> i64 {
        let own = cycle.own.get(caller as usize).copied().unwrap_or(0);
        let left = cycle.left - i64::from(own);
        // What was let in beyond the limit takes nothing from later windows.
        if self.sync.is_some() {
            left.max(0)
        } else {
            left
        }
    }

    fn take(&self, cycle: &mut Cycle, place: &mut Place, context: &mut Context) -> Result<(), Do> {
        let now = context.now;
        self.settle(cycle, now);
        let left = self.left(cycle, context.caller);
        let span = self.span(cycle, left, now);
        let waiting = left.min(0).unsigned_abs();
        let in_time = self.wait.is_none_or(|wait| span <= wait);
        let room = self.queue.is_none_or(|queue| waiting < u64::from(queue));
        let may_wait = self.wait.is_some() || self.queue.is_some();
        if span > SimDuration::ZERO && !(may_wait && in_time && room) {
            return Err(match self.wait {
                Some(wait) if self.in_vain => {
                    *place = Place::IN_VAIN;
                    Do::Park(Some(wait))
                }
                _ => self.refuse(context, span),
            });
        }
        if self.sync.is_some() {
            let caller = context.caller as usize;
            if cycle.own.len() <= caller {
                cycle.own.resize(caller + 1, 0);
            }
            cycle.own[caller] += 1;
        } else {
            cycle.left -= 1;
        }
        *place = Place(now + span);
        Ok(())
    }

    fn refuse_now(&self, cycle: &mut Cycle, context: &mut Context) -> Do {
        self.settle(cycle, context.now);
        let left = self.left(cycle, context.caller);
        self.refuse(context, self.span(cycle, left, context.now))
    }

    fn refuse(&self, context: &mut Context, span: SimDuration) -> Do {
        context.counters[0] += 1;
        let last = if self.push_back {
            Final::after(span)
        } else {
            Final::No
        };
        Do::End(Ending::of(Outcome::RateLimited), last)
    }
}

impl Policy for WindowLimit {
    type Memory = Cycle;
    type Call = Place;
    const SUMMARY: &'static str = "lets so many calls through in each window of time";
    const EXAMPLE: &'static str = r#"window_limit(limit: 100, window: "1s")"#;
    const LIVE: &'static [&'static str] = &["limit", "wait", "queue"];
    const AT_DOOR: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused", "waited"];
    const RATIONS: bool = true;
    const REFUSES: bool = true;
    const ASKS_WHO: bool = true;

    fn memory(&self) -> Cycle {
        Cycle {
            until: match self.starts {
                Starts::Fixed => SimTime::ZERO + self.window,
                Starts::FirstCall => SimTime::ZERO,
            },
            left: i64::from(self.limit),
            own: Vec::new(),
            synced: SimTime::ZERO,
        }
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn parks(&self) -> bool {
        self.in_vain
    }
    fn on_enter(&self, cycle: &mut Cycle, place: &mut Place, context: &mut Context) -> Do {
        if !place.is_there()
            && let Err(answer) = self.take(cycle, place, context)
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
    fn on_retry(
        &self,
        cycle: &mut Cycle,
        place: &mut Place,
        _: &Ended,
        context: &mut Context,
    ) -> Do {
        match self.take(cycle, place, context) {
            Ok(()) => Do::Pass,
            // No retry waits in vain for its place: it would not come.
            Err(Do::Park(_)) => {
                *place = Place::NONE;
                self.refuse_now(cycle, context)
            }
            Err(answer) => answer,
        }
    }
    fn on_denied(&self, cycle: &mut Cycle, place: &mut Place, context: &mut Context) {
        if std::mem::take(place).is_there() {
            match cycle.own.get_mut(context.caller as usize) {
                Some(own) => *own = own.saturating_sub(1),
                None => cycle.left += 1,
            }
        }
    }
    fn on_timer(&self, cycle: &mut Cycle, place: &mut Place, context: &mut Context) -> Do {
        if std::mem::take(place) == Place::IN_VAIN {
            return self.refuse_now(cycle, context);
        }
        Do::Pass
    }
    fn reading(&self, cycle: &Cycle, now: SimTime) -> Reading {
        let mut cycle = cycle.clone();
        self.settle(&mut cycle, now);
        let unknown: u32 = cycle.own.iter().sum();
        Reading::number("permits", (cycle.left - i64::from(unknown)) as f64)
    }
    fn longest_wait(&self) -> Option<SimDuration> {
        match (self.wait, self.queue) {
            (Some(wait), _) => Some(wait),
            (None, Some(queue)) => {
                let windows = u64::from(queue).div_ceil(u64::from(self.limit.max(1)));
                Some(SimDuration(self.window.0.saturating_mul(windows)))
            }
            (None, None) => None,
        }
        .filter(|wait| *wait > SimDuration::ZERO)
    }
    fn heap(&self) -> usize {
        // What one instance takes; there are as many as there are callers.
        self.sync.map_or(0, |_| 64 * size_of::<u32>())
    }
    fn why(&self, cycle: &Cycle, now: SimTime) -> String {
        let mut cycle = cycle.clone();
        self.settle(&mut cycle, now);
        if cycle.left > 0 {
            return String::new();
        }
        format!(
            "all {} calls of this window have come, and {} places in later ones are taken; it ends in {}",
            self.limit,
            cycle.left.unsigned_abs(),
            cycle.until.since(now)
        )
    }
    fn carries(&self) -> Option<f64> {
        Some(f64::from(self.limit) / self.window.as_secs_f64())
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        let most = libm::ceil(rate * self.window.as_secs_f64());
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
        if self.window == SimDuration::ZERO {
            wrong.push(("window", "must be longer than zero".into()));
        }
        if self.in_vain && self.wait.is_none_or(|wait| wait == SimDuration::ZERO) {
            wrong.push(("in_vain", "needs a `wait` to wait for".into()));
        }
        if let Some(sync) = self.sync {
            if sync == SimDuration::ZERO {
                wrong.push((
                    "sync",
                    "must be longer than zero; without it all know at once".into(),
                ));
            }
            if self.scope != Scope::Shared {
                wrong.push((
                    "sync",
                    "is of a limit that instances share: add `scope: shared`".into(),
                ));
            }
            if self.wait.is_some() || self.queue.is_some() {
                wrong.push((
                    "sync",
                    "nobody waits at a counter that lags: leave `wait` and `queue` out".into(),
                ));
            }
            if self.starts == Starts::FirstCall {
                wrong.push((
                    "sync",
                    "instances agree on windows of the clock only: leave `starts` out".into(),
                ));
            }
        }
        wrong
    }
}
