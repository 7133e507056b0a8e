//! `hedgingPolicy` of a method in a gRPC service config.
//!
//! Source: gRPC A6; grpc-js 1.14 `retrying-call.ts`, which takes a push-back of "not again" for the result (A6 and
//! grpc-java let the tries that are out answer, and so do we) and lets the delay run on beside one that says when.

use super::GrpcCode;
use crate::resilience::{Cancellation, Hedge, PolicySpec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Fields of `HedgingPolicy`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcHedgingPolicy {
    /// Attempts at most, the first included; more than 5 count as 5.
    pub max_attempts: u32,
    /// How long to wait before each further one; zero: all begin at once.
    #[serde(default)]
    pub hedging_delay: SimDuration,
    /// Status codes after which others may still answer.
    #[serde(default)]
    pub non_fatal_status_codes: Vec<GrpcCode>,
}

/// The most attempts of a call, unless a channel is told otherwise.
const MOST: u32 = 5;

impl GrpcHedgingPolicy {
    /// The policies that it stands for.
    ///
    /// # Errors
    /// What gRPC refuses: fewer than two attempts, a code that is none.
    pub(super) fn expand(&self) -> Result<Vec<PolicySpec>, String> {
        if self.max_attempts < 2 {
            let attempts = self.max_attempts;
            return Err(format!("`maxAttempts` must be more than 1, not {attempts}"));
        }
        Ok(vec![
            PolicySpec::Hedge(Hedge {
                after: self.hedging_delay,
                attempts: self.max_attempts.min(MOST),
                on: GrpcCode::set(&self.non_fatal_status_codes)?,
                ..Hedge::default()
            }),
            PolicySpec::Cancellation(Cancellation {}),
        ])
    }
}
