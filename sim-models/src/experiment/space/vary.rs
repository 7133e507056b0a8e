//! What varies: axes as they are written, from flags or from a sweep file.

use super::range::Between;
use super::split::{equals, marks, parts, trimmed};
use super::value::Value;
use crate::scenario::path;
use crate::scenario::source::Source;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

/// A parameter that varies, or several that move together (zipped).
///
/// As text `[NAME=]PATH=VALUES`, zipped `[NAME=]PATH=VALUES;PATH=VALUES`. VALUES is a list `a,b,c` or a
/// range: `LO..HI:STEPS`, `LO..HI:STEPS:log`, and `LO..HI` or `LO..HI:log` where points are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Vary {
    /// The name of the axis; none: the end of the path.
    pub name: Option<String>,
    /// The parameters, at least one.
    pub parts: Vec<Part>,
    /// What to call the values that move together; none: what they are.
    pub labels: Option<Vec<String>>,
    /// The text that it was read from.
    pub origin: Arc<Source>,
    /// Where it stands there.
    pub at: Range<usize>,
}

/// A parameter and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What is set.
    pub path: String,
    /// Where that was written.
    pub path_at: Range<usize>,
    /// To what.
    pub values: Values,
}

/// The values of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// One after the other.
    List {
        /// These.
        values: Vec<Value>,
        /// Whether charts show them on a logarithmic scale.
        log: bool,
    },
    /// From one number to another.
    Range(Between),
}

impl Values {
    /// The values one after the other; nothing for a range without steps.
    #[must_use]
    pub fn listed(&self) -> Vec<Value> {
        match self {
            Self::List { values, .. } => values.clone(),
            Self::Range(range) => range.values(),
        }
    }

    /// Whether charts show them on a logarithmic scale.
    #[must_use]
    pub fn is_log(&self) -> bool {
        match self {
            Self::List { log, .. } => *log,
            Self::Range(range) => range.log,
        }
    }
}

impl fmt::Display for Vary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin.text[self.at.clone()])
    }
}

impl FromStr for Vary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut name = None;
        let mut read = Vec::new();
        for (at, piece) in parts(text, 0..text.len(), ";").into_iter().enumerate() {
            let (own, path, values) = assignment(text, piece)?;
            match own {
                Some(own) if at == 0 => name = Some(own),
                Some(own) => {
                    return Err(format!(
                        "`{own}=` in the middle of `{text}`: zipped parameters have one name, in front of the first"
                    ));
                }
                None => {}
            }
            read.push(Part {
                path: text[path.clone()].into(),
                path_at: path,
                values: read_values(text, values)?,
            });
        }
        Ok(Self {
            name,
            parts: read,
            labels: None,
            origin: Arc::new(Source::new("--vary", text)),
            at: 0..text.len(),
        })
    }
}

/// A name, if there is one, and where path and values stand.
type Taken = (Option<String>, Range<usize>, Range<usize>);

/// Takes `[NAME=]PATH=VALUES` apart. A `=` in quotes or brackets parts nothing.
fn assignment(text: &str, piece: Range<usize>) -> Result<Taken, String> {
    let part = &text[piece.clone()];
    let shape = || {
        format!(
            "`{part}` is not [NAME=]PATH=VALUES, such as services.db.threads=8,16,32 or timeout=calls.\"shop -> db\".timeout=100ms..2s:5:log"
        )
    };
    let equals = equals(part);
    let first = *equals.first().ok_or_else(shape)?;
    let head = trimmed(text, piece.start..piece.start + first);
    // A word in front of another `=` is a name: a path to a parameter of a scenario has dots.
    let second = equals
        .get(1)
        .filter(|_| !text[head.clone()].contains(['.', '[', '"']));
    let (name, path, after) = match second {
        Some(second) => {
            let path = piece.start + first + 1..piece.start + second;
            (Some(text[head].to_owned()), trimmed(text, path), second + 1)
        }
        None => (None, head, first + 1),
    };
    let values = trimmed(text, piece.start + after..piece.end);
    if path.is_empty() || values.is_empty() || name.as_deref() == Some("") {
        return Err(shape());
    }
    path::parse(&text[path.clone()])
        .map_err(|why| format!("`{}` is not a path: {why}", &text[path.clone()]))?;
    Ok((name, path, values))
}

/// Reads a list or a range.
fn read_values(text: &str, at: Range<usize>) -> Result<Values, String> {
    let items = parts(text, at.clone(), ",");
    if let [_] = items[..]
        && let [dots] = marks(&text[at.clone()], "..")[..]
    {
        return read_range(text, at.clone(), at.start + dots).map(Values::Range);
    }
    let values: Result<Vec<Value>, String> = items
        .into_iter()
        .map(|item| {
            if item.is_empty() {
                return Err(format!("a value is missing in `{}`", &text[at.clone()]));
            }
            one_value(text, item)
        })
        .collect();
    Ok(Values::List {
        values: values?,
        log: false,
    })
}

/// Reads a single value of a flag.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn one_value(text: &str, at: Range<usize>) -> Result<Value, String> {
    Value::read(text, at.clone()).map_err(|found| {
        let why: Vec<String> = found.into_iter().map(|found| found.message).collect();
        format!("`{}` cannot be read: {}", &text[at], why.join("; "))
    })
}

fn read_range(text: &str, at: Range<usize>, dots: usize) -> Result<Between, String> {
    let whole = &text[at.clone()];
    let low = text[at.start..dots].trim().trim_matches('"');
    let after: Vec<&str> = parts(text, dots + 2..at.end, ":")
        .into_iter()
        .map(|part| &text[part])
        .collect();
    let shape = || {
        format!(
            "`{whole}` is not a range: write LO..HI:STEPS or LO..HI:STEPS:log, such as 10ms..1s:5:log"
        )
    };
    let count = |text: &str| text.replace('_', "").parse::<u32>().map_err(|_| shape());
    let (high, steps, log) = match after[..] {
        [high] => (high, None, false),
        [high, "log"] => (high, None, true),
        [high, "lin" | "linear"] => (high, None, false),
        [high, steps] | [high, steps, "lin" | "linear"] => (high, Some(count(steps)?), false),
        [high, steps, "log"] => (high, Some(count(steps)?), true),
        _ => return Err(shape()),
    };
    Between::new((low, high.trim_matches('"')), steps, log, at)
        .map_err(|why| format!("{why} in `{whole}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vary {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    fn labels(part: &Part) -> Vec<String> {
        let listed = part.values.listed();
        listed.into_iter().map(|value| value.label).collect()
    }

    #[test]
    fn reads_lists_ranges_and_names() {
        let vary = read("services.db.threads=8, 16,32");
        assert_eq!((vary.name.as_deref(), vary.parts.len()), (None, 1));
        assert_eq!(vary.parts[0].path, "services.db.threads");
        assert_eq!(labels(&vary.parts[0]), ["8", "16", "32"]);

        let vary = read(
            r#"backoff = calls."shop -> db".retry.backoff = none, exponential(base: "50ms", cap: "2s")"#,
        );
        assert_eq!(vary.name.as_deref(), Some("backoff"));
        assert_eq!(vary.parts[0].path, "calls.\"shop -> db\".retry.backoff");
        let expected = ["none", "exponential(base: \"50ms\", cap: \"2s\")"];
        assert_eq!(labels(&vary.parts[0]), expected);

        let vary = read("calls.shop->db.timeout=10ms..1s:5:log");
        assert!(vary.parts[0].values.is_log());
        assert_eq!(labels(&vary.parts[0]).len(), 5);
        let vary = read("workloads.shoppers.rate=100/s..400/s");
        let Values::Range(range) = &vary.parts[0].values else {
            panic!("a range")
        };
        assert_eq!((range.low, range.high, range.steps), (100.0, 400.0, None));
        assert!(labels(&vary.parts[0]).is_empty());
    }

    #[test]
    fn quotes_in_paths_hide_what_parts() {
        let vary = read(r#"calls."a=b -> c;d".timeout=1s,2s"#);
        assert_eq!(vary.parts.len(), 1);
        assert_eq!(vary.parts[0].path, r#"calls."a=b -> c;d".timeout"#);
        // A path with dots is no name, so what follows is a value.
        let vary = read("hypothesis.steady=\"goodput(a) >= 3/s\",\"goodput(a) >= 4/s\"");
        assert_eq!(vary.name, None);
    }

    #[test]
    fn zips_share_a_name() {
        let vary = read("size=services.db.threads=8,16;services.db.queue.limit=80..160:2");
        assert_eq!(vary.name.as_deref(), Some("size"));
        assert_eq!(vary.parts[1].path, "services.db.queue.limit");
        assert_eq!(labels(&vary.parts[1]), ["80", "160"]);
        assert_eq!(vary.to_string(), vary.origin.text);
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("services.db.threads", "is not [NAME=]PATH=VALUES"),
            ("=1,2", "is not [NAME=]PATH=VALUES"),
            ("services.db.threads=", "is not [NAME=]PATH=VALUES"),
            ("services..threads=1,2", "is not a path"),
            ("a.b=1,,2", "a value is missing"),
            ("a.b=[retry(1)", "cannot be read"),
            ("a.b=1..x", "`x` is not a number"),
            ("a.b=1..5:x", "is not a range"),
            ("a.b=1..5:3:log:4", "is not a range"),
            ("a.b=0..5:3:log", "above zero"),
            ("a.b=1..5s:3", "same unit"),
            ("a.b=1,2;x=c.d=1,2", "in front of the first"),
        ] {
            let told = text.parse::<Vary>().unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
