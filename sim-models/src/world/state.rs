//! The state of a run, and what can be read from it.

use super::control_state::Control;
use super::edge::{EdgeState, Slots};
use super::event::Event;
use super::frame::{Arena, State, flag};
use super::instance::Instance;
use super::kept::Kept;
use super::permits::Pools;
use super::tried::Tried;
use crate::ids::{DistId, EdgeId, FaultId, InstanceId, LinkId, PlaceId, TiVec, WorkloadId};
use crate::observe::recorder::Recorder;
use crate::observe::summary::StoryLine;
use crate::outcome::Ending;
use crate::plan::Plan;
use sim_core::agenda::{Agenda, LaneId};
use sim_core::random::{Seed, Stream};
use sim_core::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// What [`crate::check`] counts before anything is laid out.
const _: () = {
    use crate::check::memory::{PER_EDGE_WINDOW, PER_INSTANCE, PER_LINK, PER_POOL};
    use crate::check::memory::{PER_POOL_WINDOW, PER_SERVICE_WINDOW, PER_WORKLOAD_WINDOW};
    use crate::observe::recorder::{EdgeWindow, InstanceRecord, PoolRecord, ServiceWindow};
    use crate::observe::recorder::{PoolWindow, WorkloadWindow};
    use crate::observe::summary::{InstanceSummary, PoolSummary};
    use crate::plan::{InstancePlan, LinkPlan};
    use sim_core::metrics::Snapshot;
    const WORDS: usize = size_of::<f64>();
    let instance = size_of::<Instance>() + size_of::<InstanceRecord>();
    let told = size_of::<InstancePlan>() + size_of::<InstanceSummary>();
    assert!(instance + told <= PER_INSTANCE as usize);
    let pool = size_of::<super::permits::PoolState>() + size_of::<PoolRecord>();
    assert!(pool + size_of::<PoolSummary>() <= PER_POOL as usize);
    assert!(2 * (size_of::<LinkPlan>() + size_of::<LinkState>()) <= PER_LINK as usize);
    let row = size_of::<crate::observe::ledger::Row>() + 2 * size_of::<Snapshot>();
    assert!(size_of::<WorkloadWindow>() + row + 16 * WORDS <= PER_WORKLOAD_WINDOW as usize);
    assert!(size_of::<ServiceWindow>() + 10 * WORDS <= PER_SERVICE_WINDOW as usize);
    assert!(size_of::<EdgeWindow>() + 10 * WORDS <= PER_EDGE_WINDOW as usize);
    // The snapshot of a window takes what it holds: some fifty steps.
    assert!(size_of::<PoolWindow>() + 12 * WORDS + 50 * 8 <= PER_POOL_WINDOW as usize);
};

/// A link while a run goes on.
#[derive(Clone, Debug)]
pub(super) struct LinkState {
    pub(super) lane: Option<LaneId>,
    pub(super) faults: Vec<FaultId>,
}

/// A workload while a run goes on.
#[derive(Clone, Debug)]
pub(super) struct LoadState {
    pub(super) stream: Stream,
    pub(super) key: u64,
    pub(super) arrivals: u64,
    /// How much of an arrival at constant gaps is still missing.
    pub(super) missing: f64,
    /// What share of its requests it asks.
    pub(super) factor: f64,
    /// What share of those that it asks is turned away.
    pub(super) shed: f64,
    pub(super) count: u64,
    pub(super) users: Vec<User>,
    /// When it asked last.
    pub(super) instant: SimTime,
    /// How often it has asked at that instant.
    pub(super) rounds: u64,
    /// How its last request ended.
    pub(super) last: Option<Ending>,
}

/// A user of a closed workload.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct User {
    pub(super) asked: u32,
    pub(super) clicks: u32,
}

/// A fault while a run goes on.
#[derive(Clone, Debug)]
pub(super) struct FaultState {
    /// Key of its draws.
    pub(super) key: u64,
    /// Whether the last draw was a hit, for correlated faults.
    pub(super) last: bool,
    /// Requests, attempts or messages that it touched.
    pub(super) touched: u64,
    /// When it is on.
    pub(super) periods: Vec<(SimTime, SimTime)>,
    /// What it hits in the periods that are under way, in the order in which they began: all that it can
    /// hit, or those that were chosen.
    pub(super) active: VecDeque<(u32, Option<Vec<InstanceId>>)>,
    /// For each instance that it can hit the requests that it has dealt with since it came; empty of kinds that do not
    /// count.
    pub(super) dealt_with: Vec<u32>,
}

/// Frames, targets or faults that are looked through in the time of one step of a run.
pub(super) const LOOKS_PER_STEP: u64 = 16;

/// A request that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Logged {
    pub(super) number: u32,
    pub(super) workload: WorkloadId,
    pub(super) counted: bool,
    pub(super) key: u64,
    pub(super) arrived: SimTime,
    pub(super) ended: SimTime,
    /// None: it has not ended.
    pub(super) ending: Option<Ending>,
}

/// Messages without delay that are handled within one event before the rest become events.
pub(super) const MOST_AT_ONCE: u32 = 10_000;

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
    pub(super) fn is_any(&self) -> bool {
        self.every > 0 || !self.only.is_empty()
    }

    pub(super) fn wants(&self, number: u32) -> bool {
        let sampled =
            self.every > 0 && number.is_multiple_of(self.every) && number / self.every < Self::MOST;
        sampled || self.only.contains(&number)
    }
}

/// The state of a run.
#[derive(Clone, Debug)]
pub struct World<'p> {
    pub(super) plan: &'p Plan,
    /// The plan as the scenario is written, before anybody has set anything.
    pub(super) written: &'p Plan,
    pub(super) frames: Arena,
    pub(super) slots: Slots,
    pub(super) instances: TiVec<InstanceId, Instance>,
    pub(super) pools: Pools,
    pub(super) kept: Kept,
    pub(super) edges: TiVec<EdgeId, EdgeState>,
    pub(super) links: TiVec<LinkId, LinkState>,
    /// Lane of each distribution that is constant.
    pub(super) dist_lanes: TiVec<DistId, Option<LaneId>>,
    pub(super) loads: TiVec<WorkloadId, LoadState>,
    pub(super) faults: TiVec<FaultId, FaultState>,
    pub(super) control: Control,
    /// How many targets were chosen for the periods of faults that are under way.
    pub(super) chosen: usize,
    /// What happens at this very instant, before the agenda is asked again: a message over a link
    /// without delay is a function call, not an event.
    pub(super) now_next: Vec<Event>,
    pub(super) requests: u32,
    /// What was done beside events: messages without delay, and rounds of loops.
    pub(super) work: u64,
    /// Room for marking frames as abandoned, kept so that none is allocated each time.
    pub(super) marking: Vec<u32>,
    /// Room for choosing an instance: those that are passed by, and the numbers of the others.
    pub(super) passed_by: Vec<bool>,
    /// Calls that have been parked so far.
    pub(super) tickets: u32,
    /// Tries without a pause within one event.
    pub(super) rounds: u32,
    /// See `passed_by`.
    pub(super) among: Vec<u32>,
    /// Room for those who are dropped from a queue.
    pub(super) dropped: Vec<u32>,
    /// What calls have asked whose further tries go elsewhere.
    pub(super) tried: Tried,
    /// When the attempt of each frame was sent, as far as balancers have to know.
    pub(super) sent: Vec<SimTime>,
    pub(super) told: Told,
    pub(super) stories: BTreeMap<u32, Vec<StoryLine>>,
    /// The frames of those requests: (index, generation) to number.
    pub(super) told_frames: BTreeMap<(u32, u32), u32>,
    /// The requests that have ended, if they are to be kept.
    pub(super) log: Option<Vec<Logged>>,
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
            frames: Arena::new(plan.carries),
            slots: Slots::default(),
            instances: plan
                .instances
                .iter()
                .map(|instance| Instance::new(plan, instance.place))
                .collect(),
            pools: Pools::new(plan, &mut agenda),
            kept: Kept::new(plan),
            edges: plan
                .edges
                .iter()
                .map(|edge| EdgeState::new(plan, edge, &mut agenda))
                .collect(),
            links: TiVec::new(),
            dist_lanes,
            loads: TiVec::new(),
            faults: TiVec::new(),
            control: Control::default(),
            chosen: 0,
            now_next: Vec::new(),
            requests: 0,
            work: 0,
            marking: Vec::new(),
            passed_by: Vec::new(),
            tickets: 0,
            rounds: 0,
            among: Vec::new(),
            dropped: Vec::new(),
            tried: Tried::default(),
            sent: Vec::new(),
            told,
            stories: BTreeMap::new(),
            told_frames: BTreeMap::new(),
            log: None,
            recorder: Recorder::new(plan),
            plan,
            written: plan,
        };
        world.links = world
            .plan
            .links
            .iter()
            .map(|link| LinkState {
                lane: link.latency.and_then(|dist| world.dist_lanes[dist]),
                faults: Vec::new(),
            })
            .collect();
        world.faults = world.prepare_faults(seed, &mut agenda);
        world.loads = world.prepare_loads(seed, &mut agenda);
        world.prepare_controllers(seed, &mut agenda);
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
    pub fn counters(&self, edge: EdgeId) -> &[u64] {
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
        self.watch_all(now, None);
        self.recorder.begin_totals(now);
        for edge in &mut self.edges {
            edge.counters.fill(0);
        }
        self.kept.begin_totals();
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
        self.watch_all(now, None);
        let up: Vec<u64> = self
            .plan
            .service_places()
            .iter()
            .map(|place| {
                self.instances[place.range()]
                    .iter()
                    .filter(|instance| instance.down == 0)
                    .count() as u64
            })
            .collect();
        let edges = self.plan.edges.iter().zip(&self.edges);
        let open: Vec<u64> = edges
            .map(|(plan, edge)| {
                let layers = plan.layers.iter().enumerate();
                let open = layers.map(|(layer, policy)| {
                    let memories = edge.memories[plan.memories_of(layer)].iter();
                    let open = memories.filter(|memory| policy.spec.is_open(memory, now));
                    open.count() as u64
                });
                open.sum()
            })
            .collect();
        self.recorder.close_window(self.plan, now, &up, &open);
    }

    /// The run is over: the recorder is told what has not ended, and stories that they are still going on.
    pub fn close_books(&mut self, now: SimTime) {
        let open: Vec<u32> = self.open_requests().collect();
        for index in open {
            let frame = &self.frames[index];
            let (workload, arrived) = (frame.workload, frame.arrived);
            self.recorder.left_open(workload, arrived, now);
            self.tell_unfinished(index, now);
        }
        self.recorder.settle();
    }

    /// The frames of requests that have not ended.
    pub(super) fn open_requests(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.frames.places()).filter(|index| {
            let frame = &self.frames[*index];
            frame.state != State::Free && frame.is(flag::ROOT)
        })
    }

    /// Requests that have not ended: workload, number, arrival, whether they count in totals.
    pub fn unfinished(&self) -> impl Iterator<Item = (WorkloadId, u32, SimTime, bool)> + '_ {
        self.open_requests().map(|index| {
            let frame = &self.frames[index];
            (
                frame.workload,
                frame.request(),
                frame.arrived,
                frame.is(flag::COUNTED),
            )
        })
    }

    /// Index of the place of a frame's instance.
    #[inline(always)]
    pub(super) fn place_of(&self, index: u32) -> PlaceId {
        self.plan.instances[self.frames[index].instance].place
    }
}
