//! Slowness: steps take a multiple of their time, or requests some time more.
//!
//! Source: `vocabulary.md` C; elsewhere `BurnCpu`, `stress-cpu`, `pod-cpu-hog`, HTTPFaultInjection
//! `delay`, JVMChaos `latency`, Simmy `Chaos Latency`, bane `SlowResponse`.

use super::{Context, Effect, Kind, Target, Treatment, fault_spec};
use crate::quantity::distribution::DurationSpec;
use sim_core::SimDuration;

fault_spec! {
    /// Steps that begin while the fault is on take `factor` times as long; a request that begins
    /// takes `add` more.
    Slow on requests {
        /// Multiplies the duration of every `work` and `wait`; 1: unchanged.
        #[serde(default = "unchanged")]
        factor: f64,
        /// Added to each request at its start.
        #[serde(default = "nothing")]
        add: DurationSpec,
    }
}

fn unchanged() -> f64 {
    1.0
}

fn nothing() -> DurationSpec {
    DurationSpec::constant(SimDuration::ZERO)
}

impl Kind for Slow {
    const SUMMARY: &'static str = "steps take a multiple of their time, or requests some time more";
    const EXAMPLE: &'static str = r#"slow(service: "db", factor: 4)"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Slow {
            factor: self.factor,
            add: self.add.clone(),
        }
    }
    fn added(&self) -> Option<&DurationSpec> {
        Some(&self.add)
    }
    fn on_request(&self, context: &mut Context<'_>) -> Treatment {
        if context.hits(1.0) {
            Treatment::Late(context.more(2))
        } else {
            Treatment::Pass
        }
    }
    fn on_step(&self) -> f64 {
        self.factor
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.factor.is_finite() && self.factor > 0.0 {
            Vec::new()
        } else {
            vec![(
                "factor",
                format!("must be a positive number, not {}", self.factor),
            )]
        }
    }
}
