//! The state of a run and what events do to it.
//!
//! The world is a value: arenas of plain data and ids between them. [`World::handle`] is the only
//! place where events are dispatched; the files beside this one hold what they do:
//!
//! - `load`: requests arrive, users think and lose patience;
//! - `call`: the caller's side of a call, policies, attempts, answers, giving up;
//! - `serve`: the callee's side, admission, threads, steps, cores;
//! - `network`: messages over links;
//! - `disturb`: faults come and go;
//! - `audit`: nothing is lost or counted twice.

mod audit;
mod call;
mod cores;
mod disturb;
pub mod frame;
mod load;
mod log;
mod network;
mod serve;
mod story;

pub use audit::Census;
pub(crate) use disturb::first_fault;

use crate::observe::recorder::Recorder;
use crate::observe::summary::StoryLine;
use crate::plan::Plan;
use crate::resilience::{CallState, Memory};
use cores::Cores;
use disturb::FaultState;
use frame::{Arena, Frame, FrameId, Queue};
use load::LoadState;
use sim_core::agenda::{Agenda, EventId, LaneId};
use sim_core::engine::Model;
use sim_core::random::Seed;
use sim_core::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// Everything that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next request (or batch) of an open workload arrives.
    Arrival {
        /// Index of the workload.
        workload: u16,
    },
    /// The search for the next arrival of an open workload goes on.
    Seek {
        /// Index of the workload.
        workload: u16,
    },
    /// A user of a closed workload has thought.
    Thought {
        /// Index of the workload.
        workload: u16,
        /// Which user.
        user: u32,
    },
    /// A user loses patience with a request.
    Impatient(FrameId),
    /// A request reaches its instance.
    Deliver(FrameId),
    /// An answer reaches its caller.
    Answer(FrameId),
    /// Word that its caller has gone reaches a request.
    Withdraw(FrameId),
    /// A step ends.
    StepEnd(FrameId),
    /// A request that waited has got a thread.
    Start(FrameId),
    /// A request goes on after its step.
    Continue(FrameId),
    /// The first of the threads that share the cores of an instance is done.
    CoreFree {
        /// Index of the instance.
        instance: u32,
    },
    /// The timer of a policy runs out.
    PolicyTimer {
        /// Whose call.
        frame: FrameId,
        /// Which policy of its edge.
        layer: u16,
        /// The timer was a backoff: now all that is inside the policy is tried again.
        again: bool,
    },
    /// The timer of a policy ran out while its instance stood still.
    Overdue {
        /// Whose call.
        frame: FrameId,
        /// Which policy of its edge.
        layer: u16,
        /// See [`Event::PolicyTimer`].
        again: bool,
    },
    /// The deadline that a request was told of passes.
    Expire(FrameId),
    /// A fault comes.
    FaultOn {
        /// Index of the fault.
        fault: u16,
        /// Which of its periods.
        period: u32,
    },
    /// A fault goes.
    FaultOff {
        /// Index of the fault.
        fault: u16,
        /// Which of its periods.
        period: u32,
    },
    /// An instance has started again.
    Booted {
        /// Index of the instance.
        instance: u32,
    },
}

const _: () = assert!(
    size_of::<Event>() <= 16,
    "events are small: the agenda copies them"
);

/// What [`crate::scenario::check`] counts before anything is laid out.
const _: () = {
    use crate::observe::recorder::{EdgeWindow, InstanceRecord, ServiceWindow, WorkloadWindow};
    use crate::observe::summary::InstanceSummary;
    use crate::plan::{InstancePlan, LinkPlan};
    use crate::scenario::check::memory::{PER_EDGE_WINDOW, PER_INSTANCE, PER_LINK};
    use crate::scenario::check::memory::{PER_SERVICE_WINDOW, PER_WORKLOAD_WINDOW};
    use sim_core::metrics::Snapshot;
    const WORDS: usize = size_of::<f64>();
    let instance = size_of::<Instance>() + size_of::<InstanceRecord>();
    let told = size_of::<InstancePlan>() + size_of::<InstanceSummary>();
    assert!(instance + told <= PER_INSTANCE as usize);
    assert!(2 * (size_of::<LinkPlan>() + size_of::<LinkState>()) <= PER_LINK as usize);
    let row = size_of::<crate::observe::ledger::Row>() + 2 * size_of::<Snapshot>();
    assert!(size_of::<WorkloadWindow>() + row + 16 * WORDS <= PER_WORKLOAD_WINDOW as usize);
    assert!(size_of::<ServiceWindow>() + 10 * WORDS <= PER_SERVICE_WINDOW as usize);
    assert!(size_of::<EdgeWindow>() + 10 * WORDS <= PER_EDGE_WINDOW as usize);
};

/// An instance of a service, or a workload as a caller.
#[derive(Clone, Debug)]
pub struct Instance {
    service: u32,
    busy: u32,
    queue: Queue,
    backlog: Queue,
    ready: Queue,
    cores: Cores,
    /// Faults that hold it down, and boots under way.
    down: u32,
    /// Faults that freeze it.
    frozen: u32,
    /// Faults on its requests.
    faults: Vec<u16>,
    /// What reached it while it was frozen.
    inbox: VecDeque<Event>,
    /// Steps that it was in when it froze, and what was left of them.
    paused: Vec<(FrameId, SimDuration)>,
}

/// A policy in one call.
#[derive(Clone, Copy, Debug)]
struct Slot {
    state: CallState,
    timer: EventId,
    /// The timer has run out, and the instance, which stands still, is yet to see it.
    overdue: bool,
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
struct Slots {
    slots: Vec<Slot>,
    free: Vec<Vec<u32>>,
}

/// An edge while a run goes on.
#[derive(Clone, Debug)]
struct EdgeState {
    memories: Vec<Memory>,
    counters: Vec<u64>,
    /// Lane of each policy's time limit; none for a policy that has to be asked.
    lanes: Vec<Option<LaneId>>,
    /// Next instance in turn, for each caller instance.
    turns: Vec<u32>,
    /// Attempts out, for each pair of caller and callee instance; empty if nobody asks.
    outstanding: Vec<u32>,
}

/// A link while a run goes on.
#[derive(Clone, Debug)]
struct LinkState {
    lane: Option<LaneId>,
    faults: Vec<u16>,
}

/// Messages without delay that are handled within one event before the rest become events.
const MOST_AT_ONCE: u32 = 10_000;

/// The requests whose stories are told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// These.
    pub only: Vec<u32>,
    /// Every so many, from the first on, [`Told::MOST`] at most; 0: none.
    pub every: u32,
}

impl Told {
    /// The most stories of sampled requests that are kept.
    pub const MOST: u32 = 1000;

    /// Whether there are any.
    #[inline]
    fn is_any(&self) -> bool {
        self.every > 0 || !self.only.is_empty()
    }

    fn wants(&self, number: u32) -> bool {
        let sampled =
            self.every > 0 && number.is_multiple_of(self.every) && number / self.every < Self::MOST;
        sampled || self.only.contains(&number)
    }
}

/// The state of a run.
#[derive(Clone, Debug)]
pub struct World<'p> {
    plan: &'p Plan,
    frames: Arena,
    slots: Slots,
    instances: Vec<Instance>,
    edges: Vec<EdgeState>,
    links: Vec<LinkState>,
    /// Lane of each distribution that is constant.
    dist_lanes: Vec<Option<LaneId>>,
    loads: Vec<LoadState>,
    faults: Vec<FaultState>,
    /// How many targets were chosen for the periods of faults that are under way.
    chosen: usize,
    /// What happens at this very instant, before the agenda is asked again: a message over a link
    /// without delay is a function call, not an event.
    now_next: Vec<Event>,
    requests: u32,
    /// What was done beside events: messages without delay, and rounds of loops.
    work: u64,
    /// Room for marking frames as abandoned, kept so that none is allocated each time.
    marking: Vec<u32>,
    told: Told,
    stories: BTreeMap<u32, Vec<StoryLine>>,
    /// The frames of those requests: (index, generation) to number.
    told_frames: BTreeMap<(u32, u32), u32>,
    /// The requests that have ended, if they are to be kept.
    log: Option<Vec<log::Entry>>,
    /// What is counted and measured.
    pub recorder: Recorder,
}

impl<'p> World<'p> {
    /// The state at time zero, and the agenda that goes with it. The stories of the requests
    /// that are `told` are kept.
    #[must_use]
    pub fn new(plan: &'p Plan, seed: Seed, told: Told) -> (Self, Agenda<Event>) {
        let mut agenda = Agenda::new();
        let dist_lanes = plan
            .dists
            .iter()
            .map(|dist| {
                let constant = dist
                    .constant()
                    .filter(|value| *value >= 1.0 && *value < 1e18)?;
                Some(agenda.lane(SimDuration::from_nanos_f64(constant)))
            })
            .collect();
        let mut world = Self {
            frames: Arena::default(),
            slots: Slots::default(),
            instances: plan
                .instances
                .iter()
                .map(|instance| Instance::new(plan, instance.place))
                .collect(),
            edges: plan
                .edges
                .iter()
                .map(|edge| EdgeState::new(plan, edge, &mut agenda))
                .collect(),
            links: Vec::new(),
            dist_lanes,
            loads: Vec::new(),
            faults: Vec::new(),
            chosen: 0,
            now_next: Vec::new(),
            requests: 0,
            work: 0,
            marking: Vec::new(),
            told,
            stories: BTreeMap::new(),
            told_frames: BTreeMap::new(),
            log: None,
            recorder: Recorder::new(plan),
            plan,
        };
        world.links = world
            .plan
            .links
            .iter()
            .map(|link| LinkState {
                lane: link
                    .latency
                    .and_then(|dist| world.dist_lanes[dist as usize]),
                faults: Vec::new(),
            })
            .collect();
        world.faults = world.prepare_faults(seed, &mut agenda);
        world.loads = world.prepare_loads(seed, &mut agenda);
        (world, agenda)
    }

    /// The compiled scenario.
    #[must_use]
    pub fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// The stories that were asked for, so far: number of the request, and what happened to it.
    pub fn stories(&self) -> impl Iterator<Item = (u32, &[StoryLine])> {
        self.stories
            .iter()
            .map(|(number, lines)| (*number, lines.as_slice()))
    }

    /// Counters of the policies of an edge.
    #[must_use]
    pub fn counters(&self, edge: usize) -> &[u64] {
        &self.edges[edge].counters
    }

    /// When each fault was on, and how many requests, attempts or messages it touched.
    #[must_use]
    pub fn fault_history(&self) -> Vec<(&[(SimTime, SimTime)], u64)> {
        self.faults
            .iter()
            .map(|fault| (fault.periods.as_slice(), fault.touched))
            .collect()
    }

    /// The warm-up is over: totals begin.
    pub fn begin_totals(&mut self, now: SimTime) {
        self.recorder.begin_totals(now);
        for edge in &mut self.edges {
            edge.counters.fill(0);
        }
    }

    /// Ends a window of the series; `whole` if the run got to its end, and was not stopped in the
    /// middle of an instant.
    pub fn close_window(&mut self, now: SimTime, whole: bool) {
        #[cfg(debug_assertions)]
        if whole {
            self.audit();
        }
        #[cfg(not(debug_assertions))]
        let _ = whole;
        let up: Vec<u64> = self.plan.places[..self.plan.services.len()]
            .iter()
            .map(|place| {
                let range = place.first_instance as usize
                    ..(place.first_instance + place.instance_count) as usize;
                self.instances[range]
                    .iter()
                    .filter(|instance| instance.down == 0)
                    .count() as u64
            })
            .collect();
        let open: Vec<u64> = self
            .edges
            .iter()
            .map(|edge| {
                edge.memories
                    .iter()
                    .filter(|memory| memory.is_open())
                    .count() as u64
            })
            .collect();
        self.recorder.close_window(self.plan, now, &up, &open);
    }

    /// The run is over: the recorder is told what has not ended, and stories that they are still going on.
    pub fn close_books(&mut self, now: SimTime) {
        let open: Vec<u32> = self.open_requests().collect();
        for index in open {
            let frame = &self.frames[index];
            let (workload, arrived) = (usize::from(frame.workload), frame.arrived);
            self.recorder.left_open(workload, arrived, now);
            self.tell_unfinished(index, now);
        }
        self.recorder.settle();
    }

    /// The frames of requests that have not ended.
    fn open_requests(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.frames.places()).filter(|index| {
            let frame = &self.frames[*index];
            frame.state != frame::State::Free && frame.is(frame::flag::ROOT)
        })
    }

    /// Requests that have not ended: workload, number, arrival, whether they count in totals.
    pub fn unfinished(&self) -> impl Iterator<Item = (usize, u32, SimTime, bool)> + '_ {
        self.open_requests().map(|index| {
            let frame = &self.frames[index];
            (
                usize::from(frame.workload),
                frame.in_edge,
                frame.arrived,
                frame.is(frame::flag::COUNTED),
            )
        })
    }

    /// Index of the place of a frame's instance.
    #[inline]
    fn place_of(&self, index: u32) -> u32 {
        self.plan.instances[self.frames[index].instance as usize].place
    }

    #[inline]
    fn dispatch(&mut self, event: Event, agenda: &mut Agenda<Event>) {
        match event {
            Event::Arrival { workload } => self.arrival(workload, agenda),
            Event::Seek { workload } => self.seek(workload, agenda),
            Event::Thought { workload, user } => self.ask(workload, user, agenda),
            Event::Impatient(id) => self.with(id, agenda, Self::impatient),
            // A frozen instance still has a queue and a backlog.
            Event::Deliver(id) => self.with(id, agenda, Self::deliver),
            Event::Answer(id) => self.answer(event, id, agenda),
            Event::Withdraw(id) => self.at_instance(event, id, agenda, Self::withdraw),
            Event::StepEnd(id) => self.at_instance(event, id, agenda, Self::step_end),
            Event::Start(id) => self.at_instance(event, id, agenda, Self::start),
            Event::Continue(id) => self.at_instance(event, id, agenda, Self::advance),
            Event::Expire(id) => self.at_instance(event, id, agenda, Self::expire),
            Event::CoreFree { instance } => self.core_free(instance, agenda),
            Event::PolicyTimer {
                frame,
                layer,
                again,
            } => self.timer(frame, layer, again, agenda),
            Event::Overdue {
                frame,
                layer,
                again,
            } => self.overdue(frame, layer, again, agenda),
            Event::FaultOn { fault, period } => self.fault_on(fault, period, agenda),
            Event::FaultOff { fault, period } => self.fault_off(fault, period, agenda),
            Event::Booted { instance } => self.booted(instance),
        }
    }

    /// Does something with a frame, if it has not ended.
    #[inline]
    fn with(
        &mut self,
        id: FrameId,
        agenda: &mut Agenda<Event>,
        act: impl FnOnce(&mut Self, u32, &mut Agenda<Event>),
    ) {
        if let Some(index) = self.frames.alive(id) {
            act(self, index, agenda);
        }
    }

    /// Does something with a frame at its instance; what happens at a frozen instance waits in its
    /// inbox until it wakes.
    #[inline]
    fn at_instance(
        &mut self,
        event: Event,
        id: FrameId,
        agenda: &mut Agenda<Event>,
        act: impl FnOnce(&mut Self, u32, &mut Agenda<Event>),
    ) {
        if let Some(index) = self.frames.alive(id) {
            let instance = &mut self.instances[self.frames[index].instance as usize];
            if instance.frozen > 0 {
                instance.inbox.push_back(event);
            } else {
                act(self, index, agenda);
            }
        }
    }
}

impl Model for World<'_> {
    type Event = Event;

    #[inline]
    fn words(event: &Event) -> [u64; 2] {
        let frame =
            |kind: u64, id: &FrameId| [kind | u64::from(id.index) << 32, u64::from(id.generation)];
        match event {
            Event::Arrival { workload } => [1, u64::from(*workload)],
            Event::Thought { workload, user } => [2 | u64::from(*workload) << 32, u64::from(*user)],
            Event::Impatient(id) => frame(3, id),
            Event::Deliver(id) => frame(4, id),
            Event::Answer(id) => frame(5, id),
            Event::Withdraw(id) => frame(6, id),
            Event::StepEnd(id) => frame(7, id),
            Event::Start(id) => frame(8, id),
            Event::Continue(id) => frame(9, id),
            Event::CoreFree { instance } => [10, u64::from(*instance)],
            Event::PolicyTimer {
                frame: id,
                layer,
                again,
            } => frame(11 | u64::from(*again) << 8 | u64::from(*layer) << 16, id),
            Event::Expire(id) => frame(12, id),
            Event::FaultOn { fault, period } => [13 | u64::from(*fault) << 32, u64::from(*period)],
            Event::FaultOff { fault, period } => [14 | u64::from(*fault) << 32, u64::from(*period)],
            Event::Booted { instance } => [15, u64::from(*instance)],
            Event::Overdue {
                frame: id, layer, ..
            } => frame(16 | u64::from(*layer) << 16, id),
            Event::Seek { workload } => [17, u64::from(*workload)],
        }
    }

    #[inline]
    fn handle(&mut self, event: Event, agenda: &mut Agenda<Event>) {
        self.dispatch(event, agenda);
        let (mut at, mut handled) = (0, 0);
        while let Some(&next) = self.now_next.get(at) {
            handled += 1;
            if handled > MOST_AT_ONCE {
                // A chain that takes no time must pass where budgets are looked at.
                for event in self.now_next.drain(at..) {
                    agenda.schedule_at(agenda.now(), event);
                }
                self.now_next.clear();
                return;
            }
            at += 1;
            if at == self.now_next.len() {
                self.now_next.clear();
                at = 0;
            }
            self.work += 1;
            self.dispatch(next, agenda);
        }
    }

    #[inline]
    fn work(&self) -> u64 {
        self.work + self.frames.added()
    }

    fn in_flight(&self) -> u64 {
        self.frames.in_use() as u64
    }

    fn memory(&self) -> usize {
        self.frames.memory()
            + self.slots.slots.len() * size_of::<Slot>()
            + self.log_memory()
            + self.chosen * size_of::<u32>()
    }

    fn stalled(&self, now: SimTime) -> bool {
        self.in_circle(now).next().is_some()
    }
}

impl Instance {
    fn new(plan: &Plan, place: u32) -> Self {
        let cores = plan
            .services
            .get(place as usize)
            .and_then(|service| service.cores);
        Self {
            service: place,
            busy: 0,
            queue: Queue::EMPTY,
            backlog: Queue::EMPTY,
            ready: Queue::EMPTY,
            cores: Cores::new(cores),
            down: 0,
            frozen: 0,
            faults: Vec::new(),
            inbox: VecDeque::new(),
            paused: Vec::new(),
        }
    }
}

impl EdgeState {
    fn new(plan: &Plan, edge: &crate::plan::EdgePlan, agenda: &mut Agenda<Event>) -> Self {
        use crate::scenario::Balance;
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

    fn memories(edge: &crate::plan::EdgePlan, callers: u32) -> Vec<Memory> {
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
    fn take(&mut self, edge: &crate::plan::EdgePlan) -> u32 {
        let length = edge.layers.len();
        if self.free.len() <= length {
            self.free.resize(length + 1, Vec::new());
        }
        let fresh = |layer: &crate::plan::LayerPlan| Slot {
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
    fn give_back(&mut self, first: u32, length: usize) {
        self.free[length].push(first);
    }
}
