//! One file per subcommand.

pub mod check;
pub mod explain;
pub mod graph;
pub mod run;
mod rounds;
pub mod tune;
pub mod sensitivity;
pub mod shard;
pub mod sweep;
pub mod merge;
