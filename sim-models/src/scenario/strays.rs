//! What stands where nothing can stand: before a scenario, after it, or between its words.

use super::diagnostics::{Code, Diagnostic};
use super::source::Span;

/// Spaces that are none to the reader, and what they are called.
const SPACES: [(char, &str); 8] = [
    ('\u{a0}', "a no-break space"),
    ('\u{202f}', "a narrow no-break space"),
    ('\u{2007}', "a figure space"),
    ('\u{2009}', "a thin space"),
    ('\u{200b}', "a zero-width space"),
    ('\u{2060}', "a word joiner, which has no width"),
    ('\u{3000}', "an ideographic space"),
    ('\u{feff}', "a byte order mark"),
];

/// What is astray where the reader gave up at byte `at` and said so.
#[must_use]
pub fn stray(text: &str, at: usize, said: &str, file: u16) -> Option<Diagnostic> {
    let new = |start: usize, length: usize, message: String| {
        let span = Span {
            file,
            start: start as u32,
            end: (start + length) as u32,
        };
        Diagnostic::new(Code::Syntax, span, message)
    };
    // A `#` at the very beginning could be that of an attribute.
    if said.contains("attribute") {
        let hash = text[..at].rfind('#')?;
        let words = text[hash..].lines().next()?;
        let words = words.trim_start_matches(['#', '!', '-']).trim();
        return Some(
            new(hash, 1, "this begins no comment".into())
                .label("no comment here")
                .help(format!("comments begin with `//`: `// {words}`")),
        );
    }
    let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_whitespace());
    let start = text.len() - rest.len();
    let next = rest.chars().next()?;
    if let Some((_, name)) = SPACES.iter().find(|(space, _)| *space == next) {
        let message = format!("there is {name} here (U+{:04X})", u32::from(next));
        return Some(
            new(start, next.len_utf8(), message)
                .label("it looks like a space, but is none to the reader")
                .help(
                    "replace it by an ordinary space; it comes from word processors and web pages",
                ),
        );
    }
    if said.contains("trailing") && !matches!(next, ')' | ']' | '}' | ',') {
        if next == '(' {
            return Some(
                new(start, 1, "there are two scenarios in this file".into())
                    .label("the second one begins here")
                    .help("give each of them a file of its own; a file can build upon another one: `include: \"other.ron\"`"),
            );
        }
        let line = rest.lines().next().unwrap_or_default().trim_end();
        return Some(
            new(
                start,
                line.len(),
                "there is text after the end of the scenario".into(),
            )
            .label("the last bracket was closed before this")
            .help(format!("remove it, or make it a comment: `// {line}`")),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::lexer;
    use super::stray;

    #[test]
    fn what_is_astray_is_named() {
        for (text, message) in [
            ("# my system\n(a: 1)", "this begins no comment"),
            ("(a: 1)\nthat is all", "there is text after the end"),
            ("(a: 1)\n\n(a: 2)", "there are two scenarios"),
            ("(a:\u{a0}1)", "there is a no-break space here (U+00A0)"),
            (
                "(a: [1,\u{200b}2])",
                "there is a zero-width space here (U+200B)",
            ),
        ] {
            let fault = lexer::read(text).unwrap_err();
            let found = stray(text, fault.at, &fault.said, 0);
            let found = found.unwrap_or_else(|| panic!("{text:?}: {fault:?}"));
            assert!(found.message.starts_with(message), "{}", found.message);
        }
        for text in ["(a: 1 b: 2)", "(a: 1))", "(a: [1)"] {
            let fault = lexer::read(text).unwrap_err();
            assert_eq!(stray(text, fault.at, &fault.said, 0), None, "{text}");
        }
    }
}
