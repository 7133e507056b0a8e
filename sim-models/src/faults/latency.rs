//! Added latency on links.
//!
//! Source: as elsewhere Toxiproxy `latency`, NetworkChaos `delay`,
//! `pod-network-latency`, Gremlin Latency, comcast `--latency`.

use super::{Effect, Kind, Target, fault_spec};
use crate::quantity::distribution::DurationSpec;

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
}
