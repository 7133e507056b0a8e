//! Experiments: single runs, replications, sweeps. Threads live here, and only here.

mod jobs;
mod run;
mod replicate;
pub mod space;
pub mod sweep;
pub mod spec;
pub mod compare;
pub mod sensitivity;
pub mod tune;

pub use replicate::replicate;
pub use run::{Options, Run, Unable, run, run_with};
