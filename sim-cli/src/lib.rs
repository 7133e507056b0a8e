//! The `sim` command as a library: output, charts and subcommands.
#![deny(missing_docs)]

pub mod files;
pub mod diagnostics;
pub mod output;
pub mod charts;
pub mod commands;

#[cfg(test)]
mod fixture;
