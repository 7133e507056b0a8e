//! What was probably meant by a value of the wrong type, in words for the user.

use super::habits::hundredth;
use super::tree::{Kind, Node, children};

/// What to write instead of `node` where `expected` is wanted, if the slip is a known one.
#[must_use]
pub fn help(node: &Node, expected: &str) -> Option<String> {
    if let Kind::Ident(name) = &node.kind
        && ["null", "nil", "None", "none", "default"].contains(&name.as_str())
    {
        return Some("leave the field out: it is then what it is by default".into());
    }
    if expected.contains("whole number") || expected.ends_with("a number") {
        return number(node);
    }
    if expected.contains("`true` or `false`") {
        return truth(node);
    }
    if expected.contains("a duration") {
        return distribution(node);
    }
    if expected.contains("a rate") && node.name().is_some() {
        return Some("it is one rate, such as \"50/s\": whether the gaps between arrivals vary is said by `arrivals: poisson` (exponential gaps) or `arrivals: constant`".into());
    }
    match &node.kind {
        Kind::Char(c) => Some(format!("texts stand in double quotes: write \"{c}\"")),
        _ => None,
    }
}

fn number(node: &Node) -> Option<String> {
    let Kind::Str(text) = &node.kind else {
        return None;
    };
    if let Some(share) = text.strip_suffix('%').and_then(hundredth) {
        return Some(format!(
            "write {share}, without quotes: shares are parts of a whole"
        ));
    }
    let digits = text.trim().trim_end_matches(['x', '×', '*']).trim_end();
    let number: f64 = digits.replace('_', "").parse().ok()?;
    number
        .is_finite()
        .then(|| format!("write {digits}, without quotes"))
}

fn truth(node: &Node) -> Option<String> {
    let word = match &node.kind {
        Kind::Str(text) | Kind::Ident(text) => text.to_lowercase(),
        Kind::Unsigned(number) => number.to_string(),
        _ => return None,
    };
    let meant = match word.as_str() {
        "true" | "yes" | "on" | "1" => "true",
        "false" | "no" | "off" | "0" => "false",
        _ => return None,
    };
    Some(format!("write `{meant}`, without quotes"))
}

/// A distribution where one duration is wanted.
fn distribution(node: &Node) -> Option<String> {
    node.name()?;
    let span = children(node).find_map(|child| match &child.kind {
        Kind::Str(text) => Some(text.as_str()),
        _ => None,
    });
    let span = span.unwrap_or("250ms");
    Some(format!(
        "it is one duration, the same each time, and not drawn from a distribution: write such as \"{span}\""
    ))
}

/// What to write instead of a text where one of `kinds` is wanted, which stand without quotes.
#[must_use]
pub fn quoted_kind(text: &str, kinds: &[&str]) -> Option<String> {
    let text = text.trim();
    if kinds.contains(&text) {
        return Some(format!("write `{text}` without quotes"));
    }
    let (name, rest) = text.split_once('(')?;
    let arguments = rest.strip_suffix(')')?;
    let is_quoted = arguments.is_empty() || arguments.contains('"');
    let example = if is_quoted {
        arguments.to_owned()
    } else {
        format!("\"{arguments}\"")
    };
    kinds
        .contains(&name.trim())
        .then(|| format!("write it without the quotes round it: `{name}({example})`"))
}
