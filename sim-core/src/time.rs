//! Simulated time: whole nanoseconds since the start of the run.
//!
//! Time is never a floating-point number inside the engine, so that adding delays in another order
//! cannot change a result. Units: nanoseconds inside, seconds at the edges, text such as `"250ms"`
//! in scenarios.

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
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

    /// A span of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    /// A span of whole milliseconds.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds * 1_000_000)
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
    #[error("`{0}` is not a duration: expected a number and a unit, such as \"250ms\"")]
    NoNumber(String),
    /// There is a number without a unit.
    #[error("`{0}` has no unit: write \"{0}ms\" or \"{0}s\" (units: ns, us, ms, s, min, h, d)")]
    NoUnit(String),
    /// The unit is none of ours.
    #[error("`{unit}` is not a unit of time in `{text}`: use ns, us, ms, s, min, h or d")]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// The unit that was read.
        unit: String,
    },
    /// It is longer than 500 years.
    #[error("`{0}` is too long: the engine counts at most 584 years in nanoseconds")]
    TooLong(String),
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
        let mut total = 0.0_f64;
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
            total += number * *nanoseconds as f64;
            rest = rest[letters..].trim_start();
        }
        if total > 1.8e19 {
            return Err(ParseDurationError::TooLong(text.into()));
        }
        Ok(Self::from_nanos_f64(total))
    }
}

impl fmt::Display for SimDuration {
    /// Prints the largest unit that leaves a short exact number: `250ms`, `1.5s`, `5min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.pad("0s");
        }
        let mut text = format!("{}ns", self.0);
        for (name, length) in UNITS {
            if self.0.is_multiple_of(length) {
                text = format!("{}{name}", self.0 / length);
                break;
            }
            // One to three decimals of s, ms or us read better than a large count of the next unit.
            if matches!(name, "s" | "ms" | "us")
                && self.0 > length
                && (self.0 * 1000).is_multiple_of(length)
            {
                let decimals = format!("{:.3}", self.0 as f64 / length as f64);
                text = format!(
                    "{}{name}",
                    decimals.trim_end_matches('0').trim_end_matches('.')
                );
                break;
            }
        }
        f.pad(&text)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_units() {
        for (text, nanoseconds, printed) in [
            ("250ms", 250_000_000, "250ms"),
            ("1.5s", 1_500_000_000, "1.5s"),
            ("1h30min", 5_400_000_000_000, "90min"),
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
