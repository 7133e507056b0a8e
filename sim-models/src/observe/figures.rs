//! Numbers and rates as people read them.

/// What stands where there is no number.
pub const NOTHING: &str = "-";

/// A number with `digits` significant digits and no exponent.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    let mut decimals = digits.saturating_sub(1);
    let mut power = 10.0;
    while decimals > 0 && value.abs() >= power * (1.0 - 0.5 / libm::pow(10.0, digits as f64)) {
        decimals -= 1;
        power *= 10.0;
    }
    format!("{value:.decimals$}")
}

/// A decimal number without the zeros at its end.
#[must_use]
pub fn without_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

/// From here on digits are not read any more, and a power of ten is.
pub const HUGE: f64 = 1e15;

/// A number with a power of ten: `1.5e308`.
#[must_use]
pub fn powered(value: f64) -> String {
    let text = format!("{value:.2e}");
    let (number, power) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}e{power}", without_zeros(number))
}

/// A number without needless zeros, for axes: `1e-6`, `0.005`, `0.5`, `20`, `1.5k`, `2M`, `1e15`.
#[must_use]
pub fn short_number(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size < 0.000_999_5 || size >= HUGE {
        return powered(value);
    }
    if size > 0.0 && size < 0.0995 {
        let decimals = if size < 0.009_95 { 5 } else { 4 };
        return without_zeros(&format!("{value:.decimals$}")).to_owned();
    }
    let (value, unit) = thousands(value);
    let text = significant(value, 3);
    format!("{}{unit}", without_zeros(&text))
}

fn thousands(value: f64) -> (f64, &'static str) {
    if value.abs() >= 999_500_000.0 {
        (value / 1e9, "G")
    } else if value.abs() >= 999_500.0 {
        (value / 1e6, "M")
    } else if value.abs() >= 9_995.0 {
        (value / 1e3, "k")
    } else {
        (value, "")
    }
}

/// A number with three significant digits: `0.0123`, `0.123`, `12.3`, `1230`, `12.3k`.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    if value.abs() < 0.0995 || value.abs() >= HUGE {
        return short_number(value);
    }
    let (value, unit) = thousands(value);
    format!("{}{unit}", significant(value, 3))
}

/// The unit in which a rate is read best, and the rate in it.
#[must_use]
pub fn per(per_second: f64) -> (f64, &'static str) {
    let size = per_second.abs();
    // A unit is left before rounding would print as many of it as make up the next one.
    if size == 0.0 || size >= 0.0995 {
        (per_second, "s")
    } else if size >= 0.9995 / 60.0 {
        (per_second * 60.0, "min")
    } else if size >= 0.9995 / 3600.0 {
        (per_second * 3600.0, "h")
    } else {
        (per_second * 86_400.0, "d")
    }
}

/// A rate: `900/s`, `4.50/min`, `2.30/h`.
#[must_use]
pub fn rate(per_second: f64) -> String {
    rates([per_second])[0].clone()
}

/// Rates that are compared, all in the unit in which the largest is read best: `0.500/min`, `2.30/min`.
#[must_use]
pub fn rates<const N: usize>(per_second: [f64; N]) -> [String; N] {
    let most = per_second.map(f64::abs).into_iter().fold(0.0, f64::max);
    let (value, unit) = per(most);
    let factor = if most > 0.0 { value / most } else { 1.0 };
    per_second.map(|rate| {
        if rate.is_finite() {
            format!("{}/{unit}", number(rate * factor))
        } else {
            NOTHING.to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_that_are_compared_share_their_unit() {
        assert_eq!(rates([0.0, 0.05]), ["0/min", "3.00/min"]);
        assert_eq!(rates([0.001, 0.03]), ["0.06/min", "1.80/min"]);
        assert_eq!(rates([500_419.0, 250.0]), ["500k/s", "250/s"]);
        assert_eq!(rates([0.0, 0.0]), ["0/s", "0/s"]);
        assert_eq!(rates([f64::NAN, 2.0]), ["-", "2.00/s"]);
        assert_eq!(rate(20.0 / 3600.0), "20.0/h");
    }

    #[test]
    fn numbers_that_nobody_counts_have_a_power_of_ten() {
        assert_eq!(number(-999.4e12), "-999400G");
        assert_eq!(number(1e15), "1e15");
        assert_eq!(short_number(-1.25e300), "-1.25e300");
        assert_eq!(rate(1e308), "1e308/s");
    }
}
