//! Pools while a run goes on: how much of each is out, who waits, and who holds what.
//!
//! A frame does not know what it holds: few ever hold anything. What each holds is a list of its own, found by the place
//! of the frame in the arena.

use super::event::Event;
use super::frame::FrameId;
use super::waiting_room::WaitingRoom;
use crate::ids::{OwnPoolId, PoolId, TiVec};
use crate::plan::Plan;
use sim_core::agenda::{Agenda, LaneId};

/// Nothing is held.
const NOTHING: u32 = u32::MAX;

/// A pool of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct PoolState {
    /// How many are out.
    pub(super) out: u32,
    /// Those who wait for one.
    pub(super) room: WaitingRoom<FrameId>,
    /// How many were ever taken, and given back.
    pub(super) taken: u64,
    /// See `taken`.
    pub(super) given_back: u64,
}

/// One out of a pool, held by a frame.
#[derive(Clone, Copy, Debug)]
struct Permit {
    /// Of which pool (and instance).
    pool: OwnPoolId,
    /// What else the frame holds.
    next: u32,
}

/// All pools of all instances, and what is held of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Pools {
    /// By pool and instance.
    pub(super) states: TiVec<OwnPoolId, PoolState>,
    /// For each pool of the plan the lane of its limit on waiting.
    pub(super) lanes: TiVec<PoolId, Option<LaneId>>,
    /// By place in the arena, the last that the frame there has taken.
    held: Vec<u32>,
    permits: Vec<Permit>,
    free: Vec<u32>,
}

impl Pools {
    pub(super) fn new(plan: &Plan, agenda: &mut Agenda<Event>) -> Self {
        let count = plan.pools.iter().map(|pool| {
            let service = &plan.service_places()[pool.service];
            service.instance_count as usize
        });
        Self {
            states: vec![PoolState::default(); count.sum()].into(),
            lanes: plan
                .pools
                .iter()
                .map(|pool| pool.wait.map(|wait| agenda.lane(wait)))
                .collect(),
            ..Self::default()
        }
    }

    /// The frame in a place of the arena gets one out of a pool.
    pub(super) fn give(&mut self, place: u32, pool: OwnPoolId) {
        let state = &mut self.states[pool];
        state.out += 1;
        state.taken += 1;
        let at = place as usize;
        if self.held.len() <= at {
            self.held.resize(at + 1, NOTHING);
        }
        let permit = Permit {
            pool,
            next: self.held[at],
        };
        self.held[at] = match self.free.pop() {
            Some(free) => {
                self.permits[free as usize] = permit;
                free
            }
            None => {
                self.permits.push(permit);
                self.permits.len() as u32 - 1
            }
        };
    }

    /// Takes back from a frame the last that it has taken; out of one pool, or of any. Tells which.
    pub(super) fn take_back(&mut self, place: u32, only: Option<OwnPoolId>) -> Option<OwnPoolId> {
        let first = *self.held.get(place as usize)?;
        let (mut before, mut at) = (NOTHING, first);
        while at != NOTHING {
            let Permit { pool, next } = self.permits[at as usize];
            if only.is_none_or(|only| only == pool) {
                if before == NOTHING {
                    self.held[place as usize] = next;
                } else {
                    self.permits[before as usize].next = next;
                }
                self.free.push(at);
                let state = &mut self.states[pool];
                state.out -= 1;
                state.given_back += 1;
                return Some(pool);
            }
            (before, at) = (at, next);
        }
        None
    }

    /// Which pools a frame holds something of, one for each that it holds.
    pub(super) fn held_by(&self, place: u32) -> impl Iterator<Item = OwnPoolId> + '_ {
        let some = |at: u32| (at != NOTHING).then_some(at);
        let first = self.held.get(place as usize).copied().and_then(some);
        let permits = std::iter::successors(first, move |at| some(self.permits[*at as usize].next));
        permits.map(|at| self.permits[at as usize].pool)
    }

    /// Bytes of what is held, at the peak.
    pub(super) fn memory(&self) -> usize {
        self.held.len() * size_of::<u32>()
            + self.permits.len() * (size_of::<Permit>() + size_of::<u32>())
    }
}
