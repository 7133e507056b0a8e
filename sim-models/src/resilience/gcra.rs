//! Generic cell rate algorithm: lets calls through that keep a distance of `every`, and `burst` of them at once.
//!
//! It keeps one time only, that at which a call would arrive in theory: a call conforms if it comes no earlier than
//! `burst - 1` times `every` before that, exactly then included, and moves it on by `every` from there or from now,
//! whichever is later. That is a token bucket of `burst` tokens that gains one each `every` (`rate_limit`), in whole
//! nanoseconds and without any rounding. It starts full.
//!
//! A call that does not conform ends as `rate_limited`, unless it may `wait`: then it sleeps until the next call can
//! conform and asks again, as often as it has to, but refuses to sleep beyond `wait` after it came. It takes nothing
//! in advance, so that a call that is given up has used nothing up. Those who wait for the same time go on in the
//! order in which they fell asleep. A retry outside takes the place of its next attempt when an attempt has failed,
//! before its backoff, and fails at once where none conforms.
//!
//! Source: ITU-T I.371, "Traffic control and congestion control in B-ISDN" (virtual scheduling algorithm); the crate
//! governor 0.10 (`Gcra::test_and_update`; `check` is without a wait, `until_ready` is `wait: unbounded`); elsewhere
//! redis-cell, Go `throttled`.

use super::{By, Context, Do, Ended, Final, Policy, Reading, Scope};
use crate::outcome::{Ending, Outcome};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Lets calls through that keep a distance.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gcra {
    /// Distance of calls in the long run.
    pub every: SimDuration,
    /// Calls at once.
    #[serde(default = "one")]
    pub burst: u32,
    /// How long a call may wait until it conforms; it does not wait, unless this says so.
    #[serde(default)]
    pub wait: Patience,
    /// Who shares the time.
    #[serde(default)]
    pub scope: Scope,
    /// What there is a time each for; none: there is one for all.
    #[serde(default)]
    pub by: Option<By>,
    /// Whether those who are refused are told when the next call can conform.
    #[serde(default)]
    pub push_back: bool,
}

impl Default for Gcra {
    fn default() -> Self {
        Self {
            every: SimDuration::from_millis(10),
            burst: one(),
            wait: Patience::None,
            scope: Scope::Instance,
            by: None,
            push_back: false,
        }
    }
}

fn one() -> u32 {
    1
}

/// How long a call is ready to wait.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Patience {
    /// Not at all.
    #[default]
    None,
    /// So long: `for("1s")`.
    For(SimDuration),
    /// As long as it takes.
    Unbounded,
}

/// Since when a call waits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Since(SimTime);

impl Since {
    /// It need not: its place has been taken already.
    const TAKEN: Self = Self(SimTime::MAX);
}

impl Gcra {
    /// How far ahead of time a call may come.
    fn ahead(&self) -> u64 {
        (self.every.0).saturating_mul(u64::from(self.burst.saturating_sub(1)))
    }

    /// How long it is until a call conforms.
    fn span(&self, due: SimTime, now: SimTime) -> SimDuration {
        SimDuration(due.0.saturating_sub(self.ahead()).saturating_sub(now.0))
    }

    fn take(&self, due: &mut SimTime, now: SimTime) -> Result<(), SimDuration> {
        match self.span(*due, now) {
            SimDuration::ZERO => {
                *due = (*due).max(now) + self.every;
                Ok(())
            }
            span => Err(span),
        }
    }

    fn ask(&self, due: &mut SimTime, since: &mut Since, context: &mut Context) -> Do {
        let span = match self.take(due, context.now) {
            Ok(()) => return Do::Pass,
            Err(span) => span,
        };
        let slept = context.now.since(since.0);
        let sleeps = match self.wait {
            Patience::None => false,
            Patience::For(wait) => slept.0.saturating_add(span.0) <= wait.0,
            Patience::Unbounded => true,
        };
        if sleeps {
            return Do::Wait(span);
        }
        self.refuse(span, context)
    }

    fn refuse(&self, span: SimDuration, context: &mut Context) -> Do {
        context.counters[0] += 1;
        let last = if self.push_back {
            Final::after(span)
        } else {
            Final::No
        };
        Do::End(Ending::of(Outcome::RateLimited), last)
    }
}

impl Policy for Gcra {
    /// When a call would arrive in theory.
    type Memory = SimTime;
    type Call = Since;
    const SUMMARY: &'static str = "lets calls through that keep a distance";
    const EXAMPLE: &'static str = r#"gcra(every: "10ms", burst: 5)"#;
    const LIVE: &'static [&'static str] = &["every", "burst", "wait"];
    const AT_DOOR: bool = true;
    const COUNTERS: &'static [&'static str] = &["refused", "waited"];
    const RATIONS: bool = true;
    const REFUSES: bool = true;

    fn memory(&self) -> SimTime {
        SimTime::ZERO
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        self.by
    }
    fn on_enter(&self, due: &mut SimTime, since: &mut Since, context: &mut Context) -> Do {
        if std::mem::replace(since, Since(context.now)) == Since::TAKEN {
            return Do::Pass;
        }
        let answer = self.ask(due, since, context);
        if matches!(answer, Do::Wait(_)) {
            context.counters[1] += 1;
        }
        answer
    }
    fn on_timer(&self, due: &mut SimTime, since: &mut Since, context: &mut Context) -> Do {
        self.ask(due, since, context)
    }
    fn on_retry(
        &self,
        due: &mut SimTime,
        since: &mut Since,
        _: &Ended,
        context: &mut Context,
    ) -> Do {
        match self.take(due, context.now) {
            Ok(()) => {
                *since = Since::TAKEN;
                Do::Pass
            }
            Err(span) => self.refuse(span, context),
        }
    }
    fn on_denied(&self, due: &mut SimTime, since: &mut Since, _: &mut Context) {
        if std::mem::take(since) == Since::TAKEN {
            *due = SimTime(due.0.saturating_sub(self.every.0));
        }
    }
    fn reading(&self, due: &SimTime, now: SimTime) -> Reading {
        let mut due = *due;
        let mut free = 0_u32;
        if self.span(due, now) == SimDuration::ZERO {
            due = due.max(now);
            let ahead = now.0.saturating_add(self.ahead()).saturating_sub(due.0);
            free = u32::try_from(ahead / self.every.0.max(1)).map_or(self.burst, |n| n + 1);
        }
        Reading::number("conform", f64::from(free))
    }
    fn longest_wait(&self) -> Option<SimDuration> {
        match self.wait {
            Patience::For(wait) => Some(wait),
            Patience::None | Patience::Unbounded => None,
        }
    }
    fn why(&self, due: &SimTime, now: SimTime) -> String {
        match self.span(*due, now) {
            SimDuration::ZERO => String::new(),
            span => format!("the next call conforms in {span}"),
        }
    }
    fn carries(&self) -> Option<f64> {
        Some(1.0 / self.every.as_secs_f64())
    }
    fn idle_at(&self, rate: f64) -> Option<String> {
        (rate * self.every.as_secs_f64() <= 1.0).then(|| {
            format!(
                "at {rate}/s calls are further apart than the {} that they have to be",
                self.every
            )
        })
    }
    fn brief(&self) -> String {
        format!("one each {}", self.every)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if self.every == SimDuration::ZERO {
            wrong.push(("every", "must be longer than zero".into()));
        }
        if self.burst == 0 {
            wrong.push(("burst", "must be at least 1".into()));
        }
        if self.wait == Patience::For(SimDuration::ZERO) {
            wrong.push((
                "wait",
                "must be longer than zero; leave it out where nobody waits".into(),
            ));
        }
        wrong
    }
}
