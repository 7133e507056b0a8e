//! Values with units: rates, sizes, bounds. Durations are in [`sim_core::time`].

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
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

/// The units that rates are written in, with their length in seconds.
const PER: [(&str, f64); 4] = [("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)];

impl fmt::Display for Rate {
    /// Prints it exactly, so that it is read back as it was, in the unit that takes the fewest digits:
    /// `900/s`, `10/min`, `2.3/h`. What is below one a minute is never given by the second.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_low = self.0 > 0.0 && self.0 < 1.0 / 60.0;
        let exact = |(place, (unit, seconds)): (usize, &(&str, f64))| {
            let number = self.0 * seconds;
            // The product may be off in its last digit, the number that was written has fewer.
            let written = format!("{number:.12e}").parse::<f64>().unwrap_or(number);
            let exact = [written, number]
                .into_iter()
                .find(|number| number / seconds == self.0)?;
            let fits = if place == 0 { !is_low } else { exact >= 1.0 };
            let text = exact.to_string();
            // Larger units have to be worth it.
            fits.then(|| (text.len() + place, format!("{text}/{unit}")))
        };
        // The first of equals.
        let best = PER.iter().enumerate().filter_map(exact);
        match best.min_by_key(|(length, _)| *length) {
            Some((_, text)) => f.pad(&text),
            None => f.pad(&format!("{}/s", self.0)),
        }
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

/// The number that a text begins with, and the rest of it. `k` and `M` are no part of it.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(text.len());
    let number = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim_start()))
}

/// A number with a comma as elsewhere, written with none: that of thousands (`1,000`) is left out, that of a
/// fraction (`1,5`) is a point here.
fn without_comma(text: &str) -> String {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || ".,".contains(c)))
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let whole = number.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let thousands =
        (1..=3).contains(&first.len()) && first != "0" && groups.all(|group| group.len() == 3);
    let plain = if thousands {
        number.replace(',', "")
    } else if number.matches(',').count() == 1 && !number.contains('.') {
        number.replace(',', ".")
    } else {
        number.to_owned()
    };
    format!("{plain}{rest}")
}

/// A rate written as elsewhere, such as `50rps`, `50 req/s`, `3000 rpm` or `1k/s`, as it is written here.
fn meant_rate(text: &str) -> Option<String> {
    let text = without_comma(text);
    let (number, rest) = leading_number(&text)?;
    let (number, rest) = match rest.strip_prefix('k') {
        Some(rest) => (number * 1e3, rest),
        None => match rest.strip_prefix('M') {
            Some(rest) => (number * 1e6, rest),
            None => (number, rest),
        },
    };
    let rest = rest.trim().to_lowercase();
    let per = match rest.rsplit_once('/').or_else(|| rest.rsplit_once("per ")) {
        Some((_, unit)) => unit.trim(),
        None => match rest.as_str() {
            "rps" | "qps" | "tps" | "hz" | "ops" | "ps" => "s",
            "rpm" | "qpm" | "tpm" => "min",
            "rph" => "h",
            _ => return None,
        },
    };
    let unit = match per {
        "s" | "sec" | "second" | "seconds" => "s",
        "m" | "min" | "minute" | "minutes" => "min",
        "h" | "hr" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        _ => return None,
    };
    Some(format!("{number}/{unit}"))
}

impl std::str::FromStr for Rate {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let advice = |usual: &str| match meant_rate(text) {
            Some(known) => format!("write \"{known}\""),
            None => usual.to_owned(),
        };
        let (number, unit) = text.split_once('/').ok_or_else(|| {
            if leading_number(text).is_some_and(|(_, rest)| rest.is_empty()) {
                format!("`{text}` has no unit: write \"{text}/s\" (units: /s, /min, /h, /d)")
            } else {
                let usual = "expected a number per unit of time, such as \"900/s\"";
                format!("`{text}` is not a rate: {}", advice(usual))
            }
        })?;
        let number: f64 = number.trim().replace('_', "").parse().map_err(|_| {
            let usual = "expected a number per unit of time, such as \"900/s\"";
            format!("`{text}` is not a rate: {}", advice(usual))
        })?;
        let seconds = match unit.trim() {
            "ms" => 1e-3,
            "s" | "sec" => 1.0,
            "min" | "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            unit => {
                return Err(format!(
                    "`/{unit}` is not a unit of rate in `{text}`: {}",
                    advice("use /s, /min, /h or /d")
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
        let plain = without_comma(text);
        if plain != text {
            return Err(format!("`{text}` is not a size: write \"{plain}\""));
        }
        let (number, unit) = leading_number(text).ok_or_else(|| {
            format!("`{text}` is not a size: expected a number and a unit, such as \"64KiB\"")
        })?;
        if unit.is_empty() {
            return Err(format!(
                "`{text}` has no unit: write \"{text}B\" or \"{text}KiB\""
            ));
        }
        let (_, bytes) = SIZES
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| {
                let advice = match meant_size(unit) {
                    Some(known) => format!("write \"{number}{known}\""),
                    None => "use B, kB, MB, GB, KiB, MiB or GiB".into(),
                };
                format!("`{unit}` is not a unit of size in `{text}`: {advice}")
            })?;
        Ok(Self((number * *bytes as f64) as u64))
    }
}

/// The unit of size that was probably meant: `mb` is `MB`, and `Mi`, as Kubernetes has it, `MiB`.
fn meant_size(unit: &str) -> Option<&'static str> {
    let known = SIZES.iter().map(|(name, _)| *name);
    let lower = unit.to_lowercase();
    let full = match lower.strip_suffix("bytes").or(lower.strip_suffix("byte")) {
        Some(prefix) => format!("{}b", prefix.trim_end()),
        None if lower.ends_with('b') => lower,
        None => format!("{lower}b"),
    };
    known
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(&full))
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
                    .map_err(|_| {
                        E::custom(format!(
                            "a limit cannot be negative, as {number} is: write `unbounded` for no limit, or a \
                             whole number"
                        ))
                    })
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

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "rate",
            "description": format!(
                "A number per unit of time: `\"900/s\"`, `\"60/min\"`. Units: {}.",
                PER.map(|(unit, _)| format!("/{unit}")).join(", ")
            ),
            "type": "string",
            "pattern": r"^\s*[0-9._]+([eE][+-]?[0-9]+)?\s*/\s*(ms|s|sec|min|m|h|d)\s*$",
            "examples": ["900/s"],
        })
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let units = SIZES.map(|(unit, _)| unit);
        json_schema!({
            "title": "size",
            "description": format!(
                "A number of bytes: `\"64KiB\"`, `\"10MB\"`. Units: {}.",
                units.join(", ")
            ),
            "type": "string",
            "pattern": format!(r"^\s*[0-9._]+\s*({})\s*$", units.join("|")),
            "examples": ["64KiB"],
        })
    }
}

impl JsonSchema for Bound {
    fn schema_name() -> Cow<'static, str> {
        "Bound".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "whole number or `unbounded`",
            "description": "How many there may be, or `unbounded`: as many as come.",
            "anyOf": [generator.subschema_for::<u32>(), { "const": "unbounded" }],
            "examples": [64],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_printed_as_people_write_them_and_read_back_exactly() {
        for (text, printed) in [
            ("900/s", "900/s"),
            ("0.5/s", "0.5/s"),
            ("60/min", "1/s"),
            ("90/min", "1.5/s"),
            ("10/min", "10/min"),
            ("100/min", "100/min"),
            ("2.3/h", "2.3/h"),
            ("7/d", "7/d"),
            ("0.1/d", "0.0000011574074074074074/s"),
            ("0/h", "0/s"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.to_string(), printed, "{text}");
            assert_eq!(printed.parse(), Ok(rate), "{text}");
        }
        // Rates of all sizes, by a linear congruence.
        let mut number = 1_u64;
        for _ in 0..10_000 {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let rate = Rate((number >> 11) as f64 / [1e9, 1e15, 3.6e18][(number % 3) as usize]);
            assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }

    #[test]
    fn what_is_written_as_elsewhere_is_told_how() {
        for (text, help) in [
            ("50rps", "write \"50/s\""),
            ("50 req/s", "write \"50/s\""),
            ("50 per second", "write \"50/s\""),
            ("3000 rpm", "write \"3000/min\""),
            ("1.5k/s", "write \"1500/s\""),
            ("1,000/s", "write \"1000/s\""),
            ("12,500,000.5/s", "write \"12500000.5/s\""),
            ("1,5/s", "write \"1.5/s\""),
            ("0,125/s", "write \"0.125/s\""),
            ("50/minute", "write \"50/min\""),
            ("50/fortnight", "use /s, /min"),
            ("50", "write \"50/s\""),
            ("often", "expected a number per"),
        ] {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(error.contains(help), "{text}: {error}");
        }
        for (text, help) in [
            ("64mb", "write \"64MB\""),
            ("64Mi", "write \"64MiB\""),
            ("1,024KiB", "write \"1024KiB\""),
            ("64 G", "write \"64GB\""),
            ("10 kilobytes", "use B, kB"),
            ("64", "write \"64B\""),
        ] {
            let error = text.parse::<Size>().unwrap_err();
            assert!(error.contains(help), "{text}: {error}");
        }
    }
}
