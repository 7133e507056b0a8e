//! Times of the run, and that there is something to run.

use super::checker::{Checker, at};
use crate::limits::MOST_WINDOWS;
use crate::scenario::diagnostics::Code;

impl Checker<'_> {
    /// Times of the run, and that there is something to run.
    pub(super) fn run(&mut self) {
        let scenario = self.scenario;
        let zero = sim_core::SimDuration::ZERO;
        if scenario.services.is_empty() {
            self.report(Code::Nothing, at!["services"], "there are no services");
        }
        if scenario.workloads.is_empty() {
            self.report(
                Code::Nothing,
                at!["workloads"],
                "there are no workloads, so nothing would happen",
            );
        }
        if scenario.window > zero && scenario.duration.0 / scenario.window.0 > MOST_WINDOWS {
            let message = format!("the run would have more than {MOST_WINDOWS} windows");
            self.report(Code::Times, at!["window"], message)
                .help
                .push("make `window` wider".into());
        }
        if scenario.duration == zero {
            self.report(
                Code::Times,
                at!["duration"],
                "`duration` must be longer than zero",
            );
        } else if scenario.warmup >= scenario.duration {
            let message = format!(
                "the warm-up ({}) leaves nothing of the run ({})",
                scenario.warmup, scenario.duration
            );
            self.report(Code::Times, at!["warmup"], message)
                .help
                .push("shorten `warmup`, or make `duration` longer".into());
        }
        if scenario.window == zero {
            self.report(
                Code::Times,
                at!["window"],
                "`window` must be longer than zero",
            );
        }
        self.share(
            scenario.hypothesis.objective,
            at!["hypothesis", "objective"],
            "`objective`",
        );
    }
}
