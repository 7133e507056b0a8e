//! A hang: requests get a thread and keep it, unanswered, until the fault has gone.
//!
//! Source: `vocabulary.md` C; elsewhere Vaurien `hang` and `blackout`, bane `NeverRespond`,
//! Toxiproxy `timeout`.

use super::{Context, Effect, Kind, Target, Treatment, fault_spec};

fault_spec! {
    /// Requests keep their thread and are not answered until the fault has gone; then they run.
    Hang on requests {}
}

impl Kind for Hang {
    const SUMMARY: &'static str =
        "requests keep their thread and are not answered until the fault has gone";
    const EXAMPLE: &'static str = r#"hang(service: "db", endpoint: "find")"#;
    const HOLDS: bool = true;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Hang
    }
    fn on_request(&self, context: &mut Context<'_>) -> Treatment {
        if context.hits(context.strength) {
            Treatment::Hold
        } else {
            Treatment::Pass
        }
    }
}
