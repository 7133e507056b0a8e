//! What travels with a request: through every call, retry, hedge and branch that it leads to.
//!
//! Its workload says what it is when it arrives; nobody below changes it. Source: OpenTelemetry, "Baggage", for the
//! word; Google, *Site Reliability Engineering* (2016), "Handling overload", for the levels of criticality and that
//! they propagate.

use serde::{Deserialize, Serialize};

/// How much it matters that a request is answered, the most important first.
///
/// Source: the criticality of Google's RPC systems, *Site Reliability Engineering* (2016), chapter 21.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    schemars::JsonSchema,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Priority {
    /// The most critical: its loss is seriously felt by users.
    CriticalPlus,
    /// What users wait for.
    #[default]
    Critical,
    /// May be unavailable for minutes at times: batch jobs that come again.
    SheddablePlus,
    /// May be unavailable often.
    Sheddable,
}

impl Priority {
    /// All of them, the most important first.
    pub const ALL: [Self; 4] = [
        Self::CriticalPlus,
        Self::Critical,
        Self::SheddablePlus,
        Self::Sheddable,
    ];
}

/// What travels with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Baggage {
    /// Key of what it asks for, from 1; 0: it has none.
    pub key: u32,
    /// How much it matters.
    pub priority: Priority,
    /// Whom it is from, drawn once: 0 to [`Baggage::USERS`] - 1. All that one request leads to shares it, so that
    /// services which shed the same users shed the same requests.
    pub user: u8,
    /// Retries that it has had, at all hops together: counted where the request began.
    pub retries: u16,
}

impl Baggage {
    /// Groups that users are in.
    pub const USERS: u8 = 128;
}

const _: () = assert!(
    size_of::<Baggage>() == 8,
    "there is one for every frame where there is any"
);
