//! Paths to what a scenario says, such as `calls."web -> orders".retry.attempts`, and setting it.
//!
//! A path steps through fields and keys by name, through lists by index, by the kind of an element
//! (`retry`, the second one `retry[1]`) or by the name of a fault. The name of the variant that a
//! value is may be given or left out (`workloads.shoppers.open.rate`), and so may `inject` in a
//! fault. Where a value is not written the default is put in its place first, so that parts of
//! defaults can be set too.

use super::de::Shapes;
use super::decode::decode;
use super::diagnostics::{Code, Diagnostic, Diagnostics, suggest};
use super::explain;
use super::source::{Sources, Span};
use super::tree::{self, Field, Kind, Name, Node, children_mut};
use super::types::Scenario;
use std::cell::{OnceCell, RefCell};

/// A value to set, as in `--set services.db.threads=32`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// What to set.
    pub path: String,
    /// To what, in RON; texts need no quotes.
    pub value: String,
}

impl std::str::FromStr for Override {
    type Err = String;
    /// Reads `PATH=VALUE`. A `=` between quotes belongs to the path.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut quoted = false;
        let at = text.find(|c| {
            quoted ^= c == '"';
            c == '=' && !quoted
        });
        match at.map(|at| (text[..at].trim(), text[at + 1..].trim())) {
            Some((path, value)) if !path.is_empty() && !value.is_empty() => Ok(Self {
                path: path.into(),
                value: value.into(),
            }),
            _ => Err(format!(
                "`{text}` is not PATH=VALUE, such as services.db.threads=32"
            )),
        }
    }
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// To a field, a key, or an element by its kind or name.
    Name(String),
    /// To an element by its place, from 0.
    Index(usize),
}

impl From<&str> for Segment {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Reads a path.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Segment>, String> {
    Ok(split(text)?
        .into_iter()
        .map(|(segment, ..)| segment)
        .collect())
}

/// The steps of a path, each with its first byte and the byte after its last.
fn split(text: &str) -> Result<Vec<(Segment, usize, usize)>, String> {
    let mut steps = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let begin = at;
        let step = if let Some(quoted) = rest.strip_prefix('"') {
            let length = quoted.find('"').ok_or("a quote is not closed")?;
            at += length + 2;
            Segment::Name(quoted[..length].into())
        } else if let Some(inner) = rest.strip_prefix('[') {
            let length = inner.find(']').ok_or("a bracket is not closed")?;
            at += length + 2;
            let index = inner[..length].trim();
            Segment::Index(
                index
                    .parse()
                    .map_err(|_| format!("`[{index}]` is not an index"))?,
            )
        } else {
            let length = rest.find(['.', '[', '"']).unwrap_or(rest.len());
            at += length;
            Segment::Name(rest[..length].trim().into())
        };
        if step == Segment::Name(String::new()) {
            return Err("a name is missing between two dots".into());
        }
        steps.push((step, begin, at));
        if text[at..].starts_with('.') {
            at += 1;
            if at == text.len() {
                return Err("it ends with a dot".into());
            }
        }
    }
    if steps.is_empty() {
        return Err("it is empty".into());
    }
    Ok(steps)
}

/// The deepest value on the way along a path, and whether it is the end of it.
#[must_use]
pub fn locate<'a>(node: &'a Node, path: &[Segment]) -> (&'a Node, bool) {
    let Some((first, rest)) = path.split_first() else {
        return (node, true);
    };
    match step(node, first) {
        Some(next) => locate(next, rest),
        None => (node, false),
    }
}

/// What a single segment leads to.
pub fn step<'a>(node: &'a Node, segment: &Segment) -> Option<&'a Node> {
    match (segment, &node.kind) {
        (Segment::Index(index), Kind::List(items)) => items.get(*index),
        // A single value stands for a list of one.
        (Segment::Index(0), _) => Some(node),
        (Segment::Name(name), _) => node.get(name),
        _ => None,
    }
}

/// Sets values in a tree, one after the other. Their texts are added to `sources`.
///
/// # Errors
/// The paths that lead nowhere and the values that cannot be read.
pub fn set_all(
    tree: &mut Node,
    overrides: &[Override],
    sources: &mut Sources,
) -> Result<(), Diagnostics> {
    let mut found = Vec::new();
    for item in overrides {
        let text = format!("{}={}", item.path, item.value);
        let file = sources.add_override("--set", &text);
        if let Err(wrong) = set_one(tree, &text, item.path.len(), file, sources) {
            found.extend(wrong);
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn set_one(
    tree: &mut Node,
    text: &str,
    equals: usize,
    file: u16,
    sources: &mut Sources,
) -> Result<(), Diagnostics> {
    let span = |start: usize, end: usize| Span {
        file,
        start: start as u32,
        end: end as u32,
    };
    let steps: Vec<Step> = split(&text[..equals])
        .map_err(|why| {
            let message = format!("`{}` is not a path: {why}", &text[..equals]);
            vec![Diagnostic::new(Code::Path, span(0, equals), message)]
        })?
        .into_iter()
        .map(|(segment, start, end)| (segment, span(start, end)))
        .collect();
    let value = value(text, equals + 1, file)?;
    let shapes = Shapes::default();
    // What stands there as it is named needs no reading of the whole, which takes long for one of many.
    let scenario = if is_written(tree, &steps) {
        None
    } else {
        let read = decode::<Scenario>(tree, &shapes);
        name_arguments(tree, &shapes);
        read.ok()
    };
    let setter = Setter {
        shapes,
        resolved: OnceCell::new(),
        scenario,
        sources: RefCell::new(sources),
        value,
    };
    setter.set(tree, &steps, 0).map_err(|wrong| vec![wrong])
}

/// Reads a value; what is no RON and has no brackets is a text.
fn value(text: &str, start: usize, file: u16) -> Result<Node, Diagnostics> {
    let value = &text[start..];
    tree::parse_part(text, start, file).or_else(|wrong| {
        if value.contains(['(', '[', '{', '"', ')', ']', '}']) {
            return Err(wrong);
        }
        Ok(Node {
            span: Span {
                file,
                start: start as u32,
                end: text.len() as u32,
            },
            kind: Kind::Str(value.trim().into()),
        })
    })
}

/// Gives the arguments of structs that are written without names the names of their fields.
pub(super) fn name_arguments(node: &mut Node, shapes: &Shapes) {
    for child in children_mut(node) {
        name_arguments(child, shapes);
    }
    let fields = shapes.borrow().get(&node.span).copied();
    let Some(fields) = fields else { return };
    let span = node.span;
    match &mut node.kind {
        Kind::Tuple(name, items) => {
            let fields = fields
                .iter()
                .zip(std::mem::take(items))
                .map(|(field, value)| Field {
                    name: Name {
                        span: value.span,
                        text: (*field).into(),
                    },
                    value,
                })
                .collect();
            node.kind = Kind::Struct(name.take(), fields);
        }
        Kind::Ident(name) => {
            let name = Name {
                span,
                text: std::mem::take(name),
            };
            node.kind = Kind::Struct(Some(name), Vec::new());
        }
        _ => {}
    }
}

type Step = (Segment, Span);

struct Setter<'a> {
    shapes: Shapes,
    scenario: Option<Scenario>,
    resolved: OnceCell<Option<Node>>,
    sources: RefCell<&'a mut Sources>,
    value: Node,
}

/// What a step leads to.
enum Hop {
    /// The value itself: the step names the variant that it is, or its only element.
    Same,
    /// A part of it, by its place.
    Part(usize),
    /// The fault's effect, for which the step is meant.
    Inject(usize),
}

impl Setter<'_> {
    /// Sets what the steps after the first `at` lead to from `node`.
    fn set(&self, node: &mut Node, steps: &[Step], at: usize) -> Result<(), Diagnostic> {
        let Some((segment, span)) = steps.get(at) else {
            replace(node, steps.last(), &self.value);
            return Ok(());
        };
        if node.name() == Some("None") {
            *node = Node {
                span: steps[at.saturating_sub(1)].1,
                kind: Kind::Struct(None, Vec::new()),
            };
        }
        self.open_scalar(node);
        if let Some((hop, taken)) = hop(node, &steps[at..]) {
            let next = match hop {
                Hop::Same => node,
                Hop::Part(part) | Hop::Inject(part) => match children_mut(node).nth(part) {
                    Some(next) => next,
                    None => return Ok(()),
                },
            };
            return self.set(next, steps, at + taken);
        }
        match (&node.kind, segment) {
            (Kind::Struct(..), Segment::Name(name)) if self.may_have(node, name) => {
                let mut new = self.unwritten(steps, at);
                self.set(&mut new, steps, at + 1)?;
                append(node, name, *span, new);
                Ok(())
            }
            (Kind::Map(_), Segment::Name(name)) if may_grow(steps, at) => {
                append(node, name, *span, self.value.clone());
                Ok(())
            }
            _ => Err(self.nothing(node, steps, at)),
        }
    }

    fn may_have(&self, node: &Node, name: &str) -> bool {
        let shapes = self.shapes.borrow();
        shapes
            .get(&node.span)
            .is_none_or(|fields| fields.contains(&name))
    }

    /// A value that stands for `constant(value: ..)` is written out, so that steps can go into it.
    fn open_scalar(&self, node: &mut Node) {
        let fields = self.shapes.borrow().get(&node.span).copied();
        if let (Some([only]), Kind::Str(_) | Kind::Unsigned(_) | Kind::Float(_)) =
            (fields, &node.kind)
        {
            let name = |text: &str| Name {
                span: node.span,
                text: text.into(),
            };
            let field = Field {
                name: name(only),
                value: node.clone(),
            };
            node.kind = Kind::Struct(Some(name("constant")), vec![field]);
        }
    }

    /// The default of the field at step `at`, which is not written; nothing if it will be replaced.
    fn unwritten(&self, steps: &[Step], at: usize) -> Node {
        let span = steps[at].1;
        let empty = Node {
            span,
            kind: Kind::Struct(None, Vec::new()),
        };
        if at + 1 == steps.len() {
            return empty;
        }
        let resolved = self.resolved.get_or_init(|| {
            let text = explain::to_ron(self.scenario.as_ref()?);
            let file = self.sources.borrow_mut().add_override("defaults", &text);
            tree::parse(&text, file).ok()
        });
        resolved
            .as_ref()
            .and_then(|tree| walk(tree, &steps[..=at]))
            .filter(|node| node.name() != Some("None"))
            .cloned()
            .unwrap_or(empty)
    }

    /// There is nothing where step `at` leads.
    fn nothing(&self, node: &Node, steps: &[Step], at: usize) -> Diagnostic {
        let (segment, span) = &steps[at];
        let place = match at {
            0 => "the scenario".into(),
            _ => format!("`{}`", show(&steps[..at])),
        };
        let name = show(std::slice::from_ref(&steps[at]));
        let shapes = self.shapes.borrow();
        let wrong = Diagnostic::new(
            Code::Path,
            *span,
            format!("there is no `{name}` in {place}"),
        );
        let (what, names): (_, Vec<&str>) = match &node.kind {
            Kind::Struct(_, _) => {
                let fields = shapes.get(&node.span).copied().unwrap_or_default();
                ("fields", fields.to_vec())
            }
            Kind::Map(entries) => {
                let keys = entries.iter().filter_map(|(key, _)| key.as_key());
                ("there are", keys.collect())
            }
            Kind::List(items) => {
                let wrong = wrong.label(format!("the list has {} elements", items.len()));
                if matches!(segment, Segment::Index(_)) {
                    return wrong;
                }
                let names: Vec<&str> = items.iter().flat_map(names_of).collect();
                return with_help(wrong, suggest(&name, "there are", names));
            }
            _ => {
                return wrong.help(format!("there is {}, which has no parts", node.describe()));
            }
        };
        with_help(wrong, suggest(&name, what, names))
    }
}

fn with_help(mut wrong: Diagnostic, help: Vec<String>) -> Diagnostic {
    wrong.help.extend(help);
    wrong
}

/// Where the first of `steps` leads from a node, and how many steps that takes.
fn hop(node: &Node, steps: &[Step]) -> Option<(Hop, usize)> {
    let (segment, _) = steps.first()?;
    let part = |at: Option<usize>| at.map(|at| (Hop::Part(at), 1));
    let found = match (&node.kind, segment) {
        (Kind::Struct(_, fields), Segment::Name(name)) => {
            part(fields.iter().position(|field| field.name.text == *name))
        }
        (Kind::Map(entries), Segment::Name(name)) => part(
            entries
                .iter()
                .position(|(key, _)| key.as_key().is_some_and(|key| same_key(key, name))),
        ),
        (Kind::List(items), _) => pick(items, steps).map(|(at, taken)| (Hop::Part(at), taken)),
        // A single value stands for a list of one.
        (_, Segment::Index(0)) => Some((Hop::Same, 1)),
        _ => None,
    };
    if found.is_some() {
        return found;
    }
    match (&node.kind, segment) {
        (_, Segment::Name(name)) if node.name() == Some(name) => Some((Hop::Same, 1)),
        (Kind::Struct(_, fields), Segment::Name(name))
            if !FAULT_FIELDS.contains(&name.as_str()) =>
        {
            fields
                .iter()
                .position(|field| field.name.text == "inject")
                .map(|at| (Hop::Inject(at), 0))
        }
        _ => None,
    }
}

/// The fields of a fault, which are not meant for its effect.
const FAULT_FIELDS: [&str; 11] = [
    "name",
    "at",
    "for",
    "ramp",
    "every",
    "times",
    "cron",
    "random",
    "share",
    "correlation",
    "inject",
];

/// The element of a list that the first steps lead to, and how many steps that takes.
fn pick(items: &[Node], steps: &[Step]) -> Option<(usize, usize)> {
    let name = match &steps.first()?.0 {
        Segment::Index(index) => return (*index < items.len()).then_some((*index, 1)),
        Segment::Name(name) => name,
    };
    if let Ok(index) = name.parse::<usize>() {
        return (index < items.len()).then_some((index, 1));
    }
    let mut same = (0..items.len()).filter(|at| names_of(&items[*at]).any(|other| other == name));
    match steps.get(1) {
        Some((Segment::Index(index), _)) => same.nth(*index).map(|at| (at, 2)),
        _ => same.next().map(|at| (at, 1)),
    }
}

/// The names that an element of a list goes by: its kind, and for faults the kind of effect and
/// their own name.
fn names_of(item: &Node) -> impl Iterator<Item = &str> {
    let own = match item.get("name").map(|name| &name.kind) {
        Some(Kind::Str(name)) => Some(name.as_str()),
        _ => None,
    };
    let effect = item.get("inject").and_then(Node::name);
    item.name().into_iter().chain(own).chain(effect)
}

/// Walks along steps in a tree that has everything written.
fn walk<'a>(node: &'a Node, steps: &[Step]) -> Option<&'a Node> {
    if steps.is_empty() {
        return Some(node);
    }
    let (hop, taken) = hop(node, steps)?;
    let next = match hop {
        Hop::Same => node,
        Hop::Part(part) | Hop::Inject(part) => tree::children(node).nth(part)?,
    };
    walk(next, &steps[taken..])
}

/// Whether steps lead to something that is written, through nothing but names that are written.
fn is_written(node: &Node, steps: &[Step]) -> bool {
    if steps.is_empty() {
        // What has a name is known by its fields, which a single value stands for.
        return node.name().is_none();
    }
    let next = hop(node, steps).filter(|_| node.name() != Some("None"));
    next.is_some_and(|(hop, taken)| {
        let next = match hop {
            Hop::Same => Some(node),
            Hop::Part(part) | Hop::Inject(part) => tree::children(node).nth(part),
        };
        next.is_some_and(|next| is_written(next, &steps[taken..]))
    })
}

/// Keys are the same but for spaces: `web->db` finds `web -> db`.
fn same_key(key: &str, name: &str) -> bool {
    let letters = |text: &str| {
        text.chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
    };
    key == name || letters(key) == letters(name)
}

/// Whether the last step may name a new entry of a map: a pattern of calls or links, a place.
fn may_grow(steps: &[Step], at: usize) -> bool {
    at == 1
        && steps.len() == 2
        && matches!(&steps[0].0, Segment::Name(map) if matches!(map.as_str(), "calls" | "links" | "regions" | "hosts"))
}

fn append(node: &mut Node, name: &str, span: Span, value: Node) {
    match &mut node.kind {
        Kind::Struct(_, fields) => fields.push(Field {
            name: Name {
                span,
                text: name.into(),
            },
            value,
        }),
        Kind::Map(entries) => {
            let key = Node {
                span,
                kind: Kind::Str(name.into()),
            };
            entries.push((key, value));
        }
        _ => {}
    }
}

/// Puts a value in the place of another. What was reached by its kind, as in `timeout=300ms`, stays
/// of that kind.
fn replace(node: &mut Node, last: Option<&Step>, value: &Node) {
    let plain = value.name().is_none() && !matches!(value.kind, Kind::Struct(..) | Kind::Tuple(..));
    match (last, &node.kind) {
        (Some((Segment::Name(kind), _)), Kind::Struct(Some(name), _))
            if plain && name.text == *kind =>
        {
            node.kind = Kind::Tuple(Some(name.clone()), vec![value.clone()]);
        }
        _ => *node = value.clone(),
    }
}

/// Steps as text.
fn show(steps: &[Step]) -> String {
    let mut text = String::new();
    for (segment, _) in steps {
        match segment {
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                if name.contains(['.', ' ', '[']) && steps.len() > 1 {
                    text.push_str(&format!("\"{name}\""));
                } else {
                    text.push_str(name);
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::PolicySpec;
    use crate::scenario::{Loaded, Workload, load};

    const TEXT: &str = r#"(
        duration: "5min",
        services: { "web": (endpoints: { "checkout": [work("2ms"), call("db/insert"), work("3ms")] }), "db": (endpoints: { "insert": work("8ms") }) },
        calls: { "web -> db": [retry, timeout("500ms"), retry(2), timeout("100ms")] },
        workloads: { "shoppers": open("90/s", "web/checkout") },
        faults: [ (at: "60s", for: "10s", inject: slow(service: "db")), (name: "cable", at: "80s", for: "1s", inject: partition(link: "web -> db")) ],
    )"#;

    fn set(overrides: &[&str]) -> Loaded {
        let overrides: Vec<Override> = overrides.iter().map(|o| o.parse().unwrap()).collect();
        load("a.ron", &[("a.ron", TEXT)], &overrides)
    }

    fn works(overrides: &[&str]) -> Scenario {
        let loaded = set(overrides);
        loaded.scenario.unwrap_or_else(|found| {
            let lines: Vec<_> = found.iter().map(|d| d.concise(&loaded.sources)).collect();
            panic!("{overrides:?}: {}", lines.join("\n"))
        })
    }

    fn seconds(text: &str) -> sim_core::SimDuration {
        text.parse().unwrap()
    }

    #[test]
    fn sets_fields_written_or_not() {
        let scenario = works(&[
            "services.db.threads=5",
            "services.web.queue.limit=unbounded",
            "workloads.shoppers.rate=1200/s",
            "workloads.shoppers.open.to=db/insert",
            "hypothesis.recovers.within=30s",
            "seed=9",
        ]);
        assert_eq!(scenario.services["db"].threads.limit(), 5);
        assert_eq!(scenario.services["web"].queue.limit.limit(), u32::MAX);
        let Workload::Open(open) = &scenario.workloads["shoppers"] else {
            panic!("it is open")
        };
        assert_eq!(open.rate.0, 1200.0);
        assert_eq!(scenario.hypothesis.recovers.unwrap().within, seconds("30s"));
        assert_eq!(scenario.hypothesis.objective, 0.999);
        assert_eq!(scenario.seed, 9);
    }

    #[test]
    fn sets_parts_of_policies() {
        let scenario = works(&[
            "calls.\"web -> db\".retry.attempts=7",
            "calls.web->db.retry.backoff.jitter=none",
            "calls.web -> db.retry.backoff.exponential.base=5ms",
            "calls.web -> db.retry[1].attempts=4",
            "calls.web -> db.timeout=300ms",
            "calls.web -> db[3].after=1s",
        ]);
        let policies = &scenario.calls["web -> db"];
        let PolicySpec::Retry(first) = &policies[0] else {
            panic!("a retry")
        };
        assert_eq!(first.attempts, 7);
        let text = format!("{:?}", first.backoff);
        assert!(text.contains("None") && text.contains("5000000"), "{text}");
        assert!(matches!(&policies[1], PolicySpec::Timeout(t) if t.after == seconds("300ms")));
        assert!(matches!(&policies[2], PolicySpec::Retry(r) if r.attempts == 4));
        assert!(matches!(&policies[3], PolicySpec::Timeout(t) if t.after == seconds("1s")));
        let scenario = works(&["calls.web -> db=[breaker]", "calls.* -> web=[retry()]"]);
        assert!(matches!(
            scenario.calls["web -> db"][..],
            [PolicySpec::Breaker(_)]
        ));
        assert_eq!(scenario.calls.len(), 2);
    }

    #[test]
    fn sets_steps_and_faults() {
        let scenario = works(&[
            "services.web.endpoints.checkout.work=20ms",
            "services.web.endpoints.checkout.work[1].demand=30ms",
            "services.db.endpoints.insert.work.demand.value=40ms",
            "faults[0].for=20s",
            "faults.0.inject.slow.factor=3",
            "faults.slow.instances=one",
            "faults.cable.for=7s",
            "faults.cable.direction=to",
        ]);
        let text = format!("{:?} {:?}", scenario.services, scenario.faults);
        for part in [
            "20000000)",
            "30000000)",
            "40000000)",
            "factor: 3.0",
            "One",
            "(7000000000)",
            "direction: To",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(scenario.faults[0].lasts, Some(seconds("20s")));
    }

    #[test]
    fn says_what_there_is() {
        for (text, expected) in [
            ("services.dbb.threads=1", "did you mean `db`?"),
            ("services.db.thread=1", "did you mean `threads`?"),
            (
                "calls.web -> db.bulkhead.limit=1",
                "there are: `retry`, `timeout`",
            ),
            ("calls.web -> db[9]=retry", "the list has 4 elements"),
            ("faults.cables.for=1s", "did you mean `cable`?"),
            ("duration.x=1", "which has no parts"),
            ("workloads.shoppers.users=1", "fields: `rate`"),
            ("servcies.db.threads=1", "did you mean `services`?"),
            ("services..threads=1", "a name is missing"),
        ] {
            let found = set(&[text]).scenario.unwrap_err();
            let shown = format!("{found:?}");
            assert!(shown.contains(expected), "{text}: {shown}");
        }
        let loaded = set(&["services.db.threads=many", "workloads.shoppers.rate=900"]);
        let found = loaded.scenario.unwrap_err();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(loaded.sources.text(found[0].span.unwrap()), "many");
    }
}
