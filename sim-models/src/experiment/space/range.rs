//! Ranges: numbers from one to another, spread evenly or evenly in their logarithms.

use super::value::{Quantity, Unit, Value};
use std::ops::Range;

/// Numbers from `low` to `high`, both included.
#[derive(Clone, Debug, PartialEq)]
pub struct Between {
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// What they are measured in.
    pub unit: Unit,
    /// Whether they are counts: whole numbers only.
    pub whole: bool,
    /// How many, where they are listed; none where they are drawn.
    pub steps: Option<u32>,
    /// Whether they are spread evenly in their logarithms.
    pub log: bool,
    /// Where it was written.
    pub at: Range<usize>,
}

pub use crate::limits::MOST_STEPS;

impl Between {
    /// A range from one value to another.
    ///
    /// # Errors
    /// What makes no sense, in one line.
    pub fn new(
        (low, high): (&str, &str),
        steps: Option<u32>,
        log: bool,
        at: Range<usize>,
    ) -> Result<Self, String> {
        let read = |text: &str| {
            Quantity::read(text)
                .ok_or_else(|| format!("`{text}` is not a number, a duration, a rate or a size"))
        };
        let (first, last) = (read(low)?, read(high)?);
        if first.unit != last.unit {
            return Err(format!(
                "`{low}` and `{high}` are not measured in the same unit"
            ));
        }
        if first.number >= last.number {
            return Err(format!(
                "a range goes up, and `{high}` is not above `{low}`"
            ));
        }
        if log && first.number <= 0.0 {
            return Err(format!(
                "a logarithmic range begins above zero, and `{low}` does not"
            ));
        }
        if let Some(steps) = steps
            && !(2..=MOST_STEPS).contains(&steps)
        {
            return Err(format!(
                "a range has from 2 to {MOST_STEPS} steps, its ends included, and not {steps}"
            ));
        }
        Ok(Self {
            low: first.number,
            high: last.number,
            unit: first.unit,
            whole: first.whole && last.whole,
            steps,
            log,
            at,
        })
    }

    /// The number at a share of the way, 0 to 1.
    fn number(&self, share: f64) -> f64 {
        if self.log {
            let (low, high) = (libm::log(self.low), libm::log(self.high));
            libm::exp(low + share * (high - low))
        } else {
            self.low + share * (self.high - self.low)
        }
    }

    /// The share of the way at which a number lies, 0 to 1.
    pub(super) fn share(&self, number: f64) -> f64 {
        if self.log {
            libm::log(number / self.low) / libm::log(self.high / self.low)
        } else {
            (number - self.low) / (self.high - self.low)
        }
    }

    /// Its steps: the ends as they were written, those between rounded to what people write (four
    /// digits of logarithmic steps, a ten-thousandth of the gap of linear ones), and whole numbers
    /// for counts and bytes, each once. Nothing if it has no steps.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        let steps = self.steps.unwrap_or(0);
        let last = f64::from(steps.max(2) - 1);
        let mut values: Vec<Value> = Vec::new();
        for step in 0..steps {
            let exact = self.number(f64::from(step) / last);
            let number = if step == 0 {
                self.low
            } else if step + 1 == steps {
                self.high
            } else if self.whole || self.unit == Unit::Bytes && !self.log {
                exact.round()
            } else if self.unit == Unit::Bytes {
                // Sizes are counted in powers of two.
                let grain = libm::exp2(libm::log2(exact / 64.0).floor().max(0.0));
                (exact / grain).round() * grain
            } else if self.log {
                let gap = exact - self.number(f64::from(step - 1) / last);
                rounded(exact, decade(exact / 1000.0).min(decade(gap / 100.0)))
            } else {
                rounded(exact, decade((self.high - self.low) / last / 10_000.0))
            };
            let value = Value::of(number, self.unit, self.at.clone());
            if values.last().is_none_or(|last| last.text != value.text) {
                values.push(value);
            }
        }
        values
    }

    /// The value at a share of the way, from 0 to just below 1, rounded to as few digits as keep it in
    /// its stratum: the one of `strata` equal parts of the way that `share` lies in. Counts are equally
    /// likely each, the ends included.
    #[must_use]
    pub fn draw(&self, share: f64, strata: u32) -> Value {
        if self.whole {
            let beyond = Self {
                high: self.high + 1.0,
                ..self.clone()
            };
            let number = beyond.number(share).floor().clamp(self.low, self.high);
            return Value::of(number, self.unit, self.at.clone());
        }
        let exact = self.number(share).clamp(self.low, self.high);
        let stratum = |share: f64| (share * f64::from(strata)).floor();
        let mut grain = decade(exact / 1000.0);
        for _ in 0..12 {
            let value = Value::of(rounded(exact, grain), self.unit, self.at.clone());
            let number = value.quantity.map_or(exact, |quantity| quantity.number);
            if (self.low..=self.high).contains(&number)
                && stratum(self.share(number)) == stratum(share)
            {
                return value;
            }
            grain /= 10.0;
        }
        Value::of(exact, self.unit, self.at.clone())
    }
}

/// The power of ten at or below a number.
fn decade(number: f64) -> f64 {
    libm::pow(10.0, libm::log10(number.abs().max(1e-300)).floor())
}

/// A number rounded to a multiple of a power of ten.
fn rounded(number: f64, grain: f64) -> f64 {
    if grain >= 1.0 {
        return (number / grain).round() * grain;
    }
    // Through its digits, so that 0.3 is 0.3 and not 0.30000000000000004.
    let decimals = (-libm::log10(grain)).round().clamp(0.0, 300.0) as usize;
    format!("{number:.decimals$}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(low: &str, high: &str, steps: u32, log: bool) -> Vec<String> {
        let range = Between::new((low, high), Some(steps), log, 0..0).unwrap();
        range.values().into_iter().map(|value| value.text).collect()
    }

    #[test]
    fn steps_are_what_people_write() {
        assert_eq!(
            between("100/s", "400/s", 7, false),
            [
                "100/s", "150/s", "200/s", "250/s", "300/s", "350/s", "400/s"
            ]
        );
        assert_eq!(
            between("10ms", "1s", 5, true),
            ["10ms", "31.62ms", "100ms", "316.2ms", "1s"]
        );
        assert_eq!(
            between("0.1", "0.5", 5, false),
            ["0.1", "0.2", "0.3", "0.4", "0.5"]
        );
        assert_eq!(between("1KiB", "1MiB", 3, true), ["1KiB", "32KiB", "1MiB"]);
        assert_eq!(between("1.001", "1.003", 3, false)[1], "1.002");
    }

    #[test]
    fn the_ends_are_exact() {
        for (low, high) in [
            ("7ms", "13.7s"),
            ("3/s", "1777/s"),
            ("0.123456789", "9.87654321"),
        ] {
            let steps = between(low, high, 9, true);
            assert_eq!((steps[0].as_str(), steps[8].as_str()), (low, high));
        }
    }

    #[test]
    fn counts_stay_whole_and_come_once() {
        assert_eq!(between("1", "4", 10, false), ["1", "2", "3", "4"]);
        assert_eq!(
            between("1", "100", 7, true),
            ["1", "2", "5", "10", "22", "46", "100"]
        );
        assert_eq!(between("1", "2.0", 3, false), ["1", "1.5", "2"]);
    }

    #[test]
    fn drawn_counts_are_equally_likely() {
        let range = Between::new(("1", "4"), None, false, 0..0).unwrap();
        let drawn: Vec<String> = (0..8)
            .map(|part| range.draw((f64::from(part) + 0.5) / 8.0, 8).text)
            .collect();
        assert_eq!(drawn, ["1", "1", "2", "2", "3", "3", "4", "4"]);
    }

    #[test]
    fn drawn_values_stay_in_their_stratum() {
        for log in [false, true] {
            let range = Between::new(("10ms", "2s"), None, log, 0..0).unwrap();
            for part in 0..500 {
                for inside in [0.0, 0.3, 0.999_999] {
                    let share = (f64::from(part) + inside) / 500.0;
                    let number = range.draw(share, 500).quantity.unwrap().number;
                    let at = range.share(number) * 500.0;
                    // Whole nanoseconds may miss the edge of a stratum by half of one.
                    let half = range.share(number + 0.5e-9) * 500.0 - at + 1e-9;
                    assert!(
                        at > f64::from(part) - half && at < f64::from(part) + 1.0 + half,
                        "{at} is not in {part}"
                    );
                }
            }
        }
    }

    #[test]
    fn says_what_makes_no_sense() {
        for (low, high, steps, log, expected) in [
            ("a", "2", Some(2), false, "`a` is not a number"),
            ("1", "2s", Some(2), false, "same unit"),
            ("2", "1", Some(2), false, "goes up"),
            ("0", "1", Some(2), true, "above zero"),
            ("0", "1", Some(1), false, "2 to"),
        ] {
            let told = Between::new((low, high), steps, log, 0..0).unwrap_err();
            assert!(told.contains(expected), "{told}");
        }
    }
}
