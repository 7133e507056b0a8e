//! Finds the quote that is missing. A text that is not closed swallows what follows up to the next
//! quote, and so turns all texts after it inside out; the line on which that begins is the first one with
//! an odd number of quotes, because texts seldom go on over several lines. Which of its quotes has no
//! partner is found by trying: with the partner put in, the reader gets past the line.

use super::diagnostics::{Code, Diagnostic};
use super::lexer;
use super::source::Span;
use std::ops::Range;

/// What is wrong with the quotes of a text in which the reader gave up at byte `at`.
#[must_use]
pub fn missing(text: &str, at: usize, file: u16) -> Option<Diagnostic> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if start > at {
            break;
        }
        let quotes = quotes(line);
        if quotes.len() % 2 == 1 {
            // As far as the reader has to get, and further than it does now.
            let place = start..start + line.trim_end().len();
            let past = (place.end + 1).max(at + 1);
            let quotes: Vec<usize> = quotes
                .iter()
                .step_by(2)
                .map(|quote| start + quote)
                .collect();
            let found = quotes
                .iter()
                .find_map(|quote| unclosed(text, *quote, &place, past, file))
                .or_else(|| {
                    quotes
                        .iter()
                        .find_map(|quote| unopened(text, *quote, &place, past, file))
                });
            if found.is_some() {
                return found;
            }
        }
        start += line.len();
    }
    None
}

/// The quotes of a line that begins outside of all texts, without those in comments and escaped ones.
fn quotes(line: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let inside = found.len() % 2 == 1;
        match bytes[at] {
            b'\\' if inside => at += 1,
            b'"' => found.push(at),
            b'/' if !inside && bytes.get(at + 1) == Some(&b'/') => break,
            _ => {}
        }
        at += 1;
    }
    found
}

/// The text that begins at a quote, if closing it lets the reader get past the line.
fn unclosed(
    text: &str,
    quote: usize,
    line: &Range<usize>,
    past: usize,
    file: u16,
) -> Option<Diagnostic> {
    let end = quote + 1 + likely_end(&text[quote + 1..line.end]);
    let content = text[quote + 1..end].trim_end();
    if content.is_empty() || !gets_past(text, end, past) {
        return None;
    }
    let found = Diagnostic::new(
        Code::Syntax,
        span(file, quote..end),
        "a text in quotes is not closed",
    );
    Some(
        found
            .label("it begins here")
            .help(format!("add the closing `\"`: `\"{content}\"`")),
    )
}

/// The text that ends at a quote, if opening it lets the reader get past the line.
fn unopened(
    text: &str,
    quote: usize,
    line: &Range<usize>,
    past: usize,
    file: u16,
) -> Option<Diagnostic> {
    let before = &text[line.start..quote];
    let from = before
        .rfind(['(', '[', '{', ',', '"'])
        .map_or(0, |at| at + 1);
    // A name with a colon in front of it is that of a field.
    let from = before[from..]
        .find(": ")
        .map_or(from, |colon| from + colon + 2);
    let content = before[from..].trim_start();
    let start = quote - content.len();
    if content.is_empty() || !gets_past(text, start, past) {
        return None;
    }
    let found = Diagnostic::new(
        Code::Syntax,
        span(file, start..quote + 1),
        "a text in quotes is not opened",
    );
    Some(
        found
            .label("it ends here")
            .help(format!("add the opening `\"`: `\"{content}\"`")),
    )
}

/// Whether the reader gets past a byte if there is one more quote.
fn gets_past(text: &str, quote: usize, past: usize) -> bool {
    let mended = format!("{}\"{}", &text[..quote], &text[quote..]);
    lexer::read(&mended).map_or_else(|fault| fault.at > past, |_| true)
}

/// Where a text that is not closed probably ends: before what ends a value in its line.
fn likely_end(rest: &str) -> usize {
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '"' => return at,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return at,
            ')' | ']' | '}' => depth -= 1,
            ',' | ':' if depth == 0 => return at,
            _ => {}
        }
    }
    rest.trim_end().len()
}

fn span(file: u16, range: Range<usize>) -> Span {
    Span {
        file,
        start: range.start as u32,
        end: range.end as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_quote_without_a_partner() {
        for (text, place, help) in [
            ("(a: \"x,\n b: \"y\")", "\"x", "`\"x\"`"),
            (
                "(\n a: {\"web: (b: [\"x\", \"y\"])},\n c: \"z\",\n)",
                "\"web",
                "`\"web\"`",
            ),
            (
                "(\n a: {\"web\": (b: [\"x\", f(\"y/z)])},\n c: \"z\",\n)",
                "\"y/z",
                "`\"y/z\"`",
            ),
            (
                "(\n a: [\"f(x, p99) < 3s], // \"b\"\n c: \"z\",\n)",
                "\"f(x, p99) < 3s",
                "p99) < 3s\"`",
            ),
            (
                "(\n a: f(db/find\"),\n c: \"z\",\n)",
                "db/find\"",
                "opening `\"`: `\"db/find\"`",
            ),
            ("(\n a: 5ms\",\n c: \"z\",\n)", "5ms\"", "`\"5ms\"`"),
        ] {
            let fault = lexer::read(text).unwrap_err();
            let found = missing(text, fault.at, 0).unwrap_or_else(|| panic!("{text}"));
            let span = found.span.unwrap();
            assert_eq!(
                &text[span.start as usize..span.end as usize],
                place,
                "{text}"
            );
            assert!(found.help[0].contains(help), "{:?}", found.help);
        }
    }

    #[test]
    fn a_text_of_two_lines_is_not_blamed() {
        let text = "(a: \"x\n y\", b: 1 c: 2)";
        let fault = lexer::read(text).unwrap_err();
        assert_eq!(missing(text, fault.at, 0), None);
    }
}
