//! What a scenario says, as plain types. Serialised and versioned; the running system is built from
//! them by [`crate::plan`] and shares none of them.
//!
//! Units: durations are [`SimDuration`] (written `"250ms"`), rates are events per second (written
//! `"900/s"`), shares and ratios are 0 to 1.

use super::distribution::{CountSpec, DurationSpec};
use super::units::{Bound, Rate, Size};
use crate::faults::Fault;
use crate::resilience::PolicySpec;
use indexmap::IndexMap;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sim_core::SimDuration;
use std::fmt;

/// A whole scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One line that names what is shown.
    #[serde(default)]
    pub title: Option<String>,
    /// Simulated length of the run, warm-up included.
    pub duration: SimDuration,
    /// What happens before this time counts in no total.
    #[serde(default)]
    pub warmup: SimDuration,
    /// The root of all chance.
    #[serde(default = "defaults::seed")]
    pub seed: u64,
    /// Width of the windows of all time series.
    #[serde(default = "defaults::window")]
    pub window: SimDuration,
    /// Regions and the zones in them.
    #[serde(default)]
    pub regions: IndexMap<String, Vec<String>>,
    /// Hosts and the zone of each.
    #[serde(default)]
    pub hosts: IndexMap<String, String>,
    /// The services.
    #[serde(default)]
    pub services: IndexMap<String, Service>,
    /// Links between places, `"from -> to"`; the most specific pattern wins.
    #[serde(default)]
    pub links: IndexMap<String, Link>,
    /// Policies of calls, `"caller -> callee"` or `"caller -> callee/endpoint"`, outermost first;
    /// the most specific pattern wins.
    #[serde(default)]
    pub calls: IndexMap<String, Vec<PolicySpec>>,
    /// Where requests come from.
    #[serde(default)]
    pub workloads: IndexMap<String, Workload>,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// What the author believes will happen.
    #[serde(default)]
    pub hypothesis: Hypothesis,
    /// When to stop a run that got out of hand.
    #[serde(default)]
    pub budget: Budget,
}

/// A service: replicas of one program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Number of instances.
    #[serde(default = "defaults::one")]
    pub replicas: u32,
    /// Requests that one instance runs at a time.
    #[serde(default = "defaults::threads")]
    pub threads: Bound,
    /// Whether a thread is held while it waits for a callee.
    #[serde(default)]
    pub threading: Threading,
    /// Cores of one instance, shared equally among the threads that work; none: each has its own.
    #[serde(default)]
    pub cores: Option<f64>,
    /// Where accepted requests wait for a thread; a request that finds it full is *rejected*.
    #[serde(default)]
    pub queue: Queue,
    /// Connections that wait to be accepted, behind the queue; one that finds it full is *refused*.
    #[serde(default = "defaults::backlog")]
    pub backlog: Bound,
    /// Policies that a request goes through when it reaches an instance, outermost first, before it waits for a
    /// thread: limits of the service's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admission: Vec<PolicySpec>,
    /// How callers choose among the instances.
    #[serde(default)]
    pub balance: Balance,
    /// Zones that the instances are spread over, in turn.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Hosts that the instances are placed on, in turn; none: each has a host of its own.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The programs that answer requests, by name.
    pub endpoints: IndexMap<String, Vec<Step>>,
}

/// Whether a thread is held while it waits for a callee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threading {
    /// Held: thread per request.
    #[default]
    Sync,
    /// Released: event loop. The continuation queues for a thread ahead of new requests.
    Async,
}

/// Where accepted requests wait for a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// How many may wait.
    #[serde(default = "defaults::zero_bound")]
    pub limit: Bound,
    /// Who is next.
    #[serde(default)]
    pub order: QueueOrder,
}

/// Who is next in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// First in, first out.
    #[default]
    Fifo,
    /// Last in, first out.
    Lifo,
}

/// How callers choose among the instances of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// Each in turn.
    #[default]
    RoundRobin,
    /// Uniformly at random.
    Random,
    /// The one with the fewest requests outstanding from this caller; ties at random.
    LeastOutstanding,
    /// The better of two drawn at random without replacement.
    PowerOfTwo,
}

/// One step of an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Computes: needs a core for this much core time.
    Work(WorkStep),
    /// Waits without a core (the thread is held if threads are sync).
    Wait(WaitStep),
    /// Calls another endpoint and waits for the answer.
    Call(CallStep),
    /// Runs branches at the same time.
    Parallel(ParallelStep),
    /// Runs one branch, drawn by weight.
    Choice(ChoiceStep),
    /// Runs steps several times in turn.
    Repeat(RepeatStep),
    /// Ends the request with an error.
    Fail(FailStep),
}

/// Computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkStep {
    /// Core time needed.
    pub demand: DurationSpec,
}

/// Waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitStep {
    /// How long.
    pub span: DurationSpec,
}

/// Calls another endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// `"service/endpoint"`.
    pub to: String,
    /// If so, a failed call does not fail the request: its answer counts as *degraded*.
    #[serde(default)]
    pub optional: bool,
}

/// Runs branches at the same time, outside the thread pool; the request goes on when enough have ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelStep {
    /// Step lists.
    pub branches: Vec<Vec<Step>>,
    /// How many must succeed; the rest are given up.
    #[serde(default)]
    pub need: Need,
}

/// How many branches must succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// All of them; the first failure fails the step.
    #[default]
    All,
    /// The first n to succeed; the step fails once so many failed that n cannot succeed.
    First(u32),
}

/// Runs one branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceStep {
    /// The branches.
    pub arms: Vec<ChoiceArm>,
}

/// A branch of a choice, written `(weight, [steps])`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceArm {
    /// Relative weight, any positive number.
    pub weight: f64,
    /// What it runs.
    pub steps: Vec<Step>,
}

/// Runs steps several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatStep {
    /// How often.
    pub times: CountSpec,
    /// What.
    pub steps: Vec<Step>,
}

/// Ends the request with an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailStep {
    /// Share of the requests that fail here, 0 to 1; the others go on.
    #[serde(default = "defaults::certain")]
    pub share: f64,
    /// HTTP-like status, 400 to 599.
    #[serde(default = "defaults::status")]
    pub status: u16,
}

/// A link between two places, one way; the way back has the same parameters unless named itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// One-way delay of a message.
    pub latency: DurationSpec,
}

/// Where requests come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// Requests arrive no matter how many are unanswered.
    Open(OpenLoad),
    /// Users who wait for their answer before they think and ask again.
    Closed(ClosedLoad),
}

/// Requests that arrive no matter how many are unanswered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenLoad {
    /// Arrival rate, before `shape`.
    pub rate: Rate,
    /// What they ask for.
    pub to: Targets,
    /// How the gaps between arrivals are drawn.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// Factors on the rate over time; several multiply.
    #[serde(default)]
    pub shape: Vec<Shape>,
    /// Requests that arrive together each time.
    #[serde(default = "defaults::one")]
    pub batch: u32,
    /// Label of those whom these requests come from; results are also given by tenant.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// How the gaps between arrivals are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Independent arrivals: exponential gaps.
    #[default]
    Poisson,
    /// Equal gaps.
    Constant,
}

/// A factor on an arrival rate over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// From `at` on, the rate is multiplied by `factor`.
    Step(StepShape),
    /// The factor goes from 1 at `at` to `factor` in a straight line over `over`, and stays.
    Ramp(RampShape),
    /// The rate is multiplied by `factor` from `at` for a span `for`.
    Spike(SpikeShape),
    /// A sine: 1 + amplitude at `peak`, 1 - amplitude half a period later.
    Diurnal(DiurnalShape),
}

/// A step of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepShape {
    /// When.
    pub at: SimDuration,
    /// By what the rate is multiplied from then on.
    pub factor: f64,
}

/// A ramp of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampShape {
    /// When it begins.
    pub at: SimDuration,
    /// How long it climbs.
    pub over: SimDuration,
    /// The factor at its end.
    pub factor: f64,
}

/// A spike of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpikeShape {
    /// When it begins.
    pub at: SimDuration,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: SimDuration,
    /// By what the rate is multiplied meanwhile.
    pub factor: f64,
}

/// A daily rhythm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiurnalShape {
    /// Length of a cycle.
    #[serde(default = "defaults::day")]
    pub period: SimDuration,
    /// 0 to 1.
    pub amplitude: f64,
    /// When the first peak is.
    #[serde(default)]
    pub peak: SimDuration,
}

/// What requests ask for: one endpoint, or several by weight.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Targets {
    /// `"service/endpoint"`.
    One(String),
    /// `{"service/endpoint": weight}`.
    Mix(IndexMap<String, f64>),
}

/// Users who wait for their answer before they think and ask again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedLoad {
    /// How many there are.
    pub users: u32,
    /// Time between an answer and the next request.
    #[serde(default = "defaults::no_wait")]
    pub think: DurationSpec,
    /// What they ask for.
    pub to: Targets,
    /// How long a user waits for an answer; none: for ever.
    #[serde(default)]
    pub patience: Option<DurationSpec>,
    /// What a user does who has lost patience.
    #[serde(default)]
    pub then: Impatience,
    /// How often a user clicks at most for one request, the first click included.
    #[serde(default = "defaults::clicks")]
    pub clicks: u32,
    /// What users do at the start.
    #[serde(default)]
    pub start: Start,
    /// Label of those whom these requests come from; results are also given by tenant.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// What a user does who has lost patience.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impatience {
    /// Gives up, thinks, and asks for the next thing.
    #[default]
    GiveUp,
    /// Asks again at once.
    ClickAgain,
}

/// What users do at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Think first.
    #[default]
    Thinking,
    /// All ask at once.
    Asking,
}

/// What the author believes will happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// Checks that hold before the first fault and again after each: `"success_ratio(shoppers) >= 0.999"`.
    #[serde(default)]
    pub steady: Vec<String>,
    /// Checks while a fault is on, over each of its periods: what it may do. Where they hold, the steady
    /// state may break meanwhile.
    #[serde(default)]
    pub during: Vec<String>,
    /// Checks on the whole run after the warm-up, faults included.
    #[serde(default)]
    pub always: Vec<String>,
    /// How soon the system is back after each fault.
    #[serde(default)]
    pub recovers: Option<Recovers>,
    /// The share of requests and of time that must be good, for error budgets.
    #[serde(default = "defaults::objective")]
    pub objective: f64,
}

/// How soon the system is back after each fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovers {
    /// Counted from the end of the fault.
    pub within: SimDuration,
    /// How long the steady state must then keep holding.
    #[serde(default = "defaults::stretch")]
    pub stretch: SimDuration,
}

/// When to stop a run that got out of hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Steps: events handled, messages without delay, calls, rounds of loops, candidates for arrivals.
    #[serde(default = "defaults::events")]
    pub events: u64,
    /// Requests and calls in flight at a time.
    #[serde(default = "defaults::in_flight")]
    pub in_flight: u64,
    /// Memory of the simulated state.
    #[serde(default = "defaults::memory")]
    pub memory: Size,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            events: defaults::events(),
            in_flight: defaults::in_flight(),
            memory: defaults::memory(),
        }
    }
}

impl Default for Hypothesis {
    fn default() -> Self {
        Self {
            steady: Vec::new(),
            during: Vec::new(),
            always: Vec::new(),
            recovers: None,
            objective: defaults::objective(),
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            limit: defaults::zero_bound(),
            order: QueueOrder::Fifo,
        }
    }
}

impl<'de> Deserialize<'de> for Targets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TargetsVisitor;
        impl<'de> Visitor<'de> for TargetsVisitor {
            type Value = Targets;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"service/endpoint\" or {\"service/endpoint\": weight}")
            }
            fn visit_str<E>(self, target: &str) -> Result<Targets, E> {
                Ok(Targets::One(target.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Targets, A::Error> {
                let mut targets = IndexMap::new();
                while let Some((target, weight)) = map.next_entry()? {
                    targets.insert(target, weight);
                }
                Ok(Targets::Mix(targets))
            }
        }
        deserializer.deserialize_any(TargetsVisitor)
    }
}

impl Targets {
    /// Each target with its weight.
    pub fn iter(&self) -> Box<dyn Iterator<Item = (&str, f64)> + '_> {
        match self {
            Self::One(target) => Box::new(std::iter::once((target.as_str(), 1.0))),
            Self::Mix(targets) => Box::new(
                targets
                    .iter()
                    .map(|(target, weight)| (target.as_str(), *weight)),
            ),
        }
    }
}

impl Workload {
    /// Label of those whom its requests come from.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::Open(load) => load.tenant.as_deref(),
            Self::Closed(load) => load.tenant.as_deref(),
        }
    }

    /// What it asks for.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        match self {
            Self::Open(load) => &load.to,
            Self::Closed(load) => &load.to,
        }
    }
}

/// The defaults of a sane production system.
pub mod defaults {
    #![allow(missing_docs)]
    use super::{Bound, DurationSpec, Rate, SimDuration, Size};

    #[must_use]
    pub fn seed() -> u64 {
        1
    }
    #[must_use]
    pub fn window() -> SimDuration {
        SimDuration::from_secs(1)
    }
    #[must_use]
    pub fn one() -> u32 {
        1
    }
    #[must_use]
    pub fn threads() -> Bound {
        Bound::Limit(64)
    }
    #[must_use]
    pub fn backlog() -> Bound {
        Bound::Limit(128)
    }
    #[must_use]
    pub fn zero_bound() -> Bound {
        Bound::Limit(0)
    }
    #[must_use]
    pub fn certain() -> f64 {
        1.0
    }
    #[must_use]
    pub fn status() -> u16 {
        500
    }
    #[must_use]
    pub fn day() -> SimDuration {
        SimDuration::from_secs(86_400)
    }
    #[must_use]
    pub fn no_wait() -> DurationSpec {
        DurationSpec::constant(SimDuration::ZERO)
    }
    #[must_use]
    pub fn clicks() -> u32 {
        3
    }
    #[must_use]
    pub fn objective() -> f64 {
        0.999
    }
    #[must_use]
    pub fn stretch() -> SimDuration {
        SimDuration::from_secs(30)
    }
    #[must_use]
    pub fn events() -> u64 {
        2_000_000_000
    }
    #[must_use]
    pub fn in_flight() -> u64 {
        5_000_000
    }
    #[must_use]
    pub fn memory() -> Size {
        Size(4 << 30)
    }
    #[must_use]
    pub fn rate() -> Rate {
        Rate(1.0)
    }
}
