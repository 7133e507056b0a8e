//! What a verdict says of the way back: requests that take longer than any window, loads that nobody can
//! carry, and runs that end just after.

use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::summary::Summary;
use sim_tests::told as run;

/// Jobs of about 20 minutes, one a minute, that stand still for a while.
fn batch(pause: &str, window: &str) -> Summary {
    run(&format!(
        r#"(
            duration: "6h", warmup: "10min", seed: 1, {window}
            services: {{ "b": (threads: 64, endpoints: {{ "j": [work(normal(mean: "20min", sd: "1min"))] }}) }},
            workloads: {{ "jobs": open(rate: "1/min", to: "b/j") }},
            faults: [(name: "blip", at: "2h", for: "{pause}", inject: pause(service: "b"))],
            hypothesis: (
                steady: ["success_ratio(jobs) >= 99%", "latency(jobs, p99) < 40min"],
                recovers: (within: "30min"),
            ),
        )"#
    ))
}

#[test]
fn a_wait_that_every_check_allows_breaks_nothing() {
    for pause in ["5min", "15min"] {
        let found = batch(pause, "").hypothesis;
        assert_eq!(found.verdict, Conclusion::Held, "{pause}: {found:#?}");
    }
}

#[test]
fn a_recovery_does_not_depend_on_the_width_of_windows() {
    for window in ["", r#"window: "1min","#, r#"window: "5min","#] {
        let found = batch("30min", window).hypothesis;
        assert_eq!(found.verdict, Conclusion::Recovered, "{window}: {found:#?}");
        let took = found.recovery_seconds.expect("it recovered") / 60.0;
        // The jobs that stood still end 20 minutes after the pause, give or take three standard deviations.
        assert!((17.0..=25.0).contains(&took), "{window}: {took}");
    }
}

/// A queue in front of four threads that carry 80 jobs a second, and stand still for a minute.
fn queue(rate: &str, duration: &str, allowed: &str, seed: u64) -> Summary {
    run(&format!(
        r#"(
            duration: "{duration}", warmup: "20s", seed: {seed},
            services: {{ "q": (threads: 4, queue: (limit: 1000000), endpoints: {{ "x": [work(exponential("50ms"))] }}) }},
            workloads: {{ "u": open(rate: "{rate}", to: "q/x") }},
            faults: [(name: "stop", at: "60s", for: "60s", inject: pause(service: "q"))],
            hypothesis: (steady: ["latency(u, p99) < 5s"], recovers: (within: "{allowed}")),
        )"#
    ))
}

#[test]
fn where_the_load_is_beyond_capacity_the_fault_is_not_to_blame() {
    for (rate, seed) in [
        ("84/s", 1),
        ("80.8/s", 4),
        ("80.8/s", 12),
        ("80/s", 1),
        ("80/s", 4),
    ] {
        let found = queue(rate, "10min", "5min", seed).hypothesis;
        assert_eq!(found.verdict, Conclusion::NotRecovered, "{found:#?}");
        assert!(found.reason.contains("q is asked for"), "{found:#?}");
        assert!(found.recovery_expected_seconds.is_none(), "{found:#?}");
    }
}

#[test]
fn close_to_a_limit_is_close() {
    let far = queue("40/s", "10min", "1s", 1).hypothesis;
    assert_eq!(far.close_to_edge, None);
    let took = far.checks.iter().find(|check| check.kind == "recovers");
    let took = took.and_then(|check| check.value).expect("it recovered");
    let near = queue("40/s", "10min", &format!("{:.0}s", took + 2.0), 1).hypothesis;
    let said = near
        .close_to_edge
        .expect("another seed may decide otherwise");
    assert!(said.contains("are allowed"), "{said}");
}

#[test]
fn what_held_again_at_the_very_end_is_not_said_to_fail() {
    // 24 s are left when the queue is empty, of the 30 that a recovery takes.
    let whole = queue("60/s", "20min", "10s", 1);
    let back = whole.hypothesis.checks.iter();
    let back = back.filter(|check| check.kind == "recovers");
    let took = back
        .filter_map(|check| check.value)
        .next()
        .expect("it recovered");
    let cut = format!("{:.0}s", 120.0 + took + 24.0);
    let found = queue("60/s", &cut, "10s", 1).hypothesis;
    assert_eq!(found.verdict, Conclusion::NotRecovered, "{found:#?}");
    assert!(found.reason.contains("held again only"), "{found:#?}");
}

#[test]
fn a_fault_is_told_by_what_it_broke() {
    let text = |share: &str| {
        format!(
            r#"(
                duration: "3min", warmup: "10s",
                services: {{ "a": (threads: 64, endpoints: {{ "x": [work(exponential("10ms"))] }}) }},
                workloads: {{ "w": open(rate: "100/s", to: "a/x") }},
                faults: [(name: "f", at: "60s", inject: error(service: "a"), share: 0.5)],
                hypothesis: (during: ["success_ratio(w) >= {share}"]),
            )"#
        )
    };
    for (share, verdict) in [("90%", Conclusion::Refuted), ("40%", Conclusion::Held)] {
        let found = run(&text(share));
        assert_eq!(found.hypothesis.verdict, verdict);
        assert_eq!(found.faults[0].verdict, verdict);
    }
}

#[test]
fn of_several_periods_the_slowest_recovery_is_told_with_its_own_time() {
    let found = run(r#"(
            duration: "10min", warmup: "20s", seed: 1,
            services: { "q": (threads: 4, queue: (limit: 1000000), endpoints: { "x": [work(exponential("50ms"))] }) },
            workloads: { "u": open(rate: "60/s", to: "q/x", shape: [step(at: "4min", factor: 0.5)]) },
            faults: [(name: "c", at: "60s", for: "10s", every: "5min", times: 2, inject: pause(service: "q"))],
            hypothesis: (steady: ["latency(u, p99) < 1500ms"], recovers: (within: "2min")),
        )"#);
    let row = found
        .hypothesis
        .checks
        .iter()
        .find(|check| check.kind == "recovers");
    assert_eq!(row.expect("it is judged").over, "70s..", "{found:#?}");
}
