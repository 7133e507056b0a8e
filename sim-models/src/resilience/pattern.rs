//! A pattern of calls, in one line: `10/s for 1min, 50% errors from 20s to 40s`. It drives policies that stand alone
//! ([`super::timeline`]), and answers "when will my breaker open?".
//!
//! Pieces stand between commas, in any order. Each may say when it holds: `from 20s`, `to 40s`, `for 20s`; else it holds
//! all the time.
//!
//! | piece | says |
//! |---|---|
//! | `10/s for 1min` | calls that come evenly spaced, the first at once; `10/s poisson for 1min`: at random. A load without `from` begins where the one before it ends; loads at the same time add up |
//! | `latency 50ms` | how long a call takes, 10 ms unless said; of several that hold the last one does |
//! | `20% slow 3s` | this share takes so long |
//! | `50% errors` | this share ends so: `errors`, `error(503)`, `timeouts`, `rejected`, or any outcome by its name |
//! | `50% timeouts after 1s` | the same, and these take so long |
//! | `50% errors at callee 2` | the same, of those that ask this instance |
//! | `5 callees` | how many instances there are to ask, 1 unless said; calls go to each in turn |
//!
//! Which calls fail or are slow is drawn by chance, keyed by seed, call and try, so that every policy that meets a
//! pattern meets the same luck. Shares of one kind that hold at one time add up; whether a call is slow and how it ends are
//! drawn apart.

use crate::limits::MOST_REPLICAS;
use crate::outcome::Outcome;
use crate::quantity::Rate;
use crate::spelling::nearest;
use sim_core::random::{Keyed, Seed, Source};
use sim_core::{SimDuration, SimTime};
use std::str::FromStr;

/// How long a call takes unless the pattern says.
const LATENCY: SimDuration = SimDuration(10_000_000);
/// The most calls of a pattern: each is driven and kept.
const MOST_CALLS: f64 = 200_000.0;
/// How a pattern is written, for those who wrote another.
const USUAL: &str =
    "a pattern is such as `10/s for 1min, latency 50ms, 50% errors from 20s to 40s`";

/// When a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: SimTime,
    /// Its end, which is no part of it.
    pub to: SimTime,
}

impl Span {
    fn holds(self, at: SimTime) -> bool {
        self.from <= at && at < self.to
    }
}

/// Calls that come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Calls per second.
    pub rate: f64,
    /// Whether they come at random rather than evenly spaced.
    pub poisson: bool,
    /// When they come.
    pub span: Span,
}

/// What becomes of a share of the tries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The share, 0 to 1.
    pub share: f64,
    /// How they end, and with which status; none: well, but late.
    pub ends: Option<(Outcome, u16)>,
    /// How long they take, if that is said.
    pub takes: Option<SimDuration>,
    /// The instance whose tries these are; none: all.
    pub callee: Option<u16>,
    /// When it holds.
    pub span: Span,
}

/// What becomes of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// How it ends.
    pub outcome: Outcome,
    /// With which status; 0: none.
    pub status: u16,
    /// How long it takes.
    pub takes: SimDuration,
}

/// A pattern of calls and of what becomes of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The calls.
    pub loads: Vec<Load>,
    /// How long a try takes, and when: the last that holds.
    pub latencies: Vec<(SimDuration, Span)>,
    /// What becomes of shares of the tries.
    pub shares: Vec<Share>,
    /// Instances that are asked in turn.
    pub callees: u16,
}

impl Pattern {
    /// When the last load ends.
    #[must_use]
    pub fn end(&self) -> SimTime {
        let ends = self.loads.iter().map(|load| load.span.to);
        ends.max().unwrap_or(SimTime::ZERO)
    }

    /// Calls per second at a time.
    #[must_use]
    pub fn rate_at(&self, at: SimTime) -> f64 {
        let loads = self.loads.iter().filter(|load| load.span.holds(at));
        loads.map(|load| load.rate).sum()
    }

    /// The most calls per second that there are at any time.
    #[must_use]
    pub fn peak(&self) -> f64 {
        let rates = self.loads.iter().map(|load| self.rate_at(load.span.from));
        rates.fold(0.0, f64::max)
    }

    /// When calls come, in order.
    #[must_use]
    pub fn arrivals(&self, seed: u64) -> Vec<SimTime> {
        let mut arrivals = Vec::new();
        for (index, load) in self.loads.iter().enumerate() {
            let mut chance = Seed(seed).stream("pattern", &format!("arrivals {index}"));
            let span = load.span.to.since(load.span.from).as_nanos_f64();
            let gap = 1e9 / load.rate;
            let mut at = 0.0;
            for number in 1.. {
                if load.poisson {
                    at -= gap * libm::log(chance.open_uniform());
                }
                // Half a nanosecond: what is rounded to the end is no part of the span.
                if at >= span - 0.5 {
                    break;
                }
                arrivals.push(load.span.from + SimDuration::from_nanos_f64(at));
                if !load.poisson {
                    // No sum, whose error would grow.
                    at = gap * f64::from(number);
                }
            }
        }
        arrivals.sort_unstable();
        arrivals
    }

    /// The key of the luck of all tries.
    #[must_use]
    pub fn luck(seed: u64) -> u64 {
        Seed(seed).key("pattern", "fates")
    }

    /// What becomes of a try that begins then, the one of this number of the call of this number, at this instance.
    #[must_use]
    pub fn fate(&self, at: SimTime, (call, number): (u64, u64), callee: u16, luck: u64) -> Fate {
        let mut chance = Keyed::new(luck, call << 16 | number);
        let (ends, slow) = (chance.uniform(), chance.uniform());
        let ends = self.met(at, callee, ends, |share| share.ends.is_some());
        let slow = self.met(at, callee, slow, |share| share.ends.is_none());
        let latencies = self.latencies.iter().rev();
        let mut latencies = latencies.filter(|(_, span)| span.holds(at));
        let latency = latencies.next().map_or(LATENCY, |(takes, _)| *takes);
        let (outcome, status) = ends.and_then(|share| share.ends).unwrap_or_default();
        let takes = [slow, ends].into_iter().flatten();
        Fate {
            outcome,
            status,
            takes: takes
                .filter_map(|share| share.takes)
                .next()
                .unwrap_or(latency),
        }
    }

    /// Which of the shares of a kind a draw falls into.
    fn met(
        &self,
        at: SimTime,
        callee: u16,
        mut draw: f64,
        kind: impl Fn(&Share) -> bool,
    ) -> Option<&Share> {
        let of = |share: &&Share| share.callee.is_none_or(|of| of == callee);
        let mut shares = self.shares.iter().filter(of);
        shares.find(|share| {
            if !kind(share) || !share.span.holds(at) {
                return false;
            }
            draw -= share.share;
            draw < 0.0
        })
    }

    /// What is wrong with the whole.
    fn checked(self) -> Result<Self, String> {
        if self.loads.is_empty() {
            return Err(format!("no calls come: {USUAL}"));
        }
        let calls = |load: &Load| load.rate * load.span.to.since(load.span.from).as_secs_f64();
        let calls: f64 = self.loads.iter().map(calls).sum();
        if calls > MOST_CALLS {
            return Err(format!(
                "{calls} calls are too many: at most {MOST_CALLS} are driven"
            ));
        }
        for share in &self.shares {
            if let Some(callee) = share.callee.filter(|callee| *callee >= self.callees) {
                let last = self.callees - 1;
                return Err(format!(
                    "there is no callee {callee}: `{} callees` are 0 to {last}",
                    self.callees
                ));
            }
            // The sum of shares rises only where one of them begins.
            let at = share.span.from;
            let meets = |other: &&Share| {
                other.span.holds(at)
                    && share.ends.is_some() == other.ends.is_some()
                    && (share.callee.is_none()
                        || other.callee.is_none()
                        || share.callee == other.callee)
            };
            let most: f64 = match share.callee {
                Some(_) => self.shares.iter().filter(meets).map(|one| one.share).sum(),
                None => (0..self.callees)
                    .map(|callee| {
                        let of = |one: &&Share| one.callee.is_none_or(|of| of == callee);
                        let here = self.shares.iter().filter(meets).filter(of);
                        here.map(|one| one.share).sum()
                    })
                    .fold(0.0, f64::max),
            };
            if most > 1.0 + 1e-9 {
                let percent = libm::round(most * 1e4) / 1e2;
                return Err(format!(
                    "the shares at {} add up to {percent}%",
                    at.since(SimTime::ZERO)
                ));
            }
        }
        Ok(self)
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pattern = Self {
            loads: Vec::new(),
            latencies: Vec::new(),
            shares: Vec::new(),
            callees: 1,
        };
        for piece in text.split(',') {
            let piece = piece.trim();
            pattern
                .piece(piece)
                .map_err(|why| format!("`{piece}`: {why}"))?;
        }
        pattern.checked()
    }
}

impl Pattern {
    fn piece(&mut self, piece: &str) -> Result<(), String> {
        let words: Vec<&str> = piece.split_whitespace().collect();
        let mut rest = words.as_slice();
        let Some(first) = next(&mut rest) else {
            return Err(format!("a piece is empty: {USUAL}"));
        };
        if first == "latency" {
            let takes = span_of(next(&mut rest), "latency")?;
            let span = When::of(&mut rest)?.or_always()?;
            self.latencies.push((takes, span));
        } else if let Some(percent) = first.strip_suffix('%') {
            let share: f64 = percent.parse().map_err(|_| {
                format!("`{first}` is no share: it is a number and a percent sign, such as `50%`")
            })?;
            if !(0.0..=100.0).contains(&share) {
                return Err(format!("`{first}` is no share: it is 0% to 100%"));
            }
            self.share(share / 100.0, &mut rest)?;
        } else if first.contains('/') {
            let rate: Rate = first.parse()?;
            if rate.0 <= 0.0 {
                return Err("no calls come at a rate of zero: leave the piece out".into());
            }
            self.load(rate.0, &mut rest)?;
        } else if matches!(rest.first(), Some(&("callees" | "callee"))) {
            let known = first.parse::<u16>().ok();
            let known = known.filter(|count| (1..=MOST_REPLICAS).contains(&u32::from(*count)));
            self.callees = known.ok_or_else(|| format!("`callees` are 1 to {MOST_REPLICAS}"))?;
            rest = &rest[1..];
        } else {
            return Err(format!(
                "`{first}` is no rate (`10/s`), share (`50%`) or `latency`: {USUAL}"
            ));
        }
        match rest {
            [] => Ok(()),
            [word, ..] => {
                let known = ["for", "from", "to", "at", "after", "poisson"];
                let near = nearest(word, known)
                    .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                Err(format!("`{word}` says nothing here{near}"))
            }
        }
    }

    fn load(&mut self, rate: f64, rest: &mut &[&str]) -> Result<(), String> {
        let poisson = skip(rest, "poisson");
        skip(rest, "evenly");
        let when = When::of(rest)?;
        let poisson = poisson || skip(rest, "poisson");
        let from = when.from.unwrap_or_else(|| {
            let last = self.loads.last();
            last.map_or(SimTime::ZERO, |load| load.span.to)
        });
        let to = (when.to)
            .or_else(|| when.lasts.map(|lasts| from + lasts))
            .ok_or("for how long? Such as `10/s for 1min`")?;
        if to <= from {
            return Err("it ends before it begins".into());
        }
        let span = Span { from, to };
        self.loads.push(Load {
            rate,
            poisson,
            span,
        });
        Ok(())
    }

    fn share(&mut self, share: f64, rest: &mut &[&str]) -> Result<(), String> {
        let what = next(rest)
            .ok_or("of what? `errors`, `error(503)`, `timeouts`, `rejected`, `slow 3s`")?;
        let (ends, takes) = if what == "slow" {
            (None, Some(span_of(next(rest), "slow")?))
        } else {
            let ends = outcome(what)?;
            let takes = skip(rest, "after").then(|| span_of(next(rest), "after"));
            (Some(ends), takes.transpose()?)
        };
        let callee = if skip(rest, "at") {
            if !skip(rest, "callee") {
                return Err("`at` is followed by `callee` and its number, from 0".into());
            }
            let number = next(rest).and_then(|number| number.parse::<u16>().ok());
            Some(number.ok_or("`at callee` is followed by a number, from 0")?)
        } else {
            None
        };
        let span = When::of(rest)?.or_always()?;
        self.shares.push(Share {
            share,
            ends,
            takes,
            callee,
            span,
        });
        Ok(())
    }
}

/// When a piece says that it holds.
#[derive(Clone, Copy, Debug, Default)]
struct When {
    from: Option<SimTime>,
    to: Option<SimTime>,
    lasts: Option<SimDuration>,
}

impl When {
    fn of(rest: &mut &[&str]) -> Result<Self, String> {
        let mut when = Self::default();
        loop {
            let time = |span: SimDuration| SimTime::ZERO + span;
            let word = match rest.first() {
                Some(word @ &("for" | "from" | "to" | "until")) => *word,
                _ => break,
            };
            *rest = &rest[1..];
            let span = span_of(next(rest), word)?;
            let twice = match word {
                "for" => when.lasts.replace(span).is_some(),
                "from" => when.from.replace(time(span)).is_some(),
                _ => when.to.replace(time(span)).is_some(),
            };
            if twice {
                return Err(format!("`{word}` is said twice"));
            }
        }
        if when.lasts.is_some() && when.to.is_some() {
            return Err("`for` and `to` both say when it ends".into());
        }
        Ok(when)
    }

    /// All the time, unless it says when.
    fn or_always(self) -> Result<Span, String> {
        let from = self.from.unwrap_or(SimTime::ZERO);
        let lasts = self.lasts.map(|lasts| from + lasts);
        let to = self.to.or(lasts).unwrap_or(SimTime::MAX);
        if to <= from {
            return Err("it ends before it begins".into());
        }
        Ok(Span { from, to })
    }
}

fn next<'a>(rest: &mut &[&'a str]) -> Option<&'a str> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(first)
}

fn skip(rest: &mut &[&str], word: &str) -> bool {
    let is_next = rest.first() == Some(&word);
    if is_next {
        next(rest);
    }
    is_next
}

fn span_of(text: Option<&str>, word: &str) -> Result<SimDuration, String> {
    let text = text.ok_or_else(|| format!("`{word}` is followed by a span, such as `20s`"))?;
    text.parse().map_err(|why| format!("after `{word}`: {why}"))
}

/// How a share ends: in the words of people, or by the name of an outcome.
fn outcome(word: &str) -> Result<(Outcome, u16), String> {
    if let Some(status) = word
        .strip_prefix("error(")
        .or_else(|| word.strip_prefix("errors("))
    {
        let status = status.strip_suffix(')').and_then(|text| text.parse().ok());
        let status = status.filter(|status| (100..=999).contains(status));
        let status = status.ok_or_else(|| format!("`{word}` has no status, such as 503"))?;
        return Ok((Outcome::Error, status));
    }
    let known = match word {
        "errors" => Some(Outcome::Error),
        "timeouts" | "timeout" => Some(Outcome::TimeoutAttempt),
        "rejections" => Some(Outcome::Rejected),
        "resets" => Some(Outcome::Reset),
        _ => Outcome::ALL.into_iter().find(|one| one.name() == word),
    };
    let names = || {
        let names = Outcome::ALL.into_iter().map(Outcome::name);
        names.chain(["errors", "timeouts", "slow"])
    };
    known.map(|outcome| (outcome, 0)).ok_or_else(|| {
        let near = nearest(word, names());
        let near = near.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
        format!("nothing ends as `{word}`{near}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        text.parse::<Pattern>().unwrap_err()
    }

    fn seconds(times: &[SimTime]) -> Vec<f64> {
        times.iter().map(|time| time.as_secs_f64()).collect()
    }

    #[test]
    fn pieces_say_what_comes_and_what_becomes_of_it() {
        let text = "2/s for 2s, 4/s for 1s, latency 50ms, 100% error(503) from 1s to 2s";
        let pattern: Pattern = text.parse().unwrap();
        let arrivals = pattern.arrivals(1);
        let wanted = [0.0, 0.5, 1.0, 1.5, 2.0, 2.25, 2.5, 2.75];
        assert_eq!(seconds(&arrivals), wanted);
        assert_eq!(pattern.end(), SimTime(3_000_000_000));
        let fates = arrivals
            .iter()
            .map(|at| pattern.fate(*at, (1, 0), 0, Pattern::luck(1)));
        let errors = fates
            .map(|fate| (fate.status, fate.takes.0))
            .collect::<Vec<_>>();
        let fate = |status: u16| (status, 50_000_000);
        let wanted = [0, 0, 503, 503, 0, 0, 0, 0].map(fate);
        assert_eq!(errors, wanted);
    }

    #[test]
    fn shares_are_met_by_chance_and_never_two_at_once() {
        let text =
            "1000/s poisson for 10s, 30% timeouts, 20% slow 3s, 3 callees, 40% reset at callee 1";
        let pattern: Pattern = text.parse().unwrap();
        let arrivals = pattern.arrivals(7);
        assert!(
            (9_700..10_300).contains(&arrivals.len()),
            "{}",
            arrivals.len()
        );
        let met = |callee: u16| {
            let fates = (0..)
                .zip(&arrivals)
                .map(|(n, at)| pattern.fate(*at, (n, 0), callee, Pattern::luck(7)));
            let mut count = [0.0; 3];
            for fate in fates {
                count[0] += f64::from(u8::from(fate.outcome == Outcome::TimeoutAttempt));
                count[1] += f64::from(u8::from(fate.takes.0 == 3_000_000_000));
                count[2] += f64::from(u8::from(fate.outcome == Outcome::Reset));
            }
            count.map(|count| libm::round(count / arrivals.len() as f64 * 20.0) / 20.0)
        };
        assert_eq!(met(0), [0.3, 0.2, 0.0]);
        assert_eq!(met(1), [0.3, 0.2, 0.4]);
        assert_ne!(pattern.arrivals(7), pattern.arrivals(8));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let told = [
            ("", "``: a piece is empty"),
            ("50% errors", "no calls come"),
            ("10/s", "`10/s`: for how long?"),
            ("10 for 1min", "`10 for 1min`: `10` is no rate"),
            ("10/s for", "`10/s for`: `for` is followed by a span"),
            ("10/s for 5", "`10/s for 5`: after `for`: "),
            (
                "10/s for 5s to 9s",
                "`10/s for 5s to 9s`: `for` and `to` both",
            ),
            ("10/s form 5s", "`10/s form 5s`: for how long?"),
            (
                "10/s for 5s form 2s",
                "`10/s for 5s form 2s`: `form` says nothing here; did you mean",
            ),
            (
                "10/s for 5s, 150% errors",
                "`150% errors`: `150%` is no share",
            ),
            (
                "10/s for 5s, 50% erors",
                "`50% erors`: nothing ends as `erors`: did you mean `errors`?",
            ),
            ("10/s for 5s, 60% errors, 50% timeouts", "the shares at 0"),
            ("10/s for 5s, 5% errors at callee 2", "there is no callee 2"),
            (
                "10/s for 5s, 5% errors from 3s to 2s",
                "`5% errors from 3s to 2s`: it ends before",
            ),
            ("1000000/s for 1h", "3600000000 calls are too many"),
        ];
        for (text, wanted) in told {
            let said = wrong(text);
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
    }
}
