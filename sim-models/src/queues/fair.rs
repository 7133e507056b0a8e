//! Fair by tenant: tenants in turn, and each tenant's requests first in, first out.
//!
//! A tenant who asks for no more than its share is served as if nobody else asked for more; one that floods the queue
//! waits for itself. Where the queue is full, one who comes takes the place of the last of the tenant that has most of
//! them there, unless that is its own; so nobody can lock others out.
//!
//! Turns are by requests, not by the time that they take: a tenant with requests twice as long gets twice the time.
//! Requests of workloads without a `tenant` share one turn. The backlog in front of the queue knows nobody's tenant, and
//! is fair to no one: `backlog: 0` leaves all to the queue.
//!
//! Source: J. Nagle, "On packet switches with infinite storage", RFC 970 (1985); P. McKenney, "Stochastic fairness
//! queueing", INFOCOM 1990 (which drops from the longest queue).

use super::{Line, Lines, Needs, Order, Waiting};
use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// Tenants in turn.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Fair {}

/// Those who wait, by tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tenants {
    /// As many as have ever waited here.
    lines: Vec<Line>,
    /// Whose turn is next.
    turn: usize,
    waiting: u32,
}

impl Lines for Tenants {
    fn waiting(&self) -> u32 {
        self.waiting
    }
    fn of(&mut self, requests: &impl Waiting, who: u32) -> &mut Line {
        &mut self.lines[requests.tenant(who) as usize]
    }
}

impl Order for Fair {
    type Memory = Tenants;
    const SUMMARY: &'static str = "tenants in turn";
    const EXAMPLE: &'static str = "fair";
    const NEEDS: Needs = Needs::Tenants;
    const PER_TENANT: u64 = size_of::<Line>() as u64;
    const PUSHES_OUT: bool = true;

    fn push(&self, tenants: &mut Tenants, requests: &mut impl Waiting, who: u32) -> u32 {
        let tenant = requests.tenant(who) as usize;
        if tenants.lines.len() <= tenant {
            tenants.lines.resize(tenant + 1, Line::EMPTY);
        }
        tenants.lines[tenant].push(requests, who);
        tenants.waiting += 1;
        tenants.lines.len() as u32
    }
    fn next(
        &self,
        tenants: &mut Tenants,
        requests: &mut impl Waiting,
        _: SimTime,
        _: &mut Vec<u32>,
    ) -> Option<u32> {
        if tenants.waiting == 0 {
            return None;
        }
        let count = tenants.lines.len();
        let mut in_turn = (0..count).map(|step| (tenants.turn + step) % count);
        let tenant = in_turn.find(|tenant| tenants.lines[*tenant].waiting() > 0)?;
        tenants.turn = (tenant + 1) % count;
        tenants.waiting -= 1;
        tenants.lines[tenant].pop_front(requests)
    }
    fn remove(&self, tenants: &mut Tenants, requests: &mut impl Waiting, who: u32) {
        tenants.of(requests, who).remove(requests, who);
        tenants.waiting -= 1;
    }
    fn instead_of(&self, tenants: &Tenants, requests: &impl Waiting, who: u32) -> Option<u32> {
        let of = |tenant: usize| tenants.lines.get(tenant).map_or(0, Line::waiting);
        let longest = (0..tenants.lines.len()).max_by_key(|tenant| of(*tenant))?;
        // Where it came to the same the other way round nothing would be gained.
        let own = of(requests.tenant(who) as usize);
        (own + 1 < of(longest)).then(|| tenants.lines[longest].last())?
    }
}
