//! Status codes of gRPC, and which of our results they are.
//!
//! Each is the error whose status is its number, and what gRPC makes of HTTP statuses that come without one (429, 502, 503
//! and 504 are `UNAVAILABLE`) and of failures of its own. An error of 500, as ours are that say nothing else, stands for
//! `UNKNOWN`, `INTERNAL` and `UNAVAILABLE` alike.
//!
//! Source: gRPC, `doc/statuscodes.md`, `doc/http-grpc-status-mapping.md`.

use crate::outcome::{Outcome, OutcomeSet};
use serde::{Deserialize, Serialize};

/// Status codes of gRPC that can be named as worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GrpcCode {
    /// 1: the callee has cancelled it.
    Cancelled,
    /// 2: an error of no other kind.
    Unknown,
    /// 3: the request is wrong.
    InvalidArgument,
    /// 4: it took too long.
    DeadlineExceeded,
    /// 5: there is no such thing.
    NotFound,
    /// 6: it is there already.
    AlreadyExists,
    /// 7: not allowed.
    PermissionDenied,
    /// 8: out of quota, or of something else.
    ResourceExhausted,
    /// 9: the system is not in the state for it.
    FailedPrecondition,
    /// 10: it was aborted, as by a conflict.
    Aborted,
    /// 11: beyond the range.
    OutOfRange,
    /// 12: not implemented.
    Unimplemented,
    /// 13: something is broken.
    Internal,
    /// 14: nobody is there to answer just now.
    Unavailable,
    /// 15: data are lost.
    DataLoss,
    /// 16: nobody knows who asks.
    Unauthenticated,
}

impl GrpcCode {
    /// What it is of our results.
    fn results(self) -> (&'static [Outcome], &'static [(u16, u16)]) {
        use Outcome::{
            Cancelled, Lost, RateLimited, Refused, Rejected, Reset, TimeoutAttempt, TimeoutDeadline,
        };
        match self {
            Self::Cancelled => (&[Cancelled], &[]),
            Self::Unknown => (&[], &[(500, 500)]),
            Self::DeadlineExceeded => (&[TimeoutAttempt, TimeoutDeadline], &[]),
            Self::ResourceExhausted => (&[Rejected, RateLimited], &[]),
            Self::Unimplemented => (&[], &[(404, 404)]),
            Self::PermissionDenied => (&[], &[(403, 403)]),
            Self::Unauthenticated => (&[], &[(401, 401)]),
            Self::Internal => (&[], &[(400, 400), (500, 500)]),
            Self::Unavailable => (
                &[Refused, Reset, Lost, Rejected],
                &[(429, 429), (500, 500), (502, 504)],
            ),
            _ => (&[], &[]),
        }
    }

    /// The results that these codes are.
    ///
    /// # Errors
    /// Their statuses are too many to be told apart.
    pub(super) fn set(codes: &[Self]) -> Result<OutcomeSet, String> {
        let mut set = OutcomeSet::of(&[]);
        for code in codes {
            let (outcomes, spans) = code.results();
            let number = *code as u16 + 1;
            let spans = spans.iter().copied().chain([(number, number)]);
            set = set.or(OutcomeSet::of(outcomes).and_statuses(spans.collect())?)?;
        }
        Ok(set)
    }
}
