//! What a controller can do to a system that runs: the verbs that an operator has.

use crate::faults::Instances;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::SimDuration;
use std::fmt;

/// Something that is done to a system that runs.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Ends a fault for good, `lift("slow disk")`: what is on of it goes, what is to come does not.
    Lift(Lift),
    /// Sets a parameter by its path, `set("services.db.threads", 32)`, where that can change in a running system.
    Set(Set),
    /// Restarts instances one after another: `restart("db")`.
    Restart(Restart),
    /// Sets what share of an open workload's requests, or of a closed one's users, goes on asking: `load("users", 0.5)`.
    Load(Load),
    /// Sets what share of the requests of a workload is turned away before it reaches any service: `shed("users", 0.5)`.
    Shed(Shed),
    /// Waits before the next action: `[load("users", 0.5), wait("5s"), load("users", 1)]`.
    Wait(Wait),
}

/// Ends a fault for good.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// Name of the fault: its `name`, or else its kind and target, `"slow db"`.
    pub fault: String,
}

/// Sets a parameter by its path.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// As in `--set`: `calls."shop -> db".retry.attempts`.
    pub path: String,
    /// What it becomes.
    pub value: Value,
}

/// A value that a parameter is set to: a number, or a text such as `"250ms"`, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(pub String);

/// Restarts instances one after another. What an instance has under way is lost; a fault that is on stays on, but an
/// instance that died of a crash without `for` is up again.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Name of the service.
    pub service: String,
    /// Which of its instances.
    #[serde(default)]
    pub instances: Instances,
    /// How long an instance takes to be up again.
    #[serde(default)]
    pub boot: SimDuration,
    /// How long to wait when some are up again before the next ones go down.
    #[serde(default)]
    pub pause: SimDuration,
    /// How many are restarted together.
    #[serde(default = "one")]
    pub at_once: u32,
}

fn one() -> u32 {
    1
}

/// Sets what share of its requests a workload goes on asking; the others are never made (traffic that is sent
/// elsewhere, users who are asked to stay away). Which ones is drawn for each request by itself.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Name of the workload.
    pub workload: String,
    /// 0 to 1; 1: as it is written.
    pub factor: f64,
}

/// Sets what share of the requests of a workload is turned away at once, as *rejected*, before it reaches any service.
/// Which ones is drawn for each request by itself.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shed {
    /// Name of the workload.
    pub workload: String,
    /// 0 to 1; 0: none.
    pub share: f64,
}

/// Waits before the next action.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// How long.
    pub span: SimDuration,
}

impl fmt::Display for Action {
    /// In one line, as it is told in results: `load shoppers 0.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lift(lift) => write!(f, "lift {}", lift.fault),
            Self::Set(set) => write!(f, "set {} = {}", set.path, set.value.0),
            Self::Restart(restart) => write!(f, "restart {}", restart.service),
            Self::Load(load) => write!(f, "load {} {}", load.workload, load.factor),
            Self::Shed(shed) => write!(f, "shed {} {}", shed.workload, shed.share),
            Self::Wait(wait) => write!(f, "wait {}", wait.span),
        }
    }
}

impl schemars::JsonSchema for Value {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "title": "value", "type": ["string", "number", "boolean"] })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a text such as \"250ms\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value(text.to_owned()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
                Ok(Value(number.to_string()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                Ok(Value(number.to_string()))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
                Ok(Value(number.to_string()))
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
                Ok(Value(value.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
