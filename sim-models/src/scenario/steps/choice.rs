//! Runs one of several lists of steps, drawn by weight: a cache that hits or misses, users who buy or only look.
//!
//! Source: operation mixes of workloads, as in YCSB: B. Cooper and others, "Benchmarking cloud serving systems", SoCC
//! 2010.

use super::{Assembler, Check, Instruction, Lists, Part, Step, StepKind, at};
use crate::ids::CodeId;
use crate::limits::MOST_BRANCHES;
use crate::scenario::diagnostics::Code;
use serde::{Deserialize, Serialize};

/// Runs one branch, drawn by weight.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceStep {
    /// The branches.
    pub arms: Vec<ChoiceArm>,
}

/// A branch of a choice, written `(weight, [steps])`.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChoiceArm {
    /// Relative weight, any positive number.
    pub weight: f64,
    /// What it runs.
    pub steps: Vec<Step>,
}

impl StepKind for ChoiceStep {
    const SUMMARY: &'static str = "runs one branch, drawn by weight";
    const EXAMPLE: &'static str = r#"choice([(0.9, [wait("1ms")]), (0.1, [call("db/find")])])"#;
    fn parts(&self) -> Vec<Part<'_>> {
        let arms = self.arms.iter();
        let arms = arms.map(|arm| (arm.weight, arm.steps.as_slice()));
        vec![Part::OneOf(arms.collect())]
    }
    fn lists(&self) -> Lists<'_> {
        let arms = self.arms.iter().enumerate();
        arms.map(|(i, arm)| (at!["arms", i, "steps"].to_vec(), arm.steps.as_slice()))
            .collect()
    }
    fn check(&self, found: &mut dyn Check) {
        if self.arms.is_empty() {
            found.wrong(Code::Need, &[], "`choice` has no arms".into());
        } else if self.arms.len() > MOST_BRANCHES {
            let message = format!("{} arms are more than {MOST_BRANCHES}", self.arms.len());
            found.wrong(Code::Count, &[], message);
        }
        for (i, arm) in self.arms.iter().enumerate() {
            found.weight(arm.weight, at!["arms", i, "weight"]);
        }
    }
    fn suspect(&self, found: &mut dyn Check) {
        let [only] = &self.arms[..] else { return };
        let message = format!(
            "this choice has a single arm, so it is always taken: a weight of {} is no chance",
            only.weight
        );
        let share = if only.weight < 1.0 { only.weight } else { 0.1 };
        let rest = ((1.0 - share) * 1e6).round() / 1e6;
        found.wrong(Code::OneArm, &[], message).push(format!(
            "give the rest an arm of its own: `choice([({share}, [..]), ({rest}, [])])`, or leave the choice out"
        ));
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        if self.arms.len() > usize::from(u16::MAX) {
            return Err("at most 65535 arms of one choice".into());
        }
        let total: f64 = self.arms.iter().map(|arm| arm.weight).sum();
        let count = self.arms.len() as u16;
        let first = to.arms().next_key();
        to.arms()
            .extend(self.arms.iter().map(|_| (0.0, CodeId::NONE)));
        to.code().push(Instruction::Choice { first, count });
        let mut jumps = Vec::new();
        let mut sum = 0.0;
        for (arm, id) in self.arms.iter().zip(first.next(u32::from(count))) {
            sum += arm.weight / total;
            let entry = to.code().next_key();
            to.arms()[id] = (sum, entry);
            to.steps(&arm.steps)?;
            jumps.push(to.code().push_and_get_key(Instruction::Jump(CodeId::NONE)));
        }
        let end = to.code().next_key();
        for jump in jumps {
            to.code()[jump] = Instruction::Jump(end);
        }
        Ok(())
    }
}
