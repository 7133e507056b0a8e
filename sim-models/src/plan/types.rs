//! What a plan holds: places, programs, edges, links and faults as plain data.

pub use super::candidates::Candidates;
use super::keepers::KeeperPlan;
pub use super::watched::{Need, StatesPlan};
use crate::baggage::Priority;
use crate::balancers::BalancerSpec;
use crate::controllers::ControllerSpec;
use crate::expression::Expression;
use crate::faults::{Condition, Effect, Fault, Instances, Target};
use crate::ids::{
    ActionId, ArmId, BranchId, ChangeId, CodeId, ControllerId, DistId, EdgeId, EndpointId, FaultId,
    InstanceId, KeeperId, LinkId, OwnPoolId, PlaceId, PoolId, ServiceId, TiSlice, TiVec,
    WorkloadId,
};
use crate::outcome::OutcomeSet;
use crate::quantity::keys::KeyDist;
use crate::queues::OrderSpec;
use crate::resilience::{By, CallState, PolicySpec};
pub use crate::scenario::steps::{Instruction, LOOP_DEPTH};
use crate::scenario::{Arrivals, Impatience, Scenario, Shape, Start, Threading};
use sim_core::dist::Dist;
use sim_core::{SimDuration, SimTime};
use std::ops::Range;
use std::sync::OnceLock;

/// A checked scenario, compiled.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Services first, then workloads: everything that sends or answers requests.
    pub places: TiVec<PlaceId, Place>,
    /// The services, in the order of the scenario.
    pub services: TiVec<ServiceId, ServicePlan>,
    /// The workloads, in the order of the scenario.
    pub workloads: TiVec<WorkloadId, WorkloadPlan>,
    /// Every instance: of the services in order, then one for each workload as a caller.
    pub instances: TiVec<InstanceId, InstancePlan>,
    /// Every pool of every service.
    pub pools: TiVec<PoolId, PoolPlan>,
    /// Every step that keeps something in instances.
    pub keepers: TiVec<KeeperId, KeeperPlan>,
    /// Every endpoint of every service.
    pub endpoints: TiVec<EndpointId, EndpointPlan>,
    /// The programs of all endpoints.
    pub code: TiVec<CodeId, Instruction>,
    /// Branches of parallel steps: entry points.
    pub branches: TiVec<BranchId, CodeId>,
    /// Arms of choices: cumulative probability and entry point.
    pub arms: TiVec<ArmId, (f64, CodeId)>,
    /// Distributions that instructions and links sample, in nanoseconds or counts.
    pub dists: TiVec<DistId, Dist>,
    /// What the work of each endpoint needs in any case, where the door of its service looks ahead; empty if none does.
    pub needs: TiVec<EndpointId, Vec<Need>>,
    /// Calls from a place to a service under one list of policies.
    pub edges: TiVec<EdgeId, EdgePlan>,
    /// Whether one of the edges is the door of a service.
    pub doors: bool,
    /// Whether anything travels with requests ([`crate::baggage`]).
    pub carries: bool,
    /// One-way connections.
    pub links: TiVec<LinkId, LinkPlan>,
    /// What goes wrong.
    pub faults: TiVec<FaultId, FaultPlan>,
    /// Who acts from outside.
    pub controllers: TiVec<ControllerId, ControllerPlan>,
    /// What controllers may set, if anything.
    pub live: Option<Box<Live>>,
    /// Whether one of the faults has a say in what requests are answered.
    pub wrong_answers: bool,
    /// The tenants that workloads are labelled with; a [`WorkloadPlan::tenant`] of 1 is the first.
    pub tenants: Vec<String>,
    /// End of the run.
    pub end: SimTime,
    /// End of the warm-up.
    pub warmup: SimTime,
    /// Width of the windows of series.
    pub window: SimDuration,
    /// What [`crate::reliability::predicted`] says of it, once somebody has asked: the runs of a plan share it.
    pub predicted: OnceLock<Vec<Option<f64>>>,
}

impl Plan {
    /// The place of a workload: workloads come after the services.
    #[inline]
    #[must_use]
    pub fn load_place(&self, workload: WorkloadId) -> PlaceId {
        PlaceId::new(self.services.len() as u16 + workload.number())
    }

    /// The places of the services.
    #[must_use]
    pub fn service_places(&self) -> &TiSlice<ServiceId, Place> {
        TiSlice::from_ref(&self.places.raw[..self.services.len()])
    }

    /// The places of the workloads.
    #[must_use]
    pub fn load_places(&self) -> &TiSlice<WorkloadId, Place> {
        TiSlice::from_ref(&self.places.raw[self.services.len()..])
    }
}

/// A service or a workload.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its first instance; the others follow.
    pub first_instance: InstanceId,
    /// How many instances it has.
    pub instance_count: u32,
}

impl Place {
    /// Its instances, as a range of those of the plan.
    #[must_use]
    pub fn range(&self) -> Range<InstanceId> {
        self.first_instance..self.first_instance.offset(self.instance_count)
    }

    /// Its instances, one by one.
    pub fn instances(&self) -> impl DoubleEndedIterator<Item = InstanceId> + Clone + use<> {
        self.first_instance.next(self.instance_count)
    }
}

/// A service.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    /// Threads of one instance; [`u32::MAX`]: unbounded.
    pub threads: u32,
    /// Whether a thread is held while it waits for a callee.
    pub threading: Threading,
    /// Cores of one instance, shared by those that work; none: no contention.
    pub cores: Option<f64>,
    /// Places in the queue.
    pub queue_limit: u32,
    /// Who is next, and who is dropped.
    pub queue_order: OrderSpec,
    /// Whether that order has to be asked where nobody waits.
    pub minds_empty: bool,
    /// Places in the backlog.
    pub backlog_limit: u32,
    /// How callers choose among its instances.
    pub balance: BalancerSpec,
    /// The edge that is its door; [`EdgeId::NONE`] if it has none.
    pub door: EdgeId,
    /// Whether branches of its requests work, which they do beside its threads.
    pub branches_work: bool,
}

impl ServicePlan {
    /// Threads of one instance; infinite if they are unbounded.
    #[must_use]
    pub fn thread_limit(&self) -> f64 {
        if self.threads == u32::MAX {
            f64::INFINITY
        } else {
            f64::from(self.threads)
        }
    }

    /// What the level of work at one instance of so many threads reaches when it is full: thousandths of cores
    /// where cores are shared, threads where they are not.
    /// None where no cores are given and work is done beside the threads: nobody knows how much there can be.
    #[must_use]
    pub fn work_limit(&self, threads: f64) -> Option<f64> {
        match self.cores {
            Some(cores) => Some(cores * 1000.0),
            None => (!self.branches_work).then_some(threads),
        }
    }

    /// The threads of one instance: the limit, or where controllers may set it (`live`) its mean over windows.
    #[must_use]
    pub fn threads_in(&self, live: bool, windows: impl Iterator<Item = f64>) -> f64 {
        if !live {
            return self.thread_limit();
        }
        let (sum, count) = windows.fold((0.0, 0.0), |(sum, count), threads| {
            (sum + threads, count + 1.0)
        });
        if count > 0.0 {
            sum / count
        } else {
            self.thread_limit()
        }
    }
}

/// An instance.
#[derive(Clone, Debug)]
pub struct InstancePlan {
    /// Its place.
    pub place: PlaceId,
    /// Its number within the place.
    pub number: u32,
    /// Name of its host.
    pub host: String,
    /// Name of its zone, if it has one.
    pub zone: Option<String>,
    /// Name of its region, if its zone is in one.
    pub region: Option<String>,
}

/// A pool that each instance of a service has.
#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: ServiceId,
    /// How many there are at an instance.
    pub size: u32,
    /// How many may wait at an instance; [`u32::MAX`]: unbounded.
    pub queue: u32,
    /// How long one may wait; none: as long as it takes.
    pub wait: Option<SimDuration>,
    /// That of the first instance; those of the others follow.
    pub first: OwnPoolId,
}

impl PoolPlan {
    /// How many there are at all instances together.
    #[must_use]
    pub fn size_of_all(&self, plan: &Plan) -> u64 {
        let instances = plan.service_places()[self.service].instance_count;
        u64::from(self.size) * u64::from(instances)
    }
}

/// An endpoint.
#[derive(Clone, Debug)]
pub struct EndpointPlan {
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: ServiceId,
    /// Where its program begins.
    pub entry: CodeId,
    /// Whether it may be asked twice for the same thing.
    pub idempotent: bool,
}

/// A workload.
#[derive(Clone, Debug)]
pub struct WorkloadPlan {
    /// What it asks for: cumulative probability, edge, endpoint.
    pub targets: Vec<(f64, EdgeId, EndpointId)>,
    /// When it asks.
    pub kind: WorkloadKind,
    /// How much its requests matter.
    pub priority: Priority,
    /// The keys of its requests; none: they have no key.
    pub keys: Option<KeyDist>,
    /// Which of the tenants of the scenario it is from, from 1; 0: it has no label.
    pub tenant: u32,
}

/// When a workload asks.
#[derive(Clone, Debug)]
pub enum WorkloadKind {
    /// Requests arrive no matter how many are unanswered.
    Open {
        /// Arrivals (batches) per second, before the shape.
        rate: f64,
        /// How gaps are drawn.
        arrivals: Arrivals,
        /// Factors on the rate over time.
        shape: Vec<Shape>,
        /// Requests per arrival.
        batch: u32,
    },
    /// Users who wait for their answer.
    Closed {
        /// How many.
        users: u32,
        /// Time between an answer and the next request, ns.
        think: Dist,
        /// How long a user waits, ns.
        patience: Option<Dist>,
        /// What a user does then.
        then: Impatience,
        /// Clicks per request at most.
        clicks: u32,
        /// What users do at the start.
        start: Start,
    },
}

/// Calls from a place to a service under one list of policies.
#[derive(Clone, Debug)]
pub struct EdgePlan {
    /// `"caller -> callee"`, with the endpoint where it has policies of its own.
    pub name: String,
    /// The caller.
    pub caller: PlaceId,
    /// The callee.
    pub callee: ServiceId,
    /// The first instance of the callee.
    pub first_callee: InstanceId,
    /// How many instances the callee has.
    pub callees: u32,
    /// Whether it is the door of a service: no call of the scenario, but the way in from the instance to its queue.
    pub door: bool,
    /// Whether every endpoint of the callee may be asked twice for the same thing.
    pub idempotent: bool,
    /// Policies, outermost first.
    pub layers: Vec<LayerPlan>,
    /// Whether the callee is told when the caller gives up.
    pub tells_cancellation: bool,
    /// Whether the callee is told of a deadline.
    pub tells_deadline: bool,
    /// Whether one of the policies may have several tries out.
    pub forks: bool,
    /// Whether balancers pass instances by that one of the policies shuns.
    pub shuns: bool,
    /// Whether further tries of a call go to instances that it has not asked.
    pub avoids: bool,
    /// Whether the balancer of the callee has to know how attempts end.
    pub listens: bool,
    /// Whether anybody keeps a record of whom its attempts went to.
    pub keeps: bool,
    /// The first policy whose memory is divided by the instances of the callee: there the instance is chosen;
    /// [`EdgePlan::LATE`] if there is none, and it is chosen when an attempt is sent.
    pub picks_at: u32,
    /// Whether one of the policies has to know when what it let in at a door begins to be served.
    pub starts: bool,
    /// Whether a policy of this door tells how busy its instance is.
    pub reports: bool,
    /// The first of the callee's endpoints.
    pub first_endpoint: EndpointId,
    /// Parts of a memory that is divided by key: one for each, and one for requests without.
    pub keys: u32,
    /// Number of memories of all its policies.
    pub memory_count: u32,
    /// Number of states of all of them.
    pub state_count: u32,
    /// Where each attempt goes: links of requests and of answers.
    pub routes: Routes,
}

impl EdgePlan {
    /// In place of a policy where instances are chosen when an attempt is sent.
    pub const LATE: u32 = u32::MAX;

    /// Which of the memories of the edge are those of one of its policies.
    #[must_use]
    pub fn memories_of(&self, layer: usize) -> Range<usize> {
        let next = self.layers.get(layer + 1);
        let end = next.map_or(self.memory_count, |next| next.memory);
        let [first, end] = [self.layers[layer].memory, end].map(|memory| memory as usize);
        first..end
    }

    /// The policies from `base` on that one frame carries: up to the first that may have several tries out, each of
    /// which has a frame of its own.
    #[inline]
    #[must_use]
    pub fn carried(&self, base: usize) -> &[LayerPlan] {
        let rest = &self.layers[base..];
        if !self.forks {
            return rest;
        }
        match rest.iter().position(|layer| layer.forks) {
            Some(fork) => &rest[..=fork],
            None => rest,
        }
    }
}

/// The links of an edge: one pair for all, or one for each pair of instances.
#[derive(Clone, Debug)]
pub struct Routes {
    /// First pair of links: request, then answer.
    pub first: LinkId,
    /// Whether each pair of instances has its own.
    pub by_instance: bool,
}

/// A policy of an edge.
#[derive(Clone, Debug)]
pub struct LayerPlan {
    /// What it does.
    pub spec: PolicySpec,
    /// Index of its first memory among those of the edge.
    pub memory: u32,
    /// Whether all caller instances share one memory.
    pub shared: bool,
    /// What its memory is divided by.
    pub by: Option<By>,
    /// How many parts its memory has for each that has one.
    pub parts: u32,
    /// Whether it has to know when what it let in at a door begins to be served.
    pub starts: bool,
    /// Whether it has to know whether what a request needs is shut.
    pub looks: bool,
    /// Whether the callee is told of its deadline.
    pub tells_deadline: bool,
    /// Whether it has to allow another try before its pause.
    pub rations: bool,
    /// Whether it counts the retries of whole requests.
    pub travels: bool,
    /// Whether balancers pass instances by that it shuns.
    pub shuns: bool,
    /// Whether it has to know which instance asks, and for which tenant.
    pub asks_who: bool,
    /// Whether it has to know no more of a call than any policy: see what is said above.
    pub plain: bool,
    /// Whether it has to know of every call that leaves it.
    pub leaves: bool,
    /// Whether it may have several tries out at once, or ask another target.
    pub forks: bool,
    /// Whether calls may be parked at its memory.
    pub parks: bool,
    /// Whether it has to be asked on the way in, or may have several tries out then.
    pub enters: bool,
    /// What it knows of a new call.
    pub begins: CallState,
    /// What passes it on the way out without a question.
    pub passes: OutcomeSet,
    /// Index of its first counter among those of the edge.
    pub counters: u32,
    /// How many counters it has.
    pub counter_count: u32,
    /// The other targets that it may ask: edge and endpoint.
    pub targets: Vec<(EdgeId, EndpointId)>,
    /// The states of its memories, if they have some.
    pub states: Option<StatesPlan>,
}

/// A one-way connection between two places or two instances.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// Delay of a message, ns; none: no delay at all.
    pub latency: Option<DistId>,
    /// Sender: place, and instance if it is that exact.
    pub from: (PlaceId, Option<InstanceId>),
    /// Receiver: place, and instance if it is that exact.
    pub to: (PlaceId, Option<InstanceId>),
    /// Whether it carries requests (or answers).
    pub requests: bool,
}

/// A fault.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// Its name in results.
    pub name: String,
    /// Name of its kind.
    pub kind: String,
    /// Its target, in words.
    pub target_name: String,
    /// When, and how much.
    pub spec: Fault,
    /// Where.
    pub target: Target,
    /// What can be known of it without a run.
    pub effect: Effect,
    /// What becomes of the instances that it hits, as such.
    pub condition: Option<Condition>,
    /// Whether it holds requests until it has gone.
    pub holds: bool,
    /// Whether it has a say in what requests are answered.
    pub answers: bool,
    /// Whether it counts requests by instance.
    pub counts: bool,
    /// Added time, ns, of those that add some.
    pub add: Option<Dist>,
    /// Duration of repair, ns, of random faults.
    pub repair: Option<Dist>,
    /// What it can hit.
    pub candidates: Candidates,
    /// Only requests to the endpoint of this name.
    pub endpoint: Option<String>,
    /// Only requests of this workload.
    pub workload: Option<WorkloadId>,
}

/// A controller.
#[derive(Clone, Debug)]
pub struct ControllerPlan {
    /// Its name.
    pub name: String,
    /// What it is.
    pub spec: ControllerSpec,
    /// What it is told of.
    pub watches: WatchPlan,
    /// What it may do.
    pub actions: TiVec<ActionId, ActionPlan>,
    /// The governor that is asked before it acts.
    pub governor: Option<ControllerId>,
}

/// What a controller is told of.
#[derive(Clone, Debug)]
pub enum WatchPlan {
    /// Nothing but its own clock.
    Clock,
    /// The instances of a service that die.
    Deaths {
        /// The service.
        service: ServiceId,
    },
    /// Whether a check holds.
    Condition {
        /// The check.
        check: Expression,
        /// The windows before each look over which it is measured.
        windows: usize,
    },
}

/// What a controller may do.
#[derive(Clone, Debug)]
pub enum ActionPlan {
    /// Ends these faults for good.
    Lift(Vec<FaultId>),
    /// Sets a parameter.
    Set {
        /// The change.
        change: ChangeId,
        /// The first change of the same parameter.
        site: ChangeId,
    },
    /// Restarts instances.
    Restart {
        /// Those that there are to choose from.
        candidates: Vec<InstanceId>,
        /// How many of them, or which.
        instances: Instances,
        /// How long one takes to be up again.
        boot: SimDuration,
        /// How long to wait before the next ones.
        pause: SimDuration,
        /// How many together.
        at_once: u32,
    },
    /// Sets what share of its requests a workload goes on asking.
    Load {
        /// The workload.
        workload: WorkloadId,
        /// The share, 0 to 1.
        factor: f64,
    },
    /// Sets what share of the requests of a workload is turned away.
    Shed {
        /// The workload.
        workload: WorkloadId,
        /// The share, 0 to 1.
        share: f64,
    },
    /// Waits.
    Wait(SimDuration),
}

/// The changes that controllers may make to a plan, and the plans that they lead to; see [`super::live`].
#[derive(Clone, Debug)]
pub struct Live {
    /// What the plan was made of.
    pub(super) scenario: Scenario,
    /// All changes: path and value.
    pub(super) changes: TiVec<ChangeId, (String, String)>,
    /// For each of them the plan in which it has been made.
    pub(super) plans: TiVec<ChangeId, OnceLock<Box<Plan>>>,
}

/// Ids are as wide as they need be, and no record is larger for them.
const _: () = {
    assert!(size_of::<Place>() <= 32 && size_of::<InstancePlan>() <= 80);
    assert!(size_of::<EndpointPlan>() <= 32 && size_of::<PoolPlan>() <= 56);
    assert!(size_of::<LinkPlan>() <= 36 && size_of::<Instruction>() <= 12);
};
