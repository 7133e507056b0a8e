//! Five-field cron patterns on simulated time, which starts on Monday, 1 January, 00:00, of a year
//! that is no leap year.
//!
//! Fields: minute, hour, day of month, month, day of week (0 or 7 is Sunday). Each is `*`, a number, a
//! range `a-b`, a step `*/n` or `a-b/n`, or a list of those. As in Vixie cron, a day matches when
//! either of day of month and day of week does, unless one of them is `*`.

use sim_core::SimTime;

const MINUTE: u64 = 60_000_000_000;
const MONTH_LENGTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The times before `end` at which a pattern matches.
///
/// # Errors
/// What is wrong with the pattern.
pub fn occurrences(pattern: &str, end: SimTime) -> Result<Vec<SimTime>, String> {
    let fields: Vec<&str> = pattern.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return Err(format!("`{pattern}` has {} fields: a cron pattern has five, such as \"0 3 * * 1-5\"", fields.len()));
    };
    let minutes = field(minute, 0, 59)?;
    let hours = field(hour, 0, 23)?;
    let days = field(day, 1, 31)?;
    let months = field(month, 1, 12)?;
    let weekdays = field(weekday, 0, 7)?;
    let mut found = Vec::new();
    for now in 0..end.0.div_ceil(MINUTE) {
        let today = now / 1440;
        let (month, date) = calendar(today % 365);
        // Day 0 is a Monday, and Sunday is both 0 and 7.
        let weekday = (today + 1) % 7;
        let by_date = days & (1 << date) != 0;
        let by_weekday = weekdays & (1 << weekday) != 0 || (weekday == 0 && weekdays & (1 << 7) != 0);
        let day_matches = match (*day == "*", fields[4] == "*") {
            (true, _) => by_weekday,
            (false, true) => by_date,
            (false, false) => by_date || by_weekday,
        };
        if minutes & (1 << (now % 60)) != 0 && hours & (1 << (now / 60 % 24)) != 0 && months & (1 << month) != 0 && day_matches {
            found.push(SimTime(now * MINUTE));
        }
    }
    Ok(found)
}

/// Month and day of month, from 1, of a day of the year, from 0.
fn calendar(mut day: u64) -> (u64, u64) {
    for (month, length) in (1..).zip(MONTH_LENGTHS) {
        if day < length {
            return (month, day + 1);
        }
        day -= length;
    }
    unreachable!("a year has 365 days")
}

/// The set of values that a field matches, as bits.
fn field(text: &str, low: u64, high: u64) -> Result<u64, String> {
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let number = |text: &str| {
            let number: u64 = text.parse().map_err(|_| format!("`{text}` is not a number in cron field `{part}`"))?;
            if (low..=high).contains(&number) {
                Ok(number)
            } else {
                Err(format!("{number} is out of range in cron field `{part}`: {low} to {high}"))
            }
        };
        let step: u64 = step.parse().ok().filter(|step| *step > 0).ok_or_else(|| format!("`{step}` is not a step in cron field `{part}`"))?;
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(format!("the range `{range}` of a cron field runs backwards"));
        }
        bits |= (from..=to).step_by(step as usize).fold(0, |bits, value| bits | 1 << value);
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(pattern: &str, days: u64) -> Vec<f64> {
        let end = SimTime(days * 1440 * MINUTE);
        occurrences(pattern, end).unwrap().iter().map(|time| time.as_secs_f64() / 3600.0).collect()
    }

    #[test]
    fn matches_the_calendar() {
        assert_eq!(hours("30 3 * * *", 2), [3.5, 27.5]);
        assert_eq!(hours("0 0 * * 0", 14), [144.0, 312.0], "Sundays");
        assert_eq!(hours("0 0 * * 7", 7), [144.0]);
        assert_eq!(hours("0 */12 * * 1-2", 7), [0.0, 12.0, 24.0, 36.0]);
        assert_eq!(hours("0 0 1 2 *", 365), [744.0], "1 February");
        assert_eq!(hours("0 0 3 * 1", 7), [0.0, 48.0], "either day matches");
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(occurrences("* * *", SimTime(1)).unwrap_err().contains("five"));
        assert!(occurrences("61 * * * *", SimTime(1)).unwrap_err().contains("out of range"));
        assert!(occurrences("5-1 * * * *", SimTime(1)).unwrap_err().contains("backwards"));
    }
}
