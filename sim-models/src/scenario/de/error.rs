//! What went wrong while reading, and how it is told.

use crate::scenario::advice::example;
use crate::scenario::diagnostics::{Code, Diagnostic, suggest};
use crate::scenario::slips;
use crate::scenario::source::Span;
use crate::scenario::tree::Node;
use crate::spelling::elsewhere;
use serde::de;
use std::fmt;

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Error {
    /// What to tell the user, once the place is known.
    pub(super) problem: Problem,
    /// Where.
    pub(super) span: Option<Span>,
    /// The struct that lacks a field.
    pub(super) owner: Option<Span>,
}

/// Where a field stands that says when and how much a fault hits, not what it does.
fn of_fault(name: &str, fields: &[&str]) -> Option<String> {
    const OUTSIDE: [&str; 9] = [
        "share",
        "correlation",
        "at",
        "for",
        "ramp",
        "every",
        "times",
        "cron",
        "random",
    ];
    let in_kind =
        ["instances", "link"].iter().any(|own| fields.contains(own)) && !fields.contains(&"inject");
    (in_kind && OUTSIDE.contains(&name)).then(|| {
        format!(
            "`{name}` stands beside `inject`, not in it: `(at: \"10s\", {name}: .., inject: ..)`"
        )
    })
}

/// What was probably meant, by a slip or as another tool has it.
fn suggested(name: &str, what: &str, known: &'static [&'static str]) -> Vec<String> {
    let mut help = suggest(name, what, known.iter().copied());
    let is_near = help.len() > 1;
    if let Some(hint) = elsewhere::hint(name, known, !is_near) {
        help.insert(
            usize::from(is_near),
            format!("{hint} (`sim explain {name}`)"),
        );
    }
    help
}

#[derive(Clone, Debug)]
pub(super) enum Problem {
    Message(Code, String, Vec<String>),
    UnknownField(String, &'static [&'static str]),
    UnknownVariant(String, &'static [&'static str]),
    MissingField(&'static str),
}

impl Error {
    pub(super) fn new(code: Code, span: Span, message: String) -> Self {
        Self {
            problem: Problem::Message(code, message, Vec::new()),
            span: Some(span),
            owner: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        if let Problem::Message(_, _, helps) = &mut self.problem {
            helps.push(help.into());
        }
        self
    }

    /// Says what was found in words of the text, and what was probably meant.
    pub(super) fn about(mut self, node: &Node) -> Self {
        if self.span.is_none()
            && let Problem::Message(Code::WrongType | Code::BadValue, message, helps) =
                &mut self.problem
            && let Some((expected, _)) = message.split_once(", found ")
        {
            helps.extend(slips::help(node, expected));
            *message = format!("{expected}, found {}", node.describe());
        }
        self.at(node.span)
    }

    pub(super) fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Where it is.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// The struct that lacks a field, if that is the error.
    #[must_use]
    pub fn lacking(&self) -> Option<Span> {
        self.owner
    }

    /// What to tell the user.
    #[must_use]
    pub fn into_diagnostic(self) -> Diagnostic {
        let (code, message, label, help) = match self.problem {
            Problem::Message(code, message, help) => (code, message, String::new(), help),
            Problem::UnknownField(name, fields) => (
                Code::UnknownField,
                format!("there is no field `{name}` here"),
                "unknown field".into(),
                match of_fault(&name, fields) {
                    Some(help) => vec![help],
                    None => suggested(&name, "fields", fields),
                },
            ),
            Problem::UnknownVariant(name, variants) => (
                Code::UnknownVariant,
                format!("`{name}` is not known here"),
                "unknown name".into(),
                suggested(&name, "expected one of", variants),
            ),
            Problem::MissingField(name) => (
                Code::MissingField,
                format!("`{name}` is missing"),
                format!("needs `{name}`"),
                vec![match example(name) {
                    Some(example) => format!("add `{example}`"),
                    None => format!("it has no default: add `{name}: ..`"),
                }],
            ),
        };
        Diagnostic {
            span: self.span,
            label,
            help,
            ..Diagnostic::nowhere(code, message)
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.clone().into_diagnostic().message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            problem: Problem::Message(Code::BadValue, message.to_string(), Vec::new()),
            span: None,
            owner: None,
        }
    }
    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self {
            problem: Problem::Message(
                Code::WrongType,
                format!("expected {}, found {}", wanted(expected), given(found)),
                Vec::new(),
            ),
            span: None,
            owner: None,
        }
    }
    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self {
            problem: Problem::Message(
                Code::BadValue,
                format!("expected {}, found {}", wanted(expected), given(found)),
                Vec::new(),
            ),
            span: None,
            owner: None,
        }
    }
    fn unknown_field(name: &str, fields: &'static [&'static str]) -> Self {
        Self {
            problem: Problem::UnknownField(name.into(), fields),
            span: None,
            owner: None,
        }
    }
    fn unknown_variant(name: &str, variants: &'static [&'static str]) -> Self {
        Self {
            problem: Problem::UnknownVariant(name.into(), variants),
            span: None,
            owner: None,
        }
    }
    fn missing_field(name: &'static str) -> Self {
        Self {
            problem: Problem::MissingField(name),
            span: None,
            owner: None,
        }
    }
}

/// What is expected, in words.
fn wanted(expected: &dyn de::Expected) -> String {
    let whole = |most: u64| format!("a whole number from 0 to {most}");
    match expected.to_string().as_str() {
        "u8" => whole(u8::MAX.into()),
        "u16" => whole(u16::MAX.into()),
        "u32" => whole(u32::MAX.into()),
        "u64" | "usize" => whole(u64::MAX),
        "f64" => "a number".into(),
        "a boolean" => "`true` or `false`".into(),
        "a string" => "a text in quotes".into(),
        other => other.into(),
    }
}

/// What is found instead, in words.
fn given(found: de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Bool(value) => format!("`{value}`"),
        de::Unexpected::Unsigned(number) => format!("the number {number}"),
        de::Unexpected::Signed(number) => format!("the number {number}"),
        de::Unexpected::Float(number) => format!("the number {number}"),
        de::Unexpected::Str(text) => format!("the text \"{text}\""),
        de::Unexpected::Seq => "a list".into(),
        de::Unexpected::Map => "a struct or a map".into(),
        other => other.to_string(),
    }
}
