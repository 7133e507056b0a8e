//! Numbers as people read them.

use sim_core::SimDuration;
use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::figures::{HUGE, per, significant, without_zeros};
pub use sim_models::observe::figures::{NOTHING, number, rate, short_number};
use sim_models::observe::summary::HypothesisSummary;

/// A value as `print` prints it; nothing where it is not known.
#[must_use]
pub fn known(value: Option<f64>, print: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), print)
}

/// From so many seconds on a duration is told in several units.
const LONG: f64 = 599.5;

/// A duration in seconds: `12.3ms`, `1.50s`, `41min8s`, `1h12min`, `2d5h`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.to_owned();
    }
    let size = seconds.abs();
    if size < LONG {
        return below_ten_minutes(seconds);
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    format!("{sign}{}", SimDuration::from_secs_f64(size).rounded())
}

/// A duration with three significant digits in one unit.
fn below_ten_minutes(seconds: f64) -> String {
    let size = seconds.abs();
    // A unit is left before rounding would print a thousand of it.
    if size == 0.0 {
        "0s".to_owned()
    } else if size < 0.999_5e-6 {
        format!("{}ns", significant(seconds * 1e9, 3))
    } else if size < 0.999_5e-3 {
        format!("{}us", significant(seconds * 1e6, 3))
    } else if size < 0.999_5 {
        format!("{}ms", significant(seconds * 1e3, 3))
    } else {
        format!("{}s", significant(seconds, 3))
    }
}

/// A duration without needless zeros: `10ms`, `2.5s`, `1h12min`.
#[must_use]
pub fn short_duration(seconds: f64) -> String {
    let text = duration(seconds);
    if seconds.abs() >= LONG {
        return text;
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let number = &text[..text.len() - unit.len()];
    format!("{}{unit}", without_zeros(number))
}

/// A duration in one unit, however long it is, for axes: `10ms`, `2.5s`, `1.2h`.
#[must_use]
pub fn axis_duration(seconds: f64) -> String {
    let size = seconds.abs();
    let (length, unit) = if !seconds.is_finite() || size < LONG {
        return short_duration(seconds);
    } else if size < 7200.0 {
        (60.0, "min")
    } else if size < 172_800.0 {
        (3600.0, "h")
    } else {
        (86_400.0, "d")
    };
    let text = format!("{:.1}", seconds / length);
    format!("{}{unit}", without_zeros(&text))
}

/// A rate without needless zeros: `900/s`, `4.5/min`, `2.3/h`.
#[must_use]
pub fn short_rate(per_second: f64) -> String {
    if !per_second.is_finite() {
        return NOTHING.to_owned();
    }
    let (value, unit) = per(per_second);
    format!("{}/{unit}", short_number(value))
}

/// A factor: `2.31x`.
#[must_use]
pub fn factor(value: f64) -> String {
    if value.is_finite() && value.abs() < 99.995 {
        format!("{value:.2}x")
    } else if value.is_finite() {
        format!("{}x", number(value))
    } else {
        NOTHING.to_owned()
    }
}

/// A ratio in per cent, a huge one as a number. What is not quite all or nothing is not printed so: `99.98%`, `0.01%`.
#[must_use]
pub fn percent(ratio: f64) -> String {
    if !ratio.is_finite() {
        return NOTHING.to_owned();
    }
    if ratio == 0.0 {
        return "0%".to_owned();
    }
    if ratio == 1.0 {
        return "100%".to_owned();
    }
    // A limit that somebody wrote can be anything.
    if ratio.abs() >= HUGE / 100.0 {
        return number(ratio);
    }
    for decimals in 1..4 {
        let text = format!("{:.decimals$}", ratio * 100.0);
        let shown: f64 = text.parse().expect("a printed number can be read");
        if shown != 0.0 && shown != 100.0 {
            return format!("{text}%");
        }
    }
    if ratio < 0.5 { "<0.001%" } else { ">99.999%" }.to_owned()
}

/// A count with its thousands set apart: `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A point in time with a resolution of milliseconds: `62s`, `61.25s`, `1h8min8.05s`.
#[must_use]
pub fn moment(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.to_owned();
    }
    if seconds >= LONG {
        return SimDuration::from_millis((seconds * 1e3 + 0.5) as u64).to_string();
    }
    let text = format!("{seconds:.3}");
    format!("{}s", without_zeros(&text))
}

/// The outcome of a run as a headline.
#[must_use]
pub fn verdict(verdict: Conclusion) -> String {
    verdict.words().to_uppercase()
}

/// The outcome of one run as a headline, with how long it took to recover, or will at this pace.
#[must_use]
pub fn verdict_of(hypothesis: &HypothesisSummary) -> String {
    let words = verdict(hypothesis.verdict);
    match (
        hypothesis.verdict,
        hypothesis.recovery_seconds,
        hypothesis.recovery_expected_seconds,
    ) {
        (Conclusion::Recovered, Some(0.0), _) => format!("{words} at once"),
        (Conclusion::Recovered, Some(seconds), _) => format!("{words} after {}", moment(seconds)),
        (_, _, Some(_)) => format!("{words}, getting better"),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_can_read_it() {
        assert_eq!(duration(0.0123), "12.3ms");
        assert_eq!(duration(0.000_999_9), "1.00ms");
        assert_eq!(duration(9.999), "10.0s");
        assert_eq!(duration(f64::NAN), "-");
        assert_eq!(duration(599.4), "599s");
        assert_eq!(duration(2_468.050_150), "41min8s");
        assert_eq!(duration(4320.0), "1h12min");
        assert_eq!(duration(-90_000.0), "-1d1h");
        assert_eq!(short_duration(0.01), "10ms");
        assert_eq!(short_duration(14_400.0), "4h");
        assert_eq!(axis_duration(0.01), "10ms");
        assert_eq!(axis_duration(5000.0), "83.3min");
        assert_eq!(axis_duration(9000.0), "2.5h");
        assert_eq!(number(0.004), "0.004");
        assert_eq!(rate(0.0), "0/s");
        assert_eq!(rate(0.5), "0.50/s");
        assert_eq!(rate(0.05), "3.00/min");
        assert_eq!(rate(1.0 / 60.0), "1.00/min");
        assert_eq!(rate(2.3 / 3600.0), "2.30/h");
        assert_eq!(rate(7.0 / 86_400.0), "7.00/d");
        assert_eq!(short_rate(2.3 / 3600.0), "2.3/h");
        assert_eq!(short_duration(100.0), "100s");
        assert_eq!(short_number(0.0125), "0.0125");
        assert_eq!(short_number(-2.5e-5), "-2.5e-5");
        assert_eq!(rate(900.0), "900/s");
        assert_eq!(rate(12_345.0), "12.3k/s");
        assert_eq!(percent(0.99999), "99.999%");
        assert_eq!(percent(0.999_999_9), ">99.999%");
        assert_eq!(percent(0.123), "12.3%");
        assert_eq!(percent(1e9), "100000000000.0%");
        assert_eq!(percent(1e308), "1e308");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(moment(61.25), "61.25s");
        assert_eq!(verdict(Conclusion::NotRecovered), "NOT RECOVERED");
        let recovered = |seconds| HypothesisSummary {
            verdict: Conclusion::Recovered,
            recovery_seconds: Some(seconds),
            ..HypothesisSummary::default()
        };
        assert_eq!(verdict_of(&recovered(17.0)), "RECOVERED after 17s");
        assert_eq!(verdict_of(&recovered(0.0)), "RECOVERED at once");
        let better = HypothesisSummary {
            verdict: Conclusion::NotRecovered,
            recovery_expected_seconds: Some(240.0),
            ..HypothesisSummary::default()
        };
        assert_eq!(verdict_of(&better), "NOT RECOVERED, getting better");
        assert_eq!(moment(4088.05), "1h8min8.05s");
    }
}
