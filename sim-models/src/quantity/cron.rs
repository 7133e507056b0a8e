//! Five-field cron patterns: minute, hour, day of the month, month, day of the week.
//!
//! A run starts on Monday, 1 January, 00:00, of a year of 365 days, and every year after it is the
//! same length. As in Vixie cron, where both days are restricted either of them suffices.

use sim_core::{SimDuration, SimTime};

const MINUTE: u64 = 60_000_000_000;
const MINUTES_PER_DAY: u64 = 24 * 60;
const MONTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTH_NAMES: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAY_NAMES: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A cron pattern. Each field is a set of numbers, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    either_day: bool,
}

impl std::str::FromStr for Cron {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!(
                "a cron pattern has five fields (minute, hour, day, month, weekday), not {}",
                fields.len()
            ));
        };
        let weekdays = field(weekday, "day of the week", (0, 7), &DAY_NAMES, 0)?;
        let cron = Self {
            minutes: field(minute, "minute", (0, 59), &[], 0)?,
            hours: field(hour, "hour", (0, 23), &[], 0)?,
            days: field(day, "day of the month", (1, 31), &[], 0)?,
            months: field(month, "month", (1, 12), &MONTH_NAMES, 1)?,
            // Sunday is 0 and 7.
            weekdays: weekdays | weekdays >> 7,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        cron.next(SimTime::ZERO, true)
            .map(|_| cron)
            .ok_or_else(|| format!("`{text}` matches no day of the year"))
    }
}

impl Cron {
    /// The first minute that matches after `time`, or at it if `inclusive`.
    #[must_use]
    pub fn next(&self, time: SimTime, inclusive: bool) -> Option<SimTime> {
        let mut minute = time.0.div_ceil(MINUTE);
        if !inclusive && time.0.is_multiple_of(MINUTE) {
            minute += 1;
        }
        // Weekdays and dates line up anew every seven years; no pattern waits longer.
        let last = minute + 7 * 366 * MINUTES_PER_DAY;
        while minute <= last {
            if !self.matches_day(minute / MINUTES_PER_DAY) {
                minute = (minute / MINUTES_PER_DAY + 1) * MINUTES_PER_DAY;
            } else if !has(self.hours, minute / 60 % 24) {
                minute = (minute / 60 + 1) * 60;
            } else if !has(self.minutes, minute % 60) {
                minute += 1;
            } else {
                return minute.checked_mul(MINUTE).map(SimTime);
            }
        }
        None
    }

    /// How long it is from one match to the next at least, over a year.
    #[must_use]
    pub fn shortest_gap(&self) -> Option<SimDuration> {
        let mut time = self.next(SimTime::ZERO, true)?;
        let mut shortest = None;
        for _ in 0..1500 {
            let next = self.next(time, false)?;
            let gap = next.since(time);
            shortest = Some(shortest.map_or(gap, |shortest: SimDuration| shortest.min(gap)));
            time = next;
        }
        shortest
    }

    fn matches_day(&self, day: u64) -> bool {
        let weekday = has(self.weekdays, (day + 1) % 7);
        let mut date = day % 365;
        let mut month = 0;
        while date >= MONTHS[month] {
            date -= MONTHS[month];
            month += 1;
        }
        let date = has(self.days, date + 1);
        let right_day = if self.either_day {
            date || weekday
        } else {
            date && weekday
        };
        right_day && has(self.months, month as u64 + 1)
    }
}

fn has(set: u64, number: u64) -> bool {
    set >> number & 1 == 1
}

fn field(
    text: &str,
    what: &str,
    (low, high): (u64, u64),
    names: &[&str],
    first: u64,
) -> Result<u64, String> {
    let number = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let named = names.iter().position(|name| *name == lower);
        let number = named
            .map(|at| at as u64 + first)
            .or_else(|| text.parse().ok());
        number
            .filter(|n| (low..=high).contains(n))
            .ok_or_else(|| format!("`{text}` is not a {what}: it is from {low} to {high}"))
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => match step.parse::<u64>() {
                Ok(step) if step > 0 => (range, Some(step)),
                _ => return Err(format!("`{step}` is not a step, in the {what} `{text}`")),
            },
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (number(from)?, number(to)?),
            None if step.is_some() => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return Err(format!("`{range}` runs backwards, in the {what} `{text}`"));
        }
        for n in (from..=to).step_by(step.unwrap_or(1) as usize) {
            set |= 1 << n;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(pattern: &str, hours: u64) -> u64 {
        let cron: Cron = pattern.parse().unwrap();
        let time = SimTime(hours * 60 * MINUTE);
        cron.next(time, false).unwrap().0 / MINUTE
    }

    #[test]
    fn finds_the_next_match() {
        assert_eq!(next("* * * * *", 0), 1);
        assert_eq!(next("*/15 * * * *", 0), 15);
        assert_eq!(next("30 2 * * *", 0), 150);
        assert_eq!(next("30 2 * * *", 3), 24 * 60 + 150);
        assert_eq!(next("0 0 * * sun", 0), 6 * 24 * 60);
        assert_eq!(next("0 0 * * 7", 0), 6 * 24 * 60);
        assert_eq!(next("0 12 1 feb *", 0), (31 * 24 + 12) * 60);
        assert_eq!(next("0 0 3 * 2", 0), 24 * 60);
        let cron: Cron = "0,30 8-9 * * 1-5".parse().unwrap();
        assert_eq!(cron.shortest_gap(), Some(SimDuration(30 * MINUTE)));
    }

    #[test]
    fn refuses_nonsense() {
        for (pattern, why) in [
            ("* * * *", "five fields"),
            ("60 * * * *", "is not a minute"),
            ("* * * * mo", "day of the week"),
            ("*/0 * * * *", "step"),
            ("5-2 * * * *", "backwards"),
            ("0 0 31 2 *", "no day"),
        ] {
            let error = pattern.parse::<Cron>().unwrap_err();
            assert!(error.contains(why), "{pattern}: {error}");
        }
    }
}
