//! Setting what a path leads to. Where a value is not written the default is put in its place first, so that
//! parts of defaults can be set too.

use super::de::Shapes;
use super::decode::decode;
use super::diagnostics::{Code, Diagnostic, Diagnostics, suggest};
use super::explain;
use super::path::{Override, Segment, split};
use super::source::{Sources, Span};
use super::tree::{self, Field, Kind, Name, Node, children_mut};
use super::types::Scenario;
use std::cell::{OnceCell, RefCell};

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
pub(crate) fn name_arguments(node: &mut Node, shapes: &Shapes) {
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
        && matches!(&steps[0].0, Segment::Name(map) if matches!(map.as_str(), "calls" | "links" | "regions" | "hosts" | "controllers"))
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
mod tests;
