//! One line of a journal: a run that has ended, as JSON with a checksum in front.
//!
//! Lines look like `{"check":"8c736521","key":"…","run":{…}}`. The checksum (CRC-32) covers all that
//! follows it, so a line that was torn or damaged shows. Numbers come back exactly; a time without
//! an end is the text `"inf"`.

use serde::de::{Error, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_models::experiment::sweep::{Record, RunKey};
use sim_models::observe::conclusion::{Conclusion, StoppedBy};
use sim_models::scenario::plain::plain;
use std::fmt;

const HEAD: &str = "{\"check\":\"";
/// Digits of the checksum.
const DIGITS: usize = 8;
const AFTER_CHECK: &str = "\",";

/// A value of a measure: none, a number, or infinite.
struct Cell(Option<f64>);

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(value) if value.is_finite() => serializer.serialize_f64(value),
            Some(value) if value == f64::INFINITY => serializer.serialize_str("inf"),
            Some(value) if value == f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            _ => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"inf\" or null")
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell(Some(value)))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell(Some(value as f64)))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell(Some(value as f64)))
    }
    fn visit_unit<E: Error>(self) -> Result<Cell, E> {
        Ok(Cell(None))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
        match text {
            "inf" => Ok(Cell(Some(f64::INFINITY))),
            "-inf" => Ok(Cell(Some(f64::NEG_INFINITY))),
            other => Err(E::custom(format!("`{other}` is no value"))),
        }
    }
}

/// Values written one by one, without a copy.
struct Cells<'a>(&'a [Option<f64>]);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            list.serialize_element(&Cell(*value))?;
        }
        list.end()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    key: String,
    run: WrittenRun<'a>,
}

#[derive(Serialize)]
struct WrittenRun<'a> {
    point: u32,
    replication: u32,
    seed: u64,
    digest: String,
    events: u64,
    stopped_by: StoppedBy,
    verdict: Conclusion,
    values: Cells<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<Cells<'a>>,
}

#[derive(Deserialize)]
struct ReadLine<R> {
    key: String,
    run: R,
}

#[derive(Deserialize)]
struct ReadRun {
    point: u32,
    replication: u32,
    seed: u64,
    digest: String,
    events: u64,
    stopped_by: StoppedBy,
    verdict: Conclusion,
    values: Vec<Cell>,
}

#[derive(Deserialize)]
struct ReadWindows {
    #[serde(default)]
    windows: Vec<Vec<Cell>>,
}

/// A run as a line, with its end.
pub fn write(key: RunKey, record: &Record) -> Vec<u8> {
    let written = Written {
        key: key.to_string(),
        run: WrittenRun {
            point: record.point,
            replication: record.replication,
            seed: record.seed,
            digest: format!("{:032x}", record.digest),
            events: record.events,
            stopped_by: record.stopped_by,
            verdict: record.verdict,
            values: Cells(&record.values),
            windows: record.windows.iter().map(|row| Cells(row)).collect(),
        },
    };
    let mut line = format!("{HEAD}{}{AFTER_CHECK}", "0".repeat(DIGITS)).into_bytes();
    let body = line.len();
    // The brace that opens the object stands in front of the checksum already.
    let object = serde_json::to_vec(&written).expect("a record has only text as keys");
    line.extend_from_slice(&object[1..]);
    let check = format!("{:08x}", crc32fast::hash(&line[body..]));
    line[HEAD.len()..HEAD.len() + DIGITS].copy_from_slice(check.as_bytes());
    line.push(b'\n');
    line
}

/// Why a line tells of no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bad {
    /// It was torn or damaged: its checksum is wrong.
    Damaged,
    /// It is as it was written, but tells of no run; in words.
    Content(String),
}

/// What a line says without its windows. Takes it without its end.
///
/// # Errors
/// If it tells of no run.
pub fn read(line: &[u8]) -> Result<(RunKey, Record), Bad> {
    let found: ReadLine<ReadRun> = whole(line)?;
    let run = found.run;
    let digest = digest(&run.digest);
    let record = Record {
        point: run.point,
        replication: run.replication,
        seed: run.seed,
        digest: digest
            .ok_or_else(|| Bad::Content("its digest is not 32 hexadecimal digits".into()))?,
        events: run.events,
        stopped_by: run.stopped_by,
        verdict: run.verdict,
        values: run.values.into_iter().map(|cell| cell.0).collect(),
        windows: Vec::new(),
    };
    let key = found.key.parse();
    Ok((
        key.map_err(|_| Bad::Content("it has no key".into()))?,
        record,
    ))
}

/// A digest as [`write`] puts it, and in no other way: what is read is written again as it was.
fn digest(text: &str) -> Option<u128> {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_whole = text.len() == 32 && text.bytes().all(is_digit);
    u128::from_str_radix(text, 16).ok().filter(|_| is_whole)
}

/// The windows of a line.
///
/// # Errors
/// If it tells of no run.
pub fn windows(line: &[u8]) -> Result<Vec<Vec<Option<f64>>>, Bad> {
    let found: ReadLine<ReadWindows> = whole(line)?;
    let rows = found.run.windows.into_iter();
    let cells = |row: Vec<Cell>| row.into_iter().map(|cell| cell.0).collect();
    Ok(rows.map(cells).collect())
}

fn whole<'a, R: Deserialize<'a>>(line: &'a [u8]) -> Result<ReadLine<R>, Bad> {
    if !is_sound(line).unwrap_or(false) {
        return Err(Bad::Damaged);
    }
    serde_json::from_slice(line)
        .map_err(|error| Bad::Content(plain(&error.to_string()).into_owned()))
}

/// Whether the checksum of a line is right; none, if it has none.
fn is_sound(line: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(HEAD.as_bytes())?;
    let (check, rest) = rest.split_at_checked(DIGITS)?;
    let body = rest.strip_prefix(AFTER_CHECK.as_bytes())?;
    let expected = format!("{:08x}", crc32fast::hash(body));
    Some(check == expected.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            point: 3,
            replication: 7,
            seed: u64::MAX,
            digest: 0xff,
            events: 12,
            stopped_by: StoppedBy::End,
            verdict: Conclusion::Held,
            values: vec![
                None,
                Some(f64::INFINITY),
                Some(0.1 + 0.2),
                Some(5e-324),
                Some(1.0),
                Some(-0.0),
                Some(1.797_693_134_862_315_7e308),
                Some(0.000_123_456_789_012_345_67),
            ],
            windows: vec![vec![None, Some(1.0 / 3.0)], vec![Some(f64::INFINITY), None]],
        }
    }

    #[test]
    fn runs_come_back_exactly() {
        let line = write(RunKey(5 << 100), &record());
        let line = line.strip_suffix(b"\n").unwrap();
        assert!(!line.contains(&b'\n'));
        let (key, found) = read(line).unwrap();
        assert_eq!(key, RunKey(5 << 100));
        let bits = |values: &[Option<f64>]| -> Vec<Option<u64>> {
            values.iter().map(|v| v.map(f64::to_bits)).collect()
        };
        assert_eq!(bits(&found.values), bits(&record().values));
        let rows = windows(line).unwrap();
        assert_eq!(rows, record().windows);
        assert_eq!(
            Record {
                windows: rows,
                ..found
            },
            record()
        );
        assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok());
    }

    #[test]
    fn a_digest_is_32_small_digits() {
        for sound in [0, 0xff, u128::MAX, 5 << 124] {
            assert_eq!(digest(&format!("{sound:032x}")), Some(sound));
        }
        let digits = "0123456789abcdef0123456789abcdef";
        for bad in [
            "",
            "no digest",
            &digits[1..],
            &format!("{digits}0"),
            &format!("+{}", &digits[1..]),
            &digits.to_uppercase(),
            &digits.replace('a', "g"),
            &digits.replace("ab", "\u{e9}"),
        ] {
            assert_eq!(digest(bad), None, "{bad}");
        }
    }

    #[test]
    fn any_damage_shows() {
        let line = write(RunKey(1), &record());
        let line = line.strip_suffix(b"\n").unwrap();
        for at in 0..line.len() {
            assert_eq!(read(&line[..at]), Err(Bad::Damaged), "torn at {at}");
            let mut flipped = line.to_vec();
            flipped[at] ^= 1;
            assert_eq!(read(&flipped), Err(Bad::Damaged), "flipped at {at}");
        }
        assert_eq!(read(b""), Err(Bad::Damaged));
    }
}
