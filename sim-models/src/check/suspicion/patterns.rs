//! Patterns that match nothing.

use super::view::View;
use crate::check::checker::{Checker, at};
use crate::faults::Target;
use crate::scenario::diagnostics::Code;
use crate::scenario::pattern::{Pattern, Side};
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn patterns_match(&mut self, view: &View<'_>) {
        let scenario = self.scenario;
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut met = Met::default();
        for call in &view.calls {
            let callee = &view.demand.endpoints.all[call.to];
            used.extend(call.key);
            met.meet(call.from, callee.service, &callee.target);
        }
        for key in scenario.calls.keys() {
            let Ok(pattern) = Pattern::calls(key) else {
                continue;
            };
            // Most keys are the most specific one of some call.
            if !used.contains(key.as_str()) && !met.calls(&pattern) {
                let span = self.key_span(at!["calls"], key);
                self.report_at(Code::Unmatched, span, format!("no call matches `{key}`"));
            }
        }
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
            if !met.messages(&pattern) {
                self.report_at(
                    Code::Unmatched,
                    span,
                    format!("no messages go along `{key}`"),
                );
            }
        }
    }
}

/// Who calls whom: caller and callee, one of them, or none for any; a callee is a service or one of its
/// endpoints.
#[derive(Default)]
struct Met<'a>(BTreeSet<(Option<&'a str>, Option<&'a str>)>);

impl<'a> Met<'a> {
    fn meet(&mut self, from: &'a str, to: &'a str, target: &'a str) {
        for from in [Some(from), None] {
            for to in [Some(to), Some(target), None] {
                self.0.insert((from, to));
            }
        }
    }

    /// Whether some call is meant by a pattern of calls.
    fn calls(&self, pattern: &Pattern) -> bool {
        let name = |side: &'_ Side| match side {
            Side::Named(name) => Some(name.clone()),
            _ => None,
        };
        let to = match (name(&pattern.to), &pattern.endpoint) {
            (Some(to), Some(endpoint)) => Some(format!("{to}/{endpoint}")),
            (to, _) => to,
        };
        let from = name(&pattern.from);
        self.0.contains(&(from.as_deref(), to.as_deref()))
    }

    /// Whether messages between two places may go along a link; places and hosts are not looked into.
    fn messages(&self, pattern: &Pattern) -> bool {
        fn name(side: &Side) -> Option<&str> {
            match side {
                Side::Named(own) | Side::Instance(own, _) => Some(own),
                _ => None,
            }
        }
        let (from, to) = (name(&pattern.from), name(&pattern.to));
        self.0.contains(&(from, to)) || self.0.contains(&(to, from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By searching through all calls.
    fn joins(pattern: &Pattern, from: &str, to: &str) -> bool {
        let is = |side: &Side, name: &str| match side {
            Side::Named(own) | Side::Instance(own, _) => own == name,
            _ => true,
        };
        is(&pattern.from, from) && is(&pattern.to, to)
            || is(&pattern.from, to) && is(&pattern.to, from)
    }

    #[test]
    fn what_is_met_is_what_a_search_meets() {
        let calls = [
            ("a", "b", "x"),
            ("a", "c", "y"),
            ("c", "b", "y"),
            ("u", "a", "x"),
        ];
        for left_out in 0..=calls.len() {
            let kept: Vec<_> = calls
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != left_out)
                .map(|(_, (from, to, endpoint))| {
                    (*from, *to, *endpoint, format!("{to}/{endpoint}"))
                })
                .collect();
            let mut met = Met::default();
            for (from, to, _, target) in &kept {
                met.meet(from, to, target);
            }
            let names = ["a", "b", "c", "u", "d", "*"];
            for (left, right) in names
                .iter()
                .flat_map(|left| names.map(|right| (*left, right)))
            {
                for endpoint in ["", "/x", "/y"] {
                    let Ok(pattern) = Pattern::calls(&format!("{left} -> {right}{endpoint}"))
                    else {
                        continue;
                    };
                    let mut calls = kept.iter();
                    let expected =
                        calls.any(|(from, to, own, _)| pattern.matches_call(from, to, own));
                    assert_eq!(met.calls(&pattern), expected, "{pattern:?} of {kept:?}");
                }
                for text in [format!("{left} -> {right}"), format!("{left}#0 -> zone:z")] {
                    let Ok(pattern) = Pattern::link(&text) else {
                        continue;
                    };
                    let mut calls = kept.iter();
                    let expected = calls.any(|(from, to, ..)| joins(&pattern, from, to));
                    assert_eq!(met.messages(&pattern), expected, "{text} of {kept:?}");
                }
            }
        }
    }
}
