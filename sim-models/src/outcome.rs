//! How an attempt, a call or a request can end. Never lumped together, and always with who said so.

use crate::ids::PlaceId;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How an attempt, a call or a request ended.
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
pub enum Outcome {
    /// Answered as asked.
    #[default]
    Ok,
    /// Answered, but a part was missing or replaced.
    Degraded,
    /// Answered with an error status.
    Error,
    /// The caller's timer for one attempt ran out.
    TimeoutAttempt,
    /// The caller's timer for the whole call ran out.
    TimeoutDeadline,
    /// The user lost patience.
    TimeoutPatience,
    /// Nobody listens, or the backlog is full.
    Refused,
    /// The connection broke: the callee crashed while it had the request.
    Reset,
    /// The callee turned it away: its queue is full, or a policy at its door let it in no more.
    Rejected,
    /// The caller's breaker is open.
    BreakerOpen,
    /// Taken back by the caller.
    Cancelled,
    /// Every transmission of the message was lost, and the sender gave up.
    Lost,
    /// Too many calls are out, and too many wait.
    BulkheadFull,
    /// More calls came than a rate limit lets through.
    RateLimited,
    /// Waited too long for something out of a pool. Only ever a cause: what the caller sees is an error.
    #[serde(skip_deserializing)]
    TimeoutPool,
    /// Too many wait for something out of a pool already. Only ever a cause: what the caller sees is an error.
    #[serde(skip_deserializing)]
    PoolFull,
}

impl Outcome {
    /// All that something can end in, in order.
    pub const ALL: [Self; 14] = [
        Self::Ok,
        Self::Degraded,
        Self::Error,
        Self::TimeoutAttempt,
        Self::TimeoutDeadline,
        Self::TimeoutPatience,
        Self::Refused,
        Self::Reset,
        Self::Rejected,
        Self::BreakerOpen,
        Self::Cancelled,
        Self::Lost,
        Self::BulkheadFull,
        Self::RateLimited,
    ];

    /// What is never seen by a caller, but can be the cause of what is; after the others.
    pub const ONLY_CAUSES: [Self; 2] = [Self::TimeoutPool, Self::PoolFull];

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len() + Self::ONLY_CAUSES.len();

    /// What can be the cause of an ending.
    pub fn causes() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().chain(Self::ONLY_CAUSES)
    }

    /// Its name in scenarios and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Error => "error",
            Self::TimeoutAttempt => "timeout_attempt",
            Self::TimeoutDeadline => "timeout_deadline",
            Self::TimeoutPatience => "timeout_patience",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Rejected => "rejected",
            Self::BreakerOpen => "breaker_open",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::BulkheadFull => "bulkhead_full",
            Self::RateLimited => "rate_limited",
            Self::TimeoutPool => "timeout_pool",
            Self::PoolFull => "pool_full",
        }
    }

    /// Whether a policy of the caller ended it so, and nobody was asked; a door that does turns a request away.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::BreakerOpen | Self::BulkheadFull | Self::RateLimited
        )
    }

    /// Whether the caller got an answer that it can use.
    #[inline]
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Ok | Self::Degraded)
    }
}

/// A set of outcomes, as policies use to say what they act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeSet(u64);

impl OutcomeSet {
    /// What may well go better the next time: errors, timeouts of an attempt, refusals, resets,
    /// rejections and losses. Not a deadline (no time is left), not an open breaker.
    pub const TRANSIENT: Self = Self::of(&[
        Outcome::Error,
        Outcome::TimeoutAttempt,
        Outcome::Refused,
        Outcome::Reset,
        Outcome::Rejected,
        Outcome::Lost,
    ]);

    /// Whatever is no success, but for what the caller itself takes back.
    pub const FAILURES: Self = Self(
        !Self::of(&[Outcome::Ok, Outcome::Degraded, Outcome::Cancelled]).0
            & Self::of(&Outcome::ALL).0,
    );

    /// The set of these.
    #[must_use]
    pub const fn of(outcomes: &[Outcome]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < outcomes.len() {
            bits |= 1 << outcomes[i] as u64;
            i += 1;
        }
        Self(bits)
    }

    /// Those of the set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether it is in the set.
    #[inline]
    #[must_use]
    pub fn contains(self, outcome: Outcome) -> bool {
        self.0 & (1 << outcome as u64) != 0
    }
}

impl Default for OutcomeSet {
    fn default() -> Self {
        Self::TRANSIENT
    }
}

impl Serialize for OutcomeSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            Outcome::ALL
                .iter()
                .filter(|outcome| self.contains(**outcome)),
        )
    }
}

impl JsonSchema for OutcomeSet {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "OutcomeSet".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Outcome>::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for OutcomeSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&Vec::<Outcome>::deserialize(deserializer)?))
    }
}

/// Where a failure began, as results name it: `"db: rejected"`.
#[must_use]
pub fn cause_name(place: &str, cause: Outcome) -> String {
    format!("{place}: {}", cause.name())
}

/// How something ended: an outcome, where it came from, and what it was there: a web server's `error` may
/// have begun as a `rejected` at the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// What the caller sees.
    pub outcome: Outcome,
    /// What it was where it began.
    pub cause: Outcome,
    /// The place (service or workload) where it began; [`Ending::NOWHERE`] until the world has said.
    pub origin: PlaceId,
    /// HTTP-like status of an error; 0 otherwise.
    pub status: u16,
}

impl Ending {
    /// The origin of an ending that no place has been named for yet.
    pub const NOWHERE: PlaceId = PlaceId::NONE;

    /// An ending that begins here, wherever the world says that is.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Self {
        Self::at(outcome, Self::NOWHERE)
    }

    /// An ending that begins at this place.
    #[must_use]
    pub const fn at(outcome: Outcome, origin: PlaceId) -> Self {
        Self {
            outcome,
            cause: outcome,
            origin,
            status: 0,
        }
    }

    /// The same ending, which began at this place unless another one has been named.
    #[must_use]
    pub fn or_at(self, place: impl Into<PlaceId>) -> Self {
        let origin = if self.origin == Self::NOWHERE {
            place.into()
        } else {
            self.origin
        };
        Self { origin, ..self }
    }
}
