//! A crash: what was queued and running is lost, its callers see a reset; connections are refused
//! until the instance is back.
//!
//! With `for` the instance is back when the fault has gone. Without, what has died stays dead until somebody starts
//! it again (a supervisor, or an operator's `restart`; see [`crate::controllers`]), and is sound then. Where a
//! supervisor watches over a service, its instances come back by its restarts alone; those that it starts while the
//! fault is on die again.
//!
//! Source: `vocabulary.md` C; elsewhere `pod-kill`, `pod-failure`, `container-kill`,
//! `ShutdownInstance`, `ec2-stop`, `KillProcesses`, Toxiproxy `down`.

use super::{Condition, Effect, Kind, Target, fault_spec};
use sim_core::SimDuration;

fault_spec! {
    /// The instance is gone for as long as the fault lasts, plus the time that it takes to start.
    Crash on instances {
        /// Start-up time after the fault has gone.
        #[serde(default)]
        boot: SimDuration,
        /// How long an instance that a supervisor starts while the fault is on lives before it dies again.
        #[serde(default, skip_serializing_if = "is_zero")]
        lives: SimDuration,
    }
}

fn is_zero(span: &SimDuration) -> bool {
    *span == SimDuration::ZERO
}

impl Kind for Crash {
    const SUMMARY: &'static str =
        "instances die: their requests are lost, connections refused until they are back";
    const EXAMPLE: &'static str = r#"crash(service: "db", instances: one, boot: "5s")"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Down {
            boot: self.boot,
            lives: self.lives,
        }
    }
    fn on_instance(&self) -> Option<Condition> {
        Some(Condition::Down { boot: self.boot })
    }
}
