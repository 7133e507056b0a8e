//! What a plan holds: places, programs, edges, links and faults as plain data.

use crate::baggage::Priority;
use crate::balancers::BalancerSpec;
use crate::controllers::ControllerSpec;
use crate::expression::Expression;
use crate::faults::{Condition, Effect, Fault, Instances, Target};
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
    pub places: Vec<Place>,
    /// The services, in the order of the scenario.
    pub services: Vec<ServicePlan>,
    /// The workloads, in the order of the scenario.
    pub workloads: Vec<WorkloadPlan>,
    /// Every instance: of the services in order, then one for each workload as a caller.
    pub instances: Vec<InstancePlan>,
    /// Every pool of every service.
    pub pools: Vec<PoolPlan>,
    /// Every endpoint of every service.
    pub endpoints: Vec<EndpointPlan>,
    /// The programs of all endpoints.
    pub code: Vec<Instruction>,
    /// Branches of parallel steps: entry points.
    pub branches: Vec<u32>,
    /// Arms of choices: cumulative probability and entry point.
    pub arms: Vec<(f64, u32)>,
    /// Distributions that instructions and links sample, in nanoseconds or counts.
    pub dists: Vec<Dist>,
    /// Calls from a place to a service under one list of policies.
    pub edges: Vec<EdgePlan>,
    /// Whether one of the edges is the door of a service.
    pub doors: bool,
    /// Whether anything travels with requests ([`crate::baggage`]).
    pub carries: bool,
    /// One-way connections.
    pub links: Vec<LinkPlan>,
    /// What goes wrong.
    pub faults: Vec<FaultPlan>,
    /// Who acts from outside.
    pub controllers: Vec<ControllerPlan>,
    /// What controllers may set, if anything.
    pub live: Option<Box<Live>>,
    /// Whether one of the faults has a say in what requests are answered.
    pub wrong_answers: bool,
    /// End of the run.
    pub end: SimTime,
    /// End of the warm-up.
    pub warmup: SimTime,
    /// Width of the windows of series.
    pub window: SimDuration,
    /// What [`crate::reliability::predicted`] says of it, once somebody has asked: the runs of a plan share it.
    pub predicted: OnceLock<Vec<Option<f64>>>,
}

/// A service or a workload.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Index of its first instance.
    pub first_instance: u32,
    /// How many instances it has.
    pub instance_count: u32,
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
    /// The edge that is its door; [`ServicePlan::OPEN`] if it has none.
    pub door: u32,
    /// Whether branches of its requests work, which they do beside its threads.
    pub branches_work: bool,
}

impl ServicePlan {
    /// In place of the edge of a door.
    pub const OPEN: u32 = u32::MAX;

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
    /// Index of its place.
    pub place: u32,
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
    /// Index of its service.
    pub service: u32,
    /// How many there are at an instance.
    pub size: u32,
    /// How many may wait at an instance; [`u32::MAX`]: unbounded.
    pub queue: u32,
    /// How long one may wait; none: as long as it takes.
    pub wait: Option<SimDuration>,
    /// Index of that of the first instance among those of all; the others follow.
    pub first: u32,
}

impl PoolPlan {
    /// How many there are at all instances together.
    #[must_use]
    pub fn size_of_all(&self, plan: &Plan) -> u64 {
        let instances = plan.places[self.service as usize].instance_count;
        u64::from(self.size) * u64::from(instances)
    }
}

/// An endpoint.
#[derive(Clone, Debug)]
pub struct EndpointPlan {
    /// Its name.
    pub name: String,
    /// Index of its service.
    pub service: u32,
    /// Where its program begins.
    pub entry: u32,
}

/// A workload.
#[derive(Clone, Debug)]
pub struct WorkloadPlan {
    /// What it asks for: cumulative probability, edge, endpoint.
    pub targets: Vec<(f64, u32, u32)>,
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
    /// Index of the caller's place.
    pub caller: u32,
    /// Index of the callee's service.
    pub callee: u32,
    /// Index of the first instance of the callee.
    pub first_callee: u32,
    /// How many instances the callee has.
    pub callees: u32,
    /// Whether it is the door of a service: no call of the scenario, but the way in from the instance to its queue.
    pub door: bool,
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
    /// The first of the callee's endpoints.
    pub first_endpoint: u32,
    /// Parts of a memory that is divided by key: one for each, and one for requests without.
    pub keys: u32,
    /// Number of memories of all its policies.
    pub memory_count: u32,
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
        self.layers[layer].memory as usize..end as usize
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
    pub first: u32,
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
    /// Whether the callee is told of its deadline.
    pub tells_deadline: bool,
    /// Whether it has to allow another try before its pause.
    pub rations: bool,
    /// Whether balancers pass instances by that it shuns.
    pub shuns: bool,
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
    /// What passes it on the way out without a question, and leaves nothing behind.
    pub passes: OutcomeSet,
    /// Index of its first counter among those of the edge.
    pub counters: u32,
    /// How many counters it has.
    pub counter_count: u32,
    /// The other targets that it may ask: edge and endpoint.
    pub targets: Vec<(u32, u32)>,
}

/// A one-way connection between two places or two instances.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// Delay of a message, ns; none: no delay at all.
    pub latency: Option<u32>,
    /// Sender: place, and instance if it is that exact.
    pub from: (u32, Option<u32>),
    /// Receiver: place, and instance if it is that exact.
    pub to: (u32, Option<u32>),
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
    /// Candidates: instances or links.
    pub candidates: Vec<u32>,
    /// Only requests to the endpoint of this name.
    pub endpoint: Option<String>,
    /// Only requests of this workload (index).
    pub workload: Option<u32>,
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
    pub actions: Vec<ActionPlan>,
}

/// What a controller is told of.
#[derive(Clone, Debug)]
pub enum WatchPlan {
    /// Nothing but its own clock.
    Clock,
    /// The instances of a service that die.
    Deaths {
        /// Index of the service.
        place: u32,
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
    Lift(Vec<u16>),
    /// Sets a parameter.
    Set {
        /// Index of the change.
        change: u16,
        /// The first change of the same parameter.
        site: u16,
    },
    /// Restarts instances.
    Restart {
        /// Those that there are to choose from.
        candidates: Vec<u32>,
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
        /// Index of the workload.
        workload: u16,
        /// The share, 0 to 1.
        factor: f64,
    },
    /// Sets what share of the requests of a workload is turned away.
    Shed {
        /// Index of the workload.
        workload: u16,
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
    pub(super) changes: Vec<(String, String)>,
    /// For each of them the plan in which it has been made.
    pub(super) plans: Vec<OnceLock<Box<Plan>>>,
}
