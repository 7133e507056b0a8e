//! Policies of a call: a registry, and one file per policy.
//!
//! A call goes through an ordered list of policies, outermost first, each wrapped round the next,
//! as in tower or Polly. On the way in each may let it pass, set a timer or refuse; a result on the
//! way out each may pass on or answer with another try of all that is inside it.
//!
//! A policy is plain data: its parameters (`Self`), its memory ([`Policy::Memory`], one per caller
//! instance or one for all), and its state in one call ([`Policy::Call`]). It decides; only the world
//! acts.
//!
//! To add a policy: write one file beside its siblings, and one line in `policies!` below.

mod breaker;
mod cancellation;
mod deadline;
mod retry;
mod retry_budget;
mod timeout;

pub use breaker::Breaker;
pub use cancellation::Cancellation;
pub use deadline::Deadline;
pub use retry::{Backoff, Jitter, Retry};
pub use retry_budget::RetryBudget;
pub use timeout::Timeout;

use crate::outcome::{Outcome, Verdict};
use serde::{Deserialize, Serialize};
use sim_core::{SimDuration, SimTime};

/// Who shares the memory of a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each caller instance has its own.
    #[default]
    Instance,
    /// All instances of the caller share one.
    Shared,
}

/// What a policy may know and count when it is asked.
#[derive(Debug)]
pub struct Context<'a> {
    /// Simulated time.
    pub now: SimTime,
    /// Attempts that this call has begun so far.
    pub attempts: u32,
    /// Key of the draws that belong to this call and policy.
    pub key: u64,
    /// What this policy counts, in the order of [`Policy::COUNTERS`].
    pub counters: &'a mut [u64],
}

/// What a policy says to a call on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It passes.
    Proceed,
    /// It passes, and [`Policy::on_timer`] is asked after this span unless a result comes first.
    ProceedFor(SimDuration),
    /// It goes no further: this is its result. The flag forbids policies outside to try again.
    Refuse(Verdict, Final),
}

/// Whether policies outside may try again after a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Final {
    /// They may.
    #[default]
    No,
    /// They may not.
    Yes,
}

/// What a policy does with a result on the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Passes it on.
    Pass,
    /// Passes another one on.
    Replace(Verdict),
    /// Tries all that is inside it again, after this span.
    Again(SimDuration),
}

/// A policy; `Self` is what the scenario says of it.
pub trait Policy {
    /// What it remembers from call to call.
    type Memory: Clone + PartialEq + std::fmt::Debug;
    /// What it knows of one call.
    type Call: Copy + Default + PartialEq + std::fmt::Debug;
    /// One line for lists.
    const SUMMARY: &'static str;
    /// How it is written, with the fields that are most often given.
    const EXAMPLE: &'static str;
    /// What it counts.
    const COUNTERS: &'static [&'static str] = &[];

    /// What it remembers at the start.
    fn memory(&self) -> Self::Memory;
    /// Who shares its memory.
    fn scope(&self) -> Scope {
        Scope::Instance
    }
    /// A call, or another try of it, is on its way in.
    fn on_send(
        &self,
        memory: &mut Self::Memory,
        call: &mut Self::Call,
        context: &mut Context,
    ) -> Decision;
    /// Whether it has nothing to do with results that end so: they pass it, and it is not asked.
    #[inline]
    fn ignores(&self, _outcome: Outcome) -> bool {
        false
    }
    /// A result is on its way out.
    fn on_result(
        &self,
        memory: &mut Self::Memory,
        call: &mut Self::Call,
        result: (Verdict, Final),
        context: &mut Context,
    ) -> Reaction;
    /// Its timer has run out: what is inside it is given up, and this is the result.
    fn on_timer(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _context: &mut Context,
    ) -> Verdict {
        unreachable!("a policy that sets no timer is asked about none")
    }
    /// A policy outside gave the call up, with this result, while it was inside this one.
    fn on_abandon(
        &self,
        _memory: &mut Self::Memory,
        _call: &mut Self::Call,
        _result: Verdict,
        _context: &mut Context,
    ) {
    }
    /// The most attempts that it makes of one.
    fn worst_case_attempts(&self) -> f64 {
        1.0
    }
    /// The longest that it lets a call take, if it bounds it. A policy that does so does nothing else on
    /// the way in: the world sets its timer, and [`Policy::on_send`] is asked only of deadlines that the
    /// callee is told of.
    fn time_limit(&self) -> Option<SimDuration> {
        None
    }
    /// Whether its memory stands in the way of calls just now.
    fn is_open(_memory: &Self::Memory) -> bool {
        false
    }
    /// What is wrong with its parameters: (field, why).
    fn validate(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Generates the enums of all policies, their dispatch and the registry. One line per policy.
macro_rules! policies {
    ($($policy:ident $name:literal),* $(,)?) => {
        /// A policy as the scenario says it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum PolicySpec {
            $($policy($policy)),*
        }

        /// What a policy remembers from call to call.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Memory {
            $($policy(<$policy as Policy>::Memory)),*
        }

        /// What a policy knows of one call.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum CallState {
            $($policy(<$policy as Policy>::Call)),*
        }

        /// Name and summary of every policy.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$policy as Policy>::SUMMARY)),*];

        /// How every policy is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$policy as Policy>::EXAMPLE),*];

        /// What every policy counts, by its name.
        pub const COUNTERS: &[(&str, &[&str])] = &[$(($name, <$policy as Policy>::COUNTERS)),*];

        impl PolicySpec {
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$policy(_) => $name),* }
            }
            /// What it counts.
            #[must_use]
            pub fn counters(&self) -> &'static [&'static str] {
                match self { $(Self::$policy(_) => <$policy as Policy>::COUNTERS),* }
            }
            /// What it remembers at the start.
            #[must_use]
            pub fn memory(&self) -> Memory {
                match self { $(Self::$policy(policy) => Memory::$policy(policy.memory())),* }
            }
            /// Who shares its memory.
            #[must_use]
            pub fn scope(&self) -> Scope {
                match self { $(Self::$policy(policy) => policy.scope()),* }
            }
            /// What it knows of a new call.
            #[inline]
            #[must_use]
            pub fn begin(&self) -> CallState {
                match self { $(Self::$policy(_) => CallState::$policy(Default::default())),* }
            }
            /// See [`Policy::on_send`].
            #[inline]
            pub fn on_send(&self, memory: &mut Memory, call: &mut CallState, context: &mut Context) -> Decision {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_send(memory, call, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::ignores`].
            #[inline]
            #[must_use]
            pub fn ignores(&self, outcome: Outcome) -> bool {
                match self { $(Self::$policy(policy) => policy.ignores(outcome)),* }
            }
            /// See [`Policy::on_result`].
            #[inline]
            pub fn on_result(&self, memory: &mut Memory, call: &mut CallState, result: (Verdict, Final), context: &mut Context) -> Reaction {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_result(memory, call, result, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_timer`].
            pub fn on_timer(&self, memory: &mut Memory, call: &mut CallState, context: &mut Context) -> Verdict {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_timer(memory, call, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_abandon`].
            pub fn on_abandon(&self, memory: &mut Memory, call: &mut CallState, result: Verdict, context: &mut Context) {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_abandon(memory, call, result, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::worst_case_attempts`].
            #[must_use]
            pub fn worst_case_attempts(&self) -> f64 {
                match self { $(Self::$policy(policy) => policy.worst_case_attempts()),* }
            }
            /// See [`Policy::time_limit`].
            #[must_use]
            pub fn time_limit(&self) -> Option<SimDuration> {
                match self { $(Self::$policy(policy) => policy.time_limit()),* }
            }
            /// What is wrong with its parameters: (field, why).
            #[must_use]
            pub fn validate(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$policy(policy) => policy.validate()),* }
            }
        }

        impl Memory {
            /// Whether it stands in the way of calls just now.
            #[must_use]
            pub fn is_open(&self) -> bool {
                match self { $(Self::$policy(memory) => <$policy as Policy>::is_open(memory)),* }
            }
        }
    };
}

policies! {
    Deadline "deadline",
    Retry "retry",
    RetryBudget "retry_budget",
    Breaker "breaker",
    Timeout "timeout",
    Cancellation "cancellation",
}
