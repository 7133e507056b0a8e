//! An error rate: a share of the requests is answered with an error as soon as it gets a thread.
//!
//! Source: `vocabulary.md` C; elsewhere HTTPFaultInjection `abort`, Vaurien `error`, Simmy `Chaos
//! Fault`, `pod-http-status-code`, LocalStack fault rules, JVMChaos `exception`.

use super::{Context, Effect, Kind, Target, Treatment, bad_status, fault_spec};

fault_spec! {
    /// Requests are answered with an error. The share of them is the fault's `share`.
    Error on requests {
        /// HTTP-like status, 400 to 599.
        #[serde(default = "unavailable")]
        status: u16,
    }
}

fn unavailable() -> u16 {
    503
}

impl Kind for Error {
    const SUMMARY: &'static str = "a share of the requests is answered with an error";
    const EXAMPLE: &'static str = r#"error(service: "db", status: 500)"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Fail {
            status: self.status,
            at_once: true,
        }
    }
    fn on_request(&self, context: &mut Context<'_>) -> Treatment {
        if context.hits(context.strength) {
            Treatment::Answer(self.status)
        } else {
            Treatment::Pass
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        bad_status(self.status).into_iter().collect()
    }
}
