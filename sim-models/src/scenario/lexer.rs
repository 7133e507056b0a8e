//! Reads RON as `ron` does, and says where it gives up.

use ron::extensions::Extensions;
use ron::value::RawValue;

/// Where the reader gave up, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte.
    pub at: usize,
    /// In its own words.
    pub said: String,
}

/// What every scenario may use: implicit `Some`, and newtype variants without their second pair of
/// parentheses.
#[must_use]
pub fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// The value that a text is.
///
/// # Errors
/// The first thing that is no RON.
pub fn read(text: &str) -> Result<&RawValue, Fault> {
    options()
        .from_str::<&RawValue>(text)
        .map_err(|error| Fault {
            at: offset(text, error.span.start).min(text.len()),
            said: error.code.to_string(),
        })
}

/// The byte at a line and a column, which count from 1; columns count characters.
fn offset(text: &str, position: ron::error::Position) -> usize {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(position.line.saturating_sub(1))
        .map(str::len)
        .sum();
    let line = text.get(line_start..).unwrap_or("");
    let column = position.col.saturating_sub(1);
    line_start
        + line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(at, _)| at)
}
