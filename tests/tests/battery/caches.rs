//! Caches, one instance each: least recently used, and limited in age.

use super::Judge::{Approximation, Statistical};
use super::{Case, Measure, Truth};

const SEEDS: u64 = 16;

/// Requests of one seed after the warm-up, in which the cache fills.
const REQUESTS: f64 = 40_000.0;

/// A cache in front of steps, and Poisson requests for keys.
fn text(cache: &str, on_miss: &str, rate: f64, keys: &str, calls: &str) -> String {
    let (warmup, duration) = (REQUESTS / 2.0 / rate, 1.5 * REQUESTS / rate);
    format!(
        r#"(
    warmup: "{warmup}s", duration: "{duration}s", window: "{}s",
    services: {{
        "q": (threads: unbounded, backlog: unbounded, endpoints: {{ "serve": [cache({cache}, on_miss: [call("db/read")])] }}),
        "db": (threads: unbounded, backlog: unbounded, endpoints: {{ "read": [{on_miss}] }}),
    }},
    calls: {{ {calls} }},
    workloads: {{ "load": open(rate: "{rate}/s", to: "q/serve", keys: {keys}) }},
)"#,
        duration / 50.0
    )
}

/// The share of requests that find what they ask for.
fn hit_ratio(id: &str, judge: super::Judge, text: String) -> Case {
    Case {
        text,
        seeds: SEEDS,
        measures: vec![Measure {
            id: id.into(),
            judge,
            get: Box::new(|run| {
                let counts = &run.summary.services["q"].steps["serve/cache"];
                counts["hits"] as f64 / (counts["hits"] + counts["misses"]) as f64
            }),
        }],
    }
}

pub fn cases(truth: &Truth) -> Vec<Case> {
    let mut cases = Vec::new();
    for (id, judge) in [
        ("lru-exact-10-3", Statistical),
        ("lru-che-10-3", Approximation),
        ("lru-che-10000-0.8-100", Approximation),
        ("lru-che-10000-0.8-1000", Approximation),
        ("lru-che-10000-1.0-500", Approximation),
    ] {
        let param = |name| truth.param(id, name);
        let keys = format!("zipf(count: {}, skew: {})", param("N"), param("alpha"));
        let size = format!("size: {}", param("C"));
        cases.push(hit_ratio(id, judge, text(&size, "", 1000.0, &keys, "")));
    }
    for id in ["ttl-fixed-2", "ttl-fixed-0.1"] {
        let ttl = format!("ttl: \"{}s\"", truth.param(id, "T"));
        let text = text(&ttl, "", truth.param(id, "lambda"), "weights([1])", "");
        cases.push(hit_ratio(id, Statistical, text));
    }
    let id = "stampede-coalesce-rate";
    let ttl = format!("ttl: \"{}s\"", truth.param(id, "TTL"));
    let fetch = format!("wait(\"{}s\")", truth.param(id, "fetch"));
    let calls = r#""q -> db": [coalesce]"#;
    let rate = truth.param(id, "lambda");
    cases.push(Case {
        text: text(&ttl, &fetch, rate, "weights([1])", calls),
        seeds: SEEDS,
        measures: vec![Measure {
            id: id.into(),
            // Nearly a clock: what is between the results of seeds is less than one fetch.
            judge: Approximation,
            get: Box::new(|run| {
                let rate = run.summary.services["db"].arrival_rate;
                rate.unwrap_or(f64::NAN)
            }),
        }],
    });
    cases
}
