//! Every metric on small scenarios with constant times, where its value is known exactly; and the log of
//! requests.

use sim_models::experiment::{self, Options, Run};
use sim_models::expression::Measure;
use sim_models::observe::conclusion::Conclusion;
use sim_models::observe::measure::Measurer;
use sim_models::observe::summary::RunResult;
use sim_models::outcome::Outcome;
use sim_models::plan;
use sim_models::scenario::Scenario;

/// The values of measures of a run of a scenario.
fn values(text: &str, measures: &[&str]) -> Vec<Option<f64>> {
    let scenario = sim_tests::scenario(text);
    let plan = plan::compile(&scenario).expect("it passed its checks");
    let mut run = Run::new(&scenario, &plan, Options::default());
    while !run.is_over() {
        run.window();
    }
    let summary = run.result().summary;
    let measurer = Measurer {
        plan: &plan,
        recorder: &run.simulation().model.recorder,
        summary: &summary,
    };
    let measured = measures.iter().map(|text| {
        let measure: Measure = text.parse().unwrap_or_else(|why| panic!("{text}: {why}"));
        sim_models::observe::choice::check_measure(&scenario, &measure)
            .unwrap_or_else(|why| panic!("{text}: {why:?}"));
        measurer.whole(&measure)
    });
    measured.collect()
}

#[track_caller]
fn are(text: &str, expected: &[(&str, Option<f64>)]) {
    let measures: Vec<&str> = expected.iter().map(|(measure, _)| *measure).collect();
    for ((measure, expected), found) in expected.iter().zip(values(text, &measures)) {
        let near = match (*expected, found) {
            (Some(expected), Some(found)) => expected == found || (expected - found).abs() < 1e-9,
            (expected, found) => expected == found,
        };
        assert!(near, "{measure} is {found:?}, not {expected:?}");
    }
}

/// Ten requests a second at 0.1 s, 0.2 s, and so on up to 9.9 s; the database takes 50 ms, and 500 ms
/// between 4 s and 6 s, when its caller waits 100 ms, twice.
const SLOW: &str = r#"(
    duration: "10s", window: "1s",
    services: {
        "web": (threads: 8, endpoints: { "page": [call("db/get")] }),
        "db": (threads: 16, backlog: 64, endpoints: { "get": [wait("50ms")] }),
    },
    calls: { "web -> db": [retry(attempts: 2, backoff: none), timeout("100ms")] },
    workloads: { "users": open(rate: "10/s", to: "web/page", arrivals: constant, tenant: "gold") },
    faults: [(at: "4s", for: "2s", inject: slow(service: "db", factor: 10))],
    hypothesis: (recovers: (within: "2s", stretch: "2s"), objective: 0.9),
)"#;

#[test]
fn workloads_are_measured() {
    // 99 requests end. Those that arrive at 4.0 s up to 5.8 s fail after 200 ms; that of 5.9 s is saved by
    // its second attempt, when the fault is over. So the windows from 4 s and 5 s hold failures only, and
    // that from 6 s holds one in twelve.
    let bad = 19.0 / 99.0;
    are(
        SLOW,
        &[
            ("offered(users)", Some(9.9)),
            ("throughput(users)", Some(9.9)),
            ("goodput(users)", Some(8.0)),
            ("failed(users)", Some(19.0)),
            ("failed_ratio(users)", Some(bad)),
            ("success_ratio(users)", Some(1.0 - bad)),
            ("degraded_ratio(users)", Some(0.0)),
            ("outcome_ratio(users, error)", Some(bad)),
            ("outcome_ratio(users, ok)", Some(1.0 - bad)),
            ("outcome_ratio(users, refused)", Some(0.0)),
            ("unfinished(users)", Some(0.0)),
            ("latency(users, max)", Some(0.15)),
            (
                "latency_true(users, mean)",
                Some((79.0 * 0.05 + 0.15 + 19.0 * 0.2) / 99.0),
            ),
            ("availability(users)", Some(1.0 - bad)),
            ("availability_windows(users)", Some(0.8)),
            // Slowness meets a timeout.
            ("availability_predicted(users)", None),
            ("budget_used(users)", Some(bad / 0.1)),
            ("burn_rate(users)", Some(bad / 0.1)),
            ("mttr(users)", Some(2.0)),
            ("mtbf(users)", None),
        ],
    );
    // Two faults of a second, ten apart: too much for an objective of 95 %, while 90 % would be kept, and
    // failures of a single window are no incident then.
    let kept = SLOW.replace("10s\", window", "20s\", window").replace(
        r#"(at: "4s", for: "2s", inject: slow(service: "db", factor: 10))"#,
        r#"(at: "3s", for: "1s", inject: slow(service: "db", factor: 10)),
           (at: "13s", for: "1s", inject: slow(service: "db", factor: 10))"#,
    );
    are(&kept, &[("mttr(users)", None), ("incidents", Some(0.0))]);
    are(
        &kept.replace("objective: 0.9", "objective: 0.95"),
        &[
            ("mttr(users)", Some(1.0)),
            ("mtbf(users)", Some(10.0)),
            ("incidents", Some(2.0)),
        ],
    );
}

#[test]
fn services_are_measured() {
    // 39 attempts of half a second, all of them doomed, and 80 of 50 ms; ten at once at most.
    let busy = (39.0 * 0.5 + 80.0 * 0.05) / 10.0;
    are(
        SLOW,
        &[
            ("arrivals(db)", Some(11.9)),
            ("utilization(db)", Some(busy / 16.0)),
            ("cpu_utilization(db)", Some(0.0)),
            ("busy(db, mean)", Some(busy)),
            ("busy(db, max)", Some(10.0)),
            ("in_system(db, mean)", Some(busy)),
            ("in_system(db, max)", Some(10.0)),
            ("queue(db, max)", Some(0.0)),
            ("rejected(db)", Some(0.0)),
            ("service_time(db, mean)", Some(busy * 10.0 / 119.0)),
            ("service_time(db, max)", Some(0.5)),
            ("sojourn(db, max)", Some(0.5)),
            ("waiting(db, p99)", Some(0.0)),
            ("doomed_share(db)", Some(39.0 * 0.5 / (busy * 10.0))),
        ],
    );
    // Of three at once one finds the thread; twice.
    are(
        r#"(duration: "3s", services: { "db": (threads: 1, backlog: 0, endpoints: { "get": [wait("50ms")] }) },
            workloads: { "users": open(rate: "1/s", to: "db/get", arrivals: constant, batch: 3) })"#,
        &[
            ("rejected(db)", Some(4.0)),
            ("rejected_ratio(db)", Some(4.0 / 6.0)),
            ("rejected(db) in 1s..2s", Some(2.0)),
        ],
    );
}

#[test]
fn edges_are_measured() {
    let edge = |metric: &str| metric.replace("db", "web -> db");
    let expected = [
        ("calls(db)", Some(9.9)),
        ("attempts(db)", Some(11.9)),
        ("retries(db)", Some(2.0)),
        ("retry_share(db)", Some(20.0 / 119.0)),
        ("retry_efficiency(db)", Some(1.0 / 20.0)),
        ("amplification(db)", Some(119.0 / 99.0)),
        ("amplification_worst(db)", Some(2.0)),
        ("call_latency(db, max)", Some(0.2)),
        ("call_success_ratio(db)", Some(80.0 / 99.0)),
        ("call_outcome_ratio(db, timeout_attempt)", Some(19.0 / 99.0)),
        (
            "attempt_outcome_ratio(db, timeout_attempt)",
            Some(39.0 / 119.0),
        ),
        ("policy_count(db, timeout_expired)", Some(39.0)),
        ("policy_count(db, retry_exhausted)", Some(19.0)),
        ("policy_count(db, breaker_opened)", None),
    ];
    let expected: Vec<(String, Option<f64>)> = expected
        .iter()
        .map(|(metric, value)| (edge(metric), *value))
        .collect();
    let expected: Vec<(&str, Option<f64>)> = expected
        .iter()
        .map(|(metric, value)| (metric.as_str(), *value))
        .collect();
    are(SLOW, &expected);
    // What policies did during the warm-up is left out like all the rest: two timers run out at 5.0 s,
    // 5.1 s, up to 6.0 s, and one call is given up at each.
    are(
        &SLOW.replace("window:", r#"warmup: "5s", window:"#),
        &[
            ("policy_count(web -> db, timeout_expired)", Some(22.0)),
            ("policy_count(web -> db, retry_exhausted)", Some(11.0)),
        ],
    );
}

#[test]
fn tenants_and_runs_are_measured() {
    are(
        SLOW,
        &[
            ("tenant_goodput(gold)", Some(8.0)),
            ("tenant_success_ratio(gold)", Some(80.0 / 99.0)),
            ("tenant_budget_used(gold)", Some(190.0 / 99.0)),
            ("tenant_retry_share(gold)", Some(20.0 / 218.0)),
            ("fairness_gap", Some(0.0)),
            // The window from 6 s still holds one failure in twelve.
            ("recovery_time", Some(1.0)),
            ("held", Some(1.0)),
            ("metastable", Some(0.0)),
            ("incidents", Some(1.0)),
            ("blast_radius", Some(1.0)),
        ],
    );
    let events = experiment::run(&sim_tests::scenario(SLOW), 0)
        .unwrap()
        .summary
        .events;
    are(SLOW, &[("events", Some(events as f64))]);
    let calm = SLOW.replace(
        r#"(at: "4s", for: "2s", inject: slow(service: "db", factor: 10))"#,
        "",
    );
    are(
        &calm,
        &[
            ("recovery_time", None),
            ("held", Some(1.0)),
            ("incidents", Some(0.0)),
            ("mttr(users)", None),
            ("blast_radius", Some(0.0)),
        ],
    );
}

#[test]
fn stretches_of_time_are_measured() {
    are(
        SLOW,
        &[
            ("goodput(users) in 7s..9s", Some(10.0)),
            // Those that arrive at 5.9 s are saved; those of 5.7 s and 5.8 s fail after 6 s.
            ("failed(users) in 4s..6s", Some(19.0)),
            ("failed(users) of requests ended in 4s..6s", Some(18.0)),
            ("outcome_ratio(users, error) in 4s..5s", Some(1.0)),
            // Whole windows only: those from 5 s and 6 s.
            ("failed(users) in 4.5s..7.5s", Some(9.0)),
            ("failed(users) of requests ended in 4.5s..7.5s", Some(11.0)),
            ("latency(users, mean) in 7s..10s", Some(0.05)),
            ("busy(db, max) in 5s..6s", Some(10.0)),
            ("busy(db, mean) in 7s..9s", Some(0.5)),
            ("in_system(db, mean) in 7s..9s", Some(0.5)),
            ("doomed_share(db) in 0s..4s", Some(0.0)),
            ("doomed_share(db) in 5s..6s", Some(1.0)),
            ("calls(web -> db) in 7s..9s", Some(10.0)),
            // Ten first attempts and ten second ones.
            ("retry_share(web -> db) in 5s..6s", Some(0.5)),
            ("amplification(web -> db) in 5s..6s", Some(2.0)),
            ("amplification(web -> db) in 0s..4s", Some(1.0)),
        ],
    );
    // The last window is half as long as the others, and counts half: 5 arrivals in it, busy a quarter of
    // the time, as all others are.
    are(
        &SLOW.replace(r#"duration: "10s""#, r#"duration: "8.5s""#),
        &[
            ("goodput(users) in 7s..8.5s", Some(15.0 / 1.5)),
            ("busy(db, mean) in 7s..8.5s", Some(0.5)),
        ],
    );
}

/// Ten requests a second at 0.1 s, 0.2 s, and so on; each is answered after 2.5 s. The run ends at 5 s.
const LONG: &str = r#"(
    duration: "5s", window: "1s",
    services: { "db": (threads: unbounded, endpoints: { "get": [wait("2.5s")] }) },
    workloads: { "users": open(rate: "10/s", to: "db/get", arrivals: constant) },
)"#;

#[test]
fn requests_belong_to_a_stretch_by_their_beginning_or_by_their_end() {
    are(
        LONG,
        &[
            // From 0.1 s to 0.9 s.
            ("goodput(users) in 0s..1s", Some(9.0)),
            ("goodput(users) of requests begun in 0s..1s", Some(9.0)),
            ("goodput(users) of requests ended in 0s..1s", Some(0.0)),
            ("offered(users) of requests ended in 0s..1s", Some(9.0)),
            // Those up to 2.4 s are answered before the end.
            ("throughput(users) in 2s..3s", Some(5.0)),
            ("unfinished(users) in 2s..3s", Some(5.0)),
            ("success_ratio(users) in 2s..3s", Some(1.0)),
            ("latency(users, mean) in 2s..3s", Some(2.5)),
            // The others have waited 2.5 s, 2.4 s, up to 2.1 s.
            (
                "latency_true(users, mean) in 2s..3s",
                Some((5.0 * 2.5 + 11.5) / 10.0),
            ),
            // At 2.6 s, 2.7 s, 2.8 s and 2.9 s; 29 have begun by then.
            ("goodput(users) of requests ended in 2s..3s", Some(4.0)),
            ("unfinished(users) of requests ended in 2s..3s", Some(25.0)),
            (
                "latency_true(users, mean) of requests ended in 2s..3s",
                Some(2.5),
            ),
            // None of those is answered.
            ("success_ratio(users) in 3s..4s", None),
            ("latency(users, p99) in 3s..4s", None),
            ("failed(users) in 3s..4s", Some(0.0)),
            ("unfinished(users) in 3s..4s", Some(10.0)),
            ("latency_true(users, mean) in 3s..4s", Some(1.55)),
            (
                "success_ratio(users) of requests ended in 3s..4s",
                Some(1.0),
            ),
        ],
    );
}

/// Windows of 4 s and a warm-up of 3 s: what is counted begins in the middle of a window.
#[test]
fn rates_count_what_happens_after_the_warm_up() {
    are(
        r#"(
            duration: "10s", window: "4s", warmup: "3s",
            services: {
                "web": (threads: unbounded, endpoints: { "page": [wait("1s"), call("db/get")] }),
                "db": (threads: unbounded, endpoints: { "get": [wait("1.5s")] }),
            },
            workloads: { "users": open(rate: "10/s", to: "web/page", arrivals: constant, tenant: "gold") },
        )"#,
        &[
            ("offered(users)", Some(10.0)),
            ("goodput(users)", Some(10.0)),
            ("throughput(users)", Some(10.0)),
            ("tenant_goodput(gold)", Some(10.0)),
            ("arrivals(web)", Some(10.0)),
            ("arrivals(db)", Some(10.0)),
            ("calls(web -> db)", Some(10.0)),
            ("attempts(web -> db)", Some(10.0)),
            ("retries(web -> db)", Some(0.0)),
            // Requests count from 3 s on: those up to 7.4 s have ended.
            ("success_ratio(users)", Some(1.0)),
            ("unfinished(users)", Some(25.0)),
        ],
    );
}

#[test]
fn measures_are_divided_by_each_other() {
    are(
        SLOW,
        &[
            ("goodput(users) / offered(users)", Some(80.0 / 99.0)),
            ("latency(users, max) / latency_true(users, max)", Some(0.75)),
            (
                "failed(users) in 4s..5s / failed(users) in 5s..6s",
                Some(10.0 / 9.0),
            ),
            // The stretch is that of both.
            ("goodput(users) / offered(users) in 4s..6s", Some(0.05)),
            (
                "offered(users) in 4s..5s / goodput(users) in 4s..5s",
                Some(f64::INFINITY),
            ),
            ("failed(users) / failed(users) in 0s..1s", None),
            ("mtbf(users) / mttr(users)", None),
        ],
    );
    let checks = |always: &str| {
        let text = SLOW.replace(
            "hypothesis: (",
            &format!("hypothesis: (always: [{always}], "),
        );
        let summary = experiment::run(&sim_tests::scenario(&text), 0)
            .unwrap()
            .summary;
        let checks = summary.hypothesis.checks.into_iter();
        let checks = checks.filter(|check| check.kind == "always");
        // Nine decimals are left when two measured durations are divided.
        let rounded = |value: f64| (value * 1e9).round() / 1e9;
        checks
            .map(|check| (check.value.map(rounded), check.limit, check.held))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        checks(
            r#""goodput(users) >= 0.8 * offered(users)",
               "latency(users, p99) < 2 * latency(users, p50)",
               "failed(users) in 0s..1s <= 2 * failed(users) in 1s..2s",
               "failed(users) in 0s..1s < 2 * failed(users) in 1s..2s""#
        ),
        [
            (Some(0.808_080_808), 0.8, Some(true)),
            (Some(3.0), 2.0, Some(false)),
            (None, 2.0, Some(true)),
            (None, 2.0, Some(false)),
        ]
    );
}

/// A case that was got wrong once.
fn case(name: &str) -> String {
    let path = format!("{}/data/cases/{name}.ron", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("there is such a case")
}

#[test]
fn answers_count_when_they_come() {
    are(
        &case("goodput_edge"),
        &[
            ("goodput(load)", Some(10.0)),
            ("throughput(load)", Some(10.0)),
            ("utilization(q)", Some(1.0)),
        ],
    );
    are(
        &case("longpoll"),
        &[
            ("goodput(load)", Some(100.0)),
            ("offered(load)", Some(100.0)),
            ("arrivals(q)", Some(100.0)),
        ],
    );
    for name in ["goodput_edge", "longpoll"] {
        let summary = experiment::run(&sim_tests::scenario(&case(name)), 1)
            .unwrap()
            .summary;
        assert_eq!(summary.hypothesis.verdict, Conclusion::Held, "{name}");
    }
}

#[test]
fn what_is_unknown_is_unknown() {
    let text = case("nothing-ended");
    are(
        &text,
        &[
            ("success_ratio(users)", None),
            ("failed_ratio(users)", None),
            ("latency(users, p50)", None),
            ("goodput(users)", Some(0.0)),
            ("unfinished(users)", Some(5.0)),
            ("doomed_share(a)", None),
            ("sojourn(a, mean)", None),
            ("call_latency(users -> a, p99)", None),
            ("retry_efficiency(users -> a)", None),
            ("fairness_gap", None),
        ],
    );
    let options = Options {
        seed: 1,
        told: sim_models::world::Told {
            only: vec![1],
            every: 0,
        },
        ..Options::default()
    };
    let run = experiment::run_with(&sim_tests::scenario(&text), options, |_| true).unwrap();
    let json = serde_json::to_value(&run.summary).unwrap();
    let users = &json["workloads"]["users"];
    assert!(users["success_ratio"].is_null(), "{users}");
    for key in ["mean", "sd", "p50", "p90", "p95", "p99", "p999", "max"] {
        assert!(users["latency"].as_object().unwrap().contains_key(key));
        assert!(users["latency"][key].is_null(), "{key}: {users}");
    }
    let story = &run.stories[0];
    assert!(story.unfinished);
    let waits: Vec<&str> = story
        .lines
        .iter()
        .filter(|line| line.time == 60.0)
        .map(|line| line.what.as_str())
        .collect();
    assert_eq!(
        waits,
        [
            "still waiting at 60s for an answer of a/x, attempt 1",
            "still waiting at 60s for a thread, in the queue",
        ]
    );
}

/// A queue that a slow spell fills up for good: its callers leave before they are served, and ask again.
const LOST: &str = r#"(
    duration: "60s", window: "1s",
    services: { "db": (threads: 1, queue: (limit: unbounded), endpoints: { "get": [wait("90ms")] }) },
    calls: { "users -> db": [retry(attempts: 2, backoff: none), timeout("200ms")] },
    workloads: { "users": open(rate: "10/s", to: "db/get", arrivals: constant) },
    faults: [(at: "10s", for: "5s", inject: slow(service: "db", factor: 10))],
    hypothesis: (always: ["recovery_time < 30s", "incidents <= 1", "goodput(users) in 2s..8s >= 9.9/s"]),
)"#;

#[test]
fn what_never_recovers_takes_for_ever() {
    are(
        LOST,
        &[
            ("recovery_time", Some(f64::INFINITY)),
            ("metastable", Some(1.0)),
            ("held", Some(0.0)),
        ],
    );
    let summary = experiment::run(&sim_tests::scenario(LOST), 0)
        .unwrap()
        .summary;
    let checks = &summary.hypothesis.checks;
    let found: Vec<(Option<f64>, Option<bool>, &str)> = checks
        .iter()
        .map(|check| (check.value, check.held, check.over.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Some(f64::INFINITY), Some(false), "0s..1min"),
            (Some(1.0), Some(true), "0s..1min"),
            (Some(10.0), Some(true), "2s..8s"),
        ]
    );
    let json = serde_json::to_string(&summary).unwrap();
    assert!(json.contains(r#""value":"inf""#), "{json}");
    let again: sim_models::observe::summary::Summary = serde_json::from_str(&json).unwrap();
    assert_eq!(again.hypothesis, summary.hypothesis);
}

fn logged(scenario: &Scenario, log: bool) -> RunResult {
    let options = Options {
        seed: 1,
        log,
        ..Options::default()
    };
    experiment::run_with(scenario, options, |_| true).expect("it passed its checks")
}

#[test]
fn every_request_is_logged_if_asked_for() {
    let scenario = sim_tests::scenario(&SLOW.replace(r#"duration: "10s""#, r#"duration: "9.92s""#));
    let with = logged(&scenario, true);
    let without = logged(&scenario, false);
    assert_eq!(without.log, []);
    assert_eq!(with.summary, without.summary);
    let log = with.log;
    assert_eq!(log.len(), 99);
    for (number, request) in log.iter().enumerate() {
        assert_eq!(
            (request.number, request.ordinal),
            (number as u32, number as u32)
        );
        assert_eq!(request.arrived.0, (number as u64 + 1) * 100_000_000);
        assert_eq!(&*request.workload, "users");
    }
    let facts = |number: usize| {
        let request = &log[number];
        let took = request.ended.since(request.arrived).as_secs_f64();
        (took, request.outcome_name(), request.cause.as_deref())
    };
    assert_eq!(facts(0), (0.05, "ok", None));
    assert_eq!(facts(39), (0.2, "error", Some("db: timeout_attempt")));
    assert_eq!(log[39].outcome, Some(Outcome::Error));
    // It arrived 20 ms before the end.
    assert_eq!(facts(98), (0.02, "unfinished", None));
    let failed = log.iter().filter(|request| request.cause.is_some()).count();
    assert_eq!(failed as u64, with.summary.workloads["users"].failed);
}

#[test]
fn the_same_question_of_a_user_has_the_same_key() {
    let text = |wait: &str| {
        format!(
            r#"(duration: "20s", services: {{ "db": (endpoints: {{ "get": [wait("{wait}")] }}) }},
                workloads: {{ "users": closed(users: 3, think: "1s", to: "db/get") }})"#
        )
    };
    let [fast, slow] =
        ["10ms", "2s"].map(|wait| logged(&sim_tests::scenario(&text(wait)), true).log);
    assert!(slow.len() < fast.len() / 2);
    for request in &slow {
        let same = fast.iter().filter(|other| other.key == request.key).count();
        assert_eq!(same, 1, "{request:?}");
    }
}
