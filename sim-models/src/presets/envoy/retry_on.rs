//! What the conditions of Envoy's `retry_on` are of our results.
//!
//! A timeout of an attempt and a connection that breaks are resets to Envoy, which `5xx`, `gateway-error` and `reset` all
//! try again; what a callee turns away (`rejected`) is a refused stream; a connection that is refused, or a message that
//! is lost, a failure to connect. Conditions of gRPC go by its status codes.
//!
//! Source: Envoy, `router_filter.rst` (`x-envoy-retry-on`, `x-envoy-retry-grpc-on`), `retry_state_impl.cc`.

use crate::outcome::{Outcome, OutcomeSet};

const BROKEN: &[Outcome] = &[
    Outcome::TimeoutAttempt,
    Outcome::Refused,
    Outcome::Reset,
    Outcome::Rejected,
    Outcome::Lost,
];

/// The set that a list with commas stands for.
///
/// # Errors
/// A condition that there is not.
pub(in crate::presets) fn retry_on(list: &str, statuses: &[u16]) -> Result<OutcomeSet, String> {
    let mut set = OutcomeSet::of(&[]);
    for condition in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let (outcomes, spans): (&[Outcome], Vec<(u16, u16)>) = match condition {
            "5xx" => (BROKEN, vec![(500, 599)]),
            "gateway-error" => (BROKEN, vec![(502, 504)]),
            "reset" | "reset-before-request" => (BROKEN, Vec::new()),
            "connect-failure" => (&[Outcome::Refused, Outcome::Lost], Vec::new()),
            "refused-stream" => (&[Outcome::Rejected], Vec::new()),
            "retriable-4xx" => (&[], vec![(409, 409)]),
            "envoy-ratelimited" => (&[Outcome::RateLimited], Vec::new()),
            "retriable-status-codes" => (
                &[],
                statuses.iter().map(|status| (*status, *status)).collect(),
            ),
            "cancelled" => (&[], vec![(1, 1)]),
            "deadline-exceeded" => (&[], vec![(4, 4)]),
            "internal" => (&[], vec![(13, 13)]),
            "resource-exhausted" => (&[], vec![(8, 8)]),
            "unavailable" => (&[], vec![(14, 14)]),
            _ => {
                // Istio takes bare statuses too.
                let status = condition
                    .parse::<u16>()
                    .ok()
                    .filter(|status| (100..=999).contains(status));
                let status = status.ok_or_else(|| {
                    format!("`retry_on` knows no `{condition}`: 5xx, gateway-error, reset, connect-failure, refused-stream, retriable-4xx, envoy-ratelimited, retriable-status-codes, cancelled, deadline-exceeded, internal, resource-exhausted, unavailable")
                })?;
                (&[], vec![(status, status)])
            }
        };
        let added = OutcomeSet::of(outcomes);
        let added = if spans.is_empty() {
            added
        } else {
            added.and_statuses(spans)?
        };
        set = set.or(added)?;
    }
    Ok(set)
}
