//! The scenario language: text in, types or diagnostics out.
//!
//! A text becomes a spanned [`tree`]; included files are merged into it and overrides ([`path`]) set
//! in it; then [`decode`] reads the types, and [`check`] says what they mean and what is wrong.

pub mod limits;
pub mod codes;
pub mod source;
pub mod plain;
pub mod synonyms;
pub mod diagnostics;
pub mod advice;
pub mod lexer;
pub mod foreign;
pub mod quotes;
pub mod habits;
pub mod strays;
pub mod syntax;
pub mod tree;
pub mod hidden;
pub mod measurements;
pub mod slips;
pub mod de;
pub mod units;
pub mod distribution;
pub mod cron;
pub mod types;
pub mod shape;
pub mod pattern;
pub mod decode;
pub mod mixed;
pub mod explain;
pub mod fingerprint;
pub mod path;
mod set;
pub mod check;
pub mod load;

pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use load::{Files, Loaded, Parsed, load};
pub use path::Override;
pub use source::{Sources, Span};
pub use types::*;
pub use units::{Bound, Rate, Size};
