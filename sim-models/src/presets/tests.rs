//! Presets in lists: what they stand for, where their errors point, and that their parts can be set.

use super::{EXAMPLES, PolicyList, REGISTRY, VERSIONS};
use crate::input::load;
use crate::scenario::Override;
use crate::scenario::explain::read_part;

fn list(text: &str) -> PolicyList {
    read_part(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

#[test]
fn every_example_stands_for_policies_and_names_a_version() {
    for ((name, _), (example, version)) in REGISTRY.iter().zip(EXAMPLES.iter().zip(VERSIONS)) {
        assert!(!list(example).is_empty(), "{example}");
        assert!(
            version.contains(|c: char| c.is_ascii_digit()),
            "{name}: {version}"
        );
    }
}

#[test]
fn a_preset_is_what_it_stands_for() {
    let preset =
        r#"[retry(attempts: 2), resilience4j(timeLimiter: (timeoutDuration: "2s")), breaker]"#;
    let policies = r#"[retry(attempts: 2), timeout("2s"), cancellation, breaker]"#;
    assert_eq!(list(preset), list(policies));
    assert_eq!(
        list("resilience4j(timeLimiter: (cancelRunningFuture: false))"),
        list(r#"timeout("1s")"#)
    );
}

const SYSTEM: &str = r#"(
    duration: "10s",
    services: { "web": (endpoints: { "get": [call("db/find")] }), "db": (endpoints: { "find": [work("1ms")] }) },
    calls: { "web -> db": [resilience4j(timeLimiter: ()), LIST] },
    workloads: { "users": open(rate: "10/s", to: "web/get") },
)"#;

#[test]
fn what_is_wrong_behind_a_preset_is_shown_at_its_place() {
    let text = SYSTEM.replace("LIST", "breaker(failures: 0)");
    let loaded = load("a.ron", &[("a.ron", text.as_str())], &[]);
    let found = loaded.scenario.unwrap_err();
    let span = found[0].span.unwrap();
    assert_eq!(
        &text[span.start as usize..span.end as usize],
        "0",
        "{found:?}"
    );
}

#[test]
fn what_is_wrong_in_a_preset_is_told_in_its_words() {
    let told = |list: &str| read_part::<PolicyList>(list).unwrap_err();
    assert!(told("resilience4j").contains("name a part of it"));
    assert!(told("resilience4j(timeLimiter: (timeout: 1))").contains("timeout"));
    assert!(told("resilience5j").contains("resilience5j"));
}

#[test]
fn what_a_preset_says_can_be_set() {
    let text = SYSTEM.replace("LIST", "retry");
    let path = r#"calls."web -> db".resilience4j.timeLimiter.timeoutDuration"#;
    let set = Override {
        path: path.into(),
        value: "3s".into(),
    };
    let scenario = load("a.ron", &[("a.ron", text.as_str())], &[set])
        .scenario
        .unwrap();
    assert_eq!(
        scenario.calls["web -> db"],
        list(r#"[timeout("3s"), cancellation, retry]"#)
    );
}
