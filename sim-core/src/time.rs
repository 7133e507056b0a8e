//! Simulated time: whole nanoseconds since the start of the run.
//!
//! Time is never a floating-point number inside the engine, so that adding delays in another order
//! cannot change a result. Units: nanoseconds inside, seconds at the edges, text such as `"250ms"`
//! in scenarios.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// A point in simulated time, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

/// A span of simulated time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(pub u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than every event.
    pub const MAX: Self = Self(u64::MAX);

    /// Seconds since the start of the run.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The span from `earlier` to this point; zero if `earlier` is in fact later.
    #[must_use]
    pub fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than every run.
    pub const MAX: Self = Self(u64::MAX);

    /// A span of whole seconds; more than there is room for becomes [`SimDuration::MAX`].
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// A span of whole milliseconds; more than there is room for becomes [`SimDuration::MAX`].
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds.saturating_mul(1_000_000))
    }

    /// A span of `nanoseconds`, rounded to the nearest; negative and NaN become zero, too large
    /// becomes [`SimDuration::MAX`].
    #[must_use]
    pub fn from_nanos_f64(nanoseconds: f64) -> Self {
        // A cast from f64 saturates and maps NaN to zero.
        Self((nanoseconds + 0.5) as u64)
    }

    /// A span of `seconds`, rounded to the nearest nanosecond.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self::from_nanos_f64(seconds * 1e9)
    }

    /// The span in seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The span in nanoseconds, as a float.
    #[must_use]
    pub fn as_nanos_f64(self) -> f64 {
        self.0 as f64
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, span: SimDuration) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, span: SimDuration) {
        *self = *self + span;
    }
}

impl Add for SimDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for SimDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// The units that durations are written in, largest first, with their length in nanoseconds.
pub const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    /// There is no number in front.
    #[error("`{0}` is not a duration: {usual}", usual = advice(.0, "expected a number and a unit, such as \"250ms\""))]
    NoNumber(String),
    /// There is a number without a unit.
    #[error("`{0}` has no unit: write \"{0}ms\" or \"{0}s\" (units: ns, us, ms, s, min, h, d)")]
    NoUnit(String),
    /// The unit is none of ours.
    #[error("`{unit}` is not a unit of time in `{text}`: {usual}", usual = advice(text, "use ns, us, ms, s, min, h or d"))]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// The unit that was read.
        unit: String,
    },
    /// It is longer than [`SimDuration::LONGEST`].
    #[error("`{0}` is too long: at most 106751 days, which is 292 years in nanoseconds")]
    TooLong(String),
}

/// The duration that was probably meant, as it is written here, or else what is usual.
fn advice(text: &str, usual: &str) -> String {
    match (meant(text), thousands(text)) {
        (Some(fraction), Some(whole)) => {
            let fraction = fraction
                .parse()
                .map_or(fraction, |span: SimDuration| span.to_string());
            format!("write \"{whole}\", or \"{fraction}\" if the comma is that of a fraction")
        }
        (Some(known), None) => format!("write \"{known}\""),
        (None, _) => usual.to_owned(),
    }
}

/// The duration that was meant if its comma is that of thousands, as in `1,000ms`.
fn thousands(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ','))?;
    let mut groups = text[..end].split(',');
    let first = groups.next()?;
    let mut others = groups.peekable();
    let looks = (1..=3).contains(&first.len()) && first != "0" && others.peek().is_some();
    let all = looks && others.all(|group| group.len() == 3);
    all.then(|| meant(&text.replace(',', ""))).flatten()
}

/// A duration written as elsewhere, such as `2 minutes`, `1,5s`, `00:01:30` or ISO 8601's `PT1M30S`,
/// as it is written here.
fn meant(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let text = match text.strip_prefix("pt") {
        Some(iso) => iso.replace('m', "min"),
        None => text,
    };
    let text = clock(&text).unwrap_or(text);
    let mut written = String::new();
    let mut word = String::new();
    // A space at the end flushes the last word.
    for c in text.chars().chain([' ']) {
        if c.is_alphabetic() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            written.push_str(unit_of(&std::mem::take(&mut word))?);
        }
        if c == ',' {
            written.push('.');
        } else if !c.is_whitespace() {
            written.push(c);
        }
    }
    written.parse::<SimDuration>().ok().map(|_| written)
}

/// A time written as a clock shows it: `00:01:30` is `1min30s`.
fn clock(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(':').collect();
    let units = match parts.len() {
        2 => &["min", "s"][..],
        3 => &["h", "min", "s"],
        _ => return None,
    };
    let some = parts.iter().zip(units).filter_map(|(number, unit)| {
        let number = number.trim_start_matches('0');
        (!number.is_empty()).then(|| format!("{number}{unit}"))
    });
    Some(some.collect())
}

/// The unit that a word in lower case stands for.
fn unit_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "nanoseconds" | "nanosecond" | "nanos" | "nano" | "nsec" | "nsecs" | "ns" => "ns",
        "microseconds" | "microsecond" | "micros" | "micro" | "usec" | "usecs" | "us" | "µs"
        | "μs" => "us",
        "milliseconds" | "millisecond" | "millis" | "milli" | "msec" | "msecs" | "ms" => "ms",
        "seconds" | "second" | "secs" | "sec" | "s" => "s",
        "minutes" | "minute" | "mins" | "min" | "mn" | "m" => "min",
        "hours" | "hour" | "hrs" | "hr" | "h" => "h",
        "days" | "day" | "d" => "d",
        _ => return None,
    })
}

impl SimDuration {
    /// The longest span that can be written: 106,751 days, about 292 years, so that the sum and the
    /// difference of any two can still be told.
    pub const LONGEST: Self = Self(i64::MAX as u64);
}

impl FromStr for SimDuration {
    type Err = ParseDurationError;

    /// Reads `"250ms"`, `"1.5 s"`, `"1h30min"`; `"0"` alone needs no unit.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rest = text.trim();
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(ParseDurationError::NoNumber(text.into()));
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let digits = rest
                .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
                .unwrap_or(rest.len());
            let number: f64 = rest[..digits]
                .replace('_', "")
                .parse()
                .map_err(|_| ParseDurationError::NoNumber(text.into()))?;
            rest = rest[digits..].trim_start();
            let letters = rest
                .find(|c: char| c.is_ascii_digit() || c.is_whitespace())
                .unwrap_or(rest.len());
            let unit = match &rest[..letters] {
                "" => return Err(ParseDurationError::NoUnit(text.trim().into())),
                "µs" | "μs" => "us",
                "m" => "min",
                "sec" => "s",
                unit => unit,
            };
            let (_, nanoseconds) =
                UNITS
                    .iter()
                    .find(|(name, _)| *name == unit)
                    .ok_or_else(|| ParseDurationError::UnknownUnit {
                        text: text.into(),
                        unit: unit.into(),
                    })?;
            let part = number * *nanoseconds as f64;
            // Part by part, so that the nanoseconds of a span of years are not lost.
            total = total
                .checked_add(Self::from_nanos_f64(part).0)
                .filter(|total| part <= 1.8e19 && *total <= Self::LONGEST.0)
                .ok_or_else(|| ParseDurationError::TooLong(text.into()))?;
            rest = rest[letters..].trim_start();
        }
        Ok(Self(total))
    }
}

/// From this length on a duration is printed in several units: `41min8s` rather than `2468s`.
const COMPOSED: u64 = 600_000_000_000;

/// From this length on [`SimDuration::rounded`] leaves out what is shorter than a minute, an hour.
const HOUR: u64 = 3_600_000_000_000;
const DAY: u64 = 24 * HOUR;

impl SimDuration {
    /// Rounded to what a person reads: three significant digits below ten minutes, then whole seconds,
    /// from an hour on whole minutes, from a day on whole hours. `41min8.050150422s` becomes `41min8s`.
    #[must_use]
    pub fn rounded(self) -> Self {
        let step = match self.0 {
            DAY.. => HOUR,
            HOUR.. => 60_000_000_000,
            COMPOSED.. => 1_000_000_000,
            short => 10_u64.pow((short.max(1).ilog10() + 1).saturating_sub(3)),
        };
        Self((self.0.saturating_add(step / 2) / step).saturating_mul(step))
    }
}

/// A whole number of nanoseconds in a unit of `length` nanoseconds, a power of ten, with all decimals.
fn decimal(nanoseconds: u64, length: u64) -> String {
    let (whole, rest) = (nanoseconds / length, nanoseconds % length);
    if rest == 0 {
        return whole.to_string();
    }
    let digits = length.ilog10() as usize;
    let decimals = format!("{rest:0digits$}");
    format!("{whole}.{}", decimals.trim_end_matches('0'))
}

impl fmt::Display for SimDuration {
    /// Prints it exactly, so that it is read back as it was: `250ms`, `1.5s`, `5min`; from ten minutes
    /// on in several units: `1h30min`, `41min8.05s`. For people, see [`SimDuration::rounded`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = UNITS
            .iter()
            .find(|(_, length)| self.0 >= *length && self.0.is_multiple_of(*length));
        let text = match (self.0, exact) {
            (0, _) => "0s".to_owned(),
            // A whole number of the largest units, such as 90s or 5min, reads best as it is.
            (short, Some((name, length))) if short < COMPOSED && *length >= 1_000_000_000 => {
                format!("{}{name}", short / length)
            }
            (short, _) if short < COMPOSED => {
                let below = UNITS[3..].iter().find(|(_, length)| short >= *length);
                let (name, length) = below.unwrap_or(&("ns", 1));
                format!("{}{name}", decimal(short, *length))
            }
            _ => self.composed(),
        };
        f.pad(&text)
    }
}

impl SimDuration {
    /// `1d2h3min4.5s`, without the units that there are none of.
    fn composed(self) -> String {
        let mut text = String::new();
        let mut rest = self.0;
        for (name, length) in &UNITS[..3] {
            if rest >= *length {
                text.push_str(&format!("{}{name}", rest / length));
                rest %= length;
            }
        }
        if rest > 0 {
            text.push_str(&format!("{}s", decimal(rest, 1_000_000_000)));
        }
        text
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

impl Serialize for SimDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SimDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DurationVisitor;
        impl Visitor<'_> for DurationVisitor {
            type Value = SimDuration;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with a unit, such as \"250ms\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<SimDuration, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<SimDuration, E> {
                Err(E::custom(ParseDurationError::NoUnit(number.to_string())))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<SimDuration, E> {
                Err(E::custom(ParseDurationError::NoUnit(number.to_string())))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<SimDuration, E> {
                Err(E::custom(ParseDurationError::NoUnit(number.to_string())))
            }
        }
        deserializer.deserialize_any(DurationVisitor)
    }
}

impl JsonSchema for SimDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let units = UNITS.map(|(unit, _)| unit).join("|");
        json_schema!({
            "title": "duration",
            "description": format!(
                "Numbers with units, as whole nanoseconds: `\"250ms\"`, `\"1.5s\"`, `\"1h30min\"`. Units: {}.",
                UNITS.map(|(unit, _)| unit).join(", ")
            ),
            "type": "string",
            "pattern": format!(r"^\s*(0|([0-9._]+\s*({units}|m|sec|µs|μs)\s*)+)$"),
            "examples": ["250ms"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_units() {
        for (text, nanoseconds, printed) in [
            ("250ms", 250_000_000, "250ms"),
            ("1.5s", 1_500_000_000, "1.5s"),
            ("1h30min", 5_400_000_000_000, "1h30min"),
            ("500us", 500_000, "500us"),
            ("2 s", 2_000_000_000, "2s"),
            ("0", 0, "0s"),
            ("1_000ns", 1_000, "1us"),
            ("2m", 120_000_000_000, "2min"),
        ] {
            let read: SimDuration = text.parse().unwrap();
            assert_eq!(read.0, nanoseconds, "{text}");
            assert_eq!(read.to_string(), printed, "{text}");
            assert_eq!(read.to_string().parse::<SimDuration>().unwrap(), read);
        }
    }

    #[test]
    fn what_is_printed_is_read_back_exactly() {
        for (nanoseconds, printed) in [
            (1, "1ns"),
            (1_500, "1.5us"),
            (1_000_001, "1.000001ms"),
            (8_050_150_422, "8.050150422s"),
            (90_000_000_000, "90s"),
            (599_999_999_999, "599.999999999s"),
            (600_000_000_000, "10min"),
            (2_468_050_150_422, "41min8.050150422s"),
            (4_320_000_000_000, "1h12min"),
            (90_000_000_000_000, "1d1h"),
            (86_400_000_000_001, "1d0.000000001s"),
            (u64::MAX / 2, "106751d23h47min16.854775807s"),
        ] {
            assert_eq!(SimDuration(nanoseconds).to_string(), printed);
            assert_eq!(printed.parse(), Ok(SimDuration(nanoseconds)));
        }
        // Numbers of all sizes, by a linear congruence.
        let mut number = 1_u64;
        for _ in 0..10_000 {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let span = SimDuration(number >> (1 + number % 60));
            assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn what_people_read_is_short() {
        for (text, rounded) in [
            ("0", "0s"),
            ("7ns", "7ns"),
            ("1.2346ms", "1.23ms"),
            ("8.050150422s", "8.05s"),
            ("99.96s", "100s"),
            ("599.6s", "10min"),
            ("2468050150.422us", "41min8s"),
            ("59min59.7s", "1h"),
            ("1h12min29s", "1h12min"),
            ("23h59min50s", "1d"),
            ("3d5h31min", "3d6h"),
        ] {
            let span: SimDuration = text.parse().unwrap();
            assert_eq!(span.rounded().to_string(), rounded, "{text}");
        }
    }

    #[test]
    fn durations_written_as_elsewhere_are_told_how() {
        for (text, help) in [
            ("60 seconds", "write \"60s\""),
            ("1 Min", "write \"1min\""),
            ("1 hour 30 minutes", "write \"1h30min\""),
            ("200 millis", "write \"200ms\""),
            ("1,5s", "write \"1.5s\""),
            ("00:01:30", "write \"1min30s\""),
            ("PT1M30S", "write \"1min30s\""),
            ("3 fortnights", "use ns, us"),
            ("soon", "expected a number"),
        ] {
            let error = text.parse::<SimDuration>().unwrap_err().to_string();
            assert!(error.contains(help), "{text}: {error}");
        }
    }

    #[test]
    fn refuses_what_has_no_unit() {
        assert!(matches!(
            "250".parse::<SimDuration>(),
            Err(ParseDurationError::NoUnit(_))
        ));
        assert!(matches!(
            "ms".parse::<SimDuration>(),
            Err(ParseDurationError::NoNumber(_))
        ));
        assert!(matches!(
            "3 fortnights".parse::<SimDuration>(),
            Err(ParseDurationError::UnknownUnit { .. })
        ));
        assert!("1e30d".parse::<SimDuration>().is_err());
    }
}
