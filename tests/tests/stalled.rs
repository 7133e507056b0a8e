//! Time that does not advance: the run stops and says who turns in the circle. Crowds at one instant are
//! no circles, and whoever is in one can be interrupted.

use sim_cli::{Terminal, exit};
use sim_models::experiment::{self, Options, run_with};
use sim_models::observe::summary::Summary;
use std::ffi::OsString;

fn run(text: &str) -> Summary {
    let scenario = sim_tests::scenario(text);
    experiment::run(&scenario, 1)
        .expect("it can be run")
        .summary
}

/// A scenario of a service, perhaps policies, and users.
fn with(service: &str, calls: &str, users: &str) -> String {
    format!(
        r#"(duration: "100ms", window: "10ms", services: {{ "a": ({service}, endpoints: {{ "x": [work("10ms")], "none": [] }}) }},
            calls: {{ {calls} }}, workloads: {{ "users": {users} }})"#
    )
}

#[test]
fn a_circle_stops_the_run_and_is_named() {
    let full = r#"threads: 1, queue: (limit: 0), backlog: 0"#;
    let breaker = r#""users -> a": [breaker(failures: 1), timeout("1ms")]"#;
    for (service, calls, users, why) in [
        (
            full,
            "",
            r#"closed(users: 2, to: "a/x")"#,
            "as soon as `a` refuses (queue full)",
        ),
        (
            "threads: 1, backlog: 3",
            "",
            r#"closed(users: 500, to: "a/x")"#,
            "as soon as `a` refuses (backlog full, or instances down)",
        ),
        (
            "threads: 1",
            "",
            r#"closed(users: 1, to: "a/none")"#,
            "as soon as `a` answers, which takes no time",
        ),
        (
            "threads: 1",
            breaker,
            r#"closed(users: 1, to: "a/x")"#,
            "as soon as the breaker of `users` refuses",
        ),
    ] {
        let summary = run(&with(service, calls, users));
        assert_eq!(summary.stopped_by.name(), "stalled", "{users}");
        let told = summary.stalled.expect("it is said why");
        let told = told.as_str();
        assert!(told.starts_with("time does not advance at "), "{told}");
        assert!(
            told.contains("`users` asks again ") && told.contains(why),
            "{told}"
        );
        assert!(summary.events < 500_000, "{} events", summary.events);
    }
    let summary = run(&with(
        "threads: 1",
        "",
        r#"open(rate: "1e30/s", to: "a/x")"#,
    ));
    assert_eq!(summary.stopped_by.name(), "stalled");
}

#[test]
fn the_command_line_says_so() {
    let file = "data/cases/zero-time-loop.ron";
    let arguments: Vec<OsString> = ["sim", "run", file].iter().map(Into::into).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = sim_cli::run(&arguments, &mut out, &mut err, Terminal::default());
    assert_eq!(code, exit::BUDGET);
    let out = String::from_utf8(out).expect("output is text");
    assert!(
        out.contains(
            "Time does not advance at 0s: `users` asks again as soon as `a` refuses (queue full)."
        ),
        "{out}"
    );
}

#[test]
fn crowds_are_no_circles() {
    let full = r#"threads: 1, queue: (limit: 0), backlog: 0"#;
    let retries = r#""users -> a": [retry(attempts: 1000, backoff: none), timeout("1ms")]"#;
    for (service, calls, users) in [
        (
            full,
            "",
            r#"closed(users: 20000, start: asking, think: "1h", to: "a/x")"#,
        ),
        (
            full,
            "",
            r#"open(rate: "20/s", batch: 100000, arrivals: constant, to: "a/x")"#,
        ),
        (
            full,
            retries,
            r#"closed(users: 300, start: asking, think: "1h", to: "a/x")"#,
        ),
        (
            "threads: unbounded",
            "",
            r#"closed(users: 20000, to: "a/x")"#,
        ),
        // Everybody finds room, by trying at random at one instant.
        (
            "replicas: 300, threads: 1, backlog: 0, balance: random",
            "",
            r#"closed(users: 300, start: asking, to: "a/x")"#,
        ),
    ] {
        let summary = run(&with(service, calls, users));
        assert_eq!(
            summary.stopped_by.name(),
            "end",
            "{users}: {:?}",
            summary.stalled
        );
        assert_eq!(summary.stalled, None);
    }
}

#[test]
fn a_window_without_an_end_can_be_interrupted() {
    let text = r#"(duration: "10h", window: "10h", services: { "a": (threads: unbounded, endpoints: { "x": [work("1us")] }) },
        workloads: { "users": closed(users: 1000, to: "a/x") })"#;
    let scenario = sim_tests::scenario(text);
    let mut asked = 0;
    let result = run_with(&scenario, Options::default(), |_| {
        asked += 1;
        asked < 3
    });
    let summary = result.expect("it can be run").summary;
    assert_eq!(summary.stopped_by.name(), "interrupt");
    assert!(summary.simulated_seconds < 36_000.0);
    assert!(summary.events <= 4 * 16_384, "{} events", summary.events);
}

#[test]
fn faults_of_one_instance_are_work() {
    let with = |faults: usize| {
        let fault = r#"(at: "0s", inject: slow(service: "a", factor: 1.0001)),"#.repeat(faults);
        run(&format!(
            r#"(duration: "10s", services: {{ "a": (endpoints: {{ "x": [work("1ms")] }}) }},
                workloads: {{ "users": open(rate: "100/s", to: "a/x") }},
                faults: [{fault}], budget: (events: 20000))"#
        ))
    };
    assert_eq!(with(8).stopped_by.name(), "end");
    // A thousand requests look at 2000 faults each, when they start and at every step.
    assert_eq!(with(2000).stopped_by.name(), "events");
}
