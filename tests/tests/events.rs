//! Incidents, notable moments and availability: none on healthy systems, under whatever luck, and all that
//! there is on sick ones.

use sim_models::experiment;
use sim_models::observe::summary::{Moment, Summary};
use sim_tests::summary as run;

/// Seeds of each system. A healthy one is taken for a sick one with a chance of one in a million, so that
/// none is in all of these.
const SEEDS: u64 = 100;

/// A case that was reported, as it was.
macro_rules! case {
    ($name:literal) => {
        include_str!(concat!("../data/cases/", $name, ".ron"))
    };
}

/// Moments that are not what was injected.
fn found(summary: &Summary) -> Vec<&Moment> {
    let moments = summary.moments.iter();
    moments.filter(|moment| moment.rule != "fault").collect()
}

#[track_caller]
fn is_calm(summary: &Summary, name: &str) {
    let seed = summary.seed;
    assert!(
        summary.incidents.is_empty(),
        "{name}, seed {seed}: {:#?}",
        summary.incidents
    );
    let moments = found(summary);
    assert!(moments.is_empty(), "{name}, seed {seed}: {moments:#?}");
    for workload in summary.workloads.values() {
        let availability = workload.availability;
        assert_eq!(availability.by_windows, Some(1.0), "{name}, seed {seed}");
        assert_eq!((availability.mttr, availability.mtbf), (None, None));
        // Where there is no incident, no minute stands for more than the whole run does.
        assert_eq!(availability.burn_rate_max, availability.budget_used);
    }
}

fn rules(summary: &Summary) -> Vec<&str> {
    found(summary)
        .iter()
        .map(|moment| moment.rule.as_str())
        .collect()
}

/// Rates at which systems are tried, with how long they run.
const RATES: [(u32, &str); 4] = [(5, "10min"), (20, "5min"), (50, "3min"), (1000, "1min")];

#[test]
fn healthy_systems_are_calm() {
    // One in two thousand fails where one in a thousand may; another service is busy for half of the time.
    for (rate, duration) in RATES {
        let text = format!(
            r#"(duration: "{duration}", warmup: "5s",
                services: {{
                    "web": (threads: unbounded, endpoints: {{
                        "buy": [work(lognormal(mean: "20ms", p99: "90ms")), fail(share: 0.0005)],
                    }}),
                    "db": (threads: 1, queue: (limit: 200), endpoints: {{
                        "get": [work(exponential("{service}us"))],
                    }}),
                }},
                workloads: {{
                    "buyers": open(rate: "{rate}/s", to: "web/buy"),
                    "readers": open(rate: "{rate}/s", to: "db/get"),
                }},
            )"#,
            service = 500_000 / rate
        );
        for seed in 0..SEEDS {
            is_calm(&run(&text, seed), &format!("{rate}/s"));
        }
    }
}

#[test]
fn a_breakdown_of_a_fifth_is_found() {
    for (rate, duration) in RATES {
        let text = format!(
            r#"(duration: "{duration}", warmup: "5s",
                services: {{ "web": (threads: unbounded, endpoints: {{ "buy": [work("20ms")] }}) }},
                workloads: {{ "buyers": open(rate: "{rate}/s", to: "web/buy") }},
                faults: [(at: "20s", for: "30s", share: 0.2, inject: error(service: "web"))],
            )"#
        );
        for seed in 0..SEEDS {
            let summary = run(&text, seed);
            let one = &summary.incidents[..];
            let [one] = one else {
                panic!("{rate}/s, seed {seed}: {:#?}", summary.incidents);
            };
            // Its edges are the first and the last failure, or near: one in five fails, so that ten
            // windows without one at 5/s have a chance of one in 70,000.
            assert!(
                one.start >= 20.0 && one.start < 30.0,
                "{rate}/s, seed {seed}: {one:?}"
            );
            assert!(
                one.end > 40.0 && one.end <= 51.0,
                "{rate}/s, seed {seed}: {one:?}"
            );
            assert_eq!(
                (one.rule.as_str(), one.over, one.hanging),
                ("failures", true, 0)
            );
            let success = one.success_ratio.expect("it is known");
            assert_eq!(success, (one.ended - one.failed) as f64 / one.ended as f64);
            let availability = summary.workloads["buyers"].availability;
            assert_eq!(availability.mttr, Some(one.end - one.start));
            assert_eq!(availability.mtbf, None);
            assert!(
                rules(&summary).contains(&"failures"),
                "{rate}/s, seed {seed}"
            );
        }
    }
}

#[test]
fn noise_is_no_moment() {
    // What a slow-down by a ten-thousandth does is no more than noise; nor is what Poisson's arrivals do.
    for seed in 1..=8 {
        is_calm(&run(case!("noise-20"), seed), "noise-20");
    }
    for seed in 0..SEEDS {
        is_calm(&run(case!("noise-50"), seed), "noise-50");
    }
}

#[test]
fn an_objective_that_is_kept_makes_no_incident() {
    for seed in 1..=8 {
        let summary = run(case!("one-error-a-minute"), seed);
        is_calm(&summary, "one-error-a-minute");
        let used = summary.workloads["u"].availability.budget_used;
        assert!(
            used.is_some_and(|used| used > 0.0 && used < 1.0),
            "{used:?}"
        );
    }
    // Sixty failures at once, of the 180 that the objective allows, are a cluster; so are sixty more. In
    // three windows in a row they are an incident, and so are the first if the objective is missed.
    let clusters = |rest: &str, lasts: &str| {
        format!(
            r#"(duration: "3min", window: "1s", services: {{ "s": (endpoints: {{ "x": [work("1ms")] }}) }},
                workloads: {{ "w": open(rate: "1000/s", to: "s/x", arrivals: constant) }},
                faults: [
                    (at: "30.0s", for: "{lasts}", inject: error(service: "s")),
                    (at: "90.0s", for: "60ms", inject: error(service: "s")), {rest}
                ])"#
        )
    };
    assert_eq!(run(&clusters("", "60ms"), 0).incidents.len(), 0);
    let again = r#"(at: "120s", for: "60ms", every: "1s", times: 1, inject: error(service: "s")),
        (at: "121s", for: "10ms", inject: error(service: "s")), (at: "122s", for: "10ms", inject: error(service: "s")),"#;
    assert_eq!(run(&clusters(again, "10ms"), 0).incidents.len(), 1);
    assert_eq!(run(&clusters("", "200ms"), 0).incidents.len(), 2);
}

#[test]
fn requests_under_way_are_no_incident() {
    let slow = run(case!("slow-requests"), 1);
    is_calm(&slow, "slow-requests");
    let users = &slow.workloads["users"];
    assert_eq!((users.ok, users.availability.by_requests), (59, Some(1.0)));
    assert_eq!(users.availability.burn_rate_max, Some(0.0));
    // The same at any rate and with any spread, and with requests that outlast the run.
    for seed in 0..20 {
        let text = r#"(duration: "10min", window: "1s",
            services: { "a": (threads: unbounded, endpoints: {
                "x": [wait(exponential("20s"))], "y": [choice([(0.99, [wait("1s")]), (0.01, [wait("1h")])])],
            }) },
            workloads: { "some": open(rate: "20/min", to: "a/x"), "many": open(rate: "50/s", to: "a/x"),
                "endless": open(rate: "20/s", to: "a/y") })"#;
        is_calm(&run(text, seed), "long requests");
    }
}

#[test]
fn a_trough_of_the_day_is_no_breakdown() {
    for seed in 0..20 {
        for rate in [5, 50, 500] {
            let text = format!(
                r#"(duration: "20min", warmup: "10s",
                    services: {{ "web": (threads: unbounded, endpoints: {{ "buy": [work("20ms")] }}) }},
                    workloads: {{ "users": open(rate: "{rate}/s", to: "web/buy",
                        shape: [diurnal(period: "8min", amplitude: 0.9)]) }})"#
            );
            is_calm(
                &run(&text, seed),
                &format!("{rate}/s by the hour of the day"),
            );
        }
    }
}

#[test]
fn a_load_that_steps_up_is_a_moment() {
    for (shape, steps) in [
        (r#"spike(at: "60s", for: "20s", factor: 4)"#, 1),
        (r#"step(at: "60s", factor: 2)"#, 1),
        (r#"step(at: "60s", factor: 1.1)"#, 0),
        (r#"step(at: "60s", factor: 0.3)"#, 0),
        (r#"ramp(at: "60s", over: "30s", factor: 4)"#, 0),
        (
            r#"diurnal(period: "4min", amplitude: 0.8), spike(at: "60s", for: "20s", factor: 4)"#,
            1,
        ),
    ] {
        for seed in 0..20 {
            let text = format!(
                r#"(duration: "3min", warmup: "10s",
                    services: {{ "web": (threads: unbounded, endpoints: {{ "buy": [work("20ms")] }}) }},
                    workloads: {{ "users": open(rate: "50/s", to: "web/buy", shape: [{shape}]) }})"#
            );
            let summary = run(&text, seed);
            let times: Vec<f64> = found(&summary).iter().map(|moment| moment.time).collect();
            assert_eq!(
                rules(&summary),
                vec!["load"; steps],
                "{shape}, seed {seed}: {times:?}"
            );
            assert!(
                times.iter().all(|time| (time - 60.0).abs() <= 2.0),
                "{shape}, {seed}: {times:?}"
            );
            assert!(summary.incidents.is_empty());
        }
    }
}

#[test]
fn users_who_ask_in_step_are_no_steps_of_the_load() {
    for seed in 0..20 {
        is_calm(&run(case!("closed-waves"), seed), "closed-waves");
    }
}

#[test]
fn load_that_a_system_makes_itself_is_a_moment() {
    // Users who are refused at once ask again after their pause, and need not wait for their answers.
    let users = r#"(duration: "2min", warmup: "10s",
        services: { "web": (threads: unbounded, endpoints: { "buy": [wait("2s")] }) },
        workloads: { "users": closed(users: 100, think: exponential("200ms"), to: "web/buy") },
        faults: [(at: "60s", for: "30s", inject: crash(service: "web"))])"#;
    // Three attempts of each call.
    let retries = r#"(duration: "2min", warmup: "10s",
        services: {
            "web": (threads: unbounded, endpoints: { "buy": [call("db/get")] }),
            "db": (threads: unbounded, endpoints: { "get": [wait("2ms")] }),
        },
        calls: { "web -> db": [retry(attempts: 3, backoff: none)] },
        workloads: { "users": open(rate: "100/s", to: "web/buy") },
        faults: [(at: "60s", for: "30s", inject: error(service: "db"))])"#;
    for seed in 0..20 {
        for (text, rule, place) in [(users, "load", "users"), (retries, "retries", "web -> db")] {
            let summary = run(text, seed);
            let steps: Vec<_> = found(&summary)
                .into_iter()
                .filter(|one| one.rule == rule)
                .collect();
            assert_eq!(steps.len(), 1, "{rule}, seed {seed}: {steps:#?}");
            assert!((steps[0].time - 60.0).abs() <= 2.0 && steps[0].what.contains(place));
            assert_eq!(summary.incidents.len(), 1);
        }
    }
}

#[test]
fn a_collapse_of_most_of_the_run_is_found() {
    for (rate, duration) in RATES {
        for seed in 0..20 {
            let text = format!(
                r#"(duration: "{duration}", warmup: "5s",
                    services: {{ "web": (threads: unbounded, endpoints: {{ "buy": [work("20ms")] }}) }},
                    workloads: {{ "buyers": open(rate: "{rate}/s", to: "web/buy") }},
                    faults: [(at: "15s", for: "{}s", share: 0.9, inject: error(service: "web"))])"#,
                // Seven tenths of the run.
                match duration {
                    "10min" => 420,
                    "5min" => 210,
                    "3min" => 126,
                    _ => 42,
                }
            );
            let summary = run(&text, seed);
            assert_eq!(
                summary.incidents.len(),
                1,
                "{rate}/s, seed {seed}: {:#?}",
                summary.incidents
            );
            assert!((summary.incidents[0].start - 15.0).abs() <= 2.0);
            assert_eq!(rules(&summary), ["failures"; 2], "{rate}/s, seed {seed}");
        }
    }
    // A queue without a limit that gets more than can be served: nothing fails, and answers fall behind.
    for seed in 0..20 {
        let text = r#"(duration: "100s", warmup: "5s",
            services: { "db": (threads: 1, queue: (limit: unbounded), endpoints: { "get": [work("4ms")] }) },
            workloads: { "users": open(rate: "100/s", to: "db/get", shape: [step(at: "30s", factor: 5)]) })"#;
        let summary = run(text, seed);
        assert!(
            summary.incidents.is_empty(),
            "seed {seed}: {:#?}",
            summary.incidents
        );
        let told = rules(&summary);
        assert!(
            told.contains(&"behind") && told.contains(&"load"),
            "seed {seed}: {told:?}"
        );
    }
}

/// A service that hangs from 60 s on, and for how long.
fn hang(load: &str, share: &str, lasts: &str) -> String {
    format!(
        r#"(duration: "2min", warmup: "10s",
            services: {{ "web": (threads: unbounded, endpoints: {{ "buy": [work(exponential("20ms"))] }}) }},
            workloads: {{ "users": {load} }},
            faults: [(at: "60s", {lasts} {share} inject: hang(service: "web"))])"#
    )
}

#[test]
fn a_hang_is_found() {
    let loads = [
        r#"open(rate: "5/s", to: "web/buy")"#,
        r#"open(rate: "1000/s", to: "web/buy")"#,
        r#"closed(users: 5, think: exponential("1s"), to: "web/buy")"#,
        r#"closed(users: 200, think: exponential("1s"), to: "web/buy")"#,
    ];
    for load in loads {
        for seed in 0..20 {
            for lasts in ["", r#"for: "20s","#] {
                let summary = run(&hang(load, "", lasts), seed);
                let [one] = &summary.incidents[..] else {
                    panic!("{load} {lasts}, seed {seed}: {:#?}", summary.incidents);
                };
                assert_eq!(one.rule, "hanging", "{load}");
                assert_eq!(one.over, !lasts.is_empty(), "{load}, seed {seed}: {one:?}");
                // At 5/s the first request after it began comes late, and the last before it early.
                assert!(
                    (one.start - 60.0).abs() <= 5.0,
                    "{load}, seed {seed}: {one:?}"
                );
                assert!(one.hanging >= 5 && rules(&summary).contains(&"silence"));
                let availability = summary.workloads["users"].availability;
                assert_eq!(availability.mttr.is_none(), lasts.is_empty());
                // What is answered in the end was late; what is not was lost.
                assert_eq!(availability.by_requests < Some(1.0), lasts.is_empty());
            }
        }
    }
    // A third of the requests hang, and the others are answered as before.
    for seed in 0..20 {
        let summary = run(&hang(loads[1], "share: 0.33,", ""), seed);
        let [one] = &summary.incidents[..] else {
            panic!("seed {seed}: {:#?}", summary.incidents);
        };
        assert_eq!((one.rule.as_str(), one.over), ("hanging", false));
        assert!(
            (one.start - 60.0).abs() <= 2.0 && one.hanging > 15_000,
            "{one:?}"
        );
        assert_eq!(rules(&summary), ["behind"]);
    }
}

#[test]
fn a_queue_that_drains_keeps_its_objective() {
    // Nothing is answered while the database pauses; then everything is, late.
    let summary = run(case!("draining"), 1);
    let [one] = &summary.incidents[..] else {
        panic!("{:#?}", summary.incidents);
    };
    assert_eq!(
        (one.start, one.end, one.rule.as_str()),
        (60.0, 70.0, "hanging")
    );
    assert_eq!((one.success_ratio, one.failed, one.over), (None, 0, true));
    assert_eq!(rules(&summary), ["silence"; 2]);
    let users = summary.workloads["users"].availability;
    assert_eq!(
        (users.by_requests, users.budget_used),
        (Some(1.0), Some(0.0))
    );
}

/// From when to when the incidents of a workload are, in whole seconds, and by which rule.
fn incidents<'a>(summary: &'a Summary, workload: &str) -> Vec<(f64, f64, &'a str)> {
    let all = summary.incidents.iter();
    let own = all.filter(|one| one.workload == workload);
    own.map(|one| (one.start, one.end, one.rule.as_str()))
        .collect()
}

/// A service that pauses from 240 s to 300 s, with all that it needs to answer in the end.
fn pause(load: &str) -> String {
    format!(
        r#"(duration: "10min", warmup: "30s",
            services: {{ "q": (threads: 1, queue: (limit: unbounded), endpoints: {{ "x": [work(exponential("10ms"))] }}) }},
            workloads: {{ "users": {load} }},
            faults: [(at: "240s", for: "60s", inject: pause(service: "q"))])"#
    )
}

#[test]
fn a_total_silence_is_found_at_every_rate() {
    for rate in [20, 50, 80, 85, 90, 92, 95] {
        for seed in 0..5 {
            let summary = run(
                &pause(&format!(r#"open(rate: "{rate}/s", to: "q/x")"#)),
                seed,
            );
            let found = incidents(&summary, "users");
            assert_eq!(found, [(240.0, 300.0, "hanging")], "{rate}/s, seed {seed}");
            let moments = found_of(&summary, "silence");
            assert_eq!(moments.len(), 2, "{rate}/s, seed {seed}: {moments:#?}");
            // A hundred can be answered in a second: at more than 90/s in three of them it may be by chance
            // that more than that are asked for.
            let back = moments[1].what.contains("is back");
            assert!(back || rate > 90, "{rate}/s, seed {seed}: {moments:#?}");
        }
    }
}

fn found_of<'a>(summary: &'a Summary, rule: &str) -> Vec<&'a Moment> {
    let all = found(summary).into_iter();
    all.filter(|one| one.rule == rule).collect()
}

#[test]
fn a_silence_begins_with_who_waits_and_its_end_is_told() {
    // Users who all think from 291 s or so to 300 s wait for nothing.
    let users = r#"(duration: "10min", warmup: "30s",
        services: { "q": (threads: 4, queue: (limit: unbounded), endpoints: { "x": [work(exponential("10ms"))] }) },
        workloads: { "users": closed(users: 500, think: "10s", to: "q/x") },
        faults: [(at: "300s", for: "30s", inject: pause(service: "q"))])"#;
    for seed in 0..5 {
        let summary = run(users, seed);
        let found = incidents(&summary, "users");
        let [(start, end, "hanging")] = found[..] else {
            panic!("seed {seed}: {found:?}");
        };
        assert!(
            (299.0..=311.0).contains(&start) && end == 330.0,
            "{found:?}"
        );
        // At one request in two seconds.
        let summary = run(&pause(r#"open(rate: "0.5/s", to: "q/x")"#), seed);
        let found = incidents(&summary, "users");
        let [(start, end, "hanging")] = found[..] else {
            panic!("seed {seed}: {found:?}");
        };
        assert!((239.0..260.0).contains(&start) && end == 300.0, "{found:?}");
        let told = found_of(&summary, "silence");
        assert!(
            told.len() == 2 && told[1].what.contains("goodput of users is back"),
            "seed {seed}: {told:#?}"
        );
    }
}

#[test]
fn a_breakdown_whose_end_cannot_be_judged_ends_all_the_same() {
    // Sixty seconds after the pause there are some thirty requests, ten seconds after it five.
    let text = pause(r#"open(rate: "0.5/s", to: "q/x")"#).replace("10min", "310s");
    let summary = run(&text, 1);
    let told = found_of(&summary, "silence");
    assert!(
        told.len() == 2
            && told[1]
                .what
                .starts_with("the breakdown of goodput of users ends"),
        "{told:#?}"
    );
}

#[test]
fn a_crash_within_a_pause_does_not_end_it() {
    // The crash loses those who waited for twenty seconds; nobody is answered until the pause is over.
    let text = r#"(duration: "10min", warmup: "30s",
        services: { "q": (threads: 4, queue: (limit: unbounded), endpoints: { "x": [work(exponential("10ms"))] }) },
        workloads: { "a": open(rate: "200/s", to: "q/x"), "b": open(rate: "20/s", to: "q/x") },
        faults: [
            (at: "180s", for: "60s", inject: pause(service: "q")),
            (at: "200s", for: "10s", inject: crash(service: "q")),
        ])"#;
    for seed in 0..5 {
        let summary = run(text, seed);
        for workload in ["a", "b"] {
            let found = incidents(&summary, workload);
            assert_eq!(found, [(180.0, 240.0, "failures+hanging")], "seed {seed}");
            let back = format!("goodput of {workload} is back");
            let told = |one: &&Moment| one.what.contains(&back) && one.time == 240.0;
            assert!(summary.moments.iter().any(|one| told(&one)), "seed {seed}");
        }
    }
}

#[test]
fn each_of_several_silences_is_found() {
    // What was answered late after one is no reason to wait longer for the next.
    let text = pause(r#"open(rate: "60/s", to: "q/x")"#)
        .replace("60s\", inject", "20s\", every: \"2min\", inject");
    assert!(text.contains("every"));
    for seed in 0..5 {
        let found = run(&text, seed);
        let found = incidents(&found, "users");
        let right = [240.0, 360.0, 480.0].map(|at| (at, at + 20.0, "hanging"));
        assert_eq!(found, right, "seed {seed}");
    }
}

#[test]
fn failures_are_told_from_when_they_happen_on() {
    // Answers fall behind from 60 s on; the queue is full, and turns requests away, some ten seconds later.
    let text = r#"(duration: "3min", warmup: "10s",
        services: { "db": (threads: 1, queue: (limit: 1000), backlog: 0, endpoints: { "get": [work("4ms")] }) },
        workloads: { "users": open(rate: "200/s", to: "db/get", shape: [spike(at: "60s", for: "60s", factor: 1.7)]) })"#;
    for seed in 0..5 {
        let summary = run(text, seed);
        let breaks = found(&summary)
            .into_iter()
            .find(|one| one.what.contains("breaks down"))
            .expect("goodput breaks down");
        let first = summary.incidents[0].start;
        assert!(first > 66.0, "seed {seed}: {first}");
        assert!(
            breaks.time >= first || breaks.what.contains("; from "),
            "seed {seed}: {breaks:?}, {first}"
        );
        assert!(!(breaks.time < first && breaks.rule == "failures"));
    }
}

#[test]
fn queues_and_breakers_are_told_where_they_matter() {
    // The queue is full now and then, and one request in some thousands is turned away.
    let queue = |load: u32| {
        format!(
            r#"(duration: "5min", warmup: "10s",
                services: {{ "db": (threads: 1, queue: (limit: 10), backlog: 0,
                    endpoints: {{ "get": [work(exponential("10ms"))] }}) }},
                workloads: {{ "users": open(rate: "{load}/s", to: "db/get") }})"#
        )
    };
    // The breaker opens when two in a row fail, for the time of two or three calls. With one failure in
    // fifty that comes six times in the run; the objective allows one in twenty.
    let breaker = |faults: &str| {
        format!(
            r#"(duration: "5min", warmup: "10s",
                services: {{
                    "web": (threads: unbounded, endpoints: {{ "buy": [call("db/get")] }}),
                    "db": (threads: unbounded, endpoints: {{ "get": [wait("2ms"), fail(share: 0.02)] }}),
                }},
                calls: {{ "web -> db": [breaker(failures: 2, open_for: "50ms")] }},
                workloads: {{ "users": open(rate: "50/s", to: "web/buy") }},
                faults: [{faults}], hypothesis: (objective: 0.95))"#
        )
    };
    let (mut opened, mut rejected) = (0, 0);
    for seed in 0..20 {
        // M/M/1/11 with a load of a half loses one in 4,000; with 1.5 a third.
        let full = |summary: &Summary| rules(summary).contains(&"queue");
        let seldom = run(&queue(50), seed);
        rejected += seldom.services["db"].rejected;
        is_calm(&seldom, "queue");
        assert!(full(&run(&queue(150), seed)), "seed {seed}");
        let open = |summary: &Summary| rules(summary).contains(&"breaker");
        let seldom = run(&breaker(""), seed);
        opened += seldom.edges["web -> db"].policies["0 breaker"]["opened"];
        is_calm(&seldom, "breaker");
        let fault = r#"(at: "60s", for: "60s", share: 0.7, inject: error(service: "db"))"#;
        assert!(open(&run(&breaker(fault), seed)), "seed {seed}");
    }
    assert!(opened > 20 && rejected > 20, "{opened} {rejected}");
}

#[test]
fn amplification_by_windows_is_never_above_its_worst() {
    let mut most: f64 = 0.0;
    for name in [
        "retry-storm",
        "cascading-failure",
        "thundering-herd",
        "retry-storm-breaker",
    ] {
        let result = experiment::run(&sim_tests::library(name), 1).expect("it runs");
        for (edge, series) in &result.series.edges {
            let worst = result.summary.edges[edge].amplification_worst;
            for (attempts, sent) in series.call_attempts.iter().zip(&series.calls_sent) {
                assert!(*attempts as f64 <= worst * *sent as f64, "{name}: {edge}");
                assert!(attempts >= sent);
                most = most.max(*attempts as f64 / (*sent).max(1) as f64);
            }
            // Every attempt is that of a call, and every call began once.
            let sum = |counts: &[u64]| counts.iter().sum::<u64>();
            assert_eq!(
                sum(&series.call_attempts),
                sum(&series.attempts),
                "{name}: {edge}"
            );
            let firsts = sum(&series.attempts) - sum(&series.retries);
            assert_eq!(sum(&series.calls_sent), firsts, "{name}: {edge}");
        }
    }
    assert!(most > 2.0, "{most}");
}

#[test]
fn what_is_unknown_is_null() {
    let text = r#"(duration: "60s",
        services: { "a": (threads: 1, endpoints: { "x": [wait("1h")] }) },
        workloads: { "users": open(rate: "10/s", to: "a/x") })"#;
    let summary = run(&text.replace("threads: 1", "threads: unbounded"), 0);
    let availability = serde_json::to_value(summary.workloads["users"].availability).unwrap();
    for unknown in [
        "by_requests",
        "by_windows",
        "budget_used",
        "burn_rate_max",
        "mttr",
        "mtbf",
    ] {
        assert!(
            availability[unknown].is_null(),
            "{unknown} is {}",
            availability[unknown]
        );
    }
    assert!(summary.incidents.is_empty() && found(&summary).is_empty());
}
