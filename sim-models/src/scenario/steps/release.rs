//! Gives back what an `acquire` before it in the same list of steps took out of a pool; the first in line gets it.
//!
//! Source: as of `acquire`.

use super::{Assembler, Check, Instruction, Part, StepKind, at};
use serde::{Deserialize, Serialize};

/// Gives back what an `acquire` before it in the same list of steps took out of a pool. Without one it is given back
/// when the request ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseStep {
    /// Name of one of the service's own `pools`.
    pub pool: String,
}

impl StepKind for ReleaseStep {
    const SUMMARY: &'static str = "gives one back to a pool of the instance";
    const EXAMPLE: &'static str = r#"release("connections")"#;
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::Releases(&self.pool)]
    }
    fn check(&self, found: &mut dyn Check) {
        found.pool(&self.pool, at!["pool"]);
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        let pool = to.pool(&self.pool)?;
        to.code().push(Instruction::Release { pool });
        Ok(())
    }
}
