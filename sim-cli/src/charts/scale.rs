//! From values to places on a sheet, and the ticks of axes.

use crate::units;

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Evenly.
    Linear,
    /// By their square root: zero can be shown, and small values beside large ones.
    Root,
    /// By their logarithm.
    Log,
}

/// What the values of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Events per second.
    Rate,
    /// A ratio, printed in per cent.
    Ratio,
    /// A number.
    Count,
    /// A factor.
    Factor,
    /// Bytes.
    Bytes,
    /// A number without a unit, of any size.
    Number,
}

impl Unit {
    /// What the ends of column names and the units of parameters say: `"s"`, `"per_s"`, `"bytes"`.
    #[must_use]
    pub fn named(unit: &str) -> Self {
        match unit {
            "s" => Self::Seconds,
            "per_s" => Self::Rate,
            "ratio" => Self::Ratio,
            "count" => Self::Count,
            "bytes" => Self::Bytes,
            _ => Self::Number,
        }
    }

    /// What an axis says of it: `"per second"`; nothing, where the ticks say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Rate => "per second",
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Seconds | Self::Ratio | Self::Factor | Self::Number => "",
        }
    }
}

/// An axis from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    spread: Spread,
    low: f64,
    high: f64,
}

impl Scale {
    /// An axis that shows all of these values; linear and root axes include zero.
    #[must_use]
    pub fn around(spread: Spread, values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high, mut least) = (f64::INFINITY, 0.0_f64, 0.0_f64);
        for value in values.filter(|v| v.is_finite()) {
            high = high.max(value);
            least = least.min(value);
            if value > 0.0 {
                low = low.min(value);
            }
        }
        if high <= 0.0 && (least == 0.0 || spread == Spread::Log) {
            (low, high) = (0.5, 1.0);
        }
        match spread {
            Spread::Log => {
                let (low, high) = (power_below(low), power_above(high));
                let high = if high > low { high } else { low * 10.0 };
                Self { spread, low, high }
            }
            Spread::Root => Self {
                spread,
                low: 0.0,
                high: high * 1.06,
            },
            Spread::Linear => Self {
                spread,
                low: least * 1.06,
                high: high * 1.06,
            },
        }
    }

    /// An axis from the least to the greatest of these values: for places, and for colours. A root
    /// axis begins at zero.
    #[must_use]
    pub fn spanning(spread: Spread, values: impl Iterator<Item = f64>) -> Self {
        let shown = |v: &f64| v.is_finite() && (spread != Spread::Log || *v > 0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(shown) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.5, 1.0);
        }
        if spread == Spread::Root {
            low = 0.0;
        }
        // All alike: they lie in the middle.
        if low == high {
            (low, high) = match spread {
                Spread::Log => (low / 2.0, high * 2.0),
                _ if low == 0.0 => (0.0, 1.0),
                _ => (low - low.abs() / 2.0, high + high.abs() / 2.0),
            };
        }
        Self { spread, low, high }
    }

    /// How the values are spread.
    #[must_use]
    pub fn spread(&self) -> Spread {
        self.spread
    }

    /// A linear axis with these ends.
    #[must_use]
    pub fn fixed(low: f64, high: f64) -> Self {
        Self {
            spread: Spread::Linear,
            low,
            high,
        }
    }

    /// Where a value lies: 0 at the low end, 1 at the high end; what lies beyond is put at the end.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        let share = match self.spread {
            Spread::Linear => (value - self.low) / (self.high - self.low),
            Spread::Root => (value.max(0.0) / self.high).sqrt(),
            Spread::Log => {
                let value = value.max(self.low);
                libm::log10(value / self.low) / libm::log10(self.high / self.low)
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// Ticks, about `wanted` of them.
    #[must_use]
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        match self.spread {
            Spread::Linear => even_ticks(self.low, self.high, wanted),
            Spread::Root => root_ticks(self.high, wanted),
            Spread::Log => log_ticks(self.low, self.high, wanted),
        }
    }
}

/// A tick as text.
#[must_use]
pub fn tick_text(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => units::axis_duration(value),
        Unit::Rate if value != 0.0 && value.abs() < 1.0 / 60.0 => units::short_rate(value),
        Unit::Rate | Unit::Count | Unit::Number => units::short_number(value),
        Unit::Ratio => format!("{}%", units::short_number(value * 100.0)),
        Unit::Factor => format!("{}×", units::short_number(value)),
        Unit::Bytes => bytes_text(value),
    }
}

/// Ticks of one axis as texts that differ from each other.
#[must_use]
pub fn tick_texts(ticks: &[f64], unit: Unit) -> Vec<String> {
    let distinct = |texts: &[String]| texts.windows(2).all(|pair| pair[0] != pair[1]);
    let texts: Vec<String> = ticks.iter().map(|tick| tick_text(*tick, unit)).collect();
    if distinct(&texts) {
        return texts;
    }
    let (factor, mark) = match unit {
        Unit::Seconds => (1.0, "s"),
        Unit::Ratio => (100.0, "%"),
        Unit::Factor => (1.0, "×"),
        Unit::Rate | Unit::Count | Unit::Number | Unit::Bytes => (1.0, ""),
    };
    (0..12)
        .map(|decimals| {
            let text = |tick: &f64| format!("{:.decimals$}{mark}", tick * factor);
            ticks.iter().map(text).collect::<Vec<_>>()
        })
        .find(|texts| distinct(texts))
        .unwrap_or(texts)
}

fn bytes_text(value: f64) -> String {
    let (size, unit) = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        .into_iter()
        .find(|(size, _)| value.abs() >= *size)
        .unwrap_or((1.0, "B"));
    format!("{}{unit}", units::short_number(value / size))
}

fn power_below(value: f64) -> f64 {
    libm::pow(10.0, libm::floor(libm::log10(value) + 1e-9))
}

fn power_above(value: f64) -> f64 {
    libm::pow(10.0, libm::ceil(libm::log10(value) - 1e-9))
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = power_below(step);
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|rounded| *rounded >= step * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

fn even_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let step = round_step((high - low) / wanted as f64);
    let first = (low / step).ceil() as i64;
    let last = (high / step * (1.0 + 1e-9)).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

fn root_ticks(high: f64, wanted: usize) -> Vec<f64> {
    let mut ticks = vec![0.0];
    for n in 1..=wanted {
        let share = n as f64 / wanted as f64;
        let target = high * share * share;
        let power = power_below(target);
        let rounded = [5.0, 2.0, 1.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|rounded| *rounded <= target * (1.0 + 1e-9))
            .unwrap_or(power);
        if rounded > *ticks.last().expect("zero is the first tick") {
            ticks.push(rounded);
        }
    }
    ticks
}

fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let first = libm::floor(libm::log10(low) + 1e-9) as i32;
    let last = libm::ceil(libm::log10(high) - 1e-9) as i32;
    let decades = (last - first).max(1) as usize;
    let factors: &[f64] = if decades * 2 < wanted {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let every = decades.div_ceil(wanted.max(1)).max(1);
    let mut ticks = Vec::new();
    for decade in (first..=last).step_by(every) {
        let power = libm::pow(10.0, f64::from(decade));
        let fitting = factors.iter().map(|factor| factor * power);
        let shown = low * (1.0 - 1e-9)..=high * (1.0 + 1e-9);
        ticks.extend(fitting.filter(|tick| shown.contains(tick)));
    }
    if ticks.len() < 2 {
        return even_ticks(low, high, wanted);
    }
    ticks
}

/// Ticks of a time axis, s: at steps that people count time in.
#[must_use]
pub fn time_ticks(end: f64, wanted: usize) -> Vec<f64> {
    const STEPS: [f64; 22] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0,
        3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0, 172_800.0,
    ];
    let ideal = end / wanted as f64;
    let step = STEPS
        .into_iter()
        .find(|step| *step >= ideal)
        .unwrap_or_else(|| round_step(ideal));
    let last = (end / step * (1.0 + 1e-9)).floor() as usize;
    (0..=last).map(|n| n as f64 * step).collect()
}

/// What rates with this peak, per second, are multiplied by so that their numbers can be read, and
/// per which time they then are.
#[must_use]
pub fn pace(peak: f64) -> (f64, &'static str) {
    if peak >= 0.5 || peak <= 0.0 {
        (1.0, "second")
    } else if peak >= 0.5 / 60.0 {
        (60.0, "minute")
    } else {
        (3600.0, "hour")
    }
}

/// A point in time on an axis that ends at `end`, s: in seconds on short axes, otherwise as people
/// say it: `30s`, `1min30s`, `2h`, `1h30min`, `1d12h`.
#[must_use]
pub fn time_text(time: f64, end: f64) -> String {
    if time < 60.0 || end <= 300.0 {
        let text = format!("{time:.1}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return format!("{text}s");
    }
    let seconds = time.round() as u64;
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let linear = Scale::around(Spread::Linear, [870.0].into_iter());
        assert_eq!(linear.ticks(5), vec![0.0, 200.0, 400.0, 600.0, 800.0]);
        let log = Scale::around(Spread::Log, [0.004, 2.0].into_iter());
        assert_eq!(log.ticks(5), vec![0.001, 0.01, 0.1, 1.0, 10.0]);
        let root = Scale::around(Spread::Root, [230.0].into_iter());
        assert_eq!(root.ticks(4), vec![0.0, 10.0, 50.0, 100.0, 200.0]);
        assert_eq!(
            time_ticks(300.0, 12),
            (0..=10).map(|n| f64::from(n) * 30.0).collect::<Vec<_>>()
        );
    }

    #[test]
    fn times_are_as_people_say_them() {
        let texts = |end: f64, wanted| -> Vec<String> {
            let ticks = time_ticks(end, wanted);
            ticks.iter().map(|tick| time_text(*tick, end)).collect()
        };
        assert_eq!(texts(120.0, 4), ["0s", "30s", "60s", "90s", "120s"]);
        assert_eq!(texts(360.0, 4), ["0s", "2min", "4min", "6min"]);
        assert_eq!(
            texts(14_400.0, 8),
            [
                "0s", "30min", "1h", "1h30min", "2h", "2h30min", "3h", "3h30min", "4h"
            ]
        );
        assert_eq!(
            texts(259_200.0, 6),
            ["0s", "12h", "1d", "1d12h", "2d", "2d12h", "3d"]
        );
        assert_eq!(texts(0.4, 4), ["0s", "0.1s", "0.2s", "0.3s", "0.4s"]);
    }

    #[test]
    fn low_rates_are_counted_by_the_minute_or_the_hour() {
        assert_eq!(pace(620.0), (1.0, "second"));
        assert_eq!(pace(1.0 / 60.0), (60.0, "minute"));
        assert_eq!(pace(1.0 / 3600.0), (3600.0, "hour"));
        assert_eq!(pace(0.0), (1.0, "second"));
    }

    #[test]
    fn axes_of_places_begin_anywhere() {
        let log = Scale::spanning(Spread::Log, [30.0, 4000.0].into_iter());
        assert_eq!(log.ticks(5), vec![100.0, 1000.0]);
        assert_eq!(
            log.ticks(7),
            vec![50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0]
        );
        assert_eq!((log.place(30.0), log.place(4000.0)), (0.0, 1.0));
        let below = Scale::around(Spread::Linear, [-3.0, -1.0].into_iter());
        assert_eq!(
            (below.place(0.0), below.ticks(4)),
            (1.0, vec![-3.0, -2.0, -1.0, 0.0])
        );
        for spread in [Spread::Linear, Spread::Root, Spread::Log] {
            for value in [0.0, 7.0, 1e-6, 1e6] {
                let alike = Scale::spanning(spread, [value, value].into_iter());
                assert!((0.0..=1.0).contains(&alike.place(value)));
                assert!(!alike.ticks(5).is_empty(), "{spread:?} {value}");
            }
        }
    }

    #[test]
    fn ticks_can_be_told_apart() {
        let texts = tick_texts(&[0.9992, 0.9994, 0.9996], Unit::Ratio);
        assert_eq!(texts, vec!["99.92%", "99.94%", "99.96%"]);
        assert_eq!(tick_text(1e-6, Unit::Number), "1e-6");
        assert_eq!(tick_text(2.5e6, Unit::Bytes), "2.5MB");
        assert_eq!(tick_text(0.05, Unit::Rate), "0.05");
        assert_eq!(tick_text(1.0 / 3600.0, Unit::Rate), "1/h");
    }

    #[test]
    fn nothing_to_show_still_has_an_axis() {
        for spread in [Spread::Linear, Spread::Root, Spread::Log] {
            let scale = Scale::around(spread, std::iter::empty());
            assert!(!scale.ticks(4).is_empty());
            assert!(scale.place(0.0).is_finite());
        }
    }
}
