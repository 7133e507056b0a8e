//! Conservation: what the world counts as it goes along, counted again from its frames.
//!
//! [`World::audit`] runs at the end of every window in debug builds. O(frames + instances + edges).

use super::edge::{Slot, Stage};
use super::frame::{FrameId, State, flag};
use super::state::World;
use crate::ids::{EdgeId, InstanceId, TiVec, WorkloadId};

/// What is under way, counted frame by frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Requests that have not ended, by workload.
    pub requests: TiVec<WorkloadId, u64>,
    /// Requests that are let in and have not left, by instance (of services and workloads).
    pub present: TiVec<InstanceId, u64>,
    /// Threads that are held, by instance.
    pub threads: TiVec<InstanceId, u64>,
    /// Calls that have not ended, by edge.
    pub calls: TiVec<EdgeId, u64>,
    /// Attempts that have not ended, by edge.
    pub attempts: TiVec<EdgeId, u64>,
}

impl World<'_> {
    /// Counts what is under way.
    #[must_use]
    pub fn census(&self) -> Census {
        let mut census = Census {
            requests: vec![0; self.plan.workloads.len()].into(),
            present: vec![0; self.instances.len()].into(),
            threads: vec![0; self.instances.len()].into(),
            calls: vec![0; self.edges.len()].into(),
            attempts: vec![0; self.edges.len()].into(),
        };
        for index in 0..self.frames.places() {
            let frame = &self.frames[index];
            if frame.state == State::Free {
                continue;
            }
            let instance = frame.instance;
            if frame.state == State::Leg {
                // It stands for no request, but for a part of one.
            } else if frame.is(flag::ROOT) {
                census.requests[frame.workload] += 1;
            } else if !frame.is(flag::BRANCH)
                && !matches!(frame.state, State::InTransit | State::Replying)
                && (frame.attempts == 0 || !self.is_at_door(index))
            {
                census.present[instance] += 1;
            }
            census.threads[instance] += u64::from(frame.is(flag::THREAD));
            if frame.calls() {
                census.calls[frame.edge] += u64::from(self.is_call(index));
                let is_out = frame.child != FrameId::NONE && self.legs_out(index) == 0;
                census.attempts[frame.edge] += u64::from(is_out);
            }
        }
        census
    }

    /// Checks that nothing was lost or counted twice.
    ///
    /// # Panics
    /// If something was: a bug of ours.
    pub fn audit(&self) {
        let census = self.census();
        assert!(self.now_next.is_empty(), "an instant ends with all done");
        for (record, requests) in self.recorder.workloads.iter().zip(&census.requests) {
            assert_eq!(record.in_flight, *requests, "requests");
        }
        self.audit_instances(&census);
        self.audit_frames();
        for (number, edge) in self.edges.iter_enumerated() {
            let out: u64 = edge.outstanding.iter().map(|out| u64::from(*out)).sum();
            assert!(
                edge.outstanding.is_empty() || out == census.attempts[number],
                "attempts out on edge {number:?}: {out}, not {}",
                census.attempts[number]
            );
            let record = &self.recorder.edges[usize::from(number)];
            let (began, ended) = (record.calls, record.outcomes.iter().sum::<u64>());
            assert!(
                ended <= began && began - ended <= census.calls[number],
                "calls of edge {number:?}: {began} began, {ended} ended, {} are out",
                census.calls[number]
            );
            let (sent, ended) = (record.attempts, record.attempt_outcomes.iter().sum::<u64>());
            assert!(
                ended <= sent && sent - ended <= census.attempts[number],
                "attempts of edge {number:?}: {sent} sent, {ended} ended, {} are out",
                census.attempts[number]
            );
        }
        self.audit_slots();
        self.audit_pools();
        self.audit_tried();
    }

    /// What was taken out of pools was given back or is held by somebody who is still there; and as many wait as are
    /// said to.
    fn audit_pools(&self) {
        let mut counts = TiVec::from(vec![(0u32, 0u32); self.pools.states.len()]);
        for index in 0..self.frames.places() {
            let frame = &self.frames[index];
            for pool in self.pools.held_by(index) {
                assert!(
                    frame.state != State::Free,
                    "a frame that has ended holds something"
                );
                counts[pool].0 += 1;
            }
            if frame.state == State::Pooled {
                let plan = &self.plan.pools[self.awaited_pool(index)];
                let number = self.plan.instances[frame.instance].number;
                counts[plan.first.offset(number)].1 += 1;
            }
        }
        for plan in &self.plan.pools {
            let instances = self.plan.service_places()[plan.service].instance_count;
            for at in plan.first.next(instances) {
                let (held, waiting) = counts[at];
                let (state, record) = (&self.pools.states[at], &self.recorder.pools[at]);
                let name = &plan.name;
                assert_eq!(state.out, held, "out of pool {name} ({at:?})");
                assert_eq!(
                    state.taken - state.given_back,
                    u64::from(held),
                    "pool {name}"
                );
                assert_eq!(
                    state.room.waiting, waiting,
                    "waiting for pool {name} ({at:?})"
                );
                assert_eq!(record.out.value(), i64::from(held), "level of pool {name}");
                assert_eq!(record.waiting.value(), i64::from(waiting), "line of {name}");
                assert!(
                    held <= plan.size && waiting <= plan.queue,
                    "limits of {name}"
                );
                assert!(
                    waiting == 0 || held == plan.size,
                    "one of {name} is left, and somebody waits"
                );
            }
        }
    }

    /// Only calls that are under way remember whom they have asked.
    fn audit_tried(&self) {
        #[cfg(debug_assertions)]
        {
            let calls = (0..self.frames.places())
                .filter(|index| self.frames[*index].calls() && self.is_call(*index));
            let tried: usize = calls.map(|call| self.tried.of(call).count()).sum();
            assert_eq!(
                tried,
                self.tried.in_use(),
                "instances that calls have asked"
            );
        }
    }

    fn audit_instances(&self, census: &Census) {
        let states = [
            State::Queued,
            State::Backlogged,
            State::Ready,
            State::Computing,
        ];
        let mut counts = TiVec::from(vec![[0u64; 4]; self.instances.len()]);
        for index in 0..self.frames.places() {
            let frame = &self.frames[index];
            if let Some(at) = states.iter().position(|state| *state == frame.state) {
                counts[frame.instance][at] += 1;
            }
        }
        for (number, levels) in self.recorder.instances.iter_enumerated() {
            let instance = &self.instances[number];
            let service = &self.plan.services[instance.service];
            let place = &self.plan.service_places()[instance.service].name;
            let same = |what: &str, counted: i64, frames: u64| {
                assert_eq!(counted, frames as i64, "{what} of {place} ({number:?})");
            };
            let [queued, backlogged, ready, computing] = counts[number];
            same("threads", i64::from(instance.busy), census.threads[number]);
            same("queue", i64::from(instance.queue.waiting()), queued);
            same("backlog", i64::from(instance.backlog.waiting()), backlogged);
            same("continuations", i64::from(instance.ready.waiting()), ready);
            same("jobs on cores", instance.cores.len() as i64, computing);
            same("busy level", levels.busy.value(), census.threads[number]);
            same(
                "queue level",
                levels.queue.value(),
                queued + backlogged + ready,
            );
            same(
                "present level",
                levels.present.value(),
                census.present[number],
            );
            assert!(
                levels.working.value() >= 0,
                "working level of {place} ({number:?})"
            );
            // What was there when an operator set a lower limit stays there.
            assert!(
                !self.control.set.is_empty()
                    || instance.busy <= service.threads
                        && queued <= u64::from(service.queue_limit)
                        && backlogged <= u64::from(service.backlog_limit),
                "more than the limits of {place} ({number:?})"
            );
            assert!(
                queued + backlogged + ready == 0
                    || instance.busy >= service.threads
                    || instance.frozen > 0,
                "a request waits at {place} ({number:?}) though a thread is free"
            );
        }
    }

    fn audit_frames(&self) {
        let mut used = 0;
        for index in 0..self.frames.places() {
            let frame = &self.frames[index];
            if frame.state == State::Free {
                continue;
            }
            used += 1;
            let frozen = self.instances[frame.instance].frozen > 0;
            match frame.state {
                State::Running => assert!(
                    frozen || !frame.timer.is_none(),
                    "frame {index} runs but no end of its step is due: {frame:?}"
                ),
                State::Calling | State::Leg => {
                    let waits = self.slots_of(index).iter().any(|slot| {
                        !slot.timer.is_none()
                            || !matches!(slot.stage, Stage::Outside | Stage::Inside)
                    });
                    assert!(
                        frame.child != FrameId::NONE || waits,
                        "frame {index} calls but neither is an attempt out nor does a policy hold it"
                    );
                }
                State::Forked => {
                    let mut branches = 0;
                    for branch in self.frames.linked(self.frames.alive(frame.child)) {
                        branches += 1;
                        assert_eq!(self.frames[branch].parent, self.frames.id(index));
                    }
                    assert_eq!(branches, frame.attempts, "branches of frame {index}");
                }
                _ => {}
            }
            if frame.is(flag::BRANCH) {
                let parent = self.frames.alive(frame.parent);
                assert!(
                    parent.is_some_and(|parent| self.frames[parent].state == State::Forked),
                    "frame {index} is a branch of nobody"
                );
            }
        }
        assert_eq!(used, self.frames.in_use(), "frames in use");
    }

    /// The slots of the policies that a frame carries while it calls.
    fn slots_of(&self, index: u32) -> &[Slot] {
        let carried = self.carried(index, self.edge_of(index));
        if carried.is_empty() {
            return &[];
        }
        let first = self.frames[index].slot(carried.start);
        &self.slots.slots[first..first + carried.len()]
    }

    /// Every slot is in use or free; as many calls are parked at each memory as its room says, and as many are inside
    /// as it counts itself.
    fn audit_slots(&self) {
        let mut used = 0;
        // By edge and memory: those that are parked, and those that are inside.
        let mut counts: TiVec<EdgeId, Vec<(u32, u32)>> = self
            .edges
            .iter()
            .map(|edge| vec![(0, 0); edge.memories.len()])
            .collect();
        for index in 0..self.frames.places() {
            if !self.frames[index].calls() {
                continue;
            }
            let plan = self.edge_of(index);
            let carried = self.carried(index, plan);
            let slots = self.slots_of(index);
            used += slots.len();
            for (slot, layer) in slots.iter().zip(&plan.layers[carried]) {
                let counts = &mut counts[self.frames[index].edge];
                let (parked, inside) = &mut counts[self.memory_of(index, layer)];
                *parked += u32::from(slot.stage == Stage::Parked);
                *inside += u32::from(matches!(slot.stage, Stage::Inside | Stage::Woken));
            }
        }
        let blocks = self.slots.free.iter().enumerate();
        let free: usize = blocks.map(|(length, free)| length * free.len()).sum();
        assert_eq!(used + free, self.slots.slots.len(), "slots of policies");
        for (number, (edge, counts)) in self.edges.iter().zip(&counts).enumerate() {
            for (memory, (parked, inside)) in counts.iter().enumerate() {
                let waiting = edge.rooms.get(memory).map_or(0, |room| room.waiting);
                assert_eq!(
                    *parked, waiting,
                    "parked at memory {memory} of edge {number:?}"
                );
                if let Some(counted) = edge.memories[memory].inside() {
                    assert_eq!(
                        *inside, counted,
                        "inside memory {memory} of edge {number:?}"
                    );
                }
            }
        }
    }
}
