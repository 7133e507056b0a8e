//! Values with and without names in one pair of parentheses: `call("b/y", optional: true)`. RON knows
//! all of them named or none. What the others are called is found by leaving the odd ones out and reading
//! the rest as a scenario.

use super::de::Shapes;
use super::decode::decode;
use super::diagnostics::{Code, Diagnostic};
use super::habits::{enclosing, habit, items, partner};
use super::lexer;
use super::quotes;
use super::source::Span;
use super::tree;
use super::types::Scenario;
use std::ops::Range;

/// So many of them are looked for.
const MOST: usize = 50;

/// What is told where it is not known what the values are called.
pub const NAME_ALL: &str =
    "name it too: the values of one pair of parentheses all have names, or none";

/// A pair of parentheses with both.
#[derive(Debug)]
struct Mixed {
    /// The opening one.
    open: usize,
    /// All values between them, with their names if they have one.
    items: Vec<Range<usize>>,
    /// The one that does not go with those before it.
    odd: usize,
}

/// What is wrong with a text that the reader cannot read because values with and without names are mixed;
/// nothing if that is not why.
#[must_use]
pub fn diagnose(text: &str, file: u16) -> Vec<Diagnostic> {
    // Spaces in the place of what is odd, and of what follows it there, leave all others where they are.
    let mut rest = text.to_owned();
    let mut all: Vec<Mixed> = Vec::new();
    while all.len() < MOST
        && let Err(fault) = lexer::read(&rest)
        && !has_other_cause(&rest, fault.at, file)
        && let Some(mixed) = find(&rest, fault.at)
    {
        let place = mixed.items[mixed.odd - 1].end..mixed.items[mixed.items.len() - 1].end;
        let blank = |byte| if byte == b'\n' { '\n' } else { ' ' };
        let blank: String = rest.as_bytes()[place.clone()]
            .iter()
            .map(|b| blank(*b))
            .collect();
        rest.replace_range(place, &blank);
        all.push(mixed);
    }
    let shapes = Shapes::default();
    if !all.is_empty()
        && let Ok(node) = tree::parse(&rest, file)
    {
        // What else is wrong is told once this is mended.
        let _ = decode::<Scenario>(&node, &shapes);
    }
    let shapes = shapes.into_inner();
    let fields = |open: usize| {
        let holds = |span: &&Span| (span.start as usize..span.end as usize).contains(&open);
        let found = shapes
            .keys()
            .filter(holds)
            .min_by_key(|span| span.end - span.start);
        let found = found.filter(|span| !rest[span.start as usize..open].contains(['(', '[', '{']));
        found.map(|span| shapes[span])
    };
    all.iter()
        .map(|mixed| mixed.told(text, fields(mixed.open), file))
        .collect()
}

/// Whether something else is known to be wrong there.
fn has_other_cause(text: &str, at: usize, file: u16) -> bool {
    quotes::missing(text, at, file).is_some() || habit(text, at, file).is_some()
}

/// The parentheses round the place where the reader gave up, if that is why.
fn find(text: &str, at: usize) -> Option<Mixed> {
    let open = enclosing(text, at)?;
    if !text[open..].starts_with('(') {
        return None;
    }
    let close = partner(text, open)?;
    let items = items(text, open + 1..close);
    let first_named = name(&text[items.first()?.clone()]).is_some();
    let is_odd = |item: &Range<usize>| name(&text[item.clone()]).is_some() != first_named;
    let odd = items.iter().position(is_odd)?;
    // What stands further on is not what the reader met.
    (items[odd].start <= at && at <= items[odd].end).then_some(Mixed { open, items, odd })
}

/// The name in front of a value.
fn name(item: &str) -> Option<&str> {
    let end = item.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let (name, rest) = item.split_at(end);
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (is_name && rest.trim_start().starts_with(':')).then_some(name)
}

/// The name in quotes in front of a value, as the entries of a map have it.
fn key(item: &str) -> Option<&str> {
    let (key, rest) = item.strip_prefix('"')?.split_once('"')?;
    rest.trim_start().starts_with(':').then_some(key)
}

impl Mixed {
    fn told(&self, text: &str, fields: Option<&[&str]>, file: u16) -> Diagnostic {
        let span = |range: Range<usize>| Span {
            file,
            start: range.start as u32,
            end: range.end as u32,
        };
        let odd = self.items[self.odd].clone();
        let first = self.items[0].clone();
        if let Some(name) = name(&text[odd.clone()]) {
            let found = Diagnostic::new(
                Code::Syntax,
                span(odd.start..odd.start + name.len()),
                format!("`{name}` has a name, but the value before it has none"),
            );
            return found
                .label("this has a name")
                .also(span(first), "this has none")
                .help(match fields {
                    Some(fields) => format!(
                        "name the first value{} too: `{}`",
                        if self.odd > 1 { "s" } else { "" },
                        self.named(text, fields)
                    ),
                    None => NAME_ALL.to_owned(),
                });
        }
        let found = Diagnostic::new(
            Code::Syntax,
            span(odd.clone()),
            "this value has no name, but the one before it has",
        );
        let found = found
            .label("this has no name")
            .also(span(first), "this has one");
        let used: Vec<&str> = self
            .items
            .iter()
            .filter_map(|item| name(&text[item.clone()]))
            .collect();
        let value = short(&text[odd.clone()]);
        if let Some(key) = key(&text[odd.clone()]) {
            let map = match fields {
                Some(fields) if fields.contains(&"endpoints") => "endpoints",
                _ => "name",
            };
            return found.help(format!(
                "a name in quotes belongs into a map, which is a field itself: `{map}: {{ \"{key}\": {} }}`",
                short(text[odd][key.len() + 2..].trim_start_matches([' ', ':']))
            ));
        }
        let Some(fields) = fields else {
            return found.help(NAME_ALL);
        };
        // The one in its place, if that is still free.
        let mut free = fields.iter().filter(|field| !used.contains(field));
        let own = fields.get(self.odd).filter(|field| !used.contains(field));
        let field = own.or_else(|| free.next()).unwrap_or(&"name");
        found
            .help(format!("name it too: `{field}: {value}`"))
            .help(format!("fields, in order: {}", fields.join(", ")))
    }

    /// The whole of it with names in front of all values.
    fn named(&self, text: &str, fields: &[&str]) -> String {
        let before = &text[..self.open];
        let start = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let parts: Vec<String> = self
            .items
            .iter()
            .enumerate()
            .map(|(place, item)| {
                let part = &text[item.clone()];
                match name(part) {
                    Some(_) => short(part),
                    None => {
                        let field = fields.get(place);
                        format!("{}: {}", field.unwrap_or(&"name"), short(part))
                    }
                }
            })
            .collect();
        format!("{}({})", &before[start..], parts.join(", "))
    }
}

/// Letters of a value that are shown; of a longer one its beginning.
const MOST_LETTERS: usize = 60;

/// A value in one line, without the inner parts of a long one.
fn short(value: &str) -> String {
    if value.len() <= MOST_LETTERS && !value.contains('\n') {
        return value.to_owned();
    }
    let line = value.lines().next().unwrap_or_default();
    let begun: String = line.chars().take(MOST_LETTERS).collect();
    match begun.find(['(', '[', '{']) {
        Some(head) => {
            let close = match begun.as_bytes()[head] {
                b'(' => ")",
                b'[' => "]",
                _ => "}",
            };
            format!("{}..{close}", &begun[..=head])
        }
        None => format!("{begun}.."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(inner: &str) -> Vec<String> {
        let text = format!(
            "(duration: \"1min\", services: {{ \"a\": (endpoints: {{ \"x\": [work(\"2ms\")] }}) }}, {inner})"
        );
        diagnose(&text, 0)
            .into_iter()
            .flat_map(|found| found.help)
            .collect()
    }

    #[test]
    fn the_names_that_are_missing_are_known() {
        for (inner, help) in [
            (
                "workloads: { \"u\": open(\"9/s\", to: \"a/x\") }",
                "`open(rate: \"9/s\", to: \"a/x\")`",
            ),
            (
                "calls: { \"a -> b\": [retry(3, exponential(\"1ms\"), on: [error])] }",
                "name the first values too: `retry(attempts: 3, backoff: exponential(\"1ms\"), on: [error])`",
            ),
            (
                "calls: { \"a -> b\": [retry(attempts: 3, exponential(\"50ms\"))] }",
                "name it too: `backoff: exponential(\"50ms\")`",
            ),
            (
                "calls: { \"a -> b\": [retry(backoff: none, 3)] }",
                "name it too: `attempts: 3`",
            ),
        ] {
            let found = told(inner);
            assert!(
                found.first().is_some_and(|first| first.contains(help)),
                "{inner}: {found:?}"
            );
        }
    }

    #[test]
    fn all_of_them_are_told_at_once() {
        let found =
            told("workloads: { \"u\": open(\"9/s\", to: \"a/x\"), \"v\": closed(3, to: \"a/x\") }");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[1].contains("`closed(users: 3, to: \"a/x\")`"),
            "{found:?}"
        );
    }

    #[test]
    fn what_stands_behind_does_not_matter() {
        let found =
            told("calls: { \"a -> b\": [retry(3, backoff: exponential(\"1ms\", jitter: 1ms))] }");
        assert!(
            found[0].contains("`retry(attempts: 3, backoff: exponential"),
            "{found:?}"
        );
    }

    #[test]
    fn other_mistakes_are_left_to_others() {
        for inner in [
            "a: (b: 1 c: 2)",
            "a: [1",
            "a: {\"b\" 1}",
            "a: (1 2)",
            "a: (b, c",
        ] {
            assert!(told(inner).is_empty(), "{inner}");
        }
    }
}
