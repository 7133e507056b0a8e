//! Runs branches at the same time, outside the thread pool; the request goes on when enough have succeeded.
//!
//! Source: fan-out and "good enough" answers, J. Dean and L. Barroso, "The tail at scale", CACM 56 (2013); quorums,
//! G. DeCandia and others, "Dynamo", SOSP 2007.

use super::{Assembler, Check, Instruction, Lists, Part, Step, StepKind, at};
use crate::limits::MOST_BRANCHES;
use crate::scenario::diagnostics::Code;
use serde::{Deserialize, Serialize};

/// Runs branches at the same time, outside the thread pool; the request goes on when enough have ended.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelStep {
    /// Step lists.
    pub branches: Vec<Vec<Step>>,
    /// How many must succeed; the rest are given up.
    #[serde(default)]
    pub need: Need,
}

/// How many branches must succeed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, schemars::JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// All of them; the first failure fails the step.
    #[default]
    All,
    /// The first n to succeed, `first(1)`; the step fails once so many failed that n cannot succeed.
    First(u32),
}

impl StepKind for ParallelStep {
    const SUMMARY: &'static str = "runs branches at the same time";
    const EXAMPLE: &'static str =
        r#"parallel(branches: [[call("db/find")], [call("db/insert")]], need: first(1))"#;
    fn parts(&self) -> Vec<Part<'_>> {
        let need = match self.need {
            Need::All => self.branches.len(),
            Need::First(need) => need as usize,
        };
        vec![Part::Together {
            branches: self.branches.iter().map(Vec::as_slice).collect(),
            need,
        }]
    }
    fn lists(&self) -> Lists<'_> {
        let branches = self.branches.iter().enumerate();
        branches
            .map(|(i, branch)| (at!["branches", i].to_vec(), branch.as_slice()))
            .collect()
    }
    fn check(&self, found: &mut dyn Check) {
        let count = self.branches.len();
        if count == 0 {
            found.wrong(Code::Need, &[], "`parallel` has no branches".into());
        } else if count > MOST_BRANCHES {
            let message = format!("{count} branches are more than {MOST_BRANCHES}");
            found.wrong(Code::Count, &[], message);
        } else if let Need::First(n) = self.need
            && !(1..=count).contains(&(n as usize))
        {
            let message = format!("{n} branches must succeed, of {count}");
            found.wrong(Code::Need, at!["need"], message);
        }
    }
    fn compile(&self, to: &mut dyn Assembler) -> Result<(), String> {
        // The branches stand between the step and what follows it: a jump leads round them.
        let at = to.code().next_key();
        to.code().extend([Instruction::End, Instruction::End]);
        if self.branches.len() > usize::from(u16::MAX) {
            return Err("at most 65535 branches of one parallel step".into());
        }
        let mut entries = Vec::new();
        for branch in &self.branches {
            entries.push(to.code().next_key());
            to.steps(branch)?;
            to.code().push(Instruction::End);
        }
        let first = to.branches().next_key();
        let count = entries.len() as u16;
        to.branches().extend(entries);
        let need = match self.need {
            Need::All => count,
            Need::First(need) => (need as u16).min(count),
        };
        to.code()[at] = Instruction::Parallel { first, count, need };
        to.code()[at.offset(1)] = Instruction::Jump(to.code().next_key());
        Ok(())
    }
}
