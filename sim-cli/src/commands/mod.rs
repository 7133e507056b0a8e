//! One file per subcommand.

mod broken;
pub mod check;
pub mod explain;
pub mod schema;
pub mod graph;
pub mod run;
pub mod policy;
pub mod shard;
pub mod sweep;
pub mod merge;
pub mod compare;
mod rounds;
pub mod tune;
pub mod sensitivity;
