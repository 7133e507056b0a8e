//! Coalescing: calls for the same thing that come while one is out wait for its answer and share it.
//!
//! Calls for the same key at the same endpoint are for the same thing. The first one leads: it goes on inwards. Those
//! that come until it ends follow: they wait at the policy, ask nobody, and end as it ends, within the same instant.
//! Nothing is kept for those who come later: this is no cache. Requests without a key are never for the same thing.
//!
//! A follower has its own limits outside the policy: when they run out, or it is taken back, it alone ends. A leader
//! that nobody waits for any longer, or whose failure is not shared (`share_failures: false`), hands over to the first
//! who waits. A follower that has waited for `wait` goes on by itself.
//!
//! Source: `golang.org/x/sync/singleflight` (failures are shared); nginx `proxy_cache_lock` and
//! `proxy_cache_lock_timeout` (who has waited that long asks by itself); Varnish "request coalescing", Caffeine and
//! Guava `LoadingCache.get`.

use super::{By, Context, Do, Ended, Final, Policy, Reading, Scope};
use crate::outcome::Ending;
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Calls for the same thing share one answer.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coalesce {
    /// How long a call may wait for the answer of another before it asks by itself; as long as it takes, unless this
    /// says otherwise.
    #[serde(default)]
    pub wait: Option<SimDuration>,
    /// Whether a failure is shared as well. If not, the first who waits tries next, and the others go on waiting.
    #[serde(default = "yes")]
    pub share_failures: bool,
    /// Whose calls are put together.
    #[serde(default)]
    pub scope: Scope,
}

fn yes() -> bool {
    true
}

/// What is known of one thing that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flight {
    /// Whether a call for it is out that others wait for.
    out: bool,
    /// Calls that it let in.
    inside: u32,
    /// How the last one ended that was shared.
    answer: Option<(Ending, Final)>,
}

/// What a call is to the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// They wait for its answer.
    Leads,
    /// It waits for another's answer, or for itself only.
    #[default]
    Alone,
}

impl Policy for Coalesce {
    type Memory = Flight;
    type Call = Role;
    const SUMMARY: &'static str = "calls for the same key share one answer";
    const EXAMPLE: &'static str = "coalesce";
    const COUNTERS: &'static [&'static str] = &["led", "shared", "shared_failures", "impatient"];
    const LEAVES: bool = true;
    const SHARES: bool = true;
    const KEYED: bool = true;

    fn memory(&self) -> Flight {
        Flight::default()
    }
    fn scope(&self) -> Scope {
        self.scope
    }
    fn by(&self) -> Option<By> {
        Some(By::Request)
    }
    fn parks(&self) -> bool {
        true
    }
    fn on_enter(&self, flight: &mut Flight, role: &mut Role, context: &mut Context) -> Do {
        if context.content > 0 && flight.out {
            *role = Role::Alone;
            return Do::Park(self.wait);
        }
        if context.content > 0 {
            *role = Role::Leads;
            flight.out = true;
            context.counters[0] += 1;
        }
        flight.inside += 1;
        Do::Pass
    }
    fn on_wake(&self, flight: &mut Flight, role: &mut Role, context: &mut Context) -> Do {
        if let Some((ending, last)) = flight.answer {
            let counter = 1 + usize::from(!ending.outcome.is_success());
            context.counters[counter] += 1;
            return Do::End(ending, last);
        }
        *role = Role::Leads;
        flight.out = true;
        flight.inside += 1;
        context.counters[0] += 1;
        Do::Pass
    }
    fn on_timer(&self, flight: &mut Flight, _: &mut Role, context: &mut Context) -> Do {
        context.counters[3] += 1;
        flight.inside += 1;
        Do::Pass
    }
    fn on_leave(&self, flight: &mut Flight, role: &mut Role, ended: &Ended, context: &mut Context) {
        flight.inside -= 1;
        if std::mem::take(role) != Role::Leads {
            return;
        }
        flight.out = false;
        let shared = !ended.given_up && (ended.outcome().is_success() || self.share_failures);
        flight.answer = shared.then_some((ended.ending, ended.last));
        context.wake = if shared {
            context.waiting
        } else {
            context.waiting.min(1)
        };
    }
    fn inside(flight: &Flight) -> Option<u32> {
        Some(flight.inside)
    }
    fn longest_wait(&self) -> Option<SimDuration> {
        self.wait
    }
    fn reading(&self, flight: &Flight, _: SimTime) -> Reading {
        Reading {
            state: if flight.out { "out" } else { "idle" },
            numbers: Vec::new(),
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.wait == Some(SimDuration::ZERO) {
            let why = "must be longer than zero: nobody would wait";
            return vec![("wait", why.into())];
        }
        Vec::new()
    }
}
