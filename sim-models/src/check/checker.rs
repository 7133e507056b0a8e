//! What is being checked and what was found, and how it is reported: at its place.

use crate::observe::choice::Edges;
use crate::quantity::distribution::DurationSpec;
use crate::scenario::Scenario;
use crate::scenario::diagnostics::{Code, Diagnostic, Diagnostics, suggest};
use crate::scenario::path::{Segment, step};
use crate::scenario::source::{Sources, Span};
use crate::scenario::tree::{Kind, Node};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

/// A path to something in the scenario.
macro_rules! at {
    ($($segment:expr),* $(,)?) => { &[$($crate::scenario::path::Segment::from($segment)),*][..] };
}
pub(super) use at;

/// Where a scenario was read from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Its tree, with all arguments named.
    pub tree: &'a Node,
    /// The texts.
    pub sources: &'a Sources,
}

pub(super) struct Checker<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) origin: Option<Origin<'a>>,
    /// Where the keys of maps stand in them, by the address of the map in the tree: asked for by everything
    /// that is reported.
    pub(super) maps: RefCell<BTreeMap<usize, BTreeMap<&'a str, usize>>>,
    /// The edges as measures name them, once somebody asks.
    pub(super) edges: OnceCell<Edges>,
    pub(super) found: Diagnostics,
}

impl<'a> Checker<'a> {
    /// Nothing is wrong yet.
    pub(super) fn new(scenario: &'a Scenario, origin: Option<Origin<'a>>) -> Self {
        Self {
            scenario,
            origin,
            maps: RefCell::default(),
            edges: OnceCell::new(),
            found: Vec::new(),
        }
    }

    /// Reports something at a path, or as near to it as the text goes.
    pub(super) fn report(
        &mut self,
        code: Code,
        path: &[Segment],
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let span = self.span(path);
        self.report_at(code, span, message)
    }

    pub(super) fn report_at(
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

    pub(super) fn span(&self, path: &[Segment]) -> Option<Span> {
        let (node, found) = self.locate(path)?;
        match (&node.kind, found) {
            (Kind::Struct(None, _) | Kind::Map(_), false) => Some(node.span.last()),
            _ => Some(node.head()),
        }
    }

    /// Where a key of a map stands.
    pub(super) fn key_span(&self, path: &[Segment], key: &str) -> Option<Span> {
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
    pub(super) fn locate(&self, path: &[Segment]) -> Option<(&'a Node, bool)> {
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
    pub(super) fn place_of_key(
        &self,
        map: &'a Node,
        entries: &'a [(Node, Node)],
        key: &str,
    ) -> Option<usize> {
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
    pub(super) fn span_in_text(
        &self,
        path: &[Segment],
        at: &std::ops::Range<usize>,
    ) -> Option<Span> {
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
    pub(super) fn unknown<'n>(
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

    pub(super) fn service_exists(&mut self, name: &str, path: &[Segment]) -> bool {
        let scenario = self.scenario;
        let exists = scenario.services.contains_key(name);
        if !exists {
            let names = scenario.services.keys().map(String::as_str);
            self.unknown((Code::UnknownService, "service"), path, name, names);
        }
        exists
    }

    pub(super) fn workload_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        if !scenario.workloads.contains_key(name) {
            let names = scenario.workloads.keys().map(String::as_str);
            self.unknown((Code::UnknownWorkload, "workload"), path, name, names);
        }
    }

    /// A service or a workload.
    pub(super) fn place_exists(&mut self, name: &str, path: &[Segment]) {
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

    pub(super) fn zone_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        let mut zones = scenario.regions.values().flatten();
        if !zones.any(|zone| zone == name) {
            let zones = scenario.regions.values().flatten().map(String::as_str);
            self.unknown((Code::UnknownPlace, "zone"), path, name, zones);
        }
    }

    pub(super) fn region_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        if !scenario.regions.contains_key(name) {
            let names = scenario.regions.keys().map(String::as_str);
            self.unknown((Code::UnknownPlace, "region"), path, name, names);
        }
    }

    pub(super) fn host_exists(&mut self, name: &str, path: &[Segment]) {
        let scenario = self.scenario;
        if !scenario.hosts.contains_key(name) {
            let names = scenario.hosts.keys().map(String::as_str);
            self.unknown((Code::UnknownPlace, "host"), path, name, names);
        }
    }

    pub(super) fn endpoint_exists(&mut self, service: &str, endpoint: &str, path: &[Segment]) {
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
    pub(super) fn target_exists(&mut self, target: &str, path: &[Segment]) {
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

    pub(super) fn share(&mut self, share: f64, path: &[Segment], what: &str) {
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

    pub(super) fn at_least_one(&mut self, count: u32, path: &[Segment], what: &str) {
        if count == 0 {
            self.report(Code::Count, path, format!("{what} must be at least 1"));
        }
    }

    /// What nobody means, and what would not fit into memory, is refused before it is tried.
    pub(super) fn at_most(&mut self, count: u32, most: u32, path: &[Segment], what: &str) {
        if count > most {
            self.report(
                Code::Count,
                path,
                format!("{what} must be at most {most}, not {count}"),
            );
        }
    }

    pub(super) fn distribution(&mut self, spec: &DurationSpec, path: &[Segment]) {
        if let Err(why) = spec.compile() {
            self.report(Code::Distribution, path, why);
        }
    }
}

/// A path with more at its end.
pub(super) fn join(path: &[Segment], more: &[Segment]) -> Vec<Segment> {
    [path, more].concat()
}
