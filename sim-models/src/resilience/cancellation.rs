//! Cancellation: when the caller gives up, the callee is told.
//!
//! The message crosses the link. A request that waits is taken out of its queue; one that runs ends
//! at its next step; its own calls are given up, and their callees told if their calls say so too.
//!
//! Source: `vocabulary.md` D; gRPC cancellation, resilience4j `cancelRunningFuture`, HTTP/2
//! `RST_STREAM`.

use super::{Ends, Inside, Policy, Stay, Tells};
use serde::{Deserialize, Serialize};

/// The callee is told when its caller gives up. Without it, it goes on working for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {}

impl Policy for Cancellation {
    type Memory = ();
    type Call = ();
    const SUMMARY: &'static str = "tells the callee when its caller gives up";
    const EXAMPLE: &'static str = "cancellation";
    const ACTS: bool = false;

    fn memory(&self) {}
    fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
        inside.ends(when)
    }
    fn tells(&self) -> Tells {
        Tells {
            cancellation: true,
            ..Tells::default()
        }
    }
}
