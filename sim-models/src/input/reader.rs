//! The text of a scenario and all that it includes, merged into one tree.

use super::files::Files;
use crate::limits::{MOST_DATA, MOST_DEPTH, MOST_FILES, MOST_TEXT};
use crate::scenario::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::scenario::foreign;
use crate::scenario::measurements::values;
use crate::scenario::mixed;
use crate::scenario::source::{Sources, Span};
use crate::scenario::syntax;
use crate::scenario::tree::{self, Kind, Name, Node, children_mut};
use sim_core::time::UNITS;

/// Whether the first thing in a text that is no comment is `(`, or an attribute of RON.
pub(crate) fn begins_a_scenario(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        rest = if let Some(line) = rest.strip_prefix("//") {
            line.split_once('\n').map_or("", |(_, rest)| rest)
        } else if rest.starts_with("/*") {
            let end = syntax::end_of_comment(rest.as_bytes(), 0);
            end.and_then(|end| rest.get(end..)).unwrap_or("")
        } else {
            return rest.starts_with('(') || rest.starts_with("#![");
        }
        .trim_start();
    }
}

/// Reads a file and what it includes.
pub(super) struct Reader<'a, F: ?Sized> {
    pub(super) files: &'a F,
    pub(super) sources: Sources,
    pub(super) found: Diagnostics,
    /// The file that all begins with.
    pub(super) root: String,
    /// Bytes of scenarios and of measurements so far.
    pub(super) bytes: (usize, usize),
}

impl<F: Files + ?Sized> Reader<'_, F> {
    /// Reads a file and all that it includes into one tree.
    pub(super) fn file(
        &mut self,
        name: &str,
        from: Option<Span>,
        stack: &mut Vec<String>,
    ) -> Option<Node> {
        if stack.iter().any(|open| open == name) {
            let chain = format!("{} -> {name}", stack.join(" -> "));
            self.report(
                Code::Include,
                from,
                format!("`{name}` includes itself: {chain}"),
            );
            self.help("remove one of these includes, or move what both need to a third file");
            return None;
        }
        let read = match stack.len() {
            0 => self.files.read(name),
            MOST_DEPTH => Err(format!(
                "includes go more than {MOST_DEPTH} files deep\nput what they share into one file"
            )),
            _ if self.sources.all().len() >= MOST_FILES => Err(format!(
                "it is included after {MOST_FILES} others, which is the most\nan include stands for the whole file: name each file once"
            )),
            _ => self.files.read_for(&self.root, name),
        };
        let text = match read.and_then(|text| self.counted(text)) {
            Ok(text) => text,
            Err(why) => {
                let mut lines = why.lines();
                let why = lines.next().unwrap_or_default();
                let message = format!("`{name}` cannot be read: {why}");
                self.report(Code::Include, from, message);
                for line in lines {
                    self.help(line);
                }
                return None;
            }
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if !stack.is_empty() && !begins_a_scenario(text) {
            // Not a line of it is shown: nobody knows what it is.
            let message = format!("`{name}` is no scenario: it does not begin with `(`");
            self.report(Code::Include, from, message);
            return None;
        }
        let file = self.sources.add(name, text);
        let mut node = match tree::parse(text, file) {
            Ok(node) => node,
            Err(found) => {
                let mixed = mixed::diagnose(text, file);
                self.found
                    .extend(if mixed.is_empty() { found } else { mixed });
                return None;
            }
        };
        // JSON is legal here, but says nothing.
        if let (Kind::Map(_) | Kind::List(_), Some(found)) =
            (&node.kind, foreign::recognise(text, file))
        {
            self.found.push(found);
            return None;
        }
        self.measurements(&mut node, name);
        stack.push(name.into());
        let mut base: Option<Node> = None;
        for (include, span) in take_includes(&mut node, &mut self.found) {
            let part = self.file(&beside(name, &include), Some(span), stack)?;
            base = Some(match base {
                Some(base) => merge(base, part),
                None => part,
            });
        }
        stack.pop();
        Some(match base {
            Some(base) => merge(base, node),
            None => node,
        })
    }

    /// A text of the scenario, if there is room for it.
    fn counted(&mut self, text: String) -> Result<String, String> {
        self.bytes.0 += text.len();
        if self.bytes.0 > MOST_TEXT {
            return Err(format!(
                "the scenario and its includes have more than {} MiB, which is the most that is read",
                MOST_TEXT >> 20
            ));
        }
        Ok(text)
    }

    /// The text of a file of measurements, if there is room for it.
    fn data(&mut self, path: &str) -> Result<String, String> {
        let full = || {
            Err(format!(
                "the files of measurements have more than {} MiB together, which is the most that is read",
                MOST_DATA >> 20
            ))
        };
        // Nothing more is read then.
        if self.bytes.1 > MOST_DATA {
            return full();
        }
        let text = self.files.read_for(&self.root, path)?;
        self.bytes.1 += text.len();
        if self.bytes.1 > MOST_DATA {
            return full();
        }
        Ok(text)
    }

    fn report(&mut self, code: Code, span: Option<Span>, message: String) {
        self.found.push(Diagnostic {
            span,
            ..Diagnostic::nowhere(code, message)
        });
    }

    /// Says what to do about what was reported last.
    fn help(&mut self, help: &str) {
        if let Some(last) = self.found.last_mut() {
            last.help.push(help.into());
        }
    }

    /// Replaces `empirical(file: "f.csv", unit: "ms")` by the values in the file.
    fn measurements(&mut self, node: &mut Node, name: &str) {
        if node.name() == Some("empirical")
            && let Some(Kind::Str(file)) = node.get("file").map(|file| &file.kind)
        {
            let path = beside(name, file);
            let read = unit_of(node)
                .and_then(|unit| Ok((unit, self.data(&path)?)))
                .and_then(|(unit, text)| values(&text, unit, column_of(node)?));
            match read {
                Ok(values) => replace_file(node, &values),
                Err(why) => {
                    let span = node.get("file").map(|file| file.span);
                    let mut lines = why.lines();
                    let why = lines.next().unwrap_or_default();
                    self.report(Code::DataFile, span, format!("`{path}`: {why}"));
                    for line in lines {
                        self.help(line);
                    }
                }
            }
            return;
        }
        for child in children_mut(node) {
            self.measurements(child, name);
        }
    }
}

/// The unit of the numbers in a file of measurements.
fn unit_of(node: &Node) -> Result<&'static str, String> {
    let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
    match node.get("unit").map(|unit| &unit.kind) {
        Some(Kind::Str(unit) | Kind::Ident(unit)) => UNITS
            .iter()
            .map(|(name, _)| *name)
            .find(|name| name == unit)
            .ok_or_else(|| format!("`{unit}` is not a unit of time: use {}", names.join(", "))),
        _ => Err("its numbers have no unit: add `unit: \"ms\"`".into()),
    }
}

/// The name of the column that is meant, if one is named.
fn column_of(node: &Node) -> Result<Option<&str>, String> {
    match node.get("column").map(|column| &column.kind) {
        None => Ok(None),
        Some(Kind::Str(name) | Kind::Ident(name)) => Ok(Some(name)),
        Some(_) => Err("a column is called by its name\nsuch as column: \"latency\"".into()),
    }
}

fn replace_file(node: &mut Node, values: &[String]) {
    let span = node.span;
    let Kind::Struct(_, fields) = &mut node.kind else {
        return;
    };
    fields.retain(|field| !["unit", "column"].contains(&field.name.text.as_str()));
    for field in fields.iter_mut().filter(|field| field.name.text == "file") {
        let span = field.value.span;
        field.name.text = "values".into();
        field.value.kind = Kind::List(
            values
                .iter()
                .map(|value| Node {
                    span,
                    kind: Kind::Str(value.clone()),
                })
                .collect(),
        );
    }
    node.span = span;
}

/// Takes the field `include` out of the root.
fn take_includes(node: &mut Node, found: &mut Diagnostics) -> Vec<(String, Span)> {
    let Kind::Struct(_, fields) = &mut node.kind else {
        return Vec::new();
    };
    let Some(at) = fields.iter().position(|field| field.name.text == "include") else {
        return Vec::new();
    };
    let value = fields.remove(at).value;
    let items = match value.kind {
        Kind::List(items) => items,
        kind => vec![Node {
            span: value.span,
            kind,
        }],
    };
    let mut includes = Vec::new();
    for item in items {
        if let Kind::Str(path) = item.kind {
            includes.push((path, item.span));
        } else {
            let message = format!(
                "expected the path of a file in quotes, found {}",
                item.describe()
            );
            found.push(Diagnostic::new(Code::Include, item.span, message));
        }
    }
    includes
}

/// A path relative to the file that names it.
pub(crate) fn beside(file: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.into();
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, ".." | "")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Lays one tree over another: structs without names and maps are merged, all else is replaced.
fn merge(base: Node, over: Node) -> Node {
    let span = over.span;
    let kind = match (base.kind, over.kind) {
        (Kind::Struct(None, mut fields), Kind::Struct(None, news)) => {
            for new in news {
                match fields
                    .iter()
                    .position(|field| field.name.text == new.name.text)
                {
                    Some(at) => {
                        let old = fields[at].clone();
                        fields[at].name = new.name;
                        fields[at].value = merge(old.value, new.value);
                    }
                    None => fields.push(new),
                }
            }
            Kind::Struct(None::<Name>, fields)
        }
        (Kind::Map(mut entries), Kind::Map(news)) => {
            for (key, value) in news {
                match entries
                    .iter()
                    .position(|(old, _)| old.as_key() == key.as_key())
                {
                    Some(at) => {
                        let old = entries[at].1.clone();
                        entries[at] = (key, merge(old, value));
                    }
                    None => entries.push((key, value)),
                }
            }
            Kind::Map(entries)
        }
        // `()` changes nothing.
        (kind @ Kind::Struct(None, _), Kind::Tuple(None, items)) if items.is_empty() => kind,
        (_, kind) => kind,
    };
    Node { span, kind }
}
