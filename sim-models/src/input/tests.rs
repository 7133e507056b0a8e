use super::*;
use crate::scenario::Step;
use crate::scenario::diagnostics::Code;

const BASE: &str = r#"
        // A comment with a bracket: ).
        (
            duration: "5min", warmup: "30s", /* nested /* comment */ */
            services: {
                "web": (replicas: 4, threads: unbounded, endpoints: { "checkout": [work("2ms"), call("db/insert")] }),
                "db":  (endpoints: { "insert": work("8ms"), "both": [parallel(branches: [call("db/insert"), call("db/insert")], need: first(1))] }),
            },
            links: { "* -> *": (latency: "500us") },
            calls: { "web -> db": [deadline("2s"), retry(attempts: 4, backoff: exponential(base: "50ms", jitter: full)), retry_budget, timeout("500ms"), cancellation()] },
            workloads: { "shoppers": open(rate: "90/s", to: "web/checkout"), "mix": closed(users: 3, to: {"web/checkout": 2, "db/insert": 1.5}) },
            faults: [ (at: "60s", for: "10s", inject: slow(service: "db", factor: 4, instances: percent(50))) ],
            hypothesis: (steady: "success_ratio(shoppers) >= 0.999", recovers: (within: "30s")),
        )"#;

fn read(text: &str) -> Scenario {
    let loaded = load("a.ron", &[("a.ron", text)], &[]);
    loaded.scenario.unwrap_or_else(|found| {
        let lines: Vec<_> = found.iter().map(|d| d.concise(&loaded.sources)).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn complaints(text: &str) -> Vec<String> {
    let loaded = load("a.ron", &[("a.ron", text)], &[]);
    let found = loaded.scenario.expect_err("it is wrong");
    found.iter().map(|d| d.concise(&loaded.sources)).collect()
}

#[test]
fn reads_every_way_of_writing() {
    let scenario = read(BASE);
    let checkout = &scenario.services["web"].endpoints["checkout"];
    assert!(matches!(&checkout[1], Step::Call(call) if call.to == "db/insert"));
    assert_eq!(scenario.services["db"].endpoints["insert"].len(), 1);
    assert_eq!(scenario.calls["web -> db"].len(), 5);
    assert_eq!(scenario.hypothesis.steady.len(), 1);
    assert_eq!(scenario.workloads["mix"].targets().iter().count(), 2);
}

#[test]
fn finds_all_errors_at_once() {
    let found = complaints(
        r#"(
    duration: 5,
    services: {
        "web": (replica: 4, threads: "x", endpoints: { "checkout": [wrk("2ms"), work("2"), call(to: "db/insert", after: 1)] }),
        "db": (replicas: 2),
    },
    calls: { "web -> db": [timeot("2s"), retry(attempts: -1), timeout()] },
    faults: [(at: "1s", inject: slow(facto: 2))],
)"#,
    );
    for expected in [
        "a.ron:2:15: S0007 `5` has no unit",
        "a.ron:4:17: S0003 there is no field `replica` here",
        "a.ron:4:38: S0007",
        "a.ron:4:69: S0004 `wrk` is not known here",
        "a.ron:4:86: S0007 `2` has no unit",
        "a.ron:4:114: S0003",
        "a.ron:5:27: S0005 `endpoints` is missing",
        "a.ron:7:28: S0004 `timeot`",
        "a.ron:7:58: S0007",
        "a.ron:7:63: S0005 `after` is missing",
        "a.ron:8:38: S0003 there is no field `facto`",
    ] {
        assert!(
            found.iter().any(|line| line.starts_with(expected)),
            "{expected}\n{found:#?}"
        );
    }
    assert_eq!(found.len(), 11, "{found:#?}");
}

#[test]
fn points_at_syntax_errors_and_duplicates() {
    assert!(complaints("(\n  duration: \"5min\",\n  services: {\n")[0].contains("S0001"));
    let twice =
        complaints("(duration: \"1s\", duration: \"2s\", services: {\"a\": (), \"a\": ()})");
    assert_eq!(twice.len(), 2, "{twice:?}");
    assert!(twice[0].starts_with("a.ron:1:18: S0002"), "{twice:?}");
}

#[test]
fn includes_and_overlays() {
    let files = [
        ("dir/base.ron", BASE),
        (
            "dir/sub/over.ron",
            r#"(include: "../base.ron", duration: "2min", services: { "db": (replicas: 7) }, calls: { "web -> db": [] })"#,
        ),
        ("loop.ron", "(include: \"./loop.ron\")"),
    ];
    let scenario = load("dir/sub/over.ron", &files, &[]).scenario.unwrap();
    assert_eq!(scenario.duration.as_secs_f64(), 120.0);
    assert_eq!(scenario.services["db"].replicas, 7);
    assert_eq!(scenario.services["db"].endpoints.len(), 2);
    assert!(scenario.calls["web -> db"].is_empty());
    let found = load("loop.ron", &files, &[]).scenario.unwrap_err();
    assert!(found[0].message.contains("includes itself"));
}

#[test]
fn includes_are_bounded() {
    let chain: Vec<(String, String)> = (0..100)
        .map(|i| (format!("{i}.ron"), format!("(include: \"{}.ron\")", i + 1)))
        .collect();
    let doubled: Vec<(String, String)> = (0..30)
        .map(|i| {
            (
                format!("{i}.ron"),
                format!("(include: [\"{0}.ron\", \"{0}.ron\"])", i + 1),
            )
        })
        .chain([("30.ron".to_owned(), "()".to_owned())])
        .collect();
    for (files, said) in [
        (&chain, "more than 32 files deep"),
        (&doubled, "after 1000 others"),
    ] {
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
        let found = load("0.ron", &files[..], &[]).scenario.unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].code, Code::Include);
        assert!(found[0].message.contains(said), "{found:?}");
        assert!(found[0].span.is_some(), "{found:?}");
    }
}

#[test]
fn what_is_no_scenario_is_not_shown() {
    let passwd = "root:x:0:0:root:/root:/bin/bash\n";
    let files = [
        ("a.ron", "(include: \"passwd\")"),
        ("passwd", passwd),
        ("b.ron", "(include: \"c.ron\", duration: \"1s\")"),
        (
            "c.ron",
            "/* a /* nested */ comment */ // and another\n\n (title: \"c\")",
        ),
    ];
    let loaded = load("a.ron", &files, &[]);
    let found = loaded.scenario.unwrap_err();
    assert_eq!(
        found[0].concise(&loaded.sources),
        "a.ron:1:11: S0008 `passwd` is no scenario: it does not begin with `(`"
    );
    assert!(
        loaded
            .sources
            .all()
            .iter()
            .all(|source| source.text != passwd)
    );
    let found = load("b.ron", &files, &[]).scenario.unwrap_err();
    assert!(
        found.iter().all(|found| found.code != Code::Include),
        "{found:?}"
    );
}

const EXAMPLE: &str = r#"// A ten-second slowdown of the database becomes an outage that outlives it, because every tier retries.
(
    duration: "5min", warmup: "30s", seed: 7,
    services: {
        "web":    (replicas: 4, threads: 64, backlog: 128, endpoints: { "checkout": [work(lognormal(mean: "2ms", p99: "10ms")), call("orders/create")] }),
        "orders": (replicas: 3, threads: 32, backlog: 64,  endpoints: { "create":   [work(exponential("4ms")), call("db/insert")] }),
        "db":     (replicas: 1, threads: 16, backlog: 256, endpoints: { "insert":   [work(exponential("8ms"))] }),
    },
    links: { "* -> *": (latency: normal(mean: "500us", sd: "100us")) },
    calls: {
        "web -> orders": [deadline("2s"), retry(attempts: 4, backoff: exponential(base: "50ms", cap: "2s", jitter: full)), timeout("500ms")],
        "orders -> db":  [retry(attempts: 3, backoff: none), timeout("200ms")],
    },
    workloads: { "shoppers": open(rate: "900/s", to: "web/checkout") },
    faults: [ (at: "60s", for: "10s", inject: slow(service: "db", factor: 4)) ],
    hypothesis: (
        steady:   ["success_ratio(shoppers) >= 0.999", "latency(shoppers, p99) < 250ms"],
        recovers: (within: "30s"),
    ),
)
"#;

#[test]
fn reads_the_example_of_the_design() {
    let scenario = read(EXAMPLE);
    assert_eq!(scenario.services.len(), 3);
    assert_eq!(scenario.calls["web -> orders"].len(), 3);
    let work = &scenario.services["web"].endpoints["checkout"][0];
    assert!(matches!(work, Step::Work(work) if work.demand.compile().is_ok()));
}

#[test]
fn reads_measurements_from_files() {
    let text = BASE.replace(
        "work(\"8ms\")",
        "work(empirical(file: \"db.csv\", unit: \"ms\", column: \"latency\"))",
    );
    let files = [
        ("x/a.ron", text.as_str()),
        ("x/db.csv", "latency,code\n# a comment\n3.5,200\n4,200\n"),
    ];
    let scenario = load("x/a.ron", &files, &[]).scenario.unwrap();
    let mean = match &scenario.services["db"].endpoints["insert"][0] {
        Step::Work(work) => work.demand.compile().unwrap().mean(),
        _ => 0.0,
    };
    assert!(mean > 3.4e6 && mean < 4.1e6, "{mean}");
    let found = load("x/a.ron", &files[..1], &[]).scenario.unwrap_err();
    assert_eq!(found[0].code, Code::DataFile);
}
