//! Wrong answers: requests do all their work, and are answered with an error in the end. They cost what good ones cost,
//! their calls have been made; where an `error` fault spares the service, this does not.
//!
//! Source: `vocabulary.md` C; HTTPChaos with target `Response` and `replace.code`, WireMock and MockServer responses
//! with a delay and a status, Simmy `Chaos Outcome`.

use super::{Context, Effect, Kind, Target, bad_status, fault_spec};

fault_spec! {
    /// Requests that would be answered well are answered with an error, after all their work. The share of them is the
    /// fault's `share`. What is answered while the fault is on counts, whenever it began.
    WrongAnswer on requests {
        /// HTTP-like status, 400 to 599.
        #[serde(default = "internal_error")]
        status: u16,
    }
}

fn internal_error() -> u16 {
    500
}

impl Kind for WrongAnswer {
    const SUMMARY: &'static str =
        "requests do all their work and are answered with an error in the end";
    const EXAMPLE: &'static str = r#"wrong_answer(service: "db", status: 500)"#;
    const ANSWERS: bool = true;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Fail {
            status: self.status,
            at_once: false,
        }
    }
    fn on_answer(&self, context: &mut Context<'_>) -> Option<u16> {
        context.hits(context.strength).then_some(self.status)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        bad_status(self.status).into_iter().collect()
    }
}
