//! Who is said to be hurt, and by what: that everything takes several times as long is harm, whoever owns
//! the tail and however rare the requests are, as far as there are enough of them to tell.

use rayon::prelude::*;
use sim_models::experiment;
use sim_models::observe::summary::{Damage, HypothesisSummary};

/// A shop with a busy workload, a rare one and a very rare one.
const FEW: &str = r#"(
    duration: "20min", warmup: "20s",
    services: {
        "web": (replicas: 2, threads: 64, endpoints: { "p": [work(exponential("5ms")), call("db/q")] }),
        "db": (threads: 16, endpoints: { "q": [work(exponential("20ms"))] }),
    },
    workloads: {
        "u": open(rate: "100/s", to: "web/p"),
        "admin": open(rate: "2/min", to: "web/p"),
        "cron": open(rate: "2/h", to: "db/q"),
    },
    faults: [(name: "c", at: "10min", for: "20s", inject: slow(service: "db", factor: 5))],
    hypothesis: (steady: ["success_ratio(u) >= 99%", "latency(u, p99) < 1500ms"], recovers: (within: "20s")),
)"#;

fn swapped(text: &str, swaps: &[(&str, &str)]) -> String {
    swaps.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "nothing to swap: {from}");
        text.replace(from, to)
    })
}

/// What is said of these seeds.
fn said(text: &str, seeds: std::ops::RangeInclusive<u64>) -> Vec<HypothesisSummary> {
    let scenario = sim_tests::scenario(text);
    let seeds: Vec<u64> = seeds.collect();
    let run = |seed: &u64| experiment::run(&scenario, *seed).expect("the scenario is sound");
    seeds
        .par_iter()
        .map(|seed| run(seed).summary.hypothesis)
        .collect()
}

fn damage<'a>(found: &'a HypothesisSummary, workload: &str) -> Option<&'a Damage> {
    found
        .damage
        .iter()
        .find(|damage| damage.workload == workload)
}

fn ratio(damage: &Damage) -> f64 {
    let (now, before) = (damage.slow_latency, damage.slow_latency_before);
    now.expect("it is known") / before.expect("it is known")
}

#[test]
fn twice_as_long_for_minutes_is_harm() {
    let text = swapped(
        FEW,
        &[
            ("20s\", inject", "5min\", inject"),
            ("factor: 5", "factor: 2.2"),
        ],
    );
    for found in said(&text, 1..=5) {
        let hurt = damage(&found, "u").unwrap_or_else(|| panic!("{found:#?}"));
        assert!((2.0..2.4).contains(&ratio(hurt)), "{hurt:#?}");
        assert!((285.0..=305.0).contains(&hurt.slow_seconds), "{hurt:#?}");
        assert_eq!(hurt.lost, 0);
    }
}

#[test]
fn a_fifth_more_is_no_harm() {
    let text = swapped(
        FEW,
        &[
            ("20s\", inject", "5min\", inject"),
            ("factor: 5", "factor: 1.2"),
        ],
    );
    for found in said(&text, 1..=5) {
        assert_eq!(found.damage, [], "{found:#?}");
        assert!(found.unharmed.contains(&"u".to_owned()), "{found:#?}");
    }
}

#[test]
fn rare_requests_are_hurt_or_too_few_to_tell() {
    for (rate, long, hurt_at_least) in [("3/s", "20s", 9), ("1/s", "2min", 10), ("1/s", "20s", 4)] {
        let long = format!("{long}\", inject");
        let text = swapped(FEW, &[("2/min", rate), ("20s\", inject", &long)]);
        let all = said(&text, 1..=10);
        let hurt = all.iter().filter(|found| damage(found, "admin").is_some());
        let hurt = hurt.count();
        assert!(hurt >= hurt_at_least, "{rate} for {long}: {hurt} of 10");
        for found in &all {
            assert!(
                !found.unharmed.contains(&"admin".to_owned()),
                "{rate}: {found:#?}"
            );
            let median = damage(found, "admin").is_none_or(|hurt| ratio(hurt) > 2.0);
            assert!(median, "{rate}: {found:#?}");
        }
    }
    for rate in ["0.5/s", "2/min"] {
        for found in said(&swapped(FEW, &[("2/min", rate)]), 1..=10) {
            assert!(
                !found.unharmed.contains(&"admin".to_owned()),
                "{rate}: {found:#?}"
            );
            assert!(
                !found.unharmed.contains(&"cron".to_owned()),
                "{rate}: {found:#?}"
            );
        }
    }
}

#[test]
fn a_slower_majority_is_hurt_whoever_owns_the_tail() {
    let text = r#"(
        duration: "10min", warmup: "20s",
        services: {
            "web": (replicas: 4, threads: 128, endpoints: {
                "view": [work(exponential("3ms")), call("db/q")],
                "search": [work(exponential("3ms")), call("search/find")],
            }),
            "db": (replicas: 2, threads: 64, endpoints: { "q": [work(exponential("10ms"))] }),
            "search": (replicas: 2, threads: 64, endpoints: { "find": [work(exponential("60ms"))] }),
        },
        workloads: { "buyers": open(rate: "200/s", to: { "web/view": 80, "web/search": 20 }) },
        faults: [(name: "gray", at: "5min", for: "40s", inject: slow(service: "db", add: "30ms"))],
        hypothesis: (steady: ["success_ratio(buyers) >= 99%"], recovers: (within: "20s")),
    )"#;
    for found in said(text, 1..=5) {
        let hurt = damage(&found, "buyers").unwrap_or_else(|| panic!("{found:#?}"));
        assert_eq!(hurt.slow_quantile, Some(0.5), "{hurt:#?}");
        assert!(found.harm.contains(": p50 "), "{found:#?}");
        assert!((36.0..=44.0).contains(&hurt.slow_seconds), "{hurt:#?}");
    }
}

#[test]
fn slowness_is_told_where_requests_are_lost_as_well() {
    let text = r#"(
        duration: "10min", warmup: "20s",
        services: { "web": (threads: 256, endpoints: { "buy": [work(exponential("50ms"))] }) },
        workloads: { "buyers": open(rate: "100/s", to: "web/buy") },
        faults: [
            (name: "errors", at: "5min", for: "40s", share: 0.1, inject: error(service: "web")),
            (name: "slow", at: "5min", for: "40s", inject: slow(service: "web", factor: 4)),
        ],
        hypothesis: (steady: ["success_ratio(buyers) >= 99%"], recovers: (within: "20s")),
    )"#;
    for found in said(text, 1..=5) {
        let hurt = damage(&found, "buyers").unwrap_or_else(|| panic!("{found:#?}"));
        assert!((30.0..=45.0).contains(&hurt.lost_seconds), "{hurt:#?}");
        assert!((36.0..=45.0).contains(&hurt.slow_seconds), "{hurt:#?}");
        // They are the same seconds.
        assert!(hurt.seconds <= 45.0, "{hurt:#?}");
        assert!(found.harm.contains(" lost for "), "{found:#?}");
        assert!(found.harm.contains(" instead of "), "{found:#?}");
    }
}

#[test]
fn what_drains_is_slow_first_and_those_who_wait_come_after() {
    let text = r#"(
        duration: "10min", warmup: "20s",
        services: { "q": (threads: 4, queue: (limit: 1000000), endpoints: { "job": [work(exponential("50ms"))] }) },
        workloads: { "jobs": open(rate: "76/s", to: "q/job") },
        faults: [(name: "stop", at: "60s", for: "60s", inject: pause(service: "q"))],
        hypothesis: (steady: ["latency(jobs, p99) < 5s"], recovers: (within: "5min")),
    )"#;
    for found in said(text, 1..=5) {
        let hurt = damage(&found, "jobs").unwrap_or_else(|| panic!("{found:#?}"));
        assert!(hurt.slow_latency > Some(20.0), "{hurt:#?}");
        let slow = found.harm.find(" instead of ").expect("slowness is told");
        let waits = found.harm.find("still waiting at the end");
        assert!(waits.is_none_or(|at| at > slow), "{found:#?}");
        assert_eq!(
            waits.is_some(),
            hurt.waiting_share >= Some(0.01),
            "{found:#?}"
        );
    }
}

#[test]
fn what_was_under_way_when_it_came_is_hurt_too() {
    let text = r#"(
        duration: "12h", warmup: "30min",
        services: { "b": (threads: 100, endpoints: { "job": [work(normal(mean: "20min", sd: "1min"))] }) },
        workloads: { "jobs": open(rate: "1/min", to: "b/job") },
        faults: [(name: "stop", at: "4h", for: "30min", inject: pause(service: "b"))],
        hypothesis: (steady: ["success_ratio(jobs) >= 99%"], recovers: (within: "2h")),
    )"#;
    for found in said(text, 1..=5) {
        let hurt = damage(&found, "jobs").unwrap_or_else(|| panic!("{found:#?}"));
        // Those that began up to 20 minutes before it all took 50.
        assert!(hurt.start < 4.0 * 3600.0 - 600.0, "{hurt:#?}");
        assert!(ratio(hurt) > 2.0, "{hurt:#?}");
    }
}

#[test]
fn what_was_under_way_when_it_came_is_lost_too() {
    // Sessions of minutes; a restart of half a second cuts those that are open, and hardly any begins then.
    let text = r#"(
        duration: "30min", warmup: "5min",
        services: { "gateway": (threads: 1000, endpoints: { "session": [wait(uniform("1min", "2min"))] }) },
        workloads: { "terminals": open(rate: "1/s", to: "gateway/session") },
        faults: [(name: "restart", at: "15min", for: "500ms", inject: crash(service: "gateway"))],
        hypothesis: (steady: ["success_ratio(terminals) >= 0.95"], recovers: (within: "1min")),
    )"#;
    for found in said(text, 1..=5) {
        let hurt = damage(&found, "terminals").unwrap_or_else(|| panic!("{found:#?}"));
        // As many are open as begin in 90 s.
        assert!((60..=120).contains(&hurt.lost), "{hurt:#?}");
        assert!(hurt.start < 15.0 * 60.0 - 30.0, "{hurt:#?}");
    }
}

/// Long jobs, six times as long for an hour, and something else that goes on beside them.
fn jobs(faults: &str) -> String {
    format!(
        r#"(
            duration: "8h", warmup: "30min",
            services: {{
                "b": (threads: 5000, endpoints: {{ "job": [wait(exponential("10min"))] }}),
                "other": (threads: 50, endpoints: {{ "x": [work("1ms")] }}),
            }},
            workloads: {{ "jobs": open(rate: "30/min", to: "b/job"), "v": open(rate: "1/s", to: "other/x") }},
            faults: [(name: "long", at: "4h", for: "1h", inject: slow(service: "b", factor: 6)), {faults}],
            hypothesis: (steady: ["success_ratio(jobs) >= 0.99"], recovers: (within: "2h")),
        )"#
    )
}

#[test]
fn a_fault_is_not_charged_with_what_another_one_did_before_it() {
    for seed in 1..=2 {
        let alone = &said(&jobs(""), seed..=seed)[0];
        for at in ["300min", "301min", "305min"] {
            let beside = format!(
                r#"(name: "beside", at: "{at}", for: "5min", inject: slow(service: "other", factor: 1.1))"#
            );
            let both = &said(&jobs(&beside), seed..=seed)[0];
            assert_eq!(both.damage, alone.damage, "{seed}, {at}");
            assert_eq!(both.harm, alone.harm, "{seed}, {at}");
        }
    }
}

#[test]
fn each_fault_is_charged_with_its_own_time_and_what_overlaps_is_said() {
    let text = |second: &str| {
        format!(
            r#"(
                duration: "10min", warmup: "20s",
                services: {{ "db": (threads: 200, endpoints: {{ "q": [work(exponential("10ms"))] }}) }},
                workloads: {{ "w": open(rate: "50/s", to: "db/q") }},
                faults: [
                    (name: "first", at: "2min", for: "60s", inject: slow(service: "db", factor: 3)),
                    (name: "second", at: "{second}", for: "90s", inject: slow(service: "db", factor: 6)),
                ],
                hypothesis: (steady: ["success_ratio(w) >= 0.99"], recovers: (within: "30s")),
            )"#
        )
    };
    let apart = &said(&text("5min"), 1..=1)[0];
    assert!(
        apart
            .harm
            .ends_with(" for 150s (1min during `first`, 90s during `second`)"),
        "{apart:#?}"
    );
    let together = &said(&text("150s"), 1..=1)[0];
    assert!(
        together.harm.ends_with(
            " for 2min (30s during `first`, 30s during `first` and `second` together, 1min during `second`)"
        ),
        "{together:#?}"
    );
}
