//! A partition: no message gets through, both ways or one way.
//!
//! Source: `vocabulary.md` C; elsewhere NetworkChaos `partition`, Gremlin Blackhole, `NullRoute`,
//! `BlockAllNetworkTraffic`, `pod-network-partition`.

use super::{Context, Effect, Fate, Kind, Target, fault_spec};
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

/// Which way a fault of a link works, by the flow of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// From left to right: where the left calls, its requests.
    To,
    /// From right to left: where the left calls, the answers to it.
    From,
}

fault_spec! {
    /// No message gets through. One way leaves the callee working for callers who never hear of it.
    Partition on links {}
}

impl Kind for Partition {
    const SUMMARY: &'static str = "no message gets through, both ways or one way";
    const EXAMPLE: &'static str = r#"partition(link: "zone:a -> zone:b")"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        Effect::Lose {
            rate: 1.0,
            retransmit: None,
            direction: self.direction,
        }
    }
    fn direction(&self) -> Direction {
        self.direction
    }
    fn on_message(&self, context: &mut Context<'_>) -> Fate {
        // As of a loss whose first transmission is the last.
        if context.hits_again(0, context.strength) {
            Fate::Vanished
        } else {
            Fate::Late(SimDuration::ZERO)
        }
    }
}
