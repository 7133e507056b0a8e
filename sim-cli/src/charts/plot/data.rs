//! What charts of many runs are given.

use crate::charts::scale::{Spread, Unit, tick_text};
use crate::units;

/// A value of a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    /// As it was written: `"250ms"`, `"with breaker"`.
    pub label: String,
    /// As a number in the unit of its parameter, if it is one.
    pub number: Option<f64>,
}

/// A parameter and the values that it takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Factor {
    /// Its name.
    pub name: String,
    /// What its numbers are measured in: `"s"`, `"per_s"`, `"bytes"`; empty for plain numbers.
    pub unit: &'static str,
    /// Whether its numbers are spread evenly in their logarithms.
    pub log: bool,
    /// Its values, in the order in which they are shown.
    pub levels: Vec<Level>,
}

impl Factor {
    /// Its numbers, if all of its values are numbers.
    #[must_use]
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let numbers = self.levels.iter().map(|level| level.number);
        numbers
            .collect::<Option<Vec<f64>>>()
            .filter(|numbers| !numbers.is_empty() && numbers.iter().all(|n| n.is_finite()))
    }

    /// How its numbers are spread over an axis.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let numbers = self.numbers().unwrap_or_default();
        let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let most = numbers.iter().copied().fold(0.0, f64::max);
        // Written by hand, values that go 1, 3, 10, 30 would crowd at the low end.
        let crowded = numbers.len() > 2 && most / least >= 20.0 && {
            let shares = numbers
                .iter()
                .filter(|n| **n - least < 0.1 * (most - least));
            shares.count() * 2 >= numbers.len()
        };
        if least > 0.0 && (self.log || crowded) {
            Spread::Log
        } else {
            Spread::Linear
        }
    }

    /// Its name and what one of its values is: `"timeout = 250ms"`.
    #[must_use]
    pub fn at(&self, level: usize) -> String {
        format!("{} = {}", self.name, self.levels[level].label)
    }
}

/// Which values are wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Low ones.
    Low,
    /// High ones.
    High,
    /// Neither.
    Neither,
}

/// A limit that a measure should keep to.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// In words: `"< 250ms"`.
    pub text: String,
    /// In the unit of the measure.
    pub value: f64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// In words: `"p99 latency of shoppers"`.
    pub name: String,
    /// Unit of its values.
    pub unit: Unit,
    /// Which values are wished for.
    pub wish: Wish,
    /// What a hypothesis says of it.
    pub limit: Option<Limit>,
}

impl Measured {
    /// A value as text: `"12.5ms"`, `"3.1%"`, `"never"`.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        match self.unit {
            _ if value.is_nan() => NOTHING.to_owned(),
            unit if value.is_infinite() => endless(unit).to_owned(),
            Unit::Rate => units::short_rate(value),
            Unit::Ratio => units::percent(value),
            unit => tick_text(value, unit),
        }
    }

    /// The same where the unit stands elsewhere, and with little room.
    #[must_use]
    pub fn short_text(&self, value: f64) -> String {
        match self.unit {
            Unit::Rate if value.is_finite() => tick_text(value, Unit::Rate),
            Unit::Ratio if value == 0.0 => "0%".to_owned(),
            // A failure in a thousand is not nothing.
            Unit::Ratio if value > 0.0 && value < 0.0005 => "<0.1%".to_owned(),
            Unit::Ratio if value.abs() < 0.0995 => format!("{:.1}%", value * 100.0),
            unit if value.is_finite() => tick_text(value, unit),
            _ => self.text(value),
        }
    }

    /// Its name with the unit, where ticks do not show it.
    #[must_use]
    pub fn title(&self) -> String {
        match self.unit.words() {
            "" => self.name.clone(),
            words => format!("{}, {words}", self.name),
        }
    }
}

/// What stands where nothing was measured.
pub const NOTHING: &str = "–";

/// How a value that did not end is called.
#[must_use]
pub fn endless(unit: Unit) -> &'static str {
    if unit == Unit::Seconds {
        "never"
    } else {
        "∞"
    }
}

/// What is known of a measure at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean of the runs; their median, if some did not end, which is infinite if most did not.
    pub mean: f64,
    /// Lower end of its interval; the mean, or infinite, if there is none.
    pub low: f64,
    /// Upper end of its interval; the mean, or infinite, if there is none.
    pub high: f64,
    /// Runs with a value.
    pub runs: u32,
    /// Runs of these whose value is infinite.
    pub endless: u32,
}

impl Estimate {
    /// A value without an interval.
    #[must_use]
    pub fn exact(mean: f64) -> Self {
        Self {
            mean,
            low: mean,
            high: mean,
            runs: 1,
            endless: u32::from(mean.is_infinite()),
        }
    }

    /// A value with an interval.
    #[must_use]
    pub fn new(mean: f64, low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            runs: 2,
            ..Self::exact(mean)
        }
    }

    /// Whether it has an interval that can be drawn.
    #[must_use]
    pub fn has_interval(&self) -> bool {
        self.mean.is_finite() && self.low.is_finite() && self.high.is_finite() && self.runs > 1
    }
}

/// How many runs could be judged, and in how many of these the hypothesis held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Runs in which it held.
    pub held: u32,
    /// Runs that could be judged.
    pub runs: u32,
}

impl Judged {
    /// The share in which it held; none where no run could be judged.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.runs > 0).then(|| f64::from(self.held) / f64::from(self.runs))
    }
}

/// How values of a measure are best spread over an axis or over colours.
#[must_use]
pub fn spread_of(unit: Unit, values: impl Iterator<Item = f64>) -> Spread {
    let mut values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let positive: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0).collect();
    let (Some(least), Some(most)) = (positive.first(), positive.last()) else {
        return Spread::Linear;
    };
    let middle = positive[positive.len() / 2];
    if values[0] < 0.0 || unit == Unit::Ratio && *most > 0.1 {
        Spread::Linear
    } else if values[0] > 0.0 && most / least > 30.0 {
        Spread::Log
    } else if most / middle > 30.0 {
        Spread::Root
    } else {
        Spread::Linear
    }
}

/// What a title says of an axis that is not linear.
#[must_use]
pub fn spread_words(spread: Spread) -> &'static str {
    match spread {
        Spread::Linear => "",
        Spread::Root => "square-root scale",
        Spread::Log => "log scale",
    }
}
