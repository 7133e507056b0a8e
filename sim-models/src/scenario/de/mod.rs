//! Reads types from a spanned tree, so that every error says where it is.
//!
//! Beyond plain RON: `Some` is implicit; a newtype variant takes the fields of what it holds
//! (`retry(attempts: 4)`); arguments without names fill fields in order (`timeout("500ms")`); a bare
//! variant has all defaults (`retry`); a bare value stands for the variant `constant` of an enum that
//! has one; a single value stands for a list of one.

mod error;
mod spanned;
mod node;
mod access;

pub use error::Error;
pub use node::{NodeDeserializer, Shapes};
pub use spanned::Spanned;

use super::diagnostics::Code;
use super::tree::Kind;
use access::{Entries, Fields, Items, Positional, SpannedParts, Variant};
use error::Problem;
use node::View;
use serde::de::{self, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use spanned::SPANNED;

impl<'a> NodeDeserializer<'a> {
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
