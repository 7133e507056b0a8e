use crate::scenario::{Files, Loaded, load};

/// A sound scenario in parts: a test changes one of them.
const DURATION: &str = r#"duration: "5min", warmup: "10s""#;
const SERVICES: &str = r#"services: {
    "web": (replicas: 2, endpoints: { "page": [work("2ms"), call("db/get")] }),
    "db": (replicas: 2, zones: "z1", endpoints: { "get": [work("2ms")] }),
}, regions: { "r1": ["z1", "z2"] }, hosts: { "h1": "z1" }"#;
const CALLS: &str = r#"calls: { "web -> db": [retry(2), timeout("100ms")] }, links: { "* -> *": (latency: "1ms") }"#;
const LOAD: &str = r#"workloads: { "users": open("100/s", "web/page") }"#;

fn read(parts: &[&str]) -> Loaded {
    let of = |field: &str| parts.iter().any(|part| part.starts_with(field));
    let mut all: Vec<&str> = parts.to_vec();
    for (field, default) in [
        ("duration", DURATION),
        ("services", SERVICES),
        ("calls", CALLS),
        ("workloads", LOAD),
    ] {
        if !of(field) {
            all.push(default);
        }
    }
    let text = format!("({})", all.join(",\n"));
    let files = [("a.ron", text.as_str())];
    let files: &dyn Files = &files;
    load("a.ron", files, &[])
}

/// What is found, with the marked text.
fn found(parts: &[&str]) -> Vec<String> {
    let loaded = read(parts);
    let errors = loaded.scenario.err().unwrap_or_default();
    errors
        .iter()
        .chain(&loaded.warnings)
        .map(|d| {
            let marked = d.span.map_or("", |span| loaded.sources.text(span));
            format!(
                "{} {} @{marked} {}",
                d.code.as_str(),
                d.message,
                d.help.join(" ")
            )
        })
        .collect()
}

/// Exactly one thing is wrong, and it is said so.
#[track_caller]
fn one(parts: &[&str], code: &str, marked: &str) -> String {
    let found = found(parts);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with(code), "{found:#?}");
    assert!(found[0].contains(&format!("@{marked} ")), "{found:#?}");
    found[0].clone()
}

#[test]
fn finds_nothing_in_a_sound_scenario() {
    assert_eq!(found(&[]), [""; 0]);
}

#[test]
fn checks_the_run() {
    let empty = found(&["services: {}", "calls: {}", "workloads: {}"]);
    assert_eq!(empty.len(), 2, "{empty:?}");
    one(&[r#"duration: "5s", warmup: "5s""#], "V0015", r#""5s""#);
    one(&[r#"duration: "0""#], "V0015", r#""0""#);
    one(&[r#"hypothesis: (objective: 2)"#], "V0013", "2");
}

#[test]
fn checks_services() {
    let services = |steps: &str| {
        format!(
            r#"services: {{ "web": (replicas: 2, endpoints: {{ "page": [call("db/get")], "other": [{steps}] }}), "db": (replicas: 2, endpoints: {{ "get": [] }}) }}"#
        )
    };
    let wrong = |steps: &str, code: &str, marked: &str| one(&[&services(steps)], code, marked);
    assert!(wrong(r#"call("dbb/get")"#, "V0002", r#""dbb/get""#).contains("did you mean `db`?"));
    assert!(wrong(r#"call("db/gte")"#, "V0003", r#""db/gte""#).contains("did you mean `get`?"));
    assert!(wrong(r#"call(to: "db")"#, "V0004", r#""db""#).contains("db/get"));
    wrong("choice([(0, []), (1, [])])", "V0006", "0");
    wrong("choice([])", "V0007", "choice");
    wrong(
        r#"parallel(branches: [[], []], need: first(3))"#,
        "V0007",
        "first",
    );
    wrong(
        r#"work(lognormal(mean: "10ms", p99: "5ms"))"#,
        "V0008",
        "lognormal",
    );
    wrong(r#"wait(uniform("2s", "1s"))"#, "V0008", "uniform");
    wrong("fail(1.5)", "V0013", "1.5");
    wrong("fail(status: 200)", "V0020", "200");
    wrong(
        "repeat(1, [repeat(1, [repeat(1, [repeat(1, [repeat(1, [])])])])])",
        "V0014",
        "repeat",
    );
    one(
        &[
            r#"services: { "web": (replicas: 0, endpoints: { "page": [] }) }"#,
            "calls: {}",
        ],
        "V0018",
        "0",
    );
    one(
        &[
            r#"services: { "web": (replicas: 2, zones: ["z9"], endpoints: { "page": [] }) }"#,
            "calls: {}",
        ],
        "V0005",
        r#""z9""#,
    );
    one(
        &[
            r#"services: { "web": (replicas: 2, endpoints: { "page": [] }), "a/b": (endpoints: {"x": []}) }"#,
            "calls: {}",
        ],
        "V0017",
        r#""a/b""#,
    );
}

#[test]
fn checks_calls_and_links() {
    one(
        &[r#"calls: { "web -> dbb": [] }"#],
        "V0002",
        r#""web -> dbb""#,
    );
    one(&[r#"calls: { "web": [] }"#], "V0017", r#""web""#);
    one(
        &[r#"calls: { "web -> db/put": [] }"#],
        "V0003",
        r#""web -> db/put""#,
    );
    one(
        &[r#"calls: { "web -> db": [retry(0), timeout("1s")] }"#],
        "V0009",
        "0",
    );
    one(
        &[r#"calls: { "web -> db": [timeout("0")] }"#],
        "V0009",
        r#""0""#,
    );
    one(
        &[
            "calls: {}",
            r#"links: { "zone:z8 -> *": (latency: "1ms") }"#,
        ],
        "V0005",
        r#""zone:z8 -> *""#,
    );
}

#[test]
fn checks_workloads() {
    one(
        &[r#"workloads: { "users": open("9/s", "web/pag") }"#],
        "V0003",
        r#""web/pag""#,
    );
    one(
        &[r#"workloads: { "users": closed(users: 0, to: "web/page") }"#],
        "V0018",
        "0",
    );
    one(
        &[r#"workloads: { "users": open(rate: "9/s", to: {"web/page": -1}) }"#],
        "V0006",
        "-1",
    );
    one(
        &[
            r#"workloads: { "users": open(rate: "9/s", to: "web/page", shape: [spike(at: "1s", for: "0", factor: 2)]) }"#,
        ],
        "V0021",
        r#""0""#,
    );
}

#[test]
fn checks_faults() {
    let wrong =
        |fault: &str, code: &str, marked: &str| one(&[&format!("faults: [{fault}]")], code, marked);
    wrong(
        r#"(for: "1s", inject: crash(service: "db"))"#,
        "V0011",
        r#"(for: "1s", inject: crash(service: "db"))"#,
    );
    wrong(
        r#"(at: "6min", inject: crash(service: "db"))"#,
        "V0011",
        r#""6min""#,
    );
    wrong(
        r#"(at: "1s", for: "2s", every: "1s", inject: crash(service: "db"))"#,
        "V0011",
        r#""1s""#,
    );
    wrong(
        r#"(cron: "* * * *", for: "1s", inject: crash(service: "db"))"#,
        "V0012",
        r#""* * * *""#,
    );
    wrong(
        r#"(at: "1s", share: 5, inject: error(service: "db"))"#,
        "V0013",
        "5",
    );
    wrong(
        r#"(at: "1s", inject: slow(service: "db", factor: 0))"#,
        "V0010",
        "0",
    );
    wrong(
        r#"(at: "1s", inject: crash(service: "bd"))"#,
        "V0002",
        r#""bd""#,
    );
    wrong(
        r#"(at: "1s", inject: crash(service: "db", instances: only([2])))"#,
        "V0002",
        "only",
    );
    wrong(
        r#"(at: "1s", inject: error(service: "db", endpoint: "put"))"#,
        "V0003",
        r#""put""#,
    );
    wrong(
        r#"(at: "1s", inject: error(workload: "user"))"#,
        "V0019",
        r#""user""#,
    );
    wrong(
        r#"(at: "1s", inject: partition(link: "web - db"))"#,
        "V0017",
        r#""web - db""#,
    );
    wrong(
        r#"(at: "1s", inject: crash(host: "h2"))"#,
        "V0005",
        r#""h2""#,
    );
}

#[test]
fn checks_the_hypothesis() {
    let wrong = |text: &str, marked: &str| {
        one(
            &[&format!("hypothesis: (steady: [\"{text}\"])")],
            "V0016",
            marked,
        )
    };
    assert!(wrong("latency(user, p99) < 1s", "user").contains("did you mean `users`?"));
    assert!(wrong("latency(users, p98) < 1s", "p98").contains("p99"));
    wrong("latency(users, p99) < 1", "1");
    wrong("utilization(users) < 1", "users");
    wrong("amplification(db -> web) < 1", "db -> web");
    for fine in [
        r#"hypothesis: (steady: ["amplification(\"web->db\") < 2"])"#,
        r#"hypothesis: (always: ["recovery_time < 30s", "sojourn(db, p99) < 1s"])"#,
        r#"hypothesis: (always: ["goodput(users) in 10s..20s > 1/s"])"#,
        r#"hypothesis: (always: ["outcome_ratio(users, reset) < 1%", "policy_count(users -> web, retry_exhausted) < 3"])"#,
    ] {
        assert_eq!(found(&[fine]), [""; 0]);
    }
    let never = |list: &str, text: &str| {
        one(
            &[&format!("hypothesis: ({list}: [\"{text}\"])")],
            "V0016",
            text,
        )
    };
    assert!(never("steady", "recovery_time < 30s").contains("under `always`"));
    assert!(never("always", "held == 1").contains("sums up"));
    assert!(never("steady", "goodput(users) in 1s..2s > 1/s").contains("leave the stretch out"));
    assert!(never("always", "goodput(users) in 1h..2h > 1/s").contains("the run ends at"));
    assert!(never("always", "goodput(users) in 1ms..2ms > 1/s").contains("no whole window"));
    one(
        &[r#"hypothesis: (always: ["tenant_goodput(users) > 1/s"])"#],
        "V0016",
        "users",
    );
}

#[test]
fn warns_about_timeouts_and_retries() {
    one(
        &[r#"calls: { "web -> db": [timeout("1s"), retry(2), timeout("2s")] }"#],
        "W0001",
        "timeout",
    );
    one(
        &[r#"calls: { "web -> db": [retry_budget, retry(2), timeout("1s")] }"#],
        "W0008",
        "retry_budget",
    );
    one(&[r#"calls: { "web -> db": [retry(2)] }"#], "W0009", "retry");
    let text = one(
        &[
            r#"calls: { "users -> web": [timeout("500ms")], "web -> db": [retry(attempts: 3, backoff: none), timeout("200ms")] }"#,
        ],
        "W0002",
        r#""web -> db""#,
    );
    assert!(text.contains("600ms") && text.contains("500ms"), "{text}");
    let text = one(
        &[
            r#"calls: { "users -> web": [retry(4), timeout("10s")], "web -> db": [retry(attempts: 3, backoff: none), timeout("200ms")] }"#,
        ],
        "W0003",
        r#""web -> db""#,
    );
    assert!(
        text.contains("12 attempts along users -> web -> db: 4 × 3"),
        "{text}"
    );
}

#[test]
fn warns_about_load_and_graph() {
    let text = one(
        &[r#"workloads: { "users": open("40000/s", "web/page") }"#],
        "W0004",
        r#""web""#,
    );
    assert!(text.contains("its threads can carry"), "{text}");
    let services = r#"services: {
        "web": (replicas: 2, endpoints: { "page": [call("db/get")] }),
        "db": (endpoints: { "get": [work("2ms")] }),
        "old": (replicas: 2, endpoints: { "get": [] }) }"#;
    let both = found(&[services]);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(
        both[0].starts_with("W0007") && both[1].starts_with("W0005"),
        "{both:?}"
    );
    let circle = r#"services: {
        "web": (replicas: 2, endpoints: { "page": [call("db/get")], "back": [] }),
        "db": (replicas: 2, endpoints: { "get": [call("web/back")] }) }"#;
    one(&[circle], "W0006", r#""web""#);
}

#[test]
fn warns_about_patterns_and_time() {
    one(
        &[r#"calls: { "db -> web": [] }"#],
        "W0011",
        r#""db -> web""#,
    );
    one(
        &["calls: {}", r#"links: { "users -> db": (latency: "1ms") }"#],
        "W0011",
        r#""users -> db""#,
    );
    let text = one(
        &[
            r#"faults: [(at: "4min", for: "10s", inject: slow(service: "db", factor: 2))]"#,
            r#"hypothesis: (recovers: (within: "30s"))"#,
        ],
        "W0010",
        r#"(at: "4min", for: "10s", inject: slow(service: "db", factor: 2))"#,
    );
    assert!(text.contains("known only at 310s"), "{text}");
    let text = one(
        &[
            r#"duration: "5min", warmup: "30s""#,
            r#"faults: [(at: "20s", for: "10s", inject: slow(service: "db", factor: 2))]"#,
        ],
        "W0012",
        r#"(at: "20s", for: "10s", inject: slow(service: "db", factor: 2))"#,
    );
    assert!(text.contains("begins at 20s"), "{text}");
}
