//! Who asks for what, and when.

use super::defaults;
use crate::baggage::Priority;
use crate::quantity::distribution::DurationSpec;
use crate::quantity::keys::Keys;
use crate::quantity::units::Rate;
use indexmap::IndexMap;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sim_core::SimDuration;
use std::fmt;

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
    /// How much it matters that they are answered; travels with all calls that they lead to.
    #[serde(default)]
    pub priority: Priority,
    /// What they ask for, some of it more often; travels with all calls that they lead to. None: they have no key.
    #[serde(default)]
    pub keys: Option<Keys>,
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
    /// How much it matters that they are answered; travels with all calls that they lead to.
    #[serde(default)]
    pub priority: Priority,
    /// What they ask for, some of it more often; travels with all calls that they lead to. None: they have no key.
    #[serde(default)]
    pub keys: Option<Keys>,
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

    /// How much its requests matter.
    #[must_use]
    pub fn priority(&self) -> Priority {
        match self {
            Self::Open(load) => load.priority,
            Self::Closed(load) => load.priority,
        }
    }

    /// The keys of its requests.
    #[must_use]
    pub fn keys(&self) -> Option<&Keys> {
        match self {
            Self::Open(load) => load.keys.as_ref(),
            Self::Closed(load) => load.keys.as_ref(),
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
