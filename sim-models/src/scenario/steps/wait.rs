//! Waits without a core: for a disk, a lock elsewhere, a third party that is not modelled. The thread is held if the
//! threads of the service are sync.
//!
//! Source: a delay centre of queueing networks: F. Baskett and others, "Open, closed, and mixed networks of queues",
//! J. ACM 22 (1975).

use super::{Assembler, Check, Instruction, Part, StepKind, at};
use crate::quantity::distribution::DurationSpec;
use serde::{Deserialize, Serialize};

/// Waits without a core; the thread is held if threads are sync.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitStep {
    /// How long, a duration or a distribution of durations.
    pub span: DurationSpec,
}

impl StepKind for WaitStep {
    const SUMMARY: &'static str = "waits without a core (the thread is held if threads are sync)";
    const EXAMPLE: &'static str = r#"wait("20ms")"#;
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::Takes {
            span: &self.span,
            core: false,
        }]
    }
    fn check(&self, found: &mut dyn Check) {
        found.duration(&self.span, at!["span"]);
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        let dist = to.dist(self.span.compile()?);
        to.code().push(Instruction::Wait { dist });
        Ok(())
    }
}
