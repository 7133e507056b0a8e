//! What a scenario says, as plain types, the parameters of policies and faults and the checks of the hypothesis
//! among them. [`crate::plan`] compiles them: names become indices, steps and distributions what they are
//! when they run; settings that need no compiling are copied into the plan as they are.
//!
//! Units: durations are [`SimDuration`] (written `"250ms"`), rates are events per second (written
//! `"900/s"`), shares and ratios are 0 to 1.

pub mod defaults;
mod service;
mod workload;
mod hypothesis;

pub use hypothesis::*;
pub use service::*;
pub use workload::*;

use crate::controllers::ControllerSpec;
use crate::faults::Fault;
use crate::presets::PolicyList;
use crate::quantity::distribution::DurationSpec;
use crate::quantity::keys::Keys;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// A whole scenario.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
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
    pub calls: IndexMap<String, PolicyList>,
    /// Where requests come from.
    #[serde(default)]
    pub workloads: IndexMap<String, Workload>,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Who acts from outside, and when: supervisors, operators.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub controllers: IndexMap<String, ControllerSpec>,
    /// What the author believes will happen.
    #[serde(default)]
    pub hypothesis: Hypothesis,
    /// When to stop a run that got out of hand.
    #[serde(default)]
    pub budget: Budget,
}

/// A link between two places, one way; the way back has the same parameters unless named itself.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// One-way delay of a message.
    pub latency: DurationSpec,
}

impl Scenario {
    /// The labels of its workloads, each once for each of them that has it.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.workloads.values().filter_map(Workload::tenant)
    }

    /// The most keys that one of its workloads has.
    #[must_use]
    pub fn most_keys(&self) -> u64 {
        let keys = self.workloads.values().filter_map(Workload::keys);
        keys.map(Keys::count).max().unwrap_or(0)
    }
}
