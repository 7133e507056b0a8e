//! Text that shows as what it is.
//!
//! Names and titles end up in terminals, pictures, tables and names of files. Control characters can make a
//! terminal do things, and marks that turn the direction of writing can make a text look like another one
//! (N. Boucher, R. Anderson: Trojan Source, 2021, <https://trojansource.codes>), so neither may stand in
//! them.

use std::borrow::Cow;

/// Whether a character does something to the text around it instead of being seen.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        // Marks of direction (Unicode Standard Annex 9), ends of lines and paragraphs, and what has no width or looks
        // like a blank (of Default_Ignorable_Code_Point, Unicode Standard Annex 44): two names that differ by one of
        // these alone cannot be told apart.
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A text in which hidden characters are written as RON and Rust write them: `\u{1b}`.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let shown = |c: char| {
        if is_hidden(c) {
            c.escape_unicode().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(shown).collect::<String>().into()
}

/// As [`plain`], but lines may end and be indented.
#[must_use]
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    let bad = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    if !text.contains(bad) {
        return text.into();
    }
    let lines: Vec<_> = text
        .split('\n')
        .map(|line| line.split('\t').map(plain).collect::<Vec<_>>().join("\t"))
        .collect();
    lines.join("\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out() {
        assert_eq!(plain("a\u{1b}[31m\n"), "a\\u{1b}[31m\\u{a}");
        assert_eq!(plain("\u{202e}dlo\u{2066}"), "\\u{202e}dlo\\u{2066}");
        assert_eq!(plain("Zürich 東京 أهلا"), "Zürich 東京 أهلا");
        // Joiners belong to the spelling of some languages, and to signs.
        assert_eq!(
            plain("می\u{200c}خواهم 👩\u{200d}💻"),
            "می\u{200c}خواهم 👩\u{200d}💻"
        );
        assert_eq!(
            plain("a\u{200f}b\u{200b}\u{feff}"),
            "a\\u{200f}b\\u{200b}\\u{feff}"
        );
        // A soft hyphen, a joiner of marks, a Mongolian separator, and fillers of Hangul: nobody sees them.
        for c in "\u{ad}\u{34f}\u{180e}\u{115f}\u{1160}\u{3164}".chars() {
            assert_eq!(
                plain(&format!("d{c}b")),
                format!("d{}b", c.escape_unicode())
            );
        }
        assert_eq!(plain_lines("a\n\tb\u{7}"), "a\n\tb\\u{7}");
    }
}
