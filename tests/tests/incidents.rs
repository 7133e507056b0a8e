//! Where incidents and breakdowns begin and end, what they count, and what availability makes of them.

use sim_models::observe::summary::{Incident, Summary};
use sim_tests::summary as run;

#[track_caller]
fn only(summary: &Summary) -> &Incident {
    let [one] = &summary.incidents[..] else {
        panic!("seed {}: {:#?}", summary.seed, summary.incidents);
    };
    one
}

/// When what is told that says this, in order.
fn told<'a>(summary: &'a Summary, what: &str) -> Vec<(f64, &'a str)> {
    let moments = summary.moments.iter();
    let moments = moments.filter(|moment| moment.what.contains(what));
    moments
        .map(|moment| (moment.time, moment.what.as_str()))
        .collect()
}

/// An interface whose database crashes.
fn crash(duration: &str, window: &str, rate: &str, fault: &str) -> String {
    format!(
        r#"(duration: "{duration}", window: "{window}",
            services: {{ "api": (endpoints: {{ "x": [work("5ms"), call("db/q")] }}), "db": (endpoints: {{ "q": [work("10ms")] }}) }},
            workloads: {{ "u": open(rate: "{rate}", to: "api/x") }},
            faults: [({fault}, inject: crash(service: "db"))])"#
    )
}

#[test]
fn an_incident_ends_with_a_good_answer_and_not_in_a_silence() {
    // Three a minute, or twenty an hour: the fault outlasts its last victim by minutes.
    let minutes = crash("2h", "1s", "0.05/s", r#"at: "30min", for: "5min""#);
    let hours = crash("2d", "10s", "20/h", r#"at: "1d", for: "6h""#);
    for (text, (from, to), gap) in [
        (minutes, (1800.0, 2100.0), 20.0),
        (hours, (86_400.0, 108_000.0), 180.0),
    ] {
        for seed in 0..20 {
            let summary = run(&text, seed);
            let one = only(&summary);
            // Neither before the fault is gone, nor much later: of the requests none comes for twenty
            // times the mean with a chance of 2e-9.
            assert!(
                one.over && one.start >= from && one.start < from + 20.0 * gap,
                "seed {seed}: {one:?}"
            );
            assert!(
                one.end > to - 10.0 && one.end < to + 20.0 * gap,
                "seed {seed}: {one:?}"
            );
            assert_eq!(one.success_ratio, Some(0.0), "seed {seed}");
            let availability = summary.workloads["u"].availability;
            assert_eq!(availability.mttr, Some(one.end - one.start));
            let back = told(&summary, "goodput of u is back");
            let [(time, what)] = back[..] else {
                panic!("seed {seed}: {back:?}");
            };
            assert_eq!(time, one.end, "seed {seed}");
            // A rate that can be read, and both in one unit.
            assert!(
                !what.contains("0.0") && (what.contains("/min of ") || what.contains("/h of ")),
                "{what}"
            );
            let broken = told(&summary, "breaks down");
            assert!(
                broken.len() == 1 && broken[0].0 == one.start,
                "seed {seed}: {broken:?}"
            );
        }
    }
}

#[test]
fn where_nobody_asks_again_an_incident_is_not_over() {
    let text = crash("10min", "1s", "5/s", r#"at: "60s", for: "60s""#).replace(
        r#"to: "api/x""#,
        r#"to: "api/x", shape: [step(at: "110s", factor: 0)]"#,
    );
    for seed in 0..5 {
        let summary = run(&text, seed);
        let one = only(&summary);
        assert!(!one.over && one.end == 600.0, "{one:?}");
        assert_eq!(summary.workloads["u"].availability.mttr, None);
        assert!(told(&summary, "back").is_empty() && told(&summary, "breakdown").is_empty());
    }
}

#[test]
fn jobs_that_take_long_are_missed_until_the_first_is_done() {
    // What is under way at the crash is lost: 24 jobs, Poisson, and six come while it lasts.
    let text = r#"(duration: "6h", window: "10s", warmup: "30min",
        services: { "w": (threads: 200, queue: (limit: unbounded), endpoints: { "job": [wait("20min")] }) },
        workloads: { "jobs": open(rate: "0.1/s", to: "w/job") },
        faults: [(at: "2h", for: "5min", inject: crash(service: "w"))])"#;
    let mut measured = 0.0;
    let mut predicted = None;
    for seed in 0..10 {
        let summary = run(text, seed);
        let one = only(&summary);
        // The first job after it comes soon, and takes twenty minutes.
        assert!(
            one.start < 7300.0 && one.end >= 8700.0 && one.end < 8900.0,
            "{one:?}"
        );
        let availability = summary.workloads["jobs"].availability;
        // Of the five and a half hours after the warm-up.
        let windows = 1.0 - (one.end - one.start) / 19_800.0;
        let by_windows = availability.by_windows.expect("it is known");
        assert!(
            (by_windows - windows).abs() < 1e-9,
            "{by_windows} {windows}"
        );
        measured += availability.by_requests.expect("it is known") / 10.0;
        predicted = availability.predicted;
    }
    // In 19,800 s jobs are lost that come in 300 s, and in the 1,200 s before.
    let share: f64 = 1.0 - 1500.0 / 19_800.0;
    let predicted = predicted.expect("it can be predicted");
    assert!((predicted - share).abs() < 1e-9, "{predicted}");
    // Five standard errors of some 150 Poisson losses in each of ten runs.
    let error = (1.0 - share) / 1500.0_f64.sqrt();
    assert!((measured - share).abs() < 5.0 * error, "{measured} {share}");
}

#[test]
fn what_is_lost_in_a_crash_is_not_where_somebody_tries_again() {
    let text = r#"(duration: "1000s", services: {
            "a": (threads: unbounded, endpoints: { "x": [call("b/x")] }), "b": (threads: unbounded, endpoints: { "x": [wait("10s")] }) },
            calls: { CALLS }, workloads: { "u": open("5/s", "a/x") },
            faults: [(at: "500s", for: "100s", inject: crash(service: "b"))])"#;
    let predicted = |calls: &str| {
        let summary = run(&text.replace("CALLS", calls), 1);
        summary.workloads["u"]
            .availability
            .predicted
            .expect("it is")
    };
    assert!((predicted("") - 0.89).abs() < 1e-9);
    let again = predicted(r#""a -> b": [retry(attempts: 2, backoff: none)]"#);
    assert!((again - 0.9).abs() < 1e-9, "{again}");
}

#[test]
fn a_queue_that_is_answered_late_uses_no_budget() {
    let text = |rest: &str| {
        format!(
            r#"(duration: "10min", warmup: "30s",
                services: {{ "q": (threads: 1, queue: (limit: unbounded), endpoints: {{ "x": [work(exponential("5ms"))] }}) }},
                workloads: {{ "u": open(rate: "100/s", to: "q/x") }},
                faults: [({rest} inject: pause(service: "q"))])"#
        )
    };
    for seed in 0..5 {
        let summary = run(&text(r#"at: "240s", for: "60s","#), seed);
        only(&summary);
        let all = summary.workloads["u"].availability;
        assert_eq!(
            (all.by_requests, all.budget_used, all.burn_rate_max),
            (Some(1.0), Some(0.0), Some(0.0)),
            "seed {seed}"
        );
        // Those that are never answered are errors in both.
        let summary = run(&text(r#"at: "480s","#), seed);
        assert!(!only(&summary).over);
        let all = summary.workloads["u"].availability;
        let burn = all.burn_rate_max.expect("it is known");
        assert!((burn - 1000.0).abs() < 1e-6, "seed {seed}: {burn}");
        assert!(all.budget_used > Some(100.0) && all.by_requests < Some(0.9));
    }
}

/// A share of the requests hangs from 60 s on.
fn hang(share: &str, lasts: &str) -> String {
    format!(
        r#"(duration: "3min", warmup: "10s",
            services: {{ "web": (threads: unbounded, endpoints: {{ "buy": [work(exponential("20ms"))] }}) }},
            workloads: {{ "u": open(rate: "1000/s", to: "web/buy") }},
            faults: [(at: "60s", {lasts} share: {share}, inject: hang(service: "web"))])"#
    )
}

#[test]
fn requests_that_hang_are_not_answered() {
    for seed in 0..5 {
        let summary = run(&hang("0.5", r#"for: "30s","#), seed);
        let one = only(&summary);
        let success = one.success_ratio.expect("it is known");
        // A half of 30,000 requests; the edges of the stretch take a second or two.
        assert!((success - 0.5).abs() < 0.05, "seed {seed}: {one:?}");
        assert_eq!(summary.workloads["u"].availability.burn_rate_max, Some(0.0));
        // A third for good: a minute of it is as bad as any, and the budget counts the same.
        let summary = run(&hang("0.33", ""), seed);
        let all = summary.workloads["u"].availability;
        let burn = all.burn_rate_max.expect("it is known");
        assert!((burn - 330.0).abs() < 15.0, "seed {seed}: {burn}");
        let used = all.budget_used.expect("it is known");
        // Two minutes of nearly three.
        assert!(
            (used - 330.0 * 120.0 / 170.0).abs() < 15.0,
            "seed {seed}: {used}"
        );
    }
}

/// Sixty-four threads that carry 6,400 requests a second.
fn crowd(rate: &str, shape: &str, queue: &str, calls: &str) -> Option<f64> {
    let text = format!(
        r#"(duration: "20s", services: {{
            "front": (threads: unbounded, endpoints: {{ "x": [call("web/x")] }}),
            "web": (threads: 64, queue: (limit: {queue}), endpoints: {{ "x": [wait("10ms")] }}),
            "other": (endpoints: {{ "x": [work("1ms")] }}) }},
            calls: {{ {calls} }},
            workloads: {{ "u": open(rate: "{rate}", to: "front/x", shape: [{shape}]), "v": open(rate: "10/s", to: "other/x") }})"#
    );
    let summary = run(&text, 1);
    assert_eq!(summary.workloads["v"].availability.predicted, Some(1.0));
    summary.workloads["u"].availability.predicted
}

#[test]
fn nothing_is_predicted_of_more_than_can_be_carried() {
    assert_eq!(crowd("6000/s", "", "100", ""), Some(1.0));
    assert_eq!(crowd("9000/s", "", "100", ""), None);
    for shape in [
        r#"step(at: "10s", factor: 3)"#,
        r#"spike(at: "10s", for: "5s", factor: 3)"#,
        r#"diurnal(peak: "10s", period: "20s", amplitude: 0.9)"#,
    ] {
        assert_eq!(crowd("4000/s", shape, "100", ""), None, "{shape}");
        // Everybody waits, and has room to.
        assert_eq!(
            crowd("4000/s", shape, "unbounded", ""),
            Some(1.0),
            "{shape}"
        );
        let limit = r#""front -> web": [timeout("100ms")]"#;
        assert_eq!(crowd("4000/s", shape, "unbounded", limit), None, "{shape}");
    }
    // What the queue can bear is no loss.
    let shape = r#"spike(at: "10s", for: "10ms", factor: 2)"#;
    assert_eq!(crowd("4000/s", shape, "100", ""), Some(1.0));
}

/// Servers that crash.
fn crashes(replicas: u32, fault: &str) -> String {
    format!(
        r#"(duration: "5min", window: "1s", warmup: "10s",
            services: {{ "web": (replicas: {replicas}, threads: 64, endpoints: {{ "x": [work("5ms")] }}) }},
            workloads: {{ "u": open(rate: "500/s", to: "web/x") }},
            faults: [({fault})])"#
    )
}

#[test]
fn short_and_broken_breakdowns_are_told() {
    // One server of six at a time, as a deployment does: a sixth is lost, and nothing in between.
    let rolling = crashes(
        6,
        r#"at: "60s", for: "5s", every: "10s", times: 6, inject: crash(service: "web", instances: one)"#,
    );
    let blinks = crashes(
        1,
        r#"at: "60s", for: "2s", every: "30s", times: 6, inject: crash(service: "web")"#,
    );
    // A second that begins in the middle of a window.
    let blink = crashes(
        1,
        r#"at: "60.5s", for: "1s", inject: crash(service: "web")"#,
    );
    for seed in 0..10 {
        let summary = run(&rolling, seed);
        let (broken, back) = (
            told(&summary, "goodput of u breaks down"),
            told(&summary, "goodput of u is back"),
        );
        assert_eq!((broken.len(), back.len()), (1, 1), "seed {seed}");
        assert_eq!((broken[0].0, back[0].0), (60.0, 115.0), "seed {seed}");
        // Each kind is counted by itself: two of six are not told.
        let summary = run(&blinks, seed);
        for what in [
            "`crash web` begins",
            "goodput of u breaks down",
            "goodput of u is back",
        ] {
            let all = told(&summary, what);
            assert_eq!(all.len(), 4, "seed {seed}: {all:?}");
            assert!(all[3].1.ends_with("(and 2 more times)"), "{all:?}");
        }
        assert_eq!(summary.incidents.len(), 6);
        let summary = run(&blink, seed);
        assert_eq!(told(&summary, "breaks down").len(), 1, "seed {seed}");
        only(&summary);
    }
    // The same is within an objective of nine in ten: neither an incident nor a breakdown.
    for seed in 0..10 {
        let lenient = blink.replace("faults:", "hypothesis: (objective: 0.9), faults:");
        let summary = run(&lenient, seed);
        assert!(summary.incidents.is_empty() && told(&summary, "goodput").is_empty());
    }
}

#[test]
fn no_quantile_of_a_stretch_is_above_its_maximum() {
    let text = r#"(duration: "2min", window: "1s",
        services: { "m": (threads: unbounded, endpoints: { "send": [wait(exponential("100ms"))] }) },
        workloads: { "mails": open(rate: "50/s", to: "m/send") },
        hypothesis: (always: [CHECKS]))"#;
    let stretches = (0..60).map(|at| 2 * at);
    let checks: Vec<String> = stretches
        .flat_map(|at| {
            let of = format!("of requests ended in {at}s..{}s", at + 2);
            ["p50", "p99", "p999", "max"].map(|q| format!(r#""latency(mails, {q}) {of} < 1h""#))
        })
        .collect();
    for seed in 0..5 {
        let summary = run(&text.replace("CHECKS", &checks.join(", ")), seed);
        let values: Vec<f64> = summary
            .hypothesis
            .checks
            .iter()
            .map(|check| check.value.expect("it is known"))
            .collect();
        assert_eq!(values.len(), checks.len());
        let whole = summary.workloads["mails"].latency.max.expect("it is known");
        for four in values.chunks(4) {
            assert!(four.is_sorted(), "seed {seed}: {four:?}");
            assert!(four[3] <= whole, "seed {seed}: {four:?}");
        }
        // Each is exact, so that the greatest of them is that of the run.
        let most = values.chunks(4).map(|four| four[3]).fold(0.0, f64::max);
        assert_eq!(most, whole);
    }
}
