//! Policies against what real libraries decided on the same script.
//!
//! A recording (`tests/data/policies/*.jsonl`) begins with a head, `{"library": .., "version": .., "policy": ..}`, whose
//! policy or preset is driven. Each line after it is a line of a script with `expect`: what the library decided, as
//! fields of our decision; fields that a library says nothing of are left out. Another head begins another script. The
//! scripts that recorded them are in `tests/recordings`; where a library cannot be driven here, the head names the source
//! that the lines were worked out from.

use serde_json::Value;
use sim_models::presets::PolicyList;
use sim_models::resilience::trace::{Line, Trace};
use sim_models::scenario::explain::read_part;
use std::path::{Path, PathBuf};

/// How far numbers may differ: they are sums in another order.
const ROUNDING: f64 = 1e-9;

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies");
    let entries = std::fs::read_dir(folder).expect("there is a folder of recordings");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    paths.sort();
    paths
}

/// Whether a decision says what is expected of it, and maybe more.
fn says(decision: &Value, expected: &Value) -> bool {
    match (decision, expected) {
        (Value::Object(decision), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| {
                let said = decision.get(key).unwrap_or(&Value::Null);
                says(said, value)
            })
        }
        (Value::Number(decision), Value::Number(expected)) => {
            let (said, expected) = (decision.as_f64().unwrap(), expected.as_f64().unwrap());
            (said - expected).abs() <= ROUNDING * expected.abs().max(1.0)
        }
        _ => decision == expected,
    }
}

/// Drives the scripts of a recording, and tells where a decision differs.
fn differences(name: &str, text: &str) -> (usize, Vec<String>) {
    let mut lines = text.lines().enumerate().peekable();
    let (mut compared, mut found) = (0, Vec::new());
    while let Some((number, head)) = lines.next() {
        let head: Value = serde_json::from_str(head).unwrap_or_else(|why| panic!("{name}: {why}"));
        let text = head["policy"]
            .as_str()
            .unwrap_or_else(|| panic!("{name}:{}: no head", number + 1));
        assert!(
            head["library"].is_string() && head["version"].is_string(),
            "{name}: {head}"
        );
        let list: PolicyList =
            read_part(text).unwrap_or_else(|why| panic!("{name}: {text}: {why}"));
        let mut trace = Trace::stack(&list);
        while let Some((number, line)) = lines.next_if(|(_, line)| !line.contains("\"library\"")) {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let expected = line.as_object_mut().unwrap().remove("expect").unwrap();
            let asked: Line = serde_json::from_value(line.clone())
                .unwrap_or_else(|why| panic!("{name}:{}: {why}", number + 1));
            let decision = trace
                .line(&asked)
                .map(|decision| serde_json::to_value(decision).unwrap());
            compared += 1;
            match decision {
                Ok(decision) if says(&decision, &expected) => {}
                other => found.push(format!(
                    "{name}:{}: {line} gives {other:?}, expected {expected}",
                    number + 1
                )),
            }
        }
    }
    (compared, found)
}

#[test]
fn policies_decide_as_the_libraries_did() {
    let mut compared = 0;
    for path in recordings() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (lines, found) = differences(&name, &std::fs::read_to_string(&path).unwrap());
        let first: Vec<&String> = found.iter().take(5).collect();
        assert!(
            found.is_empty(),
            "{} of {lines} lines differ: {first:#?}",
            found.len()
        );
        assert!(lines > 0, "{name} is empty");
        compared += lines;
    }
    assert!(compared > 0);
}

#[test]
fn a_decision_that_differs_is_told() {
    let text = r#"{"library": "none", "version": "0", "policy": "breaker(failures: 2)"}
{"t": 0, "op": "acquire", "expect": {"permitted": true, "state": "closed"}}
{"t": 1, "op": "result", "outcome": "error", "expect": {"state": "open", "numbers": {"failures_in_a_row": 1}}}"#;
    let (lines, found) = differences("none", text);
    assert_eq!((lines, found.len()), (2, 1), "{found:?}");
}
