//! Who is next in the queue of an instance, and who is dropped: a registry, and one file per order.
//!
//! What an order is asked is in [`Order`]; [`Line`] is what nearly all of them keep those who wait in.
//!
//! To add one: write one file beside its siblings, and one line in `orders!` below.

mod line;
mod order;
mod adaptive_lifo;
mod by_priority;
mod codel;
mod edf;
mod fair;
mod fifo;
mod lifo;
#[cfg(test)]
mod tests;

pub use adaptive_lifo::AdaptiveLifo;
pub use by_priority::ByPriority;
pub use codel::{Codel, Law};
pub use edf::Edf;
pub use fair::Fair;
pub use fifo::Fifo;
pub use lifo::Lifo;
pub use line::{Line, Links, NOBODY};
pub use order::{Lines, Needs, Order, Waiting};

use serde::{Deserialize, Serialize};
use sim_core::SimTime;

/// Generates the enums of all orders, their dispatch and the registry. One line per order.
macro_rules! orders {
    ($($order:ident $name:literal),* $(,)?) => {
        /// The order of a queue as the scenario says it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum OrderSpec {
            $($order($order)),*
        }

        /// The queue of an instance: those who wait, and what is remembered of those who did.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Queue {
            $($order(<$order as Order>::Memory)),*
        }

        /// Name and summary of every order.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$order as Order>::SUMMARY)),*];

        /// How every order is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$order as Order>::EXAMPLE),*];

        /// The text of the file of every order, whose docs explain it, in the order of [`REGISTRY`].
        pub const TEXTS: &[&str] = &[$(include_str!(concat!($name, ".rs"))),*];

        impl OrderSpec {
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$order(_) => $name),* }
            }
            /// See [`Order::NEEDS`].
            #[must_use]
            pub fn needs(&self) -> Needs {
                match self { $(Self::$order(_) => <$order as Order>::NEEDS),* }
            }
            /// See [`Order::PER_TENANT`].
            #[must_use]
            pub fn per_tenant(&self) -> u64 {
                match self { $(Self::$order(_) => <$order as Order>::PER_TENANT),* }
            }
            /// See [`Order::MINDS_EMPTY`].
            #[must_use]
            pub fn minds_empty(&self) -> bool {
                match self { $(Self::$order(_) => <$order as Order>::MINDS_EMPTY),* }
            }
            /// See [`Order::PUSHES_OUT`].
            #[must_use]
            pub fn pushes_out(&self) -> bool {
                match self { $(Self::$order(_) => <$order as Order>::PUSHES_OUT),* }
            }
            /// An empty queue.
            #[must_use]
            pub fn queue(&self) -> Queue {
                match self { $(Self::$order(_) => Queue::$order(Default::default())),* }
            }
            /// See [`Order::push`].
            #[inline]
            pub fn push(&self, queue: &mut Queue, requests: &mut impl Waiting, who: u32) -> u32 {
                match (self, queue) {
                    $((Self::$order(order), Queue::$order(memory)) => order.push(memory, requests, who),)*
                    _ => unreachable!("the queue of an order is its own"),
                }
            }
            /// See [`Order::next`].
            #[inline]
            pub fn next(&self, queue: &mut Queue, requests: &mut impl Waiting, now: SimTime, dropped: &mut Vec<u32>) -> Option<u32> {
                match (self, queue) {
                    $((Self::$order(order), Queue::$order(memory)) => order.next(memory, requests, now, dropped),)*
                    _ => unreachable!("the queue of an order is its own"),
                }
            }
            /// See [`Order::remove`].
            #[inline]
            pub fn remove(&self, queue: &mut Queue, requests: &mut impl Waiting, who: u32) {
                match (self, queue) {
                    $((Self::$order(order), Queue::$order(memory)) => order.remove(memory, requests, who),)*
                    _ => unreachable!("the queue of an order is its own"),
                }
            }
            /// See [`Order::instead_of`].
            #[must_use]
            pub fn instead_of(&self, queue: &Queue, requests: &impl Waiting, who: u32) -> Option<u32> {
                match (self, queue) {
                    $((Self::$order(order), Queue::$order(memory)) => order.instead_of(memory, requests, who),)*
                    _ => unreachable!("the queue of an order is its own"),
                }
            }
            /// See [`Order::validate`].
            #[must_use]
            pub fn validate(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$order(order) => order.validate()),* }
            }
        }

        impl Queue {
            /// How many wait.
            #[inline]
            #[must_use]
            pub fn waiting(&self) -> u32 {
                match self { $(Self::$order(memory) => Lines::waiting(memory)),* }
            }
        }
    };
}

orders! {
    Fifo "fifo",
    Lifo "lifo",
    AdaptiveLifo "adaptive_lifo",
    Codel "codel",
    Edf "edf",
    Fair "fair",
    ByPriority "by_priority",
}

impl Default for OrderSpec {
    /// First in, first out.
    fn default() -> Self {
        Self::Fifo(Fifo {})
    }
}
