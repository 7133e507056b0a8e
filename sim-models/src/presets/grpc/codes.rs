//! Status codes of gRPC, and what here ends as they do.
//!
//! An `error` may carry the code itself as its status (1 to 16), or a status of HTTP, which counts as the code that gRPC
//! makes of it. Nobody there, a reset, a loss and a rejection are `UNAVAILABLE`; a rejection is `RESOURCE_EXHAUSTED` as
//! well; a timeout of an attempt is `DEADLINE_EXCEEDED`.
//!
//! Source: grpc/grpc, `doc/statuscodes.md`, `doc/http-grpc-status-mapping.md`.

use crate::outcome::{Outcome, OutcomeSet};

/// Code, name, statuses of HTTP that count as it.
const CODES: [(u16, &str, &[(u16, u16)]); 16] = [
    (1, "CANCELLED", &[]),
    (2, "UNKNOWN", &[(500, 501), (505, 599)]),
    (3, "INVALID_ARGUMENT", &[]),
    (4, "DEADLINE_EXCEEDED", &[]),
    (5, "NOT_FOUND", &[]),
    (6, "ALREADY_EXISTS", &[]),
    (7, "PERMISSION_DENIED", &[(403, 403)]),
    (8, "RESOURCE_EXHAUSTED", &[]),
    (9, "FAILED_PRECONDITION", &[]),
    (10, "ABORTED", &[]),
    (11, "OUT_OF_RANGE", &[]),
    (12, "UNIMPLEMENTED", &[(404, 404)]),
    (13, "INTERNAL", &[(400, 400)]),
    (14, "UNAVAILABLE", &[(429, 429), (502, 504)]),
    (15, "DATA_LOSS", &[]),
    (16, "UNAUTHENTICATED", &[(401, 401)]),
];

/// The results that have one of these codes, by name.
///
/// # Errors
/// A name that is none, or more statuses than can be told apart.
pub(super) fn outcomes(names: &[String]) -> Result<OutcomeSet, String> {
    let mut outcomes = Vec::new();
    let mut statuses = Vec::new();
    for name in names {
        let known = CODES
            .iter()
            .find(|(_, known, _)| known.eq_ignore_ascii_case(name));
        let (code, _, spans) =
            known.ok_or_else(|| format!("`{name}` is no status code of gRPC"))?;
        statuses.push((*code, *code));
        statuses.extend(*spans);
        match code {
            4 => outcomes.push(Outcome::TimeoutAttempt),
            8 => outcomes.push(Outcome::Rejected),
            14 => outcomes.extend([
                Outcome::Refused,
                Outcome::Reset,
                Outcome::Lost,
                Outcome::Rejected,
            ]),
            _ => {}
        }
    }
    let set = OutcomeSet::of(&outcomes);
    if statuses.is_empty() {
        return Ok(set);
    }
    set.and_statuses(statuses)
}
