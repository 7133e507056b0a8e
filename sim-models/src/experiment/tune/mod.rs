//! Tuning: the best setting under constraints, found by successive halving, confirmed on fresh
//! seeds, and tried in scenarios that it was not tuned on.

mod tuning;
pub mod rank;
pub mod halving;
mod confirm;
mod front;
pub mod elsewhere;
mod search;

pub use search::{Question, tune};
pub use tuning::{
    Elsewhere, End, Finalist, Goal, GoalScore, Held, Outcome, Rung, Score, Standing, Transfer,
    Tuning,
};

#[cfg(test)]
mod tests;
