//! Ends the request with an error: wrong requests, and failures that are always there.
//!
//! Source: the status codes of HTTP, RFC 9110 section 15.

use super::{Assembler, Check, Instruction, Part, StepKind, at};
use crate::scenario::diagnostics::Code;
use serde::{Deserialize, Serialize};

/// Ends the request with an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailStep {
    /// Share of the requests that fail here, 0 to 1; the others go on.
    #[serde(default = "certain")]
    pub share: f64,
    /// HTTP-like status, 400 to 599.
    #[serde(default = "internal_error")]
    pub status: u16,
}

fn certain() -> f64 {
    1.0
}

fn internal_error() -> u16 {
    500
}

impl StepKind for FailStep {
    const SUMMARY: &'static str = "ends a share of the requests with an error";
    const EXAMPLE: &'static str = "fail(share: 0.01, status: 500)";
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::Ends { share: self.share }]
    }
    fn check(&self, found: &mut dyn Check) {
        found.share(self.share, at!["share"], "the share of requests that fail");
        if !(400..600).contains(&self.status) {
            let message = format!("a status is from 400 to 599, not {}", self.status);
            found.wrong(Code::Status, at!["status"], message);
        }
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        to.code().push(Instruction::Fail {
            share: self.share as f32,
            status: self.status,
        });
        Ok(())
    }
}
