//! Reads sweep files.

use super::document::{Document, Drawn, Entry, Pairs, Raw, Repeated, Scale};
use super::written::{ReplicationSpec, Spec, Until, Written};
use crate::experiment::space::{
    Assigned, Between, Part, Row, Sample, Unresolved, Value, Values, Variant, Vary,
};
use crate::expression::Measure;
use crate::input::Files;
use crate::input::beside;
use crate::scenario::advice::advise;
use crate::scenario::de::{Shapes, Spanned};
use crate::scenario::decode::decode;
use crate::scenario::diagnostics::{Code, Diagnostic};
use crate::scenario::source::Source;
use crate::scenario::tree::{self, Kind, Node};
use crate::scenario::{Override, Sources, Span, path};
use std::ops::Range;
use std::sync::Arc;

/// Whether a text is a sweep file and not a scenario: it has a field `scenario`.
#[must_use]
pub fn is_spec(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match tree::parse(text, 0) {
        Ok(node) => node.get("scenario").is_some(),
        // With a mistake in its syntax it is what it looks like.
        Err(_) => text.lines().any(|line| {
            let line = line.trim_start_matches(['(', ' ', '\t']);
            line.strip_prefix("scenario")
                .is_some_and(|rest| rest.trim_start().starts_with(':'))
        }),
    }
}

/// Reads a sweep file; paths in it are relative to it. A scenario file is the sweep of that scenario
/// alone, for flags to add to.
///
/// # Errors
/// All that is wrong with it.
pub fn read_spec(name: &str, files: &(impl Files + ?Sized)) -> Result<Spec, Unresolved> {
    let fail = |diagnostics, sources| Unresolved {
        diagnostics,
        sources,
    };
    // A file that cannot be read is one that the scenario cannot be read from, which says why.
    let text = files.read(name).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if !is_spec(text) {
        return Ok(Spec {
            scenario: name.into(),
            ..Spec::default()
        });
    }
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let read =
        tree::parse(text, file).and_then(|node| decode::<Document>(&node, &Shapes::default()));
    let written = match read {
        Ok(written) => written,
        Err(mut found) => {
            found.iter_mut().for_each(advise);
            return Err(fail(found, sources));
        }
    };
    let mut reader = Reader {
        text,
        origin: Arc::new(Source::new(name, text)),
        found: Vec::new(),
    };
    let spec = reader.spec(name, written);
    if reader.found.is_empty() {
        Ok(spec)
    } else {
        reader.found.sort_by_key(|found| found.span);
        Err(fail(reader.found, sources))
    }
}

struct Reader<'a> {
    text: &'a str,
    origin: Arc<Source>,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn spec(&mut self, name: &str, written: Document) -> Spec {
        let set = self.assigned(written.set);
        let mut texts: Vec<(String, Range<usize>)> = Vec::new();
        for measure in &written.measures {
            texts.push(self.measure(measure));
        }
        let repeated_at = written.replications.as_ref().map(|one| range(one.span));
        let vary_at = match (&written.sample, &written.vary[..]) {
            (Some(drawn), _) => Some(range(drawn.span)),
            (None, [first, .., last]) => Some(range(first.span.to(last.span))),
            (None, [only]) => Some(range(only.span)),
            (None, []) => None,
        };
        let replications = match written.replications {
            None => ReplicationSpec::default(),
            Some(repeated) => self.replications(repeated, &mut texts),
        };
        let sample = written.sample.map(|drawn| {
            let (sample, count) = match drawn.value {
                Drawn::Random(count) => (Sample::Random(count), count),
                Drawn::Lhs(count) => (Sample::Latin(count), count),
            };
            if count == 0 {
                self.wrong(
                    Code::Sweep,
                    drawn.span,
                    "no points are drawn",
                    "say how many: `lhs(64)`",
                );
            }
            sample
        });
        if let (Some(drawn), Some(_)) = (&sample, &written.points) {
            let message = format!("points are listed, and drawn too: {drawn}");
            let at = self.origin.text.len() as u32;
            self.wrong(
                Code::Sweep,
                Span {
                    file: 0,
                    start: at.saturating_sub(1),
                    end: at,
                },
                message,
                "leave out `sample` or `points`",
            );
        }
        let points = written.points.map(|rows| {
            let rows = rows.into_iter().map(|row| Row {
                labels: row.value,
                origin: Arc::clone(&self.origin),
                at: range(row.span),
            });
            rows.collect()
        });
        Spec {
            scenario: beside(name, &written.scenario.value),
            title: written.title,
            set: set
                .iter()
                .map(|set| Override {
                    path: set.path.clone(),
                    value: set.value.text.clone(),
                })
                .collect(),
            vary: self.vary(written.vary),
            variants: self.variants(written.variants),
            sample,
            points,
            replications,
            seed: written.seed,
            measures: written
                .measures
                .into_iter()
                .map(|measure| measure.value)
                .collect(),
            windows: written.windows,
            written: Some(Written {
                origin: Arc::clone(&self.origin),
                scenario: range(written.scenario.span),
                vary: vary_at,
                replications: repeated_at,
                set,
                texts,
            }),
        }
    }

    fn wrong(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        self.found
            .push(Diagnostic::new(code, span, message).help(help));
    }

    fn replications(
        &mut self,
        repeated: Spanned<Repeated>,
        texts: &mut Vec<(String, Range<usize>)>,
    ) -> ReplicationSpec {
        let precise = match repeated.value {
            Repeated::Constant(count) => {
                if count == 0 {
                    self.wrong(
                        Code::Sweep,
                        repeated.span,
                        "each point is run at least once",
                        "write `replications: 20`",
                    );
                }
                return ReplicationSpec::Fixed(count);
            }
            Repeated::Until(precise) => precise,
        };
        texts.push(self.measure(&precise.measure));
        let usual = Until::new(&precise.measure.value, &self.bare(&precise.half_width));
        ReplicationSpec::Until(Until {
            level: precise.level.unwrap_or(usual.level),
            at_least: precise.at_least.unwrap_or(usual.at_least),
            at_most: precise.at_most.unwrap_or(usual.at_most),
            ..usual
        })
    }

    /// What stands at a place, without quotes.
    fn bare(&self, raw: &Raw) -> String {
        self.text[range(raw.span)].trim_matches('"').into()
    }

    /// Checks the syntax of a measure; the text with its place.
    fn measure(&mut self, written: &Spanned<String>) -> (String, Range<usize>) {
        let mut place = range(written.span);
        if self.text[place.clone()] == format!("\"{}\"", written.value) {
            place = place.start + 1..place.end - 1;
        }
        if let Err(error) = written.value.parse::<Measure>() {
            let mut span = written.span;
            if place.len() == written.value.len() && !error.at.is_empty() {
                span.start = (place.start + error.at.start) as u32;
                span.end = (place.start + error.at.end) as u32;
            }
            let mut wrong = Diagnostic::new(Code::Expression, span, error.message);
            wrong.help = error.help;
            if wrong.help.is_empty() {
                wrong
                    .help
                    .push("write METRIC(SUBJECT), such as `failed_ratio(shoppers)`".into());
            }
            self.found.push(wrong);
        }
        (written.value.clone(), place)
    }

    fn path(&mut self, written: &Spanned<String>) {
        if let Err(why) = path::parse(&written.value) {
            let message = format!("`{}` is not a path: {why}", written.value);
            self.wrong(
                Code::Path,
                written.span,
                message,
                "paths step through names with dots: `services.db.threads`",
            );
        }
    }

    fn assigned(&mut self, pairs: Pairs<Raw>) -> Vec<Assigned> {
        let mut all = Vec::new();
        for (path, raw) in pairs.0 {
            self.path(&path);
            all.extend(self.value(raw.span).map(|value| Assigned {
                path: path.value,
                path_at: range(path.span),
                value,
            }));
        }
        all
    }

    fn value(&mut self, span: Span) -> Option<Value> {
        Value::read(self.text, range(span)).ok()
    }

    fn variants(&mut self, pairs: Pairs<Pairs<Raw>>) -> Vec<Variant> {
        let variants = pairs.0.into_iter().map(|(name, settings)| Variant {
            name: name.value,
            settings: self.assigned(settings),
            origin: Arc::clone(&self.origin),
            at: range(name.span),
        });
        variants.collect()
    }

    fn vary(&mut self, entries: Vec<Spanned<Entry>>) -> Vec<Vary> {
        let mut all = Vec::new();
        for Spanned { span, value: entry } in entries {
            let name = entry.name.as_ref().map(|name| name.value.clone());
            let at = match &entry.name {
                Some(name) => range(name.span),
                None => range(entry.path.as_ref().map_or(span, |path| path.span)),
            };
            let labels = entry.labels.as_ref().map(|labels| labels.value.clone());
            let parts = match &entry.zip {
                None => {
                    if let Some(labels) = &entry.labels {
                        self.wrong(
                            Code::Axis,
                            labels.span,
                            "`labels` are for zipped lists",
                            "name values in place: `values: { \"a name\": value }`",
                        );
                    }
                    self.part(&entry, span).into_iter().collect()
                }
                Some(zipped) => self.zipped(&entry, zipped, span),
            };
            if !parts.is_empty() {
                all.push(Vary {
                    name,
                    parts,
                    labels,
                    origin: Arc::clone(&self.origin),
                    at,
                });
            }
        }
        all
    }

    fn zipped(&mut self, entry: &Entry, zipped: &[Spanned<Entry>], span: Span) -> Vec<Part> {
        let more = entry.path.is_some() || entry.values.is_some() || entry.from.is_some();
        if more || zipped.is_empty() {
            self.wrong(
                Code::Axis,
                span,
                "a zipped axis has a list of parameters, and nothing beside it but a name",
                "write (zip: [(path: \"..\", values: [..]), (path: \"..\", values: [..])])",
            );
            return Vec::new();
        }
        let mut parts = Vec::new();
        for part in zipped {
            if let Some(name) = part.value.name.as_ref().map(|name| name.span) {
                self.wrong(
                    Code::Axis,
                    name,
                    "zipped parameters have one name",
                    "put it beside `zip`: (name: \"..\", zip: [..])",
                );
            }
            if part.value.zip.is_some() {
                self.wrong(
                    Code::Axis,
                    part.span,
                    "`zip` stands in a `zip`",
                    "list all parameters in the outer one",
                );
                continue;
            }
            parts.extend(self.part(&part.value, part.span));
        }
        parts
    }

    /// A parameter with its values.
    fn part(&mut self, entry: &Entry, span: Span) -> Option<Part> {
        let Some(path) = &entry.path else {
            self.wrong(
                Code::MissingField,
                span,
                "`path` is missing",
                "add `path: \"services.db.threads\"`, as for `--set`",
            );
            return None;
        };
        self.path(path);
        let log = entry.scale == Scale::Log;
        let values = match (&entry.values, &entry.from, &entry.to) {
            (Some(values), None, None) if entry.steps.is_none() => self.list(values.span, log)?,
            (None, Some(from), Some(to)) => {
                let at = range(from.span.to(to.span));
                let steps = entry.steps.map(|steps| steps.value);
                let (low, high) = (self.bare(from), self.bare(to));
                match Between::new((&low, &high), steps, log, at) {
                    Ok(between) => Values::Range(between),
                    Err(why) => {
                        self.wrong(
                            Code::Axis,
                            from.span.to(to.span),
                            why,
                            "write `from: \"10ms\", to: \"1s\", steps: 5, scale: log`",
                        );
                        return None;
                    }
                }
            }
            _ => {
                self.wrong(
                    Code::Axis,
                    span,
                    format!(
                        "the values of `{}` are neither a list nor a range",
                        path.value
                    ),
                    "write `values: [..]`, or `from: .., to: .., steps: ..`, and not both",
                );
                return None;
            }
        };
        Some(Part {
            path: path.value.clone(),
            path_at: range(path.span),
            values,
        })
    }

    /// A list of values, or a map from what to call them to values.
    fn list(&mut self, span: Span, log: bool) -> Option<Values> {
        let node = tree::parse_part(
            &self.text[..span.end as usize],
            span.start as usize,
            span.file,
        );
        let items: Vec<(Option<String>, Node)> = match node.map(|node| node.kind) {
            Ok(Kind::List(items)) if !items.is_empty() => {
                items.into_iter().map(|item| (None, item)).collect()
            }
            Ok(Kind::Map(entries)) if !entries.is_empty() => entries
                .into_iter()
                .map(|(key, value)| (key.as_key().map(Into::into), value))
                .collect(),
            _ => {
                self.wrong(
                    Code::Axis,
                    span,
                    "expected a list of values, or a map from names to values",
                    "write `values: [1, 2, 4]`, or `values: { \"short\": \"100ms\", \"long\": \"5s\" }`",
                );
                return None;
            }
        };
        let mut values = Vec::new();
        for (label, node) in items {
            let mut value = self.value(node.span)?;
            if let Some(label) = label {
                value.label = label;
            }
            values.push(value);
        }
        Some(Values::List { values, log })
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}
