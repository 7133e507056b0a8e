//! Named variants: several settings under one name.

use super::split::{equals, marks, parts, trimmed};
use super::value::Value;
use super::vary::one_value;
use crate::scenario::path;
use crate::scenario::source::Source;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

/// Several settings under one name, as text `NAME:PATH=VALUE[,PATH=VALUE...]`. `NAME:` is the scenario
/// as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it sets, in order.
    pub settings: Vec<Assigned>,
    /// The text that it was read from.
    pub origin: Arc<Source>,
    /// Where it stands there.
    pub at: Range<usize>,
}

/// A value for a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    /// What is set.
    pub path: String,
    /// Where that was written.
    pub path_at: Range<usize>,
    /// To what.
    pub value: Value,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings.iter();
        let settings: Vec<String> = settings
            .map(|set| format!("{}={}", set.path, set.value.text))
            .collect();
        write!(f, "{}:{}", self.name, settings.join(","))
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || {
            format!(
                "`{text}` is not NAME:PATH=VALUE[,PATH=VALUE...], such as patient:calls.\"shop -> db\".timeout=5s; `NAME:` alone is the scenario as it is"
            )
        };
        let colon = *marks(text, ":").first().ok_or_else(shape)?;
        let name = text[..colon].trim().trim_matches('"').trim();
        if name.is_empty() || name.contains('=') {
            return Err(shape());
        }
        let mut pieces: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        for piece in parts(text, colon + 1..text.len(), ",") {
            match (begins(text, &piece), pieces.last_mut()) {
                (Some(equals), _) => {
                    let path = trimmed(text, piece.start..equals);
                    pieces.push((path, trimmed(text, equals + 1..piece.end)));
                }
                // A comma that belongs to the value before it.
                (None, Some((_, value))) => value.end = piece.end,
                (None, None) if piece.is_empty() => {}
                (None, None) => return Err(shape()),
            }
        }
        let settings: Result<Vec<Assigned>, String> = pieces
            .into_iter()
            .map(|(path_at, at)| {
                if at.is_empty() {
                    return Err(shape());
                }
                Ok(Assigned {
                    path: text[path_at.clone()].into(),
                    path_at,
                    value: one_value(text, at)?,
                })
            })
            .collect();
        Ok(Self {
            name: name.into(),
            settings: settings?,
            origin: Arc::new(Source::new("--variant", text)),
            at: 0..text.len(),
        })
    }
}

/// Where the `=` of a piece stands, if it begins with `PATH=`.
fn begins(text: &str, piece: &Range<usize>) -> Option<usize> {
    let part = &text[piece.clone()];
    let equals = *equals(part).first()?;
    path::parse(part[..equals].trim())
        .is_ok()
        .then_some(piece.start + equals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Vec<(String, String)>) {
        let variant: Variant = text.parse().unwrap_or_else(|why| panic!("{text}: {why}"));
        let settings = variant.settings.into_iter();
        let settings = settings.map(|set| (set.path, set.value.text)).collect();
        (variant.name, settings)
    }

    #[test]
    fn reads_policy_lists() {
        let (name, settings) = read(
            r#"with breaker:calls."shop -> db"=[retry(attempts: 3), breaker(), timeout("1s")],services.db.threads=9"#,
        );
        assert_eq!(name, "with breaker");
        let expected = [
            (
                "calls.\"shop -> db\"",
                "[retry(attempts: 3), breaker(), timeout(\"1s\")]",
            ),
            ("services.db.threads", "9"),
        ];
        assert_eq!(
            settings,
            expected.map(|(path, value)| (path.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn commas_and_comparisons_may_belong_to_values() {
        let (_, settings) = read("strict:title=now, or never,seed=3");
        assert_eq!(settings[0].1, "now, or never");
        assert_eq!(settings.len(), 2);
        let (_, settings) = read("strict:title=a >= b, c == d");
        assert_eq!(settings[0].1, "a >= b, c == d");
    }

    #[test]
    fn a_variant_may_set_nothing() {
        assert_eq!(read("as it is:"), ("as it is".into(), Vec::new()));
    }

    #[test]
    fn says_what_is_wrong() {
        for text in ["plain", ":a.b=1", "x:1,2", "x:a.b=", "a=b:c"] {
            let told = text.parse::<Variant>().unwrap_err();
            assert!(told.contains("is not NAME:PATH=VALUE"), "{text}: {told}");
        }
        let told = "x:a.b=[retry".parse::<Variant>().unwrap_err();
        assert!(told.contains("cannot be read"), "{told}");
    }
}
