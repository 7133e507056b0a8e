//! Limits of rates and bulkheads: what no recording of a library shows (`tests/data/policies`).

use super::check;
use crate::resilience::PolicySpec;
use crate::scenario::explain::read_part;

fn spec(text: &str) -> PolicySpec {
    let spec: PolicySpec = read_part(text).unwrap();
    assert_eq!(spec.validate(), [], "{text}");
    spec
}

#[test]
fn instances_that_share_a_counter_overshoot_by_what_they_have_not_heard_of() {
    check(
        "window_limit(limit: 3, window: \"10s\", sync: \"1s\", scope: shared)",
        &[
            ("0 acquire a caller=0", "inside, permits 2.000"),
            ("0 acquire b caller=0", "inside, permits 1.000"),
            // Each knows of its own at once.
            ("0 acquire c caller=1", "inside, permits 0.000"),
            ("0 acquire d caller=1", "inside, permits -1.000"),
            ("0 acquire e caller=0", "inside, permits -2.000"),
            (
                "0.999 acquire f caller=0",
                "ended, rate_limited, permits -2.000, refused=1",
            ),
            (
                "0.999 acquire g caller=1",
                "inside, permits -3.000, refused=1",
            ),
            // From now on all know of six.
            (
                "1 acquire h caller=2",
                "ended, rate_limited, permits -3.000, refused=2",
            ),
            // What was too much is forgotten with its window.
            ("10 acquire i caller=2", "inside, permits 2.000, refused=2"),
        ],
    );
}

#[test]
fn a_window_that_is_over_before_anybody_heard_of_it_leaves_nothing_behind() {
    check(
        "window_limit(limit: 1, window: \"1s\", sync: \"3s\", scope: shared)",
        &[
            ("0.5 acquire a caller=0", "inside, permits 0.000"),
            ("0.5 acquire b caller=1", "inside, permits -1.000"),
            ("1 acquire c caller=0", "inside, permits 0.000"),
            (
                "1.5 acquire d caller=0",
                "ended, rate_limited, permits 0.000, refused=1",
            ),
            ("3 acquire e caller=0", "inside, permits 0.000, refused=1"),
        ],
    );
}

#[test]
fn who_waits_in_vain_is_refused_at_the_end() {
    check(
        "window_limit(limit: 1, window: \"10s\", wait: \"2s\", in_vain: true, push_back: true)",
        &[
            ("0 acquire a", "inside, permits 0.000"),
            ("1 acquire b", "parked, permits 0.000"),
            ("2 give_up b", "ended, cancelled, permits 0.000"),
            ("2 acquire b", "parked, permits 0.000"),
            (
                "4 look b",
                "ended, rate_limited, retry after 6, permits 0.000, refused=1",
            ),
            // A retry does not sleep for what will not be there.
            ("4 result a error", "ended, error, permits 0.000, refused=1"),
            ("4 retry a", "ended, error, permits 0.000, refused=2"),
            (
                "8 acquire c",
                "waiting, wait 2, permits -1.000, refused=2, waited=1",
            ),
        ],
    );
}

#[test]
fn a_window_takes_the_place_of_a_retry_before_its_pause() {
    check(
        "window_limit(limit: 2, window: \"1s\")",
        &[
            ("0 acquire a", "inside, permits 1.000"),
            ("0 result a error", "ended, error, permits 1.000"),
            ("0 retry a", "ended, error, permits 0.000"),
            (
                "0.1 acquire b",
                "ended, rate_limited, permits 0.000, refused=1",
            ),
            ("0.5 acquire a", "inside, permits 0.000, refused=1"),
        ],
    );
}

#[test]
fn gcra_has_those_who_wait_ask_again_and_takes_nothing_in_advance() {
    check(
        "gcra(every: \"1s\", burst: 2, wait: for(\"2s\"), push_back: true)",
        &[
            ("0 acquire a", "inside, conform 1.000"),
            ("0 acquire b", "inside, conform 0.000"),
            ("0 acquire c", "waiting, wait 1, conform 0.000, waited=1"),
            ("0 acquire d", "waiting, wait 1, conform 0.000, waited=2"),
            ("0 acquire e", "waiting, wait 1, conform 0.000, waited=3"),
            ("1 look c", "inside, conform 0.000, waited=3"),
            ("1 look d", "waiting, wait 1, conform 0.000, waited=3"),
            ("1.5 give_up d", "ended, cancelled, conform 0.000, waited=3"),
            // Nobody took what was meant for it.
            ("2 look e", "inside, conform 0.000, waited=3"),
            ("2 acquire f", "waiting, wait 1, conform 0.000, waited=4"),
            ("2 acquire g", "waiting, wait 1, conform 0.000, waited=5"),
            ("2 acquire h", "waiting, wait 1, conform 0.000, waited=6"),
            // Another second would be more than it may wait.
            (
                "4 look h",
                "ended, rate_limited, retry after 1, conform 0.000, refused=1, waited=6",
            ),
        ],
    );
}

#[test]
fn a_log_reserves_the_place_that_gets_free_next() {
    check(
        "sliding_limit(limit: 2, window: \"1s\", wait: \"2s\")",
        &[
            ("0 acquire a", "inside, used 1.000"),
            ("0.5 acquire b", "inside, used 2.000"),
            // A nanosecond after the first is a window ago.
            (
                "0.75 acquire c",
                "waiting, wait 0.250000001, used 3.000, waited=1",
            ),
            (
                "0.75 acquire d",
                "waiting, wait 0.750000001, used 4.000, waited=2",
            ),
            ("1.25 look c", "inside, used 3.000, waited=2"),
            ("1.75 look d", "inside, used 2.000, waited=2"),
        ],
    );
}

#[test]
fn what_is_told_of_coming_again_is_when_there_is_a_place() {
    for (count, came, wait) in [
        // Of four half a window ago two still count.
        ("weighted", "0 0.1 0.2 0.3 1.5 1.5", "0.001"),
        ("weighted", "0 0.1 0.2 0.3", "0.701"),
        ("segments(4)", "0 0.3 0.3 0.8", "0.2"),
        ("log", "0 0.3 0.3 0.75", "0.251"),
    ] {
        let policy =
            format!("sliding_limit(limit: 4, window: \"1s\", count: {count}, push_back: true)");
        let spec = spec(&policy);
        let mut trace = crate::resilience::trace::Trace::new(&spec);
        let mut last = 0.0_f64;
        let mut ask = |number: usize, t: f64| {
            let line = format!(r#"{{"t": {t}, "op": "acquire", "id": {number}}}"#);
            trace.line(&serde_json::from_str(&line).unwrap()).unwrap()
        };
        let mut times = 0;
        for (number, t) in came.split(' ').enumerate() {
            last = t.parse().unwrap();
            assert!(ask(number, last).permitted, "{policy}: {t}");
            times += 1;
        }
        let refused = ask(times, last);
        assert_eq!(
            refused.retry_after.map(|after| after.to_string()),
            Some(wait.to_owned()),
            "{policy}"
        );
        let early = last + refused.retry_after.unwrap() - 0.001_1;
        assert!(!ask(times + 1, early.max(last)).permitted, "{policy}");
        let then = last + refused.retry_after.unwrap();
        assert!(ask(times + 2, then).permitted, "{policy}");
    }
}

#[test]
fn what_is_kept_for_the_important_nobody_else_gets() {
    check(
        "reserved_bulkhead(permits: 3, reserve: (critical_plus: 1, sheddable: 1))",
        &[
            ("0 acquire a", "inside, out 1.000, shared_left 0.000"),
            (
                "0 acquire b",
                "ended, bulkhead_full, out 1.000, shared_left 0.000, refused=1",
            ),
            (
                "0 acquire c priority=\"sheddable\"",
                "inside, out 2.000, shared_left 0.000, refused=1",
            ),
            (
                "0 acquire d priority=\"sheddable\"",
                "ended, bulkhead_full, out 2.000, shared_left 0.000, refused=2",
            ),
            (
                "0 acquire e priority=\"critical_plus\"",
                "inside, out 3.000, shared_left 0.000, refused=2",
            ),
            (
                "1 result a ok",
                "ended, ok, out 2.000, shared_left 1.000, refused=2",
            ),
            (
                "1 acquire f priority=\"sheddable\"",
                "inside, out 3.000, shared_left 0.000, refused=2",
            ),
            // What is given back first was nobody's own.
            (
                "2 result c ok",
                "ended, ok, out 2.000, shared_left 1.000, refused=2",
            ),
        ],
    );
}

#[test]
fn a_tenant_that_takes_all_of_its_cells_takes_few_of_anybody_elses() {
    let spec = spec("shuffle_shard(cells: 8, each: 2, permits: 1)");
    let mut trace = crate::resilience::trace::Trace::new(&spec);
    let mut number = 0;
    let mut ask = |tenant: &str| {
        number += 1;
        let line = format!(r#"{{"t": 0, "op": "acquire", "id": {number}, "tenant": "{tenant}"}}"#);
        trace
            .line(&serde_json::from_str(&line).unwrap())
            .unwrap()
            .permitted
    };
    let loud: Vec<bool> = (0..4).map(|_| ask("loud")).collect();
    assert_eq!(loud, [true, true, false, false]);
    // The loud one has two of eight cells: who has neither of them is let in, as 15 of 28 are, who has one as well.
    let others: Vec<bool> = ["a", "b", "c"].iter().map(|tenant| ask(tenant)).collect();
    assert!(others.iter().any(|permitted| *permitted), "{others:?}");
}

/// Every hand of cells is as likely as any other.
#[test]
fn cells_are_dealt_evenly() {
    let spec = spec("shuffle_shard(cells: 5, each: 2, permits: 1, of: user)");
    let mut hands = std::collections::BTreeMap::new();
    for user in 0..100 {
        let mut trace = crate::resilience::trace::Trace::new(&spec);
        let mut ask = |id: u32| {
            let line = format!(r#"{{"t": 0, "op": "acquire", "id": {id}, "user": {user}}}"#);
            trace
                .line(&serde_json::from_str(&line).unwrap())
                .unwrap()
                .permitted
        };
        assert_eq!([ask(0), ask(1), ask(2)], [true, true, false]);
        // Who else has room shares no cell with this one.
        let apart: Vec<u32> = (0..100)
            .filter(|other| {
                let mut trace = trace.clone();
                let line = format!(r#"{{"t": 0, "op": "acquire", "id": "x", "user": {other}}}"#);
                trace
                    .line(&serde_json::from_str(&line).unwrap())
                    .unwrap()
                    .permitted
            })
            .collect();
        *hands.entry(apart).or_insert(0) += 1;
    }
    // Ten hands of two cells out of five.
    assert_eq!(hands.len(), 10, "{hands:?}");
    assert!(
        hands.values().all(|users| (2..=22).contains(users)),
        "{:?}",
        hands.values()
    );
}

#[test]
fn limits_far_above_the_load_say_that_they_never_act() {
    for (policy, rate, idle) in [
        (r#"rate_limit("100/s")"#, 100.0, true),
        (r#"rate_limit("100/s")"#, 101.0, false),
        (
            r#"rate_limit(rate: "100/s", burst: 5, every: "1s")"#,
            50.0,
            false,
        ),
        (
            r#"rate_limit(rate: "100/s", burst: 51, every: "1s")"#,
            50.0,
            true,
        ),
        (r#"window_limit(limit: 30, window: "10s")"#, 3.0, true),
        (r#"window_limit(limit: 30, window: "10s")"#, 3.1, false),
        // Of those that are a whole window apart both count.
        (r#"sliding_limit(limit: 30, window: "10s")"#, 3.0, false),
        (r#"sliding_limit(limit: 31, window: "10s")"#, 3.0, true),
        (r#"gcra(every: "10ms")"#, 100.0, true),
        (r#"gcra(every: "10ms")"#, 101.0, false),
    ] {
        let said = spec(policy).idle_at(rate);
        assert_eq!(said.is_some(), idle, "{policy} at {rate}/s: {said:?}");
        // What it says is what it does.
        let spec = spec(policy);
        let mut trace = crate::resilience::trace::Trace::new(&spec);
        let refused = (0..2000).any(|call| {
            let t = f64::from(call) / rate;
            let line = format!(r#"{{"t": {t}, "op": "acquire", "id": {call}}}"#);
            !trace
                .line(&serde_json::from_str(&line).unwrap())
                .unwrap()
                .permitted
        });
        assert_eq!(refused, !idle, "{policy} at {rate}/s");
    }
}

#[test]
fn what_makes_no_sense_is_told() {
    for (policy, field) in [
        (r#"window_limit(limit: 0, window: "1s")"#, "limit"),
        (r#"window_limit(limit: 1, window: "0s")"#, "window"),
        (
            r#"window_limit(limit: 1, window: "1s", in_vain: true)"#,
            "in_vain",
        ),
        (
            r#"window_limit(limit: 1, window: "1s", sync: "1s")"#,
            "sync",
        ),
        (
            r#"window_limit(limit: 1, window: "1s", sync: "1s", scope: shared, queue: 1)"#,
            "sync",
        ),
        (
            r#"sliding_limit(limit: 1, window: "1s", count: weighted, wait: "1s")"#,
            "wait",
        ),
        (
            r#"sliding_limit(limit: 1, window: "1s", count: segments(0))"#,
            "count",
        ),
        (r#"gcra(every: "0s")"#, "every"),
        (r#"gcra(every: "1s", burst: 0)"#, "burst"),
        ("thread_pool(core: 0)", "core"),
        ("thread_pool(core: 3, max: 2)", "max"),
        (
            "reserved_bulkhead(permits: 1, reserve: (critical: 2))",
            "reserve",
        ),
        ("reserved_bulkhead(permits: 1, reserve: ())", "reserve"),
        ("shuffle_shard(cells: 2, each: 3, permits: 1)", "each"),
        ("shuffle_shard(cells: 65, permits: 1)", "cells"),
        (r#"rate_limit(rate: "1/s", every: "0s")"#, "every"),
    ] {
        let spec: PolicySpec = read_part(policy).unwrap();
        let wrong = spec.validate();
        assert!(
            wrong.iter().any(|(said, _)| *said == field),
            "{policy}: {wrong:?}"
        );
    }
}
