//! An error rate: a share of the requests is answered with an error as soon as it gets a thread.
//!
//! Source: as elsewhere HTTPFaultInjection `abort`, Vaurien `error`, Simmy `Chaos
//! Fault`, `pod-http-status-code`, LocalStack fault rules, JVMChaos `exception`.

use super::{Effect, Kind, Target, fault_spec};

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
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if (400..600).contains(&self.status) {
            Vec::new()
        } else {
            vec![(
                "status",
                format!("must be from 400 to 599, not {}", self.status),
            )]
        }
    }
}
