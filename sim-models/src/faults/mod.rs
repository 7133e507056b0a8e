//! What goes wrong: a registry, and one file per family of faults.
//!
//! A fault = *what* (one of the kinds below) × *where* ([`Target`]) × *when* ([`Fault`]) × *how much*
//! (share and correlation). While it is on, the world asks its kind what becomes of instances, requests, steps, answers
//! and messages ([`Kind`]), does that, and takes it back. What can be known of a kind without a run is its [`Effect`].
//!
//! Several faults on one target combine: factors multiply, added latencies add, shares combine as
//! independent chances, and an instance is up only when no fault holds it down. The whole of it is said where they are
//! asked, in `kind`.
//!
//! To add a kind: write one file beside its siblings, and one line in `fault_kinds!` below.

mod crash;
mod duplicate;
mod error;
mod hang;
mod kind;
mod latency;
mod loss;
mod partition;
mod pause;
mod slow;
mod transient;
mod wrong_answer;

pub use crash::Crash;
pub use duplicate::Duplicate;
pub use error::Error;
pub use hang::Hang;
use kind::bad_status;
pub use kind::{Condition, Context, Fate, Kind, Treatment};
pub use latency::Latency;
pub use loss::Loss;
pub use partition::{Direction, Partition};
pub use pause::Pause;
pub use slow::Slow;
pub use transient::Transient;
pub use wrong_answer::WrongAnswer;

use crate::quantity::distribution::DurationSpec;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// One injected fault: what, where, when and how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its name in charts and results; else made of its kind and target.
    #[serde(default)]
    pub name: Option<String>,
    /// When it begins. Needed unless `cron` or `random` says when.
    #[serde(default)]
    pub at: Option<SimDuration>,
    /// How long it lasts; none: to the end of the run.
    #[serde(default, rename = "for")]
    pub lasts: Option<SimDuration>,
    /// How long it takes to grow to its full strength, in a straight line, each time.
    #[serde(default)]
    pub ramp: SimDuration,
    /// Comes again with this period, counted from `at`.
    #[serde(default)]
    pub every: Option<SimDuration>,
    /// How often it comes at most, with `every`, `cron` or `random`.
    #[serde(default)]
    pub times: Option<u32>,
    /// Comes when a five-field cron pattern matches; the run starts on Monday, 1 January, 00:00.
    #[serde(default)]
    pub cron: Option<String>,
    /// Comes at random.
    #[serde(default)]
    pub random: Option<RandomTimes>,
    /// Share of the requests, attempts or messages at its target that it hits, 0 to 1.
    #[serde(default = "whole")]
    pub share: f64,
    /// Chance that the next one shares the fate of the one before instead of an own draw, 0 to 1.
    #[serde(default)]
    pub correlation: f64,
    /// What it does, and where.
    pub inject: FaultKind,
}

/// When a random fault comes and goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomTimes {
    /// Mean time between failures: from the end of one to the start of the next, exponential.
    pub mtbf: SimDuration,
    /// Mean time to repair, exponential unless given as a distribution.
    pub mttr: DurationSpec,
}

fn whole() -> f64 {
    1.0
}

/// Which instances of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instances {
    /// Every one.
    #[default]
    All,
    /// One, drawn by the seed.
    One,
    /// So many, drawn by the seed.
    Count(u32),
    /// This share in per cent, rounded up, drawn by the seed.
    Percent(f64),
    /// These, counted from 0.
    Only(Vec<u32>),
}

/// Where a fault hits.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Instances, and among their requests those that match.
    Instances {
        /// Of this service; none: of any.
        service: Option<String>,
        /// Which of them.
        instances: Instances,
        /// In this zone only.
        zone: Option<String>,
        /// In this region only.
        region: Option<String>,
        /// On this host only.
        host: Option<String>,
        /// Requests to this endpoint only.
        endpoint: Option<String>,
        /// Requests that began at this workload only.
        workload: Option<String>,
    },
    /// Links that match `"from -> to"`.
    Link(String),
}

impl Target {
    /// In words, as results name it: `db`, `db/read`, `web -> db`, `everything`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Link(pattern) => pattern.clone(),
            Self::Instances {
                service,
                zone,
                region,
                host,
                endpoint,
                ..
            } => {
                let places = [service, zone, region, host].into_iter();
                let words: Vec<&str> = places.filter_map(Option::as_deref).collect();
                let place = match words.as_slice() {
                    [] => "everything".to_owned(),
                    words => words.join(" in "),
                };
                match endpoint {
                    Some(endpoint) => format!("{place}/{endpoint}"),
                    None => place,
                }
            }
        }
    }
}

impl Fault {
    /// Its name in results: as it is given, or else its kind and what it hits.
    #[must_use]
    pub fn title(&self) -> String {
        let made = || format!("{} {}", self.inject.name(), self.inject.target().words());
        self.name.clone().unwrap_or_else(made)
    }
}

/// What can be known of a fault without a run, for those who predict, check and judge. The world does not look at it: it
/// asks the kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The instance is gone: what it had is lost, connections are refused. It comes back after
    /// `boot` more.
    Down {
        /// Start-up time after the fault has gone.
        boot: SimDuration,
        /// How long an instance lives that is started while the fault is on.
        lives: SimDuration,
    },
    /// The instance stands still and goes on where it was.
    Frozen,
    /// Work and waits take `factor` times as long, plus `add` per request.
    Slow {
        /// Multiplies the duration of steps.
        factor: f64,
        /// Added once per request, at its start.
        add: DurationSpec,
    },
    /// Requests are answered with an error.
    Fail {
        /// HTTP-like status.
        status: u16,
        /// Whether they are as soon as they get a thread, or after all their work.
        at_once: bool,
    },
    /// Requests keep their thread and are not answered until the fault has gone.
    Hang,
    /// Messages take longer.
    Delay {
        /// Added to each message.
        add: DurationSpec,
        /// Which way.
        direction: Direction,
    },
    /// Messages are lost.
    Lose {
        /// Chance of each transmission to be lost, 0 to 1.
        rate: f64,
        /// Timeout after which a lost message is sent again, doubling each time; none: never.
        retransmit: Option<SimDuration>,
        /// Which way.
        direction: Direction,
    },
    /// What becomes of requests or messages depends on how many there are, or on more than is known before.
    Unforeseen,
}

/// Declares the parameters of a kind of fault, with the fields that say where it hits.
macro_rules! fault_spec {
    ($(#[$doc:meta])* $kind:ident on instances { $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $kind {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Name of the service; none: all that match the rest.
            #[serde(default)]
            pub service: Option<String>,
            /// Which instances.
            #[serde(default)]
            pub instances: super::Instances,
            /// Only instances in this zone.
            #[serde(default)]
            pub zone: Option<String>,
            /// Only instances in this region.
            #[serde(default)]
            pub region: Option<String>,
            /// Only instances on this host.
            #[serde(default)]
            pub host: Option<String>,
        }
        impl $kind {
            fn place(&self) -> super::Target {
                super::Target::Instances {
                    service: self.service.clone(),
                    instances: self.instances.clone(),
                    zone: self.zone.clone(),
                    region: self.region.clone(),
                    host: self.host.clone(),
                    endpoint: None,
                    workload: None,
                }
            }
        }
    };
    ($(#[$doc:meta])* $kind:ident on requests { $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $kind {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Name of the service; none: all that match the rest.
            #[serde(default)]
            pub service: Option<String>,
            /// Which instances.
            #[serde(default)]
            pub instances: super::Instances,
            /// Only instances in this zone.
            #[serde(default)]
            pub zone: Option<String>,
            /// Only instances in this region.
            #[serde(default)]
            pub region: Option<String>,
            /// Only instances on this host.
            #[serde(default)]
            pub host: Option<String>,
            /// Only requests to this endpoint.
            #[serde(default)]
            pub endpoint: Option<String>,
            /// Only requests that began at this workload.
            #[serde(default)]
            pub workload: Option<String>,
        }
        impl $kind {
            fn place(&self) -> super::Target {
                super::Target::Instances {
                    service: self.service.clone(),
                    instances: self.instances.clone(),
                    zone: self.zone.clone(),
                    region: self.region.clone(),
                    host: self.host.clone(),
                    endpoint: self.endpoint.clone(),
                    workload: self.workload.clone(),
                }
            }
        }
    };
    ($(#[$doc:meta])* $kind:ident on links { $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $kind {
            $($(#[$field_doc])* pub $field: $type,)*
            /// Which links: `"web -> db"`. Each side is a service, a workload, one instance
            /// (`db#0`), `zone:NAME`, `region:NAME`, `host:NAME`, or `*`.
            pub link: String,
            /// Which way: messages from left to right (`to`), from right to left (`from`), or `both`.
            #[serde(default)]
            pub direction: super::Direction,
        }
        impl $kind {
            fn place(&self) -> super::Target {
                super::Target::Link(self.link.clone())
            }
        }
    };
}
use fault_spec;

/// Generates the enum of all kinds and its registry. One line per kind.
macro_rules! fault_kinds {
    ($($kind:ident $name:literal),* $(,)?) => {
        /// What a fault does, and where.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum FaultKind {
            $($kind($kind)),*
        }

        /// Name and summary of every kind.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$kind as Kind>::SUMMARY)),*];

        /// How every kind is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$kind as Kind>::EXAMPLE),*];

        impl FaultKind {
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name),* }
            }
            /// Where it hits.
            #[must_use]
            pub fn target(&self) -> Target {
                match self { $(Self::$kind(kind) => kind.target()),* }
            }
            /// What can be known of it without a run.
            #[must_use]
            pub fn effect(&self) -> Effect {
                match self { $(Self::$kind(kind) => kind.effect()),* }
            }
            /// See [`Kind::HOLDS`].
            #[must_use]
            pub fn holds(&self) -> bool {
                match self { $(Self::$kind(_) => <$kind as Kind>::HOLDS),* }
            }
            /// See [`Kind::ANSWERS`].
            #[must_use]
            pub fn answers(&self) -> bool {
                match self { $(Self::$kind(_) => <$kind as Kind>::ANSWERS),* }
            }
            /// See [`Kind::COUNTS`].
            #[must_use]
            pub fn counts(&self) -> bool {
                match self { $(Self::$kind(_) => <$kind as Kind>::COUNTS),* }
            }
            /// See [`Kind::direction`].
            #[must_use]
            pub fn direction(&self) -> Direction {
                match self { $(Self::$kind(kind) => kind.direction()),* }
            }
            /// See [`Kind::added`].
            #[must_use]
            pub fn added(&self) -> Option<&DurationSpec> {
                match self { $(Self::$kind(kind) => kind.added()),* }
            }
            /// See [`Kind::on_instance`].
            #[must_use]
            pub fn on_instance(&self) -> Option<Condition> {
                match self { $(Self::$kind(kind) => kind.on_instance()),* }
            }
            /// See [`Kind::on_request`].
            pub fn on_request(&self, context: &mut Context<'_>) -> Treatment {
                match self { $(Self::$kind(kind) => kind.on_request(context)),* }
            }
            /// See [`Kind::on_step`].
            #[must_use]
            pub fn on_step(&self) -> f64 {
                match self { $(Self::$kind(kind) => kind.on_step()),* }
            }
            /// See [`Kind::on_answer`].
            pub fn on_answer(&self, context: &mut Context<'_>) -> Option<u16> {
                match self { $(Self::$kind(kind) => kind.on_answer(context)),* }
            }
            /// See [`Kind::on_message`].
            pub fn on_message(&self, context: &mut Context<'_>) -> Fate {
                match self { $(Self::$kind(kind) => kind.on_message(context)),* }
            }
            /// What is wrong with its parameters: (field, why).
            #[must_use]
            pub fn validate(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$kind(kind) => kind.validate()),* }
            }
        }
    };
}

fault_kinds! {
    Crash "crash",
    Pause "pause",
    Slow "slow",
    Error "error",
    Hang "hang",
    Latency "latency",
    Loss "loss",
    Partition "partition",
    Duplicate "duplicate",
    WrongAnswer "wrong_answer",
    Transient "transient",
}
