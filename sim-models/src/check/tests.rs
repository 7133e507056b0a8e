use crate::input::{Files, Loaded, load};

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
        r#"hypothesis: (always: ["outcome_ratio(users, reset) < 1%", "recovery_time < 1m"])"#,
    ] {
        assert_eq!(found(&[fine]), [""; 0]);
    }
    let nothing =
        found(&[r#"hypothesis: (always: ["policy_count(users -> web, retry_exhausted) < 3"])"#]);
    assert!(
        nothing[0].starts_with("W0025")
            && nothing[0].contains("`users -> web` has no `retry` that could count"),
        "{nothing:?}"
    );
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
    assert!(text.contains("may be known only at 310s"), "{text}");
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

/// A scenario of a database and those who call it, which is sound but for what a test changes.
fn of(db: &str, calls: &str, users: &str, rest: &str) -> Vec<String> {
    let services = format!(
        r#"services: {{ "web": (replicas: 2, threads: unbounded, endpoints: {{ "page": [call("db/get")] }}),
            "db": (replicas: 2, {db} endpoints: {{ "get": [work("20ms")], "slow": [wait(uniform("300ms", "1s"))] }}) }}"#
    );
    let calls = format!(r#"calls: {{ "web -> db": [{calls}] }}"#);
    let users = format!(r#"workloads: {{ "users": {users} }}"#);
    let mut parts = vec![services.as_str(), calls.as_str(), users.as_str()];
    if !rest.is_empty() {
        parts.push(rest);
    }
    found(&parts)
}

const USERS: &str = r#"open("100/s", "web/page")"#;

/// That exactly this is suspected, or nothing.
#[track_caller]
fn suspects(found: &[String], expected: &[(&str, &str)]) {
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, (code, part)) in found.iter().zip(expected) {
        assert!(found.starts_with(code) && found.contains(part), "{found}");
    }
}

#[test]
fn suspects_calls_that_cannot_be_answered_in_time() {
    let of_slow = |calls: &str| {
        let services = r#"services: { "web": (replicas: 2, threads: unbounded, endpoints: { "page": [call("db/slow")] }),
            "db": (replicas: 2, threads: unbounded, endpoints: { "slow": [wait(uniform("300ms", "1s"))] }) }"#;
        let calls = format!(r#"calls: {{ {calls} }}, links: {{ "* -> *": (latency: "5ms") }}"#);
        found(&[services, &calls])
    };
    let never = of_slow(r#""web -> db": [timeout("305ms")]"#);
    suspects(
        &never,
        &[(
            "W0013",
            "at least 300ms (and the way there and back 10ms), but `web -> db` gives up after 305ms",
        )],
    );
    // 300 ms to 1 s, uniform: half of all are longer than 650 ms.
    let mostly = of_slow(r#""web -> db": [timeout("500ms")]"#);
    suspects(
        &mostly,
        &[("W0013", "longer than that in 72 % of all cases")],
    );
    // Less than half, but far more than the objective allows.
    suspects(
        &of_slow(r#""web -> db": [timeout("700ms")]"#),
        &[("W0013", "44 % of the requests are lost to that")],
    );
    suspects(&of_slow(r#""web -> db": [timeout("1100ms")]"#), &[]);
    // What a callee calls counts, however deep.
    let outer = of_slow(r#""users -> web": [timeout("315ms")], "web -> db": [timeout("2s")]"#);
    suspects(
        &outer,
        &[
            ("W0013", "`web/page` takes at least 310ms"),
            ("W0002", "may take 2s"),
        ],
    );
}

#[test]
fn suspects_retries_that_outlive_their_cause() {
    let pool = "threads: 2,";
    let calls = r#"retry(attempts: 3, backoff: none), timeout("1s")"#;
    // 100/s x 3 attempts into 4 threads / 20 ms = 200/s.
    let storm = of(pool, calls, USERS, "");
    suspects(
        &storm,
        &[(
            "W0014",
            "gets 100 requests a second and can carry 200, but with all 3 attempts of `web -> db` it gets 300",
        )],
    );
    for held in [
        r#"retry(attempts: 3, backoff: none), retry_budget(ratio: 0.1), timeout("1s")"#,
        r#"retry(attempts: 3, backoff: none), breaker(failures: 9), timeout("1s")"#,
        r#"retry(attempts: 3, backoff: none), timeout("1s"), cancellation"#,
        // 2 x 100/s is all that it can carry.
        r#"retry(attempts: 2, backoff: none), timeout("1s")"#,
        // A full queue of 128 is a wait of 1.28 s.
        r#"retry(attempts: 3, backoff: none), timeout("2s")"#,
    ] {
        suspects(&of(pool, held, USERS, ""), &[]);
    }
    suspects(&of("threads: 2, backlog: 50,", calls, USERS, ""), &[]);
    // Users who wait for their answer send no more than there are of them.
    let closed = r#"closed(users: 30, think: "1s", to: "web/page")"#;
    suspects(&of(pool, calls, closed, ""), &[]);
}

#[test]
fn suspects_loads_at_their_peaks() {
    let calls = r#"timeout("2s")"#;
    let with = |shape: &str| {
        let users = format!(r#"open(rate: "100/s", to: "web/page", shape: [{shape}])"#);
        of("threads: 2,", calls, &users, "")
    };
    let found = with(r#"spike(at: "60s", for: "30s", factor: 3)"#);
    suspects(
        &found,
        &[(
            "W0015",
            "gets 300 requests a second, and its threads can carry 200",
        )],
    );
    let found = with(r#"ramp(at: "60s", over: "2min", factor: 2.5)"#);
    suspects(&found, &[("W0015", "gets 250 requests a second")]);
    let found =
        with(r#"diurnal(period: "4min", amplitude: 1, peak: "1min"), step(at: "2s", factor: 1.2)"#);
    suspects(&found, &[("W0015", "gets 240 requests a second")]);
    // 100 more than it can carry for a second: they find room, and wait for half a second.
    suspects(&with(r#"spike(at: "60s", for: "1s", factor: 3)"#), &[]);
    suspects(&with(r#"step(at: "60s", factor: 1.9)"#), &[]);
    suspects(&with(r#"spike(at: "60s", for: "30s", factor: 0)"#), &[]);
}

#[test]
fn suspects_crowds_that_wait_for_too_long() {
    let with = |users: u32, more: &str| {
        let text = format!(r#"closed(users: {users}, think: "1s", to: "db/get"{more})"#);
        let services = r#"services: { "db": (replicas: 2, threads: 2, queue: (limit: unbounded), endpoints: { "get": [work("20ms")] }) }"#;
        let load = format!(r#"workloads: {{ "users": {text} }}"#);
        found(&[services, "calls: {}", &load])
    };
    // 1000 users over 200/s, less the second that they think.
    let crowd = with(1000, r#", patience: "2s""#);
    suspects(
        &crowd,
        &[(
            "W0016",
            "1000 users of `users` share what `db` can carry, 200 requests a second: each waits for at least 4s on average, and gives up after 2s",
        )],
    );
    suspects(&with(500, r#", patience: "2s""#), &[]);
    suspects(&with(1000, ""), &[]);
}

#[test]
fn suspects_lists_of_policies() {
    let big = "threads: 64,";
    let late = |backoff: &str| {
        let calls =
            format!(r#"deadline("3s"), retry(attempts: 3, backoff: {backoff}), timeout("1s")"#);
        of(big, &calls, USERS, "")
    };
    suspects(
        &late(r#"exponential(base: "2s", jitter: none)"#),
        &[(
            "W0017",
            "before attempt 3 of 3 add up to 6s, which does not fit into the deadline of 3s outside of it: it never comes",
        )],
    );
    suspects(
        &late(r#"exponential(base: "2s")"#),
        &[("W0017", "3s on average")],
    );
    suspects(&late(r#"constant(base: "1400ms", jitter: none)"#), &[]);
    suspects(
        &of(big, r#"timeout("5s"), breaker(failures: 5)"#, USERS, ""),
        &[("W0018", "hangs never opens it")],
    );
    suspects(
        &of(big, r#"breaker(failures: 5), timeout("5s")"#, USERS, ""),
        &[],
    );
    let told = r#"retry(attempts: 3), deadline(after: "200ms", propagate: true)"#;
    suspects(
        &of(big, told, USERS, ""),
        &[(
            "W0019",
            "longer than the deadline of 200ms is not tried again",
        )],
    );
    for fine in [
        r#"retry(attempts: 3, on: [error, timeout_deadline]), deadline("200ms")"#,
        r#"retry(attempts: 3), deadline("200ms"), timeout("100ms")"#,
        r#"retry(attempts: 1), deadline("200ms")"#,
    ] {
        suspects(&of(big, fine, USERS, ""), &[]);
    }
}

#[test]
fn suspects_circles_and_choices() {
    let with = |steps: &str| {
        let services = format!(
            r#"services: {{ "a": (replicas: 2, threads: unbounded, endpoints: {{ "x": [work("1ms"), {steps}] }}) }}"#
        );
        found(&[
            &services,
            "calls: {}",
            r#"workloads: { "u": open("1/s", "a/x") }"#,
        ])
    };
    suspects(
        &with(r#"call("a/x")"#),
        &[("W0020", "each request of `a/x` leads to 1 more of its kind")],
    );
    suspects(
        &with(r#"choice([(1, repeat(2, [call("a/x")])), (1, [])])"#),
        &[("W0020", "leads to 1 more")],
    );
    suspects(&with(r#"choice([(1, call("a/x")), (1, [])])"#), &[]);
    suspects(
        &with(r#"choice([(0.1, work("1ms"))])"#),
        &[("W0021", "a weight of 0.1 is no chance")],
    );
    suspects(
        &with(r#"parallel([[choice([(3, [])])], []])"#),
        &[("W0021", "single arm")],
    );
    let one =
        r#"services: { "a": (threads: 1, endpoints: { "x": [call("a/y")], "y": [work("1ms")] }) }"#;
    let found = found(&[
        one,
        "calls: {}",
        r#"workloads: { "u": open("1/s", "a/x") }"#,
    ]);
    suspects(
        &found,
        &[
            ("W0006", "holds its only thread while it waits"),
            ("W0007", ""),
        ],
    );
}

#[test]
fn suspects_faults_that_do_nothing() {
    let with = |fault: &str| {
        let faults = format!("faults: [{fault}]");
        found(&[&faults])
    };
    suspects(
        &with(r#"(at: "1min", inject: crash(service: "db"))"#),
        &[("W0022", "lasts to the end of the run")],
    );
    let faults = r#"faults: [(at: "1min", inject: crash(service: "db"))]"#;
    suspects(
        &found(&[
            faults,
            r#"hypothesis: (always: ["success_ratio(users) > 5%"])"#,
        ]),
        &[],
    );
    suspects(
        &with(r#"(at: "1min", for: "10s", inject: crash())"#),
        &[("W0023", "all 4 instances of all 2 services")],
    );
    suspects(
        &with(r#"(at: "1min", for: "10s", inject: crash(service: "db", zone: "z2"))"#),
        &[("W0023", "no instance of `db` is in zone `z2`")],
    );
    for (options, inject, part) in [
        (
            "share: 0.1,",
            r#"crash(service: "db")"#,
            "`share: 0.1` has no effect on a crash",
        ),
        (
            r#"ramp: "5s","#,
            r#"pause(service: "db")"#,
            "`ramp: 5s` has no effect on a pause",
        ),
        (
            "correlation: 0.5,",
            r#"error(service: "db")"#,
            "`correlation: 0.5` has no effect where everything is hit",
        ),
        (
            "times: 3,",
            r#"crash(service: "db")"#,
            "`times: 3` has no effect",
        ),
        ("", r#"slow(service: "db")"#, "changes nothing"),
        ("", r#"loss(link: "web -> db", rate: 0)"#, "changes nothing"),
    ] {
        let fault = format!(r#"(at: "1min", for: "10s", {options} inject: {inject})"#);
        suspects(&with(&fault), &[("W0024", part)]);
    }
    for fine in [
        r#"(at: "1min", for: "10s", share: 0.1, correlation: 0.5, inject: error(service: "db"))"#,
        r#"(at: "1min", for: "10s", ramp: "5s", inject: slow(service: "db", factor: 2))"#,
        r#"(at: "1min", for: "10s", every: "20s", times: 3, inject: crash(zone: "z1"))"#,
    ] {
        suspects(&with(fine), &[]);
    }
}

#[test]
fn suspects_checks_that_say_nothing_or_cannot_hold() {
    let with = |check: &str| found(&[&format!("hypothesis: (always: [\"{check}\"])")]);
    for (check, part) in [
        (
            "success_ratio(users) >= 99",
            "can never hold: `success_ratio` is from 0 to 1 for 99 per cent write `99%`",
        ),
        ("success_ratio(users) >= 0", "can never fail"),
        (
            "latency(users, p99) >= 0s",
            "can never fail: `latency` is never below 0",
        ),
        (
            "utilization(db) <= 5",
            "can never fail: `utilization` is from 0 to 1",
        ),
        ("goodput(users) < 0/s", "can never hold"),
        (
            "amplification(web -> db) >= 1",
            "can never fail: `amplification` is never below 1",
        ),
    ] {
        let told = with(check);
        let told: Vec<String> = told
            .iter()
            .map(|found| found.replace(&format!("@\"{check}\" "), ""))
            .collect();
        suspects(&told, &[("W0025", part)]);
    }
    for (check, part) in [
        (
            "goodput(users) >= 200/s",
            "`users` asks 100 times a second at most",
        ),
        (
            "latency(users, p50) < 5ms",
            "a request of `users` takes at least 8ms",
        ),
    ] {
        suspects(&with(check), &[("W0026", part)]);
    }
    for fine in [
        "success_ratio(users) >= 1",
        "goodput(users) >= 99/s",
        "latency(users, p99) < 20ms",
        "utilization(db) < 0.1",
        "rejected(db) <= 0",
    ] {
        suspects(&with(fine), &[]);
    }
    // 100/s of 20 ms on 2 x 2 threads are half of these.
    let busy = |check: &str| {
        let rest = format!("hypothesis: (steady: [\"{check}\"])");
        of("threads: 2,", r#"timeout("2s")"#, USERS, &rest)
    };
    suspects(
        &busy("utilization(db) < 0.4"),
        &[("W0026", "keep 2 of 4 threads of `db` busy")],
    );
    suspects(&busy("utilization(db) < 0.6"), &[]);
    let fails = r#"services: { "web": (replicas: 2, endpoints: { "page": [fail(0.05), call("db/get")] }),
        "db": (replicas: 2, endpoints: { "get": [work("2ms")] }) }"#;
    let told = |check: &str| found(&[fails, &format!("hypothesis: (steady: [\"{check}\"])")]);
    suspects(
        &told("success_ratio(users) >= 0.99"),
        &[("W0026", "let 0.9500 of the requests of `users` through")],
    );
    suspects(&told("success_ratio(users) >= 0.94"), &[]);
}

#[test]
fn suspects_users_for_whom_no_time_passes() {
    let with = |service: &str, users: &str, rest: &str| {
        let services = format!(
            r#"services: {{ "a": (replicas: 2, {service} endpoints: {{ "x": [work("100ms")] }}) }}"#
        );
        let load = format!(r#"workloads: {{ "u": closed({users}, to: "a/x") }}"#);
        let mut parts = vec![services.as_str(), "calls: {}", load.as_str()];
        if !rest.is_empty() {
            parts.push(rest);
        }
        found(&parts)
    };
    let full = "threads: 1, queue: (limit: 0), backlog: 0,";
    suspects(
        &with(full, "users: 3", ""),
        &[(
            "W0027",
            "3 of them are more than the 2 that `a` has room for",
        )],
    );
    let crash = r#"faults: [(at: "1min", for: "1s", inject: crash(service: "a"))]"#;
    suspects(
        &with("", "users: 3", crash),
        &[("W0027", "refuses them at once during the fault `crash`")],
    );
    suspects(&with(full, "users: 2", ""), &[]);
    suspects(&with(full, r#"users: 3, think: "1s""#, ""), &[]);
    suspects(
        &with(full, "users: 3", r#"links: { "* -> *": (latency: "1ms") }"#),
        &[(
            "W0016",
            "3 of them would wait at a time, and `a` has room for 2",
        )],
    );
    suspects(&with("", "users: 3", ""), &[]);
}

#[test]
fn refuses_what_no_machine_holds() {
    let pairs = |balance: &str, rest: &[&str]| {
        let services = format!(
            r#"services: {{ "a": (replicas: 10000, endpoints: {{ "x": [call("b/x")] }}),
                "b": (replicas: 10000, balance: {balance}, endpoints: {{ "x": [] }}) }}"#
        );
        let mut parts = vec![
            services.as_str(),
            "calls: {}",
            r#"workloads: { "u": open("1/s", "a/x") }"#,
        ];
        parts.extend(rest);
        found(&parts)
    };
    assert_eq!(
        pairs("random", &[r#"links: { "a -> b": (latency: "1ms") }"#]),
        [""; 0]
    );
    let single = pairs("random", &[r#"links: { "a#0 -> b": (latency: "1ms") }"#]);
    suspects(
        &single,
        &[(
            "V0018",
            "each of 100010000 pairs of them has links of its own: 4000000 at most @\"a#0 -> b\"",
        )],
    );
    let fault = r#"faults: [(at: "1s", for: "1s", inject: partition(link: "a#0 -> b"))]"#;
    suspects(
        &pairs("random", &[fault]),
        &[("V0018", "`a#0 -> b` tells single instances apart")],
    );
    suspects(
        &pairs("least_outstanding", &[]),
        &[(
            "V0018",
            "100000000 pairs of instances, 4000000 at most @least_outstanding",
        )],
    );
    let many: Vec<String> = (0..101)
        .map(|at| format!(r#""s{at}": (replicas: 10000, endpoints: {{ "x": [] }})"#))
        .collect();
    let services = format!("services: {{ {} }}", many.join(", "));
    let load = r#"workloads: { "u": open("1/s", "s0/x") }"#;
    let told = found(&[&services, "calls: {}", load]);
    suspects(
        &told,
        &[(
            "V0018",
            "all services up to this one have 1010000 instances: 1000000 at most @10000",
        )],
    );
    let services = format!("services: {{ {} }}", many[..100].join(", "));
    let faults: Vec<String> = (0..51)
        .map(|at| format!(r#"(name: "f{at}", at: "{at}s", for: "1s", inject: crash())"#))
        .collect();
    let faults = format!("faults: [{}]", faults.join(", "));
    let told = found(&[&services, "calls: {}", load, &faults]);
    suspects(&told, &[("V0018", "may hit 51000000 instances and links")]);
}

/// As many things that are wrong as there are services are told in their places.
#[test]
fn many_diagnostics_are_told_in_their_places() {
    let services: Vec<String> = (0..500)
        .map(|at| format!(r#""s{at}": (replicas: 2, endpoints: {{ "x": [] }})"#))
        .collect();
    let services = format!("services: {{ {} }}", services.join(", "));
    let found = found(&[
        &services,
        "calls: {}",
        r#"workloads: { "u": open("1/s", "s0/x") }"#,
    ]);
    assert_eq!(found.len(), 499);
    for (at, found) in found.iter().enumerate() {
        let expected = format!("W0005 no request ever reaches `s{0}` @\"s{0}\" ", at + 1);
        assert_eq!(found, &expected);
    }
}

/// What a policy asks instead of a call is reached, must exist, and must not lead back to the call.
#[test]
fn what_policies_ask_is_known() {
    let with = |policies: &str, of_cache: &str| {
        let calls = format!(
            r#"calls: {{ "u -> a": [{policies}, timeout("1s")], "u -> c": [{of_cache}timeout("1s")] }}"#
        );
        found(&[
            r#"services: { "a": (replicas: 2, endpoints: { "x": [] }), "c": (replicas: 2, endpoints: { "x": [] }) }"#,
            &calls,
            r#"workloads: { "u": open("1/s", "a/x") }"#,
        ])
    };
    assert_eq!(with(r#"fallback(to: "c/x")"#, ""), Vec::<String>::new());
    let unknown = with(r#"fallback(to: "c/y")"#, "");
    assert!(
        unknown[0].contains("no endpoint of `c` named `y`"),
        "{unknown:?}"
    );
    let circle = with(r#"fallback(to: "c/x")"#, r#"fallback(to: "a/x"), "#);
    assert!(
        circle[0].contains("comes to ask a/x again, and so for ever"),
        "{circle:?}"
    );
    assert!(with("fallback", "")[0].starts_with("W0005"));
}

#[test]
fn orders_and_balancers_have_something_to_go_by() {
    let told = |service: &str, calls: &str, loads: &str| {
        let services = format!(
            r#"services: {{ "s": (replicas: 2, {service}, endpoints: {{ "x": [work("1ms")] }}) }}"#
        );
        let calls = format!("calls: {{ {calls} }}");
        let loads = format!("workloads: {{ {loads} }}");
        let found = found(&[&services, &calls, &loads]);
        let codes = ["W0034", "W0032", "V0009"];
        let ours = found
            .into_iter()
            .filter(|line| codes.iter().any(|code| line.contains(code)));
        ours.collect::<Vec<_>>().join("\n")
    };
    let two =
        r#""a": open(rate: "1/s", to: "s/x", tenant: "t"), "b": open(rate: "1/s", to: "s/x")"#;
    let one = r#""a": open(rate: "1/s", to: "s/x", tenant: "t")"#;
    let some = r#""a": open(rate: "1/s", to: "s/x", keys: uniform(count: 9), priority: sheddable), "b": open(rate: "1/s", to: "s/x")"#;
    let tells = r#""a -> s": [deadline(after: "1s", propagate: true)]"#;
    for (service, calls, loads, part) in [
        (
            "queue: (limit: 0, order: lifo)",
            "",
            one,
            "nobody waits in the queue of `s`",
        ),
        (
            "queue: (limit: 9, order: edf)",
            "",
            one,
            "nobody tells `s` any",
        ),
        (
            "queue: (limit: 9, order: fair), backlog: 0",
            "",
            one,
            "are of tenant `t`",
        ),
        (
            "queue: (limit: 9, order: fair), backlog: 5",
            "",
            two,
            "wait in its backlog (5)",
        ),
        (
            "queue: (limit: 9, order: by_priority), backlog: 0",
            "",
            two,
            "have the same",
        ),
        (
            "balance: consistent_hash",
            "",
            two,
            "no request that comes to `s` has a key",
        ),
        (
            "balance: consistent_hash(bound: 1)",
            "",
            some,
            "`bound` of `consistent_hash` must be above 1",
        ),
        (
            "balance: weighted_round_robin([])",
            "",
            one,
            "`weights` of `weighted_round_robin` must be",
        ),
        (
            "queue: (limit: 9, order: codel(target: \"0s\"))",
            "",
            one,
            "`target` of `codel` must be longer",
        ),
    ] {
        let told = told(service, calls, loads);
        assert!(told.contains(part), "{service}: {told}");
    }
    for (service, calls, loads) in [
        ("queue: (limit: 9, order: lifo)", "", one),
        ("queue: (limit: 9, order: codel)", "", one),
        ("queue: (limit: 9, order: edf)", tells, one),
        ("queue: (limit: 9, order: fair), backlog: 0", "", two),
        ("queue: (limit: unbounded, order: fair)", "", two),
        (
            "queue: (limit: 9, order: by_priority), backlog: 0",
            "",
            some,
        ),
        ("balance: consistent_hash(bound: 1.5)", "", some),
        ("balance: weighted_round_robin([3, 1])", "", one),
        ("queue: (limit: 9, order: fifo)", "", one),
    ] {
        assert_eq!(told(service, calls, loads), "", "{service}");
    }
}
