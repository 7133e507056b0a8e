//! A crash: what was queued and running is lost, its callers see a reset; connections are refused
//! until the instance is back.
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
    }
}

impl Kind for Crash {
    const SUMMARY: &'static str =
        "instances die: their requests are lost, connections refused until they are back";
    const EXAMPLE: &'static str = r#"crash(service: "db", instances: one, boot: "5s")"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Down { boot: self.boot }
    }
    fn on_instance(&self) -> Option<Condition> {
        Some(Condition::Down { boot: self.boot })
    }
}
