//! Fails so many times, then succeeds: a cold start, a connection pool full of stale connections after a failover, a
//! schema that is loaded by the first requests. What a single retry cannot mend, and a few can.
//!
//! Source: `vocabulary.md` C, "transient N then ok"; Vaurien `transient`, WireMock scenarios (stateful behaviour),
//! MockServer `times`.

use super::{Context, Effect, Kind, Target, Treatment, bad_status, fault_spec};

fault_spec! {
    /// Each instance answers the first requests that reach it with an error, at once; then all run. It begins anew
    /// whenever the fault comes again. Requests outside of the fault's `share` run, and are not counted.
    Transient on requests {
        /// How many requests fail at each instance, at least 1.
        first: u32,
        /// HTTP-like status, 400 to 599.
        #[serde(default = "unavailable")]
        status: u16,
    }
}

fn unavailable() -> u16 {
    503
}

impl Kind for Transient {
    const SUMMARY: &'static str = "the first requests at each instance fail, then all run";
    const EXAMPLE: &'static str = r#"transient(service: "db", first: 3, status: 503)"#;
    const COUNTS: bool = true;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Unforeseen
    }
    fn on_request(&self, context: &mut Context<'_>) -> Treatment {
        if *context.dealt_with < self.first && context.hits(context.strength) {
            *context.dealt_with += 1;
            Treatment::Answer(self.status)
        } else {
            Treatment::Pass
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        let none = (self.first == 0).then(|| ("first", "must be at least 1".into()));
        none.into_iter().chain(bad_status(self.status)).collect()
    }
}
