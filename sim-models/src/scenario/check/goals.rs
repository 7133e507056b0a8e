//! The hypothesis: expressions.

use super::{Checker, at};
use crate::observe::expression::{Expression, Of, parse};
use crate::scenario::diagnostics::{Code, suggest};

impl Checker<'_> {
    pub(super) fn goals(&mut self) {
        let scenario = self.scenario;
        let hypothesis = &scenario.hypothesis;
        for (list, checks) in [
            ("steady", &hypothesis.steady),
            ("always", &hypothesis.always),
        ] {
            for (i, text) in checks.iter().enumerate() {
                self.goal(text, (list, i));
            }
        }
        if let Some(recovers) = hypothesis.recovers
            && recovers.within == sim_core::SimDuration::ZERO
        {
            let path = at!["hypothesis", "recovers", "within"];
            self.report(Code::Times, path, "`within` must be longer than zero");
        }
    }

    fn goal(&mut self, text: &str, (list, i): (&str, usize)) {
        let path = at!["hypothesis", list, i];
        match parse(text) {
            Err(wrong) => {
                let span = self.span_in_text(path, &wrong.at);
                self.report_at(Code::Expression, span, wrong.message)
                    .help
                    .extend(wrong.help);
            }
            Ok(expression) => {
                if list == "steady" && !expression.measure.metric.by_windows() {
                    let message = format!(
                        "`{}` is measured over whole runs only, and a steady state is judged window by window",
                        expression.measure.metric.name()
                    );
                    let span = self.span_in_text(path, &(0..text.len()));
                    self.report_at(Code::Expression, span, message)
                        .help
                        .push("put the check under `always`".into());
                } else if let Some((message, help)) = wrong_subject(self.scenario, &expression) {
                    let span = self.span_in_text(path, &expression.subject_at);
                    self.report_at(Code::Expression, span, message)
                        .help
                        .extend(help);
                }
            }
        }
    }
}

/// What is wrong with the subject of an expression that has been read, and what to do about it.
#[must_use]
pub fn wrong_subject(
    scenario: &crate::scenario::Scenario,
    expression: &Expression,
) -> Option<(String, Vec<String>)> {
    let subject = expression.measure.subject.as_str();
    let names = |what: &str, names: Vec<&str>| {
        let message = format!(
            "there is no {what} `{subject}`, which `{}` is about",
            expression.measure.metric.name()
        );
        (!names.contains(&subject)).then(|| (message, suggest(subject, "there are", names)))
    };
    match expression.measure.metric.of() {
        Of::Workload => names(
            "workload",
            scenario.workloads.keys().map(String::as_str).collect(),
        ),
        Of::Service => names(
            "service",
            scenario.services.keys().map(String::as_str).collect(),
        ),
        Of::Edge => {
            let topology = crate::topology::Topology::new(scenario);
            let edges = topology.edges();
            names("edge", edges.iter().map(String::as_str).collect())
        }
    }
}
