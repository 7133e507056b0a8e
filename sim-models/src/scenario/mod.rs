//! The scenario language: text in, types or diagnostics out.
//!
//! A text becomes a spanned [`tree`]; included files are merged into it and overrides ([`path`]) set
//! in it; then [`decode`] reads the types, and [`crate::check`] says what they mean and what is wrong.

pub mod codes;
pub mod source;
pub mod plain;
pub mod diagnostics;
pub mod advice;
pub mod lexer;
pub mod foreign;
pub mod quotes;
pub mod habits;
pub mod strays;
pub mod syntax;
pub mod tree;
pub mod path;
pub mod hidden;
pub mod measurements;
pub mod slips;
pub mod de;
pub mod steps;
pub mod types;
pub mod shape;
pub mod pattern;
pub mod decode;
pub mod spread;
pub mod mixed;
pub mod explain;
pub mod fingerprint;
pub mod set;

pub use crate::quantity::{Bound, Rate, Size};
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use path::Override;
pub use source::{Sources, Span};
pub use steps::{
    CallStep, ChoiceArm, ChoiceStep, FailStep, Need, ParallelStep, Part, RepeatStep, Step,
    WaitStep, WorkStep,
};
pub use types::*;
