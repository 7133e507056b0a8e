//! Messages that arrive twice: a sender that has heard nothing sends again what had arrived, a queue delivers at least
//! once. The callee has twice the work, and whatever is not idempotent happens twice.
//!
//! Source: `vocabulary.md` C; NetworkChaos `duplicate` (with `correlation`), netem `duplicate`; at-least-once delivery,
//! A. Birrell and B. Nelson, "Implementing remote procedure calls", ACM TOCS 2 (1984).

use super::{Context, Direction, Effect, Fate, Kind, Target, fault_spec};
use sim_core::SimDuration;

fault_spec! {
    /// Messages get through twice. A request that does is handled twice, by the same instance; the caller hears of the
    /// first only, so that the second is work for nobody (it counts as doomed), and nobody takes it back. Of an answer,
    /// or of word that a caller has gone, the second makes no difference.
    Duplicate on links {
        /// Chance of each message to get through twice, above 0 and up to 1.
        rate: f64,
    }
}

impl Kind for Duplicate {
    const SUMMARY: &'static str = "messages on links get through twice: requests are handled twice";
    const EXAMPLE: &'static str = r#"duplicate(link: "web -> db", rate: 0.1, direction: to)"#;
    fn target(&self) -> Target {
        self.place()
    }
    fn direction(&self) -> Direction {
        self.direction
    }
    fn effect(&self) -> Effect {
        Effect::Unforeseen
    }
    fn on_message(&self, context: &mut Context<'_>) -> Fate {
        if context.hits(self.rate * context.strength) {
            Fate::Twice
        } else {
            Fate::Late(SimDuration::ZERO)
        }
    }
    fn validate(&self) -> Vec<(&'static str, String)> {
        if self.rate > 0.0 && self.rate <= 1.0 {
            Vec::new()
        } else {
            let why = format!("is a share above 0 and up to 1, not {}", self.rate);
            vec![("rate", why)]
        }
    }
}
