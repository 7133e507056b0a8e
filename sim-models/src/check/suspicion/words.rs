//! Names, numbers and times in messages.

use sim_core::SimDuration;

/// Some names, not more than anybody reads: "`a`, `b` and 7 others".
pub(super) fn named(names: &[String]) -> String {
    const MOST: usize = 3;
    let quoted = |name: &String| format!("`{name}`");
    match names {
        [] => String::new(),
        [only] => quoted(only),
        [head @ .., last] if names.len() <= MOST => {
            let head: Vec<String> = head.iter().map(quoted).collect();
            format!("{} and {}", head.join(", "), quoted(last))
        }
        _ => {
            let head: Vec<String> = names[..MOST - 1].iter().map(quoted).collect();
            format!(
                "{} and {} others",
                head.join(", "),
                names.len() - (MOST - 1)
            )
        }
    }
}

pub(super) fn rounded(number: f64) -> String {
    if number >= 100.0 || number.fract() == 0.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

/// A time in seconds, as it is written.
pub(super) fn span(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds)
}

/// A share in per cent, no larger than it is.
pub(super) fn percent(share: f64) -> f64 {
    let digits = if share < 0.1 { 10.0 } else { 1.0 };
    // A share such as 0.001 is not quite that.
    (share * 100.0 * digits + 1e-9).floor() / digits
}
