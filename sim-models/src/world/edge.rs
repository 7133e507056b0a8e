//! Calls over an edge while a run goes on: what its policies remember, and what they know of each call.

use super::event::Event;
use super::frame::{Frame, FrameId};
use super::waiting_room::WaitingRoom;
use crate::balancers;
use crate::plan::{EdgePlan, LayerPlan, Plan};
use crate::resilience::{CallState, Final, Memory};
use sim_core::agenda::{Agenda, EventId, LaneId};

/// How far a call has come at a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is not in it.
    Outside,
    /// It has to wait at it.
    Waiting,
    /// It waits in the room of its memory.
    Parked,
    /// It was let in by somebody who woke it, and goes on within this instant.
    Woken,
    /// It was turned away by somebody who woke it, and goes back within this instant.
    Turned(Final),
    /// It is inside.
    Inside,
}

const _: () = assert!(size_of::<Slot>() <= 40, "there may be millions of calls");

/// A policy in one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) state: CallState,
    pub(super) timer: EventId,
    pub(super) stage: Stage,
    /// Tries that it has begun, if it may have several.
    pub(super) legs: u16,
    /// Which of all parkings the last one of the call here was.
    pub(super) ticket: u32,
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

/// A call in a room: whose, at which policy of the edge, and which of all parkings it was. A frame makes other calls
/// when it has given up this one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parked {
    pub(super) frame: FrameId,
    pub(super) layer: u16,
    pub(super) ticket: u32,
}

/// An edge while a run goes on.
#[derive(Clone, Debug)]
pub(super) struct EdgeState {
    pub(super) memories: Vec<Memory>,
    /// For each memory those who are parked at it; empty if no policy parks.
    pub(super) rooms: Vec<WaitingRoom<Parked>>,
    pub(super) counters: Vec<u64>,
    /// Which state each memory was in when it was last asked, of policies that have states.
    pub(super) states: Vec<u8>,
    /// Lane of each policy's time limit; none for a policy that has to be asked.
    pub(super) lanes: Vec<Option<LaneId>>,
    /// What each caller instance remembers of the callee's.
    pub(super) choosers: Vec<balancers::Memory>,
    /// Attempts out, for each pair of caller and callee instance; empty if nobody asks.
    pub(super) outstanding: Vec<u32>,
}

impl EdgeState {
    pub(super) fn new(plan: &Plan, edge: &EdgePlan, agenda: &mut Agenda<Event>) -> Self {
        let callers = plan.places[edge.caller].instance_count;
        let callees = plan.service_places()[edge.callee].instance_count;
        let balance = &plan.services[edge.callee].balance;
        // Where there is one instance, or the way is from it to itself, there is nothing to choose.
        let among = if edge.door || callees == 1 {
            0
        } else {
            callees
        };
        Self {
            memories: Self::memories(edge, callers),
            rooms: if edge.layers.iter().any(|layer| layer.parks) {
                vec![WaitingRoom::default(); edge.memory_count as usize]
            } else {
                Vec::new()
            },
            counters: vec![
                0;
                edge.layers
                    .iter()
                    .map(|layer| layer.spec.counters().len())
                    .sum()
            ],
            states: Self::states(edge),
            lanes: Self::lanes(edge, agenda),
            choosers: vec![balance.memory(among); callers as usize],
            outstanding: if balance.counts() && among > 0 {
                vec![0; (callers * callees) as usize]
            } else {
                Vec::new()
            },
        }
    }

    /// Lane of each policy's time limit; none for a policy that has to be asked.
    pub(super) fn lanes(edge: &EdgePlan, agenda: &mut Agenda<Event>) -> Vec<Option<LaneId>> {
        let layers = edge.layers.iter();
        layers
            .map(|layer| {
                // A deadline that the callee is told of has to note when it ends.
                let asked = layer.tells_deadline;
                let limit = layer.spec.time_limit().filter(|_| !asked);
                limit.map(|limit| agenda.lane(limit))
            })
            .collect()
    }

    /// The states that memories begin in.
    fn states(edge: &EdgePlan) -> Vec<u8> {
        let mut states = Vec::new();
        for (number, layer) in edge.layers.iter().enumerate() {
            if let Some(plan) = layer.states {
                let count = edge.memories_of(number).len() * plan.each as usize;
                states.extend(std::iter::repeat_n(plan.begins, count));
            }
        }
        states
    }

    fn memories(edge: &EdgePlan, callers: u32) -> Vec<Memory> {
        let copies = |shared: bool| if shared { 1 } else { callers as usize };
        edge.layers
            .iter()
            .flat_map(|layer| {
                std::iter::repeat_n(
                    layer.spec.memory(),
                    layer.parts as usize * copies(layer.shared),
                )
            })
            .collect()
    }
}

impl Slots {
    /// A block for some policies of an edge.
    #[inline(always)] // its only caller begins a call
    pub(super) fn take(&mut self, layers: &[LayerPlan]) -> u32 {
        let length = layers.len();
        if self.free.len() <= length {
            self.free.resize(length + 1, Vec::new());
        }
        let fresh = |layer: &LayerPlan| Slot {
            state: layer.begins,
            timer: EventId::NONE,
            stage: Stage::Outside,
            legs: 0,
            ticket: 0,
            overdue: false,
        };
        if let Some(first) = self.free[length].pop() {
            for (slot, layer) in self.slots[first as usize..].iter_mut().zip(layers) {
                *slot = fresh(layer);
            }
            first
        } else {
            let first = self.slots.len() as u32;
            self.slots.extend(layers.iter().map(fresh));
            first
        }
    }

    /// Gives a block back.
    #[inline]
    pub(super) fn give_back(&mut self, first: u32, length: usize) {
        self.free[length].push(first);
    }
}
