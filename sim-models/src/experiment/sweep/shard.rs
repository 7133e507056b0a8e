//! Which part of a sweep one machine runs.

use crate::limits::MOST_SHARDS;
use std::fmt;
use std::str::FromStr;

/// A part of the runs, for one of several machines. People count from 1: `3/16` is the third of
/// sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

impl Default for Shard {
    /// All of it.
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

impl Shard {
    /// Whether it does the unit of work of this number.
    #[must_use]
    pub fn has(self, unit: u64) -> bool {
        unit % u64::from(self.count) == u64::from(self.index)
    }

    /// Whether there are no other shards.
    #[must_use]
    pub fn is_all(self) -> bool {
        self.count == 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", u64::from(self.index) + 1, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;
    /// Reads `K/N`, K from 1 to N.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            |why: &str| format!("a shard is K/N, such as `3/16` for the third of sixteen: {why}");
        let (number, count) = text
            .split_once('/')
            .ok_or_else(|| wrong(&format!("`{text}` has no `/`")))?;
        let read = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let number = part.parse::<u32>().ok().filter(|_| digits);
            number.ok_or_else(|| wrong(&format!("`{part}` is not a whole number")))
        };
        let (number, count) = (read(number.trim())?, read(count.trim())?);
        if count == 0 {
            return Err(wrong("there must be at least one"));
        }
        if count > MOST_SHARDS {
            return Err(wrong(&format!("there can be {MOST_SHARDS} at most")));
        }
        if number == 0 {
            return Err(wrong(&format!(
                "shards are counted from 1, so 1/{count} is the first"
            )));
        }
        if number > count {
            return Err(wrong(&format!("there is no shard {number} of {count}")));
        }
        Ok(Self {
            index: number - 1,
            count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_count_from_one() {
        let shard: Shard = "3/16".parse().unwrap();
        assert_eq!((shard.index, shard.count), (2, 16));
        assert_eq!(shard.to_string(), "3/16");
        assert_eq!("1/1".parse(), Ok(Shard::default()));
        for (text, why) in [
            ("0/4", "1/4 is the first"),
            ("5/4", "no shard 5 of 4"),
            ("1/0", "at least one"),
            ("3", "no `/`"),
            ("", "no `/`"),
            ("/", "``"),
            ("a/4", "`a`"),
            ("1/-4", "`-4`"),
            ("+1/4", "`+1`"),
            ("1/4/4", "`4/4`"),
            ("1/99999999999", "whole number"),
            ("1/4000000000", "10000 at most"),
        ] {
            let wrong = text.parse::<Shard>().unwrap_err();
            assert!(wrong.contains(why), "{text}: {wrong}");
        }
    }

    #[test]
    fn every_unit_belongs_to_one_shard() {
        for count in 1..=5 {
            for unit in 0..100 {
                let owners = (0..count).filter(|index| {
                    let shard = Shard {
                        index: *index,
                        count,
                    };
                    shard.has(unit)
                });
                assert_eq!(owners.count(), 1);
            }
        }
    }
}
