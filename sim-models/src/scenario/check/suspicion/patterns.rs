//! Patterns that match nothing.

use super::super::{Checker, at};
use super::View;
use crate::faults::Target;
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::{Pattern, Side};
use indexmap::IndexSet;

impl Checker<'_> {
    pub(super) fn patterns_match(&mut self, view: &View<'_>) {
        let scenario = self.scenario;
        for key in scenario.calls.keys() {
            let Ok(pattern) = Pattern::calls(key) else {
                continue;
            };
            let hits = |call: &super::Call<'_>| {
                let target = &view.endpoints.all[call.to].target;
                let (to, endpoint) = target.split_once('/').unwrap_or((target, ""));
                pattern.matches_call(call.from, to, endpoint)
            };
            // Most keys are the most specific one of some call.
            if !view.calls.iter().any(|call| call.key == Some(key)) && !view.calls.iter().any(hits)
            {
                let span = self.key_span(at!["calls"], key);
                self.report_at(Code::Unmatched, span, format!("no call matches `{key}`"));
            }
        }
        let calls = view.calls.iter();
        let pairs: IndexSet<(&str, &str)> = calls
            .map(|call| (call.from, view.endpoints.all[call.to].service))
            .collect();
        let links = scenario
            .links
            .keys()
            .map(|key| (key.as_str(), self.key_span(at!["links"], key)));
        let mut patterns: Vec<_> = links.collect();
        let targets: Vec<_> = scenario
            .faults
            .iter()
            .map(|fault| fault.inject.target())
            .collect();
        for (i, target) in targets.iter().enumerate() {
            if let Target::Link(link) = target {
                patterns.push((link, self.span(at!["faults", i, "inject", "link"])));
            }
        }
        for (key, span) in patterns {
            let Ok(pattern) = Pattern::link(key) else {
                continue;
            };
            if !pairs.iter().any(|(from, to)| joins(&pattern, from, to)) {
                self.report_at(
                    Code::Unmatched,
                    span,
                    format!("no messages go along `{key}`"),
                );
            }
        }
    }
}

/// Whether messages between two places may go along a link; places and hosts are not looked into.
fn joins(pattern: &Pattern, from: &str, to: &str) -> bool {
    let is = |side: &Side, name: &str| match side {
        Side::Named(own) | Side::Instance(own, _) => own == name,
        _ => true,
    };
    is(&pattern.from, from) && is(&pattern.to, to) || is(&pattern.from, to) && is(&pattern.to, from)
}
