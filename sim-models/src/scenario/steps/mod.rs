//! What an endpoint does, step by step: a registry, and one file per kind of step.
//!
//! A kind says in its own file what it is made of ([`Part`]), what can be wrong with it, and which instructions the
//! world runs for it ([`StepKind`]). Whoever reckons with steps folds over their [`parts`].
//!
//! To add a kind: write one file beside its siblings, and one line in `steps!` below; a verb that the world does not
//! have yet is an [`Instruction`] and an arm in `world/steps.rs`. One that owns state is a [`Keeper`] as well.

mod program;
mod kind;
mod keeper;
mod work;
mod wait;
mod call;
mod parallel;
mod choice;
mod repeat;
mod fail;
mod acquire;
mod release;
mod cache;

pub use acquire::AcquireStep;
pub use cache::CacheStep;
pub use call::CallStep;
pub use choice::{ChoiceArm, ChoiceStep};
pub use fail::FailStep;
pub use keeper::{Context, Go, Keeper};
pub use kind::{Assembler, Check, Lists, Part, StepKind};
pub use parallel::{Need, ParallelStep};
pub use program::{Instruction, LOOP_DEPTH};
pub use release::ReleaseStep;
pub use repeat::RepeatStep;
pub use wait::WaitStep;
pub use work::WorkStep;

use keeper::keepers;
use serde::{Deserialize, Serialize};

/// Generates the enum of all kinds and its registry. One line per kind; `keeps` behind those that own state.
macro_rules! steps {
    ($($kind:ident($step:ident) $name:literal $($keeps:ident)?),* $(,)?) => {
        keepers! { $($($keeps $kind($step) $name;)?)* }

        /// One step of an endpoint.
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum Step {
            $($kind($step)),*
        }

        /// Name and summary of every kind.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$step as StepKind>::SUMMARY)),*];

        /// How every kind is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$step as StepKind>::EXAMPLE),*];

        /// The text of the file of every kind, whose docs explain it, in the order of [`REGISTRY`].
        pub const TEXTS: &[&str] = &[$(include_str!(concat!($name, ".rs"))),*];

        impl Step {
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name),* }
            }
            /// See [`StepKind::LOOPS`].
            #[must_use]
            pub fn loops(&self) -> bool {
                match self { $(Self::$kind(_) => <$step as StepKind>::LOOPS),* }
            }
            /// See [`StepKind::parts`].
            #[must_use]
            pub fn parts(&self) -> Vec<Part<'_>> {
                match self { $(Self::$kind(step) => step.parts()),* }
            }
            /// See [`StepKind::lists`].
            #[must_use]
            pub fn lists(&self) -> Lists<'_> {
                match self { $(Self::$kind(step) => step.lists()),* }
            }
            /// See [`StepKind::check`].
            pub fn check(&self, found: &mut dyn Check) {
                match self { $(Self::$kind(step) => step.check(found)),* }
            }
            /// See [`StepKind::suspect`].
            pub fn suspect(&self, found: &mut dyn Check) {
                match self { $(Self::$kind(step) => step.suspect(found)),* }
            }
            /// See [`StepKind::compile`].
            ///
            /// # Errors
            /// What a step that passed its checks cannot contain.
            pub fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
                match self { $(Self::$kind(step) => step.compile(to)),* }
            }
        }
    };
}

steps! {
    Work(WorkStep) "work",
    Wait(WaitStep) "wait",
    Call(CallStep) "call",
    Parallel(ParallelStep) "parallel",
    Choice(ChoiceStep) "choice",
    Repeat(RepeatStep) "repeat",
    Fail(FailStep) "fail",
    Acquire(AcquireStep) "acquire",
    Release(ReleaseStep) "release",
    Cache(CacheStep) "cache" keeps,
}

/// What a request does in some steps, in turn.
pub fn parts(steps: &[Step]) -> impl Iterator<Item = Part<'_>> {
    steps.iter().flat_map(Step::parts)
}

/// Visits what a request may do in some steps and in all that stand inside of them, in the order of the text; and
/// whether it does it in a branch, outside the threads.
pub fn visit<'a>(steps: &'a [Step], in_branch: bool, see: &mut dyn FnMut(&Part<'a>, bool)) {
    for part in parts(steps) {
        see(&part, in_branch);
        match part {
            Part::Together { branches, .. } => {
                branches.iter().for_each(|branch| visit(branch, true, see));
            }
            Part::OneOf(arms) => arms.iter().for_each(|(_, arm)| visit(arm, in_branch, see)),
            Part::Repeats { steps, .. } | Part::AtTimes(steps) => visit(steps, in_branch, see),
            _ => {}
        }
    }
}

/// A path inside of a step.
macro_rules! at {
    ($($segment:expr),* $(,)?) => { &[$($crate::scenario::path::Segment::from($segment)),*] };
}
use at;

#[cfg(test)]
mod tests;
