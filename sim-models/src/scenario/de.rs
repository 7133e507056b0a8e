//! Reads types from a spanned tree, so that every error says where it is.
//!
//! Beyond plain RON: `Some` is implicit; a newtype variant takes the fields of what it holds
//! (`retry(attempts: 4)`); arguments without names fill fields in order (`timeout("500ms")`); a bare
//! variant has all defaults (`retry`); a bare value stands for the variant `constant` of an enum that
//! has one; a single value stands for a list of one.

use super::advice::example;
use super::diagnostics::{Code, Diagnostic, suggest};
use super::slips;
use super::source::Span;
use super::tree::{Field, Kind, Node};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Names of the fields of every struct that was read, by where it stands.
pub type Shapes = RefCell<BTreeMap<Span, &'static [&'static str]>>;

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Error {
    /// What to tell the user, once the place is known.
    problem: Problem,
    /// Where.
    span: Option<Span>,
    /// The struct that lacks a field.
    owner: Option<Span>,
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

#[derive(Clone, Debug)]
enum Problem {
    Message(Code, String, Vec<String>),
    UnknownField(String, &'static [&'static str]),
    UnknownVariant(String, &'static [&'static str]),
    MissingField(&'static str),
}

impl Error {
    fn new(code: Code, span: Span, message: String) -> Self {
        Self {
            problem: Problem::Message(code, message, Vec::new()),
            span: Some(span),
            owner: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        if let Problem::Message(_, _, helps) = &mut self.problem {
            helps.push(help.into());
        }
        self
    }

    /// Says what was found in words of the text, and what was probably meant.
    fn about(mut self, node: &Node) -> Self {
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

    fn at(mut self, span: Span) -> Self {
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
                    None => suggest(&name, "fields", fields.iter().copied()),
                },
            ),
            Problem::UnknownVariant(name, variants) => (
                Code::UnknownVariant,
                format!("`{name}` is not known here"),
                "unknown name".into(),
                suggest(&name, "expected one of", variants.iter().copied()),
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

/// How a node is looked at.
#[derive(Clone, Copy, PartialEq)]
enum View {
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
    node: &'a Node,
    view: View,
    shapes: &'a Shapes,
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

    fn sub(self, node: &'a Node) -> Self {
        Self {
            node,
            view: View::Whole,
            ..self
        }
    }

    /// The arguments of a variant, if they have no names.
    fn arguments(self) -> Option<&'a [Node]> {
        match (self.view, &self.node.kind) {
            (View::Bare, _) => Some(std::slice::from_ref(self.node)),
            (_, Kind::Tuple(_, items)) => Some(items),
            (View::Body, Kind::Ident(_)) => Some(&[]),
            _ => None,
        }
    }

    /// The value that a variant holds, where it is not a struct.
    fn held(self) -> Result<Self, Error> {
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

    fn wrong(self, expected: &str) -> Error {
        Error::new(
            Code::WrongType,
            self.node.span,
            format!("expected {expected}, found {}", self.node.describe()),
        )
    }

    fn any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Error> {
        let this = self.held()?;
        match &this.node.kind {
            Kind::Map(entries) => visitor.visit_map(Entries::new(this, entries)),
            Kind::Struct(_, fields) => visitor.visit_map(Fields::new(this, fields)),
            Kind::Tuple(_, items) | Kind::List(items) => {
                visitor.visit_seq(Items { of: this, items })
            }
            Kind::Str(text) | Kind::Ident(text) => visitor.visit_str(text),
            Kind::Unsigned(number) => visitor.visit_u64(*number),
            Kind::Signed(number) => visitor.visit_i64(*number),
            Kind::Float(number) => visitor.visit_f64(*number),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Char(value) => visitor.visit_char(*value),
        }
        .map_err(|error: Error| error.about(this.node))
    }

    fn fields<V: Visitor<'a>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let Some([first, second]) = self.arguments()
            && fields.first() == Some(&"to")
            && let (Kind::Str(service), Kind::Str(endpoint)) = (&first.kind, &second.kind)
            && !service.contains('/')
        {
            let message = "service and endpoint of a call stand in one text".to_owned();
            let error = Error::new(Code::WrongType, second.span, message);
            return Err(error.help(format!("write `call(\"{service}/{endpoint}\")`")));
        }
        if let (View::Whole, Some(found)) = (self.view, self.node.name())
            && found != name
        {
            let message = format!("expected a struct `(..)`, found {}", self.node.describe());
            return Err(Error::new(Code::WrongType, self.node.head(), message)
                .help(format!("its fields: {}", fields.join(", "))));
        }
        self.shapes.borrow_mut().insert(self.node.span, fields);
        let result = if let Some(items) = self.arguments() {
            if let Some(extra) = items.get(fields.len()) {
                return Err(Error::new(
                    Code::WrongType,
                    extra.span,
                    match fields.len() {
                        1 => "only one value is expected here".into(),
                        count => format!("at most {count} values are expected here"),
                    },
                )
                .help(format!("they are, in order: {}", fields.join(", "))));
            }
            visitor.visit_map(Positional {
                of: self,
                names: fields,
                items,
                at: 0,
            })
        } else {
            match &self.node.kind {
                Kind::Struct(_, written) => visitor.visit_map(Fields::new(self, written)),
                kind => {
                    let mut error = self.wrong("a struct `(..)`");
                    if matches!(kind, Kind::Map(_)) {
                        error = error
                            .help("fields stand in parentheses, not in braces: `(field: value)`");
                    }
                    return Err(error.help(format!("its fields: {}", fields.join(", "))));
                }
            }
        };
        result.map_err(|error: Error| {
            if error.span.is_none() && matches!(error.problem, Problem::MissingField(_)) {
                let place = match self.node.head() {
                    head if head == self.node.span => head.last(),
                    head => head,
                };
                return Error {
                    owner: Some(self.node.span),
                    ..error.at(place)
                };
            }
            error.at(self.node.span)
        })
    }

    fn variant<V: Visitor<'a>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let this = self.held()?;
        if let Some(help) = this.quoted_kind(variants) {
            let error = this.wrong(&format!("one of {}", variants.join(", ")));
            return Err(error.help(help));
        }
        let (name, view) = match this.node.name() {
            Some(name) => (name, View::Body),
            None if variants.contains(&"constant") && this.is_scalar() => ("constant", View::Bare),
            None => return Err(this.wrong(&format!("one of {}", variants.join(", ")))),
        };
        if !variants.contains(&name) {
            return Err(<Error as de::Error>::unknown_variant(name, variants).at(this.node.head()));
        }
        visitor
            .visit_enum(Variant {
                name,
                content: Self { view, ..this },
            })
            .map_err(|error: Error| error.at(this.node.span))
    }

    /// What to write instead of a text that is the name of a variant.
    fn quoted_kind(self, variants: &[&str]) -> Option<String> {
        match &self.node.kind {
            Kind::Str(text) => slips::quoted_kind(text, variants),
            _ => None,
        }
    }

    fn is_scalar(self) -> bool {
        !matches!(
            self.node.kind,
            Kind::Map(_) | Kind::Struct(..) | Kind::Tuple(..) | Kind::List(_)
        )
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.any(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let this = self.held()?;
        match &this.node.kind {
            Kind::Ident(name) if !this.node.span.is_override() => Err(this
                .wrong("a text in quotes")
                .help(format!("write \"{name}\""))),
            _ => this.any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let this = self.held()?;
        match &this.node.kind {
            Kind::Ident(name) if name == "None" => visitor.visit_none(),
            Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => {
                visitor.visit_some(this.sub(&items[0]))
            }
            _ => visitor.visit_some(this),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == SPANNED {
            let this = self.held()?;
            return visitor.visit_seq(SpannedParts { of: this, at: 0 });
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let (View::Body, Some(items)) = (self.view, self.arguments())
            && items.len() != 1
        {
            return visitor.visit_seq(Items { of: self, items });
        }
        let this = self.held()?;
        let items = match &this.node.kind {
            Kind::List(items) => items,
            _ => std::slice::from_ref(this.node),
        };
        visitor
            .visit_seq(Items { of: this, items })
            .map_err(|error: Error| error.at(this.node.span))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let this = self.held()?;
        match &this.node.kind {
            Kind::Map(_) => this.any(visitor),
            _ => Err(this
                .wrong("a map")
                .help("write { \"name\": value }, with the names in quotes")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.variant(variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

/// A value, and where it stands; of a value that is [`serde::de::IgnoredAny`], the place alone. Only
/// [`NodeDeserializer`] knows places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spanned<T> {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub value: T,
}

/// Tells [`NodeDeserializer`] that a place is asked for.
const SPANNED: &str = "a value and its place";

impl<'de, T: de::Deserialize<'de>> de::Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: de::Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Spanned<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(SPANNED)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
                let missing = || <A::Error as de::Error>::custom("its place is not known");
                let file: u16 = parts.next_element()?.ok_or_else(missing)?;
                let start: u32 = parts.next_element()?.ok_or_else(missing)?;
                let end: u32 = parts.next_element()?.ok_or_else(missing)?;
                let value = parts.next_element()?.ok_or_else(missing)?;
                let span = Span { file, start, end };
                Ok(Spanned { span, value })
            }
        }
        deserializer.deserialize_newtype_struct(SPANNED, Parts(PhantomData))
    }
}

/// A place as three numbers, then the value that stands there.
struct SpannedParts<'a> {
    of: NodeDeserializer<'a>,
    at: usize,
}

impl<'de> SeqAccess<'de> for SpannedParts<'de> {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let span = self.of.node.span;
        let numbers = [u32::from(span.file), span.start, span.end];
        self.at += 1;
        let value = match numbers.get(self.at - 1) {
            Some(number) => seed.deserialize((*number).into_deserializer()),
            None => seed.deserialize(self.of),
        };
        value.map(Some).map_err(|error: Error| error.at(span))
    }
}

/// A variant and what it holds.
struct Variant<'a> {
    name: &'a str,
    content: NodeDeserializer<'a>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = NodeDeserializer<'de>;
    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Error> {
        let name: de::value::StrDeserializer<'_, Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for NodeDeserializer<'de> {
    type Error = Error;
    fn unit_variant(self) -> Result<(), Error> {
        match self.arguments() {
            Some([]) => Ok(()),
            _ => Err(Error::new(
                Code::WrongType,
                self.node.span,
                format!("`{}` takes no values", self.node.name().unwrap_or("it")),
            )),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        match self.arguments() {
            Some(items) => visitor.visit_seq(Items { of: self, items }),
            None => Err(self.wrong("values without names")),
        }
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields("", fields, visitor)
    }
}

struct Items<'a> {
    of: NodeDeserializer<'a>,
    items: &'a [Node],
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((first, rest)) = self.items.split_first() else {
            return Ok(None);
        };
        self.items = rest;
        seed.deserialize(self.of.sub(first))
            .map(Some)
            .map_err(|error| error.at(first.span))
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// Values without names, which fill fields in order.
struct Positional<'a> {
    of: NodeDeserializer<'a>,
    names: &'static [&'static str],
    items: &'a [Node],
    at: usize,
}

impl<'de> MapAccess<'de> for Positional<'de> {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if self.at == self.items.len() {
            return Ok(None);
        }
        let name: de::value::StrDeserializer<'_, Error> = self.names[self.at].into_deserializer();
        seed.deserialize(name).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let item = &self.items[self.at];
        self.at += 1;
        seed.deserialize(self.of.sub(item))
            .map_err(|error| error.at(item.span))
    }
}

struct Fields<'a> {
    of: NodeDeserializer<'a>,
    fields: std::slice::Iter<'a, Field>,
    value: Option<&'a Node>,
}

impl<'a> Fields<'a> {
    fn new(of: NodeDeserializer<'a>, fields: &'a [Field]) -> Self {
        Self {
            of,
            fields: fields.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(field) = self.fields.next() else {
            return Ok(None);
        };
        self.value = Some(&field.value);
        let name: de::value::StrDeserializer<'_, Error> =
            field.name.text.as_str().into_deserializer();
        seed.deserialize(name)
            .map(Some)
            .map_err(|error| error.at(field.name.span))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        value_of(self.of, self.value.take(), seed)
    }
}

struct Entries<'a> {
    of: NodeDeserializer<'a>,
    entries: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
}

impl<'a> Entries<'a> {
    fn new(of: NodeDeserializer<'a>, entries: &'a [(Node, Node)]) -> Self {
        Self {
            of,
            entries: entries.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(self.of.sub(key))
            .map(Some)
            .map_err(|error| error.at(key.span))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        value_of(self.of, self.value.take(), seed)
    }
}

fn value_of<'de, V: DeserializeSeed<'de>>(
    of: NodeDeserializer<'de>,
    value: Option<&'de Node>,
    seed: V,
) -> Result<V::Value, Error> {
    let Some(value) = value else {
        return Err(<Error as de::Error>::custom(
            "a value is asked for before its name",
        ));
    };
    seed.deserialize(of.sub(value))
        .map_err(|error| error.at(value.span))
}
