//! Computes: needs a core. Where an instance has cores of its own (`cores`), all that compute there share them.
//!
//! Source: processor sharing, L. Kleinrock, "Time-shared systems", J. ACM 14 (1967).

use super::{Assembler, Check, Instruction, Part, StepKind, at};
use crate::quantity::distribution::DurationSpec;
use serde::{Deserialize, Serialize};

/// Computes: needs a core for this much core time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkStep {
    /// Core time needed, a duration or a distribution of durations.
    pub demand: DurationSpec,
}

impl StepKind for WorkStep {
    const SUMMARY: &'static str = "computes: needs a core for this much core time";
    const EXAMPLE: &'static str = r#"work(exponential("4ms"))"#;
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::Takes {
            span: &self.demand,
            core: true,
        }]
    }
    fn check(&self, found: &mut dyn Check) {
        found.duration(&self.demand, at!["demand"]);
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        let dist = to.dist(self.demand.compile()?);
        to.code().push(Instruction::Work { dist });
        Ok(())
    }
}
