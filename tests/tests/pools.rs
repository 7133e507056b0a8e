//! Pools of instances: what `acquire` and `release` do, against theory and by constant times; and what is said of
//! pools that cannot be, or in which requests wait for each other.
//!
//! Debug builds audit every pool at the end of every window: taken = given back + held.

use sim_models::input::load;
use sim_models::observe::summary::{PoolSummary, Summary};
use std::fmt::Write;

/// A service `s` with a pool `p` and these steps at `e`, and a workload `w`.
fn text(service: &str, pool: &str, steps: &str, calls: &str, load: &str, faults: &str) -> String {
    format!(
        r#"(duration: "1900ms", services: {{
            "s": ({service} pools: {{ "p": ({pool}) }}, endpoints: {{ "e": [{steps}] }}),
            "t": (threads: unbounded, endpoints: {{ "slow": [wait("1s")], "quick": [wait("10ms")] }}),
        }}, calls: {{ {calls} }}, workloads: {{ "w": open(rate: "1/s", to: "s/e", arrivals: constant, {load}) }}, faults: [{faults}])"#
    )
}

fn pool(summary: &Summary) -> &PoolSummary {
    &summary.services["s"].pools["p"]
}

#[track_caller]
fn is(measured: impl Into<Option<f64>>, expected: f64) {
    let measured = measured.into();
    assert!(
        measured.is_some_and(|measured| (measured - expected).abs() < 1e-9),
        "{measured:?}, not {expected}"
    );
}

/// The probability that a job waits in M/M/c (Erlang C): `load` in erlangs.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for n in 0..servers {
        sum += term;
        term *= load / f64::from(n + 1);
    }
    let all = term / (1.0 - load / f64::from(servers));
    all / (sum + all)
}

/// Without a limit on threads a pool of c connections is the queue M/M/c.
#[test]
fn a_pool_is_an_erlang_c_queue() {
    let (servers, rate, mean) = (6, 48.0, 0.1);
    let mut waits = Vec::new();
    let mut levels = Vec::new();
    for seed in 1..=6 {
        let text = format!(
            r#"(duration: "700s", warmup: "20s", services: {{ "s": (threads: unbounded, pools: {{ "p": (size: {servers}) }},
                endpoints: {{ "e": [acquire("p"), wait(exponential("100ms")), release("p")] }}) }},
                workloads: {{ "w": open(rate: "{rate}/s", to: "s/e") }})"#
        );
        let summary = sim_tests::summary(&text, seed);
        let pool = pool(&summary);
        assert_eq!(pool.wait.count, pool.taken);
        waits.push(pool.wait.mean.expect("some waited"));
        levels.push(pool.utilization);
        // Little's law: the line is as long as arrivals per second times the time in it.
        let line = rate * pool.wait.mean.unwrap_or_default();
        assert!((pool.waiting.mean / line - 1.0).abs() < 0.03, "{pool:?}");
    }
    let load = rate * mean;
    let expected = erlang_c(servers, load) / (f64::from(servers) / mean - rate);
    let average = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let sd = |of: &[f64]| {
        let mean = average(of);
        let squares: f64 = of.iter().map(|value| (value - mean) * (value - mean)).sum();
        (squares / (of.len() - 1) as f64 / of.len() as f64).sqrt()
    };
    assert!(
        (average(&waits) - expected).abs() < f64::max(4.0 * sd(&waits), 0.02 * expected),
        "{waits:?}, not {expected}"
    );
    let busy = load / f64::from(servers);
    assert!(
        (average(&levels) - busy).abs() < f64::max(4.0 * sd(&levels), 0.01),
        "{levels:?}, not {busy}"
    );
}

#[test]
fn the_first_to_come_is_the_first_to_get_one() {
    let steps = r#"acquire("p"), wait("100ms"), release("p"), wait("500ms")"#;
    let summary = sim_tests::told(&text("", "size: 2", steps, "", "batch: 5", ""));
    let pool = pool(&summary);
    // Two at once, two after 100 ms, one after 200 ms; a release is not the end of the request.
    assert_eq!(
        (pool.taken, pool.waited, pool.full, pool.timeouts),
        (5, 3, 0, 0)
    );
    is(pool.wait.mean, (0.1 + 0.1 + 0.2) / 5.0);
    is(pool.wait.max, 0.2);
    is(pool.out.mean, 0.5 / 1.9);
    is(pool.out.max, 2.0);
    is(pool.waiting.max, 3.0);
    is(pool.utilization, 0.25 / 1.9);
    is(summary.workloads["w"].latency.max, 0.8);
}

#[test]
fn whoever_waits_too_long_or_finds_no_place_fails_with_a_cause_of_its_own() {
    let steps = r#"acquire("p"), wait("100ms"), release("p")"#;
    let limits = r#"size: 1, queue: 2, wait: "150ms""#;
    let summary = sim_tests::told(&text("", limits, steps, "", "batch: 5", ""));
    let load = &summary.workloads["w"];
    // One at once, one after 100 ms, one gives up after 150 ms, two find no place.
    assert_eq!(load.outcomes["ok"], 2);
    assert_eq!(load.outcomes["error"], 3);
    assert_eq!(load.causes["s: timeout_pool"], 1);
    assert_eq!(load.causes["s: pool_full"], 2);
    let pool = pool(&summary);
    assert_eq!(
        (pool.taken, pool.waited, pool.full, pool.timeouts),
        (2, 2, 2, 1)
    );
    is(pool.waiting.max, 2.0);
    is(load.latency.max, 0.2);
}

#[test]
fn a_thread_that_waits_for_a_pool_is_held_only_if_threads_are_sync() {
    let steps = r#"acquire("p"), wait("100ms"), release("p")"#;
    for threading in ["sync", "async"] {
        let service = format!("threads: 2, threading: {threading},");
        let summary = sim_tests::told(&text(&service, "size: 1", steps, "", "batch: 3", ""));
        assert_eq!(summary.workloads["w"].outcomes["ok"], 3);
        // Sync: two threads, one of which waits, then the third request. Async: none is held while waiting.
        let waited = pool(&summary).waited;
        assert_eq!(waited, 2, "{threading}");
        is(summary.workloads["w"].latency.max, 0.3);
        let queued = summary.services["s"].queue.max;
        is(queued, if threading == "sync" { 1.0 } else { 0.0 });
    }
}

/// However a request ends, what it held is there for the next one.
#[test]
fn what_is_held_is_given_back_however_the_request_ends() {
    let hold = r#"acquire("p"), call("t/slow")"#;
    let cases = [
        ("ends", r#"acquire("p"), wait("10ms")"#, "", ""),
        ("fails", r#"acquire("p"), wait("10ms"), fail()"#, "", ""),
        (
            "is cancelled",
            hold,
            r#""w -> s": [timeout("10ms"), cancellation]"#,
            "",
        ),
        (
            "is out of time",
            hold,
            r#""w -> s": [deadline(after: "10ms", propagate: true)]"#,
            "",
        ),
        (
            "has its call time out",
            hold,
            r#""s -> t": [timeout("10ms")]"#,
            "",
        ),
        (
            "is a branch that ends",
            r#"parallel([[acquire("p"), wait("10ms")], [wait("10ms")]])"#,
            "",
            "",
        ),
        (
            "is a branch given up",
            r#"parallel(branches: [[acquire("p"), call("t/slow")], [wait("10ms")]], need: first(1))"#,
            "",
            "",
        ),
        (
            "is a branch of one that fails",
            r#"parallel([[acquire("p"), call("t/slow")], [wait("10ms"), fail()]])"#,
            "",
            "",
        ),
        (
            "is lost in a crash",
            hold,
            "",
            r#"(at: "1010ms", for: "1ms", every: "500ms", inject: crash(service: "s"))"#,
        ),
    ];
    for (how, steps, calls, faults) in cases {
        // Two waves of two: the second, half a second later, finds what the first had.
        let text = text(
            "threads: unbounded, threading: async,",
            "size: 2, queue: 0",
            steps,
            calls,
            "batch: 2",
            faults,
        );
        let text = text
            .replace("rate: \"1/s\"", "rate: \"2/s\"")
            .replace("1010ms", "510ms");
        let summary = sim_tests::told(&text);
        let pool = pool(&summary);
        assert_eq!((pool.taken, pool.full), (6, 0), "{how}: {pool:?}");
        is(pool.out.max, 2.0);
    }
}

/// Those who are given up while they wait are passed over, and take nothing.
#[test]
fn whoever_is_gone_is_passed_over_in_the_line() {
    let steps = r#"acquire("p"), wait("100ms"), release("p")"#;
    let calls = r#""w -> s": [timeout("50ms"), cancellation]"#;
    let summary = sim_tests::told(&text("", "size: 1", steps, calls, "batch: 4", ""));
    let pool = pool(&summary);
    assert_eq!((pool.taken, pool.waited, pool.timeouts), (1, 3, 0));
    assert_eq!(pool.also["left"], 3);
    is(pool.waiting.mean, 3.0 * 0.05 / 1.9);
    assert_eq!(summary.workloads["w"].outcomes["timeout_attempt"], 4);
}

/// What happens in each window, and measures of stretches of them.
#[test]
fn a_pool_is_told_of_window_by_window() {
    let steps = r#"acquire("p"), wait("100ms"), release("p")"#;
    let limits = r#"size: 1, queue: 2, wait: "150ms""#;
    let text = text("", limits, steps, "", "batch: 5", "").replace(
        "duration: \"1900ms\"",
        "duration: \"2500ms\", window: \"500ms\"",
    );
    let scenario = sim_tests::scenario(&text);
    let result = sim_models::experiment::run(&scenario, 1).expect("the scenario is sound");
    let series = &result.series.pools["s/p"];
    // At 1 s and 2 s: one at once, one after 100 ms, one gives up after 150 ms, two find no place.
    assert_eq!(series.taken, [0, 0, 2, 0, 2]);
    assert_eq!(series.waited, [0, 0, 2, 0, 2]);
    assert_eq!(series.refused, [0, 0, 3, 0, 3]);
    assert_eq!(series.left, [0; 5]);
    assert_eq!(series.waiting_max, [0, 0, 2, 0, 2]);
    assert_eq!(series.out_max, [0, 0, 1, 0, 1]);
    is(series.out[2], 0.2 / 0.5);
    is(series.utilization[2], 0.2 / 0.5);
    is(series.waiting[2], (0.1 + 0.15) / 0.5);
    assert!(series.wait_p99[1].is_nan() && (series.wait_p99[2] - 0.1).abs() < 0.002);
    let summary = pool(&result.summary);
    assert_eq!(series.taken.iter().sum::<u64>(), summary.taken);
    let refused = summary.full + summary.timeouts;
    assert_eq!(series.refused.iter().sum::<u64>(), refused);
}

/// Measures of pools hold over stretches of time, and an operator can watch them.
#[test]
fn pools_are_measured_over_stretches_and_watched() {
    let steps = r#"acquire("p"), wait("100ms"), release("p")"#;
    let limits = r#"size: 1, queue: 2, wait: "150ms""#;
    let checks = [
        r#"pool_refused("s/p") in 1s..2s == 3"#,
        r#"pool_refused("s/p") in 0s..1s == 0"#,
        r#"pool_waiting("s/p", max) in 1s..2s == 2"#,
        r#"pool_waiting("s/p", mean) in 1s..2s <= 0.26"#,
        r#"pool_utilization("s/p") in 1s..2s <= 21%"#,
        r#"pool_utilization("s/p") in 1s..2s >= 19%"#,
        r#"pool_wait("s/p", max) in 1s..2s <= 101ms"#,
        r#"pool_wait("s/p", mean) in 1s..2s >= 49ms"#,
        r#"pool_left("s/p") in 1s..2s == 0"#,
    ];
    let quoted: Vec<String> = checks.iter().map(|check| format!("{check:?}")).collect();
    let text = text("", limits, steps, "", "batch: 5", "")
        .replace("duration: \"1900ms\"", "duration: \"3s\", window: \"500ms\"")
        .replace(
            "faults: []",
            &format!(
                r#"hypothesis: (always: [{}]), controllers: {{ "on call": operator(when: "pool_refused(\"s/p\") > 2", over: "500ms", do: [restart(service: "s")]) }}"#,
                quoted.join(", ")
            ),
        );
    let summary = sim_tests::told(&text);
    for check in &summary.hypothesis.checks {
        assert!(check.held == Some(true), "{check:?}");
    }
    let deeds = &summary.controllers["on call"].deeds;
    assert!(!deeds.is_empty() && deeds[0].time >= 1.5, "{deeds:?}");
}

/// A steady state may be about a pool, and breaks where nobody gets anything out of it.
#[test]
fn a_steady_state_of_a_pool_breaks_where_all_wait_in_vain() {
    let text = r#"(duration: "150s", services: {
            "s": (threads: unbounded, pools: { "p": (size: 5) }, endpoints: { "e": [acquire("p"), call("t/e"), release("p")] }),
            "t": (threads: unbounded, endpoints: { "e": [wait("10ms")] }),
        }, workloads: { "w": open(rate: "50/s", to: "s/e") },
        faults: [(at: "60s", for: "30s", inject: hang(service: "t"))],
        hypothesis: (steady: ["pool_wait(\"s/p\", p99) < 100ms"], recovers: (within: "10s")))"#;
    let summary = sim_tests::told(text);
    let verdict = summary.hypothesis.verdict;
    assert!(
        matches!(verdict.name(), "recovered" | "not_recovered"),
        "{}: {}",
        verdict.name(),
        summary.hypothesis.reason
    );
}

/// A crash takes those in line with it, and a pause only stops them.
#[test]
fn crashes_empty_the_line_and_pauses_keep_it() {
    let steps = r#"acquire("p"), wait("100ms"), release("p")"#;
    let crash = r#"(at: "1050ms", for: "1ms", inject: crash(service: "s"))"#;
    let summary = sim_tests::told(&text("", "size: 1", steps, "", "batch: 3", crash));
    assert_eq!(summary.workloads["w"].outcomes["reset"], 3);
    is(pool(&summary).out.mean, 0.05 / 1.9);
    let pause = r#"(at: "1050ms", for: "200ms", inject: pause(service: "s"))"#;
    let limits = r#"size: 1, wait: "120ms""#;
    let summary = sim_tests::told(&text("", limits, steps, "", "batch: 3", pause));
    // Whoever waits sees only when it wakes that its time is up, and so does the one whose turn came.
    assert_eq!(summary.workloads["w"].outcomes["ok"], 1);
    assert_eq!(summary.workloads["w"].causes["s: timeout_pool"], 2);
    is(summary.workloads["w"].latency_true.max, 0.3);
}

/// What is suspicious or wrong, as code and message.
fn said(service: &str, pools: &str, endpoints: &str) -> Vec<String> {
    let text = format!(
        r#"(duration: "5s", services: {{
            "s": (replicas: 2, {service} pools: {{ {pools} }}, endpoints: {{ {endpoints} }}),
        }}, workloads: {{ "w": open(rate: "1/s", to: "s/e") }})"#
    );
    said_of(&text)
}

/// What `sim check` says of a scenario: code and words of all that it finds.
fn said_of(text: &str) -> Vec<String> {
    let loaded = load("test.ron", &[("test.ron", text)], &[]);
    let wrong = loaded.scenario.err().unwrap_or_default();
    let mut all = Vec::new();
    for found in wrong.iter().chain(&loaded.warnings) {
        let mut line = found.code.as_str().to_owned();
        write!(line, " {}", found.message).expect("a String takes everything");
        for help in &found.help {
            write!(line, " / {help}").expect("a String takes everything");
        }
        all.push(line);
    }
    all
}

#[test]
fn what_cannot_be_is_refused_in_its_place() {
    let good = r#""e": [acquire("p"), release("p")]"#;
    let cases = [
        ("", good, "V0022", "`s` has no pools"),
        (
            r#""q": (size: 1)"#,
            good,
            "V0022",
            "there is no pool of `s` named `p`",
        ),
        (r#""p": (size: 0)"#, good, "V0018", "must be at least 1"),
        (
            r#""p": (size: 1, wait: "0s")"#,
            good,
            "V0022",
            "longer than zero",
        ),
        (
            r#""p": (size: 1, wait: "1s", queue: 0)"#,
            good,
            "V0022",
            "nobody can wait",
        ),
        (
            r#""p": (size: 1)"#,
            r#""e": [release("p"), acquire("p")]"#,
            "V0022",
            "no `acquire(\"p\")` before",
        ),
        (
            r#""p": (size: 1)"#,
            r#""e": [acquire("p"), choice([(1, [release("p")]), (1, [])])]"#,
            "V0022",
            "in the same list",
        ),
        (
            r#""p": (size: 1)"#,
            r#""e": [acquire("p"), release("p"), release("p")]"#,
            "V0022",
            "no `acquire",
        ),
    ];
    for (pools, endpoints, code, words) in cases {
        let said = said("", pools, endpoints);
        assert!(
            said.iter()
                .any(|line| line.starts_with(code) && line.contains(words)),
            "{pools} {endpoints}: {said:#?}"
        );
    }
}

#[test]
fn requests_that_may_wait_for_each_other_are_told_of() {
    let one = r#""p": (size: 10)"#;
    let two = r#""p": (size: 10), "q": (size: 10)"#;
    let cases = [
        // One at a time is fine, twice in turn too.
        (
            "",
            one,
            r#""e": [acquire("p"), release("p"), acquire("p")]"#,
            None,
        ),
        (
            "",
            one,
            r#""e": [parallel([[acquire("p")], [acquire("p")]])]"#,
            None,
        ),
        (
            "",
            two,
            r#""e": [acquire("p"), acquire("q")], "f": [acquire("p"), acquire("q")]"#,
            None,
        ),
        (
            "",
            one,
            r#""e": [acquire("p"), acquire("p")]"#,
            Some("when 10 requests hold one each"),
        ),
        (
            "",
            one,
            r#""e": [acquire("p"), parallel([[acquire("p")]])]"#,
            Some("for ever"),
        ),
        (
            "",
            one,
            r#""e": [repeat(3, [acquire("p")])]"#,
            Some("one more of `p`"),
        ),
        (
            "",
            one,
            r#""e": [choice([(1, [acquire("p")]), (1, [])]), acquire("p")]"#,
            Some("one more"),
        ),
        (
            "",
            two,
            r#""e": [acquire("p"), acquire("q")], "f": [acquire("q"), acquire("p")]"#,
            Some("the other way round"),
        ),
        (
            "",
            r#""p": (size: 10, wait: "1s")"#,
            r#""e": [acquire("p"), acquire("p")]"#,
            Some("has waited for 1s and fails"),
        ),
        // Ten threads that hold two each at most: with eleven one of them can always go on.
        (
            "threads: 10,",
            one,
            r#""e": [acquire("p"), acquire("p")]"#,
            Some("= 11"),
        ),
        (
            "threads: 10,",
            r#""p": (size: 11)"#,
            r#""e": [acquire("p"), acquire("p")]"#,
            None,
        ),
        // Each round leaves two, and the last waits for its second: five are held by one that waits.
        (
            "threads: 10,",
            r#""p": (size: 50)"#,
            r#""e": [repeat(3, [acquire("p"), acquire("p"), wait("1ms")])]"#,
            Some("= 51"),
        ),
        (
            "threads: 10,",
            r#""p": (size: 51)"#,
            r#""e": [repeat(3, [acquire("p"), acquire("p"), wait("1ms")])]"#,
            None,
        ),
        (
            "threads: 10,",
            r#""p": (size: 30)"#,
            r#""e": [acquire("p"), repeat(2, [acquire("p")]), acquire("p")]"#,
            Some("= 31"),
        ),
        // Branches wait at the same time.
        (
            "threads: 10,",
            r#""p": (size: 30)"#,
            r#""e": [parallel([[acquire("p"), acquire("p")], [acquire("p"), acquire("p")], [acquire("p"), acquire("p")]])]"#,
            Some("= 31"),
        ),
        // Whichever way it went, it may hold a `q`.
        (
            "",
            two,
            r#""e": [choice([(1, []), (1, [acquire("q")])]), acquire("p")], "f": [acquire("p"), acquire("q")]"#,
            Some("the other way round"),
        ),
        (
            "threads: 10, threading: async,",
            r#""p": (size: 11)"#,
            r#""e": [acquire("p"), acquire("p")]"#,
            Some("wait for each other"),
        ),
    ];
    for (service, pools, endpoints, words) in cases {
        let said = said(service, pools, endpoints);
        let told = said.iter().find(|line| line.starts_with("W0040"));
        match words {
            None => assert_eq!(told, None, "{pools} {endpoints}"),
            Some(words) => assert!(
                told.is_some_and(|line| line.contains(words)),
                "{pools} {endpoints}: {said:#?}"
            ),
        }
    }
    let idle = said("", two, r#""e": [acquire("p")]"#);
    assert!(
        idle.iter()
            .any(|line| line.starts_with("W0041") && line.contains("`q`")),
        "{idle:#?}"
    );
}

/// Who waits for an answer holds on to what it has: what is called may come back for it.
#[test]
fn pools_that_are_held_during_calls_that_lead_back_to_them_are_told_of() {
    let said = |web: &str, auth: &str| -> Vec<String> {
        let text = format!(
            r#"(duration: "5s",
                services: {{
                    "web": (threads: unbounded, pools: {{ "c": (size: 2) }}, endpoints: {{ {web}, "me": [acquire("c"), wait("1ms")] }}),
                    "auth": (threads: unbounded, pools: {{ "d": (size: 3) }}, endpoints: {{ {auth} }}),
                }},
                workloads: {{ "u": open(rate: "5/s", to: "web/x") }})"#
        );
        said_of(&text)
            .into_iter()
            .filter(|line| line.starts_with("W0040"))
            .collect()
    };
    let back = r#""check": [call("web/me")]"#;
    let told = said(r#""x": [acquire("c"), call("auth/check")]"#, back);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("`c` is held while `auth/check` is called, which leads back to")
            && told[0].contains("when 2 requests hold one each"),
        "{told:#?}"
    );
    let released = r#""x": [acquire("c"), release("c"), call("auth/check")]"#;
    assert_eq!(said(released, back), [""; 0]);
    // The other service has a pool of its own, in which nobody is who waits for the first.
    let own = r#""check": [acquire("d"), wait("1ms")]"#;
    assert_eq!(
        said(r#""x": [acquire("c"), call("auth/check")]"#, own),
        [""; 0]
    );
    // Who holds one of each calls the other.
    let both = r#""check": [acquire("d"), call("web/me")]"#;
    let told = said(
        r#""x": [acquire("c"), call("auth/other")]"#,
        &format!(r#"{both}, "other": [acquire("d")]"#),
    );
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].contains("`d` of `auth`") && told[1].contains("`c` of `web`"),
        "{told:#?}"
    );
}

/// Little's law: 4 requests a second that hold one for 3 s have twelve, and so many are there or not.
#[test]
fn a_pool_that_is_too_small_for_its_load_is_told_of() {
    let said = |size: u32| {
        let text = format!(
            r#"(duration: "5s", services: {{ "s": (replicas: 2, threads: unbounded, pools: {{ "p": (size: {size}) }},
                endpoints: {{ "e": [acquire("p"), wait("1s"), repeat(2, [wait("1s")]), release("p"), wait("9s")] }}) }},
                workloads: {{ "w": open(rate: "4/s", to: "s/e") }})"#
        );
        let loaded = load("test.ron", &[("test.ron", text.as_str())], &[]);
        let told = loaded.warnings.into_iter();
        let mut told = told.filter(|found| found.code.as_str() == "W0004");
        told.next().map(|found| found.message)
    };
    assert!(
        said(5).is_some_and(|told| told.contains("hold 12 of `p`") && told.contains("have 10"))
    );
    assert_eq!(said(6), None);
}

/// It is no empty warning: with the sizes that it names requests stand still, or do not.
#[test]
fn what_is_warned_of_happens() {
    let steps = r#"acquire("p"), wait("10ms"), acquire("p"), wait("10ms")"#;
    for (size, ended) in [(4, 0), (5, 4)] {
        let summary = sim_tests::told(&text(
            "threads: 4,",
            &format!("size: {size}"),
            steps,
            "",
            "batch: 4",
            "",
        ));
        let load = &summary.workloads["w"];
        assert_eq!(
            (load.ok, load.unfinished),
            (ended, 4 - ended),
            "size {size}"
        );
    }
}
