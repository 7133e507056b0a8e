//! Reads measures: `latency(shoppers, p99)`, `recovery_time`, `goodput(shoppers) in 60s..90s`,
//! `goodput(shoppers) of requests ended in 60s..90s`.

use super::metric::{Asks, METRICS, Metric, Of, Statistic};
use super::naming::{Argument, Counter, Measure, Requests};
use crate::counted;
use crate::outcome::Outcome;
use crate::resilience;
use crate::spelling::{nearest, suggest};
use sim_core::{SimDuration, SimTime};
use std::fmt;
use std::ops::Range;

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// In one line.
    pub message: String,
    /// Where in the text, in bytes.
    pub at: Range<usize>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A part of the text, without the spaces round it, and where it stands.
#[derive(Clone)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) at: Range<usize>,
}

impl<'a> Part<'a> {
    pub(super) fn of(whole: &'a str, range: Range<usize>) -> Self {
        let text = &whole[range.clone()];
        let start = range.start + text.len() - text.trim_start().len();
        let text = text.trim();
        Self {
            text,
            at: start..start + text.len(),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> ExpressionError {
        ExpressionError {
            message: message.into(),
            at: self.at.clone(),
            help: Vec::new(),
        }
    }

    /// Without the quotes round it.
    fn unquoted(self) -> Self {
        let inner = self
            .text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        match inner {
            Some(text) => Self {
                text,
                at: self.at.start + 1..self.at.end - 1,
            },
            None => self,
        }
    }
}

/// A measure that has been read.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) measure: Measure,
    /// Where its subject stands, in bytes; its name, if it is about nothing in particular.
    pub(super) subject_at: Range<usize>,
    /// Where it ends, in bytes.
    pub(super) end: usize,
}

/// The error of a text that is not what it should be.
pub(super) fn misshapen(whole: &Part<'_>, what: &str) -> ExpressionError {
    ExpressionError {
        help: vec![if what == "check" {
            "write METRIC(SUBJECT) OP LIMIT, such as `success_ratio(shoppers) >= 99.9%`".into()
        } else {
            "write METRIC(SUBJECT), such as `latency(shoppers, p99)`".into()
        }],
        ..whole.error(format!("`{}` is not a {what}", whole.text))
    }
}

/// Whether a metric of the run as a whole is called so, which takes no parentheses.
pub(super) fn is_of_run(word: &str) -> bool {
    named(word).is_some_and(|metric| metric.of() == Of::Run)
}

/// Reads the measure that begins at `from` in a text; `what` is what the text as a whole should be.
pub(super) fn read_measure(text: &str, from: usize, what: &str) -> Result<Found, ExpressionError> {
    let whole = Part::of(text, from..text.len());
    let shape = || misshapen(&whole, what);
    let word_end = whole.at.start
        + whole
            .text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(whole.text.len());
    let word = Part::of(text, whole.at.start..word_end);
    let after = Part::of(text, word_end..text.len());
    if let Some(metric) = named(word.text).filter(|_| is_of_run(word.text)) {
        let end = read_nothing(text, metric, &after)?.unwrap_or(word_end);
        let measure = Measure::new(metric, "");
        return read_stretch(text, measure, word.at, end);
    }
    if !after.text.starts_with('(') {
        return Err(match named(word.text) {
            // A slip in the name of a metric that takes no parentheses.
            None if word.text.contains('_') || nearest(word.text, runs()).is_some() => {
                no_metric(&word, "")
            }
            _ => shape(),
        });
    }
    let open = after.at.start;
    let close = closing(text, open).ok_or_else(shape)?;
    let metric = named(word.text).ok_or_else(|| no_metric(&word, &text[open + 1..close]))?;
    let mut arguments = arguments(text, open + 1..close).into_iter();
    let subject = arguments
        .next()
        .map(Part::unquoted)
        .filter(|subject| !subject.text.is_empty())
        .ok_or_else(shape)?;
    let argument = read_argument(metric, arguments.next(), &subject)?;
    if let Some(extra) = arguments.next() {
        return Err(extra.error("there are too many values between the parentheses"));
    }
    let measure = Measure {
        argument,
        ..Measure::new(metric, &edge_spacing(subject.text))
    };
    read_stretch(text, measure, subject.at, close + 1)
}

fn named(name: &str) -> Option<Metric> {
    let found = METRICS.iter().find(|(_, other, _)| *other == name);
    found.map(|(metric, ..)| *metric)
}

/// The names of what is measured of runs as a whole.
fn runs() -> impl Iterator<Item = &'static str> {
    METRICS
        .iter()
        .filter(|(metric, ..)| metric.of() == Of::Run)
        .map(|(_, name, _)| *name)
}

/// There is no metric of this name; `subject` is what stands in the parentheses after it.
fn no_metric(name: &Part<'_>, subject: &str) -> ExpressionError {
    let subject = Some(subject.trim()).filter(|subject| !subject.is_empty());
    let meant = statistic_in(name.text).map(|statistic| {
        let subject = subject.unwrap_or("shoppers");
        format!("write `latency({subject}, {})`", statistic.name())
    });
    let known = || METRICS.iter().map(|(_, other, _)| *other);
    ExpressionError {
        help: match meant {
            Some(help) => vec![help],
            None => suggest(name.text, "metrics", known()),
        },
        ..name.error(format!("there is no metric `{}`", name.text))
    }
}

/// The statistic of latency that a name like `p99`, `latency_p99` or `median_latency` stands for.
fn statistic_in(name: &str) -> Option<Statistic> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name
        .split('_')
        .filter(|word| !["latency", "latencies", "response", "time"].contains(word))
        .collect();
    let word = match words[..] {
        ["median"] => "p50",
        ["avg" | "average"] => "mean",
        ["maximum"] => "max",
        [word] => word,
        _ => return None,
    };
    let mut all = Statistic::ALL.iter();
    all.find(|(known, _)| *known == word)
        .map(|(_, statistic)| *statistic)
}

/// The empty parentheses after a metric of the whole system, if they are there: where they end.
fn read_nothing(
    text: &str,
    metric: Metric,
    after: &Part<'_>,
) -> Result<Option<usize>, ExpressionError> {
    if !after.text.starts_with('(') {
        return Ok(None);
    }
    let close = closing(text, after.at.start).ok_or_else(|| after.error("`)` is missing"))?;
    let inner = Part::of(text, after.at.start + 1..close);
    if inner.text.is_empty() {
        return Ok(Some(close + 1));
    }
    Err(ExpressionError {
        help: vec![format!("write `{}` alone", metric.name())],
        ..inner.error(format!(
            "`{}` is about the run as a whole, not about one part of the system",
            metric.name()
        ))
    })
}

/// `of requests begun` or `of requests ended`, if it is there, and where it ends.
fn read_requests(
    text: &str,
    measure: &Measure,
    end: usize,
) -> Result<(Option<Requests>, usize), ExpressionError> {
    let rest = Part::of(text, end..text.len());
    let mut words = rest.text.split_whitespace();
    if words.next() != Some("of") {
        return Ok((None, end));
    }
    let shape = |message: String| {
        ExpressionError {
        help: vec![
            "write `of requests begun in 10s..13s`, which `in 10s..13s` means too, or `of requests ended in 10s..13s`"
                .into(),
        ],
        ..rest.error(message)
    }
    };
    let requests = match (words.next(), words.next()) {
        (Some("requests"), Some("begun")) => Requests::Begun,
        (Some("requests"), Some("ended")) => Requests::Ended,
        _ => return Err(shape(format!("`{}` names no requests", rest.text))),
    };
    if words.next() != Some("in") {
        return Err(shape("there is no stretch of time after this".into()));
    }
    let metric = measure.metric;
    if metric.by_windows() && !metric.by_requests() && metric != Metric::Offered {
        return Err(ExpressionError {
            help: vec![format!(
                "write `{measure} in 10s..13s`: it is measured by what happens then"
            )],
            ..rest.error(format!(
                "`{}` is not about the requests of a workload, so they cannot be told apart by when they began or ended",
                metric.name()
            ))
        });
    }
    let word = if requests == Requests::Begun {
        "begun"
    } else {
        "ended"
    };
    let at = rest.text.find(word).map_or(0, |at| at + word.len());
    Ok((Some(requests), rest.at.start + at))
}

/// `in 60s..90s`, if it is there.
fn read_stretch(
    text: &str,
    mut measure: Measure,
    subject_at: Range<usize>,
    end: usize,
) -> Result<Found, ExpressionError> {
    let (requests, end) = read_requests(text, &measure, end)?;
    let rest = Part::of(text, end..text.len());
    let keyword = rest
        .text
        .strip_prefix("in")
        .filter(|after| after.starts_with(|c: char| c.is_whitespace() || c.is_ascii_digit()));
    let Some(after) = keyword else {
        return Ok(Found {
            measure,
            subject_at,
            end,
        });
    };
    let start = rest.at.start + "in".len();
    let length = after
        .find(['<', '>', '=', '!', '*', '/', '+', '\u{2264}', '\u{2265}'])
        .unwrap_or(after.len());
    let stretch = Part::of(text, start..start + length);
    let shape = |why: &str| ExpressionError {
        help: vec!["write two times of the run, such as `in 60s..90s`".into()],
        ..stretch.error(format!("`{}` is no stretch of time{why}", stretch.text))
    };
    let (from, to) = stretch.text.split_once("..").ok_or_else(|| shape(""))?;
    let time = |text: &str| {
        let span = text.trim().parse::<SimDuration>();
        span.map(|span| SimTime(span.0))
            .map_err(|why| shape(&format!(": {why}")))
    };
    let (from, to) = (time(from)?, time(to)?);
    if from >= to {
        return Err(shape(": it ends before it begins"));
    }
    if !measure.metric.by_windows() {
        return Err(stretch.error(format!(
            "`{}` is measured over whole runs only",
            measure.metric.name()
        )));
    }
    measure.over = Some((from, to));
    if measure.metric.by_requests() {
        measure.requests = requests.unwrap_or_default();
    }
    Ok(Found {
        measure,
        subject_at,
        end: start + length,
    })
}

fn closing(text: &str, open: usize) -> Option<usize> {
    let mut quoted = false;
    let found = text[open..].find(|c| {
        quoted ^= c == '"';
        c == ')' && !quoted
    });
    found.map(|at| open + at)
}

fn arguments(text: &str, range: Range<usize>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut start = range.start;
    let mut quoted = false;
    for (at, c) in text[range.clone()].char_indices() {
        quoted ^= c == '"';
        if c == ',' && !quoted {
            parts.push(Part::of(text, start..range.start + at));
            start = range.start + at + 1;
        }
    }
    parts.push(Part::of(text, start..range.end));
    parts
}

/// `a->b` is `a -> b`.
fn edge_spacing(subject: &str) -> String {
    match subject.split_once("->") {
        Some((from, to)) => format!("{} -> {}", from.trim(), to.trim()),
        None => subject.into(),
    }
}

/// Every counter of every policy, or of every step.
pub(super) fn counters(
    all: &'static [(&'static str, &'static [&'static str])],
) -> impl Iterator<Item = Counter> {
    all.iter().flat_map(|(policy, counters)| {
        counters.iter().map(|counter| Counter {
            policy,
            name: counter,
        })
    })
}

/// What may stand after the subject: what such a thing is called, and all that there are.
fn allowed(asks: Asks) -> (&'static str, Vec<(String, Argument)>) {
    let statistics = |statistics: &[Statistic]| {
        let named = statistics.iter().map(|statistic| {
            let name = statistic.name().to_owned();
            (name, Argument::Statistic(*statistic))
        });
        named.collect()
    };
    match asks {
        Asks::Nothing => ("", Vec::new()),
        Asks::Latency => (
            "statistic",
            statistics(&Statistic::ALL.map(|(_, statistic)| statistic)),
        ),
        Asks::Level => ("statistic", statistics(&[Statistic::Mean, Statistic::Max])),
        Asks::Outcome => (
            "outcome",
            Outcome::ALL
                .iter()
                .map(|outcome| (outcome.name().into(), Argument::Outcome(*outcome)))
                .collect(),
        ),
        Asks::Counter | Asks::StepCounter => {
            let all = if asks == Asks::Counter {
                resilience::COUNTERS
            } else {
                counted::OF_STEPS
            };
            let named = counters(all)
                .map(|counter| (counter.to_string(), Argument::Counter(counter)))
                .collect();
            ("counter", named)
        }
        Asks::State => {
            let named = counters(resilience::STATES)
                .map(|state| (state.to_string(), Argument::State(state)))
                .collect();
            ("state", named)
        }
    }
}

impl Metric {
    /// What may stand after its subject.
    #[must_use]
    pub fn arguments(self) -> Vec<String> {
        let (_, allowed) = allowed(self.asks());
        allowed.into_iter().map(|(name, _)| name).collect()
    }
}

fn read_argument(
    metric: Metric,
    given: Option<Part<'_>>,
    subject: &Part<'_>,
) -> Result<Option<Argument>, ExpressionError> {
    let (what, allowed) = allowed(metric.asks());
    let names = || allowed.iter().map(|(name, _)| name.as_str());
    match given.map(Part::unquoted) {
        None if allowed.is_empty() => Ok(None),
        None => Err(ExpressionError {
            help: suggest("", "one of", names()),
            ..subject.error(format!(
                "`{0}` needs {3} {what}: write `{0}({1}, {2})`",
                metric.name(),
                subject.text,
                metric.asks().example(),
                if what == "outcome" { "an" } else { "a" },
            ))
        }),
        Some(extra) if allowed.is_empty() => {
            Err(extra.error(format!("`{}` takes no statistic", metric.name())))
        }
        Some(part) => match allowed.iter().find(|(name, _)| *name == part.text) {
            Some((_, argument)) => Ok(Some(*argument)),
            None => Err(ExpressionError {
                help: suggest(part.text, "one of", names()),
                ..part.error(format!("`{}` has no {what} `{}`", metric.name(), part.text))
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_measures_of_every_shape() {
        for (text, printed) in [
            ("recovery_time", "recovery_time"),
            (" recovery_time ( ) ", "recovery_time"),
            (
                "outcome_ratio(shoppers,timeout_attempt)",
                "outcome_ratio(shoppers, timeout_attempt)",
            ),
            (
                "policy_count(\"web -> db\", breaker_opened)",
                "policy_count(web -> db, breaker_opened)",
            ),
            (
                "goodput(shoppers) in 60s..90s",
                "goodput(shoppers) in 60s..90s",
            ),
            ("goodput(a) in 0s .. 500ms", "goodput(a) in 0s..0.5s"),
            (
                "goodput(a) of requests begun in 10s..13s",
                "goodput(a) in 10s..13s",
            ),
            (
                "latency(a, p99)  of  requests ended in 10s..13s",
                "latency(a, p99) of requests ended in 10s..13s",
            ),
            // The same both ways.
            (
                "offered(a) of requests ended in 1s..2s",
                "offered(a) in 1s..2s",
            ),
        ] {
            let measure: Measure = text.parse().unwrap();
            assert_eq!(measure.to_string(), printed);
            assert_eq!(printed.parse(), Ok(measure));
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_measure() {
        for (text, message, at, help) in [
            ("recovery_tme", "no metric", 0..12, "`recovery_time`"),
            ("p99(users)", "no metric", 0..3, "`latency(users, p99)`"),
            ("median_latency(a)", "no metric", 0..14, "`latency(a, p50)`"),
            ("latency_p999(a)", "no metric", 0..12, "`latency(a, p999)`"),
            ("recovery_time(db)", "as a whole", 14..16, "alone"),
            ("recovery_time in 1s..2s", "whole runs only", 17..23, ""),
            ("goodput(a) in 1s", "no stretch", 14..16, "60s..90s"),
            ("goodput(a) in 2s..1s", "ends before", 14..20, ""),
            ("goodput(a) in 2..3", "unit", 14..18, ""),
            (
                "outcome_ratio(a, timeout)",
                "no outcome `timeout`",
                17..24,
                "`timeout_attempt`",
            ),
            ("outcome_ratio(a)", "needs an outcome", 14..15, "`ok`"),
            (
                "policy_count(a->b, breaker_open)",
                "no counter",
                19..31,
                "`breaker_opened`",
            ),
            ("goodput(a) > 3/s", "ends before", 11..16, "no limit"),
            ("goodput", "not a measure", 0..7, "METRIC(SUBJECT)"),
            ("sojourn(db, p99) in 1s..2s", "whole runs only", 20..26, ""),
            (
                "queue(db, max) of requests begun in 1s..2s",
                "not about the requests",
                15..42,
                "`queue(db, max) in 10s..13s`",
            ),
            (
                "availability(a) of requests begun in 1s..2s",
                "whole runs only",
                37..43,
                "",
            ),
            (
                "goodput(a) of requests started in 1s..2s",
                "names no requests",
                11..40,
                "of requests begun in",
            ),
            (
                "goodput(a) of requests ended",
                "no stretch of time",
                11..28,
                "of requests ended in",
            ),
        ] {
            let error = text.parse::<Measure>().unwrap_err();
            assert!(error.message.contains(message), "{text}: {error:?}");
            assert_eq!(error.at, at, "{text}");
            assert!(
                error.help.iter().any(|line| line.contains(help)) || help.is_empty(),
                "{text}: {error:?}"
            );
        }
    }
}
