//! Chance for the generator, keyed by the seed of a system.

use sim_core::random::{Keyed, Source};

/// Draws, in the order in which they are asked for.
#[derive(Clone, Debug)]
pub struct Dice(Keyed);

impl Dice {
    /// Those of a seed, for one purpose.
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(Keyed::new(seed, purpose))
    }

    /// From `low` to `high`, both included.
    pub fn number(&mut self, low: u32, high: u32) -> u32 {
        low + self.0.below(u64::from(high - low) + 1) as u32
    }

    /// Uniform from `low` to `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.uniform()
    }

    /// Log-uniform from `low` to `high`, which are above zero: all orders of magnitude alike.
    pub fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        libm::exp(self.between(libm::log(low), libm::log(high)))
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.chance(probability)
    }

    /// One of these.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len() as u64) as usize].clone()
    }

    /// Some of these in any order, `count` of them.
    pub fn some<T: Clone>(&mut self, of: &[T], count: usize) -> Vec<T> {
        let mut rest = of.to_vec();
        (0..count.min(of.len()))
            .map(|_| rest.swap_remove(self.0.below(rest.len() as u64) as usize))
            .collect()
    }
}
