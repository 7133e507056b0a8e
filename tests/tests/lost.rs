//! What is said of requests that are never answered, of loads that grow, and of misses that are seen but rare.

use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::summary::Summary;
use sim_tests::summary as run;

/// Half of the calls are lost for a minute; `policies` may give them up.
fn parted(policies: &str) -> Summary {
    let text = format!(
        r#"(
            duration: "10min", warmup: "20s",
            services: {{
                "web": (replicas: 2, threads: 500, threading: async, endpoints: {{ "page": [work(exponential("2ms")), call("db/q")] }}),
                "db": (replicas: 2, threads: 8, endpoints: {{ "q": [work(exponential("10ms"))] }}),
            }},
            calls: {{ "web -> db": [{policies}] }},
            workloads: {{ "users": open(rate: "20/s", to: "web/page") }},
            faults: [(name: "part", at: "2min", for: "1min", share: 0.5, inject: partition(link: "web -> db"))],
            hypothesis: (
                steady: ["success_ratio(users) >= 99.9%", "latency(users, p99) < 200ms"],
                always: ["availability(users) >= 99.9%"], recovers: (within: "30s"),
            ),
        )"#
    );
    run(&text, 4)
}

#[test]
fn a_missing_timeout_does_not_make_an_outage_well() {
    let [given_up, hangs] = [r#"timeout("1s")"#, ""].map(parted);
    for summary in [&given_up, &hangs] {
        assert_eq!(
            summary.hypothesis.verdict,
            Conclusion::Refuted,
            "{summary:#?}"
        );
        let users = &summary.workloads["users"].availability;
        // Messages go there and back, so three of four are lost for a minute of 580 s.
        let answered = users.by_requests.expect("requests ended");
        assert!(
            (answered - (1.0 - 0.75 * 60.0 / 580.0)).abs() < 0.01,
            "{answered}"
        );
        let damage = &summary.hypothesis.damage[0];
        assert!((0.7..0.8).contains(&damage.lost_share.expect("some were lost")));
    }
    let lost = |summary: &Summary| summary.hypothesis.damage[0].lost;
    assert_eq!(lost(&given_up), lost(&hangs));
}

#[test]
fn users_who_wait_for_ever_do_not_recover() {
    let text = r#"(
        duration: "10min", warmup: "20s",
        services: {
            "web": (threads: 500, endpoints: { "page": [call("db/q")] }),
            "db": (threads: 50, endpoints: { "q": [work(exponential("10ms"))] }),
        },
        workloads: { "users": closed(users: 20, think: "1s", to: "web/page") },
        faults: [(name: "part", at: "2min", for: "1min", inject: partition(link: "web -> db"))],
        hypothesis: (steady: ["success_ratio(users) >= 99.9%"], recovers: (within: "30s")),
    )"#;
    let found = run(text, 1).hypothesis;
    let lost = [Conclusion::Metastable, Conclusion::NotRecovered];
    assert!(lost.contains(&found.verdict), "{found:#?}");
}

#[test]
fn a_miss_over_a_whole_fault_is_not_held() {
    let text = |rate: &str, fault: &str, check: &str| {
        format!(
            r#"(
                duration: "10min", warmup: "20s",
                services: {{ "db": (threads: 1000, endpoints: {{ "q": [work(exponential("100ms"))] }}) }},
                workloads: {{ "users": open(rate: "{rate}", to: "db/q") }},
                faults: [(name: "f", at: "3min", for: "60s", {fault})],
                hypothesis: (steady: ["{check}"], recovers: (within: "1min")),
            )"#
        )
    };
    let slow = text(
        "2/s",
        r#"inject: slow(service: "db", factor: 5)"#,
        "latency(users, p99) < 1200ms",
    );
    let errors = text(
        "20/s",
        r#"share: 0.05, inject: error(service: "db")"#,
        "success_ratio(users) >= 99%",
    );
    for text in [slow, errors] {
        for seed in 1..=5 {
            let found = run(&text, seed).hypothesis;
            assert_eq!(found.verdict, Conclusion::Recovered, "{seed}: {found:#?}");
        }
    }
}

#[test]
fn the_check_that_fails_by_most_is_named_and_nothing_near_a_limit_beside_it() {
    let text = r#"(
        duration: "6min", warmup: "20s",
        services: { "db": (threads: 10, queue: (limit: 100), backlog: 0, endpoints: { "q": [work("20ms")] }) },
        workloads: { "users": open(rate: "300/s", to: "db/q", shape: [step(at: "2min", factor: 2.5)]) },
        hypothesis: (always: ["latency(users, p99) < 219ms", "success_ratio(users) >= 99%"]),
    )"#;
    let found = run(text, 4).hypothesis;
    assert_eq!(found.verdict, Conclusion::Refuted);
    let near = found.checks[0].value.expect("requests were answered") / 0.219;
    assert!(
        (0.95..1.05).contains(&near),
        "the case is not what it was: {near}"
    );
    assert!(found.reason.contains("success_ratio"), "{found:#?}");
    assert_eq!(found.close_to_edge, None);
}

#[test]
fn what_a_launch_does_to_those_who_are_answered_is_told() {
    let text = |factor: f64| {
        format!(
            r#"(
                duration: "6min", warmup: "20s",
                services: {{ "db": (replicas: 2, threads: 10, queue: (limit: unbounded), endpoints: {{ "q": [work(exponential("20ms"))] }}) }},
                workloads: {{ "users": open(rate: "600/s", to: "db/q", shape: [step(at: "2min", factor: {factor:?})]) }},
            )"#
        )
    };
    let beyond = run(&text(1.8), 4).hypothesis;
    assert_eq!(beyond.damage.len(), 1, "{beyond:#?}");
    assert!(beyond.damage[0].slow_seconds > 200.0, "{beyond:#?}");
    assert!(
        (115.0..125.0).contains(&beyond.damage[0].start),
        "{beyond:#?}"
    );
    let within = run(&text(1.05), 4).hypothesis;
    assert!(within.damage.is_empty(), "{within:#?}");
}

#[test]
fn what_is_lost_before_any_fault_is_not_predicted() {
    let text = r#"(
        duration: "2min", warmup: "10s",
        services: { "db": (threads: 50, endpoints: { "q": [work(exponential("100ms"))] }) },
        calls: { "u -> db": [timeout("200ms")] },
        workloads: { "u": open(rate: "20/s", to: "db/q") },
    )"#;
    let found = run(text, 1);
    assert_eq!(found.workloads["u"].availability.predicted, None);
}

#[test]
fn a_queue_that_nothing_feeds_is_not_metastable() {
    let text = r#"(
        duration: "5min", warmup: "20s",
        services: { "db": (replicas: 2, threads: 10, queue: (limit: 100000), endpoints: { "q": [work(exponential("20ms"))] }) },
        workloads: { "users": open(rate: "990/s", to: "db/q") },
        faults: [(name: "slow", at: "40s", for: "30s", inject: slow(service: "db", factor: 2))],
        hypothesis: (steady: ["latency(users, p99) < 500ms"], recovers: (within: "30s")),
    )"#;
    for seed in 1..=6 {
        let found = run(text, seed).hypothesis;
        assert_ne!(found.verdict, Conclusion::Metastable, "{seed}: {found:#?}");
        assert_ne!(found.verdict, Conclusion::Held, "{seed}: {found:#?}");
    }
}

#[test]
fn of_faults_that_overlap_the_one_that_hurts_is_told() {
    let text = |harmless: &str| {
        format!(
            r#"(
                duration: "150s", warmup: "10s",
                services: {{
                    "api": (threads: 100, endpoints: {{ "x": [work("1ms"), call("db/q")] }}),
                    "other": (threads: 10, endpoints: {{ "y": [work("1ms")] }}),
                    "db": (threads: 20, endpoints: {{ "q": [work(exponential("10ms"))] }}),
                }},
                calls: {{ "* -> *": [timeout("5s")] }},
                workloads: {{ "u": open(rate: "100/s", to: "api/x"), "v": open(rate: "100/s", to: "other/y") }},
                faults: [
                    (name: "harmless", at: "40s", for: "{harmless}", inject: latency(link: "v -> other", add: "1us")),
                    (name: "lag", at: "70s", for: "10s", inject: latency(link: "api -> db", add: "200ms")),
                ],
                hypothesis: (steady: ["success_ratio(u) >= 99%"], recovers: (within: "20s")),
            )"#
        )
    };
    for harmless in ["30s", "35s", "100s"] {
        let found = run(&text(harmless), 1);
        let damage = &found.hypothesis.damage;
        assert_eq!(damage.len(), 1, "{harmless}: {damage:#?}");
        let seconds = damage[0].slow_seconds;
        assert!((9.0..=12.0).contains(&seconds), "{harmless}: {damage:#?}");
        let hurt = found
            .faults
            .iter()
            .map(|fault| fault.blast_radius.join(" "));
        assert!(hurt.eq(["", "u"]), "{harmless}: {:#?}", found.faults);
    }
}

/// What is said of a database under these faults, of which nothing was believed.
fn unasked(faults: &str) -> Summary {
    let text = format!(
        r#"(
            duration: "2min", warmup: "10s",
            services: {{ "db": (threads: 20, endpoints: {{ "q": [work(exponential("10ms"))] }}) }},
            calls: {{ "u -> db": [timeout("500ms")] }},
            workloads: {{ "u": open(rate: "100/s", to: "db/q") }},
            faults: [{faults}],
        )"#
    );
    let found = run(&text, 1);
    assert_eq!(found.hypothesis.verdict, Conclusion::NoHypothesis);
    found
}

#[test]
fn without_a_hypothesis_it_is_told_all_the_same_when_all_was_well_again() {
    let found = unasked(r#"(name: "down", at: "40s", for: "20s", inject: crash(service: "db"))"#);
    let hypothesis = &found.hypothesis;
    assert!(
        hypothesis.reason.contains("all was as before"),
        "{hypothesis:#?}"
    );
    assert_eq!(found.faults[0].recovery_seconds, Some(0.0));
}

#[test]
fn without_a_hypothesis_nothing_is_said_of_the_end_while_a_fault_is_still_on() {
    let found = unasked(
        r#"(name: "down", at: "40s", for: "5s", inject: crash(service: "db")),
           (name: "errors", at: "80s", inject: error(service: "db"))"#,
    );
    let hypothesis = &found.hypothesis;
    assert!(!hypothesis.reason.contains("as before"), "{hypothesis:#?}");
}

#[test]
fn what_a_crash_loses_in_flight_is_predicted_behind_a_timeout_too() {
    for policies in ["", r#"timeout("10s")"#] {
        let text = format!(
            r#"(
                duration: "120s", warmup: "10s",
                services: {{ "db": (threads: 1000, endpoints: {{ "q": [wait("2s")] }}) }},
                calls: {{ "u -> db": [{policies}] }},
                workloads: {{ "u": open(rate: "100/s", to: "db/q") }},
                faults: [(name: "down", at: "60s", for: "2s", inject: crash(service: "db"))],
            )"#
        );
        let availability = &run(&text, 1).workloads["u"].availability;
        let (seen, said) = (availability.by_requests, availability.predicted);
        let (seen, said) = (seen.expect("requests ended"), said.expect("it can be said"));
        // 2 s of requests are lost that were there, and 2 s of those that come.
        assert!(
            (said - (1.0 - 4.0 / 110.0)).abs() < 2e-3,
            "{policies}: {said}"
        );
        assert!((seen - said).abs() < 5e-3, "{policies}: {seen} {said}");
    }
}

/// A service that is down for so long, while only the latency of answers is asked for: `hypothesis` says how.
fn down(long: &str, share: f64, hypothesis: &str) -> Summary {
    let text = format!(
        r#"(
            duration: "5min", warmup: "10s",
            services: {{ "db": (threads: 50, endpoints: {{ "q": [work(exponential("5ms"))] }}) }},
            workloads: {{ "w": open(rate: "20/s", to: "db/q") }},
            faults: [(name: "down", at: "2min", for: "{long}", share: {share:?}, inject: error(service: "db"))],
            hypothesis: ({hypothesis} recovers: (within: "30s")),
        )"#
    );
    run(&text, 1)
}

#[test]
fn an_outage_is_not_a_low_latency() {
    let steady = r#"steady: ["latency(w, p99) < 250ms"],"#;
    for long in ["1s", "2s", "10s", "60s"] {
        let found = down(long, 1.0, steady).hypothesis;
        assert_eq!(found.verdict, Conclusion::Recovered, "{long}: {found:#?}");
    }
    // A few fast answers among many failures are none either.
    for share in [1.0, 0.999] {
        let asked = r#"during: ["latency(w, p99) < 250ms"],"#;
        let found = down("60s", share, asked);
        let hypothesis = &found.hypothesis;
        assert_eq!(hypothesis.verdict, Conclusion::Refuted, "{hypothesis:#?}");
        assert!(
            hypothesis.reason.ends_with("too many got no answer"),
            "{hypothesis:#?}"
        );
        assert_eq!(hypothesis.checks[0].value, None);
        assert_eq!(found.faults[0].verdict, Conclusion::Refuted);
    }
    // Failures among answers are what other checks ask for.
    let asked = format!(r#"during: ["latency(w, p99) < 250ms"], {steady}"#);
    let some = down("60s", 0.5, &asked).hypothesis;
    assert_eq!(some.verdict, Conclusion::Held, "{some:#?}");
}
