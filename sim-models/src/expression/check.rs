//! A check: a measure, how it compares, and with what.

use super::metric::Unit;
use super::naming::Measure;
use super::syntax::ExpressionError;
use super::syntax::Part;
use super::terms;
use crate::quantity::units::Rate;
use sim_core::SimDuration;
use std::fmt;
use std::ops::Range;

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
    /// With what: a ratio, per second, seconds or a count, see [`Metric::unit`](super::metric::Metric::unit).
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

pub(super) fn read_op(text: &str, from: usize) -> Result<(Op, usize), ExpressionError> {
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

pub(super) fn read_limit(measure: &Measure, limit: &Part<'_>) -> Result<f64, ExpressionError> {
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
