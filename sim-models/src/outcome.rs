//! How an attempt, a call or a request can end. Never lumped together, and always with who said so.

mod set;

pub use set::OutcomeSet;

use crate::ids::PlaceId;
use serde::{Deserialize, Serialize};

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
    /// Answered with an error status. Where a policy lists outcomes, `error(503)` and `error("500..504")` are those with
    /// such a status alone.
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

    /// The names of those that can be written.
    const NAMES: &'static [&'static str] = &[
        "ok",
        "degraded",
        "error",
        "timeout_attempt",
        "timeout_deadline",
        "timeout_patience",
        "refused",
        "reset",
        "rejected",
        "breaker_open",
        "cancelled",
        "lost",
        "bulkhead_full",
        "rate_limited",
    ];

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
