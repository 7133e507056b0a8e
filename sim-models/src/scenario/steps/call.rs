//! Calls another endpoint and waits for the answer, through the policies that `calls` lists.
//!
//! Source: A. Birrell and B. Nelson, "Implementing remote procedure calls", ACM TOCS 2 (1984).

use super::{Assembler, Check, Instruction, Part, StepKind, at};
use serde::{Deserialize, Serialize};

/// Calls another endpoint and waits for the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// `"service/endpoint"`.
    pub to: String,
    /// If so, a failed call does not fail the request: its answer counts as *degraded*.
    #[serde(default)]
    pub optional: bool,
}

impl StepKind for CallStep {
    const SUMMARY: &'static str = "calls another endpoint and waits for the answer";
    const EXAMPLE: &'static str = r#"call("db/insert")"#;
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::Calls {
            to: &self.to,
            optional: self.optional,
        }]
    }
    fn check(&self, found: &mut dyn Check) {
        found.target(&self.to, at!["to"]);
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        let (edge, endpoint) = to.call(&self.to)?;
        to.code().push(Instruction::Call {
            edge,
            endpoint,
            optional: self.optional,
        });
        Ok(())
    }
}
