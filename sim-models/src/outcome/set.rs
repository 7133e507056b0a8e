//! Which results a policy acts on: outcomes, and of errors, if it is said, the statuses.
//!
//! `on: [error, refused]` holds every error; `on: [error(503), error("500..504"), refused]` holds those with these
//! statuses alone. Envoy `retriable_status_codes`, Gateway API `retry.codes` and the status forcelist of urllib3 say the
//! same in this way. An error whose status nobody has said counts as one of 500.

use super::{Ending, Outcome};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, EnumAccess, SeqAccess, VariantAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A set of results, as policies use to say what they act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeSet {
    /// One bit for each outcome of which it holds some results.
    outcomes: u64,
    /// Of errors: those with one of these statuses.
    statuses: Statuses,
}

/// Spans of statuses, first and last, ascending and apart; those that are not used are (0, 0). With none of them all
/// statuses are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Statuses([(u16, u16); Statuses::MOST]);

impl Statuses {
    /// How many spans there can be.
    const MOST: usize = 8;
    const ALL: Self = Self([(0, 0); Self::MOST]);

    fn is_all(self) -> bool {
        self == Self::ALL
    }

    fn spans(&self) -> impl Iterator<Item = (u16, u16)> {
        self.0.iter().copied().take_while(|span| span.1 > 0)
    }

    fn of(mut spans: Vec<(u16, u16)>) -> Result<Self, String> {
        spans.sort_unstable();
        spans.dedup_by(|next, span| {
            let joined = next.0 <= span.1 + 1;
            if joined {
                span.1 = span.1.max(next.1);
            }
            joined
        });
        let mut all = Self::ALL;
        if spans.len() > Self::MOST {
            let most = Self::MOST;
            return Err(format!(
                "at most {most} spans of statuses can be told apart, not {}",
                spans.len()
            ));
        }
        all.0[..spans.len()].copy_from_slice(&spans);
        Ok(all)
    }
}

impl OutcomeSet {
    /// What may well go better the next time: errors, timeouts of an attempt, refusals, resets,
    /// rejections and losses. Not a deadline (no time is left), not an open breaker.
    pub const TRANSIENT: Self = Self::of(&[
        Outcome::Error,
        Outcome::TimeoutAttempt,
        Outcome::Refused,
        Outcome::Reset,
        Outcome::Rejected,
        Outcome::Lost,
    ]);

    /// Whatever is no success, but for what the caller itself takes back.
    pub const FAILURES: Self = Self {
        outcomes: !Self::of(&[Outcome::Ok, Outcome::Degraded, Outcome::Cancelled]).outcomes
            & Self::of(&Outcome::ALL).outcomes,
        statuses: Statuses::ALL,
    };

    /// The set of all that ends in one of these.
    #[must_use]
    pub const fn of(outcomes: &[Outcome]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < outcomes.len() {
            bits |= 1 << outcomes[i] as u64;
            i += 1;
        }
        Self {
            outcomes: bits,
            statuses: Statuses::ALL,
        }
    }

    /// The same set, and of errors those with a status in one of these spans (first and last) alone.
    ///
    /// # Errors
    /// They are more than can be told apart.
    pub fn and_statuses(self, spans: Vec<(u16, u16)>) -> Result<Self, String> {
        Ok(Self {
            outcomes: self.outcomes | Self::of(&[Outcome::Error]).outcomes,
            statuses: Statuses::of(spans)?,
        })
    }

    /// All of this set, but for what is in the other one.
    ///
    /// # Errors
    /// The statuses that are left are more spans than can be told apart.
    pub fn without(self, other: Self) -> Result<Self, String> {
        let error = Self::of(&[Outcome::Error]).outcomes;
        let both = self.outcomes & other.outcomes & error != 0;
        let outcomes = self.outcomes & !other.outcomes;
        if !both {
            return Ok(Self { outcomes, ..self });
        }
        if other.is_whole() {
            return Ok(Self {
                outcomes,
                statuses: Statuses::ALL,
            });
        }
        let mut left: Vec<(u16, u16)> = match self.is_whole() {
            true => vec![(1, LAST_STATUS as u16)],
            false => self.statuses.spans().collect(),
        };
        for (first, last) in other.statuses.spans() {
            let cut = |span: (u16, u16)| {
                [
                    (span.0, span.1.min(first - 1)),
                    (span.0.max(last + 1), span.1),
                ]
            };
            left = left
                .into_iter()
                .flat_map(cut)
                .filter(|span| span.0 <= span.1)
                .collect();
        }
        if left.is_empty() {
            return Ok(Self {
                outcomes,
                statuses: Statuses::ALL,
            });
        }
        Self { outcomes, ..self }.and_statuses(left)
    }

    /// All that is in one or the other.
    ///
    /// # Errors
    /// Their statuses are more spans than can be told apart.
    pub fn or(self, other: Self) -> Result<Self, String> {
        let all = Self {
            outcomes: self.outcomes | other.outcomes,
            statuses: Statuses::ALL,
        };
        let whole = |set: Self| set.touches(Outcome::Error) && set.is_whole();
        if whole(self) || whole(other) || !all.touches(Outcome::Error) {
            return Ok(all);
        }
        all.and_statuses(
            self.statuses
                .spans()
                .chain(other.statuses.spans())
                .collect(),
        )
    }

    /// Whether a result is in the set.
    #[inline]
    #[must_use]
    pub fn contains(self, ending: Ending) -> bool {
        self.touches(ending.outcome)
            && (ending.outcome != Outcome::Error || self.holds_status(ending.status))
    }

    #[inline]
    fn holds_status(self, status: u16) -> bool {
        let status = if status == 0 { UNSAID } else { status };
        let within = |(first, last)| (first..=last).contains(&status);
        self.statuses.is_all() || self.statuses.spans().any(within)
    }

    /// Whether some results that end so are in the set: all of them, but for errors of which statuses are said
    /// ([`OutcomeSet::is_whole`]).
    #[inline]
    #[must_use]
    pub fn touches(self, outcome: Outcome) -> bool {
        self.outcomes & (1 << outcome as u64) != 0
    }

    /// Whether it goes by outcomes alone, and asks for no status.
    #[inline]
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.statuses.is_all()
    }
}

impl Default for OutcomeSet {
    fn default() -> Self {
        Self::TRANSIENT
    }
}

/// Statuses as they are written: `503`, `"500..504"`.
#[derive(Clone, Copy)]
struct Span(u16, u16);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0, self.1)
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == self.1 {
            serializer.serialize_u16(self.0)
        } else {
            serializer.collect_str(self)
        }
    }
}

/// What an error is whose status nobody has said.
const UNSAID: u16 = 500;

/// What a status can be: those of HTTP, and of gRPC from 1.
const LAST_STATUS: u64 = 999;

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Clone, Copy)]
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a status such as 503, or a span of them such as \"500..504\"")
            }
            fn visit_u64<E: de::Error>(self, status: u64) -> Result<Span, E> {
                if (1..=LAST_STATUS).contains(&status) {
                    Ok(Span(status as u16, status as u16))
                } else {
                    Err(E::custom(format!(
                        "a status is from 1 to {LAST_STATUS}, not {status}"
                    )))
                }
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                let wrong = || {
                    E::custom(format!(
                        "`{text}` is no span of statuses: write `\"500..504\"`, the last one included"
                    ))
                };
                let (first, last) = text.split_once("..").ok_or_else(wrong)?;
                let status = |text: &str| text.trim().parse().map_err(|_| wrong());
                let Span(first, _) = self.visit_u64(status(first)?)?;
                let Span(last, _) = self.visit_u64(status(last.trim_start_matches('='))?)?;
                if first > last {
                    return Err(wrong());
                }
                Ok(Span(first, last))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// One entry of the list: an outcome, and of errors the statuses; none: all.
struct Entry(Outcome, Vec<Span>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an outcome")
            }
            fn visit_enum<A: EnumAccess<'de>>(self, entry: A) -> Result<Entry, A::Error> {
                let (outcome, held) = entry.variant::<Outcome>()?;
                if outcome == Outcome::Error {
                    Ok(Entry(outcome, held.tuple_variant(0, Several)?))
                } else {
                    held.unit_variant()?;
                    Ok(Entry(outcome, Vec::new()))
                }
            }
        }
        struct Several;
        impl<'de> Visitor<'de> for Several {
            type Value = Vec<Span>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("statuses: `error(503)`, `error(429, \"500..504\")`")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Span>, A::Error> {
                let mut spans = Vec::new();
                while let Some(span) = seq.next_element()? {
                    spans.push(span);
                }
                Ok(spans)
            }
        }
        deserializer.deserialize_enum("Outcome", Outcome::NAMES, Read)
    }
}

impl Serialize for OutcomeSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Of(Span);
        impl Serialize for Of {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let name = Outcome::Error.name();
                serializer.serialize_newtype_variant(
                    "Outcome",
                    Outcome::Error as u32,
                    name,
                    &self.0,
                )
            }
        }
        let mut list = serializer.serialize_seq(None)?;
        for outcome in Outcome::ALL
            .into_iter()
            .filter(|outcome| self.touches(*outcome))
        {
            if outcome == Outcome::Error && !self.is_whole() {
                for (first, last) in self.statuses.spans() {
                    list.serialize_element(&Of(Span(first, last)))?;
                }
            } else {
                list.serialize_element(&outcome)?;
            }
        }
        list.end()
    }
}

impl JsonSchema for OutcomeSet {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "OutcomeSet".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let outcome = generator.subschema_for::<Outcome>();
        json_schema!({ "type": "array", "items": outcome })
    }
}

impl<'de> Deserialize<'de> for OutcomeSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<Entry>::deserialize(deserializer)?;
        let outcomes: Vec<Outcome> = entries.iter().map(|entry| entry.0).collect();
        let set = Self::of(&outcomes);
        let whole = |entry: &Entry| entry.0 == Outcome::Error && entry.1.is_empty();
        if entries.iter().any(whole) {
            return Ok(set);
        }
        let spans = entries.iter().flat_map(|entry| &entry.1);
        let spans: Vec<(u16, u16)> = spans.map(|span| (span.0, span.1)).collect();
        if spans.is_empty() {
            return Ok(set);
        }
        set.and_statuses(spans).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::explain::read_part;
    use crate::scenario::tree::options;

    fn of(outcome: Outcome, status: u16) -> Ending {
        Ending {
            status,
            ..Ending::of(outcome)
        }
    }

    #[test]
    fn of_errors_the_statuses_can_be_said() {
        let set: OutcomeSet =
            read_part("[refused, error(503), error(429, \"500..502\"), lost]").unwrap();
        for status in 1..=999 {
            let within = [429, 500, 501, 502, 503].contains(&status);
            assert_eq!(set.contains(of(Outcome::Error, status)), within, "{status}");
        }
        assert!(set.contains(of(Outcome::Error, 0)), "as 500");
        assert!(set.contains(of(Outcome::Refused, 0)));
        assert!(!set.contains(of(Outcome::Reset, 503)));
        assert!(set.touches(Outcome::Error) && !set.is_whole());
        let text = options().to_string(&set).unwrap();
        assert_eq!(text, "[error(429),error(\"500..503\"),refused,lost]");
        assert_eq!(read_part(&text), Ok(set));
    }

    #[test]
    fn errors_of_every_status_are_errors() {
        for text in [
            "[error, lost]",
            "[error(503), error, lost]",
            "[error(), lost]",
        ] {
            let set: OutcomeSet = read_part(text).unwrap();
            assert!(
                set.is_whole() && set.contains(of(Outcome::Error, 404)),
                "{text}"
            );
            assert_eq!(options().to_string(&set).unwrap(), "[error,lost]");
        }
        let one: OutcomeSet = read_part("error(503)").unwrap();
        assert!(!one.contains(of(Outcome::Error, 500)));
        assert!(
            !read_part::<OutcomeSet>("[lost]")
                .unwrap()
                .touches(Outcome::Error)
        );
    }

    #[test]
    fn sets_are_added_and_taken_from_each_other() {
        let set = |text: &str| read_part::<OutcomeSet>(text).unwrap();
        for (one, other, wanted) in [
            (
                "[error, lost]",
                "[lost, error(404)]",
                "[error(\"1..403\", \"405..999\")]",
            ),
            ("[error(503), lost]", "[error]", "[lost]"),
            ("[error(503), lost]", "[error(500)]", "[error(503), lost]"),
            ("[error(503), lost]", "[error(\"500..599\")]", "[lost]"),
            (
                "[error(\"500..504\")]",
                "[error(501, 502)]",
                "[error(500, \"503..504\")]",
            ),
        ] {
            assert_eq!(
                set(one).without(set(other)),
                Ok(set(wanted)),
                "{one} without {other}"
            );
        }
        assert_eq!(
            set("[lost, error(1)]").or(set("error(2)")),
            Ok(set("[lost, error(\"1..2\")]"))
        );
        assert_eq!(
            set("[lost, error(1)]").or(set("error")),
            Ok(set("[lost, error]"))
        );
        assert_eq!(
            set("[lost]").or(set("error(2)")),
            Ok(set("[lost, error(2)]"))
        );
    }

    #[test]
    fn what_is_no_status_is_told() {
        let told = |text: &str| read_part::<OutcomeSet>(text).unwrap_err();
        for (text, wanted) in [
            ("[error(0)]", "a status is from 1 to 999, not 0"),
            ("[error(1000)]", "a status is from 1 to 999, not 1000"),
            ("[error(\"5xx\")]", "`5xx` is no span of statuses"),
            ("[error(\"504..500\")]", "`504..500` is no span of statuses"),
            ("[lost(503)]", "`lost` takes no values"),
            (
                "[error(1, 3, 5, 7, 9, 11, 13, 15, 17)]",
                "at most 8 spans of statuses can be told apart, not 9",
            ),
        ] {
            let told = told(text);
            assert!(told.contains(wanted), "{text}: {told}");
        }
    }
}
