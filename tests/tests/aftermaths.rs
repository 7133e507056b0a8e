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

/// A database that its clients' retries keep overloaded, and a service that has nothing to do with it.
fn storm(faults: &str, shape: &str) -> Summary {
    run(&format!(
        r#"(
            duration: "8min", warmup: "20s", seed: 7,
            services: {{
                "db": (threads: 16, queue: (limit: 256), endpoints: {{ "q": [work(exponential("8ms"))] }}),
                "other": (threads: 50, endpoints: {{ "x": [work("1ms")] }}),
            }},
            calls: {{ "w -> db": [retry(attempts: 4, backoff: none), timeout("100ms")] }},
            workloads: {{ "w": open(rate: "1200/s", to: "db/q", shape: [{shape}]), "v": open(rate: "20/s", to: "other/x") }},
            faults: [{faults}],
            hypothesis: (steady: ["success_ratio(w) >= 0.99"], recovers: (within: "30s")),
        )"#
    ))
}

const CAUSE: &str =
    r#"(name: "cause", at: "60s", for: "10s", inject: slow(service: "db", factor: 4))"#;
const BESIDE: &str =
    r#"(name: "beside", at: "150s", for: "10s", inject: slow(service: "other", factor: 3))"#;

#[test]
fn only_what_can_have_reached_a_damage_is_called_its_trigger() {
    for faults in [
        format!("{CAUSE}, {BESIDE}"),
        format!("{BESIDE}, {CAUSE}"),
        CAUSE.to_owned(),
    ] {
        let found = storm(&faults, "");
        let hypothesis = &found.hypothesis;
        assert_eq!(
            hypothesis.verdict,
            Conclusion::Metastable,
            "{hypothesis:#?}"
        );
        let said = hypothesis.reason.starts_with("`cause` was gone at 70s, ");
        assert!(said, "{hypothesis:#?}");
        for fault in &found.faults {
            let (verdict, blast): (_, &[&str]) = match fault.name.as_str() {
                "cause" => (Conclusion::Metastable, &["w", "db"]),
                _ => (Conclusion::Inconclusive, &["v"]),
            };
            assert_eq!(fault.verdict, verdict, "{fault:#?}");
            assert_eq!(fault.blast_radius, blast, "{fault:#?}");
        }
    }
}

#[test]
fn of_several_that_can_have_reached_it_the_trigger_is_the_last_one_before_the_damage() {
    let again =
        r#"(name: "again", at: "150s", for: "10s", inject: slow(service: "db", factor: 2))"#;
    for faults in [format!("{CAUSE}, {again}"), format!("{again}, {CAUSE}")] {
        let found = storm(&faults, "").hypothesis;
        assert_eq!(found.verdict, Conclusion::Metastable, "{found:#?}");
        let said = "the damage began at 1min, after `cause` did, and all that can have reached it was gone at 160s, yet ";
        assert!(found.reason.starts_with(said), "{found:#?}");
    }
}

#[test]
fn where_no_fault_can_have_reached_a_damage_none_is_called_its_trigger() {
    let surge = r#"step(at: "80s", factor: 3), step(at: "90s", factor: 0.3333)"#;
    let beside = BESIDE.replace("150s", "60s").replace("10s", "40s");
    let found = storm(&beside, surge);
    let hypothesis = &found.hypothesis;
    assert_eq!(hypothesis.verdict, Conclusion::Refuted, "{hypothesis:#?}");
    assert!(
        hypothesis.reason.contains("w was hurt from ")
            && hypothesis
                .reason
                .ends_with("nothing that disturbed the run can have reached it"),
        "{hypothesis:#?}"
    );
    assert_eq!(found.faults[0].verdict, Conclusion::Inconclusive);
    assert_eq!(found.faults[0].blast_radius, ["v"]);
}

/// Two shops with a database each, and nothing that connects them; their clients' retries can keep either overloaded.
fn two_shops(faults: &str, hypothesis: &str) -> Summary {
    let shop = |n: &str| {
        format!(
            r#""shop{n}": (threads: 8, threading: async, backlog: 1000, endpoints: {{ "buy": [work(exponential("2ms")), call("db{n}/query")] }}),
            "db{n}": (threads: 6, queue: (limit: 1000), backlog: 0, endpoints: {{ "query": [work(exponential("20ms"))] }}),"#
        )
    };
    run(&format!(
        r#"(
            duration: "3min", warmup: "20s", seed: 3,
            services: {{ {} {} }},
            calls: {{
                "shop -> db": [retry(attempts: 3, backoff: none), timeout("1s")],
                "shop2 -> db2": [retry(attempts: 3, backoff: none), timeout("1s")],
            }},
            workloads: {{
                "shoppers": open(rate: "130/s", to: "shop/buy"),
                "shoppers2": open(rate: "130/s", to: "shop2/buy"),
            }},
            faults: [{faults}],
            hypothesis: ({hypothesis}),
        )"#,
        shop(""),
        shop("2"),
    ))
}

const SLOW: &str =
    r#"(name: "slow", at: "60s", for: "10s", inject: slow(service: "db", factor: 5))"#;

#[test]
fn without_a_steady_state_what_was_hurt_for_a_while_is_not_what_stays_hurt() {
    let blip = r#"(name: "blip", at: "63s", for: "5s", inject: error(service: "db2"))"#;
    for faults in [format!("{SLOW}, {blip}"), format!("{blip}, {SLOW}")] {
        let found = two_shops(&faults, r#"recovers: (within: "40s")"#);
        let hypothesis = &found.hypothesis;
        assert_eq!(
            hypothesis.verdict,
            Conclusion::Metastable,
            "{hypothesis:#?}"
        );
        let said = hypothesis.reason.starts_with("`slow` was gone at 70s, ");
        assert!(said, "{hypothesis:#?}");
        let blip = found.faults.iter().find(|fault| fault.name == "blip");
        let blip = blip.expect("it is told");
        assert_ne!(blip.verdict, Conclusion::Metastable, "{found:#?}");
    }
}

#[test]
fn a_fault_that_nothing_connects_takes_no_workload_out_of_a_blast_radius() {
    let other = r#"(name: "other", at: "60500ms", for: "10s", inject: error(service: "db2"))"#;
    let found = two_shops(
        &format!("{SLOW}, {other}"),
        r#"steady: ["success_ratio(shoppers) >= 0.99"], recovers: (within: "40s")"#,
    );
    let radii = found.faults.iter().map(|fault| &fault.blast_radius[..]);
    let expected: [&[&str]; 2] = [&["shoppers", "shop", "db"], &["shoppers2", "shop2", "db2"]];
    assert!(radii.eq(expected), "{:#?}", found.faults);
}

#[test]
fn where_an_operator_acted_before_a_damage_that_no_fault_can_have_reached_it_is_told() {
    let acts = |who: &str| {
        format!(
            r#"(
                duration: "4min", warmup: "20s", seed: 7,
                services: {{
                    "db": (threads: 16, queue: (limit: 256), endpoints: {{ "q": [work(exponential("8ms"))] }}),
                    "other": (threads: 50, endpoints: {{ "x": [work("1ms")] }}),
                }},
                calls: {{ "w -> db": [retry(attempts: 4, backoff: none), timeout("100ms")] }},
                workloads: {{ "w": open(rate: "1200/s", to: "db/q"), "v": open(rate: "20/s", to: "other/x") }},
                faults: [(name: "beside", at: "62s", for: "10s", inject: slow(service: "other", factor: 3))],
                controllers: {{ "op": operator(at: "65s", do: [
                    set("services.{who}.threads", 4), wait("5s"), set("services.{who}.threads", 16),
                ]) }},
                hypothesis: (steady: ["success_ratio(w) >= 0.99"], recovers: (within: "30s")),
            )"#
        )
    };
    let found = run(&acts("db")).hypothesis;
    assert_eq!(found.verdict, Conclusion::Refuted, "{found:#?}");
    let said = "; w was hurt from 65s on; no fault or spike can have reached it, and the last thing done by then was `";
    assert!(
        found.reason.contains(said) && found.reason.ends_with("by `op` at 65s"),
        "{found:#?}"
    );
    // An operator of something else breaks nothing.
    let found = run(&acts("other")).hypothesis;
    assert_eq!(found.verdict, Conclusion::Held, "{found:#?}");
}

#[test]
fn each_fault_is_judged_by_the_check_that_it_can_have_reached_whichever_is_named_first() {
    let faults = format!(
        "{SLOW}, {}",
        SLOW.replace("slow\"", "slow two\"")
            .replace("60s", "80s")
            .replace("\"db\"", "\"db2\"")
    );
    let (one, two) = (
        r#""success_ratio(shoppers) >= 0.99""#,
        r#""success_ratio(shoppers2) >= 0.99""#,
    );
    for steady in [format!("{one}, {two}"), format!("{two}, {one}")] {
        let asked = format!(r#"steady: [{steady}], recovers: (within: "40s")"#);
        let found = two_shops(&faults, &asked);
        let hypothesis = &found.hypothesis;
        let said = hypothesis.reason.starts_with("`slow` was gone at ")
            && hypothesis.reason.contains("`success_ratio(shoppers) >= ");
        assert!(said, "{hypothesis:#?}");
        for fault in &found.faults {
            assert_eq!(fault.verdict, Conclusion::Metastable, "{fault:#?}");
        }
        let rows = hypothesis.checks.iter();
        let rows = rows.filter(|check| check.kind == "recovers" && check.held == Some(false));
        assert_eq!(rows.count(), 2, "{hypothesis:#?}");
    }
}
