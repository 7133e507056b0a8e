//! Steps that own state: an instance keeps something for them from request to request, and they decide by it where a
//! request goes on. What that is they alone know: the world keeps it for each instance, asks, and forgets it in a crash.

use crate::baggage::Priority;
use sim_core::SimTime;
use sim_core::random::Keyed;

/// Where a request goes on that has come to such a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// With the list of steps inside of it.
    In,
    /// Behind that list.
    Past,
}

/// What such a step is told when it is asked.
pub struct Context<'a> {
    /// The time.
    pub now: SimTime,
    /// Key of what the request asks for, from 1; 0: it has none.
    pub key: u32,
    /// How much the request matters.
    pub priority: Priority,
    /// Whether a part of its answer is missing so far.
    pub degraded: bool,
    /// Where draws come from.
    pub draw: Keyed,
    /// What it counts, in the order of [`Keeper::COUNTERS`].
    pub counters: &'a mut [u64],
}

/// A kind of step that keeps something. It is compiled to `Decide`, the list of steps inside of it, and `Done`.
pub trait Keeper {
    /// What one instance keeps for it: plain data.
    type Memory: Clone + std::fmt::Debug;
    /// What it counts; see [`crate::counted`].
    const COUNTERS: &'static [&'static str];
    /// Whether it tells requests apart by their key.
    const BY_KEY: bool;
    /// What stories say of a request that goes in, and of one that goes past.
    const WORDS: [&'static str; 2];

    /// What a new instance keeps, where requests have fewer than so many different keys.
    fn memory(&self, keys: u32) -> Self::Memory;
    /// Bytes of that.
    fn bytes(&self, keys: u64) -> u64;
    /// Whether it is still there after a crash.
    fn survives(&self) -> bool;
    /// A request comes.
    fn decide(&self, memory: &mut Self::Memory, context: &mut Context<'_>) -> Go;
    /// A request that went in has got through the list of steps. One that ends in it, however it does, is not told of.
    fn done(&self, memory: &mut Self::Memory, context: &mut Context<'_>);
}

/// Generates the enum of those that keep something, and that of their memories. One line per kind, which `steps!`
/// writes.
macro_rules! keepers {
    ($(keeps $kind:ident($step:ident) $name:literal;)*) => {
        /// A step that keeps something in each instance of its service.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum KeeperSpec {
            $($kind($step)),*
        }

        /// What one instance keeps for such a step.
        #[derive(Clone, Debug)]
        #[allow(missing_docs)]
        pub enum KeeperMemory {
            $($kind(<$step as Keeper>::Memory)),*
        }

        /// What those count that keep something, by name.
        pub const COUNTERS: &[(&str, &[&str])] = &[$(($name, <$step as Keeper>::COUNTERS)),*];

        impl KeeperSpec {
            /// A step, if it is one of those.
            #[must_use]
            pub fn of(step: &Step) -> Option<Self> {
                match step {
                    $(Step::$kind(step) => Some(Self::$kind(step.clone())),)*
                    _ => None,
                }
            }
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name),* }
            }
            /// See [`Keeper::COUNTERS`].
            #[must_use]
            pub fn counters(&self) -> &'static [&'static str] {
                match self { $(Self::$kind(_) => <$step as Keeper>::COUNTERS),* }
            }
            /// See [`Keeper::BY_KEY`].
            #[must_use]
            pub fn by_key(&self) -> bool {
                match self { $(Self::$kind(_) => <$step as Keeper>::BY_KEY),* }
            }
            /// See [`Keeper::WORDS`].
            #[must_use]
            pub fn says(&self, go: Go) -> &'static str {
                let [goes_in, goes_past] = match self { $(Self::$kind(_) => <$step as Keeper>::WORDS),* };
                match go { Go::In => goes_in, Go::Past => goes_past }
            }
            /// See [`Keeper::memory`].
            #[must_use]
            pub fn memory(&self, keys: u32) -> KeeperMemory {
                match self { $(Self::$kind(step) => KeeperMemory::$kind(step.memory(keys))),* }
            }
            /// See [`Keeper::bytes`].
            #[must_use]
            pub fn bytes(&self, keys: u64) -> u64 {
                match self { $(Self::$kind(step) => step.bytes(keys)),* }
            }
            /// See [`Keeper::survives`].
            #[must_use]
            pub fn survives(&self) -> bool {
                match self { $(Self::$kind(step) => step.survives()),* }
            }
            /// See [`Keeper::decide`].
            pub fn decide(&self, memory: &mut KeeperMemory, context: &mut Context<'_>) -> Go {
                match (self, memory) {
                    $((Self::$kind(step), KeeperMemory::$kind(memory)) => step.decide(memory, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a step is its own"),
                }
            }
            /// See [`Keeper::done`].
            pub fn done(&self, memory: &mut KeeperMemory, context: &mut Context<'_>) {
                match (self, memory) {
                    $((Self::$kind(step), KeeperMemory::$kind(memory)) => step.done(memory, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a step is its own"),
                }
            }
        }
    };
}
pub(super) use keepers;
