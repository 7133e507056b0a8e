//! What `sim check` suspects: of every file of the library exactly what this table says, of the cases
//! what their comments say, and of random systems that are well nothing at all.

use sim_core::random::{Keyed, Source};
use sim_models::scenario::{Files, Loaded, load};
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
const LIBRARY: [(&str, &[&str]); 18] = [
    ("cascading-failure", &[]),
    ("coordinated-omission", &[]),
    // What six attempts do to a database that comes back is its lesson.
    ("database-outage", &["W0014"]),
    ("flash-crowd", &["W0015"]),
    ("gray-failure", &[]),
    ("jittered-retries", &["W0009"]),
    ("lossy-link", &[]),
    ("mm1", &[]),
    ("online-boutique", &[]),
    // Its comment tells of the storm that another direction of the partition sets off.
    ("partition", &["W0014"]),
    ("retry-storm", &["W0014"]),
    ("retry-storm-breaker", &[]),
    ("retry-storm-deadline", &[]),
    ("retry-storm-retry-budget", &[]),
    ("retry-storm-retry-limit", &[]),
    ("synchronised-retries", &["W0009"]),
    ("thread-pool-exhaustion", &[]),
    ("thundering-herd", &["W0003", "W0009"]),
];

#[test]
fn of_the_library_what_each_file_teaches() {
    let mut wrong = BTreeMap::new();
    for (name, expected) in LIBRARY {
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
