//! A `TimeSpan` of Polly that may be negative: then it is endless.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::SimDuration;
use std::borrow::Cow;

/// A span, or none: `"2s"`, `"-1ms"` (`Timeout.InfiniteTimeSpan`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollySpan(pub Option<SimDuration>);

impl<'de> Deserialize<'de> for PollySpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (negative, span) = match text.trim().strip_prefix('-') {
            Some(span) => (true, span),
            None => (false, text.trim()),
        };
        let span: SimDuration = span.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(
            (!negative || span == SimDuration::ZERO).then_some(span),
        ))
    }
}

impl Serialize for PollySpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(span) => span.serialize(serializer),
            None => serializer.serialize_str("-1ms"),
        }
    }
}

impl JsonSchema for PollySpan {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "PollySpan".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}
