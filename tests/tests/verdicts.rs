//! What a verdict says of systems that are plainly well, plainly ill, or in between: the cases of
//! `data/cases`, and systems that differ from them in one thing.

use rayon::prelude::*;
use sim_models::experiment;
use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::summary::{HypothesisSummary, Summary};
use std::ops::RangeInclusive;

/// A case of `data/cases`.
fn case(name: &str) -> String {
    let path = format!("{}/data/cases/{name}.ron", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
}

fn run(text: &str) -> Summary {
    let scenario = sim_tests::scenario(text);
    experiment::run(&scenario, scenario.seed)
        .expect("the scenario is sound")
        .summary
}

/// The verdicts of a scenario under several seeds.
fn verdicts(text: &str, seeds: RangeInclusive<u64>) -> Vec<Conclusion> {
    let scenario = sim_tests::scenario(text);
    let seeds: Vec<u64> = seeds.collect();
    let run = |seed: &u64| experiment::run(&scenario, *seed).expect("the scenario is sound");
    seeds
        .par_iter()
        .map(|seed| run(seed).summary.hypothesis.verdict)
        .collect()
}

fn swapped(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "nothing to swap: {from}");
    text.replace(from, to)
}

fn assert_verdict(found: &HypothesisSummary, verdict: Conclusion, reason: &str) {
    assert_eq!(found.verdict, verdict, "{found:#?}");
    assert!(found.reason.contains(reason), "{reason}: {found:#?}");
}

#[test]
fn a_queue_that_drains_is_not_metastable() {
    let text = case("draining");
    let found = run(&text).hypothesis;
    assert_verdict(
        &found,
        Conclusion::NotRecovered,
        "`latency(users, p99) < 2s` does not hold",
    );
    let long = run(&swapped(&text, "4min", "5min")).hypothesis;
    assert_eq!(long.verdict, Conclusion::Refuted, "{long:#?}");
    let took = long.checks.iter().find(|check| check.kind == "recovers");
    let took = took.and_then(|check| check.value).expect("it recovered");
    // What was said a minute before came true.
    let said = found.recovery_expected_seconds.expect("it gets better");
    assert!(
        (said / took - 1.0).abs() < 0.2,
        "{said} s said, {took} s taken"
    );
    let all = verdicts(&text, 1..=20);
    assert_eq!(all, [Conclusion::NotRecovered; 20]);
}

#[test]
fn a_queue_that_drains_behind_a_timeout_is_not_metastable() {
    // Nobody is answered before the queue is short enough, so success alone shows nothing.
    let text = swapped(
        &case("draining"),
        "workloads:",
        r#"calls: { "users -> db": [timeout("2s")] }, workloads:"#,
    );
    let text = swapped(
        &text,
        "latency(users, p99) < 2s",
        "success_ratio(users) >= 0.99",
    );
    let found = run(&text).hypothesis;
    assert_verdict(&found, Conclusion::NotRecovered, "the queue of db drains");
    assert!(
        found
            .recovery_expected_seconds
            .is_some_and(|seconds| seconds < 400.0),
        "{found:#?}"
    );
}

#[test]
fn a_storm_that_its_own_retries_feed_is_metastable() {
    let text = sim_tests::library_text("retry-storm");
    let found = run(&text).hypothesis;
    assert_verdict(&found, Conclusion::Metastable, "nothing gets better");
    assert!(found.harm.starts_with("shoppers: "), "{found:#?}");
    assert_eq!(found.damage.len(), 1);
    assert!(found.damage[0].lost_share > Some(0.9), "{found:#?}");
}

#[test]
fn what_nobody_can_know_is_inconclusive() {
    assert_verdict(
        &run(&case("held-nothing")).hypothesis,
        Conclusion::Inconclusive,
        "nothing was answered before",
    );
    let nothing = run(&case("nothing-ended")).hypothesis;
    assert_verdict(&nothing, Conclusion::Inconclusive, "could not be measured");
    assert_eq!(nothing.checks[0].held, None);
}

#[test]
fn a_fault_that_stays_is_judged_by_what_is_said_of_it() {
    let text = case("held-while-down");
    let found = run(&text);
    assert_verdict(
        &found.hypothesis,
        Conclusion::Inconclusive,
        "stays on to the end",
    );
    assert!(
        found.hypothesis.harm.starts_with("w: 100 % lost for 1"),
        "{found:#?}"
    );
    let believe =
        |what: &str| run(&swapped(&text, "steady:", &format!("{what}, steady:"))).hypothesis;
    let modest = believe(r#"during: ["success_ratio(w) >= 0.01"]"#);
    assert_verdict(&modest, Conclusion::Refuted, "while a fault was on");
    let resigned = believe(r#"during: ["success_ratio(w) < 0.01"]"#);
    assert_verdict(&resigned, Conclusion::Held, "was kept");
    assert!(
        resigned.harm.contains("lost"),
        "the damage is told all the same: {resigned:#?}"
    );
    let always = believe(r#"always: ["success_ratio(w) >= 0.03"]"#);
    assert_eq!(always.verdict, Conclusion::Held, "{always:#?}");
    // One that does no harm holds, however long it stays.
    let harmless = run(&swapped(
        &text,
        "crash(service: \"s\")",
        "slow(service: \"s\", factor: 2)",
    ));
    assert_verdict(&harmless.hypothesis, Conclusion::Held, "throughout");
    assert_eq!(harmless.hypothesis.harm, "nobody was hurt");
}

#[test]
fn each_fault_is_judged_for_itself() {
    let found = run(&case("held-second-fault"));
    assert_verdict(
        &found.hypothesis,
        Conclusion::Inconclusive,
        "`death` stays on",
    );
    let each: Vec<Conclusion> = found.faults.iter().map(|fault| fault.verdict).collect();
    assert_eq!(each, [Conclusion::Held, Conclusion::Inconclusive]);
    assert_eq!(found.faults[0].recovery_seconds, Some(0.0));
}

/// A shop in which a payment service goes down; browsers do not need it.
const SHOP: &str = r#"(
    duration: "6min", warmup: "10s", seed: 5,
    services: {
        "shop": (threads: 200, endpoints: { "look": [work("2ms")], "buy": [work("2ms"), call("pay/take")] }),
        "pay": (threads: 50, endpoints: { "take": [work("5ms")] }),
    },
    workloads: {
        "browsers": open(rate: "300/s", to: "shop/look"),
        "buyers": open(rate: "20/s", to: "shop/buy"),
    },
    faults: [(name: "payment down", at: "1min", for: "2min", inject: crash(service: "pay"))],
    hypothesis: (
        steady: ["success_ratio(browsers) >= 0.99", "success_ratio(buyers) >= 0.99"],
        recovers: (within: "10s"),
    ),
)"#;

#[test]
fn the_headline_carries_the_damage() {
    let found = run(SHOP).hypothesis;
    assert_verdict(
        &found,
        Conclusion::Recovered,
        "as soon as `payment down` was gone",
    );
    assert_eq!(found.harm, "buyers: 100 % lost for 2min; browsers unharmed");
    assert_eq!(found.recovery_seconds, Some(0.0));
    assert_eq!(found.unharmed, ["browsers"]);
    // A quarter of them, by chance and not all: the same stretch of time.
    let some = run(&swapped(
        SHOP,
        r#"for: "2min", inject: crash(service: "pay")"#,
        r#"for: "2min", share: 0.25, inject: error(service: "pay")"#,
    ));
    let damage = &some.hypothesis.damage[0];
    assert!((damage.seconds - 120.0).abs() <= 5.0, "{damage:?}");
    assert!(
        (damage.lost_share.unwrap_or(0.0) - 0.25).abs() < 0.03,
        "{damage:?}"
    );
}

#[test]
fn what_a_fault_may_do_is_bounded_by_during() {
    let with = |during: &str| {
        run(&swapped(
            SHOP,
            "recovers:",
            &format!("during: [{during}], recovers:"),
        ))
        .hypothesis
    };
    let kept = with(r#""success_ratio(browsers) >= 0.99""#);
    assert_verdict(&kept, Conclusion::Held, "was kept");
    assert!(kept.harm.starts_with("buyers: 100 % lost"), "{kept:#?}");
    let broken = with(r#""success_ratio(buyers) >= 0.5""#);
    assert_verdict(
        &broken,
        Conclusion::Refuted,
        "`success_ratio(buyers) >= 0.5` did not hold while a fault was on",
    );
}

#[test]
fn a_fault_that_the_run_cuts_off_is_not_judged() {
    let cut = run(&swapped(SHOP, r#"for: "2min""#, r#"for: "10min""#)).hypothesis;
    assert_verdict(
        &cut,
        Conclusion::Inconclusive,
        "still on when the run ended",
    );
    let late = run(&swapped(SHOP, r#"at: "1min""#, r#"at: "220s""#)).hypothesis;
    assert_verdict(
        &late,
        Conclusion::Inconclusive,
        "the run ended 20s after `payment down`",
    );
}

#[test]
fn a_collapse_after_the_recovery_is_not_passed_over() {
    // The load doubles two minutes after the fault, and one of two threads of `pay` is not enough.
    let text = swapped(
        SHOP,
        r#""buyers": open(rate: "20/s", to: "shop/buy")"#,
        r#""buyers": open(rate: "20/s", to: "shop/buy", shape: [step(at: "280s", factor: 20)])"#,
    );
    let text = swapped(&text, "threads: 50", "threads: 1");
    let found = run(&text).hypothesis;
    assert_verdict(&found, Conclusion::NotRecovered, "the load is");
}

#[test]
fn luck_is_no_damage() {
    // Half a per cent fails by chance, at rates at which a window holds 5 or 20 requests.
    for rate in ["5/s", "20/s", "200/s"] {
        let text = format!(
            r#"(
                duration: "10min", warmup: "10s",
                services: {{ "web": (threads: 100, endpoints: {{ "buy": [work(exponential("5ms")), fail(share: 0.004)] }}) }},
                workloads: {{ "u": open(rate: "{rate}", to: "web/buy") }},
                faults: [(at: "4min", for: "1min", inject: slow(service: "web", factor: 1.0001))],
                hypothesis: (steady: ["success_ratio(u) >= 0.99", "latency(u, p99) < 100ms"], recovers: (within: "30s")),
            )"#
        );
        let scenario = sim_tests::scenario(&text);
        let wrong: Vec<String> = (0..40_u64)
            .into_par_iter()
            .filter_map(|seed| {
                let found = experiment::run(&scenario, seed)
                    .expect("it is sound")
                    .summary
                    .hypothesis;
                let well = found.verdict == Conclusion::Held && found.damage.is_empty();
                (!well).then(|| format!("{rate}, seed {seed}: {found:#?}"))
            })
            .collect();
        assert!(wrong.is_empty(), "{} of 40: {}", wrong.len(), wrong[0]);
    }
}

#[test]
fn a_loss_of_a_tenth_is_found_at_any_rate() {
    for rate in ["5/s", "20/s", "200/s"] {
        let text = format!(
            r#"(
                duration: "10min", warmup: "10s",
                services: {{ "web": (threads: 100, endpoints: {{ "buy": [work(exponential("5ms"))] }}) }},
                workloads: {{ "u": open(rate: "{rate}", to: "web/buy") }},
                faults: [(at: "4min", for: "1min", share: 0.1, inject: error(service: "web"))],
                hypothesis: (steady: ["success_ratio(u) >= 0.99"], recovers: (within: "30s")),
            )"#
        );
        let all = verdicts(&text, 0..=39);
        assert_eq!(all, [Conclusion::Recovered; 40], "{rate}");
    }
}

#[test]
fn a_run_without_a_hypothesis_is_not_held() {
    let calm = run(r#"(
        duration: "1min",
        services: { "a": (endpoints: { "x": [work("1ms")] }) },
        workloads: { "u": open(rate: "50/s", to: "a/x") },
    )"#);
    assert_eq!(calm.hypothesis.verdict, Conclusion::NoHypothesis);
    assert_eq!(calm.hypothesis.harm, "");
    let bare = swapped(SHOP, &SHOP[SHOP.find("    hypothesis").unwrap()..], ")");
    let found = run(&bare).hypothesis;
    assert_eq!(found.verdict, Conclusion::Recovered, "{found:#?}");
}
