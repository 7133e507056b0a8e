use super::*;
use crate::scenario::load;

fn topology(text: &str) -> (Scenario, Topology) {
    let loaded = load("a.ron", &[("a.ron", text)], &[]);
    let scenario = loaded.scenario.expect("it is right");
    let topology = Topology::new(&scenario);
    (scenario, topology)
}

const DIAMOND: &str = r#"(
    duration: "100s",
    services: {
        "web": (replicas: 2, threads: 10, cores: 1, endpoints: {
            "page": [work("2ms"), parallel([call("left/get"), [call("right/get"), call(to: "extra/get", optional: true)]]), repeat(3, [call("db/get")])],
            "idle": [],
        }),
        "left": (replicas: 2, endpoints: { "get": [work("5ms"), choice([(1, call("db/get")), (3, work("4ms"))])] }),
        "right": (replicas: 2, threading: async, endpoints: { "get": [wait("10ms"), work("1ms"), fail(0.1)] }),
        "extra": (endpoints: { "get": [fail(1.0)] }),
        "db": (endpoints: { "get": [work("1ms")] }),
        "alone": (endpoints: { "get": [] }),
    },
    links: { "* -> *": (latency: "1ms") },
    workloads: { "users": open(rate: "100/s", to: "web/page") },
    faults: [(at: "10s", for: "10s", share: 0.5, inject: error(service: "db"))],
)"#;

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

#[test]
fn counts_visits_and_occupancy() {
    let (scenario, topology) = topology(DIAMOND);
    let db = topology.capacity["db"];
    near(db.rate, 325.0);
    near(db.thread_utilization, 0.325 / 64.0);
    let left = 0.005 + 0.25 * 0.003 + 0.75 * 0.004;
    let right = 0.011 + 0.9 * 0.002;
    let longest = f64::max(left + 0.002, 0.002 + 0.011 + 0.002);
    let page = 0.002 + longest + 3.0 * 0.003;
    near(topology.endpoints["left/get"].latency, left);
    near(topology.endpoints["right/get"].held, 0.001);
    let _ = right;
    near(topology.endpoints["web/page"].held, page);
    near(topology.mean_latency(&scenario, "users"), page + 0.002);
    near(topology.capacity["web"].by_cores, 1000.0);
    near(
        topology.capacity["web"].thread_utilization,
        100.0 * page / 20.0,
    );
    let calls: Vec<_> = topology
        .callees("web")
        .into_iter()
        .map(|(to, calls)| (to, calls.per_request, calls.optional))
        .collect();
    assert_eq!(
        calls,
        [
            ("left", 1.0, false),
            ("right", 1.0, false),
            ("extra", 1.0, true),
            ("db", 3.0, false)
        ]
    );
}

#[test]
fn finds_what_every_request_needs() {
    let (scenario, topology) = topology(DIAMOND);
    assert_eq!(
        topology.inevitable(&scenario, "users"),
        ["web", "left", "right", "db"]
    );
    assert_eq!(topology.single_points(&scenario, "users"), ["db"]);
    assert_eq!(topology.unreachable(), ["alone"]);
    assert!(topology.cycles().is_empty());
}

#[test]
fn finds_circles() {
    let (_, topology) = topology(
        r#"(duration: "1s", services: {
            "a": (endpoints: { "x": [call("b/x")] }),
            "b": (endpoints: { "x": [choice([(1, call("c/x")), (1, [])])] }),
            "c": (endpoints: { "x": [call("b/x")], "y": [call("d/y")] }),
            "d": (threading: async, endpoints: { "y": [choice([(1, call("d/y")), (1, [])])] }),
        }, workloads: { "w": closed(users: 3, think: "1s", to: {"a/x": 1, "c/y": 1}) })"#,
    );
    assert_eq!(topology.cycles(), [vec!["b", "c"], vec!["d"]]);
    assert_eq!(topology.deadlocks(), [vec!["b", "c"]]);
    near(topology.capacity["a"].rate, 1.5);
    near(topology.capacity["d"].rate, 3.0);
    assert_eq!(topology.capacity["a"].open_utilization, 0.0);
}
