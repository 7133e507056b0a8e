//! A request at an instance (or at the user who made it) is a frame: where its program stands, whom
//! it answers, and what it waits for. Frames live in an arena and are named by generation-checked ids.

use crate::baggage::{Baggage, Priority};
use crate::ids::{CodeId, EdgeId, EndpointId, InstanceId, PlaceId, WorkloadId};
use crate::outcome::{Ending, Outcome};
use crate::plan::{LOOP_DEPTH, Plan};
use crate::queues::{Links, Waiting};
use sim_core::SimTime;
use sim_core::agenda::EventId;
use sim_core::random::mix;

/// Name of a frame; stale once the frame has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameId {
    /// Index in the arena.
    pub index: u32,
    /// Generation of that place.
    pub generation: u32,
}

impl FrameId {
    /// No frame.
    pub const NONE: Self = Self {
        index: u32::MAX,
        generation: u32::MAX,
    };
}

/// What a frame is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its place in the arena is free.
    Free,
    /// The request is on its way to the instance.
    InTransit,
    /// Waits in the queue.
    Queued,
    /// Waits in the backlog.
    Backlogged,
    /// Works or waits in a step.
    Running,
    /// Works on shared cores.
    Computing,
    /// A call is under way: an attempt is out, or a policy has it wait.
    Calling,
    /// It is no request: it carries one try of all that is inside a policy which may have several out.
    Leg,
    /// Branches are under way.
    Forked,
    /// Waits for a thread to go on (async only).
    Ready,
    /// Waits for something out of a pool.
    Pooled,
    /// Stuck in a hang.
    Hung,
    /// The answer is on its way to the caller.
    Replying,
}

/// What is true of a frame.
pub mod flag {
    /// Its request began after the warm-up: it counts in totals.
    pub const COUNTED: u8 = 1;
    /// Its story is told.
    pub const TRACED: u8 = 1 << 1;
    /// Its caller has gone, or its caller's caller.
    pub const ABANDONED: u8 = 1 << 2;
    /// It has been told to stop.
    pub const CANCELLED: u8 = 1 << 3;
    /// It holds a thread.
    pub const THREAD: u8 = 1 << 4;
    /// It is a branch of a parallel step.
    pub const BRANCH: u8 = 1 << 5;
    /// It stands for the user who made the request.
    pub const ROOT: u8 = 1 << 6;
    /// A part of its answer is missing.
    pub const DEGRADED: u8 = 1 << 7;
}

/// A request at an instance.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Key of all draws that belong to it.
    pub key: u64,
    /// When it reached the instance; for a root, when the request arrived.
    pub arrived: SimTime,
    /// When it got a thread.
    pub started: SimTime,
    /// While it calls, when the call began; while it is in a step, when that ends; once it answers, what the answer
    /// says of coming again, as bits.
    pub mark: SimTime,
    /// When its caller's deadline passes; [`SimTime::MAX`] if none was told.
    pub deadline: SimTime,
    /// The end of its step; for a root, the end of its user's patience.
    pub timer: EventId,
    /// The end of its deadline.
    pub expiry: EventId,
    /// Who called it.
    pub parent: FrameId,
    /// The attempt that is out, or the first of the legs; while forked, the first branch.
    pub child: FrameId,
    /// Of its place, which it shares with those who were there before.
    generation: u32,
    /// Index of the instance.
    pub instance: InstanceId,
    /// Next instruction; of a leg, [`Frame::attempt`].
    pub pc: CodeId,
    /// Edge by which it was called; for a root, [`Frame::request`].
    pub in_edge: EdgeId,
    /// Edge of its current call.
    pub edge: EdgeId,
    /// Endpoint that it answers for; for a root, [`Frame::user`].
    pub endpoint: EndpointId,
    /// Endpoint of its current call.
    pub callee_endpoint: EndpointId,
    /// Instance that its last attempt of its current call was sent to; that of [`FrameId::NONE`] if none was.
    pub callee_instance: InstanceId,
    /// Slot of the first policy of its edge, whether it carries that one or not.
    pub layers: u32,
    /// Neighbours in its queue; for a branch or a leg, `next` is the next one.
    pub next: u32,
    /// See `next`.
    pub previous: u32,
    /// Draws made so far.
    pub draws: u32,
    /// Rounds left of each loop.
    pub loops: [u16; LOOP_DEPTH],
    /// While it calls, attempts so far; while it is forked, branches that are still under way.
    pub attempts: u16,
    /// Branches that must still succeed; of a leg, the policy of its owner that has it out.
    pub need: u16,
    /// What it answers; while it calls, the last failure that was tried again.
    pub ending: Ending,
    /// Depth in the call tree.
    pub depth: u8,
    /// While it calls, the first policy of its edge that it carries: 0 but in a leg.
    pub base: u8,
    /// Workload that the request came from.
    pub workload: WorkloadId,
    /// What is true of it.
    pub flags: u8,
    /// What it is doing.
    pub state: State,
}

impl Frame {
    /// In place of a user where a workload has none.
    pub const NOBODY: u32 = u32::MAX;

    /// A frame of which nothing is known yet.
    pub const BLANK: Self = Self {
        key: 0,
        arrived: SimTime::ZERO,
        started: SimTime::ZERO,
        mark: SimTime::ZERO,
        deadline: SimTime::MAX,
        timer: EventId::NONE,
        expiry: EventId::NONE,
        parent: FrameId::NONE,
        child: FrameId::NONE,
        generation: 0,
        instance: InstanceId::new(0),
        pc: CodeId::new(0),
        in_edge: EdgeId::NONE,
        edge: EdgeId::NONE,
        endpoint: EndpointId::NONE,
        callee_endpoint: EndpointId::new(0),
        callee_instance: InstanceId::new(0),
        layers: u32::MAX,
        next: u32::MAX,
        previous: u32::MAX,
        draws: 0,
        loops: [0; LOOP_DEPTH],
        attempts: 0,
        need: 0,
        ending: Ending::at(Outcome::Ok, PlaceId::new(0)),
        depth: 0,
        base: 0,
        workload: WorkloadId::new(0),
        flags: 0,
        state: State::Free,
    };

    /// Whether it is in the middle of a call, or carries a try of one.
    #[inline]
    #[must_use]
    pub fn calls(&self) -> bool {
        matches!(self.state, State::Calling | State::Leg)
    }

    /// Slot of one of the policies of its edge; only of those that it carries itself.
    #[inline]
    #[must_use]
    pub fn slot(&self, layer: usize) -> usize {
        self.layers.wrapping_add(layer as u32) as usize
    }

    /// Key of the draws of its current call: it makes no other draws while it calls.
    #[inline]
    #[must_use]
    pub fn call_key(&self) -> u64 {
        mix(self.key, 0x4341_4C4C_0000_0000 | u64::from(self.draws))
    }

    /// Of a root, the number of the request.
    #[inline]
    #[must_use]
    pub fn request(&self) -> u32 {
        debug_assert!(self.is(flag::ROOT), "only those who ask have a number");
        self.in_edge.number()
    }

    /// Of a root, which of the users of its workload asked; [`Frame::NOBODY`] if it has none.
    #[inline]
    #[must_use]
    pub fn user(&self) -> u32 {
        debug_assert!(self.is(flag::ROOT), "only roots stand for a user");
        self.endpoint.number()
    }

    /// Becomes the root of a request of a user.
    #[inline]
    pub fn stand_for(&mut self, request: u32, user: u32) {
        self.in_edge = EdgeId::new(request);
        self.endpoint = EndpointId::new(user);
    }

    /// Of a leg, which of the tries of its policy it is.
    #[inline]
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.pc.number()
    }

    /// Whether this is true of it.
    #[inline]
    #[must_use]
    pub fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

const _: () = assert!(size_of::<Frame>() <= 144, "there may be millions of frames");

/// All frames.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    frames: Vec<Frame>,
    /// What travels with each of them, where anything does.
    baggage: Option<Vec<Baggage>>,
    free: Vec<u32>,
    added: u64,
}

impl Arena {
    /// No frames yet; whether something travels with requests.
    #[must_use]
    pub fn new(carries: bool) -> Self {
        Self {
            baggage: carries.then(Vec::new),
            ..Self::default()
        }
    }

    /// What travels with a frame.
    #[inline]
    #[must_use]
    pub fn baggage(&self, index: u32) -> Baggage {
        match &self.baggage {
            Some(baggage) => baggage[index as usize],
            None => Baggage::default(),
        }
    }

    /// From now on this travels with a frame, where anything does.
    #[inline]
    pub fn load(&mut self, index: u32, baggage: Baggage) {
        if let Some(all) = &mut self.baggage {
            all[index as usize] = baggage;
        }
    }

    /// The frame that a request began with which leads to this one, as far as those between are waited for.
    #[must_use]
    pub fn beginning(&self, index: u32) -> u32 {
        let mut at = index;
        while let Some(parent) = self.alive(self[at].parent) {
            at = parent;
        }
        at
    }

    /// A blank frame in a free place, for its owner to fill in: building it elsewhere and moving it here
    /// would write everything twice.
    #[inline]
    pub fn add(&mut self) -> FrameId {
        self.added += 1;
        let index = self.free.pop().unwrap_or_else(|| self.grow());
        let place = &mut self.frames[index as usize];
        let generation = place.generation;
        *place = Frame {
            generation,
            ..Frame::BLANK
        };
        FrameId { index, generation }
    }

    /// How many frames there ever were.
    #[inline]
    #[must_use]
    pub fn added(&self) -> u64 {
        self.added
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        let index = u32::try_from(self.frames.len())
            .expect("fewer than 2^32 frames: the in-flight budget is below that");
        self.frames.push(Frame::BLANK);
        if let Some(baggage) = &mut self.baggage {
            baggage.push(Baggage::default());
        }
        index
    }

    /// A copy of the frame in place `index`.
    pub fn duplicate(&mut self, index: u32) -> FrameId {
        let id = self.add();
        self.frames[id.index as usize] = Frame {
            generation: id.generation,
            ..self.frames[index as usize]
        };
        self.load(id.index, self.baggage(index));
        id
    }

    /// Frees a place; its id becomes stale.
    #[inline]
    pub fn remove(&mut self, index: u32) {
        let place = &mut self.frames[index as usize];
        debug_assert!(place.state != State::Free, "a frame ends once");
        place.state = State::Free;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(index);
    }

    /// The index of a frame, if it has not ended: a free place has a generation that no id names yet.
    #[inline]
    #[must_use]
    pub fn alive(&self, id: FrameId) -> Option<u32> {
        self.frames
            .get(id.index as usize)
            .is_some_and(|frame| frame.generation == id.generation)
            .then_some(id.index)
    }

    /// The id of the frame in this place.
    #[inline]
    #[must_use]
    pub fn id(&self, index: u32) -> FrameId {
        FrameId {
            index,
            generation: self.frames[index as usize].generation,
        }
    }

    /// A branch or a leg and those that are linked behind it.
    pub fn linked(&self, first: Option<u32>) -> impl Iterator<Item = u32> {
        let after = |index: &u32| {
            let next = self[*index].next;
            (next != u32::MAX).then_some(next)
        };
        std::iter::successors(first, after)
    }

    /// Takes a branch or a leg, which is about to end, out of the list of those of its parent.
    pub fn unlink(&mut self, parent: u32, index: u32) {
        let Frame { next, previous, .. } = self[index];
        if next != u32::MAX {
            self[next].previous = previous;
        }
        if previous != u32::MAX {
            self[previous].next = next;
        } else {
            self[parent].child = if next == u32::MAX {
                FrameId::NONE
            } else {
                self.id(next)
            };
        }
    }

    /// Frames in use.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.frames.len() - self.free.len()
    }

    /// Every place, used or free.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.frames.len() as u32
    }

    /// Bytes of the frames that were in use at the peak; the same for a clone, which has no spare
    /// capacity.
    #[must_use]
    pub fn memory(&self) -> usize {
        let baggage = self.baggage.as_ref().map_or(0, Vec::len);
        self.frames.len() * (size_of::<Frame>() + size_of::<u32>()) + baggage * size_of::<Baggage>()
    }
}

impl std::ops::Index<u32> for Arena {
    type Output = Frame;
    #[inline]
    fn index(&self, index: u32) -> &Frame {
        &self.frames[index as usize]
    }
}

impl std::ops::IndexMut<u32> for Arena {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Frame {
        &mut self.frames[index as usize]
    }
}

impl Links for Arena {
    #[inline]
    fn links(&self, who: u32) -> (u32, u32) {
        let frame = &self[who];
        (frame.previous, frame.next)
    }
    #[inline]
    fn set_before(&mut self, who: u32, before: u32) {
        self[who].previous = before;
    }
    #[inline]
    fn set_behind(&mut self, who: u32, behind: u32) {
        self[who].next = behind;
    }
}

/// Frames that wait at an instance, as the order of its queue sees them.
pub struct Waiters<'a> {
    /// All frames.
    pub frames: &'a mut Arena,
    /// Whose they are.
    pub plan: &'a Plan,
}

impl Links for Waiters<'_> {
    #[inline]
    fn links(&self, who: u32) -> (u32, u32) {
        self.frames.links(who)
    }
    #[inline]
    fn set_before(&mut self, who: u32, before: u32) {
        self.frames.set_before(who, before);
    }
    #[inline]
    fn set_behind(&mut self, who: u32, behind: u32) {
        self.frames.set_behind(who, behind);
    }
}

impl Waiting for Waiters<'_> {
    #[inline]
    fn since(&self, who: u32) -> SimTime {
        self.frames[who].arrived
    }
    #[inline]
    fn deadline(&self, who: u32) -> SimTime {
        self.frames[who].deadline
    }
    #[inline]
    fn tenant(&self, who: u32) -> u32 {
        self.plan.workloads[self.frames[who].workload].tenant
    }
    #[inline]
    fn priority(&self, who: u32) -> Priority {
        self.frames.baggage(who).priority
    }
}
