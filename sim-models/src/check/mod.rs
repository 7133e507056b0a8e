//! What a scenario means, and what is wrong with that.
//!
//! Errors are reported all at once; what is legal but suspicious is looked for only where there are
//! none.

mod faults;
mod goals;
mod sizes;
pub(crate) mod memory;
mod steps;
mod suspicion;
mod system;
#[cfg(test)]
mod tests;

use crate::limits::MOST_WINDOWS;
use crate::quantity::distribution::DurationSpec;
use crate::scenario::diagnostics::{Code, Diagnostic, Diagnostics, Severity, suggest};
use crate::scenario::path::{Segment, step};
use crate::scenario::source::{Sources, Span};
use crate::scenario::tree::{Kind, Node};
use crate::scenario::types::Scenario;
use indexmap::IndexSet;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

/// A path to something in the scenario.
macro_rules! at {
    ($($segment:expr),* $(,)?) => { &[$($crate::scenario::path::Segment::from($segment)),*][..] };
}
use at;

/// Where a scenario was read from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its tree, with all arguments named.
    pub tree: &'a Node,
    /// The texts.
    pub sources: &'a Sources,
}

/// Checks a scenario. Returns what is wrong and what is suspicious; with places if it is known where
/// the scenario was read from.
#[must_use]
pub fn check(scenario: &Scenario, origin: Option<Origin<'_>>) -> (Diagnostics, Diagnostics) {
    let mut checker = Checker {
        scenario,
        origin,
        maps: RefCell::default(),
        edges: OnceCell::new(),
        found: Vec::new(),
    };
    checker.run();
    checker.system();
    checker.faults();
    checker.sizes();
    checker.goals();
    if checker.found.is_empty() {
        checker.suspicions();
    }
    // Whole diagnostics may come twice where a place is checked from two sides.
    let mut found: Diagnostics = Vec::new();
    let mut seen: BTreeMap<(Code, Option<Span>, String), Vec<usize>> = BTreeMap::new();
    for diagnostic in checker.found {
        let key = (diagnostic.code, diagnostic.span, diagnostic.message.clone());
        let alike = seen.entry(key).or_default();
        if !alike.iter().any(|other| found[*other] == diagnostic) {
            alike.push(found.len());
            found.push(diagnostic);
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.span);
    found
        .into_iter()
        .partition(|diagnostic| diagnostic.severity() == Severity::Error)
}

struct Checker<'a> {
    scenario: &'a Scenario,
    origin: Option<Origin<'a>>,
    /// Where the keys of maps stand in them, by the address of the map in the tree: asked for by everything
    /// that is reported.
    maps: RefCell<BTreeMap<usize, BTreeMap<&'a str, usize>>>,
    /// The names of the edges, once somebody asks.
    edges: OnceCell<IndexSet<String>>,
    found: Diagnostics,
}

impl<'a> Checker<'a> {
    /// Reports something at a path, or as near to it as the text goes.
    fn report(
        &mut self,
        code: Code,
        path: &[Segment],
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let span = self.span(path);
        self.report_at(code, span, message)
    }

    fn report_at(
        &mut self,
        code: Code,
        span: Option<Span>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.found.push(Diagnostic {
            span,
            ..Diagnostic::nowhere(code, message)
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn span(&self, path: &[Segment]) -> Option<Span> {
        let (node, found) = self.locate(path)?;
        match (&node.kind, found) {
            (Kind::Struct(None, _) | Kind::Map(_), false) => Some(node.span.last()),
            _ => Some(node.head()),
        }
    }

    /// Where a key of a map stands.
    fn key_span(&self, path: &[Segment], key: &str) -> Option<Span> {
        let (node, _) = self.locate(path)?;
        match &node.kind {
            Kind::Map(entries) => {
                let at = self.place_of_key(node, entries, key)?;
                Some(entries[at].0.span)
            }
            _ => self.span(path),
        }
    }

    /// What stands at a path, or the last thing on the way that does; and whether it is the end.
    fn locate(&self, path: &[Segment]) -> Option<(&'a Node, bool)> {
        let mut node = self.origin?.tree;
        for segment in path {
            let next = match (segment, &node.kind) {
                (Segment::Name(name), Kind::Map(entries)) => self
                    .place_of_key(node, entries, name)
                    .map(|at| &entries[at].1),
                _ => step(node, segment),
            };
            match next {
                Some(next) => node = next,
                None => return Some((node, false)),
            }
        }
        Some((node, true))
    }

    /// Where a key stands among the entries of a map.
    fn place_of_key(&self, map: &'a Node, entries: &'a [(Node, Node)], key: &str) -> Option<usize> {
        let mut maps = self.maps.borrow_mut();
        let keys = maps
            .entry(std::ptr::from_ref(map) as usize)
            .or_insert_with(|| {
                // Of two that say the same, the first one counts.
                let entries = entries.iter().enumerate().rev();
                entries
                    .filter_map(|(at, (name, _))| Some((name.as_key()?, at)))
                    .collect()
            });
        keys.get(key).copied()
    }

    /// Where a part of a text stands: bytes `at` of what is between the quotes.
    fn span_in_text(&self, path: &[Segment], at: &std::ops::Range<usize>) -> Option<Span> {
        let whole = self.span(path)?;
        let text = self.origin?.sources.text(whole);
        // With an escape in it, or in a raw text, bytes do not line up.
        if !text.starts_with('"') || text.contains('\\') || at.end + 2 > text.len() || at.is_empty()
        {
            return Some(whole);
        }
        Some(Span {
            start: whole.start + 1 + at.start as u32,
            end: whole.start + 1 + at.end as u32,
            ..whole
        })
    }

    /// Reports a name that is none of those that there are.
    fn unknown<'n>(
        &mut self,
        (code, what): (Code, &str),
        path: &[Segment],
        name: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        let help = suggest(name, "there are", names);
        self.report(code, path, format!("there is no {what} `{name}`"))
            .help
            .extend(help);
    }

    fn service_exists(&mut self, name: &str, path: &[Segment]) -> bool {
        let scenario = self.scenario;
        let exists = scenario.services.contains_key(name);
        if !exists {
            let names = scenario.services.keys().map(String::as_str);
            self.unknown((Code::UnknownService, "service"), path, name, names);
        }
        exists
    }

    fn workload_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        if !scenario.workloads.contains_key(name) {
            let names = scenario.workloads.keys().map(String::as_str);
            self.unknown((Code::UnknownWorkload, "workload"), path, name, names);
        }
    }

    /// A service or a workload.
    fn place_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        let names = || scenario.services.keys().chain(scenario.workloads.keys());
        if !scenario.services.contains_key(name) && !scenario.workloads.contains_key(name) {
            let names = names().map(String::as_str);
            self.unknown(
                (Code::UnknownService, "service or workload"),
                path,
                name,
                names,
            );
        }
    }

    fn zone_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        let mut zones = scenario.regions.values().flatten();
        if !zones.any(|zone| zone == name) {
            let zones = scenario.regions.values().flatten().map(String::as_str);
            self.unknown((Code::UnknownPlace, "zone"), path, name, zones);
        }
    }

    fn region_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        if !scenario.regions.contains_key(name) {
            let names = scenario.regions.keys().map(String::as_str);
            self.unknown((Code::UnknownPlace, "region"), path, name, names);
        }
    }

    fn host_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        if !scenario.hosts.contains_key(name) {
            let names = scenario.hosts.keys().map(String::as_str);
            self.unknown((Code::UnknownPlace, "host"), path, name, names);
        }
    }

    fn endpoint_exists(&mut self, service: &str, endpoint: &str, path: &[Segment]) {
        let Some(found) = self.scenario.services.get(service) else {
            return;
        };
        // That it has none at all is said where it stands.
        if !found.endpoints.contains_key(endpoint) && !found.endpoints.is_empty() {
            let names = found.endpoints.keys().map(String::as_str);
            let what = format!("endpoint of `{service}` named");
            self.unknown((Code::UnknownEndpoint, &what), path, endpoint, names);
        }
    }

    /// `service/endpoint`.
    fn target_exists(&mut self, target: &str, path: &[Segment]) {
        let Some((service, endpoint)) = target.split_once('/') else {
            let known = self.scenario.services.get(target);
            let first = known.and_then(|service| service.endpoints.keys().next());
            let example = first.map_or("db/insert".into(), |endpoint| {
                format!("{target}/{endpoint}")
            });
            self.report(
                Code::BadTarget,
                path,
                format!("`{target}` names no endpoint"),
            )
            .help
            .push(format!("write \"service/endpoint\", such as \"{example}\""));
            return;
        };
        if self.service_exists(service, path) {
            self.endpoint_exists(service, endpoint, path);
        }
    }

    fn share(&mut self, share: f64, path: &[Segment], what: &str) {
        if !(0.0..=1.0).contains(&share) {
            let found = self.report(
                Code::Share,
                path,
                format!("{what} is from 0 to 1, not {share}"),
            );
            if share > 1.0 && share <= 100.0 {
                let help = format!("for {share} per cent write {}", share / 100.0);
                found.help.push(help);
            }
        }
    }

    fn at_least_one(&mut self, count: u32, path: &[Segment], what: &str) {
        if count == 0 {
            self.report(Code::Count, path, format!("{what} must be at least 1"));
        }
    }

    /// What nobody means, and what would not fit into memory, is refused before it is tried.
    fn at_most(&mut self, count: u32, most: u32, path: &[Segment], what: &str) {
        if count > most {
            self.report(
                Code::Count,
                path,
                format!("{what} must be at most {most}, not {count}"),
            );
        }
    }

    fn distribution(&mut self, spec: &DurationSpec, path: &[Segment]) {
        if let Err(why) = spec.compile() {
            self.report(Code::Distribution, path, why);
        }
    }

    /// Times of the run, and that there is something to run.
    fn run(&mut self) {
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

/// A path with more at its end.
fn join(path: &[Segment], more: &[Segment]) -> Vec<Segment> {
    [path, more].concat()
}
