//! Experiments: single runs and replications. Threads live here, and only here.

mod replicate;
mod run;

pub use replicate::replicate;
pub use run::{Options, Run, Unable, run, run_with};
