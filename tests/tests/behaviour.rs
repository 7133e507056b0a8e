//! One small scenario for each thing that the documentation promises, with constant times and exact
//! results.

use sim_core::SimDuration;
use sim_core::random::Keyed;
use sim_models::experiment::{self, Options};
use sim_models::observe::summary::{RunResult, Summary};
use sim_models::resilience::{Backoff, PolicySpec};
use sim_models::world::Told;

/// One request, at 1 s.
const ONE: &str = r#""w": open(rate: "1/s", to: "s/e", arrivals: constant)"#;
/// One a second, ten a second, and so many at once, at 1 s.
const TEN: &str = r#""w": open(rate: "10/s", to: "s/e", arrivals: constant)"#;

fn batch(size: u32) -> String {
    format!(r#""w": open(rate: "1/s", to: "s/e", arrivals: constant, batch: {size})"#)
}

/// Runs a scenario and tells the story of one of its requests.
fn run_and_tell(text: &str, request: u32) -> RunResult {
    let options = Options {
        seed: 1,
        told: Told {
            only: vec![request],
            every: 0,
        },
        ..Options::default()
    };
    experiment::run_with(&sim_tests::scenario(text), options, |_| true)
        .expect("it passed its checks")
}

/// A scenario of these parts.
fn text(duration: &str, services: &str, calls: &str, workloads: &str, faults: &str) -> String {
    format!(
        r#"(duration: "{duration}", services: {{ {services} }}, calls: {{ {calls} }}, workloads: {{ {workloads} }}, faults: [{faults}])"#
    )
}

fn run(duration: &str, services: &str, calls: &str, workloads: &str, faults: &str) -> Summary {
    run_and_tell(&text(duration, services, calls, workloads, faults), 0).summary
}

/// A service `s` with an endpoint `e`.
fn service(settings: &str, steps: &str) -> String {
    format!(r#""s": ({settings}endpoints: {{ "e": [{steps}] }}),"#)
}

#[track_caller]
fn is(measured: impl Into<Option<f64>>, expected: f64) {
    let measured = measured.into();
    assert!(
        measured.is_some_and(|measured| (measured - expected).abs() < 1e-9),
        "{measured:?}, not {expected}"
    );
}

/// How long the longest request took, and how those that ended did.
#[track_caller]
fn ends(summary: &Summary, seconds: f64, outcomes: &[(&str, u64)]) {
    let load = &summary.workloads["w"];
    let found: Vec<(&str, u64)> = load
        .outcomes
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(found, outcomes);
    is(load.latency_true.max, seconds);
}

/// When lines of the story that begin with these words were told, from the request's arrival, in ms.
fn moments(result: &RunResult, words: &str) -> Vec<f64> {
    let lines = &result.stories.first().expect("a story was asked for").lines;
    lines
        .iter()
        .filter(|line| line.what.starts_with(words))
        .map(|line| ((line.time - lines[0].time) * 1e9).round() / 1e6)
        .collect()
}

#[test]
fn an_answer_at_the_limit_is_too_late() {
    for (after, outcome, seconds) in [("10ms", "timeout_attempt", 0.01), ("11ms", "ok", 0.01)] {
        let calls = format!(r#""w -> s": [timeout("{after}")]"#);
        let summary = run("1900ms", &service("", r#"work("10ms")"#), &calls, ONE, "");
        ends(&summary, seconds, &[(outcome, 1)]);
    }
}

#[test]
fn a_deadline_bounds_all_retries() {
    let calls =
        r#""w -> s": [deadline("100ms"), retry(attempts: 10, backoff: none), timeout("30ms")]"#;
    let summary = run("1900ms", &service("", r#"work("1s")"#), calls, ONE, "");
    ends(&summary, 0.1, &[("timeout_deadline", 1)]);
    let edge = &summary.edges["w -> s"];
    assert_eq!(edge.attempts, 4);
    assert_eq!(edge.attempt_outcomes["timeout_attempt"], 3);
    assert_eq!(edge.attempt_outcomes["timeout_deadline"], 1);
}

#[test]
fn a_propagated_deadline_drops_what_waits() {
    for (propagate, started) in [(true, 1), (false, 2)] {
        let calls = format!(r#""w -> s": [deadline(after: "50ms", propagate: {propagate})]"#);
        let s = service("threads: 1, ", r#"work("100ms")"#);
        let summary = run("1900ms", &s, &calls, &batch(2), "");
        ends(&summary, 0.05, &[("timeout_deadline", 2)]);
        assert_eq!(summary.services["s"].started, started);
        assert_eq!(summary.services["s"].failed, if propagate { 2 } else { 0 });
    }
}

#[test]
fn a_deadline_inside_a_retry_is_each_attempts_own() {
    let calls = r#""w -> s": [retry(attempts: 2, backoff: none, on: [timeout_deadline]), deadline(after: "50ms", propagate: true)]"#;
    let pause = r#"(at: "1s", for: "55ms", inject: pause(service: "s"))"#;
    let summary = run("1900ms", &service("", r#"work("40ms")"#), calls, ONE, pause);
    ends(&summary, 0.095, &[("ok", 1)]);
}

#[test]
fn cancellation_takes_work_back() {
    for (cancellation, started) in [(", cancellation()", 1), ("", 2)] {
        let calls = format!(r#""w -> s": [timeout("50ms"){cancellation}]"#);
        let s = service("threads: 1, ", r#"work("30ms"), work("70ms")"#);
        let summary = run("1900ms", &s, &calls, &batch(2), "");
        ends(&summary, 0.05, &[("timeout_attempt", 2)]);
        let s = &summary.services["s"];
        assert_eq!(s.started, started);
        // At work it stops at the end of its step: here that is the whole program.
        is(s.service_time.max, 0.1);
        assert!(s.doomed_share.is_some_and(|share| share > 0.0));
    }
    // A callee's callee is told too.
    let services = format!(
        r#"{} "t": (endpoints: {{ "f": [wait("1s")] }}),"#,
        service("", r#"call("t/f")"#)
    );
    let calls = r#""w -> s": [timeout("50ms"), cancellation()], "s -> t": [cancellation()]"#;
    let summary = run("1900ms", &services, calls, ONE, "");
    is(summary.services["s"].service_time.max, 0.05);
    assert_eq!(summary.edges["s -> t"].attempt_outcomes["cancelled"], 1);
}

#[test]
fn backoffs_without_jitter_are_exact() {
    for (backoff, times) in [
        ("none", [0.0, 0.0, 0.0, 0.0]),
        (
            r#"constant(base: "10ms", jitter: none)"#,
            [0.0, 10.0, 20.0, 30.0],
        ),
        (
            r#"linear(base: "10ms", jitter: none)"#,
            [0.0, 10.0, 30.0, 60.0],
        ),
        (
            r#"linear(base: "10ms", cap: "15ms", jitter: none)"#,
            [0.0, 10.0, 25.0, 40.0],
        ),
        (
            r#"exponential(base: "10ms", jitter: none)"#,
            [0.0, 10.0, 30.0, 70.0],
        ),
        (
            r#"exponential(base: "10ms", factor: 3, cap: "25ms", jitter: none)"#,
            [0.0, 10.0, 35.0, 60.0],
        ),
    ] {
        let calls = format!(r#""w -> s": [retry(attempts: 4, backoff: {backoff})]"#);
        let text = text("1900ms", &service("", "fail"), &calls, ONE, "");
        let result = run_and_tell(&text, 0);
        assert_eq!(moments(&result, "sends attempt"), times, "{backoff}");
        // The count of attempts includes the first.
        let edge = &result.summary.edges["w -> s"];
        assert_eq!((edge.attempts, edge.retries), (4, 3));
        assert_eq!(edge.policies["0 retry"]["exhausted"], 1);
    }
}

fn backoff(text: &str) -> Backoff {
    let calls = format!(r#""w -> s": [retry(backoff: {text})]"#);
    let whole = self::text("2s", &service("", "fail"), &calls, ONE, "");
    match sim_tests::scenario(&whole).calls["w -> s"][0].clone() {
        PolicySpec::Retry(retry) => retry.backoff,
        other => panic!("{other:?} is no retry"),
    }
}

#[test]
fn jitter_stays_within_its_bounds() {
    for (jitter, low, high) in [
        ("full", 0.0, 1.0),
        ("equal", 0.5, 1.0),
        ("proportional(0.2)", 0.8, 1.2),
    ] {
        let backoff = backoff(&format!(
            r#"exponential(base: "10ms", cap: "35ms", jitter: {jitter})"#
        ));
        for (retry, nominal) in [(1, 10e6), (2, 20e6), (3, 35e6)] {
            let waits: Vec<f64> = (0..2000)
                .map(|key| {
                    let wait = backoff.wait(retry, SimDuration::ZERO, &mut Keyed::new(key, 7));
                    wait.as_nanos_f64() / nominal
                })
                .collect();
            let least = waits.iter().copied().fold(f64::MAX, f64::min);
            let most = waits.iter().copied().fold(0.0, f64::max);
            assert!(
                least >= low && least < low + 0.01,
                "{jitter} {retry}: {least}"
            );
            assert!(
                most <= high && most > high - 0.01,
                "{jitter} {retry}: {most}"
            );
        }
    }
    let backoff = backoff(r#"exponential(base: "10ms", cap: "50ms", jitter: decorrelated)"#);
    for (before, high) in [(0, 30.0), (12, 36.0), (40, 50.0)] {
        let most = (0..2000).map(|key| {
            let before = SimDuration::from_millis(before);
            let wait = backoff.wait(2, before, &mut Keyed::new(key, 7));
            assert!(wait >= SimDuration::from_millis(10));
            wait.as_nanos_f64() / 1e6
        });
        let most = most.fold(0.0, f64::max);
        assert!(most <= high && most > 0.98 * high, "{before}: {most}");
    }
}

#[test]
fn only_what_is_asked_for_is_tried_again() {
    for (on, attempts) in [("[refused]", 1), ("[error]", 3), ("[refused, error]", 3)] {
        let calls = format!(r#""w -> s": [retry(attempts: 3, backoff: none, on: {on})]"#);
        let summary = run("1900ms", &service("", "fail"), &calls, ONE, "");
        assert_eq!(summary.edges["w -> s"].attempts, attempts, "{on}");
    }
}

#[test]
fn a_retry_budget_pays_for_so_many() {
    // 100 failing calls: the full bucket and what came in meanwhile pay for 11, then every tenth.
    let load = r#""w": open(rate: "100/s", to: "s/e", arrivals: constant)"#;
    for inside in ["", r#", timeout("1s")"#] {
        let calls = format!(
            r#""w -> s": [retry(attempts: 2, backoff: none), retry_budget(ratio: 0.1, cap: 10){inside}]"#
        );
        let summary = run("1005ms", &service("", "fail"), &calls, load, "");
        let edge = &summary.edges["w -> s"];
        assert_eq!(edge.calls, 100);
        assert_eq!(edge.retries, 11 + 8);
        let budget = &edge.policies["1 retry_budget"];
        assert_eq!((budget["spent"], budget["denied"]), (19, 81));
    }
}

#[test]
fn a_retry_budget_is_charged_for_attempts_given_up_outside_it() {
    let load = r#""w": open(rate: "100/s", to: "s/e", arrivals: constant)"#;
    let calls = r#""w -> s": [retry(attempts: 2, backoff: none), timeout("1ms"), retry_budget(ratio: 0.1, cap: 10)]"#;
    let summary = run("1005ms", &service("", r#"wait("1s")"#), calls, load, "");
    assert_eq!(summary.edges["w -> s"].retries, 19);
}

#[test]
fn a_breaker_opens_probes_and_closes() {
    let calls = r#""w -> s": [breaker(failures: 3, open_for: "1s")]"#;
    // Requests at 0.1, 0.2, ... 1.9 s; it opens at 0.3 and probes at 1.3, which still fails or not.
    for (until, refused, opened, closed, ok) in [("1250ms", 9, 1, 1, 7), ("1350ms", 15, 2, 0, 0)] {
        let fault = format!(r#"(at: "0s", for: "{until}", inject: error(service: "s"))"#);
        let summary = run("2s", &service("", "work(\"1ms\")"), calls, TEN, &fault);
        let breaker = &summary.edges["w -> s"].policies["0 breaker"];
        assert_eq!(breaker["refused"], refused);
        assert_eq!(breaker["opened"], opened);
        assert_eq!(breaker["probes"], 1);
        assert_eq!(breaker["closed"], closed);
        assert_eq!(summary.workloads["w"].ok, ok);
        assert_eq!(summary.workloads["w"].outcomes["breaker_open"], refused);
    }
}

#[test]
fn a_success_resets_a_breakers_count() {
    let calls = r#""w -> s": [breaker(failures: 3, open_for: "1s")]"#;
    // Two fail, one succeeds, two fail.
    let fault = r#"(at: "50ms", for: "200ms", every: "300ms", inject: error(service: "s"))"#;
    let summary = run("2s", &service("", ""), calls, TEN, fault);
    assert_eq!(
        summary.edges["w -> s"].policies["0 breaker"]["opened"], 0,
        "{:?}",
        summary.workloads["w"].outcomes
    );
    assert!(summary.workloads["w"].failed > 8);
}

#[test]
fn instances_have_breakers_of_their_own_unless_they_share() {
    for (scope, attempts) in [("instance", 6), ("shared", 3)] {
        let services = format!(
            r#"{} "t": (endpoints: {{ "f": [fail] }}),"#,
            service("replicas: 2, ", r#"call("t/f")"#)
        );
        let calls = format!(r#""s -> t": [breaker(failures: 3, scope: {scope})]"#);
        let summary = run("2s", &services, &calls, TEN, "");
        assert_eq!(summary.edges["s -> t"].attempts, attempts, "{scope}");
    }
}

#[test]
fn first_or_last_in_is_first_out() {
    for (order, ends) in [("fifo", [10.0, 20.0, 30.0]), ("lifo", [10.0, 30.0, 20.0])] {
        let s = service(
            &format!("threads: 1, queue: (limit: 5, order: {order}), "),
            r#"work("10ms")"#,
        );
        for (request, end) in ends.iter().enumerate() {
            let text = text("1900ms", &s, "", &batch(3), "");
            let result = run_and_tell(&text, request as u32);
            assert_eq!(
                moments(&result, "request ends"),
                [*end],
                "{order} {request}"
            );
        }
    }
}

#[test]
fn full_queues_reject_and_full_backlogs_refuse() {
    for (queue, backlog, outcomes) in [
        (1, 1, [("ok", 3), ("refused", 1)]),
        (1, 0, [("ok", 2), ("rejected", 2)]),
        (0, 0, [("ok", 1), ("rejected", 3)]),
        (0, 2, [("ok", 3), ("refused", 1)]),
    ] {
        let s = service(
            &format!("threads: 1, queue: (limit: {queue}), backlog: {backlog}, "),
            r#"work("10ms")"#,
        );
        let summary = run("1900ms", &s, "", &batch(4), "");
        let last = outcomes[0].1 as f64 * 0.01;
        ends(&summary, last, &outcomes);
    }
}

fn spread(summary: &Summary) -> Vec<u64> {
    let instances = summary.services["s"].instances.iter();
    instances.map(|instance| instance.arrivals).collect()
}

#[test]
fn balancers_spread_evenly() {
    let s = |balance: &str| {
        service(
            &format!("replicas: 3, balance: {balance}, "),
            r#"wait("1ms")"#,
        )
    };
    let summary = run("3050ms", &s("round_robin"), "", TEN, "");
    assert_eq!(spread(&summary), [10, 10, 10]);
    let s = |balance: &str| {
        service(
            &format!("replicas: 2, balance: {balance}, "),
            r#"wait("5s")"#,
        )
    };
    for balance in ["least_outstanding", "power_of_two"] {
        let summary = run("1900ms", &s(balance), "", &batch(10), "");
        assert_eq!(spread(&summary), [5, 5], "{balance}");
    }
}

#[test]
fn parallel_steps_wait_for_what_they_need() {
    for (steps, milliseconds, outcome) in [
        (r#"parallel([[wait("10ms")], [wait("30ms")]])"#, 30.0, "ok"),
        (
            r#"parallel(branches: [[wait("10ms")], [wait("30ms")]], need: first(1))"#,
            10.0,
            "ok",
        ),
        (
            r#"parallel(branches: [[wait("30ms")], [wait("10ms")], [wait("20ms")]], need: first(2))"#,
            20.0,
            "ok",
        ),
        (
            r#"parallel([[wait("5ms"), fail], [wait("30ms")]])"#,
            5.0,
            "error",
        ),
        (
            r#"parallel(branches: [[wait("5ms"), fail], [wait("30ms")]], need: first(1)), wait("1ms")"#,
            31.0,
            "ok",
        ),
        (
            r#"parallel(branches: [[wait("5ms"), fail], [wait("8ms"), fail], [wait("30ms")]], need: first(2))"#,
            8.0,
            "error",
        ),
        (r#"repeat(3, [wait("10ms")]), wait("1ms")"#, 31.0, "ok"),
        (r#"repeat(0, [wait("10ms")]), wait("1ms")"#, 1.0, "ok"),
        (
            r#"repeat(2, [repeat(3, [wait("10ms")]), wait("1ms")])"#,
            62.0,
            "ok",
        ),
        (
            r#"choice([(1, [wait("10ms")]), (1, [wait("10ms")])]), wait("1ms")"#,
            11.0,
            "ok",
        ),
    ] {
        let summary = run("1900ms", &service("", steps), "", ONE, "");
        ends(&summary, milliseconds / 1e3, &[(outcome, 1)]);
    }
}

#[test]
fn choices_follow_their_weights() {
    let services = format!(
        r#"{} "t": (endpoints: {{ "often": [], "seldom": [] }}),"#,
        service(
            "",
            r#"choice([(3, call("t/often")), (1, call("t/seldom"))])"#
        )
    );
    let load = r#""w": open(rate: "1000/s", to: "s/e", arrivals: constant)"#;
    let summary = run("10s", &services, "", load, "");
    let t = &summary.services["t"];
    let seldom = t.endpoints["seldom"].arrivals as f64;
    assert_eq!(t.arrivals, 9_999);
    // Four standard deviations.
    assert!((seldom - 2500.0).abs() < 4.0 * 43.3, "{seldom}");
}

#[test]
fn an_optional_failure_degrades() {
    let services = format!(
        r#"{} "t": (endpoints: {{ "f": [wait("10ms"), fail] }}),"#,
        service("", r#"call(to: "t/f", optional: true), wait("1ms")"#)
    );
    let summary = run("1900ms", &services, "", ONE, "");
    ends(&summary, 0.011, &[("degraded", 1)]);
    // Needed, it fails its caller, and the cause is named where it began.
    let services = services.replace(", optional: true", "");
    let summary = run("1900ms", &services, "", ONE, "");
    ends(&summary, 0.010, &[("error", 1)]);
    assert_eq!(summary.workloads["w"].causes["t: error"], 1);
}

#[test]
fn async_threads_are_free_while_they_wait() {
    for (threading, last, busy) in [("sync", 0.202, 0.202), ("async", 0.102, 0.002)] {
        let services = format!(
            r#"{} "t": (endpoints: {{ "f": [wait("100ms")] }}),"#,
            service(
                &format!("threads: 1, threading: {threading}, "),
                r#"work("1ms"), call("t/f")"#
            )
        );
        let summary = run("2s", &services, "", &batch(2), "");
        ends(&summary, last, &[("ok", 2)]);
        is(summary.services["s"].busy.mean * 2.0, busy);
    }
}

#[test]
fn cores_are_shared_equally() {
    for (cores, requests, last) in [
        ("1", 2, 0.02),
        ("2", 2, 0.01),
        ("0.5", 1, 0.02),
        ("2", 3, 0.015),
    ] {
        let s = service(&format!("cores: {cores}, "), r#"work("10ms")"#);
        let summary = run("2s", &s, "", &batch(requests), "");
        ends(&summary, last, &[("ok", u64::from(requests))]);
        let cores: f64 = cores.parse().expect("a number");
        is(
            summary.services["s"]
                .cpu_utilization
                .expect("cores are given"),
            f64::from(requests) * 0.01 / (2.0 * cores),
        );
    }
}

#[test]
fn a_crash_loses_what_was_there_and_refuses_until_it_is_up() {
    let s = service("threads: 1, ", r#"work("100ms")"#);
    let crash = r#"(at: "1050ms", for: "300ms", inject: crash(service: "s", boot: "200ms"))"#;
    let summary = run("1900ms", &s, "", &batch(3), crash);
    ends(&summary, 0.05, &[("reset", 3)]);
    assert_eq!(summary.services["s"].failed, 3);
    // Up again at 1.55 s: those of 1.1 to 1.5 s are refused.
    let s = service("", r#"work("10ms")"#);
    let summary = run("2s", &s, "", TEN, crash);
    ends(&summary, 0.01, &[("ok", 14), ("refused", 5)]);
}

#[test]
fn a_pause_keeps_what_was_left() {
    for settings in ["", "cores: 2, "] {
        let s = service(settings, r#"work("100ms"), wait("10ms")"#);
        let pause = r#"(at: "1040ms", for: "1s", inject: pause(service: "s"))"#;
        let summary = run("2900ms", &s, "", TEN, pause);
        let text = text("2900ms", &s, "", ONE, pause);
        assert_eq!(moments(&run_and_tell(&text, 0), "request ends"), [1110.0]);
        assert_eq!(summary.workloads["w"].failed, 0);
        // What came meanwhile waited in the socket: that of 1.1 s was seen at 2.04 s.
        assert!(
            summary.services["s"]
                .sojourn
                .max
                .is_some_and(|max| max < 2.0)
        );
    }
}

#[test]
fn a_crash_during_a_pause_loses_all_the_same() {
    let s = service("", r#"work("100ms")"#);
    let faults = r#"
        (at: "1040ms", for: "1s", inject: pause(service: "s")),
        (at: "1250ms", for: "1ms", inject: crash(service: "s")),"#;
    let summary = run("3050ms", &s, "", TEN, faults);
    // Working: those of 1.0 and 0.95..; in the socket: those of 1.1 and 1.2 s.
    let load = &summary.workloads["w"];
    assert_eq!(load.outcomes["reset"], 3, "{:?}", load.outcomes);
    assert_eq!(load.ok + load.unfinished, load.offered - 3);
}

#[test]
fn slowness_multiplies_steps_and_adds_to_requests() {
    for (slow, milliseconds) in [
        ("factor: 3", 60.0),
        (r#"add: "5ms""#, 25.0),
        (r#"factor: 2, add: "5ms""#, 45.0),
        ("factor: 0.5", 10.0),
    ] {
        for settings in ["", "cores: 1, "] {
            let s = service(settings, r#"work("10ms"), wait("10ms")"#);
            let fault = format!(r#"(at: "500ms", inject: slow(service: "s", {slow}))"#);
            let summary = run("1900ms", &s, "", ONE, &fault);
            ends(&summary, milliseconds / 1e3, &[("ok", 1)]);
        }
    }
    // Factors multiply.
    let twice = r#"(at: "0s", inject: slow(service: "s", factor: 2)), (at: "0s", inject: slow(service: "s", factor: 3))"#;
    let summary = run("1900ms", &service("", r#"work("10ms")"#), "", ONE, twice);
    ends(&summary, 0.06, &[("ok", 1)]);
    // Half grown, a factor of three is one of two.
    let ramp = r#"(at: "500ms", ramp: "1s", inject: slow(service: "s", factor: 3))"#;
    let summary = run("1900ms", &service("", r#"work("10ms")"#), "", ONE, ramp);
    ends(&summary, 0.02, &[("ok", 1)]);
}

#[test]
fn a_hang_lasts_as_long_as_its_fault() {
    let hang = r#"(at: "900ms", for: "500ms", inject: hang(service: "s"))"#;
    let summary = run("1900ms", &service("", r#"work("10ms")"#), "", ONE, hang);
    ends(&summary, 0.41, &[("ok", 1)]);
    is(summary.services["s"].service_time.max, 0.41);
}

#[test]
fn a_share_of_requests_fails() {
    let load = r#""w": open(rate: "1000/s", to: "s/e", arrivals: constant)"#;
    let error = r#"(at: "0s", share: 0.2, inject: error(service: "s"))"#;
    let summary = run("10s", &service("", ""), "", load, error);
    let failed = summary.workloads["w"].outcomes["error"] as f64;
    assert!((failed - 2000.0).abs() < 4.0 * 40.0, "{failed}");
}

#[test]
fn links_get_slower_one_way_or_both() {
    for (direction, milliseconds) in [("both", 21.0), ("to", 11.0), ("from", 11.0)] {
        let fault = format!(
            r#"(at: "0s", inject: latency(link: "w -> s", direction: {direction}, add: "10ms"))"#
        );
        let summary = run("1900ms", &service("", r#"wait("1ms")"#), "", ONE, &fault);
        ends(&summary, milliseconds / 1e3, &[("ok", 1)]);
    }
}

#[test]
fn lost_messages_are_sent_again_and_given_up() {
    let loss =
        |more: &str| format!(r#"(at: "0s", inject: loss(link: "w -> s", direction: to{more}))"#);
    // 200 ms, doubled six times: 25.4 s.
    let summary = run("28s", &service("", ""), "", ONE, &loss(", rate: 1"));
    assert_eq!(summary.services["s"].arrivals, 0);
    assert_eq!(summary.workloads["w"].outcomes["lost"], 2);
    is(summary.workloads["w"].latency_true.max, 25.4);
    // Otherwise a message comes late by 0.2 s, 0.6 s, 1.4 s, ...
    let summary = run("200s", &service("", ""), "", ONE, &loss(", rate: 0.5"));
    let latency = &summary.workloads["w"].latency;
    let (Some(p50), Some(max)) = (latency.p50, latency.max) else {
        panic!("nothing was answered: {latency:?}");
    };
    assert!(p50 == 0.0 || (p50 - 0.2).abs() < 1e-3, "{latency:?}");
    let steps = [0.0, 0.2, 0.6, 1.4, 3.0, 6.2, 12.6];
    assert!(
        steps.iter().any(|step| (max - step).abs() < 1e-9),
        "{latency:?}"
    );
    // Never sent again.
    let never = loss(r#", rate: 1, retransmit: "0s""#);
    let summary = run("1900ms", &service("", ""), "", ONE, &never);
    assert_eq!(summary.workloads["w"].unfinished, 1);
}

#[test]
fn a_partition_stops_messages_one_way_or_both() {
    for (direction, arrivals) in [("both", 0), ("to", 0), ("from", 1)] {
        let fault =
            format!(r#"(at: "0s", inject: partition(link: "w -> s", direction: {direction}))"#);
        let calls = r#""w -> s": [timeout("100ms")]"#;
        let summary = run("1900ms", &service("", ""), calls, ONE, &fault);
        ends(&summary, 0.1, &[("timeout_attempt", 1)]);
        assert_eq!(summary.services["s"].arrivals, arrivals, "{direction}");
        assert_eq!(summary.services["s"].ok, arrivals);
    }
}

#[test]
fn faults_hit_the_instances_that_they_name() {
    for (place, up) in [
        ("instances: all", 0),
        ("instances: one", 9),
        ("instances: count(3)", 7),
        ("instances: percent(25)", 7),
        ("instances: only([0, 4])", 8),
        (r#"zone: "a""#, 5),
        (r#"zone: "a", instances: count(2)"#, 8),
        (r#"region: "north""#, 5),
        (r#"region: "south""#, 5),
        (r#"host: "h1""#, 5),
    ] {
        let parts = text(
            "4s",
            &service(r#"replicas: 10, hosts: ["h0", "h1"], "#, ""),
            "",
            ONE,
            &format!(r#"(at: "1500ms", for: "1s", inject: crash(service: "s", {place}))"#),
        );
        let places =
            r#"(hosts: { "h0": "a", "h1": "b" }, regions: { "north": ["a"], "south": ["b"] }, "#;
        let result = run_and_tell(&parts.replacen('(', places, 1), 0);
        assert_eq!(result.series.services["s"].up, [10, up, 10, 10], "{place}");
    }
}

#[test]
fn faults_come_when_they_should() {
    let periods = |duration: &str, when: &str| {
        let fault = format!(r#"({when}, inject: error(service: "s"))"#);
        run(duration, &service("", ""), "", ONE, &fault).faults[0]
            .periods
            .clone()
    };
    assert_eq!(
        periods("10s", r#"at: "1s", for: "100ms", every: "1s", times: 3"#),
        [(1.0, 1.1), (2.0, 2.1), (3.0, 3.1)]
    );
    assert_eq!(
        periods("4s", r#"at: "1s", for: "500ms", every: "2s""#),
        [(1.0, 1.5), (3.0, 3.5)]
    );
    assert_eq!(
        periods("150s", r#"cron: "* * * * *", for: "5s""#),
        [(0.0, 5.0), (60.0, 65.0), (120.0, 125.0)]
    );
    let random = periods("200s", r#"random: (mtbf: "9s", mttr: "1s"), times: 5"#);
    assert_eq!(random.len(), 5);
    assert!(random.windows(2).all(|pair| pair[0].1 < pair[1].0));
    let random = periods("1000s", r#"random: (mtbf: "9s", mttr: constant("1s"))"#);
    assert!(
        random
            .iter()
            .all(|(start, end)| (end - start - 1.0).abs() < 1e-6)
    );
    // One every ten seconds, give or take four standard deviations of 0.9 each.
    assert!(random.len().abs_diff(100) < 36, "{}", random.len());
}

#[test]
fn rates_take_their_shape() {
    for (shape, offered) in [
        (
            r#"spike(at: "2s", for: "1s", factor: 3)"#,
            [99, 100, 300, 100, 100],
        ),
        (r#"step(at: "3s", factor: 2)"#, [99, 100, 100, 200, 200]),
        // 1 at 2 s, 3 at 4 s: 1.5 and 2.5 between.
        (
            r#"ramp(at: "2s", over: "2s", factor: 3)"#,
            [99, 100, 150, 250, 300],
        ),
        // 1 + cos: the mean over a quarter next to the peak is 1 + 2/pi, over the next 1 - 2/pi.
        (
            r#"diurnal(period: "4s", amplitude: 1, peak: "0s")"#,
            [164, 36, 36, 164, 164],
        ),
    ] {
        for (arrivals, factor, tolerance) in [("constant", 1, 3.0), ("poisson", 50, 0.0)] {
            let load = format!(
                r#""w": open(rate: "{}/s", to: "s/e", arrivals: {arrivals}, shape: [{shape}])"#,
                100 * factor
            );
            let result = run_and_tell(&text("5s", &service("", ""), "", &load, ""), 0);
            for (found, expected) in result.series.workloads["w"].offered.iter().zip(offered) {
                let expected = f64::from(expected * factor);
                let allowed = if tolerance > 0.0 {
                    tolerance
                } else {
                    5.0 * libm::sqrt(expected) + 0.02 * expected
                };
                assert!(
                    (*found as f64 - expected).abs() <= allowed,
                    "{shape} {arrivals}: {:?}",
                    result.series.workloads["w"].offered
                );
            }
        }
    }
}

#[test]
fn users_lose_patience() {
    for (then, offered) in [("give_up", 6), ("click_again", 12)] {
        let load = format!(
            r#""w": closed(users: 1, start: asking, think: "100ms", to: "s/e", patience: "50ms", then: {then}, clicks: 3)"#
        );
        // In rounds of 150 ms, or of three clicks and 250 ms; none at the very end counts as ended.
        let summary = run("900ms", &service("", r#"wait("1s")"#), "", &load, "");
        let load = &summary.workloads["w"];
        assert_eq!(load.offered, offered, "{then}");
        assert_eq!(load.ok, 0);
        assert_eq!(load.outcomes["timeout_patience"] + load.unfinished, offered);
        is(load.latency_true.max, 0.05);
    }
    // With an answer in time a user thinks, and asks again: rounds of 110 ms.
    let load =
        r#""w": closed(users: 2, start: asking, think: "100ms", to: "s/e", patience: "50ms")"#;
    let summary = run("1s", &service("", r#"wait("10ms")"#), "", load, "");
    ends(&summary, 0.01, &[("ok", 18)]);
}

#[test]
fn the_warm_up_counts_in_no_total() {
    let parts = text("3s", &service("", r#"work("50ms")"#), "", TEN, "");
    let result = run_and_tell(&parts.replacen('(', r#"(warmup: "1s", "#, 1), 0);
    let load = &result.summary.workloads["w"];
    // Those of 1.0 s to 2.9 s.
    assert_eq!((load.offered, load.ok), (20, 20));
    is(load.offered_rate, 10.0);
    assert_eq!(result.summary.services["s"].arrivals, 20);
    is(result.summary.services["s"].busy.mean, 0.5);
    assert_eq!(result.series.workloads["w"].offered, [9, 10, 10]);
}

#[test]
fn the_story_of_a_request() {
    let services = format!(
        r#"{} "t": (endpoints: {{ "f": [work("10ms")] }}),"#,
        service("threads: 1, ", r#"work("5ms"), call("t/f")"#)
    );
    let calls = r#""s -> t": [retry(attempts: 2, backoff: constant(base: "20ms", jitter: none)), timeout("30ms")]"#;
    let fault = r#"(at: "0s", for: "1040ms", inject: hang(service: "t"))"#;
    let parts = text("1900ms", &services, calls, &batch(1), fault);
    let links = r#"(links: { "s -> t": (latency: "1ms") }, "#;
    let story = run_and_tell(&parts.replacen('(', links, 1), 0).stories;
    let lines: Vec<String> = story[0]
        .lines
        .iter()
        .map(|line| {
            format!(
                "{:.3} {} {}: {}",
                line.time, line.depth, line.place, line.what
            )
        })
        .collect();
    let expected = [
        "1.000 0 w: request 0 arrives",
        "1.000 0 w: calls s/e",
        "1.000 0 w: sends attempt 1",
        "1.000 1 s: starts after waiting 0s",
        "1.005 1 s: calls t/f",
        "1.005 1 s: sends attempt 1",
        "1.006 2 t: starts after waiting 0s",
        "1.006 2 t: hangs: fault `hang t`",
        "1.035 1 s: timeout expires: timeout_attempt",
        "1.035 1 s: timeout_attempt: tries again in 20ms",
        "1.050 2 t: answers ok",
        "1.055 1 s: sends attempt 2",
        "1.056 2 t: starts after waiting 0s",
        "1.066 2 t: answers ok",
        "1.067 1 s: answer: ok",
        "1.067 1 s: answers ok",
        "1.067 0 w: answer: ok",
        "1.067 0 w: request ends: ok after 67ms",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_must_not_be_asked_twice_is_asked_once() {
    let once = r#""s": (non_idempotent: ["e"], endpoints: { "e": [fail], "f": [fail] }),"#;
    let both = r#""w": open(rate: "1/s", to: "s/e", arrivals: constant), "v": open(rate: "1/s", to: "s/f", arrivals: constant)"#;
    for (asked, attempts) in [("", 1), (", non_idempotent: true", 3)] {
        let calls = format!(r#""* -> s": [retry(attempts: 3, backoff: none{asked})]"#);
        let summary = run("1900ms", once, &calls, both, "");
        assert_eq!(summary.edges["w -> s"].attempts, attempts, "{asked}");
        assert_eq!(summary.edges["v -> s"].attempts, 3, "{asked}");
    }
}

#[test]
fn a_request_has_so_many_retries_at_all_hops_together() {
    let chain = r#""a": (endpoints: { "e": [call("s/e")] }), "s": (endpoints: { "e": [fail] }),"#;
    let load = r#""w": open(rate: "1/s", to: "a/e", arrivals: constant)"#;
    for (budget, attempts) in [
        ("", 16),
        (", request_budget(retries: 3)", 4),
        (", request_budget(retries: 5)", 6),
    ] {
        let calls = format!(r#""* -> *": [retry(attempts: 4, backoff: none){budget}]"#);
        let summary = run("3900ms", chain, &calls, load, "");
        assert_eq!(summary.services["s"].arrivals, 3 * attempts, "{budget}");
    }
}

#[test]
fn a_retry_that_is_given_up_in_its_pause_is_under_way_no_longer() {
    // The deadline comes while the retry waits, so that it never ends; the next call may have one all the same.
    let calls = r#""w -> s": [deadline("50ms"), retry(attempts: 2, backoff: constant(base: "1s", jitter: none)), retry_concurrency(most: 1)]"#;
    let summary = run("5900ms", &service("", "fail"), calls, ONE, "");
    ends(&summary, 0.05, &[("timeout_deadline", 5)]);
    let counts = &summary.edges["w -> s"].policies;
    assert_eq!(
        counts["2 retry_concurrency"].counts["denied"], 0,
        "{counts:?}"
    );
    assert_eq!(counts["1 retry"].counts["retries"], 5, "{counts:?}");
}
