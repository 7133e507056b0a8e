//! Steps that own state, by the one there is: what a `cache` finds, forgets and counts, by hand, against theory, and
//! under crashes.

use sim_models::input::load;
use sim_models::observe::summary::Summary;
use std::collections::BTreeMap;

/// A service `s` with a cache in its endpoint `e`, in front of `t`, and a workload `w` that asks for keys at constant gaps.
fn text(cache: &str, load: &str, more: &str) -> String {
    format!(
        r#"(duration: "20010ms", services: {{
            "s": (threads: unbounded, endpoints: {{ "e": [cache({cache} on_miss: [call("t/find")])] }}),
            "t": (threads: unbounded, endpoints: {{ "find": [wait("10ms")], "fail": [wait("10ms"), fail(1)] }}),
        }}, workloads: {{ "w": open(to: "s/e", arrivals: constant, {load}) }}, {more})"#
    )
}

fn counts(summary: &Summary) -> &BTreeMap<String, u64> {
    &summary.services["s"].steps["e/cache"]
}

/// Hits, misses, evicted, expired.
fn four(summary: &Summary) -> [u64; 4] {
    let counts = counts(summary);
    ["hits", "misses", "evicted", "expired"].map(|name| counts[name])
}

/// The mean of some runs, and its standard error.
fn mean_of(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

#[test]
fn what_was_found_is_found_again() {
    // Twenty requests for one key, one a second: the first one reads it.
    let summary = sim_tests::told(&text("", r#"rate: "1/s", keys: weights([1])"#, ""));
    assert_eq!(four(&summary), [19, 1, 0, 0]);
    assert_eq!(summary.services["t"].arrivals, 1);
    let latency = &summary.workloads["w"].latency;
    assert_eq!(latency.max, Some(0.01));
    assert_eq!(latency.p50, Some(0.0));
}

#[test]
fn an_entry_is_good_for_its_time_from_when_it_was_found() {
    // Asked for at 1, 2, 3, .. s, found at 1.01 s: at 4 s it is 2.99 s old, at 5 s too old. Hits do not lengthen its life.
    let summary = sim_tests::told(&text(
        r#"ttl: "3s","#,
        r#"rate: "1/s", keys: weights([1])"#,
        "",
    ));
    let [hits, misses, evicted, expired] = four(&summary);
    assert_eq!((hits, misses, evicted, expired), (15, 5, 0, 4));
    // Found at 1.01 s, good for exactly 990 ms: at 2 s it is too old, to the nanosecond.
    let just = |ttl: &str| {
        let load = r#"rate: "1/s", keys: weights([1])"#;
        four(&sim_tests::told(&text(
            &format!("ttl: \"{ttl}\","),
            load,
            "",
        )))[0]
    };
    assert_eq!(just("990ms"), 0);
    assert_eq!(just("990000001ns"), 10);
}

/// Lives that are cut short at random end at different times, and none is longer than `ttl`.
#[test]
fn jitter_spreads_the_ends_of_lives() {
    let load = r#"rate: "50/s", keys: uniform(count: 40)"#;
    let misses = |jitter: &str| {
        let text = text(&format!("ttl: \"4s\", jitter: {jitter},"), load, "");
        let [hits, misses, ..] = four(&sim_tests::told(&text));
        assert_eq!(hits + misses, 1000);
        misses
    };
    let (whole, cut) = (misses("0"), misses("1"));
    // A life of half the length on average, and at least as long a wait until somebody asks.
    assert!(whole < cut && cut < 3 * whole, "{whole} {cut}");
}

/// Two keys and room for one: each change of key is a miss, whatever came before.
#[test]
fn room_for_one_holds_the_last_one() {
    let mut shares = Vec::new();
    for seed in 1..=8 {
        let load = r#"rate: "50/s", keys: weights([3, 1])"#;
        let summary = sim_tests::summary(&text("size: 1,", load, ""), seed);
        let [hits, misses, evicted, expired] = four(&summary);
        // Whatever is found puts the other one out; the last one may not have been found when the run ends.
        assert_eq!((hits + misses, expired), (1000, 0));
        assert!(
            misses - evicted == 1 || misses - evicted == 2,
            "{misses} {evicted}"
        );
        shares.push(hits as f64 / 1000.0);
    }
    // The same key twice in a row: 9/16 + 1/16.
    let (mean, error) = mean_of(&shares);
    assert!(
        (mean - 0.625).abs() < 4.0 * error.max(0.004),
        "{mean} {shares:?}"
    );
}

/// The hit ratio of LRU over independent requests, exactly: a key is found if fewer than `size` others were asked for
/// since. W. King, "Analysis of demand paging algorithms", IFIP 1971.
fn king(weights: &[f64], size: usize) -> f64 {
    fn go(weights: &[f64], used: &mut Vec<usize>, size: usize, probability: f64, rest: f64) -> f64 {
        if used.len() == size {
            return probability * used.iter().map(|key| weights[*key]).sum::<f64>();
        }
        let mut sum = 0.0;
        for key in 0..weights.len() {
            if !used.contains(&key) {
                used.push(key);
                let next = probability * weights[key] / rest;
                sum += go(weights, used, size, next, rest - weights[key]);
                used.pop();
            }
        }
        sum
    }
    go(weights, &mut Vec::new(), size, 1.0, 1.0)
}

#[test]
fn the_least_recently_used_is_put_out() {
    let weights = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04];
    // First in, first out, and at random (which are alike: E. Gelenbe, 1973) do worse than this by more than the test allows.
    for (size, exact) in [
        (2, king(&weights, 2)),
        (3, king(&weights, 3)),
        (5, king(&weights, 5)),
    ] {
        let mut shares = Vec::new();
        for seed in 1..=10 {
            // No time passes on a miss: the next request finds what it found.
            let text = format!(
                r#"(duration: "2000s", warmup: "20s", services: {{
                    "s": (threads: unbounded, endpoints: {{ "e": [cache(size: {size}, on_miss: [call("t/find")])] }}),
                    "t": (threads: unbounded, endpoints: {{ "find": [] }}),
                }}, workloads: {{ "w": open(rate: "10/s", to: "s/e", keys: weights({weights:?})) }})"#
            );
            let [hits, misses, ..] = four(&sim_tests::summary(&text, seed));
            shares.push(hits as f64 / (hits + misses) as f64);
        }
        let (mean, error) = mean_of(&shares);
        assert!(
            (mean - exact).abs() < 4.0 * error && error < 0.002,
            "{size}: {mean} ± {error}, not {exact}"
        );
    }
}

/// With a limit on age and Poisson requests a key at rate r is found with probability r T / (1 + r T).
/// J. Jung, A. Berger and H. Balakrishnan, "Modeling TTL-based Internet caches", INFOCOM 2003.
#[test]
fn a_limit_on_age_is_a_renewal_process() {
    let mut shares = Vec::new();
    for seed in 1..=10 {
        let text = r#"(duration: "2000s", warmup: "20s", services: {
                "s": (threads: unbounded, endpoints: { "e": [cache(ttl: "2s", on_miss: [call("t/find")])] }),
                "t": (threads: unbounded, endpoints: { "find": [] }),
            }, workloads: { "w": open(rate: "10/s", to: "s/e", keys: uniform(count: 10)) })"#;
        let [hits, misses, _, expired] = four(&sim_tests::summary(text, seed));
        assert!(expired <= misses && misses - expired <= 10);
        shares.push(hits as f64 / (hits + misses) as f64);
    }
    let (mean, error) = mean_of(&shares);
    assert!(
        (mean - 2.0 / 3.0).abs() < 4.0 * error && error < 0.002,
        "{mean} ± {error}"
    );
}

#[test]
fn each_instance_has_its_own_and_forgets_it_in_a_crash() {
    let load = r#"rate: "10/s", keys: weights([1])"#;
    let crash = r#"faults: [(at: "5050ms", for: "1s", inject: crash(service: "s"))]"#;
    // 200 requests, ten of which find nobody. What is read takes 10 ms, and no other request comes meanwhile.
    let summary = sim_tests::told(&text("", load, crash));
    assert_eq!(four(&summary), [188, 2, 0, 0]);
    let summary = sim_tests::told(&text("persistent: true,", load, crash));
    assert_eq!(four(&summary), [189, 1, 0, 0]);
    // Two instances read it once each; one of them dies.
    let two = |text: String| text.replace(r#""s": ("#, r#""s": (replicas: 2, "#);
    let crash =
        r#"faults: [(at: "5050ms", for: "1s", inject: crash(service: "s", instances: count(1)))]"#;
    let summary = sim_tests::told(&two(text("", load, crash)));
    assert_eq!(counts(&summary)["misses"], 3);
    // What was counted in the warm-up is not told; what was found then is still known.
    let summary = sim_tests::told(&text("", load, r#"warmup: "5s""#));
    assert_eq!(four(&summary), [151, 0, 0, 0]);
}

#[test]
fn what_failed_or_lacks_a_part_or_has_no_key_is_not_remembered() {
    let load = r#"rate: "1/s", keys: weights([1])"#;
    let failing = text("", load, "").replace("t/find", "t/fail");
    assert_eq!(four(&sim_tests::told(&failing)), [0, 20, 0, 0]);
    let degraded = failing.replace(r#"call("t/fail")"#, r#"call(to: "t/fail", optional: true)"#);
    let summary = sim_tests::told(&degraded);
    assert_eq!(four(&summary), [0, 20, 0, 0]);
    assert_eq!(summary.workloads["w"].degraded, 19);
    let summary = sim_tests::told(&text("", r#"rate: "1/s""#, ""));
    assert_eq!(four(&summary), [0, 20, 0, 0]);
}

/// Requests that miss together all read; a `coalesce` on the call lets one of them.
#[test]
fn those_who_miss_together_all_read() {
    let load = r#"rate: "1/s", batch: 5, keys: weights([1])"#;
    let summary = sim_tests::told(&text("", load, ""));
    assert_eq!(four(&summary), [95, 5, 0, 0]);
    assert_eq!(summary.services["t"].arrivals, 5);
    let calls = r#"calls: { "s -> t": [coalesce] }"#;
    let summary = sim_tests::told(&text("", load, calls));
    assert_eq!(four(&summary), [95, 5, 0, 0]);
    assert_eq!(summary.services["t"].arrivals, 1);
}

/// Each that is written is one of its own, also inside of another, in a branch and in a loop.
#[test]
fn caches_stand_anywhere() {
    let text = r#"(duration: "10s", services: {
            "s": (threads: unbounded, endpoints: { "e": [
                cache(ttl: "3s", on_miss: [cache(on_miss: [call("t/find")])]),
                parallel([[cache(on_miss: [wait("1ms")])], [repeat(3, [cache(on_miss: [wait("1ms")])])]]),
            ] }),
            "t": (threads: unbounded, endpoints: { "find": [] }),
        }, workloads: { "w": open(rate: "1/s", arrivals: constant, to: "s/e", keys: weights([1])) })"#;
    let summary = sim_tests::told(text);
    let steps = &summary.services["s"].steps;
    let hits = |name: &str| (steps[name]["hits"], steps[name]["misses"]);
    // Asked for at 1, 2, .. 9 s, and as old as its life at 4 and 7 s.
    let asked = summary.workloads["w"].ok;
    assert_eq!(asked, 9);
    assert_eq!(hits("e/cache"), (6, 3));
    assert_eq!(hits("e/cache 2"), (2, 1));
    assert_eq!(hits("e/cache 3"), (asked - 1, 1));
    assert_eq!(hits("e/cache 4"), (3 * asked - 1, 1));
}

#[test]
fn what_it_counts_can_be_measured() {
    let text = text(
        "",
        r#"rate: "1/s", keys: weights([1])"#,
        r#"hypothesis: (always: ["step_count(s, cache_misses) <= 1", "step_count(s, cache_hits) >= 19"])"#,
    );
    let summary = sim_tests::told(&text);
    let checks = &summary.hypothesis.checks;
    assert!(
        checks.iter().all(|check| check.held == Some(true)),
        "{checks:?}"
    );
}

/// What `sim check` says of a scenario: codes and messages.
fn said(text: &str) -> Vec<String> {
    let loaded = load("a.ron", &[("a.ron", text)], &[]);
    let wrong = loaded.scenario.err().unwrap_or_default();
    let all = wrong.iter().chain(&loaded.warnings);
    // Single points of failure are not what this is about.
    let all = all.filter(|found| found.code.as_str() != "W0007");
    all.map(|found| format!("{}: {}", found.code.as_str(), found.message))
        .collect()
}

#[test]
fn what_makes_no_sense_is_told() {
    let load = r#"rate: "1/s", keys: weights([1])"#;
    let none: [&str; 0] = [];
    assert_eq!(
        said(&text(
            r#"ttl: "1s", size: 1, jitter: 0.5, persistent: true,"#,
            load,
            ""
        )),
        none
    );
    for (cache, message) in [
        (r#"ttl: "0s","#, "must be longer than zero"),
        ("size: 0,", "must be at least 1"),
        (r#"ttl: "1s", jitter: 1.5,"#, "of `ttl`"),
        ("jitter: 0.5,", "there is none"),
        ("szie: 5,", "szie"),
    ] {
        let found = said(&text(cache, load, ""));
        assert!(
            found.len() == 1 && found[0].contains(message),
            "{cache} {found:?}"
        );
    }
    let empty = text("", load, "").replace(r#"call("t/find")"#, "");
    assert!(
        said(&empty)
            .iter()
            .any(|found| found.contains("nothing in `on_miss`"))
    );
    let found = said(&text("", r#"rate: "1/s""#, ""));
    assert!(
        found.len() == 1
            && found[0].starts_with("W0032")
            && found[0].contains("no request that comes to this `cache` has a key"),
        "{found:?}"
    );
    let found = said(&text(
        "",
        load,
        r#"hypothesis: (always: ["step_count(t, cache_hits) >= 1"])"#,
    ));
    assert!(
        found.len() == 1 && found[0].contains("`t` has no `cache`"),
        "{found:?}"
    );
    let found = said(&text(
        "",
        load,
        r#"hypothesis: (always: ["step_count(s, cache_hit) >= 1"])"#,
    ));
    assert!(
        found.len() == 1 && found[0].contains("no counter `cache_hit`"),
        "{found:?}"
    );
    // What is kept counts against the budget.
    let many = r#"rate: "1/s", keys: uniform(count: 1000000)"#;
    let found = said(&text("", many, r#"budget: (memory: "10MiB")"#));
    assert!(
        found.iter().any(|found| found.contains("1000000 keys")),
        "{found:?}"
    );
}

/// Nobody knows before a run how many requests go on to what is behind a cache: nothing is claimed of it.
#[test]
fn nothing_is_predicted_that_depends_on_what_is_remembered() {
    let load = r#"rate: "100/s", keys: weights([1])"#;
    let predicted = |more: &str, from: &str, to: &str| {
        let text = text("", load, more).replace(from, to);
        sim_tests::told(&text).workloads["w"].availability.predicted
    };
    assert_eq!(predicted("", "", ""), Some(1.0));
    assert_eq!(predicted("", "t/find", "t/fail"), None);
    let crash = r#"faults: [(at: "5s", for: "5s", inject: crash(service: "t"))]"#;
    assert_eq!(predicted(crash, "", ""), None);
    // Ten requests a second are too many for it, if they got there: they need not.
    let slow = text("", load, "")
        .replace(r#""t": (threads: unbounded"#, r#""t": (threads: 1"#)
        .replace("10ms", "100ms");
    let none: [&str; 0] = [];
    assert_eq!(said(&slow), none);
}
