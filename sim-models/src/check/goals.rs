//! The hypothesis: expressions.

use super::checker::{Checker, at};
use crate::expression::{Belief, Expression, Measure};
use crate::observe::choice::{Edges, wrong_stretch, wrong_subject};
use crate::scenario::diagnostics::{Code, Severity};
use std::ops::Range;

/// What is wrong, and what to do about it.
type Wrong = (String, Vec<String>);

impl Checker<'_> {
    pub(super) fn goals(&mut self) {
        let scenario = self.scenario;
        let hypothesis = &scenario.hypothesis;
        for (list, checks) in [
            ("steady", &hypothesis.steady),
            ("during", &hypothesis.during),
            ("always", &hypothesis.always),
        ] {
            for (i, belief) in checks.iter().enumerate() {
                self.goal(belief, (list, i));
            }
        }
        if let Some(recovers) = hypothesis.recovers
            && recovers.within == sim_core::SimDuration::ZERO
        {
            let path = at!["hypothesis", "recovers", "within"];
            self.report(Code::Times, path, "`within` must be longer than zero");
        }
    }

    fn goal(&mut self, belief: &Belief, (list, i): (&str, usize)) {
        let path = at!["hypothesis", list, i];
        match belief.read() {
            Err(wrong) => {
                let span = self.span_in_text(path, &wrong.at);
                self.report_at(Code::Expression, span, wrong.message.clone())
                    .help
                    .extend(wrong.help.iter().cloned());
            }
            Ok(expression) => {
                let whole = 0..belief.text().len();
                if let Some((message, help)) = misplaced(&expression.measure, list) {
                    let span = self.span_in_text(path, &whole);
                    self.report_at(Code::Expression, span, message)
                        .help
                        .push(help.into());
                } else if let Some((at, (message, help))) = self.wrong_part(expression) {
                    let span = self.span_in_text(path, &at);
                    self.report_at(Code::Expression, span, message)
                        .help
                        .extend(help);
                } else if let Err((message, help)) =
                    wrong_stretch(self.scenario, &expression.measure)
                {
                    let span = self.span_in_text(path, &whole);
                    self.report_at(Code::Expression, span, message)
                        .help
                        .extend(help);
                }
            }
        }
    }

    /// What is wrong with the subject of a measure in a check, and where it stands.
    pub(super) fn wrong_part(&self, check: &Expression) -> Option<(Range<usize>, Wrong)> {
        let places = std::iter::once(&check.subject_at).chain(&check.other_at);
        let mut parts = check.measure.parts().zip(places);
        parts.find_map(|(part, at)| {
            let wrong = wrong_subject(self.scenario, part, || self.edges()).err()?;
            Some((at.clone(), wrong))
        })
    }

    /// The edges, as far as they are known while other things may still be wrong.
    pub(super) fn edges(&self) -> &Edges {
        self.edges.get_or_init(|| {
            let mut found = self.found.iter();
            if found.all(|found| found.severity() == Severity::Warning) {
                Edges::new(self.scenario)
            } else {
                Edges::somehow(self.scenario)
            }
        })
    }
}

/// Why a measure cannot be checked in this list, and what to do about it.
fn misplaced(measure: &Measure, list: &str) -> Option<(String, &'static str)> {
    if measure.quotient.is_some() {
        return measure.parts().find_map(|part| misplaced(part, list));
    }
    let metric = measure.metric;
    let name = metric.name();
    if metric.is_verdict() {
        let message = format!("`{name}` sums up the checks, so it cannot be one of them");
        Some((
            message,
            "measure it in sweeps; a run that did not hold ends with exit code 1 anyway",
        ))
    } else if list != "always" && !metric.by_windows() {
        let judged = match list {
            "steady" => "a steady state is judged window by window",
            _ => "what a fault may do is judged over the time in which it is on",
        };
        let message = format!("`{name}` is measured over whole runs only, and {judged}");
        Some((message, "put the check under `always`"))
    } else if list != "always" && measure.over.is_some() {
        let judged = match list {
            "steady" => "a steady state is judged before and after every fault",
            _ => "what a fault may do is judged over the time in which it is on",
        };
        let message = format!("`{measure}` names a stretch of time, and {judged}");
        Some((
            message,
            "put the check under `always`, or leave the stretch out",
        ))
    } else {
        None
    }
}
