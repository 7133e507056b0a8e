//! What axes are called: short names that are safe as the headings of columns.

use crate::scenario::path::{self, Segment};

/// Headings of columns that say which run a row is of; no axis is called so.
const TAKEN: [&str; 16] = [
    "point",
    "replication",
    "seed",
    "digest",
    "events",
    "stopped_by",
    "verdict",
    "metastable",
    "measure",
    "window",
    "start",
    "end",
    "count",
    "mean",
    "low",
    "high",
];

/// Words that say nothing without the one before them: `timeout.after`, `queue.limit`.
const VAGUE: [&str; 6] = ["after", "at", "for", "in", "limit", "to"];

/// The name of the axis of named variants.
pub const VARIANT: &str = "variant";

/// A name with only small letters, digits and `_`.
#[must_use]
pub fn safe(name: &str) -> String {
    let mut safe = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            safe.push(c.to_ascii_lowercase());
        } else if !safe.is_empty() && !safe.ends_with('_') {
            safe.push('_');
        }
    }
    safe.trim_end_matches('_').into()
}

/// Names of axes from their paths (several where parameters are zipped): the shortest ends of the
/// paths that tell them apart. `taken` are names that are given.
#[must_use]
pub fn shortest(axes: &[Vec<&str>], taken: &[&str]) -> Vec<String> {
    let axes: Vec<Vec<Vec<String>>> = axes
        .iter()
        .map(|paths| paths.iter().map(|path| words(path)).collect())
        .collect();
    let longest = |axis: &Vec<Vec<String>>| axis.iter().map(Vec::len).max().unwrap_or(0);
    // Of several paths that move together, the others say what is meant.
    let vague = |axis: &Vec<Vec<String>>| match axis.as_slice() {
        [words] => words
            .last()
            .is_some_and(|last| VAGUE.contains(&last.as_str())),
        _ => false,
    };
    let mut lengths: Vec<usize> = axes
        .iter()
        .map(|axis| if vague(axis) { 2 } else { 1 })
        .collect();
    loop {
        let names: Vec<String> = axes
            .iter()
            .zip(&lengths)
            .map(|(axis, length)| tail(axis, *length))
            .collect();
        let clashes = |at: usize| {
            let name = &names[at];
            let others = names.iter().enumerate().filter(|(other, _)| *other != at);
            taken.contains(&name.as_str())
                || TAKEN.contains(&name.as_str())
                || others.into_iter().any(|(_, other)| other == name)
        };
        let clashing: Vec<usize> = (0..axes.len()).filter(|at| clashes(*at)).collect();
        let mut grown = false;
        for at in &clashing {
            if lengths[*at] < longest(&axes[*at]) {
                lengths[*at] += 1;
                grown = true;
            }
        }
        if !grown {
            // The same words in other places (`"a b"` and `a.b`): numbered.
            let mut names = names;
            for at in clashing {
                names[at] = format!("{}_{}", names[at], at + 1);
            }
            return names;
        }
    }
}

/// The steps of a path as words, each with the index behind it: `faults[0].for` is `faults_0`, `for`.
fn words(path: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for segment in path::parse(path).unwrap_or_default() {
        match (segment, words.last_mut()) {
            (Segment::Index(index), Some(last)) => last.push_str(&format!("_{index}")),
            (Segment::Index(index), None) => words.push(format!("at_{index}")),
            (Segment::Name(name), _) => words.push(match safe(&name) {
                word if word.is_empty() => "axis".into(),
                word => word,
            }),
        }
    }
    words
}

fn tail(axis: &[Vec<String>], length: usize) -> String {
    let tails = axis.iter().map(|words| {
        let from = words.len().saturating_sub(length);
        words[from..].join("_")
    });
    tails.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_can_be() {
        let names = |paths: &[&str]| {
            let axes: Vec<Vec<&str>> = paths.iter().map(|path| path.split(';').collect()).collect();
            shortest(&axes, &["given"])
        };
        assert_eq!(
            names(&["calls.\"shop -> db\".timeout", "services.db.threads"]),
            ["timeout", "threads"]
        );
        assert_eq!(
            names(&[
                "services.web.threads",
                "services.db.threads",
                "faults[0].for"
            ]),
            ["web_threads", "db_threads", "faults_0_for"]
        );
        assert_eq!(names(&["a.b;c.d"]), ["b_d"]);
        assert_eq!(
            names(&["budget.events", "a.given"]),
            ["budget_events", "a_given"]
        );
        assert_eq!(names(&["window"]), ["window_1"]);
        assert_eq!(
            names(&["services.\"a b\".x", "services.a_b.x"]),
            ["services_a_b_x_1", "services_a_b_x_2"]
        );
        assert_eq!(safe("Backoff kind (ms)"), "backoff_kind_ms");
    }
}
