//! How callers choose among the instances of a service: a registry, and one file per balancer.
//!
//! A balancer chooses among the instances that no policy of the call has it pass by, and says itself when so few of
//! these are left that it passes none by ([`Panic`]). What it is asked is in [`Balancer`].
//!
//! To add one: write one file beside its siblings, and one line in `balancers!` below.

mod balancer;
mod consistent_hash;
mod least_loaded;
mod least_outstanding;
mod peak_ewma;
mod power_of_two;
mod random;
mod round_robin;
#[cfg(test)]
mod tests;
mod weighted_round_robin;

pub use balancer::{Balancer, Heard, Panic, Spread, View};
pub use consistent_hash::ConsistentHash;
pub use least_loaded::LeastLoaded;
pub use least_outstanding::LeastOutstanding;
pub use peak_ewma::PeakEwma;
pub use power_of_two::PowerOfTwo;
pub use random::Random;
pub use round_robin::RoundRobin;
pub use weighted_round_robin::WeightedRoundRobin;

use serde::{Deserialize, Serialize};
use sim_core::random::Keyed;

/// Generates the enums of all balancers, their dispatch and the registry. One line per balancer.
macro_rules! balancers {
    ($($balancer:ident $name:literal),* $(,)?) => {
        /// A balancer as the scenario says it.
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum BalancerSpec {
            $($balancer($balancer)),*
        }

        /// What an instance of a caller remembers of the instances of a callee.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Memory {
            $($balancer(<$balancer as Balancer>::Memory)),*
        }

        /// Name and summary of every balancer.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$balancer as Balancer>::SUMMARY)),*];

        /// How every balancer is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$balancer as Balancer>::EXAMPLE),*];

        /// The text of the file of every balancer, whose docs explain it, in the order of [`REGISTRY`].
        pub const TEXTS: &[&str] = &[$(include_str!(concat!($name, ".rs"))),*];

        impl BalancerSpec {
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$balancer(_) => $name),* }
            }
            /// See [`Balancer::COUNTS`].
            #[must_use]
            pub fn counts(&self) -> bool {
                match self { $(Self::$balancer(_) => <$balancer as Balancer>::COUNTS),* }
            }
            /// See [`Balancer::LISTENS`].
            #[must_use]
            pub fn listens(&self) -> bool {
                match self { $(Self::$balancer(_) => <$balancer as Balancer>::LISTENS),* }
            }
            /// See [`Balancer::PER_CALLEE`].
            #[must_use]
            pub fn per_callee(&self) -> u64 {
                match self { $(Self::$balancer(_) => <$balancer as Balancer>::PER_CALLEE),* }
            }
            /// See [`Balancer::BY_KEY`].
            #[must_use]
            pub fn by_key(&self) -> bool {
                match self { $(Self::$balancer(_) => <$balancer as Balancer>::BY_KEY),* }
            }
            /// See [`Balancer::FORGETFUL`].
            #[must_use]
            pub fn forgetful(&self) -> bool {
                match self { $(Self::$balancer(_) => <$balancer as Balancer>::FORGETFUL),* }
            }
            /// See [`Balancer::TURNS`].
            #[must_use]
            pub fn turns(&self) -> bool {
                match self { $(Self::$balancer(_) => <$balancer as Balancer>::TURNS),* }
            }
            /// See [`Balancer::memory`].
            #[must_use]
            pub fn memory(&self, callees: u32) -> Memory {
                match self { $(Self::$balancer(balancer) => Memory::$balancer(balancer.memory(callees))),* }
            }
            /// See [`Balancer::choose`].
            #[inline]
            pub fn choose(&self, memory: &mut Memory, view: &View, luck: &mut Keyed) -> u32 {
                match (self, memory) {
                    $((Self::$balancer(balancer), Memory::$balancer(memory)) => balancer.choose(memory, view, luck),)*
                    _ => unreachable!("the memory of a balancer is its own"),
                }
            }
            /// See [`Balancer::on_result`].
            pub fn on_result(&self, memory: &mut Memory, heard: &Heard) {
                match (self, memory) {
                    $((Self::$balancer(balancer), Memory::$balancer(memory)) => balancer.on_result(memory, heard),)*
                    _ => unreachable!("the memory of a balancer is its own"),
                }
            }
            /// See [`Balancer::forget`].
            pub fn forget(&self, memory: &mut Memory) {
                match (self, memory) {
                    $((Self::$balancer(balancer), Memory::$balancer(memory)) => balancer.forget(memory),)*
                    _ => unreachable!("the memory of a balancer is its own"),
                }
            }
            /// See [`Balancer::panic`].
            #[must_use]
            pub fn panic(&self) -> Panic {
                match self { $(Self::$balancer(balancer) => balancer.panic()),* }
            }
            /// See [`Balancer::spread`].
            #[must_use]
            pub fn spread(&self) -> Spread {
                match self { $(Self::$balancer(balancer) => balancer.spread()),* }
            }
            /// See [`Balancer::shares`].
            #[must_use]
            pub fn shares(&self, callees: u32) -> Option<Vec<f64>> {
                match self { $(Self::$balancer(balancer) => balancer.shares(callees)),* }
            }
            /// See [`Balancer::validate`].
            #[must_use]
            pub fn validate(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$balancer(balancer) => balancer.validate()),* }
            }
        }
    };
}

balancers! {
    RoundRobin "round_robin",
    Random "random",
    LeastOutstanding "least_outstanding",
    LeastLoaded "least_loaded",
    PowerOfTwo "power_of_two",
    WeightedRoundRobin "weighted_round_robin",
    PeakEwma "peak_ewma",
    ConsistentHash "consistent_hash",
}

impl Default for BalancerSpec {
    /// Each in turn.
    fn default() -> Self {
        Self::RoundRobin(RoundRobin::default())
    }
}
