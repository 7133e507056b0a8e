//! The lines of a script that drives a policy alone, and what it decides at each ([`super::trace`]).

use crate::baggage::Priority;
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Seconds since the start.
    pub t: f64,
    /// What happens.
    pub op: Op,
    /// Which call it is about.
    #[serde(default, skip_serializing_if = "Id::is_none")]
    pub id: Id,
    /// Of a result: what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Of a result: how long the policy is told that it took, in seconds; the time since it was let in unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Of a result: its HTTP-like status.
    #[serde(default, skip_serializing_if = "is_default")]
    pub status: u16,
    /// The index of the instance that was asked, or, of a call that comes to a policy with a memory by callee, will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callee: Option<u16>,
    /// Of a result: seconds after which the callee asks to come again; less than zero: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<f64>,
    /// Of a result: how busy the answer tells that its instance is; 1 is all that it can take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// Of a call that comes: key of what it asks for, from 1; 0: it has none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub key: u32,
    /// Of a call that comes: whether it may be asked for twice.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub idempotent: bool,
    /// Of a call that comes: how much it matters.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// Of a call that comes: whom it is from, 0 to 127.
    #[serde(default, skip_serializing_if = "is_default")]
    pub user: u8,
    /// Of a call that comes: when the deadline passes that it came with, in seconds since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<f64>,
    /// Of a call that comes: the tenant that it is from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    /// Of a call that comes: the index of the instance that asks.
    #[serde(default, skip_serializing_if = "is_default")]
    pub caller: u16,
    /// Of a call that comes: the endpoint that it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// Of a call that comes: how many of the breakers that its work will meet are open.
    #[serde(default, skip_serializing_if = "is_default")]
    pub breakers: u16,
    /// Of a call that comes: how many of the pools that its work will need have nothing left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pools: u16,
    /// Of a result: which of all tries of its call it is of, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<u16>,
    /// How many instances there are to ask from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callees: Option<u16>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks
fn is_yes(value: &bool) -> bool {
    *value
}

impl Line {
    /// A line that says no more than that.
    #[must_use]
    pub fn new(t: f64, op: Op) -> Self {
        Self {
            t,
            op,
            id: Id::default(),
            outcome: None,
            duration: None,
            status: 0,
            callee: None,
            retry_after: None,
            load: None,
            key: 0,
            idempotent: true,
            priority: Priority::default(),
            user: 0,
            deadline: None,
            tenant: String::new(),
            caller: 0,
            endpoint: String::new(),
            breakers: 0,
            pools: 0,
            leg: None,
            callees: None,
        }
    }
}

/// How a script calls a call: a number or a text. A line without one is about the call without a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "`id` is a text or a whole number")]
pub enum Id {
    /// A number.
    Number(i64),
    /// A text; empty: no name.
    Text(String),
}

impl Default for Id {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Id {
    /// Whether it is no name.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// As a text: `7` and `"7"` name the same call.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What happens in a line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// A call comes to the policy.
    Acquire,
    /// What a door let in begins to be served.
    Start,
    /// What is inside has a result.
    Result,
    /// A policy outside is about to try again what has failed.
    Retry,
    /// Nobody waits for the call any longer.
    GiveUp,
    /// Nothing: it is looked where the call is.
    Look,
    /// Somebody trips the policies by hand.
    Trip,
    /// Somebody resets them.
    Reset,
}

/// What a policy makes of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Seconds since the start.
    pub t: f64,
    /// Which call it is about, if calls are named.
    #[serde(skip_serializing_if = "Id::is_none")]
    pub id: Id,
    /// Whether what is inside may go on, at once or after `wait`: a call that is let in, or another try of it. False:
    /// the call waits for somebody to leave, or has ended.
    pub permitted: bool,
    /// Seconds that it waits first; none where it does not wait, or nobody knows how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<f64>,
    /// Where the call is now: `inside`, `waiting`, `parked`, `ended`.
    pub at: At,
    /// How it has ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Seconds after which it is told to come again, if it is told; less than zero: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<f64>,
    /// State of the policy by name, where it has states; of several, if one of them alone has.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub state: &'static str,
    /// Numbers of the policy.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<&'static str, f64>,
    /// What it has counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<&'static str, u64>,
    /// What each says of itself, by its place and name, where there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, Told>,
}

/// What a policy says of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Told {
    /// Its state by name, where it has states.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub state: &'static str,
    /// Its numbers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<&'static str, f64>,
    /// What it has counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<&'static str, u64>,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Let in.
    Inside,
    /// It waits for a time to come: outside, or before another try.
    Waiting,
    /// It waits until somebody leaves.
    Parked,
    /// It has ended.
    Ended,
    /// There is none: policies were tripped or reset.
    Nowhere,
}
