//! `sim policy trace`: what it prints, and what it says to scripts that cannot be.

use sim_models::presets::PolicyList;
use sim_models::resilience::pattern::Pattern;
use sim_models::resilience::timeline::{Seen, play};
use sim_models::scenario::explain::read_part;
use sim_tests::command::{Folder, sim};
use std::collections::BTreeMap;

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
        assert_eq!(code, 2, "{err}");
        // The lines before the wrong one are answered.
        assert_eq!(out.lines().count(), script.lines().count() - 1, "{out}");
        err.lines().next().unwrap_or_default().to_owned()
    };
    let first = r#"{"t": 1, "op": "acquire"}"#;
    insta::assert_snapshot!(said("braker", first), @"error: `braker` is no policy: `braker` is not known here");
    insta::assert_snapshot!(said("breaker(failures: 0)", first), @"error: `failures` of `breaker` must be at least 1");
    let second = format!("{first}\n{}", r#"{"t": 0.5, "op": "look"}"#);
    insta::assert_snapshot!(said("breaker", &second), @"error: FOLDER/script.jsonl:2:1: time goes back to 0.5 s");
    let nobody = r#"{"t": 1, "op": "acquire", "user": 200}"#;
    insta::assert_snapshot!(said("shed_by_priority", nobody), @"error: FOLDER/script.jsonl:1:1: `user` is 0 to 127");
    let took = |seconds: &str| {
        format!(
            r#"{first}
{{"t": 1.2, "op": "result", "outcome": "ok", "duration": {seconds}}}"#
        )
    };
    insta::assert_snapshot!(said("breaker", &took("-1")), @"error: FOLDER/script.jsonl:2:1: `duration` is 0 to 1e9 seconds, not -1");
    assert_eq!(trace("policy-trace-took", "breaker", &took("0.7")).0, 0);
    let none = r#"{"t": 1, "op": "ask"}"#;
    insta::assert_snapshot!(said("breaker", none), @"error: FOLDER/script.jsonl:1:20: unknown variant `ask`, expected one of `acquire`, `start`, `result`, `retry`, `give_up`, `look`, `trip`, `reset`");
}

#[test]
fn slips_are_told_and_numbers_name_calls_too() {
    let help = |policy: &str, script: &str| {
        let (_, _, err) = trace("policy-trace-slips", policy, script);
        err.lines().nth(1).unwrap_or_default().to_owned()
    };
    let acquire = r#"{"t": 1, "op": "acquire", "id": 7}"#;
    assert_eq!(help("braker", acquire), "help: did you mean `breaker`?");
    let fields = help("breaker(failurs: 1)", acquire);
    assert_eq!(fields, "help: `sim explain breaker` shows its fields");
    let slip = acquire.replace("acquire", "aquire");
    assert_eq!(help("breaker", &slip), "help: did you mean `acquire`?");
    let (code, out, err) = trace("policy-trace-number", "breaker", acquire);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with(r#"{"t":1.0,"id":7,"permitted":true"#),
        "{out}"
    );
}

/// Tries of a hedge are refused by a throttle each for itself: none of them has the luck of another.
#[test]
fn tries_beside_each_other_draw_apart() {
    let run = sim_tests::told(
        r#"(
            duration: "200s", warmup: "20s", seed: 3,
            services: {
                "api": (threads: 1000, endpoints: { "get": [work("50ms")] }, admission: [rate_limit(rate: "20/s", burst: 5)]),
            },
            calls: { "users -> api": [hedge(after: "10ms", attempts: 2), throttle(k: 1, window: "10s", on: [rejected])] },
            workloads: { "users": open(rate: "100/s", to: "api/get") },
        )"#,
    );
    let counts = &run.edges["users -> api"].policies["0 hedge"];
    // Nine in ten of all tries are refused; with the luck of the first, which was let in, no second one was.
    assert!(counts.counts["hedges"] > 300, "{counts:?}");
    assert!(
        counts.counts["refused"] * 2 > counts.counts["hedges"],
        "{counts:?}"
    );
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

/// A further try that is not let through is none: the first one answers.
#[test]
fn a_hedge_that_is_turned_away_leaves_the_others_alone() {
    for inside in [
        "bulkhead(permits: 1)",
        "adaptive_limit(initial: 1, least: 1, most: 1)",
        "gradient_limit(initial: 1, least: 1, most: 1)",
        r#"rate_limit("10/s")"#,
    ] {
        let found = sim_tests::summary(
            &format!(
                r#"(
                    duration: "100s",
                    services: {{ "s": (replicas: 2, threads: 100, endpoints: {{ "x": [work("50ms")] }}) }},
                    calls: {{ "u -> s": [hedge("10ms"), {inside}] }},
                    workloads: {{ "u": open(rate: "10/s", to: "s/x", arrivals: constant) }},
                )"#
            ),
            1,
        );
        let users = &found.workloads["u"];
        assert_eq!((users.ok, users.failed), (users.offered, 0), "{inside}");
        let edge = &found.edges["u -> s"];
        assert_eq!(
            edge.attempts, users.offered,
            "{inside}: nobody was asked twice"
        );
        let hedge = &edge.policies["0 hedge"];
        assert!(hedge.counts["hedges"] > 900, "{inside}");
        assert_eq!(hedge.counts["hedges"], hedge.counts["refused"], "{inside}");
    }
}

/// Whose limit runs out while a call waits at a policy has not been kept waiting by the callee.
#[test]
fn nobody_who_was_not_asked_is_blamed() {
    let found = sim_tests::summary(
        r#"(
            duration: "20s",
            services: { "s": (threads: 100, endpoints: { "x": [work("1ms")] }) },
            calls: { "u -> s": [timeout("100ms"), rate_limit(rate: "5/s", wait: "1s")] },
            workloads: { "u": open(rate: "10/s", to: "s/x", arrivals: constant) },
        )"#,
        1,
    );
    let causes = &found.workloads["u"].causes;
    assert!(
        causes.keys().all(|cause| cause.starts_with("u: ")),
        "{causes:?}"
    );
    assert!(causes["u: timeout_attempt"] > 50);
}

/// A door that lets everybody in changes nothing that its callers or its service can see.
#[test]
fn an_open_door_is_none() {
    let run = |door: &str| {
        let found = sim_tests::summary(
            &format!(
                r#"(
                    duration: "60s",
                    services: {{ "s": (threads: 2, queue: (limit: 10), {door} endpoints: {{ "x": [work(exponential("15ms"))] }}) }},
                    calls: {{ "u -> s": [timeout("100ms")] }},
                    workloads: {{ "u": open(rate: "120/s", to: "s/x") }},
                )"#
            ),
            3,
        );
        let service = &found.services["s"];
        (
            found.workloads["u"].outcomes.clone(),
            service.in_system.max,
            service.sojourn,
            service.waiting,
            service.rejected,
        )
    };
    assert_eq!(run(""), run("admission: [bulkhead(permits: 1000)],"));
}

/// Who is turned away at a door was never in; who waits there is.
#[test]
fn who_waits_at_a_door_is_in_the_system() {
    let most = |door: &str| {
        let found = sim_tests::summary(
            &format!(
                r#"(
                    duration: "20s",
                    services: {{ "s": (threads: 10, admission: [{door}], endpoints: {{ "x": [work("100ms")] }}) }},
                    workloads: {{ "u": open(rate: "100/s", to: "s/x", arrivals: constant) }},
                )"#
            ),
            1,
        );
        found.services["s"].in_system.max
    };
    assert_eq!(most("bulkhead(permits: 2)"), 2.0);
    assert_eq!(most("bulkhead(permits: 2, queue: 3)"), 5.0);
}

/// A limit on the list of policies, circles however long, and waits that nobody waits out are told.
#[test]
fn lists_that_cannot_work_are_told() {
    let codes = |calls: &str| {
        let text = format!(
            r#"(
                duration: "20s",
                services: {{
                    "a": (replicas: 2, endpoints: {{ "x": [work("1ms")] }}),
                    "b": (replicas: 2, endpoints: {{ "x": [work("1ms"), call("a/x")] }}),
                    "c": (replicas: 2, endpoints: {{ "x": [work("1ms")] }}),
                }},
                calls: {{ {calls} }},
                workloads: {{ "u": open(rate: "1/s", to: "a/x"), "v": open(rate: "1/s", to: {{ "b/x": 1, "c/x": 1 }}) }},
            )"#
        );
        let loaded = sim_models::input::load("a.ron", &[("a.ron", text.as_str())][..], &[]);
        let found = match loaded.scenario {
            Ok(_) => loaded.warnings,
            Err(found) => found,
        };
        let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
        codes.join(" ")
    };
    let many = vec![r#"timeout("1s")"#; 33].join(", ");
    assert_eq!(codes(&format!(r#""u -> a": [{many}]"#)), "V0018");
    // From a to b to c and back to b: no way back to where it began.
    let circle = r#""u -> a": [fallback(to: "b/x")], "u -> b": [fallback(to: "c/x")], "u -> c": [fallback(to: "b/x")]"#;
    assert_eq!(codes(circle), "V0009");
    // b asks itself instead of a.
    assert_eq!(codes(r#""b -> a": [fallback(to: "b/x")]"#), "W0020");
    assert_eq!(codes(r#""b -> a": [fallback(to: "c/x")]"#), "");
    let waits = r#""u -> a": [timeout("1s"), bulkhead(permits: 5, queue: 5, wait: "2s")]"#;
    assert_eq!(codes(waits), "W0001");
}

/// What a static answer stands in for is foreseen.
#[test]
fn a_static_answer_is_foreseen() {
    let predicted = |fallback: &str| {
        let found = sim_tests::summary(
            &format!(
                r#"(
                    duration: "200s",
                    services: {{ "s": (replicas: 2, threads: 100, endpoints: {{ "x": [work("1ms"), fail(0.2)] }}) }},
                    calls: {{ "u -> s": [{fallback}, timeout("1s")] }},
                    workloads: {{ "u": open(rate: "50/s", to: "s/x") }},
                )"#
            ),
            1,
        );
        let users = &found.workloads["u"].availability;
        (users.predicted.unwrap(), users.by_requests.unwrap())
    };
    assert_eq!(predicted("fallback"), (1.0, 1.0));
    let (predicted, measured) = predicted("fallback(on: [timeout_attempt])");
    assert!((predicted - 0.8).abs() < 1e-9, "{predicted}");
    // 10,000 requests: a standard deviation of 0.004.
    assert!((measured - 0.8).abs() < 0.02, "{measured}");
}

/// In the long run so many requests come to the callee that every accept allows `k`.
#[test]
fn a_throttle_lets_through_what_its_multiplier_allows() {
    let attempts = |k: &str| {
        let found = sim_tests::summary(
            &format!(
                r#"(
                    duration: "200s", warmup: "100s",
                    services: {{ "s": (threads: 100, admission: [rate_limit(rate: "50/s", burst: 50)], endpoints: {{ "x": [work("1ms")] }}) }},
                    calls: {{ "u -> s": [throttle(k: {k}, window: "20s"), timeout("1s")] }},
                    workloads: {{ "u": open(rate: "400/s", to: "s/x") }},
                )"#
            ),
            1,
        );
        let users = &found.workloads["u"];
        assert!(users.ok as f64 / 100.0 > 45.0, "k {k}: {users:#?}");
        found.edges["u -> s"].attempts as f64 / users.ok as f64
    };
    // Of requests r and accepts a those sent are r (k a + 1) / (r + 1): k for each accept.
    for (k, wanted) in [("2", 2.0), ("1.2", 1.2)] {
        let sent = attempts(k);
        assert!((sent - wanted).abs() < 0.1, "k {k}: {sent}");
    }
}

/// What stands in was answered before: nothing does for those who have asked for nothing yet.
#[test]
fn an_answer_stands_in_for_as_long_as_it_is_fresh() {
    let found = sim_tests::summary(
        r#"(
            duration: "100s",
            services: { "s": (threads: 100, endpoints: { "x": [work("1ms")] }) },
            calls: { "u -> s": [stale(max_age: "10s", by: endpoint), timeout("1s")] },
            workloads: { "u": open(rate: "10/s", to: "s/x", arrivals: constant) },
            faults: [ (at: "50s", for: "30s", inject: error(service: "s")) ],
        )"#,
        1,
    );
    let stale = &found.edges["u -> s"].policies["0 stale"];
    // 300 fail: those of 10 s get the last answer.
    assert!((99..=101).contains(&stale.counts["used"]), "{stale:?}");
    assert_eq!(
        (
            stale.counts["used"] + stale.counts["too_old"],
            stale.counts["missing"]
        ),
        (300, 0)
    );
    assert_eq!(
        found.workloads["u"].outcomes["degraded"],
        stale.counts["used"]
    );
}

/// What a policy counts when it meets a pattern alone, and what it counts in a system that does the same.
#[test]
fn policies_alone_do_as_they_do_in_a_system() {
    let pattern = "20/s from 50ms to 1min, latency 23ms, 100% errors after 0s from 20s to 40s";
    let pattern: Pattern = pattern.parse().unwrap();
    let budget = "retry(attempts: 3, backoff: constant(base: \"17ms\", jitter: none)), retry_budget(ratio: 0.1, cap: 5)";
    let breaker = "breaker(failures: 4, open_for: \"3070ms\")";
    let lists = [
        budget.to_owned(),
        format!("{budget}, {breaker}"),
        format!("{breaker}, {budget}"),
        format!("{budget}, hedge(\"9ms\"), {breaker}"),
        format!("hedge(after: \"9ms\", attempts: 3), {budget}"),
        format!("{budget}, bulkhead(permits: 1, queue: 2, wait: \"31ms\")"),
        "rate_limit(rate: \"15/s\", burst: 3, wait: \"211ms\"), bulkhead(permits: 1, queue: 1)"
            .into(),
        format!("timeout(\"61ms\"), {budget}, hedge(\"11ms\"), timeout(\"19ms\")"),
        format!(
            "{breaker}, fallback, {budget}, timeout(\"13ms\"), adaptive_limit(initial: 2, least: 1, most: 3)"
        ),
        format!("hedge(\"5ms\"), bulkhead(permits: 1, queue: 3), {budget}, {breaker}"),
    ];
    for list in lists {
        let found = sim_tests::summary(
            &format!(
                r#"(
                    duration: "1min",
                    services: {{ "s": (threads: 1000, endpoints: {{ "x": [wait("23ms")] }}) }},
                    calls: {{ "u -> s": [{list}] }},
                    workloads: {{ "u": open(rate: "20/s", to: "s/x", arrivals: constant) }},
                    faults: [ (at: "20s", for: "20s", inject: error(service: "s")) ],
                )"#
            ),
            1,
        );
        let policies: PolicyList = read_part(&format!("[{list}]")).unwrap();
        let (timeline, _) = play(&policies, &pattern, 1);
        let users = &found.workloads["u"];
        assert_eq!(timeline.calls, users.offered, "{list}");
        assert_eq!(timeline.ended[0], users.ok + users.degraded, "{list}");
        let counted = |seen: &Seen| -> BTreeMap<String, u64> {
            let counts = seen.counts.iter();
            counts
                .map(|(name, count, _)| ((*name).to_owned(), *count))
                .collect()
        };
        let alone: Vec<_> = timeline.policies.iter().map(counted).collect();
        let told = found.edges["u -> s"].policies.values();
        let system: Vec<BTreeMap<String, u64>> = told.map(|told| told.counts.clone()).collect();
        assert_eq!(alone, system, "{list}");
        assert!(
            alone
                .iter()
                .flat_map(BTreeMap::values)
                .any(|count| *count > 10),
            "{list}"
        );
    }
}

#[test]
fn a_pattern_tells_when_a_breaker_opens() {
    let folder = Folder::new("policy-pattern");
    let chart = folder.path("chart.svg");
    let pattern = "10/s for 1min, 100% errors from 20s to 25s";
    let policy = "breaker(failures: 5, open_for: \"10s\")";
    let trace = |more: &[&str]| {
        let mut arguments = vec!["policy", "trace", "--policy", policy, "--pattern", pattern];
        arguments.extend(more);
        let (code, out, err) = sim(&arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{more:?}");
        out.replace(&*folder.0.to_string_lossy(), "FOLDER")
    };
    insta::assert_snapshot!(trace(&["--chart", &chart]), @r#"
    breaker(failures: 5, open_for: "10s")
      600 calls in 1min: 495 ended well, 5 failed, 100 turned away.
      breaker went from closed to open at 20.4s: 5 failures in a row; open for another 10s. In all 3 changes: closed for 49.9s, open for 10.1s, half_open for 10ms.
            20.4s  breaker     closed -> open       5 failures in a row; open for another 10s
            30.5s  breaker       open -> half_open  its open time was over; the next result decides
            30.5s  breaker  half_open -> closed     its probe succeeded; 0 of 5 failures in a row
    chart: FOLDER/chart.svg
    "#);
    assert!(
        folder
            .read("chart.svg")
            .contains("failures in a row: acts at")
    );
    // The script of the pattern is answered as the pattern is.
    let script = folder.put("script.jsonl", &trace(&["--print-script"]));
    let (_, decisions, _) = sim(&["policy", "trace", "--policy", policy, &script]);
    assert_eq!(trace(&["--format", "json"]), decisions);
    assert_eq!(decisions.lines().count(), 1100);
    let (_, summary, _) = sim(&[
        "policy", "trace", "--policy", policy, &script, "--format", "human",
    ]);
    assert!(
        summary.contains("from closed to open at 20.4s"),
        "{summary}"
    );
    // Two beside each other.
    let two = trace(&["--policy", "breaker(failures: 100)"]);
    assert!(
        two.contains("\nbreaker(failures: 100)\n  600 calls"),
        "{two}"
    );
}

#[test]
fn what_is_no_pattern_is_told() {
    let wrong = |more: &[&str]| {
        let mut arguments = vec!["policy", "trace", "--policy", "breaker"];
        arguments.extend(more);
        let (code, out, err) = sim(&arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{more:?}");
        err.lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(wrong(&["--pattern", "10/s"]), @"error: --pattern: `10/s`: for how long? Such as `10/s for 1min`");
    insta::assert_snapshot!(wrong(&["--pattern", "10/s for 1min", "--chart", "a.gif"]), @"error: a.gif does not say how to draw it");
    assert!(wrong(&[]).contains("required"));
    assert!(wrong(&["script", "--pattern", "10/s for 1min"]).contains("cannot be used with"));
}

/// A policy that needs more calls than ever come at a time is told of, where that is sure.
#[test]
fn a_policy_that_can_never_act_is_told() {
    let told = |rate: &str, replicas: u32, retry: &str, scope: &str| {
        let text = format!(
            r#"(
                duration: "60s",
                services: {{
                    "a": (replicas: {replicas}, endpoints: {{ "x": [work("1ms"), call("b/x")] }}),
                    "b": (endpoints: {{ "x": [work("1ms")] }}),
                }},
                calls: {{
                    "u -> a": [{retry}timeout("1s")],
                    "a -> b": [failure_accrual(failures: 0, requests: 100, window: "10s", scope: {scope}), timeout("1s")],
                }},
                workloads: {{ "u": open(rate: "{rate}", to: "a/x") }},
            )"#
        );
        let loaded = sim_models::input::load("a.ron", &[("a.ron", text.as_str())][..], &[]);
        let idle = |warnings: &sim_models::scenario::Diagnostics| {
            let of = warnings.iter().find(|found| found.code.as_str() == "W0042");
            of.map(|found| found.message.clone())
        };
        idle(&loaded.warnings)
    };
    let told_at_three = told("3/s", 1, "", "instance").unwrap();
    assert_eq!(
        told_at_three,
        "the failure_accrual can never act: 100 results within 10s are needed before its success rate counts; at 3/s there are 30"
    );
    // Luck may bring twice as many, retries three times as many again.
    assert_eq!(told("6/s", 1, "", "instance"), None);
    assert_eq!(told("3/s", 1, "retry(attempts: 3), ", "instance"), None);
    // Each instance sees its part.
    assert!(told("12/s", 4, "", "instance").unwrap().contains("at 3/s"));
    assert_eq!(told("12/s", 4, "", "shared"), None);
}
