//! Loss on links. As under TCP, a lost message is sent again after a timeout that doubles each
//! time; what users see of packet loss is latency.
//!
//! Source: `vocabulary.md` C; RFC 6298 (doubling), Linux `TCP_RTO_MIN` (200 ms); elsewhere
//! NetworkChaos `loss`, Toxiproxy `packet_loss`, `pod-network-loss`, Gremlin Packet Loss.

use super::{Context, Direction, Effect, Fate, Kind, Target, fault_spec};
use sim_core::SimDuration;

/// How often a lost message is sent again before the sender gives up.
const RETRANSMISSIONS: u64 = 6;

fault_spec! {
    /// Messages are lost, each transmission by itself.
    Loss on links {
        /// Chance of each transmission to be lost, 0 to 1.
        rate: f64,
        /// First retransmission timeout; it doubles each time, and after six the message is given up
        /// and the connection reset. `"0"`: never sent again.
        #[serde(default = "rto")]
        retransmit: SimDuration,
    }
}

fn rto() -> SimDuration {
    SimDuration::from_millis(200)
}

impl Kind for Loss {
    const SUMMARY: &'static str = "messages on links are lost and sent again";
    const EXAMPLE: &'static str = r#"loss(link: "web -> db", rate: 0.05)"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn effect(&self) -> Effect {
        let retransmit = (self.retransmit > SimDuration::ZERO).then_some(self.retransmit);
        Effect::Lose {
            rate: self.rate,
            retransmit,
            direction: self.direction,
        }
    }
    fn direction(&self) -> Direction {
        self.direction
    }
    fn on_message(&self, context: &mut Context<'_>) -> Fate {
        let rate = self.rate * context.strength;
        let (mut late, mut timeout) = (SimDuration::ZERO, self.retransmit);
        for transmission in 0..=RETRANSMISSIONS {
            if !context.hits_again(transmission, rate) {
                break;
            }
            if timeout == SimDuration::ZERO {
                return Fate::Vanished;
            }
            late = late + timeout;
            timeout = timeout + timeout;
            if transmission == RETRANSMISSIONS {
                return Fate::GivenUp(late);
            }
        }
        Fate::Late(late)
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if (0.0..=1.0).contains(&self.rate) {
            Vec::new()
        } else {
            vec![("rate", format!("is a share from 0 to 1, not {}", self.rate))]
        }
    }
}
