//! Splits texts at marks that stand outside quotes and brackets.

use std::ops::Range;

/// Bytes at which `mark` stands outside quotes and brackets, from left to right; marks do not overlap.
#[must_use]
pub fn marks(text: &str, mark: &str) -> Vec<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let (mut found, mut after) = (Vec::new(), 0);
    for (at, c) in text.char_indices() {
        if quoted {
            (quoted, escaped) = (escaped || c != '"', !escaped && c == '\\');
            continue;
        }
        if depth == 0 && at >= after && text[at..].starts_with(mark) {
            found.push(at);
            after = at + mark.len();
        }
        match c {
            '"' => quoted = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}

/// Bytes at which `=` stands outside quotes and brackets and is no part of a comparison such as `>=`.
#[must_use]
pub fn equals(text: &str) -> Vec<usize> {
    let compares =
        |at: usize| text[..at].ends_with(['<', '>', '!', '=']) || text[at + 1..].starts_with('=');
    let mut found = marks(text, "=");
    found.retain(|at| !compares(*at));
    found
}

/// The parts of a piece of text between marks, without the space around them.
#[must_use]
pub fn parts(text: &str, piece: Range<usize>, mark: &str) -> Vec<Range<usize>> {
    let mut starts = vec![piece.start];
    let mut ends = Vec::new();
    for at in marks(&text[piece.clone()], mark) {
        ends.push(piece.start + at);
        starts.push(piece.start + at + mark.len());
    }
    ends.push(piece.end);
    starts
        .into_iter()
        .zip(ends)
        .map(|(start, end)| trimmed(text, start..end))
        .collect()
}

/// A piece of text without the space around it.
#[must_use]
pub fn trimmed(text: &str, piece: Range<usize>) -> Range<usize> {
    let part = &text[piece.clone()];
    let start = piece.start + part.len() - part.trim_start().len();
    start..start + part.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_brackets_hide_marks() {
        let text = r#"a, [b, c] ,"d,\",e" , f(g: {1, 2})"#;
        let found: Vec<_> = parts(text, 0..text.len(), ",")
            .into_iter()
            .map(|part| &text[part])
            .collect();
        assert_eq!(found, ["a", "[b, c]", r#""d,\",e""#, "f(g: {1, 2})"]);
        assert_eq!(marks("1..2", ".."), [1]);
        assert_eq!(equals("calls.\"a=b\"[=]=3 >= 4 == 5"), [14]);
    }
}
