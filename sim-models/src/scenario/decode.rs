//! Reads a tree as types and finds all errors, not only the first.
//!
//! After an error the smallest part of the tree that holds it (an element of a list, an entry of a
//! map, a field) is taken out and the rest is read again, until it can be read. A struct that lacks a
//! field only because it was taken out goes the same way, without a word.

use super::de::{Error, NodeDeserializer, Shapes};
use super::diagnostics::Diagnostics;
use super::source::Span;
use super::tree::{Kind, Node, children, children_mut};
use serde::de::DeserializeOwned;

/// More errors than anyone reads.
const MOST_ERRORS: usize = 50;

/// Reads `node` as a `T`, and notes in `shapes` the fields of every struct that it meets.
///
/// # Errors
/// All that is wrong, at most fifty things, in the order of the text.
pub fn decode<T: DeserializeOwned>(node: &Node, shapes: &Shapes) -> Result<T, Diagnostics> {
    let error = match T::deserialize(NodeDeserializer::new(node, shapes)) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut rest = node.clone();
    let mut cut = Vec::new();
    let mut found = Vec::new();
    let mut next = Some(error);
    // Each round takes something out of the tree, so there are no more rounds than nodes.
    while let Some(error) = next.take() {
        let (place, told) = where_to_cut(&error, &cut, node.span);
        if !told {
            found.push(error.into_diagnostic());
        }
        match prune(&mut rest, place) {
            Some(owner) if found.len() < MOST_ERRORS => cut.push(owner),
            _ => break,
        }
        next = T::deserialize(NodeDeserializer::new(&rest, shapes)).err();
    }
    found.sort_by_key(|diagnostic| diagnostic.span);
    Err(found)
}

/// The place to cut out, and whether the user knows of the error already.
fn where_to_cut(error: &Error, cut: &[Span], root: Span) -> (Span, bool) {
    match error.lacking() {
        Some(owner) => (owner, cut.contains(&owner)),
        None => (error.span().unwrap_or(root), false),
    }
}

/// Takes out the smallest part that holds `place`; returns the struct, map or list that it was in.
fn prune(node: &mut Node, place: Span) -> Option<Span> {
    if let Some(owner) = children_mut(node)
        .filter(|child| child.span != place)
        .find_map(|child| prune(child, place))
    {
        return Some(owner);
    }
    let span = node.span;
    let removed = match &mut node.kind {
        Kind::Map(entries) => remove(entries, |(key, value)| {
            key.span == place || holds(value, place)
        }),
        Kind::Struct(_, fields) => remove(fields, |field| {
            field.name.span == place || holds(&field.value, place)
        }),
        Kind::List(items) => remove(items, |item| holds(item, place)),
        _ => false,
    };
    removed.then_some(span)
}

/// Whether a place lies in a value, or in a part of it that comes from another text.
fn holds(node: &Node, place: Span) -> bool {
    node.span.contains(place) || children(node).any(|child| holds(child, place))
}

fn remove<T>(items: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> bool {
    items
        .iter()
        .position(is_it)
        .map(|at| items.remove(at))
        .is_some()
}
