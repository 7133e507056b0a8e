//! A node to read from, and how it is looked at.

use super::error::Error;
use crate::scenario::diagnostics::Code;
use crate::scenario::slips;
use crate::scenario::source::Span;
use crate::scenario::tree::{Kind, Node};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Names of the fields of every struct that was read, by where it stands.
pub type Shapes = RefCell<BTreeMap<Span, &'static [&'static str]>>;

/// How a node is looked at.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum View {
    /// As it stands.
    Whole,
    /// As what is between the parentheses of a variant.
    Body,
    /// As the only argument of a variant that is not written.
    Bare,
}

/// Reads from a node.
#[derive(Clone, Copy)]
pub struct NodeDeserializer<'a> {
    pub(super) node: &'a Node,
    pub(super) view: View,
    pub(super) shapes: &'a Shapes,
}

impl<'a> NodeDeserializer<'a> {
    /// Reads from `node`, and notes the fields of the structs that it meets in `shapes`.
    #[must_use]
    pub fn new(node: &'a Node, shapes: &'a Shapes) -> Self {
        Self {
            node,
            view: View::Whole,
            shapes,
        }
    }

    pub(super) fn sub(self, node: &'a Node) -> Self {
        Self {
            node,
            view: View::Whole,
            ..self
        }
    }

    /// The arguments of a variant, if they have no names.
    pub(super) fn arguments(self) -> Option<&'a [Node]> {
        match (self.view, &self.node.kind) {
            (View::Bare, _) => Some(std::slice::from_ref(self.node)),
            (_, Kind::Tuple(_, items)) => Some(items),
            (View::Body, Kind::Ident(_)) => Some(&[]),
            _ => None,
        }
    }

    /// The value that a variant holds, where it is not a struct.
    pub(super) fn held(self) -> Result<Self, Error> {
        match (self.view, self.arguments()) {
            (View::Whole, _) => Ok(self),
            (View::Bare, _) => Ok(self.sub(self.node)),
            (View::Body, Some([only])) => Ok(self.sub(only)),
            (View::Body, _) => Err(Error::new(
                Code::WrongType,
                self.node.span,
                format!(
                    "`{}` takes exactly one value",
                    self.node.name().unwrap_or("it")
                ),
            )),
        }
    }

    pub(super) fn wrong(self, expected: &str) -> Error {
        Error::new(
            Code::WrongType,
            self.node.span,
            format!("expected {expected}, found {}", self.node.describe()),
        )
    }

    /// What to write instead of a text that is the name of a variant.
    pub(super) fn quoted_kind(self, variants: &[&str]) -> Option<String> {
        match &self.node.kind {
            Kind::Str(text) => slips::quoted_kind(text, variants),
            _ => None,
        }
    }

    pub(super) fn is_scalar(self) -> bool {
        !matches!(
            self.node.kind,
            Kind::Map(_) | Kind::Struct(..) | Kind::Tuple(..) | Kind::List(_)
        )
    }
}
