//! What an endpoint does, step by step.

use super::defaults;
use crate::quantity::distribution::{CountSpec, DurationSpec};
use serde::{Deserialize, Serialize};

/// One step of an endpoint.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Computes, `work("2ms")`: needs a core for this much core time.
    Work(WorkStep),
    /// Waits without a core, `wait("10ms")`; the thread is held if threads are sync.
    Wait(WaitStep),
    /// Calls another endpoint, `call("db/find")`, and waits for the answer.
    Call(CallStep),
    /// Runs branches at the same time: `parallel([[call("db/find")], [work("1ms")]])`.
    Parallel(ParallelStep),
    /// Runs one branch, drawn by weight: `choice([(9, [work("1ms")]), (1, [call("db/find")])])`.
    Choice(ChoiceStep),
    /// Runs steps several times in turn: `repeat(3, [call("db/find")])`.
    Repeat(RepeatStep),
    /// Ends the request with an error: `fail(0.001)` does so for one in a thousand.
    Fail(FailStep),
}

/// Computes.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkStep {
    /// Core time needed.
    pub demand: DurationSpec,
}

/// Waits.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitStep {
    /// How long.
    pub span: DurationSpec,
}

/// Calls another endpoint.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// `"service/endpoint"`.
    pub to: String,
    /// If so, a failed call does not fail the request: its answer counts as *degraded*.
    #[serde(default)]
    pub optional: bool,
}

/// Runs branches at the same time, outside the thread pool; the request goes on when enough have ended.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelStep {
    /// Step lists.
    pub branches: Vec<Vec<Step>>,
    /// How many must succeed; the rest are given up.
    #[serde(default)]
    pub need: Need,
}

/// How many branches must succeed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// All of them; the first failure fails the step.
    #[default]
    All,
    /// The first n to succeed, `first(1)`; the step fails once so many failed that n cannot succeed.
    First(u32),
}

/// Runs one branch.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceStep {
    /// The branches.
    pub arms: Vec<ChoiceArm>,
}

/// A branch of a choice, written `(weight, [steps])`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceArm {
    /// Relative weight, any positive number.
    pub weight: f64,
    /// What it runs.
    pub steps: Vec<Step>,
}

/// Runs steps several times.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatStep {
    /// How often.
    pub times: CountSpec,
    /// What.
    pub steps: Vec<Step>,
}

/// Ends the request with an error.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailStep {
    /// Share of the requests that fail here, 0 to 1; the others go on.
    #[serde(default = "defaults::certain")]
    pub share: f64,
    /// HTTP-like status, 400 to 599.
    #[serde(default = "defaults::status")]
    pub status: u16,
}
