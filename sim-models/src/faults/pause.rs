//! A pause: the instance stands still, as in a long garbage collection or a suspended virtual
//! machine, and goes on where it was. Requests that reach it meanwhile wait in its queue and backlog,
//! as they do in the sockets of a stopped process, and are refused where those are full; answers and
//! timers are seen when it wakes.
//!
//! Source: `vocabulary.md` C; elsewhere JVMChaos `gc`, `SIGSTOP`, bane `TimeoutInListenQueue`.

use super::{Condition, Effect, Kind, Target, fault_spec};

fault_spec! {
    /// The instance stands still.
    Pause on instances {}
}

impl Kind for Pause {
    const SUMMARY: &'static str = "instances stand still, then go on where they were";
    const EXAMPLE: &'static str = r#"pause(service: "db", instances: one)"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Frozen
    }
    fn on_instance(&self) -> Option<Condition> {
        Some(Condition::Frozen)
    }
}
