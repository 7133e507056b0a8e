//! Steps as one flat list of instructions.

use super::compiler::Compiler;
use super::types::Instruction;
use crate::scenario::{ChoiceStep, Need, Step};

impl Compiler<'_> {
    pub(super) fn steps(&mut self, service: u32, steps: &[Step], depth: u16) -> Result<(), String> {
        for step in steps {
            self.step(service, step, depth)?;
        }
        Ok(())
    }

    fn step(&mut self, service: u32, step: &Step, depth: u16) -> Result<(), String> {
        match step {
            Step::Work(work) => {
                let dist = work.demand.compile()?;
                let dist = self.dist(dist);
                self.plan.code.push(Instruction::Work { dist });
            }
            Step::Wait(wait) => {
                let dist = wait.span.compile()?;
                let dist = self.dist(dist);
                self.plan.code.push(Instruction::Wait { dist });
            }
            Step::Call(call) => {
                let (edge, endpoint) = self.call(service, &call.to)?;
                self.plan.code.push(Instruction::Call {
                    edge,
                    endpoint,
                    optional: call.optional,
                });
            }
            Step::Parallel(parallel) => {
                // The branches stand between the step and what follows it: a jump leads round them.
                let at = self.plan.code.len();
                self.plan.code.extend([Instruction::End, Instruction::End]);
                if parallel.branches.len() > usize::from(u16::MAX) {
                    return Err("at most 65535 branches of one parallel step".into());
                }
                let mut entries = Vec::new();
                for branch in &parallel.branches {
                    entries.push(self.plan.code.len() as u32);
                    self.steps(service, branch, depth)?;
                    self.plan.code.push(Instruction::End);
                }
                let first = self.plan.branches.len() as u32;
                let count = entries.len() as u16;
                self.plan.branches.extend(entries);
                let need = match parallel.need {
                    Need::All => count,
                    Need::First(need) => (need as u16).min(count),
                };
                self.plan.code[at] = Instruction::Parallel { first, count, need };
                self.plan.code[at + 1] = Instruction::Jump(self.plan.code.len() as u32);
            }
            Step::Choice(choice) => self.choice(service, choice, depth)?,
            Step::Repeat(repeat) => {
                let dist = repeat.times.compile()?;
                let dist = self.dist(dist);
                let at = self.plan.code.len();
                self.plan.code.push(Instruction::End);
                self.steps(service, &repeat.steps, depth + 1)?;
                self.plan.code.push(Instruction::LoopEnd {
                    slot: depth,
                    begin: at as u32 + 1,
                });
                self.plan.code[at] = Instruction::LoopBegin {
                    dist,
                    slot: depth,
                    end: self.plan.code.len() as u32,
                };
            }
            Step::Fail(fail) => {
                self.plan.code.push(Instruction::Fail {
                    share: fail.share as f32,
                    status: fail.status,
                });
            }
        }
        Ok(())
    }

    fn choice(&mut self, service: u32, choice: &ChoiceStep, depth: u16) -> Result<(), String> {
        if choice.arms.len() > usize::from(u16::MAX) {
            return Err("at most 65535 arms of one choice".into());
        }
        let total: f64 = choice.arms.iter().map(|arm| arm.weight).sum();
        let count = choice.arms.len() as u16;
        let first = self.plan.arms.len() as u32;
        self.plan.arms.extend(choice.arms.iter().map(|_| (0.0, 0)));
        self.plan.code.push(Instruction::Choice { first, count });
        let mut jumps = Vec::new();
        let mut sum = 0.0;
        for (number, arm) in choice.arms.iter().enumerate() {
            sum += arm.weight / total;
            self.plan.arms[first as usize + number] = (sum, self.plan.code.len() as u32);
            self.steps(service, &arm.steps, depth)?;
            jumps.push(self.plan.code.len());
            self.plan.code.push(Instruction::Jump(0));
        }
        let end = self.plan.code.len() as u32;
        for jump in jumps {
            self.plan.code[jump] = Instruction::Jump(end);
        }
        Ok(())
    }
}
