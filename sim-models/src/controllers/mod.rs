//! Who acts on a system from outside while it runs: a registry, and one file per kind of controller.
//!
//! A controller is told of what it watches ([`Watches`]) and answers with what is to be done ([`Do`]), in the verbs
//! that an operator has ([`Action`]). It never touches the system itself: the world acts, tells it when that is done,
//! and keeps a record of all that was done by whom.
//!
//! To add a kind: write one file beside its siblings, and one line in `controllers!` below.

mod action;
mod controller;
mod governor;
mod operator;
mod supervisor;
#[cfg(test)]
mod tests;

use crate::ids::ActionId;
pub use action::{Action, Lift, Load, Restart, Set, Shed, Value, Wait};
pub use controller::{Asked, Context, Controller, Do, Leave, Watches};
pub use governor::{Governor, Human};
pub use operator::Operator;
pub use supervisor::Supervisor;

use serde::{Deserialize, Serialize};

/// Generates the enums of all controllers, their dispatch and the registry. One line per kind.
macro_rules! controllers {
    ($($kind:ident $name:literal),* $(,)?) => {
        /// A controller as the scenario says it.
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum ControllerSpec {
            $($kind($kind)),*
        }

        /// What a controller remembers.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Memory {
            $($kind(<$kind as Controller>::Memory)),*
        }

        /// Name and summary of every kind.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$kind as Controller>::SUMMARY)),*];

        /// How every kind is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$kind as Controller>::EXAMPLE),*];

        /// The text of the file of every kind, whose docs explain it, in the order of [`REGISTRY`].
        pub const TEXTS: &[&str] = &[$(include_str!(concat!($name, ".rs"))),*];

        impl ControllerSpec {
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name),* }
            }
            /// What it remembers at the start, of so many instances.
            #[must_use]
            pub fn memory(&self, instances: usize) -> Memory {
                match self { $(Self::$kind(kind) => Memory::$kind(kind.memory(instances))),* }
            }
            /// See [`Controller::watches`].
            #[must_use]
            pub fn watches(&self) -> Watches<'_> {
                match self { $(Self::$kind(kind) => kind.watches()),* }
            }
            /// See [`Controller::actions`].
            #[must_use]
            pub fn actions(&self) -> &[Action] {
                match self { $(Self::$kind(kind) => kind.actions()),* }
            }
            /// What is wrong with its parameters: (field, why).
            #[must_use]
            pub fn validate(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$kind(kind) => kind.validate()),* }
            }
            /// See [`Controller::on_start`].
            pub fn on_start(&self, memory: &mut Memory, context: &Context) -> Do {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.on_start(memory, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
            /// See [`Controller::on_look`].
            pub fn on_look(&self, memory: &mut Memory, holds: bool, context: &Context) -> Do {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.on_look(memory, holds, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
            /// See [`Controller::on_death`].
            pub fn on_death(&self, memory: &mut Memory, instance: u32, context: &Context) -> Do {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.on_death(memory, instance, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
            /// See [`Controller::on_started`].
            pub fn on_started(&self, memory: &mut Memory, instance: u32, context: &Context) {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.on_started(memory, instance, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
            /// See [`Controller::on_timer`].
            pub fn on_timer(&self, memory: &mut Memory, timer: u32, context: &Context) -> Do {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.on_timer(memory, timer, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
            /// See [`Controller::governs`].
            #[must_use]
            pub fn governs(&self) -> Option<&[String]> {
                match self { $(Self::$kind(kind) => kind.governs()),* }
            }
            /// See [`Controller::on_asked`].
            pub fn on_asked(&self, memory: &mut Memory, asked: &Asked, context: &Context) -> Leave {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.on_asked(memory, asked, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
            /// See [`Controller::on_done`].
            pub fn on_done(&self, memory: &mut Memory, action: ActionId, context: &Context) -> Do {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.on_done(memory, action, context),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
            /// See [`Controller::is_over`].
            #[must_use]
            pub fn is_over(&self, memory: &Memory) -> bool {
                match (self, memory) {
                    $((Self::$kind(kind), Memory::$kind(memory)) => kind.is_over(memory),)*
                    #[allow(unreachable_patterns)]
                    _ => unreachable!("the memory of a controller is its own"),
                }
            }
        }
    };
}

controllers! {
    Supervisor "supervisor",
    Operator "operator",
    Governor "governor",
}
