//! What `sim check` suspects: of every file of the library exactly what this table says, of the cases
//! what their comments say, and of random systems that are well nothing at all.

use sim_core::random::{Keyed, Source};
use sim_models::input::{Files, Loaded, load};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A folder of scenarios.
struct Folder(&'static str);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(format!("{}/{path}", self.0)).map_err(|error| error.to_string())
    }
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    assert!(loaded.scenario.is_ok(), "{:#?}", loaded.scenario);
    let mut codes: Vec<_> = loaded
        .warnings
        .iter()
        .map(|found| found.code.as_str())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Apart from single points of failure (W0007), which are named but not what these files are about.
const LIBRARY: &[(&str, &[&str])] = &[
    ("adaptive-limits", &["W0013", "W0015"]),
    ("bulkhead", &[]),
    ("cascading-failure", &[]),
    ("back-pressure", &["W0015"]),
    ("slow-call-breaker", &[]),
    ("client-throttling", &["W0015"]),
    ("cold-cache", &[]),
    ("connection-pool", &[]),
    ("coordinated-omission", &[]),
    // What six attempts do to a database that comes back is its lesson.
    ("database-outage", &["W0014"]),
    ("dogpile", &[]),
    ("duplicate-delivery", &[]),
    ("fail-fast", &[]),
    ("flash-crowd", &["W0015"]),
    ("governor", &["W0015"]),
    ("gradient-limit", &["W0015"]),
    ("gray-failure", &[]),
    ("hedged-requests", &[]),
    ("ejection-by-rates", &[]),
    ("jittered-retries", &["W0009"]),
    // It is about a load that is above what can be done.
    ("load-shedding", &["W0015"]),
    ("lossy-link", &[]),
    ("mm1", &[]),
    ("online-boutique", &[]),
    ("outlier-ejection", &[]),
    // Its comment tells of the storm that another direction of the partition sets off.
    ("partition", &["W0014"]),
    ("rate-limited-export", &[]),
    ("retry-budgets", &["W0003"]),
    ("retry-storm", &["W0014"]),
    ("retry-storm-breaker", &[]),
    ("retry-storm-deadline", &[]),
    ("retry-storm-retry-budget", &[]),
    ("retry-storm-retry-limit", &[]),
    ("serve-stale", &[]),
    ("shed-by-priority", &["W0015"]),
    ("stale-connections", &[]),
    ("synchronised-retries", &["W0009"]),
    ("thread-pool-exhaustion", &[]),
    ("thundering-herd", &["W0003", "W0009"]),
    // That retries outlive the trigger is its lesson.
    ("wrong-answers", &["W0014"]),
];

#[test]
fn of_the_library_what_each_file_teaches() {
    let mut wrong = BTreeMap::new();
    for (name, expected) in LIBRARY.iter().copied() {
        let loaded = load(&format!("{name}.ron"), &Folder(sim_tests::LIBRARY), &[]);
        let mut found = codes(&loaded);
        found.retain(|code| *code != "W0007");
        if found != expected {
            wrong.insert(name, (found, loaded.warnings));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn of_the_cases_what_they_are_about() {
    for (name, expected) in [
        ("check-silent", &["W0013", "W0014", "W0017", "W0018"][..]),
        ("deadline-in-retry", &["W0007", "W0013", "W0019"]),
        ("nothing-ended", &["W0006", "W0007"]),
        ("zero-time-loop", &["W0007", "W0027"]),
        ("predicted-shared", &["W0007"]),
    ] {
        let loaded = load(&format!("{name}.ron"), &Folder("data/cases"), &[]);
        assert_eq!(codes(&loaded), expected, "{name}");
    }
}

#[test]
fn suspicions_state_what_they_compared() {
    let loaded = load("check-silent.ron", &Folder("data/cases"), &[]);
    let told: Vec<&str> = loaded
        .warnings
        .iter()
        .map(|found| found.message.as_str())
        .collect();
    for part in [
        "`slow/q` takes at least 2s, but `a -> slow` gives up after 1s",
        "`db` gets 100 requests a second and can carry 200, but with all 3 attempts of `a -> db` it gets 300",
        "add up to 6s, which does not fit into the deadline of 3s",
    ] {
        assert!(
            told.iter().any(|message| message.contains(part)),
            "{told:#?}"
        );
    }
}

/// A system of layers in which everybody calls the next one, which is well: loads are below half of the
/// capacity even with all attempts, limits are many times what answers take, and everything is there
/// twice.
fn healthy(seed: u64) -> String {
    let mut chance = Keyed::new(seed, 0x4845_414C);
    let mut number = |low: u64, high: u64| low + chance.below(high - low + 1);
    let layers = number(1, 4);
    let widths: Vec<u64> = (0..layers).map(|_| number(1, 3)).collect();
    let mut services = String::new();
    let mut calls = String::new();
    let attempts = number(1, 3);
    for layer in 0..layers as usize {
        for at in 0..widths[layer] {
            let mut steps = match number(0, 3) {
                0 => format!("work(\"{}ms\")", number(1, 5)),
                1 => format!(
                    "work(lognormal(mean: \"{}ms\", p99: \"30ms\"))",
                    number(4, 8)
                ),
                2 => format!("wait(uniform(\"1ms\", \"{}ms\"))", number(2, 8)),
                _ => format!("work(exponential(\"{}ms\"))", number(1, 5)),
            };
            if layer + 1 < widths.len() {
                for callee in 0..widths[layer + 1] {
                    write!(steps, ", call(\"s{}x{callee}/e\")", layer + 1).expect("a String");
                }
            }
            writeln!(
                services,
                "\"s{layer}x{at}\": (replicas: {}, threads: {}, backlog: {}, endpoints: {{ \"e\": [{steps}] }}),",
                number(2, 4),
                number(400, 600),
                number(10, 200),
            )
            .expect("a String");
        }
        // Limits grow towards the users: each holds all that is below it.
        let limit = 500 * 5_u64.pow(layers as u32 - 1 - layer as u32);
        for at in 0..widths[layer] {
            let policies = if layer == 0 {
                format!(
                    "deadline(\"{}s\"), retry(attempts: {attempts}), timeout(\"{limit}ms\")",
                    10 * limit
                )
            } else {
                format!("breaker(failures: 20), timeout(\"{limit}ms\")")
            };
            writeln!(calls, "\"* -> s{layer}x{at}\": [{policies}],").expect("a String");
        }
    }
    let rate = number(5, 20);
    let think = number(1, 10);
    format!(
        r#"(duration: "5min", warmup: "10s",
        services: {{ {services} }}, calls: {{ {calls} }}, links: {{ "* -> *": (latency: "1ms") }},
        workloads: {{
            "open": open(rate: "{rate}/s", to: "s0x0/e", shape: [diurnal(period: "2min", amplitude: 0.5)]),
            "closed": closed(users: 20, think: exponential("{think}s"), to: "s0x0/e"),
        }},
        hypothesis: (steady: ["success_ratio(open) >= 99%", "latency(open, p99) < 2s", "goodput(open) > 1/s"]))"#
    )
}

#[test]
fn of_systems_that_are_well_nothing() {
    for seed in 0..200 {
        let text = healthy(seed);
        let loaded = load("a.ron", &[("a.ron", text.as_str())], &[]);
        let mut found = codes(&loaded);
        // Only the first of the services of the outermost layer is asked.
        found.retain(|code| *code != "W0005" && *code != "W0011");
        assert!(
            found.is_empty(),
            "seed {seed}: {:#?}\n{text}",
            loaded.warnings
        );
    }
}

/// Layers of so many services, each calling all of the next: the paths are past counting.
#[test]
fn paths_are_not_walked_along() {
    let (layers, width) = (12, 5);
    let mut services = String::new();
    for layer in 0..layers {
        for at in 0..width {
            let calls: Vec<String> = (0..if layer + 1 < layers { width } else { 0 })
                .map(|callee| format!("call(\"s{}x{callee}/e\")", layer + 1))
                .collect();
            writeln!(
                services,
                "\"s{layer}x{at}\": (replicas: 2, threads: unbounded, endpoints: {{ \"e\": [work(\"1us\"), {}] }}),",
                calls.join(", ")
            )
            .expect("a String");
        }
    }
    let text = format!(
        r#"(duration: "1min", services: {{ {services} }},
            calls: {{ "* -> *": [retry(attempts: 2, backoff: none), timeout("1h")] }},
            workloads: {{ "users": open("1/s", "s0x0/e") }},
            faults: [(at: "10s", for: "10s", inject: error(service: "s11x0"))],
            hypothesis: (steady: ["success_ratio(users) >= 99%"]))"#
    );
    let loaded = load("a.ron", &[("a.ron", text.as_str())], &[]);
    let told: Vec<&str> = loaded
        .warnings
        .iter()
        .map(|found| found.message.as_str())
        .collect();
    assert!(
        told.iter()
            .any(|message| message.starts_with("one request may become 4096 attempts")),
        "{told:#?}"
    );
}

/// Systems of ten thousand services: as deep as they are many, as wide, as a tree, and on their own. Whatever is
/// exponential in one of these does not end, and what recurses along a path has no stack for it.
#[test]
fn large_graphs_are_gone_through_once() {
    const MANY: usize = 10_000;
    let service = |at: usize, callees: &mut dyn Iterator<Item = usize>| {
        let calls: String = callees.map(|to| format!(", call(\"s{to}/e\")")).collect();
        format!(
            "\"s{at}\": (replicas: 2, threads: unbounded, endpoints: {{ \"e\": [work(\"1us\"){calls}] }}),\n"
        )
    };
    let check = |services: &str, targets: &str| {
        let text = format!(
            r#"(duration: "1min", services: {{ {services} }}, calls: {{ "* -> *": [timeout("1h")] }},
                links: {{ "* -> *": (latency: "1us") }}, workloads: {{ "users": open(rate: "1/s", to: {targets}) }},
                faults: [(at: "10s", for: "10s", inject: error(service: "s7")), (name: "cut", at: "30s", for: "1s", inject: partition(link: "* -> s9"))],
                hypothesis: (steady: ["success_ratio(users) >= 99%", "goodput(users) > 0.1/s", "amplification(users -> s0) < 2"]))"#
        );
        codes(&load("a.ron", &[("a.ron", text.as_str())], &[]))
    };
    let first = "\"s0/e\"";
    let chain: String = (0..MANY)
        .map(|at| service(at, &mut (at + 1..MANY.min(at + 2))))
        .collect();
    assert_eq!(check(&chain, first), [""; 0]);
    let star: String = (0..MANY)
        .map(|at| service(at, &mut (1..if at == 0 { MANY } else { 0 })))
        .collect();
    assert_eq!(check(&star, first), [""; 0]);
    let tree: String = (0..MANY)
        .map(|at| service(at, &mut (3 * at + 1..MANY.min(3 * at + 4).max(3 * at + 1))))
        .collect();
    assert_eq!(check(&tree, first), [""; 0]);
    let layers: String = (0..MANY)
        .map(|at| {
            let next = if at == 0 { 1 } else { (at - 1) / 5 * 5 + 6 };
            service(at, &mut (next..MANY.min(next + 5).max(next)))
        })
        .collect();
    // Each layer takes five times as long as the next one, or as its callers wait.
    assert_eq!(check(&layers, first), ["W0013"]);
    let alone: String = (0..MANY).map(|at| service(at, &mut (0..0))).collect();
    let all: String = (0..MANY).map(|at| format!("\"s{at}/e\": 1, ")).collect();
    // They call nobody, and no call of users goes out from a service.
    assert_eq!(check(&alone, &format!("{{ {all} }}")), [""; 0]);
    assert_eq!(check(&alone, first), ["W0005", "W0011"]);
}

/// What is said with a code of a system of one or two services.
fn said(text: &str, code: &str) -> Vec<String> {
    let loaded = load("a.ron", &[("a.ron", text)], &[]);
    assert!(loaded.scenario.is_ok(), "{:#?}", loaded.scenario);
    let found = loaded.warnings.into_iter();
    let found = found.filter(|found| found.code.as_str() == code);
    found.map(|found| found.message).collect()
}

/// Each of these pairs is a system that is sick, one that is well, and what the first is told.
#[test]
fn what_is_sick_is_told_and_what_is_well_is_not() {
    let two = |calls: &str| {
        format!(
            r#"(duration: "180s", services: {{
                "a": (replicas: 2, threading: async, endpoints: {{ "x": [work("1ms"), call("b/x")] }}),
                "b": (replicas: 2, threads: 3, queue: (limit: 1000), backlog: 0, endpoints: {{ "x": [work(exponential("20ms"))] }}),
            }}, calls: {{ {calls} }}, workloads: {{ "u": open(rate: "130/s", to: "a/x") }})"#
        )
    };
    let crowd = |users: u32, queue: u32| {
        format!(
            r#"(duration: "60s", services: {{ "a": (replicas: 2, threads: 2, queue: (limit: {queue}), backlog: 10, endpoints: {{ "x": [work("20ms")] }}) }},
                workloads: {{ "u": closed(users: {users}, think: "1s", to: "a/x") }})"#
        )
    };
    let tail = |limit: &str, retry: &str| {
        format!(
            r#"(duration: "60s", services: {{ "a": (replicas: 2, endpoints: {{ "x": [work(exponential("50ms"))] }}) }},
                calls: {{ "u -> a": [{retry} timeout("{limit}")] }}, workloads: {{ "u": open(rate: "10/s", to: "a/x") }})"#
        )
    };
    let crash = |policies: &str, balance: &str, lasts: &str| {
        format!(
            r#"(duration: "180s", services: {{ "a": (replicas: 2, threads: 2, balance: {balance}, queue: (limit: 20), endpoints: {{ "x": [work("20ms")] }}) }},
                calls: {{ "u -> a": [{policies} timeout("1s")] }}, workloads: {{ "u": open(rate: "150/s", to: "a/x") }},
                faults: [(name: "gone", at: "30s", for: "{lasts}", inject: crash(service: "a", instances: one))])"#
        )
    };
    let again = "retry(attempts: 3),";
    let lost = |calls: &str, service: &str, fault: &str| {
        format!(
            r#"(duration: "180s", services: {{
                "a": (replicas: 2, {service} endpoints: {{ "x": [work("1ms"), call("b/x")] }}),
                "b": (replicas: 2, endpoints: {{ "x": [work("1ms")] }}),
            }}, calls: {{ {calls} }}, workloads: {{ "u": open(rate: "10/s", to: "a/x") }},
            hypothesis: (during: ["success_ratio(u) >= 0.1%"]),
            faults: [(name: "blip", at: "30s", {fault})])"#
        )
    };
    let cut_off = r#"for: "10s", inject: partition(link: "a -> b")"#;
    let limited = r#""a -> b": [timeout("1s")]"#;
    let threads = "threads: 4,";
    let goal = |rate: u32, check: &str| {
        format!(
            r#"(duration: "60s", services: {{ "a": (replicas: 2, endpoints: {{ "x": [work("2ms")] }}) }},
                workloads: {{ "u": open(rate: "{rate}/s", to: "a/x"), "v": open(rate: "1/s", to: "a/x") }},
                hypothesis: (steady: ["{check}"]))"#
        )
    };
    let cut = r#""a -> b": [deadline("1500ms"), retry(attempts: 3, backoff: none), timeout("1s")]"#;
    let room =
        r#""a -> b": [deadline("2500ms"), retry(attempts: 3, backoff: none), timeout("1s")]"#;
    let above = r#""u -> a": [retry(attempts: 3, backoff: none), timeout("1s")]"#;
    let patient = r#""u -> a": [retry(attempts: 3, backoff: none), timeout("8s")]"#;
    for (code, sick, well, part) in [
        (
            "W0014",
            two(room),
            two(cut),
            "all 3 attempts of `a -> b` it gets 390",
        ),
        (
            "W0014",
            two(above),
            two(patient),
            "all 3 attempts of `u -> a` it gets 390",
        ),
        (
            "W0016",
            crowd(1000, 20),
            crowd(150, 20),
            "200 requests a second: 800 of them would wait at a time, and `a` has room for 64",
        ),
        (
            "W0016",
            crowd(1000, 20),
            crowd(1000, 1000),
            "it turns the others away",
        ),
        (
            "W0013",
            tail("60ms", ""),
            tail("400ms", ""),
            "longer than that in 30 % of all cases, without any queue: 30 % of the requests are lost to that, and the objective allows 0.1 %",
        ),
        (
            "W0013",
            tail("60ms", "retry(attempts: 2, backoff: none),"),
            tail("60ms", "retry(attempts: 5, backoff: none),"),
            ": 9 % of the requests are lost to that",
        ),
        // 150/s, half of it tried three times: 131 a second reach the instance that is left.
        (
            "W0028",
            crash(again, "round_robin", "30s"),
            crash("", "round_robin", "30s"),
            "`gone` has 1 of the 2 instances of `a` down, the threads of the rest can carry 100 requests a second, and with all that is tried again 131 come to them",
        ),
        (
            "W0028",
            crash(again, "random", "30s"),
            crash(again, "random", "100ms"),
            "while `gone`",
        ),
        (
            "W0028",
            crash(again, "random", "30s"),
            crash(again, "least_outstanding", "30s"),
            "while `gone`",
        ),
        (
            "W0030",
            crash("", "round_robin", "30s"),
            crash(again, "round_robin", "30s"),
            "has 1 of the 2 instances of `a` down, 50 % of the calls `u -> a` are refused, and nothing tries them elsewhere",
        ),
        (
            "W0030",
            crash("", "least_outstanding", "30s"),
            crash(again, "least_outstanding", "30s"),
            "at least 50 % of the calls `u -> a` are refused (those that refuse at once have the fewest requests outstanding",
        ),
        // Less than the objective allows of the whole run.
        (
            "W0030",
            crash("retry(attempts: 3, on: [error]),", "random", "30s"),
            crash("", "random", "100ms"),
            "50 % of the calls",
        ),
        (
            "W0031",
            lost("", threads, cut_off),
            lost(limited, threads, cut_off),
            "what `blip` takes from `a -> b` is lost for good, and nothing gives it up: a request that waits for it keeps its thread of `a` for ever; 10/s are lost, and all 8 threads are gone within 800ms",
        ),
        (
            "W0031",
            lost(
                "",
                threads,
                r#"for: "500ms", inject: partition(link: "a -> b")"#,
            ),
            lost("", "threading: async,", cut_off),
            "10/s are lost, and with them 5 of 8 threads by its end",
        ),
        // Sent again, it is given up in the end.
        (
            "W0031",
            lost(
                "",
                threads,
                r#"for: "10s", inject: loss(link: "a -> b", rate: 0.1, retransmit: "0")"#,
            ),
            lost(
                "",
                threads,
                r#"for: "10s", inject: loss(link: "a -> b", rate: 0.1)"#,
            ),
            // Both ways: 1 - 0.9 * 0.9.
            "1.9/s are lost, and all 8 threads are gone within 4.3s",
        ),
        (
            "W0031",
            lost("", threads, r#"inject: hang(service: "b")"#),
            lost("", threads, r#"for: "60s", inject: hang(service: "b")"#),
            "`blip` does not end, so what it holds of `a -> b` is never answered",
        ),
        (
            "W0031",
            lost("", threads, r#"inject: pause(service: "b")"#),
            lost("", threads, r#"for: "60s", inject: crash(service: "b")"#),
            "a request that waits for it keeps its thread of `a` for ever",
        ),
        // Whoever calls `a` gives up: its threads are gone all the same, unless it is told.
        (
            "W0031",
            lost(r#""u -> a": [timeout("1s")]"#, threads, cut_off),
            lost(
                r#""u -> a": [timeout("1s"), cancellation]"#,
                threads,
                cut_off,
            ),
            "its thread of `a`",
        ),
        (
            "W0031",
            lost(r#""u -> a": [deadline("1s")]"#, threads, cut_off),
            lost(
                r#""u -> a": [deadline(after: "1s", propagate: true)]"#,
                threads,
                cut_off,
            ),
            "its thread of `a`",
        ),
        (
            "W0025",
            goal(0, "success_ratio(u) >= 99%"),
            goal(1, "success_ratio(u) >= 99%"),
            "the rate of `u` is 0/s",
        ),
        (
            "W0029",
            goal(5, "success_ratio(u) >= 0.99%"),
            goal(5, "success_ratio(u) >= 0.99"),
            "allows 99.01 % of the requests to fail: its limit is 0.99 %",
        ),
        (
            "W0029",
            goal(5, "success_ratio(u) >= 0.5%"),
            goal(5, "failed_ratio(u) <= 0.5%"),
            "its limit is 0.5 %",
        ),
    ] {
        let told = said(&sick, code);
        assert!(
            told.len() == 1 && told[0].contains(part),
            "{sick}: {told:#?}"
        );
        assert_eq!(said(&well, code), Vec::<String>::new(), "{well}");
    }
}

/// What is suspected is what happens.
#[test]
fn what_is_refused_or_lost_for_ever_is_so_in_a_run() {
    let system = |balance: &str, fault: &str, limit: &str| {
        format!(
            r#"(duration: "150s", warmup: "20s", regions: {{ "eu": ["a", "b", "c"] }}, services: {{
                "web": (replicas: 3, threads: 64, endpoints: {{ "p": [work(exponential("1ms")), call("db/q")] }}),
                "db": (replicas: 3, zones: ["a", "b", "c"], balance: {balance}, threads: 4, queue: (limit: 100), endpoints: {{ "q": [work(exponential("20ms"))] }}),
            }}, calls: {{ "web -> db": [{limit}] }}, workloads: {{ "u": open(rate: "450/s", to: "web/p") }},
            faults: [(name: "zone", at: "60s", for: "60s", inject: {fault})],
            hypothesis: (steady: ["success_ratio(u) >= 99%"], recovers: (within: "10s", stretch: "10s")))"#
        )
    };
    let ran = |text: &str| {
        let loaded = load("a.ron", &[("a.ron", text)], &[]);
        let result = sim_models::experiment::run(&loaded.scenario.expect("it is right"), 1);
        serde_json::to_value(result.expect("it runs").summary).expect("it is JSON")
    };
    let limit = r#"timeout("1s")"#;
    for (balance, low, high) in [("round_robin", 0.32, 0.35), ("least_outstanding", 0.4, 1.0)] {
        let text = system(balance, r#"crash(zone: "a")"#, limit);
        let told = said(&text, "W0030");
        assert!(
            told.len() == 1 && told[0].contains("33 % of the calls"),
            "{told:#?}"
        );
        assert_eq!(said(&text, "W0028"), Vec::<String>::new());
        let outcomes = &ran(&text)["edges"]["web -> db"]["outcomes"];
        let refused = outcomes["refused"].as_f64().expect("a number") / (450.0 * 60.0);
        assert!(refused > low && refused < high, "{balance}: {outcomes}");
    }
    let cut = r#"partition(link: "web -> db")"#;
    for (limit, code, verdict) in [
        (
            "",
            &["450/s are lost, and all 192 threads are gone within 430ms"][..],
            "metastable",
        ),
        (limit, &[], "recovered"),
    ] {
        let text = system("random", cut, limit);
        let told = said(&text, "W0031");
        assert!(
            told.len() == code.len()
                && told
                    .iter()
                    .zip(code)
                    .all(|(told, part)| told.contains(part)),
            "{told:#?}"
        );
        assert_eq!(ran(&text)["hypothesis"]["verdict"], verdict, "{limit}");
    }
}

/// A limit that turns away what is known to come is told, one that may just not is not.
#[test]
fn loads_beyond_a_limit_are_told() {
    let system = |admission: &str, limit: &str| {
        format!(
            r#"(duration: "60s", services: {{ "api": (replicas: 2, threads: 64, admission: [{admission}], endpoints: {{ "x": [work("50ms")] }}) }},
                calls: {{ "users -> api": [{limit}] }}, workloads: {{ "users": open(rate: "300/s", to: "api/x") }})"#
        )
    };
    for (admission, limit, part) in [
        (
            "",
            r#"rate_limit("100/s")"#,
            "lets 100 through: it turns away 66 % of them or more",
        ),
        (
            "",
            r#"window_limit(limit: 1000, window: "10s")"#,
            "lets 100 through",
        ),
        (
            "",
            r#"sliding_limit(limit: 150, window: "1s")"#,
            "turns away 50 %",
        ),
        ("", r#"gcra(every: "5ms")"#, "lets 200 through"),
        (
            "",
            "bulkhead(permits: 10, queue: 5)",
            "15 are out at any time if none of them waits, and its `bulkhead` has room for 10",
        ),
        ("", "thread_pool(core: 5, max: 10)", "has room for 10"),
        (
            r#"rate_limit("100/s")"#,
            "",
            "300 requests a second come to `api`, 150 at each of 2, and its `rate_limit` lets 100 through",
        ),
        (
            r#"rate_limit(rate: "250/s", scope: shared)"#,
            "",
            "lets 250 through",
        ),
        ("thread_pool(core: 7)", "", "7.5 are out at any time"),
        // Nobody knows how many come to the inner one.
        ("", r#"rate_limit("400/s"), bulkhead(permits: 10)"#, ""),
        ("", r#"rate_limit("300/s")"#, ""),
        ("", r#"rate_limit(rate: "10/s", by: key)"#, ""),
        ("", "bulkhead(permits: 15)", ""),
        ("", r#"bulkhead(permits: 10), timeout("10ms")"#, ""),
        (r#"rate_limit("150/s")"#, "", ""),
        (r#"rate_limit("100/s")"#, r#"rate_limit("300/s")"#, ""),
    ] {
        let told = said(&system(admission, limit), "W0004");
        let well = part.is_empty() && told.is_empty();
        assert!(
            well || (told.len() == 1 && !part.is_empty() && told[0].contains(part)),
            "[{admission}] [{limit}]: {told:#?}"
        );
    }
}
