//! Cancellation: when the caller gives up, the callee is told.
//!
//! The message crosses the link. A request that waits is taken out of its queue; one that runs ends
//! at its next step; its own calls are given up, and their callees told if their calls say so too.
//!
//! Source: `vocabulary.md` D; gRPC cancellation, resilience4j `cancelRunningFuture`, HTTP/2
//! `RST_STREAM`.

use super::{Context, Decision, Final, Policy, Reaction};
use crate::outcome::{Outcome, Verdict};
use serde::{Deserialize, Serialize};

/// The callee is told when its caller gives up. Without it, it goes on working for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {}

impl Policy for Cancellation {
    type Memory = ();
    type Call = ();
    const SUMMARY: &'static str = "tells the callee when its caller gives up";

    fn memory(&self) {}
    #[inline]
    fn on_send(&self, (): &mut (), (): &mut (), _: &mut Context) -> Decision {
        Decision::Proceed
    }
    #[inline]
    fn ignores(&self, _: Outcome) -> bool {
        true
    }
    #[inline]
    fn on_result(
        &self,
        (): &mut (),
        (): &mut (),
        _: (Verdict, Final),
        _: &mut Context,
    ) -> Reaction {
        Reaction::Pass
    }
}
