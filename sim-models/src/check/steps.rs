//! Steps of endpoints.

use super::checker::{Checker, at, join};
use crate::limits::{DEEPEST_REPEAT, MOST_BRANCHES, MOST_ROUNDS};
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::{ChoiceStep, FailStep, Need, ParallelStep, RepeatStep, Step};

impl Checker<'_> {
    pub(super) fn steps(&mut self, steps: &[Step], path: &[Segment], repeats: usize) {
        for (i, step) in steps.iter().enumerate() {
            let path = join(path, at![i]);
            match step {
                Step::Work(work) => self.distribution(&work.demand, &join(&path, at!["demand"])),
                Step::Wait(wait) => self.distribution(&wait.span, &join(&path, at!["span"])),
                Step::Call(call) => self.target_exists(&call.to, &join(&path, at!["to"])),
                Step::Parallel(parallel) => self.parallel(parallel, &path, repeats),
                Step::Choice(choice) => self.choice(choice, &path, repeats),
                Step::Repeat(repeat) => self.repeat(repeat, &path, repeats),
                Step::Fail(fail) => self.fail(fail, &path),
            }
        }
    }

    fn parallel(&mut self, step: &ParallelStep, path: &[Segment], repeats: usize) {
        let count = step.branches.len();
        if count == 0 {
            self.report(Code::Need, path, "`parallel` has no branches");
        } else if count > MOST_BRANCHES {
            let message = format!("{count} branches are more than {MOST_BRANCHES}");
            self.report(Code::Count, path, message);
        } else if let Need::First(n) = step.need
            && !(1..=count).contains(&(n as usize))
        {
            let message = format!("{n} branches must succeed, of {count}");
            self.report(Code::Need, &join(path, at!["need"]), message);
        }
        for (i, branch) in step.branches.iter().enumerate() {
            self.steps(branch, &join(path, at!["branches", i]), repeats);
        }
    }

    fn choice(&mut self, step: &ChoiceStep, path: &[Segment], repeats: usize) {
        if step.arms.is_empty() {
            self.report(Code::Need, path, "`choice` has no arms");
        } else if step.arms.len() > MOST_BRANCHES {
            let message = format!("{} arms are more than {MOST_BRANCHES}", step.arms.len());
            self.report(Code::Count, path, message);
        }
        for (i, arm) in step.arms.iter().enumerate() {
            let path = join(path, at!["arms", i]);
            self.weight(arm.weight, &join(&path, at!["weight"]));
            self.steps(&arm.steps, &join(&path, at!["steps"]), repeats);
        }
    }

    fn repeat(&mut self, step: &RepeatStep, path: &[Segment], repeats: usize) {
        if repeats == DEEPEST_REPEAT {
            let message = format!("`repeat` stands more than {DEEPEST_REPEAT} deep in others");
            self.report(Code::TooDeep, path, message);
            return;
        }
        let times = join(path, at!["times"]);
        match step.times.compile() {
            Err(why) => drop(self.report(Code::Distribution, &times, why)),
            // Nobody waits for the longest of draws without a bound: all but one in 10,000 must fit.
            Ok(dist) => {
                let rounds = dist.quantile(0.9999);
                if rounds >= f64::from(MOST_ROUNDS) + 0.5 {
                    let message =
                        format!("`repeat` goes up to {MOST_ROUNDS} rounds, not {rounds:.0}");
                    let found = self.report(Code::Count, &times, message);
                    found
                        .help
                        .push("put a `repeat` inside of another: their rounds multiply".into());
                }
            }
        }
        self.steps(&step.steps, &join(path, at!["steps"]), repeats + 1);
    }

    fn fail(&mut self, step: &FailStep, path: &[Segment]) {
        self.share(
            step.share,
            &join(path, at!["share"]),
            "the share of requests that fail",
        );
        if !(400..600).contains(&step.status) {
            let message = format!("a status is from 400 to 599, not {}", step.status);
            self.report(Code::Status, &join(path, at!["status"]), message);
        }
    }

    pub(super) fn weight(&mut self, weight: f64, path: &[Segment]) {
        if !(weight.is_finite() && weight > 0.0) {
            self.report(
                Code::Weight,
                path,
                format!("a weight must be positive, not {weight}"),
            );
        }
    }
}
