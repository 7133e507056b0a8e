//! What random systems are drawn with.

use sim_core::random::{Keyed, Source};

/// Whoever draws.
pub trait Draws {
    /// Where the draws come from.
    fn source(&mut self) -> &mut Keyed;

    /// From `low` to `high`, both included.
    fn number(&mut self, low: u64, high: u64) -> u64 {
        low + self.source().below(high - low + 1)
    }

    /// One of these.
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.source().below(of.len() as u64) as usize]
    }

    /// Yes, with this probability.
    fn chance(&mut self, probability: f64) -> bool {
        self.source().chance(probability)
    }
}
