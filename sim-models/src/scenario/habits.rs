//! What people write who come from other languages: `50%` and `1min` without quotes, `'single quotes'`,
//! `#` comments, names of fields in quotes. Each guess is tried: it is told only if the reader gets
//! further with what it says.

use super::diagnostics::{Code, Diagnostic};
use super::lexer;
use super::source::Span;
use crate::faults::REGISTRY;
use std::ops::Range;

/// A change to the text, and what it would say of the text if it helps.
struct Guess {
    place: Range<usize>,
    by: String,
    found: Diagnostic,
}

/// The habit that made the reader give up at byte `at`, if it is a known one.
#[must_use]
pub fn habit(text: &str, at: usize, file: u16) -> Option<Diagnostic> {
    let look = Look { text, at, file };
    let guesses = [
        look.arrow(),
        look.comma_in_number(),
        look.unquoted(),
        look.other_quotes(),
        look.comment(),
        look.semicolon(),
        look.quoted_name(),
        look.named_items(),
        look.several_values(),
    ];
    let helps = |guess: &Guess| {
        let (before, after) = (&text[..guess.place.start], &text[guess.place.end..]);
        let mended = format!("{before}{}{after}", guess.by);
        let past = at + mended.len() - text.len().min(mended.len());
        lexer::read(&mended).map_or_else(|fault| fault.at > past, |_| true)
    };
    // What can be read is no slip.
    if lexer::read(text).is_ok() {
        return None;
    }
    let mut known = guesses.into_iter().flatten();
    known.find(helps).map(|guess| guess.found)
}

/// A share in per cent as a plain number, digit by digit: `99.9` is `0.999`.
#[must_use]
pub fn hundredth(percent: &str) -> Option<String> {
    let number: f64 = format!("{}e-2", percent.trim()).parse().ok()?;
    number.is_finite().then(|| number.to_string())
}

/// What may follow a number after a space.
const UNITS: [&str; 19] = [
    "%", "ns", "us", "ms", "s", "min", "h", "d", "/s", "/min", "/h", "/d", "B", "kB", "MB", "GB",
    "KiB", "MiB", "GiB",
];

/// Characters of the words that a text without quotes would consist of.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_./%-+#*µ".contains(c)
}

/// A place in a text.
struct Look<'a> {
    text: &'a str,
    at: usize,
    file: u16,
}

impl Look<'_> {
    fn guess(&self, place: Range<usize>, by: String, said: [&str; 2], help: String) -> Guess {
        let span = Span {
            file: self.file,
            start: place.start as u32,
            end: place.end as u32,
        };
        Guess {
            place,
            by,
            found: Diagnostic::new(Code::Syntax, span, said[0])
                .label(said[1])
                .help(help),
        }
    }

    /// The byte of the next character that is no space.
    fn next(&self) -> usize {
        self.text.len() - self.text[self.at..].trim_start().len()
    }

    /// The word round a byte.
    fn word(&self, at: usize) -> Range<usize> {
        let start = at
            - self.text[..at]
                .chars()
                .rev()
                .take_while(|c| is_word(*c))
                .map(char::len_utf8)
                .sum::<usize>();
        let end = at
            + self.text[at..]
                .chars()
                .take_while(|c| is_word(*c))
                .map(char::len_utf8)
                .sum::<usize>();
        start..end
    }

    /// `{ web -> db: .. }`
    fn arrow(&self) -> Option<Guess> {
        let line = self.line();
        let arrow = ["->", "=>", "→"].into_iter().find_map(|arrow| {
            let near = self.text[line.clone()]
                .match_indices(arrow)
                .map(|(at, _)| line.start + at);
            let near = near.min_by_key(|at| at.abs_diff(self.at))?;
            Some(near..near + arrow.len())
        })?;
        let before = self.text[line.start..arrow.start].trim_end();
        let from = self.word(line.start + before.len());
        let after = &self.text[arrow.end..line.end];
        let to = self.word(arrow.end + after.len() - after.trim_start().len());
        if from.is_empty() || to.is_empty() || !(from.start..=to.end).contains(&self.at) {
            return None;
        }
        let text = format!(
            "\"{} -> {}\"",
            &self.text[from.clone()],
            &self.text[to.clone()]
        );
        let said = ["a call stands without quotes", "not in quotes"];
        Some(self.guess(
            from.start..to.end,
            text.clone(),
            said,
            format!("write `{text}`"),
        ))
    }

    /// `2,5`
    fn comma_in_number(&self) -> Option<Guess> {
        let digits = |range: Range<usize>| {
            !range.is_empty() && self.text[range].bytes().all(|b| b.is_ascii_digit())
        };
        let decimals = self.word(self.at);
        let comma = decimals.start.checked_sub(1)?;
        if !digits(decimals.clone()) || !self.text[comma..].starts_with(',') {
            return None;
        }
        let whole = self.word(comma);
        if !digits(whole.start..comma) {
            return None;
        }
        let number = format!(
            "{}.{}",
            &self.text[whole.start..comma],
            &self.text[decimals.clone()]
        );
        let said = ["a comma stands in a number", "written with a comma"];
        let help = format!("write {number}: numbers have a point");
        Some(self.guess(whole.start..decimals.end, number, said, help))
    }

    /// `1min`, `50%`, `50 / s`, `web/get`
    fn unquoted(&self) -> Option<Guess> {
        let mut place = self.word(self.at);
        let line = self.line();
        let before = self.text[line.start..place.start].trim_end();
        let number = self.word(line.start + before.len());
        let is_unit = place.start == number.end || UNITS.contains(&&self.text[place.clone()]);
        if self.text[number.clone()].parse::<f64>().is_ok() && is_unit {
            place.start = number.start;
        }
        let word = &self.text[place.clone()];
        let quoted = format!("\"{}\"", word.replace(' ', ""));
        let begins_with_digit = word.starts_with(|c: char| c.is_ascii_digit());
        if let Some(share) = word.strip_suffix('%').and_then(hundredth) {
            let said = ["a share is not written in per cent", "in per cent"];
            let help = format!(
                "write {share}: shares are parts of a whole (in checks, in quotes, per cent are known)"
            );
            let mut guess = self.guess(place, share.clone(), said, help);
            if let Some(fault) = self.fault() {
                guess.found = guess.found.help(format!(
                    "the share of a fault stands beside `inject`: `inject: {fault}(..), share: {share}`"
                ));
            }
            return Some(guess);
        }
        if begins_with_digit && word.contains(|c: char| c.is_alphabetic()) {
            let said = ["a value with a unit stands without quotes", "not in quotes"];
            return Some(self.guess(place, quoted.clone(), said, format!("write `{quoted}`")));
        }
        if word.starts_with(char::is_alphabetic) && word.contains(|c| "./-#*%+".contains(c)) {
            let said = ["a text stands without quotes", "not in quotes"];
            return Some(self.guess(place, quoted.clone(), said, format!("write `{quoted}`")));
        }
        None
    }

    /// The kind of fault among whose fields the place is.
    fn fault(&self) -> Option<&str> {
        let open = enclosing(self.text, self.at)?;
        let kind = &self.text[self.word(open)];
        REGISTRY
            .iter()
            .any(|(name, _)| *name == kind)
            .then_some(kind)
    }

    /// `'web/get'`, `` `web/get` ``, `“web/get”`
    fn other_quotes(&self) -> Option<Guess> {
        let open = self.next();
        let first = self.text[open..].chars().next()?;
        let closing: &[char] = match first {
            '\'' => &['\''],
            '`' => &['`'],
            '“' | '”' | '„' | '«' => &['”', '“', '»', '"'],
            '‘' | '’' => &['’', '‘'],
            _ => return None,
        };
        let inner = open + first.len_utf8();
        let rest = self.text[inner..].lines().next()?;
        let close = inner + rest.find(closing)?;
        let end = close + self.text[close..].chars().next().map_or(1, char::len_utf8);
        let quoted = format!("\"{}\"", &self.text[inner..close]);
        let said = ["texts stand in double quotes", "other quotes"];
        Some(self.guess(open..end, quoted.clone(), said, format!("write `{quoted}`")))
    }

    /// `# a comment`, `-- a comment`
    fn comment(&self) -> Option<Guess> {
        let start = self.next();
        let rest = self.text[start..].lines().next()?;
        let mark = ["#", "--"]
            .into_iter()
            .find(|mark| rest.starts_with(mark))?;
        let words = rest.trim_start_matches(['#', '-']).trim();
        let said = ["this begins no comment", "no comment here"];
        let help = format!("comments begin with `//`: `// {words}`");
        Some(self.guess(start..start + mark.len(), "//".into(), said, help))
    }

    fn semicolon(&self) -> Option<Guess> {
        let start = self.next();
        let words = self.text[start..].strip_prefix(';')?;
        let words = words.lines().next().unwrap_or_default().trim();
        let before = self.text[..start].trim_end();
        let (by, said, help) = if !before.ends_with([',', '(', '[', '{']) {
            let help = "values, fields and entries are separated by commas: `(a: 1, b: 2)`";
            let said = ["`;` stands where `,` is expected", "not a comma"];
            (",", said, help.to_owned())
        } else if words.is_empty() {
            let said = ["there is a `;` too many", "nothing ends here"];
            ("", said, "remove it".to_owned())
        } else {
            let said = ["this begins no comment", "no comment here"];
            (
                "//",
                said,
                format!("comments begin with `//`: `// {words}`"),
            )
        };
        Some(self.guess(start..start + 1, by.into(), said, help))
    }

    /// The text in quotes before a colon, without its quotes.
    fn quoted_before_colon(&self) -> Option<Range<usize>> {
        let colon = self.next();
        let before = self.text[..colon].trim_end();
        if !self.text[colon..].starts_with(':') {
            return None;
        }
        let end = before
            .len()
            .checked_sub(1)
            .filter(|_| before.ends_with('"'))?;
        let start = before[..end].rfind('"')?;
        Some(start + 1..end)
    }

    /// `("duration": "1min")`
    fn quoted_name(&self) -> Option<Guess> {
        let name = self.quoted_before_colon()?;
        if !self.text[..enclosing(self.text, self.at)? + 1].ends_with('(') {
            return None;
        }
        let (place, name) = (name.start - 1..name.end + 1, &self.text[name]);
        let said = [
            "a name in quotes stands where a field is expected",
            "in quotes",
        ];
        let help = format!(
            "a field is written `{name}: value`; the entries of a map stand in braces, `{{ \"{name}\": value }}`"
        );
        let after = self.text[place.end..].trim_start_matches([':', ' ']);
        let help = if after.starts_with('[')
            && !["zones", "hosts"].contains(&name)
            && self.in_entry()
        {
            format!("endpoints stand in a field of their own: `endpoints: {{ \"{name}\": [..] }}`")
        } else {
            help
        };
        // A name with other characters in it can only be meant as a key.
        let by = name.replace(|c: char| !(c.is_alphanumeric() || c == '_'), "_");
        Some(self.guess(place, by, said, help))
    }

    /// Whether the parentheses round the place are the value of a key in quotes, as those of a service are.
    fn in_entry(&self) -> bool {
        let before = enclosing(self.text, self.at).map(|open| self.text[..open].trim_end());
        let key = before.and_then(|before| before.strip_suffix(':'));
        key.is_some_and(|key| key.trim_end().ends_with('"'))
    }

    /// `["web": (..)]`
    fn named_items(&self) -> Option<Guess> {
        let name = self.quoted_before_colon()?;
        let open = enclosing(self.text, self.at)?;
        if !self.text[open..].starts_with('[') {
            return None;
        }
        let close = partner(self.text, open)?;
        let said = [
            "the items of a list have no names",
            "this bracket opens a list",
        ];
        let help = format!(
            "a map stands in braces: `{{ \"{}\": value }}`",
            &self.text[name]
        );
        let by = format!("{{{}}}", &self.text[open + 1..close]);
        let mut guess = self.guess(open..close + 1, by, said, help);
        if let Some(span) = &mut guess.found.span {
            span.end = span.start + 1;
        }
        Some(guess)
    }

    /// `{"web -> db": retry, timeout("1s")}`
    fn several_values(&self) -> Option<Guess> {
        let open = enclosing(self.text, self.at)?;
        if !self.text[open..].starts_with('{') {
            return None;
        }
        let items = items(self.text, open + 1..partner(self.text, open)?);
        let is_value =
            |item: &Range<usize>| self.text[item.clone()].starts_with(|c: char| c.is_alphabetic());
        let first = items.iter().position(is_value)?;
        let count = items[first..]
            .iter()
            .take_while(|item| is_value(item))
            .count();
        let entry = items[first.checked_sub(1)?].clone();
        let text = &self.text[entry.clone()];
        // Names in quotes may have colons in them.
        let key_end = text.strip_prefix('"')?.find('"')? + 2;
        let value = key_end + text[key_end..].find(':')? + 1;
        let value = value + text[value..].len() - text[value..].trim_start().len();
        let place = entry.start + value..items[first + count - 1].end;
        let by = format!("[{}]", &self.text[place.clone()]);
        let said = ["a key has several values", "these are several"];
        let help = format!("put them into brackets: `{}: {by}`", &text[..key_end]);
        Some(self.guess(place, by, said, help))
    }

    /// The line of the place, without its end.
    fn line(&self) -> Range<usize> {
        let start = self.text[..self.at].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[self.at..]
            .find('\n')
            .map_or(self.text.len(), |at| self.at + at);
        start..end
    }
}

/// The brackets of a text one by one: those in quotes and in comments to the end of the line are none.
fn brackets(text: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    let bytes = text.as_bytes();
    let (mut at, mut quoted) = (0, false);
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let here = at;
            at += 1;
            match bytes[here] {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b'/' if !quoted && bytes.get(at) == Some(&b'/') => {
                    at = text[here..]
                        .find('\n')
                        .map_or(bytes.len(), |end| here + end);
                }
                byte @ (b'(' | b'[' | b'{' | b')' | b']' | b'}') if !quoted => {
                    return Some((here, byte));
                }
                _ => {}
            }
        }
        None
    })
}

/// The bracket that is open at a byte.
#[must_use]
pub fn enclosing(text: &str, at: usize) -> Option<usize> {
    let mut open = Vec::new();
    for (place, bracket) in brackets(text).take_while(|(place, _)| *place < at) {
        match bracket {
            b'(' | b'[' | b'{' => open.push(place),
            _ => {
                open.pop();
            }
        }
    }
    open.pop()
}

/// The bracket that closes the one at a byte.
#[must_use]
pub fn partner(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (place, bracket) in brackets(text).skip_while(|(place, _)| *place < open) {
        match bracket {
            b'(' | b'[' | b'{' => depth += 1,
            _ => depth -= 1,
        }
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

/// The places between commas, without the spaces round them.
#[must_use]
pub fn items(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut depth, mut quoted) = (within.start, 0, false);
    let mut skip = 0;
    for (at, c) in text[within.clone()].char_indices() {
        let at = within.start + at;
        match c {
            _ if skip > at => {}
            '\\' if quoted => skip = at + 2,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(start..within.end);
    let trimmed = found.into_iter().map(|place| {
        let part = &text[place.clone()];
        let start = place.start + part.len() - part.trim_start().len();
        start..start + part.trim().len()
    });
    trimmed.filter(|place| !place.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_are_known_and_told_how() {
        for (text, message, help) in [
            ("(a: 1min, b: 2)", "a value with a unit", "write `\"1min\"`"),
            ("(a: f(200ms))", "a value with a unit", "write `\"200ms\"`"),
            ("(a: 5 s, b: 2)", "a value with a unit", "write `\"5s\"`"),
            ("(a: 50/s, b: 2)", "a value with a unit", "write `\"50/s\"`"),
            ("(a: 64 KiB)", "a value with a unit", "write `\"64KiB\"`"),
            ("(a: 1h30min)", "a value with a unit", "write `\"1h30min\"`"),
            ("(a: 50%, b: 2)", "a share is not", "write 0.5:"),
            ("(a: 99.9 %)", "a share is not", "write 0.999:"),
            (
                "(a: web/get)",
                "a text stands without",
                "write `\"web/get\"`",
            ),
            (
                "(a: eu-1, b: 2)",
                "a text stands without",
                "write `\"eu-1\"`",
            ),
            (
                "(a: {web -> db: [1]})",
                "a call stands without",
                "write `\"web -> db\"`",
            ),
            (
                "(a: 'x', b: 'web/get')",
                "texts stand in double",
                "write `\"web/get\"`",
            ),
            ("(a: `web`)", "texts stand in double", "write `\"web\"`"),
            ("(a: “web”)", "texts stand in double", "write `\"web\"`"),
            ("(\n# why\na: 1)", "this begins no comment", "`// why`"),
            ("(a: 1, # why\nb: 2)", "this begins no comment", "`// why`"),
            ("(a: 1, -- why\nb: 2)", "this begins no comment", "`// why`"),
            ("(a: 1; b: 2)", "`;` stands where", "commas"),
            ("(a: 1, ; why\nb: 2)", "this begins no comment", "`// why`"),
            ("(a: 1, ;\nb: 2)", "there is a `;` too many", "remove it"),
            (
                "(a: {\"w -> d\": retry(b: 3), t(\"1s\")})",
                "a key has several values",
                "`\"w -> d\": [retry(b: 3), t(\"1s\")]`",
            ),
            (
                "(a: [(inject: error(share: 30%))])",
                "a share is not",
                "write 0.3:",
            ),
            ("(a: 2,5)", "a comma stands in a number", "write 2.5:"),
            ("(\"a\": 1)", "a name in quotes", "`a: value`"),
            ("(\"a\": [1])", "a name in quotes", "`a: value`"),
            (
                "(s: {\"w\": (\"get\": [1])})",
                "a name in quotes",
                "`endpoints: { \"get\": [..] }`",
            ),
            (
                "(a: [\"web\": (b: 1)], c: 1)",
                "the items of a list",
                "`{ \"web\": value }`",
            ),
        ] {
            let fault = lexer::read(text).unwrap_err();
            let found = habit(text, fault.at, 0).unwrap_or_else(|| panic!("{text}: {fault:?}"));
            assert!(
                found.message.starts_with(message),
                "{text}: {}",
                found.message
            );
            assert!(found.help[0].contains(help), "{text}: {:?}", found.help);
        }
    }

    #[test]
    fn what_is_no_habit_is_not_told_of() {
        for text in ["(a: 1 b: 2)", "(a: [1)", "(a 1)", "(a: x{b: 1})", "(a: )"] {
            let fault = lexer::read(text).unwrap_err();
            assert_eq!(habit(text, fault.at, 0), None, "{text}");
        }
    }
}
