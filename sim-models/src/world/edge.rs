//! Calls over an edge while a run goes on: what its policies remember, and what they know of each call.

use super::event::Event;
use super::frame::Frame;
use crate::plan::{EdgePlan, LayerPlan, Plan};
use crate::resilience::{CallState, Memory};
use crate::scenario::Balance;
use sim_core::agenda::{Agenda, EventId, LaneId};

/// A policy in one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) state: CallState,
    pub(super) timer: EventId,
    /// The timer has run out, and the instance, which stands still, is yet to see it.
    pub(super) overdue: bool,
}

/// Bytes that a call in flight takes under so many policies: a frame, a slot for each policy, its own
/// next event, and the timer of one policy.
#[must_use]
pub const fn bytes_per_call(policies: usize) -> usize {
    let events = if policies > 0 { 2 } else { 1 };
    size_of::<Frame>() + policies * size_of::<Slot>() + events * Agenda::<Event>::PER_EVENT
}

/// Slots of calls, in blocks as long as the policy list of their edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    pub(super) slots: Vec<Slot>,
    pub(super) free: Vec<Vec<u32>>,
}

/// An edge while a run goes on.
#[derive(Clone, Debug)]
pub(super) struct EdgeState {
    pub(super) memories: Vec<Memory>,
    pub(super) counters: Vec<u64>,
    /// Lane of each policy's time limit; none for a policy that has to be asked.
    pub(super) lanes: Vec<Option<LaneId>>,
    /// Next instance in turn, for each caller instance.
    pub(super) turns: Vec<u32>,
    /// Attempts out, for each pair of caller and callee instance; empty if nobody asks.
    pub(super) outstanding: Vec<u32>,
}

impl EdgeState {
    pub(super) fn new(plan: &Plan, edge: &EdgePlan, agenda: &mut Agenda<Event>) -> Self {
        let callers = plan.places[edge.caller as usize].instance_count;
        let callees = plan.places[edge.callee as usize].instance_count;
        let balance = plan.services[edge.callee as usize].balance;
        let asks =
            matches!(balance, Balance::LeastOutstanding | Balance::PowerOfTwo) && callees > 1;
        Self {
            memories: Self::memories(edge, callers),
            counters: vec![
                0;
                edge.layers
                    .iter()
                    .map(|layer| layer.spec.counters().len())
                    .sum()
            ],
            lanes: edge
                .layers
                .iter()
                .map(|layer| {
                    // A deadline that the callee is told of has to note when it ends.
                    let asked = layer.propagates;
                    let limit = layer.spec.time_limit().filter(|_| !asked);
                    limit.map(|limit| agenda.lane(limit))
                })
                .collect(),
            turns: vec![0; callers as usize],
            outstanding: if asks {
                vec![0; (callers * callees) as usize]
            } else {
                Vec::new()
            },
        }
    }

    fn memories(edge: &EdgePlan, callers: u32) -> Vec<Memory> {
        let copies = |shared: bool| if shared { 1 } else { callers as usize };
        edge.layers
            .iter()
            .flat_map(|layer| std::iter::repeat_n(layer.spec.memory(), copies(layer.shared)))
            .collect()
    }
}

impl Slots {
    /// A block for the policies of an edge.
    #[inline]
    pub(super) fn take(&mut self, edge: &EdgePlan) -> u32 {
        let length = edge.layers.len();
        if self.free.len() <= length {
            self.free.resize(length + 1, Vec::new());
        }
        let fresh = |layer: &LayerPlan| Slot {
            state: layer.spec.begin(),
            timer: EventId::NONE,
            overdue: false,
        };
        if let Some(first) = self.free[length].pop() {
            for (slot, layer) in self.slots[first as usize..].iter_mut().zip(&edge.layers) {
                *slot = fresh(layer);
            }
            first
        } else {
            let first = self.slots.len() as u32;
            self.slots.extend(edge.layers.iter().map(fresh));
            first
        }
    }

    /// Gives a block back.
    #[inline]
    pub(super) fn give_back(&mut self, first: u32, length: usize) {
        self.free[length].push(first);
    }
}
