//! What the policies of a call make of attempts that end as chance has it.

use super::value::Value;
use crate::outcome::Outcome;
use crate::resilience::PolicySpec;
use crate::resilience::chances::{Attempt, Inside, NOTHING};

/// Of a call under these policies, outermost first, that begins so long after the request; none where
/// it cannot be said.
pub(super) fn call(policies: &[PolicySpec], after: f64, attempt: Attempt<'_>) -> Option<Value> {
    let ends = Inside::new(policies, attempt).ends((after, f64::INFINITY))?;
    if ends.vanished > NOTHING {
        // Nobody gives it up: the request never ends.
        return None;
    }
    let (ok, _) = ends.sum(Outcome::is_success);
    let (_, failing) = ends.sum(|outcome| !outcome.is_success());
    Some(Value {
        ok,
        failing,
        reach: ends.reach,
    })
}
