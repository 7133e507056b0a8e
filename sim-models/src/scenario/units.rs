//! Values with units: rates, sizes, bounds. Durations are in [`sim_core::time`].

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Events per second, written `"900/s"`, `"60/min"`, `"5/h"`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// Bytes, written `"64KiB"`, `"2GiB"`, `"10MB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A limit, or `unbounded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// At most this many.
    Limit(u32),
    /// As many as come.
    Unbounded,
}

impl Bound {
    /// The limit as a number; [`u32::MAX`] stands for unbounded.
    #[must_use]
    pub fn limit(self) -> u32 {
        match self {
            Self::Limit(limit) => limit,
            Self::Unbounded => u32::MAX,
        }
    }
}

const SIZES: [(&str, u64); 9] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/s", self.0))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, length) = SIZES
            .iter()
            .find(|(_, length)| self.0 >= *length && self.0.is_multiple_of(*length))
            .unwrap_or(&("B", 1));
        f.pad(&format!("{}{unit}", self.0 / length))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(limit) => f.pad(&limit.to_string()),
            Self::Unbounded => f.pad("unbounded"),
        }
    }
}

impl std::str::FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = text.split_once('/').ok_or_else(|| {
            format!("`{text}` has no unit: write \"{text}/s\" (units: /s, /min, /h, /d)")
        })?;
        let number: f64 = number.trim().replace('_', "").parse().map_err(|_| {
            format!("`{text}` is not a rate: expected a number per unit of time, such as \"900/s\"")
        })?;
        let seconds = match unit.trim() {
            "ms" => 1e-3,
            "s" | "sec" => 1.0,
            "min" | "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            unit => {
                return Err(format!(
                    "`/{unit}` is not a unit of rate in `{text}`: use /s, /min, /h or /d"
                ));
            }
        };
        if !(number.is_finite() && number >= 0.0) {
            return Err(format!(
                "`{text}` is not a rate: it must be zero or more, and finite"
            ));
        }
        Ok(Self(number / seconds))
    }
}

impl std::str::FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
            .unwrap_or(text.len());
        let number: f64 = text[..digits].replace('_', "").parse().map_err(|_| {
            format!("`{text}` is not a size: expected a number and a unit, such as \"64KiB\"")
        })?;
        let unit = text[digits..].trim();
        if unit.is_empty() {
            return Err(format!(
                "`{text}` has no unit: write \"{text}B\" or \"{text}KiB\""
            ));
        }
        let (_, bytes) = SIZES
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| {
                format!(
                    "`{unit}` is not a unit of size in `{text}`: use B, kB, MB, GB, KiB, MiB or GiB"
                )
            })?;
        Ok(Self((number * *bytes as f64) as u64))
    }
}

/// Serialises by [`fmt::Display`] and reads by [`std::str::FromStr`]; a bare number gets the error
/// that a text without a unit gets.
macro_rules! text_with_unit {
    ($type:ty, $expecting:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct UnitVisitor;
                impl Visitor<'_> for UnitVisitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }
                    fn visit_i64<E: de::Error>(self, number: i64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }
                    fn visit_f64<E: de::Error>(self, number: f64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }
                }
                deserializer.deserialize_any(UnitVisitor)
            }
        }
    };
}
text_with_unit!(Rate, "a rate with a unit, such as \"900/s\"");
text_with_unit!(Size, "a size with a unit, such as \"64KiB\"");

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Limit(limit) => serializer.serialize_u32(*limit),
            Self::Unbounded => serializer.serialize_unit_variant("Bound", 1, "unbounded"),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BoundVisitor;
        impl Visitor<'_> for BoundVisitor {
            type Value = Bound;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or `unbounded`")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bound, E> {
                u32::try_from(number).map(Bound::Limit).map_err(|_| {
                    E::custom("the limit is at most 4294967295; write `unbounded` for none")
                })
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Bound, E> {
                u64::try_from(number)
                    .map_err(|_| E::custom("a limit cannot be negative"))
                    .and_then(|n| self.visit_u64(n))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bound, E> {
                match text {
                    "unbounded" => Ok(Bound::Unbounded),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(BoundVisitor)
    }
}
