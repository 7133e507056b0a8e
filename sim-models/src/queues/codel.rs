//! Controlled delay (CoDel): first in, first out, and in an overload that lasts those whose wait is too long are dropped.
//!
//! A burst fills a queue that empties again: good. A queue in which everybody has waited for longer than `target` all
//! through an `interval` does not empty by itself: then one is dropped, and as long as it stays so further ones, each
//! `interval / sqrt(n)` after the one before (RFC 8289). Where it has got better the rate is remembered for a while.
//!
//! That law was made for senders who slow down when they lose a packet. Requests of open loads do not, so that it takes
//! long to catch up with a large overload. `drop: all_late` is Facebook's variant: while the least wait of the
//! `interval` before was above `target`, everybody who has waited for more than twice the `target` is dropped.
//!
//! Waits count from when a request reached the instance. Nobody is dropped when the queue is empty behind it.
//!
//! Source: K. Nichols and V. Jacobson, "Controlling queue delay", ACM Queue 10 (2012); RFC 8289 (2018), section 5;
//! folly `Codel.cpp` and B. Maurer, "Fail at scale", ACM Queue 13 (2015).

use super::{Line, Lines, Order, Waiting};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// First in, first out; those whose wait is too long in an overload that lasts are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codel {
    /// The wait that is all right to have all the time.
    #[serde(default = "five_millis")]
    pub target: SimDuration,
    /// How long it may be longer before anybody is dropped: of the order of a caller's timeout.
    #[serde(default = "hundred_millis")]
    pub interval: SimDuration,
    /// Who is dropped then.
    #[serde(default)]
    pub drop: Law,
}

fn five_millis() -> SimDuration {
    SimDuration::from_millis(5)
}

fn hundred_millis() -> SimDuration {
    SimDuration::from_millis(100)
}

/// Who is dropped while waits are too long.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// One now and then, ever more often.
    #[default]
    EverMore,
    /// Everybody who has waited for more than twice the target.
    AllLate,
}

/// Those who wait, and how long others did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    line: Line,
    /// Whether some are being dropped: of RFC 8289, or of the variant.
    dropping: bool,
    /// When waits will have been above the target for an interval; zero if they are not above it.
    above_until: SimTime,
    /// When the next one is dropped.
    next: SimTime,
    /// How many have been dropped since it got worse, and how many when that began.
    count: u32,
    last_count: u32,
    /// Of the variant: when the interval ends, and the least wait in it; none if nobody was taken in it yet.
    ends: SimTime,
    least: Option<SimDuration>,
}

impl Codel {
    fn later(&self, time: SimTime, count: u32) -> SimTime {
        let span = self.interval.as_nanos_f64() / libm::sqrt(f64::from(count));
        time + SimDuration::from_nanos_f64(span)
    }

    /// Takes the first out: who it is, and whether it may be dropped.
    fn first(
        &self,
        delays: &mut Delays,
        requests: &mut impl Waiting,
        now: SimTime,
    ) -> Option<(u32, bool)> {
        let Some(who) = delays.line.pop_front(requests) else {
            delays.above_until = SimTime::ZERO;
            return None;
        };
        let waited = now.since(requests.since(who));
        if waited < self.target || delays.line.waiting() == 0 {
            delays.above_until = SimTime::ZERO;
        } else if delays.above_until == SimTime::ZERO {
            delays.above_until = now + self.interval;
        } else {
            return Some((who, now >= delays.above_until));
        }
        Some((who, false))
    }

    /// RFC 8289, 5.5.
    fn ever_more(
        &self,
        delays: &mut Delays,
        requests: &mut impl Waiting,
        now: SimTime,
        dropped: &mut Vec<u32>,
    ) -> Option<u32> {
        let Some((mut who, may)) = self.first(delays, requests, now) else {
            delays.dropping = false;
            return None;
        };
        if delays.dropping {
            delays.dropping = may;
            while delays.dropping && now >= delays.next {
                dropped.push(who);
                delays.count += 1;
                let Some((next, may)) = self.first(delays, requests, now) else {
                    delays.dropping = false;
                    return None;
                };
                who = next;
                delays.dropping = may;
                if may {
                    delays.next = self.later(delays.next, delays.count);
                }
            }
        } else if may {
            dropped.push(who);
            let next = self.first(delays, requests, now);
            delays.dropping = true;
            // Where it was dropping not long ago, the rate that kept the wait down then is the one to begin with.
            let delta = delays.count - delays.last_count;
            let lately = now.since(delays.next).0 < 16 * self.interval.0;
            delays.count = if delta > 1 && lately { delta } else { 1 };
            delays.next = self.later(now, delays.count);
            delays.last_count = delays.count;
            return next.map(|(who, _)| who);
        }
        Some(who)
    }

    /// folly's `Codel::overloaded`.
    fn is_late(&self, delays: &mut Delays, waited: SimDuration, now: SimTime) -> bool {
        if now > delays.ends
            && let Some(least) = delays.least.take()
        {
            delays.ends = now + self.interval;
            delays.dropping = least > self.target;
        }
        let Some(least) = delays.least else {
            // More than one must come in an interval before any is dropped.
            delays.least = Some(waited);
            return false;
        };
        delays.least = Some(least.min(waited));
        delays.dropping && waited.0 > 2 * self.target.0
    }
}

impl Lines for Delays {
    fn waiting(&self) -> u32 {
        self.line.waiting()
    }
    fn of(&mut self, _: &impl Waiting, _: u32) -> &mut Line {
        &mut self.line
    }
}

impl Order for Codel {
    type Memory = Delays;
    const MINDS_EMPTY: bool = true;
    const SUMMARY: &'static str = "first in, first out; drops where waits stay too long";
    const EXAMPLE: &'static str = r#"codel(target: "5ms", interval: "100ms")"#;

    fn next(
        &self,
        delays: &mut Delays,
        requests: &mut impl Waiting,
        now: SimTime,
        dropped: &mut Vec<u32>,
    ) -> Option<u32> {
        if self.drop == Law::EverMore {
            return self.ever_more(delays, requests, now, dropped);
        }
        while let Some(who) = delays.line.pop_front(requests) {
            let waited = now.since(requests.since(who));
            if !self.is_late(delays, waited, now) || delays.line.waiting() == 0 {
                return Some(who);
            }
            dropped.push(who);
        }
        None
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let spans = [("target", self.target), ("interval", self.interval)];
        let zero = spans.iter().filter(|(_, span)| *span == SimDuration::ZERO);
        let zero = zero.map(|(field, _)| (*field, "must be longer than zero".into()));
        let mut wrong: Vec<(&'static str, String)> = zero.collect();
        if self.target > self.interval {
            let why = format!("must be no longer than the `interval` of {}", self.interval);
            wrong.push(("target", why));
        }
        wrong
    }
}
