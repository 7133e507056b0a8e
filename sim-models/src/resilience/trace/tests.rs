//! Stacks of policies, and scripts that were recorded elsewhere.

use super::{Decision, Line, Trace};
use crate::presets::PolicyList;
use crate::scenario::explain::read_part;

/// What a list of policies decides at each line of a script, `t op [outcome] [key=value]`, in a few words: where the
/// call is, how long it waits, how it ended, and what each policy has counted.
fn decide(list: &str, script: &[&str]) -> Vec<Result<String, String>> {
    let list: PolicyList = read_part(list).unwrap();
    let mut trace = Trace::stack(&list);
    let line = |text: &&str| {
        let mut words = text.split(' ');
        let (t, op) = (words.next().unwrap(), words.next().unwrap());
        let fields = words.map(|word| match word.split_once('=') {
            Some((key, value)) => format!(", \"{key}\": {value}"),
            None => format!(", \"outcome\": \"{word}\""),
        });
        let fields: String = fields.collect();
        let json = format!("{{\"t\": {t}, \"op\": \"{op}\"{fields}}}");
        let line: Line = serde_json::from_str(&json).unwrap();
        trace.line(&line).map(|decision| words_of(&decision))
    };
    script.iter().map(line).collect()
}

fn words_of(decision: &Decision) -> String {
    let mut words = vec![format!("{:?}", decision.at).to_lowercase()];
    words.extend(decision.wait.map(|wait| format!("wait {wait}")));
    words.extend(decision.outcome.map(|outcome| outcome.name().to_owned()));
    if !decision.state.is_empty() {
        words.push(decision.state.into());
    }
    for (name, told) in &decision.policies {
        let counts = told.counts.iter().filter(|(_, count)| **count > 0);
        words.extend(counts.map(|(what, count)| format!("{name}: {what}={count}")));
    }
    words.join(", ")
}

fn check(list: &str, script: &[(&str, &str)]) {
    let lines: Vec<&str> = script.iter().map(|(line, _)| *line).collect();
    for (told, (line, wanted)) in decide(list, &lines).into_iter().zip(script) {
        assert_eq!(told.as_deref(), Ok(*wanted), "{list}, {line}");
    }
}

#[test]
fn a_budget_inside_a_retry_is_asked_before_the_pause() {
    let backoff = "backoff: constant(base: \"1s\", jitter: none)";
    check(
        &format!("[retry(attempts: 5, {backoff}), retry_budget(ratio: 0, cap: 1)]"),
        &[
            ("0 acquire", "inside"),
            (
                "0.5 result error",
                "waiting, wait 1, 0 retry: retries=1, 1 retry_budget: spent=1",
            ),
            (
                "1.5 look",
                "inside, 0 retry: retries=1, 1 retry_budget: spent=1",
            ),
            (
                "2 result error",
                "ended, error, 0 retry: retries=1, 1 retry_budget: denied=1, 1 retry_budget: spent=1",
            ),
        ],
    );
}

#[test]
fn a_breaker_inside_a_retry_sees_each_try_and_one_outside_the_call() {
    let retry = "retry(attempts: 3, backoff: none)";
    let tries = ["0 acquire", "0 result error", "0 result error"];
    let last = |list: &str| decide(list, &tries).pop().unwrap().unwrap();
    // The third try meets an open breaker, which a retry does not try again.
    assert_eq!(
        last(&format!("[{retry}, breaker(failures: 2)]")),
        "ended, breaker_open, open, 0 retry: retries=2, 1 breaker: opened=1, 1 breaker: refused=1"
    );
    assert_eq!(
        last(&format!("[breaker(failures: 2), {retry}]")),
        "inside, closed, 1 retry: retries=2"
    );
}

#[test]
fn tries_of_a_hedge_go_through_what_is_inside_it() {
    check(
        "[timeout(\"1s\"), hedge(\"100ms\"), bulkhead(permits: 1, queue: 1)]",
        &[
            ("0 acquire", "inside"),
            // The further try waits for a permit, which the first one gives back when it ends.
            (
                "0.2 look",
                "inside, 1 hedge: hedges=1, 2 bulkhead: waited=1",
            ),
            (
                "0.3 result error",
                "inside, 1 hedge: hedges=1, 2 bulkhead: waited=1",
            ),
            (
                "0.4 result ok",
                "ended, ok, 1 hedge: hedges=1, 1 hedge: won=1, 2 bulkhead: waited=1",
            ),
        ],
    );
}

#[test]
fn results_that_nobody_waits_for_change_nothing() {
    let list = "[breaker(failures: 1), timeout(\"1s\")]";
    let told = decide(
        list,
        &[
            "0 acquire id=1",
            "1.5 result ok id=1 duration=1.5",
            "1.6 result ok id=1",
            "1.6 acquire id=2",
            "1.7 result ok id=2",
        ],
    );
    assert_eq!(
        told[1].as_deref(),
        Ok("ended, timeout_attempt, open, 0 breaker: opened=1, 1 timeout: expired=1")
    );
    let none = "this call has nothing out that could have a result";
    assert_eq!(told[2], Err(none.to_owned()));
    assert!(
        told[3]
            .as_ref()
            .unwrap()
            .starts_with("ended, breaker_open, open")
    );
    assert_eq!(told[4], Err(none.to_owned()));
}

#[test]
fn what_cannot_be_is_told() {
    let error = |script: &[&str]| decide("breaker", script).pop().unwrap().unwrap_err();
    assert_eq!(
        error(&["0 acquire", "0 result ok callee=3 callees=3"]),
        "`callee` is one of 3 instances, from 0; `\"callees\"` says how many there are"
    );
    assert_eq!(
        error(&["0 acquire", "0 result ok duration=-1"]),
        "`duration` is 0 to 1e9 seconds, not -1"
    );
    assert_eq!(
        error(&["0 result ok id=5"]),
        "no call `5` has come yet: `\"op\": \"acquire\"` brings one"
    );
    assert_eq!(
        error(&["0 acquire", "0 result ok leg=1"]),
        "try 1 of this call has not begun"
    );
}
