//! Inputs made of other inputs: by bytes, by tokens, by structure, and by the extremes of their numbers.

use sim_core::random::{Keyed, Source};
use std::ops::Range;

/// How an input is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Bytes come, go and change, whatever they stand for.
    Bytes,
    /// Words, numbers, texts and signs come, go and change places.
    Tokens,
    /// Values and entries of lists, maps and structures come, go, change places, and stand inside each other.
    Structure,
    /// Numbers become somewhat smaller or larger, or as small, as large, or as odd as they can be written.
    Numbers,
    /// Fields, steps, policies and faults become others of the same name: most of what comes of it is sound.
    Kin,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Bytes,
        Self::Tokens,
        Self::Structure,
        Self::Numbers,
        Self::Kin,
    ];
}

/// Numbers at the edges of what holds them.
const EXTREMES: [&str; 44] = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "0.5",
    "1.5",
    "-0.0",
    "100",
    "101",
    "1000",
    "9999",
    "10000",
    "10001",
    "65534",
    "65535",
    "65536",
    "100000",
    "1000000",
    "1000001",
    "4000000",
    "2147483647",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "1e-308",
    "5e-324",
    "1e-12",
    "1e-9",
    "1e9",
    "1e18",
    "1e19",
    "1e154",
    "1e308",
    "1e309",
    "inf",
    "-inf",
    "nan",
    "0.9999999999999999",
];

/// Units of durations, rates and sizes, and what is none.
const UNITS: [&str; 18] = [
    "ns", "us", "ms", "s", "min", "h", "d", "/s", "/min", "/h", "/d", "B", "KiB", "MiB", "GiB",
    "%", "", "y",
];

/// Bytes that mean something to somebody.
const SIGNS: &[u8] = b"()[]{},:;\"'\\/*#=+-.eE09_ \n\t\0\x1b\x7f\xc3\xe2\xf0\xff<>&|%$";

/// Chance, with what a fuzzer asks of it.
pub struct Dice(Keyed);

impl Dice {
    /// Of one input.
    pub fn new(seed: u64, input: u64) -> Self {
        Self(Keyed::new(seed, input))
    }

    /// Below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound as u64) as usize
    }

    /// One of several.
    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A range within a length, mostly short.
    fn range(&mut self, length: usize) -> Range<usize> {
        let start = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 12 };
        start..start + self.below(most.min(length - start) + 1)
    }
}

/// A text changed in one to five places, with parts of another.
pub fn changed(dice: &mut Dice, by: By, text: &str, other: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let times = [1, 1, 1, 1, 2, 2, 3, 5][dice.below(8)];
    for _ in 0..times {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        bytes = match by {
            By::Bytes => by_bytes(dice, bytes, other.as_bytes()),
            By::Tokens => by_tokens(dice, &text, other).into_bytes(),
            By::Structure => by_structure(dice, &text, other).into_bytes(),
            By::Numbers => by_numbers(dice, &text).into_bytes(),
            By::Kin => by_kin(dice, &text, other).into_bytes(),
        };
    }
    bytes
}

fn by_bytes(dice: &mut Dice, mut bytes: Vec<u8>, other: &[u8]) -> Vec<u8> {
    let at = dice.range(bytes.len());
    match dice.below(6) {
        0 => bytes.truncate(at.start),
        1 => drop(bytes.drain(at)),
        2 => {
            let copy = bytes[at].to_vec();
            let to = dice.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        3 => {
            let from = dice.range(other.len());
            bytes.splice(at, other[from].iter().copied());
        }
        4 => {
            let sign = SIGNS[dice.below(SIGNS.len())];
            let times = [1, 1, 1, 2, 40, 3000][dice.below(6)];
            bytes.splice(at.start..at.start, std::iter::repeat_n(sign, times));
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at.start) {
                *byte ^= 1 << dice.below(8);
            }
        }
    }
    bytes
}

/// Words, numbers, texts and signs, one by one.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let word =
            |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte >= 0x80;
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                at = (at + 1).min(bytes.len());
                while !text.is_char_boundary(at) {
                    at += 1;
                }
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            byte if word(byte) => {
                while at < bytes.len() && word(bytes[at]) {
                    at += 1;
                }
            }
            _ => at += 1,
        }
        found.push(start..at);
    }
    found
}

fn replaced(text: &str, at: Range<usize>, with: &str) -> String {
    [&text[..at.start], with, &text[at.end..]].concat()
}

fn swapped(text: &str, one: Range<usize>, two: Range<usize>) -> String {
    let (first, last) = if one.start <= two.start {
        (one, two)
    } else {
        (two, one)
    };
    if first.end > last.start {
        return replaced(text, last, "");
    }
    let parts = [
        &text[..first.start],
        &text[last.clone()],
        &text[first.end..last.start],
        &text[first],
        &text[last.end..],
    ];
    parts.concat()
}

fn by_tokens(dice: &mut Dice, text: &str, other: &str) -> String {
    let (own, others) = (tokens(text), tokens(other));
    if own.is_empty() || others.is_empty() {
        return other.into();
    }
    let one = own[dice.below(own.len())].clone();
    let two = own[dice.below(own.len())].clone();
    match dice.below(5) {
        0 => replaced(text, one, ""),
        1 => replaced(text, one.start..one.start, &text[two]),
        2 => swapped(text, one, two),
        3 => replaced(text, one, &text[two]),
        _ => replaced(text, one, &other[others[dice.below(others.len())].clone()]),
    }
}

/// Values and entries: whatever stands between a bracket or a comma and the next one of the same depth.
fn items(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for token in tokens(text) {
        match &text[token.clone()] {
            "(" | "[" | "{" => open.push(token.end),
            ")" | "]" | "}" => {
                if let Some(start) = open.pop() {
                    found.push(start..token.start);
                }
            }
            "," => {
                if let Some(start) = open.last_mut() {
                    found.push(*start..token.start);
                    *start = token.end;
                }
            }
            _ => {}
        }
    }
    found
}

/// The value of an entry, or the item itself.
fn value(text: &str, item: &Range<usize>) -> Range<usize> {
    let inside = tokens(&text[item.clone()]);
    let colon = inside
        .get(1)
        .filter(|sign| &text[item.clone()][(*sign).clone()] == ":");
    colon.map_or(item.clone(), |colon| item.start + colon.end..item.end)
}

fn by_structure(dice: &mut Dice, text: &str, other: &str) -> String {
    let (own, others) = (items(text), items(other));
    if own.is_empty() || others.is_empty() {
        return other.into();
    }
    let one = own[dice.below(own.len())].clone();
    let two = own[dice.below(own.len())].clone();
    let (inner, outer) = (value(text, &one), value(text, &two));
    match dice.below(9) {
        0 => replaced(text, one.start..(one.end + 1).min(text.len()), ""),
        1 => replaced(
            text,
            one.start..one.start,
            &format!("{},", &text[one.clone()]),
        ),
        2 => replaced(text, one.start..one.start, &format!("{},", &text[two])),
        3 => swapped(text, one, two),
        4 => swapped(text, inner, outer),
        5 => replaced(text, inner, &text[outer]),
        6 => {
            let item = others[dice.below(others.len())].clone();
            let item = if dice.below(2) == 0 {
                value(other, &item)
            } else {
                item
            };
            replaced(text, inner, &other[item])
        }
        7 => {
            let times = [1, 2, 5, 70, 400][dice.below(5)];
            let (before, after) = [
                ("(", ")"),
                ("[", "]"),
                ("{\"x\": ", "}"),
                ("repeat(2, [", "])"),
                ("parallel([[", "]])"),
            ][dice.below(5)];
            let inside = &text[inner.clone()];
            let nested = format!("{}{inside}{}", before.repeat(times), after.repeat(times));
            replaced(text, inner, &nested)
        }
        _ => {
            let times = [3, 20, 300][dice.below(3)];
            replaced(
                text,
                one.start..one.start,
                &format!("{},", &text[one.clone()]).repeat(times),
            )
        }
    }
}

/// The name of an item: of a field, a step, a policy or a fault.
fn name<'a>(text: &'a str, item: &Range<usize>) -> Option<&'a str> {
    let item = &text[item.clone()];
    match &tokens(item)[..] {
        [name, sign, ..] if matches!(&item[sign.clone()], ":" | "(") => Some(&item[name.clone()]),
        _ => None,
    }
}

/// How often a kin is looked for.
const TRIES: usize = 8;

fn by_kin(dice: &mut Dice, text: &str, other: &str) -> String {
    let (own, others) = (items(text), items(other));
    for _ in 0..if own.is_empty() { 0 } else { TRIES } {
        let one = own[dice.below(own.len())].clone();
        let Some(named) = name(text, &one) else {
            continue;
        };
        // Of its own text, whose names are known here, or of the other one.
        let (from, items) = if dice.below(3) > 0 {
            (text, &own)
        } else {
            (other, &others)
        };
        let kin: Vec<&Range<usize>> = items
            .iter()
            .filter(|item| {
                name(from, item) == Some(named) && from[(*item).clone()] != text[one.clone()]
            })
            .collect();
        if !kin.is_empty() {
            let kin = kin[dice.below(kin.len())].clone();
            return replaced(text, one, &from[kin]);
        }
    }
    by_numbers(dice, text)
}

/// Numbers, wherever they stand: in texts too, with their units.
fn numbers(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let begins =
            bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        if !begins {
            at += 1;
            continue;
        }
        while at < bytes.len()
            && (bytes[at].is_ascii_digit() || bytes[at] == b'.' || bytes[at] == b'_')
        {
            at += 1;
        }
        let end = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_alphabetic() || bytes[at] == b'/' || bytes[at] == b'%')
        {
            at += 1;
        }
        found.push((start..end, end..at));
    }
    found
}

fn by_numbers(dice: &mut Dice, text: &str) -> String {
    let numbers = numbers(text);
    if numbers.is_empty() {
        return text.into();
    }
    let (number, unit) = numbers[dice.below(numbers.len())].clone();
    match dice.below(11) {
        0 => replaced(text, unit, dice.one(&UNITS)),
        1 => replaced(
            text,
            number.start..unit.end,
            &format!("{}{}", dice.one(&EXTREMES), dice.one(&UNITS)),
        ),
        2 => {
            let (other, _) = numbers[dice.below(numbers.len())].clone();
            replaced(text, number, &text[other])
        }
        3 => replaced(text, number, &dice.below(1 << 20).to_string()),
        4..=6 => {
            let factor = [0.01, 0.1, 0.5, 0.9, 1.1, 2.0, 10.0, 100.0][dice.below(8)];
            let whole = !text[number.clone()].contains('.');
            let scaled = text[number.clone()].replace('_', "").parse::<f64>();
            let scaled = scaled.map_or(factor, |value| value * factor);
            let scaled = if whole { scaled.round() } else { scaled };
            replaced(text, number, &scaled.to_string())
        }
        _ => replaced(text, number, dice.one(&EXTREMES)),
    }
}
