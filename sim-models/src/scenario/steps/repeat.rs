//! Runs steps several times in turn: a page of items, each asked for by itself (the "N + 1 queries" of object-relational
//! mappers).
//!
//! Source: M. Fowler, "Patterns of Enterprise Application Architecture" (2002), lazy load and ripple loading.

use super::{Assembler, Check, Instruction, Lists, Part, Step, StepKind, at};
use crate::limits::MOST_ROUNDS;
use crate::quantity::distribution::CountSpec;
use crate::scenario::diagnostics::Code;
use serde::{Deserialize, Serialize};

/// Runs steps several times in turn.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatStep {
    /// How often, a count or a distribution of counts.
    pub times: CountSpec,
    /// What.
    pub steps: Vec<Step>,
}

impl StepKind for RepeatStep {
    const SUMMARY: &'static str = "runs steps several times in turn";
    const EXAMPLE: &'static str = r#"repeat(times: uniform(1, 3), steps: [call("db/find")])"#;
    const LOOPS: bool = true;
    fn parts(&self) -> Vec<Part<'_>> {
        vec![Part::Repeats {
            times: &self.times,
            steps: &self.steps,
        }]
    }
    fn lists(&self) -> Lists<'_> {
        vec![(at!["steps"].to_vec(), self.steps.as_slice())]
    }
    fn check(&self, found: &mut dyn Check) {
        match self.times.compile() {
            Err(why) => drop(found.wrong(Code::Distribution, at!["times"], why)),
            // Nobody waits for the longest of draws without a bound: all but one in 10,000 must fit.
            Ok(dist) => {
                let rounds = dist.quantile(0.9999);
                if rounds >= f64::from(MOST_ROUNDS) + 0.5 {
                    let message =
                        format!("`repeat` goes up to {MOST_ROUNDS} rounds, not {rounds:.0}");
                    found
                        .wrong(Code::Count, at!["times"], message)
                        .push("put a `repeat` inside of another: their rounds multiply".into());
                }
            }
        }
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        let dist = to.dist(self.times.compile()?);
        let at = to.code().push_and_get_key(Instruction::End);
        let slot = to.looped(&self.steps)?;
        to.code().push(Instruction::LoopEnd {
            slot,
            begin: at.offset(1),
        });
        let end = to.code().next_key();
        to.code()[at] = Instruction::LoopBegin { dist, slot, end };
        Ok(())
    }
}
