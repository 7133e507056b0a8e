//! Added latency on links.
//!
//! Source: `vocabulary.md` C; elsewhere Toxiproxy `latency`, NetworkChaos `delay`,
//! `pod-network-latency`, Gremlin Latency, comcast `--latency`.

use super::{Context, Direction, Effect, Fate, Kind, Target, fault_spec};
use crate::quantity::distribution::DurationSpec;
use sim_core::SimDuration;

fault_spec! {
    /// Messages take longer.
    Latency on links {
        /// Added to each message.
        add: DurationSpec,
    }
}

impl Kind for Latency {
    const SUMMARY: &'static str = "messages on links take longer";
    const EXAMPLE: &'static str = r#"latency(link: "web -> db", add: "100ms")"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Delay {
            add: self.add.clone(),
            direction: self.direction,
        }
    }
    fn direction(&self) -> Direction {
        self.direction
    }
    fn added(&self) -> Option<&DurationSpec> {
        Some(&self.add)
    }
    fn on_message(&self, context: &mut Context<'_>) -> Fate {
        let late = if context.hits(1.0) {
            context.more(1)
        } else {
            SimDuration::ZERO
        };
        Fate::Late(late)
    }
}
