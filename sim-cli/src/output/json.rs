//! The summary as JSON: one object, sorted keys, numbers that print the same everywhere.

use serde::Serialize;
use serde_json::{Map, Number, Value};
use sim_models::observe::summary::Summary;

/// Significant digits of numbers that are no integers.
const DIGITS: usize = 9;

/// The summary as one line of JSON.
#[must_use]
pub fn render(summary: &Summary) -> String {
    format!("{}\n", tidy(summary))
}

/// The summary as JSON over many lines, for files.
#[must_use]
pub fn render_pretty(summary: &Summary) -> String {
    format!("{:#}\n", tidy(summary))
}

/// Any result as a JSON value with sorted keys and rounded numbers.
#[must_use]
pub fn tidy(value: &impl Serialize) -> Value {
    let value = serde_json::to_value(value).expect("results have only text as keys");
    rounded(value)
}

fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => number
            .as_f64()
            .map_or(Value::Null, |number| number_value(round(number))),
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(map) => {
            let mut pairs: Vec<(String, Value)> = map.into_iter().collect();
            // A feature of serde_json that another crate may switch on keeps keys unsorted.
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            let sorted = pairs.into_iter().map(|(key, value)| (key, rounded(value)));
            Value::Object(sorted.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn number_value(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// The number with nine significant digits; zero has no sign.
#[must_use]
pub fn round(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return if number.is_finite() { 0.0 } else { number };
    }
    format!("{number:.*e}", DIGITS - 1)
        .parse()
        .expect("a printed number can be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::retry_storm;

    fn assert_sorted(value: &Value) {
        match value {
            Value::Object(map) => {
                let keys: Vec<&String> = map.keys().collect();
                assert!(keys.is_sorted(), "{keys:?}");
                map.values().for_each(assert_sorted);
            }
            Value::Array(values) => values.iter().for_each(assert_sorted),
            _ => {}
        }
    }

    #[test]
    fn keys_are_sorted_and_the_summary_survives() {
        let summary = retry_storm().summary;
        let text = render(&summary);
        assert_eq!(text.lines().count(), 1);
        assert_sorted(&serde_json::from_str(&text).unwrap());
        let (first, second) = (
            text.find("\"digest\"").unwrap(),
            text.find("\"edges\"").unwrap(),
        );
        assert!(first < second);
        let back: Summary = serde_json::from_str(&text).unwrap();
        assert_eq!(back.workloads["shoppers"].offered, 243_211);
        assert_eq!(back.schema, summary.schema);
    }

    #[test]
    fn numbers_are_rounded() {
        assert_eq!(round(0.1 + 0.2), 0.3);
        assert_eq!(round(123_456_789.123), 123_456_789.0);
        assert_eq!(tidy(&f64::NAN), Value::Null);
        assert_eq!(tidy(&-0.0).to_string(), "0.0");
        assert_eq!(tidy(&7_u64).to_string(), "7");
    }
}
