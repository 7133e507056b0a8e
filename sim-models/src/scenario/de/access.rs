//! The parts of a node, one after the other, as serde asks for them.

use super::error::Error;
use super::node::NodeDeserializer;
use crate::scenario::diagnostics::Code;
use crate::scenario::tree::{Field, Node};
use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

/// A variant and what it holds.
pub(super) struct Variant<'a> {
    pub(super) name: &'a str,
    pub(super) content: NodeDeserializer<'a>,
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

pub(super) struct Items<'a> {
    pub(super) of: NodeDeserializer<'a>,
    pub(super) items: &'a [Node],
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
pub(super) struct Positional<'a> {
    pub(super) of: NodeDeserializer<'a>,
    pub(super) names: &'static [&'static str],
    pub(super) items: &'a [Node],
    pub(super) at: usize,
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

pub(super) struct Fields<'a> {
    pub(super) of: NodeDeserializer<'a>,
    fields: std::slice::Iter<'a, Field>,
    value: Option<&'a Node>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(of: NodeDeserializer<'a>, fields: &'a [Field]) -> Self {
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

pub(super) struct Entries<'a> {
    pub(super) of: NodeDeserializer<'a>,
    entries: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(of: NodeDeserializer<'a>, entries: &'a [(Node, Node)]) -> Self {
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

/// A place as three numbers, then the value that stands there.
pub(super) struct SpannedParts<'a> {
    pub(super) of: NodeDeserializer<'a>,
    pub(super) at: usize,
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
