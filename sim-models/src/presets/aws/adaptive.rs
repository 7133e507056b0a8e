//! What the mode `adaptive` has beside `standard`: the client finds a rate, and each attempt waits for its turn.
//!
//! Source: botocore 1.43.67 and 1.44.8, `retries/adaptive.py`, `retries/bucket.py`, `retries/throttling.py`.

use crate::outcome::{Outcome, OutcomeSet};
use crate::resilience::{AdaptiveRate, PolicySpec};

/// The rate of a client, which slows down where it is turned away, or answered with 429.
///
/// # Errors
/// None.
pub(super) fn rate() -> Result<PolicySpec, String> {
    let throttled = OutcomeSet::of(&[Outcome::Rejected]).and_statuses(vec![(429, 429)])?;
    Ok(PolicySpec::AdaptiveRate(AdaptiveRate {
        on: throttled,
        ..AdaptiveRate::default()
    }))
}
