//! Reads products and quotients of measures: `goodput(a) / offered(a)`, `2 * latency(a, p50)`,
//! `latency(a, p99) in 0s..10s * 1.2`.

use super::metric::Unit;
use super::naming::Measure;
use super::syntax::{ExpressionError, Found, Part, is_of_run, misshapen, read_measure};

/// A multiple of a measure, or of the quotient of two.
pub(super) struct Term {
    /// By which number it is multiplied, greater than zero.
    pub(super) factor: f64,
    /// The measure, or the dividend.
    pub(super) first: Found,
    /// The divisor.
    pub(super) second: Option<Found>,
    /// Where it ends, in bytes.
    pub(super) end: usize,
}

impl Term {
    /// Its measure: the first, or the quotient of both.
    pub(super) fn measure(&self) -> Result<Measure, ExpressionError> {
        let Some(second) = &self.second else {
            return Ok(self.first.measure.clone());
        };
        let mut first = self.first.measure.clone();
        // A stretch at the end is meant for both.
        if first.over.is_none() && first.by_windows() {
            first.over = second.measure.over;
            if first.metric.by_requests() {
                first.requests = second.measure.requests;
            }
        }
        divide(first, second, "divided by each other")
    }
}

/// A measure divided by another, if their units are the same.
pub(super) fn divide(
    first: Measure,
    second: &Found,
    what: &str,
) -> Result<Measure, ExpressionError> {
    let names = (first.to_string(), second.measure.to_string());
    first
        .divide(second.measure.clone())
        .map_err(|units: (Unit, Unit)| ExpressionError {
            message: format!(
                "`{}` is {} and `{}` is {}, so they cannot be {what}",
                names.0,
                units.0.words(),
                names.1,
                units.1.words(),
            ),
            at: second.subject_at.clone(),
            help: vec!["name two measures of one unit".into()],
        })
}

/// Whether a measure comes, and not a limit: a metric, or a number times something.
pub(super) fn comes(text: &str) -> bool {
    let text = text.trim_start();
    let name = |c: char| c.is_alphanumeric() || c == '_';
    if text.starts_with(|c: char| c.is_alphabetic()) {
        let end = text.find(|c| !name(c)).unwrap_or(text.len());
        return text[end..].trim_start().starts_with('(') || is_of_run(&text[..end]);
    }
    let end = number_end(text);
    end > 0 && text[end..].trim_start().starts_with('*')
}

/// Where the number that a text begins with ends.
fn number_end(text: &str) -> usize {
    let digit = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    let end = text.find(|c| !digit(c)).unwrap_or(text.len());
    if end > 0 && text[end..].starts_with('%') {
        end + 1
    } else {
        end
    }
}

fn factor(number: &Part<'_>) -> Result<f64, ExpressionError> {
    let (text, scale) = match number.text.strip_suffix('%') {
        Some(text) => (text, 0.01),
        None => (number.text, 1.0),
    };
    let value = text.replace('_', "").parse::<f64>().ok();
    value
        .map(|value| value * scale)
        .filter(|value| value.is_finite() && *value > 0.0)
        .ok_or_else(|| ExpressionError {
            help: vec!["write a number above zero, such as 1.2".into()],
            ..number.error(format!("`{}` is not a factor", number.text))
        })
}

/// Reads the term that begins at `from` in a text; `what` is what the text as a whole should be.
pub(super) fn read_term(text: &str, from: usize, what: &str) -> Result<Term, ExpressionError> {
    let whole = Part::of(text, from..text.len());
    let (mut product, mut first, mut second) = (1.0, None, None);
    let (mut at, mut divides) = (from, false);
    loop {
        let rest = Part::of(text, at..text.len());
        let number = number_end(rest.text);
        if number > 0 {
            let number = Part::of(text, rest.at.start..rest.at.start + number);
            at = number.at.end;
            let after = text[at..].trim_start();
            if first.is_none() && !after.starts_with('*') {
                return Err(misshapen(&whole, what));
            }
            let value = factor(&number)?;
            product = if divides {
                product / value
            } else {
                product * value
            };
        } else {
            let found = read_measure(text, rest.at.start, what)?;
            at = found.end;
            match (divides, &first, &second) {
                (false, None, _) => first = Some(found),
                (true, Some(_), None) => second = Some(found),
                (false, ..) => return Err(too_many(&rest, &found, "multiplied")),
                (true, ..) => return Err(too_many(&rest, &found, "divided again")),
            }
        }
        let next = Part::of(text, at..text.len());
        match next.text.chars().next() {
            Some(symbol @ ('*' | '/')) => {
                divides = symbol == '/';
                at = next.at.start + 1;
            }
            Some(symbol @ ('+' | '-')) => {
                return Err(ExpressionError {
                    help: vec![
                        "measures can be divided by each other and multiplied by numbers".into(),
                    ],
                    ..next.error(format!("there is no `{symbol}` of measures"))
                });
            }
            _ => break,
        }
    }
    let first = first.ok_or_else(|| misshapen(&whole, what))?;
    Ok(Term {
        factor: product,
        first,
        second,
        end: at,
    })
}

fn too_many(rest: &Part<'_>, found: &Found, what: &str) -> ExpressionError {
    ExpressionError {
        message: format!("measures cannot be {what}"),
        at: rest.at.start..found.end,
        help: vec!["write one measure, or one divided by another".into()],
    }
}

impl std::str::FromStr for Measure {
    type Err = ExpressionError;
    /// Reads a measure, or the quotient of two, without a comparison.
    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let term = read_term(text, 0, "measure")?;
        let measure = term.measure()?;
        let rest = Part::of(text, term.end..text.len());
        if !rest.text.is_empty() {
            return Err(ExpressionError {
                help: vec![format!("write `{measure}` alone: a measure has no limit")],
                ..rest.error("a measure ends before this")
            });
        }
        if term.factor == 1.0 {
            return Ok(measure);
        }
        let whole = Part::of(text, 0..text.len());
        Err(ExpressionError {
            help: vec![format!("write `{measure}`, and multiply its values")],
            ..whole.error("a measure has no factor: only checks do")
        })
    }
}
