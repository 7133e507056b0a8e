//! Numbers of a comparison as people read them: a value, its interval and what it is compared with share
//! one unit, and no more digits than the interval warrants.
//!
//! Source of the rule: Particle Data Group, "Review of Particle Physics", introduction, section 5.3: two
//! digits of the uncertainty where they are at most 35, else one.

use crate::expression::metric::Unit;
use crate::expression::{Measure, Metric};
use sim_core::stats::Interval;

/// The most significant digits that are shown.
const MOST_DIGITS: i32 = 6;
/// Half widths below this share of a value are what rounding left.
const NOISE: f64 = 1e-9;

/// How the values of a measure are written: times what, with how many decimals, followed by what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// What a value is multiplied by.
    pub factor: f64,
    /// Digits after the point.
    pub decimals: usize,
    /// What stands behind a value: `"ms"`, `"%"`.
    pub unit: &'static str,
    /// What stands behind a difference: `"ms"`, `" points"`.
    pub difference: &'static str,
}

impl Scale {
    /// The scale on which an interval of a measure is written.
    #[must_use]
    pub fn of(measure: &Measure, interval: &Interval) -> Self {
        Self::of_difference(measure, interval, [interval.low, interval.high])
    }

    /// The scale on which an interval of differences of a measure is written, and the `values` that
    /// differ.
    #[must_use]
    pub fn of_difference(measure: &Measure, interval: &Interval, values: [f64; 2]) -> Self {
        let ends = [interval.mean, values[0], values[1]];
        let finite = ends.iter().filter(|end| end.is_finite());
        let size = finite.map(|end| end.abs()).fold(0.0, f64::max);
        let (factor, unit, difference) = match measure.unit() {
            Unit::Seconds if size < 1e-3 && size > 0.0 => (1e6, "us", "us"),
            Unit::Seconds if size < 1.0 && size > 0.0 => (1e3, "ms", "ms"),
            Unit::Seconds if size >= 7200.0 => (1.0 / 3600.0, "h", "h"),
            Unit::Seconds if size >= 600.0 => (1.0 / 60.0, "min", "min"),
            Unit::Seconds => (1.0, "s", "s"),
            Unit::Rate if size < 1.0 / 3600.0 && size > 0.0 => (86_400.0, "/d", "/d"),
            Unit::Rate if size < 1.0 / 60.0 && size > 0.0 => (3600.0, "/h", "/h"),
            Unit::Ratio if is_share(measure) => (100.0, "%", " points"),
            Unit::Rate => (1.0, "/s", "/s"),
            Unit::Ratio | Unit::Count => (1.0, "", ""),
        };
        Self {
            factor,
            decimals: decimals(interval.half_width * factor, size * factor),
            unit,
            difference,
        }
    }

    /// A share as a percentage, to the digits that its interval warrants.
    #[must_use]
    pub fn percent(interval: &Interval) -> Self {
        Self {
            factor: 100.0,
            decimals: decimals(interval.half_width * 100.0, interval.mean.abs() * 100.0),
            unit: "%",
            difference: " points",
        }
    }

    /// Takes as many more decimals, up to two, as it takes to tell a number from zero.
    pub fn show(&mut self, number: f64) {
        let most = self.decimals + 2;
        let digits = |text: String| text.contains(|c: char| matches!(c, '1'..='9'));
        while number != 0.0 && self.decimals < most && !digits(self.bare(number)) {
            self.decimals += 1;
        }
    }

    /// A number without its unit; zero has no sign.
    #[must_use]
    pub fn bare(&self, value: f64) -> String {
        if value.is_infinite() {
            return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
        }
        let text = format!("{:.*}", self.decimals, value * self.factor);
        let is_zero = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
        match text.strip_prefix('-') {
            Some(positive) if is_zero => positive.to_owned(),
            _ => text,
        }
    }

    /// A value with its unit.
    #[must_use]
    pub fn value(&self, value: f64) -> String {
        format!("{}{}", self.bare(value), self.unit)
    }

    /// A difference with its unit.
    #[must_use]
    pub fn difference(&self, value: f64) -> String {
        format!("{}{}", self.bare(value), self.difference)
    }
}

/// Whether a measure is a share of something, which people write in per cent.
#[must_use]
pub fn is_share(measure: &Measure) -> bool {
    let multiple = matches!(
        measure.metric,
        Metric::Amplification
            | Metric::AmplificationWorst
            | Metric::BudgetUsed
            | Metric::BurnRate
            | Metric::TenantBudgetUsed
            | Metric::FairnessGap
            | Metric::Quotient
    );
    measure.unit() == Unit::Ratio && !multiple
}

/// How many decimals show a half width with the digits that it warrants, or three significant digits of
/// the largest value beside it where there is none, or nothing but the noise of rounding.
fn decimals(half_width: f64, value: f64) -> usize {
    let known = half_width.is_finite() && half_width > NOISE * value;
    let size = if known { half_width } else { value };
    if size == 0.0 || !size.is_finite() {
        return 1;
    }
    let mut power = libm::floor(libm::log10(size)) as i32;
    let lead = size / libm::pow(10.0, f64::from(power));
    let digits = if !known {
        3
    } else if lead < 3.55 {
        2
    } else if lead < 9.5 {
        1
    } else {
        // It rounds to 10 of the next power.
        power += 1;
        2
    };
    let decimals = usize::try_from(digits - 1 - power).unwrap_or_default();
    // What hardly varies at all would fill the line with digits.
    let whole = libm::floor(libm::log10(value.max(1e-300))) as i32 + 1;
    let most = usize::try_from(MOST_DIGITS - whole).unwrap_or_default();
    decimals.min(most)
}

/// A probability: `p < 0.001`, `p = 0.034`.
#[must_use]
pub fn probability(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {p:.3}")
    }
}

/// So many of something that takes an s: `1 replication`, `5 replications`.
#[must_use]
pub fn counted(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// A level without needless zeros: `95%`, `99.9%`.
#[must_use]
pub fn level(level: f64) -> String {
    let text = format!("{:.3}", level * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
