//! Checks as scenarios write them: `success_ratio(shoppers) >= 99.9%`, `latency(shoppers, p99) <
//! 250ms`, `amplification("web -> orders") < 1.1`.
//!
//! A measure ([`syntax`]), an operator and a limit. Units: limits are kept in seconds,
//! per second, or as ratios, as the metric asks. Where two measures are compared, `latency(a, p99) < 2 *
//! latency(a, p50)`, what is kept is their quotient and what it compares with: 2.

pub mod metric;
pub mod naming;
pub mod syntax;
mod terms;
mod belief;

pub use belief::Belief;
pub use metric::{Better, METRICS, Metric, Of, Statistic, Unit};
pub use naming::{Argument, Counter, Measure, Requests};
pub use syntax::ExpressionError;

use crate::quantity::units::Rate;
use sim_core::SimDuration;
use std::fmt;
use std::ops::Range;
use syntax::Part;

/// How a value compares with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Op {
    /// Two-character ones first, so that `<=` is not read as `<`.
    const ALL: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<", Self::Less),
        (">", Self::More),
    ];

    /// Its symbol.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, op)| *op == self)
            .map_or("", |(symbol, _)| symbol)
    }

    /// Whether `value` keeps to `limit`; not a number keeps to none.
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::More => value > limit,
            Self::AtLeast => value >= limit,
            Self::Equal => value == limit,
            Self::Unequal => value != limit && !value.is_nan(),
        }
    }
}

/// A check that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What is measured.
    pub measure: Measure,
    /// How it compares.
    pub op: Op,
    /// With what: a ratio, per second, seconds or a count, see [`Metric::unit`].
    pub limit: f64,
    /// Where the subject stands in the text, in bytes; that of the first measure where there are two.
    pub subject_at: Range<usize>,
    /// Where that of the second measure stands.
    pub other_at: Option<Range<usize>>,
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.measure, self.op.symbol())?;
        match self.measure.unit() {
            Unit::Seconds => write!(f, "{}", SimDuration::from_secs_f64(self.limit)),
            Unit::Rate => write!(f, "{}", Rate(self.limit)),
            Unit::Ratio | Unit::Count => write!(f, "{}", self.limit),
        }
    }
}

impl std::str::FromStr for Expression {
    type Err = ExpressionError;
    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parse(text)
    }
}

/// Reads an expression.
///
/// # Errors
/// What is wrong with it, where, and what to write instead.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let whole = Part::of(text, 0..text.len());
    let left = terms::read_term(text, 0, "check")?;
    let measure = left.measure()?;
    let subject_at = left.first.subject_at.clone();
    let (op, symbol_end) = read_op(text, left.end)?;
    let limit = Part::of(text, symbol_end..text.len());
    if limit.text.is_empty() {
        let example = match measure.unit() {
            Unit::Seconds => "250ms",
            Unit::Rate => "100/s",
            Unit::Ratio => "99.9%",
            Unit::Count => "10",
        };
        return Err(ExpressionError {
            help: vec![format!(
                "add it at the end, such as `{}`",
                [text.trim(), example].join(" ")
            )],
            at: whole.at.clone(),
            ..whole.error("the limit is missing")
        });
    }
    if terms::comes(limit.text) {
        let right = terms::read_term(text, symbol_end, "check")?;
        let rest = Part::of(text, right.end..text.len());
        if !rest.text.is_empty() {
            return Err(rest.error("a check ends before this"));
        }
        if left.second.is_some() || right.second.is_some() {
            return Err(ExpressionError {
                help: vec![
                    "compare a measure with a multiple of another, or the ratio of two with a number, such as `goodput(a) / offered(a) >= 0.95`"
                        .into(),
                ],
                ..limit.error("a check is about two measures at most")
            });
        }
        return Ok(Expression {
            measure: terms::divide(measure, &right.first, "compared")?,
            op,
            limit: right.factor / left.factor,
            subject_at,
            other_at: Some(right.first.subject_at),
        });
    }
    let limit = read_limit(&measure, &limit)?;
    Ok(Expression {
        measure,
        op,
        limit: limit / left.factor,
        subject_at,
        other_at: left.second.map(|second| second.subject_at),
    })
}

fn read_op(text: &str, from: usize) -> Result<(Op, usize), ExpressionError> {
    let rest = Part::of(text, from..text.len());
    Op::ALL
        .iter()
        .find(|(symbol, _)| rest.text.starts_with(symbol))
        .map(|(symbol, op)| (*op, rest.at.start + symbol.len()))
        .ok_or_else(|| ExpressionError {
            help: vec![
                "after the metric comes one of <, <=, >, >=, == and !=, then the limit".into(),
            ],
            ..rest.error("there is no comparison here")
        })
        .map_err(|mut error| {
            // As mathematicians and other languages write them.
            for (other, ours) in [
                ("=>", ">="),
                ("=<", "<="),
                ("\u{2265}", ">="),
                ("\u{2264}", "<="),
                ("=", "=="),
            ] {
                if rest.text.starts_with(other) {
                    error.message = format!("`{other}` is no comparison");
                    error.at.end = error.at.start + other.len();
                    error.help = vec![format!("did you mean `{ours}`?")];
                    break;
                }
            }
            error
        })
}

fn read_limit(measure: &Measure, limit: &Part<'_>) -> Result<f64, ExpressionError> {
    let name = match measure.quotient {
        Some(_) => measure.to_string(),
        None => measure.metric.name().to_owned(),
    };
    let number = |text: &str| {
        let number = text.trim().replace('_', "").parse::<f64>().ok();
        number.filter(|number| number.is_finite())
    };
    let fail = |what: &str| {
        limit.error(format!(
            "`{}` is not {what}, which `{name}` needs",
            limit.text
        ))
    };
    match measure.unit() {
        Unit::Seconds => limit
            .text
            .parse::<SimDuration>()
            .map(SimDuration::as_secs_f64)
            .map_err(|why| ExpressionError {
                help: vec![why.to_string()],
                ..fail("a duration")
            }),
        Unit::Rate => limit
            .text
            .parse::<Rate>()
            .map(|rate| rate.0)
            .map_err(|why| ExpressionError {
                help: vec![why],
                ..fail("a rate")
            }),
        Unit::Ratio => match limit.text.strip_suffix('%') {
            // As decimals: 99.9 over 100 is 0.9990000000000001.
            Some(percent) => number(&format!("{}e-2", percent.trim())),
            None => number(limit.text),
        }
        .ok_or_else(|| ExpressionError {
            help: vec!["write a number such as 0.999, or 99.9%".into()],
            ..fail("a number or a percentage")
        }),
        Unit::Count => number(limit.text).ok_or_else(|| ExpressionError {
            help: vec!["write a number such as 100".into()],
            ..fail("a number")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_checks() {
        for (text, metric, subject, limit, printed) in [
            (
                "success_ratio(shoppers) >= 0.999",
                Metric::SuccessRatio,
                "shoppers",
                0.999,
                "success_ratio(shoppers) >= 0.999",
            ),
            (
                "success_ratio(shoppers)>=5%",
                Metric::SuccessRatio,
                "shoppers",
                0.05,
                "success_ratio(shoppers) >= 0.05",
            ),
            (
                "success_ratio(shoppers) >= 99.9 %",
                Metric::SuccessRatio,
                "shoppers",
                0.999,
                "success_ratio(shoppers) >= 0.999",
            ),
            (
                "latency(shoppers, p99) < 250ms",
                Metric::Latency,
                "shoppers",
                0.25,
                "latency(shoppers, p99) < 250ms",
            ),
            (
                "goodput(\"my load\") > 900/s",
                Metric::Goodput,
                "my load",
                900.0,
                "goodput(my load) > 900/s",
            ),
            (
                "amplification(\"web->db\") <= 1.1",
                Metric::Amplification,
                "web -> db",
                1.1,
                "amplification(web -> db) <= 1.1",
            ),
            (
                "queue(db, max) != 3",
                Metric::Queue,
                "db",
                3.0,
                "queue(db, max) != 3",
            ),
        ] {
            let read = parse(text).unwrap();
            assert_eq!(
                (
                    read.measure.metric,
                    read.measure.subject.as_str(),
                    read.limit
                ),
                (metric, subject, limit)
            );
            assert_eq!(read.to_string(), printed);
        }
        let read = parse("sojourn(db, p50) < 1s").unwrap();
        assert_eq!(read.measure.statistic(), Some(Statistic::P50));
        assert_eq!(read.subject_at, 8..10);
        assert!(read.op.holds(0.5, read.limit) && !read.op.holds(f64::NAN, read.limit));
    }

    #[test]
    fn two_measures_are_compared_by_their_quotient() {
        for (text, printed, limit) in [
            (
                "goodput(a) / offered(a) >= 95%",
                "goodput(a) / offered(a) >= 0.95",
                0.95,
            ),
            (
                "goodput(a) >= 0.9 * offered(a)",
                "goodput(a) / offered(a) >= 0.9",
                0.9,
            ),
            (
                "latency(a, p99)<2*latency(a, p50)",
                "latency(a, p99) / latency(a, p50) < 2",
                2.0,
            ),
            (
                "latency(a,p99) in 10s..20s < latency(a,p99) in 0s..10s * 1.5",
                "latency(a, p99) in 10s..20s / latency(a, p99) in 0s..10s < 1.5",
                1.5,
            ),
            (
                "2 * goodput(a) > goodput(b) / 4",
                "goodput(a) / goodput(b) > 0.125",
                0.125,
            ),
            (
                "recovery_time <= mttr(a)",
                "recovery_time / mttr(a) <= 1",
                1.0,
            ),
            // A stretch at the end is that of both.
            (
                "goodput(a) / offered(a) of requests ended in 1s..2s > 50%",
                "goodput(a) in 1s..2s / offered(a) in 1s..2s > 0.5",
                0.5,
            ),
            (
                "failed(a) / failed(b) of requests ended in 1s..2s > 2",
                "failed(a) of requests ended in 1s..2s / failed(b) of requests ended in 1s..2s > 2",
                2.0,
            ),
            ("2 * goodput(a) > 10/s", "goodput(a) > 5/s", 5.0),
        ] {
            let read = parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
            assert_eq!(read.to_string(), printed);
            assert_eq!(
                (read.limit, read.measure.unit() == Unit::Rate),
                (limit, limit == 5.0)
            );
            let again = parse(printed).unwrap();
            assert_eq!((again.measure, again.limit), (read.measure, read.limit));
        }
        let read = parse("goodput(a) > goodput(b)").unwrap();
        assert_eq!((read.subject_at, read.other_at), (8..9, Some(21..22)));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, message, at, help) in [
            ("sucess_ratio(a) > 1", "no metric", 0..12, "success_ratio"),
            ("latency(a) < 1s", "needs a statistic", 8..9, "p99"),
            ("latency(a, p98) < 1s", "no statistic `p98`", 11..14, "p9"),
            ("latency(a, p99) < 250", "not a duration", 18..21, "250ms"),
            ("goodput(a) > 900", "not a rate", 13..16, "900/s"),
            ("goodput(a, p99) > 900/s", "takes no statistic", 11..14, ""),
            ("goodput(a) 900/s", "no comparison", 11..16, ""),
            ("success_ratio(a) > lots", "not a number", 19..23, "99.9%"),
            ("goodput a > 3", "not a check", 0..13, "METRIC"),
            ("0.9 < success_ratio(a)", "not a check", 0..22, "METRIC"),
            (
                "latency(a, p99) < 2 * goodput(a)",
                "`latency(a, p99)` is a duration and `goodput(a)` is a rate, so they cannot be compared",
                30..31,
                "one unit",
            ),
            (
                "goodput(a) / queue(db, max) > 1",
                "cannot be divided",
                19..21,
                "one unit",
            ),
            (
                "goodput(a) / offered(a) > 2 * success_ratio(a)",
                "two measures at most",
                26..46,
                "goodput(a) / offered(a) >= 0.95",
            ),
            (
                "goodput(a) / offered(a) / offered(b) > 2",
                "cannot be divided again",
                26..36,
                "one divided by another",
            ),
            ("goodput(a) + goodput(b) > 2/s", "no `+`", 11..29, "divided"),
            ("goodput(a) > 0 * offered(a)", "not a factor", 13..14, "1.2"),
            ("goodput(a) > ofered(b)", "no metric", 13..19, "offered"),
            (
                "goodput(a) / offered(a) > 3/s",
                "not a number",
                26..29,
                "99.9%",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(message), "{text}: {error:?}");
            assert_eq!(error.at, at, "{text}");
            assert!(
                error.help.iter().any(|h| h.contains(help)) || help.is_empty(),
                "{error:?}"
            );
        }
    }
}
