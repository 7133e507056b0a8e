//! `sim policy trace`: what it prints, and what it says to scripts that cannot be.

use sim_tests::command::{Folder, sim};

/// What the command answers to a script.
fn trace(name: &str, policy: &str, script: &str) -> (u8, String, String) {
    let folder = Folder::new(name);
    let path = folder.0.join("script.jsonl");
    std::fs::write(&path, script).unwrap();
    let (code, out, err) = sim(&[
        "policy",
        "trace",
        "--policy",
        policy,
        path.to_str().unwrap(),
    ]);
    (
        code,
        out,
        err.replace(&*folder.0.to_string_lossy(), "FOLDER"),
    )
}

#[test]
fn each_line_is_answered_by_one() {
    let script = r#"
{"t": 0, "op": "acquire", "id": "a"}
{"t": 1, "op": "result", "id": "a", "outcome": "timeout_attempt"}
{"t": 2, "op": "acquire", "id": "b"}
{"t": 11, "op": "acquire", "id": "c"}
{"t": 11.5, "op": "result", "id": "c", "outcome": "ok"}
"#;
    let policy = r#"breaker(failures: 1, open_for: "10s")"#;
    let (code, out, err) = trace("policy-trace", policy, script);
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!(out, @r#"
    {"t":0.0,"id":"a","permitted":true,"at":"inside","state":"closed","numbers":{"failures_in_a_row":0.0},"counts":{"closed":0,"opened":0,"probes":0,"refused":0}}
    {"t":1.0,"id":"a","permitted":false,"at":"ended","outcome":"timeout_attempt","state":"open","numbers":{"open_for":10.0},"counts":{"closed":0,"opened":1,"probes":0,"refused":0}}
    {"t":2.0,"id":"b","permitted":false,"at":"ended","outcome":"breaker_open","state":"open","numbers":{"open_for":9.0},"counts":{"closed":0,"opened":1,"probes":0,"refused":1}}
    {"t":11.0,"id":"c","permitted":true,"at":"inside","state":"half_open","counts":{"closed":0,"opened":1,"probes":1,"refused":1}}
    {"t":11.5,"id":"c","permitted":false,"at":"ended","outcome":"ok","state":"closed","numbers":{"failures_in_a_row":0.0},"counts":{"closed":1,"opened":1,"probes":1,"refused":1}}
    "#);
}

#[test]
fn what_cannot_be_is_told_with_its_line() {
    let said = |policy: &str, script: &str| {
        let (code, out, err) = trace("policy-trace-wrong", policy, script);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        err.lines().next().unwrap_or_default().to_owned()
    };
    let first = r#"{"t": 1, "op": "acquire"}"#;
    insta::assert_snapshot!(said("braker", first), @"error: `braker` is no policy: `braker` is not known here");
    insta::assert_snapshot!(said("breaker(failures: 0)", first), @"error: `failures` of `breaker` must be at least 1");
    let second = format!("{first}\n{}", r#"{"t": 0.5, "op": "look"}"#);
    insta::assert_snapshot!(said("breaker", &second), @"error: FOLDER/script.jsonl:2:1: time goes back to 0.5 s");
    let none = r#"{"t": 1, "op": "ask"}"#;
    insta::assert_snapshot!(said("breaker", none), @"error: FOLDER/script.jsonl:1:20: unknown variant `ask`, expected one of `acquire`, `result`, `retry`, `give_up`, `look`");
}

#[test]
fn what_a_settled_hedge_has_out_is_taken_back_whatever_settled_it() {
    let found = sim_tests::summary(
        r#"(
            duration: "10s",
            services: { "s": (threads: 100, endpoints: { "x": [work("100ms"), fail(1.0)] }) },
            calls: { "u -> s": [hedge(after: "10ms", on: [timeout_attempt])] },
            workloads: { "u": open(rate: "10/s", to: "s/x", arrivals: constant) },
        )"#,
        1,
    );
    let edge = &found.edges["u -> s"];
    let ended = |outcome: &str| edge.attempt_outcomes.get(outcome).copied();
    // The error of the first try is an answer, and says nothing of the second, which is still out.
    assert!(ended("error") > Some(90), "{edge:#?}");
    assert_eq!(ended("error"), ended("cancelled"), "{edge:#?}");
    assert_eq!(edge.outcomes.get("cancelled"), None, "{edge:#?}");
}
