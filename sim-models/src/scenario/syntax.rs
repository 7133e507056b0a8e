//! Says what is wrong with a text that is not RON in terms of what its author meant: the bracket or
//! the quote that is not closed, the comma that is missing. The lexer only says where it gave up.

use super::diagnostics::{Code, Diagnostic};
use super::foreign;
use super::habits::{enclosing, habit};
use super::quotes;
use super::source::Span;
use super::strays;
use std::ops::Range;

/// What a scan of the brackets of a text finds.
#[derive(Debug, Default)]
struct Scan {
    /// The first thing that does not fit.
    misfit: Option<Misfit>,
    /// Texts in quotes that go on over several lines.
    long_texts: Vec<Range<usize>>,
    /// Whether there is anything but space and comments.
    anything: bool,
}

#[derive(Debug)]
enum Misfit {
    /// The bracket at `open` is closed by another one at `close`.
    Closed(usize, usize),
    /// Nothing is open where a bracket is closed.
    TooMany(usize),
    /// A bracket is never closed.
    Open(usize),
    /// A text in quotes is never closed.
    Text(usize),
    /// A comment is never closed.
    Comment(usize),
}

/// The diagnostic of a syntax error that the lexer met at byte `at`, and calls `said`.
#[must_use]
pub fn diagnose(text: &str, at: usize, said: &str, file: u16) -> Diagnostic {
    let scan = scan(text);
    let place = |range: Range<usize>| Span {
        file,
        start: range.start as u32,
        end: range.end as u32,
    };
    let one = |at: usize| place(at..at + char_at(text, at).map_or(0, char::len_utf8));
    let new = |span: Span, message: String| Diagnostic::new(Code::Syntax, span, message);
    if !scan.anything {
        return new(one(0), "there is no scenario in this file".into())
            .label("nothing but space and comments")
            .help("a scenario is `(duration: \"1min\", services: {..}, workloads: {..})`");
    }
    let known = [
        foreign::recognise(text, file),
        strays::stray(text, at, said, file),
        quotes::missing(text, at, file),
    ];
    if let Some(found) = known.into_iter().flatten().next() {
        return found;
    }
    if let Some(found) = habit(text, at, file) {
        return found;
    }
    if let Some(long) = scan.long_texts.iter().find(|long| long.start < at) {
        return unclosed_text(text, long.start, file);
    }
    match scan.misfit {
        Some(Misfit::Comment(start)) => {
            return new(place(start..start + 2), "a comment is never closed".into())
                .label("it begins here")
                .help("close it with `*/`, or begin each of its lines with `//`");
        }
        Some(Misfit::Text(start)) => return unclosed_text(text, start, file),
        Some(Misfit::Closed(open, close)) if close <= at + 1 => {
            let (bracket, wanted) = (&text[open..=open], partner(text.as_bytes()[open]));
            return new(one(close), format!("a `{bracket}` is not closed"))
                .label(format!("expected `{wanted}` before this"))
                .also(one(open), format!("this `{bracket}` is still open"))
                .help(format!("add the `{wanted}`, or remove the `{bracket}`"));
        }
        Some(Misfit::TooMany(extra)) if extra <= at + 1 => {
            let message = format!("there is a `{}` too many", &text[extra..=extra]);
            return new(one(extra), message)
                .label("nothing is open here")
                .help("remove it, or look further up for a bracket that is closed too early");
        }
        Some(Misfit::Open(open)) if at >= text.trim_end().len() => {
            let wanted = partner(text.as_bytes()[open]);
            return new(
                one(open),
                format!("this `{}` is never closed", &text[open..=open]),
            )
            .label("it is still open at the end of the file")
            .help(format!("add the `{wanted}` that closes it"));
        }
        _ => {}
    }
    guess(text, at, said, one(at))
}

/// The simple value that begins at a byte.
fn value_at(text: &str, at: usize) -> &str {
    let value = text[at..].split([',', ']', '\n']).next();
    value.unwrap_or_default().trim()
}

/// What is wrong where all brackets fit.
fn guess(text: &str, at: usize, said: &str, span: Span) -> Diagnostic {
    let before = text[..at].trim_end();
    let name_start = before
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |found| {
            found + before[found..].chars().next().map_or(1, char::len_utf8)
        });
    let name = &before[name_start..];
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let begins_field = before[..name_start].trim_end().ends_with(['(', ',']);
    let next = char_at(text, at);
    let new = |message: String| Diagnostic::new(Code::Syntax, span, message);
    if said.contains("escape") {
        return new("there is no such escape in a text".into())
            .label("after this `\\`")
            .help("for a `\\` itself write `\\\\`; escapes are `\\n`, `\\t`, `\\\"` and `\\\\`");
    }
    if next == Some('=') {
        return new("`=` stands where `:` is expected".into())
            .label("not a colon")
            .help("a field is written `name: value`");
    }
    let bracket = enclosing(text, at).map(|open| text.as_bytes()[open]);
    if is_name && next == Some(':') && bracket == Some(b'[') {
        return new(format!("`{name}` stands like a field, in a list"))
            .label("a list has no names")
            .help(format!("write `{name}({})`", value_at(text, at + 1)));
    }
    let in_list = before[..name_start].trim_end().ends_with(['[', ',']) && bracket == Some(b'[');
    if is_name && in_list && matches!(next, Some('"' | '0'..='9')) {
        return new(format!("the values of `{name}` stand in parentheses"))
            .label("expected `(` before this")
            .help(format!("write `{name}({})`", value_at(text, at)));
    }
    if next == Some(',') && before.ends_with(',') {
        return new("there is a comma too many".into())
            .label("nothing stands before it")
            .help("remove it");
    }
    if text[at..].trim_start().starts_with('$') {
        return new("variables are not filled in".into())
            .label("a variable, as in a shell or a template")
            .help("write the value here, and change it from outside with `--set PATH=VALUE`");
    }
    if !said.contains("comma") {
        let mut message = said.to_owned();
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        return new(message)
            .label("the text makes no sense from here")
            .help("`sim explain S0001` shows how lists, maps and structs are written");
    }
    if is_name && next == Some('{') {
        return new(format!("the fields of `{name}` stand in parentheses"))
            .label("not in braces")
            .help(format!("write `{name}(field: value)`"));
    }
    if is_name && begins_field && next == Some(':') {
        return new(format!(
            "`{name}` has a name, but the value before it has none"
        ))
        .label("this has a name")
        .help("name it too: the values of one pair of parentheses all have names, or none");
    }
    if is_name && begins_field {
        return new(format!("there is no colon after `{name}`"))
            .label("expected a colon before this")
            .help(format!("write `{name}: value`"));
    }
    new("a comma is missing".into())
        .label("expected a comma before this")
        .help("values, fields and entries are separated by commas: `(a: 1, b: 2)`")
}

fn unclosed_text(text: &str, start: usize, file: u16) -> Diagnostic {
    let end = text[start..]
        .find(['\n', '\r'])
        .map_or(text.len(), |length| start + length);
    let span = Span {
        file,
        start: start as u32,
        end: end as u32,
    };
    Diagnostic::new(
        Code::Syntax,
        span,
        "a text in quotes is not closed on its line",
    )
    .label("it begins here")
    .help("add the closing `\"`")
}

fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..).and_then(|rest| rest.chars().next())
}

fn partner(bracket: u8) -> char {
    match bracket {
        b'(' => ')',
        b'[' => ']',
        _ => '}',
    }
}

/// Looks through a text for brackets, quotes and comments that do not fit.
fn scan(text: &str) -> Scan {
    let bytes = text.as_bytes();
    let mut found = Scan::default();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b'/' if bytes.get(at) == Some(&b'/') => {
                at = text[start..]
                    .find('\n')
                    .map_or(bytes.len(), |length| start + length);
                continue;
            }
            b'/' if bytes.get(at) == Some(&b'*') => match end_of_comment(bytes, start) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => {
                    found.anything = true;
                    found.misfit.get_or_insert(Misfit::Comment(start));
                    return found;
                }
            },
            byte if byte.is_ascii_whitespace() => continue,
            b'"' => match end_of_text(bytes, start) {
                Some(end) => {
                    if text[start..end].contains('\n') {
                        found.long_texts.push(start..end);
                    }
                    at = end;
                }
                None => {
                    found.anything = true;
                    found.misfit.get_or_insert(Misfit::Text(start));
                    return found;
                }
            },
            b'(' | b'[' | b'{' => open.push(start),
            close @ (b')' | b']' | b'}') => match open.pop() {
                Some(last) if partner(bytes[last]) as u8 == close => {}
                Some(last) => {
                    found.misfit.get_or_insert(Misfit::Closed(last, start));
                }
                None => {
                    found.misfit.get_or_insert(Misfit::TooMany(start));
                }
            },
            _ => {}
        }
        found.anything = true;
    }
    if let Some(last) = open.last() {
        found.misfit.get_or_insert(Misfit::Open(*last));
    }
    found
}

/// Byte after the end of a text in quotes; a raw one (`r#".."#`) knows no escapes.
fn end_of_text(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[..start]
        .iter()
        .rev()
        .take_while(|byte| **byte == b'#')
        .count();
    let raw = bytes[..start - hashes].last() == Some(&b'r');
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !raw => at += 1,
            b'"' if !raw => return Some(at + 1),
            b'"' if bytes[at + 1..].iter().take_while(|b| **b == b'#').count() >= hashes => {
                return Some(at + 1 + hashes);
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Byte after the end of a comment `/* .. */`; they nest.
pub(crate) fn end_of_comment(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0;
    let mut at = start;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::diagnose;

    #[test]
    fn says_what_the_author_meant() {
        for (text, at, said, expected) in [
            ("", 0, "end", "there is no scenario"),
            ("// x\n/* y */", 12, "end", "there is no scenario"),
            ("(a: [1)", 6, "comma", "a `[` is not closed"),
            ("(a: [1]", 7, "end", "this `(` is never closed"),
            ("(a: 1))", 6, "trailing", "there is a `)` too many"),
            ("(a: 1 b: 2)", 6, "comma", "a comma is missing"),
            ("(a = 1)", 3, "comma", "`=` stands where"),
            ("(a 1)", 3, "comma", "there is no colon after `a`"),
            ("(a: [b: 1])", 6, "comma", "`b` stands like a field"),
            ("(a: [b \"c\"])", 7, "comma", "the values of `b` stand"),
            (
                "(a: 1,, b: 2)",
                6,
                "identifier",
                "there is a comma too many",
            ),
            ("(a: $X)", 4, "char", "variables are not"),
            ("(a: x{b: 1})", 5, "comma", "the fields of `x`"),
            ("(a: \"x),\n b: \"y\")", 14, "comma", "a text in quotes"),
            ("(a: \"x)", 7, "end", "a text in quotes"),
            ("(a: 1 /* x)", 11, "comment", "a comment is never closed"),
            ("(ä: \"日\" b: 2)", 11, "comma", "a comma is missing"),
            ("(a: r#\"(\"#, b: '!')", 15, "Strange", "strange"),
        ] {
            let found = diagnose(text, at, said, 0);
            assert!(
                found.message.starts_with(expected),
                "{text}: {}",
                found.message
            );
            assert!(!found.help.is_empty(), "{text}");
        }
    }
}
