//! The scenario language: text in, types or diagnostics out.

pub mod distribution;
pub mod types;
pub mod units;

pub use types::*;
