//! Spans as libraries write them: a bare number in the library's unit, or a text with a unit as everywhere here.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::SimDuration;
use std::borrow::Cow;
use std::fmt;

/// A span whose bare number is in milliseconds, `5000` or `"5s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub SimDuration);

/// A span whose bare number is in seconds, `60` or `"60s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub SimDuration);

macro_rules! spans {
    ($($span:ident $unit:literal $nanoseconds:literal $example:literal),*) => {$(
        impl Serialize for $span {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $span {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Span { unit: $unit, nanoseconds: $nanoseconds }).map(Self)
            }
        }

        impl JsonSchema for $span {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($span).into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let text = generator.subschema_for::<SimDuration>();
                json_schema!({
                    "title": $unit,
                    "description": concat!("A number of ", $unit, ", or a duration with its unit: ", $example, "."),
                    "anyOf": [{ "type": "number", "minimum": 0 }, text],
                })
            }
        }
    )*};
}

spans!(
    Milliseconds "milliseconds" 1e6 "`5000`, `\"5s\"`",
    Seconds "seconds" 1e9 "`60`, `\"60s\"`"
);

struct Span {
    unit: &'static str,
    nanoseconds: f64,
}

impl Span {
    fn number<E: de::Error>(&self, number: f64) -> Result<SimDuration, E> {
        let nanoseconds = number * self.nanoseconds;
        if (0.0..=SimDuration::LONGEST.as_nanos_f64()).contains(&nanoseconds) {
            Ok(SimDuration::from_nanos_f64(nanoseconds))
        } else {
            Err(E::custom(format!("{number} {} are no span", self.unit)))
        }
    }
}

impl Visitor<'_> for Span {
    type Value = SimDuration;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a number of {}, or a duration such as \"250ms\"",
            self.unit
        )
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<SimDuration, E> {
        text.parse().map_err(E::custom)
    }
    /// `false`: none.
    fn visit_bool<E: de::Error>(self, on: bool) -> Result<SimDuration, E> {
        if on {
            return Err(E::custom("`true` is no span"));
        }
        Ok(SimDuration::ZERO)
    }
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<SimDuration, E> {
        self.number(number as f64)
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<SimDuration, E> {
        self.number(number as f64)
    }
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<SimDuration, E> {
        self.number(number)
    }
}
