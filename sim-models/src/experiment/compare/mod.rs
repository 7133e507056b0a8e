//! Comparing variants of a system under the same luck: how much better, how sure, at what price, and
//! where not.
//!
//! The runs of a sweep one of whose axes holds the variants are compared pair by pair: replication `r` of
//! two variants ran with the same seed. What is claimed is corrected for the number of questions asked
//! (Holm), so that the whole comparison errs with probability `1 - level` at most; intervals are those of
//! each difference by itself, and [`Finding::simultaneous`] those that hold all together. Only what the
//! question is about is tested ([`Question::asks`]); the rest is there to be read.
//!
//! Sources: A. M. Law, "Simulation Modeling and Analysis", 5th ed., chapters 10 and 11.2 (paired
//! comparisons under common random numbers); the tests are in [`sim_core::stats`].

mod joined;
pub mod numbers;
mod finding;
mod question;
mod comparison;
mod cells;
mod change;
mod teller;
mod clause;
mod place;
mod sentence;
mod analyse;
#[cfg(test)]
mod tests;

pub use analyse::compare;
pub use comparison::{Boundary, Change, Comparison, Condition, Side, VerdictShares};
pub use finding::{Among, Finding, Judgement, Pair, Test};
pub use joined::{Fate, Group, Joined, Transition, join, trace};
pub use question::{Question, least_difference};
