//! The hypothesis: expressions.

use super::{Checker, at};
use crate::observe::expression::{Measure, Of, parse};
use crate::plan;
use crate::scenario::Scenario;
use crate::scenario::diagnostics::{Code, suggest};
use crate::topology::Topology;

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
                let whole = list == "steady" && !expression.measure.metric.by_windows();
                if whole {
                    let message = format!(
                        "`{}` is measured over whole runs only, and a steady state is judged window by window",
                        expression.measure.metric.name()
                    );
                    let span = self.span_in_text(path, &(0..text.len()));
                    self.report_at(Code::Expression, span, message)
                        .help
                        .push("put the check under `always`".into());
                } else if let Err((message, help)) =
                    wrong_subject(self.scenario, &expression.measure, &self.edges())
                {
                    let span = self.span_in_text(path, &expression.subject_at);
                    self.report_at(Code::Expression, span, message)
                        .help
                        .extend(help);
                }
            }
        }
    }

    /// The edges, as far as they are known while other things may still be wrong.
    fn edges(&self) -> Vec<String> {
        if self.found.is_empty() {
            edges(self.scenario)
        } else {
            Topology::new(self.scenario).edges()
        }
    }
}

/// The names of the edges of a scenario without mistakes: those whose endpoint has policies of its own
/// are named after it.
fn edges(scenario: &Scenario) -> Vec<String> {
    match plan::compile(scenario) {
        Ok(plan) => plan.edges.into_iter().map(|edge| edge.name).collect(),
        Err(_) => Topology::new(scenario).edges(),
    }
}

/// Whether a measure can be taken of a scenario that passed its checks.
///
/// # Errors
/// What is wrong with it, and what to do about it.
pub fn check_measure(scenario: &Scenario, measure: &Measure) -> Result<(), (String, Vec<String>)> {
    wrong_subject(scenario, measure, &edges(scenario))
}

fn wrong_subject(
    scenario: &Scenario,
    measure: &Measure,
    edges: &[String],
) -> Result<(), (String, Vec<String>)> {
    let subject = measure.subject.as_str();
    let (what, names): (_, Vec<&str>) = match measure.metric.of() {
        Of::Workload => (
            "workload",
            scenario.workloads.keys().map(String::as_str).collect(),
        ),
        Of::Service => (
            "service",
            scenario.services.keys().map(String::as_str).collect(),
        ),
        Of::Edge => ("edge", edges.iter().map(String::as_str).collect()),
    };
    if names.contains(&subject) {
        return Ok(());
    }
    let metric = measure.metric.name();
    let message = format!("there is no {what} `{subject}`, which `{metric}` is about");
    Err((message, suggest(subject, "there are", names)))
}
