//! What policies do in a run is seen: states and when they turned; doors that look ahead; governors; tenants.

use sim_models::expression::Measure;
use sim_models::observe::summary::{PolicySummary, Summary};
use sim_tests::told;

/// A breaker that opens at the second of constant failures, one call a second; `more` is said of it.
fn broken(more: &str) -> Summary {
    told(&format!(
        r#"(duration: "20s",
            services: {{
                "web": (replicas: 2, endpoints: {{ "get": [call("db/find")] }}),
                "db": (endpoints: {{ "find": [wait("10ms")] }}),
            }},
            calls: {{ "web -> db": [breaker(failures: 2, open_for: "5s", {more})] }},
            workloads: {{ "users": open(rate: "1/s", to: "web/get", arrivals: constant, tenant: "gold") }},
            faults: [(at: "2500ms", for: "4s", inject: error(service: "db"))],
        )"#
    ))
}

fn policy<'a>(summary: &'a Summary, edge: &str, name: &str) -> &'a PolicySummary {
    &summary.edges[edge].policies[name]
}

/// `3.01 web: closed > open` of each transition.
fn turns(policy: &PolicySummary) -> Vec<String> {
    let told = policy.transitions.iter().map(|one| {
        let of = if one.of.is_empty() { "" } else { " " };
        format!(
            "{:.2} {}{of}{}: {} > {}",
            one.time, one.caller, one.of, one.from, one.to
        )
    });
    told.collect()
}

#[test]
fn transitions_are_told_with_their_time_and_of_whom() {
    let summary = broken("scope: shared");
    let breaker = policy(&summary, "web -> db", "0 breaker");
    // Calls at 3 and 4 s fail; the one at 9 s is the probe.
    assert_eq!(
        turns(breaker),
        [
            "4.00 web: closed > open",
            "9.00 web: open > half_open",
            "9.01 web: half_open > closed",
        ]
    );
    assert_eq!(breaker.transition_count, 3);
    let open = breaker.states["open"];
    assert!((open - 5.0 / 20.0).abs() < 1e-3, "{open}");
    assert!((breaker.states["half_open"] - 0.01 / 20.0).abs() < 1e-3);
    let all: f64 = breaker.states.values().sum();
    assert!((all - 1.0).abs() < 1e-9, "{all}");

    // Of two instances that take turns each counts for itself, and the second failure of each comes too late.
    let summary = broken("by: tenant");
    let breaker = policy(&summary, "web -> db", "0 breaker");
    let turns = turns(breaker);
    assert_eq!(turns.len() % 3, 0, "{turns:?}");
    for turn in &turns {
        assert!(
            turn.contains("web#") && turn.contains(" tenant gold: "),
            "{turn}"
        );
    }
}

#[test]
fn a_breaker_that_never_opened_tells_that_it_was_closed() {
    let summary = broken("scope: shared, on: [timeout_attempt]");
    let breaker = policy(&summary, "web -> db", "0 breaker");
    assert_eq!(
        (breaker.transition_count, breaker.transitions.len()),
        (0, 0)
    );
    assert_eq!(breaker.states["closed"], 1.0);
}

#[test]
fn the_share_of_time_in_a_state_is_a_measure_of_runs_and_of_stretches() {
    let text = r#"(duration: "20s",
        services: {
            "web": (admission: [shed_by_priority], endpoints: { "get": [call("db/find")] }),
            "db": (endpoints: { "find": [wait("10ms")] }),
        },
        calls: { "web -> db": [breaker(failures: 2, open_for: "5s")] },
        workloads: { "users": open(rate: "1/s", to: "web/get", arrivals: constant) },
        faults: [(at: "2500ms", for: "4s", inject: error(service: "db"))],
        hypothesis: (always: [
            "policy_state(web -> db, breaker_open) in 4s..9s >= 100%",
            "policy_state(web -> db, breaker_open) in 0s..4s <= 0%",
            "policy_state(web -> db, breaker_closed) > 60%",
            "policy_state(web, shed_by_priority_sheds) <= 0%",
        ]),
    )"#;
    let summary = told(text);
    for check in &summary.hypothesis.checks {
        assert_eq!(check.held, Some(true), "{check:?}");
    }
    let wrong = "policy_state(web -> db, breaker_opened)".parse::<Measure>();
    assert!(wrong.is_err(), "a counter is no state");
}

#[test]
fn ejections_are_told_by_instance_and_end_when_their_time_is_up() {
    let summary = told(
        r#"(duration: "30s",
            services: {
                "web": (endpoints: { "get": [call("db/find")] }),
                "db": (replicas: 3, balance: round_robin, endpoints: { "find": [wait("1ms")] }),
            },
            calls: { "web -> db": [outlier_ejection(failures: 2, base: "4s")] },
            workloads: { "users": open(rate: "30/s", to: "web/get", arrivals: constant) },
            faults: [(at: "5s", for: "2s", inject: error(service: "db", instances: only([1])))],
        )"#,
    );
    let ejection = policy(&summary, "web -> db", "0 outlier_ejection");
    let turns = turns(ejection);
    assert_eq!(turns.len(), 2, "{turns:?}");
    assert!(turns[0].ends_with("web#0 db#1: in > ejected"), "{turns:?}");
    assert!(turns[1].ends_with("web#0 db#1: ejected > in"), "{turns:?}");
    let lasted = ejection.transitions[1].time - ejection.transitions[0].time;
    assert!((lasted - 4.0).abs() < 1e-9, "{lasted}");
}

/// An API that fails while its callee does, with this door.
fn failing(door: &str, calls: &str) -> Summary {
    told(&format!(
        r#"(duration: "20s",
            services: {{
                "web": (admission: [{door}], threads: 4, pools: {{ "seats": (size: 2) }}, endpoints: {{
                    "order": [work("20ms"), call("bank/pay")],
                    "look": [work("1ms")],
                    "wish": [work("20ms"), call(to: "bank/pay", optional: true)],
                    "sit": [acquire("seats"), wait("3s"), release("seats")],
                }}),
                "bank": (endpoints: {{ "pay": [wait("1ms")] }}),
            }},
            calls: {{ "web -> bank": [{calls}] }},
            workloads: {{
                "order": open(rate: "2/s", to: "web/order", arrivals: constant),
                "look": open(rate: "2/s", to: "web/look", arrivals: constant),
                "wish": open(rate: "2/s", to: "web/wish", arrivals: constant),
                "sit": open(rate: "1/s", to: "web/sit", arrivals: constant),
            }},
            faults: [(at: "5s", for: "10s", inject: error(service: "bank", workload: "order"))],
        )"#
    ))
}

#[test]
fn a_door_fails_fast_for_those_whose_work_meets_an_open_breaker() {
    let breaker = r#"breaker(failures: 1, open_for: "4s")"#;
    let summary = failing("fail_fast(pools: false)", breaker);
    let door = &summary.services["web"].admission["0 fail_fast"];
    let refused = door.counts["for_breakers"];
    assert!(refused > 10, "{door:?}");
    assert_eq!(summary.workloads["order"].outcomes["rejected"], refused);
    // Others need no bank, or can do without.
    for name in ["look", "wish", "sit"] {
        let load = &summary.workloads[name];
        assert_eq!(load.failed, 0, "{name}: {:?}", load.outcomes);
    }
    // When the time of the breaker is up, one comes in and is its probe.
    let probes = policy(&summary, "web -> bank", "0 breaker").counts["probes"];
    assert!(probes >= 2, "{probes}");

    // What answers in place of the breaker is asked.
    let summary = failing("fail_fast(pools: false)", &format!("fallback, {breaker}"));
    let door = &summary.services["web"].admission["0 fail_fast"];
    assert_eq!(door.counts["for_breakers"], 0);
}

#[test]
fn a_door_fails_fast_for_those_who_need_an_empty_pool() {
    let summary = failing("fail_fast(breakers: false)", "");
    let door = &summary.services["web"].admission["0 fail_fast"];
    // Two of three find a seat.
    assert!((5..=7).contains(&door.counts["for_pools"]), "{door:?}");
    let sit = &summary.workloads["sit"];
    assert_eq!(sit.outcomes["rejected"], door.counts["for_pools"]);
    assert_eq!(summary.services["web"].pools["seats"].waited, 0);
}

/// Instances that all die at once, one second apart in their supervisor's eyes, behind a governor.
fn governed(governor: &str) -> Summary {
    told(&format!(
        r#"(duration: "60s",
            services: {{ "api": (replicas: 4, endpoints: {{ "get": [wait("1ms")] }}) }},
            workloads: {{ "users": open(rate: "10/s", to: "api/get") }},
            controllers: {{
                "restarts": supervisor(service: "api", backoff: "1s"),
                "brake": governor({governor}),
            }},
            faults: [(at: "5s", inject: crash(service: "api"))],
        )"#
    ))
}

fn deeds<'a>(summary: &'a Summary, of: &str) -> Vec<(f64, &'a str)> {
    let deeds = summary.controllers[of].deeds.iter();
    deeds.map(|deed| (deed.time, deed.what.as_str())).collect()
}

#[test]
fn a_governor_has_restarts_wait_longer_and_longer() {
    let summary = governed(r#"free: 1, pause: "2s""#);
    assert_eq!(
        deeds(&summary, "brake"),
        [
            (6.0, "delay restarts for 2s"),
            (6.0, "delay restarts for 4s"),
            (6.0, "delay restarts for 8s"),
        ]
    );
    assert_eq!(
        deeds(&summary, "restarts"),
        [
            (6.0, "start api#0"),
            (8.0, "start api#1"),
            (10.0, "start api#2"),
            (14.0, "start api#3"),
        ]
    );
}

#[test]
fn a_human_lifts_or_confirms_what_a_governor_holds_back() {
    let told = governed(r#"over: ["restarts"], share: 0.5, free: 9, reaction: "20s""#);
    assert_eq!(
        deeds(&told, "brake"),
        [
            (6.0, "hold restarts back"),
            (6.0, "alert a human"),
            (6.0, "hold restarts back"),
            (26.0, "a human lifts it, 2 go on"),
        ]
    );
    assert_eq!(deeds(&told, "restarts")[3], (26.0, "start api#3"));
    let told = governed(r#"share: 0.5, free: 9, reaction: "20s", human: confirm"#);
    assert_eq!(
        deeds(&told, "brake")[3],
        (26.0, "a human confirms it, 2 are dropped")
    );
    assert_eq!(deeds(&told, "restarts").len(), 2);
}

#[test]
fn tenants_are_told_of_by_themselves() {
    let summary = told(
        r#"(duration: "60s",
            services: {
                "web": (endpoints: { "get": [call("db/find")] }),
                "db": (endpoints: { "find": [wait("10ms"), fail(0.1)] }),
            },
            calls: {
                "web -> db": [retry(attempts: 3, backoff: none), rate_limit(rate: "30/s", burst: 5, by: tenant)],
            },
            workloads: {
                "red": open(rate: "10/s", to: "web/get", tenant: "red"),
                "blue": open(rate: "50/s", to: "web/get", tenant: "blue"),
            },
            hypothesis: (always: [
                "tenant_refused_ratio(red) < 1%", "tenant_refused_ratio(blue) > 20%",
                "tenant_latency(red, p50) < 30ms", "tenant_amplification(red) < 1.2",
                "tenant_retry_efficiency(red) > 50%", "tenant_offered(blue) > 2000",
            ]),
        )"#,
    );
    for check in &summary.hypothesis.checks {
        assert_eq!(check.held, Some(true), "{check:?}");
    }
    let red = &summary.tenants["red"];
    let attempts = (red.first_attempts + red.retries) as f64 / red.first_attempts as f64;
    assert_eq!(red.amplification, Some(attempts));
    assert_eq!(red.latency.count, red.good);
}
