//! A spanned tree of RON.
//!
//! The `ron` crate does the lexing: every value is read as a [`RawValue`], whose address says where
//! it stands; only the name in front of a `(` is cut off here. Each level of nesting is scanned
//! anew, so reading costs O(size × depth), which is nothing for files that people write.

use super::diagnostics::{Code, Diagnostic};
pub use super::lexer::options;
use super::lexer::{self, Fault};
use super::source::Span;
use super::syntax;
use indexmap::IndexMap;
use ron::value::RawValue;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A value, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands, its name included.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// A name, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Where it stands.
    pub span: Span,
    /// What it says.
    pub text: String,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Node,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `{key: value}`.
    Map(Vec<(Node, Node)>),
    /// `name(field: value)` or `(field: value)`.
    Struct(Option<Name>, Vec<Field>),
    /// `name(value, value)` or `(value, value)`; `name()` too.
    Tuple(Option<Name>, Vec<Node>),
    /// `[value, value]`.
    List(Vec<Node>),
    /// `"text"`.
    Str(String),
    /// A number that is whole and not negative.
    Unsigned(u64),
    /// A negative whole number.
    Signed(i64),
    /// Any other number.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `'c'`.
    Char(char),
    /// `name` alone.
    Ident(String),
}

impl Node {
    /// The name in front of it, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Struct(name, _) | Kind::Tuple(name, _) => {
                name.as_ref().map(|name| name.text.as_str())
            }
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }

    /// Where its name stands, if it has one; else where it stands.
    #[must_use]
    pub fn head(&self) -> Span {
        match &self.kind {
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => name.span,
            _ => self.span,
        }
    }

    /// The value of a field of a struct or of a key of a map.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Struct(_, fields) => fields
                .iter()
                .find(|field| field.name.text == key)
                .map(|field| &field.value),
            Kind::Map(entries) => entries
                .iter()
                .find(|(name, _)| name.as_key() == Some(key))
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// As [`Self::get`], to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.kind {
            Kind::Struct(_, fields) => fields
                .iter_mut()
                .find(|field| field.name.text == key)
                .map(|field| &mut field.value),
            Kind::Map(entries) => entries
                .iter_mut()
                .find(|(name, _)| name.as_key() == Some(key))
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// What it says as a key of a map.
    #[must_use]
    pub fn as_key(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(text) | Kind::Ident(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Map(_) => "a map".into(),
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => {
                format!("`{}(..)`", name.text)
            }
            Kind::Struct(None, _) => "a struct `(..)`".into(),
            Kind::Tuple(None, _) => "a tuple `(..)`".into(),
            Kind::List(_) => "a list".into(),
            Kind::Str(text) => format!("the text \"{text}\""),
            Kind::Unsigned(number) => format!("the number {number}"),
            Kind::Signed(number) => format!("the number {number}"),
            Kind::Float(number) => format!("the number {number}"),
            Kind::Bool(value) => format!("`{value}`"),
            Kind::Char(value) => format!("'{value}'"),
            Kind::Ident(name) => format!("`{name}`"),
        }
    }
}

/// Reads a text; `file` is its index in [`super::source::Sources`].
///
/// # Errors
/// All that is wrong with its syntax: the first error that the lexer met, or all duplicate keys.
pub fn parse(text: &str, file: u16) -> Result<Node, Vec<Diagnostic>> {
    parse_part(text, 0, file)
}

/// Reads the part of a text that begins at byte `shift`.
///
/// # Errors
/// As [`parse`].
pub fn parse_part(whole: &str, shift: usize, file: u16) -> Result<Node, Vec<Diagnostic>> {
    let text = whole.get(shift..).unwrap_or("");
    let reader = Reader {
        base: text.as_ptr() as usize,
        shift,
        text,
        file,
    };
    let raw = lexer::read(text).map_err(|fault| vec![reader.syntax_error(&fault)])?;
    let node = reader.node(raw.get_ron())?;
    let mut duplicates = Vec::new();
    find_duplicates(&node, &mut duplicates);
    if duplicates.is_empty() {
        Ok(node)
    } else {
        Err(duplicates)
    }
}

fn find_duplicates(node: &Node, found: &mut Vec<Diagnostic>) {
    let mut seen: IndexMap<&str, Span> = IndexMap::new();
    let mut check = |name, span| {
        if let Some(first) = seen.get(name) {
            found.push(
                Diagnostic::new(Code::Duplicate, span, format!("`{name}` is given twice"))
                    .label("given again here")
                    .also(*first, "first given here")
                    .help("remove one of the two"),
            );
        }
        seen.entry(name).or_insert(span);
    };
    match &node.kind {
        Kind::Map(entries) => {
            for (key, _) in entries {
                if let Some(name) = key.as_key() {
                    check(name, key.span);
                }
            }
        }
        Kind::Struct(_, fields) => {
            for field in fields {
                check(&field.name.text, field.name.span);
            }
        }
        _ => {}
    }
    for child in children(node) {
        find_duplicates(child, found);
    }
}

/// The values directly inside a value.
pub fn children(node: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match &node.kind {
        Kind::Map(entries) => Box::new(entries.iter().map(|(_, value)| value)),
        Kind::Struct(_, fields) => Box::new(fields.iter().map(|field| &field.value)),
        Kind::Tuple(_, items) | Kind::List(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The values directly inside a value, to change them.
pub fn children_mut(node: &mut Node) -> Box<dyn Iterator<Item = &mut Node> + '_> {
    match &mut node.kind {
        Kind::Map(entries) => Box::new(entries.iter_mut().map(|(_, value)| value)),
        Kind::Struct(_, fields) => Box::new(fields.iter_mut().map(|field| &mut field.value)),
        Kind::Tuple(_, items) | Kind::List(items) => Box::new(items.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

struct Reader<'a> {
    base: usize,
    shift: usize,
    text: &'a str,
    file: u16,
}

type Read<T> = Result<T, Vec<Diagnostic>>;

impl<'a> Reader<'a> {
    fn span(&self, part: &str) -> Span {
        let start = (part.as_ptr() as usize).saturating_sub(self.base) + self.shift;
        Span {
            file: self.file,
            start: start as u32,
            end: (start + part.len()) as u32,
        }
    }

    fn syntax_error(&self, fault: &Fault) -> Diagnostic {
        let mut found = syntax::diagnose(self.text, fault.at, &fault.said, self.file);
        let related = found.related.iter_mut().map(|(span, _)| span);
        for span in found.span.iter_mut().chain(related) {
            span.start += self.shift as u32;
            span.end += self.shift as u32;
        }
        found
    }

    fn broken(&self, part: &str, message: impl Into<String>) -> Vec<Diagnostic> {
        vec![Diagnostic::new(
            Code::Syntax,
            self.span(part),
            message.into(),
        )]
    }

    fn node(&self, part: &'a str) -> Read<Node> {
        let part = trim(part);
        let kind = match part.chars().next() {
            Some('{' | '[') => self.inside(part)?,
            Some('(') => self.body(part, None)?,
            Some('"') => Kind::Str(self.value(part)?),
            Some('\'') => Kind::Char(self.value(part)?),
            Some('r') if is_raw_string(part) => Kind::Str(self.value(part)?),
            Some('b')
                if matches!(part.as_bytes().get(1), Some(b'"' | b'\''))
                    || part.starts_with("br") && is_raw_string(&part[1..]) =>
            {
                return Err(self.broken(part, "a scenario has no byte strings"));
            }
            Some(first) if first.is_alphabetic() || first == '_' => self.named(part)?,
            _ => self.number(part)?,
        };
        Ok(Node {
            span: self.span(part),
            kind,
        })
    }

    fn value<T: for<'de> Deserialize<'de>>(&self, part: &str) -> Read<T> {
        options()
            .from_str(part)
            .map_err(|error| self.broken(part, error.code.to_string()))
    }

    fn number(&self, part: &str) -> Read<Kind> {
        if let Ok(number) = options().from_str(part) {
            Ok(Kind::Unsigned(number))
        } else if let Ok(number) = options().from_str(part) {
            Ok(Kind::Signed(number))
        } else {
            self.value(part).map(Kind::Float)
        }
    }

    fn named(&self, part: &'a str) -> Read<Kind> {
        let text = part.strip_prefix("r#").unwrap_or(part);
        let length = text
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(length);
        let rest = trim(rest);
        match (name, rest) {
            ("true", "") => Ok(Kind::Bool(true)),
            ("false", "") => Ok(Kind::Bool(false)),
            ("inf" | "NaN", "") => self.number(part),
            (_, "") => Ok(Kind::Ident(name.into())),
            _ if rest.starts_with('(') => self.body(
                rest,
                Some(Name {
                    span: self.span(name),
                    text: name.into(),
                }),
            ),
            _ => Err(self.broken(
                rest,
                format!("expected `(` or the end of the value after `{name}`"),
            )),
        }
    }

    fn body(&self, part: &'a str, name: Option<Name>) -> Read<Kind> {
        match self.inside(part)? {
            Kind::Struct(_, fields) => Ok(Kind::Struct(name, fields)),
            Kind::Tuple(_, items) => Ok(Kind::Tuple(name, items)),
            _ => Err(self.broken(part, "expected fields or values between parentheses")),
        }
    }

    /// Reads what is between a pair of brackets.
    fn inside(&self, part: &'a str) -> Read<Kind> {
        let fail = |error: ron::Error| self.broken(part, error.to_string());
        let mut deserializer = ron::Deserializer::from_str_with_options(part, &options())
            .map_err(|error| self.broken(part, error.code.to_string()))?;
        let parts = deserializer
            .deserialize_any(Inside {
                map: part.starts_with('{'),
            })
            .map_err(fail)?;
        Ok(match parts {
            Parts::List(items) => {
                let items = items
                    .iter()
                    .map(|item| self.node(item))
                    .collect::<Read<_>>()?;
                if part.starts_with('[') {
                    Kind::List(items)
                } else {
                    Kind::Tuple(None, items)
                }
            }
            Parts::Map(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|(key, value)| Ok((self.node(key)?, self.node(value)?)))
                    .collect::<Read<_>>()?,
            ),
            Parts::Fields(fields) => Kind::Struct(
                None,
                fields
                    .iter()
                    .map(|(name, value)| {
                        Ok(Field {
                            name: Name {
                                span: self.span(name),
                                text: (*name).into(),
                            },
                            value: self.node(value)?,
                        })
                    })
                    .collect::<Read<_>>()?,
            ),
        })
    }
}

/// The texts between a pair of brackets.
enum Parts<'a> {
    List(Vec<&'a str>),
    Map(Vec<(&'a str, &'a str)>),
    Fields(Vec<(&'a str, &'a str)>),
}

struct Inside {
    map: bool,
}

impl<'de> Visitor<'de> for Inside {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values, fields or entries")
    }
    fn visit_unit<E>(self) -> Result<Parts<'de>, E> {
        Ok(Parts::List(Vec::new()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Parts<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<&RawValue>()? {
            items.push(item.get_ron());
        }
        Ok(Parts::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Parts<'de>, A::Error> {
        let mut entries = Vec::new();
        if self.map {
            while let Some((key, value)) = access.next_entry::<&RawValue, &RawValue>()? {
                entries.push((key.get_ron(), value.get_ron()));
            }
            return Ok(Parts::Map(entries));
        }
        while let Some(name) = access.next_key_seed(FieldName)? {
            entries.push((name, access.next_value::<&RawValue>()?.get_ron()));
        }
        Ok(Parts::Fields(entries))
    }
}

/// Reads the name of a field where it stands in the text.
struct FieldName;

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = &'de str;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'de str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for FieldName {
    type Value = &'de str;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }
    fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<&'de str, E> {
        Ok(name)
    }
    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<&'de str, E> {
        Err(E::custom(format!("the name `{name}` is not in the text")))
    }
}

fn is_raw_string(part: &str) -> bool {
    part[1..].trim_start_matches('#').starts_with('"')
}

/// Cuts white space and comments off both ends.
fn trim(part: &str) -> &str {
    RawValue::from_ron(part).map_or_else(|_| part.trim(), |raw| raw.trim().get_ron())
}
