//! A check of a hypothesis: its text, read once.

use super::check::{Expression, parse};
use super::syntax::ExpressionError;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// A check as it is written, and what it says or why that cannot be read. Written back, it is its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    text: String,
    read: Result<Expression, ExpressionError>,
}

impl Belief {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    ///
    /// # Errors
    /// Why it cannot be read. In a scenario that passed its checks all can.
    pub fn read(&self) -> Result<&Expression, &ExpressionError> {
        self.read.as_ref()
    }
}

impl From<String> for Belief {
    fn from(text: String) -> Self {
        Self {
            read: parse(&text),
            text,
        }
    }
}

impl<'de> Deserialize<'de> for Belief {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Belief {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl JsonSchema for Belief {
    fn schema_name() -> Cow<'static, str> {
        "Check".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "check",
            "description": "A measure, how it compares, and with what: `\"latency(users, p99) < 250ms\"`.",
            "type": "string",
            "examples": ["latency(users, p99) < 250ms"],
        })
    }
}
