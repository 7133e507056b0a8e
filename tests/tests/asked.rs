//! `sim run --measure`, and what is said where nothing is known.

use serde_json::Value;
use sim_cli::exit;
use sim_tests::command::sim;

fn json(arguments: &[&str]) -> Value {
    let (_, out, err) = sim(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&out).unwrap_or_else(|wrong| panic!("{wrong}: {out}\n{err}"))
}

const LONGPOLL: &str = "data/cases/longpoll.ron";
const NOTHING: &str = "data/cases/nothing-ended.ron";

#[test]
fn measures_are_taken_of_one_run_and_of_many() {
    let asked = [
        "run",
        LONGPOLL,
        "--measure",
        "goodput(load) / offered(load)",
        "--measure",
        "latency(load,p99) of requests ended in 20s..30s",
        "--measure",
        "recovery_time",
    ];
    let (code, out, err) = sim(&asked);
    assert_eq!(code, exit::HELD, "{err}");
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split("  ").collect()).collect();
    let value = |name: &str| {
        let line = lines.iter().find(|cells| cells.contains(&name));
        line.and_then(|cells| cells.last().map(|value| value.trim()))
    };
    assert_eq!(
        value("goodput(load) / offered(load)"),
        Some("1.00"),
        "{out}"
    );
    let ended = "latency(load, p99) of requests ended in 20s..30s";
    assert_eq!(value(ended), Some("5.00s"), "{out}");
    assert_eq!(value("recovery_time"), Some("-"), "{out}");
    // The command that repeats it asks the same.
    assert!(
        out.contains("--measure 'goodput(load) / offered(load)'"),
        "{out}"
    );

    let one = json(&asked);
    assert_eq!(one["measures"]["goodput(load) / offered(load)"], 1.0);
    assert!(
        one["measures"]["recovery_time"].is_null(),
        "{}",
        one["measures"]
    );
    let many = json(&[&asked[..], &["--replications", "3"]].concat());
    let ratio = &many["measures"]["goodput(load) / offered(load)"];
    assert_eq!(ratio["count"], 3);
    assert_eq!(ratio["mean"]["value"], 1.0, "{ratio}");
    assert!(many["measures"]["recovery_time"]["mean"].is_null());
    assert_eq!(many["workloads"]["load"]["goodput"]["mean"]["value"], 100.0);

    let (code, _, err) = sim(&["run", LONGPOLL, "--measure", "goodput(laod)"]);
    assert_eq!(code, exit::BAD_INPUT);
    assert!(
        err.contains("no workload `laod`") && err.contains("`load`"),
        "{err}"
    );
}

#[test]
fn nothing_is_claimed_where_nothing_ended() {
    let (_, out, _) = sim(&["run", NOTHING]);
    let users = out.lines().find(|line| line.starts_with("  users "));
    let cells: Vec<&str> = users.expect("a workload").split_whitespace().collect();
    // offered, goodput, success, degraded, failed, open, three percentiles
    assert_eq!(
        cells[2..],
        ["0/s", "-", "0", "0", "5", "-", "-", "-"],
        "{out}"
    );

    let many = json(&["run", NOTHING, "--replications", "5"]);
    let users = &many["workloads"]["users"];
    for key in ["success_ratio", "latency_p50", "latency_p99", "budget_used"] {
        assert_eq!(users[key]["count"], 0, "{key}: {users}");
        assert!(users[key]["mean"].is_null(), "{key}: {users}");
    }
    let (_, out, _) = sim(&["run", NOTHING, "--replications", "5"]);
    let success = out.lines().find(|line| line.contains("users: success"));
    let success = success.expect("a row");
    assert!(
        success
            .split_whitespace()
            .rev()
            .take(4)
            .all(|cell| cell == "-"),
        "{out}"
    );

    let (_, story, _) = sim(&["run", NOTHING, "--explain-request", "1"]);
    assert!(
        story.starts_with("Request 1 of users: began at 0s, still waiting at 60s, after 60.0s\n"),
        "{story}"
    );
    let last = story.lines().last().expect("it has lines");
    assert!(
        last.ends_with("still waiting at 60s for a thread, in the queue"),
        "{story}"
    );
    assert!(!story.contains("in all"), "{story}");
}

/// Two tiers, and a service that nobody calls.
const TWO_TIER: &str = r#"(
    title: "two tier", duration: "10s", warmup: "5s", seed: 1,
    services: {
        "web": (threads: 16, backlog: 200, endpoints: { "get": [work(exponential("4ms")), call("store/read")] }),
        "store": (threads: 4, queue: (limit: 200), backlog: 0, endpoints: { "read": [work(exponential("10ms"))] }),
        "unused": (threads: 4, endpoints: { "x": [work("1ms")] }),
    },
    calls: { "web -> store": [timeout("300ms")] },
    workloads: { "users": open(rate: "300/s", to: "web/get") },
)"#;

#[test]
fn words_of_sweeps_and_comparisons_are_earned() {
    let path = |name: &str| {
        let path = format!("{}/{name}.ron", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&path, TWO_TIER).expect("a place for files of tests");
        path
    };
    let (one, other) = (path("one-tier-of-two"), path("other-tier-of-two"));
    let said = |arguments: &[&str]| {
        let (code, out, err) = sim(arguments);
        assert_eq!(code, exit::HELD, "{err}");
        // As if lines had no ends.
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let threads = "services.store.threads=4,8";
    let idle = "services.unused.threads=1,2,3";
    let busy = "utilization(store)";
    let sweep = ["sweep", &one, "--vary", threads, "--vary", idle];
    let sweep = |more: &[&str]| said(&[&sweep[..], &["--measure", busy], more].concat());

    let text = sweep(&["--replications", "2"]);
    assert!(
        text.contains("unused_threads changes nothing in any run"),
        "{text}"
    );
    assert!(!text.contains("only"), "{text}");
    assert!(!text.contains("no effect"), "{text}");
    // An interval that would reach beyond all of it is cut, and others are not.
    assert!(text.contains("to 100%)") && text.contains('±'), "{text}");
    assert!(
        text.contains("shares in brackets: the 95% interval"),
        "{text}"
    );

    // Where all are equal, none is the best; and one is one.
    let same = [
        "sweep",
        &one,
        "--vary",
        idle,
        "--measure",
        "failed_ratio(users)",
    ];
    let text = said(&[&same[..], &["--replications", "1"]].concat());
    assert!(!text.contains('*') && !text.contains("best"), "{text}");
    assert!(
        text.contains("3 points × 1 replication = 3 runs;"),
        "{text}"
    );
    assert!(text.contains("seed 1, the same at every point"), "{text}");

    // Points that ran a different number of times have only their first seeds in common.
    let text = said(&[
        "sweep",
        &one,
        "--vary",
        threads,
        "--until",
        "latency(users, p99):5%",
        "--at-most",
        "12",
    ]);
    assert!(
        text.contains("seeds 1 to 12, of which every point has the first, as many as it ran"),
        "{text}"
    );

    let text = said(&["compare", &one, &other, "--replications", "2"]);
    assert!(
        text.contains(": all 2 runs are equal event for event."),
        "{text}"
    );
    assert!(
        !text.contains("Holm") && !text.contains("0 tests"),
        "{text}"
    );
    assert!(text.contains("so that nothing was tested."), "{text}");
}

/// A file with this text in the folder of the tests.
fn written(name: &str, text: &str) -> String {
    let path = format!("{}/{name}.ron", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, text).expect("a place for files of tests");
    path
}

/// What is printed, as if lines had no ends.
fn said(arguments: &[&str]) -> String {
    let (_, out, err) = sim(arguments);
    assert!(!out.is_empty(), "{err}");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Two works one after the other, which take what they are set to: no luck but arrivals.
const TWO_WORKS: &str = r#"(
    title: "two works", duration: "3s", warmup: "1s", seed: 1,
    services: { "srv": (threads: 40, queue: (limit: 300), endpoints: { "do": [work("10ms"), work("5ms")] }) },
    workloads: { "users": open(rate: "50/s", to: "srv/do") },
)"#;

#[test]
fn screening_divides_by_the_step_that_was_taken() {
    let file = written("two-works", TWO_WORKS);
    let found = json(&[
        "sensitivity",
        &file,
        "--vary",
        "listed=services.srv.endpoints.do[0].work=10ms,20ms",
        "--vary",
        "ranged=services.srv.endpoints.do[1].work=5ms..18ms",
        "--measure",
        "latency(users, mean)",
        "--method",
        "morris",
    ]);
    let effects = &found["measures"][0];
    for (place, exact) in [(0, 0.010), (1, 0.013)] {
        let mu = &effects["settings"][place]["mu_star"]["mean"];
        // Queueing adds a little: 15 ms was said of the first.
        let mu = mu.as_f64().expect("a number");
        assert!((mu - exact).abs() < 0.001, "{place}: {mu}");
    }
    assert_eq!(effects["order"][0], "ranged", "{effects}");
}

/// The share of a setting with two values, which alone counts: over twenty designs it is never far off.
#[test]
fn a_setting_with_two_values_has_its_share() {
    let file = written("two-values", TWO_WORKS);
    for seed in 1..=20 {
        let found = json(&[
            "sensitivity",
            &file,
            "--vary",
            "w=services.srv.threads=40..60",
            "--vary",
            "q=services.srv.queue.limit=100..400",
            "--vary",
            r#"work=services.srv.endpoints.do=[work("10ms")],[work("20ms")]"#,
            "--measure",
            "latency(users, mean)",
            "--samples",
            "64",
            "--replications",
            "1",
            "--seed",
            &seed.to_string(),
        ]);
        let total = &found["measures"][0]["settings"][2]["total"];
        let [mean, high] = ["mean", "high"].map(|end| total[end].as_f64().expect("a number"));
        // Half of 64 rows compare the two, so that the estimate misses by what a variance of 128 points does.
        assert!(mean > 0.97 && high > 0.999, "{seed}: {total}");
    }
}

/// A fault that may come too late to be judged.
const TOO_LATE: &str = r#"(
    title: "a fault at one time or another", duration: "100s", warmup: "10s", seed: 1,
    services: { "db": (threads: 6, queue: (limit: 100), backlog: 0, endpoints: { "q": [work(exponential("20ms"))] }) },
    workloads: { "users": open(rate: "200/s", to: "db/q") },
    faults: [(name: "slow db", at: "30s", for: "5s", inject: slow(service: "db", factor: 4))],
    hypothesis: (
        steady: ["success_ratio(users) >= 0.99", "latency(users, p99) < 300ms"],
        recovers: (within: "10s"),
    ),
)"#;

#[test]
fn what_ends_too_soon_to_be_judged_has_not_failed() {
    let file = written("too-late", TOO_LATE);
    let text = said(&[
        "compare",
        &file,
        "--variant",
        "soon:faults[0].at=30s",
        "--variant",
        "late:faults[0].at=95s",
        "--replications",
        "10",
        "--measure",
        "held",
    ]);
    assert!(
        text.contains("could not be judged") && text.contains("they must last longer"),
        "{text}"
    );
    assert!(!text.contains("held in 0 of"), "{text}");
    assert!(!text.contains("worse, p"), "{text}");

    let sweep = [
        "sweep",
        &file,
        "--vary",
        "faults[0].at=30s,95s",
        "--vary",
        "services.db.threads=6,8",
        "--replications",
        "3",
    ];
    let text = said(&sweep);
    assert!(text.contains("6 runs could not be judged"), "{text}");
    assert!(!text.contains("0/3"), "{text}");

    let text = said(&[
        "tune",
        &file,
        "--vary",
        "services.db.threads=6,8",
        "--minimise",
        "latency(users, p99)",
        "--subject-to",
        "recovery_time < 20s",
        "--set",
        "faults[0].at=95s",
    ]);
    assert!(
        text.contains("Of recovery_time < 20s there was no value in any of them"),
        "{text}"
    );
    assert!(!text.contains("binds") && !text.contains("broke"), "{text}");
}

/// A measure that was asked for first is told of first, and what is not told of is said to be elsewhere.
#[test]
fn what_was_asked_for_first_is_told_first() {
    let file = written("asked-first", TWO_TIER);
    let measures = [
        "goodput(users)",
        "latency(users, p99)",
        "failed_ratio(users)",
        "latency(users, mean)",
        "utilization(store)",
        "utilization(web)",
    ];
    let mut arguments = vec!["sweep", &file, "--replications", "4"];
    arguments.extend(["--vary", "services.store.threads=2,3,4"]);
    arguments.extend(["--vary", "workloads.users.rate=200/s,300/s"]);
    for measure in measures {
        arguments.extend(["--measure", measure]);
    }
    let (_, out, err) = sim(&arguments);
    let place = |text: &str| {
        out.find(text)
            .unwrap_or_else(|| panic!("{text}: {out}{err}"))
    };
    assert!(place("\nGoodput of users\n") < place("\nFailed ratio of users\n"));
    assert!(
        out.contains("What 2 other measures show is in summary.json"),
        "{out}"
    );
}
